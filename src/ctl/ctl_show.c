/* Words answers of the server for people. Main thread. Whatever is missing shows as empty or 0. */
#include "ctl_show.h"

#include "clock.h"
#include "ctl_table.h"
#include "escape.h"

#include <time.h>

static struct str text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR("");
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

/* "3d 4h", "5h 6m", "7m 8s" or "9s". */
static void add_duration(struct buf *out, uint64_t seconds)
{
    unsigned long long s = seconds;
    if (s >= 86400) {
        buf_printf(out, "%llud %lluh", s / 86400, s % 86400 / 3600);
    } else if (s >= 3600) {
        buf_printf(out, "%lluh %llum", s / 3600, s % 3600 / 60);
    } else if (s >= 60) {
        buf_printf(out, "%llum %llus", s / 60, s % 60);
    } else {
        buf_printf(out, "%llus", s);
    }
}

static void add_moment(struct buf *out, uint64_t wall_ms)
{
    time_t when = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[32] = "";
    if (wall_ms > 0 && localtime_r(&when, &parts) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
    }
    buf_add_cstr(out, text);
}

static void add_line(struct buf *out, const char *title, struct str value)
{
    buf_printf(out, "%-13s", title);
    escape_add(out, value);
    buf_add_char(out, '\n');
}

static void add_count(struct buf *out, const char *title, const json_t *answer, const char *key,
                      const char *max_key)
{
    buf_printf(out, "%-13s%llu", title, (unsigned long long)number_of(answer, key));
    if (max_key != NULL) {
        buf_printf(out, " of %llu", (unsigned long long)number_of(answer, max_key));
    }
    buf_add_char(out, '\n');
}

static void add_listeners(struct buf *out, const json_t *listeners)
{
    size_t i;
    const json_t *listener;
    json_array_foreach(listeners, i, listener)
    {
        struct buf text = {0};
        struct str address = text_of(listener, "address");
        bool v6 = address.len > 0 && memchr(address.p, ':', address.len) != NULL;
        buf_printf(&text, v6 ? "[" STR_FMT "]:%llu " : STR_FMT ":%llu ", STR_ARG(address),
                   (unsigned long long)number_of(listener, "port"));
        buf_add_str(&text, text_of(listener, "kind"));
        add_line(out, i == 0 ? "Listens on" : "", buf_str(&text));
        buf_finish(&text);
    }
}

void ctl_show_status(const json_t *answer, struct buf *out)
{
    struct buf text = {0};
    uint64_t started_ms = number_of(answer, "started_ms");
    uint64_t now_ms = clock_wall_ms();
    buf_add_str(&text, text_of(answer, "name"));
    buf_add_cstr(&text, " (");
    buf_add_str(&text, text_of(answer, "network"));
    buf_add_char(&text, ')');
    add_line(out, "Server", buf_str(&text));
    buf_clear(&text);
    buf_add_cstr(&text, "marud ");
    buf_add_str(&text, text_of(answer, "version"));
    buf_printf(&text, ", process %llu", (unsigned long long)number_of(answer, "pid"));
    add_line(out, "Version", buf_str(&text));
    buf_clear(&text);
    add_moment(&text, started_ms);
    buf_add_cstr(&text, ", up ");
    add_duration(&text, now_ms > started_ms ? (now_ms - started_ms) / 1000 : 0);
    add_line(out, "Started", buf_str(&text));
    add_count(out, "Clients", answer, "clients", "max_clients");
    add_count(out, "At the door", answer, "unregistered", "max_unregistered");
    add_count(out, "Users", answer, "users", NULL);
    add_count(out, "Rooms", answer, "rooms", NULL);
    add_count(out, "Edges", answer, "edges", NULL);
    add_listeners(out, json_object_get(answer, "listeners"));
    if (json_is_string(json_object_get(answer, "fingerprint"))) {
        add_line(out, "Fingerprint", text_of(answer, "fingerprint"));
    }
    buf_finish(&text);
}

