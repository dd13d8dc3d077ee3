/* JOIN (Modern IRC, "JOIN message"). Pure; under the core's mutex. */
#include "reply.h"

/* Who enters an empty room made for it runs it; the lobby belongs to the server. */
static uint8_t first_rank(const struct room *room)
{
    return room->members.len == 0 && !room->is_lobby ? RANK_OP : 0;
}

static bool may_enter(struct core *core, const struct room *room, const struct user *user,
                      struct str key)
{
    const char *name = room->name.raw;
    bool invited = invite_has(user, room);
    if (room_bans(room, user) && !invited) {
        reply_numeric(core, ERR_BANNEDFROMCHAN, "%s :Cannot join channel (+b)", name);
        return false;
    }
    if ((room->modes & RMODE_INVITE_ONLY) != 0 && !invited &&
        !room_list_matches(room, ROOM_INVEXES, user)) {
        reply_numeric(core, ERR_INVITEONLYCHAN, "%s :Cannot join channel (+i)", name);
        return false;
    }
    if (room->key != NULL && !invited && !str_eq(str_from(room->key), key)) {
        reply_numeric(core, ERR_BADCHANNELKEY, "%s :Cannot join channel (+k)", name);
        return false;
    }
    if (room->limit > 0 && room->members.len >= room->limit && !invited) {
        reply_numeric(core, ERR_CHANNELISFULL, "%s :Cannot join channel (+l)", name);
        return false;
    }
    return true;
}

void join_add_extended(struct core *core, const struct room *room, const struct user *user)
{
    struct str account = user_account_name(user);
    buf_printf(cast_from_user(core, user), "JOIN %s " STR_FMT " :%s", room->name.raw,
               STR_ARG(account.len > 0 ? account : STR("*")), user_realname(user));
}

/* Everybody sees JOIN; with extended-join also account and real name. The message's number comes
 * out. */
static uint64_t announce_join(struct core *core, const struct room *room, const struct user *user)
{
    const struct session *who = core->who;
    bool labelled = reply_is_labelled(core);
    buf_printf(cast_from_user(core, user), "JOIN %s", room->name.raw);
    struct message *plain = cast_message(core, (struct str){0});
    uint64_t seq = core_last_seq(core);
    join_add_extended(core, room, user);
    struct message *extended = cast_message_like(core, plain);
    record_message(core, extended, RECORD_JOIN, place_of_room(room->id), user_identity(user), 0);
    if (labelled) {
        reply_message(core, (who->caps & CAP_EXTENDED_JOIN) != 0 ? extended : plain);
    }
    struct audience audience = {
        .kind = AUDIENCE_ROOM,
        .room = room->id,
        .caps_without = CAP_EXTENDED_JOIN,
        .session = labelled ? who->id : 0,
    };
    cast(core, plain, &audience);
    audience.caps_without = 0;
    audience.caps_with = CAP_EXTENDED_JOIN;
    cast(core, extended, &audience);
    if (user_away(user) != NULL) {
        buf_printf(cast_from_user(core, user), "AWAY :%s", user_away(user));
        cast(core, cast_message(core, (struct str){0}),
             &(struct audience){.kind = AUDIENCE_ROOM,
                                .room = room->id,
                                .caps_with = CAP_AWAY_NOTIFY,
                                .session = who->id});
    }
    return seq;
}

void join_show(struct core *core, struct room *room, uint64_t seq)
{
    if (room->topic != NULL) {
        reply_numeric(core, RPL_TOPIC, "%s :%s", room->name.raw, room->topic);
        reply_numeric(core, RPL_TOPICWHOTIME, "%s %s %llu", room->name.raw, room->topic_by,
                      (unsigned long long)room->topic_ms / 1000);
    }
    marker_tell_room(core, room);
    metadata_show_room(core, room);
    if ((core->who->caps & CAP_NO_IMPLICIT_NAMES) == 0) {
        names_begin(core, room);
    }
    if (seq != 0) {
        playback_join(core, room, seq);
    }
}

/* The user's other sessions are in the room now, too. */
static void show_others(struct core *core, struct room *room, const struct user *user)
{
    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        if (s != core->who && s->kind == SESSION_IRC) {
            struct reply_aside aside = reply_turn_to(core, s);
            join_show(core, room, 0);
            reply_turn_back(core, &aside);
        }
    }
}

static void join(struct core *core, const struct name *name, struct str key)
{
    struct user *user = core->who->user;
    struct room *room = room_find_kept(core, name->folded);
    if (room != NULL && user_membership(user, room) != NULL) {
        return;
    }
    if (user->n_rooms >= core->settings->rooms_per_user) {
        reply_numeric(core, ERR_TOOMANYCHANNELS, STR_FMT " :You have joined too many channels",
                      STR_ARG(reply_word(name->raw)));
        return;
    }
    if (room == NULL) {
        if (name->raw.len == 0 || name->raw.p[0] != '#') {
            reply_no_such_channel(core, name->raw);
            return;
        }
        const char *why = NULL;
        if (name->verdict != NAME_OK) {
            why = name_verdict_text(name->verdict);
        } else if (name->raw.len > core->settings->channel_len) {
            why = "the name is too long";
        } else if (name_index_check(&core->room_names, name, NULL) == STATUS_DENIED) {
            why = "the name looks like that of another room";
        }
        if (why != NULL) {
            reply_numeric(core, ERR_BADCHANMASK, STR_FMT " :Cannot make this room: %s",
                          STR_ARG(reply_word(name->raw)), why);
            return;
        }
        room = room_create(core, name);
    } else if (!may_enter(core, room, user, key)) {
        return;
    }
    room_add(core, room, user, first_rank(room));
    invite_remove(user, room);
    uint64_t seq = announce_join(core, room, user);
    join_show(core, room, seq);
    metadata_came(core, room, user);
    show_others(core, room, user);
}

/* JOIN 0: leave every room. */
static void leave_all(struct core *core)
{
    struct user *user = core->who->user;
    while (user->n_rooms > 0) {
        part_room(core, user->rooms[user->n_rooms - 1].room, (struct str){0});
    }
}

void cmd_JOIN(struct core *core, const struct input_line *in)
{
    if (str_eq(in->line.params[0], STR("0"))) {
        leave_all(core);
        return;
    }
    struct str keys = line_param(&in->line, 1);
    if (keys.len == 0) {
        keys.p = NULL;
    }
    for (unsigned i = 0; i < in->n_names; i++) {
        struct str key = keys.p != NULL ? str_split(&keys, ',') : (struct str){0};
        join(core, &in->names[i], key);
    }
}
