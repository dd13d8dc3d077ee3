/*
 * Answering a question, piece by piece. Synchronous, without threads: a reader's thread, or whoever
 * tests. Between two pieces nothing of the database is held: an answer goes on after the last key.
 */
#ifndef MARU_STORE_READ_H
#define MARU_STORE_READ_H

#include "query.h"
#include "store_db.h"

struct store_answer;

/* Takes the question. */
struct store_answer *store_answer_create(struct query *query);
void store_answer_destroy(struct store_answer *answer);
const struct query *store_answer_query(const struct store_answer *answer);

/*
 * Appends the next piece, whole lines of about STORE_PIECE_BYTES, perhaps none. True: there is more
 * to come, and if anything was appended the asker should read it first. Never fails: what cannot be
 * read becomes a FAIL.
 */
bool store_answer_piece(struct store_answer *answer, struct store_db *db, struct buf *out);

#endif
