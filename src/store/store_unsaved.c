/* What waits to be written, the newest of each. Synchronous; the writer's thread. */
#include "store_unsaved.h"

#include "alloc.h"
#include "store_account.h"
#include "store_limits.h"
#include "store_room.h"

#include <stdlib.h>

/* What it is about. Compared as bytes, so it has no padding. */
struct key {
    uint64_t kind;
    uint64_t id; /* of the room or account; of a marker, its account's … */
    struct place place;
};

_Static_assert(sizeof(struct key) == 5 * sizeof(uint64_t), "nothing lies between the members");

struct store_unsaved_item {
    struct key key;
    struct store_unsaved_item *next;
    union {
        uint64_t time_ms;        /* of a marker */
        struct room_state *room; /* NULL: it is gone */
        struct {
            struct account_state *state; /* one reference; NULL: it is gone … */
            struct account_state *asked; /* newer, and somebody waits for it; or NULL */
            bool has_state;              /* … where this is set; else only `asked` counts */
        } account;
    };
};

static struct str key_of(const void *value)
{
    const struct store_unsaved_item *item = value;
    return str_make((const char *)&item->key, sizeof(item->key));
}

void store_unsaved_init(struct store_unsaved *unsaved)
{
    /* The ids are our own, so that nobody can make them collide. */
    static const uint64_t seed[2] = {0};
    *unsaved = (struct store_unsaved){0};
    strmap_init(&unsaved->items, key_of, seed);
}

static void free_item(struct store_unsaved_item *item)
{
    if (item->key.kind == UNSAVED_ROOM) {
        free(item->room);
    } else if (item->key.kind == UNSAVED_ACCOUNT) {
        account_state_unref(item->account.state);
        account_state_unref(item->account.asked);
    }
    free(item);
}

/* Takes out those that `fits` names. */
static void sweep(struct store_unsaved *unsaved, enum store_unsaved_kind kind,
                  bool (*fits)(struct store_unsaved_item *item, uint64_t id), uint64_t id)
{
    struct store_unsaved_list *list = &unsaved->lists[kind];
    struct store_unsaved_item **link = &list->first;
    list->last = NULL;
    while (*link != NULL) {
        struct store_unsaved_item *item = *link;
        if (fits(item, id)) {
            *link = item->next;
            strmap_del(&unsaved->items, key_of(item));
            free_item(item);
            list->n--;
        } else {
            list->last = item;
            link = &item->next;
        }
    }
}

static bool any(struct store_unsaved_item *item, uint64_t unused)
{
    return true;
}

static void clear(struct store_unsaved *unsaved)
{
    for (unsigned kind = 0; kind < UNSAVED_KINDS; kind++) {
        sweep(unsaved, (enum store_unsaved_kind)kind, any, 0);
    }
}

void store_unsaved_finish(struct store_unsaved *unsaved)
{
    clear(unsaved);
    strmap_finish(&unsaved->items);
}

bool store_unsaved_is_empty(const struct store_unsaved *unsaved)
{
    return unsaved->items.len == 0;
}

/* ---- what is to be written ---- */

/* That with this key, made where there is none. */
static struct store_unsaved_item *note(struct store_unsaved *unsaved, struct key key)
{
    const struct str bytes = str_make((const char *)&key, sizeof(key));
    struct store_unsaved_item *item = strmap_get(&unsaved->items, bytes);
    if (item == NULL) {
        struct store_unsaved_list *list = &unsaved->lists[key.kind];
        item = xcalloc(1, sizeof(*item));
        item->key = key;
        *(list->last != NULL ? &list->last->next : &list->first) = item;
        list->last = item;
        list->n++;
        strmap_put(&unsaved->items, item);
    }
    return item;
}

void store_unsaved_room(struct store_unsaved *unsaved, room_id id, struct room_state *state)
{
    struct store_unsaved_item *item = note(unsaved, (struct key){.kind = UNSAVED_ROOM, .id = id});
    free(item->room);
    item->room = state;
}

static bool is_marker_of(struct store_unsaved_item *item, uint64_t account)
{
    return item->key.id == account;
}

void store_unsaved_account(struct store_unsaved *unsaved, account_id id,
                           struct account_state *state, bool asked)
{
    struct store_unsaved_item *item =
        note(unsaved, (struct key){.kind = UNSAVED_ACCOUNT, .id = id});
    account_state_unref(item->account.asked);
    item->account.asked = NULL;
    if (state == NULL) {
        sweep(unsaved, UNSAVED_MARKER, is_marker_of, id);
    } else {
        account_state_ref(state);
    }
    if (asked && state != NULL) {
        item->account.asked = state;
    } else {
        account_state_unref(item->account.state);
        item->account.state = state;
        item->account.has_state = true;
    }
}

void store_unsaved_marker(struct store_unsaved *unsaved, const struct read_marker *marker)
{
    struct store_unsaved_item *item =
        note(unsaved,
             (struct key){.kind = UNSAVED_MARKER, .id = marker->account, .place = marker->place});
    item->time_ms = marker->time_ms;
}

/* ---- writing it ---- */

static int write_item(const struct store_unsaved_item *item, struct store_db *db)
{
    const struct account_state *state;
    switch (item->key.kind) {
    case UNSAVED_MARKER:
        return store_marker_write(db, &(struct read_marker){.account = item->key.id,
                                                            .place = item->key.place,
                                                            .time_ms = item->time_ms});
    case UNSAVED_ACCOUNT:
        state = item->account.asked != NULL ? item->account.asked : item->account.state;
        return state != NULL ? store_account_write(db, state)
                             : store_account_delete(db, item->key.id);
    default:
        return item->room != NULL ? store_room_write(db, item->room)
                                  : store_room_delete(db, item->key.id);
    }
}

int store_unsaved_write(struct store_unsaved *unsaved, struct store_db *db)
{
    int status = 0;
    for (unsigned kind = 0; kind < UNSAVED_KINDS; kind++) {
        const struct store_unsaved_item *item = unsaved->lists[kind].first;
        for (; item != NULL && status == 0; item = item->next) {
            status = write_item(item, db);
        }
    }
    return status;
}

static bool is_no_more_wanted(struct store_unsaved_item *item, uint64_t unused)
{
    account_state_unref(item->account.asked);
    item->account.asked = NULL;
    return !item->account.has_state;
}

static bool was_never_there(struct store_unsaved_item *item, uint64_t last_room)
{
    return item->room == NULL && item->key.id > last_room;
}

/* The oldest go: what somebody has read is the least that can be lost. */
static void bound_markers(struct store_unsaved *unsaved)
{
    struct store_unsaved_list *list = &unsaved->lists[UNSAVED_MARKER];
    while (list->n > STORE_MARKERS_UNSAVED) {
        struct store_unsaved_item *item = list->first;
        list->first = item->next;
        list->n--;
        strmap_del(&unsaved->items, key_of(item));
        free_item(item);
    }
}

void store_unsaved_settle(struct store_unsaved *unsaved, bool written, room_id last_room)
{
    if (written) {
        clear(unsaved);
        return;
    }
    sweep(unsaved, UNSAVED_ACCOUNT, is_no_more_wanted, 0);
    sweep(unsaved, UNSAVED_ROOM, was_never_there, last_room);
    bound_markers(unsaved);
}
