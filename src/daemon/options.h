/*
 * The command line of marud. Main thread, once.
 */
#ifndef MARU_OPTIONS_H
#define MARU_OPTIONS_H

#include "config.h"

enum options_action {
    OPTIONS_RUN,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_PRINT_CONFIG,
    OPTIONS_GENPASSWD,
    OPTIONS_CHECK,   /* the database */
    OPTIONS_RESTORE, /* it from `file` */
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

struct options {
    enum options_action action;
    const char *config;                /* borrowed from argv; NULL: defaults only */
    const char *file;                  /* borrowed from argv */
    struct config_overrides overrides; /* borrows from argv and from listeners */
    struct config_listener *listeners; /* owned */
};

/* Returns STATUS_MALFORMED with one line without newline, for stderr, appended to `error`. */
int options_parse(int argc, char **argv, struct options *ret, struct buf *error) MARU_CHECK;
void options_finish(struct options *options);

/* The text of --help. */
extern const char options_help[];

#endif
