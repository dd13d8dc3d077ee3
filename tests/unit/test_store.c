/* store.c with its threads: what is posted is stored and said to be, and questions wait for it. */
#include "store_fixture.h"

#include "alloc.h"
#include "fault_vfs.h"
#include "lock.h"
#include "store_admin.h"
#include "store_limits.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct place room = {.room = 7};

/* What the store said, as text, and how to wait for it. On its threads only CHECK() may fail. */
struct ear {
    struct lock lock;
    struct cond heard;
    struct store *store;
    char *folder;
    char *path;
    uint64_t stored[EDGES_MAX]; /* the last, for each edge */
    unsigned n_stored;
    unsigned n_failed;
    uint64_t failed; /* the last that was */
    unsigned n_answered;
    unsigned n_pieces;
    unsigned n_redacted;
    unsigned n_trouble;
    unsigned n_notices;
    bool failing;
    char reason[64];
    enum redact_outcome outcome;
    struct buf said; /* all replies */
    const struct settings *settings;
    bool drains; /* pieces are read at once */
};

static void to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
    struct ear *ear = ctx;
    for (size_t i = 0; i < n; i++) {
        const struct effect *effect = &effects[i];
        bool drained = false;
        lock_enter(&ear->lock);
        if (effect->kind == EFFECT_STORED) {
            CHECK(effect->seq > ear->stored[edge]); /* in order, and each once */
            ear->stored[edge] = effect->seq;
            ear->n_stored++;
            ear->n_failed += effect->failed ? 1 : 0;
            ear->failed = effect->failed ? effect->seq : ear->failed;
        } else if (effect->kind == EFFECT_REPLY) {
            CHECK(session_id_edge(effect->session) == edge);
            buf_add_str(&ear->said, effect->message->body);
            message_unref(effect->message);
        } else if (effect->kind == EFFECT_PIECE) {
            ear->n_pieces++;
            drained = ear->drains;
        } else if (effect->kind == EFFECT_ANSWERED) {
            ear->n_answered++;
        }
        cond_wake_all(&ear->heard);
        lock_leave(&ear->lock);
        if (drained) {
            store_drained(ear->store, effect->session);
        }
    }
}

static void to_core(void *ctx, const struct input *input)
{
    struct ear *ear = ctx;
    lock_enter(&ear->lock);
    CHECK(input->kind == INPUT_REDACTED);
    ear->outcome = input->redacted.outcome;
    ear->n_redacted++;
    cond_wake_all(&ear->heard);
    lock_leave(&ear->lock);
}

static void trouble(void *ctx, bool failing, struct str reason)
{
    struct ear *ear = ctx;
    lock_enter(&ear->lock);
    ear->n_trouble++;
    ear->failing = failing;
    snprintf(ear->reason, sizeof(ear->reason), STR_FMT, STR_ARG(reason));
    cond_wake_all(&ear->heard);
    lock_leave(&ear->lock);
}

static void notice(void *ctx, struct str sentence)
{
    struct ear *ear = ctx;
    if (str_starts(sentence, STR("the search index "))) {
        return; /* It is on the same disk; see test_search_indexer.c. */
    }
    CHECK(str_starts(sentence, STR("nothing can be searched: ")) ||
          str_starts(sentence, STR("messages that cannot be kept: 2 ")));
    ear->n_notices++;
}

static void reopen(struct ear *ear)
{
    const struct store_options options = {
        .path = ear->path,
        .history = true,
        .search = true,
        .settings = ear->settings,
        .to_edge = to_edge,
        .to_core = to_core,
        .trouble = trouble,
        .notice = notice,
        .ctx = ear,
    };
    struct buf error = {0};
    if (store_open(&options, &ear->store, &error) != 0) {
        fail_msg(STR_FMT, STR_ARG(buf_str(&error)));
    }
    buf_finish(&error);
}

static void ear_init(struct ear *ear)
{
    *ear = (struct ear){.drains = true};
    lock_init(&ear->lock);
    cond_init(&ear->heard);
    ear->folder = fixture_folder();
    ear->path = fixture_path(ear->folder, "a.db");
    reopen(ear);
}

static void ear_finish(struct ear *ear)
{
    store_close(ear->store);
    fixture_remove(ear->folder);
    free(ear->path);
    buf_finish(&ear->said);
    cond_finish(&ear->heard);
    lock_finish(&ear->lock);
}

