/* What is said becomes records, in order, before anybody is told. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

enum { LABELLED = CAP_LABELED_RESPONSE | CAP_BATCH };

/* Lines of the store without those of rooms, joins and parts, which other tests are about. */
static const char *said(struct fixture *f)
{
    static char text[4096];
    struct str rest = str_from(fixture_stored(f));
    size_t len = 0;
    while (rest.len > 0) {
        struct str line = str_split(&rest, '\n');
        if (!str_starts(line, STR("ROOM ")) && !str_starts(line, STR("RECORD JOIN"))) {
            assert_true(len + line.len + 2 < sizeof(text));
            memcpy(text + len, line.p, line.len);
            len += line.len;
            text[len++] = '\n';
        }
    }
    text[len] = '\0';
    return text;
}

#define assert_said(f, want) fixture_compare(said(f), (want), __FILE__, __LINE__)

static void nothing_without_history(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_ECHO_MESSAGE);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :hi");
    fixture_line(&f, alice, "TOPIC #a :t");
    fixture_line(&f, alice, "QUIT");
    assert_stored(&f, "");
    fixture_finish(&f);
}

static void the_record_comes_first(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_ECHO_MESSAGE);
    fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_forget(&f);
    f.show_casts = true;
    fixture_line(&f, alice, "PRIVMSG #a :hi");
    assert_stored(&f, "RECORD PRIVMSG room 2 by 1 for 0: :alice!alice@alice.test PRIVMSG #a :hi\n"
                      "HELD 0: :alice!alice@alice.test PRIVMSG #a :hi\n"
                      "CAST :alice!alice@alice.test PRIVMSG #a :hi\n");
    fixture_line(&f, alice, "NOTICE bob :psst");
    assert_stored(&f,
                  "RECORD NOTICE users 1 2 by 1 for 0: :alice!alice@alice.test NOTICE bob :psst\n"
                  "HELD 0: :alice!alice@alice.test NOTICE bob :psst\n"
                  "CAST :alice!alice@alice.test NOTICE bob :psst\n");
    fixture_finish(&f);
}

static void without_an_echo_nothing_is_held(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "PRIVMSG bob :hi");
    assert_stored(&f,
                  "RECORD PRIVMSG users 1 2 by 1 for 0: :alice!alice@alice.test PRIVMSG bob :hi\n");
    fixture_line(&f, bob, "PRIVMSG bob :me");
    assert_stored(&f, "RECORD PRIVMSG users 2 2 by 2 for 1: :bob!bob@bob.test PRIVMSG bob :me\n");
    fixture_finish(&f);
}

/* What a label answers means the same as an echo. */
static void a_labelled_answer_is_held(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "@label=L PRIVMSG bob :hi");
    assert_stored(&f,
                  "RECORD PRIVMSG users 1 2 by 1 for 0: :alice!alice@alice.test PRIVMSG bob :hi\n"
                  "HELD 0: @label=L :maru.local ACK\n");
    fixture_line(&f, alice, "@label=M PRIVMSG nobody,bob :hi");
    assert_stored(&f,
                  "RECORD PRIVMSG users 1 2 by 1 for 0: :alice!alice@alice.test PRIVMSG bob :hi\n"
                  "HELD 0: @label=M :maru.local 401 alice nobody :No such nick/channel\n");
    fixture_line(&f, alice, "@label=N PRIVMSG nobody :hi");
    fixture_line(&f, alice, "@label=O PING x");
    assert_stored(&f, "");
    fixture_finish(&f);
}

/* Answers from before the echo are not held back for it. */
static void the_echo_is_a_reply_of_its_own(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_ECHO_MESSAGE);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, bob, "AWAY :out");
    fixture_line(&f, alice, "PRIVMSG nobody,bob :hi");
    assert_stored(&f,
                  "RECORD PRIVMSG users 1 2 by 1 for 0: :alice!alice@alice.test PRIVMSG bob :hi\n"
                  "HELD 0: :alice!alice@alice.test PRIVMSG bob :hi\n");
    assert_seen(&f, alice,
                ":maru.local 401 alice nobody :No such nick/channel\n"
                ":alice!alice@alice.test PRIVMSG bob :hi\n"
                ":maru.local 301 alice bob :out\n");
    fixture_finish(&f);
}

static void some_tagmsg_are_kept(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_MESSAGE_TAGS | CAP_ECHO_MESSAGE);
    fixture_line(&f, alice, "JOIN #a");
    fixture_forget(&f);
    fixture_line(&f, alice, "@+typing=active TAGMSG #a");
    fixture_line(&f, alice, "@+typing=active;+draft/react=x TAGMSG #a");
    fixture_line(&f, alice, "@+other=1 TAGMSG #a");
    assert_stored(&f, "");
    fixture_line(&f, alice, "@+draft/react=:);+reply=m1 TAGMSG #a");
    fixture_line(&f, alice, "@+draft/unreact=x TAGMSG #a");
    fixture_line(&f, alice, "@+draft/persist TAGMSG #a");
    const char *stored = fixture_stored(&f);
    assert_non_null(strstr(stored, "RECORD TAGMSG room 2 by 1 for 0 +draft/react=:);+reply=m1: "
                                   ":alice!alice@alice.test TAGMSG #a\n"));
    assert_non_null(strstr(stored, " +draft/unreact=x: "));
    assert_non_null(strstr(stored, " +draft/persist: "));
    fixture_finish(&f);
}

