/* The core's commands, line by line, through the fixture that plays the edge. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_talk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
