/*
 * The msgid of a message: the server's random part, fixed for the life of its database, and the
 * core's sequence number in base 36. So a msgid names a sequence number without an index, and owes
 * nothing to the clock. Pure; any thread.
 */
#ifndef MARU_MSGID_H
#define MARU_MSGID_H

#include "str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MSGID_SERVER_LEN = 11, /* of the server's part: [a-z] once, then [a-z0-9] */
    MSGID_MAX = 32,        /* bytes of a whole one */
};

/* Writes the msgid of `seq`; the view points into `out`. */
struct str msgid_format(const char *server_part, uint64_t seq, char out[MSGID_MAX]);

/* False where it is not one that msgid_format() makes with this server's part. */
bool msgid_parse(const char *server_part, struct str msgid, uint64_t *ret_seq);

#endif