/* "512 bytes", "3.4 MB" */
static void add_size(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        buf_printf(out, "%llu bytes", (unsigned long long)bytes);
        return;
    }
    double size = (double)bytes / 1000;
    size_t unit = 0;
    while (size >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        size /= 1000;
        unit++;
    }
    buf_printf(out, "%.1f %s", size, units[unit]);
}

static void add_moment_line(struct buf *out, const char *title, const json_t *answer,
                            const char *key)
{
    struct buf text = {0};
    add_moment(&text, number_of(answer, key));
    add_line(out, title, text.len > 0 ? buf_str(&text) : STR("-"));
    buf_finish(&text);
}

static void add_search(struct buf *out, const json_t *answer)
{
    struct buf text = {0};
    uint64_t behind_s = number_of(answer, "search_behind_ms") / 1000;
    if (!json_is_true(json_object_get(answer, "search_working"))) {
        buf_add_cstr(&text, "FAILS: ");
        buf_add_str(&text, text_of(answer, "search_trouble"));
    } else if (behind_s > 0) {
        buf_printf(&text, "works, %llu s behind", (unsigned long long)behind_s);
    } else {
        buf_add_cstr(&text, "works");
    }
    add_line(out, "Searching", buf_str(&text));
    buf_finish(&text);
}

void ctl_show_history(const json_t *answer, struct buf *out)
{
    struct buf text = {0};
    bool working = json_is_true(json_object_get(answer, "working"));
    add_line(out, "Writing", working ? STR("works") : STR("FAILS: what is said is not kept"));
    add_search(out, answer);
    add_size(&text, number_of(answer, "bytes"));
    add_line(out, "On disk", buf_str(&text));
    add_count(out, "Messages", answer, "messages", NULL);
    add_count(out, "Events", answer, "events", NULL);
    add_moment_line(out, "Oldest", answer, "oldest_ms");
    add_moment_line(out, "Newest", answer, "newest_ms");
    buf_clear(&text);
    if (json_is_string(json_object_get(answer, "trouble"))) {
        add_moment(&text, number_of(answer, "trouble_ms"));
        buf_add_cstr(&text, ", ");
        buf_add_str(&text, text_of(answer, "trouble"));
    } else {
        buf_add_cstr(&text, "none since the start");
    }
    add_line(out, "Last trouble", buf_str(&text));
    buf_finish(&text);
}

void ctl_show_clients(const json_t *entries, struct buf *out)
{
    static const char *const titles[] = {"NICK", "USER",  "HOST", "ACCOUNT", "KIND",
                                         "IDLE", "ROOMS", "EDGE", "SINCE"};
    static const bool right[] = {false, false, false, false, false, true, true, true, false};
    struct ctl_table table;
    ctl_table_init(&table, sizeof(right) / sizeof(right[0]), titles, right);
    size_t i;
    const json_t *client;
    json_array_foreach(entries, i, client)
    {
        struct buf text = {0};
        buf_add_str(&text, text_of(client, "nick"));
        buf_add_cstr(&text, json_is_true(json_object_get(client, "operator")) ? " (operator)" : "");
        buf_add_cstr(&text, json_is_true(json_object_get(client, "away")) ? " (away)" : "");
        ctl_table_add(&table, buf_str(&text));
        ctl_table_add(&table, text_of(client, "user"));
        ctl_table_add(&table, text_of(client, "host"));
        struct str account = text_of(client, "account");
        ctl_table_add(&table, account.len > 0 ? account : STR("-"));
        ctl_table_add(&table, text_of(client, "kind"));
        buf_clear(&text);
        add_duration(&text, number_of(client, "idle_s"));
        ctl_table_add(&table, buf_str(&text));
        ctl_table_add_u64(&table, number_of(client, "rooms"));
        ctl_table_add_u64(&table, number_of(client, "edge"));
        buf_clear(&text);
        add_moment(&text, number_of(client, "since_ms"));
        ctl_table_add(&table, buf_str(&text));
        buf_finish(&text);
    }
    ctl_table_render(&table, out);
    ctl_table_finish(&table);
}

