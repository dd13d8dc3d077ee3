/* Names in use and names that look alike. Pure. */
#include "name_index.h"

#include "alloc.h"

#include <stddef.h>
#include <stdlib.h>

/* All names with one skeleton. */
struct name_group {
    unsigned n_ascii;
    unsigned n_other;
    char skeleton[];
};

static struct str entry_key(const void *value)
{
    return str_from(((const struct name_entry *)value)->folded);
}

static struct str group_key(const void *value)
{
    return str_from(((const struct name_group *)value)->skeleton);
}

void name_index_init(struct name_index *index, const uint64_t seed[2])
{
    strmap_init(&index->by_folded, entry_key, seed);
    strmap_init(&index->by_skeleton, group_key, seed);
}

void name_index_finish(struct name_index *index)
{
    strmap_finish(&index->by_folded);
    strmap_finish(&index->by_skeleton);
}

static unsigned *group_count(struct name_group *group, struct str folded)
{
    return name_is_ascii(folded) ? &group->n_ascii : &group->n_other;
}

void name_index_add(struct name_index *index, struct name_entry *entry, const struct name *name)
{
    struct name_group *group = strmap_get(&index->by_skeleton, name->skeleton);
    if (group == NULL) {
        group = xcalloc(1, sizeof(*group) + name->skeleton.len + 1);
        memcpy(group->skeleton, name->skeleton.p, name->skeleton.len);
        strmap_put(&index->by_skeleton, group);
    }
    char *text = xcalloc(1, name->raw.len + name->folded.len + 2);
    memcpy(text, name->raw.p, name->raw.len);
    memcpy(text + name->raw.len + 1, name->folded.p, name->folded.len);
    *entry = (struct name_entry){text, text + name->raw.len + 1, group->skeleton};
    strmap_put(&index->by_folded, entry);
    (*group_count(group, name->folded))++;
}

void name_index_remove(struct name_index *index, struct name_entry *entry)
{
    if (entry->folded == NULL) {
        return;
    }
    CHECK(strmap_del(&index->by_folded, str_from(entry->folded)) == entry);
    struct name_group *group = strmap_get(&index->by_skeleton, str_from(entry->skeleton));
    CHECK(group != NULL);
    (*group_count(group, str_from(entry->folded)))--;
    if (group->n_ascii + group->n_other == 0) {
        strmap_del(&index->by_skeleton, str_from(entry->skeleton));
        free(group);
    }
    free(entry->raw);
    *entry = (struct name_entry){0};
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
    const struct name_group *group = strmap_get(&index->by_skeleton, name->skeleton);
    if (group == NULL) {
        return STATUS_OK;
    }
    unsigned n_ascii = group->n_ascii;
    unsigned n_other = group->n_other;
    if (self != NULL && str_eq(str_from(self->skeleton), name->skeleton)) {
        if (name_is_ascii(str_from(self->folded))) {
            n_ascii--;
        } else {
            n_other--;
        }
    }
    bool alike = name_is_ascii(name->folded) ? n_other > 0 : n_ascii + n_other > 0;
    return alike ? STATUS_DENIED : STATUS_OK;
}
