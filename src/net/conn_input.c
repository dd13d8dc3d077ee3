/* What the bytes of a connection mean: its protocol, its lines. The edge's thread. */
#include "edge_priv.h"

#include "alloc.h"
#include "line_cut.h"
#include "sniff.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Wakes us only when so much is there; without it a poll would spin over what was seen. */
static void set_low_water(struct conn *conn, int bytes)
{
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

ssize_t conn_peek(struct conn *conn, char *to, size_t max)
{
    ssize_t n = recv(conn->fd, to, max, MSG_PEEK);
    if (n == 0) {
        conn_doom(conn, STR("Connection closed"));
    } else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        conn_doom(conn, STR("Connection reset"));
    }
    return n;
}

void conn_await_more(struct conn *conn, size_t seen)
{
    if (conn->scanned == seen) {
        /* Woken without a new byte: the peer has ended. */
        conn_doom(conn, STR("Connection closed"));
    }
    conn->scanned = (uint32_t)seen;
    set_low_water(conn, (int)seen + 1);
}

void conn_await_any(struct conn *conn)
{
    conn->scanned = 0;
    set_low_water(conn, 1);
}

static bool listener_admits(enum listener_kind listener, enum sniff_kind kind, bool inside_tls)
{
    switch (listener) {
    case LISTENER_AUTO:
        return kind == SNIFF_IRC || kind == SNIFF_HTTP || (kind == SNIFF_TLS && !inside_tls);
    case LISTENER_TLS:
        return inside_tls ? kind == SNIFF_IRC || kind == SNIFF_HTTP : kind == SNIFF_TLS;
    case LISTENER_HTTP:
        return kind == SNIFF_HTTP;
    case LISTENER_PLAIN:
        return kind == SNIFF_IRC;
    default:
        return false;
    }
}

static void start_protocol(struct conn *conn, enum sniff_kind kind)
{
    if (!listener_admits((enum listener_kind)conn->listener, kind, conn->ssl != NULL)) {
        refuse_protocol(conn, (int)kind);
        return;
    }
    switch (kind) {
    case SNIFF_TLS:
        if (conn_begin_tls(conn) != STATUS_OK) {
            conn_doom(conn, STR("TLS is not available"));
        }
        break;
    case SNIFF_HTTP:
        conn->stage = CONN_HTTP;
        conn_set_timer(conn);
        break;
    default:
        conn->stage = CONN_IRC;
        break;
    }
}

/* Looks without reading, since TLS wants to read its first bytes itself. */
static void sniff_socket(struct conn *conn)
{
    char first[SNIFF_PEEK_BYTES];
    ssize_t n = conn_peek(conn, first, sizeof(first));
    if (n <= 0) {
        return;
    }
    enum sniff_kind kind = sniff(str_make(first, (size_t)n));
    if (kind == SNIFF_MORE) {
        conn_await_more(conn, (size_t)n);
        return;
    }
    conn_await_any(conn);
    start_protocol(conn, kind);
}

static void handshake(struct conn *conn)
{
    switch (conn_handshake(conn)) {
    case 1:
        conn->stage = CONN_INSIDE;
        break;
    case CONN_AGAIN:
        break;
    default:
        conn_doom(conn, STR("TLS handshake failed"));
    }
}

/* The peer has closed its side, and there is nothing left to do for it but answers on their way. */
static void end(struct conn *conn)
{
    conn_leave_core(conn, STR("Connection closed"));
    conn_close_after(conn, (struct str){0});
}

void conn_end_input(struct conn *conn)
{
    conn->ended = true;
    if (conn->stage == CONN_IRC && conn->peer.state != PEER_VERIFYING) {
        /* What it said before its end is still heard, once the core has taken this turn's; but
         * nobody leaves the server with passwords to check. */
        conn->reading = false;
        poller_watch_conn(conn);
        turn_add_resume(conn);
    } else {
        end(conn);
    }
}

