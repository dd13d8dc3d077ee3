/*
 * What is said: messages with their echoes, notices, announcements, and the server's other words.
 * Main thread; no GTK. IRCv3 echo-message, labeled-response, batch, standard-replies.
 */
#include "client_session_priv.h"

#include "client_limits.h"
#include "irc_text.h"

#include <glib/gi18n.h>

static const char action_begin[] = "\001ACTION ";

/* Takes the CTCP wrapping off. False for a CTCP message that is not a person's words. */
static bool unwrap_ctcp(struct str *text, enum message_kind *kind)
{
    if (text->len == 0 || text->p[0] != '\001') {
        return true;
    }
    if (!str_starts(*text, str_from(action_begin))) {
        return false;
    }
    text->p += sizeof(action_begin) - 1;
    text->len -= sizeof(action_begin) - 1;
    if (text->len > 0 && text->p[text->len - 1] == '\001') {
        text->len--;
    }
    *kind = MESSAGE_ACTION;
    return true;
}

static void call_attention(struct client_session *session, const struct message *row)
{
    if (session->events->attention != NULL) {
        session->events->attention(session->owner, row->sender, row->text);
    }
}

/* An echo of ours: the row that waits for it, or a new one (said from another session). */
static void take_echo(struct client_session *session, const struct incoming *in,
                      const struct message *row)
{
    MaruMessageList *messages = session->room->messages;
    if (in->label != NULL && maru_message_list_confirm(messages, in->label, row)) {
        return;
    }
    bool labelled = (session->caps & CLIENT_CAP_LABELED_RESPONSE) != 0;
    if (!labelled && maru_message_list_confirm(messages, NULL, row)) {
        return;
    }
    maru_message_list_add(messages, row);
}

static struct str without_status(const struct client_session *session, struct str target)
{
    const char *symbols = session->features.status_targets;
    if (target.len > 1 && target.p[0] != '\0' && strchr(symbols, target.p[0]) != NULL) {
        target.p++;
        target.len--;
    }
    return target;
}

bool client_read_speech(struct client_session *session, const struct incoming *in,
                        enum message_kind kind, struct speech *ret_speech)
{
    struct str target = without_status(session, line_param(in->line, 0));
    struct str body = line_param(in->line, 1);
    if (!unwrap_ctcp(&body, &kind)) {
        return false;
    }
    struct speech speech = {
        .sender = irc_text_clean(in->nick),
        .text = irc_text_clean(body),
        .to = irc_text_clean(target),
    };
    speech.row = (struct message){
        .kind = kind,
        .time_us = in->time_us,
        .sender = speech.sender,
        .target = "",
        .text = speech.text,
        .id = in->id,
        .own = in->from_me,
    };
    if (!client_is_room(session, target)) {
        speech.row.kind = MESSAGE_DIRECT;
        speech.row.target = in->from_me || !client_is_me(session, target) ? speech.to : "";
    }
    speech.row.mentions_me = !in->from_me && (speech.row.kind == MESSAGE_DIRECT ||
                                              irc_text_mentions(speech.text, session->nick));
    *ret_speech = speech;
    return true;
}

void client_finish_speech(struct speech *speech)
{
    g_free(speech->sender);
    g_free(speech->text);
    g_free(speech->to);
}

static void add_speech(struct client_session *session, const struct incoming *in,
                       enum message_kind kind)
{
    struct speech speech;
    if (!client_read_speech(session, in, kind, &speech)) {
        return;
    }
    client_history_heard(session, &speech.row);
    if (in->from_me) {
        take_echo(session, in, &speech.row);
    } else {
        maru_message_list_add(session->room->messages, &speech.row);
        if (speech.row.mentions_me) {
            call_attention(session, &speech.row);
        }
    }
    client_finish_speech(&speech);
}

void client_on_privmsg(struct client_session *session, const struct incoming *in)
{
    add_speech(session, in, MESSAGE_TEXT);
}

