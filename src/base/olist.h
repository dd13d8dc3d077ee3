/*
 * An ordered list of borrowed pointers under increasing ids: append at the end, remove anywhere,
 * and walk with a cursor that is an id, so a walk may pause while items come and go. What stays is
 * seen exactly once, in the order of insertion. One thread at a time. 8 bytes an item, since its id
 * stands in the item.
 */
#ifndef MARU_OLIST_H
#define MARU_OLIST_H

#include <stddef.h>
#include <stdint.h>

struct olist;

/* For items that do not begin with their id. */
struct olist_ops {
    uint64_t (*id)(const struct olist *list, const void *item);
    /* The item stands at this index now, for olist_remove_at(). */
    void (*moved)(const struct olist *list, void *item, uint32_t at);
};

struct olist {
    const struct olist_ops *ops; /* NULL: each item begins with its id, a uint64_t */
    uint64_t *slots;             /* a pointer, or (id << 1 | 1) where an item was removed */
    uint32_t used;               /* slots with the removed ones; the last one is none of those */
    uint32_t cap;
    size_t len; /* items that are there */
};

/* A zeroed struct olist, or one with nothing but `ops`, is a valid empty one. Frees no items. */
void olist_finish(struct olist *list);

/* Its id must be greater than every id that was ever appended, and less than 2^63; items are
 * aligned to 2 bytes or more. */
void olist_append(struct olist *list, void *item);

/* Returns the item that was there, or NULL. */
void *olist_remove(struct olist *list, uint64_t id);

/* The same in constant time, for items that are told where they stand. */
void olist_remove_at(struct olist *list, uint32_t at);

/* The item with this id, or NULL. */
void *olist_get(const struct olist *list, uint64_t id);

/* The one with the greatest id, or NULL. */
void *olist_last(const struct olist *list);

/* The first item whose id is greater than *cursor, which becomes its id; NULL at the end. A walk
 * begins with a cursor of 0; ids begin with 1. */
void *olist_next(const struct olist *list, uint64_t *cursor);

/* The index at which the items with ids greater than `id` begin, for olist_step(). It is good
 * until the list changes; an id is good for ever. */
size_t olist_seek(const struct olist *list, uint64_t id);

/* The first item at or behind index *at, which moves on past it; NULL at the end. */
void *olist_step(const struct olist *list, size_t *at);

/* For each item in order: OLIST_EACH (&room->members, member) { … } with `member` declared before.
 * Nothing may be appended meanwhile, and nothing removed but the current item. */
#define OLIST_EACH(list, item)                                                                     \
    for (size_t item##_at = 0; ((item) = olist_step((list), &item##_at)) != NULL;)

#endif
