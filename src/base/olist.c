/* Ordered lists with stable ids: an array with holes, swept when half of it is holes. */
#include "olist.h"

#include "alloc.h"

#include <stdlib.h>

enum { OLIST_FIRST_CAP = 4 };

void olist_finish(struct olist *list)
{
    free(list->entries);
    *list = (struct olist){0};
}

static void sweep(struct olist *list)
{
    size_t to = 0;
    for (size_t i = 0; i < list->used; i++) {
        if (list->entries[i].value != NULL) {
            list->entries[to++] = list->entries[i];
        }
    }
    list->used = to;
}

void olist_append(struct olist *list, uint64_t id, void *value)
{
    CHECK(value != NULL && (list->used == 0 || id > list->entries[list->used - 1].id));
    if (list->used == list->cap) {
        if (list->used - list->len > list->used / 2) {
            sweep(list);
        } else {
            list->cap = list->cap > 0 ? list->cap * 2 : OLIST_FIRST_CAP;
            list->entries = xrealloc(list->entries, list->cap * sizeof(*list->entries));
        }
    }
    list->entries[list->used++] = (struct olist_entry){id, value};
    list->len++;
}

/* The index of the first entry whose id is greater than `id`. */
static size_t upper_bound(const struct olist *list, uint64_t id)
{
    size_t low = 0;
    size_t high = list->used;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (list->entries[mid].id <= id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static size_t find(const struct olist *list, uint64_t id)
{
    size_t at = upper_bound(list, id);
    return at > 0 && list->entries[at - 1].id == id && list->entries[at - 1].value != NULL
               ? at - 1
               : SIZE_MAX;
}

void *olist_remove(struct olist *list, uint64_t id)
{
    size_t at = find(list, id);
    if (at == SIZE_MAX) {
        return NULL;
    }
    void *value = list->entries[at].value;
    list->entries[at].value = NULL;
    list->len--;
    while (list->used > 0 && list->entries[list->used - 1].value == NULL) {
        list->used--;
    }
    return value;
}

void *olist_get(const struct olist *list, uint64_t id)
{
    size_t at = find(list, id);
    return at != SIZE_MAX ? list->entries[at].value : NULL;
}

void *olist_next(const struct olist *list, uint64_t *cursor)
{
    for (size_t at = upper_bound(list, *cursor); at < list->used; at++) {
        if (list->entries[at].value != NULL) {
            *cursor = list->entries[at].id;
            return list->entries[at].value;
        }
    }
    return NULL;
}

size_t olist_seek(const struct olist *list, uint64_t id)
{
    return upper_bound(list, id);
}

void *olist_step(const struct olist *list, size_t *at)
{
    while (*at < list->used) {
        void *value = list->entries[(*at)++].value;
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}
