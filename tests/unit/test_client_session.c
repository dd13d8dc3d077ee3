/* client_session.c and its siblings: fed with a server's lines, asked for rows, members and lines.
 */
#include "unit.h"

#include "client_limits.h"
#include "client_session.h"

#include <glib.h>

/* A session with everything that came out of it. */
struct fixture {
    struct client_session *session;
    GString *sent; /* lines, each with a newline */
    enum client_problem_kind problem;
    char *detail;
    char *announcement;
    unsigned n_attentions;
    struct client_now now;
};

static void on_send(void *owner, struct str line)
{
    struct fixture *f = owner;
    g_string_append_len(f->sent, line.p, (gssize)line.len);
    g_string_append_c(f->sent, '\n');
}

static void on_problem(void *owner, const struct client_problem *problem)
{
    struct fixture *f = owner;
    f->problem = problem->kind;
    g_free(f->detail);
    f->detail = g_strdup(problem->detail);
}

static void on_announcement(void *owner, const char *sender, const char *text)
{
    struct fixture *f = owner;
    g_free(f->announcement);
    f->announcement = g_strdup_printf("%s|%s", sender, text);
}

static void on_attention(void *owner, const char *sender, const char *text)
{
    ((struct fixture *)owner)->n_attentions++;
}

static const struct client_session_events events = {
    .send = on_send,
    .problem = on_problem,
    .announcement = on_announcement,
    .attention = on_attention,
};

static int set_up(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->sent = g_string_new(NULL);
    f->now = (struct client_now){1000000, 1000};
    f->session = client_session_create(&events, f);
    struct client_identity identity = {.nick = "mina", .user = "u", .realname = "Mina"};
    client_session_set_identity(f->session, &identity);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    client_session_destroy(f->session);
    g_string_free(f->sent, TRUE);
    g_free(f->detail);
    g_free(f->announcement);
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

static const struct message *row_from_end(struct fixture *f, unsigned back)
{
    MaruMessageList *list = client_session_room(f->session)->messages;
    maru_message_list_flush(list);
    unsigned n = g_list_model_get_n_items(G_LIST_MODEL(list));
    assert_true(back < n);
    MaruMessage *message = g_list_model_get_item(G_LIST_MODEL(list), n - 1 - back);
    /* Kept alive with the list, so that the caller may look at it. */
    g_object_set_data_full(G_OBJECT(list), "row", message, g_object_unref);
    return maru_message_record(message);
}

static char *member_names(struct fixture *f)
{
    MaruMemberList *list = client_session_room(f->session)->members;
    maru_member_list_flush(list);
    GString *names = g_string_new(NULL);
    for (unsigned i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(list)); i++) {
        MaruMember *member = g_list_model_get_item(G_LIST_MODEL(list), i);
        g_string_append_printf(names, "%s%s%s", i > 0 ? " " : "",
                               maru_member_ranks(member) != 0 ? "@" : "", maru_member_nick(member));
        g_object_unref(member);
    }
    return g_string_free(names, FALSE);
}

static void assert_members(struct fixture *f, const char *expected)
{
    g_autofree char *names = member_names(f);
    assert_string_equal(names, expected);
}

static void begin(struct fixture *f)
{
    client_session_begin(f->session, f->now);
    assert_sent(f, "CAP LS 302\nNICK mina\nUSER u 0 * :Mina\n");
}

static void enter_room(struct fixture *f, const char *caps)
{
    begin(f);
    g_autofree char *ls = g_strdup_printf(":s.x CAP * LS :%s", caps);
    g_autofree char *ack = g_strdup_printf(":s.x CAP mina ACK :%s", caps);
    feed(f, ls);
    feed(f, ack);
    feed(f, ":s.x 001 mina :Welcome\n"
            ":s.x 005 mina PREFIX=(ov)@+ CHANTYPES=# CASEMAPPING=ascii :are supported\n"
            ":s.x 422 mina :No MOTD\n"
            ":mina!u@host JOIN #lobby\n"
            ":s.x 353 mina = #lobby :@mina +bob ann\n"
            ":s.x 366 mina #lobby :End");
    assert_int_equal(client_session_phase(f->session), CLIENT_IN_ROOM);
    g_string_truncate(f->sent, 0);
}

