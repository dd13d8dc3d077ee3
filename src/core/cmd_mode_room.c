/*
 * MODE of rooms (Modern IRC, "MODE message", "Channel Modes"): the walk through the letters, ranks,
 * and modes without a value. Pure; under the core's mutex. What really changes is announced in one
 * line, or in several where one is too short.
 */
#include "mode_room.h"

#include <stdlib.h>

static void announce(struct change *c)
{
    if (c->letters.len == 0) {
        return;
    }
    const struct user *user = c->core->who->user;
    if (c->from_outside) {
        core_log(c->core, LOG_OPERATOR, c->core->who->id,
                 "%s changed modes of %s as server operator: " STR_FMT STR_FMT, user_mask(user),
                 c->room->name.raw, STR_ARG(buf_str(&c->letters)), STR_ARG(buf_str(&c->params)));
    }
    struct buf *line = cast_from_user(c->core, user);
    buf_printf(line, "MODE %s ", c->room->name.raw);
    buf_add_str(line, buf_str(&c->letters));
    buf_add_str(line, buf_str(&c->params));
    cast_room(c->core, c->room, RECORD_MODE);
    buf_clear(&c->letters);
    buf_clear(&c->params);
    c->sign = '\0';
}

void mode_changed(struct change *c, char letter, struct str param)
{
    size_t head =
        strlen(user_mask(c->core->who->user)) + room_name(c->room).len + sizeof(": MODE  ");
    size_t more = 2 + (param.len > 0 ? param.len + 1 : 0);
    if (head + c->letters.len + c->params.len + more > CORE_LINE_MAX) {
        announce(c);
    }
    c->lasting = c->lasting || rank_of_letter(letter) == 0;
    char sign = c->on ? '+' : '-';
    if (c->sign != sign) {
        buf_add_char(&c->letters, sign);
        c->sign = sign;
    }
    buf_add_char(&c->letters, letter);
    if (param.len > 0) {
        buf_add_char(&c->params, ' ');
        buf_add_str(&c->params, param);
    }
}

bool mode_check_power(struct change *c, uint8_t rank)
{
    const struct user *user = c->core->who->user;
    if (c->powerless) {
        return false;
    }
    c->powerless = !room_allows(c->room, user, rank);
    if (c->powerless) {
        reply_need_rank(c->core, c->room, rank);
        return false;
    }
    const struct membership *own = user_membership(user, c->room);
    c->from_outside = c->from_outside || own == NULL || own->rank < rank;
    return true;
}

void mode_invalid(struct change *c, char letter, struct str param, const char *why)
{
    reply_numeric(c->core, ERR_INVALIDMODEPARAM, "%s %c " STR_FMT " :%s", c->room->name.raw, letter,
                  STR_ARG(reply_word(param)), why);
}

bool mode_take_param(struct change *c, char letter, const char *missing, unsigned *ret_index)
{
    if (c->param >= c->in->line.n_params) {
        mode_invalid(c, letter, (struct str){0}, missing);
        return false;
    }
    *ret_index = c->param++;
    /* What is over the number that 005 tells is left out (RFC 2812 section 3.2.3). */
    return c->n_params_used++ < c->core->settings->modes_per_command;
}

bool mode_check_forward(struct change *c, char letter, struct str raw, struct str folded)
{
    const struct room *to = room_find(c->core, folded);
    if (to == NULL || !room_visible_to(to, c->core->who->user)) {
        mode_invalid(c, letter, raw, "There is no such room to go to");
        return false;
    }
    if (to == c->room) {
        mode_invalid(c, letter, raw, "Nobody can be sent from a room to itself");
        return false;
    }
    if (!room_is_run_by(to, c->core->who->user)) {
        reply_need_op(c->core, to);
        return false;
    }
    return true;
}

static void change_rank(struct change *c, const struct room_mode *mode)
{
    bool given = c->param < c->in->line.n_params;
    struct user *target = given ? user_find(c->core, c->in->folded[c->param]) : NULL;
    const struct user *user = c->core->who->user;
    bool gives_up = target == user && !c->on; /* Everybody may, of its own. */
    unsigned i;
    if (c->powerless || (!gives_up && !mode_check_power(c, mode->rank)) ||
        !mode_take_param(c, mode->letter, "This mode needs a nickname", &i)) {
        return;
    }
    if (target == NULL) {
        reply_no_such_nick(c->core, c->in->line.params[i]);
        return;
    }
    const struct membership *membership = user_membership(target, c->room);
    if (membership == NULL) {
        reply_numeric(c->core, ERR_USERNOTINCHANNEL, "%s %s :They aren't on that channel",
                      target->name.raw, c->room->name.raw);
        return;
    }
    if (!c->on && !room_outranks(c->room, user, membership)) {
        reply_outranked(c->core, c->room, target);
        return;
    }
    uint8_t bit = rank_of_letter(mode->letter);
    uint8_t rank = membership->rank;
    rank = c->on ? rank | bit : rank & (uint8_t)~bit;
    if (rank != membership->rank) {
        room_set_rank(c->core, c->room, target, rank);
        mode_changed(c, mode->letter, user_nick(target));
    }
}

