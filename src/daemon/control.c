/*
 * The control socket's connections on the main loop: lines in, lines out, all bounded. A tool that
 * asks much and reads little is simply not read from until it has read.
 */
#include "control_priv.h"

#include "alloc.h"
#include "unix_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 16 };

struct tool {
    uv_pipe_t pipe;
    struct control *control;
    struct tool *next; /* in control->tools, while it is open */
    struct buf input;  /* bytes not yet answered */
    bool input_ended;
    bool reading;
    bool last; /* nothing more is answered: closed once the output is written */
    bool closing;
    uint64_t job; /* under way, or ended with a file that is still there; 0: none */
    enum control_job_kind job_kind;
    bool waiting; /* for the job's end */
};

struct control {
    uv_pipe_t listener;
    uv_timer_t pulse; /* runs while somebody waits for a job */
    uv_loop_t *loop;
    const struct control_ops *ops;
    void *user;
    char *path;
    struct tool *tools;
    unsigned tools_n;
    uint64_t last_job;
    unsigned handles; /* not yet closed, the listener among them */
    bool closing;
};

struct answer {
    uv_write_t write;
    struct buf bytes;
};

static void handle_closed(struct control *control)
{
    if (--control->handles == 0) {
        CHECK(control->closing);
        free(control->path);
        free(control);
    }
}

static void on_tool_closed(uv_handle_t *handle)
{
    struct tool *tool = handle->data;
    struct control *control = tool->control;
    buf_finish(&tool->input);
    free(tool);
    handle_closed(control);
}

static void tool_forget_job(struct tool *tool)
{
    uint64_t job = tool->job;
    tool->job = 0;
    tool->waiting = false;
    if (job != 0) {
        tool->control->ops->job_forget(tool->control->user, job);
    }
}

static void tool_close(struct tool *tool)
{
    if (tool->closing) {
        return;
    }
    tool->closing = true;
    tool_forget_job(tool);
    struct tool **link = &tool->control->tools;
    while (*link != tool) {
        link = &(*link)->next;
    }
    *link = tool->next;
    tool->control->tools_n--;
    uv_close((uv_handle_t *)&tool->pipe, on_tool_closed);
}

static void tool_go_on(struct tool *tool);

static void on_written(uv_write_t *write, int status)
{
    struct answer *answer = write->data;
    struct tool *tool = write->handle->data;
    buf_finish(&answer->bytes);
    free(answer);
    if (tool->closing) {
        return;
    }
    if (status < 0) {
        tool_close(tool);
    } else {
        tool_go_on(tool);
    }
}

/* Takes the bytes. */
static void tool_send(struct tool *tool, struct buf *bytes)
{
    struct answer *answer = xcalloc(1, sizeof(*answer));
    answer->bytes = *bytes;
    answer->write.data = answer;
    uv_buf_t piece = uv_buf_init(answer->bytes.p, (unsigned)answer->bytes.len);
    if (uv_write(&answer->write, (uv_stream_t *)&tool->pipe, &piece, 1, on_written) < 0) {
        buf_finish(&answer->bytes);
        free(answer);
        tool_close(tool);
    }
}

static bool output_is_full(const struct tool *tool)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&tool->pipe) >=
           CONTROL_OUTPUT_BYTES_MAX / 2;
}

static void on_pulse(uv_timer_t *timer);

/* Answers the first line of the input; false where there is none, or none yet. */
static bool answer_line(struct tool *tool, bool *ret_stop)
{
    if (tool->waiting) {
        return false;
    }
    struct control *control = tool->control;
    const char *end = tool->input.len > 0 ? memchr(tool->input.p, '\n', tool->input.len) : NULL;
    struct buf out = {0};
    if (end != NULL && (size_t)(end - tool->input.p) < CONTROL_REQUEST_BYTES_MAX) {
        tool_forget_job(tool);
        struct str line = str_make(tool->input.p, (size_t)(end - tool->input.p));
        uint64_t id = ++control->last_job;
        enum control_next next =
            control_answer(control->ops, control->user, line, id, &tool->job_kind, &out);
        buf_consume(&tool->input, line.len + 1);
        *ret_stop = next == CONTROL_STOP;
        if (next == CONTROL_WAIT) {
            tool->job = id;
            tool->waiting = true;
            uv_timer_start(&control->pulse, on_pulse, CONTROL_PULSE_MS, CONTROL_PULSE_MS);
            return false;
        }
    } else if (end != NULL || tool->input.len >= CONTROL_REQUEST_BYTES_MAX) {
        control_refuse(&out, "too_long", "expected a shorter line");
        tool->last = true;
    } else {
        return false;
    }
    tool_send(tool, &out);
    return true;
}

/* Says how far the jobs are. Who does not read meanwhile misses some of it. */
static void on_pulse(uv_timer_t *timer)
{
    struct control *control = timer->data;
    bool any = false;
    struct tool *next;
    for (struct tool *tool = control->tools; tool != NULL; tool = next) {
        next = tool->next;
        any = any || tool->waiting;
        if (tool->waiting && !output_is_full(tool)) {
            uint64_t done = 0;
            uint64_t total = 0;
            struct buf out = {0};
            control->ops->job_progress(control->user, tool->job, &done, &total);
            control_answer_progress(&out, done, total);
            tool_send(tool, &out);
        }
    }
    if (!any) {
        uv_timer_stop(timer);
    }
}

