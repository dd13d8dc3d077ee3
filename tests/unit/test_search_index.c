/* search_index.c: what comes into the index, and out of it again. */
#include "search_fixture.h"

#include "search_limits.h"

static int set_up(void **state)
{
    struct search_fixture *f = malloc(sizeof(*f));
    fixture_init(f);
    fixture_place(f, 1, 11, 0, 0);
    fixture_place(f, 2, 12, 0, 0);
    fixture_place(f, 3, 0, 5, 9);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_finish(*state);
    free(*state);
    return 0;
}

static void indexes(void **state)
{
    struct search_fixture *f = *state;
    assert_true(fixture_index(f).idle);
    assert_int_equal(fixture_count(f, "hello"), 0);
    fixture_say(f, 1, "Kim[x]", "Hello 안녕하세요");
    uint64_t last = fixture_say(f, 3, "철수", "hello");
    struct search_progress progress = fixture_index(f);
    assert_int_equal(progress.indexed_seq, last);
    assert_false(progress.behind);
    assert_int_equal(fixture_count(f, "\"hello\""), 2);
    assert_int_equal(fixture_count(f, "\"녕하\""), 1);
    assert_int_equal(fixture_count(f, "\"Skim{x}\""), 1);
    assert_int_equal(fixture_count(f, "\"S철수\""), 1);
    assert_int_equal(fixture_count_in(f, 1, "\"hello\""), 1);
    assert_int_equal(fixture_count_in(f, 2, "\"hello\""), 0);
    assert_int_equal(fixture_count_in(f, 3, "\"hello\""), 1);
}

static void only_what_was_said(void **state)
{
    struct search_fixture *f = *state;
    fixture_add(f, RECORD_NOTICE, 1, "a", "word notice");
    fixture_add(f, RECORD_TOPIC, 1, "a", "word topic");
    fixture_add(f, RECORD_TAGMSG, 1, "a", "word");
    fixture_add(f, RECORD_QUIT, 1, "a", "word quit");
    fixture_say(f, 1, "a",
                "\x01"
                "ACTION waves a word\x01");
    fixture_say(f, 1, "a", "\x01VERSION word\x01");
    fixture_say(f, 1, "a", "");
    struct search_progress progress = fixture_index(f);
    assert_int_equal(progress.indexed_seq, f->next_seq - 1);
    assert_int_equal(fixture_count(f, "\"word\""), 2);
    assert_int_equal(fixture_count(f, "\"waves\""), 1);
    assert_int_equal(fixture_count(f, "\"action\""), 0);
}

static void forgets(void **state)
{
    struct search_fixture *f = *state;
    uint64_t seqs[3];
    seqs[0] = fixture_say(f, 1, "a", "secret one");
    fixture_say(f, 1, "a", "secret two");
    seqs[1] = fixture_say(f, 3, "b", "secret three");
    fixture_index(f);
    seqs[2] = fixture_say(f, 1, "a", "secret, not indexed yet");
    assert_int_equal(fixture_count(f, "\"secret\""), 3);
    assert_int_equal(search_index_forget(f->index, seqs, 3), 0);
    fixture_index(f); /* Whoever deletes takes a while. */
    for (int i = 0; i < 3; i++) {
        fixture_delete(f, seqs[i]);
    }
    assert_int_equal(fixture_count(f, "\"secret\""), 1);
    assert_int_equal(fixture_count_in(f, 3, "\"secret\""), 0);
    assert_int_equal(fixture_count(f, "\"Sb\""), 0);
    fixture_index(f);
    assert_int_equal(fixture_count(f, "\"secret\""), 1);
    assert_int_equal(fixture_count(f, "\"indexed\""), 0);
    /* Again, and what never was. */
    uint64_t nothing[] = {seqs[0], 4711};
    assert_int_equal(search_index_forget(f->index, nothing, 2), 0);
    assert_int_equal(fixture_count(f, "\"secret\""), 1);
}

/* The index is as long as history in order; a step that has no time left goes on later. */
static void goes_on(void **state)
{
    struct search_fixture *f = *state;
    fixture_exec(f, "BEGIN");
    for (int i = 0; i < 5 * SEARCH_BATCH_MIN; i++) {
        fixture_say(f, 1 + i % 2, "a", i % 3 == 0 ? "three" : "other");
    }
    fixture_exec(f, "COMMIT");
    struct search_progress progress;
    unsigned steps = 0;
    do {
        assert_int_equal(search_index_step(f->index, 0, &progress), 0);
        assert_int_equal(progress.messages, SEARCH_BATCH_MIN);
        steps++;
    } while (progress.behind);
    assert_int_equal(steps, 5);
    assert_int_equal(fixture_count(f, "\"three\""), (5 * SEARCH_BATCH_MIN + 2) / 3);
}

/* Sequence numbers leap at each start, and most of them may be of events: a shard's numbers do
 * not. A message is taken out again where it lies. */
