/*
 * The disk fails at every call there is, once or for good, and then power fails too: what was said
 * to be stored is there, whole, once and in order, and writing works again.
 */
#include "store_fixture.h"

#include "alloc.h"
#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCHES = 8, EACH = 3 };

static const struct place room = {.room = 7};

struct trial {
    struct store_fixture f;
    char *path;
    char *after; /* what is left of it, for another connection */
    bool stored[BATCHES + 2];
};

/* One that nobody waits for, and one that somebody does. */
static struct effect account_effect(account_id id, session_id session, unsigned batch)
{
    static const struct str fingerprints[] = {{"aa", 2}, {"bb", 2}};
    return (struct effect){
        .kind = EFFECT_ACCOUNT,
        .session = session,
        .account = account_state_create(&(struct account_state){
            .id = id,
            .name = STR("n"),
            .seen_ms = batch,
            .fingerprints = fingerprints,
            .n_fingerprints = 2,
        }),
    };
}

/* Three messages, of which the last two go to a place that is new, the state of a room, and two
 * accounts. */
static int write_batch(struct trial *t, unsigned batch)
{
    struct effect effects[EACH + 3];
    for (unsigned i = 0; i < EACH; i++) {
        char body[128];
        struct place place = i == 0 ? room : (struct place){.room = 100 + batch};
        snprintf(body, sizeof(body), "PRIVMSG #r :%u.%u %050u", batch, i, batch);
        effects[i] = fixture_record(batch * 10 + i + 1, place, 1, RECORD_PRIVMSG, 1000, "", body);
    }
    char topic[16];
    snprintf(topic, sizeof(topic), "%u", batch);
    struct room_state state = {.id = 7, .name = STR("#r"), .topic = str_from(topic)};
    effects[EACH] = (struct effect){.kind = EFFECT_ROOM, .room_state = room_state_copy(&state)};
    effects[EACH + 1] = account_effect(50, 0, batch);
    effects[EACH + 2] = account_effect(100 + batch, 1, batch);
    int status = store_write_batch(&t->f.write, effects, EACH + 3);
    for (unsigned i = 0; i < EACH + 3; i++) {
        message_unref(effects[i].message);
        account_state_unref(effects[i].account);
    }
    return status;
}

static uint64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    uint64_t value = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

/* Batches are there as a whole or not at all, those that were said to be stored are there, and the
 * room and the account are what the last stored batch made them, or a later one. */
static void check(struct trial *t, const char *path)
{
    struct store_fixture f;
    fixture_open(&f, path);
    sqlite3 *db = f.db.sqlite;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(stmt, 0), "ok");
    sqlite3_finalize(stmt);
    unsigned last = 0;
    for (unsigned batch = 0; batch < BATCHES + 2; batch++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM messages WHERE seq / 10 = %u", batch);
        uint64_t n = number(db, sql);
        if (t->stored[batch]) {
            assert_int_equal(n, EACH);
            last = batch;
        } else {
            assert_true(n == 0 || n == EACH);
        }
        /* Whose making was said to have failed is there only with all else of the batch. */
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) FROM accounts JOIN account_fingerprints ON account = accounts.id "
                 "WHERE accounts.id = %u",
                 100 + batch);
        assert_int_equal(number(db, sql), n == EACH ? 2 : 0);
    }
    assert_true(number(db, "SELECT seen_ms FROM accounts WHERE id = 50") >= last);
    assert_true(number(db, "SELECT CAST(topic AS INTEGER) FROM rooms WHERE id = 7") >= last);
    fixture_close(&f);
}

/* One run of the same work with one fault; false where it was never met: all have been tried. */
static bool try_fault(enum fault_kind kind, unsigned nth, bool lasting)
{
    char *folder = fixture_folder();
    struct trial t = {.path = fixture_path(folder, "a.db"),
                      .after = fixture_path(folder, "after.db")};
    fixture_open(&t.f, t.path);
    t.stored[0] = write_batch(&t, 0) == 0;
    assert_true(t.stored[0]);
    fault_vfs_arm(kind, nth, lasting);
    for (unsigned batch = 1; batch <= BATCHES; batch++) {
        t.stored[batch] = write_batch(&t, batch) == 0;
        if (batch % 3 == 0 && !t.f.db.suspect &&
            store_db_checkpoint(&t.f.db, batch == 6, NULL) != 0) {
            t.f.db.suspect = true;
        }
        if (batch == 5) {
            /* A look at what is on disk at this moment, without faults in between. */
            fault_vfs_pause(true);
            fault_vfs_crash(t.path, t.after);
            check(&t, t.after);
            fault_vfs_pause(false);
        }
    }
    bool met = fault_vfs_failures() > 0;
    fault_vfs_arm(FAULT_NONE, 0, false);
    /* It works again by itself. */
    t.stored[BATCHES + 1] = write_batch(&t, BATCHES + 1) == 0;
    assert_true(t.stored[BATCHES + 1]);
    assert_false(store_write_is_behind(&t.f.write));
    fault_vfs_crash(t.path, t.after);
    check(&t, t.after);
    fixture_close(&t.f);
    check(&t, t.path);
    fault_vfs_reset();
    free(t.path);
    free(t.after);
    fixture_remove(folder);
    return met;
}

static void try_all(enum fault_kind kind, bool lasting, unsigned at_least)
{
    unsigned n = 1;
    while (try_fault(kind, n, lasting)) {
        n++;
        assert_true(n < 5000);
    }
    assert_true(n > at_least);
}

static void every_call_fails_once(void **state)
{
    try_all(FAULT_IO, false, 40);
}

static void every_call_fails_for_good(void **state)
{
    try_all(FAULT_IO, true, 40);
}

static void every_sync_fails_once(void **state)
{
    try_all(FAULT_SYNC, false, 6);
}

static void every_sync_fails_for_good(void **state)
{
    try_all(FAULT_SYNC, true, 6);
}

static void the_disk_is_full_at_every_write(void **state)
{
    try_all(FAULT_FULL, false, 20);
    try_all(FAULT_FULL, true, 20);
}

/* Opening fails at every call: either it says why, or it works. */
static void opening_fails_with_a_reason(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "a.db");
    struct store_fixture f;
    fixture_open(&f, path);
    fixture_add(&f, 1, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    fixture_close(&f);
    unsigned refused = 0;
    for (unsigned n = 1;; n++) {
        struct store_db db;
        struct buf error = {0};
        fault_vfs_arm(FAULT_IO, n, false);
        int status = store_db_open(&db, path, STORE_WRITER, &error);
        unsigned failures = fault_vfs_failures();
        fault_vfs_arm(FAULT_NONE, 0, false);
        if (status == 0) {
            store_db_close(&db);
        } else {
            assert_true(error.len > 0);
            refused++;
        }
        buf_finish(&error);
        if (failures == 0) {
            break;
        }
    }
    assert_true(refused > 5);
    fixture_open(&f, path);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "one ");
    free(texts);
    fixture_close(&f);
    fault_vfs_reset();
    free(path);
    fixture_remove(folder);
}

static int set_up(void **state)
{
    fault_vfs_register();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once),
        cmocka_unit_test(every_call_fails_for_good),
        cmocka_unit_test(every_sync_fails_once),
        cmocka_unit_test(every_sync_fails_for_good),
        cmocka_unit_test(the_disk_is_full_at_every_write),
        cmocka_unit_test(opening_fails_with_a_reason),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
