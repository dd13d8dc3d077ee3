/* What the server says of itself, and what its operators do: through the fixture. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"
#include "settings.h"

#include <limits.h>
#include <stdlib.h>

static void answers(struct fixture *f, unsigned who, const char *line, const char *want)
{
    fixture_line(f, who, line);
    assert_seen(f, who, want);
}

static void welcome(void **state)
{
    struct fixture f;
    fixture_init(&f);
    f.keep_welcome = true;
    settings_set(&f.settings->motd, "어서 오세요\r\n\n:-)\n");
    unsigned alice = fixture_register(&f, "alice", 0);
    struct str rest = str_from(fixture_seen(&f, alice));
    struct buf numerics = {0};
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        assert_true(line.len <= 510);
        buf_add(&numerics, line.p + sizeof(":maru.local ") - 1, 4);
    }
    buf_add_char(&numerics, '\0');
    assert_string_equal(numerics.p, "001 002 003 004 005 005 005 251 252 254 255 265 266 "
                                    "375 372 372 372 376 ");
    buf_finish(&numerics);
    answers(&f, alice, "MOTD",
            ":maru.local 375 alice :- maru.local Message of the day - \n"
            ":maru.local 372 alice :- 어서 오세요\n"
            ":maru.local 372 alice :- \n"
            ":maru.local 372 alice :- :-)\n"
            ":maru.local 376 alice :End of /MOTD command.\n");
    fixture_finish(&f);
}

static void questions_to_the_server(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    answers(&f, alice, "MOTD", ":maru.local 422 alice :MOTD File is missing\n");
    settings_set(&f.settings->admin[0], "교실 3");
    settings_set(&f.settings->admin[2], "root@example.org");
    answers(&f, alice, "ADMIN *.LOCAL",
            ":maru.local 256 alice maru.local :Administrative info\n"
            ":maru.local 257 alice :교실 3\n"
            ":maru.local 259 alice :root@example.org\n");
    f.now_ms += 90061001;
    answers(&f, alice, "TIME alice",
            ":maru.local 391 alice maru.local 1795395661 0 :2026-11-23T01:01:01.001Z\n");
    answers(&f, alice, "STATS u",
            ":maru.local 242 alice :Server Up 1 days 1:01:01\n"
            ":maru.local 219 alice u :End of /STATS report\n");
    answers(&f, alice, "STATS m",
            ":maru.local 212 alice ADMIN 1\n"
            ":maru.local 212 alice MOTD 1\n"
            ":maru.local 212 alice STATS 2\n"
            ":maru.local 212 alice TIME 1\n"
            ":maru.local 219 alice m :End of /STATS report\n");
    answers(&f, alice, "STATS o",
            ":maru.local 481 alice :Permission Denied- You're not an IRC operator\n"
            ":maru.local 219 alice o :End of /STATS report\n");
    answers(&f, alice, "STATS", ":maru.local 461 alice STATS :Not enough parameters\n");
    answers(&f, alice, "STATS 한", ":maru.local 219 alice 한 :End of /STATS report\n");
    answers(&f, alice, "LINKS",
            ":maru.local 364 alice maru.local maru.local :0 A room where everybody gathers\n"
            ":maru.local 365 alice * :End of /LINKS list.\n");
    answers(&f, alice, "LINKS *.org", ":maru.local 365 alice *.org :End of /LINKS list.\n");
    answers(&f, alice, "LUSERS",
            ":maru.local 251 alice :There are 1 users and 0 invisible on 1 servers\n"
            ":maru.local 252 alice 0 :operator(s) online\n"
            ":maru.local 254 alice 1 :channels formed\n"
            ":maru.local 255 alice :I have 1 clients and 1 servers\n"
            ":maru.local 265 alice 1 1 :Current local users 1, max 1\n"
            ":maru.local 266 alice 1 1 :Current global users 1, max 1\n");
    static const char *const lines[] = {"MOTD x.org", "VERSION x.org", "ADMIN x.org",  "TIME x.org",
                                        "INFO x.org", "LINKS x.org *", "STATS u x.org"};
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        answers(&f, alice, lines[i], ":maru.local 402 alice x.org :No such server\n");
    }
    fixture_line(&f, alice, "VERSION");
    assert_non_null(strstr(fixture_seen(&f, alice),
                           " 351 alice maru maru.local :A room where everybody gathers\n"));
    fixture_line(&f, alice, "INFO");
    assert_non_null(strstr(fixture_seen(&f, alice), " 374 alice :End of INFO list\n"));
    answers(&f, alice, "NONSENSE", ":maru.local 421 alice NONSENSE :Unknown command\n");
    fixture_finish(&f);
}

static void every_command_has_help(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        struct str name = verb_by_id((enum verb_id)i)->name;
        if (str_eq(name, STR("ERROR"))) {
            continue; /* Nobody sends it. */
        }
        struct buf line = {0};
        struct buf start = {0};
        struct buf end = {0};
        buf_printf(&line, "HELP " STR_FMT "%c", STR_ARG(name), 0);
        buf_printf(&start, ":maru.local 704 alice " STR_FMT " :" STR_FMT "%c", STR_ARG(name),
                   STR_ARG(name), 0);
        buf_printf(&end, ":maru.local 706 alice " STR_FMT " :%c", STR_ARG(name), 0);
        fixture_line(&f, alice, line.p);
        const char *seen = fixture_seen(&f, alice);
        if (strncmp(seen, start.p, strlen(start.p)) != 0 || strstr(seen, end.p) == NULL) {
            fail_msg("%s: %s", line.p, seen);
        }
        buf_finish(&line);
        buf_finish(&start);
        buf_finish(&end);
    }
    fixture_line(&f, alice, "HELPOP");
    struct str rest = str_from(fixture_seen(&f, alice));
    assert_true(str_starts(rest, STR(":maru.local 704 alice * :Welcome!")));
    fixture_line(&f, alice, "HELP commands");
    assert_non_null(strstr(fixture_seen(&f, alice), "TOPIC"));
    answers(&f, alice, "HELP :unknown subject",
            ":maru.local 524 alice unknown :No help available on this topic. HELP alone lists what "
            "there is\n");
    fixture_finish(&f);
}