static void negotiates_and_joins(void **state)
{
    struct fixture *f = *state;
    begin(f);
    feed(f, ":s.x CAP * LS * :multi-prefix sasl=PLAIN labeled-response");
    assert_sent(f, "");
    feed(f, ":s.x CAP * LS :echo-message batch message-tags");
    assert_sent(f, "CAP REQ :message-tags echo-message batch labeled-response multi-prefix\n");
    feed(f, ":s.x CAP mina ACK :message-tags echo-message batch labeled-response multi-prefix");
    assert_sent(f, "CAP END\n");
    feed(f, ":s.x 001 mina :Welcome\n:s.x 005 mina maru.chat/LOBBY=#마당 :are\n:s.x 376 mina :End");
    assert_sent(f, "JOIN #마당\n");
    feed(f, ":mina!u@h JOIN #마당");
    assert_string_equal(client_session_room(f->session)->name, "#마당");
}

static void does_without_capabilities(void **state)
{
    struct fixture *f = *state;
    begin(f);
    feed(f, ":s.x CAP * LS :sasl unknown\n:s.x 001 mina :Welcome\n:s.x 422 mina :No MOTD");
    assert_sent(f, "CAP END\nJOIN #lobby\n");
}

static void keeps_the_members_right(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    assert_members(f, "@mina @bob ann");
    feed(f, ":cho!c@h JOIN #lobby");
    assert_members(f, "@mina @bob ann cho");
    feed(f, ":ann!a@h PART #lobby :bye");
    feed(f, ":bob!b@h NICK zed");
    assert_members(f, "@mina @zed cho");
    feed(f, ":s.x MODE #lobby +o-v cho zed");
    assert_members(f, "@cho @mina zed");
    feed(f, ":mina!u@host KICK #lobby zed :rude");
    feed(f, ":cho!c@h QUIT :Ping timeout");
    assert_members(f, "@mina");
    assert_string_equal(row_from_end(f, 0)->text, "cho left (Ping timeout)");
    assert_string_equal(row_from_end(f, 1)->text, "zed was removed by mina (rude)");
    /* Other rooms and strangers change nothing. */
    feed(f, ":x!x@h JOIN #other\n:x!x@h QUIT :gone\n:x!x@h PART #lobby");
    assert_members(f, "@mina");
    assert_string_equal(row_from_end(f, 0)->text, "cho left (Ping timeout)");
}

static void modes_with_parameters_do_not_shift(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    feed(f, ":mina!u@host MODE #lobby +bl-l+o *!*@bad 5 ann");
    assert_members(f, "@ann @mina @bob");
}

static void names_with_hosts_and_many_prefixes(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix userhost-in-names");
    feed(f, ":s.x 353 mina = #lobby :@+dora!d@h 철수!c@h");
    assert_members(f, "@dora @mina @bob ann 철수");
}

static void a_message_is_pending_until_its_echo(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "message-tags echo-message batch labeled-response");
    assert_int_equal(client_session_enter(f->session, "안녕", f->now), CLIENT_ENTRY_DONE);
    assert_sent(f, "@label=m1 PRIVMSG #lobby :안녕\n");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_PENDING);
    feed(f, ":bob!b@h PRIVMSG #lobby :first");
    assert_string_equal(row_from_end(f, 0)->text, "안녕");
    feed(f, "@label=m1;msgid=x1;time=2026-01-02T03:04:05.678Z :mina!u@host PRIVMSG #lobby :안녕");
    const struct message *row = row_from_end(f, 0);
    assert_int_equal(row->state, MESSAGE_DELIVERED);
    assert_true(row->own);
    assert_string_equal(row->id, "x1");
    assert_int_equal(row->time_us, 1767323045678000);
    feed(f, "FAIL PRIVMSG NOT_STORED #lobby x1 :Delivered, not stored");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_NOT_STORED);
}

static void a_refused_message_says_why(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "message-tags echo-message batch labeled-response");
    client_session_enter(f->session, "one", f->now);
    client_session_enter(f->session, "two", f->now);
    feed(f, "@label=m2 :s.x 404 mina #lobby :Cannot send");
    assert_string_equal(row_from_end(f, 0)->text, "one");
    assert_int_equal(row_from_end(f, 1)->state, MESSAGE_FAILED);
    assert_string_equal(row_from_end(f, 1)->note, "Cannot send");
    feed(f, "@label=m1 FAIL PRIVMSG RATE_LIMITED #lobby :Slow down");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_FAILED);
    assert_string_equal(row_from_end(f, 0)->text, "one");
}

