/* What accounts need of the machine: a secret that stays, mails, and who else is asked about
 * passwords. Main thread, but for the answers of those. */
#include "server_priv.h"

#include "alloc.h"
#include "clock.h"
#include "daemon_limits.h"
#include "data_dir.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the secret ---- */

static bool read_secret(const char *path, unsigned char *to)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, to, PEER_SECRET_BYTES);
    close(fd);
    errno = n >= 0 ? EINVAL : errno;
    return n == PEER_SECRET_BYTES;
}

/* Whole or not at all. */
static bool write_secret(const char *path, const unsigned char *secret)
{
    struct buf fresh = {0};
    buf_printf(&fresh, "%s.new", path);
    buf_add_char(&fresh, '\0');
    int fd = open(fresh.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written =
        fd >= 0 && write(fd, secret, PEER_SECRET_BYTES) == PEER_SECRET_BYTES && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    written = written && rename(fresh.p, path) == 0;
    buf_finish(&fresh);
    return written;
}

bool server_load_secret(struct server *server)
{
    struct buf path = {0};
    buf_printf(&path, "%s/" DATA_ACCOUNTS_KEY, server->config.server.data);
    buf_add_char(&path, '\0');
    bool there = read_secret(path.p, server->secret);
    if (!there && (errno == ENOENT || errno == EINVAL)) {
        randombytes_buf(server->secret, sizeof(server->secret));
        there = write_secret(path.p, server->secret);
    }
    buf_finish(&path);
    return there;
}

/* ---- mail ---- */

struct mail {
    struct server *server;
    uv_process_t process;
    uv_pipe_t input;
    uv_timer_t timer;
    uv_write_t write;
    struct buf text;
    unsigned n_open; /* handles */
};

static void on_closed(uv_handle_t *handle)
{
    struct mail *mail = handle->data;
    if (--mail->n_open == 0) {
        mail->server->n_mails--;
        buf_finish(&mail->text);
        free(mail);
    }
}

static void close_all(struct mail *mail)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&mail->process, (uv_handle_t *)&mail->input,
                              (uv_handle_t *)&mail->timer};
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (!uv_is_closing(handles[i])) {
            uv_close(handles[i], on_closed);
        }
    }
}

static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    struct mail *mail = process->data;
    if (signal != 0) {
        log_warn("accounts: the command that sends mail ended with signal %d", signal);
    } else if (status != 0) {
        log_warn("accounts: the command that sends mail ended with status %d", (int)status);
    }
    close_all(mail);
}

static void on_late(uv_timer_t *timer)
{
    struct mail *mail = timer->data;
    (void)uv_process_kill(&mail->process, SIGKILL);
}

static void on_written(uv_write_t *write, int status)
{
    struct mail *mail = write->data;
    if (!uv_is_closing((uv_handle_t *)&mail->input)) {
        uv_close((uv_handle_t *)&mail->input, on_closed);
    }
}

static void add_text(struct buf *out, const struct server *server, const char *from,
                     const struct account_state *account)
{
    buf_printf(out,
               "From: %s\r\nTo: " STR_FMT "\r\nSubject: Your account on %s\r\n"
               "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n",
               from, STR_ARG(account->email), server->config.server.network);
    buf_printf(out,
               "Somebody, probably you, has registered the account " STR_FMT " on %s (%s).\r\n\r\n"
               "To open it, type there:\r\n\r\n    /VERIFY " STR_FMT " " STR_FMT "\r\n\r\n"
               "If it was not you, do nothing: the account goes by itself.\r\n",
               STR_ARG(account->name), server->config.server.network, server->config.server.name,
               STR_ARG(account->name), STR_ARG(account->code));
}

static int spawn(struct mail *mail, const char *from, struct str to)
{
    struct buf to_text = {0};
    struct buf from_text = {0};
    buf_printf(&to_text, "MARU_MAIL_TO=" STR_FMT, STR_ARG(to));
    buf_add_char(&to_text, '\0');
    buf_printf(&from_text, "MARU_MAIL_FROM=%s", from);
    buf_add_char(&from_text, '\0');
    char shell[] = "sh";
    char option[] = "-c";
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *args[] = {shell, option, mail->server->config.accounts.email_command, NULL};
    char *environment[] = {to_text.p, from_text.p, path, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&mail->input},
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    int status = uv_spawn(&mail->server->loop, &mail->process,
                          &(uv_process_options_t){
                              .file = "/bin/sh",
                              .args = args,
                              .env = environment,
                              .stdio = stdio,
                              .stdio_count = 3,
                              .exit_cb = on_exit_status,
                          });
    buf_finish(&to_text);
    buf_finish(&from_text);
    return status;
}

void server_mail(struct server *server, const struct account_state *account)
{
    const struct config *config = &server->config;
    if (*config->accounts.email_command == '\0' || server->n_mails >= MAILS_MAX) {
        log_warn("accounts: the code for " STR_FMT " was not sent: %s", STR_ARG(account->name),
                 server->n_mails >= MAILS_MAX ? "too many mails are on their way"
                                              : "accounts.email_command is not set");
        return;
    }
    struct mail *mail = xcalloc(1, sizeof(*mail));
    struct buf from = {0};
    if (*config->accounts.email_sender != '\0') {
        buf_add_cstr(&from, config->accounts.email_sender);
    } else {
        buf_printf(&from, "noreply@%s", config->server.name);
    }
    buf_add_char(&from, '\0');
    mail->server = server;
    mail->n_open = 3;
    mail->process.data = mail->input.data = mail->timer.data = mail->write.data = mail;
    server->n_mails++;
    add_text(&mail->text, server, from.p, account);
    uv_pipe_init(&server->loop, &mail->input, 0);
    uv_timer_init(&server->loop, &mail->timer);
    int status = spawn(mail, from.p, account->email);
    buf_finish(&from);
    if (status != 0) {
        log_warn("accounts: the command that sends mail does not start: %s", uv_strerror(status));
        close_all(mail);
        return;
    }
    uv_timer_start(&mail->timer, on_late, MAIL_MS_MAX, 0);
    uv_buf_t bytes = uv_buf_init(mail->text.p, (unsigned)mail->text.len);
    uv_write(&mail->write, (uv_stream_t *)&mail->input, &bytes, 1, on_written);
}

/* ---- who else is asked ---- */

static void on_answer(void *ctx, session_id session, bool right, bool failed)
{
    struct server *server = ctx;
    const struct effect effect = {
        .kind = EFFECT_OUTSIDE, .session = session, .right = right, .failed = failed};
    hub_to_edge(server->hub, session_id_edge(session), &effect, 1);
}

void server_start_outside(struct server *server)
{
    const struct config *config = &server->config;
    if (!server->settings->accounts || !server->settings->outside_logins) {
        return;
    }
    server->outside = outside_create(&(struct outside_options){
        .command = config->accounts.outside_command,
        .socket = config->accounts.outside_socket,
        .timeout_ms = config->accounts.outside_timeout_s * 1000,
        .answer = on_answer,
        .ctx = server,
    });
}

static bool ask(void *ctx, session_id session, struct str name, struct str password,
                struct str address)
{
    struct outside *outside = ctx;
    return outside_ask(outside, session, name, password, address);
}

struct edge_outside server_outside(struct server *server)
{
    return (struct edge_outside){.ask = server->outside != NULL ? ask : NULL,
                                 .ctx = server->outside};
}
