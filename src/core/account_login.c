/* Who is logged in to what, and which nicknames that opens (IRCv3 account-notify, sasl). Pure;
 * under the core's mutex. */
#include "accounts.h"

#include "reply.h"

#include "alloc.h"

#include <stdarg.h>

/* The bans of its rooms may name accounts. */
static void forget_bans(struct user *user)
{
    for (unsigned i = 0; i < user->n_rooms; i++) {
        user->rooms[i].bans_version = BANS_VERSION_NONE;
    }
}

void account_bind(struct core *core, struct user *user, struct account *account)
{
    CHECK(account->user == NULL && user_account(user) == NULL);
    user_extra(user)->account = account;
    account->user = user;
    forget_bans(user);
    account_mark(core, account);
}

void account_unbind(struct core *core, struct user *user)
{
    struct account *account = user_account(user);
    if (account != NULL) {
        core->accounts.n_absent -= account->is_absent;
        account->is_absent = false;
        account->user = NULL;
        user->extra->account = NULL;
        forget_bans(user);
        account_mark(core, account);
    }
}

static void tell_others(struct core *core, const struct user *user)
{
    struct str name = user_account_name(user);
    buf_printf(cast_from_user(core, user), "ACCOUNT " STR_FMT,
               STR_ARG(name.len > 0 ? name : STR("*")));
    cast_neighbours(core, user, CAP_ACCOUNT_NOTIFY, true, 0);
}

static void follow_name(struct core *core, struct user *user, const struct account *account)
{
    const struct name name = account_as_name(account);
    if (core->settings->nick_is_account && !str_eq(user_nick(user), name.raw) &&
        name_index_check(&core->nicks, &name, &user->name) == STATUS_OK) {
        nick_change(core, user, &name);
    }
}

enum login account_login(struct core *core, struct user *user, struct account *account)
{
    if (account == NULL || !account_is_open(account)) {
        return LOGIN_CLOSED;
    }
    if (account->user == user) {
        return LOGIN_DONE;
    }
    if (account->user != NULL) {
        return LOGIN_ELSEWHERE;
    }
    account_unbind(core, user);
    account_bind(core, user, account);
    core_log(core, LOG_CONNECT, user->sessions != NULL ? user->sessions->id : 0,
             "%s is logged in as " STR_FMT, user_mask(user), STR_ARG(account_name(account)));
    tell_others(core, user);
    follow_name(core, user, account);
    return LOGIN_DONE;
}

void account_logout(struct core *core, struct user *user)
{
    if (user_account(user) != NULL) {
        account_unbind(core, user);
        tell_others(core, user);
    }
}

const char *login_text(enum login login)
{
    switch (login) {
    case LOGIN_DONE:
        return "You are logged in";
    case LOGIN_CLOSED:
        return "Nobody may log in to this account now";
    case LOGIN_ELSEWHERE:
        return "This account is in use: log in while you connect to share its nickname";
    }
    return "";
}

/* ":server NNN nick …" to a session, whoever is at hand: it belongs to no command's answer. */
static void say(struct core *core, const struct session *session, enum numeric numeric,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

static void say(struct core *core, const struct session *session, enum numeric numeric,
                const char *format, ...)
{
    struct buf line = {0};
    buf_printf(&line, ":%s %03d %s ", core->settings->server_name, (int)numeric,
               session->user->name.raw);
    va_list args;
    va_start(args, format);
    buf_vprintf(&line, format, args);
    va_end(args);
    buf_add(&line, "\r\n", 2);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REPLY,
                        .session = session->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = buf_str(&line)}),
                    });
    buf_finish(&line);
}

void account_say_login(struct core *core)
{
    const struct user *user = core->who->user;
    struct str name = user_account_name(user);
    if (name.len > 0) {
        reply_numeric(core, RPL_LOGGEDIN, "%s " STR_FMT " :You are now logged in as " STR_FMT,
                      user_mask(user), STR_ARG(name), STR_ARG(name));
    } else {
        reply_numeric(core, RPL_LOGGEDOUT, "%s :You are now logged out", user_mask(user));
    }
}

enum core_result account_proved(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    if (session == NULL) {
        return CORE_DONE;
    }
    struct user *user = session->user;
    struct account *account = account_by_id(core, input->login.account);
    if (account != NULL) {
        account_succeeded(core, account, user_host(user));
    }
    enum login login = account_login(core, user, account);
    if (login == LOGIN_DONE) {
        struct str name = account_name(account);
        say(core, session, RPL_LOGGEDIN, "%s " STR_FMT " :You are now logged in as " STR_FMT,
            user_mask(user), STR_ARG(name), STR_ARG(name));
        if (input->login.sasl) {
            say(core, session, RPL_SASLSUCCESS, ":SASL authentication successful");
        }
    } else {
        say(core, session, ERR_SASLFAIL, ":SASL authentication failed: %s", login_text(login));
    }
    return session_state(session);
}

/* ---- nicknames ---- */

const char *nick_reserved_text(const struct core *core, const struct name *name,
                               const struct account *account)
{
    if (!core->settings->nick_reserved) {
        return NULL;
    }
    switch (account_name_check(core, name, account)) {
    case STATUS_OK:
        return NULL;
    case STATUS_DENIED:
        return "Nickname looks like one that is registered";
    default:
        return "Nickname is registered: log in to use it";
    }
}
