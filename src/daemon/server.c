/*
 * The wiring: configuration, TLS, listeners, core, edges, control socket and signals, in the order
 * in which they start; they stop in the reverse one. Main thread.
 */
#include "server_priv.h"

#include "alloc.h"
#include "clock.h"
#include "data_dir.h"
#include "listener.h"
#include "log.h"
#include "server_jobs.h"
#include "settings_from.h"
#include "welcome.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- signals and the end ---- */

void server_stop(struct server *server)
{
    uv_stop(&server->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (number == SIGHUP) {
        struct config_report messages = {0};
        (void)server_reload(server, &messages);
        config_report_finish(&messages);
        return;
    }
    log_info("stopping: %s", number == SIGINT ? "interrupted" : "terminated");
    server_stop(server);
}

static const int signal_numbers[SERVER_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

/* Signals are the main thread's, and only while it runs its loop: other threads inherit the block.
 * So who asks twice finds no moment in which they would simply kill. */
static void mask_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < SERVER_SIGNALS; i++) {
        sigaddset(&set, signal_numbers[i]);
    }
    CHECK(pthread_sigmask(how, &set, NULL) == 0);
}

static void watch_signals(struct server *server)
{
    for (int i = 0; i < SERVER_SIGNALS; i++) {
        uv_signal_init(&server->loop, &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, signal_numbers[i]);
    }
}

/* ---- what the core tells the daemon ---- */

static void show_log(const struct effect *effect)
{
    static const char *const topics[] = {
        [LOG_CONNECT] = "connect", [LOG_LEAVE] = "leave",       [LOG_ANNOUNCE] = "announce",
        [LOG_REFUSE] = "refuse",   [LOG_OPERATOR] = "operator", [LOG_CHAT] = "chat",
        [LOG_NICK] = "nick",
    };
    struct str text = effect->message->body;
    char session[24];
    snprintf(session, sizeof(session), "%llx", (unsigned long long)effect->session);
    log_event(effect->log == LOG_REFUSE ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
              LOG_FIELDS({"topic", str_from(topics[effect->log])}, {"session", str_from(session)}),
              STR_FMT, STR_ARG(text));
}

static void on_effects(uv_async_t *async)
{
    struct server *server = async->data;
    mailbox_take(hub_mailbox(server->hub), &server->effects);
    const struct effect *effects = (const struct effect *)server->effects.items;
    for (size_t i = 0; i < server->effects.len; i++) {
        if (effects[i].kind == EFFECT_LOG) {
            show_log(&effects[i]);
        } else if (effects[i].kind == EFFECT_REHASH) {
            server_rehash(server, effects[i].session);
        } else if (effects[i].kind == EFFECT_MAIL) {
            server_mail(server, effects[i].account);
        }
        message_unref(effects[i].message);
        account_state_unref(effects[i].account);
    }
}

static void wake(void *ctx)
{
    struct server *server = ctx;
    uv_async_send(&server->wake);
}

/* ---- starting ---- */

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Makes the folder with its parents, for its owner only. */
static bool make_folder(const char *path)
{
    char *copy = str_dup(str_from(path));
    for (char *slash = copy + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(copy, 0777);
        *slash = '/';
    }
    bool made = mkdir(copy, 0700) == 0 || errno == EEXIST;
    free(copy);
    return made;
}

static bool needs_tls(const struct config *config)
{
    for (size_t i = 0; i < config->listeners_n; i++) {
        enum listener_kind kind = config->listeners[i].kind;
        if (kind == LISTENER_TLS || kind == LISTENER_AUTO) {
            return true;
        }
    }
    return false;
}