static void oper(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "OPER nobody :some words");
    assert_int_equal(f.operator_index, UINT_MAX);
    assert_int_equal(f.sessions[alice].result, CORE_AWAIT);
    assert_seen(&f, alice, "");
    fixture_line_piece(&f, alice, "PING x");
    assert_int_equal(f.sessions[alice].result, CORE_LATER);
    fixture_verdict(&f, false);
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    assert_seen(&f, alice, ":maru.local 464 alice :Password incorrect\n");
    fixture_line(&f, alice, "OPER admin secret");
    assert_int_equal(f.operator_index, 1);
    buf_add_char(&f.effects, '\0');
    assert_string_equal(f.effects.p, "VERIFY 0 some words\nVERIFY 0 secret\n");
    buf_clear(&f.effects);
    fixture_verdict(&f, false);
    assert_seen(&f, alice, ":maru.local 464 alice :Password incorrect\n");
    fixture_line(&f, alice, "OPER admin secret");
    fixture_verdict(&f, true);
    assert_seen(&f, alice,
                ":maru.local 381 alice :You are now an IRC operator\n"
                ":maru.local MODE alice :+ow\n");
    fixture_line(&f, alice, "OPER admin secret");
    fixture_verdict(&f, true);
    assert_seen(&f, alice, ":maru.local 381 alice :You are now an IRC operator\n");
    assert_int_equal(core_totals(f.core).operators, 1);
    answers(&f, alice, "STATS o",
            ":maru.local 243 alice O *@* * root\n"
            ":maru.local 243 alice O *@* * admin\n"
            ":maru.local 219 alice o :End of /STATS report\n");
    answers(&f, alice, "OPER admin", ":maru.local 461 alice OPER :Not enough parameters\n");
    fixture_finish(&f);
}

