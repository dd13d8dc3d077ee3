/*
 * Who comes and goes, and what they are in the room: JOIN, PART, QUIT, KICK, NICK, MODE, NAMES,
 * TOPIC, AWAY, INVITE. Main thread; no GTK.
 */
#include "client_session_priv.h"

#include "client_limits.h"
#include "irc_text.h"

#include <glib/gi18n.h>

static char *fold(const struct client_session *session, struct str nick)
{
    return server_features_fold(&session->features, nick);
}

/* We are in: a first join, a return, or a change of rooms by /join. */
static void enter_room(struct client_session *session, const struct incoming *in, const char *name)
{
    struct chat_room *room = session->room;
    bool moved = room->joined;
    bool same = client_is_room(session, str_from(name));
    if (moved) {
        client_send(session, "PART %s", room->name);
        /* A later return leads here. */
        g_free(session->wanted_room);
        session->wanted_room = g_strdup(name);
    }
    chat_room_set_name(room, name);
    chat_room_set_topic(room, "");
    maru_member_list_clear(room->members);
    room->joined = true;
    session->source_len = in->line->source.len;
    client_history_enter(session, moved || !same);
    const char *format =
        session->was_in_room && !moved ? _("You are back in %s as %s.") : _("You are in %s as %s.");
    client_add_row(session, MESSAGE_QUIET, in->time_us, format, name, session->nick);
    if (!client_is_me(session, str_from(session->wanted_nick))) {
        client_add_row(session, MESSAGE_QUIET, in->time_us,
                       _("The nickname %s is still taken; you get it back when it is free."),
                       session->wanted_nick);
    }
    session->was_in_room = true;
    client_set_phase(session, CLIENT_IN_ROOM);
    client_tell_changed(session);
}

void client_on_join(struct client_session *session, const struct incoming *in)
{
    struct str target = line_param(in->line, 0);
    g_autofree char *name = irc_text_clean(target);
    bool here = session->room->joined && client_is_room(session, target);
    if (in->from_me && !here) {
        enter_room(session, in, name);
    } else if (!here) {
        return;
    }
    g_autofree char *folded = fold(session, in->nick);
    g_autofree char *nick = irc_text_clean(in->nick);
    bool known = maru_member_list_has(session->room->members, folded);
    if (!known) {
        maru_member_list_put(session->room->members, folded, nick, 0);
    }
    if (!in->from_me && !known) {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s joined"), nick);
    }
}

static void leave_room(struct client_session *session)
{
    session->room->joined = false;
    client_history_end(session);
    client_search_end(session);
    maru_message_list_settle_all(session->room->messages);
    maru_member_list_clear(session->room->members);
    client_set_phase(session, CLIENT_OUTSIDE);
}

/* The wanted nickname is free again. */
static void reclaim_nick(struct client_session *session, struct str freed)
{
    if (server_features_same(&session->features, freed, str_from(session->wanted_nick)) &&
        !client_is_me(session, freed)) {
        client_send(session, "NICK %s", session->wanted_nick);
    }
}

static void say_left(struct client_session *session, const struct incoming *in, struct str reason)
{
    g_autofree char *nick = irc_text_clean(in->nick);
    g_autofree char *why = irc_text_clean(reason);
    if (why[0] != '\0') {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s left (%s)"), nick, why);
    } else {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s left"), nick);
    }
}

void client_on_part(struct client_session *session, const struct incoming *in)
{
    if (!session->room->joined || !client_is_room(session, line_param(in->line, 0))) {
        return;
    }
    if (in->from_me) {
        client_add_row(session, MESSAGE_WARNING, in->time_us, _("You left %s."),
                       session->room->name);
        leave_room(session);
        return;
    }
    g_autofree char *folded = fold(session, in->nick);
    if (maru_member_list_remove(session->room->members, folded)) {
        say_left(session, in, line_param(in->line, 1));
    }
}

