/* Understands requests on the control socket and words the answers. Main thread; no sockets here.
 */
#include "control_priv.h"

#include "alloc.h"
#include "clock.h"
#include "config_priv.h"
#include "escape.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

/* Text for JSON; what is not UTF-8 is shown with escapes, never dropped. */
static json_t *text_json(struct str text)
{
    json_t *json = json_stringn(text.p, text.len);
    if (json == NULL) {
        struct buf safe = {0};
        escape_add(&safe, text);
        json = json_stringn(safe.p, safe.len);
        buf_finish(&safe);
    }
    CHECK(json != NULL);
    return json;
}

static json_t *cstr_json(const char *text)
{
    return text != NULL ? text_json(str_from(text)) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
    CHECK(json_object_set_new(object, key, value) == 0);
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
    set(object, key, json_integer((json_int_t)value));
}

/* Appends the object as a line and lets go of it. */
static void respond(struct buf *out, json_t *object)
{
    size_t len = json_dumpb(object, NULL, 0, JSON_COMPACT);
    char *to = buf_reserve(out, len);
    if (to != NULL) {
        CHECK(json_dumpb(object, to, len, JSON_COMPACT) == len);
        out->len += len;
        buf_add_char(out, '\n');
    }
    json_decref(object);
}

static json_t *success(void)
{
    json_t *object = json_object();
    CHECK(object != NULL);
    set(object, "ok", json_true());
    return object;
}

void control_refuse(struct buf *out, const char *error, const char *message)
{
    json_t *object = json_object();
    CHECK(object != NULL);
    set(object, "ok", json_false());
    set(object, "error", cstr_json(error));
    set(object, "message", cstr_json(message));
    respond(out, object);
}

/* What a request needs while it is answered. */
struct request {
    const struct control_ops *ops;
    void *user;
    const json_t *json;
    uint64_t id; /* of the job, where this begins one */
    struct buf *out;
    enum control_next next;
    enum control_job_kind job; /* where that is CONTROL_WAIT */
};

static void do_status(struct request *request)
{
    struct control_status status = {0};
    request->ops->status(request->user, &status);
    json_t *object = success();
    set(object, "name", cstr_json(status.name));
    set(object, "network", cstr_json(status.network));
    set(object, "version", cstr_json(MARU_VERSION));
    set_number(object, "pid", (uint64_t)getpid());
    set(object, "fingerprint", cstr_json(status.fingerprint));
    set_number(object, "started_ms", status.started_wall_ms);
    set_number(object, "edges", status.edges);
    set_number(object, "clients", status.clients);
    set_number(object, "max_clients", status.max_clients);
    set_number(object, "unregistered", status.unregistered);
    set_number(object, "max_unregistered", status.max_unregistered);
    set_number(object, "users", status.users);
    set_number(object, "rooms", status.rooms);
    json_t *listeners = json_array();
    for (size_t i = 0; i < status.listeners_n; i++) {
        json_t *listener = json_object();
        set(listener, "kind", cstr_json(listener_kind_name(status.listeners[i].kind)));
        set(listener, "address", cstr_json(status.listeners[i].address));
        set_number(listener, "port", status.listeners[i].port);
        CHECK(json_array_append_new(listeners, listener) == 0);
    }
    set(object, "listeners", listeners);
    respond(request->out, object);
}

static json_t *client_json(const struct control_client *client)
{
    json_t *object = json_object();
    set(object, "nick", cstr_json(client->nick));
    set(object, "user", cstr_json(client->user));
    set(object, "host", cstr_json(client->host));
    set(object, "account", client->account[0] != '\0' ? cstr_json(client->account) : json_null());
    set(object, "kind", cstr_json(client->kind));
    set_number(object, "rooms", client->rooms);
    set_number(object, "edge", client->edge);
    set(object, "operator", json_boolean(client->is_operator));
    set(object, "away", json_boolean(client->away));
    set_number(object, "since_ms", client->since_wall_ms);
    set_number(object, "idle_s", client->idle_s);
    return object;
}

static json_t *room_json(const struct control_room *room)
{
    json_t *object = json_object();
    set(object, "name", cstr_json(room->name));
    set(object, "topic", cstr_json(room->topic));
    set(object, "modes", cstr_json(room->modes));
    set_number(object, "members", room->members);
    set_number(object, "created_ms", room->created_wall_ms);
    return object;
}

