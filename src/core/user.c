/* Users: who somebody is, apart from any connection. Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

struct identity {
    struct str nick, nick_folded;
    struct str user, user_folded;
    struct str host, host_folded;
    struct str realname;
};

static char *put(char **to, struct str s)
{
    char *at = *to;
    if (s.len > 0) {
        memcpy(at, s.p, s.len);
    }
    at[s.len] = '\0';
    *to += s.len + 1;
    return at;
}

static size_t mask_len(struct str nick, struct str user, struct str host)
{
    return nick.len + user.len + host.len + 2;
}

static char *put_mask(char **to, struct str nick, struct str user, struct str host)
{
    char *at = put(to, nick);
    (*to)[-1] = '!';
    put(to, user);
    (*to)[-1] = '@';
    put(to, host);
    return at;
}

/* One block for all of it: users are many, and their strings short. */
static void set_identity(struct user *user, const struct identity *id)
{
    char *block = xmalloc(mask_len(id->nick, id->user, id->host) + 1 +
                          mask_len(id->nick_folded, id->user_folded, id->host_folded) + 1 +
                          id->user.len + 1 + id->host.len + 1 + id->realname.len + 1);
    char *old = user->mask;
    user->nick_len = (uint16_t)id->nick.len;
    user->mask_len = (uint16_t)mask_len(id->nick, id->user, id->host);
    char *at = block;
    user->mask = put_mask(&at, id->nick, id->user, id->host);
    user->mask_folded = put_mask(&at, id->nick_folded, id->user_folded, id->host_folded);
    user->user = put(&at, id->user);
    user->host = put(&at, id->host);
    user->realname = put(&at, id->realname);
    free(old); /* What was put may have come from there. */
}

static struct identity identity_of(const struct user *user)
{
    /* Neither part of a mask can hold what separates them. */
    struct str folded = str_from(user->mask_folded);
    struct identity id = {
        .nick = str_from(user->name.raw),
        .nick_folded = str_from(user->name.folded),
        .user = str_from(user->user),
        .host = str_from(user->host),
        .realname = str_from(user->realname),
    };
    str_split(&folded, '!');
    id.user_folded = str_split(&folded, '@');
    id.host_folded = folded;
    return id;
}

void user_update_mask(struct user *user)
{
    struct identity id = identity_of(user);
    set_identity(user, &id);
    for (unsigned i = 0; i < user->n_rooms; i++) {
        user->rooms[i].bans_version = BANS_VERSION_NONE;
    }
}

void user_set_realname(struct user *user, struct str realname)
{
    struct identity id = identity_of(user);
    id.realname = realname;
    set_identity(user, &id);
}

struct user *user_create(struct core *core, const struct input_register *reg)
{
    struct user *user = xcalloc(1, sizeof(*user));
    user->id = ++core->next_message;
    name_index_add(&core->nicks, &user->name, &reg->nick);
    /* User names are ASCII: lower case is their folded form. */
    char *ident = str_dup(reg->user);
    for (char *c = ident; *c != '\0'; c++) {
        *c = ascii_lower(*c);
    }
    set_identity(user, &(struct identity){
                           .nick = reg->nick.raw,
                           .nick_folded = reg->nick.folded,
                           .user = reg->user,
                           .user_folded = str_from(ident),
                           .host = reg->host,
                           .host_folded = reg->host_folded,
                           .realname = reg->realname,
                       });
    free(ident);
    user->since_ms = user->active_ms = core->now_ms;
    olist_append(&core->users, user->id, user);
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
    name_index_remove(&core->nicks, &user->name);
    olist_remove(&core->users, user->id);
    free(user->mask);
    free(user->away);
    free(user->operator_name);
    free(user->rooms);
    free(user->invites);
    free(user);
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

void user_quit(struct core *core, struct user *user, struct str reason, const struct session *gone)
{
    reason = str_cut_utf8(reason, core->settings->kick_len);
    whowas_add(core->whowas, core->settings->whowas_entries, user, core->now_ms);
    core_log(core, LOG_LEAVE, user->sessions != NULL ? user->sessions->id : 0,
             "%s left (" STR_FMT ")", user->mask, STR_ARG(reason));

    /* Its own sessions hear ERROR, not QUIT; so they leave the rooms of the edges first. */
    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        session_leave_edge_rooms(core, s);
        if (s == gone) {
            continue;
        }
        if (core->who == s) {
            reply_flush(core);
        }
        struct buf error = {0};
        buf_printf(&error, "ERROR :Closing link: (%s) [" STR_FMT "]\r\n", user->mask,
                   STR_ARG(reason));
        core_emit(core, &(struct effect){
                            .kind = EFFECT_CLOSE,
                            .session = s->id,
                            .message = message_create(&(struct message_parts){
                                .time_ms = core->now_ms, .body = buf_str(&error)}),
                        });
        buf_finish(&error);
    }
    while (user->sessions != NULL) {
        session_destroy(core, user->sessions);
    }
    buf_printf(cast_from_user(core, user), "QUIT :" STR_FMT, STR_ARG(reason));
    cast_neighbours(core, user, 0, false, RECORD_QUIT);
    monitor_left(core, user);
    user_destroy(core, user);
}
