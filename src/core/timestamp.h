/* Times as clients write them (IRCv3 server-time). Pure. */
#ifndef MARU_TIMESTAMP_H
#define MARU_TIMESTAMP_H

#include "status.h"
#include "str.h"

/* "2026-11-22T21:40:00.123Z", or with fewer or no digits behind the point: milliseconds since 1970.
 * STATUS_MALFORMED for anything else, and for days that there are not. */
int timestamp_parse(struct str text, uint64_t *ret_ms) MARU_CHECK;

/* "1795305600.123": seconds, with a fraction or without; cut to milliseconds. */
int timestamp_parse_seconds(struct str text, uint64_t *ret_ms) MARU_CHECK;

#endif
