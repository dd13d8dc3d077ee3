/* KICK (Modern IRC, "KICK message"). Pure; under the core's mutex. */
#include "reply.h"

static void kick(struct core *core, struct room *room, struct user *target, struct str reason)
{
    const struct user *user = core->who->user;
    const struct membership *membership = user_membership(user, room);
    if (membership == NULL || membership->rank < RANK_HALFOP) {
        core_log(core, LOG_OPERATOR, core->who->id,
                 "%s kicked %s from %s as server operator (" STR_FMT ")", user_mask(user),
                 user_mask(target), room->name.raw, STR_ARG(reason));
    }
    buf_printf(cast_from_user(core, user), "KICK %s %s :" STR_FMT, room->name.raw, target->name.raw,
               STR_ARG(reason));
    cast_room_of(core, room, RECORD_KICK, target);
    room_remove(core, room, target);
}

/* The room, where the user at hand may kick from it (still: it may have kicked itself). */
static struct room *find_run_room(struct core *core, struct str name, struct str folded)
{
    const struct user *user = core->who->user;
    struct room *room = room_find(core, folded);
    if (room == NULL || !room_visible_to(room, user)) {
        reply_no_such_channel(core, name);
        return NULL;
    }
    if (room_allows(room, user, RANK_HALFOP)) {
        return room;
    }
    if (user_membership(user, room) == NULL) {
        reply_not_on_channel(core, room_name(room));
    } else {
        reply_need_op(core, room);
    }
    return NULL;
}

static void kick_named(struct core *core, struct room *room, struct str nick, struct str folded,
                       struct str reason)
{
    struct user *target = user_find(core, folded);
    const struct membership *membership = target != NULL ? user_membership(target, room) : NULL;
    if (target == NULL) {
        reply_no_such_nick(core, nick);
    } else if (membership != NULL && !room_outranks(room, core->who->user, membership)) {
        reply_outranked(core, room, target);
    } else if (membership == NULL) {
        reply_numeric(core, ERR_USERNOTINCHANNEL, "%s %s :They aren't on that channel",
                      target->name.raw, room->name.raw);
    } else {
        kick(core, room, target, reason);
    }
}

/* One room and several nicknames, or as many rooms as nicknames (RFC 2812 section 3.2.8). */
void cmd_KICK(struct core *core, const struct input_line *in)
{
    struct str reason = str_cut_utf8(line_param(&in->line, 2), core->settings->kick_len);
    if (reason.len == 0) {
        reason = user_nick(core->who->user);
    }
    struct str rooms = in->line.params[0];
    struct str rooms_folded = in->folded[0];
    struct str nicks = in->line.params[1];
    struct str nicks_folded = in->folded[1];
    struct str room_name = str_split(&rooms, ',');
    struct str room_folded = str_split(&rooms_folded, ',');
    bool pairs = rooms.p != NULL;
    for (unsigned n = 0; nicks.p != NULL; n++) {
        struct str nick = str_split(&nicks, ',');
        struct str folded = str_split(&nicks_folded, ',');
        if (n == core->settings->targets_max) {
            reply_numeric(core, ERR_TOOMANYTARGETS, STR_FMT " :Too many targets",
                          STR_ARG(reply_word(nick)));
            break;
        }
        /* Sought each time: a room goes with its last member. */
        struct room *room = find_run_room(core, room_name, room_folded);
        if (room != NULL) {
            kick_named(core, room, nick, folded, reason);
        } else if (!pairs) {
            break;
        }
        if (pairs && nicks.p != NULL) {
            if (rooms.p == NULL) {
                reply_need_params(core, in->verb);
                break;
            }
            room_name = str_split(&rooms, ',');
            room_folded = str_split(&rooms_folded, ',');
        }
    }
}
