/*
 * fake_server SOCKET: the control socket of a server that has nothing else, until it is told to
 * stop. Prints "ready", and each order it gets. For test_maructl.py.
 */
#include "fake_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct server {
    struct fake_control fake;
    struct control *control;
    uv_timer_t timer; /* until the job ends */
    enum control_job_kind kind;
    char path[512]; /* of what a job makes */
};

static struct server server;

static void stop(void *user)
{
    uv_close((uv_handle_t *)&server.timer, NULL);
    control_destroy(server.control);
}

static void end_job(uv_timer_t *timer)
{
    struct control_job_result result = {
        .path = server.path,
        .messages = 12,
        .history = {.search_trouble = "damaged",
                    .trouble = "disk full",
                    .trouble_wall_ms = 1700000000000,
                    .bytes = 12345678,
                    .messages = 250,
                    .oldest_wall_ms = 1700000000000},
    };
    if (server.kind == CONTROL_JOB_BACKUP || server.kind == CONTROL_JOB_EXPORT) {
        FILE *file = fopen(server.path, "w");
        if (file != NULL) {
            fputs("what was said\n", file);
            fclose(file);
        }
    }
    control_job_done(server.control, server.fake.job, &result);
}

/* What concerns "slow" takes a while. */
static int job_begin(void *user, uint64_t id, const struct control_job *job, struct buf *error)
{
    int status = fake_control_ops.job_begin(user, id, job, error);
    if (status == STATUS_OK) {
        printf("%s\n", server.fake.asked);
        server.kind = job->kind;
        uv_timer_start(&server.timer, end_job, str_eq(job->who, STR("slow")) ? 2200 : 0, 0);
    }
    return status;
}

static void job_forget(void *user, uint64_t id)
{
    unlink(server.path);
    puts("forgotten");
}

/* After a kick for this reason, reloads fail. */
static int kick(void *user, struct str nick, struct str reason)
{
    printf("kick " STR_FMT " [" STR_FMT "]\n", STR_ARG(nick), STR_ARG(reason));
    server.fake.reload_fails = str_eq(reason, STR("break reload"));
    return fake_control_ops.kick(user, nick, reason);
}

static void announce(void *user, struct str text)
{
    printf("announce " STR_FMT "\n", STR_ARG(text));
    fake_control_ops.announce(user, text);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2) {
        return 2;
    }
    struct control_ops ops = fake_control_ops;
    ops.stop = stop;
    ops.kick = kick;
    ops.announce = announce;
    ops.job_begin = job_begin;
    ops.job_forget = job_forget;
    snprintf(server.path, sizeof(server.path), "%s.outgoing", argv[1]);
    server.fake.max_clients = 1000;
    uv_loop_t loop;
    struct buf error = {0};
    if (uv_loop_init(&loop) != 0 ||
        control_create(&loop, argv[1], &ops, &server.fake, &server.control, &error) < 0) {
        fprintf(stderr, STR_FMT "\n", STR_ARG(buf_str(&error)));
        return 1;
    }
    uv_timer_init(&loop, &server.timer);
    puts("ready");
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}
