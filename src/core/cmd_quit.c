/* QUIT, and ERROR from a client (Modern IRC, "QUIT message"). Pure; under the core's mutex. */
#include "reply.h"

void cmd_QUIT(struct core *core, const struct input_line *in)
{
    struct buf reason = {0};
    struct str text = line_param(&in->line, 0);
    if (text.len > 0) {
        buf_printf(&reason, "Quit: " STR_FMT, STR_ARG(text));
    } else {
        buf_add_cstr(&reason, "Quit");
    }
    session_end(core, core->who, buf_str(&reason), false);
    buf_finish(&reason);
}

/* A client has no errors to tell the server; silence keeps loops from beginning. */
void cmd_ERROR(struct core *core, const struct input_line *in)
{
}
