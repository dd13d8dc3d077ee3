/*
 * AUTHENTICATE: an exchange of SASL and what becomes of it, before registration (900 and 903 are
 * ours, and the account goes along with INPUT_REGISTER) and after (INPUT_LOGIN, and the core says
 * them). Pure; one thread at a time. IRCv3 SASL 3.1 and 3.2.
 */
#include "peer_priv.h"

#include "alloc.h"
#include "numeric.h"
#include "session_limits.h"
#include "settings_caps.h"

#include <stdlib.h>

void login_free(struct peer *peer)
{
    struct peer_login **login = peer_login(peer);
    if (*login != NULL) {
        sasl_finish(&(*login)->sasl);
        free((*login)->nick);
        free(*login);
        *login = NULL;
    }
}

void login_abort(struct peer *peer, const struct peer_env *env)
{
    if (peer_logs_in(peer) != NULL) {
        peer_numeric(peer, env, ERR_SASLABORTED, ":SASL authentication aborted");
        login_free(peer);
    }
}

static enum peer_act refuse(struct peer *peer, const struct peer_env *env, int numeric,
                            const char *text)
{
    peer_numeric(peer, env, numeric, ":%s", text);
    login_free(peer);
    struct peer_signup *signup = peer->signup;
    if (signup != NULL && ++signup->login_failures >= PEER_LOGIN_FAILURES_MAX) {
        return signup_close(peer, env, "Too many failed logins");
    }
    return PEER_NOTHING;
}

static enum peer_act refuse_login(struct peer *peer, const struct peer_env *env)
{
    return refuse(peer, env, ERR_SASLFAIL, "SASL authentication failed");
}

static enum peer_act refuse_for_now(struct peer *peer, const struct peer_env *env)
{
    return refuse(peer, env, ERR_SASLFAIL,
                  "SASL authentication is temporarily unavailable, try again later");
}

void signup_log_in(struct peer *peer, const struct account_state *account)
{
    struct peer_signup *signup = peer->signup;
    signup->account = account->id;
    free(signup->account_name);
    signup->account_name = str_dup(account->name);
}

static enum peer_act let_in(struct peer *peer, const struct peer_env *env,
                            const struct account_state *account, struct input *ret_input)
{
    struct peer_signup *signup = peer->signup;
    if (signup == NULL) {
        *ret_input = (struct input){
            .kind = INPUT_LOGIN,
            .session = env->session,
            .now_ms = env->wall_ms,
            .login = {.account = account->id, .sasl = true},
        };
        login_free(peer);
        return PEER_INPUT;
    }
    signup_log_in(peer, account);
    peer_numeric(peer, env, RPL_LOGGEDIN, "%s!%s@%s %s :You are now logged in as %s",
                 signup->nick != NULL ? signup->nick : "*",
                 signup->user != NULL ? signup->user : "*", signup->host, signup->account_name,
                 signup->account_name);
    peer_numeric(peer, env, RPL_SASLSUCCESS, ":SASL authentication successful");
    login_free(peer);
    return PEER_NOTHING;
}

/* A message of ours, in lines of 400 bytes; a full last one is followed by an empty one. */
static void say_message(const struct peer_env *env, struct str message)
{
    struct buf text = {0};
    secret_add_base64(&text, message.p, message.len);
    struct str rest = buf_str(&text);
    size_t len;
    do {
        len = rest.len < SASL_PIECE_BYTES ? rest.len : SASL_PIECE_BYTES;
        buf_printf(env->out, "AUTHENTICATE " STR_FMT "\r\n", len > 0 ? (int)len : 1,
                   len > 0 ? rest.p : "+");
        rest = str_make(rest.p + len, rest.len - len);
    } while (len == SASL_PIECE_BYTES);
    buf_finish(&text);
}

static enum peer_act seek(struct peer *peer, const struct peer_env *env, struct input *ret_input)
{
    const struct sasl *sasl = &peer_logs_in(peer)->sasl;
    *ret_input =
        (struct input){.kind = INPUT_CREDENTIALS, .session = env->session, .now_ms = env->wall_ms};
    struct input_credentials *credentials = &ret_input->credentials;
    credentials->name_folded = arena_copy(env->arena, str_from(sasl->folded));
    if (sasl->folded == NULL) {
        credentials->fingerprint = arena_copy(env->arena, str_from(sasl->fingerprint));
    }
    if (peer->signup != NULL) {
        credentials->host = arena_copy(env->arena, str_from(peer->signup->host));
    }
    return PEER_INPUT;
}

static enum peer_act follow(struct peer *peer, const struct peer_env *env, enum sasl_next next,
                            struct str message, struct input *ret_input)
{
    switch (next) {
    case SASL_WAIT:
        return PEER_NOTHING;
    case SASL_SAY:
        say_message(env, message);
        return PEER_NOTHING;
    case SASL_SEEK:
        return seek(peer, env, ret_input);
    case SASL_CHECK:
        signup_work_begins(peer, env);
        return PEER_WORK;
    case SASL_PROVEN:
        return let_in(peer, env, peer_logs_in(peer)->sasl.account, ret_input);
    case SASL_TOO_LONG:
        return refuse(peer, env, ERR_SASLTOOLONG, "SASL message too long");
    default:
        return refuse_login(peer, env);
    }
}