/* Sleeps until `condition`, with the lock held; a minute is never. */
#define WAIT_FOR(ear, condition)                                                                   \
    do {                                                                                           \
        lock_enter(&(ear)->lock);                                                                  \
        for (unsigned i_ = 0; i_ < 600 && !(condition); i_++) {                                    \
            cond_wait(&(ear)->heard, &(ear)->lock, 100);                                           \
        }                                                                                          \
        bool met_ = (condition);                                                                   \
        lock_leave(&(ear)->lock);                                                                  \
        assert_true(met_);                                                                         \
    } while (0)

static struct effect record(uint64_t seq, unsigned edge, const char *body)
{
    struct effect effect = fixture_record(seq, room, 1, RECORD_PRIVMSG, 1000, "", body);
    effect.session = session_id_make(edge, 1, 1);
    return effect;
}

static struct effect question(const struct query *query)
{
    return (struct effect){
        .kind = EFFECT_QUERY, .session = query->session, .query = query_copy(query)};
}

static void says_what_is_stored(void **state)
{
    struct ear ear;
    ear_init(&ear);
    uint64_t first = store_identity(ear.store).first_id;
    assert_true(first >= (uint64_t)1 << 36);
    store_start(ear.store);
    struct effect effects[] = {record(first + 1, 0, "PRIVMSG #r :one"),
                               record(first + 2, 3, "PRIVMSG #r :two"),
                               record(first + 3, 0, "PRIVMSG #r :three")};
    store_post(ear.store, effects, 3);
    WAIT_FOR(&ear, ear.stored[0] >= first + 3 && ear.stored[3] >= first + 2);
    assert_int_equal(ear.stored[1], 0);
    assert_int_equal(ear.n_failed, 0);
    assert_true(store_flush(ear.store, 60000));
    assert_false(store_is_pressed(ear.store));
    store_close(ear.store);

    /* Another start: what was said is there, and no number comes again. */
    reopen(&ear);
    assert_true(store_identity(ear.store).first_id >= first + ((uint64_t)1 << 36));
    store_start(ear.store);
    struct query query = fixture_query(QUERY_LAST, 10);
    query.caps = 0;
    struct effect ask = question(&query);
    store_post(ear.store, &ask, 1);
    WAIT_FOR(&ear, ear.n_answered == 1);
    buf_add_char(&ear.said, '\0');
    assert_string_equal(ear.said.p, ":n1!u@h PRIVMSG #r :one\r\n:n1!u@h PRIVMSG #r :two\r\n"
                                    ":n1!u@h PRIVMSG #r :three\r\n");
    ear_finish(&ear);
}

/* A record that cannot be kept is its sender's bad luck alone. */
static void one_bad_record_is_one_failure(void **state)
{
    struct ear ear;
    ear_init(&ear);
    /* All are posted before anything is written: one batch. */
    struct effect effects[] = {
        record(1, 0, "PRIVMSG #r :one"), record(2, 0, "NONSENSE"),
        record(3, 3, "PRIVMSG #r :two"), record(4, 0, "PRIVMSG #r :three"),
        record(5, 3, "NONSENSE"),
    };
    store_post(ear.store, effects, 5);
    store_start(ear.store);
    WAIT_FOR(&ear, ear.stored[0] == 5 && ear.stored[3] == 5);
    assert_int_equal(ear.n_failed, 2);
    assert_int_equal(ear.failed, 5);
    assert_int_equal(ear.n_stored, 3 + 2);
    assert_true(store_flush(ear.store, 60000));
    assert_int_equal(ear.n_notices, 1);
    assert_int_equal(ear.n_trouble, 0);
    store_close(ear.store);
    ear.store = NULL;
    struct store_fixture f;
    fixture_open(&f, ear.path);
    struct query query = fixture_query(QUERY_LAST, 10);
    char *texts = fixture_texts(&f, &query);
    assert_string_equal(texts, "one two three ");
    free(texts);
    fixture_close(&f);
    ear_finish(&ear);
}

/* A question sees everything that was posted before it, though nobody waited for that. */
static void questions_wait_for_what_was_said(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    struct query query = fixture_query(QUERY_LAST, 1);
    query.caps = 0;
    for (unsigned i = 1; i <= 200; i++) {
        char body[64];
        snprintf(body, sizeof(body), "PRIVMSG #r :%u", i);
        query.fence_seq = i;
        struct effect effects[] = {record(i, 1, body), question(&query)};
        store_post(ear.store, effects, 2);
    }
    WAIT_FOR(&ear, ear.n_answered == 200);
    struct str rest = buf_str(&ear.said);
    for (unsigned i = 1; i <= 200; i++) { /* One session's answers come in its order. */
        char line[64];
        snprintf(line, sizeof(line), ":n1!u@h PRIVMSG #r :%u\r", i);
        assert_str(str_split(&rest, '\n'), line);
    }
    ear_finish(&ear);
}

