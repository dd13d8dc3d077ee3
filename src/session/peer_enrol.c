/*
 * REGISTER and VERIFY before registration (draft/account-registration, "before-connect"): what the
 * edge can refuse is refused here, the password's keys are made off its thread, and the core
 * decides. Pure; one thread at a time.
 */
#include "peer_priv.h"

#include "alloc.h"
#include "enrol.h"
#include "session_limits.h"

#include <stdlib.h>

enum { CODE_BYTES = 10 };

void enrol_free(struct peer *peer)
{
    struct enrolment *enrolment = peer->signup->enrolment;
    if (enrolment == NULL) {
        return;
    }
    secret_free(enrolment->password);
    free(enrolment->name);
    free(enrolment->email);
    free(enrolment);
    peer->signup->enrolment = NULL;
}

static enum peer_act fail(const struct peer_env *env, const char *verb, const char *code,
                          struct str context, const char *text)
{
    buf_printf(env->out, ":%s FAIL %s %s " STR_FMT " :%s\r\n", env->settings->server_name, verb,
               code, STR_ARG(context), text);
    return PEER_NOTHING;
}

/* What both commands need; false, and answered, where it is not so. */
static bool may_enrol(const struct peer *peer, const struct peer_env *env, const char *verb,
                      struct str account)
{
    if (!env->settings->registration) {
        fail(env, verb, "TEMPORARILY_UNAVAILABLE", account, "Nobody can register here");
    } else if (!settings_registers_early(env->settings)) {
        fail(env, verb, "COMPLETE_CONNECTION_REQUIRED", account, "Come in first, then register");
    } else if (peer->signup->account != 0) {
        fail(env, verb, "ALREADY_AUTHENTICATED", account, "You are logged in already");
    } else {
        return true;
    }
    return false;
}

static char *fold(const struct peer_env *env, struct str name)
{
    buf_clear(env->scratch);
    name_fold(env->settings->casemapping, name, env->scratch);
    return str_dup(buf_str(env->scratch));
}

static bool is_nick(const struct peer_env *env, struct str account, const char *nick)
{
    char *a = fold(env, account);
    char *b = fold(env, str_from(nick));
    bool same = strcmp(a, b) == 0;
    free(a);
    free(b);
    return same;
}

/* False, and answered, where there can be no such account. */
static bool check_name(const struct peer *peer, const struct peer_env *env, struct str account)
{
    enum name_verdict verdict = name_check_nick(account);
    if (verdict != NAME_OK || account.len > env->settings->nick_len) {
        fail(env, "REGISTER", "BAD_ACCOUNT_NAME", signup_word(account, 100),
             verdict != NAME_OK ? name_verdict_text(verdict) : "That name is too long");
        return false;
    }
    if (!env->settings->registration_custom_names && !is_nick(env, account, peer->signup->nick)) {
        fail(env, "REGISTER", "ACCOUNT_NAME_MUST_BE_NICK", account,
             "An account has the nickname that you have now");
        return false;
    }
    return true;
}

enum peer_act enrol_register(struct peer *peer, const struct peer_env *env, const struct line *line)
{
    struct peer_signup *signup = peer->signup;
    if (line->n_params < 3) {
        peer_numeric(peer, env, 461, "REGISTER :Not enough parameters");
        return PEER_NOTHING;
    }
    struct str account = line->params[0];
    struct str email = line->params[1];
    struct str password = line->params[2];
    if (!may_enrol(peer, env, "REGISTER", signup_word(account, 100))) {
        return PEER_NOTHING;
    }
    if (++signup->enrolments > PEER_ENROLMENTS_MAX) {
        return fail(env, "REGISTER", "TEMPORARILY_UNAVAILABLE", signup_word(account, 100),
                    "Too many attempts on one connection");
    }
    if (signup->nick == NULL) {
        return fail(env, "REGISTER", "NEED_NICK", STR("*"), "Say which nickname you want first");
    }
    if (str_eq(account, STR("*"))) {
        account = str_from(signup->nick);
    }
    if (!check_name(peer, env, account)) {
        return PEER_NOTHING;
    }
    struct enrol_fault fault = enrol_check_email(env->settings, email);
    if (fault.code == NULL) {
        fault = enrol_check_password(env->settings, password);
    }
    if (fault.code != NULL) {
        return fail(env, "REGISTER", fault.code, account, fault.text);
    }
    signup->enrolment = xcalloc(1, sizeof(*signup->enrolment));
    signup->enrolment->name = str_dup(account);
    signup->enrolment->email = str_dup(enrol_has_email(email) ? email : STR(""));
    signup->enrolment->password = str_dup(password);
    signup_work_begins(peer, env);
    return PEER_WORK;
}

