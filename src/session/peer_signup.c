/*
 * Before registration: PASS, CAP, NICK, USER, and nothing else. Nothing of it reaches the core
 * until it is complete. Modern IRC, "Connection Registration"; IRCv3 capability negotiation. Pure;
 * one thread at a time.
 */
#include "peer_priv.h"

#include "alloc.h"
#include "numeric.h"
#include "session_limits.h"
#include "settings_caps.h"

#include <stdarg.h>
#include <stdlib.h>

void peer_numeric(const struct peer *peer, const struct peer_env *env, int numeric,
                  const char *format, ...)
{
    const char *nick = peer->signup != NULL         ? peer->signup->nick
                       : peer_logs_in(peer) != NULL ? peer_logs_in(peer)->nick
                                                    : NULL;
    buf_printf(env->out, ":%s %03d %s ", env->settings->server_name, numeric,
               nick != NULL ? nick : "*");
    va_list args;
    va_start(args, format);
    buf_vprintf(env->out, format, args);
    va_end(args);
    buf_add(env->out, "\r\n", 2);
}

enum peer_act signup_close(struct peer *peer, const struct peer_env *env, const char *why)
{
    buf_printf(env->out, "ERROR :Closing link: (%s) [%s]\r\n", peer->signup->host, why);
    return PEER_CLOSE;
}

static void set(char **field, struct str value)
{
    free(*field);
    *field = str_dup(value);
}

/* "name:password" of a configured operator; -1 where it is none. */
static int find_operator(const struct settings *settings, const char *password)
{
    const char *colon = strchr(password, ':');
    if (colon == NULL) {
        return -1;
    }
    struct str name = {password, (size_t)(colon - password)};
    for (unsigned i = 0; i < settings->n_operators; i++) {
        if (str_eq(str_from(settings->operators[i].name), name)) {
            return (int)i;
        }
    }
    return -1;
}

static enum peer_act ask_core(struct peer *peer, const struct peer_env *env,
                              struct input *ret_input)
{
    const struct peer_signup *signup = peer->signup;
    peer->state = PEER_ASKING;
    struct name host = peer_make_name(env, str_from(signup->host));
    *ret_input = (struct input){
        .kind = INPUT_REGISTER,
        .session = env->session,
        .now_ms = env->wall_ms,
        .reg =
            {
                .nick = peer_make_name(env, str_from(signup->nick)),
                .user = arena_copy(env->arena, str_from(signup->user)),
                .realname = arena_copy(env->arena, str_from(signup->realname)),
                .host = host.raw,
                .host_folded = host.folded,
                .caps = peer->caps,
                .cap_version = peer->cap_version,
                .kind = (enum session_kind)peer->kind,
                .tls = peer->tls,
                .away = str_from(signup->away),
                .metadata = &signup->metadata,
                .subscriptions = &signup->subscriptions,
                .account = signup->account,
            },
    };
    buf_clear(env->scratch);
    if (peer->tls && env->calls->add_fingerprint(env->ctx, env->scratch)) {
        ret_input->reg.fingerprint = arena_copy(env->arena, buf_str(env->scratch));
    }
    /* Again by name: a refused nickname may have taken a while. */
    int index = signup->verified && signup->operator_index >= 0
                    ? find_operator(env->settings, signup->password)
                    : -1;
    if (index >= 0) {
        ret_input->reg.operator_name =
            arena_copy(env->arena, str_from(env->settings->operators[index].name));
    }
    return PEER_INPUT;
}

enum peer_act signup_complete(struct peer *peer, const struct peer_env *env,
                              struct input *ret_input)
{
    struct peer_signup *signup = peer->signup;
    if (signup->nick == NULL || signup->user == NULL || signup->negotiating) {
        return PEER_NOTHING;
    }
    /* Its client has ended the negotiation in which it could have logged in. */
    login_abort(peer, env);
    if (env->settings->account_required && signup->account == 0) {
        buf_printf(env->out, ":%s FAIL * ACCOUNT_REQUIRED :You have to log in to come in here\r\n",
                   env->settings->server_name);
        return signup_close(peer, env, "You have to log in to come in here");
    }
    if (signup->verified) {
        return ask_core(peer, env, ret_input);
    }
    signup->operator_index =
        signup->password != NULL ? find_operator(env->settings, signup->password) : -1;
    if (signup->operator_index >= 0 ||
        (signup->password != NULL && env->settings->password_hash != NULL)) {
        peer->state = PEER_VERIFYING;
        return PEER_VERIFY;
    }
    if (env->settings->password_hash != NULL) {
        peer_numeric(peer, env, ERR_PASSWDMISMATCH, ":Password required");
        return signup_close(peer, env, "Password required");
    }
    return ask_core(peer, env, ret_input);
}

