/* Open-addressed hash tables with linear probing and backward-shift deletion. One thread at a time.
 */
#include "map.h"

#include "alloc.h"

#include <stdlib.h>

/* Tables by id are at most three quarters full, those by string seven eighths: their hashes lie
 * together, so a longer search costs them little. */
enum { MAP_FIRST_CAP = 16 };

/* A bijection of 64 bits (the finaliser of splitmix64), so that equal hashes mean equal ids. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    x ^= x >> 31;
    return x;
}

static void insert(struct map *map, uint64_t hash, void *value)
{
    size_t i = hash & (map->cap - 1);
    while (map->slots[i].value != NULL) {
        i = (i + 1) & (map->cap - 1);
    }
    map->slots[i] = (struct map_slot){hash, value};
}

static void grow(struct map *map)
{
    struct map_slot *old = map->slots;
    size_t old_cap = map->cap;
    map->cap = old_cap > 0 ? old_cap * 2 : MAP_FIRST_CAP;
    map->slots = xcalloc(map->cap, sizeof(*map->slots));
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].value != NULL) {
            insert(map, old[i].hash, old[i].value);
        }
    }
    free(old);
}

static void remove_at(struct map *map, size_t hole)
{
    size_t mask = map->cap - 1;
    size_t i = hole;
    for (;;) {
        i = (i + 1) & mask;
        if (map->slots[i].value == NULL) {
            break;
        }
        /* Move it back only if its home does not lie behind the hole. */
        size_t home = map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole].value = NULL;
    map->len--;
}

void map_finish(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

static size_t find_id(const struct map *map, uint64_t hash)
{
    if (map->len == 0) {
        return SIZE_MAX;
    }
    for (size_t i = hash & (map->cap - 1); map->slots[i].value != NULL;
         i = (i + 1) & (map->cap - 1)) {
        if (map->slots[i].hash == hash) {
            return i;
        }
    }
    return SIZE_MAX;
}

void *map_get(const struct map *map, uint64_t id)
{
    size_t i = find_id(map, mix(id));
    return i != SIZE_MAX ? map->slots[i].value : NULL;
}

void map_put(struct map *map, uint64_t id, void *value)
{
    CHECK(value != NULL);
    if ((map->len + 1) * 4 > map->cap * 3) {
        grow(map);
    }
    insert(map, mix(id), value);
    map->len++;
}

void *map_del(struct map *map, uint64_t id)
{
    size_t i = find_id(map, mix(id));
    if (i == SIZE_MAX) {
        return NULL;
    }
    void *value = map->slots[i].value;
    remove_at(map, i);
    return value;
}

/* ---- by string ---- */

void strmap_init(struct strmap *map, struct str (*key)(const void *value), const uint64_t seed[2])
{
    *map = (struct strmap){.key = key, .seed = {seed[0], seed[1]}};
}

void strmap_finish(struct strmap *map)
{
    free(map->values);
    strmap_init(map, map->key, (uint64_t[]){map->seed[0], map->seed[1]});
}

static uint32_t hash_of(const struct strmap *map, struct str key)
{
    uint32_t hash = (uint32_t)str_hash(key, map->seed);
    return hash != 0 ? hash : 1;
}

static void strmap_insert(struct strmap *map, uint32_t hash, void *value)
{
    size_t i = hash & (map->cap - 1);
    while (map->hashes[i] != 0) {
        i = (i + 1) & (map->cap - 1);
    }
    map->hashes[i] = hash;
    map->values[i] = value;
}

static void strmap_resize(struct strmap *map, size_t cap)
{
    struct strmap old = *map;
    map->cap = cap;
    map->values = xcalloc(cap, sizeof(*map->values) + sizeof(*map->hashes));
    map->hashes = (uint32_t *)(map->values + cap);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.hashes[i] != 0) {
            strmap_insert(map, old.hashes[i], old.values[i]);
        }
    }
    free(old.values);
}

static size_t find_str(const struct strmap *map, struct str key)
{
    if (map->len == 0) {
        return SIZE_MAX;
    }
    uint32_t hash = hash_of(map, key);
    for (size_t i = hash & (map->cap - 1); map->hashes[i] != 0; i = (i + 1) & (map->cap - 1)) {
        if (map->hashes[i] == hash && str_eq(map->key(map->values[i]), key)) {
            return i;
        }
    }
    return SIZE_MAX;
}

void *strmap_get(const struct strmap *map, struct str key)
{
    size_t i = find_str(map, key);
    return i != SIZE_MAX ? map->values[i] : NULL;
}

void strmap_put(struct strmap *map, void *value)
{
    CHECK(value != NULL);
    if ((map->len + 1) * 8 > map->cap * 7) {
        CHECK(map->cap < (size_t)1 << 31);
        strmap_resize(map, map->cap > 0 ? map->cap * 2 : MAP_FIRST_CAP);
    }
    strmap_insert(map, hash_of(map, map->key(value)), value);
    map->len++;
}

static void strmap_remove_at(struct strmap *map, size_t hole)
{
    size_t mask = map->cap - 1;
    size_t i = hole;
    for (;;) {
        i = (i + 1) & mask;
        if (map->hashes[i] == 0) {
            break;
        }
        size_t home = map->hashes[i] & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->hashes[hole] = map->hashes[i];
            map->values[hole] = map->values[i];
            hole = i;
        }
    }
    map->hashes[hole] = 0;
    map->values[hole] = NULL;
    map->len--;
}

void *strmap_del(struct strmap *map, struct str key)
{
    size_t i = find_str(map, key);
    if (i == SIZE_MAX) {
        return NULL;
    }
    void *value = map->values[i];
    strmap_remove_at(map, i);
    if (map->cap > MAP_FIRST_CAP && map->len < map->cap / 8) {
        strmap_resize(map, map->cap / 4);
    }
    return value;
}

void *strmap_step(const struct strmap *map, size_t *at)
{
    while (*at < map->cap) {
        void *value = map->values[(*at)++];
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

void strmap_replace(struct strmap *map, void *value)
{
    size_t i = find_str(map, map->key(value));
    CHECK(i != SIZE_MAX);
    map->values[i] = value;
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

uint64_t str_hash(struct str s, const uint64_t seed[2])
{
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
                     seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u};
    size_t at = 0;
    for (; s.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, s.p + at, sizeof(word));
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)s.len << 56;
    for (size_t i = 0; at + i < s.len; i++) {
        last |= (uint64_t)(unsigned char)s.p[at + i] << (8 * i);
    }
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
