/*
 * PRIVMSG, NOTICE and TAGMSG to rooms, users, and for operators everybody ($*).
 * Modern IRC, "Sending Messages"; IRCv3 message-tags, echo-message, labeled-response.
 * Pure; under the core's mutex.
 */
#include "multiline.h"
#include "reply.h"

#include "alloc.h"
#include "tags.h"

struct speech {
    enum verb_id verb;
    struct str tags;                   /* client-only tags of the line, checked */
    struct str text;                   /* empty for TAGMSG */
    bool kept;                         /* it belongs to the conversation */
    const struct multiline *multiline; /* all of what is said, where that is several lines */
};

/* Reactions and what asks for it are a part of what was said; that somebody types is not, whatever
 * comes along with it. */
static bool tags_are_kept(struct str tags)
{
    struct str value;
    return !tags_find(tags, STR("+typing"), &value) &&
           (tags_find(tags, STR("+draft/react"), &value) ||
            tags_find(tags, STR("+draft/unreact"), &value) ||
            tags_find(tags, STR("+draft/persist"), &value));
}

/* The client-only tags ('+'), which are passed on; others are the server's to set. */
static void add_client_tags(struct str tags, struct buf *out)
{
    struct str rest = tags;
    struct str key;
    struct str value;
    while (tags_next(&rest, &key, &value)) {
        if (key.p[0] != '+' || !tags_key_valid(key)) {
            continue;
        }
        size_t before = out->len;
        if (before > 0) {
            buf_add_char(out, ';');
        }
        buf_add_str(out, key);
        if (value.len > 0) {
            /* Escaped anew: what came may hold escapes that the next parser reads otherwise. */
            struct buf plain = {0};
            tags_add_unescaped(&plain, value);
            buf_add_char(out, '=');
            tags_add_escaped(out, buf_str(&plain));
            buf_finish(&plain);
        }
        if (out->len > CORE_CLIENT_TAGS_MAX) {
            out->len = before;
            return;
        }
    }
}

static bool is_quiet(const struct speech *speech)
{
    return speech->verb == VERB_NOTICE; /* A NOTICE is never answered (RFC 2812 section 3.3.2). */
}

static struct message *make(struct core *core, const struct speech *speech, struct str target)
{
    if (speech->multiline != NULL) {
        core->n_messages++;
        return multiline_message(core, speech->multiline, target, speech->tags);
    }
    struct buf *line = cast_from_user(core, core->who->user);
    buf_add_str(line, verb_by_id(speech->verb)->name);
    buf_add_char(line, ' ');
    buf_add_str(line, target);
    if (speech->verb != VERB_TAGMSG) {
        buf_add(line, " :", 2);
        buf_add_str(line, speech->text);
    }
    core->n_messages++;
    return cast_message(core, speech->tags);
}

/* TAGMSG has no form for clients without tags. */
static cap_set caps_needed(const struct speech *speech)
{
    return speech->verb == VERB_TAGMSG ? CAP_MESSAGE_TAGS : 0;
}

static enum record_kind record_kind(const struct speech *speech)
{
    switch (speech->verb) {
    case VERB_PRIVMSG:
        return RECORD_PRIVMSG;
    case VERB_NOTICE:
        return RECORD_NOTICE;
    default:
        return RECORD_TAGMSG;
    }
}

/* The message goes to the store first, then its sender is told: with echo-message by a copy of its
 * own, which carries the label if there is one. What is kept is not echoed before it is on disk. */
static bool keep_and_echo(struct core *core, struct message *message, const struct speech *speech,
                          struct place place)
{
    cap_set needed = CAP_ECHO_MESSAGE | caps_needed(speech);
    uint64_t seq = core_last_seq(core);
    const struct session *who = core->who;
    bool kept = speech->kept && record_message(core, message, record_kind(speech), place,
                                               user_identity(who->user), who->id);
    (speech->multiline != NULL ? reply_echo_multiline : reply_echo)(
        core, (who->caps & needed) == needed ? message : NULL, kept ? seq : 0);
    return kept;
}

/* CTCP asks programs, not people; ACTION (/me) is talk. */
static bool is_ctcp(const struct speech *speech)
{
    struct str text = speech->text;
    return text.len > 0 && text.p[0] == '\x01' &&
           !str_starts(text, STR("\x01"
                                 "ACTION ")) &&
           !str_eq(text, STR("\x01"
                             "ACTION\x01"));
}

