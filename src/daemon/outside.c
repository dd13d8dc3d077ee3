/* The asker's thread: one channel, questions by number, a time limit for each. */
#include "outside.h"

#include "alloc.h"
#include "clock.h"
#include "daemon_limits.h"
#include "lock.h"
#include "log.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct question {
    uint64_t id;
    session_id session;
    uint64_t due_ms;
    char *line; /* JSON with its newline; NULL once it was sent */
};

struct outside {
    struct outside_options options;
    char *command;
    char *socket;
    pthread_t thread;
    int wake[2];

    struct lock lock;                                 /* guards the next four */
    struct question questions[OUTSIDE_QUESTIONS_MAX]; /* oldest first */
    size_t n;
    uint64_t next_id;
    bool ends;

    /* The thread's. */
    int fd; /* -1: there is nobody now */
    pid_t child;
    uint64_t retry_ms;
    struct buf in;
    struct buf out;
};

/* ---- the channel ---- */

static void set_flags(int fd)
{
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* A child with one socket for its standard input and output, which it cannot tell from pipes. */
static void start_command(struct outside *outside)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        (void)setpgid(0, 0);
        if (dup2(pair[1], STDIN_FILENO) >= 0 && dup2(pair[1], STDOUT_FILENO) >= 0) {
            execl("/bin/sh", "sh", "-c", outside->command, (char *)NULL);
        }
        _exit(127);
    }
    close(pair[1]);
    if (child < 0) {
        close(pair[0]);
        return;
    }
    (void)setpgid(child, child);
    outside->child = child;
    outside->fd = pair[0];
}

static void open_socket(struct outside *outside)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(outside->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    if (len >= sizeof(address.sun_path)) {
        close(fd);
        return;
    }
    memcpy(address.sun_path, outside->socket, len + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return;
    }
    outside->fd = fd;
}

static void open_channel(struct outside *outside, uint64_t now_ms)
{
    outside->retry_ms = now_ms + OUTSIDE_RESTART_MS;
    if (*outside->command != '\0') {
        start_command(outside);
    } else {
        open_socket(outside);
    }
    if (outside->fd >= 0) {
        set_flags(outside->fd);
    } else {
        log_warn("accounts: who is asked about passwords cannot be reached: %s", strerror(errno));
    }
}

/* The command and whatever it has started end, too. */
static void close_channel(struct outside *outside, const char *why)
{
    if (outside->fd >= 0) {
        close(outside->fd);
        outside->fd = -1;
        if (why != NULL) {
            log_warn("accounts: who is asked about passwords %s", why);
        }
    }
    if (outside->child > 0) {
        (void)kill(-outside->child, SIGKILL);
        (void)waitpid(outside->child, NULL, 0);
        outside->child = 0;
    }
    buf_clear(&outside->in);
    if (outside->out.p != NULL) {
        secret_wipe(outside->out.p, outside->out.cap);
    }
    buf_clear(&outside->out);
}

/* ---- questions ---- */

static void drop_line(struct question *question)
{
    secret_free(question->line);
    question->line = NULL;
}

/* Under the lock. */
static session_id take_out(struct outside *outside, size_t at)
{
    session_id session = outside->questions[at].session;
    drop_line(&outside->questions[at]);
    outside->n--;
    memmove(&outside->questions[at], &outside->questions[at + 1],
            (outside->n - at) * sizeof(outside->questions[0]));
    return session;
}

/* Those that were sent where `sent`, and those whose time is over. */
static void give_up(struct outside *outside, uint64_t now_ms, bool sent)
{
    for (;;) {
        session_id session = 0;
        lock_enter(&outside->lock);
        for (size_t i = 0; i < outside->n && session == 0; i++) {
            const struct question *question = &outside->questions[i];
            if (now_ms >= question->due_ms || (sent && question->line == NULL)) {
                session = take_out(outside, i);
            }
        }
        lock_leave(&outside->lock);
        if (session == 0) {
            return;
        }
        outside->options.answer(outside->options.ctx, session, false, true);
    }
}

static uint64_t next_due_ms(struct outside *outside)
{
    uint64_t due = UINT64_MAX;
    lock_enter(&outside->lock);
    for (size_t i = 0; i < outside->n; i++) {
        due = outside->questions[i].due_ms < due ? outside->questions[i].due_ms : due;
    }
    lock_leave(&outside->lock);
    return due;
}

static void gather(struct outside *outside)
{
    lock_enter(&outside->lock);
    for (size_t i = 0; i < outside->n; i++) {
        if (outside->questions[i].line != NULL) {
            buf_add_cstr(&outside->out, outside->questions[i].line);
            drop_line(&outside->questions[i]);
        }
    }
    lock_leave(&outside->lock);
}

/* ---- answers ---- */

static bool take_answer(struct outside *outside, struct str line)
{
    json_t *answer = json_loadb(line.p, line.len, 0, NULL);
    json_t *id = json_object_get(answer, "id");
    json_t *ok = json_object_get(answer, "ok");
    bool right = json_is_integer(id) && json_is_boolean(ok);
    session_id session = 0;
    if (right) {
        lock_enter(&outside->lock);
        for (size_t i = 0; i < outside->n && session == 0; i++) {
            if (outside->questions[i].line == NULL &&
                outside->questions[i].id == (uint64_t)json_integer_value(id)) {
                session = take_out(outside, i);
            }
        }
        lock_leave(&outside->lock);
    }
    if (session != 0) {
        outside->options.answer(outside->options.ctx, session, json_is_true(ok), false);
    }
    json_decref(answer);
    return right; /* An answer that comes too late is one, too. */
}

