/*
 * The names in use, of users or of rooms: found by their folded form, guarded against confusion by
 * their skeletons (UTS 39). Pure.
 */
#ifndef MARU_NAME_INDEX_H
#define MARU_NAME_INDEX_H

#include "input.h"
#include "map.h"

/* Inside the object that has the name, which also holds the texts: the raw form, the folded form
 * where that is another, the skeleton; each with a NUL behind it. */
struct name_entry {
    char *raw;
    uint16_t folded_at; /* 0: the raw form is the folded one */
    uint16_t skeleton_at;
    uint16_t raw_len;
    uint16_t size; /* of the texts together */
};

/* Bytes that name_entry_place() needs. */
size_t name_entry_size(const struct name *name);
/* Makes an entry of the name, whose texts are written to *at, which moves on. */
struct name_entry name_entry_place(char **at, const struct name *name);

static inline struct str name_entry_raw(const struct name_entry *entry)
{
    return str_make(entry->raw, entry->raw_len);
}

static inline struct str name_entry_folded(const struct name_entry *entry)
{
    return entry->folded_at == 0
               ? name_entry_raw(entry)
               : str_make(entry->raw + entry->folded_at, entry->skeleton_at - entry->folded_at - 1);
}

static inline struct str name_entry_skeleton(const struct name_entry *entry)
{
    return str_make(entry->raw + entry->skeleton_at, entry->size - entry->skeleton_at - 1);
}

struct name_index {
    struct strmap by_folded;   /* struct name_entry */
    struct strmap by_skeleton; /* struct name_entry, or a marked struct name_group */
};

void name_index_init(struct name_index *index, const uint64_t seed[2]);
void name_index_finish(struct name_index *index);

/* The folded form must be free; the entry stays where it is while it is inside. Its texts may move
 * and change their case of writing, never the folded form nor the skeleton. */
void name_index_add(struct name_index *index, struct name_entry *entry);
/* Nothing happens to an entry without a text. */
void name_index_remove(struct name_index *index, struct name_entry *entry);
struct name_entry *name_index_find(const struct name_index *index, struct str folded);

/* STATUS_OK: may be taken by `self` (NULL: by somebody new). STATUS_EXISTS: another has it.
 * STATUS_DENIED: another's looks like it, and at least one of the two is not pure ASCII. */
int name_index_check(const struct name_index *index, const struct name *name,
                     const struct name_entry *self) MARU_CHECK;

#endif
