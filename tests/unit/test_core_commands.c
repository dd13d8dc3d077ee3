/* The core's commands, line by line, through the fixture that plays the edge. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"
#include "settings.h"

static void two_people_talk(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "철수", CAP_ECHO_MESSAGE);
    fixture_line(&f, alice, "JOIN #room");
    assert_seen(&f, alice,
                ":alice!alice@alice.test JOIN #room\n"
                ":maru.local 353 alice = #room :@alice\n"
                ":maru.local 366 alice #room :End of /NAMES list\n");
    fixture_line(&f, bob, "join #Room");
    fixture_forget(&f);
    fixture_line(&f, bob, "PRIVMSG #ROOM :안녕");
    assert_seen(&f, alice, ":철수!철수@철수.test PRIVMSG #room :안녕\n");
    assert_seen(&f, bob, ":철수!철수@철수.test PRIVMSG #room :안녕\n");
    fixture_finish(&f);
}

static void refused_lines_are_answered(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_STANDARD_REPLIES);
    unsigned bob = fixture_register(&f, "bob", 0);
    struct input input = {.kind = INPUT_REJECT, .session = f.sessions[alice].id};
    input.reject.why = REJECT_TOO_LONG;
    assert_int_equal(fixture_apply(&f, &input), CORE_DONE);
    input.reject.why = REJECT_INVALID_UTF8;
    fixture_apply(&f, &input);
    input.reject.why = REJECT_MALFORMED;
    fixture_apply(&f, &input);
    assert_seen(&f, alice,
                ":maru.local 417 alice :Input line was too long\n"
                ":maru.local FAIL * INVALID_UTF8 :Message rejected, it is not UTF-8\n"
                ":maru.local 421 alice * :Not a valid line\n");
    input.session = f.sessions[bob].id;
    input.reject.why = REJECT_INVALID_UTF8;
    fixture_apply(&f, &input);
    assert_seen(&f, bob, ":maru.local FAIL * INVALID_UTF8 :Message rejected, it is not UTF-8\n");
    /* It waits its turn behind a password that is being checked. */
    fixture_line(&f, bob, "OPER root x");
    assert_int_equal(fixture_apply(&f, &input), CORE_LATER);
    fixture_verdict(&f, false);
    fixture_forget(&f);
    /* A session that is gone gets nothing. */
    fixture_line(&f, bob, "QUIT");
    fixture_forget(&f);
    assert_int_equal(fixture_apply(&f, &input), CORE_DONE);
    fixture_line(&f, bob, "PING x");
    assert_seen(&f, bob, "");
    fixture_finish(&f);
}

static void joins_are_refused_with_reasons(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "MODE #a +kl key 1");
    fixture_line(&f, alice, "JOIN #ра");
    fixture_forget(&f);
    f.settings->rooms_per_user = 2;
    f.settings->channel_len = 12;
    fixture_line(&f, bob,
                 "JOIN #a,room,#a\x02"
                 "c,#1234567890123,,#pa wrong");
    assert_seen(&f, bob,
                ":maru.local 475 bob #a :Cannot join channel (+k)\n"
                ":maru.local 403 bob room :No such channel\n"
                ":maru.local 476 bob #a\x02"
                "c :Cannot make this room: The name has a character "
                "that names cannot have\n"
                ":maru.local 476 bob #1234567890123 :Cannot make this room: the name is too long\n"
                ":maru.local 403 bob * :No such channel\n"
                ":maru.local 476 bob #pa :Cannot make this room: the name looks like that of "
                "another room\n");
    fixture_line(&f, bob, "JOIN #a key");
    assert_seen(&f, bob, ":maru.local 471 bob #a :Cannot join channel (+l)\n");
    fixture_line(&f, bob, "JOIN #1,#2,#3");
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, ":maru.local 405 bob #3 :You have joined too many channels\n"));
    fixture_finish(&f);
}

static void nicknames_are_refused_with_reasons(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_register(&f, "bob", 0);
    fixture_register(&f, "ра", 0);
    f.settings->nick_len = 6;
    static const char *const lines[][2] = {
        {"NICK", ":maru.local 431 alice :No nickname given\n"},
        {"NICK :", ":maru.local 431 alice :No nickname given\n"},
        {"NICK BOB", ":maru.local 433 alice BOB :Nickname is already in use\n"},
        {"NICK pa", ":maru.local 433 alice pa :Nickname looks like another that is in use\n"},
        {"NICK abcdefg",
         ":maru.local 432 alice abcdefg :Erroneous nickname: at most 6 bytes are permitted\n"},
    };
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        fixture_line(&f, alice, lines[i][0]);
        assert_seen(&f, alice, lines[i][1]);
    }
    fixture_finish(&f);
}

