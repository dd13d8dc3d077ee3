/*
 * Passwords of accounts in the form that is hashed, so that one that was typed in another way is
 * the same password. Pure; any thread. RFC 4013 (SASLprep), as PLAIN (RFC 4616) and SCRAM (RFC
 * 5802) ask for it.
 */
#ifndef MARU_PASSWORD_H
#define MARU_PASSWORD_H

#include "buf.h"
#include "status.h"

/* Appends the prepared form. STATUS_MALFORMED, and nothing appended, where it is not UTF-8, holds a
 * control character, or nothing is left of it. Unassigned characters are let through, against RFC
 * 4013, whose tables end before the emoji; so are right-to-left texts with others among them. */
int password_prepare(struct str raw, struct buf *out) MARU_CHECK;

#endif
