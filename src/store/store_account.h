/*
 * Accounts as they last, and how far each has read: written and read back. Synchronous; the thread
 * of the connection.
 */
#ifndef MARU_STORE_ACCOUNT_H
#define MARU_STORE_ACCOUNT_H

#include "account_state.h"
#include "record.h"
#include "store_db.h"

/* Inside a transaction, all three. With an account go its read markers, its ranks in rooms and that
 * it has founded some. What it said stays. */
int store_account_write(struct store_db *db, const struct account_state *state) MARU_CHECK;
int store_account_delete(struct store_db *db, account_id id) MARU_CHECK;
int store_marker_write(struct store_db *db, const struct read_marker *marker) MARU_CHECK;

/* Each account, in the order of their ids; borrowed: who keeps it takes a reference. */
int store_accounts_each(struct store_db *db, void (*each)(void *ctx, struct account_state *account),
                        void *ctx) MARU_CHECK;
/* Each read marker of a place that is still there. */
int store_markers_each(struct store_db *db,
                       void (*each)(void *ctx, const struct read_marker *marker),
                       void *ctx) MARU_CHECK;

/* Its name; empty where there is no such account. */
int store_account_name(struct store_db *db, account_id id, struct buf *out) MARU_CHECK;

#endif