static void echoes_in_batches_and_without_labels(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "message-tags echo-message batch labeled-response");
    client_session_enter(f->session, "/msg mina self", f->now);
    feed(f, "@label=m1 :s.x BATCH +b1 labeled-response\n"
            "@batch=b1 :mina!u@host PRIVMSG mina :self\n"
            ":s.x BATCH -b1");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_DELIVERED);
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_DIRECT);
}

static void echo_alone_is_matched_by_text(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "message-tags echo-message");
    client_session_enter(f->session, "hi", f->now);
    assert_sent(f, "PRIVMSG #lobby :hi\n");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_PENDING);
    feed(f, ":mina!u@host PRIVMSG #lobby :hi");
    assert_int_equal(row_from_end(f, 0)->state, MESSAGE_DELIVERED);
    /* The same account elsewhere says something: a row of its own. */
    feed(f, ":mina!u@host PRIVMSG #lobby :from my phone");
    assert_string_equal(row_from_end(f, 0)->text, "from my phone");
    assert_true(row_from_end(f, 0)->own);
}

static void tells_messages_apart(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    feed(f, ":bob!b@h PRIVMSG #lobby :\001ACTION waves\001");
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_ACTION);
    assert_string_equal(row_from_end(f, 0)->text, "waves");
    feed(f, ":bob!b@h PRIVMSG mina :psst");
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_DIRECT);
    assert_int_equal(f->n_attentions, 1);
    feed(f, ":bob!b@h PRIVMSG #lobby :Mina, look");
    assert_true(row_from_end(f, 0)->mentions_me);
    assert_int_equal(f->n_attentions, 2);
    feed(f, ":s.x NOTICE $* :Closing at ten");
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_ANNOUNCEMENT);
    assert_string_equal(f->announcement, "|Closing at ten");
    feed(f, ":bob!b@h NOTICE $s.x :From me");
    assert_string_equal(f->announcement, "bob|From me");
    feed(f, ":s.x NOTICE mina :Quiet words");
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_QUIET);
    feed(f, ":s.x WARN * CODE :Take care");
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_WARNING);
    feed(f, ":bob!b@h PRIVMSG #lobby :\001VERSION\001");
    assert_string_equal(row_from_end(f, 0)->text, "Take care");
}

static void runs_commands(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    client_session_enter(f->session, "/me dances", f->now);
    assert_sent(f, "PRIVMSG #lobby :\001ACTION dances\001\n");
    client_session_enter(f->session, "//home is a folder", f->now);
    assert_sent(f, "PRIVMSG #lobby :/home is a folder\n");
    client_session_enter(f->session, "/nick 미나", f->now);
    assert_sent(f, "NICK 미나\n");
    client_session_enter(f->session, "/topic New things", f->now);
    assert_sent(f, "TOPIC #lobby :New things\n");
    client_session_enter(f->session, "/MSG bob hi there", f->now);
    assert_sent(f, "PRIVMSG bob :hi there\n");
    assert_int_equal(client_session_enter(f->session, "/frobnicate", f->now), CLIENT_ENTRY_KEEP);
    assert_int_equal(row_from_end(f, 0)->kind, MESSAGE_WARNING);
    assert_int_equal(client_session_enter(f->session, "/msg bob", f->now), CLIENT_ENTRY_KEEP);
    assert_int_equal(client_session_enter(f->session, "  ", f->now), CLIENT_ENTRY_DONE);
    assert_sent(f, "");
    assert_int_equal(client_session_enter(f->session, "/quit so long", f->now), CLIENT_ENTRY_QUIT);
    assert_sent(f, "QUIT :so long\n");
}

static void moves_to_another_room(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    client_session_enter(f->session, "/join #tea", f->now);
    feed(f, ":s.x 471 mina #tea :Cannot join (+l)");
    assert_string_equal(client_session_room(f->session)->name, "#lobby");
    assert_members(f, "@mina @bob ann");
    client_session_enter(f->session, "/join #tea", f->now);
    g_string_truncate(f->sent, 0);
    feed(f, ":mina!u@host JOIN #tea\n:s.x 353 mina = #tea :mina\n:mina!u@host PART #lobby");
    assert_sent(f, "PART #lobby\n");
    assert_string_equal(client_session_room(f->session)->name, "#tea");
    assert_members(f, "mina");
    assert_int_equal(client_session_phase(f->session), CLIENT_IN_ROOM);
    feed(f, ":bob!b@h KICK #tea mina :out");
    client_session_rejoin(f->session);
    assert_sent(f, "JOIN #tea\n");
}

