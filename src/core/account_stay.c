/*
 * Users without a session: who is always on stays in its rooms, away, also through a restart, and
 * ends when nobody came back for long. Pure; under the core's mutex.
 */
#include "accounts.h"

#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

static bool allows(enum settings_policy policy, enum account_choice choice)
{
    switch (policy) {
    case POLICY_NEVER:
        return false;
    case POLICY_OPT_IN:
        return choice == CHOICE_ON;
    case POLICY_OPT_OUT:
        return choice != CHOICE_OFF;
    case POLICY_ALWAYS:
        return true;
    }
    return false;
}

bool account_is_always_on(const struct core *core, const struct account *account)
{
    return allows(core->settings->always_on, account->state->always_on);
}

bool account_has_many_sessions(const struct core *core, const struct account *account)
{
    return allows(core->settings->multiclient, account->state->multiclient);
}

/* ---- what lasts ---- */

void account_mark(struct core *core, struct account *account)
{
    if (!account->is_unsaved) {
        account->is_unsaved = true;
        account->next_unsaved = core->accounts.unsaved;
        core->accounts.unsaved = account;
    }
}

void account_touch(struct core *core, const struct user *user)
{
    struct account *account = user_account(user);
    if (account != NULL && account_is_always_on(core, account)) {
        account_mark(core, account);
    }
}

static void save(struct core *core, struct account *account)
{
    const struct user *user = account->user;
    struct account_state parts = account_state_parts(account->state);
    bool stays = user != NULL && account_is_always_on(core, account);
    unsigned n = stays ? user->n_rooms : 0;
    struct account_room *rooms = xcalloc(n, sizeof(*rooms));
    for (unsigned i = 0; i < n; i++) {
        rooms[i] = (struct account_room){
            .room = user->rooms[i].room->id,
            .since_seq = user->rooms[i].since_seq,
            .rank = user->rooms[i].rank,
        };
    }
    parts.rooms = rooms;
    parts.n_rooms = n;
    parts.user = stays ? user_ident(user) : (struct str){0};
    parts.realname = stays ? str_from(user_realname(user)) : (struct str){0};
    if (!account->is_absent) {
        parts.seen_ms = core->now_ms;
    }
    account_change(core, account, &parts);
    free(rooms);
}

void accounts_save(struct core *core)
{
    while (core->accounts.unsaved != NULL) {
        struct account *account = core->accounts.unsaved;
        core->accounts.unsaved = account->next_unsaved;
        account->is_unsaved = false;
        save(core, account);
    }
}

void account_spoke(struct core *core, const struct user *user)
{
    struct account *account = user_account(user);
    if (account != NULL && core->now_ms > account->state->seen_ms &&
        core->now_ms - account->state->seen_ms > CORE_SEEN_MS) {
        account_mark(core, account);
    }
}

/* ---- going and coming ---- */

static void tell_away(struct core *core, const struct user *user)
{
    if (user->extra->away != NULL) {
        return; /* It is no other than before. */
    }
    struct buf *line = cast_from_user(core, user);
    buf_add_cstr(line, "AWAY");
    if (user_away(user) != NULL) {
        buf_printf(line, " :%s", user_away(user));
    }
    cast_neighbours(core, user, CAP_AWAY_NOTIFY, false, 0);
}

void account_left(struct core *core, struct user *user)
{
    struct account *account = user_account(user);
    save(core, account); /* With the time. */
    account->is_absent = true;
    core->accounts.n_absent++;
    tell_away(core, user);
}

void account_came(struct core *core, struct user *user)
{
    struct account *account = user_account(user);
    account->is_absent = false;
    core->accounts.n_absent--;
    account_mark(core, account);
    tell_away(core, user);
}

void accounts_expire(struct core *core)
{
    struct account_table *accounts = &core->accounts;
    if (accounts->n_absent == 0 && accounts->n_unverified == 0) {
        return;
    }
    struct account *account = olist_next(&accounts->list, &accounts->cursor);
    if (account == NULL) {
        accounts->cursor = 0;
        return;
    }
    const struct account_state *state = account->state;
    if (account->is_absent && !account_is_always_on(core, account)) {
        user_quit(core, account->user, STR("No longer always on"), NULL);
        return;
    }
    /* A clock that has jumped must not end anything before it is known to go right again. */
    if (core->now_ms < core->steady_ms + CORE_CLOCK_TRUST_MS || account->pending != NULL) {
        return;
    }
    uint64_t stay_ms = core->settings->always_on_ms;
    if (account->is_absent && stay_ms > 0 && core->now_ms > state->seen_ms + stay_ms) {
        user_quit(core, account->user, STR("Absent for too long"), NULL);
    } else if (account_is_unverified(account) &&
               core->now_ms > state->code_ms + core->settings->verify_ms) {
        account_unregister(core, account);
    }
}

/* ---- coming back when the server starts ---- */

/* A place in a room that somebody takes again. */
struct seat {
    uint64_t since_seq;
    struct user *user;
    struct room *room;
    uint8_t rank;
};

struct seats {
    struct seat *items;
    size_t n;
    size_t cap;
};

static void add_seat(struct seats *seats, const struct seat *seat)
{
    if (seats->n == seats->cap) {
        seats->cap = seats->cap > 0 ? seats->cap * 2 : 64;
        seats->items = xrealloc(seats->items, seats->cap * sizeof(*seats->items));
    }
    seats->items[seats->n++] = *seat;
}

static int by_seq(const void *a, const void *b)
{
    const struct seat *x = a;
    const struct seat *y = b;
    if (x->since_seq != y->since_seq) {
        return x->since_seq < y->since_seq ? -1 : 1;
    }
    return x->user->id < y->user->id ? -1 : x->user->id > y->user->id;
}

static struct user *return_user(struct core *core, struct account *account)
{
    const struct account_state *state = account->state;
    struct str host = str_from(core->settings->server_name);
    const struct input_register reg = {
        .nick = account_as_name(account),
        .user = state->user,
        .realname = state->realname,
        .host = host, /* Nobody is connected; a host name is its own folded form. */
        .host_folded = host,
    };
    struct user *user = user_create(core, &reg);
    user->active_ms = state->seen_ms;
    user_extra(user)->account = account;
    account->user = user;
    account->is_absent = true;
    core->accounts.n_absent++;
    return user;
}

void accounts_return(struct core *core)
{
    struct seats seats = {0};
    struct account *account;
    OLIST_EACH (&core->accounts.list, account) {
        const struct account_state *state = account->state;
        const struct name name = account_as_name(account);
        if (state->user.len == 0 || !account_is_open(account) ||
            !account_is_always_on(core, account) ||
            name_index_check(&core->nicks, &name, NULL) != STATUS_OK) {
            continue;
        }
        struct user *user = return_user(core, account);
        for (unsigned i = 0; i < state->n_rooms; i++) {
            struct room *room = room_by_id(core, state->rooms[i].room);
            if (room != NULL) {
                add_seat(&seats, &(struct seat){state->rooms[i].since_seq, user, room,
                                                state->rooms[i].rank});
            }
        }
    }
    /* A room's members stand in the order of joining. */
    if (seats.n > 0) {
        qsort(seats.items, seats.n, sizeof(*seats.items), by_seq);
    }
    for (size_t i = 0; i < seats.n; i++) {
        const struct seat *seat = &seats.items[i];
        if (user_membership(seat->user, seat->room) == NULL) {
            room_add_since(core, seat->room, seat->user, seat->rank, seat->since_seq);
        }
    }
    free(seats.items);
}
