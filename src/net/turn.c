/*
 * A turn of an edge: what was read goes into the core as one batch, the effects are applied in the
 * core's order, and everything leaves, one write for each session. The edge's thread.
 */
#include "edge_priv.h"

#include "alloc.h"
#include "session_limits.h"

#include <stdlib.h>

enum { TURN_PASSES_MAX = 16 };

static bool is_chat(const struct input *input)
{
    return input->kind == INPUT_LINE && input->line.verb != NULL &&
           (input->line.verb->flags & VERB_SPEAKS) != 0;
}

struct input *turn_next_input(struct edge *edge)
{
    if (edge->n_inputs == edge->cap_inputs) {
        edge->cap_inputs = edge->cap_inputs > 0 ? edge->cap_inputs * 2 : 64;
        edge->inputs = xrealloc(edge->inputs, edge->cap_inputs * sizeof(*edge->inputs));
        edge->origins = xrealloc(edge->origins, edge->cap_inputs * sizeof(*edge->origins));
        edge->results = xrealloc(edge->results, edge->cap_inputs * sizeof(*edge->results));
    }
    return &edge->inputs[edge->n_inputs];
}

void turn_add_input(struct conn *conn, const struct input *input, struct str raw)
{
    struct edge *edge = conn->edge;
    struct input *next = turn_next_input(edge);
    if (input != next) {
        *next = *input;
    }
    edge->origins[edge->n_inputs] = (struct edge_input){conn, raw};
    edge->n_inputs++;
    edge->work += is_chat(input) ? 1 : EDGE_ANSWER_WORK;
}

void turn_add_resume(struct conn *conn)
{
    if (!conn->resuming) {
        conn->resuming = true;
        conn_list_add(&conn->edge->resume, conn);
    }
}

/* Lines that the core could not take yet go back before what is pending, in their order: they are
 * gathered from the last to the first. Of an over-long line only the end is known, which must not
 * be read as a line of its own: bytes that are as long stand for it. */
static void put_back(struct conn *conn, const struct input *input, struct str line)
{
    struct buf again = {0};
    if (input->kind == INPUT_REJECT && input->reject.why == REJECT_TOO_LONG) {
        size_t len = PEER_LINE_MAX + 2;
        memset(buf_reserve(&again, len), 'x', len);
        again.len = len;
    } else {
        buf_add_str(&again, line);
    }
    buf_add_char(&again, '\n');
    buf_add_str(&again, conn_pending(conn));
    conn_set_pending(conn, buf_str(&again));
    buf_finish(&again);
}

/* Its session is held until an effect says how it goes on. */
static bool awaits_effect(enum input_kind kind)
{
    return kind == INPUT_REGISTER || kind == INPUT_CREDENTIALS || kind == INPUT_ENROL ||
           kind == INPUT_CONFIRM;
}

/* What the core said to each input: sessions are held, go on, or get lines back. */
static void apply_results(struct edge *edge, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        struct conn *conn = edge->origins[i].conn;
        if (edge->results[i] == PORT_LATER && !conn->closing && !conn->doomed) {
            peer_refund(&conn->peer, edge->settings, &edge->inputs[i]);
            put_back(conn, &edge->inputs[i], edge->origins[i].raw);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct conn *conn = edge->origins[i].conn;
        enum input_kind kind = edge->inputs[i].kind;
        if (conn->closing || conn->doomed || kind == INPUT_CLOSE || kind == INPUT_ROSTER ||
            awaits_effect(kind)) {
            continue;
        }
        bool was_held = conn->held;
        enum port_result result = edge->results[i];
        conn->held = result != PORT_DONE;
        /* What must wait says nothing of what it waits for, where that is known. */
        conn->walking =
            result == PORT_HELD || (result == PORT_LATER && (conn->walking || !was_held));
        if (conn->walking) {
            /* Whether it has drained is looked at when the turn sends, also where this piece of
             * the answer has no line. */
            conn_mark_dirty(conn);
        }
        if (was_held && !conn->held) {
            turn_add_resume(conn);
        }
    }
}

/* One batch into the core. */
static void submit(struct edge *edge)
{
    if (edge->n_inputs == 0) {
        return;
    }
    size_t n = edge->n_inputs;
    edge->port.submit(edge->port.ctx, edge->inputs, n, edge->results);
    apply_results(edge, n);
    edge->n_inputs = 0;
}

/* ---- effects ---- */

