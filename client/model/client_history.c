/*
 * What was said before: pages of CHATHISTORY on coming in, on coming back, at the edges of what is
 * shown, and around a message. One request at a time. Main thread; no GTK. IRCv3 chathistory,
 * batch.
 */
#include "client_session_priv.h"

#include "client_limits.h"
#include "irc_text.h"
#include "tags.h"

#include <glib/gi18n.h>

static bool can_ask(const struct client_session *session)
{
    const unsigned needed =
        CLIENT_CAP_HISTORY | CLIENT_CAP_BATCH | CLIENT_CAP_MESSAGE_TAGS | CLIENT_CAP_SERVER_TIME;
    return (session->caps & needed) == needed;
}

/* "2026-01-02T03:04:05.678Z msgid" as CHATHISTORY wants it. */
static char *selector(const struct client_session *session, const char *reference)
{
    const char *space = strchr(reference, ' ');
    const char *id = space != NULL ? space + 1 : "";
    if (id[0] == '\0' || strchr(id, ' ') != NULL || session->features.by_time_only) {
        int len = space != NULL ? (int)(space - reference) : (int)strlen(reference);
        return g_strdup_printf("timestamp=%.*s", len, reference);
    }
    return g_strdup_printf("msgid=%s", id);
}

static unsigned page_rows(const struct client_session *session)
{
    unsigned max = session->features.page_max;
    return max > 0 && max < CLIENT_PAGE_ROWS ? max : CLIENT_PAGE_ROWS;
}

/* `reference` is NULL for LATEST. */
static void ask(struct client_session *session, enum history_request request, const char *reference)
{
    static const char *const names[] = {
        [HISTORY_LATEST] = "LATEST",
        [HISTORY_BEFORE] = "BEFORE",
        [HISTORY_AFTER] = "AFTER",
        [HISTORY_AROUND] = "AROUND",
    };
    struct client_history *history = &session->history;
    history->request = request;
    g_autofree char *tag = client_answer_expect(session, &history->answer, "h");
    g_autofree char *where = reference != NULL ? selector(session, reference) : g_strdup("*");
    client_send(session, "%sCHATHISTORY %s %s %s %u", tag, names[request], session->room->name,
                where, page_rows(session));
}

static void add_gap(struct client_session *session, const char *after)
{
    struct message gap = {
        .kind = MESSAGE_GAP,
        .gap = GAP_LOADING,
        .time_us = session->now.wall_us,
        .target = session->room->name,
    };
    gap.after = after;
    maru_message_list_add(session->room->messages, &gap);
}

void client_history_enter(struct client_session *session, bool moved)
{
    struct client_history *history = &session->history;
    client_history_end(session);
    if (moved) {
        maru_message_list_close_gaps(session->room->messages,
                                     _("Some messages are not shown here."));
        g_clear_pointer(&history->newest, g_free);
        history->begun = false;
    }
    history->heard = false;
    if (!can_ask(session)) {
        return;
    }
    if (history->newest == NULL && history->begun) {
        /* Nothing had been said when we were here, so whatever there is now is new. */
        history->newest = history_reference("", 0);
    }
    add_gap(session, history->newest != NULL ? history->newest : "");
    if (history->newest != NULL) {
        history->returning = true;
        history->pages_left = CLIENT_RETURN_PAGES - 1;
        ask(session, HISTORY_AFTER, history->newest);
    } else {
        ask(session, HISTORY_LATEST, NULL);
    }
}

static void end_request(struct client_session *session)
{
    session->history.request = HISTORY_NONE;
    client_answer_clear(&session->history.answer);
}

void client_history_end(struct client_session *session)
{
    unsigned at;
    end_request(session);
    session->history.returning = false;
    g_clear_pointer(&session->history.goal, g_free);
    if (maru_message_list_loading(session->room->messages, &at)) {
        maru_message_list_set_gap(session->room->messages, at, GAP_IDLE);
    }
}

