/* Admission: the moment a connection becomes a user. Pure; under the core's mutex. */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

static enum core_result refuse(struct core *core, const struct input *input, enum refusal refusal,
                               const struct buf *answer)
{
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REFUSED,
                        .session = input->session,
                        .refusal = refusal,
                        .clients = (unsigned)core->sessions.len,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = buf_str(answer)}),
                    });
    return CORE_DONE;
}

static enum core_result refuse_nick(struct core *core, const struct input *input, const char *why)
{
    struct buf answer = {0};
    buf_printf(&answer, ":%s %d * " STR_FMT " :%s\r\n", core->settings->server_name,
               ERR_NICKNAMEINUSE, STR_ARG(input->reg.nick.raw), why);
    enum core_result result = refuse(core, input, REFUSED_NICK, &answer);
    buf_finish(&answer);
    return result;
}

static enum core_result refuse_full(struct core *core, const struct input *input)
{
    unsigned max = core->settings->clients_max;
    unsigned long long now = core->sessions.len;
    core_log(core, LOG_REFUSE, input->session,
             STR_FMT " from " STR_FMT " was refused: the server is full (%llu of %u)",
             STR_ARG(input->reg.nick.raw), STR_ARG(input->reg.host), now, max);
    struct buf answer = {0};
    buf_printf(&answer,
               "ERROR :Closing link: (" STR_FMT "@" STR_FMT
               ") [Server is full: %llu of %u clients]\r\n",
               STR_ARG(input->reg.user), STR_ARG(input->reg.host), now, max);
    enum core_result result = refuse(core, input, REFUSED_FULL, &answer);
    buf_finish(&answer);
    return result;
}

static void welcome(struct core *core, const struct user *user)
{
    const struct settings *s = core->settings;
    reply_numeric(core, RPL_WELCOME, ":Welcome to the %s Network, %s", s->network, user_mask(user));
    reply_numeric(core, RPL_YOURHOST, ":Your host is %s, running version %s", s->server_name,
                  s->version);
    struct buf *line = reply_begin(core, RPL_CREATED);
    buf_add_cstr(line, ":This server was started ");
    message_add_time(line, core->started_ms);
    reply_end(core);
    reply_numeric(core, RPL_MYINFO,
                  "%s %s " USER_MODE_LETTERS " " ROOM_MODE_LETTERS " " ROOM_VALUE_LETTERS,
                  s->server_name, s->version);
    isupport_send(core);
    cmd_LUSERS(core, NULL);
    metadata_welcome(core);
    cmd_MOTD(core, NULL);
}

void core_make_operator(struct core *core, struct user *user, struct str operator_name)
{
    if (!user_is_operator(user)) {
        core->n_operators++;
    }
    uint8_t before = user->umodes;
    user->umodes |= UMODE_OPERATOR | UMODE_WALLOPS;
    user_set_operator_name(user, operator_name);
    user_emit_traits(core, user);
    reply_numeric(core, RPL_YOUREOPER, ":You are now an IRC operator");
    if (user->umodes != before) {
        reply_server(core, "MODE %s :+%s%s", user->name.raw,
                     (before & UMODE_OPERATOR) == 0 ? "o" : "",
                     (before & UMODE_WALLOPS) == 0 ? "w" : "");
    }
    core_log(core, LOG_OPERATOR, user->sessions->id, "%s is an operator now, as " STR_FMT,
             user_mask(user), STR_ARG(operator_name));
}

/* What was said before registration beside who it is. */
static void take_early(struct core *core, struct session *session, const struct input_register *reg)
{
    struct user *user = session->user;
    /* Who is here already on another session is not away because of this one. */
    if (reg->away.len > 0 && session->next == NULL) {
        user_set_away(user, reg->away);
    }
    for (unsigned i = 0; reg->metadata != NULL && i < reg->metadata->n; i++) {
        const struct metadata_entry *entry = &reg->metadata->entries[i];
        (void)metadata_set(&user_extra(user)->metadata, metadata_key(entry), str_from(entry->value),
                           METADATA_KEYS_MAX);
    }
    for (unsigned i = 0; reg->subscriptions != NULL && i < reg->subscriptions->n; i++) {
        (void)metadata_subscribe(core, session, metadata_key(&reg->subscriptions->entries[i]));
    }
}

/* Why somebody logged in to `account` (NULL: a guest) may not come in under this name; NULL: it
 * may.
 */
static const char *name_refusal(const struct core *core, const struct name *name,
                                const struct account *account)
{
    switch (name_index_check(&core->nicks, name, NULL)) {
    case STATUS_OK:
        return nick_reserved_text(core, name, account);
    case STATUS_DENIED:
        return "Nickname looks like another that is in use";
    default:
        return "Nickname is already in use";
    }
}

