/*
 * Brings the search index forward behind the history, and takes out of it what shall not be found.
 * Synchronous; one thread at a time.
 */
#ifndef MARU_SEARCH_INDEX_H
#define MARU_SEARCH_INDEX_H

#include "search_db.h"

struct search_index;

struct search_progress {
    uint64_t indexed_seq; /* all up to it is in the index */
    unsigned messages;    /* looked at in this step */
    bool behind;          /* there is more to index */
    bool idle;            /* there is nothing to do at all, neither indexing nor tidying up */
};

/* The history's database exists and has its tables. Begins anew where the index is damaged or of
 * another version. A negative status leaves a sentence in *error. */
int search_index_open(const char *history, struct search_index **ret_index,
                      struct buf *error) MARU_CHECK;
void search_index_close(struct search_index *index);

/*
 * Indexes committed messages for about so long, in a transaction of its own that is not synced, and
 * where nothing is left to index it tidies up. Call it again at once while `behind`, sometimes
 * until `idle`. A negative status: nothing of this step counts, the reason is in
 * search_index_reason(); trying again later is right, a damaged index is made anew then.
 */
int search_index_step(struct search_index *index, unsigned ms_max,
                      struct search_progress *ret_progress) MARU_CHECK;

/* Takes messages out; right also for those that are not indexed yet: they will not be, as long as
 * this index is open. Call it before they are deleted from history: it reads there what they
 * were. */
int search_index_forget(struct search_index *index, const uint64_t *seqs, size_t n) MARU_CHECK;

const char *search_index_reason(const struct search_index *index);

#endif
