/* The connections of the load generator: bytes in and out, plain or TLS, cut into lines. */
#include "load.h"

#include "alloc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void poll_for(struct load *load, struct client *client, int how, bool writing)
{
    struct epoll_event event = {
        .events = EPOLLIN | (writing ? EPOLLOUT : 0),
        .data.ptr = client,
    };
    client->writing = writing;
    if (epoll_ctl(load->epoll, how, client->fd, &event) != 0) {
        load_fail("epoll_ctl: %s", strerror(errno));
    }
}

void client_connect(struct load *load, struct client *client)
{
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        load_fail("socket: %s", strerror(errno));
    }
    int on = 1;
    /* Closing resets, so that a thousand clients leave no thousand ports waiting. */
    struct linger linger = {.l_onoff = 1};
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(load->options.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (connect(client->fd, (struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS) {
        load_fail("connect: %s", strerror(errno));
    }
    client->state = CLIENT_CONNECTING;
    poll_for(load, client, EPOLL_CTL_ADD, true);
}

void client_close(struct client *client)
{
    if (client->state != CLIENT_NEW) {
        SSL_free(client->ssl);
        close(client->fd);
    }
    buf_finish(&client->partial);
    buf_finish(&client->out);
}

/* ---- out ---- */

/* Bytes written, or 0 where the kernel takes none now. */
static size_t write_some(struct client *client, const char *bytes, size_t len)
{
    ssize_t n;
    if (client->ssl != NULL) {
        n = SSL_write(client->ssl, bytes, (int)len);
        if (n <= 0 && SSL_get_error(client->ssl, (int)n) == SSL_ERROR_WANT_WRITE) {
            return 0;
        }
    } else {
        n = send(client->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            return 0;
        }
    }
    if (n <= 0) {
        load_fail("client %u cannot send: %s", client->index, strerror(errno));
    }
    return (size_t)n;
}

void client_send(struct load *load, struct client *client, const char *bytes, size_t len)
{
    while (len > 0 && client->out.len == 0) {
        size_t n = write_some(client, bytes, len);
        if (n == 0) {
            break;
        }
        bytes += n;
        len -= n;
    }
    if (len > 0) {
        buf_add(&client->out, bytes, len);
        if (!client->writing) {
            poll_for(load, client, EPOLL_CTL_MOD, true);
        }
    }
}

static void client_flush(struct load *load, struct client *client)
{
    while (client->out.len > 0) {
        size_t n = write_some(client, client->out.p, client->out.len);
        if (n == 0) {
            return;
        }
        buf_consume(&client->out, n);
    }
    if (client->writing) {
        poll_for(load, client, EPOLL_CTL_MOD, false);
    }
}

/* ---- in ---- */

/* Bytes read, or 0 where there are none now. */
static size_t read_some(struct client *client, char *to, size_t max)
{
    ssize_t n;
    if (client->ssl != NULL) {
        n = SSL_read(client->ssl, to, (int)max);
        if (n <= 0 && SSL_get_error(client->ssl, (int)n) == SSL_ERROR_WANT_READ) {
            return 0;
        }
    } else {
        n = recv(client->fd, to, max, 0);
        if (n < 0 && errno == EAGAIN) {
            return 0;
        }
    }
    if (n <= 0) {
        load_fail("the server closed the connection of client %u%s%s", client->index,
                  n < 0 ? ": " : "", n < 0 ? strerror(errno) : "");
    }
    return (size_t)n;
}

static void take_lines(struct load *load, struct client *client, size_t len)
{
    const char *at = load->read_buf;
    const char *end = at + len;
    const char *newline;
    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        size_t line_len = (size_t)(newline - at);
        if (line_len > 0 && newline[-1] == '\r') {
            line_len--;
        }
        struct str line = str_make(at, line_len);
        load->lines++;
        if (load->traffic == NULL || !traffic_line(load, client, line)) {
            door_line(load, client, line);
        }
        at = newline + 1;
    }
    if (end - at > LOAD_LINE_MAX) {
        load_fail("client %u got a line without an end", client->index);
    }
    buf_clear(&client->partial);
    if (at < end) {
        buf_add(&client->partial, at, (size_t)(end - at));
    } else {
        buf_finish(&client->partial);
    }
}

static void client_readable(struct load *load, struct client *client)
{
    do {
        size_t before = client->partial.len;
        if (before > 0) {
            memcpy(load->read_buf, client->partial.p, before);
        }
        size_t n = read_some(client, load->read_buf + before, LOAD_READ - before);
        if (n == 0) {
            return;
        }
        take_lines(load, client, before + n);
        /* What OpenSSL has decrypted already does not make the socket readable again. */
    } while (client->ssl != NULL);
}

static void client_handshake(struct load *load, struct client *client)
{
    int n = SSL_do_handshake(client->ssl);
    if (n == 1) {
        client_flush(load, client);
        door_connected(load, client);
        return;
    }
    int error = SSL_get_error(client->ssl, n);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        load_fail("TLS handshake of client %u failed", client->index);
    }
    if (client->writing != (error == SSL_ERROR_WANT_WRITE)) {
        poll_for(load, client, EPOLL_CTL_MOD, error == SSL_ERROR_WANT_WRITE);
    }
}

static void client_connected(struct load *load, struct client *client)
{
    int error = 0;
    socklen_t len = sizeof(error);
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        load_fail("client %u cannot connect: %s", client->index, strerror(error));
    }
    if (load->tls != NULL) {
        client->ssl = SSL_new(load->tls);
        if (client->ssl == NULL || SSL_set_fd(client->ssl, client->fd) != 1) {
            load_fail("TLS cannot begin");
        }
        SSL_set_connect_state(client->ssl);
        client->state = CLIENT_HANDSHAKE;
        client_handshake(load, client);
    } else {
        client_flush(load, client);
        door_connected(load, client);
    }
}

void client_event(struct load *load, struct client *client, unsigned events)
{
    if (client->state == CLIENT_CONNECTING) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
            client_connected(load, client);
        }
        return;
    }
    if (client->state == CLIENT_HANDSHAKE) {
        client_handshake(load, client);
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        client_flush(load, client);
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        client_readable(load, client);
    }
}
