/*
 * The readers: a few threads with a connection each, which answer questions piece by piece. A
 * question waits until what was said before it is finished; between two pieces it holds neither a
 * thread nor a snapshot. Knows nothing of what is in an answer.
 */
#include "store_priv.h"

#include "alloc.h"
#include "store_limits.h"

#include <stdlib.h>

enum job_state {
    JOB_QUEUED,  /* behind another question of its session */
    JOB_FENCED,  /* what was said before it is not finished */
    JOB_READY,   /* for a thread */
    JOB_READING, /* by a thread, which alone may touch its answer */
    JOB_WAITING, /* for the asker to read the last piece */
};

struct store_job {
    struct store_answer *answer; /* owned */
    session_id session;
    uint64_t fence;
    enum job_state state;
    bool drained;                   /* while the piece was still on its way */
    bool abandoned;                 /* while it was read: the thread throws it away */
    struct store_job *next;         /* in fenced or ready */
    struct store_job *next_of_same; /* later questions of the session */
};

static void job_destroy(struct store_job *job)
{
    store_answer_destroy(job->answer);
    free(job);
}

static void append(struct store_job **first, struct store_job **last, struct store_job *job)
{
    job->next = NULL;
    if (*last != NULL) {
        (*last)->next = job;
    } else {
        *first = job;
    }
    *last = job;
}

static void take_out(struct store_job **first, struct store_job **last, struct store_job *job)
{
    struct store_job *before = NULL;
    for (struct store_job *at = *first; at != NULL; before = at, at = at->next) {
        if (at == job) {
            if (before != NULL) {
                before->next = job->next;
            } else {
                *first = job->next;
            }
            if (*last == job) {
                *last = before;
            }
            return;
        }
    }
}

static void make_ready(struct store_readers *readers, struct store_job *job)
{
    job->state = JOB_READY;
    append(&readers->ready, &readers->last_ready, job);
    cond_wake(&readers->wake);
}

/* Its turn has come in its session. */
static void enter(struct store_readers *readers, struct store_job *job)
{
    if (job->fence <= readers->finished) {
        make_ready(readers, job);
        return;
    }
    /* Nearly always the last; a question that waited for another of its session is older. */
    job->state = JOB_FENCED;
    struct store_job **at = &readers->fenced;
    while (*at != NULL && (*at)->fence <= job->fence) {
        at = &(*at)->next;
    }
    job->next = *at;
    *at = job;
    if (job->next == NULL) {
        readers->last_fenced = job;
    }
}

void store_readers_ask(struct store_readers *readers, struct query *query, uint64_t fence)
{
    CHECK(readers->n > 0);
    struct store_job *job = xcalloc(1, sizeof(*job));
    job->session = query->session;
    job->fence = fence;
    job->answer = store_answer_create(query);
    lock_enter(&readers->lock);
    struct store_job *first = map_get(&readers->by_session, job->session);
    if (first == NULL) {
        map_put(&readers->by_session, job->session, job);
        enter(readers, job);
    } else {
        job->state = JOB_QUEUED;
        while (first->next_of_same != NULL) {
            first = first->next_of_same;
        }
        first->next_of_same = job;
    }
    lock_leave(&readers->lock);
}

void store_readers_finished(struct store_readers *readers, uint64_t finished)
{
    lock_enter(&readers->lock);
    readers->finished = finished;
    while (readers->fenced != NULL && readers->fenced->fence <= finished) {
        struct store_job *job = readers->fenced;
        readers->fenced = job->next;
        if (readers->fenced == NULL) {
            readers->last_fenced = NULL;
        }
        make_ready(readers, job);
    }
    lock_leave(&readers->lock);
}

void store_readers_drained(struct store_readers *readers, session_id session)
{
    lock_enter(&readers->lock);
    struct store_job *job = map_get(&readers->by_session, session);
    if (job != NULL && job->state == JOB_WAITING) {
        make_ready(readers, job);
    } else if (job != NULL && job->state == JOB_READING) {
        job->drained = true;
    }
    lock_leave(&readers->lock);
}

void store_readers_abandon(struct store_readers *readers, session_id session)
{
    lock_enter(&readers->lock);
    struct store_job *job = map_del(&readers->by_session, session);
    while (job != NULL) {
        struct store_job *next = job->next_of_same;
        if (job->state == JOB_READING) {
            job->abandoned = true;
            job->next_of_same = NULL;
        } else {
            if (job->state == JOB_READY) {
                take_out(&readers->ready, &readers->last_ready, job);
            } else if (job->state == JOB_FENCED) {
                take_out(&readers->fenced, &readers->last_fenced, job);
            }
            job_destroy(job);
        }
        job = next;
    }
    lock_leave(&readers->lock);
}

/* ---- the threads ---- */

static struct store_job *wait_for_job(struct store_readers *readers)
{
    lock_enter(&readers->lock);
    while (readers->ready == NULL && !readers->stopping) {
        cond_wait(&readers->wake, &readers->lock, STORE_IDLE_MS);
    }
    struct store_job *job = NULL;
    if (!readers->stopping) {
        job = readers->ready;
        readers->ready = job->next;
        if (readers->ready == NULL) {
            readers->last_ready = NULL;
        }
        job->state = JOB_READING;
        job->drained = false;
    }
    lock_leave(&readers->lock);
    return job;
}

