/* A connection of the virtual server, as src/net/conn*.c treat one. Tests only; one thread. */
#include "world_priv.h"

#include "alloc.h"
#include "line_cut.h"
#include "ws.h"

struct peer_env conn_env(struct world *world, const struct world_conn *conn)
{
    return (struct peer_env){
        .settings = world_edge_of(world, conn)->settings,
        .now_ms = world->now_ms,
        .wall_ms = world->wall_ms,
        .session = conn->id,
        .arena = &world->arena,
        .scratch = &world->scratch,
        .out = &world->out,
        .secret = world_secret,
        .calls = &world_peer_calls,
        .ctx = (void *)conn,
    };
}

static bool is_ended(const struct world_conn *conn)
{
    return conn->closing || conn->doomed || conn->gone;
}

/* ---- out ---- */

void conn_deliver(void *ctx, uint32_t slot, struct run *run, size_t offset, size_t len,
                  const struct message *message)
{
    struct world_edge *edge = ctx;
    struct world_conn *conn = edge->by_slot[slot];
    if (conn == NULL || conn->doomed) {
        return;
    }
    CHECK(len > 0 && offset + len <= run->bytes.len);
    CHECK(conn->framing != FRAMING_LINES || run->bytes.p[offset + len - 1] == '\n');
    if (conn->gate != NULL && gates_hold(&edge->gates, conn->gate, run, offset, len, message)) {
        return;
    }
    outq_push(&conn->out, run, offset, len);
    /* What a reader answers comes in pieces, and none is sent before the last was read. */
    bool relieved = conn->relieved || (conn->held && !conn->walking);
    size_t bytes_max = edge->settings->sendq_bytes + (relieved ? EDGE_RELIEF_BYTES : 0);
    if (conn->stalled && conn->out.bytes > bytes_max) {
        conn_doom(edge->world, conn, STR("SendQ exceeded"));
    }
}

void conn_say(struct world *world, struct world_conn *conn, struct str bytes)
{
    if (bytes.len > 0 && !conn->doomed) {
        model_said(conn, bytes);
        fanout_say(&world_edge_of(world, conn)->fanout, session_id_slot(conn->id), conn->framing,
                   bytes);
    }
}

static void leave_core(struct world *world, struct world_conn *conn, struct str reason)
{
    if (conn->in_core) {
        conn->in_core = false;
        const struct input input = {
            .kind = INPUT_CLOSE,
            .session = conn->id,
            .now_ms = world->wall_ms,
            .text = arena_copy(&world->arena, reason),
        };
        world_add_input(world, conn, &input, (struct str){0});
    }
}

void conn_close_after(struct world *world, struct world_conn *conn, struct str last)
{
    if (is_ended(conn)) {
        return;
    }
    conn_say(world, conn, last);
    conn->closing = true;
    /* Nothing comes behind the last line. */
    fanout_close(&world_edge_of(world, conn)->fanout, conn->id);
    conn->open = false;
    conn->n_places = 0;
    conn->held = conn->walking = conn->reading = conn->piece = false;
    conn->answered = 0;
    world_store_abandon(world, conn->id);
    conn->close_ms = world->now_ms + WORLD_LINGER_MS;
    buf_finish(&conn->pending);
}

void conn_doom(struct world *world, struct world_conn *conn, struct str reason)
{
    if (!conn->doomed && !conn->gone) {
        leave_core(world, conn, reason);
        world_store_abandon(world, conn->id);
        conn->doomed = true;
        conn->reading = false;
    }
}

/* Whole frames of a server, back into lines. */
static void unframe(const struct world_conn *conn, struct str bytes, struct buf *out)
{
    const unsigned char first = 0x80 | (conn->framing == FRAMING_TEXT ? WS_TEXT : WS_BINARY);
    while (bytes.len > 0) {
        const unsigned char *head = (const unsigned char *)bytes.p;
        CHECK(bytes.len >= 4 && head[0] == first && head[1] <= 126);
        bool wide = head[1] == 126;
        size_t len = wide ? (size_t)head[2] << 8 | head[3] : head[1];
        size_t before = wide ? 4 : 2;
        CHECK(len <= bytes.len - before && (wide ? len >= 126 : len > 0));
        CHECK(str_is_utf8(str_make(bytes.p + before, len)));
        buf_add(out, bytes.p + before, len);
        buf_add_cstr(out, "\r\n");
        bytes = str_make(bytes.p + before + len, bytes.len - before - len);
    }
}