static void cuts_long_text_to_fit_the_wire(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 400; i++) {
        g_string_append(text, "가");
    }
    assert_int_equal(client_session_enter(f->session, text->str, f->now), CLIENT_ENTRY_DONE);
    g_auto(GStrv) lines = g_strsplit(f->sent->str, "\n", -1);
    assert_int_equal(g_strv_length(lines), 4);
    size_t total = 0;
    for (char **line = lines; (*line)[0] != '\0'; line++) {
        assert_true(strlen(":mina!u@host ") + strlen(*line) + 2 <= 512);
        assert_true(g_utf8_validate(*line, -1, NULL));
        total += strlen(*line) - strlen("PRIVMSG #lobby :");
    }
    assert_int_equal(total, text->len);
    for (int i = 0; i < 8000; i++) {
        g_string_append(text, "가");
    }
    g_string_truncate(f->sent, 0);
    assert_int_equal(client_session_enter(f->session, text->str, f->now), CLIENT_ENTRY_KEEP);
    assert_sent(f, "");
    g_string_free(text, TRUE);
}

static void expect_problem(struct fixture *f, const char *line, enum client_problem_kind kind)
{
    begin(f);
    f->problem = PROBLEM_NONE;
    feed(f, line);
    assert_int_equal(f->problem, kind);
    client_session_end(f->session, f->now);
}

static void names_every_refusal(void **state)
{
    struct fixture *f = *state;
    expect_problem(f, ":s.x 433 * mina :in use", PROBLEM_NICK_TAKEN);
    expect_problem(f, ":s.x 432 * mina :Erroneous", PROBLEM_NICK_INVALID);
    expect_problem(f, ":s.x 465 * :You are banned", PROBLEM_BANNED);
    expect_problem(f, ":s.x 464 * :Password incorrect", PROBLEM_PASSWORD);
    expect_problem(f, "ERROR :Closing link: (u@h) [Server is full: 200 of 200 clients]",
                   PROBLEM_FULL);
    assert_string_equal(f->detail, "Server is full: 200 of 200 clients");
    expect_problem(f, "ERROR :K-lined", PROBLEM_BANNED);
    expect_problem(f, "ERROR :Go away", PROBLEM_CLOSED);
    expect_problem(f, ":s.x 001 mina :W\n:s.x 422 mina :x\n:s.x 474 mina #lobby :Banned (+b)",
                   PROBLEM_ROOM_REFUSED);
    assert_string_equal(f->detail, "#lobby: Banned (+b)");
    assert_int_equal(client_session_check_nick(""), PROBLEM_NICK_EMPTY);
    assert_int_equal(client_session_check_nick("a b"), PROBLEM_NICK_INVALID);
    assert_int_equal(client_session_check_nick("철수"), PROBLEM_NONE);
}

static void comes_back_after_a_lost_connection(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "message-tags echo-message batch labeled-response");
    client_session_enter(f->session, "half said", f->now);
    client_session_end(f->session, f->now);
    assert_string_equal(row_from_end(f, 0)->text, "The connection was lost.");
    assert_int_equal(row_from_end(f, 1)->state, MESSAGE_UNSURE);
    assert_members(f, "");
    assert_int_equal(client_session_enter(f->session, "typed", f->now), CLIENT_ENTRY_KEEP);
    g_string_truncate(f->sent, 0);
    begin(f);
    /* The server still holds the lost connection under the name. */
    feed(f, ":s.x 433 * mina :in use");
    assert_int_equal(f->problem, PROBLEM_NONE);
    assert_sent(f, "NICK mina_\n");
    feed(f, ":s.x 001 mina_ :W\n:s.x 422 mina_ :x\n:mina_!u@h JOIN #lobby\n"
            ":s.x 353 mina_ = #lobby :mina mina_");
    g_string_truncate(f->sent, 0);
    feed(f, ":mina!u@h QUIT :Ping timeout");
    assert_sent(f, "NICK mina\n");
    feed(f, ":mina_!u@h NICK mina");
    assert_string_equal(client_session_nick(f->session), "mina");
    assert_members(f, "mina");
}

