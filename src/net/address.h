/* Addresses of peers. Any thread. */
#ifndef MARU_ADDRESS_H
#define MARU_ADDRESS_H

#include "buf.h"

struct sockaddr_storage;

/* IPv6, or IPv4 mapped into it (::ffff:a.b.c.d). */
struct address {
    uint8_t bytes[16];
};

struct address address_from(const struct sockaddr_storage *from);
bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* The network it is counted with: its /24, or its /64. */
struct address address_network(const struct address *address);
/* As text, and never with a ':' in front (which would end a parameter): "::1" becomes "0::1". */
void address_add(const struct address *address, struct buf *out);

#endif
