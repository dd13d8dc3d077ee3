/* Answers to SEARCH, for store_read.c. Synchronous; a reader's thread. */
#ifndef MARU_SEARCH_ANSWER_H
#define MARU_SEARCH_ANSWER_H

#include "store_read_priv.h"

struct search_answer;

void search_answer_destroy(struct search_answer *answer);

/* As store_history_piece(). Pieces without lines: it is still looking. */
int store_search_piece(struct store_answer *answer, struct store_db *db,
                       struct buf *out) MARU_CHECK;

#endif