static void is_removed_and_joins_again(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    feed(f, ":bob!b@h KICK #lobby mina :enough");
    assert_int_equal(client_session_phase(f->session), CLIENT_OUTSIDE);
    assert_members(f, "");
    assert_int_equal(client_session_enter(f->session, "hello?", f->now), CLIENT_ENTRY_KEEP);
    f->now.mono_ms += CLIENT_REGISTER_WITHIN_MS * 10;
    feed(f, "PING :x");
    g_string_truncate(f->sent, 0);
    client_session_rejoin(f->session);
    assert_sent(f, "JOIN #lobby\n");
    assert_true(client_session_tick(f->session, f->now));
    feed(f, ":s.x 474 mina #lobby :Cannot join (+b)");
    assert_int_equal(f->problem, PROBLEM_NONE);
    assert_int_equal(client_session_phase(f->session), CLIENT_OUTSIDE);
    assert_string_equal(row_from_end(f, 0)->text, "#lobby: Cannot join (+b)");
    client_session_rejoin(f->session);
    feed(f, ":mina!u@host JOIN #lobby");
    assert_int_equal(client_session_phase(f->session), CLIENT_IN_ROOM);
    feed(f, ":op!o@h KILL mina :bad\nERROR :Closing link");
    assert_int_equal(f->problem, PROBLEM_REMOVED);
}

static void tells_a_restart_from_a_removal(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    feed(f, "ERROR :Closing link: (u@shutdown.example) [too loud]");
    assert_int_equal(f->problem, PROBLEM_REMOVED);
    client_session_end(f->session, f->now);
    assert_string_equal(row_from_end(f, 0)->text, "The server closed the connection: too loud");
    g_string_truncate(f->sent, 0);
    enter_room(f, "multi-prefix");
    feed(f, "ERROR :Closing link: (maru.local) [Server is shutting down]");
    assert_int_equal(f->problem, PROBLEM_CLOSED);
}

static void notices_a_dead_link(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    f->now.mono_ms += CLIENT_PING_AFTER_MS - 1;
    assert_true(client_session_tick(f->session, f->now));
    assert_sent(f, "");
    f->now.mono_ms += 1;
    assert_true(client_session_tick(f->session, f->now));
    assert_sent(f, "PING :31000\n");
    feed(f, ":s.x PONG s.x :31000");
    f->now.mono_ms += CLIENT_PING_AFTER_MS;
    assert_true(client_session_tick(f->session, f->now));
    f->now.mono_ms += CLIENT_PONG_WITHIN_MS;
    assert_false(client_session_tick(f->session, f->now));
}

static void answers_pings_and_survives_rubbish(void **state)
{
    struct fixture *f = *state;
    enter_room(f, "multi-prefix");
    feed(f, "PING :abc def");
    assert_sent(f, "PONG :abc def\n");
    feed(f, ":s.x\n@\nJOIN\nPART\nQUIT\nKICK\nNICK\nMODE\n353\nTOPIC\nCAP\nBATCH\nFAIL\nNOTICE\n"
            "PRIVMSG\nAWAY\nINVITE\nERROR\n001\n005\n433\n:\n:a!b@c PRIVMSG\nPING\nKILL");
    client_session_line(f->session, STR(":bob!b@h PRIVMSG #lobby :\xff\xfe"), f->now);
    assert_string_equal(row_from_end(f, 0)->text, "\xef\xbf\xbd\xef\xbf\xbd");
    assert_int_equal(client_session_phase(f->session), CLIENT_IN_ROOM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(negotiates_and_joins),
        TEST(does_without_capabilities),
        TEST(keeps_the_members_right),
        TEST(modes_with_parameters_do_not_shift),
        TEST(names_with_hosts_and_many_prefixes),
        TEST(a_message_is_pending_until_its_echo),
        TEST(a_refused_message_says_why),
        TEST(echoes_in_batches_and_without_labels),
        TEST(echo_alone_is_matched_by_text),
        TEST(tells_messages_apart),
        TEST(runs_commands),
        TEST(moves_to_another_room),
        TEST(cuts_long_text_to_fit_the_wire),
        TEST(names_every_refusal),
        TEST(comes_back_after_a_lost_connection),
        TEST(is_removed_and_joins_again),
        TEST(tells_a_restart_from_a_removal),
        TEST(notices_a_dead_link),
        TEST(answers_pings_and_survives_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
