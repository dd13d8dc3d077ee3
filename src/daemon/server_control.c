/* What maructl and the signals may ask of a running server. Main thread. */
#include "server_priv.h"

#include "alloc.h"
#include "clock.h"
#include "log.h"
#include "server_jobs.h"
#include "settings_from.h"

#include <stdlib.h>

/* Copies as much as fits, whole characters, NUL-terminated. */
static void put(char *to, size_t size, struct str from)
{
    from = str_cut_utf8(from, size - 1);
    if (from.len > 0) {
        memcpy(to, from.p, from.len);
    }
    to[from.len] = '\0';
}

static void op_status(void *user, struct control_status *ret)
{
    struct server *server = user;
    struct core_totals totals = core_totals(hub_lock(server->hub));
    hub_unlock(server->hub);
    *ret = (struct control_status){
        .name = server->config.server.name,
        .network = server->config.server.network,
        .fingerprint = server->tls != NULL ? tls_context_fingerprint(server->tls) : NULL,
        .started_wall_ms = server->started_ms,
        .edges = server->n_edges,
        .clients = (uint32_t)totals.sessions,
        .max_clients = server->config.limits.max_clients,
        .unregistered = admission_unregistered(server->admission),
        .max_unregistered = server->config.limits.max_unregistered,
        .users = (uint32_t)totals.users,
        .rooms = (uint32_t)totals.rooms,
        .listeners = server->bound,
        .listeners_n = server->bound_n,
    };
}

static size_t op_clients(void *user, uint64_t cursor, struct control_client *page, size_t max,
                         uint64_t *ret_next)
{
    struct server *server = user;
    const struct core *core = hub_lock(server->hub);
    uint64_t now_ms = clock_wall_ms();
    struct core_user_view view;
    size_t n = 0;
    uint64_t last = cursor;
    while (n < max && core_next_user(core, &cursor, &view)) {
        struct control_client *client = &page[n++];
        *client = (struct control_client){
            .kind = view.kind == SESSION_CLASSIC ? "classic"
                    : view.tls                   ? "tls"
                                                 : "irc",
            .rooms = view.n_rooms,
            .edge = session_id_edge(view.session),
            .is_operator = view.is_operator,
            .away = view.away.len > 0,
            .since_wall_ms = view.since_ms,
            .idle_s = now_ms > view.active_ms ? (now_ms - view.active_ms) / 1000 : 0,
        };
        put(client->nick, sizeof(client->nick), view.nick);
        put(client->account, sizeof(client->account), view.account);
        put(client->user, sizeof(client->user), view.user);
        put(client->host, sizeof(client->host), view.host);
        last = cursor;
    }
    *ret_next = n == max && core_next_user(core, &cursor, &view) ? last : 0;
    hub_unlock(server->hub);
    return n;
}

static size_t op_rooms(void *user, uint64_t cursor, struct control_room *page, size_t max,
                       uint64_t *ret_next)
{
    struct server *server = user;
    const struct core *core = hub_lock(server->hub);
    struct core_room_view view;
    size_t n = 0;
    uint64_t last = cursor;
    while (n < max && core_next_room(core, &cursor, &view)) {
        struct control_room *room = &page[n++];
        *room = (struct control_room){.members = view.n_members, .created_wall_ms = view.since_ms};
        put(room->name, sizeof(room->name), view.name);
        put(room->topic, sizeof(room->topic), view.topic);
        put(room->modes, sizeof(room->modes), str_from(view.modes));
        last = cursor;
    }
    *ret_next = n == max && core_next_room(core, &cursor, &view) ? last : 0;
    hub_unlock(server->hub);
    return n;
}

static void put_account(struct control_account *account, const struct core_account_view *view)
{
    *account = (struct control_account){
        .is_suspended = view->suspended,
        .verified = view->verified,
        .has_password = view->has_password,
        .always_on = view->always_on,
        .certificates = view->n_certificates,
        .sessions = view->n_sessions,
        .created_wall_ms = view->created_ms,
        .seen_wall_ms = view->seen_ms,
    };
    put(account->name, sizeof(account->name), view->name);
    put(account->email, sizeof(account->email), view->email);
    put(account->suspended, sizeof(account->suspended), view->suspended_why);
}

static size_t op_accounts(void *user, uint64_t cursor, struct control_account *page, size_t max,
                          uint64_t *ret_next)
{
    struct server *server = user;
    const struct core *core = hub_lock(server->hub);
    struct core_account_view view;
    size_t n = 0;
    uint64_t last = cursor;
    while (n < max && core_next_account(core, &cursor, &view)) {
        put_account(&page[n++], &view);
        last = cursor;
    }
    *ret_next = n == max && core_next_account(core, &cursor, &view) ? last : 0;
    hub_unlock(server->hub);
    return n;
}

static int op_account(void *user, struct str name, struct control_account *ret)
{
    struct server *server = user;
    struct buf folded = {0};
    struct core_account_view view;
    name_fold(server->settings->casemapping, name, &folded);
    bool found = core_find_account(hub_lock(server->hub), buf_str(&folded), &view);
    if (found) {
        put_account(ret, &view);
    }
    hub_unlock(server->hub);
    buf_finish(&folded);
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}

