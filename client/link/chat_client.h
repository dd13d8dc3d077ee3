/*
 * MaruChatClient: a person's stay on a server. It joins the session (what is said) to the link (how
 * it gets there), remembers, and comes back after a lost connection. Main thread; no GTK.
 *
 * Signals:
 *   state-changed ()                          maru_chat_client_state or its details changed
 *   room-changed ()                           the room's name or topic or our nickname changed, or
 *                                             what the server can do
 *   problem (gpointer client_problem)         joining failed, or the stay ended by itself
 *   announcement (sender, text)               sender is "" for the server itself
 *   attention (sender, text)                  somebody wrote to us or said our name
 *   show-row (position)                       what maru_chat_client_go_to was about is here
 *   search-changed ()                         the search's state or results changed
 */
#ifndef MARU_CHAT_CLIENT_H
#define MARU_CHAT_CLIENT_H

#include "client_session.h"
#include "client_settings.h"

#define MARU_TYPE_CHAT_CLIENT (maru_chat_client_get_type())
G_DECLARE_FINAL_TYPE(MaruChatClient, maru_chat_client, MARU, CHAT_CLIENT, GObject)

enum chat_state {
    CHAT_IDLE,      /* nowhere, the join page is to be shown */
    CHAT_JOINING,   /* the first time: the fields wait */
    CHAT_IN_ROOM,   /* everything works */
    CHAT_OUTSIDE,   /* connected, but removed from the room */
    CHAT_WAITING,   /* the connection is lost; tries again in seconds_left */
    CHAT_RETURNING, /* trying again now */
    CHAT_STRANDED,  /* the connection is lost, and only the person can help */
};

/* `settings` is borrowed and must outlive the client; it is changed and saved after a join. */
MaruChatClient *maru_chat_client_new(struct client_settings *settings);

/* Joins. What is wrong with the two texts comes as "problem" before this returns. */
void maru_chat_client_join(MaruChatClient *client, const char *address, const char *nick);

/* Gives up joining, or leaves the room: says QUIT and goes back to CHAT_IDLE. */
void maru_chat_client_leave(MaruChatClient *client);

/* Tries again at once: while waiting or stranded, or into the room from which we were removed. */
void maru_chat_client_retry(MaruChatClient *client);

/* Trusts this certificate for the server of the last try, and tries again. */
void maru_chat_client_trust(MaruChatClient *client, const char *fingerprint);

/* Tells the server of the last try this password, and tries again. It is not written to disk. */
void maru_chat_client_give_password(MaruChatClient *client, const char *password);

enum client_entry maru_chat_client_enter(MaruChatClient *client, const char *text);

/* As the functions of client_session with these names. */
void maru_chat_client_send_again(MaruChatClient *client, unsigned position);
void maru_chat_client_remove(MaruChatClient *client, const char *id);
bool maru_chat_client_can_remove(MaruChatClient *client);
void maru_chat_client_load(MaruChatClient *client, unsigned position, bool older, bool asked);
void maru_chat_client_go_to(MaruChatClient *client, const char *id, int64_t time_us);
void maru_chat_client_search(MaruChatClient *client, const char *text);
void maru_chat_client_search_more(MaruChatClient *client);
enum search_state maru_chat_client_search_state(MaruChatClient *client);
bool maru_chat_client_can_search(MaruChatClient *client);

enum chat_state maru_chat_client_state(MaruChatClient *client);
unsigned maru_chat_client_seconds_left(MaruChatClient *client);
struct chat_room *maru_chat_client_room(MaruChatClient *client);
const char *maru_chat_client_nick(MaruChatClient *client);

/* The server as the person typed it. */
const char *maru_chat_client_address(MaruChatClient *client);

#endif