int server_load_tls(const struct config *config, struct tls_context **ret_tls, struct buf *error)
{
    if (!needs_tls(config)) {
        *ret_tls = NULL;
        return STATUS_OK;
    }
    bool made = false;
    if (config->tls.own) {
        int status = tls_selfsigned_ensure(config->tls.certificate, config->tls.key,
                                           config->server.name, &made, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    int status = tls_context_create(config->tls.certificate, config->tls.key, ret_tls, error);
    if (status == STATUS_OK && made) {
        log_info("made a certificate: %s", config->tls.certificate);
    }
    return status;
}

/* One socket for each listener and edge. The first fixes a free port for the others. */
static bool open_listeners(struct server *server)
{
    const struct config *config = &server->config;
    server->bound_n = config->listeners_n;
    server->bound = xcalloc(server->bound_n, sizeof(*server->bound));
    server->sockets = xcalloc(server->bound_n * server->n_edges, sizeof(*server->sockets));
    for (size_t i = 0; i < config->listeners_n; i++) {
        const struct config_listener *from = &config->listeners[i];
        struct config_listener *bound = &server->bound[i];
        *bound = *from;
        bound->address = str_dup(str_from(from->address));
        for (unsigned edge = 0; edge < server->n_edges; edge++) {
            struct edge_listener *socket = &server->sockets[edge * server->bound_n + i];
            socket->kind = from->kind;
            socket->proxy = from->proxy;
            bool taken = edge == 0 && listener_probe(from->address, bound->port) != STATUS_OK;
            if (taken || listener_open(from->address, &bound->port, &socket->fd) != STATUS_OK) {
                log_error("cannot listen on %s port %u: %s%s", from->address, bound->port,
                          strerror(errno),
                          errno == EADDRINUSE ? "; --listen chooses other ports" : "");
                return false;
            }
        }
    }
    return true;
}

static void start_edges(struct server *server)
{
    for (unsigned i = 0; i < server->n_edges; i++) {
        server->edges[i] = edge_create(&(struct edge_options){
            .index = i,
            .port = hub_port(server->hub, i),
            .settings = server->settings,
            .admission = server->admission,
            .tls = server->tls,
            .secret = server->secret,
            .outside = server_outside(server),
            .listeners = &server->sockets[i * server->bound_n],
            .n_listeners = server->bound_n,
        });
        hub_add_edge(server->hub, server->edges[i]);
    }
    for (unsigned i = 0; i < server->n_edges; i++) {
        edge_start(server->edges[i]);
    }
}

static void stop_edges(struct server *server)
{
    struct buf last = {0};
    buf_printf(&last, "ERROR :Closing link: (%s) [Server is shutting down]\r\n",
               server->config.server.name);
    hub_close(server->hub);
    server_finish_store(server);
    hub_stop_edges(server->hub, buf_str(&last));
    buf_finish(&last);
    for (unsigned i = 0; i < server->n_edges; i++) {
        edge_join(server->edges[i]);
    }
}

static bool start_control(struct server *server)
{
    struct buf path = {0};
    struct buf error = {0};
    buf_printf(&path, "%s/" DATA_CONTROL_SOCKET, server->config.server.data);
    buf_add_char(&path, '\0');
    int status = control_create(&server->loop, path.p, &server_control_ops, server,
                                &server->control, &error);
    if (status == STATUS_OK) {
        server_jobs_clean(server->config.server.data);
    }
    if (status != STATUS_OK) {
        log_error("control socket: " STR_FMT "%s", STR_ARG(buf_str(&error)),
                  status == STATUS_EXISTS
                      ? "; maructl stop ends it, and --data chooses another folder"
                      : "");
    }
    buf_finish(&path);
    buf_finish(&error);
    return status == STATUS_OK;
}

static void finish(struct server *server)
{
    mask_signals(SIG_BLOCK);
    server_jobs_finish(server);
    outside_destroy(server->outside);
    /* Its threads speak to the hub and the edges: they end first. */
    store_close(server->store);
    control_destroy(server->control);
    uv_run(&server->loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&server->wake, NULL);
    uv_close((uv_handle_t *)&server->jobs_wake, NULL);
    for (int i = 0; i < SERVER_SIGNALS; i++) {
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    }
    while (uv_loop_close(&server->loop) == UV_EBUSY) {
        uv_run(&server->loop, UV_RUN_ONCE);
    }
    for (unsigned i = 0; i < server->n_edges; i++) {
        edge_destroy(server->edges[i]);
    }
    hub_destroy(server->hub);
    lock_finish(&server->trouble.lock);
    mailbox_batch_finish(&server->effects);
    admission_destroy(server->admission);
    tls_context_unref(server->tls);
    settings_unref(server->settings);
    for (size_t i = 0; i < server->bound_n; i++) {
        free(server->bound[i].address);
    }
    free(server->bound);
    free(server->sockets);
    config_finish(&server->config);
}

/* What can fail before anything runs. */
static bool prepare(struct server *server)
{
    struct buf error = {0};
    bool ready = false;
    raise_file_limit();
    umask(S_IRWXG | S_IRWXO); /* What is kept is its owner's alone. */
    if (sodium_init() < 0) {
        log_error("the cryptography library does not start");
    } else if (!make_folder(server->config.server.data)) {
        log_error("cannot make the data folder %s: %s", server->config.server.data,
                  strerror(errno));
    } else if (!server_load_secret(server)) {
        log_error("cannot keep %s in the data folder: %s", DATA_ACCOUNTS_KEY, strerror(errno));
    } else if (server_load_tls(&server->config, &server->tls, &error) != STATUS_OK) {
        log_error("TLS: " STR_FMT, STR_ARG(buf_str(&error)));
    } else {
        ready = true;
    }
    buf_finish(&error);
    return ready;
}

/* Fixed bounds instead of glibc's, which move with what was freed before: below them each busy turn
 * would give its memory back and fault it in again, above them a rush would keep it for ever. */
static void tune_allocator(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, SERVER_TRIM_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, SERVER_TRIM_BYTES);
}

static bool make_hub(struct server *server)
{
    server->hub = hub_create(&(struct hub_options){
        .settings = server->settings,
        .store = server->store,
        .started_ms = server->started_ms,
        .wake = wake,
        .ctx = server,
    });
    return server_start_store(server);
}

int server_run(const char *config_path, const struct config_overrides *overrides,
               struct config *config)
{
    struct server server = {.config_path = config_path, .overrides = overrides, .config = *config};
    tune_allocator();
    lock_init(&server.trouble.lock);
    /* A file that may not grow is an error of one write, not the end. */
    signal(SIGXFSZ, SIG_IGN);
    log_init(STDERR_FILENO);
    mask_signals(SIG_BLOCK);
    if (!prepare(&server)) {
        tls_context_unref(server.tls);
        config_finish(&server.config);
        log_finish();
        return 1;
    }
    CHECK(uv_loop_init(&server.loop) == 0);
    CHECK(uv_async_init(&server.loop, &server.wake, on_effects) == 0);
    server.wake.data = &server;
    CHECK(uv_async_init(&server.loop, &server.jobs_wake, server_jobs_ended) == 0);
    server.jobs_wake.data = &server;
    watch_signals(&server);
    server.n_edges = config_edges(&server.config);
    server.started_ms = clock_wall_ms();
    server.settings = settings_from_config(&server.config);
    const struct admission_limits limits = admission_limits_from(&server.config);
    server.admission = admission_create(&limits);
    int code = 1;
    if (start_control(&server) && server_open_store(&server) && make_hub(&server) &&
        open_listeners(&server)) {
        server_start_outside(&server);
        start_edges(&server);
        welcome_print(stdout, &server.config, server.bound, server.bound_n,
                      server.tls != NULL ? tls_context_fingerprint(server.tls) : NULL);
        fflush(stdout);
        log_info("%s is open", server.config.server.name);
        mask_signals(SIG_UNBLOCK);
        uv_run(&server.loop, UV_RUN_DEFAULT);
        stop_edges(&server);
        on_effects(&server.wake);
        log_info("%s is closed", server.config.server.name);
        code = 0;
    } else {
        server.n_edges = 0;
    }
    finish(&server);
    log_finish();
    return code;
}
