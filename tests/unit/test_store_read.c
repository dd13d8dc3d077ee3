/* store_read.c, store_targets.c, store_render.c: each form of question, its lines and its pieces.
 */
#include "store_fixture.h"

#include "store_limits.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const struct place room = {.room = 7};

/* Ten messages "1" to "10" with numbers 10 to 100 and times 1000 to 10000; other rooms between. */
static void fill(struct store_fixture *f)
{
    fixture_open(f, ":memory:");
    for (unsigned i = 1; i <= 10; i++) {
        char body[64];
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i);
        f->now_ms = i * 1000;
        fixture_add(f, i * 10 - 1, (struct place){.room = 8}, RECORD_PRIVMSG, "PRIVMSG #x :no");
        fixture_add(f, i * 10, room, RECORD_PRIVMSG, body);
        fixture_add(f, i * 10 + 1, room, RECORD_JOIN, "JOIN #r");
    }
}

static void expect(struct store_fixture *f, struct query query, struct query_bound from,
                   struct query_bound to, const char *texts)
{
    query.from = from;
    query.to = to;
    char *got = fixture_texts(f, &query);
    assert_string_equal(got, texts);
    free(got);
}

static struct query_bound none(void)
{
    return (struct query_bound){BOUND_NONE, 0};
}

static struct query_bound seq(uint64_t value)
{
    return (struct query_bound){BOUND_SEQ, value};
}

static struct query_bound at(uint64_t value)
{
    return (struct query_bound){BOUND_TIME, value};
}

static void latest_before_after(void **state)
{
    struct store_fixture f;
    fill(&f);
    struct query last = fixture_query(QUERY_LAST, 3);
    struct query first = fixture_query(QUERY_FIRST, 3);
    expect(&f, last, none(), none(), "8 9 10 ");
    expect(&f, last, seq(80), none(), "9 10 ");
    expect(&f, last, at(8000), none(), "9 10 ");
    expect(&f, last, seq(100), none(), "");
    expect(&f, last, none(), seq(50), "2 3 4 ");
    expect(&f, last, none(), at(5000), "2 3 4 ");
    expect(&f, last, none(), at(5001), "3 4 5 ");
    expect(&f, last, none(), seq(10), "");
    expect(&f, first, seq(50), none(), "6 7 8 ");
    expect(&f, first, at(5000), none(), "6 7 8 ");
    expect(&f, first, at(4999), none(), "5 6 7 ");
    expect(&f, first, none(), none(), "1 2 3 ");
    expect(&f, first, at(99999), none(), "");
    expect(&f, last, none(), at(1), "");
    fixture_close(&f);
}

static void between_both_ways(void **state)
{
    struct store_fixture f;
    fill(&f);
    struct query first = fixture_query(QUERY_FIRST, 3);
    struct query last = fixture_query(QUERY_LAST, 3);
    expect(&f, first, seq(20), seq(90), "3 4 5 ");
    expect(&f, last, seq(20), seq(90), "6 7 8 ");
    expect(&f, first, at(2000), at(9000), "3 4 5 ");
    expect(&f, last, at(2000), at(9000), "6 7 8 ");
    expect(&f, first, seq(20), at(4000), "3 ");
    expect(&f, last, at(2000), seq(40), "3 ");
    expect(&f, first, seq(20), seq(30), "");
    expect(&f, first, seq(90), seq(20), "");
    fixture_close(&f);
}

static void around(void **state)
{
    struct store_fixture f;
    fill(&f);
    struct query five = fixture_query(QUERY_AROUND, 5);
    expect(&f, five, seq(50), none(), "3 4 5 6 7 ");
    expect(&f, five, at(5000), none(), "3 4 5 6 7 ");
    expect(&f, five, at(4500), none(), "3 4 5 6 7 ");
    expect(&f, five, seq(10), none(), "1 2 3 ");
    expect(&f, five, seq(100), none(), "8 9 10 ");
    expect(&f, five, at(1), none(), "1 2 3 ");
    expect(&f, five, at(99999), none(), "9 10 ");
    expect(&f, fixture_query(QUERY_AROUND, 1), seq(50), none(), "5 ");
    expect(&f, fixture_query(QUERY_AROUND, 2), seq(50), none(), "4 5 ");
    five.fence_seq = 60;
    expect(&f, five, seq(50), none(), "3 4 5 6 ");
    expect(&f, five, at(99999), none(), "5 6 ");
    fixture_close(&f);
}

