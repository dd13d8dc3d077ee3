/* client_history.c, client_search.c and message_gaps.c: fed with a server's batches, asked for
 * rows.
 */
#include "unit.h"

#include "client_limits.h"
#include "client_session.h"

#include <glib.h>

#define CAPS                                                                                       \
    "message-tags server-time echo-message batch labeled-response draft/chathistory "              \
    "draft/message-redaction soju.im/search"

struct fixture {
    struct client_session *session;
    GString *sent;
    struct client_now now;
    unsigned shown; /* position; G_MAXUINT is none */
    unsigned n_searches;
    unsigned size; /* of the list, as its signals tell */
};

static void on_send(void *owner, struct str line)
{
    struct fixture *f = owner;
    g_string_append_len(f->sent, line.p, (gssize)line.len);
    g_string_append_c(f->sent, '\n');
}

static void on_show(void *owner, unsigned position)
{
    ((struct fixture *)owner)->shown = position;
}

static void on_search(void *owner)
{
    ((struct fixture *)owner)->n_searches++;
}

static const struct client_session_events events = {
    .send = on_send,
    .show = on_show,
    .search = on_search,
};

static MaruMessageList *list_of(struct fixture *f)
{
    return client_session_room(f->session)->messages;
}

static void on_items_changed(GListModel *model, guint position, guint removed, guint added,
                             gpointer data)
{
    struct fixture *f = data;
    assert_true(position + removed <= f->size);
    f->size += added - removed;
    assert_int_equal(f->size, g_list_model_get_n_items(model));
}

