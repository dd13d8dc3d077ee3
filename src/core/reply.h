/*
 * Answers to the session at hand (core->who), and messages to audiences. Answers are gathered and
 * leave together when the command ends, so that a label can be put on them (IRCv3
 * labeled-response): none gives ACK, one carries the label, more come in a batch.
 */
#ifndef MARU_REPLY_H
#define MARU_REPLY_H

#include "core_priv.h"

/* ":server 461 nick " + format. Longer lines are cut at a character. */
void reply_numeric(struct core *core, enum numeric numeric, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ":server " + format. */
void reply_server(struct core *core, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same by hand: append to the buffer between the two. */
struct buf *reply_begin(struct core *core, enum numeric numeric);
void reply_end(struct core *core);

/* A standard reply (IRCv3 standard-replies): type is FAIL, WARN or NOTE; context may be "". Clients
 * without the capability get a NOTICE. */
void reply_standard(struct core *core, const char *type, const char *command, const char *code,
                    const char *context, const char *text);

/* A message as an answer, rendered for this session: what a labelled command does to oneself. Takes
 * no reference. */
void reply_message(struct core *core, const struct message *message);

/* What of a peer's word may stand as a parameter in the middle of an answer: cut at 100 bytes and
 * at the first space; "*" where nothing is left, or where it would begin with a colon. */
struct str reply_word(struct str raw);

/* What is answered between the two lies in a batch of its own (IRCv3 batch), inside that of the
 * label if there is one. Nothing may be cast meanwhile: that sends what was answered. `parameter`
 * may be "". */
struct reply_batch {
    uint64_t id;
    size_t at; /* in core->reply */
};
struct reply_batch reply_batch_begin(struct core *core, const char *type, struct str parameter);
/* Goes on with one whose lines have partly left. */
struct reply_batch reply_batch_resume(const struct core *core, uint64_t id);
/* Puts the batch on what was answered since; it goes on. */
void reply_batch_pause(struct core *core, struct reply_batch *batch);
void reply_batch_end(struct core *core, struct reply_batch *batch);

/* Common refusals. */
void reply_need_params(struct core *core, const struct verb *verb);
void reply_no_such_nick(struct core *core, struct str nick);
void reply_no_such_channel(struct core *core, struct str channel);
void reply_not_on_channel(struct core *core, struct str channel);
void reply_need_op(struct core *core, const struct room *room);
/* The same for any rank; and where a member stands above who wants something of it. */
void reply_need_rank(struct core *core, const struct room *room, uint8_t rank);
void reply_outranked(struct core *core, const struct room *room, const struct user *target);
void reply_need_operator(struct core *core);
/* False, and answered, where the user at hand is no server operator. */
bool reply_check_operator(struct core *core);
/* Whether the folded mask fits this server's name. */
bool reply_mask_is_server(const struct core *core, struct str folded);
/* Whether parameter i of a line, if it is there, means this server: its name, a mask of it, or the
 * nickname of a user on it. Answers 402 where not. */
bool reply_check_server(struct core *core, const struct input_line *in, unsigned i);

/* The command at hand carries a label. */
bool reply_is_labelled(const struct core *core);

/* Begins a command's answers with the label of its tags; ends them. */
void reply_open(struct core *core, struct session *session, struct str tags);
void reply_close(struct core *core);
/* Sends what is gathered; inside the batch of `walk`, if one is open. */
void reply_flush(struct core *core);
/* The answer says that message `seq` is on disk: it is held back until it is. `message` is the
 * sender's own copy, a part of the answer; NULL where it gets none but that of a label. */
void reply_echo(struct core *core, const struct message *message, uint64_t seq);

/* Answers go to another session for a while, as no answer to any command of its own. */
struct reply_aside {
    struct session *who;
    struct buf reply;
    size_t start;
    uint64_t seq;
    unsigned lines;
    uint64_t batch;
    char label[CORE_LABEL_MAX + 1];
};
struct reply_aside reply_turn_to(struct core *core, struct session *session);
void reply_turn_back(struct core *core, struct reply_aside *aside);

/* The same of a message of several lines: the label stands on the line that opens its batch. */
void reply_echo_multiline(struct core *core, const struct message *message, uint64_t seq);

/* cast: core->line is cleared and gets ":mask " of a user, or ":server "; append and then send. */
struct buf *cast_from_user(struct core *core, const struct user *user);
struct buf *cast_from_server(struct core *core);
/* Makes a message of core->line, CR LF added; cut to CORE_LINE_MAX. With a msgid of its own. */
struct message *cast_message(struct core *core, struct str client_tags);
/* The same event in another form, for clients with other capabilities: it has one msgid. */
struct message *cast_message_like(struct core *core, const struct message *like);
/* Sends it; takes the reference. */
void cast(struct core *core, struct message *message, const struct audience *audience);
/* To a room with everybody in it, `who` too; where `who`'s command is labelled, `who` gets it as an
 * answer instead. It is kept as an event of that kind. */
void cast_room(struct core *core, const struct room *room, enum record_kind kind);
/* The same of what one member does or suffers: in an auditorium not everybody sees it. */
void cast_room_of(struct core *core, const struct room *room, enum record_kind kind,
                  const struct user *member);
void cast_room_except(struct core *core, const struct room *room, session_id except);
/* Of `who`'s user to its own sessions alone; `who` gets it as an answer. */
void cast_self(struct core *core);
/* To every session of a user. */
void cast_user(struct core *core, struct message *message, const struct user *user);
/* To those who share a room with the user, once, as far as `like` says which of them; its kind does
 * not matter. Takes what was gathered for a cast. */
void cast_near(struct core *core, const struct user *user, const struct audience *like);
/* To everybody who shares a room with the user, once, with all of `caps`; the user's own sessions
 * too if `self`. It is kept as an event of that kind; 0: it is not kept. */
void cast_neighbours(struct core *core, const struct user *user, cap_set caps, bool self,
                     enum record_kind kind);

void core_emit(struct core *core, const struct effect *effect);
/* A sentence for the daemon's log, from core->line's place: printf-like. */
void core_log(struct core *core, enum log_topic topic, session_id session, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