void client_history_finish(struct client_session *session)
{
    client_answer_clear(&session->history.answer);
    g_clear_pointer(&session->history.newest, g_free);
    g_clear_pointer(&session->history.goal, g_free);
}

void client_history_heard(struct client_session *session, const struct message *row)
{
    if (!message_is_said(row)) {
        return;
    }
    session->history.heard = true;
    g_free(session->history.newest);
    session->history.newest = history_reference(row->id, row->time_us);
}

static bool show(struct client_session *session, const char *id)
{
    unsigned at;
    maru_message_list_flush(session->room->messages);
    if (!maru_message_list_find(session->room->messages, id, &at)) {
        return false;
    }
    if (session->events->show != NULL) {
        session->events->show(session->owner, at);
    }
    return true;
}

/* The goal that had to wait for the request under way. */
static void go_on(struct client_session *session)
{
    struct client_history *history = &session->history;
    if (history->goal == NULL || history->request != HISTORY_NONE) {
        return;
    }
    if (show(session, history->goal)) {
        g_clear_pointer(&history->goal, g_free);
        return;
    }
    g_autofree char *reference = history_reference(history->goal, history->goal_us);
    ask(session, HISTORY_AROUND, reference);
}

static void goal_failed(struct client_session *session)
{
    g_clear_pointer(&session->history.goal, g_free);
    client_add_row(session, MESSAGE_WARNING, session->now.wall_us, "%s",
                   _("The server no longer has this message."));
}

/* After a return: page after page, and what is too much stays a gap before the newest messages. */
static void fill_on(struct client_session *session, bool open)
{
    struct client_history *history = &session->history;
    unsigned at;
    if (!history->returning) {
        return;
    }
    const struct message *gap = NULL;
    MaruMessageList *messages = session->room->messages;
    if (open) {
        for (unsigned i = g_list_model_get_n_items(G_LIST_MODEL(messages)); i > 0 && gap == NULL;
             i--) {
            gap = maru_message_list_gap(messages, i - 1);
            at = i - 1;
        }
    }
    if (gap == NULL) {
        history->returning = false;
        return;
    }
    g_autofree char *after = g_strdup(gap->after);
    maru_message_list_set_gap(messages, at, GAP_LOADING);
    if (history->pages_left > 0) {
        history->pages_left--;
        ask(session, HISTORY_AFTER, after);
    } else {
        history->returning = false;
        ask(session, HISTORY_LATEST, NULL);
    }
}

static void know_newest(struct client_session *session, const struct history_page *page)
{
    struct client_history *history = &session->history;
    if (page->newest != NULL && !history->heard) {
        g_free(history->newest);
        history->newest = g_strdup(page->newest);
    }
}

static void answered(struct client_session *session)
{
    struct client_history *history = &session->history;
    MaruMessageList *messages = session->room->messages;
    enum history_request request = history->request;
    struct history_page *page = g_steal_pointer(&history->answer.page);
    end_request(session);
    if (request == HISTORY_AROUND) {
        maru_message_list_merge_around(messages, page);
        if (!show(session, history->goal)) {
            goal_failed(session);
        }
        g_clear_pointer(&history->goal, g_free);
    } else {
        if (request != HISTORY_BEFORE && (request == HISTORY_LATEST || history->returning)) {
            know_newest(session, page);
        }
        history->begun = history->begun || (request == HISTORY_LATEST && page->n_in == 0);
        bool open = maru_message_list_merge(messages, page,
                                            request == HISTORY_AFTER ? PAGE_NEWER : PAGE_OLDER);
        fill_on(session, open);
    }
    history_page_destroy(page);
    go_on(session);
}

static void refused(struct client_session *session)
{
    struct client_history *history = &session->history;
    MaruMessageList *messages = session->room->messages;
    enum history_request request = history->request;
    unsigned at;
    end_request(session);
    if (request == HISTORY_AROUND) {
        goal_failed(session);
    } else if (request == HISTORY_AFTER && history->returning) {
        /* The server does not know where we were any more. */
        history->returning = false;
        ask(session, HISTORY_LATEST, NULL);
        return;
    } else if (maru_message_list_loading(messages, &at)) {
        const struct message *gap = maru_message_list_gap(messages, at);
        if (request == HISTORY_LATEST && gap->after[0] == '\0') {
            maru_message_list_remove(messages, at);
        } else {
            maru_message_list_set_gap(messages, at, GAP_FAILED);
        }
    }
    go_on(session);
}

