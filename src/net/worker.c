/*
 * Passwords: Argon2id and PBKDF2 take long on purpose, so they run on libuv's worker threads, and
 * what they say comes back to the edge. One thing at a time for each connection. What is asked
 * about accounts has a bound; the server's own password and operators' have that of unregistered
 * connections and of the flood buckets.
 */
#include "edge_priv.h"

#include "alloc.h"
#include "password.h"
#include "scram.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

/* Who gets what is found out. */
enum work_for { FOR_PASS, FOR_GATEWAY, FOR_ORDER, FOR_VERDICT, FOR_KEYS };

struct work {
    uv_work_t request;
    struct edge *edge;
    session_id id;
    enum work_for for_whom;
    bool counted;
    bool of_account; /* its password is prepared before anything else (password.h) */
    bool makes_keys;
    char *password;
    char *hash; /* to compare with */
    unsigned passes;
    unsigned memory_kib;
    unsigned iterations;
    bool right;
    char new_hash[crypto_pwhash_STRBYTES];
    struct buf new_scram;
};

/* Of a password that nobody knows, at the price of a new one: compared where there is nothing to
 * compare with, so that the time taken does not tell. */
static char *nobodys_hash(const struct settings *settings)
{
    struct buf hash = {0};
    buf_printf(&hash,
               "$argon2id$v=19$m=%u,t=%u,p=1$c29tZXNhbHRzb21lc2FsdA$"
               "GKpsbRVHAJvhYnvhyvQnkBhbaEAUDZkCL6ZtLBZqJ5k",
               settings->password_memory_kib, settings->password_passes);
    char *text = str_dup(buf_str(&hash));
    buf_finish(&hash);
    return text;
}

/* ---- on a worker's thread ---- */

