/*
 * The header with which a proxy says for whom it has connected, before anything else: the PROXY
 * protocol, versions 1 (a line) and 2 (binary), as HAProxy defines it. Pure; any thread.
 */
#ifndef MARU_PROXY_HEADER_H
#define MARU_PROXY_HEADER_H

#include "address.h"
#include "proto_limits.h"

struct proxy_header {
    size_t len;      /* bytes of the header; the connection's own begin there */
    bool has_source; /* else the proxy speaks for itself, or does not know */
    bool secure;     /* version 2: the client speaks TLS with the proxy */
    uint16_t port;   /* of the source */
    struct address source;
};

/*
 * Reads it from the front of all bytes received so far.
 *   STATUS_INCOMPLETE  it has not ended, or may yet begin
 *   STATUS_NOT_FOUND   these bytes begin something else
 *   STATUS_MALFORMED   it began well and is wrong, or has another version
 *   STATUS_TOO_LONG    over PROXY_HEADER_MAX
 */
int proxy_header_parse(struct str bytes, struct proxy_header *ret_header) MARU_CHECK;

#endif
