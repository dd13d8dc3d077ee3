/* An answer of several lines that is waited for: of CHATHISTORY, of SEARCH. Main thread; no GTK.
 * IRCv3 batch, labeled-response. */
#include "client_session_priv.h"

#include "client_limits.h"

void client_answer_clear(struct client_answer *answer)
{
    g_clear_pointer(&answer->label, g_free);
    g_clear_pointer(&answer->batch, g_free);
    g_clear_pointer(&answer->page, history_page_destroy);
}

char *client_answer_expect(struct client_session *session, struct client_answer *answer,
                           const char *prefix)
{
    client_answer_clear(answer);
    answer->page = history_page_create();
    answer->label = client_next_label(session, prefix);
    answer->asked_ms = session->now.mono_ms;
    return answer->label != NULL ? g_strdup_printf("@label=%s ", answer->label) : g_strdup("");
}

bool client_answer_is_late(const struct client_session *session, const struct client_answer *answer)
{
    return answer->page != NULL &&
           session->now.mono_ms - answer->asked_ms >= CLIENT_ANSWER_WITHIN_MS;
}

bool client_answer_is_meant(const struct client_answer *answer, const struct incoming *in)
{
    if (answer->page == NULL) {
        return false;
    }
    return answer->label == NULL || (in->label != NULL && strcmp(in->label, answer->label) == 0);
}

bool client_answer_holds(const struct client_answer *answer, const struct incoming *in)
{
    return in->batch != NULL && answer->batch != NULL && strcmp(in->batch, answer->batch) == 0;
}

/* An empty answer may begin nothing that is taken: then the label says whose end it is. */
bool client_answer_ends(const struct client_session *session, const struct client_answer *answer,
                        const char *reference)
{
    if (answer->batch != NULL) {
        return strcmp(answer->batch, reference) == 0;
    }
    const char *label = g_hash_table_lookup(session->batch_labels, reference);
    return answer->page != NULL && answer->label != NULL && label != NULL &&
           strcmp(label, answer->label) == 0;
}