static void see(struct world *world, struct world_conn *conn, struct str bytes)
{
    size_t before = conn->seen.len;
    if (conn->framing == FRAMING_LINES) {
        buf_add_str(&conn->seen, bytes);
    } else {
        unframe(conn, bytes, &conn->seen);
    }
    buf_add(&world->trace, conn->seen.p + before, conn->seen.len - before);
}

/* What the client reads must be what the model says, in its order, and no echo that must wait. */
static void drain(struct world *world, struct world_conn *conn)
{
    if (conn->out.bytes > 0) {
        buf_printf(&world->trace, "%u sees ", conn->number);
    }
    const char *front;
    size_t len;
    while ((len = outq_front(&conn->out, &front)) > 0) {
        CHECK(len <= conn->due.len && memcmp(front, conn->due.p, len) == 0);
        CHECK(conn->n_marks == 0 || len <= conn->marks[0].at);
        for (unsigned i = 0; i < conn->n_marks; i++) {
            conn->marks[i].at -= len;
        }
        see(world, conn, str_make(front, len));
        buf_consume(&conn->due, len);
        outq_consume(&conn->out, len);
    }
    CHECK(conn->out.bytes == 0 && model_due(conn) == gate_bytes(conn->gate));
}

void conn_flush(struct world *world, struct world_conn *conn)
{
    if (conn->doomed || conn->gone) {
        return;
    }
    if (conn->stalled && !conn->draining) {
        outq_detach(&conn->out); /* As where the kernel takes no more. */
        return;
    }
    conn->draining = false;
    drain(world, conn);
    conn->relieved = false;
    if (gate_is_closed(conn->gate)) {
        return;
    }
    if (conn->closing) {
        conn_doom(world, conn, STR("Connection closed"));
    } else {
        conn_drained(world, conn);
    }
}

void conn_reap(struct world *world, struct world_conn *conn)
{
    if (!conn->doomed || conn->gone) {
        return;
    }
    struct world_edge *edge = world_edge_of(world, conn);
    CHECK(!conn->in_core);
    fanout_close(&edge->fanout, conn->id);
    edge->by_slot[session_id_slot(conn->id)] = NULL;
    gates_forget(&edge->gates, &conn->gate);
    outq_finish(&conn->out);
    peer_finish(&conn->peer);
    buf_finish(&conn->pending);
    buf_finish(&conn->kernel);
    buf_finish(&conn->due);
    conn->n_places = 0;
    conn->open = false;
    conn->gone = true;
    buf_printf(&world->trace, "%u is closed\n", conn->number);
}

/* ---- in ---- */

static bool awaits_core(const struct input *input)
{
    return input->kind == INPUT_REGISTER || input->kind == INPUT_CREDENTIALS ||
           input->kind == INPUT_ENROL || input->kind == INPUT_CONFIRM ||
           input->kind == INPUT_LOGIN ||
           (input->kind == INPUT_LINE && input->line.verb != NULL &&
            input->line.verb->id == VERB_AUTHENTICATE);
}

static void act(struct world *world, struct world_conn *conn, enum peer_act what,
                const struct input *input, struct str raw)
{
    switch (what) {
    case PEER_INPUT:
        CHECK(input->session == conn->id);
        conn->in_core = conn->in_core || input->kind == INPUT_REGISTER;
        conn->held = conn->held || awaits_core(input);
        world_add_input(world, conn, input, raw);
        break;
    case PEER_VERIFY:
        conn->held = true;
        conn->verify = VERIFY_SIGNUP;
        break;
    case PEER_GATEWAY:
        conn->held = true;
        conn->verify = VERIFY_GATEWAY;
        break;
    case PEER_WORK:
        conn->held = true;
        conn_order(world, conn);
        break;
    case PEER_NOTHING:
    case PEER_CLOSE:
        break;
    }
}

