/* search_answer.c: what was found, as the asker gets it. */
#include "store_fixture.h"

#include "search_index.h"
#include "search_limits.h"

#include <stdio.h>
#include <stdlib.h>

struct world {
    struct store_fixture store;
    char *folder;
    char *path;
    struct search_index *index;
    struct query_place places[2];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->folder = fixture_folder();
    w->path = fixture_path(w->folder, "maru.db");
    fixture_open(&w->store, w->path);
    w->places[0] = (struct query_place){.place = place_of_room(7), .name = STR("#r")};
    w->places[1] = (struct query_place){.place = place_of_room(8), .name = STR("#Now")};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    search_index_close(w->index);
    fixture_close(&w->store);
    free(w->path);
    fixture_remove(w->folder);
    free(w);
    return 0;
}

static void index_all(struct world *w)
{
    struct buf error = {0};
    struct search_progress progress = {0};
    assert_int_equal(search_index_open(w->path, &w->index, &error), 0);
    while (!progress.idle) {
        assert_int_equal(search_index_step(w->index, 50, &progress), 0);
    }
    buf_finish(&error);
}

/* "one two" in room 7, from number 10 on. */
static void fixture_add_many(struct world *w, unsigned n)
{
    char sql[400];
    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
             "INSERT INTO messages(seq, place, time, kind, sender, source, text) "
             "SELECT i, 1, 1000000 + i, 1, 1, 'n1!u@h', 'one two' FROM n",
             n + 9);
    assert_int_equal(
        store_db_exec(&w->store.db, "INSERT OR IGNORE INTO places(id, room) VALUES (1, 7)"), 0);
    assert_int_equal(store_db_exec(&w->store.db, sql), 0);
}

static struct query question(struct world *w, const char *text)
{
    return (struct query){
        .kind = QUERY_SEARCH,
        .order = QUERY_LAST,
        .session = 1,
        .asker = 5,
        .fence_seq = UINT64_MAX,
        .caps = CAP_BATCH | CAP_STANDARD_REPLIES,
        .limit = 100,
        .direct = true,
        .server = STR("maru.test"),
        .nick = STR("me"),
        .batch = STR("B"),
        .command = STR("SEARCH"),
        .text = str_from(text),
        .places = w->places,
        .n_places = 2,
    };
}

static void gives(struct world *w, const struct query *query, const char *wanted)
{
    char *text = fixture_ask(&w->store, query, NULL);
    assert_string_equal(text, wanted);
    free(text);
}

static void answers(void **state)
{
    struct world *w = *state;
    struct store_fixture *f = &w->store;
    fixture_add(f, 1, place_of_room(7), RECORD_PRIVMSG, "PRIVMSG #r :hello");
    fixture_add(f, 2, place_of_room(8), RECORD_NOTICE, "NOTICE #then :hello, 안녕하세요");
    fixture_add(f, 3, place_between(5, 6), RECORD_PRIVMSG, "PRIVMSG me :hello yourself");
    fixture_add(f, 4, place_between(4, 6), RECORD_PRIVMSG, "PRIVMSG you :hello stranger");
    fixture_add(f, 5, place_of_room(9), RECORD_PRIVMSG, "PRIVMSG #s :hello elsewhere");
    index_all(w);
    fixture_add(f, 6, place_of_room(7), RECORD_PRIVMSG, "PRIVMSG #r :\001ACTION says hello\001");
    struct query query = question(w, "hello");
    gives(w, &query,
          ":maru.test BATCH +B soju.im/search\r\n"
          "@batch=B :n1!u@h PRIVMSG #r :hello\r\n"
          "@batch=B :n1!u@h NOTICE #Now :hello, 안녕하세요\r\n"
          "@batch=B :n5!u@h PRIVMSG me :hello yourself\r\n"
          "@batch=B :n1!u@h PRIVMSG #r :\001ACTION says hello\001\r\n"
          ":maru.test BATCH -B\r\n");
    query.text = STR("녕하");
    query.label = STR("L");
    gives(w, &query,
          "@label=L :maru.test BATCH +B soju.im/search\r\n"
          "@batch=B :n1!u@h NOTICE #Now :hello, 안녕하세요\r\n"
          ":maru.test BATCH -B\r\n");
    query.label = (struct str){0};
    query.text = STR("absent");
    gives(w, &query, ":maru.test BATCH +B soju.im/search\r\n:maru.test BATCH -B\r\n");
    query.caps = 0;
    gives(w, &query, "");
    query.text = STR("녕하");
    gives(w, &query, ":n1!u@h NOTICE #Now :hello, 안녕하세요\r\n");
}

