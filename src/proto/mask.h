/*
 * Wildcard masks as bans, WHO and KILL use them. Pure; any thread. RFC 2812 section 2.5: `*` is
 * any run of characters, `?` is one, and a backslash before either makes it ordinary; any other
 * backslash is itself, since nicknames may contain it.
 */
#ifndef MARU_MASK_H
#define MARU_MASK_H

#include "buf.h"
#include "str.h"

/* Whether the whole text fits the mask. Bytes are compared as they are: the caller folds both
 * sides. One character is one UTF-8 sequence, or one byte that belongs to none. Takes at most
 * mask.len * text.len steps, and nearly always their sum. */
bool mask_match(struct str mask, struct str text);

/*
 * Appends the mask as nick!user@host, at most MASK_MAX bytes: what is missing becomes `*`, a word
 * alone is a host where it has one of `.:/` and otherwise a nickname; runs of `*` become one; what
 * follows a space or control character is left out; so are colons at the beginning of the nickname,
 * which would end a line's parameters. A part that is longer than any real one is cut between
 * characters and ends in `*`.
 */
void mask_normalise(struct str raw, struct buf *out);

#endif
