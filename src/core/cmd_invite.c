/*
 * INVITE (Modern IRC, "INVITE message"; IRCv3 invite-notify). Pure; under the core's mutex.
 * An invitation opens a room that is closed by i, k, l or b only where the inviter runs the room;
 * anybody else's is just a message.
 */
#include "reply.h"

static void list_invites(struct core *core)
{
    const struct user *user = core->who->user;
    for (unsigned i = 0; user->extra != NULL && i < user->extra->n_invites; i++) {
        const struct room *room = room_by_id(core, user->extra->invites[i]);
        if (room != NULL) {
            reply_numeric(core, RPL_INVITELIST, "%s", room->name.raw);
        }
    }
    reply_numeric(core, RPL_ENDOFINVITELIST, ":End of /INVITE list");
}

static void invite(struct core *core, const struct room *room, struct user *target)
{
    const struct user *user = core->who->user;
    reply_numeric(core, RPL_INVITING, "%s %s", target->name.raw, room->name.raw);
    if (user_away(target) != NULL) {
        reply_numeric(core, RPL_AWAY, "%s :%s", target->name.raw, user_away(target));
    }
    if (room_allows(room, user, RANK_HALFOP)) {
        invite_add(target, room);
    }
    buf_printf(cast_from_user(core, user), "INVITE %s %s", target->name.raw, room->name.raw);
    struct message *message = cast_message(core, (struct str){0});
    refcount_up(&message->holders);
    cast_user(core, message, target);
    /* Who may not invite need not know of it. */
    cast(core, message,
         &(struct audience){
             .kind = AUDIENCE_ROOM,
             .room = room->id,
             .rank_min = (room->modes & RMODE_INVITE_ONLY) != 0 ? RANK_HALFOP : 0,
             .caps_with = CAP_INVITE_NOTIFY,
             .session = core->who->id,
         });
}

void cmd_INVITE(struct core *core, const struct input_line *in)
{
    const struct user *user = core->who->user;
    if (in->line.n_params == 0) {
        list_invites(core);
        return;
    }
    if (in->line.n_params == 1) {
        reply_need_params(core, in->verb);
        return;
    }
    const struct room *room = room_find(core, in->folded[1]);
    if (room == NULL || !room_visible_to(room, user)) {
        reply_no_such_channel(core, in->line.params[1]);
        return;
    }
    if (user_membership(user, room) == NULL) {
        reply_not_on_channel(core, room_name(room));
        return;
    }
    if ((room->modes & RMODE_INVITE_ONLY) != 0 && !room_allows(room, user, RANK_HALFOP)) {
        reply_need_op(core, room);
        return;
    }
    struct user *target = user_find(core, in->folded[0]);
    if (target == NULL) {
        reply_no_such_nick(core, in->line.params[0]);
        return;
    }
    if (user_membership(target, room) != NULL) {
        reply_numeric(core, ERR_USERONCHANNEL, "%s %s :is already on channel", target->name.raw,
                      room->name.raw);
        return;
    }
    invite(core, room, target);
}