static void change_flag(struct change *c, const struct room_mode *mode)
{
    if (!mode_check_power(c, mode->rank)) {
        return;
    }
    if (mode->value == RMODE_ROLEPLAY && c->on && !c->core->settings->roleplay) {
        mode_invalid(c, mode->letter, (struct str){0}, "Role-play is switched off on this server");
        return;
    }
    uint32_t modes = c->on ? c->room->modes | mode->value : c->room->modes & ~mode->value;
    if (modes != c->room->modes) {
        c->room->modes = modes;
        mode_changed(c, mode->letter, (struct str){0});
    }
}

/* A halfop keeps order; what makes the room another takes an operator. */
static const struct room_mode modes[] = {
    {'C', RANK_HALFOP, change_flag, RMODE_NO_CTCP},
    {'E', RANK_OP, change_flag, RMODE_ROLEPLAY},
    {'F', RANK_HALFOP, mode_change_rate, 0},
    {'I', RANK_HALFOP, mode_change_list, ROOM_INVEXES},
    {'M', RANK_HALFOP, change_flag, RMODE_REGISTERED_SPEAK},
    {'R', RANK_HALFOP, change_flag, RMODE_REGISTERED_JOIN},
    {'U', RANK_HALFOP, change_flag, RMODE_OP_MODERATED},
    {'W', RANK_HALFOP, mode_change_slow, 0},
    {'a', RANK_FOUNDER, change_rank, 0},
    {'b', RANK_HALFOP, mode_change_list, ROOM_BANS},
    {'e', RANK_HALFOP, mode_change_list, ROOM_EXCEPTS},
    {'f', RANK_OP, mode_change_forward, 0},
    {'h', RANK_OP, change_rank, 0},
    {'i', RANK_HALFOP, change_flag, RMODE_INVITE_ONLY},
    {'j', RANK_HALFOP, mode_change_rate, 0},
    {'k', RANK_OP, mode_change_key, 0},
    {'l', RANK_OP, mode_change_limit, 0},
    {'m', RANK_HALFOP, change_flag, RMODE_MODERATED},
    {'n', RANK_HALFOP, change_flag, RMODE_NO_EXTERNAL},
    {'o', RANK_OP, change_rank, 0},
    {'q', RANK_FOUNDER, change_rank, 0},
    {'s', RANK_OP, change_flag, RMODE_SECRET},
    {'t', RANK_HALFOP, change_flag, RMODE_TOPIC_LOCK},
    {'u', RANK_OP, change_flag, RMODE_AUDITORIUM},
    {'v', RANK_HALFOP, change_rank, 0},
};

/* Once for each letter, so that a long line of nonsense has a short answer. */
static void unknown_mode(struct change *c, struct str letter)
{
    unsigned char byte = (unsigned char)letter.p[0];
    if (byte < 128) {
        uint64_t bit = 1ull << byte % 64;
        if ((c->unknown[byte / 64] & bit) != 0) {
            return;
        }
        c->unknown[byte / 64] |= bit;
    } else if (c->unknown_other) {
        return;
    } else {
        c->unknown_other = true;
    }
    reply_numeric(c->core, ERR_UNKNOWNMODE, STR_FMT " :is unknown mode char to me",
                  STR_ARG(reply_word(letter)));
}

static void change_one(struct change *c, struct str letter)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (modes[i].letter == letter.p[0]) {
            modes[i].change(c, &modes[i]);
            return;
        }
    }
    unknown_mode(c, letter);
}

static void show_modes(struct core *core, const struct room *room)
{
    struct buf *line = reply_begin(core, RPL_CHANNELMODEIS);
    buf_printf(line, "%s ", room->name.raw);
    room_add_modes(room, core->who->user, line);
    reply_end(core);
    reply_numeric(core, RPL_CREATIONTIME, "%s %llu", room->name.raw,
                  (unsigned long long)room->since_ms / 1000);
}

/* The character at the beginning, of one byte or a whole sequence. */
static struct str first_character(struct str s)
{
    size_t len = 1;
    while (len < s.len && ((unsigned char)s.p[len] & 0xC0) == 0x80) {
        len++;
    }
    return (struct str){s.p, len};
}

void mode_room(struct core *core, struct room *room, const struct input_line *in)
{
    if (in->line.n_params == 1) {
        show_modes(core, room);
        return;
    }
    struct change c = {.core = core, .room = room, .in = in, .on = true, .param = 2};
    struct str rest = in->line.params[1];
    while (rest.len > 0) {
        struct str letter = first_character(rest);
        rest.p += letter.len;
        rest.len -= letter.len;
        if (letter.p[0] == '+' || letter.p[0] == '-') {
            c.on = letter.p[0] == '+';
        } else {
            change_one(&c, letter);
        }
    }
    announce(&c);
    if (c.lasting) {
        room_changed(core, room);
    }
    buf_finish(&c.letters);
    buf_finish(&c.params);
}