static int set_up(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->sent = g_string_new(NULL);
    f->now = (struct client_now){1767225600000000, 1000};
    f->shown = G_MAXUINT;
    f->session = client_session_create(&events, f);
    struct client_identity identity = {.nick = "mina", .user = "u", .realname = "Mina"};
    client_session_set_identity(f->session, &identity);
    g_signal_connect(list_of(f), "items-changed", G_CALLBACK(on_items_changed), f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    client_session_destroy(f->session);
    g_string_free(f->sent, TRUE);
    g_free(f);
    return 0;
}

static void feed(struct fixture *f, const char *lines)
{
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    for (char **line = each; *line != NULL; line++) {
        client_session_line(f->session, str_from(*line), f->now);
    }
}

static void assert_sent(struct fixture *f, const char *lines)
{
    assert_string_equal(f->sent->str, lines);
    g_string_truncate(f->sent, 0);
}

static void enter(struct fixture *f, const char *caps)
{
    client_session_begin(f->session, f->now);
    g_autofree char *offer =
        g_strdup_printf(":s.x CAP * LS :%s\n:s.x CAP mina ACK :%s\n", caps, caps);
    feed(f, offer);
    feed(f, ":s.x 001 mina :Welcome\n"
            ":s.x 005 mina CASEMAPPING=ascii CHATHISTORY=50 MSGREFTYPES=msgid,timestamp :are\n"
            ":s.x 422 mina :No MOTD");
    g_string_truncate(f->sent, 0);
    feed(f, ":mina!u@host JOIN #lobby");
}

static char *stamp(int n)
{
    return g_strdup_printf("2026-01-01T%02d:%02d:00.000Z", n / 60, n % 60);
}

static void said(struct fixture *f, const char *tags, const char *who, int n)
{
    g_autofree char *time = stamp(n);
    g_autofree char *line =
        g_strdup_printf("@%stime=%s;msgid=i%d :%s!u@h PRIVMSG #lobby :t%d", tags, time, n, who, n);
    feed(f, line);
}

/* An answer with the messages from..to-1. */
static void answer(struct fixture *f, const char *label, int from, int to)
{
    g_autofree char *open =
        g_strdup_printf("@label=%s :s.x BATCH +%s chathistory #lobby", label, label);
    feed(f, open);
    for (int i = from; i < to; i++) {
        g_autofree char *tags = g_strdup_printf("batch=%s;", label);
        said(f, tags, "bob", i);
    }
    g_autofree char *close = g_strdup_printf(":s.x BATCH -%s", label);
    feed(f, close);
}

/* Rows in short: t7 for messages, [ for the beginning, | for a gap, . for other rows. */
static void assert_rows(struct fixture *f, const char *expected)
{
    g_autoptr(GString) rows = g_string_new(NULL);
    maru_message_list_flush(list_of(f));
    for (unsigned i = 0; i < f->size; i++) {
        g_autoptr(MaruMessage) message = g_list_model_get_item(G_LIST_MODEL(list_of(f)), i);
        const struct message *row = maru_message_record(message);
        const char *text = row->kind == MESSAGE_GAP         ? "|"
                           : row->kind == MESSAGE_BEGINNING ? "["
                           : row->removed                   ? "x"
                           : row->text[0] == 't'            ? row->text
                                                            : ".";
        g_string_append_printf(rows, "%s%s", i > 0 ? " " : "", text);
    }
    assert_string_equal(rows->str, expected);
}

static unsigned gap_at(struct fixture *f, unsigned nth)
{
    maru_message_list_flush(list_of(f));
    for (unsigned i = 0; i < f->size; i++) {
        if (maru_message_list_gap(list_of(f), i) != NULL && nth-- == 0) {
            return i;
        }
    }
    fail();
    return 0;
}

static void asks_for_the_latest_and_further_back(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    assert_sent(f, "@label=h1 CHATHISTORY LATEST #lobby * 50\n");
    assert_rows(f, "| .");
    /* What is said meanwhile is in the answer too. */
    said(f, "", "bob", 9);
    answer(f, "h1", 7, 10);
    assert_rows(f, "| t7 t8 . t9");
    client_session_load(f->session, 0, true, false, f->now);
    assert_sent(f, "@label=h2 CHATHISTORY BEFORE #lobby msgid=i7 50\n");
    /* One at a time. */
    client_session_load(f->session, 0, true, false, f->now);
    assert_sent(f, "");
    answer(f, "h2", 4, 7);
    assert_rows(f, "| t4 t5 t6 t7 t8 . t9");
    client_session_load(f->session, 0, true, false, f->now);
    assert_sent(f, "@label=h3 CHATHISTORY BEFORE #lobby msgid=i4 50\n");
    answer(f, "h3", 0, 0);
    assert_rows(f, "[ t4 t5 t6 t7 t8 . t9");
}

static void does_without_history(void **state)
{
    struct fixture *f = *state;
    enter(f, "message-tags server-time echo-message batch labeled-response");
    assert_sent(f, "");
    assert_rows(f, ".");
    assert_false(client_session_can_search(f->session));
    assert_false(client_session_can_remove(f->session));
    client_session_search(f->session, "x", f->now);
    client_session_go_to(f->session, "i5", 0, f->now);
    assert_sent(f, "");
}

static void come_back(struct fixture *f)
{
    client_session_end(f->session, f->now);
    enter(f, CAPS);
}

static void fills_the_gap_after_a_return(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    g_string_truncate(f->sent, 0);
    answer(f, "h1", 0, 2);
    said(f, "", "bob", 2);
    come_back(f);
    assert_sent(f, "@label=h2 CHATHISTORY AFTER #lobby msgid=i2 50\n");
    said(f, "", "bob", 6);
    answer(f, "h2", 3, 5);
    assert_sent(f, "@label=h3 CHATHISTORY AFTER #lobby msgid=i4 50\n");
    /* The answer reaches what was heard since. */
    answer(f, "h3", 5, 7);
    assert_sent(f, "");
    assert_rows(f, "| t0 t1 . t2 . t3 t4 t5 . t6");
    come_back(f);
    assert_sent(f, "@label=h4 CHATHISTORY AFTER #lobby msgid=i6 50\n");
    answer(f, "h4", 0, 0);
    assert_sent(f, "");
}

static void leaves_a_gap_after_a_long_absence(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 1);
    g_string_truncate(f->sent, 0);
    come_back(f);
    for (int i = 0; i < CLIENT_RETURN_PAGES; i++) {
        g_autofree char *label = g_strdup_printf("h%d", i + 2);
        g_string_truncate(f->sent, 0);
        answer(f, label, i + 1, i + 2);
    }
    assert_sent(f, "@label=h7 CHATHISTORY LATEST #lobby * 50\n");
    answer(f, "h7", 8, 10);
    assert_rows(f, "| t0 . . t1 t2 t3 t4 t5 | t8 t9 .");
    /* From below, until it reaches what is above. */
    client_session_load(f->session, gap_at(f, 1), true, false, f->now);
    assert_sent(f, "@label=h8 CHATHISTORY BEFORE #lobby msgid=i8 50\n");
    answer(f, "h8", 7, 8);
    assert_rows(f, "| t0 . . t1 t2 t3 t4 t5 | t7 t8 t9 .");
    /* From above, until it reaches what is below. */
    client_session_load(f->session, gap_at(f, 1), false, false, f->now);
    assert_sent(f, "@label=h9 CHATHISTORY AFTER #lobby msgid=i5 50\n");
    answer(f, "h9", 6, 9);
    assert_rows(f, "| t0 . . t1 t2 t3 t4 t5 t6 t7 t8 t9 .");
}