void peer_password(const struct peer *peer, const struct settings *settings,
                   struct str *ret_password, const char **ret_hash)
{
    const struct peer_signup *signup = peer->signup;
    *ret_password = str_from(signup->password);
    *ret_hash = settings->password_hash;
    if (signup->operator_index >= 0 && (unsigned)signup->operator_index < settings->n_operators) {
        size_t skip = (size_t)(strchr(signup->password, ':') - signup->password) + 1;
        ret_password->p += skip;
        ret_password->len -= skip;
        *ret_hash = settings->operators[signup->operator_index].password_hash;
    }
}

enum peer_act peer_verdict(struct peer *peer, const struct peer_env *env, bool right,
                           struct input *ret_input)
{
    if (peer->state != PEER_VERIFYING) {
        return PEER_NOTHING;
    }
    /* A reload may have moved the operators, or taken this one away, while the check ran. */
    struct peer_signup *signup = peer->signup;
    if (signup->operator_index >= 0) {
        signup->operator_index = find_operator(env->settings, signup->password);
        right = right && signup->operator_index >= 0;
    }
    if (!right) {
        peer_numeric(peer, env, ERR_PASSWDMISMATCH, ":Password incorrect");
        return signup_close(peer, env, "Password incorrect");
    }
    signup->verified = true;
    return ask_core(peer, env, ret_input);
}

struct str signup_word(struct str raw, size_t max)
{
    const char *space = memchr(raw.p, ' ', raw.len);
    if (space != NULL) {
        raw.len = (size_t)(space - raw.p);
    }
    return raw.len > 0 && raw.p[0] != ':' ? str_cut_utf8(raw, max) : STR("*");
}

static enum peer_act on_nick(struct peer *peer, const struct peer_env *env, struct str nick,
                             struct input *ret_input)
{
    if (nick.len == 0) {
        peer_numeric(peer, env, ERR_NONICKNAMEGIVEN, ":No nickname given");
        return PEER_NOTHING;
    }
    struct str shown = signup_word(nick, 100);
    enum name_verdict verdict = name_check_nick(nick);
    if (verdict != NAME_OK) {
        peer_numeric(peer, env, ERR_ERRONEUSNICKNAME, STR_FMT " :Erroneous nickname: %s",
                     STR_ARG(shown), name_verdict_text(verdict));
        return PEER_NOTHING;
    }
    if (nick.len > env->settings->nick_len) {
        peer_numeric(peer, env, ERR_ERRONEUSNICKNAME,
                     STR_FMT " :Erroneous nickname: at most %u bytes are permitted", STR_ARG(shown),
                     env->settings->nick_len);
        return PEER_NOTHING;
    }
    set(&peer->signup->nick, nick);
    return signup_complete(peer, env, ret_input);
}

/* A user name is ASCII letters, digits and "-_."; whatever else was given is left out. */
static void set_user(struct peer *peer, const struct peer_env *env, struct str given)
{
    struct buf user = {0};
    for (size_t i = 0; i < given.len && user.len + 1 < env->settings->user_len; i++) {
        char c = given.p[i];
        char lower = ascii_lower(c);
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
            (user.len > 0 && (c == '-' || c == '.'))) {
            buf_add_char(&user, c);
        }
    }
    if (user.len == 0) {
        buf_add_cstr(&user, "user");
    }
    /* '~' says that nobody has checked it (ident). */
    struct buf marked = {0};
    buf_printf(&marked, "~" STR_FMT, STR_ARG(buf_str(&user)));
    set(&peer->signup->user, buf_str(&marked));
    buf_finish(&marked);
    buf_finish(&user);
}

