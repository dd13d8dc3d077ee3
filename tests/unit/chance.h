/* Numbers that look random and are the same in each run, for tests that try many operations. */
#ifndef MARU_CHANCE_H
#define MARU_CHANCE_H

#include <stdint.h>

/* Below `bound`, which is at least 1. The state may begin with any number. */
static inline uint64_t chance(uint64_t *state, uint64_t bound)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % bound;
}

#endif
