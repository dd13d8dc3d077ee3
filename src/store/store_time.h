/*
 * Times and sequence numbers. History is ordered by sequence number; a time only selects. Messages
 * whose clock went on, or went back by less than STORE_EPOCH_SLACK_MS, are one epoch; the table
 * epochs has the first sequence number of each but the first. Within an epoch a time is found by
 * halving, to within the slack; who asks then looks at each message's own time.
 * Synchronous; whoever has the connection.
 */
#ifndef MARU_STORE_TIME_H
#define MARU_STORE_TIME_H

#include "store_db.h"

/* No message before *ret_seq is later than time_ms; nearly all from there on are. UINT64_MAX
 * where none is. */
int store_time_after(struct store_db *db, uint64_t time_ms, uint64_t *ret_seq) MARU_CHECK;

/* No message behind *ret_seq is earlier than time_ms; nearly all up to there are. 0 where none is.
 */
int store_time_before(struct store_db *db, uint64_t time_ms, uint64_t *ret_seq) MARU_CHECK;

/* The clock of what is written, kept by the writer. */
struct store_epoch {
    uint64_t top_ms; /* the latest time of this epoch */
    bool begun;      /* something was written since the database was opened */
};

/* Looks where the last message stands. */
int store_epoch_init(struct store_epoch *epoch, struct store_db *db) MARU_CHECK;
/* Before a message is added: begins an epoch where its clock went back. */
int store_epoch_note(struct store_epoch *epoch, struct store_db *db, uint64_t seq,
                     uint64_t time_ms) MARU_CHECK;

#endif