void client_on_quit(struct client_session *session, const struct incoming *in)
{
    if (in->from_me) {
        return;
    }
    g_autofree char *folded = fold(session, in->nick);
    if (maru_member_list_remove(session->room->members, folded)) {
        say_left(session, in, line_param(in->line, 0));
    }
    reclaim_nick(session, in->nick);
}

void client_on_kick(struct client_session *session, const struct incoming *in)
{
    struct str target = line_param(in->line, 1);
    if (!session->room->joined || !client_is_room(session, line_param(in->line, 0))) {
        return;
    }
    g_autofree char *by = irc_text_clean(in->nick);
    g_autofree char *who = irc_text_clean(target);
    g_autofree char *why = irc_text_clean(line_param(in->line, 2));
    if (client_is_me(session, target)) {
        client_add_row(session, MESSAGE_WARNING, in->time_us, _("%s removed you from %s (%s)"), by,
                       session->room->name, why);
        leave_room(session);
        return;
    }
    g_autofree char *folded = fold(session, target);
    if (maru_member_list_remove(session->room->members, folded)) {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s was removed by %s (%s)"), who, by,
                       why);
    }
}

void client_on_nick(struct client_session *session, const struct incoming *in)
{
    struct str new_nick = line_param(in->line, 0);
    if (new_nick.len == 0) {
        return;
    }
    g_autofree char *old_folded = fold(session, in->nick);
    g_autofree char *new_folded = fold(session, new_nick);
    g_autofree char *before = irc_text_clean(in->nick);
    g_autofree char *after = irc_text_clean(new_nick);
    bool here = maru_member_list_rename(session->room->members, old_folded, new_folded, after);
    if (in->from_me) {
        if (session->source_len > 0) {
            session->source_len = session->source_len - in->nick.len + new_nick.len;
        }
        client_set_nick(session, new_nick);
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("You are now %s"), after);
        return;
    }
    if (here) {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s is now %s"), before, after);
    }
    reclaim_nick(session, in->nick);
}

/* The letters of PREFIX mean the same everywhere, whichever of them a server has. */
static enum member_rank rank_of_mode(char mode)
{
    static const char letters[] = "qaohv";
    const char *at = mode != '\0' ? strchr(letters, mode) : NULL;
    return at != NULL ? (enum member_rank)(at - letters) : MEMBER_OTHER_RANK;
}

static void say_rank(struct client_session *session, const struct incoming *in, char mode, bool set,
                     struct str nick)
{
    g_autofree char *who = irc_text_clean(nick);
    g_autofree char *by = irc_text_clean(in->nick);
    if (mode == 'o') {
        client_add_row(session, MESSAGE_EVENT, in->time_us,
                       set ? _("%s is now an operator of the room (by %s)")
                           : _("%s is no longer an operator of the room (by %s)"),
                       who, by);
    } else if (mode == 'v') {
        client_add_row(session, MESSAGE_EVENT, in->time_us,
                       set ? _("%s may now speak (by %s)") : _("%s lost the voice (by %s)"), who,
                       by);
    }
}

static bool mode_takes_parameter(const struct server_features *features, char mode, bool set)
{
    return strchr(features->list_modes, mode) != NULL ||
           strchr(features->param_modes, mode) != NULL ||
           (set && strchr(features->set_param_modes, mode) != NULL);
}

