/* Long answers in pieces: bounded in bytes and in work, and whole whatever happens meanwhile. */
#include "unit.h"

#include "cap.h"
#include "core_fixture.h"
#include "settings.h"

#include <stdio.h>

enum { CROWD = 1200, UNSEEN = 2100 };

/* alice, and a number of users in #crowd. */
static unsigned gather(struct fixture *f, int users, bool invisible)
{
    fixture_init(f);
    f->settings->clients_max = (unsigned)users + 1;
    unsigned alice = fixture_register(f, "alice", 0);
    f->deaf_from = 1;
    for (int i = 0; i < users; i++) {
        char nick[32];
        snprintf(nick, sizeof(nick), "user%d", i);
        unsigned user = fixture_register(f, nick, 0);
        if (invisible) {
            char line[64];
            snprintf(line, sizeof(line), "MODE %s +i", nick);
            fixture_line(f, user, line);
        }
        fixture_line_piece(f, user, "JOIN #crowd");
    }
    fixture_forget(f);
    return alice;
}

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what)) {
        n++;
    }
    return n;
}

/* Pieces until the end; none may be longer than a piece and a line. */
static unsigned pieces(struct fixture *f, unsigned who, struct buf *all)
{
    unsigned n = 1;
    for (;;) {
        const char *seen = fixture_seen(f, who);
        assert_true(strlen(seen) <= 8192 + 512);
        buf_add_cstr(all, seen);
        if (f->sessions[who].result == CORE_DONE) {
            break;
        }
        assert_int_equal(f->sessions[who].result, CORE_HELD);
        fixture_continue(f, who);
        n++;
    }
    buf_add_char(all, '\0');
    return n;
}

static void everybody_once(void **state)
{
    struct fixture f;
    unsigned alice = gather(&f, CROWD, false);
    struct buf all = {0};
    fixture_line_piece(&f, alice, "NAMES #crowd");
    assert_in_range(pieces(&f, alice, &all), 2, 3);
    assert_int_equal(count(all.p, "user"), CROWD);
    buf_clear(&all);
    fixture_line_piece(&f, alice, "WHO #crowd");
    assert_in_range(pieces(&f, alice, &all), 10, 20);
    assert_int_equal(count(all.p, "\n"), CROWD + 1);
    buf_clear(&all);
    fixture_line_piece(&f, alice, "WHO *99");
    assert_int_equal(pieces(&f, alice, &all), 1);
    assert_int_equal(count(all.p, " 352 "), CROWD / 100);
    buf_finish(&all);
    fixture_finish(&f);
}

static void looking_is_work_too(void **state)
{
    struct fixture f;
    unsigned alice = gather(&f, UNSEEN, true);
    static const char *const lines[] = {"WHO nobody*", "WHO #crowd", "NAMES #crowd"};
    for (unsigned i = 0; i < 3; i++) {
        struct buf all = {0};
        fixture_line_piece(&f, alice, lines[i]);
        assert_int_equal(f.sessions[alice].result, CORE_HELD);
        assert_int_equal(pieces(&f, alice, &all), 2);
        assert_int_equal(count(all.p, "\n"), 1);
        buf_finish(&all);
    }
    fixture_finish(&f);
}

static void a_list_without_hits(void **state)
{
    struct fixture f;
    fixture_init(&f);
    f.settings->rooms_per_user = 2100;
    unsigned alice = fixture_register(&f, "alice", 0);
    for (int i = 0; i < 2100; i++) {
        char line[32];
        snprintf(line, sizeof(line), "JOIN #%d", i);
        fixture_line(&f, alice, line);
    }
    fixture_forget(&f);
    struct buf all = {0};
    fixture_line_piece(&f, alice, "LIST #*,>1");
    /* Two conditions and the room itself are three looks. */
    assert_int_equal(pieces(&f, alice, &all), 4);
    assert_string_equal(all.p, ":maru.local 321 alice Channel :Users  Name\n"
                               ":maru.local 323 alice :End of /LIST\n");
    buf_clear(&all);
    fixture_line_piece(&f, alice, "LIST #209?");
    pieces(&f, alice, &all);
    assert_int_equal(count(all.p, " 322 "), 10);
    buf_finish(&all);
    fixture_finish(&f);
}