static void make_keys(struct work *work, struct str password)
{
    struct scram_keys keys = {.iterations = work->iterations, .salt_len = SCRAM_SALT_BYTES};
    unsigned char salted[SCRAM_HASH_BYTES];
    randombytes_buf(keys.salt, keys.salt_len);
    if (crypto_pwhash_str_alg(work->new_hash, password.p, password.len, work->passes,
                              (size_t)work->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0 &&
        PKCS5_PBKDF2_HMAC(password.p, (int)password.len, keys.salt, (int)keys.salt_len,
                          (int)keys.iterations, EVP_sha256(), sizeof(salted), salted) == 1) {
        scram_keys_make(salted, &keys);
        scram_keys_add(&keys, &work->new_scram);
        work->right = true;
    }
    sodium_memzero(salted, sizeof(salted));
    sodium_memzero(&keys, sizeof(keys));
}

static void on_work(uv_work_t *request)
{
    struct work *work = request->data;
    struct buf prepared = {0};
    struct str password = str_from(work->password);
    bool fine = true;
    if (work->of_account) {
        fine = password_prepare(password, &prepared) == STATUS_OK;
        password = fine ? buf_str(&prepared) : password;
    }
    if (!work->makes_keys) {
        bool fits = crypto_pwhash_str_verify(work->hash, password.p, password.len) == 0;
        work->right = fits && fine;
    } else if (fine) {
        make_keys(work, password);
    }
    secret_finish(&prepared);
}

/* ---- on the edge's ---- */

static void tell_peer(struct conn *conn, const struct work *work, bool unavailable)
{
    struct peer_env env = conn_env(conn);
    struct input input = {0};
    const struct peer_result result = {
        .right = work->right,
        .unavailable = unavailable,
        .keys = {.hash = str_from(work->new_hash), .scram = buf_str(&work->new_scram)},
    };
    buf_clear(&conn->edge->out);
    conn->held = false;
    enum peer_act act = work->for_whom == FOR_PASS
                            ? peer_verdict(&conn->peer, &env, work->right, &input)
                            : peer_worked(&conn->peer, &env, &result, &input);
    conn_go_on(conn, act, &input);
}

static void tell_core(struct conn *conn, const struct work *work, bool unavailable)
{
    struct edge *edge = conn->edge;
    struct input input = {.session = conn->id, .now_ms = edge->wall_ms};
    if (work->for_whom == FOR_VERDICT) {
        input.kind = INPUT_VERDICT;
        input.verdict.right = work->right;
        input.verdict.unavailable = unavailable;
    } else {
        struct peer_env env = conn_env(conn);
        input.kind = INPUT_HASHED;
        input.hashed.keys.hash = arena_copy(&edge->arena, str_from(work->new_hash));
        input.hashed.keys.scram = arena_copy(&edge->arena, buf_str(&work->new_scram));
        input.hashed.code = peer_make_code(&env);
    }
    turn_add_input(conn, &input, (struct str){0});
}

static void tell(struct conn *conn, const struct work *work, bool unavailable)
{
    if (conn->closing || conn->doomed) {
        return;
    }
    if (work->for_whom == FOR_GATEWAY) {
        webirc_verdict(conn, work->right, work->hash);
    } else if (work->for_whom == FOR_PASS || work->for_whom == FOR_ORDER) {
        tell_peer(conn, work, unavailable);
    } else {
        tell_core(conn, work, unavailable);
    }
}

static void destroy(struct work *work)
{
    secret_free(work->password);
    sodium_memzero(work->new_hash, sizeof(work->new_hash));
    free(work->hash);
    buf_finish(&work->new_scram);
    free(work);
}

static void on_done(uv_work_t *request, int status)
{
    struct work *work = request->data;
    struct edge *edge = work->edge;
    struct conn *conn = edge_find_conn(edge, work->id);
    edge->n_work -= work->counted ? 1 : 0;
    edge_update_time(edge);
    if (conn != NULL) {
        conn->work = NULL;
        tell(conn, work, false);
    }
    destroy(work);
}

static struct work *create(struct conn *conn, enum work_for for_whom, struct str password)
{
    const struct settings *settings = conn->edge->settings;
    struct work *work = xcalloc(1, sizeof(*work));
    work->request.data = work;
    work->edge = conn->edge;
    work->id = conn->id;
    work->for_whom = for_whom;
    work->password = str_dup(password);
    work->passes = settings->password_passes;
    work->memory_kib = settings->password_memory_kib;
    work->iterations = settings->scram_iterations;
    return work;
}

static void start(struct conn *conn, struct work *work)
{
    struct edge *edge = conn->edge;
    if (work->of_account && edge->n_work >= WORKER_QUEUE_MAX) {
        tell(conn, work, true);
        destroy(work);
        return;
    }
    work->counted = work->of_account;
    edge->n_work += work->counted ? 1 : 0;
    conn->work = work;
    CHECK(uv_queue_work(&edge->loop, &work->request, on_work, on_done) == 0);
}

static void start_verify(struct conn *conn, struct work *work, struct str hash)
{
    work->hash = hash.len > 0 ? str_dup(hash) : nobodys_hash(conn->edge->settings);
    start(conn, work);
}

void worker_abandon(struct conn *conn)
{
    if (conn->work != NULL) {
        (void)uv_cancel((uv_req_t *)&conn->work->request); /* on_done follows in any case. */
        conn->work = NULL;
    }
}

void worker_signup(struct conn *conn)
{
    struct str password;
    const char *hash;
    peer_password(&conn->peer, conn->edge->settings, &password, &hash);
    start_verify(conn, create(conn, FOR_PASS, password), str_from(hash));
}

void worker_gateway(struct conn *conn, struct str password, const char *hash)
{
    start_verify(conn, create(conn, FOR_GATEWAY, password), str_from(hash));
}

void worker_order(struct conn *conn)
{
    struct edge *edge = conn->edge;
    struct peer_order order;
    peer_order(&conn->peer, &order);
    struct work *work = create(conn, FOR_ORDER, order.password);
    work->of_account = true;
    switch (order.kind) {
    case ORDER_VERIFY:
        start_verify(conn, work, order.hash);
        break;
    case ORDER_KEYS:
        work->makes_keys = true;
        start(conn, work);
        break;
    case ORDER_OUTSIDE: {
        struct buf address = {0};
        address_add(&conn->address, &address);
        bool asked =
            edge->outside.ask != NULL && edge->outside.ask(edge->outside.ctx, conn->id, order.name,
                                                           order.password, buf_str(&address));
        buf_finish(&address);
        if (!asked) {
            tell(conn, work, true);
        }
        destroy(work);
        break;
    }
    }
}

void worker_outside(struct conn *conn, const struct effect *effect)
{
    const struct work answer = {.for_whom = FOR_ORDER, .right = effect->right};
    tell(conn, &answer, effect->failed);
}

void worker_verify(struct conn *conn, const struct effect *effect)
{
    if (conn->closing || conn->doomed || conn->work != NULL) {
        return;
    }
    const struct settings *settings = conn->edge->settings;
    struct work *work = create(conn, FOR_VERDICT, effect->message->body);
    struct str hash = {0};
    if (effect->account != NULL) {
        work->of_account = true;
        hash = effect->account->password_hash;
    } else if (effect->operator_index < settings->n_operators) {
        hash = str_from(settings->operators[effect->operator_index].password_hash);
    }
    start_verify(conn, work, hash);
}

void worker_hash(struct conn *conn, struct str password)
{
    if (conn->closing || conn->doomed || conn->work != NULL) {
        return;
    }
    struct work *work = create(conn, FOR_KEYS, password);
    work->of_account = true;
    work->makes_keys = true;
    start(conn, work);
}