/* What it has logged in to, if it still may. */
static struct account *account_of(const struct core *core, const struct input_register *reg)
{
    struct account *account = account_by_id(core, reg->account);
    return account != NULL && account_is_open(account) ? account : NULL;
}

static struct session *admit(struct core *core, struct user *user, const struct input *input)
{
    struct session *session = session_create(core, user, input);
    if (user_account(user) != NULL) {
        account_succeeded(core, user_account(user), input->reg.host);
    }
    take_early(core, session, &input->reg);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REGISTERED,
                        .session = session->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = user_nick(user)}),
                    });
    session_emit_traits(core, session);
    core_log(core, LOG_CONNECT, session->id, "%s %s (%s)", user_mask(user),
             session->next != NULL ? "has one session more" : "came",
             session->kind == SESSION_CLASSIC ? "classic"
             : session->tls                   ? "TLS"
                                              : "plain");
    return session;
}

/* ---- one session more ---- */

static const char *attach_refusal(const struct core *core, const struct account *account)
{
    const struct user *user = account->user;
    if (user->sessions != NULL && !account_has_many_sessions(core, account)) {
        return "Nickname is already in use, and your account has one session at a time";
    }
    unsigned n = 0;
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        n++;
    }
    return n >= core->settings->sessions_per_user ? "Your account has too many sessions" : NULL;
}

/* The session sees itself come into a room that its user is in. */
static void show_room(struct core *core, struct room *room, const struct user *user, uint64_t seq)
{
    if ((core->who->caps & CAP_EXTENDED_JOIN) != 0) {
        join_add_extended(core, room, user);
    } else {
        buf_printf(cast_from_user(core, user), "JOIN %s", room->name.raw);
    }
    struct message *message = cast_message_like(core, &(struct message){.time_ms = core->now_ms});
    reply_message(core, message);
    message_unref(message);
    join_show(core, room, seq);
}

static void show_modes(struct core *core, const struct user *user)
{
    if (user->umodes != 0) {
        struct buf *line = reply_begin(core, RPL_UMODEIS);
        buf_add_char(line, '+');
        user_add_modes(user->umodes, line);
        reply_end(core);
    }
}

/* A session of somebody who is here already: nobody else sees anything of it. */
static enum core_result attach(struct core *core, const struct input *input, struct user *user)
{
    const struct input_register *reg = &input->reg;
    bool was_absent = user->sessions == NULL;
    struct session *session = admit(core, user, input);
    for (unsigned i = 0; i < user->n_rooms; i++) {
        core_emit(core, &(struct effect){.kind = EFFECT_JOIN,
                                         .session = session->id,
                                         .room = user->rooms[i].room->id,
                                         .rank = user->rooms[i].rank});
    }
    reply_open(core, session, (struct str){0});
    welcome(core, user);
    show_modes(core, user);
    if (reg->operator_name.len > 0) {
        core_make_operator(core, user, reg->operator_name);
    }
    uint64_t seq = core_last_seq(core) + 1;
    for (unsigned i = 0; i < user->n_rooms; i++) {
        show_room(core, user->rooms[i].room, user, seq);
    }
    if (was_absent) {
        account_came(core, user);
    }
    reply_close(core);
    if (session_state(session) == CORE_HELD) {
        /* Its edge does not know that there is more. */
        core_emit(core, &(struct effect){.kind = EFFECT_ANSWERED, .session = session->id});
    }
    return CORE_DONE;
}

/* ---- somebody new ---- */

static enum core_result enter(struct core *core, const struct input *input, struct account *account)
{
    const struct input_register *reg = &input->reg;
    struct user *user = user_create(core, reg);
    user_begin_modes(core, user);
    if (account != NULL) {
        account_bind(core, user, account);
    }
    struct session *session = admit(core, user, input);
    reply_open(core, session, (struct str){0});
    welcome(core, user);
    user_tell_modes(core, user);
    if (reg->operator_name.len > 0) {
        core_make_operator(core, user, reg->operator_name);
    }
    reply_close(core);
    monitor_came(core, user);
    return CORE_DONE;
}

enum core_result core_register(struct core *core, const struct input *input)
{
    const struct input_register *reg = &input->reg;
    struct account *account = account_of(core, reg);
    if (reg->operator_name.len == 0 && core->sessions.len >= core->settings->clients_max) {
        return refuse_full(core, input);
    }
    if (account != NULL && account->user != NULL) {
        const char *why = attach_refusal(core, account);
        return why != NULL ? refuse_nick(core, input, why) : attach(core, input, account->user);
    }
    struct input under = *input;
    if (account != NULL && core->settings->nick_is_account) {
        const struct name own = account_as_name(account);
        under.reg.nick = name_refusal(core, &own, account) == NULL ? own : reg->nick;
    }
    const char *why = name_refusal(core, &under.reg.nick, account);
    return why != NULL ? refuse_nick(core, input, why) : enter(core, &under, account);
}