void conn_go_on(struct world *world, struct world_conn *conn, enum peer_act what,
                const struct input *input)
{
    if (what == PEER_CLOSE) {
        leave_core(world, conn, STR("Login failed"));
        conn_close_after(world, conn, buf_str(&world->out));
        return;
    }
    conn_say(world, conn, buf_str(&world->out));
    act(world, conn, what, input, (struct str){0});
    conn->resuming = conn->resuming || !conn->held;
}

/* NULL is a line that was too long. */
static void take_line(struct world *world, struct world_conn *conn, const struct str *line)
{
    struct peer_env env = conn_env(world, conn);
    struct input input;
    buf_clear(&world->out);
    enum peer_act what = line == NULL ? peer_line_too_long(&conn->peer, &env, &input)
                                      : peer_line(&conn->peer, &env, *line, &input);
    if (what == PEER_CLOSE) {
        conn_close_after(world, conn, buf_str(&world->out));
        return;
    }
    conn_say(world, conn, buf_str(&world->out));
    act(world, conn, what, &input, line != NULL ? *line : (struct str){0});
}

static void close_for(struct world *world, struct world_conn *conn, struct str reason)
{
    leave_core(world, conn, reason);
    struct buf last = {0};
    buf_printf(&last, "ERROR :Closing link: [" STR_FMT "]\r\n", STR_ARG(reason));
    conn_close_after(world, conn, buf_str(&last));
    buf_finish(&last);
}

static void take_lines(struct world *world, struct world_conn *conn, struct str *bytes)
{
    const struct settings *settings = world_edge_of(world, conn)->settings;
    while (bytes->len > 0 && !conn->held && !conn->pressed && !is_ended(conn)) {
        struct peer_env env = conn_env(world, conn);
        if (peer_wait_ms(&conn->peer, &env) > 0) {
            return;
        }
        struct str line;
        switch (line_cut(bytes, &conn->skipped, settings->recvq_bytes, &line)) {
        case LINE_CUT_MORE:
            return;
        case LINE_CUT_LINE:
            take_line(world, conn, &line);
            break;
        case LINE_CUT_LONG:
            take_line(world, conn, NULL);
            break;
        case LINE_CUT_ENDLESS:
            close_for(world, conn, STR("Line too long"));
            return;
        }
    }
}

static void process(struct world *world, struct world_conn *conn, struct str more)
{
    buf_add_str(&conn->pending, more);
    struct str bytes = arena_copy(&world->arena, buf_str(&conn->pending));
    take_lines(world, conn, &bytes);
    if (is_ended(conn)) {
        return;
    }
    buf_clear(&conn->pending);
    buf_add_str(&conn->pending, bytes);
    bool full = conn->pending.len >= world_edge_of(world, conn)->settings->recvq_bytes;
    if (full && !conn->held && !conn->pressed) {
        close_for(world, conn, STR("Excess Flood"));
        return;
    }
    conn->reading = !full;
}

void conn_read(struct world *world, struct world_conn *conn)
{
    if (conn->kernel.len == 0 || !conn->reading || conn->pressed || is_ended(conn)) {
        return;
    }
    size_t len = conn->kernel.len < WORLD_READ_BYTES ? conn->kernel.len : WORLD_READ_BYTES;
    struct str bytes = arena_copy(&world->arena, (struct str){conn->kernel.p, len});
    buf_consume(&conn->kernel, len);
    peer_heard(&conn->peer, world->now_ms);
    process(world, conn, bytes);
    conn->resuming = conn->resuming || (conn->kernel.len > 0 && conn->reading && !is_ended(conn));
}

void conn_resume(struct world *world, struct world_conn *conn)
{
    if (!conn->held && !conn->pressed && !is_ended(conn)) {
        process(world, conn, (struct str){0});
    }
}

/* ---- time ---- */

