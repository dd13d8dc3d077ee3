/* REDACT, SEARCH, MARKREAD and playback for old clients: what reaches the store, what is refused,
 * what others hear. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>

enum {
    REDACTOR = CAP_MESSAGE_REDACTION | CAP_STANDARD_REPLIES | CAP_ECHO_MESSAGE,
    SEEKER = CAP_SEARCH | CAP_STANDARD_REPLIES,
};

/* The line with the msgid of the last record for <ID>. */
static const char *with_last(const struct fixture *f, const char *format)
{
    static char line[300];
    char msgid[20];
    size_t n = sizeof(msgid);
    msgid[--n] = '\0';
    for (uint64_t seq = f->last_record.seq; seq > 0; seq /= 36) {
        msgid[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[seq % 36];
    }
    msgid[--n] = 'm';
    const char *at = strstr(format, "<ID>");
    snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - format), format, msgid + n, at + 4);
    return line;
}

static void ones_own_words(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", REDACTOR);
    unsigned bob = fixture_register(&f, "bob", CAP_MESSAGE_REDACTION);
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, carol, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :oops");
    char want[200];
    snprintf(want, sizeof(want), "REDACT %llu in room 2 by 1: a slip\nANSWERED 0\n",
             (unsigned long long)f.last_record.seq);
    fixture_forget(&f);
    fixture_line(&f, alice, with_last(&f, "REDACT #A <ID> :a slip"));
    assert_int_equal(f.sessions[alice].result, CORE_AWAIT);
    assert_seen(&f, alice, "");
    fixture_redacted(&f, REDACT_DONE, "a slip");
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    assert_stored(&f, want);
    const char *line = with_last(&f, ":alice!alice@alice.test REDACT #a <ID> :a slip\n");
    assert_seen(&f, alice, line);
    assert_seen(&f, bob, line);
    assert_seen(&f, carol, "");
    fixture_finish(&f);
}

static void whose_words_may_be_taken(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", REDACTOR);
    unsigned bob = fixture_register(&f, "bob", REDACTOR);
    unsigned carol = fixture_register(&f, "carol", REDACTOR);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, bob, "PRIVMSG #a :spam");
    fixture_forget(&f);
    fixture_line(&f, alice, with_last(&f, "REDACT #a <ID>"));
    assert_non_null(strstr(fixture_stored(&f), " in room 2 by 1 as operator: \n"));
    fixture_redacted(&f, REDACT_DONE, "");
    assert_seen(&f, bob, with_last(&f, ":alice!alice@alice.test REDACT #a <ID>\n"));
    fixture_forget(&f);
    fixture_line(&f, bob, with_last(&f, "REDACT #a <ID>"));
    assert_non_null(strstr(fixture_stored(&f), " in room 2 by 2: \n"));
    fixture_redacted(&f, REDACT_FORBIDDEN, "");
    assert_seen(&f, bob,
                with_last(&f, ":maru.local FAIL REDACT REDACT_FORBIDDEN #a <ID> :You are not "
                              "authorised to delete this message\n"));
    fixture_line(&f, bob, with_last(&f, "REDACT #a <ID>"));
    fixture_redacted(&f, REDACT_UNKNOWN, "");
    assert_seen(&f, bob,
                with_last(&f, ":maru.local FAIL REDACT UNKNOWN_MSGID #a <ID> :This message does "
                              "not exist or is too old\n"));
    fixture_line(&f, bob, with_last(&f, "REDACT #a <ID>"));
    fixture_redacted(&f, REDACT_FAILED, "");
    assert_seen(&f, bob,
                with_last(&f, ":maru.local FAIL REDACT INTERNAL_ERROR #a <ID> :The message could "
                              "not be deleted\n"));
    fixture_forget(&f);
    fixture_line(&f, carol, with_last(&f, "REDACT #a <ID>"));
    fixture_line(&f, bob, "REDACT #a x7");
    fixture_line(&f, bob, "REDACT #a");
    assert_stored(&f, "");
    assert_seen(&f, carol,
                ":maru.local FAIL REDACT INVALID_TARGET #a :You cannot delete messages there\n");
    assert_seen(&f, bob,
                ":maru.local FAIL REDACT UNKNOWN_MSGID #a x7 :This message does not exist or is "
                "too old\n"
                ":maru.local 461 bob REDACT :Not enough parameters\n");
    /* What is too old to be read cannot be asked about either. */
    f.settings->history_cutoff_guests = CUTOFF_JOIN;
    fixture_line(&f, bob, "REDACT #a m1");
    assert_stored(&f, "");
    fixture_finish(&f);
}

