/*
 * Memory for one turn of a loop: taken bit by bit, given back all at once. Nothing is freed alone.
 * One thread at a time.
 */
#ifndef MARU_ARENA_H
#define MARU_ARENA_H

#include "str.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* the newest, which is filled now */
};

/* A zeroed struct arena is a valid empty one. */
void arena_finish(struct arena *arena);

/* Aligned for any object; not zeroed. */
void *arena_take(struct arena *arena, size_t size);
struct str arena_copy(struct arena *arena, struct str s);

/* At least `want` bytes to fill, of which the first `used` are kept with arena_commit(); whatever
 * else is taken in between ends the reservation. */
char *arena_reserve(struct arena *arena, size_t want);
void arena_commit(struct arena *arena, size_t used);

/* Gives everything back, but for one block. */
void arena_reset(struct arena *arena);

#endif