struct speaker {
    struct ear *ear;
    struct lock *order; /* as the hub's mutex */
    uint64_t *next;
    unsigned edge;
};

enum { SPEAKERS = 4, EACH_SAYS = 1500 };

static void *speak(void *ctx)
{
    struct speaker *speaker = ctx;
    for (unsigned i = 0; i < EACH_SAYS; i++) {
        lock_enter(speaker->order);
        uint64_t seq = ++*speaker->next;
        struct effect effect = record(seq, speaker->edge, "PRIVMSG #r :hello there");
        store_post(speaker->ear->store, &effect, 1);
        lock_leave(speaker->order);
        while (store_is_pressed(speaker->ear->store)) {
            usleep(1000);
        }
    }
    return NULL;
}

static void many_speak_at_once(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    struct lock order;
    lock_init(&order);
    uint64_t next = 0;
    struct speaker speakers[SPEAKERS];
    pthread_t threads[SPEAKERS];
    for (unsigned i = 0; i < SPEAKERS; i++) {
        speakers[i] = (struct speaker){&ear, &order, &next, i};
        assert_int_equal(pthread_create(&threads[i], NULL, speak, &speakers[i]), 0);
    }
    struct query query = fixture_query(QUERY_LAST, 50);
    query.caps = CAP_BATCH;
    for (unsigned i = 0; i < 50; i++) {
        query.session = session_id_make(i % SPEAKERS, 1, i);
        struct effect ask = question(&query);
        lock_enter(&order);
        query.fence_seq = next;
        store_post(ear.store, &ask, 1);
        lock_leave(&order);
        if (i % 7 == 0) {
            store_abandon(ear.store, query.session);
        }
    }
    for (unsigned i = 0; i < SPEAKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_true(store_flush(ear.store, 60000));
    for (unsigned i = 0; i < SPEAKERS; i++) {
        WAIT_FOR(&ear, ear.stored[i] > 0);
    }
    assert_int_equal(ear.n_failed, 0);
    assert_true(ear.n_stored < SPEAKERS * EACH_SAYS); /* groups, not one by one */
    store_close(ear.store);
    ear.store = NULL;

    struct store_fixture f;
    fixture_open(&f, ear.path);
    query = fixture_query(QUERY_FIRST, 10000);
    char *texts = fixture_texts(&f, &query);
    assert_int_equal(strlen(texts), strlen("hello there ") * SPEAKERS * EACH_SAYS);
    free(texts);
    fixture_close(&f);
    lock_finish(&order);
    ear_finish(&ear);
}

static void fill(struct ear *ear, unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        char body[256];
        snprintf(body, sizeof(body), "PRIVMSG #r :%0200u", i);
        struct effect effect = record(i, 1, body);
        store_post(ear->store, &effect, 1);
    }
    assert_true(store_flush(ear->store, 60000));
}

static void a_slow_asker_holds_nobody(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    fill(&ear, 1000);
    ear.drains = false;
    struct query query = fixture_query(QUERY_FIRST, 1000);
    /* More slow askers than there are readers. */
    for (unsigned i = 0; i < 8; i++) {
        query.session = session_id_make(1, 1, 100 + i);
        struct effect ask = question(&query);
        store_post(ear.store, &ask, 1);
    }
    WAIT_FOR(&ear, ear.n_pieces == 8);
    query.session = session_id_make(1, 1, 1);
    query.limit = 1;
    struct effect quick = question(&query);
    store_post(ear.store, &quick, 1);
    WAIT_FOR(&ear, ear.n_answered == 1);
    store_abandon(ear.store, session_id_make(1, 1, 100));
    lock_enter(&ear.lock);
    ear.drains = true;
    lock_leave(&ear.lock);
    for (unsigned i = 0; i < 8; i++) {
        store_drained(ear.store, session_id_make(1, 1, 100 + i));
    }
    WAIT_FOR(&ear, ear.n_answered == 8); /* all but the one that has gone */
    ear_finish(&ear);
}

static long long log_size(struct ear *ear)
{
    char *log = fixture_path(ear->folder, "a.db-wal");
    struct stat st;
    assert_int_equal(stat(log, &st), 0);
    free(log);
    return (long long)st.st_size;
}

