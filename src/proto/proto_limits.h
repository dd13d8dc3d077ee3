/*
 * The bounds of the protocol library. Named after its folder because <limits.h> of the C library
 * would be hidden by a file of that name on the include path.
 */
#ifndef MARU_PROTO_LIMITS_H
#define MARU_PROTO_LIMITS_H

enum {
    NAME_MARKS_MAX = 4, /* combining marks in a row (UTS 39 section 5.4) */
};

#endif