static void fences_and_cutoffs(void **state)
{
    struct store_fixture f;
    fill(&f);
    struct query last = fixture_query(QUERY_LAST, 3);
    last.fence_seq = 75;
    expect(&f, last, none(), none(), "5 6 7 ");
    struct query_place place = {.place = room, .name = STR("#r"), .since_seq = 60};
    last.places = &place;
    expect(&f, last, none(), none(), "6 7 ");
    struct query first = fixture_query(QUERY_FIRST, 3);
    first.places = &place;
    expect(&f, first, none(), none(), "6 7 8 ");
    struct query middle = fixture_query(QUERY_AROUND, 5);
    middle.places = &place;
    expect(&f, middle, seq(60), none(), "6 7 8 ");
    expect(&f, middle, seq(20), none(), "6 7 8 ");
    fixture_close(&f);
}

/* Two epochs: 10 to 50 at 100 s to 500 s, then the clock went back; 60 to 100 at 50 s to 450 s. */
static void time_only_selects(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    for (unsigned i = 1; i <= 10; i++) {
        char body[64];
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i);
        f.now_ms = i <= 5 ? i * 100000 : (i - 5) * 100000 - 50000;
        fixture_add(&f, i * 10, room, RECORD_PRIVMSG, body);
    }
    struct query first = fixture_query(QUERY_FIRST, 10);
    struct query last = fixture_query(QUERY_LAST, 10);
    expect(&f, first, at(300000), none(), "4 5 9 10 ");
    expect(&f, last, at(300000), none(), "4 5 9 10 ");
    expect(&f, last, none(), at(200000), "1 6 7 ");
    expect(&f, first, at(150000), at(350000), "2 3 8 ");
    first.limit = last.limit = 2;
    expect(&f, first, at(300000), none(), "4 5 ");
    expect(&f, last, at(300000), none(), "9 10 ");
    expect(&f, last, none(), at(200000), "6 7 ");
    /* Around a time is around the first message that is not earlier, in their order. */
    expect(&f, fixture_query(QUERY_AROUND, 3), at(500000), none(), "4 5 6 ");
    fixture_close(&f);
}

/* Times that wander by less than the slack, in one epoch, found exactly nevertheless. */
static void times_that_wander(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    uint64_t times[400];
    for (unsigned i = 0; i < 400; i++) {
        char body[64];
        times[i] = 100000 + i * 500 + (i * 7919) % 4000;
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i);
        f.now_ms = times[i];
        fixture_add(&f, 10 + i * 3, room, RECORD_PRIVMSG, body);
    }
    for (uint64_t bound = 98000; bound < 310000; bound += 3701) {
        struct buf after = {0};
        struct buf before = {0};
        for (unsigned i = 0; i < 400; i++) {
            if (times[i] > bound) {
                buf_printf(&after, "%u ", i);
            }
            if (times[i] < bound) {
                buf_printf(&before, "%u ", i);
            }
        }
        buf_add_char(&after, '\0');
        buf_add_char(&before, '\0');
        expect(&f, fixture_query(QUERY_FIRST, 1000), at(bound), none(), after.p);
        expect(&f, fixture_query(QUERY_LAST, 1000), none(), at(bound), before.p);
        buf_finish(&after);
        buf_finish(&before);
    }
    fixture_close(&f);
}

/* ---- lines ---- */

static void expect_lines(struct store_fixture *f, const struct query *query, const char *expected)
{
    struct buf want = {0};
    for (const char *p = expected; *p != '\0'; p++) {
        if (*p == '%') {
            buf_add_cstr(&want, f->db.server_part);
        } else if (*p == '\n') {
            buf_add(&want, "\r\n", 2);
        } else {
            buf_add_char(&want, *p);
        }
    }
    buf_add_char(&want, '\0');
    char *got = fixture_ask(f, query, NULL);
    assert_string_equal(got, want.p);
    free(got);
    buf_finish(&want);
}