static void announce(struct client_session *session, const struct incoming *in)
{
    g_autofree char *sender = in->from_server ? g_strdup("") : irc_text_clean(in->nick);
    g_autofree char *text = client_last_text(in);
    struct message row = {
        .kind = MESSAGE_ANNOUNCEMENT,
        .time_us = in->time_us,
        .sender = sender,
        .text = text,
        .id = in->id,
    };
    maru_message_list_add(session->room->messages, &row);
    if (session->events->announcement != NULL) {
        session->events->announcement(session->owner, sender, text);
    }
}

void client_on_notice(struct client_session *session, const struct incoming *in)
{
    struct str target = line_param(in->line, 0);
    if (target.len > 0 && target.p[0] == '$') {
        announce(session, in);
        return;
    }
    if (!in->from_server) {
        add_speech(session, in, MESSAGE_NOTICE);
        return;
    }
    /* What a server says while it looks up names is for nobody. */
    if (session->phase != CLIENT_REGISTERING || client_is_me(session, target)) {
        g_autofree char *text = client_last_text(in);
        client_add_row(session, MESSAGE_QUIET, in->time_us, "%s", text);
    }
}

void client_on_wallops(struct client_session *session, const struct incoming *in)
{
    g_autofree char *sender = irc_text_clean(in->nick);
    g_autofree char *text = client_last_text(in);
    client_add_row(session, MESSAGE_QUIET, in->time_us, _("To operators, from %s: %s"), sender,
                   text);
}

/* FAIL PRIVMSG NOT_STORED <target> <msgid> :<text>: everybody got it, only history did not. */
static bool take_not_stored(struct client_session *session, const struct incoming *in)
{
    if (!str_eq(line_param(in->line, 1), STR("NOT_STORED")) || in->line->n_params < 5) {
        return false;
    }
    MaruMessageList *messages = session->room->messages;
    g_autofree char *id = irc_text_clean(line_param(in->line, 3));
    return maru_message_list_not_stored(messages, in->label, id) ||
           maru_message_list_settle(messages, NULL, MESSAGE_NOT_STORED, NULL);
}

void client_on_standard_reply(struct client_session *session, const struct incoming *in)
{
    g_autofree char *text = client_last_text(in);
    bool fail = str_eq_nocase(in->line->command, STR("FAIL"));
    struct str about = line_param(in->line, 0);
    if (fail && take_not_stored(session, in)) {
        return;
    }
    if (fail &&
        ((str_eq_nocase(about, STR("CHATHISTORY")) && client_history_refused(session, in)) ||
         (str_eq_nocase(about, STR("SEARCH")) && client_search_refused(session, in)))) {
        return;
    }
    if (fail && in->label != NULL &&
        maru_message_list_settle(session->room->messages, in->label, MESSAGE_FAILED, text)) {
        return;
    }
    if (fail && session->phase == CLIENT_REGISTERING &&
        str_eq_nocase(line_param(in->line, 0), STR("NICK"))) {
        client_on_nick_refused(session, in);
        return;
    }
    bool note = str_eq_nocase(in->line->command, STR("NOTE"));
    client_add_row(session, note ? MESSAGE_QUIET : MESSAGE_WARNING, in->time_us, "%s", text);
}

/* A message to a room or person was refused: 401, 404, 417, and 403 once we are in. */
void client_on_refused_message(struct client_session *session, const struct incoming *in)
{
    g_autofree char *text = client_last_text(in);
    MaruMessageList *messages = session->room->messages;
    if (in->label != NULL) {
        if (maru_message_list_settle(messages, in->label, MESSAGE_FAILED, text)) {
            return;
        }
    } else if ((session->caps & CLIENT_CAP_LABELED_RESPONSE) == 0 &&
               maru_message_list_settle(messages, NULL, MESSAGE_FAILED, text)) {
        return;
    }
    g_autofree char *what = irc_text_clean(line_param(in->line, 1));
    client_add_row(session, MESSAGE_WARNING, in->time_us, "%s: %s", what, text);
}