static void between_two(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice =
        fixture_register(&f, "alice", CAP_MESSAGE_REDACTION | CAP_LABELED_RESPONSE | CAP_BATCH);
    unsigned bob = fixture_register(&f, "bob", REDACTOR);
    fixture_line(&f, alice, "PRIVMSG bob :oops");
    fixture_forget(&f);
    fixture_line(&f, alice, with_last(&f, "@label=L REDACT BOB <ID>"));
    assert_non_null(strstr(fixture_stored(&f), " in users 1 2 by 1: \n"));
    assert_seen(&f, alice, "");
    fixture_redacted(&f, REDACT_DONE, "");
    assert_seen(&f, alice, "@label=L :maru.local ACK\n");
    assert_seen(&f, bob, with_last(&f, ":alice!alice@alice.test REDACT bob <ID>\n"));
    fixture_finish(&f);
}

/* What was taken away is gone, whether who asked for it is still there or not. */
static void the_redactor_has_gone(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", REDACTOR);
    unsigned bob = fixture_register(&f, "bob", REDACTOR);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :oops");
    uint64_t seq = f.last_record.seq;
    fixture_line(&f, alice, with_last(&f, "REDACT #a <ID>"));
    char want[300];
    snprintf(want, sizeof(want), "%s", with_last(&f, ":maru.local REDACT #a <ID>\n"));
    fixture_apply(
        &f,
        &(struct input){.kind = INPUT_CLOSE, .session = f.sessions[alice].id, .text = STR("gone")});
    f.sessions[alice].open = false;
    fixture_forget(&f);
    assert_int_equal(f.redaction.seq, seq);
    fixture_redacted(&f, REDACT_DONE, "");
    assert_seen(&f, bob, want);
    fixture_finish(&f);
}

static void seek(struct fixture *f, unsigned session, const char *line, const char *want)
{
    fixture_line(f, session, line);
    assert_stored(f, want);
    assert_seen(f, session, "");
    fixture_answered(f, session);
}

static void what_is_looked_for(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", SEEKER);
    unsigned bob = fixture_register(&f, "bob", SEEKER);
    fixture_line(&f, alice, "JOIN #a,#b");
    fixture_forget(&f);
    seek(&f, alice, "SEARCH text=hello\\sworld\\:",
         "QUERY SEARCH last 500 for 0, room 2 #a, room 3 #b, direct text=hello world; "
         "for=SEARCH\n");
    seek(&f, alice, "SEARCH in=#A;from=Bob;limit=5",
         "QUERY SEARCH last 5 for 0, room 2 #a from=bob for=SEARCH\n");
    seek(&f, alice, "SEARCH in=BOB;after=2026-11-22T00:00:00.001Z",
         "QUERY SEARCH first 500 for 0 from time 1795305600000, users 1 2 bob for=SEARCH\n");
    seek(&f, alice, "SEARCH before=2026-11-22T00:00:00.001Z",
         "QUERY SEARCH last 500 for 0 to time 1795305600002, room 2 #a, room 3 #b, direct "
         "for=SEARCH\n");
    seek(&f, bob, "SEARCH text=x", "QUERY SEARCH last 500 for 1, direct text=x for=SEARCH\n");
    static const struct {
        const char *line;
        const char *want;
    } refused[] = {
        {"SEARCH", ":maru.local FAIL SEARCH INVALID_PARAMS :Invalid parameters\n"},
        {"SEARCH in=#a;text=x", ":maru.local FAIL SEARCH INVALID_PARAMS in :Invalid parameters\n"},
        {"SEARCH in=nobody", ":maru.local FAIL SEARCH INVALID_PARAMS in :Invalid parameters\n"},
        {"SEARCH after=now", ":maru.local FAIL SEARCH INVALID_PARAMS after :Invalid parameters\n"},
        {"SEARCH limit=x", ":maru.local FAIL SEARCH INVALID_PARAMS limit :Invalid parameters\n"},
        {"SEARCH colour=red",
         ":maru.local FAIL SEARCH INVALID_PARAMS colour :Invalid parameters\n"},
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        fixture_line(&f, bob, refused[i].line);
        assert_seen(&f, bob, refused[i].want);
    }
    assert_stored(&f, "");
    fixture_finish(&f);
}

