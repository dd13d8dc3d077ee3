/*
 * One connection to a server: name, TCP, TLS with certificates pinned on first use, and lines. All
 * of it asynchronous on the main thread; no GTK, no meaning of the lines.
 */
#ifndef MARU_IRC_LINK_H
#define MARU_IRC_LINK_H

#include "client_problem.h"
#include "pin_store.h"
#include "server_address.h"

/* No event comes after `closed`, nor after irc_link_close. */
struct irc_link_events {
    void (*opened)(void *owner);
    /* Without CR LF; valid during the call. */
    void (*line)(void *owner, struct str line);
    void (*closed)(void *owner, const struct client_problem *problem);
};

struct irc_link;

/* `events`, `owner` and `pins` must live until the link is closed. */
struct irc_link *irc_link_open(const struct server_address *address, struct pin_store *pins,
                               const struct irc_link_events *events, void *owner);

void irc_link_send(struct irc_link *link, struct str line);

/* Ends it and gives the link up: what was sent is still written, for a moment. NULL is allowed. */
void irc_link_close(struct irc_link *link);

/* At the program's end: runs the main context until the last words of closed links are read by
 * their servers, or a few seconds have passed. */
void irc_link_drain(void);

#endif
