/* The indexing thread. It gathers for a while before it begins, since small steps cost the index
 * more than large ones, and lets go of the lock between steps. */
#include "search_indexer.h"

#include "alloc.h"
#include "clock.h"
#include "lock.h"
#include "search_index.h"
#include "search_limits.h"
#include "thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct search_indexer {
    struct lock lock; /* of the flags */
    struct cond wake;
    bool wanted;
    bool sleeping; /* until somebody wakes it */
    bool stopping;
    bool running;
    unsigned waiting;       /* for the index: they go before the next step */
    struct lock index_lock; /* of the index; taken before the other where both are */
    struct search_index *index;
    pthread_t thread;
    struct search_state state; /* under `lock` */

    search_notice *notice;
    void *ctx;
    /* The thread's. */
    uint64_t behind_since_ms; /* monotonic; 0: it is not */
    bool told_behind;
};

int search_indexer_create(const char *history, search_notice *notice, void *ctx,
                          struct search_indexer **ret_indexer, struct buf *error)
{
    struct search_index *index = NULL;
    int status = search_index_open(history, &index, error);
    if (status != 0) {
        return status;
    }
    struct search_indexer *indexer = xcalloc(1, sizeof(*indexer));
    lock_init(&indexer->lock);
    lock_init(&indexer->index_lock);
    cond_init(&indexer->wake);
    indexer->index = index;
    indexer->notice = notice;
    indexer->ctx = ctx;
    indexer->wanted = true; /* What came after the last start's end. */
    *ret_indexer = indexer;
    return 0;
}

/* False: it is the end. */
static bool pause_for(struct search_indexer *indexer, unsigned ms)
{
    lock_enter(&indexer->lock);
    if (!indexer->stopping && ms > 0) {
        cond_wait(&indexer->wake, &indexer->lock, ms);
    }
    /* A lock is nobody's in turn: a thread that lets go and takes it again would keep it. */
    while (!indexer->stopping && indexer->waiting > 0) {
        cond_wait(&indexer->wake, &indexer->lock, SEARCH_IDLE_MS);
    }
    bool going = !indexer->stopping;
    lock_leave(&indexer->lock);
    return going;
}

/* Sleeps until there is something to do, and a while longer. */
static bool sleep_and_gather(struct search_indexer *indexer)
{
    lock_enter(&indexer->lock);
    while (!indexer->stopping && !indexer->wanted) {
        indexer->sleeping = true;
        cond_wait(&indexer->wake, &indexer->lock, SEARCH_IDLE_MS);
    }
    indexer->sleeping = false;
    lock_leave(&indexer->lock);
    return pause_for(indexer, SEARCH_GATHER_MS);
}

static bool take_wanted(struct search_indexer *indexer)
{
    lock_enter(&indexer->lock);
    bool wanted = indexer->wanted;
    indexer->wanted = false;
    lock_leave(&indexer->lock);
    return wanted;
}

struct search_state search_indexer_state(struct search_indexer *indexer)
{
    lock_enter(&indexer->lock);
    struct search_state state = indexer->state;
    lock_leave(&indexer->lock);
    return state;
}

static void say(const struct search_indexer *indexer, const char *sentence)
{
    if (indexer->notice != NULL) {
        indexer->notice(indexer->ctx, str_from(sentence));
    }
}

static void note_failure(struct search_indexer *indexer, int status, const char *reason)
{
    lock_enter(&indexer->lock);
    bool was_failing = indexer->state.failing;
    indexer->state.failing = status != 0;
    snprintf(indexer->state.reason, sizeof(indexer->state.reason), "%s", reason);
    lock_leave(&indexer->lock);
    if (status != 0 && !was_failing) {
        char sentence[240];
        snprintf(sentence, sizeof(sentence),
                 "the search index cannot be written: %s. What is new takes longer to be found",
                 reason);
        say(indexer, sentence);
    } else if (status == 0 && was_failing) {
        say(indexer, "the search index is written again");
    }
}

