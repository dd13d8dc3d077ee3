/* message_list.c and member_list.c: batches, pending messages, order. */
#include "unit.h"

#include "member_list.h"
#include "message_list.h"

struct heard {
    unsigned n_signals;
    unsigned position;
    unsigned removed;
    unsigned added;
    unsigned n_dirty;
    unsigned size; /* what a listener believes from the signals alone */
};

static void on_items_changed(GListModel *model, guint position, guint removed, guint added,
                             gpointer data)
{
    struct heard *heard = data;
    heard->n_signals++;
    heard->position = position;
    heard->removed = removed;
    heard->added = added;
    heard->size += added - removed;
    assert_int_equal(heard->size, g_list_model_get_n_items(model));
}

static void on_dirty(gpointer model, gpointer data)
{
    ((struct heard *)data)->n_dirty++;
}

static void listen_to(gpointer list, struct heard *heard)
{
    *heard = (struct heard){0};
    g_signal_connect(list, "items-changed", G_CALLBACK(on_items_changed), heard);
    g_signal_connect(list, "dirty", G_CALLBACK(on_dirty), heard);
}

static void add(MaruMessageList *list, const char *sender, const char *text, int64_t second,
                const char *label)
{
    struct message row = {
        .kind = MESSAGE_TEXT,
        .state = label != NULL ? MESSAGE_PENDING : MESSAGE_DELIVERED,
        .time_us = second * 1000000,
        .sender = sender,
        .target = "",
        .text = text,
        .label = label,
    };
    maru_message_list_add(list, &row);
}

static void assert_row(MaruMessageList *list, unsigned i, const char *text,
                       enum message_state state)
{
    MaruMessage *message = g_list_model_get_item(G_LIST_MODEL(list), i);
    assert_non_null(message);
    assert_string_equal(maru_message_record(message)->text, text);
    assert_int_equal(maru_message_record(message)->state, state);
    g_object_unref(message);
}

static void a_thousand_rows_are_one_signal(void **state)
{
    MaruMessageList *list = maru_message_list_new(10000);
    struct heard heard;
    listen_to(list, &heard);
    for (int i = 0; i < 1000; i++) {
        add(list, "a", "text", i, NULL);
    }
    assert_int_equal(heard.n_signals, 0);
    assert_int_equal(heard.n_dirty, 1);
    assert_int_equal(g_list_model_get_n_items(G_LIST_MODEL(list)), 0);
    maru_message_list_flush(list);
    assert_int_equal(heard.n_signals, 1);
    assert_int_equal(heard.added, 1000);
    maru_message_list_flush(list);
    assert_int_equal(heard.n_signals, 1);
    add(list, "a", "more", 1001, NULL);
    assert_int_equal(heard.n_dirty, 2);
    maru_message_list_flush(list);
    assert_int_equal(heard.position, 1000);
    assert_int_equal(heard.removed, 0);
    assert_int_equal(heard.added, 1);
    g_object_unref(list);
}

static void an_echo_takes_its_place_among_the_others(void **state)
{
    MaruMessageList *list = maru_message_list_new(100);
    struct heard heard;
    listen_to(list, &heard);
    add(list, "me", "one", 1, "m1");
    add(list, "me", "two", 2, "m2");
    maru_message_list_flush(list);
    add(list, "other", "between", 3, NULL);
    maru_message_list_flush(list);
    assert_row(list, 0, "between", MESSAGE_DELIVERED);
    assert_row(list, 1, "one", MESSAGE_PENDING);
    struct message echo = {.kind = MESSAGE_TEXT,
                           .sender = "me",
                           .target = "",
                           .text = "one",
                           .id = "id1",
                           .own = true};
    assert_true(maru_message_list_confirm(list, "m1", &echo));
    assert_false(maru_message_list_confirm(list, "m1", &echo));
    maru_message_list_flush(list);
    assert_row(list, 1, "one", MESSAGE_DELIVERED);
    assert_row(list, 2, "two", MESSAGE_PENDING);
    assert_true(maru_message_list_not_stored(list, NULL, "id1"));
    assert_false(maru_message_list_not_stored(list, NULL, ""));
    assert_true(maru_message_list_settle(list, "m2", MESSAGE_FAILED, "no"));
    maru_message_list_flush(list);
    assert_row(list, 1, "one", MESSAGE_NOT_STORED);
    assert_row(list, 2, "two", MESSAGE_FAILED);
    g_object_unref(list);
}

static void a_lost_connection_leaves_nothing_pending(void **state)
{
    MaruMessageList *list = maru_message_list_new(100);
    add(list, "me", "one", 1, "m1");
    add(list, "me", "two", 2, "m2");
    maru_message_list_settle_all(list);
    maru_message_list_flush(list);
    assert_row(list, 0, "one", MESSAGE_UNSURE);
    assert_row(list, 1, "two", MESSAGE_UNSURE);
    assert_false(maru_message_list_settle(list, NULL, MESSAGE_FAILED, ""));
    g_object_unref(list);
}

