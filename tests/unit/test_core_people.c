/* WHO, WHOIS, WHOWAS, AWAY, SETNAME, USERHOST, ISON, NICK: through the fixture. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>

static void answers(struct fixture *f, unsigned who, const char *line, const char *want)
{
    fixture_line(f, who, line);
    assert_seen(f, who, want);
}

static void who(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "철수", CAP_MULTI_PREFIX);
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, alice, "JOIN #room");
    fixture_line(&f, bob, "JOIN #room");
    fixture_line(&f, alice, "MODE #room +v alice");
    fixture_line(&f, bob, "AWAY :later");
    fixture_forget(&f);
    answers(&f, alice, "WHO #ROOM",
            ":maru.local 352 alice #room alice alice.test maru.local alice H@ :0 Real alice\n"
            ":maru.local 352 alice #room 철수 철수.test maru.local 철수 G :0 Real 철수\n"
            ":maru.local 315 alice #ROOM :End of WHO list\n");
    answers(&f, bob, "WHO alice",
            ":maru.local 352 철수 #room alice alice.test maru.local alice H@+ :0 Real alice\n"
            ":maru.local 315 철수 alice :End of WHO list\n");
    answers(&f, carol, "WHO 철?",
            ":maru.local 352 carol #room 철수 철수.test maru.local 철수 G :0 Real 철수\n"
            ":maru.local 315 carol 철? :End of WHO list\n");
    answers(&f, carol, "WHO *!*@ALICE.*",
            ":maru.local 352 carol #room alice alice.test maru.local alice H@ :0 Real alice\n"
            ":maru.local 315 carol *!*@ALICE.* :End of WHO list\n");
    answers(&f, carol, "WHO none", ":maru.local 315 carol none :End of WHO list\n");
    answers(&f, carol, "WHO #none", ":maru.local 315 carol #none :End of WHO list\n");
    /* Who is invisible is seen by name, and by those who share a room. */
    fixture_line(&f, alice, "MODE alice +i");
    fixture_line(&f, bob, "MODE 철수 +i");
    fixture_forget(&f);
    answers(&f, carol, "WHO",
            ":maru.local 352 carol * carol carol.test maru.local carol H :0 Real carol\n"
            ":maru.local 315 carol * :End of WHO list\n");
    answers(&f, carol, "WHO #room", ":maru.local 315 carol #room :End of WHO list\n");
    answers(&f, carol, "WHO alice",
            ":maru.local 352 carol * alice alice.test maru.local alice H :0 Real alice\n"
            ":maru.local 315 carol alice :End of WHO list\n");
    answers(&f, bob, "WHO a*",
            ":maru.local 352 철수 #room alice alice.test maru.local alice H@+ :0 Real alice\n"
            ":maru.local 315 철수 a* :End of WHO list\n");
    answers(&f, bob, "WHO * o", ":maru.local 315 철수 * :End of WHO list\n");
    fixture_make_operator(&f, carol);
    answers(&f, bob, "WHO 0 o",
            ":maru.local 352 철수 * carol carol.test maru.local carol H* :0 Real carol\n"
            ":maru.local 315 철수 0 :End of WHO list\n");
    answers(&f, bob, "WHO #room o", ":maru.local 315 철수 #room :End of WHO list\n");
    answers(&f, carol, "WHO a*",
            ":maru.local 352 carol #room alice alice.test maru.local alice H@ :0 Real alice\n"
            ":maru.local 315 carol a* :End of WHO list\n");
    fixture_finish(&f);
}

