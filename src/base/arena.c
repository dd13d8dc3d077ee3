/* A chain of blocks that are filled from the front. One thread at a time. */
#include "arena.h"

#include "alloc.h"

#include <stdalign.h>
#include <stdlib.h>

enum { ARENA_BLOCK = 128 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void arena_finish(struct arena *arena)
{
    while (arena->block != NULL) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
}

char *arena_reserve(struct arena *arena, size_t want)
{
    struct arena_block *block = arena->block;
    if (block == NULL || block->size - block->used < want) {
        size_t size = want > ARENA_BLOCK ? want : ARENA_BLOCK;
        block = xmalloc(sizeof(*block) + size);
        block->older = arena->block;
        block->size = size;
        block->used = 0;
        arena->block = block;
    }
    return block->bytes + block->used;
}

void arena_commit(struct arena *arena, size_t used)
{
    struct arena_block *block = arena->block;
    size_t after = aligned(block->used + used);
    block->used = after < block->size ? after : block->size;
}

void *arena_take(struct arena *arena, size_t size)
{
    char *p = arena_reserve(arena, aligned(size));
    arena_commit(arena, size);
    return p;
}

struct str arena_copy(struct arena *arena, struct str s)
{
    char *p = arena_take(arena, s.len);
    if (s.len > 0) {
        memcpy(p, s.p, s.len);
    }
    return (struct str){p, s.len};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->block;
    if (block == NULL) {
        return;
    }
    while (block->older != NULL) {
        struct arena_block *older = block->older;
        block->older = older->older;
        free(older);
    }
    block->used = 0;
    if (block->size > ARENA_BLOCK) {
        free(block);
        arena->block = NULL;
    }
}
