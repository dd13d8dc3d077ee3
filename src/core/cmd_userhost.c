/* USERHOST and ISON: short questions about nicknames (Modern IRC). Pure; under the core's mutex. */
#include "reply.h"

/* The next nickname of all parameters; the last one may hold several. */
struct nick_list {
    const struct input_line *in;
    unsigned param;
    struct str rest; /* of the parameter before `param`, folded */
};

static bool next_nick(struct nick_list *list, struct str *ret_folded)
{
    for (;;) {
        while (list->rest.p != NULL) {
            struct str nick = str_split(&list->rest, ' ');
            if (nick.len > 0) {
                *ret_folded = nick;
                return true;
            }
        }
        if (list->param == list->in->line.n_params) {
            return false;
        }
        list->rest = list->in->folded[list->param++];
    }
}

static bool has_room(const struct core *core, size_t more)
{
    return core->reply.len - core->reply_start + more + 1 <= CORE_LINE_MAX;
}

void cmd_USERHOST(struct core *core, const struct input_line *in)
{
    struct nick_list list = {.in = in};
    struct str nick;
    struct buf *line = reply_begin(core, RPL_USERHOST);
    buf_add_char(line, ':');
    bool first = true;
    for (unsigned n = 0; n < CORE_USERHOST_MAX && next_nick(&list, &nick); n++) {
        const struct user *user = user_find(core, nick);
        if (user == NULL || !has_room(core, user_mask_str(user).len + 3)) {
            continue;
        }
        buf_printf(line, "%s%s%s=%c" STR_FMT "@" STR_FMT, first ? "" : " ", user->name.raw,
                   user_is_operator(user) ? "*" : "", user_away(user) != NULL ? '-' : '+',
                   STR_ARG(user_ident(user)), STR_ARG(user_host(user)));
        first = false;
    }
    reply_end(core);
}

void cmd_ISON(struct core *core, const struct input_line *in)
{
    struct nick_list list = {.in = in};
    struct str nick;
    struct buf *line = reply_begin(core, RPL_ISON);
    buf_add_char(line, ':');
    bool first = true;
    while (next_nick(&list, &nick)) {
        const struct user *user = user_find(core, nick);
        if (user != NULL && has_room(core, user_nick(user).len)) {
            buf_printf(line, "%s%s", first ? "" : " ", user->name.raw);
            first = false;
        }
    }
    reply_end(core);
}