static void fill_kinds(struct store_fixture *f)
{
    fixture_open(f, ":memory:");
    f->now_ms = 1234;
    fixture_add(f, 1, room, RECORD_JOIN, "JOIN #r acct :Real Name");
    fixture_add_tagged(f, 2, room, RECORD_PRIVMSG, "+a=b", "PRIVMSG #old :안녕 :)");
    fixture_add_tagged(f, 3, room, RECORD_TAGMSG, "+draft/react=x", "TAGMSG #r");
    fixture_add(f, 4, room, RECORD_TOPIC, "TOPIC #r :new topic");
    fixture_add(f, 5, room, RECORD_MODE, "MODE #r +o n2");
    fixture_add(f, 6, room, RECORD_KICK, "KICK #r n3 :bye");
    fixture_add(f, 7, room, RECORD_NICK, "NICK n9");
    fixture_add(f, 8, room, RECORD_PART, "PART #r :gone");
    struct effect quit = fixture_record(10, room, 2, RECORD_QUIT, 1234, "", "QUIT :Quit: x");
    quit.record.message_seq = 9;
    assert_int_equal(store_write_batch(&f->write, &quit, 1), 0);
    message_unref(quit.message);
    fixture_add(f, 11, room, RECORD_PRIVMSG, "PRIVMSG #r word");
    fixture_add(f, 12, room, RECORD_NOTICE, "NOTICE #r :\001ACTION waves\001");
}

static void lines_as_the_capabilities_have_it(void **state)
{
    struct store_fixture f;
    fill_kinds(&f);
    struct query query = fixture_query(QUERY_LAST, 50);
    query.label = STR("L");
    expect_lines(
        &f, &query,
        "@label=L :maru.test BATCH +b1 chathistory #r\n"
        "@batch=b1;time=1970-01-01T00:00:01.234Z;msgid=%2;+a=b :n1!u@h PRIVMSG #r :안녕 :)\n"
        "@batch=b1;time=1970-01-01T00:00:01.234Z;msgid=%b :n1!u@h PRIVMSG #r :word\n"
        "@batch=b1;time=1970-01-01T00:00:01.234Z;msgid=%c :n1!u@h NOTICE #r :\001ACTION waves\001\n"
        ":maru.test BATCH -b1\n");
    query.label = (struct str){0};
    query.caps = CAP_BATCH | CAP_EVENT_PLAYBACK;
    expect_lines(&f, &query,
                 ":maru.test BATCH +b1 chathistory #r\n"
                 "@batch=b1 :n1!u@h JOIN #r\n"
                 "@batch=b1 :n1!u@h PRIVMSG #r :안녕 :)\n"
                 "@batch=b1 :n1!u@h TOPIC #r :new topic\n"
                 "@batch=b1 :n1!u@h MODE #r +o n2\n"
                 "@batch=b1 :n1!u@h KICK #r n3 :bye\n"
                 "@batch=b1 :n1!u@h NICK n9\n"
                 "@batch=b1 :n1!u@h PART #r :gone\n"
                 "@batch=b1 :n2!u@h QUIT :Quit: x\n"
                 "@batch=b1 :n1!u@h PRIVMSG #r :word\n"
                 "@batch=b1 :n1!u@h NOTICE #r :\001ACTION waves\001\n"
                 ":maru.test BATCH -b1\n");
    query.caps = CAP_MESSAGE_TAGS | CAP_EVENT_PLAYBACK | CAP_EXTENDED_JOIN;
    query.limit = 3;
    query.order = QUERY_FIRST;
    expect_lines(&f, &query,
                 "@msgid=%1 :n1!u@h JOIN #r acct :Real Name\n"
                 "@msgid=%2;+a=b :n1!u@h PRIVMSG #r :안녕 :)\n"
                 "@msgid=%3;+draft/react=x :n1!u@h TAGMSG #r\n");
    /* A message with several rows is one: whoever has it does not get it again. */
    query.from = seq(9);
    query.limit = 1;
    expect_lines(&f, &query, "@msgid=%b :n1!u@h PRIVMSG #r :word\n");
    query.from = seq(8);
    expect_lines(&f, &query, "@msgid=%9 :n2!u@h QUIT :Quit: x\n");
    fixture_close(&f);
}

/* Who spoke while logged in has the account's number. */
static void says_whose_account_it_was(void **state)
{
    struct store_fixture f;
    fill_kinds(&f);
    struct effect effect = {
        .kind = EFFECT_ACCOUNT,
        .account = account_state_create(
            &(struct account_state){.id = 2, .name = STR("a\\b")}), /* as a nickname may be */
    };
    assert_int_equal(store_write_batch(&f.write, &effect, 1), 0);
    account_state_unref(effect.account);
    struct query query = fixture_query(QUERY_FIRST, 2);
    query.caps = CAP_MESSAGE_TAGS | CAP_EVENT_PLAYBACK | CAP_ACCOUNT_TAG;
    query.from = seq(7);
    expect_lines(&f, &query,
                 "@msgid=%8 :n1!u@h PART #r :gone\n"
                 "@account=a\\\\b;msgid=%9 :n2!u@h QUIT :Quit: x\n");
    query.caps = CAP_MESSAGE_TAGS | CAP_EVENT_PLAYBACK;
    query.from = seq(8);
    query.limit = 1;
    expect_lines(&f, &query, "@msgid=%9 :n2!u@h QUIT :Quit: x\n");
    fixture_close(&f);
}

