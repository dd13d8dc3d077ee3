/*
 * Looking for what was said: SEARCH, its results, and older ones on request. Main thread; no GTK.
 * soju's doc/ext/search.md.
 */
#include "client_session_priv.h"

#include "client_limits.h"
#include "tags.h"

enum {
    RESULTS_AT_ONCE = 50,

    /* Servers may give fewer than asked; so few are taken for all there are. */
    RESULTS_FEW = 20,
};

static GListStore *found(struct client_session *session)
{
    return session->room->found;
}

static void tell(struct client_session *session)
{
    if (session->events->search != NULL) {
        session->events->search(session->owner);
    }
}

bool client_session_can_search(const struct client_session *session)
{
    const unsigned needed =
        CLIENT_CAP_SEARCH | CLIENT_CAP_BATCH | CLIENT_CAP_MESSAGE_TAGS | CLIENT_CAP_SERVER_TIME;
    return (session->caps & needed) == needed && session->room->joined;
}

static void add_attribute(struct buf *out, const char *key, struct str value)
{
    if (value.len > 0) {
        if (out->len > 0) {
            buf_add_char(out, ';');
        }
        buf_add_cstr(out, key);
        buf_add_char(out, '=');
        tags_add_escaped(out, value);
    }
}

/* "from:mina see you" looks for "see you" by mina. */
static void add_words(struct buf *out, const char *text)
{
    struct buf words = {0};
    struct str rest = str_from(text);
    struct str from = STR("");
    while (rest.p != NULL) {
        struct str word = str_split(&rest, ' ');
        if (word.len > 5 && str_starts(word, STR("from:"))) {
            from = str_make(word.p + 5, word.len - 5);
        } else if (word.len > 0) {
            if (words.len > 0) {
                buf_add_char(&words, ' ');
            }
            buf_add_str(&words, word);
        }
    }
    add_attribute(out, "from", from);
    add_attribute(out, "text", buf_str(&words));
    buf_finish(&words);
}

static void ask(struct client_session *session)
{
    struct client_search *search = &session->search;
    struct buf attributes = {0};
    add_attribute(&attributes, "in", str_from(session->room->name));
    add_words(&attributes, search->text);
    if (search->oldest != NULL) {
        add_attribute(&attributes, "before", str_from(search->oldest));
    }
    g_autofree char *tag = client_answer_expect(session, &search->answer, "s");
    client_send(session, "%sSEARCH " STR_FMT ";limit=%d", tag, STR_ARG(buf_str(&attributes)),
                RESULTS_AT_ONCE);
    buf_finish(&attributes);
    search->failed = false;
}

static void forget(struct client_session *session)
{
    client_answer_clear(&session->search.answer);
    g_clear_pointer(&session->search.text, g_free);
    g_clear_pointer(&session->search.oldest, g_free);
    session->search.more = false;
    session->search.failed = false;
}

void client_session_search(struct client_session *session, const char *text, struct client_now now)
{
    session->now = now;
    g_autofree char *words = g_strstrip(g_strdup(text));
    forget(session);
    g_list_store_remove_all(found(session));
    if (words[0] != '\0' && client_session_can_search(session)) {
        session->search.text = g_steal_pointer(&words);
        ask(session);
    }
    tell(session);
}

void client_session_search_more(struct client_session *session, struct client_now now)
{
    session->now = now;
    if (session->search.more && session->search.answer.page == NULL &&
        client_session_can_search(session)) {
        ask(session);
        tell(session);
    }
}

enum search_state client_session_search_state(const struct client_session *session)
{
    const struct client_search *search = &session->search;
    if (search->text == NULL) {
        return SEARCH_NONE;
    }
    if (search->answer.page != NULL) {
        return SEARCH_RUNNING;
    }
    return search->failed ? SEARCH_FAILED : search->more ? SEARCH_MORE : SEARCH_DONE;
}

static bool is_found(struct client_session *session, const char *id, unsigned *ret_at)
{
    unsigned n = g_list_model_get_n_items(G_LIST_MODEL(found(session)));
    for (unsigned i = n; i > 0; i--) {
        g_autoptr(MaruMessage) message = g_list_model_get_item(G_LIST_MODEL(found(session)), i - 1);
        if (strcmp(maru_message_record(message)->id, id) == 0) {
            *ret_at = i - 1;
            return true;
        }
    }
    return false;
}

