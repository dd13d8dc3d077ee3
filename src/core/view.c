/* What maructl and metrics may see of the core: reads, changes nothing. Under the core's mutex. */
#include "accounts.h"

struct core_totals core_totals(const struct core *core)
{
    return (struct core_totals){
        .users = core->users.len,
        .sessions = core->sessions.len,
        .rooms = core_n_rooms(core),
        .operators = core->n_operators,
        .users_max = core->users_max,
        .commands = core->n_commands,
        .messages = core->n_messages,
    };
}

static unsigned count_sessions(const struct user *user)
{
    unsigned n = 0;
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        n++;
    }
    return n;
}

bool core_next_user(const struct core *core, uint64_t *cursor, struct core_user_view *ret_view)
{
    const struct user *user = olist_next(&core->users, cursor);
    if (user == NULL) {
        return false;
    }
    unsigned n_sessions = count_sessions(user);
    *ret_view = (struct core_user_view){
        .nick = user_nick(user),
        .user = user_ident(user),
        .host = user_host(user),
        .realname = str_from(user_realname(user)),
        .away = str_from(user_away(user)),
        .account = user_account_name(user),
        .session = user->sessions != NULL ? user->sessions->id : 0,
        .kind = user->sessions != NULL ? (enum session_kind)user->sessions->kind : SESSION_IRC,
        .tls = user->sessions != NULL && user->sessions->tls,
        .is_operator = user_is_operator(user),
        .n_rooms = user->n_rooms,
        .n_sessions = n_sessions,
        .since_ms = user->since_ms,
        .active_ms = user->active_ms,
    };
    return true;
}

static void view_account(const struct core *core, const struct account *account,
                         struct core_account_view *ret_view)
{
    const struct account_state *state = account->state;
    unsigned n_sessions = account->user != NULL ? count_sessions(account->user) : 0;
    *ret_view = (struct core_account_view){
        .name = account_name(account),
        .email = state->email,
        .suspended_why = state->suspended_why,
        .created_ms = state->created_ms,
        .seen_ms = n_sessions > 0 ? core->now_ms : state->seen_ms,
        .n_certificates = state->n_fingerprints,
        .n_sessions = n_sessions,
        .has_password = state->password_hash.len > 0,
        .verified = !account_is_unverified(account),
        .suspended = state->suspended,
        .always_on = account_is_always_on(core, account),
    };
}

bool core_next_account(const struct core *core, uint64_t *cursor,
                       struct core_account_view *ret_view)
{
    const struct account *account = olist_next(&core->accounts.list, cursor);
    if (account != NULL) {
        view_account(core, account, ret_view);
    }
    return account != NULL;
}

bool core_find_account(const struct core *core, struct str name_folded,
                       struct core_account_view *ret_view)
{
    const struct account *account = account_find(core, name_folded);
    if (account != NULL) {
        view_account(core, account, ret_view);
    }
    return account != NULL;
}

bool core_has_user(const struct core *core, struct str nick_folded)
{
    return user_find(core, nick_folded) != NULL;
}

bool core_next_room(const struct core *core, uint64_t *cursor, struct core_room_view *ret_view)
{
    const struct room *room = olist_next(&core->rooms, cursor);
    while (room != NULL && room->is_kept) {
        room = olist_next(&core->rooms, cursor);
    }
    if (room == NULL) {
        return false;
    }
    *ret_view = (struct core_room_view){
        .name = room_name(room),
        .topic = str_from(room->topic),
        .n_members = (unsigned)room->members.len,
        .since_ms = room->since_ms,
    };
    struct buf modes = {0};
    room_add_modes(room, NULL, &modes);
    struct str text = str_cut_utf8(buf_str(&modes), sizeof(ret_view->modes) - 1);
    memcpy(ret_view->modes, text.p, text.len);
    ret_view->modes[text.len] = '\0';
    buf_finish(&modes);
    return true;
}