static void targets_of_messages(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", CAP_MESSAGE_TAGS);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, alice, "MODE #a +m");
    fixture_forget(&f);
    fixture_line(&f, bob, "PRIVMSG #a,,nobody,@#a,#none,alice :x");
    assert_seen(&f, bob,
                ":maru.local 404 bob #a :Cannot send to channel: only voiced members may speak "
                "(+m)\n"
                ":maru.local 401 bob nobody :No such nick/channel\n"
                ":maru.local 404 bob #a :Cannot send to channel: only voiced members may speak "
                "(+m)\n"
                ":maru.local 407 bob #none :Too many targets\n");
    fixture_line(&f, bob, "NOTICE #a,,nobody,@#a,#none,alice :x");
    fixture_line(&f, bob, "PRIVMSG");
    fixture_line(&f, bob, "PRIVMSG alice");
    fixture_line(&f, bob, "PRIVMSG alice :");
    fixture_line(&f, bob, "NOTICE alice :");
    fixture_line(&f, alice, "TAGMSG bob");
    assert_seen(&f, bob,
                ":maru.local 411 bob :No recipient given (PRIVMSG)\n"
                ":maru.local 412 bob :No text to send\n"
                ":maru.local 412 bob :No text to send\n");
    assert_seen(&f, alice, ":maru.local 421 alice TAGMSG :Unknown command\n");
    /* "@#a" is for those who run the room, "+#a" also for who has a voice. */
    fixture_line(&f, alice, "MODE #a +v bob");
    fixture_forget(&f);
    fixture_line(&f, alice, "PRIVMSG @#A :ops");
    fixture_line(&f, alice, "PRIVMSG +#A :voices");
    assert_seen(&f, bob, "@msgid=ma :alice!alice@alice.test PRIVMSG +#a :voices\n");
    /* What folds to nothing is nobody. */
    f.fold_nothing = true;
    fixture_line(&f, alice, "PRIVMSG @#a :x");
    fixture_line(&f, alice, "PRIVMSG bob :x");
    assert_seen(&f, alice,
                ":maru.local 401 alice @#a :No such nick/channel\n"
                ":maru.local 401 alice bob :No such nick/channel\n");
    fixture_finish(&f);
}

static void tags_are_passed_on_within_bounds(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_MESSAGE_TAGS);
    unsigned bob = fixture_register(&f, "bob", CAP_MESSAGE_TAGS);
    fixture_line(&f, alice, "@+a=\\s\\:x;b=c;+d;+!=e;msgid=forged;+f=\\q TAGMSG bob");
    assert_seen(&f, bob, "@msgid=m3;+a=\\s\\:x;+d;+f=q :alice!alice@alice.test TAGMSG bob\n");
    struct buf line = {0};
    buf_add_char(&line, '@');
    for (int i = 0; i < 450; i++) {
        buf_printf(&line, "+long%03d=12;", i);
    }
    buf_add_cstr(&line, "x TAGMSG bob");
    buf_add_char(&line, '\0');
    fixture_line(&f, alice, line.p);
    buf_finish(&line);
    const char *seen = fixture_seen(&f, bob);
    assert_in_range(strlen(seen), 4000, 4094 + 60);
    assert_non_null(strstr(seen, "=12 :alice!alice@alice.test TAGMSG bob\n"));
    fixture_finish(&f);
}

static void the_lobby_may_move(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    struct input roster = {.kind = INPUT_ROSTER, .session = f.sessions[alice].id};
    fixture_line(&f, alice, "JOIN #lobby");
    fixture_apply(&f, &roster);
    fixture_forget(&f);
    /* Somebody is in the old one: it stays while that is so. */
    settings_set(&f.settings->lobby, "#마당");
    settings_seal(f.settings);
    struct input input = {.kind = INPUT_SETTINGS, .settings = f.settings};
    fixture_apply(&f, &input);
    assert_int_equal(core_totals(f.core).rooms, 2);
    fixture_line(&f, alice, "PART #lobby");
    assert_int_equal(core_totals(f.core).rooms, 1);
    settings_set(&f.settings->lobby, "#lobby");
    settings_seal(f.settings);
    fixture_apply(&f, &input);
    assert_int_equal(core_totals(f.core).rooms, 1);
    fixture_forget(&f);
    fixture_line(&f, alice, "JOIN #LOBBY");
    fixture_line(&f, alice, "PART #lobby");
    assert_seen(&f, alice,
                ":alice!alice@alice.test JOIN #lobby\n"
                ":maru.local 353 alice = #lobby :alice\n"
                ":maru.local 366 alice #lobby :End of /NAMES list\n"
                ":alice!alice@alice.test PART #lobby\n");
    fixture_apply(&f, &roster);
    fixture_finish(&f);
}

static void a_full_server_refuses(void **state)
{
    struct fixture f;
    fixture_init(&f);
    f.settings->clients_max = 1;
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    assert_seen(&f, bob, "ERROR :Closing link: (bob@bob.test) [Server is full: 1 of 1 clients]\n");
    fixture_line(&f, alice, "PING x");
    assert_seen(&f, alice, ":maru.local PONG maru.local :x\n");
    f.settings->clients_max = 3;
    unsigned other = fixture_register(&f, "Alice", 0);
    assert_seen(&f, other, ":maru.local 433 * Alice :Nickname is already in use\n");
    assert_int_equal(core_totals(f.core).users, 1);
    fixture_finish(&f);
}

static void part_and_leave_all(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a,#b,#c");
    fixture_line(&f, bob, "JOIN #a");
    fixture_forget(&f);
    f.settings->kick_len = 5;
    fixture_line(&f, alice, "PART #A,#none,,#a :안녕");
    assert_seen(&f, alice,
                ":alice!alice@alice.test PART #a :안\n"
                ":maru.local 403 alice #none :No such channel\n"
                ":maru.local 403 alice * :No such channel\n"
                ":maru.local 442 alice #a :You're not on that channel\n");
    assert_seen(&f, bob, ":alice!alice@alice.test PART #a :안\n");
    fixture_line(&f, alice, "JOIN 0");
    assert_seen(&f, alice, ":alice!alice@alice.test PART #c\n:alice!alice@alice.test PART #b\n");
    assert_int_equal(core_totals(f.core).rooms, 2);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_talk),
        cmocka_unit_test(refused_lines_are_answered),
        cmocka_unit_test(joins_are_refused_with_reasons),
        cmocka_unit_test(nicknames_are_refused_with_reasons),
        cmocka_unit_test(targets_of_messages),
        cmocka_unit_test(tags_are_passed_on_within_bounds),
        cmocka_unit_test(the_lobby_may_move),
        cmocka_unit_test(a_full_server_refuses),
        cmocka_unit_test(part_and_leave_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
