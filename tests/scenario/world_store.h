/*
 * The virtual server's store: the real database, in memory, with the real writing and reading, but
 * without threads. When something is on disk is for the scenario to say. Tests only; one thread.
 */
#ifndef MARU_WORLD_STORE_H
#define MARU_WORLD_STORE_H

#include "store_read.h"
#include "store_write.h"
#include "world.h"

struct world_answer {
    struct store_answer *answer;
    session_id session;
    uint64_t fence;
    bool waits; /* for the asker to read the last piece */
};

struct world_store {
    enum world_store_mode mode;
    bool pressed;
    bool open;
    struct store_db db;
    struct store_write write;
    struct effect *queue; /* not yet written; owned, with all that is in them */
    size_t n_queue;
    size_t cap_queue;
    uint64_t posted;       /* effects, ever */
    uint64_t finished;     /* of them */
    uint64_t finished_seq; /* records up to this are on disk, or lost */
    struct world_answer *answers;
    size_t n_answers;
};

/* What effect.h says is for the store: takes what they own. */
void world_store_take(struct world *world, const struct effect *effect);
/* Does what there is to do now; false where nothing was. */
bool world_store_run(struct world *world);
void world_store_drained(struct world *world, session_id session);
void world_store_abandon(struct world *world, session_id session);
void world_store_finish(struct world *world);

#endif
