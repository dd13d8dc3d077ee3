/* CHATHISTORY: what reaches the store, and what is refused. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

#include <stdio.h>

enum {
    ASKER = CAP_CHATHISTORY | CAP_STANDARD_REPLIES,
    LABELLED = ASKER | CAP_LABELED_RESPONSE | CAP_BATCH,
};

struct people {
    struct fixture f;
    unsigned alice, bob, carol;
};

/* alice, bob and carol are users 1, 2 and 3; alice and bob are in #a, which is room 2. */
static void people_init(struct people *p)
{
    fixture_init_kept(&p->f);
    p->alice = fixture_register(&p->f, "alice", ASKER);
    p->bob = fixture_register(&p->f, "bob", ASKER);
    p->carol = fixture_register(&p->f, "carol", ASKER);
    fixture_line(&p->f, p->alice, "JOIN #a");
    fixture_line(&p->f, p->bob, "JOIN #a");
    fixture_forget(&p->f);
}

/* The line asks for this, and the session waits for the answer. */
#define assert_asks(f, session, line, want)                                                        \
    do {                                                                                           \
        fixture_line(f, session, line);                                                            \
        assert_stored(f, want);                                                                    \
        assert_seen(f, session, "");                                                               \
        assert_int_equal((f)->sessions[session].result, CORE_AWAIT);                               \
        fixture_answered(f, session);                                                              \
        assert_int_equal((f)->sessions[session].result, CORE_DONE);                                \
    } while (0)

#define assert_refused(f, session, line, want)                                                     \
    do {                                                                                           \
        fixture_line(f, session, line);                                                            \
        assert_seen(f, session, want);                                                             \
        assert_stored(f, "");                                                                      \
        assert_int_equal((f)->sessions[session].result, CORE_DONE);                                \
    } while (0)

static void every_subcommand(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    unsigned alice = p.alice;
    assert_asks(f, alice, "CHATHISTORY LATEST #A * 50",
                "QUERY HISTORY last 50 for 0, room 2 #a for=CHATHISTORY sub=LATEST target=#A\n");
    assert_asks(f, alice, "chathistory latest #a msgid=mzz 10",
                "QUERY HISTORY last 10 for 0 from seq 1295, room 2 #a for=CHATHISTORY sub=LATEST "
                "target=#a\n");
    assert_asks(f, alice, "CHATHISTORY BEFORE #a timestamp=2026-11-22T00:00:00.123Z 10",
                "QUERY HISTORY last 10 for 0 to time 1795305600123, room 2 #a for=CHATHISTORY "
                "sub=BEFORE target=#a\n");
    assert_asks(f, alice, "CHATHISTORY AFTER #a msgid=m1 10",
                "QUERY HISTORY first 10 for 0 from seq 1, room 2 #a for=CHATHISTORY sub=AFTER "
                "target=#a\n");
    assert_asks(f, alice, "CHATHISTORY AROUND #a msgid=m1 10",
                "QUERY HISTORY around 10 for 0 from seq 1, room 2 #a for=CHATHISTORY sub=AROUND "
                "target=#a\n");
    assert_asks(f, alice, "CHATHISTORY BETWEEN #a msgid=m1 msgid=m5 10",
                "QUERY HISTORY first 10 for 0 from seq 1 to seq 5, room 2 #a for=CHATHISTORY "
                "sub=BETWEEN target=#a\n");
    assert_asks(f, alice, "CHATHISTORY BETWEEN #a msgid=m5 msgid=m1 10",
                "QUERY HISTORY last 10 for 0 from seq 1 to seq 5, room 2 #a for=CHATHISTORY "
                "sub=BETWEEN target=#a\n");
    assert_asks(f, alice,
                "CHATHISTORY TARGETS timestamp=2026-11-22T00:00:01.000Z "
                "timestamp=2026-11-22T00:00:00.000Z 10",
                "QUERY TARGETS last 10 for 0 from time 1795305600000 to time 1795305601000, "
                "room 2 #a, direct for=CHATHISTORY sub=TARGETS\n");
    assert_asks(f, alice,
                "CHATHISTORY TARGETS timestamp=2026-11-22T00:00:00.000Z "
                "timestamp=2026-11-22T00:00:01.000Z 10",
                "QUERY TARGETS first 10 for 0 from time 1795305600000 to time 1795305601000, "
                "room 2 #a, direct for=CHATHISTORY sub=TARGETS\n");
    fixture_finish(f);
}