/* A cursor that the server gave, or 0 where there is none. */
static bool get_cursor(struct request *request, uint64_t *ret_cursor)
{
    const json_t *cursor = json_object_get(request->json, "cursor");
    if (cursor != NULL && (!json_is_integer(cursor) || json_integer_value(cursor) < 0)) {
        control_refuse(request->out, "bad_request", "cursor: expected what \"next\" said");
        return false;
    }
    *ret_cursor = cursor != NULL ? (uint64_t)json_integer_value(cursor) : 0;
    return true;
}

static void respond_page(struct request *request, const char *key, json_t *entries, uint64_t next)
{
    json_t *object = success();
    set(object, key, entries);
    set(object, "next", next != 0 ? json_integer((json_int_t)next) : json_null());
    respond(request->out, object);
}

static void do_clients(struct request *request)
{
    uint64_t cursor;
    if (!get_cursor(request, &cursor)) {
        return;
    }
    struct control_client *page = xcalloc(CONTROL_PAGE_MAX, sizeof(*page));
    uint64_t next = 0;
    size_t n = request->ops->clients(request->user, cursor, page, CONTROL_PAGE_MAX, &next);
    CHECK(n <= CONTROL_PAGE_MAX);
    json_t *entries = json_array();
    for (size_t i = 0; i < n; i++) {
        CHECK(json_array_append_new(entries, client_json(&page[i])) == 0);
    }
    free(page);
    respond_page(request, "clients", entries, next);
}

static void do_rooms(struct request *request)
{
    uint64_t cursor;
    if (!get_cursor(request, &cursor)) {
        return;
    }
    struct control_room *page = xcalloc(CONTROL_PAGE_MAX, sizeof(*page));
    uint64_t next = 0;
    size_t n = request->ops->rooms(request->user, cursor, page, CONTROL_PAGE_MAX, &next);
    CHECK(n <= CONTROL_PAGE_MAX);
    json_t *entries = json_array();
    for (size_t i = 0; i < n; i++) {
        CHECK(json_array_append_new(entries, room_json(&page[i])) == 0);
    }
    free(page);
    respond_page(request, "rooms", entries, next);
}

static json_t *account_json(const struct control_account *account)
{
    json_t *object = json_object();
    set(object, "name", cstr_json(account->name));
    set(object, "email", account->email[0] != '\0' ? cstr_json(account->email) : json_null());
    set(object, "suspended", account->is_suspended ? cstr_json(account->suspended) : json_null());
    set(object, "verified", json_boolean(account->verified));
    set(object, "password", json_boolean(account->has_password));
    set(object, "always_on", json_boolean(account->always_on));
    set_number(object, "certificates", account->certificates);
    set_number(object, "sessions", account->sessions);
    set_number(object, "created_ms", account->created_wall_ms);
    set_number(object, "seen_ms", account->seen_wall_ms);
    return object;
}

static void do_accounts(struct request *request)
{
    uint64_t cursor;
    if (!get_cursor(request, &cursor)) {
        return;
    }
    struct control_account *page = xcalloc(CONTROL_PAGE_MAX, sizeof(*page));
    uint64_t next = 0;
    size_t n = request->ops->accounts(request->user, cursor, page, CONTROL_PAGE_MAX, &next);
    CHECK(n <= CONTROL_PAGE_MAX);
    json_t *entries = json_array();
    for (size_t i = 0; i < n; i++) {
        CHECK(json_array_append_new(entries, account_json(&page[i])) == 0);
    }
    free(page);
    respond_page(request, "accounts", entries, next);
}

/* A member that is one line of text, of at least `min` bytes. */
static bool get_text(struct request *request, const char *key, size_t min, struct str *ret_text)
{
    const json_t *value = json_object_get(request->json, key);
    struct str text = {"", 0};
    if (json_is_string(value)) {
        text = str_make(json_string_value(value), json_string_length(value));
    }
    bool right_type = json_is_string(value) || (value == NULL && min == 0);
    if (!right_type || text.len < min || text.len > CONTROL_TEXT_MAX || !config_valid_line(text)) {
        char message[128];
        snprintf(message, sizeof(message),
                 "%s: expected one line of %zu to %d bytes without control characters", key, min,
                 CONTROL_TEXT_MAX);
        control_refuse(request->out, "bad_request", message);
        return false;
    }
    *ret_text = text;
    return true;
}

