/* store_erase.c, store_export.c and store_offline.c, as far as they know accounts. */
#include "store_fixture.h"

#include "alloc.h"
#include "store_admin.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

struct place_of_work {
    char *folder;
    char *path;
};

static void begin(struct place_of_work *w)
{
    w->folder = fixture_folder();
    w->path = fixture_path(w->folder, "a.db");
}

static void end(struct place_of_work *w)
{
    free(w->path);
    fixture_remove(w->folder);
}

static void to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
}

static void to_core(void *ctx, const struct input *input)
{
}

static void trouble(void *ctx, bool failing, struct str reason)
{
    CHECK(!failing);
}

static struct store *open_store(const char *path)
{
    const struct store_options options = {
        .path = path,
        .history = true,
        .to_edge = to_edge,
        .to_core = to_core,
        .trouble = trouble,
    };
    struct store *store = NULL;
    struct buf error = {0};
    if (store_open(&options, &store, &error) != 0) {
        fail_msg(STR_FMT, STR_ARG(buf_str(&error)));
    }
    store_start(store);
    return store;
}

/* Jin, whose account is 2, and others in room 7, which is kept. */
static void fill(const char *path)
{
    static const struct room_state_rank rank = {2, 8};
    static const struct str fingerprint = {"aa", 2};
    static const struct account_room member = {7, 1, 8};
    const struct room_state state = {.id = 7,
                                     .name = STR("#r"),
                                     .folded = STR("#r"),
                                     .founder = 2,
                                     .ranks = &rank,
                                     .n_ranks = 1};
    struct effect effects[] = {
        {.kind = EFFECT_ROOM, .room_state = room_state_copy(&state)},
        {.kind = EFFECT_ACCOUNT,
         .account = account_state_create(&(struct account_state){.id = 2,
                                                                 .name = STR("Jin"),
                                                                 .folded = STR("jin"),
                                                                 .fingerprints = &fingerprint,
                                                                 .n_fingerprints = 1,
                                                                 .rooms = &member,
                                                                 .n_rooms = 1})},
        {.kind = EFFECT_MARKER, .marker = {2, room, 1000}},
        fixture_record(11, room, 1, RECORD_PRIVMSG, 1000, "", "PRIVMSG #r :of a guest"),
        fixture_record(12, room, 2, RECORD_PRIVMSG, 1000, "", "PRIVMSG #r :of Jin"),
        fixture_record(13, room, 1, RECORD_KICK, 1000, "", "KICK #r n2 :of a guest"),
        fixture_record(14, room, 1, RECORD_KICK, 1000, "", "KICK #r n3 :of a guest"),
    };
    const size_t n = sizeof(effects) / sizeof(effects[0]);
    struct store_fixture f;
    fixture_open(&f, path);
    assert_int_equal(store_write_batch(&f.write, effects, n), 0);
    for (size_t i = 0; i < n; i++) {
        message_unref(effects[i].message);
        account_state_unref(effects[i].account);
    }
    fixture_close(&f);
}

static void erases_what_an_account_said(void **state)
{
    struct place_of_work w;
    begin(&w);
    fill(w.path);
    struct store *store = open_store(w.path);
    struct buf error = {0};
    uint64_t n = 0;
    struct store_erased erased = {.account_folded = STR("nobody")};
    assert_int_equal(store_admin_erase(store, &erased, NAME_CASE_RFC8265, NULL, &n, &error),
                     STATUS_NOT_FOUND);
    assert_int_equal(n, 0);
    assert_str(buf_str(&error), "there is no such account");
    buf_clear(&error);
    erased.account_folded = STR("jin");
    assert_int_equal(store_admin_erase(store, &erased, NAME_CASE_RFC8265, NULL, &n, &error), 0);
    assert_int_equal(n, 2); /* and that it was kicked */
    store_close(store);
    struct store_fixture f;
    fixture_open(&f, w.path);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "of a guest ");
    free(texts);
    fixture_close(&f);
    buf_finish(&error);
    end(&w);
}

static void exports_whose_account_it_was(void **state)
{
    struct place_of_work w;
    begin(&w);
    fill(w.path);
    struct store *store = open_store(w.path);
    char *path = fixture_path(w.folder, "out.json");
    struct buf error = {0};
    uint64_t n = 0;
    assert_int_equal(store_admin_export(store, STR("#r"), NAME_CASE_RFC8265, STORE_EXPORT_JSON,
                                        path, NULL, &n, &error),
                     0);
    assert_int_equal(n, 4);
    store_close(store);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[512];
    unsigned lines = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        bool of_jin = strstr(line, "of Jin") != NULL;
        assert_int_equal(strstr(line, "\"account\": \"Jin\"") != NULL, of_jin);
        assert_int_equal(strstr(line, "account") != NULL, of_jin);
        lines++;
    }
    assert_int_equal(lines, 4);
    fclose(file);
    free(path);
    buf_finish(&error);
    end(&w);
}

/* Does something to the database, and what the check finds is this. */
static void assert_found(const char *path, const char *sql, const char *expected)
{
    struct store_fixture f;
    fixture_open(&f, path);
    assert_int_equal(store_db_exec(&f.db, sql), 0);
    fixture_close(&f);
    struct store_figures figures;
    struct buf report = {0};
    int status = store_admin_check(path, NULL, &figures, &report);
    assert_int_equal(status, expected[0] != '\0' ? STATUS_MALFORMED : 0);
    buf_add_char(&report, '\0');
    assert_string_equal(report.p, expected);
    buf_finish(&report);
}

static void checks_what_belongs_to_accounts(void **state)
{
    struct place_of_work w;
    begin(&w);
    fill(w.path);
    assert_found(w.path, "SELECT 1", "");
    assert_found(w.path, "INSERT INTO account_fingerprints VALUES (9, 3, 'x')",
                 "1 certificates belong to no account\n");
    assert_found(w.path,
                 "DELETE FROM account_fingerprints WHERE id = 9;"
                 "UPDATE markers SET account = 3; UPDATE room_ranks SET account = 3;"
                 "UPDATE account_rooms SET account = 3; UPDATE rooms SET founder = 3",
                 "1 memberships belong to no account\n"
                 "1 read markers belong to no account\n"
                 "1 ranks belong to no account\n"
                 "1 rooms have a founder who is nobody\n");
    end(&w);
}

/* A tool may look before a server of this version has ever run. */
static void checks_an_older_database(void **state)
{
    struct place_of_work w;
    begin(&w);
    fill(w.path);
    struct store_fixture f;
    fixture_open(&f, w.path);
    assert_int_equal(
        store_db_exec(&f.db, "DROP TABLE accounts; DROP TABLE account_fingerprints;"
                             "DROP TABLE account_rooms; DROP TABLE markers; DROP TABLE room_ranks;"
                             "ALTER TABLE rooms DROP COLUMN founder; PRAGMA user_version = 1"),
        0);
    fixture_close(&f);
    struct store_figures figures;
    struct buf report = {0};
    int status = store_admin_check(w.path, NULL, &figures, &report);
    assert_int_equal(report.len, 0);
    assert_int_equal(status, 0);
    assert_int_equal(figures.messages, 2);
    assert_int_equal(figures.events, 2);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(erases_what_an_account_said),
        cmocka_unit_test(exports_whose_account_it_was),
        cmocka_unit_test(checks_what_belongs_to_accounts),
        cmocka_unit_test(checks_an_older_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