static void note_progress(struct search_indexer *indexer, const struct search_progress *progress)
{
    uint64_t now_ms = clock_mono_ms();
    lock_enter(&indexer->lock);
    indexer->state.indexed_seq = progress->indexed_seq;
    lock_leave(&indexer->lock);
    if (!progress->behind) {
        indexer->behind_since_ms = 0;
    } else if (indexer->behind_since_ms == 0) {
        indexer->behind_since_ms = now_ms;
    }
    bool behind = progress->behind && now_ms - indexer->behind_since_ms >= SEARCH_BEHIND_MS;
    if (behind && !indexer->told_behind) {
        say(indexer, "the search index falls behind: what is new may not be found yet");
    } else if (indexer->told_behind && !progress->behind) {
        say(indexer, "the search index has caught up");
    }
    indexer->told_behind = behind || (indexer->told_behind && progress->behind);
}

static int step(struct search_indexer *indexer, struct search_progress *progress)
{
    char reason[sizeof(indexer->state.reason)] = "";
    lock_enter(&indexer->index_lock);
    int status = search_index_step(indexer->index, SEARCH_STEP_MS, progress);
    if (status != 0) {
        snprintf(reason, sizeof(reason), "%s", search_index_reason(indexer->index));
    }
    lock_leave(&indexer->index_lock);
    note_failure(indexer, status, reason);
    if (status == 0) {
        note_progress(indexer, progress);
    }
    return status;
}

static unsigned pause_after(const struct search_progress *progress)
{
    if (progress->behind) {
        return 0;
    }
    return progress->messages > 0 ? SEARCH_GATHER_MS : SEARCH_TIDY_MS;
}

static void *run(void *ctx)
{
    struct search_indexer *indexer = ctx;
    struct search_progress progress = {0};
    bool going = true;
    thread_be_idle();
    while (going) {
        bool wanted = take_wanted(indexer);
        if (!wanted && progress.idle) {
            going = sleep_and_gather(indexer);
        } else if (step(indexer, &progress) == 0) {
            going = pause_for(indexer, pause_after(&progress));
        } else {
            going = pause_for(indexer, SEARCH_RETRY_MS);
        }
    }
    return NULL;
}

void search_indexer_start(struct search_indexer *indexer)
{
    CHECK(pthread_create(&indexer->thread, NULL, run, indexer) == 0);
    indexer->running = true;
}

void search_indexer_destroy(struct search_indexer *indexer)
{
    if (indexer == NULL) {
        return;
    }
    if (indexer->running) {
        lock_enter(&indexer->lock);
        indexer->stopping = true;
        cond_wake_all(&indexer->wake);
        lock_leave(&indexer->lock);
        CHECK(pthread_join(indexer->thread, NULL) == 0);
    }
    search_index_close(indexer->index);
    cond_finish(&indexer->wake);
    lock_finish(&indexer->index_lock);
    lock_finish(&indexer->lock);
    free(indexer);
}

void search_indexer_wake(struct search_indexer *indexer)
{
    if (indexer == NULL) {
        return;
    }
    lock_enter(&indexer->lock);
    indexer->wanted = true;
    if (indexer->sleeping) {
        indexer->sleeping = false; /* Once is enough. */
        cond_wake(&indexer->wake);
    }
    lock_leave(&indexer->lock);
}

void search_indexer_forget(struct search_indexer *indexer, const uint64_t *seqs, size_t n)
{
    if (indexer == NULL || n == 0) {
        return;
    }
    lock_enter(&indexer->lock);
    indexer->waiting++;
    lock_leave(&indexer->lock);
    lock_enter(&indexer->index_lock);
    int status = search_index_forget(indexer->index, seqs, n);
    (void)status;
    lock_leave(&indexer->index_lock);
    lock_enter(&indexer->lock);
    indexer->waiting--;
    indexer->wanted = true; /* Something is to be tidied up. */
    indexer->sleeping = false;
    cond_wake_all(&indexer->wake);
    lock_leave(&indexer->lock);
}
