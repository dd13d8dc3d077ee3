/* Users: who somebody is, apart from any connection. Pure; under the core's mutex. */
#include "accounts.h"
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

/* What the texts of a user are made of. */
struct identity {
    struct name nick;
    struct str user;
    struct str host;
    struct str host_folded;
    struct str realname;
};

/* User names are ASCII: lower case is their folded form. */
static char *lower(char *to, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        *to++ = ascii_lower(s.p[i]);
    }
    return to;
}

static bool is_lower(struct str s)
{
    size_t i = 0;
    while (i < s.len && ascii_lower(s.p[i]) == s.p[i]) {
        i++;
    }
    return i == s.len;
}

static bool is_folded(const struct identity *id)
{
    return str_eq(id->nick.raw, id->nick.folded) && is_lower(id->user) &&
           str_eq(id->host, id->host_folded);
}

static size_t mask_size(struct str nick, struct str user, struct str host)
{
    return nick.len + 1 + user.len + 1 + host.len + 1;
}

static size_t texts_size(const struct identity *id)
{
    size_t folded = is_folded(id) ? 0 : mask_size(id->nick.folded, id->user, id->host_folded);
    return name_entry_size(&id->nick) + mask_size(id->nick.raw, id->user, id->host) + folded +
           id->realname.len + 1;
}

/* Writes all texts to `at`. What they are made of may lie in the ones of before. */
static void place_texts(struct user *user, char *at, const struct identity *id)
{
    const char *start = at;
    CHECK(texts_size(id) <= UINT16_MAX);
    user->name = name_entry_place(&at, &id->nick);
    user->user_len = (uint16_t)id->user.len;
    user->host_len = (uint16_t)id->host.len;
    user->mask_folded_at = user->name.size;
    str_place(&at, id->nick.raw);
    *at++ = '!';
    str_place(&at, id->user);
    *at++ = '@';
    str_place(&at, id->host);
    *at++ = '\0';
    if (!is_folded(id)) {
        user->mask_folded_at = (uint16_t)(at - start);
        str_place(&at, id->nick.folded);
        *at++ = '!';
        at = lower(at, id->user);
        *at++ = '@';
        str_place(&at, id->host_folded);
        *at++ = '\0';
    }
    user->realname_at = (uint16_t)(at - start);
    str_place(&at, id->realname);
    *at = '\0';
}

static struct identity identity_of(const struct user *user)
{
    struct str nick_folded = name_entry_folded(&user->name);
    const char *mask_folded = user_mask_folded(user);
    return (struct identity){
        .nick = {user_nick(user), nick_folded, name_entry_skeleton(&user->name), NAME_OK},
        .user = user_ident(user),
        .host = user_host(user),
        .host_folded = str_from(mask_folded + nick_folded.len + 1 + user->user_len + 1),
        .realname = str_from(user_realname(user)),
    };
}

static void free_texts(const struct user *user, char *texts)
{
    if (texts != user->own_texts) {
        free(texts);
    }
}

static void change_texts(struct user *user, const struct identity *id)
{
    char *old = user->name.raw;
    place_texts(user, xmalloc(texts_size(id)), id);
    free_texts(user, old);
}

void user_rename(struct core *core, struct user *user, const struct name *name)
{
    struct identity id = identity_of(user);
    id.nick = *name;
    name_index_remove(&core->nicks, &user->name);
    change_texts(user, &id);
    name_index_add(&core->nicks, &user->name);
    for (unsigned i = 0; i < user->n_rooms; i++) {
        names_cache_change(user->rooms[i].room, user->rooms[i].since_seq);
    }
    user_masks_changed(user);
}

void user_masks_changed(struct user *user)
{
    for (unsigned i = 0; i < user->n_rooms; i++) {
        user->rooms[i].bans_version = BANS_VERSION_NONE;
    }
}

void user_set_realname(struct user *user, struct str realname)
{
    struct identity id = identity_of(user);
    id.realname = realname;
    change_texts(user, &id);
}

struct user *user_create(struct core *core, const struct input_register *reg)
{
    const struct identity id = {
        .nick = reg->nick,
        .user = reg->user,
        .host = reg->host,
        .host_folded = reg->host_folded,
        .realname = reg->realname,
    };
    struct user *user = xcalloc(1, sizeof(*user) + texts_size(&id));
    user->id = ++core->next_message;
    user->rooms = &user->own_room;
    place_texts(user, user->own_texts, &id);
    name_index_add(&core->nicks, &user->name);
    user->since_ms = user->active_ms = core->now_ms;
    olist_append(&core->users, user);
    if (core->users.len > core->users_max) {
        core->users_max = core->users.len;
    }
    return user;
}

void user_destroy(struct core *core, struct user *user)
{
    while (user->n_rooms > 0) {
        room_remove(core, user->rooms[user->n_rooms - 1].room, user);
    }
    while (user->sessions != NULL) {
        session_destroy(core, user->sessions);
    }
    if ((user->umodes & UMODE_OPERATOR) != 0) {
        core->n_operators--;
    }
    if ((user->umodes & UMODE_INVISIBLE) != 0) {
        core->n_invisible--;
    }
    partners_forget(core, user_identity(user));
    markers_forget(core, user->id);
    account_unbind(core, user);
    name_index_remove(&core->nicks, &user->name);
    olist_remove(&core->users, user->id);
    free_texts(user, user->name.raw);
    if (user->extra != NULL) {
        free(user->extra->away);
        free(user->extra->operator_name);
        free(user->extra->invites);
        metadata_finish(&user->extra->metadata);
        free(user->extra->accepts);
        free(user->extra);
    }
    free(user);
}

