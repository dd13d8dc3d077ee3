/* JOIN (Modern IRC, "JOIN message"). Pure; under the core's mutex. */
#include "reply.h"

/* Why somebody may not enter. */
struct barrier {
    enum numeric numeric; /* 0: nothing is in the way */
    const char *why;
    struct str forward; /* of the ban; empty: where the room sends people */
};

static struct barrier find_barrier(const struct room *room, const struct user *user, struct str key)
{
    /* An invitation opens everything. */
    if (invite_has(user, room)) {
        return (struct barrier){0};
    }
    const struct mask_entry *ban = room_ban_of(room, user, MASK_TO_ENTER);
    if (ban != NULL) {
        return (struct barrier){ERR_BANNEDFROMCHAN, "Cannot join channel (+b)", ban->forward};
    }
    if ((room->modes & RMODE_INVITE_ONLY) != 0 &&
        room_list_find(room, ROOM_INVEXES, user, MASK_TO_ENTER) == NULL) {
        return (struct barrier){.numeric = ERR_INVITEONLYCHAN, .why = "Cannot join channel (+i)"};
    }
    if ((room->modes & RMODE_REGISTERED_JOIN) != 0 && user_account(user) == NULL) {
        return (struct barrier){.numeric = ERR_NEEDREGGEDNICK,
                                .why = "Cannot join channel (+R): log in to an account first"};
    }
    if (room->key != NULL && !str_eq(str_from(room->key), key)) {
        return (struct barrier){.numeric = ERR_BADCHANNELKEY, .why = "Cannot join channel (+k)"};
    }
    if (room->limit > 0 && room->members.len >= room->limit) {
        return (struct barrier){.numeric = ERR_CHANNELISFULL, .why = "Cannot join channel (+l)"};
    }
    return (struct barrier){0};
}

/* Whoever is to come as a founder or the like may come always: the room is theirs. */
static struct barrier barrier_of(const struct core *core, const struct room *room,
                                 const struct user *user, struct str key)
{
    if (room->founder != 0 && room_rank_of(room, user) >= RANK_OP) {
        return (struct barrier){0};
    }
    struct barrier barrier = find_barrier(room, user, key);
    if (barrier.numeric == 0 && !room_count_join(core, room)) {
        barrier = (struct barrier){
            .numeric = ERR_THROTTLE,
            .why = "Cannot join channel (+j): too many come at once, try again later"};
    }
    return barrier;
}

void join_add_extended(struct core *core, const struct room *room, const struct user *user)
{
    struct str account = user_account_name(user);
    buf_printf(cast_from_user(core, user), "JOIN %s " STR_FMT " :%s", room->name.raw,
               STR_ARG(account.len > 0 ? account : STR("*")), user_realname(user));
}

/* Another room that takes those who may not enter here, if it lets them in; or NULL. */
static struct room *find_forward(struct core *core, const struct room *room,
                                 const struct user *user, const struct barrier *barrier)
{
    struct str folded = barrier->forward;
    if (folded.len == 0 && room->limits != NULL) {
        folded = str_from(room->limits->forward_folded);
    }
    struct room *to = folded.len > 0 ? room_find(core, folded) : NULL;
    if (to == NULL || to == room || user_membership(user, to) != NULL ||
        barrier_of(core, to, user, (struct str){0}).numeric != 0) {
        return NULL;
    }
    return to;
}

/* The room that the user enters: this one, or another; NULL, and answered: none. */
static struct room *pass(struct core *core, struct room *room, const struct user *user,
                         struct str key)
{
    const struct barrier barrier = barrier_of(core, room, user, key);
    if (barrier.numeric == 0) {
        return room;
    }
    struct room *to = find_forward(core, room, user, &barrier);
    if (to == NULL) {
        reply_numeric(core, barrier.numeric, "%s :%s", room->name.raw, barrier.why);
    } else {
        reply_numeric(core, ERR_LINKCHANNEL, "%s %s :Forwarding to another channel", room->name.raw,
                      to->name.raw);
    }
    return to;
}

/* Everybody sees JOIN, but in an auditorium; with extended-join also account and real name. The
 * message's number comes out. */
static uint64_t announce_join(struct core *core, const struct room *room, const struct user *user)
{
    const struct session *who = core->who;
    bool labelled = reply_is_labelled(core);
    buf_printf(cast_from_user(core, user), "JOIN %s", room->name.raw);
    struct message *plain = cast_message(core, (struct str){0});
    uint64_t seq = core_last_seq(core);
    join_add_extended(core, room, user);
    struct message *extended = cast_message_like(core, plain);
    uint8_t rank_min = room_hides(room, user_membership(user, room)->rank);
    if (rank_min == 0) {
        record_message(core, extended, RECORD_JOIN, place_of_room(room->id), user_identity(user),
                       0);
    }
    if (labelled) {
        reply_message(core, (who->caps & CAP_EXTENDED_JOIN) != 0 ? extended : plain);
    }
    for (const struct session *s = user->sessions; rank_min != 0 && s != NULL; s = s->next) {
        /* Its rank does not let it see even itself. */
        if (s != who || !labelled) {
            struct message *own = (s->caps & CAP_EXTENDED_JOIN) != 0 ? extended : plain;
            refcount_up(&own->holders);
            cast(core, own, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    struct audience audience = {
        .kind = AUDIENCE_ROOM,
        .room = room->id,
        .rank_min = rank_min,
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
                                .rank_min = rank_min,
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

static void enter(struct core *core, struct room *room)
{
    struct user *user = core->who->user;
    room_add(core, room, user, room_rank_of(room, user));
    invite_remove(user, room);
    uint64_t seq = announce_join(core, room, user);
    join_show(core, room, seq);
    if (room_hides(room, user_membership(user, room)->rank) == 0) {
        metadata_came(core, room, user);
    }
    show_others(core, room, user);
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
    } else {
        room = pass(core, room, user, key);
    }
    if (room != NULL) {
        enter(core, room);
    }
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
