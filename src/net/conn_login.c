/* What a connection that logs in asks of its channel, and what the core says to it. The edge's
 * thread. */
#include "edge_priv.h"

#include "tls_context.h"

#include <sodium.h>
#include <stdlib.h>

static void add_chance(void *ctx, void *to, size_t len)
{
    randombytes_buf(to, len);
}

static bool add_fingerprint(void *ctx, struct buf *out)
{
    const struct conn *conn = ctx;
    return conn->ssl != NULL && tls_peer_fingerprint(conn->ssl, out) == STATUS_OK;
}

static bool add_binding(void *ctx, struct str type, struct buf *out)
{
    const struct conn *conn = ctx;
    return conn->ssl != NULL && tls_channel_binding(conn->ssl, type, out) == STATUS_OK;
}

const struct peer_calls conn_peer_calls = {
    .take_chance = add_chance,
    .add_fingerprint = add_fingerprint,
    .add_binding = add_binding,
};

bool conn_awaits_core(const struct input *input)
{
    switch (input->kind) {
    case INPUT_REGISTER:
    case INPUT_CREDENTIALS:
    case INPUT_ENROL:
    case INPUT_CONFIRM:
    case INPUT_LOGIN:
        return true;
    case INPUT_LINE:
        /* It comes back as EFFECT_SASL, before any later line. */
        return input->line.verb != NULL && input->line.verb->id == VERB_AUTHENTICATE;
    default:
        return false;
    }
}

void conn_go_on(struct conn *conn, enum peer_act act, const struct input *input)
{
    struct edge *edge = conn->edge;
    if (act == PEER_CLOSE) {
        conn_leave_core(conn, STR("Login failed"));
        conn_close_after(conn, buf_str(&edge->out));
        return;
    }
    conn_say(conn, buf_str(&edge->out));
    conn_act(conn, act, input, (struct str){0});
    if (!conn->held) {
        turn_add_resume(conn);
    }
}

void conn_login(struct conn *conn, const struct effect *effect)
{
    if (conn->closing || conn->doomed) {
        return;
    }
    struct peer_env env = conn_env(conn);
    struct input input = {0};
    enum peer_act act;
    buf_clear(&conn->edge->out);
    conn->held = false;
    switch (effect->kind) {
    case EFFECT_SASL: {
        struct str param = effect->message->body;
        struct str nick = str_split(&param, ' ');
        act = peer_authenticate(&conn->peer, &env, nick, param, &input);
        break;
    }
    case EFFECT_CREDENTIALS:
        act = peer_credentials(&conn->peer, &env, effect->account, effect->failed, &input);
        break;
    default:
        act = peer_signed_up(&conn->peer, &env,
                             effect->message != NULL ? effect->message->body : (struct str){0},
                             effect->account, &input);
        break;
    }
    conn_go_on(conn, act, &input);
}