/* NULL: it may be said. */
static const char *why_not(const struct core *core, const struct speech *speech,
                           const struct room *room)
{
    const struct user *user = core->who->user;
    struct membership *member = user_membership(user, room);
    if ((room->modes & RMODE_NO_CTCP) != 0 && is_ctcp(speech)) {
        return "questions to programs (CTCP) are not let through (+C)";
    }
    if (member != NULL && member->rank != 0) {
        return NULL;
    }
    if (member == NULL && (room->modes & RMODE_NO_EXTERNAL) != 0) {
        return "you are not in it (+n)";
    }
    if ((room->modes & (RMODE_MODERATED | RMODE_OP_MODERATED)) == RMODE_MODERATED) {
        return "only voiced members may speak (+m)";
    }
    if ((room->modes & RMODE_REGISTERED_SPEAK) != 0 && user_account(user) == NULL) {
        return "only who is logged in to an account may speak (+M)";
    }
    if (member != NULL ? room_silences(room, user, member)
                       : room_ban_of(room, user, MASK_TO_SPEAK) != NULL) {
        return "you are banned (+b)";
    }
    return speech->kept ? room_count_message(core, room, user) : NULL;
}

/* What those without a rank say where U is set: its operators read it, nobody else. */
static bool is_for_operators(const struct core *core, const struct room *room)
{
    const struct membership *member = user_membership(core->who->user, room);
    return (room->modes & RMODE_OP_MODERATED) != 0 && (member == NULL || member->rank == 0);
}

/* The sender's other devices see what was sent. */
static void cast_to_own_others(struct core *core, struct message *message, cap_set needed)
{
    for (const struct session *s = core->who->user->sessions; s != NULL; s = s->next) {
        if (s != core->who && (s->caps & needed) == needed) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
}

/* `sign` is that of a STATUSMSG ("@#room"), or 0. */
static void say_to_room(struct core *core, const struct speech *speech, struct room *room,
                        char sign)
{
    const char *why = why_not(core, speech, room);
    if (why != NULL) {
        if (!is_quiet(speech)) {
            reply_numeric(core, ERR_CANNOTSENDTOCHAN, "%s :Cannot send to channel: %s",
                          room->name.raw, why);
        }
        return;
    }
    /* The room's own spelling, so that every member sees one room; a status prefix stays. */
    struct buf target = {0};
    if (sign != '\0') {
        buf_add_char(&target, sign);
    }
    buf_add_str(&target, room_name(room));
    struct message *message = make(core, speech, buf_str(&target));
    buf_finish(&target);
    if (core->settings->log_chat && speech->verb != VERB_TAGMSG) {
        core_log(core, LOG_CHAT, core->who->id, "%s <%s> " STR_FMT, room->name.raw,
                 core->who->user->name.raw, STR_ARG(speech->text));
    }
    uint8_t rank_min = rank_of_sign(sign);
    if (is_for_operators(core, room) && rank_min < RANK_HALFOP) {
        rank_min = RANK_HALFOP;
    }
    if (rank_min == 0) {
        if (keep_and_echo(core, message, speech, place_of_room(room->id))) {
            room_spoken_in(room, user_identity(core->who->user));
        }
    } else {
        /* Only some may read it, and nobody knows who they will have been. */
        const struct speech passing = {.verb = speech->verb};
        keep_and_echo(core, message, &passing, (struct place){0});
        const struct membership *member = user_membership(core->who->user, room);
        if (member != NULL && member->rank < rank_min) {
            cast_to_own_others(core, message, caps_needed(speech));
        }
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ROOM,
                            .room = room->id,
                            .rank_min = rank_min,
                            .caps_with = caps_needed(speech),
                            .session = core->who->id});
}

