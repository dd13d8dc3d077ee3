/* Words answers of the server for people. Main thread. */
#ifndef MARU_CTL_SHOW_H
#define MARU_CTL_SHOW_H

#include "buf.h"

#include <jansson.h>

void ctl_show_status(const json_t *answer, struct buf *out);
void ctl_show_history(const json_t *answer, struct buf *out);

/* `entries` are those of all pages. */
void ctl_show_clients(const json_t *entries, struct buf *out);
void ctl_show_accounts(const json_t *entries, struct buf *out);
/* One of them. */
void ctl_show_account(const json_t *account, struct buf *out);
void ctl_show_rooms(const json_t *entries, struct buf *out);

#endif
