/*
 * The connection to a server's control socket: one request, one answer, and for a job words on how
 * far it is before. Main thread; waits.
 */
#ifndef MARU_CTL_LINK_H
#define MARU_CTL_LINK_H

#include "buf.h"
#include "status.h"

#include <jansson.h>

struct ctl_link {
    int fd;
    struct buf input; /* bytes behind the last answer */
};

/* Connects to `socket`, or, where it is NULL, to control.sock in `data`, or, where that is NULL
 * too, in the default places. On failure `error` says in a sentence what to do. */
int ctl_link_open(struct ctl_link *link, const char *socket, const char *data,
                  struct buf *error) MARU_CHECK;
void ctl_link_close(struct ctl_link *link);

/* Sends `request` (taken) and waits for the answer, an object that the caller lets go of. */
int ctl_link_ask(struct ctl_link *link, json_t *request, json_t **ret_answer,
                 struct buf *error) MARU_CHECK;

/* Waits for another line, where the last one was no answer yet. */
int ctl_link_next(struct ctl_link *link, json_t **ret_answer, struct buf *error) MARU_CHECK;

#endif
