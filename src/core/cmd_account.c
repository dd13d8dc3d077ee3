/* AUTHENTICATE, REGISTER and VERIFY of who is a user already (IRCv3 sasl,
 * draft/account-registration). Pure; under the core's mutex. */
#include "reply.h"

static bool have_accounts(struct core *core, const struct input_line *in)
{
    if (!core->settings->accounts) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, STR_FMT " :Unknown command",
                      STR_ARG(in->verb->name));
    }
    return core->settings->accounts;
}

/* The edge goes on with it: passwords are checked there. It comes back as INPUT_LOGIN. */
void cmd_AUTHENTICATE(struct core *core, const struct input_line *in)
{
    if (!have_accounts(core, in)) {
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "%s " STR_FMT, core->who->user->name.raw, STR_ARG(in->line.params[0]));
    core_emit(core, &(struct effect){
                        .kind = EFFECT_SASL,
                        .session = core->who->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = buf_str(&body)}),
                    });
    buf_finish(&body);
}

static void unavailable(struct core *core, const struct input_line *in)
{
    if (have_accounts(core, in)) {
        struct buf name = {0};
        buf_add_str(&name, in->verb->name);
        buf_add_char(&name, '\0');
        reply_standard(core, "FAIL", name.p, "TEMPORARILY_UNAVAILABLE", "*",
                       "Nobody can register now");
        buf_finish(&name);
    }
}

void cmd_REGISTER(struct core *core, const struct input_line *in)
{
    unavailable(core, in);
}

void cmd_VERIFY(struct core *core, const struct input_line *in)
{
    unavailable(core, in);
}
