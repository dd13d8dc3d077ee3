/*
 * What operators ask for that takes long: each job has a thread of its own, which waits for the
 * store. Begun, asked after and ended on the main thread, which waits only when the server stops.
 */
#include "server_jobs.h"

#include "alloc.h"
#include "clock.h"
#include "data_dir.h"
#include "log.h"
#include "mask.h"
#include "store_admin.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a job makes lies in the data folder under this name and the job's number. */
static const char made_prefix[] = "outgoing-";

struct server_job {
    struct server *server;
    struct server_job *next;
    uint64_t id;
    enum control_job_kind kind;
    bool html;
    bool account;
    struct buf what; /* the room, the mask or the account, folded */
    enum name_casemapping casemapping;
    char *path; /* of what it makes */
    uv_thread_t thread;
    bool told;      /* main thread: the control has the answer */
    bool forgotten; /* main thread: nobody wants it any more */

    struct lock lock; /* of these four */
    uint64_t done;
    uint64_t total;
    bool cancelled;
    bool ended;

    /* The job's thread's, until it has ended. */
    struct control_job_result result;
    struct store_figures figures;
    char trouble[160];
    struct buf error;
};

/* ---- the job's thread ---- */

static bool note_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct server_job *job = ctx;
    lock_enter(&job->lock);
    job->done = done;
    job->total = total;
    bool going = !job->cancelled;
    lock_leave(&job->lock);
    return going;
}

static int erase(struct server_job *job, const struct store_progress *progress)
{
    struct store_erased erased = {0};
    *(job->account ? &erased.account_folded : &erased.mask_folded) = buf_str(&job->what);
    return store_admin_erase(job->server->store, &erased, job->casemapping, progress,
                             &job->result.messages, &job->error);
}

static int work(struct server_job *job)
{
    struct store *store = job->server->store;
    const struct store_progress progress = {note_progress, job};
    switch (job->kind) {
    case CONTROL_JOB_HISTORY:
        return store_admin_figures(store, &progress, &job->figures, &job->error);
    case CONTROL_JOB_BACKUP:
        return store_admin_backup(store, job->path, &progress, &job->error);
    case CONTROL_JOB_EXPORT:
        return store_admin_export(store, buf_str(&job->what), job->casemapping,
                                  job->html ? STORE_EXPORT_HTML : STORE_EXPORT_JSON, job->path,
                                  &progress, &job->result.messages, &job->error);
    case CONTROL_JOB_ERASE:
        return erase(job, &progress);
    }
    return STATUS_UNSUPPORTED;
}

static void run(void *ctx)
{
    struct server_job *job = ctx;
    struct server *server = job->server;
    job->result.status = work(job);
    /* From here on the result is the main thread's, which joins this one before it frees the job.
     */
    lock_enter(&job->lock);
    job->ended = true;
    lock_leave(&job->lock);
    uv_async_send(&server->jobs_wake);
}

/* ---- the main thread ---- */

static bool has_ended(struct server_job *job)
{
    lock_enter(&job->lock);
    bool ended = job->ended;
    lock_leave(&job->lock);
    return ended;
}

static void cancel(struct server_job *job)
{
    lock_enter(&job->lock);
    job->cancelled = true;
    lock_leave(&job->lock);
}

/* A nickname alone is just that; anything else is a mask. */
static void make_mask(struct str who, struct buf *out)
{
    bool nick = true;
    for (size_t i = 0; i < who.len; i++) {
        nick = nick && strchr("!@*?", who.p[i]) == NULL;
    }
    if (nick) {
        buf_add_str(out, who);
        buf_add_cstr(out, "!*@*");
    } else {
        mask_normalise(who, out);
    }
}

static void set_up(struct server_job *job, const struct control_job *asked)
{
    job->casemapping = job->server->settings->casemapping;
    if (asked->kind == CONTROL_JOB_EXPORT) {
        name_fold(job->casemapping, asked->room, &job->what);
    } else if (asked->kind == CONTROL_JOB_ERASE && asked->account) {
        name_fold(job->casemapping, asked->who, &job->what);
    } else if (asked->kind == CONTROL_JOB_ERASE) {
        struct buf mask = {0};
        make_mask(asked->who, &mask);
        name_fold(job->casemapping, buf_str(&mask), &job->what);
        buf_finish(&mask);
    }
    struct buf path = {0};
    buf_printf(&path, "%s/%s%llu", job->server->config.server.data, made_prefix,
               (unsigned long long)job->id);
    job->path = str_dup(buf_str(&path));
    buf_finish(&path);
}

static void destroy(struct server_job *job)
{
    (void)unlink(job->path);
    lock_finish(&job->lock);
    free(job->path);
    buf_finish(&job->what);
    buf_finish(&job->error);
    free(job);
}

