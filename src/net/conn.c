/* The life of a connection on its edge: accepted, timed, closed. The edge's thread. */
#include "edge_priv.h"

#include "alloc.h"
#include "tls_context.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void conn_list_add(struct conn_list *list, struct conn *conn)
{
    if (list->n == list->cap) {
        list->cap = list->cap > 0 ? list->cap * 2 : 64;
        list->items = xrealloc(list->items, list->cap * sizeof(struct conn *));
    }
    list->items[list->n++] = conn;
}

void conn_list_remove(struct conn_list *list, const struct conn *conn)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i] == conn) {
            list->items[i] = list->items[--list->n];
            return;
        }
    }
}

void conn_mark_dirty(struct conn *conn)
{
    if (!conn->dirty) {
        conn->dirty = true;
        conn_list_add(&conn->edge->dirty, conn);
    }
}

static uint32_t take_slot(struct edge *edge)
{
    if (edge->n_free > 0) {
        return edge->free_slots[--edge->n_free];
    }
    uint32_t old = edge->n_slots;
    edge->n_slots = old + old / 8 + 64; /* By an eighth: memory follows use. */
    edge->conns = xrealloc(edge->conns, edge->n_slots * sizeof(struct conn *));
    edge->generations = xrealloc(edge->generations, edge->n_slots * sizeof(uint32_t));
    edge->free_slots = xrealloc(edge->free_slots, edge->n_slots * sizeof(uint32_t));
    for (uint32_t i = old; i < edge->n_slots; i++) {
        edge->conns[i] = NULL;
        edge->generations[i] = 1;
    }
    for (uint32_t i = edge->n_slots - 1; i > old; i--) {
        edge->free_slots[edge->n_free++] = i;
    }
    return old;
}

void conn_ready(struct conn *conn, bool in, bool out, bool broken)
{
    if (conn->doomed) {
        return;
    }
    if (out && conn->blocked) {
        conn->blocked = false;
        poller_watch_conn(conn);
        if (conn->stage == CONN_CLASSIC) {
            classic_poll(conn);
        } else if (conn->stage == CONN_HANDSHAKE) {
            in = true;
        } else {
            conn_mark_dirty(conn);
        }
    }
    if (in) {
        conn_readable(conn);
    }
    /* One that is read finds the error there, in this turn or the next. */
    if (broken && !conn->reading && !conn->doomed) {
        conn_doom(conn, STR("Connection reset"));
    }
}

static void set_socket_options(int fd, enum listener_kind kind)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (kind == LISTENER_CLASSIC) {
        /* The protocol has no PING: what is never acknowledged is dead. */
        unsigned ms = 60000;
        int seconds = 30;
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    }
}

void conn_begin(struct conn *conn)
{
    conn->scanned = 0;
    conn->stage = CONN_SNIFFING;
    if (conn->listener == LISTENER_CLASSIC) {
        conn->stage = CONN_CLASSIC;
        classic_start(conn);
    }
}

void conn_open(struct edge_accept *accept, int fd, const struct address *address)
{
    struct edge *edge = accept->edge;
    enum listener_kind kind = accept->kind;
    struct conn *conn = xcalloc(1, sizeof(*conn));
    conn->edge = edge;
    conn->fd = fd;
    conn->listener = (uint8_t)kind;
    conn->address = *address;
    conn->reading = true;
    uint32_t slot = take_slot(edge);
    conn->id = session_id_make(edge->index, edge->generations[slot], slot);
    edge->conns[slot] = conn;
    edge->n_conns++;
    set_socket_options(fd, kind);
    conn_start_peer(conn, kind == LISTENER_CLASSIC ? SESSION_CLASSIC : SESSION_IRC);
    door_begin(conn, accept->proxy);
    poller_watch_conn(conn);
    conn_set_timer(conn);
    if (edge->n_conns == 1) {
        uv_timer_again(&edge->ticker);
    }
}

void conn_start_peer(struct conn *conn, enum session_kind kind)
{
    struct buf host = {0};
    address_add(&conn->address, &host);
    struct peer_env env = conn_env(conn);
    peer_init(&conn->peer, kind, false, buf_str(&host), &env);
    buf_finish(&host);
}

struct peer_env conn_env(struct conn *conn)
{
    struct edge *edge = conn->edge;
    return (struct peer_env){
        .settings = edge->settings,
        .now_ms = edge->now_ms,
        .wall_ms = edge->wall_ms,
        .session = conn->id,
        .arena = &edge->arena,
        .scratch = &edge->scratch,
        .out = &edge->out,
        .secret = edge->secret,
        .calls = &conn_peer_calls,
        .ctx = conn,
    };
}

void conn_say(struct conn *conn, struct str bytes)
{
    if (bytes.len > 0 && !conn->doomed) {
        fanout_say(&conn->edge->fanout, session_id_slot(conn->id), conn_framing(conn), bytes);
    }
}

void conn_leave_core(struct conn *conn, struct str reason)
{
    if (!conn->in_core) {
        return;
    }
    conn->in_core = false;
    struct edge *edge = conn->edge;
    const struct input input = {
        .kind = INPUT_CLOSE,
        .session = conn->id,
        .now_ms = edge->wall_ms,
        .text = arena_copy(&edge->arena, reason),
    };
    turn_add_input(conn, &input, (struct str){0});
}

