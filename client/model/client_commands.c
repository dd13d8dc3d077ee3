/*
 * What the person enters: text for the room, or a command behind a slash, from a table. Main
 * thread; no GTK.
 */
#include "client_session_priv.h"

#include "client_limits.h"

#include <glib/gi18n.h>

typedef enum client_entry command_fn(struct client_session *session, struct str args);

static struct str trim(struct str s)
{
    while (s.len > 0 && g_ascii_isspace(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && g_ascii_isspace(s.p[s.len - 1])) {
        s.len--;
    }
    return s;
}

static void say_locally(struct client_session *session, const char *text)
{
    client_add_row(session, MESSAGE_WARNING, session->now.wall_us, "%s", text);
}

static enum client_entry say(struct client_session *session, struct str target,
                             enum message_kind kind, struct str text)
{
    if (client_say(session, target, kind, text)) {
        return CLIENT_ENTRY_DONE;
    }
    client_add_row(session, MESSAGE_WARNING, session->now.wall_us,
                   _("This text is too long: it would be more than %d messages. Nothing was sent."),
                   CLIENT_SPLIT_MAX);
    return CLIENT_ENTRY_KEEP;
}

static enum client_entry say_in_room(struct client_session *session, enum message_kind kind,
                                     struct str text)
{
    if (!session->room->joined) {
        return CLIENT_ENTRY_KEEP;
    }
    return say(session, str_from(session->room->name), kind, text);
}

static enum client_entry usage(struct client_session *session, const char *text)
{
    say_locally(session, text);
    return CLIENT_ENTRY_KEEP;
}

static enum client_entry command_me(struct client_session *session, struct str args)
{
    if (args.len == 0) {
        return usage(session, _("Write what you do behind it: /me waves"));
    }
    return say_in_room(session, MESSAGE_ACTION, args);
}

static enum client_entry command_msg(struct client_session *session, struct str args)
{
    struct str target = str_split(&args, ' ');
    struct str text = args.p != NULL ? trim(args) : STR("");
    if (target.len == 0 || text.len == 0) {
        return usage(session, _("Name a person, then the text: /msg Mina See you later"));
    }
    bool here = client_is_room(session, target);
    return say(session, target, here ? MESSAGE_TEXT : MESSAGE_DIRECT, text);
}

static enum client_entry command_nick(struct client_session *session, struct str args)
{
    g_autofree char *nick = g_strndup(args.p, args.len);
    if (client_session_check_nick(nick) != PROBLEM_NONE) {
        return usage(session, _("Write the new nickname, without spaces, behind it: /nick Mina"));
    }
    g_free(session->wanted_nick);
    session->wanted_nick = g_strdup(nick);
    client_send(session, "NICK %s", nick);
    return CLIENT_ENTRY_DONE;
}

static enum client_entry command_topic(struct client_session *session, struct str args)
{
    if (args.len == 0) {
        const struct chat_room *room = session->room;
        if (room->topic[0] != '\0') {
            client_add_row(session, MESSAGE_QUIET, session->now.wall_us, _("The topic of %s: %s"),
                           room->name, room->topic);
        } else {
            client_add_row(session, MESSAGE_QUIET, session->now.wall_us, _("%s has no topic."),
                           room->name);
        }
        return CLIENT_ENTRY_DONE;
    }
    client_send(session, "TOPIC %s :" STR_FMT, session->room->name, STR_ARG(args));
    return CLIENT_ENTRY_DONE;
}

static enum client_entry command_join(struct client_session *session, struct str args)
{
    if (!server_features_is_room(&session->features, args) || memchr(args.p, ' ', args.len) ||
        memchr(args.p, ',', args.len)) {
        return usage(session, _("Name one room behind it: /join #tea"));
    }
    client_send(session, "JOIN " STR_FMT, STR_ARG(args));
    return CLIENT_ENTRY_DONE;
}

static enum client_entry command_quit(struct client_session *session, struct str args)
{
    g_autofree char *reason = g_strndup(args.p, args.len);
    client_session_quit(session, reason);
    return CLIENT_ENTRY_QUIT;
}

static enum client_entry command_away(struct client_session *session, struct str args)
{
    if (args.len > 0) {
        client_send(session, "AWAY :" STR_FMT, STR_ARG(args));
    } else {
        client_send(session, "AWAY");
    }
    return CLIENT_ENTRY_DONE;
}

static enum client_entry command_help(struct client_session *session, struct str args)
{
    client_add_row(session, MESSAGE_QUIET, session->now.wall_us, "%s",
                   _("Commands: /me, /msg, /nick, /topic, /join, /away, /quit. Two slashes send a "
                     "text that begins with one: //example"));
    return CLIENT_ENTRY_DONE;
}

static const struct {
    const char *name;
    command_fn *run;
} commands[] = {
    {"me", command_me},       {"msg", command_msg},   {"nick", command_nick},
    {"topic", command_topic}, {"join", command_join}, {"quit", command_quit},
    {"away", command_away},   {"help", command_help},
};

static enum client_entry run_command(struct client_session *session, struct str text)
{
    struct str args = text;
    struct str name = str_split(&args, ' ');
    args = args.p != NULL ? trim(args) : STR("");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (str_eq_nocase(name, str_from(commands[i].name))) {
            return commands[i].run(session, args);
        }
    }
    client_add_row(session, MESSAGE_WARNING, session->now.wall_us,
                   _("There is no command /%.*s. /help lists them; //%.*s sends it as text."),
                   STR_ARG(name), STR_ARG(name));
    return CLIENT_ENTRY_KEEP;
}

enum client_entry client_session_enter(struct client_session *session, const char *text,
                                       struct client_now now)
{
    session->now = now;
    struct str entry = str_from(text);
    if (trim(entry).len == 0) {
        return CLIENT_ENTRY_DONE;
    }
    if (session->phase != CLIENT_IN_ROOM && session->phase != CLIENT_OUTSIDE) {
        return CLIENT_ENTRY_KEEP;
    }
    if (entry.p[0] != '/') {
        return say_in_room(session, MESSAGE_TEXT, entry);
    }
    entry = trim(str_from(text + 1));
    if (entry.len > 0 && entry.p[0] == '/') {
        return say_in_room(session, MESSAGE_TEXT, entry);
    }
    return run_command(session, entry);
}
