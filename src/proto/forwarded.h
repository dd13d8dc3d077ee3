/*
 * Whom a reverse proxy speaks for: X-Forwarded-For with X-Forwarded-Proto, or Forwarded (RFC 7239).
 * To be asked only of a request that came from a proxy which is trusted: anybody can write such a
 * field. Pure; any thread.
 */
#ifndef MARU_FORWARDED_H
#define MARU_FORWARDED_H

#include "address.h"
#include "http.h"

struct forwarded {
    struct address client;
    bool secure; /* it speaks TLS with the outermost proxy that is trusted, as that one says */
};

/*
 * The last address in the list that is none of the `trusted` proxies: what stands before it was
 * written by strangers. Where all are trusted, the first.
 *   STATUS_NOT_FOUND  the request has no such field
 *   STATUS_MALFORMED  the address that counts is none, or the two kinds of fields name different
 *                     clients: which of them the proxy has checked nobody knows
 *   STATUS_TOO_LONG   more than FORWARDED_MAX proxies
 */
int forwarded_read(const struct http_head *head, const struct network *trusted, size_t n_trusted,
                   struct forwarded *ret) MARU_CHECK;

#endif