static void do_announce(struct request *request)
{
    struct str text;
    if (get_text(request, "text", 1, &text)) {
        request->ops->announce(request->user, text);
        respond(request->out, success());
    }
}

static void do_kick(struct request *request)
{
    struct str nick;
    struct str reason;
    if (!get_text(request, "nick", 1, &nick) || !get_text(request, "reason", 0, &reason)) {
        return;
    }
    int status = request->ops->kick(request->user, nick, reason);
    if (status == STATUS_OK) {
        respond(request->out, success());
    } else if (status == STATUS_NOT_FOUND) {
        control_refuse(request->out, "not_found", "nobody here has that nickname");
    } else {
        control_refuse(request->out, "failed", status_text(status));
    }
}

static void answer_account(struct request *request, int status)
{
    if (status == STATUS_OK) {
        respond(request->out, success());
    } else if (status == STATUS_NOT_FOUND) {
        control_refuse(request->out, "not_found", "there is no such account");
    } else {
        control_refuse(request->out, "failed", status_text(status));
    }
}

static void do_account(struct request *request)
{
    struct str name;
    if (!get_text(request, "name", 1, &name)) {
        return;
    }
    struct control_account account;
    int status = request->ops->account(request->user, name, &account);
    if (status != STATUS_OK) {
        answer_account(request, status);
        return;
    }
    json_t *object = success();
    set(object, "account", account_json(&account));
    respond(request->out, object);
}

static void order_account(struct request *request, enum control_account_order order)
{
    struct str name;
    struct str reason = {"", 0};
    bool has_reason = order == CONTROL_ACCOUNT_SUSPEND;
    if (get_text(request, "name", 1, &name) &&
        (!has_reason || get_text(request, "reason", 0, &reason))) {
        answer_account(request, request->ops->account_order(request->user, order, name, reason));
    }
}

static void do_suspend(struct request *request)
{
    order_account(request, CONTROL_ACCOUNT_SUSPEND);
}

static void do_unsuspend(struct request *request)
{
    order_account(request, CONTROL_ACCOUNT_UNSUSPEND);
}

static void do_unregister(struct request *request)
{
    order_account(request, CONTROL_ACCOUNT_UNREGISTER);
}

static void do_set(struct request *request)
{
    const json_t *value = json_object_get(request->json, "max_clients");
    json_int_t max = json_is_integer(value) ? json_integer_value(value) : 0;
    if (max < 1 || max > CONFIG_CLIENTS_MAX) {
        char message[96];
        snprintf(message, sizeof(message), "max_clients: expected a whole number from 1 to %d",
                 CONFIG_CLIENTS_MAX);
        control_refuse(request->out, "bad_request", message);
        return;
    }
    request->ops->set_max_clients(request->user, (uint32_t)max);
    respond(request->out, success());
}

static void do_reload(struct request *request)
{
    struct config_report report = {0};
    int status = request->ops->reload(request->user, &report);
    json_t *object = json_object();
    set(object, "ok", json_boolean(status == STATUS_OK));
    if (status < 0) {
        set(object, "error", cstr_json("failed"));
        set(object, "message", cstr_json("the settings stay as they were"));
    }
    json_t *messages = json_array();
    for (size_t i = 0; i < report.n; i++) {
        CHECK(json_array_append_new(messages, cstr_json(report.lines[i])) == 0);
    }
    set(object, "messages", messages);
    respond(request->out, object);
    config_report_finish(&report);
}

static void do_stop(struct request *request)
{
    respond(request->out, success());
    request->next = CONTROL_STOP;
}

/* ---- jobs ---- */

static void begin(struct request *request, const struct control_job *job)
{
    struct buf error = {0};
    int status = request->ops->job_begin(request->user, request->id, job, &error);
    if (status == STATUS_OK) {
        request->next = CONTROL_WAIT;
        request->job = job->kind;
    } else {
        buf_add_char(&error, '\0');
        control_refuse(request->out, status == STATUS_NOT_FOUND ? "not_found" : "failed", error.p);
    }
    buf_finish(&error);
}

static void do_history(struct request *request)
{
    begin(request, &(struct control_job){.kind = CONTROL_JOB_HISTORY});
}

static void do_backup(struct request *request)
{
    begin(request, &(struct control_job){.kind = CONTROL_JOB_BACKUP});
}