static void the_last_lines_for_who_cannot_ask(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    unsigned carol = fixture_register(&f, "carol", CAP_CHATHISTORY);
    unsigned dave = fixture_register(&f, "dave", CAP_PLAYBACK);
    /* Nothing was said yet. */
    fixture_line(&f, alice, "JOIN #a,#b");
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    fixture_line(&f, alice, "PRIVMSG #a,#b :x");
    fixture_forget(&f);
    fixture_line(&f, bob, "JOIN #a,#b");
    char want[300];
    unsigned long long second = f.last_record.seq;
    snprintf(want, sizeof(want),
             "RECORD JOIN room 2 by 2: :bob!bob@bob.test JOIN #a * :Real bob\n"
             "QUERY HISTORY last 25 for 1 to seq %llu, room 2 #a, playback\n"
             "RECORD JOIN room 3 by 2: :bob!bob@bob.test JOIN #b * :Real bob\n",
             second - 2);
    assert_stored(&f, want);
    assert_int_equal(f.sessions[bob].result, CORE_AWAIT);
    /* The first room's history comes before the second room's members. */
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, " 366 bob #a "));
    assert_null(strstr(seen, " 366 bob #b "));
    fixture_answered(&f, bob);
    snprintf(want, sizeof(want), "QUERY HISTORY last 25 for 1 to seq %llu, room 3 #b, playback\n",
             second);
    assert_stored(&f, want);
    assert_non_null(strstr(fixture_seen(&f, bob), " 366 bob #b "));
    fixture_answered(&f, bob);
    assert_int_equal(f.sessions[bob].result, CORE_DONE);
    fixture_line(&f, carol, "JOIN #a");
    assert_int_equal(f.sessions[carol].result, CORE_DONE);
    fixture_line(&f, dave, "JOIN #a");
    assert_int_equal(f.sessions[dave].result, CORE_DONE);
    f.settings->history_cutoff_guests = CUTOFF_JOIN;
    fixture_line(&f, bob, "PART #a");
    fixture_line(&f, bob, "JOIN #a");
    assert_int_equal(f.sessions[bob].result, CORE_DONE);
    f.settings->history_cutoff_guests = CUTOFF_NONE;
    f.settings->playback_lines = 0;
    fixture_line(&f, bob, "PART #a");
    fixture_line(&f, bob, "JOIN #a");
    assert_int_equal(f.sessions[bob].result, CORE_DONE);
    fixture_finish(&f);
}

static void a_labelled_join_has_its_batch_around_it(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", CAP_LABELED_RESPONSE | CAP_BATCH);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :x");
    fixture_forget(&f);
    fixture_line(&f, bob, "@label=L JOIN #a");
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, "@label=L :maru.local BATCH +2 labeled-response\n"));
    assert_null(strstr(seen, "BATCH -"));
    fixture_answered(&f, bob);
    assert_seen(&f, bob, ":maru.local BATCH -2\n");
    assert_int_equal(f.sessions[bob].result, CORE_DONE);
    fixture_finish(&f);
}

static void playback_as_znc_has_it(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_PLAYBACK);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a,#b");
    fixture_line(&f, bob, "PRIVMSG alice :hi");
    fixture_line(&f, bob, "QUIT");
    fixture_forget(&f);
    fixture_line(&f, alice, "PRIVMSG *playback :play * 1795305600.5");
    assert_stored(&f, "QUERY HISTORY last 500 for 0 from time 1795305600500, room 2 #a, "
                      "playback\n");
    fixture_answered(&f, alice);
    fixture_answered(&f, alice);
    assert_stored(&f, "QUERY HISTORY last 500 for 0 from time 1795305600500, room 3 #b, playback\n"
                      "QUERY HISTORY last 500 for 0 from time 1795305600500, users 1 2 bob, "
                      "playback\n");
    fixture_answered(&f, alice);
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    fixture_line(&f, alice, "PRIVMSG *Playback :PLAY #B,x 0 1795305600");
    assert_stored(&f, "QUERY HISTORY last 500 for 0 from time 0 to time 1795305600000, room 3 #b, "
                      "playback\n");
    fixture_answered(&f, alice);
    assert_seen(&f, alice, "");
    fixture_line(&f, alice, "PRIVMSG *playback :LIST #*");
    fixture_line(&f, alice, "PRIVMSG *playback :CLEAR #a");
    fixture_line(&f, alice, "PRIVMSG *playback :PLAY * now");
    fixture_line(&f, alice, "PRIVMSG *playback :PLAY");
    fixture_line(&f, alice, "PRIVMSG *playback :help");
