/* Ordered lists with stable ids: an array with holes, swept when a quarter of it is holes. */
#include "olist.h"

#include "alloc.h"

#include <stdlib.h>

/* An array is shrunk when less than a quarter of it is used; not one that is as small as this. */
enum { OLIST_SMALL = 64 };

static uint64_t hole(uint64_t id)
{
    return id << 1 | 1;
}

static void *item_at(const struct olist *list, size_t at)
{
    uint64_t slot = list->slots[at];
    return (slot & 1) == 0 ? (void *)(uintptr_t)slot : NULL;
}

static uint64_t id_of(const struct olist *list, const void *item)
{
    return list->ops != NULL ? list->ops->id(list, item) : *(const uint64_t *)item;
}

static uint64_t id_at(const struct olist *list, size_t at)
{
    uint64_t slot = list->slots[at];
    return (slot & 1) == 0 ? id_of(list, (const void *)(uintptr_t)slot) : slot >> 1;
}

static void put(struct olist *list, uint32_t at, void *item)
{
    list->slots[at] = (uint64_t)(uintptr_t)item;
    if (list->ops != NULL) {
        list->ops->moved(list, item, at);
    }
}

void olist_finish(struct olist *list)
{
    free(list->slots);
    *list = (struct olist){.ops = list->ops};
}

static void sweep(struct olist *list)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < list->used; i++) {
        void *item = item_at(list, i);
        if (item != NULL) {
            put(list, to++, item);
        }
    }
    list->used = to;
}

/* By a quarter: what is allocated ahead is a part of what each item costs. */
static void resize(struct olist *list)
{
    uint64_t cap = (uint64_t)list->used + list->used / 4 + 2;
    CHECK(cap <= UINT32_MAX);
    list->cap = (uint32_t)cap;
    list->slots = xrealloc(list->slots, cap * sizeof(*list->slots));
}

static void make_room(struct olist *list)
{
    size_t holes = list->used - list->len;
    if (list->cap > OLIST_SMALL && list->len < list->cap / 4) {
        sweep(list);
        resize(list);
    } else if (list->used == list->cap) {
        if (holes > 0 && holes >= list->used / 4) {
            sweep(list);
        } else {
            resize(list);
        }
    }
}

void olist_append(struct olist *list, void *item)
{
    uint64_t id = id_of(list, item);
    CHECK(id < (uint64_t)1 << 63 && (list->used == 0 || id > id_at(list, list->used - 1)));
    make_room(list);
    put(list, list->used++, item);
    list->len++;
}

/* The index of the first slot whose id is greater than `id`. */
static size_t upper_bound(const struct olist *list, uint64_t id)
{
    size_t low = 0;
    size_t high = list->used;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (id_at(list, mid) <= id) {
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
    return at > 0 && id_at(list, at - 1) == id && item_at(list, at - 1) != NULL ? at - 1 : SIZE_MAX;
}

/* Keeps the id in the hole: searches go on finding their way. */
static void remove_at(struct olist *list, size_t at)
{
    list->slots[at] = hole(id_at(list, at));
    list->len--;
    while (list->used > 0 && item_at(list, list->used - 1) == NULL) {
        list->used--;
    }
    if (list->used == 0) {
        olist_finish(list);
    }
}

void *olist_remove(struct olist *list, uint64_t id)
{
    size_t at = find(list, id);
    if (at == SIZE_MAX) {
        return NULL;
    }
    void *item = item_at(list, at);
    remove_at(list, at);
    return item;
}

void olist_remove_at(struct olist *list, uint32_t at)
{
    CHECK(at < list->used && item_at(list, at) != NULL);
    remove_at(list, at);
}

void *olist_get(const struct olist *list, uint64_t id)
{
    size_t at = find(list, id);
    return at != SIZE_MAX ? item_at(list, at) : NULL;
}

void *olist_last(const struct olist *list)
{
    return list->used > 0 ? item_at(list, list->used - 1) : NULL;
}

void *olist_next(const struct olist *list, uint64_t *cursor)
{
    for (size_t at = upper_bound(list, *cursor); at < list->used; at++) {
        void *item = item_at(list, at);
        if (item != NULL) {
            *cursor = id_of(list, item);
            return item;
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
        void *item = item_at(list, (*at)++);
        if (item != NULL) {
            return item;
        }
    }
    return NULL;
}