void say_in_role(struct core *core, const struct input_line *in, struct str nick, struct str text)
{
    const struct session *who = core->who;
    struct room *room = room_find(core, in->folded[0]);
    const struct speech speech = {.verb = VERB_PRIVMSG, .text = text, .kept = true};
    if (room == NULL || !room_visible_to(room, who->user)) {
        reply_no_such_channel(core, in->line.params[0]);
        return;
    }
    if (user_membership(who->user, room) == NULL) {
        reply_not_on_channel(core, room_name(room));
        return;
    }
    if ((room->modes & RMODE_ROLEPLAY) == 0 || !core->settings->roleplay) {
        reply_numeric(core, ERR_CANNOTSENDRP, "%s :There is no role-play here (+E)",
                      room->name.raw);
        return;
    }
    const char *why = is_for_operators(core, room) ? "only who has a rank may play (+U)"
                                                   : why_not(core, &speech, room);
    if (why != NULL) {
        reply_numeric(core, ERR_CANNOTSENDTOCHAN, "%s :Cannot send to channel: %s", room->name.raw,
                      why);
        return;
    }
    struct buf *line = cast_from_user(core, who->user);
    buf_clear(line);
    buf_printf(line, ":" STR_FMT "!%s@npc.invalid PRIVMSG %s :" STR_FMT, STR_ARG(nick),
               who->user->name.raw, room->name.raw, STR_ARG(text));
    struct message *message = cast_message(core, (struct str){0});
    core->n_messages++;
    uint64_t seq = core_last_seq(core);
    bool kept = record_message(core, message, RECORD_PRIVMSG, place_of_room(room->id),
                               user_identity(who->user), who->id);
    /* Its speaker sees it in any case: it is another who speaks. */
    reply_echo(core, message, kept ? seq : 0);
    if (kept) {
        room_spoken_in(room, user_identity(who->user));
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ROOM, .room = room->id, .session = who->id});
}

/* Whether that user wants to have it; who does not is told of by an answer. */
static bool is_welcome(struct core *core, const struct speech *speech, const struct user *user)
{
    const struct user *sender = core->who->user;
    if (user == sender || user_is_operator(sender)) {
        return true;
    }
    if ((user->umodes & UMODE_REGISTERED_ONLY) != 0 && user_account(sender) == NULL &&
        !accept_has(user, sender)) {
        if (!is_quiet(speech)) {
            reply_numeric(core, ERR_NEEDREGGEDNICK,
                          "%s :Cannot send to user: only who is logged in to an account may (+R)",
                          user->name.raw);
        }
        return false;
    }
    if ((user->umodes & UMODE_NO_CTCP) != 0 && is_ctcp(speech)) {
        if (!is_quiet(speech)) {
            reply_numeric(core, ERR_CANTSENDTOUSER,
                          "%s :Cannot send to user: no questions to programs (+T)", user->name.raw);
        }
        return false;
    }
    return true;
}

static void say_to_user(struct core *core, const struct speech *speech, struct user *user)
{
    struct user *sender = core->who->user;
    if (!is_welcome(core, speech, user)) {
        return;
    }
    if ((sender->umodes & UMODE_REGISTERED_ONLY) != 0 && user != sender) {
        accept_add(sender, user); /* Who is written to may answer. */
    }
    struct message *message = make(core, speech, user_nick(user));
    cap_set needed = caps_needed(speech);
    if (keep_and_echo(core, message, speech,
                      place_between(user_identity(sender), user_identity(user)))) {
        partners_met(core, sender, user);
    }
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        if ((s->caps & needed) == needed) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
    if (user != sender) {
        cast_to_own_others(core, message, needed);
    }
    message_unref(message);
    if (user_away(user) != NULL && speech->verb == VERB_PRIVMSG) {
        reply_numeric(core, RPL_AWAY, "%s :%s", user->name.raw, user_away(user));
    }
}

static void say_to_everybody(struct core *core, const struct speech *speech, struct str target)
{
    if (!reply_check_operator(core)) {
        return;
    }
    struct message *message = make(core, speech, target);
    core_log(core, LOG_ANNOUNCE, core->who->id, "announcement by %s: " STR_FMT,
             user_mask(core->who->user), STR_ARG(speech->text));
    bool labelled = reply_is_labelled(core);
    if (labelled) {
        reply_message(core, message);
    }
    cast(core, message,
         &(struct audience){.kind = AUDIENCE_ALL,
                            .caps_with = caps_needed(speech),
                            .session = labelled ? core->who->id : 0});
}

void announce_by_operator(struct core *core, struct str text)
{
    const struct speech speech = {.verb = VERB_NOTICE, .text = text};
    say_to_everybody(core, &speech, STR("$*"));
}

