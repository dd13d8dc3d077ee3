/*
 * What a connection says waits for the disk: where its gate meets its output, its timer and its
 * input; and answers that a reader of the store gives it. The edge's thread.
 */
#include "edge_priv.h"

static struct gate **gate_of(void *ctx, session_id session)
{
    struct conn *conn = edge_find_conn(ctx, session);
    return conn != NULL && !conn->doomed ? &conn->gate : NULL;
}

static void say(void *ctx, session_id session, struct str bytes, const struct message *message)
{
    struct conn *conn = edge_find_conn(ctx, session);
    if (conn->classic == NULL) {
        conn_say(conn, bytes);
    } else if (message != NULL) {
        classic_deliver(conn, message);
    }
}

static void pass(void *ctx, session_id session, struct outq *held, size_t len)
{
    struct conn *conn = edge_find_conn(ctx, session);
    outq_move(held, &conn->out, len);
    /* It is no slow reader for what it was not given. */
    conn->relieved = true;
    conn_mark_dirty(conn);
}

static void lost(void *ctx, session_id session)
{
    classic_lost(edge_find_conn(ctx, session));
}

static void opened(void *ctx, session_id session, uint64_t closed_ms)
{
    struct conn *conn = edge_find_conn(ctx, session);
    peer_paused(&conn->peer, closed_ms, conn->edge->now_ms);
    conn_set_timer(conn);
    conn_mark_dirty(conn); /* Whoever waits for its output to drain may do so now. */
}

static void finished(void *ctx, session_id session)
{
    struct conn *conn = edge_find_conn(ctx, session);
    if (conn->pressed) {
        conn_list_remove(&conn->edge->pressed, conn);
        conn_ease(conn);
    }
}

const struct gates_calls conn_gates_calls = {
    .gate_of = gate_of,
    .say = say,
    .pass = pass,
    .lost = lost,
    .opened = opened,
    .finished = finished,
};

/* ---- pressure ---- */

/* Nobody waits for the disk but who has something on the way to it. */
static void press(struct conn *conn)
{
    conn->pressed = true;
    conn->reading = false;
    poller_watch_conn(conn);
    conn_list_add(&conn->edge->pressed, conn);
}

void conn_ease(struct conn *conn)
{
    conn->pressed = false;
    if (conn->stage == CONN_CLASSIC && !conn->closing && !conn->doomed) {
        conn->reading = true;
        poller_watch_conn(conn);
    }
    turn_add_resume(conn); /* Others are read again when their lines have been looked at. */
}

void conn_ease_pressed(struct edge *edge)
{
    if (edge->pressed.n == 0 || edge->port.is_pressed(edge->port.ctx)) {
        return;
    }
    for (size_t i = 0; i < edge->pressed.n; i++) {
        conn_ease(edge->pressed.items[i]);
    }
    edge->pressed.n = 0;
}

bool conn_record(struct edge *edge, const struct effect *effect)
{
    struct conn *conn = edge_find_conn(edge, effect->session);
    if (conn == NULL || conn->doomed ||
        !gates_record(&edge->gates, effect, conn->classic != NULL, edge->now_ms)) {
        return false;
    }
    if (!conn->pressed && !conn->closing && edge->port.is_pressed != NULL &&
        edge->port.is_pressed(edge->port.ctx)) {
        press(conn);
    }
    return true;
}

/* ---- answers by readers ---- */

void conn_read_answer(struct edge *edge, const struct effect *effect)
{
    struct conn *conn = edge_find_conn(edge, effect->session);
    if (conn == NULL || conn->closing || conn->doomed) {
        /* It asked when it was about to close. */
        if (effect->kind == EFFECT_PIECE && edge->port.abandon != NULL) {
            edge->port.abandon(edge->port.ctx, effect->session);
        }
        return;
    }
    if (effect->kind == EFFECT_PIECE) {
        conn->piece = true;
    } else {
        conn->answered++;
    }
    conn->relieved = true;
    conn_mark_dirty(conn);
}

bool conn_awaits_drain(const struct conn *conn)
{
    bool reads = conn->piece || conn->answered > 0;
    return conn->walking || (reads && (conn->classic == NULL || classic_is_drained(conn)));
}

static void tell_core(struct conn *conn, enum input_kind kind)
{
    const struct input input = {.kind = kind, .session = conn->id, .now_ms = conn->edge->wall_ms};
    turn_add_input(conn, &input, (struct str){0});
}

void conn_drained(struct conn *conn)
{
    const struct port *port = &conn->edge->port;
    /* Both may be so: who was let in with a question under way has its first line sent back, which
     * is taken for a long answer until the core says what it is. */
    for (; conn->answered > 0; conn->answered--) {
        tell_core(conn, INPUT_ANSWERED);
    }
    if (conn->piece && port->drained != NULL) {
        port->drained(port->ctx, conn->id);
    }
    conn->piece = false;
    if (conn->walking) {
        tell_core(conn, INPUT_CONTINUE);
    }
}

void conn_abandon_answer(struct conn *conn)
{
    const struct port *port = &conn->edge->port;
    if (conn->registered && port->abandon != NULL) {
        port->abandon(port->ctx, conn->id);
    }
    conn->piece = false;
    conn->answered = 0;
}
