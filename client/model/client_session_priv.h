/*
 * What the files of the client's session share: client_session.c (its life), client_register.c (CAP
 * to the room's door), client_people.c (who comes and goes), client_talk.c (what is said),
 * client_commands.c (what the person enters). Main thread; no GTK.
 */
#ifndef MARU_CLIENT_SESSION_PRIV_H
#define MARU_CLIENT_SESSION_PRIV_H

#include "buf.h"
#include "client_caps.h"
#include "client_session.h"
#include "line.h"
#include "server_features.h"

struct client_session {
    const struct client_session_events *events;
    void *owner;

    char *wanted_nick;
    char *user;
    char *realname;
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
    GHashTable *batch_labels; /* batch reference to label, for labelled batches */

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
    client_on_wallops, client_on_away_reply, client_on_refused_message, client_on_ignored,
    client_on_other;

#endif
