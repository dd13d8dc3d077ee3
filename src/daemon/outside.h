/*
 * Asking somebody else about passwords (LDAP, PAM): a command that stays running, or whoever
 * listens on a Unix socket, gets a line of JSON for each question and writes one for each answer.
 * A thread of its own; questions may come from any thread.
 */
#ifndef MARU_OUTSIDE_H
#define MARU_OUTSIDE_H

#include "ids.h"
#include "str.h"

struct outside;

struct outside_options {
    const char *command; /* for /bin/sh; "" where … */
    const char *socket;  /* … this is a path. Both are copied */
    unsigned timeout_ms;
    /* On the asker's thread: `failed` where nobody has answered. */
    void (*answer)(void *ctx, session_id session, bool right, bool failed);
    void *ctx;
};

struct outside *outside_create(const struct outside_options *options);
/* Questions without an answer are forgotten. NULL is nothing. */
void outside_destroy(struct outside *outside);

/* Any thread; never waits. False where too many are waiting already. */
bool outside_ask(struct outside *outside, session_id session, struct str name, struct str password,
                 struct str address);

#endif
