/* A table of keys and values. Pure; any thread. */
#include "metadata.h"

#include "alloc.h"

#include <stdlib.h>

void metadata_finish(struct metadata *metadata)
{
    for (unsigned i = 0; i < metadata->n; i++) {
        free(metadata->entries[i].key);
        free(metadata->entries[i].value);
    }
    free(metadata->entries);
    *metadata = (struct metadata){0};
}

bool metadata_key_valid(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.p[i];
        bool valid = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                     c == '/' || c == '-';
        if (!valid) {
            return false;
        }
    }
    return key.len > 0 && key.len <= METADATA_KEY_MAX;
}

static struct metadata_entry *find(const struct metadata *metadata, struct str key)
{
    for (unsigned i = 0; i < metadata->n; i++) {
        if (str_eq(metadata_key(&metadata->entries[i]), key)) {
            return &metadata->entries[i];
        }
    }
    return NULL;
}

const char *metadata_get(const struct metadata *metadata, struct str key)
{
    const struct metadata_entry *entry = find(metadata, key);
    return entry != NULL ? entry->value : NULL;
}

bool metadata_set(struct metadata *metadata, struct str key, struct str value, unsigned keys_max)
{
    CHECK(metadata_key_valid(key) && value.len <= METADATA_VALUE_MAX);
    struct metadata_entry *entry = find(metadata, key);
    if (entry != NULL) {
        free(entry->value);
        entry->value = str_dup(value);
        return true;
    }
    if (metadata->n >= keys_max) {
        return false;
    }
    metadata->entries = xrealloc(metadata->entries, (metadata->n + 1) * sizeof(*metadata->entries));
    metadata->entries[metadata->n++] = (struct metadata_entry){str_dup(key), str_dup(value)};
    return true;
}

bool metadata_unset(struct metadata *metadata, struct str key)
{
    struct metadata_entry *entry = find(metadata, key);
    if (entry == NULL) {
        return false;
    }
    free(entry->key);
    free(entry->value);
    size_t behind = (size_t)(metadata->entries + --metadata->n - entry);
    memmove(entry, entry + 1, behind * sizeof(*entry));
    return true;
}
