/* The threads of the store, for store.c and between themselves. */
#ifndef MARU_STORE_PRIV_H
#define MARU_STORE_PRIV_H

#include "store.h"

#include "lock.h"
#include "map.h"
#include "search_indexer.h"
#include "store_clock.h"
#include "store_read.h"
#include "store_retain.h"
#include "store_write.h"

#include <pthread.h>

/*
 * Long work of the writer's connection, done in steps between the batches. Whoever wants it waits.
 * A step returns 1 to be called again, 0 when all is done, or a negative status.
 */
struct store_task {
    int (*step)(struct store_task *task, struct store_db *db);
    struct store_task *next;
    int status; /* valid once done */
    bool done;
    char reason[160]; /* where it failed */
};

/* ---- the writer: store_writer.c ---- */

struct store_writer {
    const struct store_options *options;
    struct store_readers *readers; /* are told what was finished */
    struct lock lock;
    struct cond wake; /* for the thread: there is work, or the end */
    struct cond done; /* for who waits: something was finished */

    /* Under the lock. */
    struct effect *queue;
    size_t n_queue;
    size_t cap_queue;
    size_t bytes; /* of what waits and of what is being written */
    uint64_t posted;
    uint64_t finished;
    struct store_task *tasks;
    bool stopping;
    bool checkpoint_wanted; /* the log is long: for the checkpointer */
    bool checkpoint_runs;
    bool checkpoint_near; /* nearly all was copied: the writer finishes it when it is idle */

    /* The writer's thread alone, or nobody before it runs. */
    struct store_db db;
    struct store_write write;
    struct store_retain retain;
    struct store_clock clock;
    struct effect *batch;
    size_t cap_batch;
    bool failing;
    uint64_t probe_at_ms; /* monotonic: the next attempt while failing */
    uint64_t log_at_ms;   /* … and at a log that is too long */

    /* The checkpointer's thread. */
    struct store_db log_db;
    struct cond log_wake;

    pthread_t thread;
    pthread_t log_thread;
    bool running;
};

int store_writer_init(struct store_writer *writer, const struct store_options *options,
                      struct store_identity *ret_identity, struct buf *error) MARU_CHECK;
void store_writer_start(struct store_writer *writer);
/* Writes what waits, then ends the threads. */
void store_writer_stop(struct store_writer *writer);
void store_writer_finish(struct store_writer *writer);

/* Takes them. */
void store_writer_post(struct store_writer *writer, const struct effect *effects, size_t n);
/* How many effects were posted so far. */
uint64_t store_writer_posted(struct store_writer *writer);
size_t store_writer_bytes(struct store_writer *writer);
bool store_writer_flush(struct store_writer *writer, unsigned ms_max);
/* Lets the writer do it and waits for its end. Not the writer's own thread. */
int store_writer_do(struct store_writer *writer, struct store_task *task) MARU_CHECK;

/* ---- the checkpointer: store_log.c ---- */

/* Copies the log into the database while the writer goes on. */
void *store_log_run(void *writer);

/* ---- the readers: store_readers.c ---- */

struct store_job;

struct store_reader {
    struct store_readers *readers;
    struct store_db db;
    pthread_t thread;
};

struct store_readers {
    const struct store_options *options;
    struct lock lock;
    struct cond wake;

    /* Under the lock. */
    struct map by_session;    /* the first job of each session */
    struct store_job *fenced; /* in the order of their fences */
    struct store_job *last_fenced;
    struct store_job *ready;
    struct store_job *last_ready;
    uint64_t finished;
    bool stopping;

    struct store_reader *readers;
    unsigned n;
    bool running;
};

int store_readers_init(struct store_readers *readers, const struct store_options *options,
                       struct buf *error) MARU_CHECK;
void store_readers_start(struct store_readers *readers);
void store_readers_stop(struct store_readers *readers);
void store_readers_finish(struct store_readers *readers);

/* Takes the question; it begins when `fence` effects are finished. */
void store_readers_ask(struct store_readers *readers, struct query *query, uint64_t fence);
void store_readers_finished(struct store_readers *readers, uint64_t finished);
void store_readers_drained(struct store_readers *readers, session_id session);
void store_readers_abandon(struct store_readers *readers, session_id session);

/* ---- all of it ---- */

struct store {
    struct store_options options;
    char *path; /* owned; options.path */
    struct store_identity identity;
    struct store_writer writer;
    struct store_readers readers;
    struct search_indexer *indexer; /* NULL: nothing is searched */
};

/* Frees what a target of the effect would own. */
void store_drop_effect(struct effect *effect);

#endif