static void say_to(struct core *core, const struct speech *speech, struct str target,
                   struct str folded)
{
    if (target.len == 0) {
        return;
    }
    if (str_eq(target, STR("$*")) || str_eq(target, STR("$$*"))) {
        say_to_everybody(core, speech, STR("$*"));
        return;
    }
    if (speech->verb == VERB_PRIVMSG && (core->who->caps & CAP_PLAYBACK) != 0 &&
        core->settings->history && str_eq_nocase(target, STR("*playback"))) {
        playback_command(core, speech->text);
        return;
    }
    /* STATUSMSG: "@#room" is for operators, "+#room" for voiced members and up. */
    char sign = '\0';
    if (folded.len > 1 && rank_of_sign(folded.p[0]) != 0 && folded.p[1] == '#') {
        sign = folded.p[0];
        folded = (struct str){folded.p + 1, folded.len - 1};
    }
    if (folded.len > 0 && folded.p[0] == '#') {
        struct room *room = room_find(core, folded);
        if (room != NULL) {
            say_to_room(core, speech, room, sign);
        } else if (!is_quiet(speech)) {
            reply_no_such_channel(core, target);
        }
        return;
    }
    struct user *user = user_find(core, folded);
    if (user != NULL) {
        say_to_user(core, speech, user);
    } else if (!is_quiet(speech)) {
        reply_no_such_nick(core, target);
    }
}

static void say(struct core *core, const struct input_line *in, enum verb_id verb)
{
    struct buf tags = {0};
    if (in->line.tags.len > 0) {
        add_client_tags(in->line.tags, &tags);
    }
    const struct speech speech = {
        .verb = verb,
        .tags = buf_str(&tags),
        .text = verb != VERB_TAGMSG ? line_param(&in->line, 1) : (struct str){0},
        .kept = verb != VERB_TAGMSG || tags_are_kept(buf_str(&tags)),
    };
    struct str raw = in->line.params[0];
    struct str folded = in->folded[0];
    unsigned n = 0;
    while (raw.p != NULL) {
        if (n++ == core->settings->targets_max) {
            if (verb != VERB_NOTICE) {
                struct str target = reply_word(str_split(&raw, ','));
                reply_numeric(core, ERR_TOOMANYTARGETS, STR_FMT " :Too many targets",
                              STR_ARG(target));
            }
            break;
        }
        struct str target = str_split(&raw, ',');
        say_to(core, &speech, target, str_split(&folded, ','));
    }
    buf_finish(&tags);
}

void say_multiline(struct core *core, const struct multiline *m, enum verb_id verb,
                   struct str target, struct str folded, struct str tags)
{
    struct buf client_tags = {0};
    add_client_tags(tags, &client_tags);
    const struct speech speech = {
        .verb = verb,
        .tags = buf_str(&client_tags),
        .text = multiline_first(m),
        .kept = true,
        .multiline = m,
    };
    say_to(core, &speech, target, folded);
    buf_finish(&client_tags);
}

static void say_text(struct core *core, const struct input_line *in, enum verb_id verb)
{
    bool quiet = verb == VERB_NOTICE;
    if (in->line.tags.len > 0 && multiline_takes(core, in, verb)) {
        return;
    }
    if (in->line.n_params == 0 || in->line.params[0].len == 0) {
        if (!quiet) {
            reply_numeric(core, ERR_NORECIPIENT, ":No recipient given (PRIVMSG)");
        }
    } else if (line_param(&in->line, 1).len == 0) {
        if (!quiet) {
            reply_numeric(core, ERR_NOTEXTTOSEND, ":No text to send");
        }
    } else {
        say(core, in, verb);
    }
}

void cmd_PRIVMSG(struct core *core, const struct input_line *in)
{
    say_text(core, in, VERB_PRIVMSG);
}

void cmd_NOTICE(struct core *core, const struct input_line *in)
{
    say_text(core, in, VERB_NOTICE);
}

void cmd_TAGMSG(struct core *core, const struct input_line *in)
{
    if ((core->who->caps & CAP_MESSAGE_TAGS) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "TAGMSG :Unknown command");
        return;
    }
    say(core, in, VERB_TAGMSG);
}