static void playback_for_old_clients(void **state)
{
    struct store_fixture f;
    fill_kinds(&f);
    struct query query = fixture_query(QUERY_LAST, 50);
    query.playback = true;
    query.caps = 0;
    query.from = seq(10);
    expect_lines(&f, &query,
                 ":n1!u@h PRIVMSG #r :[1970-01-01 00:00 UTC] word\n"
                 ":n1!u@h NOTICE #r :\001ACTION [1970-01-01 00:00 UTC] waves\001\n");
    query.caps = CAP_SERVER_TIME;
    query.limit = 1;
    expect_lines(&f, &query,
                 "@time=1970-01-01T00:00:01.234Z :n1!u@h NOTICE #r :\001ACTION waves\001\n");
    /* Where there is nothing, nothing is sent; who asked gets an empty batch. */
    query.caps = CAP_BATCH;
    query.from = seq(99);
    expect_lines(&f, &query, "");
    query.playback = false;
    expect_lines(&f, &query, ":maru.test BATCH +b1 chathistory #r\n:maru.test BATCH -b1\n");
    fixture_close(&f);
}

static void lines_are_cut_to_their_length(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    char body[600];
    int n = snprintf(body, sizeof(body), "PRIVMSG #r :\001ACTION ");
    memset(body + n, 'x', 480);
    body[n + 480] = '\001';
    body[n + 481] = '\0';
    fixture_add(&f, 1, room, RECORD_PRIVMSG, body);
    struct query query = fixture_query(QUERY_LAST, 50);
    query.playback = true;
    query.caps = 0;
    char *got = fixture_ask(&f, &query, NULL);
    assert_int_equal(strlen(got), 512);
    assert_string_equal(got + 508, "x\001\r\n");
    free(got);
    fixture_close(&f);
}

static void says_that_it_cannot_read(void **state)
{
    struct store_fixture f;
    fill(&f);
    assert_int_equal(store_db_exec(&f.db, "DROP TABLE places"), 0);
    struct query query = fixture_query(QUERY_LAST, 50);
    query.label = STR("L");
    expect_lines(&f, &query,
                 "@label=L :maru.test FAIL CHATHISTORY MESSAGE_ERROR LATEST #r "
                 ":Messages could not be retrieved\n");
    query.label = (struct str){0};
    query.caps = 0;
    expect_lines(&f, &query,
                 ":maru.test NOTICE n1 :CHATHISTORY: Messages could not be retrieved\n");
    query.playback = true;
    expect_lines(&f, &query, "");
    fixture_close(&f);
}

/* ---- pieces ---- */

static void long_answers_come_in_pieces(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    enum { N = 2000 };
    static struct effect effects[N];
    for (unsigned i = 0; i < N; i++) {
        char body[256];
        snprintf(body, sizeof(body), "PRIVMSG #r :%0150u", i);
        effects[i] = fixture_record(i + 1, room, 1, RECORD_PRIVMSG, 1000, "", body);
    }
    assert_int_equal(store_write_batch(&f.write, effects, N), 0);
    for (unsigned i = 0; i < N; i++) {
        message_unref(effects[i].message);
    }
    for (unsigned order = QUERY_FIRST; order <= QUERY_LAST; order++) {
        struct query query = fixture_query((enum query_order)order, N);
        unsigned pieces = 0;
        char *whole = fixture_ask(&f, &query, &pieces);
        assert_in_range(pieces, strlen(whole) / STORE_PIECE_BYTES,
                        strlen(whole) / STORE_PIECE_BYTES + 2);
        assert_true(pieces > 5);
        free(whole);
        char *texts = fixture_texts(&f, &query);
        for (unsigned i = 0; i < N; i++) {
            unsigned long long number;
            assert_int_equal(sscanf(texts + i * 151, "%llu", &number), 1);
            assert_int_equal(number, i);
        }
        free(texts);
    }
    fixture_close(&f);
}

static bool holds_snapshot(struct store_fixture *f)
{
    for (sqlite3_stmt *s = sqlite3_next_stmt(f->db.sqlite, NULL); s != NULL;
         s = sqlite3_next_stmt(f->db.sqlite, s)) {
        if (sqlite3_stmt_busy(s)) {
            return true;
        }
    }
    return false;
}