static void a_verdict_that_comes_too_late(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    /* Even a verdict that says yes makes no operator of a name that is not there. */
    fixture_line(&f, alice, "OPER nobody x");
    fixture_verdict(&f, true);
    assert_seen(&f, alice, ":maru.local 464 alice :Password incorrect\n");
    /* The session is gone meanwhile. */
    fixture_line(&f, alice, "OPER root x");
    fixture_apply(&f, &(struct input){.kind = INPUT_CLOSE, .session = f.sessions[alice].id});
    fixture_verdict(&f, true);
    assert_int_equal(core_totals(f.core).operators, 0);
    fixture_finish(&f);
}

static void operators_only(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    static const char *const lines[] = {"KILL bob :x", "WALLOPS :x", "REHASH", "ANNOUNCE :x",
                                        "PRIVMSG $* :x"};
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        answers(&f, alice, lines[i],
                ":maru.local 481 alice :Permission Denied- You're not an IRC operator\n");
    }
    assert_seen(&f, bob, "");
    assert_int_equal(f.effects.len, 0);
    fixture_finish(&f);
}

static void words_to_many(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, bob, "MODE bob +w");
    fixture_make_operator(&f, alice);
    fixture_line(&f, alice, "WALLOPS hello you");
    assert_seen(&f, alice, ":alice!alice@alice.test WALLOPS :hello you\n");
    assert_seen(&f, bob, ":alice!alice@alice.test WALLOPS :hello you\n");
    assert_seen(&f, carol, "");
    fixture_line(&f, alice, "ANNOUNCE 곧 다시 시작합니다");
    assert_seen(&f, carol, ":alice!alice@alice.test NOTICE $* :곧 다시 시작합니다\n");
    fixture_forget(&f);
    answers(&f, alice, "ANNOUNCE :", ":maru.local 461 alice ANNOUNCE :Not enough parameters\n");
    answers(&f, alice, "WALLOPS :", ":maru.local 461 alice WALLOPS :Not enough parameters\n");
    answers(&f, alice, "REHASH", ":maru.local 382 alice marud.conf :Rehashing\n");
    buf_add_char(&f.effects, '\0');
    assert_string_equal(f.effects.p, "REHASH 0\n");
    fixture_finish(&f);
}

static void kill_ends_a_user(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, carol, "JOIN #a");
    fixture_make_operator(&f, alice);
    answers(&f, alice, "KILL nobody :x", ":maru.local 401 alice nobody :No such nick/channel\n");
    answers(&f, alice, "KILL maru.local :x", ":maru.local 483 alice :You cant kill a server!\n");
    fixture_line(&f, alice, "KILL BOB :그만");
    assert_seen(&f, bob,
                ":alice!alice@alice.test KILL bob :그만\n"
                "ERROR :Closing link: (bob!bob@bob.test) [Killed (alice (그만))]\n");
    assert_seen(&f, carol, ":bob!bob@bob.test QUIT :Killed (alice (그만))\n");
    answers(&f, alice, "ISON bob", ":maru.local 303 alice :\n");
    f.settings->kick_len = 30;
    fixture_line(&f, alice, "KILL carol :안녕히 가세요 여러분");
    assert_seen(&f, carol,
                ":alice!alice@alice.test KILL carol :안녕히 \n"
                "ERROR :Closing link: (carol!carol@carol.test) [Killed (alice (안녕히 ))]\n");
    /* Nothing of the killer may be touched once it is gone. */
    fixture_line(&f, alice, "KILL alice");
    assert_seen(&f, alice,
                ":alice!alice@alice.test KILL alice :No reason gi\n"
                "ERROR :Closing link: (alice!alice@alice.test) [Killed (alice (No reason gi))]\n");
    assert_int_equal(core_totals(f.core).users, 0);
    assert_int_equal(core_totals(f.core).operators, 0);
    fixture_finish(&f);
}

