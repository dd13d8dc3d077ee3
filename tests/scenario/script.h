/*
 * A scenario: a text file of who sends what and who sees what (README.md). Runs it against a world
 * and says where it went otherwise. Tests only; one thread.
 */
#ifndef MARU_SCRIPT_H
#define MARU_SCRIPT_H

#include "buf.h"
#include "world.h"

struct script_options {
    const char *path; /* as it is named in messages */
    struct str text;
    unsigned n_edges;
    uint64_t hash_seed[2];
    uint64_t scatter;
    bool record; /* write the scenario to the standard output, with what really comes */
};

/* True where everything went as written; then the trace is in *ret_trace. Else says what did not on
 * the standard error. */
bool script_run(const struct script_options *options, struct buf *ret_trace);

#endif