static enum peer_act on_user(struct peer *peer, const struct peer_env *env, const struct line *line,
                             struct input *ret_input)
{
    if (line->n_params < 4 || line->params[0].len == 0 || line->params[3].len == 0) {
        peer_numeric(peer, env, ERR_NEEDMOREPARAMS, "USER :Not enough parameters");
        return PEER_NOTHING;
    }
    set_user(peer, env, line->params[0]);
    set(&peer->signup->realname, str_cut_utf8(line->params[3], env->settings->realname_len));
    return signup_complete(peer, env, ret_input);
}

static void cap_answer(const struct peer *peer, const struct peer_env *env, const char *verb)
{
    const char *nick = peer->signup->nick;
    buf_printf(env->out, ":%s CAP %s %s :", env->settings->server_name, nick != NULL ? nick : "*",
               verb);
}

/* In as many lines as it takes. All but the last carry "*", which only clients of version 302
 * understand; others get one long list in lines without it. */
static void list_caps(const struct peer *peer, const struct peer_env *env, const char *verb,
                      cap_set caps, bool values)
{
    buf_clear(env->scratch);
    settings_add_caps(env->settings, caps, values ? peer->cap_version : 0, peer->tls, env->scratch);
    struct str words = buf_str(env->scratch);
    /* ":server CAP nick LS * :" stands before them. */
    size_t head = strlen(env->settings->server_name) + strlen(verb) + sizeof(": CAP  * :") +
                  (peer->signup->nick != NULL ? strlen(peer->signup->nick) : 1);
    size_t max = head + PEER_CAPS_MIN < PEER_BODY_MAX ? PEER_BODY_MAX - head : PEER_CAPS_MIN;
    char more[8];
    do {
        struct str part = words.len > 0 ? cap_take_words(&words, max) : STR("");
        snprintf(more, sizeof(more), "%s%s", verb,
                 words.len > 0 && peer->cap_version >= CAP_VERSION_VALUES ? " *" : "");
        cap_answer(peer, env, more);
        buf_add_str(env->out, part);
        buf_add(env->out, "\r\n", 2);
    } while (words.len > 0);
}

static enum peer_act on_cap(struct peer *peer, const struct peer_env *env, const struct line *line,
                            struct input *ret_input)
{
    struct str verb = line_param(line, 0);
    struct str list = line_param(line, 1);
    struct peer_signup *signup = peer->signup;
    if (str_eq_nocase(verb, STR("LS"))) {
        uint64_t version;
        if (str_to_u64(list, &version) == STATUS_OK && version >= 302) {
            peer->cap_version = 302;
            /* 302 means cap-notify, asked for or not. */
            peer->caps |= CAP_CAP_NOTIFY;
        }
        signup->negotiating = true;
        list_caps(peer, env, "LS", settings_caps_told(env->settings, peer->cap_version), true);
    } else if (str_eq_nocase(verb, STR("LIST"))) {
        list_caps(peer, env, "LIST", peer->caps, false);
    } else if (str_eq_nocase(verb, STR("REQ"))) {
        signup->negotiating = true;
        bool taken = cap_apply(list, peer->cap_version, settings_caps(env->settings), &peer->caps);
        cap_answer(peer, env, taken ? "ACK" : "NAK");
        buf_add_str(env->out, str_cut_utf8(list, 400));
        buf_add(env->out, "\r\n", 2);
    } else if (str_eq_nocase(verb, STR("END"))) {
        signup->negotiating = false;
        return signup_complete(peer, env, ret_input);
    } else if (verb.len == 0) {
        peer_numeric(peer, env, ERR_NEEDMOREPARAMS, "CAP :Not enough parameters");
    } else {
        peer_numeric(peer, env, ERR_INVALIDCAPCMD, STR_FMT " :Invalid CAP command",
                     STR_ARG(signup_word(verb, 50)));
    }
    return PEER_NOTHING;
}

static enum peer_act on_pass(struct peer *peer, const struct peer_env *env, struct str password)
{
    if (password.len == 0) {
        peer_numeric(peer, env, ERR_NEEDMOREPARAMS, "PASS :Not enough parameters");
    } else {
        set(&peer->signup->password, str_cut_utf8(password, PEER_PASSWORD_MAX));
        peer->signup->verified = false;
    }
    return PEER_NOTHING;
}