static void text_from_outside_stays_one_line(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_forget(&f);
    fixture_apply(&f, &(struct input){.kind = INPUT_ANNOUNCE, .text = STR("one\r\nQUIT\0two")});
    assert_seen(&f, alice, ":maru.local NOTICE $* :one  QUIT two\n");
    fixture_forget(&f);
    struct input kick = {.kind = INPUT_KICK};
    kick.kick.nick_folded = STR("bob");
    kick.kick.reason = STR("out\nNICK x");
    fixture_apply(&f, &kick);
    assert_seen(&f, alice, ":bob!bob@bob.test QUIT :out NICK x\n");
    assert_seen(&f, bob, "ERROR :Closing link: (bob!bob@bob.test) [out NICK x]\n");
    fixture_finish(&f);
}

static void capabilities_later(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    answers(&f, alice, "CAP LIST", ":maru.local CAP alice LIST :\n");
    answers(&f, alice, "CAP REQ :echo-message multi-prefix",
            ":maru.local CAP alice ACK :echo-message multi-prefix\n");
    assert_int_equal(f.sessions[alice].caps, CAP_ECHO_MESSAGE | CAP_MULTI_PREFIX);
    answers(&f, alice, "PRIVMSG alice :x",
            ":alice!alice@alice.test PRIVMSG alice :x\n:alice!alice@alice.test PRIVMSG alice :x\n");
    answers(&f, alice, "cap req :-echo-message none",
            ":maru.local CAP alice NAK :-echo-message none\n");
    answers(&f, alice, "CAP REQ batch -echo-message",
            ":maru.local CAP alice ACK :batch -echo-message\n");
    answers(&f, alice, "CAP LIST", ":maru.local CAP alice LIST :batch multi-prefix\n");
    fixture_line(&f, alice, "CAP LS 302");
    assert_non_null(strstr(fixture_seen(&f, alice), " labeled-response "));
    assert_true((f.sessions[alice].caps & CAP_CAP_NOTIFY) != 0);
    answers(&f, alice, "CAP REQ -cap-notify", ":maru.local CAP alice NAK :-cap-notify\n");
    answers(&f, alice, "CAP END", "");
    answers(&f, alice, "CAP FOO", ":maru.local 410 alice FOO :Invalid CAP command\n");
    answers(&f, alice, "CAP :", ":maru.local 410 alice * :Invalid CAP command\n");
    answers(&f, alice, "CAP REQ", ":maru.local CAP alice ACK :\n");
    answers(&f, alice, "PASS x", ":maru.local 462 alice :You may not reregister\n");
    answers(&f, alice, "USER a 0 * :b", ":maru.local 462 alice :You may not reregister\n");
    fixture_finish(&f);
}

static void long_lists_of_capabilities(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    struct buf line = {0};
    buf_add_cstr(&line, "CAP REQ :batch");
    for (int i = 0; i < 80; i++) {
        buf_add_cstr(&line, " batch");
    }
    buf_add_char(&line, '\0');
    fixture_line(&f, alice, line.p);
    buf_finish(&line);
    struct str rest = str_from(fixture_seen(&f, alice));
    unsigned lines = 0;
    size_t words = 0;
    while (rest.len > 0) {
        struct str one = str_split(&rest, '\n');
        assert_true(one.len <= 510);
        assert_true(str_starts(one, STR(":maru.local CAP alice ACK :batch")));
        words += (one.len - sizeof(":maru.local CAP alice ACK :") + 2) / 6;
        lines++;
    }
    assert_int_equal(lines, 2);
    assert_int_equal(words, 81);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(welcome),
        cmocka_unit_test(questions_to_the_server),
        cmocka_unit_test(every_command_has_help),
        cmocka_unit_test(oper),
        cmocka_unit_test(a_verdict_that_comes_too_late),
        cmocka_unit_test(operators_only),
        cmocka_unit_test(words_to_many),
        cmocka_unit_test(kill_ends_a_user),
        cmocka_unit_test(text_from_outside_stays_one_line),
        cmocka_unit_test(capabilities_later),
        cmocka_unit_test(long_lists_of_capabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