static void numbers_follow_each_other(void **state)
{
    struct search_fixture *f = *state;
    uint64_t seqs[40];
    for (int i = 0; i < 40; i++) {
        if (i % 10 == 0) {
            f->next_seq += i % 20 == 0 ? UINT64_C(1) << 36 : SEARCH_GAP_MAX;
        }
        f->next_seq += SEARCH_GAP_MAX - 1;
        seqs[i] = fixture_say(f, 1 + i % 3, "a", i % 2 == 0 ? "even" : "odd");
        if (i % 7 == 0) {
            fixture_index(f);
        }
    }
    fixture_index(f);
    assert_int_equal(fixture_count(f, "\"even\""), 20);
    assert_int_equal(fixture_shards(f), 1);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(search_index_forget(f->index, &seqs[i], 1), 0);
        assert_int_equal(fixture_count(f, "\"even\""), 20 - i / 2 - 1);
    }
    /* So many numbers, nearly all of events, that a shard has no more of them. */
    for (int i = 0; i < 3; i++) {
        f->next_seq += SEARCH_GAP_MAX - 1;
        fixture_say(f, 1, "a", "later");
        f->next_seq += SEARCH_GAP_MAX - 1;
        fixture_exec(f, "BEGIN");
        for (int n = 0; n < SEARCH_NUMBERS / SEARCH_GAP_MAX; n++) {
            f->next_seq += SEARCH_GAP_MAX - 1;
            fixture_say(f, 2, "a", "event");
        }
        fixture_exec(f, "COMMIT");
    }
    fixture_index(f);
    assert_int_equal(fixture_count(f, "\"later\""), 3);
    assert_int_equal(fixture_count_in(f, 1, "\"later\""), 3);
    assert_true(fixture_shards(f) >= 3);
}

static void reopen(struct search_fixture *f)
{
    struct buf error = {0};
    search_index_close(f->index);
    f->index = NULL;
    assert_int_equal(search_index_open(f->path, &f->index, &error), 0);
    buf_finish(&error);
}

static void stays(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "a", "before");
    fixture_index(f);
    reopen(f);
    fixture_say(f, 1, "a", "after");
    struct search_progress progress;
    assert_int_equal(search_index_step(f->index, 50, &progress), 0);
    assert_int_equal(progress.messages, 1);
    assert_int_equal(fixture_count(f, "\"before\" OR \"after\""), 2);
}

/* An older copy of the history was put back: its numbers come again with other messages. */
static void fits_an_older_history(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "a", "kept");
    fixture_say(f, 1, "a", "lost");
    fixture_index(f);
    fixture_delete(f, 2);
    reopen(f);
    f->next_seq = 2;
    fixture_say(f, 1, "a", "other");
    fixture_index(f);
    assert_int_equal(fixture_count(f, "\"lost\""), 0);
    assert_int_equal(fixture_count(f, "\"kept\""), 1);
    assert_int_equal(fixture_count(f, "\"other\""), 1);
}

static void spoil(struct search_fixture *f, const char *sql)
{
    char path[80];
    sqlite3 *sqlite;
    snprintf(path, sizeof(path), "%s.search", f->path);
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

/* What another version has made, and what is no database at all, is made anew. */
static void begins_anew(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "a", "word");
    fixture_index(f);
    spoil(f, "UPDATE state SET value = 'another' WHERE key = 'version'");
    reopen(f);
    struct search_progress progress;
    assert_int_equal(search_index_step(f->index, 50, &progress), 0);
    assert_int_equal(progress.messages, 1);
    assert_int_equal(fixture_count(f, "\"word\""), 1);

    char path[80];
    snprintf(path, sizeof(path), "%s.search", f->path);
    search_index_close(f->index);
    f->index = NULL;
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 5000; i++) {
        fputs("no database", file);
    }
    fclose(file);
    struct buf error = {0};
    assert_int_equal(search_index_open(f->path, &f->index, &error), 0);
    buf_finish(&error);
    fixture_index(f);
    assert_int_equal(fixture_count(f, "\"word\""), 1);
}

/* A page in the middle goes bad while the server runs: the step fails, a later one begins anew. */
static void survives_damage(void **state)
{
    struct search_fixture *f = *state;
    fixture_exec(f, "BEGIN");
    for (int i = 0; i < 3000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "word n%d", i);
        fixture_say(f, 1, "a", text);
    }
    fixture_exec(f, "COMMIT");
    fixture_index(f);
    search_index_close(f->index);
    f->index = NULL;
    spoil(f, "PRAGMA wal_checkpoint(TRUNCATE)");
    char path[80];
    snprintf(path, sizeof(path), "%s.search", f->path);
    struct buf error = {0};
    assert_int_equal(search_index_open(f->path, &f->index, &error), 0);
    buf_finish(&error);
    FILE *file = fopen(path, "r+");
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    for (long at = 4096; at < size; at += 4096) {
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        fputs("damaged by somebody else", file);
    }
    fclose(file);
    fixture_say(f, 1, "a", "word");
    struct search_progress progress = {0};
    bool failed = false;
    for (int i = 0; i < 1000 && !(failed && progress.idle); i++) {
        progress.idle = false;
        failed = search_index_step(f->index, 50, &progress) != 0 || failed;
    }
    assert_true(failed);
    assert_true(progress.idle);
    assert_int_equal(fixture_count(f, "\"word\""), 3001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(indexes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_was_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_follow_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fits_an_older_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begins_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