int server_job_begin(void *user, uint64_t id, const struct control_job *asked, struct buf *error)
{
    struct server *server = user;
    unsigned n = 0;
    for (struct server_job *job = server->jobs; job != NULL; job = job->next) {
        n += has_ended(job) ? 0 : 1;
    }
    if (server->store == NULL) {
        buf_add_cstr(error, "nothing is kept here: history and accounts are switched off");
        return STATUS_UNSUPPORTED;
    }
    if (n >= CONTROL_JOBS_MAX) {
        buf_add_cstr(error, "other such orders are under way: wait for their end");
        return STATUS_FULL;
    }
    struct server_job *job = xcalloc(1, sizeof(*job));
    lock_init(&job->lock);
    job->server = server;
    job->id = id;
    job->kind = asked->kind;
    job->html = asked->html;
    job->account = asked->account;
    set_up(job, asked);
    if (uv_thread_create(&job->thread, run, job) != 0) {
        destroy(job);
        buf_add_cstr(error, "the system gives no thread");
        return STATUS_IO;
    }
    job->next = server->jobs;
    server->jobs = job;
    return STATUS_OK;
}

static struct server_job *find(struct server *server, uint64_t id)
{
    struct server_job *job = server->jobs;
    while (job != NULL && job->id != id) {
        job = job->next;
    }
    return job;
}

void server_job_progress(void *user, uint64_t id, uint64_t *ret_done, uint64_t *ret_total)
{
    struct server_job *job = find(user, id);
    if (job != NULL) {
        lock_enter(&job->lock);
        *ret_done = job->done;
        *ret_total = job->total;
        lock_leave(&job->lock);
    }
}

static void note(const struct server_job *job)
{
    static const char *const names[] = {
        [CONTROL_JOB_BACKUP] = "backup",
        [CONTROL_JOB_EXPORT] = "export",
        [CONTROL_JOB_ERASE] = "erasing",
    };
    if (job->kind == CONTROL_JOB_HISTORY) {
        return;
    }
    if (job->result.status < 0 && job->forgotten) {
        log_info("history: %s was given up", names[job->kind]);
    } else if (job->result.status < 0) {
        log_warn("history: %s failed: " STR_FMT, names[job->kind], STR_ARG(buf_str(&job->error)));
    } else if (job->kind == CONTROL_JOB_ERASE) {
        log_info("history: maructl has erased %llu messages of " STR_FMT,
                 (unsigned long long)job->result.messages, STR_ARG(buf_str(&job->what)));
    } else {
        log_info("history: %s done", names[job->kind]);
    }
}

static void add_history(struct server_job *job)
{
    struct server *server = job->server;
    const struct store_figures *figures = &job->figures;
    struct control_history *history = &job->result.history;
    *history = (struct control_history){
        .bytes = figures->bytes,
        .messages = figures->messages,
        .events = figures->events,
        .oldest_wall_ms = figures->oldest_ms,
        .newest_wall_ms = figures->newest_ms,
        .search_working = !figures->search_failing,
        .search_trouble = figures->search_failing ? figures->search_trouble : NULL,
    };
    uint64_t now_ms = clock_wall_ms();
    if (figures->unindexed_ms > 0 && figures->unindexed_ms < now_ms) {
        history->search_behind_ms = now_ms - figures->unindexed_ms;
    }
    lock_enter(&server->trouble.lock);
    history->working = !server->trouble.failing;
    history->trouble_wall_ms = server->trouble.wall_ms;
    memcpy(job->trouble, server->trouble.reason, sizeof(job->trouble));
    lock_leave(&server->trouble.lock);
    history->trouble = job->trouble[0] != '\0' ? job->trouble : NULL;
}

static void tell(struct server_job *job)
{
    job->told = true;
    note(job);
    buf_add_char(&job->error, '\0');
    job->result.error = job->error.p;
    job->result.path = job->path;
    add_history(job);
    if (!job->forgotten) {
        control_job_done(job->server->control, job->id, &job->result);
    }
}

/* Frees those that have ended and that nobody wants. */
static void sweep(struct server *server)
{
    struct server_job **link = &server->jobs;
    while (*link != NULL) {
        struct server_job *job = *link;
        if (job->told && job->forgotten) {
            *link = job->next;
            uv_thread_join(&job->thread);
            destroy(job);
        } else {
            link = &job->next;
        }
    }
}

void server_jobs_ended(uv_async_t *async)
{
    struct server *server = async->data;
    struct server_job *next;
    for (struct server_job *job = server->jobs; job != NULL; job = next) {
        next = job->next; /* telling one may bring another to the front, and frees none */
        if (has_ended(job) && !job->told) {
            tell(job);
        }
    }
    sweep(server);
}

void server_job_forget(void *user, uint64_t id)
{
    struct server *server = user;
    struct server_job *job = find(server, id);
    if (job != NULL) {
        job->forgotten = true;
        cancel(job);
        uv_async_send(&server->jobs_wake);
    }
}

void server_jobs_finish(struct server *server)
{
    for (struct server_job *job = server->jobs; job != NULL; job = job->next) {
        cancel(job);
    }
    while (server->jobs != NULL) {
        struct server_job *job = server->jobs;
        server->jobs = job->next;
        uv_thread_join(&job->thread);
        destroy(job);
    }
}

void server_jobs_clean(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, made_prefix, sizeof(made_prefix) - 1) == 0) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}