/* Writes far more than the log may hold; it stays within its bound, and what one round adds. Each
 * page goes through the log more than once, so without a bound it would be longer than that. */
static void write_much(struct ear *ear, uint64_t seq, unsigned rounds)
{
    unsigned long long written = 0;
    for (unsigned round = 0; round < rounds; round++) {
        char body[600];
        snprintf(body, sizeof(body), "PRIVMSG #r :%0450u", round);
        for (unsigned i = 0; i < 500; i++) {
            struct effect effect = record(++seq, 1, body);
            store_post(ear->store, &effect, 1);
            written += strlen(body);
        }
        assert_true(store_flush(ear->store, 60000));
        /* On a busy machine the checkpointer falls behind before the writer waits. */
        assert_true(log_size(ear) < STORE_WAL_PAGES_MAX * 3 * 4200LL);
    }
    assert_true(written > 225000ULL * rounds);
}

/* While askers hang in the middle of long answers, the log is copied and begins anew. */
static void the_log_stays_bounded(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    fill(&ear, 1000);
    ear.drains = false;
    struct query query = fixture_query(QUERY_FIRST, 1000);
    for (unsigned i = 0; i < 4; i++) {
        query.session = session_id_make(1, 1, 100 + i);
        struct effect ask = question(&query);
        store_post(ear.store, &ask, 1);
    }
    WAIT_FOR(&ear, ear.n_pieces == 4);
    write_much(&ear, 2000, 180);
    ear_finish(&ear);
}

/* An operator's order that is given again and again, and never in a hurry, until it is told to end.
 */
struct operator
{
    struct ear *ear;
    int (*order)(struct operator* operator, const struct store_progress * progress);
    char *path;
    unsigned times;
    uint64_t messages;
    struct lock lock; /* of these */
    unsigned steps;
    bool ending;
};

static bool take_it_easy(void *ctx, uint64_t done, uint64_t total)
{
    struct operator* operator= ctx;
    usleep(2000);
    lock_enter(&operator->lock);
    operator->steps++;
    lock_leave(&operator->lock);
    return true;
}

static bool is_ending(struct operator* operator)
{
    lock_enter(&operator->lock);
    bool ending = operator->ending;
    lock_leave(&operator->lock);
    return ending;
}

static void *operate(void *ctx)
{
    struct operator* operator= ctx;
    const struct store_progress progress = {take_it_easy, operator};
    do {
        unlink(operator->path);
        CHECK(operator->order(operator, & progress) == 0);
        operator->times++;
    } while (!is_ending(operator));
    return NULL;
}

static int order_export(struct operator* operator, const struct store_progress * progress)
{
    struct buf error = {0};
    int status = store_admin_export(operator->ear->store, STR("#r"), NAME_CASE_ASCII,
                                    STORE_EXPORT_JSON, operator->path, progress,
                                    &operator->messages, &error);
    buf_finish(&error);
    return status;
}

static int order_backup(struct operator* operator, const struct store_progress * progress)
{
    struct buf error = {0};
    int status = store_admin_backup(operator->ear->store, operator->path, progress, &error);
    buf_finish(&error);
    return status;
}

/* Gives the order while much is written; leaves what the last one made. */
static void write_much_under(struct ear *ear, struct operator* operator)
{
    const struct room_state here = {.id = 7,
                                    .name = STR("#r"),
                                    .folded = STR("#r"),
                                    .skeleton = STR("#r"),
                                    .modes = STR(""),
                                    .key = STR(""),
                                    .topic = STR(""),
                                    .topic_by = STR("")};
    struct effect effect = {.kind = EFFECT_ROOM, .room_state = room_state_copy(&here)};
    operator->ear = ear;
    operator->path = fixture_path(ear->folder, "made");
    lock_init(&operator->lock);
    store_start(ear->store);
    store_post(ear->store, &effect, 1);
    fill(ear, 5000);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, operate, operator), 0);
    write_much(ear, 10000, 100);
    lock_enter(&operator->lock);
    operator->ending = true;
    lock_leave(&operator->lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(operator->steps> 0); /* Its progress was told. */
    lock_finish(&operator->lock);
}

static void the_log_stays_bounded_under_an_export(void **state)
{
    struct ear ear;
    ear_init(&ear);
    struct operator operator= {.order = order_export};
    write_much_under(&ear, &operator);
    assert_true(operator.messages >= 5000);
    unlink(operator.path);
    free(operator.path);
    ear_finish(&ear);
}