static void goes_around_a_message(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 20, 22);
    g_string_truncate(f->sent, 0);
    client_session_go_to(f->session, "i21", 0, f->now);
    assert_int_equal(f->shown, 2);
    client_session_go_to(f->session, "i8", 0, f->now);
    assert_sent(f, "@label=h2 CHATHISTORY AROUND #lobby msgid=i8 50\n");
    answer(f, "h2", 7, 10);
    assert_rows(f, "| t7 t8 t9 | t20 t21 .");
    assert_int_equal(f->shown, 2);
    /* Another place, between the two. */
    client_session_go_to(f->session, "i15", 0, f->now);
    answer(f, "h3", 14, 17);
    assert_rows(f, "| t7 t8 t9 | t14 t15 t16 | t20 t21 .");
    /* One that touches what is known on both sides. */
    client_session_go_to(f->session, "i12", 0, f->now);
    answer(f, "h4", 9, 15);
    assert_rows(f, "| t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 | t20 t21 .");
    g_string_truncate(f->sent, 0);
    client_session_load(f->session, gap_at(f, 1), false, false, f->now);
    assert_sent(f, "@label=h5 CHATHISTORY AFTER #lobby msgid=i16 50\n");
    answer(f, "h5", 17, 21);
    assert_rows(f, "| t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17 t18 t19 t20 t21 .");
    f->shown = G_MAXUINT;
    client_session_go_to(f->session, "gone", 0, f->now);
    feed(f, "@label=h6 FAIL CHATHISTORY MESSAGE_ERROR AROUND #lobby :No");
    assert_int_equal(f->shown, G_MAXUINT);
}

static void waits_with_a_goal_for_the_request_under_way(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    g_string_truncate(f->sent, 0);
    client_session_go_to(f->session, "i8", 0, f->now);
    assert_sent(f, "");
    answer(f, "h1", 20, 22);
    assert_sent(f, "@label=h2 CHATHISTORY AROUND #lobby msgid=i8 50\n");
}