void client_on_away_reply(struct client_session *session, const struct incoming *in)
{
    g_autofree char *who = irc_text_clean(line_param(in->line, 1));
    g_autofree char *text = client_last_text(in);
    client_add_row(session, MESSAGE_QUIET, in->time_us, _("%s is away: %s"), who, text);
}

static void begin_batch(struct client_session *session, const struct incoming *in,
                        const char *reference)
{
    struct str type = line_param(in->line, 1);
    enum batch_use use = client_history_begin_batch(session, in, reference, type);
    if (use == BATCH_OTHER) {
        use = client_search_begin_batch(session, in, reference, type);
    }
    if (use == BATCH_STALE && g_hash_table_size(session->stale_batches) < CLIENT_BATCHES_MAX) {
        g_hash_table_add(session->stale_batches, g_strdup(reference));
    } else if (use == BATCH_OTHER && in->label != NULL &&
               g_hash_table_size(session->batch_labels) < CLIENT_BATCHES_MAX) {
        g_hash_table_replace(session->batch_labels, g_strdup(reference), g_strdup(in->label));
    }
}

/* BATCH +ref type … with a label, or BATCH -ref. */
void client_on_batch(struct client_session *session, const struct incoming *in)
{
    struct str ref = line_param(in->line, 0);
    if (ref.len < 2) {
        return;
    }
    g_autofree char *name = g_strndup(ref.p + 1, ref.len - 1);
    if (ref.p[0] == '+') {
        begin_batch(session, in, name);
    } else if (ref.p[0] == '-') {
        if (!client_history_end_batch(session, name)) {
            (void)client_search_end_batch(session, name);
        }
        g_hash_table_remove(session->batch_labels, name);
        g_hash_table_remove(session->stale_batches, name);
    }
}

/* Nothing but that it was done: for a request of ours, an empty answer. */
void client_on_ack(struct client_session *session, const struct incoming *in)
{
    if (in->label != NULL && !client_history_refused(session, in)) {
        (void)client_search_refused(session, in);
    }
}

/* REDACT <target> <msgid> [<reason>] */
void client_on_redact(struct client_session *session, const struct incoming *in)
{
    g_autofree char *id = irc_text_clean(line_param(in->line, 1));
    g_autofree char *by = irc_text_clean(in->nick);
    (void)maru_message_list_redact(session->room->messages, id, by);
    client_search_forget(session, id);
}

bool client_session_can_remove(const struct client_session *session)
{
    return (session->caps & CLIENT_CAP_REDACTION) != 0 && session->room->joined;
}

void client_session_remove(struct client_session *session, const char *id, struct client_now now)
{
    unsigned at;
    session->now = now;
    MaruMessageList *messages = session->room->messages;
    if (!client_session_can_remove(session) || strchr(id, ' ') != NULL ||
        !maru_message_list_find(messages, id, &at)) {
        return;
    }
    g_autoptr(MaruMessage) message = g_list_model_get_item(G_LIST_MODEL(messages), at);
    const struct message *row = message != NULL ? maru_message_record(message) : NULL;
    bool direct = row != NULL && row->kind == MESSAGE_DIRECT;
    client_send(session, "REDACT %s %s", direct ? row->target : session->room->name, id);
}

void client_on_ignored(struct client_session *session, const struct incoming *in)
{
}

static bool is_numeric(struct str command)
{
    return command.len == 3 && g_ascii_isdigit(command.p[0]);
}