static void whois(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #open,#hidden");
    fixture_line(&f, alice, "MODE #hidden +s");
    fixture_line(&f, alice, "AWAY :자리 비움");
    fixture_forget(&f);
    f.now_ms += 5000;
    answers(&f, bob, "WHOIS ALICE",
            ":maru.local 311 bob alice alice alice.test * :Real alice\n"
            ":maru.local 319 bob alice :@#open\n"
            ":maru.local 312 bob alice maru.local :A room where everybody gathers\n"
            ":maru.local 301 bob alice :자리 비움\n"
            ":maru.local 317 bob alice 5 1795305600 :seconds idle, signon time\n"
            ":maru.local 318 bob ALICE :End of /WHOIS list\n");
    answers(&f, alice, "WHOIS maru.local alice",
            ":maru.local 311 alice alice alice alice.test * :Real alice\n"
            ":maru.local 319 alice alice :@#open @#hidden\n"
            ":maru.local 312 alice alice maru.local :A room where everybody gathers\n"
            ":maru.local 378 alice alice :is connecting from alice@alice.test\n"
            ":maru.local 338 alice alice alice.test :Is actually using host\n"
            ":maru.local 379 alice alice :is using modes +\n"
            ":maru.local 301 alice alice :자리 비움\n"
            ":maru.local 317 alice alice 5 1795305600 :seconds idle, signon time\n"
            ":maru.local 318 alice alice :End of /WHOIS list\n");
    fixture_line(&f, alice, "MODE alice +i");
    fixture_forget(&f);
    fixture_line(&f, bob, "WHOIS alice alice");
    assert_null(strstr(fixture_seen(&f, bob), " 319 "));
    answers(&f, bob, "WHOIS nobody,alice",
            ":maru.local 401 bob nobody :No such nick/channel\n"
            ":maru.local 318 bob nobody :End of /WHOIS list\n");
    answers(&f, bob, "WHOIS other.server alice",
            ":maru.local 402 bob other.server :No such server\n");
    answers(&f, bob, "WHOIS", ":maru.local 431 bob :No nickname given\n");
    answers(&f, bob, "WHOIS :", ":maru.local 431 bob :No nickname given\n");
    answers(&f, bob, "WHOIS ,",
            ":maru.local 401 bob * :No such nick/channel\n"
            ":maru.local 318 bob * :End of /WHOIS list\n");
    fixture_make_operator(&f, bob);
    fixture_line(&f, bob, "WHOIS alice");
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, " 319 bob alice :@#open @#hidden\n"));
    assert_non_null(strstr(seen, " 379 bob alice :is using modes +i\n"));
    fixture_line(&f, alice, "WHOIS bob");
    assert_non_null(strstr(fixture_seen(&f, alice), " 313 alice bob :is an IRC operator\n"));
    fixture_finish(&f);
}

static void whois_cuts_its_rooms_over_lines(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    for (int i = 0; i < 30; i++) {
        char line[80];
        snprintf(line, sizeof(line), "JOIN #a-room-with-a-rather-long-name-%02d", i);
        fixture_line(&f, alice, line);
    }
    fixture_forget(&f);
    fixture_line(&f, alice, "WHOIS alice");
    struct str rest = str_from(fixture_seen(&f, alice));
    unsigned lines = 0;
    unsigned rooms = 0;
    while (rest.len > 0) {
        struct str one = str_split(&rest, '\n');
        if (str_starts(one, STR(":maru.local 319 alice alice :@#a"))) {
            lines++;
            assert_true(one.len <= 510);
            for (size_t i = 0; i < one.len; i++) {
                rooms += one.p[i] == '#';
            }
        }
    }
    assert_int_equal(lines, 3);
    assert_int_equal(rooms, 30);
    fixture_finish(&f);
}

static void whowas(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    answers(&f, alice, "WHOWAS 철수",
            ":maru.local 406 alice 철수 :There was no such nickname\n"
            ":maru.local 369 alice 철수 :End of WHOWAS\n");
    unsigned first = fixture_register(&f, "철수", 0);
    fixture_line(&f, first, "QUIT");
    f.now_ms += 1000;
    unsigned second = fixture_register(&f, "bob", 0);
    fixture_line(&f, second, "NICK 철수");
    fixture_line(&f, second, "NICK bob");
    answers(&f, alice, "WHOWAS 철수",
            ":maru.local 314 alice 철수 bob bob.test * :Real bob\n"
            ":maru.local 312 alice 철수 maru.local :2026-11-22T00:00:01.000Z\n"
            ":maru.local 314 alice 철수 철수 철수.test * :Real 철수\n"
            ":maru.local 312 alice 철수 maru.local :2026-11-22T00:00:00.000Z\n"
            ":maru.local 369 alice 철수 :End of WHOWAS\n");
    answers(&f, alice, "WHOWAS 철수 1",
            ":maru.local 314 alice 철수 bob bob.test * :Real bob\n"
            ":maru.local 312 alice 철수 maru.local :2026-11-22T00:00:01.000Z\n"
            ":maru.local 369 alice 철수 :End of WHOWAS\n");
    answers(&f, alice, "WHOWAS", ":maru.local 431 alice :No nickname given\n");
    for (int i = 0; i < 40; i++) {
        fixture_line(&f, second, "NICK 철수");
        fixture_line(&f, second, "NICK bob");
    }
    fixture_line(&f, alice, "WHOWAS bob -5");
    unsigned entries = 0;
    for (const char *at = fixture_seen(&f, alice); (at = strstr(at, " 314 ")) != NULL; at++) {
        entries++;
    }
    assert_int_equal(entries, 20);
    fixture_finish(&f);
}