static void survives_refusals_and_silence(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    feed(f, "@label=h1 FAIL CHATHISTORY INVALID_TARGET LATEST #lobby :No");
    assert_rows(f, ".");
    said(f, "", "bob", 3);
    come_back(f);
    g_string_truncate(f->sent, 0);
    feed(f, "@label=h2 FAIL CHATHISTORY MESSAGE_ERROR AFTER #lobby :Unknown");
    assert_sent(f, "@label=h3 CHATHISTORY LATEST #lobby * 50\n");
    answer(f, "h3", 8, 9);
    assert_rows(f, ". t3 . | t8 .");
    client_session_load(f->session, gap_at(f, 0), true, false, f->now);
    g_string_truncate(f->sent, 0);
    f->now.mono_ms += CLIENT_ANSWER_WITHIN_MS;
    assert_true(client_session_tick(f->session, f->now));
    g_string_truncate(f->sent, 0);
    /* Only a person asks again. */
    client_session_load(f->session, gap_at(f, 0), true, false, f->now);
    assert_sent(f, "");
    /* The late answer is for nobody. */
    answer(f, "h4", 6, 8);
    assert_rows(f, ". t3 . | t8 .");
    client_session_load(f->session, gap_at(f, 0), true, true, f->now);
    assert_sent(f, "@label=h5 CHATHISTORY BEFORE #lobby msgid=i8 50\n");
    answer(f, "h5", 3, 8);
    assert_rows(f, ". t3 . t4 t5 t6 t7 t8 .");
}

static void finds_an_empty_room_filled(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 0);
    assert_rows(f, "[ .");
    come_back(f);
    g_string_truncate(f->sent, 0);
    answer(f, "h2", 0, 2);
    assert_sent(f, "@label=h3 CHATHISTORY AFTER #lobby msgid=i1 50\n");
    answer(f, "h3", 0, 0);
    assert_rows(f, "[ . . t0 t1 .");
}

static enum message_state last_state(struct fixture *f, unsigned back)
{
    maru_message_list_flush(list_of(f));
    g_autoptr(MaruMessage) message =
        g_list_model_get_item(G_LIST_MODEL(list_of(f)), f->size - 1 - back);
    return maru_message_record(message)->state;
}

static void what_was_under_way_is_not_doubled(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 1);
    client_session_enter(f->session, "t1", f->now);
    client_session_enter(f->session, "t2", f->now);
    come_back(f);
    assert_rows(f, "| t0 . t1 t2 . | .");
    feed(f, "@label=h4 BATCH +b chathistory #lobby");
    said(f, "batch=b;", "mina", 1);
    feed(f, "BATCH -b");
    assert_rows(f, "| t0 . t2 . t1 | .");
    answer(f, "h5", 0, 0);
    assert_rows(f, "| t0 . t2 . t1 .");
    assert_int_equal(last_state(f, 3), MESSAGE_UNSURE);
    g_string_truncate(f->sent, 0);
    client_session_send_again(f->session, 3, f->now);
    assert_sent(f, "@label=m6 PRIVMSG #lobby :t2\n");
    assert_rows(f, "| t0 . . t1 . t2");
    assert_int_equal(last_state(f, 0), MESSAGE_PENDING);
}

static void not_stored_is_known_by_its_id(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 1);
    client_session_enter(f->session, "t1", f->now);
    feed(f, "@label=m2 FAIL PRIVMSG NOT_STORED #lobby i1 :Delivered, not stored");
    assert_int_equal(last_state(f, 0), MESSAGE_NOT_STORED);
    /* It turns up in history after all. */
    client_session_load(f->session, 0, true, false, f->now);
    answer(f, "h3", 0, 2);
    assert_rows(f, "[ t0 . t1");
}

static void takes_messages_back(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    feed(f, "@label=h1 BATCH +b chathistory #lobby");
    said(f, "batch=b;", "bob", 0);
    said(f, "batch=b;", "mina", 1);
    feed(f, "@batch=b :bob!u@h REDACT #lobby i0 :oops\nBATCH -b");
    assert_rows(f, "| x t1 .");
    g_string_truncate(f->sent, 0);
    client_session_remove(f->session, "i1", f->now);
    assert_sent(f, "REDACT #lobby i1\n");
    feed(f, ":mina!u@host REDACT #lobby i1\n:mina!u@host REDACT #lobby unknown\nREDACT");
    assert_rows(f, "| x x .");
}

