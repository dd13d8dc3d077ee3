/* AUTHENTICATE of who is a user already (IRCv3 sasl). Pure; under the core's mutex. */
#include "reply.h"

/* The edge goes on with it: passwords are checked there. It comes back as INPUT_LOGIN. */
void cmd_AUTHENTICATE(struct core *core, const struct input_line *in)
{
    if (!core->settings->accounts) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "AUTHENTICATE :Unknown command");
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
