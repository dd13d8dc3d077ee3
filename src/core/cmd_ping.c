/* PING and PONG (Modern IRC, "PING message"): clients use the answer as a fence. Pure. */
#include "reply.h"

void cmd_PING(struct core *core, const struct input_line *in)
{
    if (line_param(&in->line, 0).len == 0) {
        reply_numeric(core, ERR_NOORIGIN, ":No origin specified");
        return;
    }
    reply_server(core, "PONG %s :" STR_FMT, core->settings->server_name,
                 STR_ARG(in->line.params[0]));
}

/* That the client is alive was noted by its edge already. */
void cmd_PONG(struct core *core, const struct input_line *in)
{
}