/* One piece of input into the arena; false where there is none now. */
static bool read_piece(struct conn *conn)
{
    struct edge *edge = conn->edge;
    char *to = arena_reserve(&edge->arena, EDGE_READ_BYTES);
    ssize_t n = conn_recv(conn, to, EDGE_READ_BYTES);
    if (n == CONN_AGAIN) {
        return false;
    }
    if (n <= 0) {
        if (conn->stage == CONN_CLASSIC) {
            classic_ended(conn);
        }
        if (n == 0 && conn->stage != CONN_CLASSIC) {
            conn_end_input(conn);
        } else {
            conn_doom(conn, n == 0 ? STR("Connection closed") : STR("Connection reset"));
        }
        return false;
    }
    arena_commit(&edge->arena, (size_t)n);
    edge->read_bytes += (size_t)n;
    peer_heard(&conn->peer, edge->now_ms);
    if (conn->stage == CONN_CLASSIC) {
        classic_input(conn, str_make(to, (size_t)n));
    } else if (conn->ws != NULL) {
        ws_conn_input(conn, to, (size_t)n);
    } else {
        conn_process(conn, str_make(to, (size_t)n));
    }
    return true;
}

void conn_readable(struct conn *conn)
{
    struct edge *edge = conn->edge;
    if (conn->lingering) {
        if (!conn_pass_over(conn)) {
            conn_doom(conn, STR("Connection closed"));
        }
        return;
    }
    if (edge->read_bytes > EDGE_TURN_BYTES || edge->work >= EDGE_TURN_WORK) {
        return; /* The poll fires again in the next turn. */
    }
    if (conn->stage == CONN_PROXY) {
        door_read_proxy(conn);
    }
    if (conn->stage == CONN_SNIFFING && !conn->closing && !conn->doomed) {
        sniff_socket(conn);
    }
    if (conn->stage == CONN_HANDSHAKE && !conn->doomed) {
        handshake(conn);
    }
    if (conn->stage <= CONN_HANDSHAKE || conn->doomed) {
        return;
    }
    bool more = conn->reading && read_piece(conn);
    /* What OpenSSL has decrypted already does not make the socket readable again. */
    while (more && conn->ssl != NULL && conn->reading && !conn->doomed &&
           SSL_has_pending(conn->ssl) != 0) {
        more = read_piece(conn);
    }
}

void conn_act(struct conn *conn, enum peer_act act, const struct input *input, struct str raw)
{
    switch (act) {
    case PEER_NOTHING:
        break;
    case PEER_INPUT:
        conn->in_core = conn->in_core || input->kind == INPUT_REGISTER;
        conn->held = conn->held || conn_awaits_core(input);
        turn_add_input(conn, input, raw);
        break;
    case PEER_VERIFY:
        conn->held = true;
        worker_signup(conn);
        break;
    case PEER_WORK:
        conn->held = true;
        worker_order(conn);
        break;
    case PEER_GATEWAY:
        conn->held = true;
        webirc_check(conn);
        break;
    case PEER_CLOSE:
        break; /* with its last line, below */
    }
}

/* NULL is a line that was too long. */
static void take_line(struct conn *conn, const struct str *line)
{
    struct edge *edge = conn->edge;
    struct peer_env env = conn_env(conn);
    struct input *input = turn_next_input(edge);
    buf_clear(&edge->out);
    enum peer_act act = line == NULL ? peer_line_too_long(&conn->peer, &env, input)
                                     : peer_line(&conn->peer, &env, *line, input);
    if (act == PEER_CLOSE) {
        conn_close_after(conn, buf_str(&edge->out));
        return;
    }
    conn_act(conn, act, input, line != NULL ? *line : (struct str){0});
    conn_say(conn, buf_str(&edge->out));
}

void conn_close_for(struct conn *conn, struct str reason)
{
    conn_leave_core(conn, reason);
    struct buf last = {0};
    buf_printf(&last, "ERROR :Closing link: [" STR_FMT "]\r\n", STR_ARG(reason));
    conn_close_after(conn, buf_str(&last));
    buf_finish(&last);
}

