/*
 * The loop of an edge: accept, read for a few rounds, run the turn. The edge's thread, but for
 * creation and destruction.
 */
#include "edge_priv.h"

#include "alloc.h"
#include "clock.h"
#include "tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EDGE_TICK_MS = 50 };

void edge_update_time(struct edge *edge)
{
    edge->now_ms = clock_mono_ms();
    edge->wall_ms = clock_wall_ms();
}

static void on_wake(uv_async_t *async)
{
    /* The turn that follows takes the mailbox. */
}

static void on_tick(uv_timer_t *timer)
{
    struct edge *edge = timer->data;
    edge_update_time(edge);
    gates_tick(&edge->gates, edge->now_ms);
    conn_ease_pressed(edge);
    struct wheel_timer *due;
    while ((due = wheel_fire(&edge->wheel, edge->now_ms)) != NULL) {
        conn_tick((struct conn *)((char *)due - offsetof(struct conn, timer)));
    }
}

/* ---- accepting ---- */

static void refuse(int fd, enum listener_kind kind, const char *why)
{
    /* Best effort in one packet; a TLS client sees a failed handshake. */
    struct buf line = {0};
    if (kind == LISTENER_PLAIN || kind == LISTENER_AUTO) {
        buf_printf(&line, "ERROR :Closing link: [%s]\r\n", why);
    } else if (kind == LISTENER_CLASSIC) {
        buf_printf(&line, "msg)[안내] 들어올 수 없습니다: %s", why);
    }
    if (line.len > 0) {
        (void)!send(fd, line.p, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    buf_finish(&line);
    close(fd);
}

/* Out of file descriptors: the spare one takes the connection just to close it, so that the
 * listener does not stay readable for ever. */
static void accept_with_spare(struct edge *edge, int listener)
{
    close(edge->spare_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
    }
    edge->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void edge_admit(struct edge_accept *accept)
{
    struct edge *edge = accept->edge;
    for (int i = 0; i < EDGE_ACCEPTS && !edge->stopping; i++) {
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        int fd = accept4(accept->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE) {
                accept_with_spare(edge, accept->fd);
            }
            return;
        }
        struct address address = address_from(&from);
        bool exempt = door_is_exempt(edge->settings, &address);
        switch (admission_enter(edge->admission, &address, exempt)) {
        case STATUS_OK:
            conn_open(accept, fd, &address);
            break;
        case STATUS_FULL:
            refuse(fd, accept->kind, "Too many connections are waiting to register");
            break;
        default:
            refuse(fd, accept->kind, "Too many connections from your address");
        }
    }
}

/* ---- delivery ---- */

static void on_deliver(void *ctx, uint32_t slot, struct run *run, size_t offset, size_t len,
                       const struct message *message)
{
    struct edge *edge = ctx;
    struct conn *conn = edge->conns[slot];
    if (conn == NULL || conn->doomed || conn->lingering) {
        return;
    }
    if (conn->gate != NULL && gates_hold(&edge->gates, conn->gate, run, offset, len, message)) {
        return;
    }
    if (conn->classic != NULL) {
        if (message != NULL) {
            classic_deliver(conn, message);
        }
        return;
    }
    outq_push(&conn->out, run, offset, len);
    conn_mark_dirty(conn);
    /* What a reader answers comes in pieces, and none is sent before the last was read. */
    bool relieved = conn->relieved || (conn->held && !conn->walking);
    size_t bytes_max = edge->settings->sendq_bytes + (relieved ? EDGE_RELIEF_BYTES : 0);
    if (conn->blocked && conn->out.bytes > bytes_max) {
        conn_doom(conn, STR("SendQ exceeded"));
    }
}

static void on_announce(void *ctx, uint32_t slot)
{
    const struct edge *edge = ctx;
    struct conn *conn = edge->conns[slot];
    if (conn != NULL && !conn->doomed && !conn->lingering) {
        conn_mark_dirty(conn);
    }
}

/* ---- the loop ---- */

/* Nothing is left to be sent, or the time for that is over. */
static bool is_finished(struct edge *edge)
{
    if (!edge->stopping) {
        return false;
    }
    edge_update_time(edge);
    if (edge->now_ms >= edge->stop_ms) {
        for (uint32_t slot = 0; slot < edge->n_slots; slot++) {
            if (edge->conns[slot] != NULL) {
                conn_doom(edge->conns[slot], STR("Server stops"));
            }
        }
        edge->n_inputs = 0;
        conn_reap(edge);
    }
    return edge->n_conns == 0;
}

/* Reads until a poll brings nothing, a few rounds long. */
static void read_on(struct edge *edge)
{
    for (int round = 1; round < EDGE_ROUNDS && edge->work > 0; round++) {
        size_t before = edge->read_bytes;
        poller_run(edge, false);
        if (edge->read_bytes == before) {
            break;
        }
    }
}

/* Behind a long turn there is a crowd: those who were served first answer while the last are being
 * served, and the others a moment later. A small part of the turn's own length is waited for them,
 * so that two turns become one; where that brought nothing, not again for some turns. */
static void wait_for_crowd(struct edge *edge)
{
    struct edge_crowd *crowd = &edge->crowd;
    uint64_t wait_us = crowd->turn_us / EDGE_CROWD_PART;
    if (edge->work == 0 || wait_us < EDGE_CROWD_US_MIN ||
        clock_mono_us() > crowd->end_us + crowd->turn_us) {
        return; /* Whoever speaks now does not answer to that turn. */
    }
    if (crowd->skip > 0) {
        crowd->skip--;
        return;
    }
    if (wait_us > EDGE_CROWD_US_MAX) {
        wait_us = EDGE_CROWD_US_MAX;
    }
    const struct timespec time = {.tv_nsec = (long)wait_us * 1000};
    (void)nanosleep(&time, NULL);
    size_t before = edge->read_bytes;
    poller_run(edge, false);
    if (edge->read_bytes == before) {
        crowd->skips = crowd->skips < EDGE_CROWD_SKIPS ? crowd->skips * 2 + 1 : EDGE_CROWD_SKIPS;
        crowd->skip = crowd->skips;
        return;
    }
    crowd->skips = 0;
    read_on(edge);
}

static void *edge_main(void *arg)
{
    struct edge *edge = arg;
    char name[16];
    snprintf(name, sizeof(name), "edge %u", edge->index);
    (void)pthread_setname_np(pthread_self(), name); /* for top -H and the benchmark */
    (void)prctl(PR_SET_TIMERSLACK, EDGE_CROWD_SLACK_NS, 0, 0, 0);
    edge_update_time(edge);
    wheel_init(&edge->wheel, edge->now_ms);
    while (!is_finished(edge)) {
        poller_run(edge, true);
        read_on(edge);
        wait_for_crowd(edge);
        edge_update_time(edge);
        uint64_t start_us = clock_mono_us();
        turn_run(edge);
        edge->crowd.end_us = clock_mono_us();
        edge->crowd.turn_us = edge->crowd.end_us - start_us;
    }
    return NULL;
}

static void wake(void *ctx)
{
    struct edge *edge = ctx;
    uv_async_send(&edge->wake);
}

struct edge *edge_create(const struct edge_options *options)
{
    struct edge *edge = xcalloc(1, sizeof(*edge));
    edge->index = options->index;
    edge->port = options->port;
    edge->settings = settings_ref(options->settings);
    edge->admission = options->admission;
    edge->outside = options->outside;
    if (options->secret != NULL) {
        memcpy(edge->secret, options->secret, sizeof(edge->secret));
    }
    edge->tls = options->tls != NULL ? tls_context_ref(options->tls) : NULL;
    lock_init(&edge->tls_lock);
    edge->classic_due_ms = UINT64_MAX;
    edge->send_copy = xmalloc(EDGE_SEND_COPY);
    edge->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    mailbox_init(&edge->mailbox, sizeof(struct effect), wake, edge);
    fanout_init(&edge->fanout, on_deliver, edge);
    edge->fanout.announce = on_announce;
    gates_init(&edge->gates, &edge->fanout, edge->settings, &conn_gates_calls, edge);
    CHECK(uv_loop_init(&edge->loop) == 0);
    CHECK(uv_async_init(&edge->loop, &edge->wake, on_wake) == 0);
    CHECK(uv_timer_init(&edge->loop, &edge->ticker) == 0);
    CHECK(uv_timer_init(&edge->loop, &edge->classic_timer) == 0);
    poller_init(edge);
    edge->ticker.data = edge->classic_timer.data = edge;
    uv_timer_start(&edge->ticker, on_tick, EDGE_TICK_MS, EDGE_TICK_MS);
    edge->n_accepts = options->n_listeners;
    edge->accepts = xcalloc(edge->n_accepts, sizeof(*edge->accepts));
    for (size_t i = 0; i < edge->n_accepts; i++) {
        struct edge_accept *accept = &edge->accepts[i];
        accept->edge = edge;
        accept->fd = options->listeners[i].fd;
        accept->kind = options->listeners[i].kind;
        accept->proxy = options->listeners[i].proxy;
        poller_watch_accept(accept);
    }
    return edge;
}

void edge_start(struct edge *edge)
{
    CHECK(pthread_create(&edge->thread, NULL, edge_main, edge) == 0);
}

void edge_join(struct edge *edge)
{
    CHECK(pthread_join(edge->thread, NULL) == 0);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void edge_destroy(struct edge *edge)
{
    if (edge == NULL) {
        return;
    }
    uv_walk(&edge->loop, close_handle, NULL);
    /* Passwords that are still being checked end here too. */
    while (uv_loop_close(&edge->loop) == UV_EBUSY) {
        uv_run(&edge->loop, UV_RUN_ONCE);
    }
    for (size_t i = 0; i < edge->n_accepts; i++) {
        close(edge->accepts[i].fd);
    }
    /* Effects that came after the end. */
    mailbox_take(&edge->mailbox, &edge->effects);
    const struct effect *effects = (const struct effect *)edge->effects.items;
    for (size_t i = 0; i < edge->effects.len; i++) {
        message_unref(effects[i].message);
        account_state_unref(effects[i].account);
        settings_unref(effects[i].settings);
    }
    mailbox_batch_finish(&edge->effects);
    mailbox_finish(&edge->mailbox);
    gates_finish(&edge->gates);
    fanout_finish(&edge->fanout);
    arena_finish(&edge->arena);
    buf_finish(&edge->scratch);
    buf_finish(&edge->out);
    close(edge->spare_fd);
    poller_finish(edge);
    free(edge->inputs);
    free(edge->origins);
    free(edge->results);
    free(edge->dirty.items);
    free(edge->resume.items);
    free(edge->doomed.items);
    free(edge->classics.items);
    free(edge->pressed.items);
    free(edge->conns);
    free(edge->generations);
    free(edge->free_slots);
    free(edge->accepts);
    free(edge->send_copy);
    tls_context_unref(edge->tls);
    lock_finish(&edge->tls_lock);
    settings_unref(edge->settings);
    free(edge);
}

struct mailbox *edge_mailbox(struct edge *edge)
{
    return &edge->mailbox;
}

void edge_set_tls(struct edge *edge, struct tls_context *tls)
{
    struct tls_context *ref = tls != NULL ? tls_context_ref(tls) : NULL;
    lock_enter(&edge->tls_lock);
    struct tls_context *old = edge->tls;
    edge->tls = ref;
    lock_leave(&edge->tls_lock);
    tls_context_unref(old);
}
