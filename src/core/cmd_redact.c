/*
 * REDACT (IRCv3 draft/message-redaction): what was said is taken away, by who said it or, in a
 * room, by who runs the room. The store knows whose it is and what is left of it; the session waits
 * for its word, and those who can understand it are told then. Pure; under the core's mutex.
 */
#include "reply.h"

#include "alloc.h"
#include "msgid.h"

#include <stdlib.h>

static void fail(struct core *core, const char *code, struct str target, struct str msgid,
                 const char *text)
{
    struct buf context = {0};
    buf_add_str(&context, reply_word(target));
    if (msgid.len > 0) {
        buf_add_char(&context, ' ');
        buf_add_str(&context, reply_word(msgid));
    }
    buf_add_char(&context, '\0');
    reply_standard(core, "FAIL", "REDACT", code, context.p, text);
    buf_finish(&context);
}

/* Never complete by itself: INPUT_REDACTED ends it. */
static bool redact_more(struct core *core, struct walk *walk)
{
    return false;
}

/* The walk's text is the label, the target and the msgid, each with a NUL behind it. */
static struct str next_text(struct str *rest)
{
    return str_split(rest, '\0');
}

static void begin(struct core *core, const struct redaction *redaction, struct str target,
                  struct str msgid, struct str reason)
{
    struct session *who = core->who;
    struct buf text = {0};
    buf_printf(&text, "%s%c" STR_FMT "%c" STR_FMT "%c", core->label, 0, STR_ARG(target), 0,
               STR_ARG(msgid), 0);
    core->label[0] = '\0';
    walk_begin(core, redact_more, &(struct walk){0}, buf_str(&text));
    who->asking = true;
    buf_finish(&text);
    core_emit(core, &(struct effect){
                        .kind = EFFECT_REDACT,
                        .session = who->id,
                        .redaction = *redaction,
                        .message = message_create(
                            &(struct message_parts){.time_ms = core->now_ms, .body = reason}),
                    });
}

void cmd_REDACT(struct core *core, const struct input_line *in)
{
    const struct user *user = core->who->user;
    struct str target = in->line.params[0];
    struct str msgid = in->line.params[1];
    if (!core->settings->history || (core->who->caps & CAP_MESSAGE_REDACTION) == 0) {
        reply_numeric(core, ERR_UNKNOWNCOMMAND, "REDACT :Unknown command");
        return;
    }
    struct query_place place;
    if (!history_place(core, user, in->folded[0], &place)) {
        fail(core, "INVALID_TARGET", target, (struct str){0}, "You cannot delete messages there");
        return;
    }
    struct redaction redaction = {.place = place.place, .by = user_identity(user)};
    if (!msgid_parse(core->server_part, msgid, &redaction.seq) || redaction.seq < place.since_seq) {
        fail(core, "UNKNOWN_MSGID", target, msgid, "This message does not exist or is too old");
        return;
    }
    const struct room *room = room_by_id(core, place.place.room);
    redaction.any_sender = room != NULL && room_is_run_by(room, user);
    begin(core, &redaction, place.name, reply_word(msgid),
          str_cut_utf8(line_param(&in->line, 2), core->settings->kick_len));
}

/* ---- what became of it ---- */

/* The same as core->line has, without a msgid: it is no message of the history. */
static struct message *line_message(struct core *core)
{
    return cast_message_like(core, &(struct message){.time_ms = core->now_ms});
}

static void tell_user(struct core *core, struct message *message, user_id id)
{
    struct user *user = user_by_identity(core, id);
    for (const struct session *s = user != NULL ? user->sessions : NULL; s != NULL; s = s->next) {
        if ((s->caps & CAP_MESSAGE_REDACTION) != 0 && s != core->who) {
            refcount_up(&message->holders);
            cast(core, message, &(struct audience){.kind = AUDIENCE_SESSION, .session = s->id});
        }
    }
}

/* In the same way as a PRIVMSG, to those who know what it means. */
static void relay(struct core *core, const struct input_redacted *redacted, struct str target,
                  struct str msgid)
{
    const struct session *who = core->who;
    struct buf *line = who != NULL ? cast_from_user(core, who->user) : cast_from_server(core);
    buf_printf(line, "REDACT " STR_FMT " " STR_FMT, STR_ARG(target), STR_ARG(msgid));
    if (redacted->reason.len > 0) {
        buf_printf(line, " :" STR_FMT, STR_ARG(redacted->reason));
    }
    struct message *message = line_message(core);
    if (who != NULL && (who->caps & CAP_ECHO_MESSAGE) != 0) {
        reply_message(core, message);
    }
    const struct place *place = &redacted->place;
    if (place->room != 0) {
        refcount_up(&message->holders);
        cast(core, message,
             &(struct audience){.kind = AUDIENCE_ROOM,
                                .room = place->room,
                                .caps_with = CAP_MESSAGE_REDACTION,
                                .session = who != NULL ? who->id : 0});
    } else {
        tell_user(core, message, place->a);
        if (place->b != place->a) {
            tell_user(core, message, place->b);
        }
    }
    message_unref(message);
}

static void tell_outcome(struct core *core, const struct input_redacted *redacted,
                         struct str target, struct str msgid)
{
    switch (redacted->outcome) {
    case REDACT_DONE:
        relay(core, redacted, target, msgid);
        break;
    case REDACT_UNKNOWN:
        fail(core, "UNKNOWN_MSGID", target, msgid, "This message does not exist or is too old");
        break;
    case REDACT_FORBIDDEN:
        fail(core, "REDACT_FORBIDDEN", target, msgid,
             "You are not authorised to delete this message");
        break;
    case REDACT_FAILED:
        fail(core, "INTERNAL_ERROR", target, msgid, "The message could not be deleted");
        break;
    }
}

/* Who asked has gone: the others must learn of it all the same. */
static void relay_alone(struct core *core, const struct input_redacted *redacted)
{
    char id[MSGID_MAX];
    const struct room *room = room_by_id(core, redacted->place.room);
    if (redacted->outcome == REDACT_DONE && room != NULL) {
        relay(core, redacted, room_name(room), msgid_format(core->server_part, redacted->seq, id));
    }
}

void redact_told(struct core *core, const struct input *input)
{
    struct session *session = session_find(core, input->session);
    struct walk *walk = session != NULL ? session->walk : NULL;
    if (walk == NULL || walk->more != redact_more) {
        relay_alone(core, &input->redacted);
        return;
    }
    struct buf copy = {0};
    buf_add(&copy, walk->text, walk->text_len);
    walk_answered(session);
    struct str rest = buf_str(&copy);
    reply_open(core, session, (struct str){0});
    struct str label = next_text(&rest);
    if (label.len > 0) {
        memcpy(core->label, label.p, label.len);
        core->label[label.len] = '\0';
    }
    struct str target = next_text(&rest);
    struct str msgid = next_text(&rest);
    tell_outcome(core, &input->redacted, target, msgid);
    reply_close(core);
    buf_finish(&copy);
    /* Its edge asks whether it may go on. */
    core_emit(core, &(struct effect){.kind = EFFECT_ANSWERED, .session = session->id});
}
