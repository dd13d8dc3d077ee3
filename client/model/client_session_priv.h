/*
 * What the files of the client's session share: client_session.c (its life), client_register.c (CAP
 * to the room's door), client_people.c (who comes and goes), client_talk.c (what is said),
 * client_history.c (what was said before), client_search.c (what is looked for), client_commands.c
 * (what the person enters). Main thread; no GTK.
 */
#ifndef MARU_CLIENT_SESSION_PRIV_H
#define MARU_CLIENT_SESSION_PRIV_H

#include "buf.h"
#include "client_caps.h"
#include "client_session.h"
#include "history_page.h"
#include "line.h"
#include "server_features.h"

enum history_request {
    HISTORY_NONE,
    HISTORY_LATEST,
    HISTORY_BEFORE,
    HISTORY_AFTER,
    HISTORY_AROUND,
};

/* An answer that is waited for, and gathered in a batch. */
struct client_answer {
    char *label;               /* of the request; NULL where labels are not spoken */
    char *batch;               /* reference of the batch with the answer; NULL until it begins */
    struct history_page *page; /* NULL while nothing is waited for */
    int64_t asked_ms;
};

struct client_history {
    enum history_request request; /* one at a time */
    struct client_answer answer;
    unsigned pages_left; /* of the gap after a return that may still be asked for unasked */
    bool returning;      /* the gap after a return is being filled */
    bool begun;          /* nothing had ever been said when we came in */
    bool heard;          /* somebody spoke since we came in */
    char *newest;        /* reference of the room's newest message that we know; NULL is none */
    char *goal;          /* msgid that the person wants to see; NULL is none */
    int64_t goal_us;     /* and its time */
};

struct client_search {
    struct client_answer answer;
    char *text;   /* as the person wrote it; NULL where nothing was looked for */
    char *oldest; /* reference of the oldest result */
    bool more;    /* older results may exist */
    bool failed;
};

struct client_session {
    const struct client_session_events *events;
    void *owner;

    char *wanted_nick;
    char *user;
    char *realname;
    char *password;    /* NULL: none */
    char *wanted_room; /* NULL: the server's lobby */

    enum client_phase phase;
    struct chat_room *room;
    char *nick;          /* what the server calls us now */
    size_t source_len;   /* bytes of our nick!user@host as others receive it; 0 is not known */
    bool was_in_room;    /* this session has been in the room before: it is coming back */
    bool told_problem;   /* of this connection */
    bool killed;         /* a KILL of us was seen */
    unsigned nick_tries; /* other spellings tried on this connection */

    struct server_features features;
    unsigned caps;         /* enabled */
    unsigned caps_offered; /* gathered over the lines of CAP LS */
    bool cap_ended;
    unsigned next_label;
    GHashTable *batch_labels;  /* batch reference to label, for labelled batches */
    GHashTable *stale_batches; /* references of answers that nobody waits for any more */
    struct client_history history;
    struct client_search search;

    int64_t heard_ms; /* when the server last said anything */
    int64_t begun_ms; /* when registering, or later joining, began */
    bool ping_sent;

    struct client_now now; /* of the call under way */
};

/* One line that came, with what its tags say. */
struct incoming {
    const struct line *line;
    struct str nick; /* of the source; a server's name where it is one */
    bool from_server;
    bool from_me;
    int64_t time_us;
    char *label; /* owned; NULL where there is none */
    char *id;    /* owned; "" where there is none */
    char *batch; /* owned; NULL where there is none */
};

typedef void client_handler(struct client_session *session, const struct incoming *in);

/* The handler of a command or numeric; NULL where there is none. */
client_handler *client_handler_find(struct str command);

