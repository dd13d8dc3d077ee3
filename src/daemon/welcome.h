/* What the server says about itself when it is ready. Main thread. */
#ifndef MARU_WELCOME_H
#define MARU_WELCOME_H

#include "config.h"

#include <stdio.h>

/* Prints how to join: each way in with the addresses that others in the local network can use, and
 * the certificate's fingerprint (NULL without TLS). `bound` are the listeners with the ports that
 * were really bound. Listeners that serve only a page are not called a way in. */
void welcome_print(FILE *out, const struct config *config, const struct config_listener *bound,
                   size_t n, const char *fingerprint);

#endif
