/*
 * Why joining failed or a connection ended, as a value that the user interface turns into a dialog
 * or a banner. Any thread; no GTK.
 */
#ifndef MARU_CLIENT_PROBLEM_H
#define MARU_CLIENT_PROBLEM_H

#include <stdbool.h>

enum client_problem_kind {
    PROBLEM_NONE,
    PROBLEM_NICK_EMPTY,
    PROBLEM_NICK_TAKEN,
    PROBLEM_NICK_INVALID,
    PROBLEM_ADDRESS_EMPTY,
    PROBLEM_ADDRESS_INVALID,
    PROBLEM_HOST_UNKNOWN,
    PROBLEM_REFUSED,     /* nothing listens there */
    PROBLEM_UNREACHABLE, /* no way to that host, or no answer in time */
    PROBLEM_NOT_TLS,     /* something answers, but not with TLS */
    PROBLEM_CERT_UNKNOWN,
    PROBLEM_CERT_CHANGED,
    PROBLEM_FULL,
    PROBLEM_BANNED,
    PROBLEM_PASSWORD,       /* the server wants one */
    PROBLEM_PASSWORD_WRONG, /* … another one */
    PROBLEM_ROOM_REFUSED,
    PROBLEM_REMOVED,  /* the server disconnected us on purpose: do not come back unasked */
    PROBLEM_CLOSED,   /* the server said ERROR */
    PROBLEM_LOST,     /* the connection ended without a word */
    PROBLEM_NO_REPLY, /* connected, but no IRC server answered */
};

struct client_problem {
    enum client_problem_kind kind;
    char *detail;          /* what the server or the system said; may be NULL */
    char *fingerprint;     /* PROBLEM_CERT_*: SHA-256 of what the server shows now */
    char *old_fingerprint; /* PROBLEM_CERT_CHANGED: what was trusted before */
};

/* Copies the strings; free with client_problem_destroy. */
struct client_problem *client_problem_create(enum client_problem_kind kind, const char *detail);
void client_problem_destroy(struct client_problem *problem);

/* Worth trying again without a person's help. */
bool client_problem_is_passing(enum client_problem_kind kind);

#endif
