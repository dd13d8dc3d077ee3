/*
 * Unix stream sockets by path, for the control socket of a server. Paths of any length: longer ones
 * than an address holds go through the folder's descriptor. Any thread.
 */
#ifndef MARU_UNIX_SOCKET_H
#define MARU_UNIX_SOCKET_H

#include "status.h"

/* A listening socket with mode 0600 on `path`, close-on-exec. A socket file that is there is
 * replaced only if nobody answers on it: STATUS_EXISTS otherwise. STATUS_IO sets errno. */
int unix_socket_listen(const char *path, int backlog, int *ret_fd) MARU_CHECK;

/* A connected, blocking socket, close-on-exec; STATUS_IO sets errno. */
int unix_socket_connect(const char *path, int *ret_fd) MARU_CHECK;

#endif
