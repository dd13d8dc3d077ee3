/*
 * fake_server SOCKET: the control socket of a server that has nothing else, until it is told to
 * stop. Prints "ready", and each order it gets. For test_maructl.py.
 */
#include "fake_control.h"

#include <stdio.h>
#include <stdlib.h>

struct server {
    struct fake_control fake;
    struct control *control;
};

static struct server server;

static void stop(void *user)
{
    control_destroy(server.control);
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
    server.fake.max_clients = 1000;
    uv_loop_t loop;
    struct buf error = {0};
    if (uv_loop_init(&loop) != 0 ||
        control_create(&loop, argv[1], &ops, &server.fake, &server.control, &error) < 0) {
        fprintf(stderr, STR_FMT "\n", STR_ARG(buf_str(&error)));
        return 1;
    }
    puts("ready");
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop) == 0 ? 0 : 1;
}