struct conn *edge_find_conn(struct edge *edge, session_id id)
{
    uint32_t slot = session_id_slot(id);
    struct conn *conn = slot < edge->n_slots ? edge->conns[slot] : NULL;
    return conn != NULL && conn->id == id ? conn : NULL;
}

static void on_registered(struct conn *conn, const struct effect *effect)
{
    struct edge *edge = conn->edge;
    struct peer_env env = conn_env(conn);
    fanout_open(&edge->fanout, conn->id);
    if (conn->stage == CONN_CLASSIC) {
        fanout_set_apart(&edge->fanout, conn->id);
    } else if (conn->ws != NULL) {
        fanout_set_framing(&edge->fanout, conn->id, conn_framing(conn));
    }
    admission_registered(edge->admission, &conn->address);
    conn->registered = true;
    peer_admitted(&conn->peer, &env);
    conn->held = false;
    if (conn->closing || conn->doomed) {
        return;
    }
    conn_set_timer(conn);
    if (conn->stage == CONN_CLASSIC) {
        classic_registered(conn, effect->message->body);
    } else {
        turn_add_resume(conn);
    }
}

static void on_refused(struct conn *conn, const struct effect *effect)
{
    conn->in_core = false;
    conn->held = false;
    peer_refused(&conn->peer);
    if (conn->closing || conn->doomed) {
        return;
    }
    if (conn->stage == CONN_CLASSIC) {
        classic_refused(conn, effect);
    } else if (effect->refusal == REFUSED_FULL) {
        conn_close_after(conn, effect->message->body);
    } else {
        conn_say(conn, effect->message->body);
        turn_add_resume(conn);
    }
}

static void stop(struct edge *edge, const struct message *message)
{
    edge->stopping = true;
    for (size_t i = 0; i < edge->n_accepts; i++) {
        poller_leave_accept(&edge->accepts[i]); /* Nobody is let in: it would only stay readable. */
    }
    edge->stop_ms = edge->now_ms + EDGE_LINGER_MS / 2;
    gates_give_up(&edge->gates, edge->now_ms);
    for (uint32_t slot = 0; slot < edge->n_slots; slot++) {
        struct conn *conn = edge->conns[slot];
        if (conn == NULL || conn->doomed || conn->closing) {
            continue;
        }
        /* The core is told nothing: it ends too, and nobody is left to see the QUITs. */
        conn->in_core = false;
        if (conn->stage == CONN_CLASSIC) {
            classic_closing(conn, message->body);
        } else if (conn->stage == CONN_IRC) {
            conn_close_after(conn, message->body);
        } else {
            conn_doom(conn, STR("Server stops"));
        }
    }
}

static void apply_to_conn(struct edge *edge, const struct effect *effect)
{
    struct conn *conn = edge_find_conn(edge, effect->session);
    if (conn == NULL) {
        return;
    }
    switch (effect->kind) {
    case EFFECT_REGISTERED:
        on_registered(conn, effect);
        break;
    case EFFECT_REFUSED:
        on_refused(conn, effect);
        break;
    case EFFECT_VERIFY:
        worker_verify(conn, effect);
        break;
    case EFFECT_HASH:
        worker_hash(conn, effect->message->body);
        break;
    case EFFECT_OUTSIDE:
        worker_outside(conn, effect);
        break;
    case EFFECT_SASL:
    case EFFECT_CREDENTIALS:
    case EFFECT_SIGNUP:
        conn_login(conn, effect);
        break;
    case EFFECT_ROSTER:
        if (conn->stage == CONN_CLASSIC && !conn->doomed) {
            classic_roster(conn, effect->message->body);
        }
        break;
    case EFFECT_CLOSE:
        conn->in_core = false;
        if (conn->stage == CONN_CLASSIC) {
            classic_closing(conn, effect->message->body);
        } else {
            conn_close_after(conn, effect->message->body);
        }
        break;
    default:
        fanout_apply(&edge->fanout, effect);
        break;
    }
}