void client_send(struct client_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void client_set_phase(struct client_session *session, enum client_phase phase);
void client_tell_problem(struct client_session *session, enum client_problem_kind kind,
                         struct str detail);
void client_tell_changed(struct client_session *session);
bool client_is_me(const struct client_session *session, struct str nick);

/* Whether this is the room that the session shows. */
bool client_is_room(const struct client_session *session, struct str name);
void client_set_nick(struct client_session *session, struct str nick);

/* A row of ours, without a sender, at the time of the line or of now. */
void client_add_row(struct client_session *session, enum message_kind kind, int64_t time_us,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The last parameter, cleaned; freed with g_free. */
char *client_last_text(const struct incoming *in);

/* Joins the wanted room. */
void client_join(struct client_session *session);

/* Sends text to a room or a person, cut to fit, with rows that wait for their echo. False where it
 * would be more messages than CLIENT_SPLIT_MAX; then nothing was sent. */
bool client_say(struct client_session *session, struct str target, enum message_kind kind,
                struct str text);

/* A PRIVMSG or NOTICE as a row; the strings are the struct's own. */
struct speech {
    struct message row;
    char *sender;
    char *text;
    char *to;
};

/* False for what no person said; then there is nothing to finish. */
bool client_read_speech(struct client_session *session, const struct incoming *in,
                        enum message_kind kind, struct speech *ret_speech);
void client_finish_speech(struct speech *speech);

/* The next label, or NULL where the server does not speak labels; freed with g_free. */
char *client_next_label(struct client_session *session, const char *prefix);

/* client_answer.c: an answer is waited for from now on; the label's tag for the request is freed
 * with g_free. */
char *client_answer_expect(struct client_session *session, struct client_answer *answer,
                           const char *prefix);
void client_answer_clear(struct client_answer *answer);
bool client_answer_is_late(const struct client_session *session,
                           const struct client_answer *answer);

/* Whether a batch, refusal or other line that names no batch belongs to the answer. */
bool client_answer_is_meant(const struct client_answer *answer, const struct incoming *in);
/* Whether the line is one of those that the answer's batch holds. */
bool client_answer_holds(const struct client_answer *answer, const struct incoming *in);
/* Whether the end of this batch is the answer's. */
bool client_answer_ends(const struct client_session *session, const struct client_answer *answer,
                        const char *reference);

/* client_history.c */

/* We are in a room: `moved` is another one than before, with none of the old one's history. Puts in
 * the gap row that is filled next. */
void client_history_enter(struct client_session *session, bool moved);
void client_history_end(struct client_session *session);
void client_history_tick(struct client_session *session);
void client_history_finish(struct client_session *session);

/* Somebody spoke in the room just now. */
void client_history_heard(struct client_session *session, const struct message *row);

/* A line in an answer's batch is taken out of the conversation: then true. */
bool client_history_take(struct client_session *session, const struct incoming *in);

enum batch_use {
    BATCH_OTHER, /* something else */
    BATCH_TAKEN, /* the answer that is waited for */
    BATCH_STALE, /* an answer that nobody waits for: its lines are dropped */
};

/* BATCH +ref chathistory …, BATCH -ref, FAIL CHATHISTORY. */
enum batch_use client_history_begin_batch(struct client_session *session, const struct incoming *in,
                                          const char *reference, struct str type);
bool client_history_end_batch(struct client_session *session, const char *reference);
bool client_history_refused(struct client_session *session, const struct incoming *in);

/* client_search.c */
void client_search_end(struct client_session *session);
void client_search_tick(struct client_session *session);
void client_search_finish(struct client_session *session);
bool client_search_take(struct client_session *session, const struct incoming *in);
enum batch_use client_search_begin_batch(struct client_session *session, const struct incoming *in,
                                         const char *reference, struct str type);
bool client_search_end_batch(struct client_session *session, const char *reference);
bool client_search_refused(struct client_session *session, const struct incoming *in);

/* Takes a message out of the results. */
void client_search_forget(struct client_session *session, const char *id);

/* client_register.c */
client_handler client_on_cap, client_on_welcome, client_on_features, client_on_motd_end,
    client_on_nick_refused, client_on_room_refused, client_on_password, client_on_banned,
    client_on_error, client_on_ping, client_on_pong, client_on_kill;

/* client_people.c */
client_handler client_on_join, client_on_part, client_on_quit, client_on_kick, client_on_nick,
    client_on_mode, client_on_names, client_on_names_end, client_on_topic, client_on_topic_reply,
    client_on_away, client_on_invite;

/* client_talk.c */
client_handler client_on_privmsg, client_on_notice, client_on_standard_reply, client_on_batch,
    client_on_wallops, client_on_away_reply, client_on_refused_message, client_on_redact,
    client_on_ack, client_on_ignored, client_on_other;

#endif