struct user_extra *user_extra(struct user *user)
{
    if (user->extra == NULL) {
        user->extra = xcalloc(1, sizeof(*user->extra));
    }
    return user->extra;
}

static void set_text(char **field, struct str text)
{
    free(*field);
    *field = text.len > 0 ? str_dup(text) : NULL;
}

void user_set_away(struct user *user, struct str text)
{
    if (text.len > 0 || user->extra != NULL) {
        set_text(&user_extra(user)->away, text);
    }
}

void user_set_operator_name(struct user *user, struct str name)
{
    if (name.len > 0 || user->extra != NULL) {
        set_text(&user_extra(user)->operator_name, name);
    }
}

struct user *user_find(const struct core *core, struct str folded)
{
    struct name_entry *entry = name_index_find(&core->nicks, folded);
    return entry != NULL ? (struct user *)((char *)entry - offsetof(struct user, name)) : NULL;
}

struct membership *user_membership(const struct user *user, const struct room *room)
{
    for (unsigned i = 0; i < user->n_rooms; i++) {
        if (user->rooms[i].room == room) {
            return &user->rooms[i];
        }
    }
    return NULL;
}

bool user_is_operator(const struct user *user)
{
    return (user->umodes & UMODE_OPERATOR) != 0;
}

bool user_shares_room(const struct user *a, const struct user *b)
{
    if (a == b) {
        return true;
    }
    for (unsigned i = 0; i < a->n_rooms; i++) {
        if (user_membership(b, a->rooms[i].room) != NULL) {
            return true;
        }
    }
    return false;
}

bool user_visible_to(const struct user *user, const struct user *viewer)
{
    return (user->umodes & UMODE_INVISIBLE) == 0 || user_is_operator(viewer) ||
           user_shares_room(user, viewer);
}

void user_emit_traits(struct core *core, struct user *user)
{
    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        session_emit_traits(core, s);
    }
}

struct user *user_by_identity(const struct core *core, user_id id)
{
    const struct account *account = account_by_id(core, id);
    return account != NULL ? account->user : user_by_id(core, id);
}

/* What others see is not for it; so it leaves the rooms of its edge first. */
static void close_session(struct core *core, const struct session *session, struct str reason)
{
    session_leave_edge_rooms(core, session);
    if (core->who == session) {
        reply_flush(core);
    }
    struct buf error = {0};
    if (user_account(session->user) != NULL) {
        /* It may be one of several: this says which of them has ended. */
        buf_printf(&error, ":%s QUIT :" STR_FMT "\r\n", user_mask(session->user), STR_ARG(reason));
    }
    buf_printf(&error, "ERROR :Closing link: (%s) [" STR_FMT "]\r\n", user_mask(session->user),
               STR_ARG(reason));
    core_emit(core, &(struct effect){
                        .kind = EFFECT_CLOSE,
                        .session = session->id,
                        .message = message_create(&(struct message_parts){.time_ms = core->now_ms,
                                                                          .body = buf_str(&error)}),
                    });
    buf_finish(&error);
}

void user_quit(struct core *core, struct user *user, struct str reason, const struct session *gone)
{
    reason = str_cut_utf8(reason, core->settings->kick_len);
    whowas_add(core->whowas, core->settings->whowas_entries, user, core->now_ms);
    core_log(core, LOG_LEAVE, user->sessions != NULL ? user->sessions->id : 0,
             "%s left (" STR_FMT ")", user_mask(user), STR_ARG(reason));

    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        if (s == gone) {
            session_leave_edge_rooms(core, s);
        } else {
            close_session(core, s, reason);
        }
    }
    while (user->sessions != NULL) {
        session_destroy(core, user->sessions);
    }
    buf_printf(cast_from_user(core, user), "QUIT :" STR_FMT, STR_ARG(reason));
    cast_neighbours(core, user, 0, false, RECORD_QUIT);
    monitor_left(core, user);
    user_destroy(core, user);
}

void session_end(struct core *core, struct session *session, struct str reason, bool is_gone)
{
    struct user *user = session->user;
    const struct account *account = user_account(user);
    bool is_last = user->sessions == session && session->next == NULL;
    if (is_last && (account == NULL || !account_is_always_on(core, account))) {
        user_quit(core, user, reason, is_gone ? session : NULL);
        return;
    }
    reason = str_cut_utf8(reason, core->settings->kick_len);
    core_log(core, LOG_LEAVE, session->id, "a session of %s ended (" STR_FMT ")", user_mask(user),
             STR_ARG(reason));
    if (is_gone) {
        session_leave_edge_rooms(core, session);
    } else {
        close_session(core, session, reason);
    }
    session_destroy(core, session);
    if (is_last) {
        account_left(core, user);
    }
}
