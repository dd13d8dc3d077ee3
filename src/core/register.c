/* Admission: the moment a connection becomes a user. Pure; under the core's mutex. */
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
    reply_numeric(core, RPL_MYINFO, "%s %s iow beIiklmnostv beIklov", s->server_name, s->version);
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

enum core_result core_register(struct core *core, const struct input *input)
{
    const struct input_register *reg = &input->reg;
    bool is_operator = reg->operator_name.len > 0;
    if (!is_operator && core->sessions.len >= core->settings->clients_max) {
        return refuse_full(core, input);
    }
    switch (name_index_check(&core->nicks, &reg->nick, NULL)) {
    case STATUS_OK:
        break;
    case STATUS_DENIED:
        return refuse_nick(core, input, "Nickname looks like another that is in use");
    default:
        return refuse_nick(core, input, "Nickname is already in use");
    }
    struct user *user = user_create(core, reg);
    struct session *session = session_create(core, user, input);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REGISTERED,
                        .session = session->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = user_nick(user)}),
                    });
    session_emit_traits(core, session);
    core_log(core, LOG_CONNECT, session->id, "%s came (%s)", user_mask(user),
             session->kind == SESSION_CLASSIC ? "classic"
             : session->tls                   ? "TLS"
                                              : "plain");
    reply_open(core, session, (struct str){0});
    welcome(core, user);
    if (is_operator) {
        core_make_operator(core, user, reg->operator_name);
    }
    reply_close(core);
    monitor_came(core, user);
    return CORE_DONE;
}
