/* Opening listening sockets. Main thread. */
#include "listener.h"

#include "net_limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof(*v4);
    }
    if (strcmp(text, "*") != 0 && inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
        return 0;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof(*v6);
}

static int open_on(const struct sockaddr_storage *address, socklen_t len, bool both, int shared)
{
    int on = 1;
    int off = !both;
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof(shared)) != 0 ||
        (address->ss_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(fd, (const struct sockaddr *)address, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

/* *port 0 becomes the port that was found. */
static int open_any(const char *address, uint16_t *port, int shared)
{
    struct sockaddr_storage where;
    bool both = strcmp(address, "*") == 0;
    socklen_t len = make_address(address, *port, &where);
    if (len == 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = open_on(&where, len, both, shared);
    if (fd < 0 && both && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        /* A machine without IPv6. */
        len = make_address("0.0.0.0", *port, &where);
        fd = open_on(&where, len, false, shared);
    }
    if (fd >= 0 && *port == 0) {
        len = sizeof(where);
        if (getsockname(fd, (struct sockaddr *)&where, &len) == 0) {
            /* Both kinds of address have their port in the same place. */
            *port = ntohs(((const struct sockaddr_in *)&where)->sin_port);
        }
    }
    return fd;
}

int listener_open(const char *address, uint16_t *port, int *ret_fd)
{
    int fd = open_any(address, port, 1);
    if (fd < 0) {
        return STATUS_IO;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

int listener_probe(const char *address, uint16_t port)
{
    int fd = open_any(address, &port, 0);
    if (fd < 0) {
        return STATUS_IO;
    }
    close(fd);
    return STATUS_OK;
}
