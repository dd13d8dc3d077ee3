/*
 * What stays of rooms: their lasting state goes to the store whenever it changes, and an emptied
 * room keeps identity, modes, key and history for a while. Pure; under the core's mutex.
 *
 * Nobody sees a kept room: LIST, NAMES, MODE, TOPIC and messages find none, as if it had gone.
 * JOIN finds it, with all that bars or opens it. Whoever enters first becomes its operator, as in a
 * new room: otherwise nobody could ever run it again. What was said there stays with those whom its
 * bans, key and invitations let in, as it was while there were members.
 *
 * A registered room is kept for ever, and nobody runs it for being first: its founder can.
 */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

/* ---- the store's copy ---- */

static unsigned count_masks(const struct room *room)
{
    size_t n = 0;
    for (unsigned i = 0; i < ROOM_LISTS; i++) {
        n += room->lists[i].len;
    }
    return (unsigned)n;
}

static void add_masks(const struct room *room, struct room_state_mask *to)
{
    for (unsigned i = 0; i < ROOM_LISTS; i++) {
        const struct mask_entry *entry;
        OLIST_EACH (&room->lists[i], entry) {
            *to++ = (struct room_state_mask){
                .list = ROOM_LIST_LETTERS[i],
                .mask = str_from(entry->mask),
                .mask_folded = str_from(entry->mask_folded),
                .by = str_from(entry->by),
                .set_ms = entry->set_ms,
                .until_ms = entry->until_ms,
            };
        }
    }
}

void room_changed(struct core *core, struct room *room)
{
    if (!core->settings->history) {
        return;
    }
    unsigned n_masks = count_masks(room);
    struct room_state_mask *masks = xcalloc(n_masks, sizeof(*masks));
    add_masks(room, masks);
    struct buf modes = {0};
    struct buf params = {0};
    room_add_lasting_modes(room, &modes, &params);
    const struct room_state state = {
        .id = room->id,
        .name = room_name(room),
        .folded = name_entry_folded(&room->name),
        .skeleton = name_entry_skeleton(&room->name),
        .modes = buf_str(&modes),
        .params = buf_str(&params),
        .key = str_from(room->key),
        .limit = room->limit,
        .topic = str_from(room->topic),
        .topic_by = str_from(room->topic_by),
        .topic_ms = room->topic_ms,
        .since_ms = room->since_ms,
        .empty_ms = room->is_kept ? room->empty_ms : 0,
        .founder = room->founder,
        .registered_ms = room->registered_ms,
        .ranks = room->ranks,
        .n_ranks = room->n_ranks,
        .masks = masks,
        .n_masks = n_masks,
    };
    core_emit(core, &(struct effect){.kind = EFFECT_ROOM, .room_state = room_state_copy(&state)});
    room->is_stated = true;
    buf_finish(&modes);
    buf_finish(&params);
    free(masks);
}

/* ---- the kept ones, in two queues by how much would be lost ---- */

static struct room_queue *queue_of(struct core *core, const struct room *room)
{
    if (room->founder != 0) {
        return &core->kept_registered;
    }
    return room->is_solid ? &core->kept_solid : &core->kept_slight;
}

static void enqueue(struct core *core, struct room *room)
{
    struct room_queue *queue = queue_of(core, room);
    room->older = queue->newest;
    room->newer = NULL;
    *(queue->newest != NULL ? &queue->newest->newer : &queue->oldest) = room;
    queue->newest = room;
    room->is_kept = true;
    core->n_kept++;
    core->n_kept_registered += room->founder != 0;
}

void room_unkeep(struct core *core, struct room *room)
{
    struct room_queue *queue = queue_of(core, room);
    *(room->older != NULL ? &room->older->newer : &queue->oldest) = room->newer;
    *(room->newer != NULL ? &room->newer->older : &queue->newest) = room->older;
    room->is_kept = false;
    room->empty_ms = 0;
    core->n_kept--;
    core->n_kept_registered -= room->founder != 0;
}

static void forget(struct core *core, struct room *room)
{
    if (room->is_stated && core->settings->history) {
        core_emit(core, &(struct effect){.kind = EFFECT_ROOM_GONE, .room = room->id});
    }
    room_destroy(core, room);
}

static bool has_settings(const struct room *room)
{
    return room->modes != ROOM_MODES_NEW || room->key != NULL || room->limit > 0 ||
           room->limits != NULL || room->renamed != NULL || room->topic != NULL ||
           count_masks(room) > 0;
}

