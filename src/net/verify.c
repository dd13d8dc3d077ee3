/*
 * Checking passwords: Argon2id takes long on purpose, so it runs on libuv's worker threads and the
 * verdict comes back to the edge. One check at a time for each connection.
 */
#include "edge_priv.h"

#include "alloc.h"

#include <sodium.h>
#include <stdlib.h>

struct verify {
    uv_work_t work;
    struct edge *edge;
    session_id id;
    bool gateway; /* of WEBIRC */
    bool signup;  /* of PASS, before registration; else of OPER */
    bool right;
    char *password;
    char *hash;
};

/* Of a password that nobody knows: checked where there is no such operator, so that the time taken
 * does not tell. Interactive parameters, as `marud genpasswd` makes them. */
static const char dummy_hash[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                 "GKpsbRVHAJvhYnvhyvQnkBhbaEAUDZkCL6ZtLBZqJ5k";

static void on_work(uv_work_t *work)
{
    struct verify *verify = work->data;
    verify->right =
        crypto_pwhash_str_verify(verify->hash, verify->password, strlen(verify->password)) == 0;
}

static void apply_verdict(struct conn *conn, const struct verify *verify)
{
    struct edge *edge = conn->edge;
    struct input input = {
        .kind = INPUT_VERDICT,
        .session = conn->id,
        .now_ms = edge->wall_ms,
        .verdict.right = verify->right,
    };
    if (verify->gateway) {
        webirc_verdict(conn, verify->right, verify->hash);
        return;
    }
    if (!verify->signup) {
        turn_add_input(conn, &input, (struct str){0});
        return;
    }
    struct peer_env env = conn_env(conn);
    buf_clear(&edge->out);
    conn->held = false;
    enum peer_act act = peer_verdict(&conn->peer, &env, verify->right, &input);
    if (act == PEER_CLOSE) {
        conn_close_after(conn, buf_str(&edge->out));
    } else {
        conn_act(conn, act, &input, (struct str){0});
    }
}

static void on_done(uv_work_t *work, int status)
{
    struct verify *verify = work->data;
    struct edge *edge = verify->edge;
    uint32_t slot = session_id_slot(verify->id);
    struct conn *conn = slot < edge->n_slots ? edge->conns[slot] : NULL;
    edge_update_time(edge);
    if (conn != NULL && conn->id == verify->id) {
        conn->verify = NULL;
        if (!conn->closing && !conn->doomed) {
            apply_verdict(conn, verify);
        }
    }
    sodium_memzero(verify->password, strlen(verify->password));
    free(verify->password);
    free(verify->hash);
    free(verify);
}

static void begin(struct conn *conn, bool signup, struct str password, const char *hash)
{
    struct verify *verify = xcalloc(1, sizeof(*verify));
    verify->work.data = verify;
    verify->edge = conn->edge;
    verify->id = conn->id;
    verify->signup = signup;
    verify->password = str_dup(password);
    verify->hash = str_dup(str_from(hash != NULL ? hash : dummy_hash));
    conn->verify = verify;
    CHECK(uv_queue_work(&conn->edge->loop, &verify->work, on_work, on_done) == 0);
}

void verify_abandon(struct conn *conn)
{
    if (conn->verify != NULL) {
        (void)uv_cancel((uv_req_t *)&conn->verify->work); /* on_done follows in any case. */
        conn->verify = NULL;
    }
}

void verify_signup(struct conn *conn)
{
    struct str password;
    const char *hash;
    peer_password(&conn->peer, conn->edge->settings, &password, &hash);
    begin(conn, true, password, hash);
}

void verify_gateway(struct conn *conn, struct str password, const char *hash)
{
    begin(conn, false, password, hash);
    conn->verify->gateway = true;
}

void verify_operator(struct conn *conn, unsigned operator_index, struct str password)
{
    const struct settings *settings = conn->edge->settings;
    begin(conn, false, password,
          operator_index < settings->n_operators ? settings->operators[operator_index].password_hash
                                                 : NULL);
}
