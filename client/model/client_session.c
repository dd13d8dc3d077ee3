/* The life of the client's session, and its table of handlers. Main thread; no GTK. */
#include "client_session_priv.h"

#include "alloc.h"
#include "client_limits.h"
#include "irc_text.h"
#include "tags.h"

#include <glib/gi18n.h>
#include <stdlib.h>

/* Sorted, for bsearch. */
static const struct {
    const char *command;
    client_handler *handler;
} handlers[] = {
    {"001", client_on_welcome},
    {"002", client_on_ignored},
    {"003", client_on_ignored},
    {"004", client_on_ignored},
    {"005", client_on_features},
    {"042", client_on_ignored},
    {"250", client_on_ignored},
    {"251", client_on_ignored},
    {"252", client_on_ignored},
    {"253", client_on_ignored},
    {"254", client_on_ignored},
    {"255", client_on_ignored},
    {"265", client_on_ignored},
    {"266", client_on_ignored},
    {"301", client_on_away_reply},
    {"324", client_on_ignored},
    {"329", client_on_ignored},
    {"331", client_on_topic_reply},
    {"332", client_on_topic_reply},
    {"333", client_on_ignored},
    {"353", client_on_names},
    {"366", client_on_names_end},
    {"372", client_on_ignored},
    {"375", client_on_ignored},
    {"376", client_on_motd_end},
    {"401", client_on_refused_message},
    {"403", client_on_room_refused},
    {"404", client_on_refused_message},
    {"405", client_on_room_refused},
    {"407", client_on_room_refused},
    {"417", client_on_refused_message},
    {"422", client_on_motd_end},
    {"432", client_on_nick_refused},
    {"433", client_on_nick_refused},
    {"436", client_on_nick_refused},
    {"437", client_on_nick_refused},
    {"464", client_on_password},
    {"465", client_on_banned},
    {"471", client_on_room_refused},
    {"473", client_on_room_refused},
    {"474", client_on_room_refused},
    {"475", client_on_room_refused},
    {"476", client_on_room_refused},
    {"477", client_on_room_refused},
    {"ACK", client_on_ack},
    {"AWAY", client_on_away},
    {"BATCH", client_on_batch},
    {"CAP", client_on_cap},
    {"ERROR", client_on_error},
    {"FAIL", client_on_standard_reply},
    {"INVITE", client_on_invite},
    {"JOIN", client_on_join},
    {"KICK", client_on_kick},
    {"KILL", client_on_kill},
    {"MODE", client_on_mode},
    {"NICK", client_on_nick},
    {"NOTE", client_on_standard_reply},
    {"NOTICE", client_on_notice},
    {"PART", client_on_part},
    {"PING", client_on_ping},
    {"PONG", client_on_pong},
    {"PRIVMSG", client_on_privmsg},
    {"QUIT", client_on_quit},
    {"REDACT", client_on_redact},
    {"SETNAME", client_on_ignored},
    {"TAGMSG", client_on_ignored},
    {"TOPIC", client_on_topic},
    {"WALLOPS", client_on_wallops},
    {"WARN", client_on_standard_reply},
};

enum { COMMAND_MAX = 15 };