static void do_export(struct request *request)
{
    const char *format = json_string_value(json_object_get(request->json, "format"));
    struct control_job job = {.kind = CONTROL_JOB_EXPORT};
    if (format == NULL || (strcmp(format, "json") != 0 && strcmp(format, "html") != 0)) {
        control_refuse(request->out, "bad_request", "format: expected \"json\" or \"html\"");
        return;
    }
    job.html = strcmp(format, "html") == 0;
    if (get_text(request, "room", 1, &job.room)) {
        begin(request, &job);
    }
}

static void do_erase(struct request *request)
{
    struct control_job job = {.kind = CONTROL_JOB_ERASE};
    job.account = json_object_get(request->json, "account") != NULL;
    if (job.account && json_object_get(request->json, "who") != NULL) {
        control_refuse(request->out, "bad_request", "expected who or account, not both");
        return;
    }
    if (get_text(request, job.account ? "account" : "who", 1, &job.who)) {
        begin(request, &job);
    }
}

static void add_history(json_t *object, const struct control_history *history)
{
    set(object, "working", json_boolean(history->working));
    set(object, "trouble", cstr_json(history->trouble));
    set_number(object, "trouble_ms", history->trouble_wall_ms);
    set_number(object, "bytes", history->bytes);
    set_number(object, "messages", history->messages);
    set_number(object, "events", history->events);
    set_number(object, "oldest_ms", history->oldest_wall_ms);
    set_number(object, "newest_ms", history->newest_wall_ms);
    set(object, "search_working", json_boolean(history->search_working));
    set(object, "search_trouble", cstr_json(history->search_trouble));
    set_number(object, "search_behind_ms", history->search_behind_ms);
}

void control_answer_job(struct buf *out, enum control_job_kind kind,
                        const struct control_job_result *result)
{
    if (result->status < 0) {
        control_refuse(out, result->status == STATUS_NOT_FOUND ? "not_found" : "failed",
                       result->error != NULL ? result->error : status_text(result->status));
        return;
    }
    json_t *object = success();
    if (kind == CONTROL_JOB_HISTORY) {
        add_history(object, &result->history);
    }
    if (kind == CONTROL_JOB_BACKUP || kind == CONTROL_JOB_EXPORT) {
        set(object, "path", cstr_json(result->path));
    }
    if (kind == CONTROL_JOB_EXPORT || kind == CONTROL_JOB_ERASE) {
        set_number(object, "messages", result->messages);
    }
    respond(out, object);
}

void control_answer_progress(struct buf *out, uint64_t done, uint64_t total)
{
    json_t *object = success();
    json_t *progress = json_object();
    set_number(progress, "done", done);
    set_number(progress, "total", total);
    set(object, "progress", progress);
    respond(out, object);
}

static const struct {
    const char *name;
    void (*run)(struct request *request);
} operations[] = {
    {"status", do_status},
    {"clients", do_clients},
    {"rooms", do_rooms},
    {"announce", do_announce},
    {"kick", do_kick},
    {"set", do_set},
    {"reload", do_reload},
    {"stop", do_stop},
    {"history", do_history},
    {"backup", do_backup},
    {"export", do_export},
    {"erase", do_erase},
    {"accounts", do_accounts},
    {"account", do_account},
    {"suspend", do_suspend},
    {"unsuspend", do_unsuspend},
    {"unregister", do_unregister},
};

static void run(struct request *request)
{
    const char *name = json_string_value(json_object_get(request->json, "op"));
    for (size_t i = 0; name != NULL && i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i].name, name) == 0) {
            operations[i].run(request);
            return;
        }
    }
    control_refuse(request->out, "unknown_op",
                   "op: expected status, clients, rooms, announce, kick, set, reload, stop, "
                   "history, backup, export, erase, accounts, account, suspend, unsuspend or "
                   "unregister");
}

enum control_next control_answer(const struct control_ops *ops, void *user, struct str line,
                                 uint64_t id, enum control_job_kind *ret_kind, struct buf *out)
{
    json_error_t error;
    json_t *json = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, &error);
    struct request request = {.ops = ops, .user = user, .json = json, .id = id, .out = out};
    if (json_is_object(json)) {
        run(&request);
    } else {
        control_refuse(out, "bad_request", "expected one JSON object in a line");
    }
    json_decref(json);
    *ret_kind = request.job;
    return request.next;
}
