/* MODE of users, and the way to that of rooms (Modern IRC, "MODE message"). Pure. */
#include "reply.h"

#include <stdlib.h>

static const struct {
    char letter;
    uint8_t bit;
} user_modes[] = {
    {'i', UMODE_INVISIBLE},
    {'o', UMODE_OPERATOR},
    {'w', UMODE_WALLOPS},
};

enum { USER_MODES = sizeof(user_modes) / sizeof(user_modes[0]) };

static void add_user_modes(struct buf *out, uint8_t umodes)
{
    for (unsigned i = 0; i < USER_MODES; i++) {
        if ((umodes & user_modes[i].bit) != 0) {
            buf_add_char(out, user_modes[i].letter);
        }
    }
}

/* What the string makes of the modes. Becoming an operator takes OPER. */
static uint8_t parse(struct str modes, uint8_t umodes, bool *ret_unknown)
{
    bool on = true;
    for (size_t at = 0; at < modes.len; at++) {
        char letter = modes.p[at];
        if (letter == '+' || letter == '-') {
            on = letter == '+';
            continue;
        }
        unsigned i = 0;
        while (i < USER_MODES && user_modes[i].letter != letter) {
            i++;
        }
        if (i == USER_MODES) {
            *ret_unknown = true;
        } else if (!on) {
            umodes &= (uint8_t)~user_modes[i].bit;
        } else if (letter != 'o') {
            umodes |= user_modes[i].bit;
        }
    }
    return umodes;
}

static void apply(struct core *core, struct user *user, uint8_t umodes)
{
    uint8_t on = umodes & (uint8_t)~user->umodes;
    uint8_t off = user->umodes & (uint8_t)~umodes;
    if ((on & UMODE_INVISIBLE) != 0) {
        core->n_invisible++;
    }
    if ((off & UMODE_INVISIBLE) != 0) {
        core->n_invisible--;
    }
    if ((off & UMODE_OPERATOR) != 0) {
        core->n_operators--;
        core_log(core, LOG_OPERATOR, core->who->id, "%s is no operator any more", user_mask(user));
        user_set_operator_name(user, (struct str){0});
    }
    user->umodes = umodes;
    user_emit_traits(core, user);
    struct buf *line = cast_from_user(core, user);
    buf_printf(line, "MODE %s :", user->name.raw);
    if (on != 0) {
        buf_add_char(line, '+');
        add_user_modes(line, on);
    }
    if (off != 0) {
        buf_add_char(line, '-');
        add_user_modes(line, off);
    }
    cast_self(core);
}

static void mode_user(struct core *core, const struct user *target, const struct input_line *in)
{
    struct user *user = core->who->user;
    if (target != user) {
        reply_numeric(core, ERR_USERSDONTMATCH, ":Cant change mode for other users");
        return;
    }
    if (in->line.n_params == 1) {
        struct buf *line = reply_begin(core, RPL_UMODEIS);
        buf_add_char(line, '+');
        add_user_modes(line, user->umodes);
        reply_end(core);
        return;
    }
    bool unknown = false;
    uint8_t umodes = parse(in->line.params[1], user->umodes, &unknown);
    if (umodes != user->umodes) {
        apply(core, user, umodes);
    }
    if (unknown) {
        reply_numeric(core, ERR_UMODEUNKNOWNFLAG, ":Unknown MODE flag");
    }
}

void cmd_MODE(struct core *core, const struct input_line *in)
{
    struct str folded = in->folded[0];
    if (folded.len > 0 && folded.p[0] == '#') {
        struct room *room = room_find(core, folded);
        if (room != NULL && room_visible_to(room, core->who->user)) {
            mode_room(core, room, in);
        } else {
            reply_no_such_channel(core, in->line.params[0]);
        }
        return;
    }
    const struct user *target = user_find(core, folded);
    if (target != NULL) {
        mode_user(core, target, in);
    } else {
        reply_no_such_nick(core, in->line.params[0]);
    }
}
