/*
 * REGISTER and VERIFY (IRCv3 draft/account-registration), of users and of sessions that are none
 * yet. What may be registered is decided here, once for both; the answer waits for the disk. Pure;
 * under the core's mutex.
 */
#include "accounts.h"

#include "enrol.h"
#include "reply.h"

#include <stdlib.h>

#define REFUSAL(code, text)                                                                        \
    (struct register_refusal)                                                                      \
    {                                                                                              \
        (code), (text)                                                                             \
    }

static const struct register_refusal none = {NULL, NULL};
static const struct register_refusal failed = {"TEMPORARILY_UNAVAILABLE",
                                               "The account could not be stored; try again later"};

struct register_refusal register_check_name(const struct core *core, const struct name *name,
                                            const struct user *self, struct str nick)
{
    const struct settings *settings = core->settings;
    if (name->verdict != NAME_OK) {
        return REFUSAL("BAD_ACCOUNT_NAME", name_verdict_text(name->verdict));
    }
    if (name->raw.len > settings->nick_len) {
        return REFUSAL("BAD_ACCOUNT_NAME", "The name is too long");
    }
    if (!settings->registration_custom_names && !str_eq(name->raw, nick)) {
        return REFUSAL("ACCOUNT_NAME_MUST_BE_NICK", "You may only register your nickname");
    }
    switch (account_name_check(core, name, NULL)) {
    case STATUS_OK:
        break;
    case STATUS_DENIED:
        return REFUSAL("BAD_ACCOUNT_NAME", "The name looks like one that is registered");
    default:
        return REFUSAL("ACCOUNT_EXISTS", "Somebody has registered this name");
    }
    switch (name_index_check(&core->nicks, name, self != NULL ? &self->name : NULL)) {
    case STATUS_OK:
        return none;
    case STATUS_DENIED:
        return REFUSAL("BAD_ACCOUNT_NAME", "The name looks like a nickname that is in use");
    default:
        return REFUSAL("ACCOUNT_EXISTS", "Somebody is using this nickname");
    }
}

static struct register_refusal from_fault(struct enrol_fault fault)
{
    return REFUSAL(fault.code, fault.text);
}

static bool may_try(struct core *core, struct str host)
{
    return attempts_take(core->accounts.attempts, ATTEMPT_REGISTRATION, host,
                         &core->settings->registrations, core->now_ms);
}

static const struct register_refusal too_often = {
    "TEMPORARILY_UNAVAILABLE", "Too many accounts were registered from here; try again later"};

/* With the address and the keys, or without them where somebody else checks the password. */
static struct account_state make_state(const struct core *core, const struct name *name,
                                       struct str email, struct str code,
                                       const struct password_keys *keys)
{
    return (struct account_state){
        .name = name->raw,
        .folded = name->folded,
        .skeleton = name->skeleton,
        .created_ms = core->now_ms,
        .seen_ms = core->now_ms,
        .password_hash = keys->hash,
        .scram = keys->scram,
        .email = email,
        .code = code,
        .code_ms = code.len > 0 ? core->now_ms : 0,
    };
}

static struct str code_for(const struct core *core, struct str code)
{
    return core->settings->email_verified ? code : (struct str){0};
}

static void send_code(struct core *core, const struct account *account)
{
    core_emit(core, &(struct effect){
                        .kind = EFFECT_MAIL,
                        .account = account_state_ref(account->state),
                    });
}

/* ---- of users ---- */

static void fail(struct core *core, const char *command, struct register_refusal refusal,
                 struct str name)
{
    struct buf shown = {0};
    buf_add_str(&shown, reply_word(name));
    buf_add_char(&shown, '\0');
    reply_standard(core, "FAIL", command, refusal.code, shown.p, refusal.text);
    buf_finish(&shown);
}

static bool have_accounts(struct core *core, const struct input_line *in)
{
    if (!core->settings->accounts) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, STR_FMT " :Unknown command",
                      STR_ARG(in->verb->name));
    }
    return core->settings->accounts;
}

static struct name own_name(const struct user *user)
{
    return (struct name){user_nick(user), name_entry_folded(&user->name),
                         name_entry_skeleton(&user->name), NAME_OK};
}

static struct register_refusal check_user(const struct core *core, const struct name *name,
                                          const struct user *user, struct str email)
{
    if (!core->settings->registration) {
        return REFUSAL("DISALLOWED", "Registration is closed here");
    }
    if (user_account(user) != NULL) {
        return REFUSAL("ALREADY_AUTHENTICATED", "You have an account and are logged in to it");
    }
    struct register_refusal refusal = register_check_name(core, name, user, user_nick(user));
    return refusal.code != NULL ? refusal : from_fault(enrol_check_email(core->settings, email));
}