/* MODE #room +ov-b a b mask: letters take their parameters in order. Modern IRC "MODE message". */
void client_on_mode(struct client_session *session, const struct incoming *in)
{
    const struct server_features *features = &session->features;
    if (!session->room->joined || !client_is_room(session, line_param(in->line, 0))) {
        return;
    }
    struct str modes = line_param(in->line, 1);
    unsigned next = 2;
    bool set = true;
    bool others = false;
    for (size_t i = 0; i < modes.len; i++) {
        char mode = modes.p[i];
        if (mode == '+' || mode == '-') {
            set = mode == '+';
            continue;
        }
        if (mode != '\0' && strchr(features->prefix_modes, mode) != NULL) {
            struct str nick = line_param(in->line, next++);
            g_autofree char *folded = fold(session, nick);
            if (maru_member_list_set_rank(session->room->members, folded, rank_of_mode(mode),
                                          set)) {
                say_rank(session, in, mode, set, nick);
            }
        } else {
            others = true;
            next += mode_takes_parameter(features, mode, set) ? 1 : 0;
        }
    }
    if (others) {
        g_autofree char *by = irc_text_clean(in->nick);
        g_autofree char *what = irc_text_clean(modes);
        client_add_row(session, MESSAGE_EVENT, in->time_us,
                       _("%s changed the settings of the room (%s)"), by, what);
    }
}

/* One name of NAMES: rank symbols, then nick or nick!user@host. */
static void put_name(struct client_session *session, struct str name)
{
    unsigned ranks = 0;
    const char *symbols = session->features.prefix_symbols;
    while (name.len > 0) {
        const char *at = name.p[0] != '\0' ? strchr(symbols, name.p[0]) : NULL;
        if (at == NULL) {
            break;
        }
        ranks |= 1u << rank_of_mode(session->features.prefix_modes[at - symbols]);
        name.p++;
        name.len--;
    }
    struct str nick = str_split(&name, '!');
    if (nick.len == 0) {
        return;
    }
    g_autofree char *folded = fold(session, nick);
    g_autofree char *clean = irc_text_clean(nick);
    maru_member_list_put(session->room->members, folded, clean, ranks);
}

void client_on_names(struct client_session *session, const struct incoming *in)
{
    if (in->line->n_params < 3 || !session->room->joined ||
        !client_is_room(session, line_param(in->line, in->line->n_params - 2))) {
        return;
    }
    struct str names = line_param(in->line, in->line->n_params - 1);
    while (names.p != NULL) {
        struct str name = str_split(&names, ' ');
        if (name.len > 0) {
            put_name(session, name);
        }
    }
}

void client_on_names_end(struct client_session *session, const struct incoming *in)
{
}

void client_on_topic(struct client_session *session, const struct incoming *in)
{
    if (!session->room->joined || !client_is_room(session, line_param(in->line, 0))) {
        return;
    }
    g_autofree char *by = irc_text_clean(in->nick);
    g_autofree char *topic = irc_text_clean(line_param(in->line, 1));
    chat_room_set_topic(session->room, topic);
    if (topic[0] != '\0') {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s set the topic: %s"), by, topic);
    } else {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s removed the topic"), by);
    }
    client_tell_changed(session);
}

void client_on_topic_reply(struct client_session *session, const struct incoming *in)
{
    if (!client_is_room(session, line_param(in->line, 1))) {
        return;
    }
    bool none = str_eq(in->line->command, STR("331"));
    g_autofree char *topic = irc_text_clean(none ? STR("") : line_param(in->line, 2));
    chat_room_set_topic(session->room, topic);
    client_tell_changed(session);
}

void client_on_away(struct client_session *session, const struct incoming *in)
{
    g_autofree char *folded = fold(session, in->nick);
    bool away = line_param(in->line, 0).len > 0;
    (void)maru_member_list_set_away(session->room->members, folded, away);
}

void client_on_invite(struct client_session *session, const struct incoming *in)
{
    g_autofree char *by = irc_text_clean(in->nick);
    g_autofree char *who = irc_text_clean(line_param(in->line, 0));
    g_autofree char *where = irc_text_clean(line_param(in->line, 1));
    if (client_is_me(session, line_param(in->line, 0))) {
        client_add_row(session, MESSAGE_QUIET, in->time_us,
                       _("%s invites you to %s. To go there, write /join %s"), by, where, where);
    } else {
        client_add_row(session, MESSAGE_EVENT, in->time_us, _("%s invited %s to %s"), by, who,
                       where);
    }
}
