/*
 * The limit to measure a chat server against: a fan-out loop that parses nothing. A connection's
 * first line is the number of its room; whatever follows goes to the others of the room as it is,
 * everything of a turn in one send for each. One thread. With a certificate it speaks TLS.
 *   bare_loop PORT [CERTIFICATE KEY]
 */
#include "alloc.h"
#include "buf.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 1024,
    ROUNDS = 4, /* polls without waiting before anything is sent, as marud does */
    READ_BYTES = 16 * 1024,
    ROOMS_MAX = 65536,
};

struct member {
    int fd;
    uint32_t room; /* index + 1; 0: not known yet */
    bool blocked;  /* the kernel took no more: polled for output */
    bool spoke;    /* in this turn */
    size_t from;   /* of this turn's bytes: what came before it joined is not for it */
    SSL *ssl;
    struct buf left; /* what the kernel did not take yet */
};

/* Whose bytes [offset, offset + len) of a turn are. */
struct piece {
    struct member *member;
    size_t offset;
    size_t len;
};

struct room {
    struct member **members;
    size_t n;
    size_t cap;
    struct buf bytes; /* of this turn */
    struct piece *pieces;
    size_t n_pieces;
    size_t cap_pieces;
};

static struct room *rooms;
static unsigned *spoken; /* rooms with bytes in this turn */
static size_t n_spoken;
static int poller;
static int listener;
static SSL_CTX *tls;
static struct buf own; /* a turn without a speaker's own words */
static char read_buf[READ_BYTES];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void poll_for(struct member *member, int how, bool writing)
{
    struct epoll_event event = {
        .events = EPOLLIN | (writing ? EPOLLOUT : 0),
        .data.ptr = member,
    };
    member->blocked = writing;
    if (epoll_ctl(poller, how, member->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

/* ---- out ---- */

/* Bytes written; 0: none now; negative: broken. */
static ssize_t write_some(struct member *member, const char *bytes, size_t len)
{
    if (member->ssl != NULL) {
        int n = SSL_write(member->ssl, bytes, (int)len);
        return n > 0 ? n : SSL_get_error(member->ssl, n) == SSL_ERROR_WANT_WRITE ? 0 : -1;
    }
    ssize_t n = send(member->fd, bytes, len, MSG_NOSIGNAL);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

static void member_send(struct member *member, const char *bytes, size_t len)
{
    while (len > 0 && !member->blocked) {
        ssize_t n = write_some(member, bytes, len);
        if (n < 0) {
            return; /* The end is read soon. */
        }
        bytes += n;
        len -= (size_t)n;
        if (n == 0) {
            poll_for(member, EPOLL_CTL_MOD, true);
        }
    }
    if (len > 0) {
        buf_add(&member->left, bytes, len);
    }
}

static void member_flush(struct member *member)
{
    while (member->left.len > 0) {
        ssize_t n = write_some(member, member->left.p, member->left.len);
        if (n <= 0) {
            return;
        }
        buf_consume(&member->left, (size_t)n);
    }
    buf_finish(&member->left);
    poll_for(member, EPOLL_CTL_MOD, false);
}

static void send_others_words(struct room *room, struct member *member)
{
    buf_clear(&own);
    for (size_t i = 0; i < room->n_pieces; i++) {
        const struct piece *piece = &room->pieces[i];
        if (piece->member != member && piece->offset >= member->from) {
            buf_add(&own, room->bytes.p + piece->offset, piece->len);
        }
    }
    member_send(member, own.p, own.len);
}

static void end_turn(void)
{
    for (size_t r = 0; r < n_spoken; r++) {
        struct room *room = &rooms[spoken[r]];
        for (size_t i = 0; i < room->n; i++) {
            struct member *member = room->members[i];
            if (member->spoke) {
                send_others_words(room, member);
            } else {
                member_send(member, room->bytes.p + member->from, room->bytes.len - member->from);
            }
            member->spoke = false;
            member->from = 0;
        }
        buf_clear(&room->bytes);
        room->n_pieces = 0;
    }
    n_spoken = 0;
}

/* ---- in ---- */

static void leave(struct member *member)
{
    if (member->room > 0) {
        struct room *room = &rooms[member->room - 1];
        for (size_t i = 0; i < room->n; i++) {
            if (room->members[i] == member) {
                room->members[i] = room->members[--room->n];
                break;
            }
        }
    }
    epoll_ctl(poller, EPOLL_CTL_DEL, member->fd, NULL);
    close(member->fd);
    SSL_free(member->ssl);
    buf_finish(&member->left);
    /* The struct stays: pieces of this turn may name it. A benchmark's end is near. */
}

static bool join(struct member *member, struct str *bytes)
{
    struct str number = str_split(bytes, '\n');
    uint64_t index;
    if (bytes->p == NULL || str_to_u64(number, &index) < 0 || index >= ROOMS_MAX) {
        return false;
    }
    struct room *room = &rooms[index];
    member->room = (uint32_t)index + 1;
    member->from = room->bytes.len;
    if (room->n == room->cap) {
        room->cap = room->cap > 0 ? room->cap * 2 : 4;
        room->members = xrealloc(room->members, room->cap * sizeof(struct member *));
    }
    room->members[room->n++] = member;
    return true;
}

static void say(struct member *member, struct str bytes)
{
    struct room *room = &rooms[member->room - 1];
    if (room->bytes.len == 0) {
        spoken[n_spoken++] = member->room - 1;
    }
    if (room->n_pieces == room->cap_pieces) {
        room->cap_pieces = room->cap_pieces > 0 ? room->cap_pieces * 2 : 16;
        room->pieces = xrealloc(room->pieces, room->cap_pieces * sizeof(*room->pieces));
    }
    room->pieces[room->n_pieces++] = (struct piece){member, room->bytes.len, bytes.len};
    buf_add_str(&room->bytes, bytes);
    member->spoke = true;
}

/* Whether bytes came. */
static bool read_once(struct member *member)
{
    ssize_t n;
    if (member->ssl != NULL) {
        n = SSL_read(member->ssl, read_buf, READ_BYTES);
        if (n <= 0) {
            int error = SSL_get_error(member->ssl, (int)n);
            n = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
        }
    } else {
        n = recv(member->fd, read_buf, READ_BYTES, 0);
        n = n < 0 && errno != EAGAIN ? 0 : n;
    }
    if (n <= 0) {
        if (n == 0) {
            leave(member);
        }
        return false;
    }
    struct str bytes = str_make(read_buf, (size_t)n);
    if (member->room == 0 && !join(member, &bytes)) {
        leave(member);
        return false;
    }
    if (bytes.len > 0) {
        say(member, bytes);
    }
    return true;
}

static void admit(void)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        struct member *member = xcalloc(1, sizeof(*member));
        member->fd = fd;
        if (tls != NULL) {
            member->ssl = SSL_new(tls);
            if (member->ssl == NULL || SSL_set_fd(member->ssl, fd) != 1) {
                die("TLS");
            }
            SSL_set_accept_state(member->ssl);
        }
        poll_for(member, EPOLL_CTL_ADD, false);
    }
}

/* Whether bytes came. */
static bool poll_once(int wait_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(poller, events, EVENTS, wait_ms);
    bool more = false;
    for (int i = 0; i < n; i++) {
        struct member *member = events[i].data.ptr;
        if (member == NULL) {
            admit();
            continue;
        }
        if ((events[i].events & EPOLLOUT) != 0) {
            member_flush(member);
        }
        if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            more = read_once(member) || more;
        }
    }
    return more;
}

/* ---- starting ---- */

static void start_tls(const char *certificate, const char *key)
{
    tls = SSL_CTX_new(TLS_server_method());
    if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_num_tickets(tls, 0) != 1) {
        fputs("bare_loop: the certificate or its key cannot be used\n", stderr);
        exit(1);
    }
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static void start_listening(uint16_t port)
{
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(listener, 4096) != 0) {
        die("listen");
    }
    struct epoll_event event = {.events = EPOLLIN};
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0) {
        die("epoll");
    }
}

int main(int argc, char **argv)
{
    uint64_t port;
    if ((argc != 2 && argc != 4) || str_to_u64(str_from(argv[1]), &port) < 0 || port > 65535) {
        fputs("usage: bare_loop PORT [CERTIFICATE KEY]\n", stderr);
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (argc == 4) {
        start_tls(argv[2], argv[3]);
    }
    rooms = xcalloc(ROOMS_MAX, sizeof(*rooms));
    spoken = xcalloc(ROOMS_MAX, sizeof(*spoken));
    start_listening((uint16_t)port);
    for (;;) {
        bool more = poll_once(-1);
        for (int round = 1; round < ROUNDS && more; round++) {
            more = poll_once(0);
        }
        end_turn();
    }
}
