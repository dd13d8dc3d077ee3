/* store_schema.c: older databases become newer ones, and a copy of each stays. */
#include "store_fixture.h"

#include "store_account.h"
#include "store_room.h"
#include "store_schema.h"

#include <sqlite3.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

/* Two steps more than there are: an older database becomes a newer one, and a copy of it stays. */
static void migrates_and_keeps_a_copy(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "a.db");
    struct store_fixture f;
    fixture_open(&f, path);
    fixture_add(&f, 10, room, RECORD_PRIVMSG, "PRIVMSG #r :one");
    const struct store_migration steps[] = {
        {"SELECT 1"}, /* which it already is */
        {"SELECT 1"},
        {"CREATE TABLE added(x); INSERT INTO added VALUES (1)"},
        {"INSERT INTO added VALUES (2)"},
    };
    const struct store_migration broken[] = {
        {"SELECT 1"}, {"SELECT 1"}, {"CREATE TABLE half(x); SELECT no"}};
    struct buf error = {0};
    assert_true(store_schema_migrate(f.db.sqlite, path, broken, 3, &error) < 0);
    assert_true(error.len > 0);
    buf_clear(&error);
    assert_true(store_db_exec(&f.db, "SELECT * FROM half") < 0);
    assert_int_equal(store_schema_migrate(f.db.sqlite, path, steps, 4, &error), 0);
    assert_int_equal(store_schema_migrate(f.db.sqlite, path, steps, 4, &error), 0);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(f.db.sqlite, "SELECT sum(x) FROM added", -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 3);
    sqlite3_finalize(stmt);
    fixture_close(&f);
    free(path);
    /* The copy is of the version before, with all that was said. */
    path = fixture_path(folder, "a.db.before-v3");
    fixture_open(&f, path);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "one ");
    free(texts);
    assert_true(store_db_exec(&f.db, "SELECT * FROM added") < 0);
    fixture_close(&f);
    buf_finish(&error);
    free(path);
    fixture_remove(folder);
}

/* As the first version made it: this text never changes. */
static const char version_1[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE places(id INTEGER PRIMARY KEY, room INTEGER, a INTEGER, b INTEGER,"
    " gone INTEGER);"
    "CREATE UNIQUE INDEX places_room ON places(room) WHERE room IS NOT NULL;"
    "CREATE UNIQUE INDEX places_pair ON places(a, b) WHERE a IS NOT NULL;"
    "CREATE INDEX places_other ON places(b) WHERE b IS NOT NULL;"
    "CREATE TABLE messages(seq INTEGER PRIMARY KEY, place INTEGER NOT NULL,"
    " time INTEGER NOT NULL, kind INTEGER NOT NULL, sender INTEGER NOT NULL,"
    " source TEXT NOT NULL, target TEXT, text TEXT NOT NULL, tags TEXT, message_seq INTEGER,"
    " parent INTEGER);"
    "CREATE INDEX messages_speech ON messages(place) WHERE kind <= 2;"
    "CREATE INDEX messages_events ON messages(place) WHERE kind > 2;"
    "CREATE INDEX messages_parent ON messages(parent) WHERE parent IS NOT NULL;"
    "CREATE TABLE epochs(seq INTEGER PRIMARY KEY);"
    "CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL,"
    " skeleton TEXT NOT NULL, modes TEXT NOT NULL, key TEXT NOT NULL,"
    " member_limit INTEGER NOT NULL, topic TEXT NOT NULL, topic_by TEXT NOT NULL,"
    " topic_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL, empty_ms INTEGER NOT NULL);"
    "CREATE TABLE room_masks(id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
    " list INTEGER NOT NULL, mask TEXT NOT NULL, mask_folded TEXT NOT NULL,"
    " set_by TEXT NOT NULL, set_ms INTEGER NOT NULL);"
    "CREATE INDEX room_masks_room ON room_masks(room);"
    "INSERT INTO meta VALUES ('server_part', 'abcdefghijk');"
    "INSERT INTO meta VALUES ('starts', 3);"
    "INSERT INTO places VALUES (1, 7, NULL, NULL, NULL);"
    "INSERT INTO messages VALUES (10, 1, 1000, 1, 3, 'n1!u@h', NULL, 'old words', NULL, NULL, "
    "NULL);"
    "INSERT INTO rooms VALUES (7, '#r', '#r', '#r', 'nt', '', 0, 'talk', 'n1', 5, 4, 0);"
    "INSERT INTO room_masks VALUES (1, 7, 98, 'a!*@*', 'a!*@*', 'n1', 6);"
    "PRAGMA application_id = 1298231925; PRAGMA user_version = 1;";

static void see_room(void *ctx, const struct room_state *state)
{
    unsigned *n = ctx;
    ++*n;
    assert_int_equal(state->id, 7);
    assert_str(state->topic, "talk");
    assert_str(state->params, "");
    assert_int_equal(state->founder, 0);
    assert_int_equal(state->registered_ms, 0);
    assert_int_equal(state->n_ranks, 0);
    assert_int_equal(state->n_masks, 1);
    assert_str(state->masks[0].mask, "a!*@*");
    assert_int_equal(state->masks[0].until_ms, 0);
}

static void see_account(void *ctx, struct account_state *state)
{
    unsigned *n = ctx;
    ++*n;
}

static void the_first_version_learns_of_accounts(void **state)
{
    char *folder = fixture_folder();
    char *path = fixture_path(folder, "a.db");
    sqlite3 *old = NULL;
    assert_int_equal(sqlite3_open(path, &old), SQLITE_OK);
    assert_int_equal(sqlite3_exec(old, version_1, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(old);
    struct store_fixture f;
    fixture_open(&f, path);
    unsigned rooms = 0;
    unsigned accounts = 0;
    assert_int_equal(store_rooms_each(&f.db, see_room, &rooms), 0);
    assert_int_equal(rooms, 1);
    assert_int_equal(store_accounts_each(&f.db, see_account, &accounts), 0);
    assert_int_equal(accounts, 0);
    assert_string_equal(f.db.server_part, "abcdefghijk");
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "old words ");
    free(texts);
    fixture_close(&f);
    free(path);
    path = fixture_path(folder, "a.db.before-v2");
    assert_int_equal(sqlite3_open_v2(path, &old, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(old, "SELECT * FROM accounts", NULL, NULL, NULL), SQLITE_ERROR);
    assert_int_equal(sqlite3_exec(old, "SELECT * FROM messages", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(old);
    free(path);
    fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrates_and_keeps_a_copy),
        cmocka_unit_test(the_first_version_learns_of_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
