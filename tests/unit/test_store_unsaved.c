/* store_unsaved.c: what a failed batch leaves is written by the next one that works, the newest of
 * each; what somebody waited for and was told to have failed is not. */
#include "store_fixture.h"

#include "store_account.h"
#include "store_limits.h"
#include "store_room.h"

#include <stdlib.h>

static const struct place room = {.room = 7};

static struct effect account_effect(account_id id, uint64_t seen_ms, session_id session)
{
    return (struct effect){
        .kind = EFFECT_ACCOUNT,
        .session = session,
        .account = account_state_create(
            &(struct account_state){.id = id, .name = STR("n"), .seen_ms = seen_ms}),
    };
}

static struct effect room_effect(room_id id)
{
    const struct room_state state = {.id = id, .name = STR("#r")};
    return (struct effect){.kind = EFFECT_ROOM, .room_state = room_state_copy(&state)};
}

/* Takes what they hold. */
static void write(struct store_fixture *f, struct effect *effects, size_t n, bool fails)
{
    if (fails) {
        assert_int_equal(store_db_exec(&f->db, "PRAGMA query_only = ON"), 0);
    }
    int status = store_write_batch(&f->write, effects, n);
    assert_int_equal(status != 0, fails);
    if (fails) {
        assert_int_equal(store_db_exec(&f->db, "PRAGMA query_only = OFF"), 0);
    }
    for (size_t i = 0; i < n; i++) {
        account_state_unref(effects[i].account);
    }
}

static void add_account(void *ctx, struct account_state *account)
{
    buf_printf(ctx, "account %llu seen %llu, ", (unsigned long long)account->id,
               (unsigned long long)account->seen_ms);
}

static void add_marker(void *ctx, const struct read_marker *marker)
{
    buf_printf(ctx, "marker %llu at %llu, ", (unsigned long long)marker->account,
               (unsigned long long)marker->time_ms);
}

static void add_room(void *ctx, const struct room_state *state)
{
    buf_printf(ctx, "room %llu, ", (unsigned long long)state->id);
}

/* What is in the database now, and nothing waits. */
static void assert_all(struct store_fixture *f, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(store_accounts_each(&f->db, add_account, &out), 0);
    assert_int_equal(store_markers_each(&f->db, add_marker, &out), 0);
    assert_int_equal(store_rooms_each(&f->db, add_room, &out), 0);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, expected);
    buf_finish(&out);
}

static void the_newest_is_written_later(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    struct effect one[] = {account_effect(50, 1, 0),
                           account_effect(51, 1, 0),
                           room_effect(7),
                           {.kind = EFFECT_MARKER, .marker = {50, room, 5}}};
    write(&f, one, 4, true);
    struct effect two[] = {account_effect(50, 2, 0),
                           {.kind = EFFECT_MARKER, .marker = {50, room, 6}}};
    write(&f, two, 2, true);
    assert_all(&f, "");
    assert_true(store_write_is_behind(&f.write));
    write(&f, NULL, 0, false);
    assert_false(store_write_is_behind(&f.write));
    assert_all(&f, "account 50 seen 2, account 51 seen 1, marker 50 at 6, room 7, ");
    fixture_close(&f);
}

static void what_was_said_to_have_failed_is_not(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    /* Made: nothing of it is there. */
    struct effect made = account_effect(50, 1, 1);
    write(&f, &made, 1, true);
    assert_false(store_write_is_behind(&f.write));
    made = account_effect(50, 2, 1);
    write(&f, &made, 1, false);
    assert_all(&f, "account 50 seen 2, ");
    /* Changed: what nobody waited for before stays to be written. */
    struct effect changes[] = {account_effect(50, 3, 0), account_effect(50, 4, 1)};
    write(&f, changes, 2, true);
    write(&f, NULL, 0, false);
    assert_all(&f, "account 50 seen 3, ");
    /* What came after it holds. */
    struct effect after[] = {account_effect(50, 5, 1), account_effect(50, 6, 0)};
    write(&f, after, 2, true);
    write(&f, NULL, 0, false);
    assert_all(&f, "account 50 seen 6, ");
    fixture_close(&f);
}

static void what_is_gone_goes_later(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    struct effect begin[] = {account_effect(50, 1, 0),
                             account_effect(51, 1, 0),
                             room_effect(7),
                             {.kind = EFFECT_MARKER, .marker = {50, room, 5}}};
    write(&f, begin, 4, false);
    struct effect end[] = {{.kind = EFFECT_MARKER, .marker = {50, room, 6}},
                           {.kind = EFFECT_MARKER, .marker = {51, room, 6}},
                           {.kind = EFFECT_ACCOUNT_GONE, .gone = 50},
                           {.kind = EFFECT_ROOM_GONE, .room = 7}};
    write(&f, end, 4, true);
    assert_all(&f, "account 50 seen 1, account 51 seen 1, marker 50 at 5, room 7, ");
    write(&f, NULL, 0, false);
    assert_all(&f, "account 51 seen 1, ");
    fixture_close(&f);
}

/* Rooms come and go while the disk is full: those that never were on disk are not remembered. */
static void rooms_that_never_were_are_forgotten(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    struct effect first = room_effect(7);
    write(&f, &first, 1, false);
    struct effect effects[] = {room_effect(8),
                               {.kind = EFFECT_ROOM_GONE, .room = 8},
                               room_effect(9),
                               {.kind = EFFECT_ROOM_GONE, .room = 7}};
    write(&f, effects, 4, true);
    assert_int_equal(f.write.unsaved.lists[UNSAVED_ROOM].n, 2);
    write(&f, NULL, 0, false);
    assert_all(&f, "room 9, ");
    fixture_close(&f);
}

static void markers_are_bounded(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    for (unsigned i = 0; i < STORE_MARKERS_UNSAVED + 3; i++) {
        const struct read_marker marker = {50, {.room = 1 + i}, 5};
        store_unsaved_marker(&f.write.unsaved, &marker);
    }
    write(&f, NULL, 0, true);
    assert_int_equal(f.write.unsaved.lists[UNSAVED_MARKER].n, STORE_MARKERS_UNSAVED);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_is_written_later),
        cmocka_unit_test(what_was_said_to_have_failed_is_not),
        cmocka_unit_test(what_is_gone_goes_later),
        cmocka_unit_test(rooms_that_never_were_are_forgotten),
        cmocka_unit_test(markers_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
