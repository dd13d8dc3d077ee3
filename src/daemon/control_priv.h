/* Between control.c, which moves bytes, and control_request.c, which answers requests. */
#ifndef MARU_CONTROL_PRIV_H
#define MARU_CONTROL_PRIV_H

#include "control.h"

/* Answers one request line by appending one response line to `out`. Returns true where the server
 * shall stop once the answer is sent. */
bool control_answer(const struct control_ops *ops, void *user, struct str line, struct buf *out);

/* Appends a refusal, a whole line. */
void control_refuse(struct buf *out, const char *error, const char *message);

#endif