void signup_work_begins(struct peer *peer, const struct peer_env *env)
{
    if (peer->signup != NULL) {
        peer->signup->work_from_ms = env->now_ms;
    }
}

void signup_work_ends(struct peer *peer, const struct peer_env *env)
{
    struct peer_signup *signup = peer->signup;
    if (signup != NULL && signup->work_from_ms != 0) {
        peer->quiet_from_ms += env->now_ms - signup->work_from_ms;
        signup->work_from_ms = 0;
    }
}

static enum peer_act unknown_command(const struct peer *peer, const struct peer_env *env,
                                     struct str command)
{
    peer_numeric(peer, env, ERR_UNKNOWNCOMMAND, STR_FMT " :Unknown command",
                 STR_ARG(str_cut_utf8(command, 50)));
    return PEER_NOTHING;
}

static enum peer_act on_authenticate(struct peer *peer, const struct peer_env *env,
                                     struct str param, struct input *ret_input)
{
    if (param.len == 0) {
        peer_numeric(peer, env, ERR_NEEDMOREPARAMS, "AUTHENTICATE :Not enough parameters");
        return PEER_NOTHING;
    }
    return peer_authenticate(peer, env, (struct str){0}, param, ret_input);
}

/* Those that there are where there are accounts. */
static enum peer_act account_line(struct peer *peer, const struct peer_env *env,
                                  const struct verb *verb, const struct line *line,
                                  struct input *ret_input)
{
    if (!env->settings->accounts) {
        return unknown_command(peer, env, line->command);
    }
    switch (verb->id) {
    case VERB_AUTHENTICATE:
        return on_authenticate(peer, env, line_param(line, 0), ret_input);
    case VERB_REGISTER:
        return enrol_register(peer, env, line);
    default:
        return enrol_verify(peer, env, line, ret_input);
    }
}

enum peer_act signup_line(struct peer *peer, const struct peer_env *env, const struct line *line,
                          struct input *ret_input)
{
    if (++peer->signup->lines > PEER_SIGNUP_LINES_MAX) {
        return signup_close(peer, env, "Too many lines before registration");
    }
    const struct verb *verb = verb_find(line->command);
    if (env->settings->n_gateways > 0 && str_eq_nocase(line->command, STR("WEBIRC"))) {
        return signup_webirc(peer, env, line);
    }
    if (verb == NULL) {
        return unknown_command(peer, env, line->command);
    }
    switch (verb->id) {
    case VERB_AUTHENTICATE:
    case VERB_REGISTER:
    case VERB_VERIFY:
        return account_line(peer, env, verb, line, ret_input);
    case VERB_CAP:
        return on_cap(peer, env, line, ret_input);
    case VERB_NICK:
        return on_nick(peer, env, line_param(line, 0), ret_input);
    case VERB_USER:
        return on_user(peer, env, line, ret_input);
    case VERB_PASS:
        return on_pass(peer, env, line_param(line, 0));
    case VERB_PING:
        buf_printf(env->out, ":%s PONG %s :" STR_FMT "\r\n", env->settings->server_name,
                   env->settings->server_name, STR_ARG(line_param(line, 0)));
        return PEER_NOTHING;
    case VERB_AWAY:
    case VERB_ISUPPORT:
    case VERB_METADATA:
        signup_early(peer, env, verb->id, line);
        return PEER_NOTHING;
    case VERB_PONG:
    case VERB_ERROR:
        return PEER_NOTHING;
    case VERB_QUIT:
        return signup_close(peer, env, "Quit");
    default:
        peer_numeric(peer, env, ERR_NOTREGISTERED, ":You have not registered");
        return PEER_NOTHING;
    }
}

enum peer_act peer_classic_nick(struct peer *peer, const struct peer_env *env, struct str nick,
                                struct input *ret_input)
{
    set(&peer->signup->nick, nick);
    set(&peer->signup->user, STR("~classic"));
    set(&peer->signup->realname, nick);
    return signup_complete(peer, env, ret_input);
}
