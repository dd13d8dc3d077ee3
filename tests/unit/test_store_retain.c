/* store_retain.c, store_clock.c: what goes for its age or number, in steps, and when it may. */
#include "store_fixture.h"

#include "store_clock.h"
#include "store_limits.h"
#include "store_retain.h"

#include <sqlite3.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

static void fill(struct store_fixture *f, unsigned n)
{
    struct effect *effects = calloc(2 * n, sizeof(*effects));
    for (unsigned i = 0; i < n; i++) {
        char body[64];
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i + 1);
        effects[2 * i] =
            fixture_record(2 * i + 1, room, 1, RECORD_PRIVMSG, (i + 1) * 1000, "", body);
        effects[2 * i + 1] = fixture_record(2 * i + 2, place_between(1, 2), 1, RECORD_NOTICE,
                                            (i + 1) * 1000, "", "NOTICE n2 :x");
    }
    assert_int_equal(store_write_batch(&f->write, effects, 2 * n), 0);
    for (unsigned i = 0; i < 2 * n; i++) {
        message_unref(effects[i].message);
    }
    free(effects);
}

static unsigned left(struct store_fixture *f, struct place place)
{
    struct query query = fixture_query(QUERY_LAST, 100000);
    struct query_place asked = {.place = place, .name = STR("#r")};
    query.places = &asked;
    query.caps = 0;
    char *answer = fixture_ask(f, &query, NULL);
    unsigned n = 0;
    for (const char *at = answer; *at != '\0'; at++) {
        n += *at == '\n' ? 1 : 0;
    }
    free(answer);
    return n;
}

/* One round; how many steps it took. */
static unsigned go_round(struct store_retain *retain, struct store_fixture *f, uint64_t wall_ms)
{
    unsigned steps = 0;
    retain->next_ms = 0;
    do {
        sqlite3_int64 before = sqlite3_total_changes64(f->db.sqlite);
        assert_int_equal(store_retain_step(retain, &f->db, wall_ms, 1000), 0);
        /* Few at a time: nothing else can be written meanwhile. */
        assert_true(sqlite3_total_changes64(f->db.sqlite) - before <= STORE_RETAIN_ROWS + 2);
        steps++;
    } while (store_retain_is_due(retain, 1000));
    assert_true(store_retain_is_due(retain, 1000 + STORE_RETAIN_PASS_MS));
    return steps;
}

static void goes_by_number(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fill(&f, 1000);
    struct store_retain retain = {.rooms = {.count = 10}};
    assert_true(go_round(&retain, &f, 0) > 990 / STORE_RETAIN_ROWS);
    assert_int_equal(left(&f, room), 10);
    assert_int_equal(left(&f, place_between(1, 2)), 1000);
    struct query query = fixture_query(QUERY_LAST, 2);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "999 1000 ");
    free(texts);
    retain.rooms.count = 0;
    retain.direct.count = 1;
    go_round(&retain, &f, 0);
    assert_int_equal(left(&f, room), 10);
    assert_int_equal(left(&f, place_between(1, 2)), 1);
    go_round(&retain, &f, 0);
    assert_int_equal(left(&f, place_between(1, 2)), 1);
    fixture_close(&f);
}

static void goes_by_age_only_if_the_clock_is_trusted(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fill(&f, 500);
    struct store_retain retain = {.rooms = {.age_ms = 100 * 1000}};
    go_round(&retain, &f, 0);
    assert_int_equal(left(&f, room), 500);
    go_round(&retain, &f, 500 * 1000);
    assert_int_equal(left(&f, room), 101);
    assert_int_equal(left(&f, place_between(1, 2)), 500);
    go_round(&retain, &f, 50 * 1000); /* younger than the age itself */
    assert_int_equal(left(&f, room), 101);
    retain.direct.age_ms = 1;
    go_round(&retain, &f, 99999999);
    assert_int_equal(left(&f, room), 0);
    assert_int_equal(left(&f, place_between(1, 2)), 0);
    fixture_close(&f);
}

static void takes_what_was_said_in_rooms_that_are_gone(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fill(&f, 700);
    struct effect gone = {.kind = EFFECT_ROOM_GONE, .room = 7};
    assert_int_equal(store_write_batch(&f.write, &gone, 1), 0);
    struct store_retain retain = {0};
    assert_true(go_round(&retain, &f, 0) >= 700 / STORE_RETAIN_ROWS);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f.db.sqlite,
                                        "SELECT (SELECT count(*) FROM messages),"
                                        " (SELECT count(*) FROM places)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 700);
    assert_int_equal(sqlite3_column_int(stmt, 1), 1);
    sqlite3_finalize(stmt);
    fixture_close(&f);
}

static void settings_begin_a_new_round(void **state)
{
    struct settings *settings = settings_create();
    struct store_retain retain = {0};
    store_retain_set(&retain, settings);
    retain.next_ms = 5000;
    store_retain_set(&retain, settings);
    assert_false(store_retain_is_due(&retain, 1000));
    settings->history_direct_count = 3;
    store_retain_set(&retain, settings);
    assert_true(store_retain_is_due(&retain, 1000));
    assert_int_equal(retain.direct.count, 3);
    settings_unref(settings);
}

static void clocks_must_agree_for_an_hour(void **state)
{
    struct store_clock clock = {0};
    const uint64_t minute = 60000;
    uint64_t wall = 1700000000000;
    uint64_t mono = 5;
    assert_int_equal(store_clock_look(&clock, wall, mono), 0);
    for (unsigned i = 1; i < 60; i++) {
        /* Slewed a little, as clocks are. */
        assert_int_equal(store_clock_look(&clock, wall += minute + 20, mono += minute), 0);
        assert_false(store_clock_agrees(&clock));
    }
    assert_int_equal(store_clock_look(&clock, wall += minute, mono += minute), 0);
    assert_true(store_clock_agrees(&clock));
    const int64_t days = 10ll * 86400000;
    assert_int_equal(store_clock_look(&clock, wall += minute + (uint64_t)days, mono += minute),
                     days);
    assert_false(store_clock_agrees(&clock));
    assert_int_equal(store_clock_look(&clock, wall -= (uint64_t)days, mono += minute),
                     -days - (int64_t)minute);
    for (unsigned i = 0; i < 60; i++) {
        assert_false(store_clock_agrees(&clock));
        assert_int_equal(store_clock_look(&clock, wall += minute, mono += minute), 0);
    }
    assert_true(store_clock_agrees(&clock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_by_number),
        cmocka_unit_test(goes_by_age_only_if_the_clock_is_trusted),
        cmocka_unit_test(takes_what_was_said_in_rooms_that_are_gone),
        cmocka_unit_test(settings_begin_a_new_round),
        cmocka_unit_test(clocks_must_agree_for_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
