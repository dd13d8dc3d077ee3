/*
 * What a classic client typed as its nickname, as one that the server admits. Pure; any thread.
 * Whether a name is taken is the core's business. Design section 6.
 */
#ifndef MARU_CLASSIC_NAME_H
#define MARU_CLASSIC_NAME_H

#include "buf.h"
#include "str.h"

/* Appends a nickname of at most bytes_max bytes that name_check_nick admits, as near to what was
 * typed as may be: unchanged where that is a nickname; otherwise spaces, slashes and other ASCII
 * that nicknames cannot have become one '_' between what stays, '_' goes before a digit at the
 * start, and what else is not permitted is left out. False, and nothing appended, where no letter
 * or digit is left. */
bool classic_usable_nick(struct str typed, size_t bytes_max, struct buf *out);

/* Appends base and number (철수, 2: 철수2), base cut between characters to stay in bytes_max. */
void classic_suffix_nick(struct str base, uint64_t number, size_t bytes_max, struct buf *out);

#endif