/* What is said when it is on disk, or not; core->who has asked. */
static void user_stored(struct core *core, const struct wait *wait, const struct input *input)
{
    struct account *account = account_by_id(core, wait->account);
    struct user *user = core->who->user;
    if (input->stored.failed || account == NULL) {
        fail(core, "REGISTER", failed, user_nick(user));
        return;
    }
    struct str name = account_name(account);
    if (account_is_unverified(account)) {
        send_code(core, account);
        reply_server(core,
                     "REGISTER VERIFICATION_REQUIRED " STR_FMT " :A code was sent to " STR_FMT
                     "; say VERIFY " STR_FMT " and the code",
                     STR_ARG(name), STR_ARG(account->state->email), STR_ARG(name));
        return;
    }
    reply_server(core, "REGISTER SUCCESS " STR_FMT " :Account successfully registered",
                 STR_ARG(name));
    if (account_login(core, user, account) == LOGIN_DONE) {
        account_say_login(core);
    }
}

/* The wait's text: name, folded, skeleton, e-mail. */
static void user_hashed(struct core *core, const struct wait *wait, const struct input *input)
{
    const struct user *user = core->who->user;
    const struct name name = {wait_text(wait, 0), wait_text(wait, 1), wait_text(wait, 2), NAME_OK};
    struct str email = wait_text(wait, 3);
    struct register_refusal refusal = check_user(core, &name, user, email);
    if (refusal.code == NULL && input->hashed.keys.hash.len == 0) {
        refusal = failed;
    }
    if (refusal.code != NULL) {
        fail(core, "REGISTER", refusal, name.raw);
        return;
    }
    struct str code = code_for(core, input->hashed.code);
    const struct account_state state = make_state(core, &name, email, code, &input->hashed.keys);
    account_create(core, &state, user_stored);
}

void cmd_REGISTER(struct core *core, const struct input_line *in)
{
    if (!have_accounts(core, in)) {
        return;
    }
    const struct user *user = core->who->user;
    const struct name own = own_name(user);
    struct str given = in->line.params[0];
    bool is_own = str_eq(given, STR("*")) || str_eq(given, own.raw) || in->n_names == 0;
    const struct name *name = is_own ? &own : &in->names[0];
    struct str email = in->line.params[1];
    if (!enrol_has_email(email)) {
        email.len = 0;
    }
    struct str password = in->line.params[2];
    struct register_refusal refusal = check_user(core, name, user, email);
    if (refusal.code == NULL) {
        refusal = from_fault(enrol_check_password(core->settings, password));
    }
    if (refusal.code == NULL && !may_try(core, user_host(user))) {
        refusal = too_often;
    }
    if (refusal.code != NULL) {
        fail(core, "REGISTER", refusal, name->raw);
        return;
    }
    struct buf text = {0};
    buf_printf(&text, STR_FMT "%c" STR_FMT "%c" STR_FMT "%c" STR_FMT "%c", STR_ARG(name->raw), 0,
               STR_ARG(name->folded), 0, STR_ARG(name->skeleton), 0, STR_ARG(email), 0);
    account_hash(core, password, user_hashed, buf_str(&text));
    buf_finish(&text);
}

/* ---- VERIFY ---- */

static const struct register_refusal wrong_code = {"INVALID_CODE", "The code is wrong or too old"};

/* The account that this code opens; NULL: none. */
static struct account *find_unverified(struct core *core, struct str folded, struct str code,
                                       struct str host)
{
    const struct settings_bucket *bucket = &core->settings->logins;
    struct attempts *attempts = core->accounts.attempts;
    bool from = attempts_take(attempts, ATTEMPT_HOST, host, bucket, core->now_ms);
    bool name = attempts_take(attempts, ATTEMPT_NAME, folded, bucket, core->now_ms);
    struct account *account = account_find(core, folded);
    if (!from || !name || account == NULL || account->pending != NULL ||
        !account_is_unverified(account) || account->state->suspended ||
        core->now_ms > account->state->code_ms + core->settings->verify_ms ||
        !str_eq(account->state->code, code)) {
        return NULL;
    }
    return account;
}

static struct account_state verified(const struct account *account)
{
    struct account_state parts = account_state_parts(account->state);
    parts.code = (struct str){0};
    parts.code_ms = 0;
    return parts;
}

static void user_verified(struct core *core, const struct wait *wait, const struct input *input)
{
    struct account *account = account_by_id(core, wait->account);
    struct user *user = core->who->user;
    if (input->stored.failed || account == NULL) {
        fail(core, "VERIFY", failed, user_nick(user));
        return;
    }
    reply_server(core, "VERIFY SUCCESS " STR_FMT " :Account successfully registered",
                 STR_ARG(account_name(account)));
    if (account_login(core, user, account) == LOGIN_DONE) {
        account_say_login(core);
    }
}

void cmd_VERIFY(struct core *core, const struct input_line *in)
{
    if (!have_accounts(core, in)) {
        return;
    }
    const struct user *user = core->who->user;
    struct str given = in->line.params[0];
    if (user_account(user) != NULL) {
        fail(core, "VERIFY", REFUSAL("ALREADY_AUTHENTICATED", "You are logged in to an account"),
             given);
        return;
    }
    struct str folded = str_eq(given, STR("*")) ? name_entry_folded(&user->name) : in->folded[0];
    struct account *account = find_unverified(core, folded, in->line.params[1], user_host(user));
    if (account == NULL) {
        fail(core, "VERIFY", wrong_code, given);
        return;
    }
    const struct account_state parts = verified(account);
    if (!account_change_waiting(core, account, &parts, user_verified, (struct str){0})) {
        fail(core, "VERIFY", failed, given);
    }
}