static void the_log_stays_bounded_under_a_backup(void **state)
{
    struct ear ear;
    ear_init(&ear);
    struct operator operator= {.order = order_backup};
    write_much_under(&ear, &operator);
    struct store_figures figures;
    struct buf report = {0};
    assert_int_equal(store_admin_check(operator.path, NULL, &figures, &report), 0);
    assert_true(figures.messages >= 5000);
    buf_finish(&report);
    free(operator.path);
    ear_finish(&ear);
}

static void redactions_are_answered(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    struct effect effects[] = {
        record(1, 1, "PRIVMSG #r :one"),
        {.kind = EFFECT_REDACT, .redaction = {.seq = 1, .place = room, .by = 1}},
    };
    store_post(ear.store, effects, 2);
    WAIT_FOR(&ear, ear.n_redacted == 1);
    assert_int_equal(ear.outcome, REDACT_DONE);
    struct effect again = {.kind = EFFECT_REDACT, .redaction = {.seq = 1, .place = room, .by = 1}};
    store_post(ear.store, &again, 1);
    WAIT_FOR(&ear, ear.n_redacted == 2);
    assert_int_equal(ear.outcome, REDACT_UNKNOWN);
    assert_int_equal(ear.n_trouble, 0);
    ear_finish(&ear);
}

/* What is redacted is not found either, whether it was indexed or not. */
static void finds_what_is_there(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    struct query query = fixture_query(QUERY_LAST, 10);
    query.kind = QUERY_SEARCH;
    query.command = STR("SEARCH");
    query.text = STR("apple");
    query.caps = 0;
    unsigned asked = 0;
    for (unsigned round = 0; round < 3; round++) {
        uint64_t seq = round * 10;
        struct effect effects[] = {
            record(seq + 1, 1, "PRIVMSG #r :an apple"),
            record(seq + 2, 1, "PRIVMSG #r :another apple"),
            {.kind = EFFECT_REDACT, .redaction = {.seq = seq + 1, .place = room, .by = 1}},
            question(&query),
        };
        store_post(ear.store, effects, 4);
        asked++;
        WAIT_FOR(&ear, ear.n_answered == asked);
        usleep(400000); /* A chance for the index to come to it; the answer is the same. */
    }
    assert_str(buf_str(&ear.said),
               ":n1!u@h PRIVMSG #r :another apple\r\n" /* of the first round */
               ":n1!u@h PRIVMSG #r :another apple\r\n:n1!u@h PRIVMSG #r :another apple\r\n"
               ":n1!u@h PRIVMSG #r :another apple\r\n:n1!u@h PRIVMSG #r :another apple\r\n"
               ":n1!u@h PRIVMSG #r :another apple\r\n");
    ear_finish(&ear);
}

/* An index that cannot be opened takes the search away, and nothing else. */
static void goes_on_without_an_index(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_close(ear.store);
    char *index = fixture_path(ear.folder, "a.db.search");
    assert_int_equal(unlink(index), 0);
    assert_int_equal(mkdir(index, 0700), 0);
    assert_int_equal(ear.n_notices, 0);
    reopen(&ear);
    assert_int_equal(ear.n_notices, 1);
    store_start(ear.store);
    struct query query = fixture_query(QUERY_LAST, 10);
    query.kind = QUERY_SEARCH;
    query.command = STR("SEARCH");
    query.text = STR("apple");
    struct effect effects[] = {record(1, 1, "PRIVMSG #r :an apple"), question(&query)};
    store_post(ear.store, effects, 2);
    WAIT_FOR(&ear, ear.n_answered == 1 && ear.stored[1] == 1);
    assert_int_equal(ear.n_failed, 0);
    assert_non_null(memmem(ear.said.p, ear.said.len, "could not be retrieved", 22));
    assert_int_equal(rmdir(index), 0);
    free(index);
    ear_finish(&ear);
}

/* What is posted to a store that was never started is freed; what waits at the end is written. */
static void ends_at_any_moment(void **state)
{
    struct ear ear;
    ear_init(&ear);
    struct query query = fixture_query(QUERY_LAST, 1);
    struct effect effects[] = {record(1, 1, "PRIVMSG #r :one"), question(&query)};
    store_post(ear.store, effects, 2);
    assert_false(store_flush(ear.store, 10));
    store_close(ear.store);
    reopen(&ear);
    store_start(ear.store);
    struct effect last = record(2, 1, "PRIVMSG #r :two");
    store_post(ear.store, &last, 1);
    store_close(ear.store);
    reopen(&ear);
    store_start(ear.store);
    query.caps = 0;
    struct effect ask = question(&query);
    store_post(ear.store, &ask, 1);
    WAIT_FOR(&ear, ear.n_answered == 1);
    assert_str(buf_str(&ear.said), ":n1!u@h PRIVMSG #r :two\r\n");
    ear_finish(&ear);
    store_close(NULL);
}