static void limits(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    f->settings->history_limit = 100;
    assert_asks(f, p.alice, "CHATHISTORY LATEST #a * 100000",
                "QUERY HISTORY last 100 for 0, room 2 #a for=CHATHISTORY sub=LATEST target=#a\n");
    assert_asks(f, p.alice, "CHATHISTORY LATEST #a * 0",
                "QUERY HISTORY last 100 for 0, room 2 #a for=CHATHISTORY sub=LATEST target=#a\n");
    assert_refused(f, p.alice, "CHATHISTORY LATEST #a * -1",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS LATEST -1 :Invalid limit\n");
    fixture_finish(f);
}

static void what_cannot_be_understood(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    unsigned alice = p.alice;
    assert_refused(f, alice, "CHATHISTORY",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS * :Insufficient parameters\n");
    assert_refused(f, alice, "CHATHISTORY OLDEST #a * 5",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS OLDEST :Unknown command\n");
    assert_refused(f, alice, "CHATHISTORY LATEST #a *",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS LATEST :Insufficient parameters\n");
    assert_refused(f, alice, "CHATHISTORY BEFORE #a msgid=m1 msgid=m2 5",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS BEFORE :Too many parameters\n");
    assert_refused(
        f, alice, "CHATHISTORY BEFORE #a timestamp=yesterday 5",
        ":maru.local FAIL CHATHISTORY INVALID_PARAMS BEFORE timestamp=yesterday :Invalid "
        "timestamp\n");
    assert_refused(f, alice, "CHATHISTORY BEFORE #a * 5",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS BEFORE * :Invalid message "
                   "reference\n");
    assert_refused(f, alice, "CHATHISTORY BEFORE #a msgid=x1 5",
                   ":maru.local FAIL CHATHISTORY MESSAGE_ERROR BEFORE #a msgid=x1 :Messages could "
                   "not be retrieved\n");
    assert_refused(f, alice, "CHATHISTORY BEFORE #a colour=red 5",
                   ":maru.local FAIL CHATHISTORY INVALID_MSGREFTYPE BEFORE #a colour=red :Only "
                   "timestamp and msgid are supported\n");
    assert_refused(
        f, alice, "CHATHISTORY TARGETS msgid=m1 timestamp=2026-11-22T00:00:01.000Z 10",
        ":maru.local FAIL CHATHISTORY INVALID_PARAMS TARGETS msgid=m1 :Invalid timestamp\n");
    fixture_finish(f);
}

#define NO_TARGET(nick)                                                                            \
    ":maru.local FAIL CHATHISTORY INVALID_TARGET LATEST " nick " :Messages could not be "          \
    "retrieved\n"

static void a_room_is_for_its_members(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    fixture_make_operator(f, p.carol);
    assert_refused(f, p.carol, "CHATHISTORY LATEST #a * 5", NO_TARGET("#a"));
    assert_refused(f, p.carol, "CHATHISTORY LATEST #none * 5", NO_TARGET("#none"));
    assert_refused(f, p.carol, "CHATHISTORY LATEST nobody * 5", NO_TARGET("nobody"));
    assert_refused(f, p.carol, "CHATHISTORY LATEST :a b * 5",
                   ":maru.local FAIL CHATHISTORY INVALID_PARAMS LATEST :Insufficient parameters\n");
    /* An emptied room is nobody's. */
    fixture_line(f, p.alice, "PRIVMSG #a :x");
    fixture_line(f, p.alice, "PART #a");
    fixture_line(f, p.bob, "PART #a");
    fixture_forget(f);
    assert_refused(f, p.alice, "CHATHISTORY LATEST #a * 5", NO_TARGET("#a"));
    fixture_finish(f);
}

static void how_far_back(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    f->settings->history_cutoff = CUTOFF_NONE;
    f->settings->history_cutoff_guests = CUTOFF_REGISTRATION;
    assert_asks(f, p.bob, "CHATHISTORY LATEST #a * 5",
                "QUERY HISTORY last 5 for 1, room 2 #a since 2 for=CHATHISTORY sub=LATEST "
                "target=#a\n");
    f->settings->history_cutoff_guests = CUTOFF_JOIN;
    fixture_line(f, p.carol, "JOIN #a");
    unsigned long long joined = f->last_record.seq;
    char want[200];
    snprintf(want, sizeof(want),
             "QUERY HISTORY last 5 for 2, room 2 #a since %llu for=CHATHISTORY sub=LATEST "
             "target=#a\n",
             joined - 1);
    fixture_forget(f);
    assert_asks(f, p.carol, "CHATHISTORY LATEST #a * 5", want);
    fixture_finish(f);
}

static void what_two_said_is_theirs(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    assert_asks(f, p.alice, "CHATHISTORY LATEST BOB * 5",
                "QUERY HISTORY last 5 for 0, users 1 2 BOB for=CHATHISTORY sub=LATEST "
                "target=BOB\n");
    assert_asks(f, p.alice, "CHATHISTORY LATEST alice * 5",
                "QUERY HISTORY last 5 for 0, users 1 1 alice for=CHATHISTORY sub=LATEST "
                "target=alice\n");
    fixture_line(f, p.bob, "PRIVMSG alice :secret");
    fixture_line(f, p.bob, "QUIT");
    fixture_forget(f);
    assert_asks(f, p.alice, "CHATHISTORY LATEST Bob * 5",
                "QUERY HISTORY last 5 for 0, users 1 2 Bob for=CHATHISTORY sub=LATEST "
                "target=Bob\n");
    assert_refused(f, p.carol, "CHATHISTORY LATEST bob * 5", NO_TARGET("bob"));
    /* Whoever takes the nickname is another. */
    fixture_line(f, p.carol, "NICK bob");
    fixture_forget(f);
    assert_asks(f, p.alice, "CHATHISTORY LATEST bob * 5",
                "QUERY HISTORY last 5 for 0, users 1 3 bob for=CHATHISTORY sub=LATEST "
                "target=bob\n");
    assert_asks(f, p.carol, "CHATHISTORY LATEST alice * 5",
                "QUERY HISTORY last 5 for 2, users 1 3 alice for=CHATHISTORY sub=LATEST "
                "target=alice\n");
    /* Somebody with another name now is found by the one that is known. */
    fixture_line(f, p.carol, "PRIVMSG alice :hello");
    fixture_line(f, p.carol, "NICK carla");
    fixture_forget(f);
    assert_asks(f, p.alice, "CHATHISTORY LATEST bob * 5",
                "QUERY HISTORY last 5 for 0, users 1 3 bob for=CHATHISTORY sub=LATEST "
                "target=bob\n");
    fixture_finish(f);
}

static void the_oldest_partner_gives_way(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", ASKER);
    for (unsigned i = 0; i < 101; i++) {
        char line[64];
        char nick[16];
        snprintf(nick, sizeof(nick), "n%u", i);
        unsigned other = fixture_register(&f, nick, 0);
        snprintf(line, sizeof(line), "PRIVMSG alice :hi");
        fixture_line(&f, other, line);
        fixture_line(&f, other, "QUIT");
    }
    fixture_forget(&f);
    assert_refused(&f, alice, "CHATHISTORY LATEST n0 * 5", NO_TARGET("n0"));
    fixture_line(&f, alice, "CHATHISTORY LATEST n1 * 5");
    assert_int_equal(f.sessions[alice].result, CORE_AWAIT);
    fixture_finish(&f);
}

static void the_session_waits(void **state)
{
    struct people p;
    people_init(&p);
    struct fixture *f = &p.f;
    fixture_line(f, p.alice, "CHATHISTORY LATEST #a * 5");
    fixture_line_piece(f, p.alice, "PING x");
    assert_int_equal(f->sessions[p.alice].result, CORE_LATER);
    fixture_continue(f, p.alice);
    assert_int_equal(f->sessions[p.alice].result, CORE_AWAIT);
    assert_seen(f, p.alice, "");
    fixture_line(f, p.bob, "PRIVMSG #a :meanwhile");
    assert_seen(f, p.alice, ":bob!bob@bob.test PRIVMSG #a :meanwhile\n");
    fixture_answered(f, p.alice);
    assert_int_equal(f->sessions[p.alice].result, CORE_DONE);
    /* An answer too many changes nothing. */
    fixture_answered(f, p.alice);
    fixture_line(f, p.alice, "PING x");
    assert_seen(f, p.alice, ":maru.local PONG maru.local :x\n");
    /* Who goes meanwhile leaves nothing behind. */
    fixture_line(f, p.alice, "CHATHISTORY LATEST #a * 5");
    fixture_apply(f, &(struct input){.kind = INPUT_CLOSE,
                                     .session = f->sessions[p.alice].id,
                                     .text = STR("gone")});
    f->sessions[p.alice].open = false;
    fixture_answered(f, p.alice);
    assert_int_equal(f->sessions[p.alice].result, CORE_DONE);
    fixture_finish(f);
}

/* The reader puts the label on its batch; a refusal carries it as any answer does. */
static void labels_go_along(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", LABELLED);
    fixture_line(&f, alice, "JOIN #a");
    fixture_forget(&f);
    assert_asks(&f, alice, "@label=L CHATHISTORY LATEST #a * 5",
                "QUERY HISTORY last 5 for 0, room 2 #a label=L for=CHATHISTORY sub=LATEST "
                "target=#a\n");
    assert_refused(&f, alice, "@label=M CHATHISTORY LATEST #b * 5",
                   "@label=M :maru.local FAIL CHATHISTORY INVALID_TARGET LATEST #b :Messages could "
                   "not be retrieved\n");
    fixture_finish(&f);
}

static void only_for_who_has_asked_for_it(void **state)
{
    struct fixture f;
    fixture_init_kept(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "CAP REQ :draft/chathistory");
    assert_seen(&f, alice, ":maru.local CAP alice ACK :draft/chathistory\n");
    fixture_line(&f, alice, "CAP REQ :-draft/chathistory");
    fixture_forget(&f);
    assert_refused(&f, alice, "CHATHISTORY LATEST alice * 5",
                   ":maru.local 421 alice CHATHISTORY :Unknown command\n");
    fixture_line(&f, alice, "VERSION");
    assert_non_null(
        strstr(fixture_seen(&f, alice), " CHATHISTORY=500 MSGREFTYPES=msgid,timestamp "));
    fixture_finish(&f);
    fixture_init(&f);
    unsigned bob = fixture_register(&f, "bob", CAP_CHATHISTORY);
    fixture_line(&f, bob, "CAP REQ :draft/chathistory");
    assert_seen(&f, bob, ":maru.local CAP bob NAK :draft/chathistory\n");
    assert_refused(&f, bob, "CHATHISTORY LATEST bob * 5",
                   ":maru.local 421 bob CHATHISTORY :Unknown command\n");
    fixture_line(&f, bob, "VERSION");
    assert_null(strstr(fixture_seen(&f, bob), "CHATHISTORY"));
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_subcommand),
        cmocka_unit_test(limits),
        cmocka_unit_test(what_cannot_be_understood),
        cmocka_unit_test(a_room_is_for_its_members),
        cmocka_unit_test(how_far_back),
        cmocka_unit_test(what_two_said_is_theirs),
        cmocka_unit_test(the_oldest_partner_gives_way),
        cmocka_unit_test(the_session_waits),
        cmocka_unit_test(labels_go_along),
        cmocka_unit_test(only_for_who_has_asked_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