/* ---- of sessions that are no users yet ---- */

static void signup_answer(struct core *core, session_id session, struct str lines,
                          const struct account *account)
{
    core_emit(core, &(struct effect){
                        .kind = EFFECT_SIGNUP,
                        .session = session,
                        .account = account != NULL ? account_state_ref(account->state) : NULL,
                        .message = message_create(
                            &(struct message_parts){.time_ms = core->now_ms, .body = lines}),
                    });
}

static void signup_fail(struct core *core, session_id session, const char *command,
                        struct register_refusal refusal, struct str name)
{
    struct buf line = {0};
    buf_printf(&line, ":%s FAIL %s %s " STR_FMT " :%s\r\n", core->settings->server_name, command,
               refusal.code, STR_ARG(reply_word(name)), refusal.text);
    signup_answer(core, session, buf_str(&line), NULL);
    buf_finish(&line);
}

void register_signup_stored(struct core *core, const struct input *input,
                            const struct account *account, bool was_new, struct str nick)
{
    const char *command = was_new ? "REGISTER" : "VERIFY";
    if (input->stored.failed || account == NULL) {
        signup_fail(core, input->session, command, failed, nick);
        return;
    }
    const char *server = core->settings->server_name;
    struct str name = account_name(account);
    struct buf lines = {0};
    bool is_open = !account_is_unverified(account);
    if (nick.len == 0) {
        /* Nobody has said REGISTER. */
    } else if (is_open) {
        buf_printf(&lines,
                   ":%s %s SUCCESS " STR_FMT " :Account successfully registered\r\n"
                   ":%s %03d " STR_FMT " * " STR_FMT " :You are now logged in as " STR_FMT "\r\n",
                   server, command, STR_ARG(name), server, (int)RPL_LOGGEDIN, STR_ARG(nick),
                   STR_ARG(name), STR_ARG(name));
    } else {
        send_code(core, account);
        buf_printf(&lines,
                   ":%s REGISTER VERIFICATION_REQUIRED " STR_FMT " :A code was sent to " STR_FMT
                   "; say VERIFY " STR_FMT " and the code\r\n",
                   server, STR_ARG(name), STR_ARG(account->state->email), STR_ARG(name));
    }
    signup_answer(core, input->session, buf_str(&lines), is_open ? account : NULL);
    buf_finish(&lines);
}

/* Who was let in by somebody else gets an account on the way, without a word. */
static void enrol_outside(struct core *core, const struct input *input)
{
    const struct input_enrol *enrol = &input->enrol;
    const struct account *account = account_find(core, enrol->name.folded);
    if (account != NULL || enrol->name.verdict != NAME_OK ||
        enrol->name.raw.len > core->settings->nick_len ||
        account_name_check(core, &enrol->name, NULL) != STATUS_OK) {
        bool open = account != NULL && account_is_open(account);
        signup_answer(core, input->session, STR(""), open ? account : NULL);
        return;
    }
    struct str email = enrol->email;
    const struct password_keys no_keys = {{0}, {0}};
    const struct account_state state =
        make_state(core, &enrol->name, email, (struct str){0}, &no_keys);
    account_create_signup(core, &state, input->session, STR(""));
}

void register_enrol(struct core *core, const struct input *input)
{
    const struct input_enrol *enrol = &input->enrol;
    if (enrol->outside) {
        enrol_outside(core, input);
        return;
    }
    struct register_refusal refusal =
        core->settings->registration ? register_check_name(core, &enrol->name, NULL, enrol->nick)
                                     : REFUSAL("DISALLOWED", "Registration is closed here");
    if (refusal.code == NULL) {
        refusal = from_fault(enrol_check_email(core->settings, enrol->email));
    }
    if (refusal.code == NULL && enrol->keys.hash.len == 0) {
        refusal = failed;
    }
    if (refusal.code == NULL && !may_try(core, enrol->host)) {
        refusal = too_often;
    }
    if (refusal.code != NULL) {
        signup_fail(core, input->session, "REGISTER", refusal, enrol->name.raw);
        return;
    }
    struct str email = enrol_has_email(enrol->email) ? enrol->email : (struct str){0};
    const struct account_state state =
        make_state(core, &enrol->name, email, code_for(core, enrol->code), &enrol->keys);
    account_create_signup(core, &state, input->session, enrol->nick);
}

void register_confirm(struct core *core, const struct input *input)
{
    const struct input_confirm *confirm = &input->confirm;
    struct account *account =
        find_unverified(core, confirm->name_folded, confirm->code, confirm->host);
    if (account == NULL) {
        signup_fail(core, input->session, "VERIFY", wrong_code, confirm->name_folded);
        return;
    }
    const struct account_state parts = verified(account);
    if (!account_change_signup(core, account, &parts, input->session, confirm->nick)) {
        signup_fail(core, input->session, "VERIFY", failed, confirm->name_folded);
    }
}
