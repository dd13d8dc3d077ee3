/* What the operators' tools of this folder share. */
#ifndef MARU_STORE_ADMIN_PRIV_H
#define MARU_STORE_ADMIN_PRIV_H

#include "store_admin.h"
#include "store_db.h"

/* Whether to go on. `progress` may be NULL. */
bool store_goes_on(const struct store_progress *progress, uint64_t done, uint64_t total);

/* Says the reason where `status` is negative and nothing was said; gives `status` back. */
int store_say(struct buf *error, int status, const char *reason);

int store_figures_read(struct store_db *db, const struct store_progress *progress,
                       struct store_figures *ret_figures) MARU_CHECK;

#endif
