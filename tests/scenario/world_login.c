/*
 * Logging in to the virtual server, as src/net/conn_login.c and worker.c have it. Workers are at
 * once here and their keys are cheap: a password's hash is the password behind "plain:". The script
 * (or nobody) is who is asked outside: whoever's password is "outside" is let in. Tests only; one
 * thread.
 */
#include "world_priv.h"

#include "alloc.h"
#include "password.h"
#include "scram.h"

#include <openssl/evp.h>
#include <sodium.h>

static bool is_ended(const struct world_conn *conn)
{
    return conn->closing || conn->doomed || conn->gone;
}

/* ---- what the connection knows ---- */

static void add_chance(void *ctx, void *to, size_t len)
{
    struct world_conn *conn = ctx;
    for (size_t i = 0; i < len; i++) {
        ((unsigned char *)to)[i] = (unsigned char)(conn->chance++ * 7);
    }
}

static bool add_fingerprint(void *ctx, struct buf *out)
{
    const struct world_conn *conn = ctx;
    if (conn->certificate != NULL) {
        buf_add_cstr(out, conn->certificate);
    }
    return conn->certificate != NULL;
}

static bool add_binding(void *ctx, struct str type, struct buf *out)
{
    const struct world_conn *conn = ctx;
    if (conn->peer.tls && str_eq(type, STR("tls-exporter"))) {
        buf_add_cstr(out, "this channel");
        return true;
    }
    return false;
}

const struct peer_calls world_peer_calls = {
    .take_chance = add_chance,
    .add_fingerprint = add_fingerprint,
    .add_binding = add_binding,
};

const unsigned char world_secret[PEER_SECRET_BYTES] = "the secret of the virtual server";

/* ---- workers ---- */

static void make_keys(const struct settings *settings, struct str password, struct buf *hash,
                      struct buf *scram)
{
    struct scram_keys keys = {.iterations = settings->scram_iterations, .salt_len = 8};
    unsigned char salted[SCRAM_HASH_BYTES];
    struct buf prepared = {0};
    if (password_prepare(password, &prepared) == STATUS_OK) {
        memcpy(keys.salt, "saltsalt", 8);
        CHECK(PKCS5_PBKDF2_HMAC(prepared.p, (int)prepared.len, keys.salt, (int)keys.salt_len,
                                (int)keys.iterations, EVP_sha256(), sizeof(salted), salted) == 1);
        scram_keys_make(salted, &keys);
        scram_keys_add(&keys, scram);
        buf_printf(hash, "plain:" STR_FMT, STR_ARG(buf_str(&prepared)));
    }
    buf_finish(&prepared);
}

static bool fits(struct str password, struct str hash)
{
    struct buf prepared = {0};
    bool right = password_prepare(password, &prepared) == STATUS_OK &&
                 hash.len == prepared.len + 6 && memcmp(hash.p + 6, prepared.p, prepared.len) == 0;
    buf_finish(&prepared);
    return right;
}

void conn_order(struct world *world, struct world_conn *conn)
{
    struct peer_env env = conn_env(world, conn);
    struct peer_order order;
    struct peer_result result = {0};
    struct buf hash = {0};
    struct buf scram = {0};
    peer_order(&conn->peer, &order);
    switch (order.kind) {
    case ORDER_VERIFY:
        result.right = fits(order.password, order.hash);
        break;
    case ORDER_KEYS:
        make_keys(env.settings, order.password, &hash, &scram);
        result.keys = (struct password_keys){buf_str(&hash), buf_str(&scram)};
        break;
    case ORDER_OUTSIDE:
        result.right = str_eq(order.password, STR("outside"));
        result.unavailable = str_eq(order.password, STR("silence"));
        break;
    }
    struct input input = {0};
    buf_clear(&world->out);
    conn->held = false;
    enum peer_act what = peer_worked(&conn->peer, &env, &result, &input);
    conn_go_on(world, conn, what, &input);
    buf_finish(&hash);
    buf_finish(&scram);
}

/* ---- effects ---- */

static void verify(struct world *world, struct world_conn *conn, const struct effect *effect)
{
    if (effect->account == NULL) {
        conn->verify = VERIFY_OPERATOR; /* The script says how it ends. */
        return;
    }
    struct input input = {.kind = INPUT_VERDICT, .session = conn->id, .now_ms = world->wall_ms};
    input.verdict.right = fits(effect->message->body, effect->account->password_hash);
    world_add_input(world, conn, &input, (struct str){0});
}

static void hash_password(struct world *world, struct world_conn *conn, struct str password)
{
    struct peer_env env = conn_env(world, conn);
    struct input input = {.kind = INPUT_HASHED, .session = conn->id, .now_ms = world->wall_ms};
    struct buf hash = {0};
    struct buf scram = {0};
    make_keys(env.settings, password, &hash, &scram);
    input.hashed.keys.hash = arena_copy(&world->arena, buf_str(&hash));
    input.hashed.keys.scram = arena_copy(&world->arena, buf_str(&scram));
    input.hashed.code = peer_make_code(&env);
    world_add_input(world, conn, &input, (struct str){0});
    buf_finish(&hash);
    buf_finish(&scram);
}

static void log_in(struct world *world, struct world_conn *conn, const struct effect *effect)
{
    struct peer_env env = conn_env(world, conn);
    struct input input = {0};
    struct str body = effect->message != NULL ? effect->message->body : (struct str){0};
    enum peer_act what;
    buf_clear(&world->out);
    conn->held = false;
    if (effect->kind == EFFECT_SASL) {
        struct str nick = str_split(&body, ' ');
        what = peer_authenticate(&conn->peer, &env, nick, body, &input);
    } else if (effect->kind == EFFECT_CREDENTIALS) {
        what = peer_credentials(&conn->peer, &env, effect->account, effect->failed, &input);
    } else {
        what = peer_signed_up(&conn->peer, &env, body, effect->account, &input);
    }
    conn_go_on(world, conn, what, &input);
}

bool conn_apply_login(struct world *world, struct world_conn *conn, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_VERIFY:
    case EFFECT_HASH:
    case EFFECT_SASL:
    case EFFECT_CREDENTIALS:
    case EFFECT_SIGNUP:
        break;
    default:
        return false;
    }
    if (is_ended(conn)) {
        return true;
    }
    if (effect->kind == EFFECT_VERIFY) {
        verify(world, conn, effect);
    } else if (effect->kind == EFFECT_HASH) {
        hash_password(world, conn, effect->message->body);
    } else {
        log_in(world, conn, effect);
    }
    return true;
}

void world_certificate(struct world *world, unsigned number, struct str fingerprint)
{
    CHECK(number < world->n_conns);
    world->conns[number]->certificate = str_dup(fingerprint);
}
