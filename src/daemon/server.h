/* A running server: everything wired together. Main thread. */
#ifndef MARU_SERVER_H
#define MARU_SERVER_H

#include "config.h"

/* Runs until it is told to stop; returns the process's exit code. `config_path` (may be NULL) and
 * `overrides` are for reloading. Takes `config` over. */
int server_run(const char *config_path, const struct config_overrides *overrides,
               struct config *config);

#endif
