/*
 * Reads arbitrary bytes as what several clients do to a server (tests/scenario/world.h), line by
 * line: a byte that chooses the client, a byte that says what happens, the rest.
 *   > a line arrives      + … with the next one    | bytes without a line end (0x1e is LF)
 *   x it breaks           c somebody connects      t time passes     v w right and wrong password
 *   s d f it stalls, drains, flows                 A an announcement K a kick    L settings
 *   D what the store does
 */
#ifndef MARU_FUZZ_WORLD_H
#define MARU_FUZZ_WORLD_H

#include "fuzz.h"
#include "world.h"

struct fuzz_world {
    struct world *world;
    unsigned conns[8];
};

/* Small limits, so that they are reached; two operators. */
void fuzz_world_init(struct fuzz_world *f, unsigned n_edges, uint64_t seed);
/* All clients leave, and nothing may be left. */
void fuzz_world_finish(struct fuzz_world *f);

/* Sends a line from a client and does what there is to do. */
void fuzz_world_line(struct fuzz_world *f, unsigned client, const char *line);
void fuzz_world_run(struct fuzz_world *f, struct str program);

#endif
