/*
 * Taking over a file that the server made in its own folder: the server may be another user who
 * cannot write where the operator wants it. Main thread; waits.
 */
#ifndef MARU_CTL_FILE_H
#define MARU_CTL_FILE_H

#include "buf.h"
#include "status.h"

/* Moves `from` to `to`, which is there whole, synced and mode 0600, or not at all; what was there
 * before is replaced. On failure `error` says why. */
int ctl_file_take(const char *from, const char *to, struct buf *error) MARU_CHECK;

/* Whether a file may be made or replaced there; `error` says why not. Leaves nothing behind. */
int ctl_file_try(const char *to, struct buf *error) MARU_CHECK;

#endif
