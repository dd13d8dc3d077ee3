/* search_query.c: who finds what. */
#include "search_fixture.h"

#include "chance.h"
#include "search_limits.h"
#include "search_query.h"

enum { ASKER = 5, OTHER = 9, STRANGER = 7 };

/* A question, and what it must give, as numbers parted by spaces. */
struct ask {
    const char *text;
    const char *from;
    struct query_bound after;
    struct query_bound before;
    uint64_t since_seq; /* in the first place */
    uint64_t fence_seq; /* 0: none */
    unsigned limit;     /* 0: plenty */
    bool direct;
    bool first;
    unsigned n_rooms; /* from room 11 on */
    bool pair;        /* the place between ASKER and OTHER */
};

static int set_up(void **state)
{
    struct search_fixture *f = malloc(sizeof(*f));
    fixture_init(f);
    fixture_place(f, 1, 11, 0, 0);
    fixture_place(f, 2, 12, 0, 0);
    fixture_place(f, 3, 0, ASKER, OTHER);
    fixture_place(f, 4, 0, STRANGER, OTHER);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture_finish(*state);
    free(*state);
    return 0;
}

static void answer(struct search_fixture *f, struct ask ask, struct buf *out)
{
    static struct query_place places[600];
    struct query query = {
        .kind = QUERY_SEARCH,
        .order = ask.first ? QUERY_FIRST : QUERY_LAST,
        .asker = ASKER,
        .fence_seq = ask.fence_seq > 0 ? ask.fence_seq : UINT64_MAX,
        .limit = ask.limit > 0 ? ask.limit : 100,
        .from = ask.after,
        .to = ask.before,
        .direct = ask.direct,
        .text = str_from(ask.text != NULL ? ask.text : ""),
        .from_folded = str_from(ask.from != NULL ? ask.from : ""),
        .places = places,
    };
    for (unsigned i = 0; i < ask.n_rooms; i++) {
        places[query.n_places++] = (struct query_place){
            .place = place_of_room(11 + i),
            .since_seq = i == 0 ? ask.since_seq : 0,
        };
    }
    if (ask.pair) {
        places[query.n_places++].place = place_between(OTHER, ASKER);
    }
    struct search_db db;
    assert_int_equal(search_db_open(&db, f->path, SEARCH_READER, out), 0);
    struct search *search = search_begin(&query);
    int status;
    while ((status = search_step(search, &db)) == 1) {
        /* No transaction is open between the steps. */
        for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(db.sqlite, stmt)) != NULL;) {
            assert_false(sqlite3_stmt_busy(stmt));
        }
        assert_int_equal(sqlite3_txn_state(db.sqlite, NULL), SQLITE_TXN_NONE);
    }
    assert_int_equal(status, 0);
    size_t n;
    const uint64_t *found = search_found(search, &n);
    assert_ptr_equal(search_found(search, &n), found);
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%llu", i > 0 ? " " : "", (unsigned long long)found[i]);
    }
    buf_add_char(out, '\0');
    search_end(search);
    search_db_close(&db);
}

static void gives(struct search_fixture *f, struct ask ask, const char *wanted)
{
    struct buf out = {0};
    answer(f, ask, &out);
    assert_string_equal(out.p, wanted);
    buf_finish(&out);
}

static void rooms_and_words(struct search_fixture *f)
{
    gives(f, (struct ask){.text = "hello", .n_rooms = 2}, "1 2 5");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2}, "1 2 5 6");
    gives(f, (struct ask){.text = "hello", .n_rooms = 1}, "1 5");
    gives(f, (struct ask){.text = "hello world", .n_rooms = 2}, "2");
    gives(f, (struct ask){.text = "\"world hello\"", .n_rooms = 2}, "2");
    gives(f, (struct ask){.text = "\"hello world\"", .n_rooms = 2}, "");
    gives(f, (struct ask){.text = "하세", .n_rooms = 2}, "5 7");
    gives(f, (struct ask){.text = "녕하세", .n_rooms = 2}, "5");
    gives(f, (struct ask){.text = "hello 하세요", .n_rooms = 2}, "5");
    gives(f, (struct ask){.text = "!!!", .n_rooms = 2}, "");
    gives(f, (struct ask){.text = "hello"}, "");
    gives(f, (struct ask){.text = "P1", .n_rooms = 2}, "");
    gives(f, (struct ask){.text = "\"hello\" OR \" * NEAR(", .n_rooms = 2}, "");
}

