/* Bytes in and out of a connection, plain or through TLS. The edge's thread. */
#include "edge_priv.h"

#include "alloc.h"
#include "tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

static ssize_t tls_result(struct conn *conn, int n)
{
    int error = SSL_get_error(conn->ssl, n);
    ERR_clear_error();
    switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return CONN_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        return CONN_BROKEN;
    }
}

ssize_t conn_recv(struct conn *conn, char *to, size_t max)
{
    if (conn->ssl != NULL) {
        int n = SSL_read(conn->ssl, to, (int)max);
        return n > 0 ? n : tls_result(conn, n);
    }
    ssize_t n = recv(conn->fd, to, max, 0);
    if (n >= 0) {
        return n;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CONN_AGAIN : CONN_BROKEN;
}

bool conn_pass_over(struct conn *conn)
{
    char *to = arena_reserve(&conn->edge->arena, EDGE_READ_BYTES);
    ssize_t n;
    size_t passed = 0;
    while ((n = recv(conn->fd, to, EDGE_READ_BYTES, MSG_DONTWAIT)) > 0 &&
           (passed += (size_t)n) < EDGE_TURN_BYTES) {
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

static ssize_t conn_send(struct conn *conn, const char *bytes, size_t len)
{
    if (conn->ssl != NULL) {
        int n = SSL_write(conn->ssl, bytes, (int)len);
        return n > 0 ? n : tls_result(conn, n);
    }
    ssize_t n = send(conn->fd, bytes, len, MSG_NOSIGNAL);
    if (n >= 0) {
        return n;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CONN_AGAIN : CONN_BROKEN;
}

/* What leaves next, in one piece: the first slice where it is alone or large, else small slices
 * copied together. */
static size_t next_piece(struct conn *conn, const char **ret_bytes)
{
    size_t front = outq_front(&conn->out, ret_bytes);
    if (front == conn->out.bytes || front >= EDGE_SEND_COPY) {
        return front;
    }
    *ret_bytes = conn->edge->send_copy;
    return outq_copy(&conn->out, conn->edge->send_copy, EDGE_SEND_COPY);
}

void conn_flush(struct conn *conn)
{
    while (conn->out.bytes > 0 && !conn->blocked) {
        const char *bytes;
        size_t len = next_piece(conn, &bytes);
        ssize_t sent = conn_send(conn, bytes, len);
        if (sent > 0) {
            outq_consume(&conn->out, (size_t)sent);
        }
        if (sent == CONN_AGAIN || (sent > 0 && (size_t)sent < len && conn->ssl == NULL)) {
            conn->blocked = true;
            poller_watch_conn(conn);
        } else if (sent <= 0) {
            outq_finish(&conn->out);
            conn_doom(conn, STR("Connection closed"));
        }
    }
    if (conn->blocked) {
        outq_detach(&conn->out);
    }
}

int conn_begin_tls(struct conn *conn)
{
    struct edge *edge = conn->edge;
    lock_enter(&edge->tls_lock);
    struct tls_context *context = edge->tls != NULL ? tls_context_ref(edge->tls) : NULL;
    lock_leave(&edge->tls_lock);
    if (context == NULL) {
        return STATUS_UNSUPPORTED;
    }
    conn->ssl = tls_context_session(context);
    tls_context_unref(context);
    if (conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1) {
        return STATUS_CRYPTO;
    }
    SSL_set_accept_state(conn->ssl);
    conn->stage = CONN_HANDSHAKE;
    conn->peer.tls = true;
    return STATUS_OK;
}

int conn_handshake(struct conn *conn)
{
    int n = SSL_do_handshake(conn->ssl);
    if (n == 1) {
        return 1;
    }
    int error = SSL_get_error(conn->ssl, n);
    ERR_clear_error();
    if (error == SSL_ERROR_WANT_READ) {
        return CONN_AGAIN;
    }
    if (error == SSL_ERROR_WANT_WRITE) {
        conn->blocked = true;
        poller_watch_conn(conn);
        return CONN_AGAIN;
    }
    return CONN_BROKEN;
}

void conn_end_io(struct conn *conn)
{
    if (conn->ssl != NULL) {
        if (conn->stage != CONN_HANDSHAKE) {
            SSL_shutdown(conn->ssl);
            ERR_clear_error();
        }
        SSL_free(conn->ssl);
        conn->ssl = NULL;
    }
}