void control_job_done(struct control *control, uint64_t id, const struct control_job_result *result)
{
    for (struct tool *tool = control->tools; tool != NULL; tool = tool->next) {
        if (tool->waiting && tool->job == id) {
            struct buf out = {0};
            tool->waiting = false;
            control_answer_job(&out, tool->job_kind, result);
            tool_send(tool, &out);
            if (!tool->closing) {
                tool_go_on(tool);
            }
            return;
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_piece)
{
    struct tool *tool = handle->data;
    /* The main thread has one read under way at a time, but uv asks before each. */
    static char room[CONTROL_REQUEST_BYTES_MAX];
    size_t left = CONTROL_REQUEST_BYTES_MAX - tool->input.len;
    *ret_piece = uv_buf_init(room, (unsigned)left);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *piece)
{
    struct tool *tool = stream->data;
    if (n == UV_EOF) {
        tool->input_ended = true;
    } else if (n < 0) {
        tool_close(tool);
        return;
    } else {
        buf_add(&tool->input, piece->base, (size_t)n);
    }
    tool_go_on(tool);
}

/* Answers what can be answered, and reads on only where there is room for more answers. */
static void tool_go_on(struct tool *tool)
{
    bool stop = false;
    while (!tool->closing && !tool->last && !output_is_full(tool) && answer_line(tool, &stop)) {
        if (stop) {
            tool->last = true;
        }
    }
    if (tool->closing) {
        return;
    }
    bool full = output_is_full(tool);
    /* While a job is under way we read on, to hear the end, as long as there is room. */
    bool want =
        !full && !tool->last && !tool->input_ended && tool->input.len < CONTROL_REQUEST_BYTES_MAX;
    if (want != tool->reading) {
        tool->reading = want;
        if (!want) {
            uv_read_stop((uv_stream_t *)&tool->pipe);
        } else if (uv_read_start((uv_stream_t *)&tool->pipe, on_alloc, on_read) < 0) {
            tool_close(tool);
            return;
        }
    }
    bool done = tool->last || (tool->input_ended && !full && !tool->waiting);
    if (done && uv_stream_get_write_queue_size((const uv_stream_t *)&tool->pipe) == 0) {
        tool_close(tool);
    }
    /* Last, since it may call control_destroy(). The answer was handed to the kernel before. */
    if (stop) {
        struct control *control = tool->control;
        control->ops->stop(control->user);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    if (status < 0) {
        return;
    }
    struct tool *tool = xcalloc(1, sizeof(*tool));
    tool->control = control;
    tool->pipe.data = tool;
    CHECK(uv_pipe_init(control->loop, &tool->pipe, 0) == 0);
    control->handles++;
    control->tools_n++;
    tool->next = control->tools;
    control->tools = tool;
    if (uv_accept(listener, (uv_stream_t *)&tool->pipe) < 0) {
        tool_close(tool);
        return;
    }
    if (control->tools_n > CONTROL_CLIENTS_MAX) {
        struct buf out = {0};
        control_refuse(&out, "busy", "too many tools are connected");
        tool->last = true;
        tool_send(tool, &out);
    }
    if (!tool->closing) {
        tool_go_on(tool);
    }
}

static void on_own_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

int control_create(uv_loop_t *loop, const char *path, const struct control_ops *ops, void *user,
                   struct control **ret, struct buf *error)
{
    int fd = -1;
    int status = unix_socket_listen(path, LISTEN_BACKLOG, &fd);
    if (status == STATUS_EXISTS) {
        buf_printf(error, "%s: another server answers there", path);
        return status;
    }
    if (status < 0) {
        buf_printf(error, "%s: %s", path, strerror(errno));
        return status;
    }
    struct control *control = xcalloc(1, sizeof(*control));
    control->loop = loop;
    control->ops = ops;
    control->user = user;
    control->path = str_dup(str_from(path));
    control->listener.data = control;
    control->handles = 2;
    CHECK(uv_pipe_init(loop, &control->listener, 0) == 0);
    CHECK(uv_timer_init(loop, &control->pulse) == 0);
    control->pulse.data = control;
    int failed = uv_pipe_open(&control->listener, fd);
    if (failed < 0) {
        close(fd);
    } else {
        failed = uv_listen((uv_stream_t *)&control->listener, LISTEN_BACKLOG, on_connection);
    }
    if (failed < 0) {
        buf_printf(error, "%s: %s", path, uv_strerror(failed));
        control_destroy(control);
        return STATUS_IO;
    }
    *ret = control;
    return STATUS_OK;
}

void control_destroy(struct control *control)
{
    if (control == NULL) {
        return;
    }
    CHECK(!control->closing);
    control->closing = true;
    unlink(control->path);
    while (control->tools != NULL) {
        tool_close(control->tools);
    }
    uv_close((uv_handle_t *)&control->listener, on_own_closed);
    uv_close((uv_handle_t *)&control->pulse, on_own_closed);
}