static void who_stays_is_listed_once(void **state)
{
    struct fixture f;
    unsigned alice = gather(&f, CROWD, false);
    struct buf all = {0};
    fixture_line_piece(&f, alice, "NAMES #crowd");
    buf_add_cstr(&all, fixture_seen(&f, alice));
    /* Every third goes while the list is under way, and never comes back. */
    for (unsigned i = 1; i <= CROWD; i += 3) {
        fixture_apply(&f, &(struct input){.kind = INPUT_CLOSE,
                                          .session = f.sessions[i].id,
                                          .text = STR("Connection closed")});
    }
    fixture_continue(&f, alice);
    pieces(&f, alice, &all);
    for (unsigned i = 0; i < CROWD; i++) {
        if (i % 3 != 0) {
            char alone[32];
            char ended[32];
            snprintf(alone, sizeof(alone), "user%u ", i);
            snprintf(ended, sizeof(ended), "user%u\n", i);
            assert_int_equal(count(all.p, alone) + count(all.p, ended), 1);
        }
    }
    buf_finish(&all);
    fixture_finish(&f);
}

static void many_rooms_at_once(void **state)
{
    struct fixture f;
    fixture_init(&f);
    f.settings->rooms_per_user = 300;
    unsigned alice = fixture_register(&f, "alice", 0);
    f.deaf_from = 1;
    /* 20 rooms of 100 members: all their lists after one JOIN. */
    struct buf line = {0};
    buf_add_cstr(&line, "JOIN #0");
    for (int r = 1; r < 20; r++) {
        buf_printf(&line, ",#%d", r);
    }
    buf_add_char(&line, '\0');
    f.settings->clients_max = 1000;
    for (int i = 0; i < 100; i++) {
        char nick[40];
        snprintf(nick, sizeof(nick), "a-long-name-for-a-user-%d", i);
        unsigned user = fixture_register(&f, nick, 0);
        for (int r = 0; r < 20; r++) {
            char join[16];
            snprintf(join, sizeof(join), "JOIN #%d", r);
            fixture_line(&f, user, join);
        }
    }
    fixture_forget(&f);
    fixture_line_piece(&f, alice, line.p);
    buf_finish(&line);
    /* One piece of names, and the JOIN of each room. */
    struct buf all = {0};
    size_t first = f.sessions[alice].seen.len;
    assert_in_range(first, 8192, 8192 + 512 + 20 * 100);
    buf_add_cstr(&all, fixture_seen(&f, alice));
    fixture_continue(&f, alice);
    pieces(&f, alice, &all);
    assert_int_equal(count(all.p, "a-long-name"), 100 * 20);
    assert_int_equal(count(all.p, " 366 "), 20);
    buf_finish(&all);
    fixture_finish(&f);
}

static void a_long_message_of_the_day(void **state)
{
    struct fixture f;
    fixture_init(&f);
    struct buf motd = {0};
    for (int i = 0; i < 1000; i++) {
        buf_printf(&motd, "line %d\n", i);
    }
    buf_add_char(&motd, '\0');
    settings_set(&f.settings->motd, motd.p);
    buf_finish(&motd);
    /* The welcome has the first piece and says that there is more. */
    f.keep_welcome = true;
    unsigned alice = fixture_register(&f, "alice", 0);
    const char *seen = fixture_seen(&f, alice);
    assert_in_range(strlen(seen), 7900, 8192 + 512);
    assert_non_null(strstr(seen, ":- line 0\n"));
    assert_non_null(strstr(seen, " 372 alice :- ... there is more: type MOTD to read it all\n"
                                 ":maru.local 376 "));
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    struct buf all = {0};
    fixture_line_piece(&f, alice, "MOTD");
    assert_in_range(pieces(&f, alice, &all), 4, 6);
    assert_int_equal(count(all.p, ":- line "), 1000);
    /* It may become shorter, or go, in between. */
    fixture_line_piece(&f, alice, "MOTD");
    settings_set(&f.settings->motd, NULL);
    fixture_forget(&f);
    fixture_continue(&f, alice);
    assert_seen(&f, alice, ":maru.local 376 alice :End of /MOTD command.\n");
    buf_finish(&all);
    fixture_finish(&f);
}

static void a_session_that_closes_in_the_middle(void **state)
{
    struct fixture f;
    unsigned alice = gather(&f, CROWD, false);
    fixture_line_piece(&f, alice, "NAMES #crowd");
    assert_int_equal(f.sessions[alice].result, CORE_HELD);
    fixture_apply(&f, &(struct input){.kind = INPUT_CLOSE,
                                      .session = f.sessions[alice].id,
                                      .text = STR("Connection closed")});
    fixture_continue(&f, alice);
    assert_int_equal(f.sessions[alice].result, CORE_DONE);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_once),
        cmocka_unit_test(looking_is_work_too),
        cmocka_unit_test(a_list_without_hits),
        cmocka_unit_test(who_stays_is_listed_once),
        cmocka_unit_test(many_rooms_at_once),
        cmocka_unit_test(a_long_message_of_the_day),
        cmocka_unit_test(a_session_that_closes_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