void client_history_tick(struct client_session *session)
{
    if (client_answer_is_late(session, &session->history.answer)) {
        refused(session);
    }
}

enum batch_use client_history_begin_batch(struct client_session *session, const struct incoming *in,
                                          const char *reference, struct str type)
{
    struct client_answer *answer = &session->history.answer;
    if (!str_eq(type, STR("chathistory")) || (session->caps & CLIENT_CAP_HISTORY) == 0) {
        return BATCH_OTHER;
    }
    if (client_answer_is_meant(answer, in) && answer->batch == NULL &&
        client_is_room(session, line_param(in->line, 2))) {
        answer->batch = g_strdup(reference);
        return BATCH_TAKEN;
    }
    return BATCH_STALE;
}

bool client_history_end_batch(struct client_session *session, const char *reference)
{
    bool ends = client_answer_ends(session, &session->history.answer, reference);
    if (ends) {
        answered(session);
    }
    return ends;
}

bool client_history_refused(struct client_session *session, const struct incoming *in)
{
    if (!client_answer_is_meant(&session->history.answer, in)) {
        return false;
    }
    refused(session);
    return true;
}

bool client_history_take(struct client_session *session, const struct incoming *in)
{
    struct client_answer *answer = &session->history.answer;
    if (!client_answer_holds(answer, in)) {
        return false;
    }
    bool notice = str_eq_nocase(in->line->command, STR("NOTICE"));
    struct speech speech;
    if (str_eq_nocase(in->line->command, STR("REDACT"))) {
        g_autofree char *id = irc_text_clean(line_param(in->line, 1));
        g_autofree char *by = irc_text_clean(in->nick);
        history_page_redact(answer->page, id, by);
        (void)maru_message_list_redact(session->room->messages, id, by);
        return true;
    }
    struct str tag;
    if (!tags_find(in->line->tags, STR("draft/chathistory-context"), &tag)) {
        history_page_note(answer->page, in->id, in->time_us);
    }
    if ((notice || str_eq_nocase(in->line->command, STR("PRIVMSG"))) &&
        client_read_speech(session, in, notice ? MESSAGE_NOTICE : MESSAGE_TEXT, &speech)) {
        history_page_add(answer->page, &speech.row);
        client_finish_speech(&speech);
    }
    return true;
}

void client_session_load(struct client_session *session, unsigned position, bool older, bool asked,
                         struct client_now now)
{
    session->now = now;
    MaruMessageList *messages = session->room->messages;
    const struct message *gap = maru_message_list_gap(messages, position);
    if (gap == NULL || session->history.request != HISTORY_NONE || !session->room->joined ||
        !can_ask(session) || !client_is_room(session, str_from(gap->target))) {
        return;
    }
    if (gap->gap != GAP_IDLE && !(asked && gap->gap == GAP_FAILED)) {
        return;
    }
    older = older || gap->after[0] == '\0';
    g_autofree char *reference = g_strdup(older ? gap->before : gap->after);
    maru_message_list_set_gap(messages, position, GAP_LOADING);
    if (reference[0] == '\0') {
        ask(session, HISTORY_LATEST, NULL);
    } else {
        ask(session, older ? HISTORY_BEFORE : HISTORY_AFTER, reference);
    }
}

void client_session_go_to(struct client_session *session, const char *id, int64_t time_us,
                          struct client_now now)
{
    session->now = now;
    if (show(session, id) || !session->room->joined || !can_ask(session)) {
        return;
    }
    g_free(session->history.goal);
    session->history.goal = g_strdup(id);
    session->history.goal_us = time_us;
    go_on(session);
}