static void apply(struct edge *edge, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CAST:
        fanout_apply(&edge->fanout, effect);
        break;
    case EFFECT_SETTINGS:
        settings_unref(edge->settings);
        edge->settings = effect->settings; /* with the reference that was made for us */
        edge->gates.settings = edge->settings;
        break;
    case EFFECT_RECORD:
        if (conn_record(edge, effect)) {
            return;
        }
        break;
    case EFFECT_STORED:
        gates_stored(&edge->gates, effect->seq, effect->failed, edge->now_ms);
        conn_ease_pressed(edge);
        break;
    case EFFECT_STOP:
        stop(edge, effect->message);
        break;
    case EFFECT_PIECE:
    case EFFECT_ANSWERED:
        conn_read_answer(edge, effect);
        break;
    case EFFECT_REPLY:
        if (effect->seq != 0 && gates_reply(&edge->gates, effect, edge->now_ms)) {
            return;
        }
        fanout_apply(&edge->fanout, effect);
        break;
    default:
        apply_to_conn(edge, effect);
        break;
    }
    account_state_unref(effect->account);
    message_unref(effect->message);
}

static void apply_effects(struct edge *edge)
{
    mailbox_take(&edge->mailbox, &edge->effects);
    const struct effect *effects = (const struct effect *)edge->effects.items;
    for (size_t i = 0; i < edge->effects.len; i++) {
        apply(edge, &effects[i]);
    }
}

static void take_effects(struct edge *edge)
{
    apply_effects(edge);
    fanout_settle(&edge->fanout);
    gates_settle(&edge->gates, edge->now_ms);
}

void turn_take_bite(struct edge *edge)
{
    if (edge->n_inputs >= EDGE_BITE) {
        submit(edge);
        apply_effects(edge);
    }
}

/* ---- the end of a turn ---- */

static void resume_all(struct edge *edge)
{
    /* Resuming may add others, behind; those are for the next pass. */
    size_t n = edge->resume.n;
    if (n == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct conn *conn = edge->resume.items[i];
        conn->resuming = false;
        conn_resume(conn);
    }
    edge->resume.n -= n;
    if (edge->resume.n == 0) {
        return;
    }
    memmove(edge->resume.items, edge->resume.items + n,
            edge->resume.n * sizeof(*edge->resume.items));
}

/* Sending takes long enough to fetch what the next but one needs, which the kernel's work has
 * driven out of the processor's cache. */
static void prefetch_conn(const struct conn *conn)
{
    const char *at = (const char *)conn;
    for (size_t line = 0; line < offsetof(struct conn, peer); line += 64) {
        __builtin_prefetch(at + line, 1);
    }
}

/* With `ask`, whoever has drained gets the next piece of a long answer; otherwise it stays in the
 * list for the next turn. */
static void flush_all(struct edge *edge, bool ask)
{
    size_t kept = 0;
    for (size_t i = 0; i < edge->dirty.n; i++) {
        struct conn *conn = edge->dirty.items[i];
        conn->dirty = false;
        if (i + 2 < edge->dirty.n) {
            prefetch_conn(edge->dirty.items[i + 2]);
        }
        if (conn->doomed) {
            continue;
        }
        if (conn->classic != NULL) {
            classic_poll(conn);
        } else {
            conn_flush(conn);
        }
        if (conn->doomed || conn->out.bytes > 0 || gates_is_closed(&edge->gates, conn->gate)) {
            continue;
        }
        conn->relieved = false;
        if (conn->closing && conn->classic == NULL) {
            conn_linger(conn);
        } else if (conn_awaits_drain(conn) && ask) {
            conn_drained(conn);
        } else if (conn_awaits_drain(conn) && !conn->dirty) {
            conn->dirty = true;
            edge->dirty.items[kept++] = conn;
        }
    }
    edge->dirty.n = kept;
}

void turn_run(struct edge *edge)
{
    /* Long answers of fast readers and resumed sessions make new inputs; after some passes others
     * get their turn first. */
    for (int pass = 0; pass < TURN_PASSES_MAX; pass++) {
        submit(edge);
        take_effects(edge);
        resume_all(edge);
        if (edge->n_inputs > 0) {
            continue;
        }
        flush_all(edge, pass + 1 < TURN_PASSES_MAX);
        if (edge->n_inputs == 0 && edge->resume.n == 0) {
            break;
        }
    }
    submit(edge);
    take_effects(edge);
    flush_all(edge, false);
    /* Every turn ends without inputs, so that memory and closed connections never wait for a turn
     * in which nobody has a long answer. These are the ends of broken connections and what follows
     * from them. */
    while (edge->n_inputs > 0) {
        submit(edge);
        take_effects(edge);
    }
    if (edge->dirty.n > 0 || edge->resume.n > 0) {
        uv_async_send(&edge->wake);
    }
    arena_reset(&edge->arena);
    fanout_end_turn(&edge->fanout);
    conn_reap(edge);
    edge->read_bytes = 0;
    edge->work = 0;
}