static void passing_words_are_not_kept(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", CAP_ECHO_MESSAGE);
    fixture_make_operator(&f, alice);
    fixture_line(&f, alice, "JOIN #a");
    fixture_forget(&f);
    fixture_line(&f, alice, "PRIVMSG @#a :operators");
    fixture_line(&f, alice, "PRIVMSG $* :everybody");
    fixture_line(&f, alice, "ANNOUNCE :everybody");
    fixture_line(&f, alice, "PRIVMSG nobody :x");
    fixture_line(&f, alice, "AWAY :x");
    fixture_line(&f, alice, "SETNAME :x");
    assert_stored(&f, "");
    fixture_finish(&f);
}

static void what_happens_in_a_room_is_kept(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", CAP_EXTENDED_JOIN);
    fixture_line(&f, alice, "JOIN #a");
    assert_stored(&f, "ROOM 2 #a +nt\n"
                      "RECORD JOIN room 2 by 1: :alice!alice@alice.test JOIN #a * :Real alice\n");
    fixture_line(&f, bob, "JOIN #a");
    assert_stored(&f, "RECORD JOIN room 2 by 2: :bob!bob@bob.test JOIN #a * :Real bob\n");
    fixture_line(&f, alice, "TOPIC #a :news");
    assert_stored(&f, "RECORD TOPIC room 2 by 1: :alice!alice@alice.test TOPIC #a :news\n"
                      "ROOM 2 #a +nt topic news by alice\n");
    fixture_line(&f, alice, "MODE #a +v bob");
    assert_stored(&f, "RECORD MODE room 2 by 1: :alice!alice@alice.test MODE #a +v bob\n");
    fixture_line(&f, alice, "MODE #a +kl-t secret 7");
    assert_stored(&f, "RECORD MODE room 2 by 1: :alice!alice@alice.test MODE #a +kl-t secret 7\n"
                      "ROOM 2 #a +n key secret limit 7 topic news by alice\n");
    fixture_line(&f, alice, "MODE #a +b x!*@*");
    fixture_forget(&f);
    fixture_line(&f, alice, "MODE #a +e-b y!*@* x!*@*");
    assert_stored(&f, "RECORD MODE room 2 by 1: :alice!alice@alice.test MODE #a +e-b y!*@* x!*@*\n"
                      "ROOM 2 #a +n key secret limit 7 topic news by alice e y!*@* by alice\n");
    fixture_line(&f, alice, "KICK #a bob :out");
    assert_stored(&f, "RECORD KICK room 2 by 1: :alice!alice@alice.test KICK #a bob :out\n");
    fixture_line(&f, alice, "PART #a :bye");
    assert_said(&f, "RECORD PART room 2 by 1: :alice!alice@alice.test PART #a :bye\n");
    fixture_finish(&f);
}

/* One message, one msgid, but a place of its own in the history of every room. */
static void rooms_share_a_quit(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, bob, "NICK nobody_sees_this");
    assert_said(&f, "");
    fixture_line(&f, alice, "JOIN #a,#b,#c");
    fixture_line(&f, bob, "JOIN #a,#b,#c");
    fixture_forget(&f);
    fixture_line(&f, bob, "NICK bobby");
    assert_said(&f, "RECORD NICK room 2 by 2: :nobody_sees_this!bob@bob.test NICK :bobby\n"
                    "RECORD NICK room 3 by 2 like 1: :nobody_sees_this!bob@bob.test NICK :bobby\n"
                    "RECORD NICK room 4 by 2 like 2: :nobody_sees_this!bob@bob.test NICK :bobby\n");
    fixture_line(&f, bob, "QUIT :gone");
    assert_said(&f, "RECORD QUIT room 2 by 2: :bobby!bob@bob.test QUIT :Quit: gone\n"
                    "RECORD QUIT room 3 by 2 like 1: :bobby!bob@bob.test QUIT :Quit: gone\n"
                    "RECORD QUIT room 4 by 2 like 2: :bobby!bob@bob.test QUIT :Quit: gone\n");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_without_history),
        cmocka_unit_test(the_record_comes_first),
        cmocka_unit_test(without_an_echo_nothing_is_held),
        cmocka_unit_test(a_labelled_answer_is_held),
        cmocka_unit_test(the_echo_is_a_reply_of_its_own),
        cmocka_unit_test(some_tagmsg_are_kept),
        cmocka_unit_test(passing_words_are_not_kept),
        cmocka_unit_test(what_happens_in_a_room_is_kept),
        cmocka_unit_test(rooms_share_a_quit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
