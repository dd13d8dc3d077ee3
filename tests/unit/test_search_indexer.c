/* search_indexer.c: the index follows a running store, and forgets with it. */
#include "store_fixture.h"

#include "alloc.h"
#include "lock.h"
#include "search_db.h"
#include "store_admin.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
    char *folder;
    char *path;
    struct store *store;
    uint64_t first_seq;
    struct lock lock; /* of these */
    bool told_of_failure;
    bool told_of_success;
};

static void to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
}

static void to_core(void *ctx, const struct input *input)
{
    CHECK(input->redacted.outcome == REDACT_DONE);
}

static void trouble(void *ctx, bool failing, struct str reason)
{
    CHECK(!failing);
}

static void notice(void *ctx, struct str sentence)
{
    struct world *w = ctx;
    lock_enter(&w->lock);
    bool fails = str_starts(sentence, STR("the search index cannot be written: "));
    w->told_of_failure = w->told_of_failure || fails;
    w->told_of_success =
        w->told_of_success || str_eq(sentence, STR("the search index is written again"));
    lock_leave(&w->lock);
}

static void wait_until(struct world *w, const bool *flag)
{
    bool set = false;
    for (int i = 0; i < 6000 && !set; i++) {
        usleep(10 * 1000);
        lock_enter(&w->lock);
        set = *flag;
        lock_leave(&w->lock);
    }
    assert_true(set);
}

static void start(struct world *w)
{
    const struct store_options options = {
        .path = w->path,
        .history = true,
        .search = true,
        .to_edge = to_edge,
        .to_core = to_core,
        .trouble = trouble,
        .notice = notice,
        .ctx = w,
    };
    struct buf error = {0};
    assert_int_equal(store_open(&options, &w->store, &error), 0);
    w->first_seq = store_identity(w->store).first_id;
    store_start(w->store);
    buf_finish(&error);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    lock_init(&w->lock);
    w->folder = fixture_folder();
    w->path = fixture_path(w->folder, "maru.db");
    start(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    store_close(w->store);
    free(w->path);
    fixture_remove(w->folder);
    lock_finish(&w->lock);
    free(w);
    return 0;
}

static void say(struct world *w, unsigned n, const char *text)
{
    char body[64];
    snprintf(body, sizeof(body), "PRIVMSG #r :%s", text);
    struct effect effect =
        fixture_record(w->first_seq + n, place_of_room(7), 1, RECORD_PRIVMSG, 1000 + n, "", body);
    store_post(w->store, &effect, 1);
}

static void unsay(struct world *w, unsigned n)
{
    const struct effect effect = {
        .kind = EFFECT_REDACT,
        .session = session_id_make(1, 1, 1),
        .redaction = {.seq = w->first_seq + n, .place = place_of_room(7), .any_sender = true},
    };
    store_post(w->store, &effect, 1);
}

/* Messages in the index with this token, or -1 while there is no index. */
static int count(const struct world *w, const char *token)
{
    struct search_db db;
    struct buf error = {0};
    int n = -1;
    int status = search_db_open(&db, w->path, SEARCH_READER, &error);
    buf_finish(&error);
    if (status != 0) {
        return n;
    }
    sqlite3_stmt *stmt =
        search_db_prepare(&db, "SELECT count(*) FROM main.shard_@ WHERE shard_@ MATCH ?1", 1);
    if (stmt != NULL) {
        sqlite3_bind_text(stmt, 1, token, -1, SQLITE_STATIC);
        n = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
    }
    sqlite3_finalize(stmt);
    search_db_close(&db);
    return n;
}

static void wait_for(const struct world *w, const char *token, int wanted)
{
    for (int i = 0; i < 6000 && count(w, token) != wanted; i++) {
        usleep(10 * 1000);
    }
    assert_int_equal(count(w, token), wanted);
}

static void follows(void **state)
{
    struct world *w = *state;
    say(w, 1, "one word");
    wait_for(w, "\"word\"", 1);
    say(w, 2, "two words, a word");
    say(w, 3, "안녕하세요");
    wait_for(w, "\"word\"", 2);
    wait_for(w, "\"녕하\"", 1);
}

/* Redacted before and after it was indexed; the token is not even in the index. */
static void forgets(void **state)
{
    struct world *w = *state;
    say(w, 1, "secret");
    say(w, 2, "other");
    wait_for(w, "\"other\"", 1);
    assert_int_equal(count(w, "\"secret\""), 1);
    say(w, 3, "secret");
    unsay(w, 1);
    unsay(w, 3);
    say(w, 4, "other");
    wait_for(w, "\"other\"", 2);
    assert_int_equal(count(w, "\"secret\""), 0);
}

/* What the last start left is made up for, without anybody saying more. */
static void catches_up(void **state)
{
    struct world *w = *state;
    for (unsigned n = 1; n <= 100; n++) {
        say(w, n, "word");
    }
    assert_true(store_flush(w->store, 60000));
    store_close(w->store);
    start(w);
    wait_for(w, "\"word\"", 100);
}

static struct store_figures figures(struct world *w)
{
    struct store_figures now;
    struct buf error = {0};
    assert_int_equal(store_admin_figures(w->store, NULL, &now, &error), 0);
    buf_finish(&error);
    return now;
}

/* Somebody else holds the index: messages are kept as ever, operators are told, and it goes on by
 * itself. */
static void says_when_it_fails(void **state)
{
    struct world *w = *state;
    say(w, 1, "before");
    wait_for(w, "\"before\"", 1);
    char *path = fixture_path(w->folder, "maru.db.search");
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    sqlite3_busy_timeout(other, 60000);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    say(w, 2, "meanwhile");
    assert_true(store_flush(w->store, 60000));
    wait_until(w, &w->told_of_failure);
    struct store_figures now = figures(w);
    assert_true(now.search_failing);
    assert_non_null(strstr(now.search_trouble, "locked"));
    assert_int_equal(now.unindexed_ms, 1002);
    assert_int_equal(now.messages, 2);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    free(path);
    wait_until(w, &w->told_of_success);
    wait_for(w, "\"meanwhile\"", 1);
    for (int i = 0; i < 6000 && figures(w).unindexed_ms != 0; i++) {
        usleep(10 * 1000);
    }
    now = figures(w);
    assert_false(now.search_failing);
    assert_int_equal(now.unindexed_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(catches_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_when_it_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