/* Numerics without a handler of their own are shown with their parameters behind our nickname. */
void client_on_other(struct client_session *session, const struct incoming *in)
{
    if (!is_numeric(in->line->command) || session->phase == CLIENT_REGISTERING) {
        return;
    }
    GString *text = g_string_new(NULL);
    for (unsigned i = 1; i < in->line->n_params; i++) {
        g_autofree char *param = irc_text_clean(in->line->params[i]);
        g_string_append_printf(text, "%s%s", i > 1 ? " " : "", param);
    }
    char first = in->line->command.p[0];
    bool error = first == '4' || first == '5';
    if (error && in->label != NULL) {
        (void)maru_message_list_settle(session->room->messages, in->label, MESSAGE_FAILED,
                                       text->str);
    }
    client_add_row(session, error ? MESSAGE_WARNING : MESSAGE_QUIET, in->time_us, "%s", text->str);
    g_string_free(text, TRUE);
}

/* Bytes of a text that still fit when the server puts our source before it. */
static size_t text_max(const struct client_session *session, struct str target, bool action)
{
    enum {
        SOURCE_GUESS = 10 + 63 + 2, /* user and host, where we have not seen ours yet */
        FRAME = sizeof(":  PRIVMSG  :\r\n") - 1,
        ACTION = sizeof(action_begin),
    };
    size_t source =
        session->source_len > 0 ? session->source_len : strlen(session->nick) + SOURCE_GUESS;
    size_t used = FRAME + source + target.len + (action ? ACTION : 0);
    return session->features.wire_max > used + 32 ? session->features.wire_max - used : 32;
}

char *client_next_label(struct client_session *session, const char *prefix)
{
    return (session->caps & CLIENT_CAP_LABELED_RESPONSE) != 0
               ? g_strdup_printf("%s%u", prefix, ++session->next_label)
               : NULL;
}

static void send_piece(struct client_session *session, struct str target, enum message_kind kind,
                       bool action, struct str piece)
{
    bool echoed = (session->caps & CLIENT_CAP_ECHO_MESSAGE) != 0;
    bool labelled = echoed && (session->caps & CLIENT_CAP_LABELED_RESPONSE) != 0;
    g_autofree char *label = labelled ? client_next_label(session, "m") : NULL;
    g_autofree char *tags = labelled ? g_strdup_printf("@label=%s ", label) : g_strdup("");
    client_send(session, "%sPRIVMSG " STR_FMT " :%s" STR_FMT "%s", tags, STR_ARG(target),
                action ? action_begin : "", STR_ARG(piece), action ? "\001" : "");
    g_autofree char *text = irc_text_clean(piece);
    g_autofree char *to = irc_text_clean(target);
    struct message row = {
        .kind = kind,
        .state = echoed ? MESSAGE_PENDING : MESSAGE_DELIVERED,
        .time_us = session->now.wall_us,
        .sender = session->nick,
        .target = kind == MESSAGE_DIRECT ? to : "",
        .text = text,
        .label = label,
        .own = true,
    };
    maru_message_list_add(session->room->messages, &row);
}

bool client_say(struct client_session *session, struct str target, enum message_kind kind,
                struct str text)
{
    bool action = kind == MESSAGE_ACTION;
    size_t max = text_max(session, target, action);
    unsigned n = 0;
    struct str piece;
    for (struct str rest = text; irc_text_next_piece(&rest, max, &piece);) {
        n++;
    }
    if (n > CLIENT_SPLIT_MAX) {
        return false;
    }
    for (struct str rest = text; irc_text_next_piece(&rest, max, &piece);) {
        send_piece(session, target, kind, action, piece);
    }
    return true;
}

void client_session_send_again(struct client_session *session, unsigned position,
                               struct client_now now)
{
    session->now = now;
    MaruMessageList *messages = session->room->messages;
    g_autoptr(MaruMessage) message = g_list_model_get_item(G_LIST_MODEL(messages), position);
    if (message == NULL || !session->room->joined) {
        return;
    }
    const struct message *row = maru_message_record(message);
    if (!row->own || (row->state != MESSAGE_FAILED && row->state != MESSAGE_UNSURE)) {
        return;
    }
    maru_message_list_remove(messages, position);
    const char *target = row->kind == MESSAGE_DIRECT ? row->target : session->room->name;
    (void)client_say(session, str_from(target), row->kind, str_from(row->text));
}
