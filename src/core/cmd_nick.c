/* NICK of a registered user (Modern IRC, "NICK message"). Pure; under the core's mutex. */
#include "accounts.h"
#include "reply.h"

void nick_change(struct core *core, struct user *user, const struct name *name)
{
    whowas_add(core->whowas, core->settings->whowas_entries, user, core->now_ms);
    /* The line carries the old mask; it goes out before anything changes. */
    buf_printf(cast_from_user(core, user), "NICK :" STR_FMT, STR_ARG(name->raw));
    cast_neighbours(core, user, 0, true, RECORD_NICK);
    core_log(core, LOG_NICK, core->who != NULL ? core->who->id : 0, "%s is now called " STR_FMT,
             user_mask(user), STR_ARG(name->raw));
    bool other = !str_eq(name_entry_folded(&user->name), name->folded);
    if (other) {
        monitor_left(core, user);
    }
    user_rename(core, user, name);
    if (other) {
        monitor_came(core, user);
    }
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        core_emit(core, &(struct effect){
                            .kind = EFFECT_NICK,
                            .session = s->id,
                            .message = message_create(&(struct message_parts){
                                .time_ms = core->now_ms, .body = user_nick(user)}),
                        });
    }
}

/* Why the user may not have it, though nobody has; NULL: it may. */
static const char *reserved_text(const struct core *core, const struct user *user,
                                 const struct name *name)
{
    const struct account *account = user_account(user);
    if (account != NULL && core->settings->nick_is_account &&
        !str_eq(name->folded, name_entry_folded(&account->name))) {
        return "You are logged in: your nickname is your account's name";
    }
    return nick_reserved_text(core, name, account);
}

void cmd_NICK(struct core *core, const struct input_line *in)
{
    struct user *user = core->who->user;
    if (in->n_names == 0 || in->names[0].raw.len == 0) {
        reply_numeric(core, ERR_NONICKNAMEGIVEN, ":No nickname given");
        return;
    }
    const struct name *name = &in->names[0];
    struct str shown = reply_word(name->raw);
    if (name->verdict != NAME_OK) {
        reply_numeric(core, ERR_ERRONEUSNICKNAME, STR_FMT " :Erroneous nickname: %s",
                      STR_ARG(shown), name_verdict_text(name->verdict));
        return;
    }
    if (name->raw.len > core->settings->nick_len) {
        reply_numeric(core, ERR_ERRONEUSNICKNAME,
                      STR_FMT " :Erroneous nickname: at most %u bytes are permitted",
                      STR_ARG(shown), core->settings->nick_len);
        return;
    }
    if (str_eq(name->raw, user_nick(user))) {
        return;
    }
    const char *why = reserved_text(core, user, name);
    switch (name_index_check(&core->nicks, name, &user->name)) {
    case STATUS_OK:
        if (why != NULL) {
            reply_numeric(core, ERR_NICKNAMEINUSE, STR_FMT " :%s", STR_ARG(shown), why);
            break;
        }
        nick_change(core, user, name);
        break;
    case STATUS_DENIED:
        reply_numeric(core, ERR_NICKNAMEINUSE,
                      STR_FMT " :Nickname looks like another that is in use", STR_ARG(shown));
        break;
    default:
        reply_numeric(core, ERR_NICKNAMEINUSE, STR_FMT " :Nickname is already in use",
                      STR_ARG(shown));
        break;
    }
}
