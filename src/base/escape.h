/*
 * Makes text from anywhere safe to show on a terminal or in a line of a log: whatever could move
 * the cursor, start a new line or turn the reading direction becomes a visible escape. Any thread.
 */
#ifndef MARU_ESCAPE_H
#define MARU_ESCAPE_H

#include "buf.h"

/* Appends `text` to `out`. Escaped are C0 and DEL (\n, \r, \t or \x1b), C1 (\u0085), line and
 * paragraph separators and bidirectional controls (\u202e), and bytes that are not valid UTF-8
 * (\xff). Everything else, a backslash too, stays as it is. */
void escape_add(struct buf *out, struct str text);

#endif
