/*
 * The names in use, of users or of rooms: found by their folded form, guarded against confusion by
 * their skeletons (UTS 39). Pure.
 */
#ifndef MARU_NAME_INDEX_H
#define MARU_NAME_INDEX_H

#include "input.h"
#include "map.h"

/* Inside the object that has the name. All NUL-terminated and the index's. */
struct name_entry {
    char *raw; /* begins a block that holds the folded form too */
    char *folded;
    char *skeleton; /* shared by all names that look alike */
};

struct name_index {
    struct strmap by_folded;   /* struct name_entry */
    struct strmap by_skeleton; /* struct name_group */
};

void name_index_init(struct name_index *index, const uint64_t seed[2]);
void name_index_finish(struct name_index *index);

/* Copies the name into *entry and enters it. The folded form must be free. */
void name_index_add(struct name_index *index, struct name_entry *entry, const struct name *name);
void name_index_remove(struct name_index *index, struct name_entry *entry);
struct name_entry *name_index_find(const struct name_index *index, struct str folded);

/* STATUS_OK: may be taken by `self` (NULL: by somebody new). STATUS_EXISTS: another has it.
 * STATUS_DENIED: another's looks like it, and at least one of the two is not pure ASCII. */
int name_index_check(const struct name_index *index, const struct name *name,
                     const struct name_entry *self) MARU_CHECK;

#endif