/* While an answer waits, what is not yet read may go, and what comes is behind the fence. */
static void nothing_is_held_between_pieces(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    for (unsigned i = 1; i <= 700; i++) {
        char body[256];
        snprintf(body, sizeof(body), "PRIVMSG #r :%0150u", i);
        fixture_add(&f, i, room, RECORD_PRIVMSG, body);
    }
    struct query query = fixture_query(QUERY_FIRST, 1000);
    query.fence_seq = 700;
    struct store_answer *answer = store_answer_create(query_copy(&query));
    struct buf out = {0};
    assert_true(store_answer_piece(answer, &f.db, &out));
    assert_false(holds_snapshot(&f));
    struct effect redact = {
        .kind = EFFECT_REDACT,
        .redaction = {.seq = 700, .place = room, .by = 1, .any_sender = true},
    };
    assert_int_equal(store_write_batch(&f.write, &redact, 1), 0);
    fixture_add(&f, 701, room, RECORD_PRIVMSG, "PRIVMSG #r :late");
    bool more = true;
    while (more) {
        buf_clear(&out);
        more = store_answer_piece(answer, &f.db, &out);
        assert_false(holds_snapshot(&f));
    }
    assert_non_null(memmem(out.p, out.len, "0699\r\n", 6));
    assert_null(memmem(out.p, out.len, "0700\r\n", 6));
    assert_null(memmem(out.p, out.len, "late", 4));
    store_answer_destroy(answer);
    buf_finish(&out);
    fixture_close(&f);
}

/* A long run of joins between what was said is passed over without being read. */
static void events_do_not_hide_speech(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    fixture_add(&f, 1, room, RECORD_PRIVMSG, "PRIVMSG #r :first");
    enum { N = STORE_SCAN_ROWS * 2 };
    static struct effect effects[N];
    for (unsigned i = 0; i < N; i++) {
        /* TAGMSG is kept, but not for this asker: each row has to be read. */
        effects[i] = fixture_record(i + 2, room, 1, RECORD_TAGMSG, 1000000, "", "TAGMSG #r");
    }
    assert_int_equal(store_write_batch(&f.write, effects, N), 0);
    for (unsigned i = 0; i < N; i++) {
        message_unref(effects[i].message);
    }
    fixture_add(&f, N + 5, room, RECORD_PRIVMSG, "PRIVMSG #r :last");
    struct query query = fixture_query(QUERY_LAST, 2);
    expect(&f, query, none(), none(), "first last ");
    query.caps = CAP_BATCH | CAP_EVENT_PLAYBACK;
    expect(&f, query, none(), none(), "first last ");
    query.order = QUERY_FIRST;
    expect(&f, query, none(), none(), "first last ");
    fixture_close(&f);
}

/* ---- targets ---- */

static void say_to(struct store_fixture *f, uint64_t number, user_id from, user_id to,
                   const char *body, uint64_t time_ms)
{
    struct effect effect =
        fixture_record(number, place_between(from, to), from, RECORD_PRIVMSG, time_ms, "", body);
    assert_int_equal(store_write_batch(&f->write, &effect, 1), 0);
    message_unref(effect.message);
}

static void targets_by_their_latest_message(void **state)
{
    struct store_fixture f;
    fill(&f);
    say_to(&f, 200, 1, 2, "PRIVMSG before :x", 4000);
    say_to(&f, 201, 1, 2, "PRIVMSG later :x", 4500);
    say_to(&f, 202, 3, 1, "PRIVMSG n1 :x", 20000);
    say_to(&f, 203, 1, 1, "PRIVMSG n1 :myself", 30000);
    say_to(&f, 204, 2, 3, "PRIVMSG n3 :not ours", 30001);
    struct query query = fixture_query(QUERY_FIRST, 10);
    query.kind = QUERY_TARGETS;
    query.direct = true;
    query.caps = CAP_BATCH;
    query.from = at(0);
    query.to = at(99999999);
    expect_lines(&f, &query,
                 ":maru.test BATCH +b1 draft/chathistory-targets\n"
                 "@batch=b1 :maru.test CHATHISTORY TARGETS later 1970-01-01T00:00:04.500Z\n"
                 "@batch=b1 :maru.test CHATHISTORY TARGETS #r 1970-01-01T00:00:10.000Z\n"
                 "@batch=b1 :maru.test CHATHISTORY TARGETS n3 1970-01-01T00:00:20.000Z\n"
                 "@batch=b1 :maru.test CHATHISTORY TARGETS n1 1970-01-01T00:00:30.000Z\n"
                 ":maru.test BATCH -b1\n");
    query.from = at(4500);
    query.to = at(30000);
    query.limit = 1;
    query.caps = 0;
    expect_lines(&f, &query, ":maru.test CHATHISTORY TARGETS #r 1970-01-01T00:00:10.000Z\n");
    query.order = QUERY_LAST;
    expect_lines(&f, &query, ":maru.test CHATHISTORY TARGETS n3 1970-01-01T00:00:20.000Z\n");
    query.direct = false;
    expect_lines(&f, &query, ":maru.test CHATHISTORY TARGETS #r 1970-01-01T00:00:10.000Z\n");
    query.fence_seq = 95;
    expect_lines(&f, &query, ":maru.test CHATHISTORY TARGETS #r 1970-01-01T00:00:09.000Z\n");
    fixture_close(&f);
}

