/*
 * The descriptor sink. A line is written at once by the thread that logs it where that does not
 * wait (so a crash loses nothing); otherwise it queues, and a thread of this file's own writes the
 * queue when the reader takes it. A terminal stopped with Ctrl-S must not stop a server.
 */
#include "log_priv.h"

#include "alloc.h"
#include "base_limits.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int fd;      /* where to write: our own non-blocking opening, or the caller's */
    bool own;    /* fd is ours to close */
    bool socket; /* send() takes the flag that write() lacks */
    bool waits;  /* a write to fd may block, so poll first */
    bool open;   /* between log_stream_open() and log_stream_close() */
    bool thread_runs;
    bool closing;
    bool dead;            /* the reader is gone for good */
    bool mid_line;        /* the last write ended inside a line */
    uint64_t lost;        /* events that were not written and not yet reported */
    uint64_t lost_queued; /* those that the report in the queue speaks of */
    struct buf queue;
    pthread_t thread;
} stream = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .fd = STDERR_FILENO,
};

/* Bytes written, 0 where the reader does not take any now, or -1 with errno. */
static ssize_t write_now(const char *p, size_t len)
{
    ssize_t n;
    do {
        if (stream.socket) {
            n = send(stream.fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        } else if (stream.waits) {
            struct pollfd ready = {.fd = stream.fd, .events = POLLOUT};
            if (poll(&ready, 1, 0) <= 0) {
                return 0;
            }
            n = write(stream.fd, p, len < PIPE_BUF ? len : PIPE_BUF);
        } else {
            n = write(stream.fd, p, len);
        }
    } while (n < 0 && errno == EINTR);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : n;
}

static void count_lost(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        stream.lost += p[i] == '\n';
    }
    /* A report that was lost itself is not an event. */
    stream.lost += stream.lost_queued - (stream.lost_queued > 0);
    stream.lost_queued = 0;
}

/* Writes from the front; returns how much is done with, which is everything where the descriptor
 * refuses: a full disk costs lines, a vanished reader ends the output. */
static size_t put(const char *p, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write_now(p + done, len - done);
        if (n == 0) {
            return done;
        }
        if (n < 0) {
            if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) {
                count_lost(p + done, len - done);
            } else {
                stream.dead = true;
            }
            return len;
        }
        done += (size_t)n;
        stream.mid_line = p[done - 1] != '\n';
    }
    return done;
}

/* Says how many events are missing, as part of the queue, before the next one. */
static void queue_lost(void)
{
    if (stream.lost == 0 || stream.queue.len > LOG_QUEUE_MAX / 2) {
        return;
    }
    buf_printf(&stream.queue, "%s(%llu events could not be written here)\n",
               stream.mid_line && stream.queue.len == 0 ? "\n" : "",
               (unsigned long long)stream.lost);
    stream.lost_queued += stream.lost;
    stream.lost = 0;
}

static void enqueue(struct str line)
{
    queue_lost();
    size_t before = stream.queue.len;
    buf_add_str(&stream.queue, line);
    if (stream.queue.failed) {
        stream.queue.len = before;
        stream.queue.failed = false;
        stream.lost++;
    }
}

static void drain(void)
{
    size_t done = put(stream.queue.p, stream.queue.len);
    if (stream.dead) {
        buf_clear(&stream.queue);
    } else {
        buf_consume(&stream.queue, done);
        if (stream.queue.len == 0) {
            stream.lost_queued = 0;
        }
    }
}

/* The thread: writes the queue as the reader takes it, without the lock while it waits. */
static void *run_drain(void *arg)
{
    uint64_t deadline_ms = 0;
    pthread_mutex_lock(&stream.lock);
    for (;;) {
        if (stream.closing && deadline_ms == 0) {
            deadline_ms = clock_mono_ms() + LOG_FINISH_MS_MAX;
        }
        if (stream.queue.len == 0) {
            if (stream.closing) {
                break;
            }
            pthread_cond_wait(&stream.wake, &stream.lock);
            continue;
        }
        if (deadline_ms != 0 && clock_mono_ms() >= deadline_ms) {
            break;
        }
        struct pollfd ready = {.fd = stream.fd, .events = POLLOUT};
        pthread_mutex_unlock(&stream.lock);
        int polled = poll(&ready, 1, 100);
        pthread_mutex_lock(&stream.lock);
        if (polled > 0) {
            drain();
        }
    }
    pthread_mutex_unlock(&stream.lock);
    return arg;
}

static void start_thread(void)
{
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    stream.thread_runs = pthread_create(&stream.thread, NULL, run_drain, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void log_stream_open(int fd)
{
    struct stat st;
    mode_t type = fstat(fd, &st) == 0 ? st.st_mode & S_IFMT : 0;
    int own = -1;
    if (type == S_IFIFO || type == S_IFCHR) {
        /* O_NONBLOCK on the descriptor itself would also be the shell's and our children's. */
        char path[32];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    pthread_mutex_lock(&stream.lock);
    stream.own = own >= 0;
    stream.fd = stream.own ? own : fd;
    stream.socket = type == S_IFSOCK;
    stream.waits = !stream.own && (type == S_IFIFO || type == S_IFCHR);
    stream.open = true;
    stream.dead = false;
    stream.closing = false;
    stream.mid_line = false;
    stream.lost = 0;
    stream.lost_queued = 0;
    buf_init(&stream.queue, LOG_QUEUE_MAX);
    pthread_mutex_unlock(&stream.lock);
}

void log_stream_write(struct str line)
{
    pthread_mutex_lock(&stream.lock);
    if (!stream.dead) {
        if (stream.queue.len == 0 && stream.lost == 0) {
            size_t done = put(line.p, line.len);
            line.p += done;
            line.len -= done;
        } else {
            enqueue(line);
            line.len = 0;
            drain();
        }
        /* A line of which a part is out goes first, whatever its length. */
        buf_add_str(&stream.queue, line);
        if (!stream.open) {
            buf_finish(&stream.queue);
        } else if (stream.queue.len > 0) {
            if (!stream.thread_runs) {
                start_thread();
            }
            pthread_cond_signal(&stream.wake);
        }
    }
    pthread_mutex_unlock(&stream.lock);
}

void log_stream_close(void)
{
    pthread_mutex_lock(&stream.lock);
    stream.closing = true;
    bool join = stream.thread_runs;
    pthread_cond_signal(&stream.wake);
    pthread_mutex_unlock(&stream.lock);
    if (join) {
        CHECK(pthread_join(stream.thread, NULL) == 0);
    }
    pthread_mutex_lock(&stream.lock);
    if (stream.own) {
        close(stream.fd);
    }
    stream.own = false;
    stream.open = false;
    stream.thread_runs = false;
    stream.dead = false;
    stream.socket = false;
    stream.waits = false;
    stream.fd = STDERR_FILENO;
    buf_finish(&stream.queue);
    pthread_mutex_unlock(&stream.lock);
}