/* What the settings do not keep goes by itself once the store is started. */
static void lets_old_messages_go(void **state)
{
    struct ear ear;
    ear_init(&ear);
    store_start(ear.store);
    fill(&ear, 500);
    store_close(ear.store);
    struct settings *settings = settings_create();
    settings->history_room_count = 2;
    ear.settings = settings;
    reopen(&ear);
    settings_unref(settings);
    store_start(ear.store);
    struct query query = fixture_query(QUERY_LAST, 500);
    query.caps = 0;
    size_t lines = 0;
    for (unsigned asked = 1; lines != 2 && asked < 600; asked++) {
        lock_enter(&ear.lock);
        buf_clear(&ear.said);
        lock_leave(&ear.lock);
        struct effect ask = question(&query);
        store_post(ear.store, &ask, 1);
        WAIT_FOR(&ear, ear.n_answered == asked);
        lines = 0;
        for (struct str rest = buf_str(&ear.said); rest.len > 0; lines++) {
            (void)str_split(&rest, '\n');
        }
        usleep(lines != 2 ? 50000 : 0);
    }
    assert_int_equal(lines, 2);
    ear_finish(&ear);
}

/* A full disk: whoever spoke is told, operators are told once, and it goes on when there is room.
 */
static void says_what_is_not_stored(void **state)
{
    struct ear ear;
    fault_vfs_register();
    ear_init(&ear);
    store_start(ear.store);
    struct effect first = record(1, 1, "PRIVMSG #r :one");
    store_post(ear.store, &first, 1);
    WAIT_FOR(&ear, ear.stored[1] == 1);
    fault_vfs_arm(FAULT_FULL, 1, true);
    for (unsigned i = 2; i <= 4; i++) {
        struct effect effects[] = {
            record(i, 1, "PRIVMSG #r :lost"),
            {.kind = EFFECT_REDACT, .redaction = {.seq = 1, .place = room, .by = 1}},
        };
        store_post(ear.store, effects, 2);
        WAIT_FOR(&ear, ear.n_failed == i - 1 && ear.n_redacted == i - 1);
        assert_int_equal(ear.outcome, REDACT_FAILED);
    }
    assert_int_equal(ear.stored[1], 4);
    assert_int_equal(ear.n_trouble, 1);
    assert_true(ear.failing);
    assert_non_null(strstr(ear.reason, "full"));
    /* It is read as before meanwhile. */
    struct query query = fixture_query(QUERY_LAST, 10);
    query.caps = 0;
    struct effect ask = question(&query);
    store_post(ear.store, &ask, 1);
    WAIT_FOR(&ear, ear.n_answered == 1);
    assert_str(buf_str(&ear.said), ":n1!u@h PRIVMSG #r :one\r\n");
    fault_vfs_arm(FAULT_NONE, 0, false);
    WAIT_FOR(&ear, !ear.failing); /* by itself: nobody speaks */
    assert_int_equal(ear.n_trouble, 2);
    struct effect last = record(9, 1, "PRIVMSG #r :two");
    store_post(ear.store, &last, 1);
    WAIT_FOR(&ear, ear.stored[1] == 9);
    assert_int_equal(ear.n_failed, 3);
    ear_finish(&ear);
    fault_vfs_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_stored),
        cmocka_unit_test(one_bad_record_is_one_failure),
        cmocka_unit_test(questions_wait_for_what_was_said),
        cmocka_unit_test(many_speak_at_once),
        cmocka_unit_test(a_slow_asker_holds_nobody),
        cmocka_unit_test(the_log_stays_bounded),
        cmocka_unit_test(the_log_stays_bounded_under_an_export),
        cmocka_unit_test(the_log_stays_bounded_under_a_backup),
        cmocka_unit_test(redactions_are_answered),
        cmocka_unit_test(finds_what_is_there),
        cmocka_unit_test(goes_on_without_an_index),
        cmocka_unit_test(ends_at_any_moment),
        cmocka_unit_test(lets_old_messages_go),
        /* The last: from here on the disk may be told to fail. */
        cmocka_unit_test(says_what_is_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
