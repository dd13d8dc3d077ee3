/* History: opening it, giving the core what was kept, and saying how it fares. Main thread, but for
 * what the store calls on its own threads. */
#include "server_priv.h"

#include "alloc.h"
#include "clock.h"
#include "data_dir.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

static void to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
    struct server *server = ctx;
    hub_to_edge(server->hub, edge, effects, n);
}

static void to_core(void *ctx, const struct input *input)
{
    struct server *server = ctx;
    struct input now = *input;
    now.now_ms = clock_wall_ms();
    hub_apply(server->hub, &now);
}

static void on_trouble(void *ctx, bool failing, struct str reason)
{
    struct server *server = ctx;
    struct buf text = {0};
    lock_enter(&server->trouble.lock);
    server->trouble.failing = failing;
    if (failing) {
        snprintf(server->trouble.reason, sizeof(server->trouble.reason), STR_FMT, STR_ARG(reason));
        server->trouble.wall_ms = clock_wall_ms();
    }
    lock_leave(&server->trouble.lock);
    if (failing) {
        buf_printf(&text,
                   "History cannot be written: " STR_FMT
                   ". Chat goes on, what is said is not kept.",
                   STR_ARG(reason));
        log_error(STR_FMT, STR_ARG(buf_str(&text)));
    } else {
        buf_add_cstr(&text, "History is written again.");
        log_info(STR_FMT, STR_ARG(buf_str(&text)));
    }
    const struct input input = {
        .kind = INPUT_WARN, .now_ms = clock_wall_ms(), .text = buf_str(&text)};
    hub_apply(server->hub, &input);
    buf_finish(&text);
}

/* To the log, and to the operators who are here. */
static void on_notice(void *ctx, struct str sentence)
{
    struct server *server = ctx;
    struct buf text = {0};
    log_warn("history: " STR_FMT, STR_ARG(sentence));
    if (server->hub != NULL) {
        buf_printf(&text, "History: " STR_FMT ".", STR_ARG(sentence));
        const struct input input = {
            .kind = INPUT_WARN, .now_ms = clock_wall_ms(), .text = buf_str(&text)};
        hub_apply(server->hub, &input);
        buf_finish(&text);
    }
}

bool server_open_store(struct server *server)
{
    if (!server->config.history.on && !server->config.accounts.on) {
        return true;
    }
    struct buf path = {0};
    struct buf error = {0};
    buf_printf(&path, "%s/" DATA_HISTORY, server->config.server.data);
    buf_add_char(&path, '\0');
    int status = store_open(&(struct store_options){.path = path.p,
                                                    .to_edge = to_edge,
                                                    .to_core = to_core,
                                                    .trouble = on_trouble,
                                                    .notice = on_notice,
                                                    .settings = server->settings,
                                                    .history = server->config.history.on,
                                                    .search = server->config.history.on,
                                                    .ctx = server},
                            &server->store, &error);
    if (status != STATUS_OK) {
        log_error("history: " STR_FMT, STR_ARG(buf_str(&error)));
    }
    buf_finish(&path);
    buf_finish(&error);
    return status == STATUS_OK;
}

/* Names are folded again: the tables, or the casemapping, may not be those of last time. */
struct folded {
    struct buf folded;
    struct buf skeleton;
};

static void fold(const struct server *server, struct str name, struct folded *out)
{
    *out = (struct folded){0};
    name_fold(server->settings->casemapping, name, &out->folded);
    name_skeleton(name, &out->skeleton);
}

static void folded_finish(struct folded *folded)
{
    buf_finish(&folded->folded);
    buf_finish(&folded->skeleton);
}

static void restore_account(void *ctx, struct account_state *account)
{
    struct server *server = ctx;
    struct folded folded;
    fold(server, account->name, &folded);
    struct account_state fresh = *account;
    fresh.folded = buf_str(&folded.folded);
    fresh.skeleton = buf_str(&folded.skeleton);
    struct account_state *state = account_state_create(&fresh);
    hub_apply(
        server->hub,
        &(struct input){.kind = INPUT_ACCOUNT, .now_ms = server->started_ms, .account = state});
    account_state_unref(state);
    folded_finish(&folded);
}

static void restore_room(void *ctx, const struct room_state *room)
{
    struct server *server = ctx;
    struct folded folded;
    fold(server, room->name, &folded);
    struct room_state fresh = *room;
    fresh.folded = buf_str(&folded.folded);
    fresh.skeleton = buf_str(&folded.skeleton);
    hub_apply(server->hub,
              &(struct input){.kind = INPUT_ROOM, .now_ms = server->started_ms, .room = &fresh});
    folded_finish(&folded);
}

static void restore_marker(void *ctx, const struct read_marker *marker)
{
    struct server *server = ctx;
    hub_apply(
        server->hub,
        &(struct input){.kind = INPUT_MARKER, .now_ms = server->started_ms, .marker = *marker});
}

bool server_start_store(struct server *server)
{
    struct store *store = server->store;
    if (store == NULL) {
        return true;
    }
    /* Accounts come also where they are switched off: rooms name them. */
    if (store_each_account(store, restore_account, server) != STATUS_OK ||
        store_each_room(store, restore_room, server) != STATUS_OK ||
        store_each_marker(store, restore_marker, server) != STATUS_OK) {
        log_error("history: accounts and rooms cannot be read");
        return false;
    }
    store_start(store);
    return true;
}

void server_finish_store(struct server *server)
{
    if (server->store != NULL && !store_flush(server->store, SERVER_FLUSH_MS)) {
        log_warn("history: the last messages are not written yet");
    }
}
