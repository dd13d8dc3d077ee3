/*
 * HTTP/1.1 as far as a chat server meets it: the head of a request, and a whole answer after which
 * the connection closes. Pure; any thread. RFC 9112.
 */
#ifndef MARU_HTTP_H
#define MARU_HTTP_H

#include "buf.h"
#include "proto_limits.h"
#include "status.h"
#include "str.h"

struct http_field {
    struct str name;
    struct str value; /* without the space around it */
};

/* Views into the bytes that were parsed. */
struct http_head {
    struct str method; /* as it came; methods are case-sensitive */
    struct str target; /* visible ASCII */
    unsigned minor;    /* 1 of HTTP/1.1 */
    size_t len;        /* bytes of the head, the empty line included; the body begins there */
    unsigned n_fields;
    struct http_field fields[HTTP_HEADERS_MAX];
};

/*
 * Parses the head of a request from all bytes received so far. *scanned is the caller's, 0 at the
 * first call: it remembers how far the end was sought, so that a head that comes byte by byte is
 * still read once. Lines may end in LF alone.
 *   STATUS_INCOMPLETE   the head has not ended; call again with more
 *   STATUS_MALFORMED    not HTTP, or HTTP/1.1 without exactly one Host
 *   STATUS_TOO_LONG     a head, target or number of fields over its limit
 *   STATUS_UNSUPPORTED  another major version
 */
int http_head_parse(struct str bytes, size_t *scanned, struct http_head *ret_head) MARU_CHECK;

/* The status code that answers a failure of http_head_parse. */
int http_code_of(int status);

/* The value of the first field of that name, in any case. */
bool http_field_find(const struct http_head *head, struct str name, struct str *ret_value);

/* Whether one of the lists that fields of that name hold ("a, b") has the word, in any case. */
bool http_field_has(const struct http_head *head, struct str name, struct str word);

/* The value of the only field of that name; false where there is none, or more than one. */
bool http_field_only(const struct http_head *head, struct str name, struct str *ret_value);

/* Takes spaces and tabs off both ends. */
struct str http_trim(struct str s);

/*
 * Appends an answer that may be shown to anybody: it closes the connection, is not stored, runs no
 * scripts, loads nothing and cannot be framed. content_type is the caller's own text. head_only
 * leaves the body out and still tells its length, as HEAD wants it.
 */
void http_response(struct buf *out, int code, struct str content_type, struct str body,
                   bool head_only);

#endif