static enum peer_act begin(struct peer *peer, const struct peer_env *env, struct str name)
{
    struct peer_login *login = peer_logs_in(peer);
    enum sasl_mechanism mechanism;
    if (sasl_mechanism_find(env->settings, peer->tls, name, &mechanism) != STATUS_OK) {
        struct buf offered = {0};
        settings_add_mechanisms(env->settings, peer->tls, &offered);
        peer_numeric(peer, env, RPL_SASLMECHS, STR_FMT " :are available SASL mechanisms",
                     STR_ARG(buf_str(&offered)));
        buf_finish(&offered);
        return refuse_login(peer, env);
    }
    sasl_init(&login->sasl, mechanism, peer->tls);
    login->outside = env->settings->outside_logins;
    login->begun = true;
    say_message(env, (struct str){0});
    return PEER_NOTHING;
}

enum peer_act peer_authenticate(struct peer *peer, const struct peer_env *env, struct str nick,
                                struct str param, struct input *ret_input)
{
    if (*peer_login(peer) == NULL) {
        *peer_login(peer) = xcalloc(1, sizeof(struct peer_login));
    }
    struct peer_login *login = *peer_login(peer);
    free(login->nick);
    login->nick = str_dup(nick);
    if (str_eq(param, STR("*"))) {
        login_abort(peer, env);
        return PEER_NOTHING;
    }
    if (!login->begun) {
        return begin(peer, env, param);
    }
    struct buf message = {0};
    enum sasl_next next = sasl_take(&login->sasl, env, param, &message);
    enum peer_act act = follow(peer, env, next, buf_str(&message), ret_input);
    buf_finish(&message);
    return act;
}

static bool is_at(const struct peer *peer, enum sasl_step step)
{
    return peer_logs_in(peer) != NULL && peer_logs_in(peer)->begun &&
           peer_logs_in(peer)->sasl.step == step;
}

enum peer_act peer_credentials(struct peer *peer, const struct peer_env *env,
                               struct account_state *account, bool failed, struct input *ret_input)
{
    if (!is_at(peer, SASL_SEEKING)) {
        return PEER_NOTHING;
    }
    if (failed) {
        return refuse(peer, env, ERR_SASLFAIL,
                      "SASL authentication failed: too many attempts, try again later");
    }
    struct buf message = {0};
    enum sasl_next next = sasl_found(&peer_logs_in(peer)->sasl, env, account, &message);
    enum peer_act act = follow(peer, env, next, buf_str(&message), ret_input);
    buf_finish(&message);
    return act;
}

/* Somebody else has said that this is who it says; there is no account of that name yet. */
static enum peer_act enrol(struct peer *peer, const struct peer_env *env, struct input *ret_input)
{
    struct sasl *sasl = &peer_logs_in(peer)->sasl;
    struct str name = str_from(sasl->name);
    if (!env->settings->outside_create || name_check_nick(name) != NAME_OK ||
        name.len > env->settings->nick_len) {
        return refuse_login(peer, env);
    }
    sasl->step = SASL_ENROLLING;
    *ret_input =
        (struct input){.kind = INPUT_ENROL, .session = env->session, .now_ms = env->wall_ms};
    ret_input->enrol.name = peer_make_name(env, name);
    ret_input->enrol.name.verdict = NAME_OK;
    ret_input->enrol.outside = true;
    ret_input->enrol.nick =
        arena_copy(env->arena, str_from(peer->signup == NULL         ? peer_logs_in(peer)->nick
                                        : peer->signup->nick != NULL ? peer->signup->nick
                                                                     : "*"));
    return PEER_INPUT;
}

enum peer_act login_worked(struct peer *peer, const struct peer_env *env,
                           const struct peer_result *result, struct input *ret_input)
{
    if (!is_at(peer, SASL_CHECKING)) {
        return PEER_NOTHING;
    }
    const struct sasl *sasl = &peer_logs_in(peer)->sasl;
    if (result->unavailable) {
        return refuse_for_now(peer, env);
    }
    struct peer_order order;
    peer_order(peer, &order);
    if (!result->right || (sasl->account == NULL && order.kind != ORDER_OUTSIDE)) {
        return refuse_login(peer, env);
    }
    return sasl->account != NULL ? let_in(peer, env, sasl->account, ret_input)
                                 : enrol(peer, env, ret_input);
}

enum peer_act login_signed_up(struct peer *peer, const struct peer_env *env,
                              const struct account_state *account, struct input *ret_input)
{
    if (!is_at(peer, SASL_ENROLLING)) {
        return PEER_NOTHING;
    }
    return account != NULL ? let_in(peer, env, account, ret_input) : refuse_login(peer, env);
}

void peer_order(const struct peer *peer, struct peer_order *ret_order)
{
    *ret_order = (struct peer_order){0};
    if (peer_logs_in(peer) == NULL) {
        const struct enrolment *enrolment = peer->signup->enrolment;
        ret_order->kind = ORDER_KEYS;
        ret_order->name = str_from(enrolment->name);
        ret_order->password = str_from(enrolment->password);
        return;
    }
    const struct sasl *sasl = &peer_logs_in(peer)->sasl;
    ret_order->name = str_from(sasl->name);
    ret_order->password = str_from(sasl->password);
    if (sasl->account != NULL) {
        ret_order->hash = sasl->account->password_hash;
    }
    ret_order->kind =
        peer_logs_in(peer)->outside && ret_order->hash.len == 0 ? ORDER_OUTSIDE : ORDER_VERIFY;
}

enum peer_act peer_worked(struct peer *peer, const struct peer_env *env,
                          const struct peer_result *result, struct input *ret_input)
{
    signup_work_ends(peer, env);
    if (peer_logs_in(peer) != NULL) {
        return login_worked(peer, env, result, ret_input);
    }
    return enrol_worked(peer, env, result, ret_input);
}
