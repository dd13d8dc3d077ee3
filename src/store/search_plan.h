/*
 * What a shard of the index is asked for. Beginnings of words are dear, since FTS5 merges the lists
 * of all words that begin so before it gives the first result, and the list of somebody who speaks
 * much is long; so where the rest alone leaves few candidates, they are read and the text decides.
 * Which way is cheapest shows in the first shards. Pure; one thread at a time.
 */
#ifndef MARU_SEARCH_PLAN_H
#define MARU_SEARCH_PLAN_H

#include "search_terms.h"

/* One after the other, while there are too many candidates. */
enum search_plan {
    SEARCH_PLAN_WHOLE, /* whole tokens and the sender: no beginnings of words */
    SEARCH_PLAN_WORDS, /* all words, not the sender */
    SEARCH_PLAN_ONE,   /* whole tokens, the sender and the longest beginning */
    SEARCH_PLAN_ALL,
    SEARCH_PLANS,
};

struct search_plans {
    const struct search_terms *terms;
    struct str sender;             /* token; empty: anybody */
    int64_t cost_us[SEARCH_PLANS]; /* of the last shard that was begun so; 0: none was */
};

/* The expression of FTS5 for the plan; false where it would ask for nothing, or for the same as
 * another one. */
bool search_plan_write(const struct search_plans *plans, enum search_plan plan, struct buf *out);
/* How many candidates it may give, so that reading them is cheaper than another plan. */
size_t search_plan_max(enum search_plan plan);
/* With which the next shard is begun. */
enum search_plan search_plan_choose(const struct search_plans *plans);
/* With which it goes on where that one gave too much. */
enum search_plan search_plan_after(const struct search_plans *plans, enum search_plan plan);
/* A shard took so long that was begun with this plan. */
void search_plan_note(struct search_plans *plans, enum search_plan plan, int64_t us);

#endif