static void consecutive_messages_are_grouped(void **state)
{
    MaruMessageList *list = maru_message_list_new(100);
    add(list, "a", "1", 1000, NULL);
    add(list, "a", "2", 1010, NULL);
    add(list, "b", "3", 1020, NULL);
    add(list, "b", "4", 1020 + 301, NULL);
    add(list, "b", "5", 1020 + 301 + 86400 * 2, NULL);
    maru_message_list_flush(list);
    const bool continued[] = {false, true, false, false, false};
    const bool starts_day[] = {true, false, false, false, true};
    for (unsigned i = 0; i < 5; i++) {
        MaruMessage *message = g_list_model_get_item(G_LIST_MODEL(list), i);
        assert_int_equal(maru_message_is_continued(message), continued[i]);
        assert_int_equal(maru_message_starts_day(message), starts_day[i]);
        g_object_unref(message);
    }
    assert_null(g_list_model_get_item(G_LIST_MODEL(list), 5));
    g_object_unref(list);
}

static void the_oldest_quarter_goes(void **state)
{
    MaruMessageList *list = maru_message_list_new(100);
    struct heard heard;
    listen_to(list, &heard);
    for (int i = 0; i < 101; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        add(list, "a", text, i, NULL);
    }
    maru_message_list_flush(list);
    assert_int_equal(heard.n_signals, 2);
    assert_int_equal(g_list_model_get_n_items(G_LIST_MODEL(list)), 75);
    assert_row(list, 0, "26", MESSAGE_DELIVERED);
    assert_row(list, 74, "100", MESSAGE_DELIVERED);
    assert_string_equal(maru_message_list_last(list)->text, "100");
    g_object_unref(list);
}

static const char *nick_at(MaruMemberList *list, unsigned i)
{
    MaruMember *member = g_list_model_get_item(G_LIST_MODEL(list), i);
    assert_non_null(member);
    g_object_unref(member);
    return maru_member_nick(member);
}

static void members_are_sorted_in_one_batch(void **state)
{
    MaruMemberList *list = maru_member_list_new();
    struct heard heard;
    listen_to(list, &heard);
    maru_member_list_put(list, "zoe", "Zoe", 1u << MEMBER_OPERATOR);
    maru_member_list_put(list, "bob", "bob", 0);
    maru_member_list_put(list, "철수", "철수", 0);
    maru_member_list_put(list, "ann", "Ann", 0);
    assert_int_equal(heard.n_dirty, 1);
    assert_int_equal(maru_member_list_count(list), 4);
    maru_member_list_flush(list);
    assert_int_equal(heard.n_signals, 1);
    assert_string_equal(nick_at(list, 0), "Zoe");
    assert_string_equal(nick_at(list, 1), "Ann");
    assert_string_equal(nick_at(list, 2), "bob");
    assert_string_equal(nick_at(list, 3), "철수");
    assert_true(maru_member_list_remove(list, "bob"));
    assert_false(maru_member_list_remove(list, "bob"));
    maru_member_list_flush(list);
    assert_int_equal(heard.position, 2);
    assert_int_equal(heard.removed, 1);
    assert_int_equal(heard.added, 0);
    g_object_unref(list);
}

static void members_change_names_ranks_and_presence(void **state)
{
    MaruMemberList *list = maru_member_list_new();
    struct heard heard;
    maru_member_list_put(list, "ann", "ann", 0);
    maru_member_list_put(list, "bob", "bob", 0);
    maru_member_list_flush(list);
    listen_to(list, &heard);
    heard.size = 2;
    assert_true(maru_member_list_set_away(list, "ann", true));
    assert_int_equal(heard.n_dirty, 0);
    assert_true(maru_member_list_rename(list, "ann", "zed", "Zed"));
    assert_false(maru_member_list_rename(list, "ann", "x", "x"));
    assert_true(maru_member_list_set_rank(list, "bob", MEMBER_VOICE, true));
    maru_member_list_flush(list);
    assert_int_equal(heard.n_signals, 1);
    assert_string_equal(nick_at(list, 0), "bob");
    MaruMember *zed = g_list_model_get_item(G_LIST_MODEL(list), 1);
    assert_true(maru_member_is_away(zed));
    g_object_unref(zed);
    /* Nothing changes, nothing is told. */
    maru_member_list_put(list, "bob", "bob", 1u << MEMBER_VOICE);
    maru_member_list_flush(list);
    assert_int_equal(heard.n_signals, 1);
    g_object_unref(list);
}

static void completes_names_round_and_round(void **state)
{
    MaruMemberList *list = maru_member_list_new();
    maru_member_list_put(list, "mina", "Mina", 0);
    maru_member_list_put(list, "mira", "mira", 0);
    maru_member_list_put(list, "bob", "bob", 0);
    assert_string_equal(maru_member_list_complete(list, "mi", NULL), "Mina");
    assert_string_equal(maru_member_list_complete(list, "mi", "Mina"), "mira");
    assert_string_equal(maru_member_list_complete(list, "mi", "mira"), "Mina");
    assert_null(maru_member_list_complete(list, "x", NULL));
    g_object_unref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_rows_are_one_signal),
        cmocka_unit_test(an_echo_takes_its_place_among_the_others),
        cmocka_unit_test(a_lost_connection_leaves_nothing_pending),
        cmocka_unit_test(consecutive_messages_are_grouped),
        cmocka_unit_test(the_oldest_quarter_goes),
        cmocka_unit_test(members_are_sorted_in_one_batch),
        cmocka_unit_test(members_change_names_ranks_and_presence),
        cmocka_unit_test(completes_names_round_and_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
