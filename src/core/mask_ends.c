/*
 * Bans that end by themselves: a heap over all rooms, the next one to end on top. The core has no
 * clock: it looks whenever an input brings the time. Pure.
 */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

static void put(struct mask_ends *ends, size_t i, struct mask_entry *entry)
{
    ends->at[i] = entry;
    entry->end_at = i;
}

/* Of two that end at once the older is first, wherever they lie in memory. */
static bool is_before(const struct mask_entry *a, const struct mask_entry *b)
{
    return a->until_ms < b->until_ms || (a->until_ms == b->until_ms && a->id < b->id);
}

static void rise(struct mask_ends *ends, size_t i, struct mask_entry *entry)
{
    while (i > 0 && is_before(entry, ends->at[(i - 1) / 2])) {
        put(ends, i, ends->at[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(ends, i, entry);
}

static void sink(struct mask_ends *ends, size_t i, struct mask_entry *entry)
{
    size_t child;
    while ((child = 2 * i + 1) < ends->n) {
        if (child + 1 < ends->n && is_before(ends->at[child + 1], ends->at[child])) {
            child++;
        }
        if (!is_before(ends->at[child], entry)) {
            break;
        }
        put(ends, i, ends->at[child]);
        i = child;
    }
    put(ends, i, entry);
}

void mask_ends_add(struct mask_ends *ends, struct mask_entry *entry)
{
    if (ends->n == ends->cap) {
        ends->cap = ends->cap > 0 ? ends->cap * 2 : 16;
        ends->at = xrealloc(ends->at, ends->cap * sizeof(struct mask_entry *));
    }
    ends->n++;
    rise(ends, ends->n - 1, entry);
}

void mask_ends_remove(struct mask_ends *ends, struct mask_entry *entry)
{
    size_t i = entry->end_at;
    CHECK(i < ends->n && ends->at[i] == entry);
    struct mask_entry *last = ends->at[--ends->n];
    if (last != entry) {
        if (i > 0 && is_before(last, ends->at[(i - 1) / 2])) {
            rise(ends, i, last);
        } else {
            sink(ends, i, last);
        }
    }
    if (ends->n == 0) {
        free(ends->at);
        *ends = (struct mask_ends){0};
    }
}

static void expire(struct core *core, const struct mask_entry *entry)
{
    struct room *room = entry->room;
    if (!room->is_kept) {
        buf_printf(cast_from_server(core), "MODE %s -%c %s", room->name.raw,
                   ROOM_LIST_LETTERS[entry->list], entry->mask);
        struct message *message = cast_message(core, (struct str){0});
        record_message(core, message, RECORD_MODE, place_of_room(room->id), 0, 0);
        cast(core, message, &(struct audience){.kind = AUDIENCE_ROOM, .room = room->id});
    }
    room_list_remove(core, room, (enum room_list)entry->list, entry->id);
    room_changed(core, room);
}

void masks_expire(struct core *core)
{
    for (unsigned i = 0;
         i < CORE_MASKS_EXPIRE && core->ends.n > 0 && core->ends.at[0]->until_ms <= core->now_ms;
         i++) {
        expire(core, core->ends.at[0]);
    }
}