static int compare_command(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

client_handler *client_handler_find(struct str command)
{
    char key[COMMAND_MAX + 1];
    if (command.len > COMMAND_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < command.len; i++) {
        key[i] = ascii_upper(command.p[i]);
    }
    key[command.len] = '\0';
    const size_t size = sizeof(handlers[0]);
    const char *entry = bsearch(key, handlers, G_N_ELEMENTS(handlers), size, compare_command);
    return entry != NULL ? handlers[(size_t)(entry - (const char *)handlers) / size].handler : NULL;
}

static void check_table(void)
{
    for (size_t i = 1; i < G_N_ELEMENTS(handlers); i++) {
        CHECK(strcmp(handlers[i - 1].command, handlers[i].command) < 0);
    }
}

struct client_session *client_session_create(const struct client_session_events *events,
                                             void *owner)
{
    check_table();
    struct client_session *session = g_new0(struct client_session, 1);
    session->events = events;
    session->owner = owner;
    session->wanted_nick = g_strdup("");
    session->user = g_strdup("maru");
    session->realname = g_strdup("");
    session->nick = g_strdup("");
    session->room = chat_room_create("#lobby");
    session->batch_labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    session->stale_batches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    server_features_init(&session->features);
    return session;
}

void client_session_destroy(struct client_session *session)
{
    if (session == NULL) {
        return;
    }
    g_free(session->wanted_nick);
    g_free(session->user);
    g_free(session->realname);
    g_free(session->password);
    g_free(session->wanted_room);
    g_free(session->nick);
    client_history_finish(session);
    client_search_finish(session);
    chat_room_destroy(session->room);
    g_hash_table_unref(session->batch_labels);
    g_hash_table_unref(session->stale_batches);
    server_features_finish(&session->features);
    g_free(session);
}

static void replace(char **where, const char *with)
{
    char *copy = g_strdup(with);
    g_free(*where);
    *where = copy;
}

void client_session_set_identity(struct client_session *session,
                                 const struct client_identity *identity)
{
    replace(&session->wanted_nick, identity->nick);
    replace(&session->user, identity->user);
    replace(&session->realname, identity->realname);
    replace(&session->wanted_room, identity->room);
    replace(&session->password, identity->password);
}

void client_session_set_password(struct client_session *session, const char *password)
{
    replace(&session->password, password);
}

void client_session_begin(struct client_session *session, struct client_now now)
{
    CHECK(session->phase == CLIENT_OFFLINE);
    session->now = now;
    session->heard_ms = now.mono_ms;
    session->begun_ms = now.mono_ms;
    session->ping_sent = false;
    session->told_problem = false;
    session->killed = false;
    session->nick_tries = 0;
    session->caps = 0;
    session->caps_offered = 0;
    session->cap_ended = false;
    session->source_len = 0;
    server_features_finish(&session->features);
    server_features_init(&session->features);
    client_set_nick(session, str_from(session->wanted_nick));
    client_set_phase(session, CLIENT_REGISTERING);
    client_send(session, "CAP LS 302");
    if (session->password != NULL) {
        client_send(session, "PASS :%s", session->password);
    }
    client_send(session, "NICK %s", session->wanted_nick);
    client_send(session, "USER %s 0 * :%s", session->user, session->realname);
}

void client_session_end(struct client_session *session, struct client_now now)
{
    session->now = now;
    if (session->phase == CLIENT_OFFLINE) {
        return;
    }
    g_hash_table_remove_all(session->batch_labels);
    g_hash_table_remove_all(session->stale_batches);
    client_history_end(session);
    client_search_end(session);
    maru_message_list_settle_all(session->room->messages);
    maru_member_list_clear(session->room->members);
    /* Where the server or the person said why, it is known. */
    if (session->room->joined) {
        session->room->joined = false;
        client_add_row(session, MESSAGE_WARNING, now.wall_us, _("The connection was lost."));
    }
    client_set_phase(session, CLIENT_OFFLINE);
}

static int64_t time_of(struct str tags, int64_t otherwise)
{
    struct str value;
    if (!tags_find(tags, STR("time"), &value) || value.len > 40) {
        return otherwise;
    }
    g_autofree char *text = g_strndup(value.p, value.len);
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    if (time == NULL) {
        return otherwise;
    }
    return g_date_time_to_unix(time) * G_TIME_SPAN_SECOND + g_date_time_get_microsecond(time);
}

static char *tag_text(struct str tags, struct str key)
{
    struct str value;
    if (!tags_find(tags, key, &value)) {
        return NULL;
    }
    struct buf out = {0};
    tags_add_unescaped(&out, value);
    char *text = g_strndup(out.p != NULL ? out.p : "", out.len);
    buf_finish(&out);
    return text;
}

/* The label stands on the line itself or on the batch that it belongs to. */
static char *label_of(struct client_session *session, struct str tags, const char *batch)
{
    char *label = tag_text(tags, STR("label"));
    if (label == NULL && batch != NULL) {
        label = g_strdup(g_hash_table_lookup(session->batch_labels, batch));
    }
    return label;
}

void client_session_line(struct client_session *session, struct str bytes, struct client_now now)
{
    session->now = now;
    session->heard_ms = now.mono_ms;
    session->ping_sent = false;
    if (session->phase == CLIENT_OFFLINE) {
        return;
    }
    g_autofree char *valid = NULL;
    if (!str_is_utf8(bytes)) {
        valid = g_utf8_make_valid(bytes.p, (gssize)bytes.len);
        bytes = str_from(valid);
    }
    struct line line;
    if (line_parse(bytes, &line) < 0) {
        return;
    }
    struct incoming in = {.line = &line};
    struct str rest = line.source;
    in.nick = rest.len > 0 ? str_split(&rest, '!') : STR("");
    in.from_server = rest.p == NULL && (in.nick.len == 0 || memchr(in.nick.p, '.', in.nick.len));
    if (!in.from_server && rest.p == NULL) {
        /* A source without user and host is a server when no member has that name. */
        g_autofree char *folded = server_features_fold(&session->features, in.nick);
        in.from_server = !maru_member_list_has(session->room->members, folded) &&
                         !client_is_me(session, in.nick);
    }
    in.from_me = !in.from_server && client_is_me(session, in.nick);
    in.time_us = time_of(line.tags, now.wall_us);
    in.batch = tag_text(line.tags, STR("batch"));
    in.label = label_of(session, line.tags, in.batch);
    in.id = tag_text(line.tags, STR("msgid"));
    if (in.id == NULL) {
        in.id = g_strdup("");
    }
    bool stale = in.batch != NULL && g_hash_table_contains(session->stale_batches, in.batch);
    if (!stale && !client_history_take(session, &in) && !client_search_take(session, &in)) {
        client_handler *handler = client_handler_find(line.command);
        (handler != NULL ? handler : client_on_other)(session, &in);
    }
    g_free(in.batch);
    g_free(in.label);
    g_free(in.id);
}

bool client_session_tick(struct client_session *session, struct client_now now)
{
    session->now = now;
    if (session->phase == CLIENT_OFFLINE) {
        return true;
    }
    client_history_tick(session);
    client_search_tick(session);
    int64_t quiet_ms = now.mono_ms - session->heard_ms;
    if (session->phase == CLIENT_REGISTERING || session->phase == CLIENT_JOINING) {
        return now.mono_ms - session->begun_ms < CLIENT_REGISTER_WITHIN_MS;
    }
    if (!session->ping_sent && quiet_ms >= CLIENT_PING_AFTER_MS) {
        session->ping_sent = true;
        client_send(session, "PING :%" G_GINT64_FORMAT, now.mono_ms);
    }
    return quiet_ms < CLIENT_PING_AFTER_MS + CLIENT_PONG_WITHIN_MS;
}

void client_session_quit(struct client_session *session, const char *reason)
{
    if (session->phase != CLIENT_OFFLINE) {
        /* Leaving on purpose is no lost connection. */
        session->room->joined = false;
        client_send(session, "QUIT :%s", reason);
    }
}

void client_session_rejoin(struct client_session *session)
{
    if (session->phase == CLIENT_OUTSIDE) {
        client_join(session);
    }
}

enum client_phase client_session_phase(const struct client_session *session)
{
    return session->phase;
}

struct chat_room *client_session_room(const struct client_session *session)
{
    return session->room;
}

const char *client_session_nick(const struct client_session *session)
{
    return session->nick;
}

const char *client_session_wanted_nick(const struct client_session *session)
{
    return session->wanted_nick;
}

enum client_problem_kind client_session_check_nick(const char *nick)
{
    if (nick[0] == '\0') {
        return PROBLEM_NICK_EMPTY;
    }
    if (!g_utf8_validate(nick, -1, NULL) || strchr("#&:@+~%$", nick[0]) != NULL) {
        return PROBLEM_NICK_INVALID;
    }
    for (const char *c = nick; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(",!@*?.", *c) != NULL) {
            return PROBLEM_NICK_INVALID;
        }
    }
    return PROBLEM_NONE;
}

