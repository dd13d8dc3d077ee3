/* Names in use and names that look alike. Pure. */
#include "name_index.h"

#include "alloc.h"

#include <stddef.h>
#include <stdlib.h>

/* All names with one skeleton, where they are or have been more than one. Most names look like no
 * other: then the table by skeletons has the entry itself. */
struct name_group {
    unsigned n_ascii;
    unsigned n_other;
    size_t len;
    char skeleton[];
};

/* In the table a group is told from an entry by the lowest bit of its address. */
static void *mark(struct name_group *group)
{
    return (char *)group + 1;
}

static bool is_marked(const void *value)
{
    return ((uintptr_t)value & 1) != 0;
}

static struct name_group *unmark(const void *value)
{
    return (struct name_group *)((uintptr_t)value & ~(uintptr_t)1);
}

static struct str folded_key(const void *value)
{
    return name_entry_folded(value);
}

static struct str skeleton_key(const void *value)
{
    if (is_marked(value)) {
        const struct name_group *group = unmark(value);
        return str_make(group->skeleton, group->len);
    }
    return name_entry_skeleton(value);
}

void name_index_init(struct name_index *index, const uint64_t seed[2])
{
    strmap_init(&index->by_folded, folded_key, seed);
    strmap_init(&index->by_skeleton, skeleton_key, seed);
}

void name_index_finish(struct name_index *index)
{
    strmap_finish(&index->by_folded);
    strmap_finish(&index->by_skeleton);
}

size_t name_entry_size(const struct name *name)
{
    size_t folded = str_eq(name->raw, name->folded) ? 0 : name->folded.len + 1;
    return name->raw.len + 1 + folded + name->skeleton.len + 1;
}

static uint16_t place(char **at, const char *start, struct str text)
{
    size_t offset = (size_t)(*at - start);
    str_place(at, text);
    *(*at)++ = '\0';
    CHECK((size_t)(*at - start) <= UINT16_MAX);
    return (uint16_t)offset;
}

struct name_entry name_entry_place(char **at, const struct name *name)
{
    struct name_entry entry = {.raw = *at, .raw_len = (uint16_t)name->raw.len};
    place(at, entry.raw, name->raw);
    if (!str_eq(name->raw, name->folded)) {
        entry.folded_at = place(at, entry.raw, name->folded);
    }
    entry.skeleton_at = place(at, entry.raw, name->skeleton);
    entry.size = (uint16_t)(*at - entry.raw);
    return entry;
}

static void count(struct name_group *group, struct str folded, unsigned by)
{
    if (name_is_ascii(folded)) {
        group->n_ascii += by;
    } else {
        group->n_other += by;
    }
}

void name_index_add(struct name_index *index, struct name_entry *entry)
{
    struct str folded = name_entry_folded(entry);
    struct str skeleton = name_entry_skeleton(entry);
    strmap_put(&index->by_folded, entry);
    void *alike = strmap_get(&index->by_skeleton, skeleton);
    if (alike == NULL) {
        strmap_put(&index->by_skeleton, entry);
        return;
    }
    if (!is_marked(alike)) {
        struct name_group *group = xcalloc(1, sizeof(*group) + skeleton.len);
        group->len = skeleton.len;
        if (skeleton.len > 0) {
            memcpy(group->skeleton, skeleton.p, skeleton.len);
        }
        count(group, name_entry_folded(alike), 1);
        alike = mark(group);
        strmap_replace(&index->by_skeleton, alike);
    }
    count(unmark(alike), folded, 1);
}

void name_index_remove(struct name_index *index, struct name_entry *entry)
{
    if (entry->raw == NULL) {
        return;
    }
    struct str skeleton = name_entry_skeleton(entry);
    CHECK(strmap_del(&index->by_folded, name_entry_folded(entry)) == entry);
    void *alike = strmap_get(&index->by_skeleton, skeleton);
    CHECK(alike == entry || is_marked(alike));
    if (!is_marked(alike)) {
        strmap_del(&index->by_skeleton, skeleton);
        return;
    }
    struct name_group *group = unmark(alike);
    count(group, name_entry_folded(entry), (unsigned)-1);
    if (group->n_ascii + group->n_other == 0) {
        strmap_del(&index->by_skeleton, skeleton);
        free(group);
    }
}

struct name_entry *name_index_find(const struct name_index *index, struct str folded)
{
    return strmap_get(&index->by_folded, folded);
}

int name_index_check(const struct name_index *index, const struct name *name,
                     const struct name_entry *self)
{
    const struct name_entry *same = name_index_find(index, name->folded);
    if (same != NULL) {
        return same == self ? STATUS_OK : STATUS_EXISTS;
    }
    const void *value = strmap_get(&index->by_skeleton, name->skeleton);
    if (value == NULL) {
        return STATUS_OK;
    }
    struct name_group alike = {0};
    if (is_marked(value)) {
        alike = (struct name_group){unmark(value)->n_ascii, unmark(value)->n_other};
    } else {
        count(&alike, name_entry_folded(value), 1);
    }
    if (self != NULL && str_eq(name_entry_skeleton(self), name->skeleton)) {
        count(&alike, name_entry_folded(self), (unsigned)-1);
    }
    bool denied =
        name_is_ascii(name->folded) ? alike.n_other > 0 : alike.n_ascii + alike.n_other > 0;
    return denied ? STATUS_DENIED : STATUS_OK;
}