static void senders_and_people(struct search_fixture *f)
{
    gives(f, (struct ask){.text = "hello", .from = "kim", .n_rooms = 2}, "1 5");
    gives(f, (struct ask){.from = "kim", .n_rooms = 2}, "1 5");
    gives(f, (struct ask){.from = "lee", .n_rooms = 1}, "");
    gives(f, (struct ask){.from = "ki", .n_rooms = 2}, "");
    gives(f, (struct ask){.text = "hello", .direct = true}, "3");
    gives(f, (struct ask){.text = "hello", .direct = true, .n_rooms = 2}, "1 2 3 5");
    gives(f, (struct ask){.text = "hello", .pair = true}, "3");
    gives(f, (struct ask){.n_rooms = 1}, "1 5 6");
    gives(f, (struct ask){.n_rooms = 2, .direct = true, .limit = 3}, "5 6 7");
}

static void bounds(struct search_fixture *f)
{
    struct query_bound none = {0};
    struct query_bound seq_2 = {.kind = BOUND_SEQ, .value = 2};
    struct query_bound seq_5 = {.kind = BOUND_SEQ, .value = 5};
    struct query_bound time_2 = {.kind = BOUND_TIME, .value = 1001};
    struct query_bound time_5 = {.kind = BOUND_TIME, .value = 1004};
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .after = seq_2}, "5 6");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .before = seq_5}, "1 2");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .after = time_2}, "5 6");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .before = time_5}, "1 2");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .after = time_2, .before = time_5}, "");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .fence_seq = 5}, "1 2 5");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .since_seq = 5}, "2 5 6");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .limit = 2}, "5 6");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .limit = 2, .first = true}, "1 2");
    gives(f, (struct ask){.text = "hel", .n_rooms = 2, .limit = 2, .first = true, .after = seq_2},
          "5 6");
    gives(f, (struct ask){.n_rooms = 2, .limit = 2, .first = true, .after = none}, "1 2");
}

static void all(struct search_fixture *f)
{
    rooms_and_words(f);
    senders_and_people(f);
    bounds(f);
}

/* The answers do not depend on how far the index is. */
static void finds(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "Kim", "Hello");
    fixture_say(f, 2, "Lee", "World, hello!");
    fixture_say(f, 3, "Kim", "hello in private");
    fixture_index(f);
    fixture_say(f, 4, "Kim", "hello of strangers");
    fixture_say(f, 1, "Kim", "hello, 안녕하세요");
    fixture_say(f, 1, "Park", "helium");
    fixture_say(f, 2, "Lee", "뭐 하세");
    fixture_add(f, RECORD_TOPIC, 1, "Kim", "hello topic");
    all(f);
    fixture_index(f);
    all(f);
}

/* The same from an index that begins empty, so that all is read. */
static void finds_without_index(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "Kim", "Hello");
    fixture_say(f, 2, "Lee", "World, hello!");
    fixture_say(f, 3, "Kim", "hello in private");
    fixture_say(f, 4, "Kim", "hello of strangers");
    fixture_say(f, 1, "Kim", "hello, 안녕하세요");
    fixture_say(f, 1, "Park", "helium");
    fixture_say(f, 2, "Lee", "뭐 하세");
    all(f);
}

/* What the index still has of a message that is gone finds nothing. */
static void not_what_is_gone(void **state)
{
    struct search_fixture *f = *state;
    fixture_say(f, 1, "Kim", "hello");
    fixture_say(f, 1, "Kim", "hello");
    fixture_index(f);
    fixture_delete(f, 2);
    gives(f, (struct ask){.text = "hello", .n_rooms = 1}, "1");
    fixture_exec(f, "UPDATE places SET room = NULL WHERE room = 11");
    gives(f, (struct ask){.text = "hello", .n_rooms = 1}, "");
}

