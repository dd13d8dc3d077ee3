/* Rooms, their members and their lists of masks. Pure; under the core's mutex. */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"

#include <stddef.h>
#include <stdlib.h>

struct room *room_find(const struct core *core, struct str folded)
{
    struct room *room = room_find_kept(core, folded);
    return room != NULL && !room->is_kept ? room : NULL;
}

struct room *room_find_kept(const struct core *core, struct str folded)
{
    struct name_entry *entry = name_index_find(&core->room_names, folded);
    return entry != NULL ? (struct room *)((char *)entry - offsetof(struct room, name)) : NULL;
}

struct room *room_by_id(const struct core *core, room_id id)
{
    return olist_get(&core->rooms, id);
}

static uint64_t member_id(const struct olist *list, const void *item)
{
    const struct room *room =
        (const struct room *)((const char *)list - offsetof(struct room, members));
    return user_membership(item, room)->since_seq;
}

static void member_moved(const struct olist *list, void *item, uint32_t at)
{
    const struct room *room =
        (const struct room *)((const char *)list - offsetof(struct room, members));
    user_membership(item, room)->at = at;
}

static const struct olist_ops members_ops = {member_id, member_moved};

struct room *room_create(struct core *core, const struct name *name)
{
    return room_create_as(core, name, ++core->next_id);
}

struct room *room_create_as(struct core *core, const struct name *name, room_id id)
{
    struct room *room = xcalloc(1, sizeof(*room) + name_entry_size(name));
    char *texts = (char *)(room + 1);
    room->id = id;
    room->name = name_entry_place(&texts, name);
    room->members.ops = &members_ops;
    name_index_add(&core->room_names, &room->name);
    room->modes = ROOM_MODES_NEW;
    room->since_ms = core->now_ms;
    olist_append(&core->rooms, room);
    return room;
}

void room_rename(struct core *core, struct room *room, const struct name *name)
{
    name_index_remove(&core->room_names, &room->name);
    char *texts = xmalloc(name_entry_size(name));
    char *at = texts;
    room->name = name_entry_place(&at, name);
    name_index_add(&core->room_names, &room->name);
    free(room->renamed);
    room->renamed = texts;
    names_cache_drop(core, room); /* The lines' lengths are others. */
}

void room_destroy(struct core *core, struct room *room)
{
    room_lists_destroy(core, room);
    room_limits_destroy(room);
    if (room->is_kept) {
        room_unkeep(core, room);
    }
    names_cache_drop(core, room);
    name_index_remove(&core->room_names, &room->name);
    olist_remove(&core->rooms, room->id);
    olist_finish(&room->members);
    metadata_finish(&room->metadata);
    free(room->key);
    free(room->topic);
    free(room->topic_by);
    free(room->ranks);
    free(room->renamed);
    free(room);
}

/* Most users are in one room, which needs no array. */
static struct membership *add_membership(struct user *user)
{
    bool own = user->rooms == &user->own_room;
    unsigned n = user->n_rooms;
    if (n == (own ? 1 : user->cap_rooms)) {
        unsigned cap = n + n / 4 + 1;
        struct membership *rooms = xrealloc(own ? NULL : user->rooms, cap * sizeof(*rooms));
        if (own) {
            *rooms = user->own_room;
        }
        user->rooms = rooms;
        user->cap_rooms = cap;
    }
    user->n_rooms++;
    return &user->rooms[n];
}

static void remove_membership(struct user *user, struct membership *membership)
{
    user->n_rooms--;
    size_t behind = (size_t)(user->rooms + user->n_rooms - membership);
    memmove(membership, membership + 1, behind * sizeof(*membership));
    if (user->n_rooms == 1 && user->rooms != &user->own_room) {
        struct membership *rooms = user->rooms;
        user->own_room = rooms[0];
        user->rooms = &user->own_room;
        free(rooms);
    }
}

void room_add(struct core *core, struct room *room, struct user *user, uint8_t rank)
{
    room_add_since(core, room, user, rank, ++core->next_message);
}

static uint64_t last_joined(const struct room *room)
{
    const struct user *last = olist_last(&room->members);
    return last != NULL ? user_membership(last, room)->since_seq : 0;
}

