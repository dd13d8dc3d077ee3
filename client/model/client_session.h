/*
 * The client's side of one IRC conversation: lines of the server go in, lines to the server and
 * events come out. It knows no sockets, no clock and no GTK, so tests feed it text. It outlives
 * connections: after client_session_end it can begin again, and the room continues. Main thread.
 */
#ifndef MARU_CLIENT_SESSION_H
#define MARU_CLIENT_SESSION_H

#include "chat_room.h"
#include "client_problem.h"
#include "status.h"
#include "str.h"

#include <stdint.h>

struct client_now {
    int64_t wall_us; /* since 1970, for what is shown */
    int64_t mono_ms; /* never jumps, for waiting */
};

enum client_phase {
    CLIENT_OFFLINE,     /* no link */
    CLIENT_REGISTERING, /* CAP, NICK, USER */
    CLIENT_JOINING,     /* registered, waiting for the room */
    CLIENT_IN_ROOM,
    CLIENT_OUTSIDE, /* registered, but removed from the room */
};

/* Called from inside the functions below; each may be NULL but `send`. None may call
 * client_session_destroy; what ends the link is done from the owner's own loop. */
struct client_session_events {
    void (*send)(void *owner, struct str line); /* without CR LF */
    void (*phase)(void *owner, enum client_phase phase);
    /* Joining failed, or the server ends the connection: the link is to be closed. */
    void (*problem)(void *owner, const struct client_problem *problem);
    /* `sender` is "" for the server itself. */
    void (*announcement)(void *owner, const char *sender, const char *text);
    /* Somebody wrote to us or said our name. */
    void (*attention)(void *owner, const char *sender, const char *text);
    /* The room's name or topic or our nickname changed, or what the server can do. */
    void (*changed)(void *owner);
    /* The row at this position is what client_session_go_to was about. */
    void (*show)(void *owner, unsigned position);
    /* client_session_search_state or the results changed. */
    void (*search)(void *owner);
};

struct client_identity {
    const char *nick;
    const char *user;     /* what the system calls the person */
    const char *realname; /* shown by WHOIS */
    const char *room;     /* NULL: what the server calls its lobby, or #lobby */
    const char *password; /* of the server; NULL: none was asked for */
};

struct client_session;

struct client_session *client_session_create(const struct client_session_events *events,
                                             void *owner);
void client_session_destroy(struct client_session *session);

/* Who joins from the next begin on; the strings are copied. */
void client_session_set_identity(struct client_session *session,
                                 const struct client_identity *identity);

/* The same identity with another password, from the next begin on. */
void client_session_set_password(struct client_session *session, const char *password);

/* A link is open: registration begins. */
void client_session_begin(struct client_session *session, struct client_now now);

/* One line from the server, without CR LF; any bytes. */
void client_session_line(struct client_session *session, struct str bytes, struct client_now now);

/* To be called every few seconds: asks a quiet server whether it is there. False when the link is
 * dead and to be closed. */
bool client_session_tick(struct client_session *session, struct client_now now) MARU_CHECK;

/* The link is gone. Where the room was lost by it, a row says so. */
void client_session_end(struct client_session *session, struct client_now now);

enum client_entry {
    CLIENT_ENTRY_DONE,
    CLIENT_ENTRY_KEEP, /* not sent: the text stays in the entry */
    CLIENT_ENTRY_QUIT, /* QUIT was sent: the person leaves */
};

/* What the person entered: a message, or a command that begins with a slash. */
enum client_entry client_session_enter(struct client_session *session, const char *text,
                                       struct client_now now);

/* Says QUIT; the link may be closed when it is written. */
void client_session_quit(struct client_session *session, const char *reason);

/* Joins the room again after having been removed from it. */
void client_session_rejoin(struct client_session *session);

/* Sends the text of a message of ours that did not arrive once more, and takes out its row. */
void client_session_send_again(struct client_session *session, unsigned position,
                               struct client_now now);

/* Takes a message of ours back, for everybody. */
void client_session_remove(struct client_session *session, const char *id, struct client_now now);
bool client_session_can_remove(const struct client_session *session);

/* The gap at this position came into view: fills it from below (`older`) or from above. `asked` is
 * a person's wish, which also holds after a refusal. */
void client_session_load(struct client_session *session, unsigned position, bool older, bool asked,
                         struct client_now now);

/* Goes to a message: `show` comes at once where it is in the list, else when its surroundings have
 * come. */
void client_session_go_to(struct client_session *session, const char *id, int64_t time_us,
                          struct client_now now);

enum search_state {
    SEARCH_NONE,    /* nothing is looked for */
    SEARCH_RUNNING, /* asked */
    SEARCH_DONE,    /* the results are whole */
    SEARCH_MORE,    /* there may be older ones: client_session_search_more */
    SEARCH_FAILED,  /* the server could not */
};

/* Looks for a text in the room: from:NICK in it names who said it. "" ends the search. */
void client_session_search(struct client_session *session, const char *text, struct client_now now);
void client_session_search_more(struct client_session *session, struct client_now now);
enum search_state client_session_search_state(const struct client_session *session);
bool client_session_can_search(const struct client_session *session);

enum client_phase client_session_phase(const struct client_session *session);

/* Never NULL; the same object for the session's whole life. */
struct chat_room *client_session_room(const struct client_session *session);

/* The nickname that we have now, and the one we would like. */
const char *client_session_nick(const struct client_session *session);
const char *client_session_wanted_nick(const struct client_session *session);

/* A quick look at a nickname before any server is asked: PROBLEM_NONE, _NICK_EMPTY or
 * _NICK_INVALID.
 */
enum client_problem_kind client_session_check_nick(const char *nick);

#endif
