/* `marud genpasswd`. Main thread; the only thing the process does. */
#ifndef MARU_GENPASSWD_H
#define MARU_GENPASSWD_H

/* Reads a password (twice and without echo from a terminal, otherwise the first line of stdin) and
 * prints its Argon2id hash. Returns the exit status; says on stderr what is wrong. */
int genpasswd_run(void);

#endif
