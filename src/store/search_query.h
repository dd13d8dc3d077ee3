/*
 * Finds the messages that a QUERY_SEARCH asks for: looks candidates up in the index, newest (or
 * oldest) first, and reads each to see whether it fits and is for the asker. What is not indexed
 * yet is read too, so nothing is missing for being new. Synchronous, in steps, with no transaction
 * open between them; a reader's thread.
 */
#ifndef MARU_SEARCH_QUERY_H
#define MARU_SEARCH_QUERY_H

#include "query.h"
#include "search_db.h"

struct search;

/* `query` must outlive it. */
struct search *search_begin(const struct query *query);
/* 1: there is more to do; 0: the answer is complete; or a negative status, and the connection says
 * why. A step takes some ten milliseconds; each may have a connection of its own. */
int search_step(struct search *search, struct search_db *db) MARU_CHECK;
void search_end(struct search *search);

/* The sequence numbers that were found, ascending, at most query->limit. After search_step() has
 * returned 0; until search_end(). */
const uint64_t *search_found(struct search *search, size_t *ret_n);

/* There may be more that fits. */
enum search_cut {
    SEARCH_WHOLE_ANSWER,
    SEARCH_CUT,     /* … since it would have taken too long to look for */
    SEARCH_SKIPPED, /* … among what is new: the index is far behind */
};
enum search_cut search_is_cut(const struct search *search);

#endif