#define SAYS(text) ":*playback!playback@maru.local PRIVMSG alice :" text "\n"
    assert_seen(&f, alice,
                SAYS("#a 0 1795305600.000") SAYS("#b 0 1795305600.000")
                    SAYS("History here is everybody's: it cannot be cleared")
                        SAYS("Usage: PLAY <buffers> [from] [to]: times are seconds since 1970")
                            SAYS("Usage: PLAY <buffers> [from] [to]: times are seconds since 1970")
                                SAYS("Commands: PLAY <buffers> [from] [to], LIST [buffers]"));
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, carol, "PRIVMSG *playback :PLAY *");
    assert_seen(&f, carol, ":maru.local 401 carol *playback :No such nick/channel\n");
    assert_stored(&f, "");
    fixture_finish(&f);
}

static void up_to_where_one_has_read(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_READ_MARKER | CAP_STANDARD_REPLIES);
    unsigned bob = fixture_register(&f, "bob", CAP_STANDARD_REPLIES);
    fixture_line(&f, alice, "JOIN #a");
    const char *seen = fixture_seen(&f, alice);
    assert_true(strstr(seen, ":maru.local MARKREAD #a *\n") < strstr(seen, " 366 "));
    assert_non_null(strstr(seen, ":maru.local MARKREAD #a *\n"));
    fixture_line(&f, alice, "MARKREAD #A timestamp=2026-11-21T00:00:00.000Z");
    fixture_line(&f, alice, "MARKREAD #a timestamp=2026-11-20T00:00:00.000Z");
    fixture_line(&f, alice, "MARKREAD #a timestamp=2036-11-20T00:00:00.000Z");
    fixture_line(&f, alice, "MARKREAD #a");
    fixture_line(&f, alice, "MARKREAD bob");
    fixture_line(&f, alice, "MARKREAD");
    fixture_line(&f, alice, "MARKREAD #a *");
    fixture_line(&f, alice, "MARKREAD #b");
    assert_seen(&f, alice,
                ":maru.local MARKREAD #a timestamp=2026-11-21T00:00:00.000Z\n"
                ":maru.local MARKREAD #a timestamp=2026-11-21T00:00:00.000Z\n"
                ":maru.local MARKREAD #a timestamp=2026-11-22T00:00:00.000Z\n"
                ":maru.local MARKREAD #a timestamp=2026-11-22T00:00:00.000Z\n"
                ":maru.local MARKREAD bob *\n"
                ":maru.local FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters\n"
                ":maru.local FAIL MARKREAD INVALID_PARAMS * :Invalid parameters\n"
                ":maru.local MARKREAD #b *\n");
    fixture_line(&f, bob, "MARKREAD alice");
    assert_seen(&f, bob, ":maru.local 421 bob MARKREAD :Unknown command\n");
    fixture_line(&f, alice, "MARKREAD nobody timestamp=2026-11-21T00:00:00.000Z");
    fixture_line(&f, alice, "MARKREAD #b timestamp=2026-11-21T00:00:00.000Z");
    fixture_line(&f, alice, "MARKREAD bob timestamp=2026-11-21T00:00:00.000Z");
    assert_seen(&f, alice,
                ":maru.local FAIL MARKREAD INVALID_PARAMS nobody :Invalid parameters\n"
                ":maru.local FAIL MARKREAD INVALID_PARAMS #b :Invalid parameters\n"
                ":maru.local MARKREAD bob timestamp=2026-11-21T00:00:00.000Z\n");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ones_own_words),
        cmocka_unit_test(whose_words_may_be_taken),
        cmocka_unit_test(between_two),
        cmocka_unit_test(the_redactor_has_gone),
        cmocka_unit_test(what_is_looked_for),
        cmocka_unit_test(the_last_lines_for_who_cannot_ask),
        cmocka_unit_test(a_labelled_join_has_its_batch_around_it),
        cmocka_unit_test(playback_as_znc_has_it),
        cmocka_unit_test(up_to_where_one_has_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
