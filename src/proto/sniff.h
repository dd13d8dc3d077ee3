/* What a connection speaks, from its first bytes. Pure; any thread. */
#ifndef MARU_SNIFF_H
#define MARU_SNIFF_H

#include "str.h"

enum sniff_kind {
    SNIFF_MORE, /* not enough bytes yet; never said of SNIFF_MAX bytes or more */
    SNIFF_TLS,  /* a TLS record that begins a ClientHello */
    SNIFF_HTTP, /* an HTTP method and a space; empty lines before it are passed over */
    SNIFF_IRC,  /* a line that begins like one of IRC's */
    SNIFF_UNKNOWN,
};

/* All bytes received so far, from the first. What is answered stays true of more bytes. */
enum sniff_kind sniff(struct str first_bytes);

#endif
