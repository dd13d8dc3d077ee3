/* What the files of the scenario's interpreter share. */
#ifndef MARU_SCRIPT_PRIV_H
#define MARU_SCRIPT_PRIV_H

#include "pattern.h"
#include "script.h"

#include "status.h"

struct client {
    char *name;
    unsigned conn;
    bool expected_closed;
};

struct script {
    const struct script_options *options;
    struct world *world;
    unsigned line;
    unsigned n; /* of `repeat` */
    struct client *clients;
    unsigned n_clients;
    struct captures captures;
    struct buf changes; /* "key value\n" of the settings so far */
    size_t log_at;      /* how much of the log was looked at */
};

/* Says file, line and what; returns false. */
bool script_fail(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first word; *rest goes on at the next. */
struct str script_word(struct str *rest);
/* The last one of that name, or NULL. */
struct client *script_client(struct script *s, struct str name);
/* A step that begins with a word of its own. */
bool script_command(struct script *s, struct str text);

#endif