/* What is known to be older is asked for up to its time, so the results of one moment come twice.
 */
static unsigned add_results(struct client_session *session, const struct history_page *page)
{
    unsigned n_before = g_list_model_get_n_items(G_LIST_MODEL(found(session)));
    g_autoptr(MaruMessage) last =
        n_before > 0 ? g_list_model_get_item(G_LIST_MODEL(found(session)), n_before - 1) : NULL;
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(g_object_unref);
    for (unsigned i = page->rows->len; i > 0; i--) {
        const struct message *row = &g_array_index(page->rows, struct message, i - 1);
        unsigned at;
        if (row->id[0] == '\0' || row->removed || is_found(session, row->id, &at)) {
            continue;
        }
        bool starts_day =
            last == NULL || !message_same_day(maru_message_record(last)->time_us, row->time_us);
        g_clear_object(&last);
        last = maru_message_new(row, false, starts_day);
        g_ptr_array_add(fresh, g_object_ref(last));
    }
    g_list_store_splice(found(session), n_before, 0, fresh->pdata, fresh->len);
    return fresh->len;
}

static void answered(struct client_session *session)
{
    struct client_search *search = &session->search;
    struct history_page *page = g_steal_pointer(&search->answer.page);
    client_answer_clear(&search->answer);
    unsigned n = add_results(session, page);
    search->more = page->n_in >= RESULTS_FEW && n > 0 &&
                   g_list_model_get_n_items(G_LIST_MODEL(found(session))) < CLIENT_FOUND_MAX;
    if (page->oldest != NULL) {
        g_free(search->oldest);
        search->oldest = g_strndup(page->oldest, strcspn(page->oldest, " "));
    }
    history_page_destroy(page);
    tell(session);
}

static void refused(struct client_session *session)
{
    client_answer_clear(&session->search.answer);
    session->search.failed = true;
    tell(session);
}

void client_search_end(struct client_session *session)
{
    if (session->search.answer.page != NULL) {
        refused(session);
    }
}

void client_search_tick(struct client_session *session)
{
    if (client_answer_is_late(session, &session->search.answer)) {
        refused(session);
    }
}

void client_search_finish(struct client_session *session)
{
    forget(session);
}

enum batch_use client_search_begin_batch(struct client_session *session, const struct incoming *in,
                                         const char *reference, struct str type)
{
    struct client_answer *answer = &session->search.answer;
    if (!str_eq(type, STR("soju.im/search")) && !str_eq(type, STR("search"))) {
        return BATCH_OTHER;
    }
    if (client_answer_is_meant(answer, in) && answer->batch == NULL) {
        answer->batch = g_strdup(reference);
        return BATCH_TAKEN;
    }
    return BATCH_STALE;
}

bool client_search_end_batch(struct client_session *session, const char *reference)
{
    bool ends = client_answer_ends(session, &session->search.answer, reference);
    if (ends) {
        answered(session);
    }
    return ends;
}

bool client_search_refused(struct client_session *session, const struct incoming *in)
{
    if (!client_answer_is_meant(&session->search.answer, in)) {
        return false;
    }
    refused(session);
    return true;
}

bool client_search_take(struct client_session *session, const struct incoming *in)
{
    struct client_answer *answer = &session->search.answer;
    if (!client_answer_holds(answer, in)) {
        return false;
    }
    bool notice = str_eq_nocase(in->line->command, STR("NOTICE"));
    struct speech speech;
    history_page_note(answer->page, in->id, in->time_us);
    if ((notice || str_eq_nocase(in->line->command, STR("PRIVMSG"))) &&
        client_read_speech(session, in, notice ? MESSAGE_NOTICE : MESSAGE_TEXT, &speech)) {
        speech.row.mentions_me = false;
        history_page_add(answer->page, &speech.row);
        client_finish_speech(&speech);
    }
    return true;
}

void client_search_forget(struct client_session *session, const char *id)
{
    unsigned at;
    if (is_found(session, id, &at)) {
        g_list_store_remove(found(session), at);
    }
}