static int op_account_order(void *user, enum control_account_order order, struct str name,
                            struct str reason)
{
    static const struct {
        enum account_order order;
        const char *done;
    } orders[] = {
        [CONTROL_ACCOUNT_SUSPEND] = {ORDER_SUSPEND, "suspended"},
        [CONTROL_ACCOUNT_UNSUSPEND] = {ORDER_UNSUSPEND, "let in again"},
        [CONTROL_ACCOUNT_UNREGISTER] = {ORDER_UNREGISTER, "unregistered"},
    };
    struct server *server = user;
    struct control_account account;
    int status = op_account(user, name, &account);
    if (status != STATUS_OK) {
        return status;
    }
    struct buf folded = {0};
    name_fold(server->settings->casemapping, name, &folded);
    hub_apply(server->hub, &(struct input){
                               .kind = INPUT_ACCOUNT_ORDER,
                               .now_ms = clock_wall_ms(),
                               .account_order = {.order = orders[order].order,
                                                 .name_folded = buf_str(&folded),
                                                 .reason = reason},
                           });
    buf_finish(&folded);
    log_info("maructl: the account %s is %s", account.name, orders[order].done);
    return STATUS_OK;
}

static void op_announce(void *user, struct str text)
{
    struct server *server = user;
    hub_apply(server->hub,
              &(struct input){.kind = INPUT_ANNOUNCE, .now_ms = clock_wall_ms(), .text = text});
}

static int op_kick(void *user, struct str nick, struct str reason)
{
    struct server *server = user;
    struct buf folded = {0};
    name_fold(server->settings->casemapping, nick, &folded);
    struct str why = reason.len > 0 ? reason : STR("Disconnected by the operator");
    bool found = core_has_user(hub_lock(server->hub), buf_str(&folded));
    hub_unlock(server->hub);
    if (found) {
        hub_apply(server->hub, &(struct input){
                                   .kind = INPUT_KICK,
                                   .now_ms = clock_wall_ms(),
                                   .kick = {.nick_folded = buf_str(&folded), .reason = why},
                               });
    }
    buf_finish(&folded);
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}

/* New settings for everybody, in the order of events. */
static void publish_settings(struct server *server)
{
    struct settings *settings = settings_from_config(&server->config);
    hub_apply(
        server->hub,
        &(struct input){.kind = INPUT_SETTINGS, .now_ms = clock_wall_ms(), .settings = settings});
    settings_unref(server->settings);
    server->settings = settings;
    const struct admission_limits limits = admission_limits_from(&server->config);
    admission_set_limits(server->admission, &limits);
}

static void op_set_max_clients(void *user, uint32_t max)
{
    struct server *server = user;
    server->config.limits.max_clients = max;
    publish_settings(server);
    log_info("at most %u clients from now on", max);
}

static void reload_tls(struct server *server, struct config_report *messages)
{
    struct tls_context *tls = NULL;
    struct buf error = {0};
    if (server_load_tls(&server->config, &tls, &error) != STATUS_OK) {
        config_report_add(messages, "the certificate stays as it was: " STR_FMT,
                          STR_ARG(buf_str(&error)));
    } else if (tls != NULL) {
        for (unsigned i = 0; i < server->n_edges; i++) {
            edge_set_tls(server->edges[i], tls);
        }
        tls_context_unref(server->tls);
        server->tls = tls;
    }
    buf_finish(&error);
}

int server_reload(struct server *server, struct config_report *messages)
{
    struct config fresh;
    size_t from = messages->n;
    int status = config_load(server->config_path, server->overrides, &fresh, messages);
    if (status == STATUS_OK) {
        struct config_report restart = {0};
        config_diff(&server->config, &fresh, true, &restart);
        for (size_t i = 0; i < restart.n; i++) {
            config_report_add(messages, "%s takes effect at the next start", restart.lines[i]);
        }
        config_report_finish(&restart);
        config_keep(&fresh, &server->config);
        config_finish(&server->config);
        server->config = fresh;
        publish_settings(server);
        reload_tls(server, messages);
        log_info("the configuration was read again");
    } else {
        log_error("the configuration has mistakes and stays as it was");
    }
    for (size_t i = from; i < messages->n; i++) {
        log_warn("%s", messages->lines[i]);
    }
    return status;
}

static void tell(struct server *server, session_id session, const char *text)
{
    hub_apply(server->hub, &(struct input){.kind = INPUT_WARN,
                                           .session = session,
                                           .now_ms = clock_wall_ms(),
                                           .text = str_from(text)});
}

void server_rehash(struct server *server, session_id session)
{
    struct config_report messages = {0};
    int status = server_reload(server, &messages);
    for (size_t i = 0; i < messages.n; i++) {
        tell(server, session, messages.lines[i]);
    }
    tell(server, session,
         status == STATUS_OK ? "The configuration was read again"
                             : "The configuration has mistakes and stays as it was");
    config_report_finish(&messages);
}

static int op_reload(void *user, struct config_report *messages)
{
    return server_reload(user, messages);
}

static void op_stop(void *user)
{
    log_info("stopping: told so by maructl");
    server_stop(user);
}

const struct control_ops server_control_ops = {
    .status = op_status,
    .clients = op_clients,
    .rooms = op_rooms,
    .accounts = op_accounts,
    .account = op_account,
    .account_order = op_account_order,
    .announce = op_announce,
    .kick = op_kick,
    .set_max_clients = op_set_max_clients,
    .reload = op_reload,
    .stop = op_stop,
    .job_begin = server_job_begin,
    .job_progress = server_job_progress,
    .job_forget = server_job_forget,
};