void room_add_since(struct core *core, struct room *room, struct user *user, uint8_t rank,
                    uint64_t since_seq)
{
    CHECK(user_membership(user, room) == NULL);
    if (since_seq <= last_joined(room)) {
        since_seq = ++core->next_message;
    } else if (since_seq > core->next_message) {
        core->next_message = since_seq;
    }
    *add_membership(user) = (struct membership){
        .room = room, .since_seq = since_seq, .rank = rank, .bans_version = BANS_VERSION_NONE};
    olist_append(&room->members, user);
    if (room->members.len == 1) {
        room_entered(core, room);
    }
    account_touch(core, user);
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        core_emit(core, &(struct effect){
                            .kind = EFFECT_JOIN, .session = s->id, .room = room->id, .rank = rank});
    }
}

void room_remove(struct core *core, struct room *room, struct user *user)
{
    struct membership *membership = user_membership(user, room);
    CHECK(membership != NULL);
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        core_emit(core, &(struct effect){.kind = EFFECT_PART, .session = s->id, .room = room->id});
    }
    account_touch(core, user);
    names_cache_change(room, membership->since_seq);
    olist_remove_at(&room->members, membership->at);
    remove_membership(user, membership);
    if (room->members.len == 0 && !room->is_lobby) {
        room_emptied(core, room);
    }
}

void room_set_rank(struct core *core, struct room *room, struct user *user, uint8_t rank)
{
    struct membership *membership = user_membership(user, room);
    CHECK(membership != NULL);
    membership->rank = rank;
    account_touch(core, user);
    names_cache_change(room, membership->since_seq);
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        core_emit(core, &(struct effect){
                            .kind = EFFECT_RANK, .session = s->id, .room = room->id, .rank = rank});
    }
}

bool room_visible_to(const struct room *room, const struct user *viewer)
{
    return !room->is_kept && ((room->modes & RMODE_SECRET) == 0 || user_is_operator(viewer) ||
                              user_membership(viewer, room) != NULL);
}

bool room_allows(const struct room *room, const struct user *user, uint8_t rank)
{
    const struct membership *membership = user_membership(user, room);
    return (membership != NULL && membership->rank >= rank) || user_is_operator(user);
}

bool room_outranks(const struct room *room, const struct user *user,
                   const struct membership *target)
{
    const struct membership *own = user_membership(user, room);
    if (user_is_operator(user) || own == target) {
        return true;
    }
    uint8_t rank = own != NULL ? own->rank : 0;
    /* By the highest alone: an operator with a voice stands no higher than one without. */
    static const uint8_t heights[] = {RANK_FOUNDER, RANK_ADMIN, RANK_OP, RANK_HALFOP};
    for (unsigned i = 0; i < sizeof(heights); i++) {
        if ((target->rank & heights[i]) != 0) {
            return heights[i] == RANK_HALFOP ? rank >= RANK_OP : rank >= heights[i];
        }
    }
    return rank >= RANK_HALFOP;
}

uint8_t room_rank_of_account(const struct room *room, account_id account)
{
    if (account == 0 || room->founder == 0) {
        return 0;
    }
    if (account == room->founder) {
        return RANK_FOUNDER;
    }
    for (unsigned i = 0; i < room->n_ranks; i++) {
        if (room->ranks[i].account == account) {
            return room->ranks[i].rank;
        }
    }
    return 0;
}

void room_set_account_rank(struct room *room, account_id account, uint8_t rank)
{
    unsigned i = 0;
    while (i < room->n_ranks && room->ranks[i].account != account) {
        i++;
    }
    if (rank == 0 && i < room->n_ranks) {
        room->n_ranks--;
        memmove(&room->ranks[i], &room->ranks[i + 1], (room->n_ranks - i) * sizeof(*room->ranks));
    } else if (rank != 0) {
        if (i == room->n_ranks) {
            room->n_ranks++;
            room->ranks = xrealloc(room->ranks, room->n_ranks * sizeof(*room->ranks));
        }
        room->ranks[i] = (struct room_state_rank){account, rank};
    }
}

/* Who enters an empty room made for it runs it; the lobby belongs to the server. */
uint8_t room_rank_of(const struct room *room, const struct user *user)
{
    const struct account *account = user_account(user);
    if (room->founder != 0) {
        return account != NULL ? room_rank_of_account(room, account->state->id) : 0;
    }
    return room->members.len == 0 && !room->is_lobby ? RANK_OP : 0;
}

uint8_t room_hides(const struct room *room, uint8_t rank)
{
    return (room->modes & RMODE_AUDITORIUM) != 0 && rank == 0 ? RANK_VOICE : 0;
}

bool room_shows_all(const struct room *room, const struct user *viewer)
{
    return (room->modes & RMODE_AUDITORIUM) == 0 || room_allows(room, viewer, RANK_VOICE);
}

char room_symbol(const struct room *room)
{
    return (room->modes & RMODE_SECRET) != 0 ? '@' : '=';
}
