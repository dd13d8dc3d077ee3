/* KICK (Modern IRC, "KICK message"). Pure; under the core's mutex. */
#include "reply.h"

static void kick(struct core *core, struct room *room, struct user *target, struct str reason)
{
    const struct user *user = core->who->user;
    const struct membership *membership = user_membership(user, room);
    if (membership == NULL || (membership->rank & RANK_OP) == 0) {
        core_log(core, LOG_OPERATOR, core->who->id,
                 "%s kicked %s from %s as server operator (" STR_FMT ")", user->mask, target->mask,
                 room->name.raw, STR_ARG(reason));
    }
    buf_printf(cast_from_user(core, user), "KICK %s %s :" STR_FMT, room->name.raw, target->name.raw,
               STR_ARG(reason));
    cast_room(core, room);
    room_remove(core, room, target);
}

/* Whether the user at hand may kick from this room (still: it may have kicked itself). */
static bool check_power(struct core *core, const struct room *room)
{
    const struct user *user = core->who->user;
    if (room_is_run_by(room, user)) {
        return true;
    }
    if (user_membership(user, room) == NULL) {
        reply_not_on_channel(core, room_name(room));
    } else {
        reply_need_op(core, room);
    }
    return false;
}

void cmd_KICK(struct core *core, const struct input_line *in)
{
    struct room *room = room_find(core, in->folded[0]);
    if (room == NULL || !room_visible_to(room, core->who->user)) {
        reply_no_such_channel(core, in->line.params[0]);
        return;
    }
    struct str reason = str_cut_utf8(line_param(&in->line, 2), core->settings->kick_len);
    if (reason.len == 0) {
        reason = user_nick(core->who->user);
    }
    room_id id = room->id;
    struct str raw = in->line.params[1];
    struct str folded = in->folded[1];
    /* The room goes with its last member. */
    for (unsigned n = 0; raw.p != NULL && room != NULL && check_power(core, room); n++) {
        struct str nick = str_split(&raw, ',');
        struct user *target = user_find(core, str_split(&folded, ','));
        if (n == core->settings->targets_max) {
            reply_numeric(core, ERR_TOOMANYTARGETS, STR_FMT " :Too many targets",
                          STR_ARG(reply_word(nick)));
            break;
        }
        if (target == NULL) {
            reply_no_such_nick(core, nick);
        } else if (user_membership(target, room) == NULL) {
            reply_numeric(core, ERR_USERNOTINCHANNEL, "%s %s :They aren't on that channel",
                          target->name.raw, room->name.raw);
        } else {
            kick(core, room, target, reason);
        }
        room = room_by_id(core, id);
    }
}