/* More candidates than one batch or probe, in many rooms, and few of them the asker's. */
static void many(void **state)
{
    struct search_fixture *f = *state;
    for (int i = 3; i <= 500; i++) {
        fixture_place(f, i + 10, 10 + i, 0, 0);
    }
    fixture_exec(f, "BEGIN");
    for (int i = 0; i < 3 * SEARCH_BATCH_MAX; i++) {
        fixture_say(f, 400, "noise", i % 2 == 0 ? "common words" : "common commoner word");
        if (i == 10 || i == SEARCH_BATCH_MAX || i == 2 * SEARCH_BATCH_MAX) {
            fixture_say(f, 1, "Kim", "commons in a small room");
        }
    }
    fixture_exec(f, "COMMIT");
    fixture_index(f);
    struct buf kims = {0};
    buf_printf(&kims, "%d %d %d", 12, SEARCH_BATCH_MAX + 3, 2 * SEARCH_BATCH_MAX + 4);
    buf_add_char(&kims, '\0');
    /* Room 11 alone; with rooms that never had a word; with more than the index is asked for. */
    gives(f, (struct ask){.text = "common", .n_rooms = 1}, kims.p);
    gives(f, (struct ask){.text = "common", .n_rooms = 300}, kims.p);
    gives(f, (struct ask){.text = "common", .from = "kim", .n_rooms = 300}, kims.p);
    gives(f, (struct ask){.text = "common roo", .n_rooms = 600}, kims.p);
    gives(f, (struct ask){.text = "common", .n_rooms = 300, .first = true}, kims.p);
    gives(f, (struct ask){.text = "common word roo", .n_rooms = 300}, "");
    gives(f, (struct ask){.text = "\"common words\"", .n_rooms = 600, .limit = 2}, "12288 12290");
    buf_finish(&kims);
}

/* Shards follow each other: the limit is lowered by filling one by hand. */
static void shards(void **state)
{
    struct search_fixture *f = *state;
    for (int i = 0; i < 4; i++) {
        fixture_say(f, 1, "Kim", i % 2 == 0 ? "even hello" : "odd hello");
        fixture_index(f);
        search_index_close(f->index);
        char path[80];
        sqlite3 *sqlite;
        snprintf(path, sizeof(path), "%s.search", f->path);
        assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
        char sql[80];
        snprintf(sql, sizeof(sql), "UPDATE shards SET n = %d", SEARCH_SHARD_MESSAGES);
        assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(sqlite);
        struct buf error = {0};
        assert_int_equal(search_index_open(f->path, &f->index, &error), 0);
        buf_finish(&error);
    }
    gives(f, (struct ask){.text = "hello", .n_rooms = 1}, "1 2 3 4");
    gives(f, (struct ask){.text = "hello", .n_rooms = 1, .limit = 2}, "3 4");
    gives(f, (struct ask){.text = "hello", .n_rooms = 1, .limit = 2, .first = true}, "1 2");
    gives(f, (struct ask){.text = "even", .n_rooms = 1}, "1 3");
    struct query_bound time = {.kind = BOUND_TIME, .value = 1002};
    gives(f, (struct ask){.text = "hello", .n_rooms = 1, .before = time}, "1 2");
    gives(f, (struct ask){.text = "hello", .n_rooms = 1, .after = time}, "4");
    /* A shard without messages goes; the others are made whole. */
    uint64_t gone[] = {1, 2};
    assert_int_equal(search_index_forget(f->index, gone, 2), 0);
    fixture_delete(f, 1);
    fixture_index(f);
    fixture_index(f);
    assert_int_equal(fixture_count(f, "hello"), 2);
    assert_int_equal(fixture_shards(f), 3);
    fixture_delete(f, 2);
    gives(f, (struct ask){.text = "hello", .n_rooms = 1}, "3 4");
}

/* ---- against a look at every message ---- */

enum { CHANCE_MESSAGES = 3000, CHANCE_PLACES = 90, CHANCE_WORDS = 12, CHANCE_ASKS = 400 };

struct said {
    uint64_t seq;
    unsigned place;
    unsigned words; /* bits */
    unsigned nick;
};

static const char *const chance_words[CHANCE_WORDS] = {
    "apple", "apples",   "app",  "bear", "bearing",  "be",
    "cat",   "사과나무", "나무", "바다", "바다사자", "사자",
};

/* As a person reads it: a word finds longer ones that begin with it; syllables are found inside. */
static bool has_word(const struct said *said, unsigned wanted)
{
    const char *want = chance_words[wanted];
    bool korean = (unsigned char)want[0] >= 0x80;
    for (unsigned i = 0; i < CHANCE_WORDS; i++) {
        if ((said->words & 1U << i) != 0 &&
            (korean ? strstr(chance_words[i], want) != NULL
                    : strncmp(chance_words[i], want, strlen(want)) == 0)) {
            return true;
        }
    }
    return false;
}

