/* The mechanisms, each as far as it goes alone. Pure. */
#include "sasl.h"

#include "alloc.h"
#include "session_limits.h"
#include "settings_caps.h"

#include <stdlib.h>

static const struct str names[SASL_MECHANISMS] = {
    [SASL_PLAIN] = {"PLAIN", 5},
    [SASL_EXTERNAL] = {"EXTERNAL", 8},
    [SASL_SCRAM_SHA_256] = {"SCRAM-SHA-256", 13},
    [SASL_SCRAM_SHA_256_PLUS] = {"SCRAM-SHA-256-PLUS", 18},
};

int sasl_mechanism_find(const struct settings *settings, bool tls, struct str name,
                        enum sasl_mechanism *ret)
{
    struct buf offered = {0};
    settings_add_mechanisms(settings, tls, &offered);
    struct str rest = buf_str(&offered);
    int status = STATUS_NOT_FOUND;
    while (rest.p != NULL && status != STATUS_OK) {
        if (str_eq_nocase(str_split(&rest, ','), name)) {
            status = STATUS_OK;
        }
    }
    buf_finish(&offered);
    for (unsigned i = 0; status == STATUS_OK && i < SASL_MECHANISMS; i++) {
        if (str_eq_nocase(names[i], name)) {
            *ret = (enum sasl_mechanism)i;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

void sasl_init(struct sasl *sasl, enum sasl_mechanism mechanism, bool tls)
{
    *sasl = (struct sasl){.mechanism = mechanism, .step = SASL_FIRST, .tls = tls};
}

void sasl_finish(struct sasl *sasl)
{
    secret_finish(&sasl->message);
    secret_free(sasl->password);
    free(sasl->name);
    free(sasl->folded);
    free(sasl->fingerprint);
    account_state_unref(sasl->account);
    scram_finish(&sasl->scram);
    *sasl = (struct sasl){0};
}

static char *fold(const struct peer_env *env, struct str name)
{
    buf_clear(env->scratch);
    name_fold(env->settings->casemapping, name, env->scratch);
    return str_dup(buf_str(env->scratch));
}

/* Keeps whom it wants to be. To act for somebody else (another authzid) is not offered. */
static bool set_name(struct sasl *sasl, const struct peer_env *env, struct str name,
                     struct str authzid)
{
    if (name.len == 0 || name.len > SASL_NAME_MAX || !str_is_utf8(name) ||
        memchr(name.p, '\0', name.len) != NULL) {
        return false;
    }
    sasl->name = str_dup(name);
    sasl->folded = fold(env, name);
    if (authzid.len == 0) {
        return true;
    }
    char *other = str_is_utf8(authzid) ? fold(env, authzid) : NULL;
    bool same = other != NULL && strcmp(other, sasl->folded) == 0;
    free(other);
    return same;
}

/* RFC 4616: authzid, NUL, authcid, NUL, password. */
static enum sasl_next plain(struct sasl *sasl, const struct peer_env *env, struct str message)
{
    struct str authzid = str_split(&message, '\0');
    struct str name = str_split(&message, '\0');
    struct str password = message;
    if (password.p == NULL || password.len == 0 || password.len > PEER_PASSWORD_MAX ||
        memchr(password.p, '\0', password.len) != NULL || !str_is_utf8(password) ||
        !set_name(sasl, env, name, authzid)) {
        return SASL_REFUSED;
    }
    sasl->password = str_dup(password);
    return SASL_SEEK;
}

/* RFC 4422 appendix A: the message is the authzid, or nothing. */
static enum sasl_next external(struct sasl *sasl, const struct peer_env *env, struct str message)
{
    struct buf fingerprint = {0};
    if (env->calls->add_fingerprint(env->ctx, &fingerprint)) {
        sasl->fingerprint = str_dup(buf_str(&fingerprint));
    }
    buf_finish(&fingerprint);
    if (sasl->fingerprint == NULL ||
        (message.len > 0 && !set_name(sasl, env, message, (struct str){0}))) {
        return SASL_REFUSED;
    }
    return SASL_SEEK;
}

static bool is_plus(const struct sasl *sasl)
{
    return sasl->mechanism == SASL_SCRAM_SHA_256_PLUS;
}

static enum sasl_next scram_begin(struct sasl *sasl, const struct peer_env *env, struct str message)
{
    enum sasl_mechanism plus;
    bool plus_offered = sasl_mechanism_find(env->settings, sasl->tls,
                                            names[SASL_SCRAM_SHA_256_PLUS], &plus) == STATUS_OK;
    if (scram_first(&sasl->scram, message, is_plus(sasl), plus_offered) != STATUS_OK ||
        !set_name(sasl, env, str_from(sasl->scram.name), str_from(sasl->scram.authzid))) {
        return SASL_REFUSED;
    }
    return SASL_SEEK;
}

static enum sasl_next scram_end(struct sasl *sasl, const struct peer_env *env, struct str message,
                                struct buf *out)
{
    struct buf binding = {0};
    enum sasl_next next = SASL_REFUSED;
    bool bound = sasl->scram.binding == NULL ||
                 env->calls->add_binding(env->ctx, str_from(sasl->scram.binding), &binding);
    if (bound && scram_last(&sasl->scram, message, buf_str(&binding), out) == STATUS_OK) {
        sasl->step = SASL_CONFIRM;
        next = SASL_SAY;
    }
    buf_finish(&binding);
    return next;
}

/* A whole message. */
static enum sasl_next take_message(struct sasl *sasl, const struct peer_env *env,
                                   struct str message, struct buf *out)
{
    enum sasl_next next = SASL_REFUSED;
    switch (sasl->step) {
    case SASL_FIRST:
        next = sasl->mechanism == SASL_PLAIN      ? plain(sasl, env, message)
               : sasl->mechanism == SASL_EXTERNAL ? external(sasl, env, message)
                                                  : scram_begin(sasl, env, message);
        sasl->step = SASL_SEEKING;
        return next;
    case SASL_PROOF:
        return scram_end(sasl, env, message, out);
    case SASL_CONFIRM:
        return message.len == 0 && sasl->account != NULL ? SASL_PROVEN : SASL_REFUSED;
    default:
        return SASL_REFUSED;
    }
}

enum sasl_next sasl_take(struct sasl *sasl, const struct peer_env *env, struct str piece,
                         struct buf *out)
{
    if (piece.len > SASL_PIECE_BYTES) {
        return SASL_TOO_LONG;
    }
    if (sasl->message.len + piece.len > SASL_MESSAGE_MAX) {
        return SASL_REFUSED; /* 905 is about one line. */
    }
    if (!str_eq(piece, STR("+"))) {
        if (sasl->message.cap == 0) {
            (void)buf_reserve(&sasl->message,
                              SASL_MESSAGE_MAX); /* It never leaves copies behind. */
        }
        buf_add_str(&sasl->message, piece);
        if (piece.len == SASL_PIECE_BYTES) {
            return SASL_WAIT;
        }
    }
    struct buf plain_text = {0};
    (void)buf_reserve(&plain_text, SASL_MESSAGE_MAX);
    enum sasl_next next = SASL_REFUSED;
    if (secret_unbase64(buf_str(&sasl->message), &plain_text) == STATUS_OK) {
        next = take_message(sasl, env, buf_str(&plain_text), out);
    }
    secret_finish(&plain_text);
    secret_finish(&sasl->message);
    return next;
}

static bool has_fingerprint(const struct account_state *account, const char *fingerprint)
{
    for (unsigned i = 0; i < account->n_fingerprints; i++) {
        if (str_eq(account->fingerprints[i], str_from(fingerprint))) {
            return true;
        }
    }
    return false;
}

/* Our first message. An account without keys is as one that is not there. */
static enum sasl_next challenge(struct sasl *sasl, const struct peer_env *env, struct buf *out)
{
    struct scram_keys keys;
    unsigned char chance[SCRAM_NONCE_BYTES];
    struct buf nonce = {0};
    if (sasl->account == NULL || scram_keys_parse(sasl->account->scram, &keys) != STATUS_OK) {
        scram_keys_pretend(env->secret, str_from(sasl->folded), env->settings->scram_iterations,
                           &keys);
    }
    env->calls->take_chance(env->ctx, chance, sizeof(chance));
    secret_add_base64(&nonce, chance, sizeof(chance));
    scram_challenge(&sasl->scram, &keys, buf_str(&nonce), out);
    secret_wipe(&keys, sizeof(keys));
    buf_finish(&nonce);
    sasl->step = SASL_PROOF;
    return SASL_SAY;
}

enum sasl_next sasl_found(struct sasl *sasl, const struct peer_env *env,
                          struct account_state *account, struct buf *out)
{
    sasl->account = account != NULL ? account_state_ref(account) : NULL;
    switch (sasl->mechanism) {
    case SASL_EXTERNAL:
        return account != NULL && has_fingerprint(account, sasl->fingerprint) ? SASL_PROVEN
                                                                              : SASL_REFUSED;
    case SASL_PLAIN:
        sasl->step = SASL_CHECKING;
        return SASL_CHECK;
    default:
        return challenge(sasl, env, out);
    }
}