/* Whole lines from the front of *bytes, until one must wait. */
static void take_lines(struct conn *conn, struct str *bytes)
{
    const struct settings *settings = conn->edge->settings;
    while (bytes->len > 0 && !conn->held && !conn->pressed && !conn->closing && !conn->doomed) {
        struct peer_env env = conn_env(conn);
        if (peer_wait_ms(&conn->peer, &env) > 0) {
            return;
        }
        struct str line;
        switch (line_cut(bytes, &conn->skipped, settings->recvq_bytes, &line)) {
        case LINE_CUT_MORE:
            return;
        case LINE_CUT_LINE:
            take_line(conn, &line);
            break;
        case LINE_CUT_LONG:
            take_line(conn, NULL);
            break;
        case LINE_CUT_ENDLESS:
            conn_close_for(conn, STR("Line too long"));
            return;
        }
    }
}

void conn_set_pending(struct conn *conn, struct str bytes)
{
    char *copy = NULL;
    if (bytes.len > 0) {
        copy = xmalloc(bytes.len);
        memcpy(copy, bytes.p, bytes.len);
    }
    free(conn->pending);
    conn->pending = copy;
    conn->pending_len = (uint32_t)bytes.len;
}

static void keep_pending(struct conn *conn, struct str rest)
{
    conn_set_pending(conn, rest);
    bool full = conn->pending_len >= conn->edge->settings->recvq_bytes;
    if (full && !conn->held && !conn->pressed && conn->stage == CONN_IRC) {
        /* It was told to slow down by being read slowly, and went on. */
        conn_close_for(conn, STR("Excess Flood"));
        return;
    }
    /* A held session is not to blame: what it sends waits in the kernel. */
    bool reading = !full && !conn->pressed && !conn->ended && !conn->closing && !conn->doomed;
    if (reading != conn->reading) {
        conn->reading = reading;
        poller_watch_conn(conn);
    }
    if (conn->pending_len > 0 && !conn->held && !conn->closing && !conn->doomed) {
        conn_set_timer(conn);
    }
}

void conn_process(struct conn *conn, struct str bytes)
{
    struct edge *edge = conn->edge;
    if (conn->pending_len > 0) {
        char *joined = arena_take(&edge->arena, conn->pending_len + bytes.len);
        memcpy(joined, conn->pending, conn->pending_len);
        if (bytes.len > 0) {
            memcpy(joined + conn->pending_len, bytes.p, bytes.len);
        }
        bytes = str_make(joined, conn->pending_len + bytes.len);
    }
    if (conn->stage == CONN_INSIDE) {
        enum sniff_kind kind = sniff(bytes);
        if (kind != SNIFF_MORE) {
            start_protocol(conn, kind);
        }
    }
    if (conn->stage == CONN_HTTP) {
        http_conn_input(conn, bytes);
        if (conn->ws != NULL) {
            return; /* Its lines were taken, and those that wait are kept. */
        }
        bytes = conn->closing || conn->doomed ? (struct str){0} : bytes;
    } else if (conn->stage == CONN_IRC) {
        take_lines(conn, &bytes);
    }
    if (!conn->closing && !conn->doomed) {
        keep_pending(conn, bytes);
    }
}

void conn_resume(struct conn *conn)
{
    bool waits = conn->held || conn->pressed;
    if (!waits && !conn->closing && !conn->doomed && conn->stage == CONN_IRC) {
        size_t before = conn->pending_len;
        conn_process(conn, (struct str){0});
        if (!conn->ended || conn->closing || conn->doomed) {
            return;
        }
        if (conn->pending_len < before) {
            turn_add_resume(conn); /* The core may hold what was just said. */
        } else {
            end(conn); /* Half a line is left, or lines that came too fast, or nothing. */
        }
    } else if (conn->stage == CONN_CLASSIC) {
        conn_mark_dirty(conn); /* It takes its events when the turn sends. */
    }
}
