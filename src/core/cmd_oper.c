/*
 * What server operators do: OPER, KILL, WALLOPS, REHASH, ANNOUNCE (Modern IRC, "Operator
 * Messages"). Pure; under the core's mutex.
 */
#include "reply.h"

#include <limits.h>

/* UINT_MAX where there is none: the password is then checked against one that nobody knows, so that
 * neither the answer nor its time tells which names exist. */
static unsigned operator_index(const struct core *core, struct str name)
{
    for (unsigned i = 0; i < core->settings->n_operators; i++) {
        if (str_eq(str_from(core->settings->operators[i].name), name)) {
            return i;
        }
    }
    return UINT_MAX;
}

static void oper_checked(struct core *core, const struct wait *wait, const struct input *input)
{
    const struct session *who = core->who;
    struct str name = wait_text(wait, 0);
    /* The operator may have been taken out of the settings while the password was checked. */
    if (input->verdict.right && operator_index(core, name) != UINT_MAX) {
        core_make_operator(core, who->user, name);
        return;
    }
    core_log(core, LOG_REFUSE, who->id, "%s gave a wrong password for operator " STR_FMT,
             user_mask(who->user), STR_ARG(name));
    reply_numeric(core, ERR_PASSWDMISMATCH, ":Password incorrect");
}

void cmd_OPER(struct core *core, const struct input_line *in)
{
    struct str name = in->line.params[0];
    wait_begin(core, INPUT_VERDICT, oper_checked, 0, str_cut_utf8(name, CORE_WORD_MAX));
    core_emit(core, &(struct effect){
                        .kind = EFFECT_VERIFY,
                        .session = core->who->id,
                        .operator_index = operator_index(core, name),
                        .message = message_create(&(struct message_parts){
                            .time_ms = core->now_ms, .body = in->line.params[1]}),
                    });
}

void cmd_KILL(struct core *core, const struct input_line *in)
{
    if (!reply_check_operator(core)) {
        return;
    }
    const struct user *killer = core->who->user;
    struct user *target = user_find(core, in->folded[0]);
    if (target == NULL) {
        if (str_eq_nocase(in->line.params[0], str_from(core->settings->server_name))) {
            reply_numeric(core, ERR_CANTKILLSERVER, ":You cant kill a server!");
        } else {
            reply_no_such_nick(core, in->line.params[0]);
        }
        return;
    }
    struct str comment = line_rest(in, 1);
    if (comment.len == 0) {
        comment = STR("No reason given");
    }
    /* The reason is cut to kick_len; its closing parentheses shall be inside. */
    size_t frame = user_nick(killer).len + sizeof("Killed ( ())");
    size_t max = core->settings->kick_len;
    comment = str_cut_utf8(comment, max > frame ? max - frame : 0);
    core_log(core, LOG_OPERATOR, core->who->id, "%s disconnected %s (" STR_FMT ")",
             user_mask(killer), user_mask(target), STR_ARG(comment));
    buf_printf(cast_from_user(core, killer), "KILL %s :" STR_FMT, target->name.raw,
               STR_ARG(comment));
    cast_user(core, cast_message(core, (struct str){0}), target);
    struct buf reason = {0};
    buf_printf(&reason, "Killed (%s (" STR_FMT "))", killer->name.raw, STR_ARG(comment));
    /* The killer may be the killed: nothing of core->who may be used below. */
    user_quit(core, target, buf_str(&reason), NULL);
    buf_finish(&reason);
}

void cmd_WALLOPS(struct core *core, const struct input_line *in)
{
    const struct user *user = core->who->user;
    if (!reply_check_operator(core)) {
        return;
    }
    struct str text = line_rest(in, 0);
    if (text.len == 0) {
        reply_need_params(core, in->verb);
        return;
    }
    buf_printf(cast_from_user(core, user), "WALLOPS :" STR_FMT, STR_ARG(text));
    struct message *message = cast_message(core, (struct str){0});
    bool answered = reply_is_labelled(core) && (user->umodes & UMODE_WALLOPS) != 0;
    if (answered) {
        reply_message(core, message);
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ALL,
                            .traits = TRAIT_WALLOPS,
                            .session = answered ? core->who->id : 0});
}

void cmd_REHASH(struct core *core, const struct input_line *in)
{
    if (!reply_check_operator(core)) {
        return;
    }
    core_log(core, LOG_OPERATOR, core->who->id, "%s asks for a reload", user_mask(core->who->user));
    reply_numeric(core, RPL_REHASHING, "marud.conf :Rehashing");
    core_emit(core, &(struct effect){.kind = EFFECT_REHASH, .session = core->who->id});
}

void cmd_ANNOUNCE(struct core *core, const struct input_line *in)
{
    struct str text = line_rest(in, 0);
    if (text.len == 0) {
        reply_need_params(core, in->verb);
        return;
    }
    announce_by_operator(core, text);
}
