/* Emptied rooms keep what they were, for a time. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"

static const uint64_t MINUTE_MS = 60000;
static const uint64_t HOUR_MS = 60 * 60000;

/* What is said of the rooms alone: nobody is shown what was said there. */
static void begin(struct fixture *f)
{
    fixture_init_kept(f);
    f->settings->playback_lines = 0;
}

/* A clock that goes steadily for so long; each step is an input. */
static void pass(struct fixture *f, unsigned session, uint64_t ms)
{
    for (uint64_t at = 0; at < ms; at += 5 * MINUTE_MS) {
        f->now_ms += 5 * MINUTE_MS;
        fixture_line(f, session, "PONG x");
    }
}

static void an_emptied_room_stays_what_it_was(void **state)
{
    struct fixture f;
    begin(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :remember");
    fixture_line(&f, alice, "MODE #a +mk secret");
    fixture_line(&f, alice, "TOPIC #a :news");
    fixture_forget(&f);
    fixture_line(&f, alice, "PART #a");
    assert_stored(&f, "RECORD PART room 2 by 1: :alice!alice@alice.test PART #a\n"
                      "ROOM 2 #a +mnt key secret topic news by alice empty\n");
    fixture_forget(&f);
    fixture_line(&f, bob, "JOIN #a wrong");
    assert_seen(&f, bob, ":maru.local 475 bob #a :Cannot join channel (+k)\n");
    assert_stored(&f, "");
    fixture_line(&f, bob, "JOIN #a secret");
    assert_stored(&f, "ROOM 2 #a +mnt key secret topic news by alice\n"
                      "RECORD JOIN room 2 by 2: :bob!bob@bob.test JOIN #a * :Real bob\n");
    const char *seen = fixture_seen(&f, bob);
    assert_non_null(strstr(seen, " 332 bob #a :news\n"));
    assert_non_null(strstr(seen, " 353 bob = #a :@bob\n"));
    fixture_finish(&f);
}

static void nobody_sees_an_emptied_room(void **state)
{
    struct fixture f;
    begin(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_make_operator(&f, alice);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :remember");
    fixture_line(&f, alice, "MODE #a -n");
    fixture_line(&f, alice, "PART #a");
    fixture_forget(&f);
    fixture_line(&f, alice, "LIST");
    fixture_line(&f, alice, "LIST #a");
    fixture_line(&f, alice, "MODE #a");
    fixture_line(&f, alice, "TOPIC #a");
    fixture_line(&f, alice, "NAMES #a");
    fixture_line(&f, alice, "PRIVMSG #a :anybody?");
    assert_seen(&f, alice,
                ":maru.local 321 alice Channel :Users  Name\n"
                ":maru.local 323 alice :End of /LIST\n"
                ":maru.local 321 alice Channel :Users  Name\n"
                ":maru.local 323 alice :End of /LIST\n"
                ":maru.local 403 alice #a :No such channel\n"
                ":maru.local 403 alice #a :No such channel\n"
                ":maru.local 366 alice #a :End of /NAMES list\n"
                ":maru.local 403 alice #a :No such channel\n");
    assert_stored(&f, "");
    uint64_t cursor = 0;
    struct core_room_view view;
    assert_true(core_next_room(f.core, &cursor, &view));
    assert_str(view.name, "#lobby");
    assert_false(core_next_room(f.core, &cursor, &view));
    assert_int_equal(core_totals(f.core).rooms, 1);
    fixture_finish(&f);
}

static void a_room_of_which_nothing_is_left_goes(void **state)
{
    struct fixture f;
    begin(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_forget(&f);
    fixture_line(&f, alice, "PART #a");
    assert_stored(&f, "RECORD PART room 2 by 1: :alice!alice@alice.test PART #a\nGONE 2\n");
    fixture_line(&f, alice, "JOIN #a");
    assert_stored(
        &f,
        "ROOM 3 #a +nt\nRECORD JOIN room 3 by 1: :alice!alice@alice.test JOIN #a * :Real alice\n");
    fixture_finish(&f);
}

static void the_time_of_a_room_ends(void **state)
{
    struct fixture f;
    begin(&f);
    f.settings->room_keep_ms = 2 * HOUR_MS;
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :remember");
    fixture_line(&f, alice, "PART #a");
    fixture_forget(&f);
    pass(&f, alice, 2 * HOUR_MS - 5 * MINUTE_MS);
    assert_stored(&f, "");
    pass(&f, alice, 5 * MINUTE_MS);
    assert_stored(&f, "GONE 2\n");
    fixture_finish(&f);
}

/* Ten days at once are not believed before the clock has gone right for an hour. */
static void a_jump_of_the_clock_ends_no_room_at_once(void **state)
{
    struct fixture f;
    begin(&f);
    f.settings->room_keep_ms = 2 * HOUR_MS;
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #a");
    fixture_line(&f, alice, "PRIVMSG #a :remember");
    fixture_line(&f, alice, "PART #a");
    fixture_forget(&f);
    f.now_ms += 240 * HOUR_MS;
    pass(&f, alice, HOUR_MS - 5 * MINUTE_MS);
    assert_stored(&f, "");
    f.now_ms -= 240 * HOUR_MS;
    pass(&f, alice, HOUR_MS - 5 * MINUTE_MS);
    assert_stored(&f, "");
    pass(&f, alice, HOUR_MS);
    assert_stored(&f, "GONE 2\n");
    fixture_finish(&f);
}

/* Rooms that one person talked to himself in make place for those of several. */
static void too_many_emptied_rooms(void **state)
{
    struct fixture f;
    begin(&f);
    f.settings->rooms_kept_max = 2;
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    fixture_line(&f, alice, "JOIN #a,#b,#c,#d");
    fixture_line(&f, alice, "PRIVMSG #a,#b,#c,#d :here");
    fixture_line(&f, bob, "JOIN #a,#b");
    fixture_line(&f, bob, "PRIVMSG #a,#b :too");
    fixture_line(&f, bob, "PART #a,#b");
    fixture_line(&f, alice, "PART #a");
    fixture_line(&f, alice, "PART #b");
    fixture_line(&f, alice, "PART #c");
    fixture_forget(&f);
    fixture_line(&f, alice, "PONG x");
    assert_stored(&f, "GONE 4\n");
    fixture_line(&f, alice, "TOPIC #d :mine");
    fixture_line(&f, alice, "PART #d");
    fixture_forget(&f);
    fixture_line(&f, alice, "PONG x");
    assert_stored(&f, "GONE 2\n");
    fixture_finish(&f);
}

static void the_lobby_stays_for_ever(void **state)
{
    struct fixture f;
    begin(&f);
    f.settings->room_keep_ms = 2 * HOUR_MS;
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #lobby");
    assert_stored(&f,
                  "ROOM 1 #lobby +nt\n"
                  "RECORD JOIN room 1 by 1: :alice!alice@alice.test JOIN #lobby * :Real alice\n");
    fixture_line(&f, alice, "PART #lobby");
    pass(&f, alice, 5 * HOUR_MS);
    fixture_line(&f, alice, "JOIN #lobby");
    assert_stored(&f,
                  "RECORD PART room 1 by 1: :alice!alice@alice.test PART #lobby\n"
                  "RECORD JOIN room 1 by 1: :alice!alice@alice.test JOIN #lobby * :Real alice\n");
    fixture_finish(&f);
}

static void restore(struct fixture *f, room_id id, const char *name, uint64_t empty_ms)
{
    const struct room_state_mask masks[] = {
        {'b', STR("bob!*@*"), STR("bob!*@*"), STR("carol"), 7000},
        {'I', STR("x!*@*"), STR("x!*@*"), STR("dave"), 8000},
    };
    const struct room_state room = {
        .id = id,
        .name = str_from(name),
        .folded = str_from(name),
        .skeleton = str_from(name),
        .modes = STR("ms"),
        .key = STR("secret"),
        .limit = 9,
        .topic = STR("old news"),
        .topic_by = STR("carol"),
        .topic_ms = 5000,
        .since_ms = 1000,
        .empty_ms = empty_ms,
        .masks = masks,
        .n_masks = 2,
    };
    fixture_apply(f, &(struct input){.kind = INPUT_ROOM, .room = &room});
}

/* The core of a server that has run before: ids go on where they ended. */
static void init_again(struct fixture *f)
{
    begin(f);
    restore(f, 3, "#lobby", 0);
    restore(f, 5, "#old", 0);
    restore(f, 6, "#old", 0);
    restore(f, 4, "#late", 0);
}

static void rooms_come_back(void **state)
{
    struct fixture f;
    init_again(&f);
    assert_stored(&f, "");
    static const char said[] = "the kept room #old stays closed";
    assert_non_null(memmem(f.log.p, f.log.len, said, sizeof(said) - 1));
    unsigned alice = fixture_register(&f, "alice", 0);
    unsigned bob = fixture_register(&f, "bob", 0);
    assert_stored(&f, "ROOM 3 #lobby +ms key secret limit 9 topic old news by carol "
                      "b bob!*@* by carol I x!*@* by dave\n");
    fixture_line(&f, bob, "JOIN #old secret");
    assert_seen(&f, bob, ":maru.local 474 bob #old :Cannot join channel (+b)\n");
    fixture_line(&f, alice, "JOIN #old secret");
    const char *stored = fixture_stored(&f);
    assert_true(
        strncmp(stored, "ROOM 5 #old +ms key secret limit 9 topic old news by carol ", 59) == 0);
    assert_non_null(strstr(fixture_seen(&f, alice), " 353 alice @ #old :@alice\n"));
    fixture_line(&f, alice, "MODE #old +b");
    assert_seen(&f, alice,
                ":maru.local 367 alice #old bob!*@* carol 7\n"
                ":maru.local 368 alice #old :End of channel ban list\n");
    fixture_line(&f, alice, "JOIN #new");
    assert_non_null(strstr(fixture_stored(&f), " #new +nt\n"));
    fixture_line(&f, alice, "JOIN #lobby secret");
    assert_non_null(strstr(fixture_seen(&f, alice), " 353 alice @ #lobby :alice\n"));
    fixture_finish(&f);
}

static void the_lobby_becomes_another_room(void **state)
{
    struct fixture f;
    begin(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #lobby,#b");
    fixture_line(&f, alice, "PRIVMSG #lobby,#b :x");
    fixture_line(&f, alice, "PART #lobby,#b");
    fixture_forget(&f);
    struct settings *settings = settings_create();
    settings->history = true;
    settings_set(&settings->lobby, "#b");
    settings_seal(settings);
    fixture_apply(&f, &(struct input){.kind = INPUT_SETTINGS, .settings = settings});
    settings_unref(settings);
    assert_stored(&f, "ROOM 1 #lobby +nt empty\nROOM 2 #b +nt\n");
    fixture_line(&f, alice, "JOIN #b");
    assert_non_null(strstr(fixture_seen(&f, alice), " 353 alice = #b :alice\n"));
    fixture_finish(&f);
}

static void history_is_switched_on(void **state)
{
    struct fixture f;
    fixture_init(&f);
    unsigned alice = fixture_register(&f, "alice", 0);
    fixture_line(&f, alice, "JOIN #a");
    struct settings *settings = settings_create();
    settings->history = true;
    fixture_apply(&f, &(struct input){.kind = INPUT_SETTINGS, .settings = settings});
    settings_unref(settings);
    assert_stored(&f, "ROOM 2 #a +nt\n");
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_emptied_room_stays_what_it_was),
        cmocka_unit_test(nobody_sees_an_emptied_room),
        cmocka_unit_test(a_room_of_which_nothing_is_left_goes),
        cmocka_unit_test(the_time_of_a_room_ends),
        cmocka_unit_test(a_jump_of_the_clock_ends_no_room_at_once),
        cmocka_unit_test(too_many_emptied_rooms),
        cmocka_unit_test(the_lobby_stays_for_ever),
        cmocka_unit_test(rooms_come_back),
        cmocka_unit_test(the_lobby_becomes_another_room),
        cmocka_unit_test(history_is_switched_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
