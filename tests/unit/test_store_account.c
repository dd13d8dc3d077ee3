/* store_account.c: accounts and read markers are there again, whole; what goes with them goes. */
#include "store_fixture.h"

#include "store_account.h"
#include "store_room.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

static struct account_state *make(account_id id, const char *name, unsigned lists)
{
    static const struct str fingerprints[] = {{"aa11", 4}, {"bb22", 4}};
    static const struct account_room rooms[] = {{9, 100, 8}, {7, 101, 1}};
    return account_state_create(&(struct account_state){
        .id = id,
        .name = str_from(name),
        .folded = STR("folded"),
        .skeleton = STR("skeleton"),
        .created_ms = 11,
        .password_hash = STR("$argon2id$x"),
        .scram = STR("4096$a$b$c"),
        .email = STR("a@b.example"),
        .code = STR("123456"),
        .code_ms = 12,
        .fingerprints = fingerprints,
        .n_fingerprints = lists,
        .multiclient = CHOICE_OFF,
        .always_on = CHOICE_ON,
        .suspended = true,
        .suspended_why = STR("a reason"),
        .seen_ms = 13,
        .user = STR("~u"),
        .realname = STR("진짜 이름"),
        .rooms = rooms,
        .n_rooms = lists,
    });
}

/* Takes the account. */
static int write(struct store_fixture *f, struct account_state *account, session_id session)
{
    struct effect effect = {.kind = EFFECT_ACCOUNT, .session = session, .account = account};
    int status = store_write_batch(&f->write, &effect, 1);
    account_state_unref(account);
    return status;
}

static void mark(struct store_fixture *f, account_id account, struct place place, uint64_t time_ms)
{
    struct effect effect = {.kind = EFFECT_MARKER, .marker = {account, place, time_ms}};
    assert_int_equal(store_write_batch(&f->write, &effect, 1), 0);
}

/* "id name fingerprints rooms, " of each. */
static void add_account(void *ctx, struct account_state *a)
{
    struct buf *out = ctx;
    assert_str(a->folded, "folded");
    assert_str(a->skeleton, "skeleton");
    assert_int_equal(a->created_ms, 11);
    assert_str(a->password_hash, "$argon2id$x");
    assert_str(a->scram, "4096$a$b$c");
    assert_str(a->email, "a@b.example");
    assert_str(a->code, "123456");
    assert_int_equal(a->code_ms, 12);
    assert_int_equal(a->multiclient, CHOICE_OFF);
    assert_int_equal(a->always_on, CHOICE_ON);
    assert_true(a->suspended);
    assert_str(a->suspended_why, "a reason");
    assert_int_equal(a->seen_ms, 13);
    assert_str(a->user, "~u");
    assert_str(a->realname, "진짜 이름");
    buf_printf(out, "%llu " STR_FMT, (unsigned long long)a->id, STR_ARG(a->name));
    for (unsigned i = 0; i < a->n_fingerprints; i++) {
        buf_printf(out, " " STR_FMT, STR_ARG(a->fingerprints[i]));
    }
    for (unsigned i = 0; i < a->n_rooms; i++) {
        buf_printf(out, " %llu/%llu/%u", (unsigned long long)a->rooms[i].room,
                   (unsigned long long)a->rooms[i].since_seq, a->rooms[i].rank);
    }
    buf_add_cstr(out, ", ");
}

static void add_marker(void *ctx, const struct read_marker *marker)
{
    buf_printf(ctx, "%llu in %llu %llu %llu at %llu, ", (unsigned long long)marker->account,
               (unsigned long long)marker->place.room, (unsigned long long)marker->place.a,
               (unsigned long long)marker->place.b, (unsigned long long)marker->time_ms);
}

static void assert_accounts(struct store_fixture *f, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(store_accounts_each(&f->db, add_account, &out), 0);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, expected);
    buf_finish(&out);
}

static void assert_markers(struct store_fixture *f, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(store_markers_each(&f->db, add_marker, &out), 0);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, expected);
    buf_finish(&out);
}

static void accounts_are_there_again(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "a.db");
    struct store_fixture f;
    fixture_open(&f, path);
    assert_int_equal(write(&f, make(50, "영희", 2), 1), 0);
    assert_int_equal(write(&f, make(40, "jin", 0), 0), 0);
    fixture_close(&f);
    fixture_open(&f, path);
    assert_accounts(&f, "40 jin, 50 영희 aa11 bb22 9/100/8 7/101/1, ");
    assert_int_equal(write(&f, make(50, "영희", 1), 1), 0);
    assert_accounts(&f, "40 jin, 50 영희 aa11 9/100/8, ");
    struct buf name = {0};
    assert_int_equal(store_account_name(&f.db, 50, &name), 0);
    assert_int_equal(store_account_name(&f.db, 51, &name), 0);
    assert_str(buf_str(&name), "영희");
    buf_finish(&name);
    fixture_close(&f);
    free(path);
    fixture_remove(folder);
}

static void markers_are_there_again(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    mark(&f, 50, room, 1000);
    mark(&f, 50, place_between(60, 50), 1001);
    mark(&f, 40, room, 1002);
    mark(&f, 50, room, 1003);
    assert_markers(&f, "40 in 7 0 0 at 1002, 50 in 7 0 0 at 1003, 50 in 0 50 60 at 1001, ");
    struct effect gone = {.kind = EFFECT_ROOM_GONE, .room = 7};
    assert_int_equal(store_write_batch(&f.write, &gone, 1), 0);
    assert_markers(&f, "50 in 0 50 60 at 1001, ");
    fixture_close(&f);
}

static void see_room(void *ctx, const struct room_state *state)
{
    buf_printf(ctx, "%llu/%llu/%u, ", (unsigned long long)state->founder,
               (unsigned long long)state->registered_ms, state->n_ranks);
}

static void what_belongs_to_an_account_goes_with_it(void **state)
{
    static const struct room_state_rank ranks[] = {{50, 8}, {40, 1}};
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    assert_int_equal(write(&f, make(50, "jin", 2), 0), 0);
    assert_int_equal(write(&f, make(40, "min", 2), 0), 0);
    mark(&f, 50, room, 1000);
    mark(&f, 40, room, 1001);
    const struct room_state kept = {.id = 7,
                                    .name = STR("#r"),
                                    .founder = 50,
                                    .registered_ms = 5,
                                    .ranks = ranks,
                                    .n_ranks = 2};
    struct effect effect = {.kind = EFFECT_ROOM, .room_state = room_state_copy(&kept)};
    assert_int_equal(store_write_batch(&f.write, &effect, 1), 0);
    struct effect gone = {.kind = EFFECT_ACCOUNT_GONE, .gone = 50};
    assert_int_equal(store_write_batch(&f.write, &gone, 1), 0);
    assert_accounts(&f, "40 min aa11 bb22 9/100/8 7/101/1, ");
    assert_markers(&f, "40 in 7 0 0 at 1001, ");
    struct buf out = {0};
    assert_int_equal(store_rooms_each(&f.db, see_room, &out), 0);
    assert_str(buf_str(&out), "0/0/1, ");
    buf_finish(&out);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_are_there_again),
        cmocka_unit_test(markers_are_there_again),
        cmocka_unit_test(what_belongs_to_an_account_goes_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