static const struct message *result(struct fixture *f, unsigned i)
{
    GListModel *found = G_LIST_MODEL(client_session_room(f->session)->found);
    g_autoptr(MaruMessage) message = g_list_model_get_item(found, i);
    return maru_message_record(message);
}

static void results(struct fixture *f, const char *label, int from, int to)
{
    g_autofree char *open =
        g_strdup_printf("@label=%s :s.x BATCH +%s soju.im/search", label, label);
    feed(f, open);
    for (int i = from; i < to; i++) {
        g_autofree char *tags = g_strdup_printf("batch=%s;", label);
        said(f, tags, "bob", i);
    }
    g_autofree char *close = g_strdup_printf(":s.x BATCH -%s", label);
    feed(f, close);
}

static void searches(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 0);
    g_string_truncate(f->sent, 0);
    GListModel *found = G_LIST_MODEL(client_session_room(f->session)->found);
    client_session_search(f->session, " from:철수 see  you; ", f->now);
    assert_sent(f, "@label=s2 SEARCH in=#lobby;from=철수;text=see\\syou\\:;limit=50\n");
    assert_int_equal(client_session_search_state(f->session), SEARCH_RUNNING);
    results(f, "s2", 10, 60);
    assert_int_equal(client_session_search_state(f->session), SEARCH_MORE);
    assert_int_equal(g_list_model_get_n_items(found), 50);
    assert_string_equal(result(f, 0)->text, "t59");
    client_session_search_more(f->session, f->now);
    assert_sent(f, "@label=s3 SEARCH in=#lobby;from=철수;text=see\\syou\\:;"
                   "before=2026-01-01T00:10:00.000Z;limit=50\n");
    results(f, "s3", 5, 11);
    assert_int_equal(client_session_search_state(f->session), SEARCH_DONE);
    assert_int_equal(g_list_model_get_n_items(found), 55);
    assert_string_equal(result(f, 54)->text, "t5");
    feed(f, ":bob!u@h REDACT #lobby i5");
    assert_int_equal(g_list_model_get_n_items(found), 54);
    /* The conversation is untouched, and an overtaken answer is not shown. */
    assert_rows(f, "[ .");
    client_session_search(f->session, "a", f->now);
    client_session_search(f->session, "b", f->now);
    results(f, "s4", 0, 5);
    assert_int_equal(client_session_search_state(f->session), SEARCH_RUNNING);
    assert_rows(f, "[ .");
    feed(f, "@label=s5 FAIL SEARCH INTERNAL_ERROR :No");
    assert_int_equal(client_session_search_state(f->session), SEARCH_FAILED);
    client_session_search(f->session, "", f->now);
    assert_int_equal(client_session_search_state(f->session), SEARCH_NONE);
    assert_true(f->n_searches >= 8);
}

static void another_room_has_its_own_past(void **state)
{
    struct fixture *f = *state;
    enter(f, CAPS);
    answer(f, "h1", 0, 2);
    g_string_truncate(f->sent, 0);
    feed(f, ":mina!u@host JOIN #tea");
    assert_sent(f, "PART #lobby\n@label=h2 CHATHISTORY LATEST #tea * 50\n");
    assert_rows(f, "t0 t1 . | .");
    feed(f, "@label=h2 BATCH +b chathistory #tea\nBATCH -b");
    assert_rows(f, "t0 t1 . [ .");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(asks_for_the_latest_and_further_back),
        TEST(does_without_history),
        TEST(fills_the_gap_after_a_return),
        TEST(leaves_a_gap_after_a_long_absence),
        TEST(goes_around_a_message),
        TEST(waits_with_a_goal_for_the_request_under_way),
        TEST(survives_refusals_and_silence),
        TEST(finds_an_empty_room_filled),
        TEST(what_was_under_way_is_not_doubled),
        TEST(not_stored_is_known_by_its_id),
        TEST(takes_messages_back),
        TEST(searches),
        TEST(another_room_has_its_own_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
