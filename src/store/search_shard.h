/*
 * One shard of the index as a search sees it: the candidates that fit an expression and lie in the
 * asker's places, as a set of the shard's numbers, taken out from either end. One thread at a time.
 */
#ifndef MARU_SEARCH_SHARD_H
#define MARU_SEARCH_SHARD_H

#include "search_access.h"
#include "search_db.h"

/* Sequence numbers from first_seq on have numbers from `number` on. */
struct search_run {
    uint64_t first_seq;
    uint64_t number;
};

struct search_shard {
    uint64_t id; /* 0: none */
    uint64_t first_seq;
    uint64_t last_seq;
    uint64_t first_time;
    uint64_t last_time;
    struct search_run *runs; /* ascending */
    size_t n_runs;
    size_t cap_runs;
    uint64_t *bits; /* candidates; made when they are first needed */
    size_t n;       /* of them that were not taken yet */
    uint64_t low;   /* they lie between these */
    uint64_t high;
};

/* Zeroed before. */
void search_shard_finish(struct search_shard *shard);

/* The newest (oldest) shard that has numbers of low … high. 1, 0 where there is none, or a negative
 * status. */
int search_shard_find(struct search_shard *shard, struct search_db *db, uint64_t low, uint64_t high,
                      bool newest_first) MARU_CHECK;

/* Fills the set with what fits from low to high. 1: there are more than `max`, and the set is of no
 * use; 0; or a negative status. */
int search_shard_fill(struct search_shard *shard, struct search_db *db, struct str expression,
                      const struct search_access *access, uint64_t low, uint64_t high,
                      size_t max) MARU_CHECK;

/* Takes the newest (oldest) one out; false where there is none. */
bool search_shard_take(struct search_shard *shard, bool newest_first, uint64_t *ret_seq);

#endif