/* Before its last effects leave: the session may ask again as soon as it has them. */
static void retire(struct store_readers *readers, struct store_job *job)
{
    lock_enter(&readers->lock);
    if (!job->abandoned) {
        map_del(&readers->by_session, job->session);
        if (job->next_of_same != NULL) {
            map_put(&readers->by_session, job->session, job->next_of_same);
        }
    }
    lock_leave(&readers->lock);
}

/* After its last effects have left: those of the next question must come behind them. */
static void go_on_with_next(struct store_readers *readers, struct store_job *job)
{
    lock_enter(&readers->lock);
    struct store_job *next = job->abandoned ? NULL : job->next_of_same;
    if (next != NULL && map_get(&readers->by_session, job->session) == next) {
        enter(readers, next);
    }
    lock_leave(&readers->lock);
}

/* After a piece: the thread is free, the job waits for its asker. */
static bool put_aside(struct store_readers *readers, struct store_job *job, bool sent)
{
    lock_enter(&readers->lock);
    bool abandoned = job->abandoned;
    if (!abandoned && (job->drained || !sent)) {
        make_ready(readers, job);
    } else if (!abandoned) {
        job->state = JOB_WAITING;
    }
    lock_leave(&readers->lock);
    return !abandoned;
}

static bool is_abandoned(struct store_readers *readers, const struct store_job *job)
{
    lock_enter(&readers->lock);
    bool abandoned = job->abandoned;
    lock_leave(&readers->lock);
    return abandoned;
}

static void send_piece(const struct store_readers *readers, session_id session, struct str bytes,
                       bool more)
{
    struct effect effects[2];
    size_t n = 0;
    if (bytes.len > 0) {
        effects[n++] = (struct effect){
            .kind = EFFECT_REPLY,
            .session = session,
            .message = message_create(&(struct message_parts){.body = bytes}),
        };
    }
    effects[n++] =
        (struct effect){.kind = more ? EFFECT_PIECE : EFFECT_ANSWERED, .session = session};
    readers->options->to_edge(readers->options->ctx, session_id_edge(session), effects, n);
}

static void answer(struct store_reader *reader, struct store_job *job)
{
    struct store_readers *readers = reader->readers;
    session_id session = job->session;
    struct buf out = {0};
    bool more = store_answer_piece(job->answer, &reader->db, &out);
    if (is_abandoned(readers, job)) {
        job_destroy(job);
    } else if (more) {
        bool sent = out.len > 0;
        if (sent) {
            send_piece(readers, session, buf_str(&out), true);
        }
        if (!put_aside(readers, job, sent)) {
            job_destroy(job);
        }
    } else {
        retire(readers, job);
        send_piece(readers, session, buf_str(&out), false);
        go_on_with_next(readers, job);
        job_destroy(job);
    }
    buf_finish(&out);
}

static void *run(void *ctx)
{
    struct store_reader *reader = ctx;
    struct store_job *job;
    while ((job = wait_for_job(reader->readers)) != NULL) {
        answer(reader, job);
    }
    return NULL;
}

/* ---- life ---- */

int store_readers_init(struct store_readers *readers, const struct store_options *options,
                       struct buf *error)
{
    *readers = (struct store_readers){.options = options};
    lock_init(&readers->lock);
    cond_init(&readers->wake);
    unsigned n = options->readers > 0 ? options->readers : STORE_READERS;
    if (!options->history) {
        n = 0;
    }
    readers->readers = xcalloc(n, sizeof(*readers->readers));
    int status = 0;
    while (readers->n < n && status == 0) {
        struct store_reader *reader = &readers->readers[readers->n];
        reader->readers = readers;
        status = store_db_open(&reader->db, options->path, STORE_READER, error);
        if (status == 0) {
            readers->n++;
        }
    }
    return status;
}

void store_readers_start(struct store_readers *readers)
{
    for (unsigned i = 0; i < readers->n; i++) {
        CHECK(pthread_create(&readers->readers[i].thread, NULL, run, &readers->readers[i]) == 0);
    }
    readers->running = true;
}

void store_readers_stop(struct store_readers *readers)
{
    if (!readers->running) {
        return;
    }
    lock_enter(&readers->lock);
    readers->stopping = true;
    cond_wake_all(&readers->wake);
    lock_leave(&readers->lock);
    for (unsigned i = 0; i < readers->n; i++) {
        CHECK(pthread_join(readers->readers[i].thread, NULL) == 0);
    }
    readers->running = false;
}

void store_readers_finish(struct store_readers *readers)
{
    for (size_t i = 0; i < readers->by_session.cap; i++) {
        struct store_job *next;
        for (struct store_job *job = readers->by_session.slots[i].value; job != NULL; job = next) {
            next = job->next_of_same;
            job_destroy(job);
        }
    }
    map_finish(&readers->by_session);
    for (unsigned i = 0; i < readers->n; i++) {
        store_db_close(&readers->readers[i].db);
    }
    free(readers->readers);
    cond_finish(&readers->wake);
    lock_finish(&readers->lock);
}
