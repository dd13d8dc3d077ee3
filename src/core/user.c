/* Users: who somebody is, apart from any connection. Pure; under the core's mutex. */
#include "reply.h"

#include "alloc.h"

#include <stdlib.h>

#include <stddef.h>

static void set_mask(char **field, const char *nick, const char *user, const char *host)
{
    struct buf mask = {0};
    buf_printf(&mask, "%s!%s@%s", nick, user, host);
    free(*field);
    *field = str_dup(buf_str(&mask));
    buf_finish(&mask);
}

void user_update_mask(struct user *user)
{
    /* The host's folded form stands behind the '@' of the old folded mask and stays. */
    set_mask(&user->mask, user->name.raw, user->user, user->host);
    char *at = strrchr(user->mask_folded, '@');
    char *bang = strchr(user->mask_folded, '!');
    CHECK(at != NULL && bang != NULL);
    char *rest = str_dup(str_from(bang + 1));
    struct buf mask = {0};
    buf_printf(&mask, "%s!%s", user->name.folded, rest);
    free(rest);
    free(user->mask_folded);
    user->mask_folded = str_dup(buf_str(&mask));
    buf_finish(&mask);
}

struct user *user_create(struct core *core, const struct input_register *reg)
{
    struct user *user = xcalloc(1, sizeof(*user));
    user->id = ++core->next_id;
    name_index_add(&core->nicks, &user->name, &reg->nick);
    user->user = str_dup(reg->user);
    user->host = str_dup(reg->host);
    user->realname = str_dup(reg->realname);
    set_mask(&user->mask, user->name.raw, user->user, user->host);
    /* User names are ASCII: lower case is their folded form. */
    char *ident = str_dup(reg->user);
    for (char *c = ident; *c != '\0'; c++) {
        *c = ascii_lower(*c);
    }
    char *host = str_dup(reg->host_folded);
    set_mask(&user->mask_folded, user->name.folded, ident, host);
    free(ident);
    free(host);
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
    free(user->user);
    free(user->host);
    free(user->realname);
    free(user->away);
    free(user->mask);
    free(user->mask_folded);
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
        for (unsigned i = 0; i < user->n_rooms; i++) {
            core_emit(core, &(struct effect){.kind = EFFECT_PART,
                                             .session = s->id,
                                             .room = user->rooms[i].room->id});
        }
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
    cast_neighbours(core, user, 0, false);
    user_destroy(core, user);
}
