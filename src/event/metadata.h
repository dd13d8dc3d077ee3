/*
 * Keys with values that users set on themselves and on rooms (IRCv3 draft/metadata-2 and -3): one
 * small table for each, in the order in which the keys were first set. Pure; whoever owns it.
 */
#ifndef MARU_METADATA_H
#define MARU_METADATA_H

#include "str.h"

#include <stdbool.h>

enum {
    METADATA_KEY_MAX = 64,    /* bytes of a key */
    METADATA_VALUE_MAX = 300, /* … and of a value: both fit into a line with everything around */
    METADATA_KEYS_MAX = 20,   /* of one user or room */
    METADATA_SUBS_MAX = 50,   /* keys that one session wants to hear of */
};

struct metadata_entry {
    char *key;
    char *value;
};

/* Begins zeroed. */
struct metadata {
    struct metadata_entry *entries;
    unsigned n;
};

static inline struct str metadata_key(const struct metadata_entry *entry)
{
    return str_make(entry->key, strlen(entry->key));
}

void metadata_finish(struct metadata *metadata);

/* One or more of a-z, 0-9 and "_./-", at most METADATA_KEY_MAX of them. */
bool metadata_key_valid(struct str key);
/* NULL where it is not set. */
const char *metadata_get(const struct metadata *metadata, struct str key);
/* The key is valid and the value has at most METADATA_VALUE_MAX bytes. False where there would be
 * more than keys_max. */
bool metadata_set(struct metadata *metadata, struct str key, struct str value, unsigned keys_max);
/* False where it was not set. */
bool metadata_unset(struct metadata *metadata, struct str key);

#endif
