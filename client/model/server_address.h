/*
 * Where a server is, as a person types it: HOST, HOST:PORT, [IPv6]:PORT, irc://HOST[:PORT] or
 * ircs://HOST[:PORT]. Pure; any thread.
 */
#ifndef MARU_SERVER_ADDRESS_H
#define MARU_SERVER_ADDRESS_H

#include "status.h"
#include "str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SERVER_PORT_TLS = 6697,
    SERVER_PORT_PLAIN = 6667,
    SERVER_HOST_MAX = 253, /* RFC 1035 */
};

struct server_address {
    char host[SERVER_HOST_MAX + 1]; /* without brackets */
    uint16_t port;
    bool tls;
    bool loopback; /* this machine: 127.0.0.0/8, ::1 or localhost */
};

/* TLS unless the address says irc:// or names port 6667. STATUS_MALFORMED for what is no address,
 * STATUS_TOO_LONG for a host over SERVER_HOST_MAX, STATUS_NOT_FOUND for an empty one. */
int server_address_parse(struct str text, struct server_address *ret_address) MARU_CHECK;

/* "host:port", with brackets around IPv6: the key under which a certificate is remembered. Freed
 * with g_free. */
char *server_address_key(const struct server_address *address);

#endif
