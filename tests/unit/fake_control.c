/* Canned answers of a server. One thread. */
#include "fake_control.h"

#include <stdio.h>

static const struct config_listener listeners[] = {
    {LISTENER_TLS, (char *)"*", 6697},
    {LISTENER_CLASSIC, (char *)"::1", 2500},
};

static void fake_status(void *user, struct control_status *ret)
{
    const struct fake_control *fake = user;
    *ret = (struct control_status){
        .name = "maru.local",
        .network = "마루",
        .fingerprint = "AB:CD",
        .started_wall_ms = 1700000000000,
        .edges = 2,
        .clients = FAKE_CLIENTS,
        .max_clients = fake->max_clients,
        .unregistered = 1,
        .max_unregistered = 200,
        .users = 249,
        .rooms = FAKE_ROOMS,
        .listeners = listeners,
        .listeners_n = 2,
    };
}

/* The cursor is the number of clients that were listed. */
static size_t fake_clients(void *user, uint64_t cursor, struct control_client *page, size_t max,
                           uint64_t *ret_next)
{
    size_t n = 0;
    while (n < max && cursor < FAKE_CLIENTS) {
        struct control_client *client = &page[n++];
        unsigned number = (unsigned)cursor++;
        snprintf(client->nick, sizeof(client->nick), "%s%u", number % 2 != 0 ? "철수" : "jin",
                 number);
        snprintf(client->user, sizeof(client->user), "u%u", number);
        snprintf(client->host, sizeof(client->host), "192.0.2.%u", number);
        snprintf(client->account, sizeof(client->account), "%s", number == 3 ? "영희" : "");
        client->kind = "tls";
        client->rooms = 1;
        client->edge = number % 2;
        client->is_operator = number == 1;
        client->away = number == 2;
        client->since_wall_ms = 1700000000000;
        client->idle_s = number * 60;
    }
    *ret_next = cursor < FAKE_CLIENTS ? cursor : 0;
    return n;
}

static size_t fake_rooms(void *user, uint64_t cursor, struct control_room *page, size_t max,
                         uint64_t *ret_next)
{
    static const struct control_room rooms[FAKE_ROOMS] = {
        {.name = "#lobby", .topic = "환영합니다", .modes = "+nt", .members = 250},
        {.name = "#마루", .topic = "\x1b[2Jclear", .modes = "+n", .members = 1},
        {.name = "#bad\xff", .topic = "", .modes = "+", .members = 12},
    };
    for (size_t i = 0; i < FAKE_ROOMS; i++) {
        page[i] = rooms[i];
    }
    *ret_next = 0;
    return FAKE_ROOMS;
}

static const struct control_account accounts[] = {
    {.name = "jin",
     .email = "jin@example.org",
     .verified = true,
     .has_password = true,
     .sessions = 2,
     .created_wall_ms = 1700000000000,
     .seen_wall_ms = 1700000000000},
    {.name = "영희", .verified = true, .always_on = true, .certificates = 1},
    {.name = "mallory", .is_suspended = true, .suspended = "spam", .verified = true},
    {.name = "new"},
};

static size_t fake_accounts(void *user, uint64_t cursor, struct control_account *page, size_t max,
                            uint64_t *ret_next)
{
    memcpy(page, accounts, sizeof(accounts));
    *ret_next = 0;
    return sizeof(accounts) / sizeof(accounts[0]);
}

static int fake_account(void *user, struct str name, struct control_account *ret)
{
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        if (str_eq(name, str_from(accounts[i].name))) {
            *ret = accounts[i];
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

static int fake_account_order(void *user, enum control_account_order order, struct str name,
                              struct str reason)
{
    static const char *const orders[] = {"suspend", "unsuspend", "unregister"};
    struct fake_control *fake = user;
    struct control_account account;
    snprintf(fake->ordered, sizeof(fake->ordered), "%s " STR_FMT " " STR_FMT, orders[order],
             STR_ARG(name), STR_ARG(reason));
    return fake_account(user, name, &account);
}

static void fake_announce(void *user, struct str text)
{
    struct fake_control *fake = user;
    snprintf(fake->announced, sizeof(fake->announced), STR_FMT, STR_ARG(text));
}

static int fake_kick(void *user, struct str nick, struct str reason)
{
    struct fake_control *fake = user;
    if (!str_eq(nick, STR("철수1"))) {
        return STATUS_NOT_FOUND;
    }
    snprintf(fake->kicked, sizeof(fake->kicked), STR_FMT, STR_ARG(nick));
    snprintf(fake->reason, sizeof(fake->reason), STR_FMT, STR_ARG(reason));
    return STATUS_OK;
}

static void fake_set_max_clients(void *user, uint32_t max)
{
    struct fake_control *fake = user;
    fake->max_clients = max;
}

static int fake_reload(void *user, struct config_report *messages)
{
    struct fake_control *fake = user;
    fake->reloads++;
    config_report_add(messages, fake->reload_fails ? "marud.conf:3: limits: expected a group"
                                                   : "server.name takes effect at a restart");
    return fake->reload_fails ? STATUS_MALFORMED : STATUS_OK;
}

static void fake_stop(void *user)
{
    struct fake_control *fake = user;
    fake->stopped = true;
}

/* Begins, and ends when the test says so. "nowhere" is no room. */
static int fake_job_begin(void *user, uint64_t id, const struct control_job *job, struct buf *error)
{
    static const char *const kinds[] = {"history", "backup", "export", "erase"};
    struct fake_control *fake = user;
    struct str what = job->kind == CONTROL_JOB_EXPORT ? job->room : job->who;
    if (str_eq(what, STR("nowhere"))) {
        buf_add_cstr(error, "there is no such room");
        return STATUS_NOT_FOUND;
    }
    fake->job = id;
    snprintf(fake->asked, sizeof(fake->asked), "%s%s%s " STR_FMT, kinds[job->kind],
             job->html ? " html" : "", job->account ? " account" : "", STR_ARG(what));
    return STATUS_OK;
}

static void fake_job_progress(void *user, uint64_t id, uint64_t *ret_done, uint64_t *ret_total)
{
    *ret_done = 3;
    *ret_total = 4;
}

static void fake_job_forget(void *user, uint64_t id)
{
    struct fake_control *fake = user;
    fake->forgotten++;
}

const struct control_ops fake_control_ops = {
    .status = fake_status,
    .clients = fake_clients,
    .rooms = fake_rooms,
    .accounts = fake_accounts,
    .account = fake_account,
    .account_order = fake_account_order,
    .announce = fake_announce,
    .kick = fake_kick,
    .set_max_clients = fake_set_max_clients,
    .reload = fake_reload,
    .stop = fake_stop,
    .job_begin = fake_job_begin,
    .job_progress = fake_job_progress,
    .job_forget = fake_job_forget,
};
