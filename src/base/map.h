/*
 * Hash tables that hold borrowed pointers: by 64-bit id, or by a string inside the object. They are
 * for finding only: whoever needs an order keeps an olist beside. One thread at a time.
 * String hashes are SipHash-1-3 with a seed, so a peer cannot choose names that collide.
 */
#ifndef MARU_MAP_H
#define MARU_MAP_H

#include "str.h"

struct map_slot {
    uint64_t hash; /* the id itself, mixed by a bijection */
    void *value;   /* NULL is an empty slot */
};

struct map {
    struct map_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t len;
};

/* A zeroed struct map is a valid empty one. Frees the slots, not the values. */
void map_finish(struct map *map);

void *map_get(const struct map *map, uint64_t id);
/* The id must not be in the table; value must not be NULL. */
void map_put(struct map *map, uint64_t id, void *value);
/* Returns the value that was there, or NULL. */
void *map_del(struct map *map, uint64_t id);

/* A table by string: key(value) gives the string, which must not change while it is inside. 12
 * bytes a slot, of which seven sixteenths to seven eighths are used while it grows. */
struct strmap {
    void **values;    /* NULL is an empty slot; the hashes lie behind them */
    uint32_t *hashes; /* the lower halves, never 0; 0 is an empty slot */
    size_t cap;       /* a power of two, or 0 */
    size_t len;
    struct str (*key)(const void *value);
    uint64_t seed[2];
};

void strmap_init(struct strmap *map, struct str (*key)(const void *value), const uint64_t seed[2]);
/* Frees the slots, not the values. */
void strmap_finish(struct strmap *map);
void *strmap_get(const struct strmap *map, struct str key);
void strmap_put(struct strmap *map, void *value);
void *strmap_del(struct strmap *map, struct str key);
/* The value at or behind slot *at (0 begins), which moves on past it; NULL at the end. In no order
 * that means anything: for freeing them all. */
void *strmap_step(const struct strmap *map, size_t *at);
/* `value` has the same key as what is there, and takes its place. */
void strmap_replace(struct strmap *map, void *value);

/* SipHash-1-3 of the bytes. */
uint64_t str_hash(struct str s, const uint64_t seed[2]);

#endif