/* NULL, or what ends the channel. */
static const char *read_answers(struct outside *outside)
{
    char *to = buf_reserve(&outside->in, OUTSIDE_LINE_BYTES_MAX);
    ssize_t n = recv(outside->fd, to, OUTSIDE_LINE_BYTES_MAX, 0);
    if (n == 0) {
        return "has ended";
    }
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? NULL : "cannot be read";
    }
    outside->in.len += (size_t)n;
    const char *end;
    while ((end = memchr(outside->in.p, '\n', outside->in.len)) != NULL) {
        struct str line = {outside->in.p, (size_t)(end - outside->in.p)};
        bool right = take_answer(outside, line);
        buf_consume(&outside->in, line.len + 1);
        if (!right) {
            return "wrote what is no answer";
        }
        if (outside->in.len == 0) {
            break;
        }
    }
    return outside->in.len > OUTSIDE_LINE_BYTES_MAX ? "wrote a line that is too long" : NULL;
}

static const char *write_questions(struct outside *outside)
{
    if (outside->out.len == 0) {
        return NULL;
    }
    ssize_t n = send(outside->fd, outside->out.p, outside->out.len, MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? NULL : "does not read";
    }
    buf_consume(&outside->out, (size_t)n);
    if (outside->out.len == 0) {
        secret_wipe(outside->out.p, outside->out.cap);
    }
    return NULL;
}

/* ---- the thread ---- */

static bool has_ended(struct outside *outside)
{
    lock_enter(&outside->lock);
    bool ends = outside->ends;
    lock_leave(&outside->lock);
    return ends;
}

static int wait_ms(struct outside *outside, uint64_t now_ms)
{
    uint64_t due = next_due_ms(outside);
    if (outside->fd < 0 && outside->retry_ms < due) {
        due = outside->retry_ms;
    }
    uint64_t ms = due > now_ms ? due - now_ms : 0;
    return ms < 60000 ? (int)ms : 60000;
}

static void *run(void *arg)
{
    struct outside *outside = arg;
    (void)pthread_setname_np(pthread_self(), "outside");
    while (!has_ended(outside)) {
        uint64_t now_ms = clock_mono_ms();
        if (outside->fd < 0 && now_ms >= outside->retry_ms) {
            open_channel(outside, now_ms);
        }
        if (outside->fd >= 0) {
            gather(outside);
        }
        struct pollfd fds[2] = {
            {.fd = outside->wake[0], .events = POLLIN},
            {.fd = outside->fd, .events = (short)(POLLIN | (outside->out.len > 0 ? POLLOUT : 0))},
        };
        (void)poll(fds, 2, wait_ms(outside, now_ms));
        char passed[64];
        while (read(outside->wake[0], passed, sizeof(passed)) > 0) {
        }
        const char *why = NULL;
        if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            why = read_answers(outside);
        }
        if (why == NULL && (fds[1].revents & POLLOUT) != 0) {
            why = write_questions(outside);
        }
        if (why != NULL) {
            close_channel(outside, why);
        }
        give_up(outside, clock_mono_ms(), why != NULL);
    }
    close_channel(outside, NULL);
    return NULL;
}

struct outside *outside_create(const struct outside_options *options)
{
    struct outside *outside = xcalloc(1, sizeof(*outside));
    outside->options = *options;
    outside->command = str_dup(str_from(options->command));
    outside->socket = str_dup(str_from(options->socket));
    outside->fd = -1;
    lock_init(&outside->lock);
    CHECK(pipe2(outside->wake, O_NONBLOCK | O_CLOEXEC) == 0);
    CHECK(pthread_create(&outside->thread, NULL, run, outside) == 0);
    return outside;
}

static void wake(struct outside *outside)
{
    (void)!write(outside->wake[1], "", 1);
}

void outside_destroy(struct outside *outside)
{
    if (outside == NULL) {
        return;
    }
    lock_enter(&outside->lock);
    outside->ends = true;
    lock_leave(&outside->lock);
    wake(outside);
    CHECK(pthread_join(outside->thread, NULL) == 0);
    while (outside->n > 0) {
        take_out(outside, 0);
    }
    close(outside->wake[0]);
    close(outside->wake[1]);
    lock_finish(&outside->lock);
    buf_finish(&outside->in);
    buf_finish(&outside->out);
    free(outside->command);
    free(outside->socket);
    free(outside);
}

static char *make_line(uint64_t id, struct str name, struct str password, struct str address)
{
    json_t *question =
        json_pack("{s:I,s:s%,s:s%,s:s%}", "id", (json_int_t)id, "name", name.p, name.len,
                  "password", password.p, password.len, "address", address.p, address.len);
    if (question == NULL) {
        return NULL;
    }
    char *text = json_dumps(question, JSON_COMPACT);
    json_decref(question);
    struct buf line = {0};
    if (text != NULL) {
        (void)buf_reserve(&line, strlen(text) + 2);
        buf_add_cstr(&line, text);
        buf_add(&line, "\n", 2);
        secret_free(text);
    }
    return line.p;
}

bool outside_ask(struct outside *outside, session_id session, struct str name, struct str password,
                 struct str address)
{
    lock_enter(&outside->lock);
    uint64_t id = outside->next_id++;
    lock_leave(&outside->lock);
    char *line = make_line(id, name, password, address);
    lock_enter(&outside->lock);
    bool taken = line != NULL && outside->n < OUTSIDE_QUESTIONS_MAX;
    if (taken) {
        outside->questions[outside->n++] = (struct question){
            .id = id,
            .session = session,
            .due_ms = clock_mono_ms() + outside->options.timeout_ms,
            .line = line,
        };
    }
    lock_leave(&outside->lock);
    if (taken) {
        wake(outside);
    } else {
        secret_free(line);
    }
    return taken;
}
