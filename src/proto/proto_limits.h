/*
 * The bounds of the protocol library. Named after its folder because <limits.h> of the C library
 * would be hidden by a file of that name on the include path.
 */
#ifndef MARU_PROTO_LIMITS_H
#define MARU_PROTO_LIMITS_H

enum {
    NAME_MARKS_MAX = 4, /* combining marks in a row (UTS 39 section 5.4) */

    /* The parts of a ban mask, in bytes, and the whole with its `!` and `@`. */
    MASK_NICK_MAX = 64,
    MASK_USER_MAX = 32,
    MASK_HOST_MAX = 64,
    MASK_MAX = MASK_NICK_MAX + MASK_USER_MAX + MASK_HOST_MAX + 2,

    SNIFF_NEWLINES_MAX = 4, /* empty lines before a connection's first, in bytes */
    SNIFF_MAX = 16,         /* bytes within which a connection says what it speaks */

    HTTP_HEAD_MAX = 8192,   /* bytes of a request before its body */
    HTTP_TARGET_MAX = 2048, /* bytes of what is asked for */
    HTTP_HEADERS_MAX = 64,  /* fields of a request */

    FORWARDED_MAX = 16, /* proxies that one request came through */

    PROXY_HEADER_MAX = 2048, /* bytes of what a proxy says of its client */

    WS_MESSAGE_MAX = 16384, /* bytes of one WebSocket message, in however many parts */
};

#endif
