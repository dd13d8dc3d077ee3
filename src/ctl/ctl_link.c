/* Requests and answers over the control socket. Main thread; waits. */
#include "ctl_link.h"

#include "data_dir.h"
#include "unix_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_BYTES_MAX = 8 * 1024 * 1024,
    ANSWER_MS_MAX = 10000, /* a server that is alive answers at once */
};

/* "DIR/control.sock", for the caller to free. */
static char *socket_in(const char *folder)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, DATA_CONTROL_SOCKET);
    char *copy = str_dup(buf_str(&path));
    buf_finish(&path);
    return copy;
}

static int explain(const char *path, struct buf *error)
{
    if (errno == ENOENT || errno == ECONNREFUSED) {
        buf_printf(error, "no server runs here (%s: %s); name its folder with --data", path,
                   strerror(errno));
    } else {
        buf_printf(error, "%s: %s", path, strerror(errno));
    }
    return STATUS_IO;
}

/* The user's own server first, then the one that the system runs. */
static int open_default(int *ret_fd, struct buf *error)
{
    char *folder = data_dir_default();
    char *own = socket_in(folder);
    char *service = socket_in(DATA_DIR_SERVICE);
    int status = unix_socket_connect(own, ret_fd);
    if (status < 0 && (errno == ENOENT || errno == ECONNREFUSED)) {
        status = unix_socket_connect(service, ret_fd);
        if (status < 0 && (errno == ENOENT || errno == ECONNREFUSED)) {
            buf_printf(error,
                       "no server runs here (neither %s nor %s answers); name its folder "
                       "with --data",
                       own, service);
        } else if (status < 0) {
            explain(service, error);
        }
    } else if (status < 0) {
        explain(own, error);
    }
    free(folder);
    free(own);
    free(service);
    return status;
}

int ctl_link_open(struct ctl_link *link, const char *socket, const char *data, struct buf *error)
{
    *link = (struct ctl_link){.fd = -1};
    int status;
    if (socket == NULL && data == NULL) {
        status = open_default(&link->fd, error);
    } else {
        char *path = socket != NULL ? str_dup(str_from(socket)) : socket_in(data);
        status = unix_socket_connect(path, &link->fd);
        if (status < 0) {
            explain(path, error);
        }
        free(path);
    }
    buf_init(&link->input, ANSWER_BYTES_MAX);
    return status;
}

void ctl_link_close(struct ctl_link *link)
{
    if (link->fd >= 0) {
        close(link->fd);
    }
    link->fd = -1;
    buf_finish(&link->input);
}

static int send_line(struct ctl_link *link, const json_t *request, struct buf *error)
{
    char *text = json_dumps(request, JSON_COMPACT);
    struct buf line = {0};
    buf_add_cstr(&line, text != NULL ? text : "{}");
    buf_add_char(&line, '\n');
    int status = STATUS_OK;
    while (line.len > 0 && status == STATUS_OK) {
        ssize_t n = send(link->fd, line.p, line.len, MSG_NOSIGNAL);
        if (n > 0) {
            buf_consume(&line, (size_t)n);
        } else if (errno != EINTR) {
            buf_printf(error, "the server hung up: %s", strerror(errno));
            status = STATUS_CLOSED;
        }
    }
    buf_finish(&line);
    free(text);
    return status;
}

/* Reads until the input holds a line; its length comes back. */
static int receive_line(struct ctl_link *link, size_t *ret_len, struct buf *error)
{
    size_t seen = 0;
    for (;;) {
        const char *end = link->input.len > seen
                              ? memchr(link->input.p + seen, '\n', link->input.len - seen)
                              : NULL;
        if (end != NULL) {
            *ret_len = (size_t)(end - link->input.p);
            return STATUS_OK;
        }
        seen = link->input.len;
        struct pollfd ready = {.fd = link->fd, .events = POLLIN};
        int polled = poll(&ready, 1, ANSWER_MS_MAX);
        if (polled == 0) {
            buf_add_cstr(error, "the server does not answer");
            return STATUS_IO;
        }
        char *to = polled > 0 ? buf_reserve(&link->input, 65536) : NULL;
        if (polled > 0 && to == NULL) {
            buf_add_cstr(error, "the server's answer is too long");
            return STATUS_TOO_LONG;
        }
        ssize_t n = polled > 0 ? recv(link->fd, to, 65536, 0) : -1;
        if (n > 0) {
            link->input.len += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            buf_add_cstr(error, "the server hung up");
            return STATUS_CLOSED;
        }
    }
}

int ctl_link_next(struct ctl_link *link, json_t **ret_answer, struct buf *error)
{
    size_t len = 0;
    int status = receive_line(link, &len, error);
    if (status < 0) {
        return status;
    }
    json_error_t why;
    json_t *answer = json_loadb(link->input.p, len, 0, &why);
    buf_consume(&link->input, len + 1);
    if (!json_is_object(answer)) {
        json_decref(answer);
        buf_add_cstr(error, "the server's answer is no JSON object");
        return STATUS_MALFORMED;
    }
    *ret_answer = answer;
    return STATUS_OK;
}

int ctl_link_ask(struct ctl_link *link, json_t *request, json_t **ret_answer, struct buf *error)
{
    int status = send_line(link, request, error);
    json_decref(request);
    return status == STATUS_OK ? ctl_link_next(link, ret_answer, error) : status;
}
