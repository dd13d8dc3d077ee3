/* Addresses of peers, and networks of them. Any thread. */
#ifndef MARU_ADDRESS_H
#define MARU_ADDRESS_H

#include "buf.h"
#include "status.h"

struct sockaddr_storage;

/* IPv6, or IPv4 mapped into it (::ffff:a.b.c.d). */
struct address {
    uint8_t bytes[16];
};

struct address address_from(const struct sockaddr_storage *from);
/* "192.0.2.1" or "2001:db8::1", without brackets. STATUS_MALFORMED for anything else. */
int address_parse(struct str text, struct address *ret_address) MARU_CHECK;
bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
bool address_eq(const struct address *a, const struct address *b);
/* The network it is counted with: its /24, or its /64. */
struct address address_network(const struct address *address);
/* As text, and never with a ':' in front (which would end a parameter): "::1" becomes "0::1". */
void address_add(const struct address *address, struct buf *out);

/* All addresses whose first bits are these. */
struct network {
    struct address address;
    uint8_t bits; /* of 128 */
};

/* An address, or one with the number of its bits behind a slash: "192.0.2.0/24", "2001:db8::/32".
 * What lies behind those bits does not matter. */
int network_parse(struct str text, struct network *ret_network) MARU_CHECK;
bool network_has(const struct network *network, const struct address *address);
/* Whether any of them does. */
bool networks_have(const struct network *networks, size_t n, const struct address *address);

#endif
