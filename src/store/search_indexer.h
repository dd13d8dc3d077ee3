/*
 * The thread that keeps the search index up with the history, on connections of its own: no commit
 * and no echo waits for it. Any thread may call what is here.
 */
#ifndef MARU_SEARCH_INDEXER_H
#define MARU_SEARCH_INDEXER_H

#include "buf.h"
#include "status.h"

struct search_indexer;

/* How it fares. */
struct search_state {
    uint64_t indexed_seq; /* all up to it can be found by the index */
    bool failing;
    char reason[160]; /* while it fails */
};

/* Is given a sentence for operators, on the indexer's thread, which holds no lock then: it fails,
 * falls behind, or is as it should be again. */
typedef void search_notice(void *ctx, struct str sentence);

/* Opens or makes the index of this history's database, which exists and has its tables. No thread
 * yet. `notice` may be NULL. A negative status leaves a sentence in *error. */
int search_indexer_create(const char *history, search_notice *notice, void *ctx,
                          struct search_indexer **ret_indexer, struct buf *error) MARU_CHECK;
void search_indexer_start(struct search_indexer *indexer);
/* Ends the thread; what is not indexed yet will be at the next start. NULL is allowed. */
void search_indexer_destroy(struct search_indexer *indexer);

struct search_state search_indexer_state(struct search_indexer *indexer);

/* There are new messages in the history. NULL is allowed. */
void search_indexer_wake(struct search_indexer *indexer);

/* Before messages are taken out of the history. Waits for a step at most. What fails is found to
 * be gone by whoever searches. NULL is allowed. */
void search_indexer_forget(struct search_indexer *indexer, const uint64_t *seqs, size_t n);

#endif
