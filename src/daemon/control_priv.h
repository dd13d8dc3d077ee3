/* Between control.c, which moves bytes, and control_request.c, which answers requests. */
#ifndef MARU_CONTROL_PRIV_H
#define MARU_CONTROL_PRIV_H

#include "control.h"

enum control_next {
    CONTROL_GO_ON,
    CONTROL_STOP, /* the server shall stop once the answer is sent */
    CONTROL_WAIT, /* there is no answer yet: a job has begun */
};

/* Answers one request line by appending one response line to `out`, or begins job `id`. */
enum control_next control_answer(const struct control_ops *ops, void *user, struct str line,
                                 uint64_t id, enum control_job_kind *ret_kind, struct buf *out);

/* Append a whole line: a refusal; how far a job is; how it ended. */
void control_refuse(struct buf *out, const char *error, const char *message);
void control_answer_progress(struct buf *out, uint64_t done, uint64_t total);
void control_answer_job(struct buf *out, enum control_job_kind kind,
                        const struct control_job_result *result);

#endif