static void direct_messages_are_between_two(void **state)
{
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    say_to(&f, 1, 1, 2, "PRIVMSG bob :hi", 1000);
    say_to(&f, 2, 2, 1, "PRIVMSG alice :ho", 2000);
    say_to(&f, 3, 3, 1, "PRIVMSG alice :other", 3000);
    struct query query = fixture_query(QUERY_LAST, 10);
    struct query_place place = {.place = place_between(2, 1), .name = STR("robert")};
    query.places = &place;
    query.caps = 0;
    expect_lines(&f, &query, ":n1!u@h PRIVMSG bob :hi\n:n2!u@h PRIVMSG alice :ho\n");
    query.caps = CAP_BATCH;
    query.limit = 1;
    expect_lines(&f, &query,
                 ":maru.test BATCH +b1 chathistory robert\n"
                 "@batch=b1 :n2!u@h PRIVMSG alice :ho\n"
                 ":maru.test BATCH -b1\n");
    fixture_close(&f);
}

/* From a message to a time: whichever is later, the page begins at the first that was named. */
static void between_a_message_and_a_time(void **state)
{
    static const struct {
        enum { FROM_MESSAGE, FROM_TIME } first;
        uint64_t seq;
        uint64_t time;
        const char *wanted;
    } asks[] = {
        {FROM_MESSAGE, 12, 1005, "3 4 "}, {FROM_TIME, 12, 1005, "3 4 "},
        {FROM_MESSAGE, 16, 1002, "4 5 "}, {FROM_TIME, 16, 1002, "3 4 "},
        {FROM_MESSAGE, 13, 1003, ""},     {FROM_MESSAGE, 99, 1006, "7 8 "},
        {FROM_MESSAGE, 14, 9999, "5 6 "}, {FROM_TIME, 14, 9999, "7 8 "},
    };
    struct store_fixture f;
    fixture_open(&f, ":memory:");
    for (unsigned i = 0; i < 9; i++) {
        char body[32];
        f.now_ms = 1000 + i;
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i);
        fixture_add(&f, 10 + i, place_of_room(7), RECORD_PRIVMSG, body);
    }
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        struct query_bound message = {.kind = BOUND_SEQ, .value = asks[i].seq};
        struct query_bound time = {.kind = BOUND_TIME, .value = asks[i].time};
        struct query query = fixture_query(QUERY_FIRST, 2);
        query.from = asks[i].first == FROM_MESSAGE ? message : time;
        query.to = asks[i].first == FROM_MESSAGE ? time : message;
        char *texts = fixture_texts(&f, &query);
        assert_string_equal(texts, asks[i].wanted);
        free(texts);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latest_before_after),
        cmocka_unit_test(between_both_ways),
        cmocka_unit_test(around),
        cmocka_unit_test(fences_and_cutoffs),
        cmocka_unit_test(time_only_selects),
        cmocka_unit_test(times_that_wander),
        cmocka_unit_test(lines_as_the_capabilities_have_it),
        cmocka_unit_test(says_whose_account_it_was),
        cmocka_unit_test(playback_for_old_clients),
        cmocka_unit_test(lines_are_cut_to_their_length),
        cmocka_unit_test(says_that_it_cannot_read),
        cmocka_unit_test(long_answers_come_in_pieces),
        cmocka_unit_test(nothing_is_held_between_pieces),
        cmocka_unit_test(events_do_not_hide_speech),
        cmocka_unit_test(targets_by_their_latest_message),
        cmocka_unit_test(direct_messages_are_between_two),
        cmocka_unit_test(between_a_message_and_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
