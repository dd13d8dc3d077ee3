/* Names for things that travel between threads: ids, never pointers. */
#ifndef MARU_IDS_H
#define MARU_IDS_H

#include <stdint.h>

/* A connection: 8 bits of edge, 24 of generation, 32 of slot. 0 is nobody. A slot's generation
 * changes when it is reused, so an effect for a session that has gone finds nothing. */
typedef uint64_t session_id;

/* A room, a user or an account, counted from 1 by the core and never used again. 0 is none. Who has
 * an account is known by its id wherever what was said is kept: then that stands for a user_id. */
typedef uint64_t room_id;
typedef uint64_t user_id;
typedef uint64_t account_id;

enum { EDGES_MAX = 64, SESSION_GENERATIONS = 1 << 24 };

static inline session_id session_id_make(unsigned edge, uint32_t generation, uint32_t slot)
{
    return (uint64_t)edge << 56 | (uint64_t)(generation & 0xffffff) << 32 | slot;
}

static inline unsigned session_id_edge(session_id id)
{
    return (unsigned)(id >> 56);
}

static inline uint32_t session_id_generation(session_id id)
{
    return (uint32_t)(id >> 32) & 0xffffff;
}

static inline uint32_t session_id_slot(session_id id)
{
    return (uint32_t)id;
}

#endif
