/* Listening sockets. Main thread opens; an edge accepts. */
#ifndef MARU_LISTENER_H
#define MARU_LISTENER_H

#include "listener_kind.h"
#include "status.h"

/* Opens a listening socket on a numeric address, or "*" for every IPv6 and IPv4 address. With
 * SO_REUSEPORT, so each edge opens one of its own and the kernel spreads the connections. *port 0
 * takes a free port and is set to it. STATUS_IO leaves the reason in errno; nothing is open then.
 */
int listener_open(const char *address, uint16_t *port, int *ret_fd) MARU_CHECK;

/* Whether nobody listens there yet. SO_REUSEPORT alone would let a second server of the same user
 * share the port, and clients would meet one or the other. STATUS_IO leaves the reason in errno. */
int listener_probe(const char *address, uint16_t port) MARU_CHECK;

#endif