static void comes_in_pieces(void **state)
{
    struct world *w = *state;
    char body[420];
    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    memcpy(body, "PRIVMSG #r :word ", 17);
    for (uint64_t seq = 1; seq <= 400; seq++) {
        fixture_add(&w->store, seq, place_of_room(7), RECORD_PRIVMSG, body);
    }
    index_all(w);
    struct query query = question(w, "word");
    query.limit = 300;
    unsigned pieces = 0;
    char *text = fixture_ask(&w->store, &query, &pieces);
    unsigned lines = 0;
    for (const char *p = text; (p = strstr(p, "\r\n")) != NULL; p += 2) {
        lines++;
    }
    assert_int_equal(lines, 302);
    assert_true(pieces >= 2);
    free(text);
}

/* So many candidates that fit in no way but by their words: they are not all looked at. */
static void says_that_it_gave_up(void **state)
{
    struct world *w = *state;
    assert_int_equal(store_db_exec(&w->store.db, "BEGIN"), 0);
    fixture_add_many(w, SEARCH_READ_MAX + 100);
    assert_int_equal(store_db_exec(&w->store.db, "COMMIT"), 0);
    index_all(w);
    struct query query = question(w, "\"two one\"");
    gives(
        w, &query,
        ":maru.test BATCH +B soju.im/search\r\n"
        "@batch=B :maru.test NOTE SEARCH INCOMPLETE :There may be more: looking through all takes "
        "too long. Ask with more words, or with in:, from:, after: or before:\r\n"
        ":maru.test BATCH -B\r\n");
    query.caps = 0;
    gives(
        w, &query,
        ":maru.test NOTICE me :SEARCH: There may be more: looking through all takes too long. Ask "
        "with more words, or with in:, from:, after: or before:\r\n");
}

/* The index was never brought along, and there is too much to read without it. */
static void says_what_it_skipped(void **state)
{
    struct world *w = *state;
    fixture_add(&w->store, 1, place_of_room(7), RECORD_PRIVMSG, "PRIVMSG #r :one apple");
    index_all(w);
    assert_int_equal(store_db_exec(&w->store.db, "BEGIN"), 0);
    fixture_add_many(w, SEARCH_TAIL_MAX + 2 * SEARCH_STEP_ROWS);
    assert_int_equal(store_db_exec(&w->store.db, "COMMIT"), 0);
    struct query query = question(w, "apple");
    gives(w, &query,
          ":maru.test BATCH +B soju.im/search\r\n"
          "@batch=B :n1!u@h PRIVMSG #r :one apple\r\n"
          "@batch=B :maru.test NOTE SEARCH INCOMPLETE :What was said last is not indexed yet: "
          "search again later\r\n"
          ":maru.test BATCH -B\r\n");
}

static void says_that_it_cannot(void **state)
{
    struct world *w = *state;
    fixture_add(&w->store, 1, place_of_room(7), RECORD_PRIVMSG, "PRIVMSG #r :hello");
    struct query query = question(w, "hello");
    gives(w, &query, ":maru.test FAIL SEARCH INTERNAL_ERROR :Messages could not be retrieved\r\n");
    /* As soon as there is an index, it can. */
    index_all(w);
    gives(w, &query,
          ":maru.test BATCH +B soju.im/search\r\n"
          "@batch=B :n1!u@h PRIVMSG #r :hello\r\n"
          ":maru.test BATCH -B\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comes_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_it_gave_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_it_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_it_cannot, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