static void away(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_AWAY_NOTIFY);
    unsigned bob = fixture_register(&f, "bob", CAP_AWAY_NOTIFY);
    unsigned carol = fixture_register(&f, "carol", 0);
    fixture_line(&f, alice, "JOIN #a,#b");
    fixture_line(&f, bob, "JOIN #a,#b");
    fixture_line(&f, carol, "JOIN #a");
    fixture_forget(&f);
    answers(&f, alice, "AWAY :밥", ":maru.local 306 alice :You have been marked as being away\n");
    assert_seen(&f, bob, ":alice!alice@alice.test AWAY :밥\n");
    assert_seen(&f, carol, "");
    answers(&f, alice, "AWAY :밥", ":maru.local 306 alice :You have been marked as being away\n");
    assert_seen(&f, bob, "");
    answers(&f, carol, "PRIVMSG alice :hi", ":maru.local 301 carol alice :밥\n");
    answers(&f, alice, "AWAY :",
            ":carol!carol@carol.test PRIVMSG alice :hi\n"
            ":maru.local 305 alice :You are no longer marked as being away\n");
    assert_seen(&f, bob, ":alice!alice@alice.test AWAY\n");
    answers(&f, alice, "AWAY", ":maru.local 305 alice :You are no longer marked as being away\n");
    assert_seen(&f, bob, "");
    f.settings->away_len = 4;
    fixture_line(&f, alice, "AWAY 안녕");
    assert_seen(&f, bob, ":alice!alice@alice.test AWAY :안\n");
    fixture_finish(&f);
}

static void setname(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_SETNAME | CAP_STANDARD_REPLIES);
    unsigned bob = fixture_register(&f, "bob", CAP_SETNAME);
    unsigned carol = fixture_register(&f, "carol", 0);
    answers(&f, alice, "SETNAME :Nobody Sees", ":alice!alice@alice.test SETNAME :Nobody Sees\n");
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, bob, "JOIN #a");
    fixture_line(&f, carol, "JOIN #a");
    fixture_forget(&f);
    answers(&f, alice, "SETNAME :김 철수", ":alice!alice@alice.test SETNAME :김 철수\n");
    assert_seen(&f, bob, ":alice!alice@alice.test SETNAME :김 철수\n");
    assert_seen(&f, carol, "");
    answers(&f, alice,
            "SETNAME :", ":maru.local FAIL SETNAME INVALID_REALNAME :Realname is not valid\n");
    answers(&f, bob, "SETNAME :", ":maru.local NOTICE bob :SETNAME: Realname is not valid\n");
    f.settings->realname_len = 5;
    answers(&f, alice, "SETNAME 123456",
            ":maru.local FAIL SETNAME INVALID_REALNAME :Realname is not valid\n");
    answers(&f, carol, "SETNAME 123456", "");
    answers(&f, carol, "SETNAME 12345", "");
    assert_seen(&f, bob, ":carol!carol@carol.test SETNAME :12345\n");
    fixture_finish(&f);
}

static void userhost_and_ison(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "철수", 0);
    fixture_line(&f, bob, "AWAY :x");
    fixture_make_operator(&f, alice);
    answers(&f, alice, "USERHOST ALICE none 철수",
            ":maru.local 302 alice :alice*=+alice@alice.test 철수=-철수@철수.test\n");
    answers(&f, alice, "USERHOST 1 2 3 4 5 alice", ":maru.local 302 alice :\n");
    answers(&f, alice, "ISON none Alice :철수 x  alice",
            ":maru.local 303 alice :alice 철수 alice\n");
    answers(&f, alice, "ISON :", ":maru.local 303 alice :\n");
    answers(&f, alice, "ISON", ":maru.local 461 alice ISON :Not enough parameters\n");
    fixture_finish(&f);
}

static void ison_does_not_cut_a_nickname(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "nickname-of-thirty-two-bytes-len", 0);
    struct buf line = {0};
    buf_add_cstr(&line, "ISON");
    for (int i = 0; i < 14; i++) {
        buf_add_cstr(&line, " nickname-of-thirty-two-bytes-len");
    }
    buf_add_char(&line, '\0');
    fixture_line(&f, alice, line.p);
    buf_finish(&line);
    const char *seen = fixture_seen(&f, alice);
    assert_true(strlen(seen) <= 511);
    assert_string_equal(seen + strlen(seen) - 5, "-len\n");
    fixture_finish(&f);
}

static void nicknames_have_no_commas(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    answers(&f, alice, "NICK bob,carol",
            ":maru.local 432 alice bob,carol :Erroneous nickname: The name has a character that "
            "names cannot have\n");
    answers(&f, alice, "NICK alice,",
            ":maru.local 432 alice alice, :Erroneous nickname: The name has a character that names "
            "cannot have\n");
    answers(&f, alice, "NICK alice", "");
    answers(&f, alice, "NICK Alice", ":alice!alice@alice.test NICK :Alice\n");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who),
        cmocka_unit_test(whois),
        cmocka_unit_test(whois_cuts_its_rooms_over_lines),
        cmocka_unit_test(whowas),
        cmocka_unit_test(away),
        cmocka_unit_test(setname),
        cmocka_unit_test(userhost_and_ison),
        cmocka_unit_test(ison_does_not_cut_a_nickname),
        cmocka_unit_test(nicknames_have_no_commas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
