/* AWAY and SETNAME: what a user says of itself (Modern IRC; IRCv3 away-notify, setname). Pure. */
#include "accounts.h"
#include "reply.h"

void cmd_AWAY(struct core *core, const struct input_line *in)
{
    struct user *user = core->who->user;
    struct str text = str_cut_utf8(line_param(&in->line, 0), core->settings->away_len);
    bool changed = !str_eq(text, str_from(user_away(user)));
    if (changed) {
        user_set_away(user, text);
    }
    if (user_away(user) != NULL) {
        reply_numeric(core, RPL_NOWAWAY, ":You have been marked as being away");
    } else {
        reply_numeric(core, RPL_UNAWAY, ":You are no longer marked as being away");
    }
    if (changed) {
        struct buf *line = cast_from_user(core, user);
        buf_add_cstr(line, "AWAY");
        if (user_away(user) != NULL) {
            buf_printf(line, " :%s", user_away(user));
        }
        cast_neighbours(core, user, CAP_AWAY_NOTIFY, false, 0);
    }
}

void cmd_SETNAME(struct core *core, const struct input_line *in)
{
    struct user *user = core->who->user;
    struct str realname = in->line.params[0];
    if (realname.len == 0 || realname.len > core->settings->realname_len) {
        /* Without the capability the command is handled in silence, as the specification asks. */
        if ((core->who->caps & CAP_SETNAME) != 0) {
            reply_standard(core, "FAIL", "SETNAME", "INVALID_REALNAME", "",
                           "Realname is not valid");
        }
        return;
    }
    user_set_realname(user, realname);
    account_touch(core, user);
    buf_printf(cast_from_user(core, user), "SETNAME :%s", user_realname(user));
    cast_neighbours(core, user, CAP_SETNAME, true, 0);
}