/* What VERIFY must say: letters and digits that nobody mistakes for others. */
struct str peer_make_code(const struct peer_env *env)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    unsigned char chance[CODE_BYTES * 2];
    char *code = arena_take(env->arena, CODE_BYTES);
    env->calls->take_chance(env->ctx, chance, sizeof(chance));
    for (size_t i = 0; i < CODE_BYTES; i++) {
        unsigned number = (unsigned)chance[2 * i] << 8 | chance[2 * i + 1];
        code[i] = letters[number % (sizeof(letters) - 1)];
    }
    return str_make(code, CODE_BYTES);
}

static struct str nick_so_far(const struct peer *peer, const struct peer_env *env)
{
    const char *nick = peer->signup->nick;
    return arena_copy(env->arena, str_from(nick != NULL ? nick : "*"));
}

enum peer_act enrol_worked(struct peer *peer, const struct peer_env *env,
                           const struct peer_result *result, struct input *ret_input)
{
    struct enrolment *enrolment = peer->signup != NULL ? peer->signup->enrolment : NULL;
    if (enrolment == NULL || enrolment->password == NULL) {
        return PEER_NOTHING;
    }
    if (result->unavailable || result->keys.hash.len == 0) {
        fail(env, "REGISTER", "TEMPORARILY_UNAVAILABLE", str_from(enrolment->name),
             "Too many want to register now, try again later");
        enrol_free(peer);
        return PEER_NOTHING;
    }
    *ret_input =
        (struct input){.kind = INPUT_ENROL, .session = env->session, .now_ms = env->wall_ms};
    struct input_enrol *enrol = &ret_input->enrol;
    enrol->name = peer_make_name(env, str_from(enrolment->name));
    enrol->name.verdict = NAME_OK;
    enrol->email = arena_copy(env->arena, str_from(enrolment->email));
    enrol->code = peer_make_code(env);
    enrol->keys.hash = arena_copy(env->arena, result->keys.hash);
    enrol->keys.scram = arena_copy(env->arena, result->keys.scram);
    enrol->nick = nick_so_far(peer, env);
    enrol->host = arena_copy(env->arena, str_from(peer->signup->host));
    secret_free(enrolment->password);
    enrolment->password = NULL;
    return PEER_INPUT;
}

enum peer_act enrol_verify(struct peer *peer, const struct peer_env *env, const struct line *line,
                           struct input *ret_input)
{
    if (line->n_params < 2) {
        peer_numeric(peer, env, 461, "VERIFY :Not enough parameters");
        return PEER_NOTHING;
    }
    struct str account = line->params[0];
    if (!may_enrol(peer, env, "VERIFY", signup_word(account, 100))) {
        return PEER_NOTHING;
    }
    if (str_eq(account, STR("*")) && peer->signup->nick != NULL) {
        account = str_from(peer->signup->nick);
    }
    peer->signup->enrolment = xcalloc(1, sizeof(*peer->signup->enrolment));
    *ret_input =
        (struct input){.kind = INPUT_CONFIRM, .session = env->session, .now_ms = env->wall_ms};
    ret_input->confirm.name_folded = peer_make_name(env, account).folded;
    ret_input->confirm.code = arena_copy(env->arena, line->params[1]);
    ret_input->confirm.nick = nick_so_far(peer, env);
    ret_input->confirm.host = arena_copy(env->arena, str_from(peer->signup->host));
    return PEER_INPUT;
}

enum peer_act peer_signed_up(struct peer *peer, const struct peer_env *env, struct str lines,
                             const struct account_state *account, struct input *ret_input)
{
    if (peer_logs_in(peer) != NULL) {
        return login_signed_up(peer, env, account, ret_input);
    }
    if (peer->signup == NULL || peer->signup->enrolment == NULL) {
        return PEER_NOTHING;
    }
    buf_add_str(env->out, lines);
    enrol_free(peer);
    if (account != NULL) {
        signup_log_in(peer, account);
    }
    return PEER_NOTHING;
}
