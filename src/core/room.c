/* Rooms, their members and their lists of masks. Pure; under the core's mutex. */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"
#include "mask.h"

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

static void mask_entry_destroy(struct mask_entry *entry)
{
    free(entry->mask);
    free(entry->mask_folded);
    free(entry->by);
    free(entry);
}

void room_destroy(struct core *core, struct room *room)
{
    for (unsigned i = 0; i < ROOM_LISTS; i++) {
        struct mask_entry *entry;
        OLIST_EACH (&room->lists[i], entry) {
            mask_entry_destroy(entry);
        }
        olist_finish(&room->lists[i]);
    }
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

/* In the order of the bits RMODE_. */
static const char flag_letters[] = "imnst";

void room_add_flags(const struct room *room, struct buf *out)
{
    for (unsigned i = 0; flag_letters[i] != '\0'; i++) {
        if ((room->modes & 1u << i) != 0) {
            buf_add_char(out, flag_letters[i]);
        }
    }
}

uint8_t room_parse_flags(struct str letters)
{
    unsigned modes = 0;
    for (size_t at = 0; at < letters.len; at++) {
        const char *letter = strchr(flag_letters, letters.p[at]);
        if (letter != NULL && *letter != '\0') {
            modes |= 1u << (letter - flag_letters);
        }
    }
    return (uint8_t)modes;
}

void room_add_modes(const struct room *room, const struct user *viewer, struct buf *out)
{
    buf_add_char(out, '+');
    room_add_flags(room, out);
    if (room->key != NULL) {
        buf_add_char(out, 'k');
    }
    if (room->limit > 0) {
        buf_add_char(out, 'l');
    }
    if (room->key != NULL) {
        /* The key is for members; others see that there is one. */
        bool inside = viewer != NULL && user_membership(viewer, room) != NULL;
        buf_printf(out, " %s", inside ? room->key : "*");
    }
    if (room->limit > 0) {
        buf_printf(out, " %u", room->limit);
    }
}

bool room_list_matches(const struct room *room, enum room_list list, const struct user *user)
{
    struct str folded = str_from(user_mask_folded(user));
    const struct mask_entry *entry;
    OLIST_EACH (&room->lists[list], entry) {
        if (mask_match(str_from(entry->mask_folded), folded)) {
            return true;
        }
    }
    return false;
}

bool room_bans(const struct room *room, const struct user *user)
{
    return room_list_matches(room, ROOM_BANS, user) && !room_list_matches(room, ROOM_EXCEPTS, user);
}

bool room_bans_member(const struct room *room, const struct user *user,
                      struct membership *membership)
{
    if (membership->bans_version != room->bans_version) {
        membership->banned = room_bans(room, user);
        membership->bans_version = room->bans_version;
    }
    return membership->banned;
}

static void lists_changed(struct room *room)
{
    room->bans_version = (room->bans_version + 1) % BANS_VERSION_NONE;
}

struct mask_entry *room_list_add(struct core *core, struct room *room, enum room_list list,
                                 struct str mask, struct str folded, struct str by)
{
    struct mask_entry *entry = xcalloc(1, sizeof(*entry));
    *entry = (struct mask_entry){++core->next_id, str_dup(mask), str_dup(folded), str_dup(by),
                                 core->now_ms};
    olist_append(&room->lists[list], entry);
    lists_changed(room);
    return entry;
}

void room_list_remove(struct room *room, enum room_list list, uint64_t id)
{
    struct mask_entry *entry = olist_remove(&room->lists[list], id);
    if (entry != NULL) {
        lists_changed(room);
        mask_entry_destroy(entry);
    }
}

bool room_visible_to(const struct room *room, const struct user *viewer)
{
    return !room->is_kept && ((room->modes & RMODE_SECRET) == 0 || user_is_operator(viewer) ||
                              user_membership(viewer, room) != NULL);
}

bool room_is_run_by(const struct room *room, const struct user *user)
{
    const struct membership *membership = user_membership(user, room);
    return user_is_operator(user) || (membership != NULL && (membership->rank & RANK_OP) != 0);
}

void room_add_prefix(uint8_t rank, bool all, struct buf *out)
{
    if ((rank & RANK_OP) != 0) {
        buf_add_char(out, '@');
    }
    if ((rank & RANK_VOICE) != 0 && ((rank & RANK_OP) == 0 || all)) {
        buf_add_char(out, '+');
    }
}

char room_symbol(const struct room *room)
{
    return (room->modes & RMODE_SECRET) != 0 ? '@' : '=';
}
