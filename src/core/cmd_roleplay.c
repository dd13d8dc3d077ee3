/*
 * NPC, NPCA, SCENE: members of a room with mode E speak as others. Who it really is stands in the
 * source's user name, and in the account tag. Pure; under the core's mutex.
 */
#include "reply.h"

/* Nothing that would make the source of a line read otherwise. */
static bool is_name(const struct core *core, struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.p[i] <= ' ' || memchr("!@*:", name.p[i], 4) != NULL) {
            return false;
        }
    }
    return name.len > 0 && name.len <= core->settings->nick_len;
}

static void play(struct core *core, const struct input_line *in, bool acts)
{
    struct str name = in->line.params[1];
    if (!is_name(core, name)) {
        reply_numeric(core, ERR_CANNOTSENDRP, STR_FMT " :That name cannot be played",
                      STR_ARG(reply_word(in->line.params[0])));
        return;
    }
    struct buf source = {0};
    struct buf text = {0};
    buf_printf(&source, "*" STR_FMT "*", STR_ARG(name));
    buf_printf(&text,
               acts ? "\x01"
                      "ACTION " STR_FMT "\x01"
                    : STR_FMT,
               STR_ARG(line_rest(in, 2)));
    say_in_role(core, in, buf_str(&source), buf_str(&text));
    buf_finish(&source);
    buf_finish(&text);
}

void cmd_NPC(struct core *core, const struct input_line *in)
{
    play(core, in, false);
}

void cmd_NPCA(struct core *core, const struct input_line *in)
{
    play(core, in, true);
}

void cmd_SCENE(struct core *core, const struct input_line *in)
{
    say_in_role(core, in, STR("=Scene="), line_rest(in, 1));
}
