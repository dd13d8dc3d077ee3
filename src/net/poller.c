/*
 * Which sockets are ready: one epoll set for an edge. libuv's own set, with timers, waking and
 * workers, is one of its members: a uv_poll_t for each connection would take 160 bytes. The edge's
 * thread.
 */
#include "edge_priv.h"

#include "alloc.h"

#include <sys/epoll.h>
#include <unistd.h>

static void add(struct edge *edge, int fd, void *watched)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};
    CHECK(epoll_ctl(edge->poller, EPOLL_CTL_ADD, fd, &event) == 0);
}

void poller_init(struct edge *edge)
{
    edge->poller = epoll_create1(EPOLL_CLOEXEC);
    CHECK(edge->poller >= 0);
    edge->watched = WATCHED_LOOP;
    add(edge, uv_backend_fd(&edge->loop), edge);
}

void poller_finish(struct edge *edge)
{
    close(edge->poller);
}

void poller_watch_accept(struct edge_accept *accept)
{
    accept->watched = WATCHED_ACCEPT;
    add(accept->edge, accept->fd, accept);
}

void poller_leave_accept(struct edge_accept *accept)
{
    /* It may have been left before. */
    (void)epoll_ctl(accept->edge->poller, EPOLL_CTL_DEL, accept->fd, NULL);
}

void poller_watch_conn(struct conn *conn)
{
    uint32_t events = (conn->reading ? EPOLLIN : 0) | (conn->blocked ? EPOLLOUT : 0);
    if (events == conn->polled) {
        return;
    }
    /* A set with no events would still be told of errors, again and again. */
    int how = conn->polled == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    struct epoll_event event = {.events = events, .data.ptr = conn};
    if (epoll_ctl(conn->edge->poller, how, conn->fd, &event) != 0) {
        /* The kernel has no room for one more: that is this connection's end, not the server's. */
        conn_doom(conn, STR("The server has no room for this connection"));
        return;
    }
    conn->polled = (uint8_t)events;
}

/* Whether it was libuv's. */
static bool serve(const struct epoll_event *event)
{
    bool broken = (event->events & (EPOLLERR | EPOLLHUP)) != 0;
    switch (*(const uint8_t *)event->data.ptr) {
    case WATCHED_CONN:
        conn_ready(event->data.ptr, broken || (event->events & EPOLLIN) != 0,
                   broken || (event->events & EPOLLOUT) != 0, broken);
        return false;
    case WATCHED_ACCEPT:
        edge_admit(event->data.ptr);
        return false;
    default:
        return true;
    }
}

void poller_run(struct edge *edge, bool wait)
{
    struct epoll_event events[EDGE_EVENTS];
    int timeout_ms = 0;
    if (wait) {
        uv_update_time(&edge->loop);
        timeout_ms = uv_backend_timeout(&edge->loop);
    }
    int n = epoll_wait(edge->poller, events, EDGE_EVENTS, timeout_ms);
    edge_update_time(edge);
    bool loop_ready = false;
    for (int i = 0; i < n; i++) {
        loop_ready = serve(&events[i]) || loop_ready;
        turn_take_bite(edge);
    }
    uv_update_time(&edge->loop);
    if (loop_ready || uv_backend_timeout(&edge->loop) == 0) {
        uv_run(&edge->loop, UV_RUN_NOWAIT);
    }
}