void conn_close_after(struct conn *conn, struct str last)
{
    if (conn->closing || conn->doomed) {
        return;
    }
    if (conn->stage != CONN_CLASSIC) {
        conn_say(conn, last);
    }
    if (conn->ws != NULL) {
        ws_conn_say_close(conn);
    }
    conn->closing = true;
    if (!conn->ended && conn->stage != CONN_CLASSIC) {
        /* Nothing comes behind the last line. A peer that has ended may still be waiting for
         * answers to what it said before. */
        fanout_close(&conn->edge->fanout, conn->id);
    }
    conn_abandon_answer(conn);
    conn->held = conn->walking = false;
    conn->reading = false;
    conn_set_pending(conn, (struct str){0});
    poller_watch_conn(conn);
    conn_set_timer(conn);
    conn_mark_dirty(conn);
}

void conn_linger(struct conn *conn)
{
    if (conn->lingering || conn->doomed) {
        return;
    }
    conn_end_io(conn);
    if (conn->ended || shutdown(conn->fd, SHUT_WR) != 0 || !conn_pass_over(conn) ||
        conn->edge->stopping) {
        conn_doom(conn, STR("Connection closed"));
        return;
    }
    conn->lingering = true;
    conn->reading = true;
    poller_watch_conn(conn); /* The timer of conn_close_after() ends it. */
}

void conn_doom(struct conn *conn, struct str reason)
{
    if (conn->doomed) {
        return;
    }
    conn_leave_core(conn, reason);
    conn_abandon_answer(conn);
    conn->doomed = true;
    conn->reading = conn->blocked = false;
    poller_watch_conn(conn);
    conn_list_add(&conn->edge->doomed, conn);
}

void conn_set_timer(struct conn *conn)
{
    struct edge *edge = conn->edge;
    uint64_t due;
    if (conn->closing) {
        due = edge->now_ms + EDGE_LINGER_MS;
    } else if (conn->stage == CONN_HTTP) {
        due = conn->peer.quiet_from_ms + EDGE_HTTP_HEAD_MS;
    } else {
        /* Its silence is not counted while its own output waits for the disk. */
        due = gate_is_closed(conn->gate) ? edge->now_ms + GATE_WAIT_MS
                                         : peer_deadline_ms(&conn->peer, edge->settings);
        if (conn->pending_len > 0 && !conn->held && conn->stage == CONN_IRC) {
            struct peer_env env = conn_env(conn);
            uint64_t wait = edge->now_ms + peer_wait_ms(&conn->peer, &env);
            if (wait > edge->now_ms && wait < due) {
                due = wait;
            }
        }
    }
    wheel_set(&edge->wheel, &conn->timer, due);
}

void conn_tick(struct conn *conn)
{
    struct edge *edge = conn->edge;
    if (conn->doomed) {
        return;
    }
    if (conn->closing || conn->stage == CONN_HTTP) {
        conn_doom(conn, STR("Connection timed out"));
        return;
    }
    struct peer_env env = conn_env(conn);
    buf_clear(&edge->out);
    bool open = conn->peer.state == PEER_OPEN;
    bool waits = gate_is_closed(conn->gate);
    if (!waits && peer_tick(&conn->peer, &env) == PEER_CLOSE) {
        struct buf reason = {0};
        peer_timeout_text(&conn->peer, edge->settings, &reason);
        conn_leave_core(conn, buf_str(&reason));
        buf_finish(&reason);
        bool speaks_irc = open || conn->stage == CONN_IRC || conn->stage == CONN_SNIFFING;
        if (conn->stage == CONN_CLASSIC || !speaks_irc) {
            conn_doom(conn, STR("Timed out"));
        } else {
            conn_close_after(conn, buf_str(&edge->out));
        }
        return;
    }
    if (conn->stage == CONN_IRC) {
        conn_say(conn, buf_str(&edge->out));
        if (conn->pending_len > 0 && !conn->held) {
            turn_add_resume(conn);
        }
    }
    conn_set_timer(conn);
}

static void conn_free(struct conn *conn)
{
    struct edge *edge = conn->edge;
    uint32_t slot = session_id_slot(conn->id);
    fanout_close(&edge->fanout, conn->id);
    wheel_clear(&conn->timer);
    if (conn->dirty) {
        conn_list_remove(&edge->dirty, conn);
    }
    if (conn->resuming) {
        conn_list_remove(&edge->resume, conn);
    }
    if (conn->pressed) {
        conn_list_remove(&edge->pressed, conn);
    }
    gates_forget(&edge->gates, &conn->gate);
    classic_free(conn);
    ws_conn_free(conn);
    worker_abandon(conn);
    conn_end_io(conn);
    outq_finish(&conn->out);
    conn_set_pending(conn, (struct str){0});
    peer_finish(&conn->peer);
    admission_leave(edge->admission, &conn->address, conn->registered);
    edge->conns[slot] = NULL;
    /* Never 0, so that no id is 0, which is nobody. */
    edge->generations[slot] = edge->generations[slot] % (SESSION_GENERATIONS - 1) + 1;
    edge->free_slots[edge->n_free++] = slot;
    edge->n_conns--;
    close(conn->fd);
    free(conn);
    if (edge->n_conns == 0) {
        uv_timer_stop(&edge->ticker);
    }
}

void conn_reap(struct edge *edge)
{
    for (size_t i = 0; i < edge->doomed.n; i++) {
        conn_free(edge->doomed.items[i]);
    }
    edge->doomed.n = 0;
}
