/* What the operators' tools of this folder share. */
#ifndef MARU_STORE_ADMIN_PRIV_H
#define MARU_STORE_ADMIN_PRIV_H

#include "store_admin.h"
#include "store_db.h"

/* Whether to go on. `progress` may be NULL. */
bool store_goes_on(const struct store_progress *progress, uint64_t done, uint64_t total);

/* Says the reason where `status` is negative and nothing was said; gives `status` back. */
int store_say(struct buf *error, int status, const char *reason);

/* The first (STMT_MESSAGE_FROM) or last (STMT_MESSAGE_LAST) message from a number on; nothing comes
 * out where there is none. */
int store_message_at(struct store_db *db, enum store_statement which, uint64_t from,
                     uint64_t *ret_seq, uint64_t *ret_ms) MARU_CHECK;

int store_figures_read(struct store_db *db, const struct store_progress *progress,
                       struct store_figures *ret_figures) MARU_CHECK;

#endif
