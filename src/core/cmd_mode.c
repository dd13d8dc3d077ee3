/* MODE of users, and the way to that of rooms (Modern IRC, "MODE message"). Pure. */
#include "reply.h"

void user_add_modes(uint8_t umodes, struct buf *out)
{
    for (unsigned i = 0; USER_MODE_LETTERS[i] != '\0'; i++) {
        if ((umodes & 1u << i) != 0) {
            buf_add_char(out, USER_MODE_LETTERS[i]);
        }
    }
}

/* 0: there is no such mode. */
static uint8_t bit_of(char letter)
{
    const char *at = letter != '\0' ? strchr(USER_MODE_LETTERS, letter) : NULL;
    return at != NULL ? (uint8_t)(1u << (at - USER_MODE_LETTERS)) : 0;
}

uint8_t user_parse_modes(struct str letters)
{
    uint8_t umodes = 0;
    for (size_t at = 0; at < letters.len; at++) {
        umodes |= bit_of(letters.p[at]);
    }
    return umodes;
}

void user_begin_modes(struct core *core, struct user *user)
{
    user->umodes = user_parse_modes(str_from(core->settings->user_modes)) &
                   (uint8_t) ~(UMODE_OPERATOR | UMODE_BOT);
    if ((user->umodes & UMODE_INVISIBLE) != 0) {
        core->n_invisible++;
    }
}

void user_tell_modes(struct core *core, const struct user *user)
{
    if (user->umodes != 0) {
        core->reply_start = core->reply.len;
        buf_printf(&core->reply, ":%s MODE %s :+", core->settings->server_name, user->name.raw);
        user_add_modes(user->umodes, &core->reply);
        reply_end(core);
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
        uint8_t bit = bit_of(letter);
        if (bit == 0) {
            *ret_unknown = true;
        } else if (!on) {
            umodes &= (uint8_t)~bit;
        } else if (bit != UMODE_OPERATOR) {
            umodes |= bit;
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
        user_add_modes(on, line);
    }
    if (off != 0) {
        buf_add_char(line, '-');
        user_add_modes(off, line);
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
        user_add_modes(user->umodes, line);
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
