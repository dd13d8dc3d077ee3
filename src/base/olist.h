/*
 * An ordered list of borrowed pointers under increasing ids: append at the end, remove anywhere,
 * and walk with a cursor that is an id, so a walk may pause while entries come and go. What stays
 * is seen exactly once, in the order of insertion. One thread at a time. 16 bytes an entry.
 */
#ifndef MARU_OLIST_H
#define MARU_OLIST_H

#include <stddef.h>
#include <stdint.h>

struct olist_entry {
    uint64_t id;
    void *value; /* NULL: removed, and swept later */
};

struct olist {
    struct olist_entry *entries;
    size_t used; /* entries with the removed ones */
    size_t cap;
    size_t len; /* entries that are there */
};

/* A zeroed struct olist is a valid empty one. Frees no values. */
void olist_finish(struct olist *list);

/* The id must be greater than every id that was ever appended; value must not be NULL. */
void olist_append(struct olist *list, uint64_t id, void *value);

/* Returns the value that was there, or NULL. */
void *olist_remove(struct olist *list, uint64_t id);

/* The value with this id, or NULL. */
void *olist_get(const struct olist *list, uint64_t id);

/* The first value whose id is greater than *cursor, which becomes its id; NULL at the end. A walk
 * begins with a cursor of 0; ids begin with 1. */
void *olist_next(const struct olist *list, uint64_t *cursor);

/* The index at which the values with ids greater than `id` begin, for olist_step(). It is good
 * until the list changes; an id is good for ever. */
size_t olist_seek(const struct olist *list, uint64_t id);

/* The first value at or behind index *at, which moves on past it; NULL at the end. */
void *olist_step(const struct olist *list, size_t *at);

/* For each value in order: OLIST_EACH (&room->members, member) { … } with `member` declared before.
 * Nothing may be appended meanwhile, and nothing removed but the current value. */
#define OLIST_EACH(list, item)                                                                     \
    for (size_t item##_at = 0; ((item) = olist_step((list), &item##_at)) != NULL;)

#endif
