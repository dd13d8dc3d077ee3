/*
 * Outgoing bytes and who still has to get which of them. A run is a stretch of bytes shared by all
 * recipients that see the same; a session's queue holds slices of runs. Counts are plain integers:
 * runs never leave their edge's thread.
 */
#ifndef MARU_RUN_H
#define MARU_RUN_H

#include "buf.h"

/* Runs that nobody holds any more, with their memory, for the next ones: a few of an edge. */
struct run_pool {
    struct run *free;
    unsigned n;
};

void run_pool_finish(struct run_pool *pool);

struct run {
    unsigned holders;
    struct buf bytes;
    struct run_pool *pool; /* where it goes in the end, or NULL */
    struct run *next;      /* in the pool */
};

/* With one holder. */
struct run *run_create(void);
/* Of a pool, which must live longer. */
struct run *run_take(struct run_pool *pool);
void run_ref(struct run *run);
void run_unref(struct run *run);

struct slice {
    struct run *run; /* counted */
    uint32_t offset;
    uint32_t len;
};

/* The slices behind the first. */
struct slices {
    uint32_t n;
    uint32_t cap;
    struct slice at[];
};

/* A session's output. Zeroed is empty; memory is held only while there is output. */
struct outq {
    struct slice first;  /* run == NULL: empty */
    struct slices *more; /* owned; NULL where there are none */
    size_t bytes;        /* in all slices */
};

static inline uint32_t outq_n_more(const struct outq *queue)
{
    return queue->more != NULL ? queue->more->n : 0;
}

void outq_finish(struct outq *queue);

/* Adds bytes [offset, offset + len) of the run to the end; joins them to the last slice where they
 * follow it. */
void outq_push(struct outq *queue, struct run *run, size_t offset, size_t len);

/* Points at the first bytes: returns how many lie there in one piece. */
size_t outq_front(const struct outq *queue, const char **ret_bytes);

/* Copies up to `max` bytes from the front without taking them. */
size_t outq_copy(const struct outq *queue, char *to, size_t max);

/* Takes `len` bytes off the front. */
void outq_consume(struct outq *queue, size_t len);

/* Takes `len` bytes off the front of one and puts them at the end of the other. */
void outq_move(struct outq *from, struct outq *to, size_t len);

/* What could not be sent now is kept without pinning runs of which it is a small part. Called after
 * each turn that added something, it costs what was added. */
void outq_detach(struct outq *queue);

#endif
