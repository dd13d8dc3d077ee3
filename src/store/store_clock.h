/*
 * Whether the wall clock can be trusted to say how old something is: only when it has gone along
 * with the monotonic one for an hour. Pure; times come in.
 */
#ifndef MARU_STORE_CLOCK_H
#define MARU_STORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A zeroed one has not looked yet. */
struct store_clock {
    uint64_t wall_ms; /* at the last look */
    uint64_t mono_ms;
    uint64_t since_ms; /* monotonic: they agree since then */
    bool begun;
};

/* Looks at both; by how much the wall clock has jumped since the last look, in milliseconds: 0
 * where it went on. */
int64_t store_clock_look(struct store_clock *clock, uint64_t wall_ms, uint64_t mono_ms);

/* At the last look. */
bool store_clock_agrees(const struct store_clock *clock);

#endif