void room_emptied(struct core *core, struct room *room)
{
    const struct settings *settings = core->settings;
    bool lasts = settings->history && settings->room_keep_ms > 0 &&
                 (room->speaker != 0 || room->is_marked || has_settings(room));
    if (!lasts && room->founder == 0) {
        forget(core, room);
        return;
    }
    room->is_solid = room->is_shared || has_settings(room);
    room->empty_ms = core->now_ms;
    enqueue(core, room);
    room_changed(core, room);
}

void room_entered(struct core *core, struct room *room)
{
    bool was_kept = room->is_kept;
    if (was_kept) {
        room_unkeep(core, room);
    }
    if (was_kept || !room->is_stated) {
        room_changed(core, room);
    }
}

void room_spoken_in(struct room *room, user_id speaker)
{
    room->is_shared = room->is_shared || (room->speaker != 0 && room->speaker != speaker);
    room->speaker = speaker;
}

/* ---- their end ---- */

static bool is_over(const struct core *core, const struct room *room)
{
    return core->now_ms > room->empty_ms &&
           core->now_ms - room->empty_ms >= core->settings->room_keep_ms;
}

static bool forget_one(struct core *core)
{
    struct room *slight = core->kept_slight.oldest;
    struct room *solid = core->kept_solid.oldest;
    if (core->n_kept - core->n_kept_registered > core->settings->rooms_kept_max) {
        forget(core, slight != NULL ? slight : solid);
        return true;
    }
    /* A clock that has jumped must not end anything before it is known to go right again. */
    if (core->now_ms < core->steady_ms + CORE_CLOCK_TRUST_MS) {
        return false;
    }
    struct room *room = slight != NULL && is_over(core, slight) ? slight : solid;
    if (room == NULL || !is_over(core, room)) {
        return false;
    }
    forget(core, room);
    return true;
}

void rooms_expire(struct core *core)
{
    for (unsigned i = 0;
         i < CORE_EXPIRE_ROOMS && core->n_kept > core->n_kept_registered && forget_one(core); i++) {
    }
}

/* ---- the beginning ---- */

static void restore_masks(struct core *core, struct room *room, const struct room_state *state)
{
    for (unsigned i = 0; i < state->n_masks; i++) {
        const struct room_state_mask *mask = &state->masks[i];
        const char *letter = memchr(ROOM_LIST_LETTERS, mask->list, ROOM_LISTS);
        if (letter != NULL) {
            room_list_add(core, room, (enum room_list)(letter - ROOM_LIST_LETTERS), mask->mask,
                          mask->mask_folded, mask->by, mask->set_ms);
        }
    }
}

static char *dup_or_null(struct str s)
{
    return s.len > 0 ? str_dup(s) : NULL;
}

void room_restore(struct core *core, const struct room_state *state)
{
    const struct name name = {state->name, state->folded, state->skeleton, NAME_OK};
    if (room_find_kept(core, state->folded) != NULL || state->id <= core->last_restored) {
        /* The rules of folding have changed since, or the store is not what it was. What was said
         * there is not forgotten, but nobody can come in. */
        core_log(core, LOG_REFUSE, 0,
                 "the kept room " STR_FMT " stays closed: its name or number is another's",
                 STR_ARG(state->name));
        return;
    }
    struct room *room = room_create_as(core, &name, state->id);
    core->last_restored = state->id;
    core->next_id = core->next_id > state->id ? core->next_id : state->id;
    room_parse_lasting_modes(room, state->modes, state->params);
    room->key = dup_or_null(state->key);
    room->limit = state->limit;
    room->topic = dup_or_null(state->topic);
    room->topic_by = room->topic != NULL ? str_dup(state->topic_by) : NULL;
    room->topic_ms = state->topic_ms;
    room->since_ms = state->since_ms;
    room->founder = state->founder;
    room->registered_ms = state->registered_ms;
    for (unsigned i = 0; i < state->n_ranks; i++) {
        room_set_account_rank(room, state->ranks[i].account, state->ranks[i].rank);
    }
    restore_masks(core, room, state);
    room->is_stated = true;
    /* Who spoke there is not known: there was something to keep it for. */
    room->is_solid = room->is_shared = true;
    room->speaker = USER_UNKNOWN;
    /* Where the server ended in the midst of it, it is empty since now. */
    room->empty_ms = state->empty_ms != 0 ? state->empty_ms : core->now_ms;
    enqueue(core, room);
}
