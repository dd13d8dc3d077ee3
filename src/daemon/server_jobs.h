/* What operators ask for that takes long. Main thread. */
#ifndef MARU_SERVER_JOBS_H
#define MARU_SERVER_JOBS_H

#include "server_priv.h"

/* For control_ops. */
int server_job_begin(void *user, uint64_t id, const struct control_job *asked,
                     struct buf *error) MARU_CHECK;
void server_job_progress(void *user, uint64_t id, uint64_t *ret_done, uint64_t *ret_total);
void server_job_forget(void *user, uint64_t id);

/* Of server->jobs_wake: some have ended. */
void server_jobs_ended(uv_async_t *async);

/* Removes what a former server left half-made. */
void server_jobs_clean(const char *folder);

/* Ends all of them, before the store goes; waits for them. The control is not told. */
void server_jobs_finish(struct server *server);

#endif
