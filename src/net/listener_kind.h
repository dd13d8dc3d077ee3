/* What a listener admits. Any thread; only names and numbers. */
#ifndef MARU_LISTENER_KIND_H
#define MARU_LISTENER_KIND_H

#include "status.h"
#include "str.h"

enum listener_kind {
    LISTENER_AUTO,    /* TLS, HTTP and IRC, told apart by the first bytes */
    LISTENER_TLS,     /* IRC and HTTP, inside TLS only */
    LISTENER_HTTP,    /* plain HTTP and WebSocket, never IRC */
    LISTENER_PLAIN,   /* IRC only */
    LISTENER_CLASSIC, /* the unframed protocol alone, without detection */
    LISTENER_KINDS,
};

/* Whether proxies that may speak for others begin with a PROXY header there. */
enum listener_proxy {
    LISTENER_PROXY_NO,
    LISTENER_PROXY_OPTIONAL, /* such a proxy may, and whoever else comes is served as ever */
    LISTENER_PROXY_REQUIRED, /* nobody else comes in */
    LISTENER_PROXIES,
};

/* "auto", "tls", "http", "plain" or "classic". */
const char *listener_kind_name(enum listener_kind kind);

/* "no", "optional" or "required"; STATUS_NOT_FOUND for any other name. */
int listener_proxy_parse(struct str name, enum listener_proxy *ret_proxy) MARU_CHECK;

/* STATUS_NOT_FOUND for any other name. */
int listener_kind_parse(struct str name, enum listener_kind *ret_kind) MARU_CHECK;

#endif