uint64_t conn_due_ms(struct world *world, const struct world_conn *conn)
{
    if (conn->closing) {
        return conn->close_ms;
    }
    struct peer_env env = conn_env(world, conn);
    uint64_t due =
        gate_is_closed(conn->gate) ? UINT64_MAX : peer_deadline_ms(&conn->peer, env.settings);
    if (conn->pending.len > 0 && !conn->held && !conn->pressed) {
        uint64_t wait = world->now_ms + peer_wait_ms(&conn->peer, &env);
        if (wait > world->now_ms && wait < due) {
            due = wait;
        }
    }
    return due;
}

void conn_tick(struct world *world, struct world_conn *conn)
{
    if (conn->doomed || conn->gone) {
        return;
    }
    if (conn->closing) {
        conn_doom(world, conn, STR("Connection timed out"));
        return;
    }
    struct peer_env env = conn_env(world, conn);
    buf_clear(&world->out);
    if (!gate_is_closed(conn->gate) && peer_tick(&conn->peer, &env) == PEER_CLOSE) {
        struct buf reason = {0};
        peer_timeout_text(&conn->peer, env.settings, &reason);
        leave_core(world, conn, buf_str(&reason));
        buf_finish(&reason);
        conn_close_after(world, conn, buf_str(&world->out));
        return;
    }
    conn_say(world, conn, buf_str(&world->out));
    conn->resuming = conn->resuming || (conn->pending.len > 0 && !conn->held);
}

/* ---- what the client does ---- */

static struct world_conn *at(const struct world *world, unsigned conn)
{
    CHECK(conn < world->n_conns);
    return world->conns[conn];
}

void world_send(struct world *world, unsigned number, struct str bytes)
{
    struct world_conn *conn = at(world, number);
    if (!is_ended(conn)) {
        buf_add_str(&conn->kernel, bytes);
    }
}

void world_set_framing(struct world *world, unsigned number, unsigned framing)
{
    CHECK(framing < FRAMINGS && !at(world, number)->open);
    at(world, number)->framing = (enum framing)framing;
}

void world_break(struct world *world, unsigned number, struct str reason)
{
    conn_doom(world, at(world, number), reason);
    world_run(world);
}

void world_stall(struct world *world, unsigned number, bool stalled)
{
    at(world, number)->stalled = stalled;
    world_run(world);
}

void world_drain(struct world *world, unsigned number)
{
    at(world, number)->draining = true;
    world_run(world);
}

struct str world_seen(const struct world *world, unsigned number)
{
    return buf_str(&at(world, number)->seen);
}

void world_take_seen(struct world *world, unsigned number, size_t len)
{
    buf_consume(&at(world, number)->seen, len);
}

bool world_is_closed(const struct world *world, unsigned number)
{
    return at(world, number)->gone;
}

bool world_is_verifying(const struct world *world, unsigned number)
{
    return at(world, number)->verify != VERIFY_NONE && !is_ended(at(world, number));
}

void world_verdict(struct world *world, unsigned number, bool right)
{
    struct world_conn *conn = at(world, number);
    enum world_verify verify = conn->verify;
    conn->verify = VERIFY_NONE;
    if (verify == VERIFY_NONE || is_ended(conn)) {
        return;
    }
    struct input input = {.kind = INPUT_VERDICT,
                          .session = conn->id,
                          .now_ms = world->wall_ms,
                          .verdict.right = right};
    if (verify == VERIFY_OPERATOR) {
        world_add_input(world, conn, &input, (struct str){0});
    } else {
        struct peer_env env = conn_env(world, conn);
        buf_clear(&world->out);
        conn->held = false;
        enum peer_act what = verify == VERIFY_GATEWAY
                                 ? peer_webirc_verdict(&conn->peer, &env, right)
                                 : peer_verdict(&conn->peer, &env, right, &input);
        if (what == PEER_CLOSE) {
            conn_close_after(world, conn, buf_str(&world->out));
        } else {
            act(world, conn, what, &input, (struct str){0});
            conn->resuming = true;
        }
    }
    world_run(world);
}
