/*
 * What is too old, or behind too many newer messages, goes; and what was said in rooms that are
 * gone. In small steps, each a transaction, so that nothing waits. Synchronous; the writer's
 * thread.
 */
#ifndef MARU_STORE_RETAIN_H
#define MARU_STORE_RETAIN_H

#include "settings.h"
#include "store_db.h"

/* 0: for ever. */
struct store_rule {
    uint64_t age_ms;
    uint64_t count; /* of messages in each place */
};

struct store_retain {
    struct store_rule rooms;
    struct store_rule direct;
    uint64_t place;   /* the last that was looked at in this round */
    uint64_t next_ms; /* monotonic: of the next round; not while one is under way */
    bool under_way;
};

/* Takes over what the settings say; a new round begins where that is something else. */
void store_retain_set(struct store_retain *retain, const struct settings *settings);

/* Whether there is something to do now. */
bool store_retain_is_due(const struct store_retain *retain, uint64_t mono_ms);

/* A step. `wall_ms` is 0 where the clock is not to be trusted: nothing goes for its age then. */
int store_retain_step(struct store_retain *retain, struct store_db *db, uint64_t wall_ms,
                      uint64_t mono_ms) MARU_CHECK;

#endif
