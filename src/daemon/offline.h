/* What marud does with a database without serving anybody: check, restore. Main thread. */
#ifndef MARU_OFFLINE_H
#define MARU_OFFLINE_H

#include "config.h"

/* Both speak to the terminal and return the program's exit status. */
int offline_check(const struct config *config);
int offline_restore(const struct config *config, const char *from);

#endif