static void chance_say(struct search_fixture *f, uint64_t *rnd, struct said *said)
{
    struct buf text = {0};
    char nick[16];
    said->place = 1 + (unsigned)chance(rnd, 3) * (unsigned)chance(rnd, CHANCE_PLACES / 3);
    said->nick = (unsigned)chance(rnd, 4);
    said->words = 1U << chance(rnd, CHANCE_WORDS) | 1U << chance(rnd, CHANCE_WORDS);
    for (unsigned i = 0; i < CHANCE_WORDS; i++) {
        if ((said->words & 1U << i) != 0) {
            buf_add_cstr(&text, chance_words[i]);
            buf_add_char(&text, ' ');
        }
    }
    snprintf(nick, sizeof(nick), "n%u", said->nick);
    f->next_seq += chance(rnd, 50) == 0 ? 5000 : chance(rnd, 3);
    buf_add_char(&text, '\0');
    said->seq = fixture_say(f, (int)said->place, nick, text.p);
    buf_finish(&text);
}

static void chance_ask(struct search_fixture *f, uint64_t *rnd, const struct said *said)
{
    char from[16];
    unsigned word = (unsigned)chance(rnd, CHANCE_WORDS);
    unsigned second = (unsigned)chance(rnd, CHANCE_WORDS);
    bool two = chance(rnd, 3) == 0;
    struct ask ask = {
        .n_rooms = 1 + (unsigned)chance(rnd, chance(rnd, 2) == 0 ? 3 : CHANCE_PLACES),
        .first = chance(rnd, 2) == 0,
        .limit = 1 + (unsigned)chance(rnd, 60),
    };
    char text[64];
    snprintf(text, sizeof(text), "%s %s", chance_words[word], two ? chance_words[second] : "");
    ask.text = text;
    unsigned nick = (unsigned)chance(rnd, 8);
    if (nick < 4) {
        snprintf(from, sizeof(from), "n%u", nick);
        ask.from = from;
    }
    if (chance(rnd, 3) == 0) {
        ask.after = (struct query_bound){.kind = BOUND_SEQ,
                                         .value = said[chance(rnd, CHANCE_MESSAGES)].seq};
    }
    if (chance(rnd, 3) == 0) {
        ask.before = (struct query_bound){.kind = BOUND_SEQ,
                                          .value = said[chance(rnd, CHANCE_MESSAGES)].seq};
    }
    struct buf wanted = {0};
    unsigned n = 0;
    uint64_t found[CHANCE_MESSAGES];
    for (unsigned i = 0; i < CHANCE_MESSAGES; i++) {
        const struct said *one = &said[ask.first ? i : CHANCE_MESSAGES - 1 - i];
        bool fits = one->place <= ask.n_rooms && has_word(one, word) &&
                    (!two || has_word(one, second)) && (nick >= 4 || one->nick == nick) &&
                    (ask.after.kind == BOUND_NONE || one->seq > ask.after.value) &&
                    (ask.before.kind == BOUND_NONE || one->seq < ask.before.value);
        if (fits && n < ask.limit) {
            found[n++] = one->seq;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        buf_printf(&wanted, "%s%llu", i > 0 ? " " : "",
                   (unsigned long long)found[ask.first ? i : n - 1 - i]);
    }
    buf_add_char(&wanted, '\0');
    gives(f, ask, wanted.p);
    buf_finish(&wanted);
}

static void finds_just_what_fits(void **state)
{
    struct search_fixture *f = *state;
    uint64_t rnd = 1;
    static struct said said[CHANCE_MESSAGES];
    fixture_exec(f, "DELETE FROM places; BEGIN");
    for (int i = 1; i <= CHANCE_PLACES; i++) {
        fixture_place(f, i, 10 + i, 0, 0);
    }
    for (unsigned i = 0; i < CHANCE_MESSAGES; i++) {
        chance_say(f, &rnd, &said[i]);
        if (i % 700 == 699) {
            fixture_exec(f, "COMMIT");
            fixture_index(f); /* All but the last ones. */
            fixture_exec(f, "BEGIN");
        }
    }
    fixture_exec(f, "COMMIT");
    for (unsigned i = 0; i < CHANCE_ASKS; i++) {
        chance_ask(f, &rnd, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_without_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_what_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_just_what_fits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
