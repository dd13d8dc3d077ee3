/*
 * Where the real gates (src/net/gate.h) meet the virtual server's connections, as
 * src/net/conn_gate.c has it, and what the model makes of it. Tests only; one thread.
 */
#include "world_priv.h"

#include "alloc.h"

static struct world_conn *conn_of(const struct world_edge *edge, session_id session)
{
    struct world_conn *conn = world_find(edge->world, session);
    CHECK(conn != NULL);
    return conn;
}

static struct gate **gate_of(void *ctx, session_id session)
{
    const struct world_edge *edge = ctx;
    struct world_conn *conn = world_find(edge->world, session);
    return conn != NULL && !conn->doomed ? &conn->gate : NULL;
}

/* Bytes beyond the gates: what is held back then is at the end of the session's output, what is not
 * is in the place of its first echo, where it has one. */
static void say(void *ctx, session_id session, struct str bytes, const struct message *message)
{
    struct world_edge *edge = ctx;
    struct world_conn *conn = conn_of(edge, session);
    size_t before = gate_bytes(conn->gate);
    if (bytes.len > 0) {
        fanout_say(&edge->fanout, session_id_slot(session), conn->framing, bytes);
    }
    if (message != NULL) {
        model_echoed(conn, edge->world->store.finished_seq);
    } else if (gate_bytes(conn->gate) > before || conn->n_marks == 0) {
        model_said(conn, bytes);
    } else {
        model_replaced(conn, bytes);
    }
}

static void pass(void *ctx, session_id session, struct outq *held, size_t len)
{
    struct world_conn *conn = conn_of(ctx, session);
    outq_move(held, &conn->out, len);
    conn->relieved = true;
}

static void lost(void *ctx, session_id session)
{
    CHECK(false); /* There are no classic clients here. */
}

static void opened(void *ctx, session_id session, uint64_t closed_ms)
{
    const struct world *world = ((struct world_edge *)ctx)->world;
    struct world_conn *conn = conn_of(ctx, session);
    peer_paused(&conn->peer, closed_ms, world->now_ms);
    if (conn->closing) {
        conn->close_ms = world->now_ms + WORLD_LINGER_MS;
    }
}

static void finished(void *ctx, session_id session)
{
    conn_ease(conn_of(ctx, session));
}

const struct gates_calls world_gates_calls = {
    .gate_of = gate_of,
    .say = say,
    .pass = pass,
    .lost = lost,
    .opened = opened,
    .finished = finished,
};

void conn_ease(struct world_conn *conn)
{
    conn->resuming = conn->resuming || (conn->pressed && !conn->gone);
    conn->pressed = false;
}

bool conn_record(struct world_edge *edge, const struct effect *effect)
{
    struct world_conn *conn = world_find(edge->world, effect->session);
    if (conn == NULL || conn->doomed ||
        !gates_record(&edge->gates, effect, false, edge->world->now_ms)) {
        return false;
    }
    conn->pressed = conn->pressed || (edge->world->store.pressed && !conn->closing);
    return true;
}

void conn_read_answer(struct world_edge *edge, const struct effect *effect)
{
    struct world *world = edge->world;
    struct world_conn *conn = world_find(world, effect->session);
    if (conn == NULL || conn->closing || conn->doomed) {
        world_store_abandon(world, effect->session);
        return;
    }
    if (effect->kind == EFFECT_PIECE) {
        conn->piece = true;
    } else {
        conn->answered++;
    }
    conn->relieved = true;
}

static void tell_core(struct world *world, struct world_conn *conn, enum input_kind kind)
{
    const struct input input = {.kind = kind, .session = conn->id, .now_ms = world->wall_ms};
    world_add_input(world, conn, &input, (struct str){0});
}

void conn_drained(struct world *world, struct world_conn *conn)
{
    if (conn->walking) {
        tell_core(world, conn, INPUT_CONTINUE);
        return;
    }
    for (; conn->answered > 0; conn->answered--) {
        tell_core(world, conn, INPUT_ANSWERED);
    }
    if (conn->piece) {
        conn->piece = false;
        conn->resuming = true; /* Another round: the reader goes on. */
        world_store_drained(world, conn->id);
    }
}