void client_send(struct client_session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    /* One call is one line, whatever a text holds. */
    size_t len = strcspn(line, "\r\n");
    session->events->send(session->owner, str_make(line, len));
}

void client_set_phase(struct client_session *session, enum client_phase phase)
{
    if (session->phase != phase) {
        session->phase = phase;
        if (session->events->phase != NULL) {
            session->events->phase(session->owner, phase);
        }
    }
}

void client_tell_problem(struct client_session *session, enum client_problem_kind kind,
                         struct str detail)
{
    if (session->told_problem) {
        return;
    }
    session->told_problem = true;
    g_autofree char *text = irc_text_clean(detail);
    struct client_problem problem = {.kind = kind, .detail = text};
    if (session->events->problem != NULL) {
        session->events->problem(session->owner, &problem);
    }
}

void client_tell_changed(struct client_session *session)
{
    if (session->events->changed != NULL) {
        session->events->changed(session->owner);
    }
}

bool client_is_me(const struct client_session *session, struct str nick)
{
    return server_features_same(&session->features, nick, str_from(session->nick));
}

bool client_is_room(const struct client_session *session, struct str name)
{
    return server_features_same(&session->features, name, str_from(session->room->name));
}

void client_set_nick(struct client_session *session, struct str nick)
{
    g_free(session->nick);
    session->nick = g_strndup(nick.p, nick.len);
    client_tell_changed(session);
}

void client_add_row(struct client_session *session, enum message_kind kind, int64_t time_us,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    struct message row = {.kind = kind, .time_us = time_us, .text = text};
    maru_message_list_add(session->room->messages, &row);
}

char *client_last_text(const struct incoming *in)
{
    return irc_text_clean(
        line_param(in->line, in->line->n_params > 0 ? in->line->n_params - 1 : 0));
}