void ctl_show_rooms(const json_t *entries, struct buf *out)
{
    static const char *const titles[] = {"ROOM", "MEMBERS", "MODES", "CREATED", "TOPIC"};
    static const bool right[] = {false, true, false, false, false};
    struct ctl_table table;
    ctl_table_init(&table, sizeof(right) / sizeof(right[0]), titles, right);
    size_t i;
    const json_t *room;
    json_array_foreach(entries, i, room)
    {
        struct buf text = {0};
        add_moment(&text, number_of(room, "created_ms"));
        ctl_table_add(&table, text_of(room, "name"));
        ctl_table_add_u64(&table, number_of(room, "members"));
        ctl_table_add(&table, text_of(room, "modes"));
        ctl_table_add(&table, buf_str(&text));
        ctl_table_add(&table, text_of(room, "topic"));
        buf_finish(&text);
    }
    ctl_table_render(&table, out);
    ctl_table_finish(&table);
}

/* "suspended", "not verified", "3 sessions", "away since …": what matters first. */
static void add_state(struct buf *out, const json_t *account)
{
    uint64_t sessions = number_of(account, "sessions");
    if (json_is_string(json_object_get(account, "suspended"))) {
        buf_add_cstr(out, "suspended");
    } else if (!json_is_true(json_object_get(account, "verified"))) {
        buf_add_cstr(out, "not verified");
    } else if (sessions > 0) {
        buf_printf(out, "%llu session%s", (unsigned long long)sessions, sessions == 1 ? "" : "s");
    } else {
        buf_add_cstr(out, json_is_true(json_object_get(account, "always_on")) ? "always on" : "-");
    }
}

void ctl_show_accounts(const json_t *entries, struct buf *out)
{
    static const char *const titles[] = {"ACCOUNT", "STATE", "CREATED", "SEEN", "E-MAIL"};
    static const bool right[] = {false, false, false, false, false};
    struct ctl_table table;
    ctl_table_init(&table, sizeof(right) / sizeof(right[0]), titles, right);
    size_t i;
    const json_t *account;
    json_array_foreach(entries, i, account)
    {
        static const char *const moments[] = {"created_ms", "seen_ms"};
        struct buf text = {0};
        ctl_table_add(&table, text_of(account, "name"));
        add_state(&text, account);
        ctl_table_add(&table, buf_str(&text));
        for (size_t m = 0; m < 2; m++) {
            buf_clear(&text);
            add_moment(&text, number_of(account, moments[m]));
            ctl_table_add(&table, text.len > 0 ? buf_str(&text) : STR("-"));
        }
        struct str email = text_of(account, "email");
        ctl_table_add(&table, email.len > 0 ? email : STR("-"));
        buf_finish(&text);
    }
    ctl_table_render(&table, out);
    ctl_table_finish(&table);
}

void ctl_show_account(const json_t *account, struct buf *out)
{
    struct buf text = {0};
    add_line(out, "Account", text_of(account, "name"));
    add_state(&text, account);
    if (text_of(account, "suspended").len > 0) {
        buf_add_cstr(&text, ": ");
        buf_add_str(&text, text_of(account, "suspended"));
    }
    add_line(out, "State", buf_str(&text));
    add_moment_line(out, "Created", account, "created_ms");
    add_moment_line(out, "Seen", account, "seen_ms");
    struct str email = text_of(account, "email");
    add_line(out, "E-mail", email.len > 0 ? email : STR("-"));
    bool password = json_is_true(json_object_get(account, "password"));
    add_line(out, "Password", password ? STR("yes") : STR("none"));
    add_count(out, "Certificates", account, "certificates", NULL);
    bool always_on = json_is_true(json_object_get(account, "always_on"));
    add_line(out, "Always on", always_on ? STR("yes") : STR("no"));
    buf_finish(&text);
}
