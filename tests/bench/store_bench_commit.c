/*
 * Writing: the store with its threads, beside a bare loop that writes the same tables and indexes
 * through plain SQLite with the same number of messages in a transaction, and beside a bare loop of
 * fdatasync. They take turns, each in files of its own.
 */
#include "store_bench.h"

#include "alloc.h"
#include "lock.h"
#include "search_db.h"
#include "store.h"
#include "store_schema.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 200,
    TEXTS = 4096, /* made before, so that making them costs nothing */
    ROOMS = 100,
    TURNS = 3,
    BATCH_MAX = 4096,
    FLUSH_MS = 60000,
    ECHOES = 4000,
    ECHO_US = 1000, /* between two messages: 1,000 a second */
    SHARE_PERCENT = 70,
};

/* What a turn gave: messages a second. */
enum contender { STORE, BARE, STORE_INDEX, BARE_INDEX, CONTENDERS };

static const char *const names[CONTENDERS] = {
    "the store",
    "bare SQLite",
    "the store, with the search index",
    "bare SQLite, with the same index",
};

struct commits {
    struct bench *bench;
    char *bodies[TEXTS];
    struct str texts[TEXTS];
    _Atomic uint64_t stored; /* the last number on disk */
    _Atomic uint64_t groups;
    uint64_t first_echo; /* 0: echoes are not measured */
    double *stored_ms;   /* when the effect came, by number */
    double rates[CONTENDERS][TURNS];
};

static char *path_of(const struct bench *bench, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", bench->folder, name);
    buf_add_char(&path, '\0');
    return path.p;
}

static void remove_database(const char *path)
{
    static const char *const ends[] = {
        "", "-wal", "-shm", ".search", ".search-wal", ".search-shm",
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct buf name = {0};
        buf_printf(&name, "%s%s", path, ends[i]);
        buf_add_char(&name, '\0');
        unlink(name.p);
        buf_finish(&name);
    }
}

/* ---- the store ---- */

static void to_edge(void *ctx, unsigned edge, const struct effect *effects, size_t n)
{
    struct commits *c = ctx;
    for (size_t i = 0; i < n; i++) {
        if (effects[i].kind == EFFECT_STORED) {
            if (effects[i].failed) {
                bench_die("the store", STR("a commit failed"));
            }
            uint64_t before = atomic_exchange(&c->stored, effects[i].seq);
            for (; c->first_echo > 0 && before < effects[i].seq; before++) {
                c->stored_ms[before + 1 - c->first_echo] = bench_now_ms();
            }
            atomic_fetch_add(&c->groups, 1);
        }
    }
}

static void to_core(void *ctx, const struct input *input)
{
}

static void trouble(void *ctx, bool failing, struct str reason)
{
    if (failing) {
        bench_die("the store", reason);
    }
}

static struct store *open_store(struct commits *c, const char *path, bool search)
{
    struct store *store = NULL;
    struct buf error = {0};
    struct store_options options = {
        .path = path,
        .history = true,
        .search = search,
        .to_edge = to_edge,
        .to_core = to_core,
        .trouble = trouble,
        .ctx = c,
    };
    remove_database(path);
    if (store_open(&options, &store, &error) != 0) {
        bench_die(path, buf_str(&error));
    }
    store_start(store);
    buf_finish(&error);
    return store;
}

static struct effect record(const struct commits *c, uint64_t seq)
{
    uint64_t i = seq % TEXTS;
    return (struct effect){
        .kind = EFFECT_RECORD,
        .session = session_id_make(1, 1, 1),
        .record = {.seq = seq,
                   .message_seq = seq,
                   .place = place_of_room(1 + seq % ROOMS),
                   .sender = 1 + seq % ROOMS,
                   .kind = RECORD_PRIVMSG},
        .message = message_create(
            &(struct message_parts){.time_ms = clock_wall_ms(), .body = str_from(c->bodies[i])}),
    };
}

static void post(const struct commits *c, struct store *store, uint64_t first, unsigned n)
{
    struct effect *effects = xcalloc(n, sizeof(*effects));
    for (unsigned i = 0; i < n; i++) {
        effects[i] = record(c, first + i);
    }
    store_post(store, effects, n);
    free(effects);
}

static void wait_for_index(const char *path, uint64_t seq)
{
    struct search_db db;
    struct buf error = {0};
    if (search_db_open(&db, path, SEARCH_READER, &error) != 0) {
        bench_die(path, buf_str(&error));
    }
    sqlite3_stmt *stmt =
        search_db_prepare(&db, "SELECT value FROM main.state WHERE key = 'indexed'", 0);
    for (bool done = false; !done;) {
        if (search_db_step(&db, stmt) != 1) {
            bench_die(path, str_from(db.reason));
        }
        done = (uint64_t)sqlite3_column_int64(stmt, 0) >= seq;
        sqlite3_reset(stmt);
        usleep(1000);
    }
    sqlite3_finalize(stmt);
    search_db_close(&db);
    buf_finish(&error);
}

/* As fast as it takes them; with `search`, until all is indexed. The size of its groups comes out.
 */
static double run_store(struct commits *c, bool search, double seconds, unsigned *ret_group)
{
    char *path = path_of(c->bench, "commit.db");
    struct store *store = open_store(c, path, search);
    uint64_t first = store_identity(store).first_id;
    uint64_t seq = first;
    atomic_store(&c->groups, 0);
    double started = bench_now_ms();
    while (bench_now_ms() - started < seconds * 1e3) {
        if (store_is_pressed(store) || seq - first > atomic_load(&c->stored) + BATCH_MAX - first) {
            usleep(50);
            continue;
        }
        post(c, store, seq, 64);
        seq += 64;
        if (seq - first == 64) {
            atomic_store(&c->stored, first);
        }
    }
    if (!store_flush(store, FLUSH_MS)) {
        bench_die("the store", STR("it does not finish"));
    }
    double took = bench_now_ms() - started;
    if (search) {
        wait_for_index(path, seq - 1);
        took = bench_now_ms() - started;
    }
    uint64_t groups = atomic_load(&c->groups);
    *ret_group = groups > 0 ? (unsigned)((seq - first) / groups) : 1;
    store_close(store);
    remove_database(path);
    free(path);
    return (double)(seq - first) / took * 1e3;
}

/* ---- bare SQLite ---- */

struct bare {
    sqlite3 *sqlite;
    sqlite3_stmt *message;
    struct search_db search;
    sqlite3_stmt *words;
};

static void must(sqlite3 *sqlite, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        bench_die("sqlite", str_from(sqlite3_errmsg(sqlite)));
    }
}

static void run_sql(sqlite3 *sqlite, const char *sql)
{
    must(sqlite, sqlite3_exec(sqlite, sql, NULL, NULL, NULL));
}

/* The store's own tables and settings, and nothing else of it. */
static void open_bare(struct bare *bare, const char *path, bool search)
{
    struct buf error = {0};
    remove_database(path);
    *bare = (struct bare){0};
    must(bare->sqlite, sqlite3_open(path, &bare->sqlite));
    run_sql(bare->sqlite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                          "PRAGMA cache_size = -16384");
    if (store_schema_apply(bare->sqlite, path, &error) != 0) {
        bench_die(path, buf_str(&error));
    }
    for (int room = 1; room <= ROOMS; room++) {
        char sql[80];
        snprintf(sql, sizeof(sql), "INSERT INTO places(id, room) VALUES (%d, %d)", room, room);
        run_sql(bare->sqlite, sql);
    }
    must(bare->sqlite,
         sqlite3_prepare_v2(bare->sqlite,
                            "INSERT INTO messages(seq, place, time, kind, sender, source, text)"
                            " VALUES (?1, ?2, ?3, 1, ?4, 'nick!user@198.51.100.7', ?5)",
                            -1, &bare->message, NULL));
    if (search && search_db_open(&bare->search, path, SEARCH_WRITER, &error) != 0) {
        bench_die(path, buf_str(&error));
    }
    if (search) {
        run_sql(bare->search.sqlite,
                "PRAGMA wal_autocheckpoint = 2000;"
                "CREATE VIRTUAL TABLE main.shard_1 USING fts5(t, content='', detail=none,"
                " columnsize=0, tokenize='maru')");
        bare->words = search_db_prepare(&bare->search,
                                        "INSERT INTO main.shard_1(rowid, t) VALUES (?1, ?2)", 0);
    }
    buf_finish(&error);
}

static void close_bare(struct bare *bare)
{
    sqlite3_finalize(bare->message);
    sqlite3_finalize(bare->words);
    sqlite3_close(bare->sqlite);
    if (bare->search.sqlite != NULL) {
        search_db_close(&bare->search);
    }
}

static void write_group(const struct commits *c, struct bare *bare, uint64_t first, unsigned n)
{
    run_sql(bare->sqlite, "BEGIN IMMEDIATE");
    for (uint64_t seq = first; seq < first + n; seq++) {
        struct str text = c->texts[seq % TEXTS];
        sqlite3_bind_int64(bare->message, 1, (int64_t)seq);
        sqlite3_bind_int64(bare->message, 2, (int64_t)(1 + seq % ROOMS));
        sqlite3_bind_int64(bare->message, 3, (int64_t)clock_wall_ms());
        sqlite3_bind_int64(bare->message, 4, (int64_t)(1 + seq % ROOMS));
        sqlite3_bind_text(bare->message, 5, text.p, (int)text.len, SQLITE_STATIC);
        must(bare->sqlite, sqlite3_step(bare->message));
        sqlite3_reset(bare->message);
    }
    run_sql(bare->sqlite, "COMMIT");
}

static void index_group(const struct commits *c, struct bare *bare, uint64_t first, unsigned n)
{
    struct buf document = {0};
    run_sql(bare->search.sqlite, "BEGIN IMMEDIATE");
    for (uint64_t seq = first; seq < first + n; seq++) {
        buf_clear(&document);
        buf_printf(&document, "P%u Snick\n", (unsigned)(1 + seq % ROOMS));
        buf_add_str(&document, c->texts[seq % TEXTS]);
        sqlite3_bind_int64(bare->words, 1, (int64_t)seq);
        sqlite3_bind_text(bare->words, 2, document.p, (int)document.len, SQLITE_STATIC);
        must(bare->search.sqlite, sqlite3_step(bare->words));
        sqlite3_reset(bare->words);
    }
    run_sql(bare->search.sqlite, "COMMIT");
    buf_finish(&document);
}

static double run_bare(struct commits *c, bool search, double seconds, unsigned group)
{
    struct bare bare;
    char *path = path_of(c->bench, "bare.db");
    open_bare(&bare, path, search);
    uint64_t seq = BENCH_FIRST_SEQ;
    double started = bench_now_ms();
    while (bench_now_ms() - started < seconds * 1e3) {
        write_group(c, &bare, seq, group);
        if (search) {
            index_group(c, &bare, seq, group);
        }
        seq += group;
    }
    double took = bench_now_ms() - started;
    close_bare(&bare);
    remove_database(path);
    free(path);
    return (double)(seq - BENCH_FIRST_SEQ) / took * 1e3;
}

/* ---- the disk ---- */

static void run_disk(struct commits *c, double seconds, size_t bytes, struct bench_times *times)
{
    char *path = path_of(c->bench, "disk");
    char *block = xcalloc(1, bytes);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    double started = bench_now_ms();
    double before = started;
    while (before - started < seconds * 1e3) {
        if (fd < 0 || write(fd, block, bytes) != (ssize_t)bytes || fdatasync(fd) != 0) {
            bench_die(path, STR("it cannot be written"));
        }
        double now = bench_now_ms();
        bench_times_add(times, now - before);
        before = now;
    }
    close(fd);
    unlink(path);
    free(path);
    free(block);
}

/* ---- an echo ---- */

/* One message a millisecond: how long until the edge is told that it is on disk. */
static void run_echoes(struct commits *c, bool search, struct bench_times *times)
{
    char *path = path_of(c->bench, "commit.db");
    struct store *store = open_store(c, path, search);
    uint64_t first = store_identity(store).first_id;
    double *posted = xcalloc(ECHOES, sizeof(*posted));
    c->stored_ms = xcalloc(ECHOES, sizeof(*c->stored_ms));
    atomic_store(&c->stored, first - 1);
    c->first_echo = first;
    double started = bench_now_ms();
    for (unsigned n = 0; n < ECHOES; n++) {
        while (bench_now_ms() < started + n * (ECHO_US / 1e3)) {
            usleep(20);
        }
        struct effect effect = record(c, first + n);
        posted[n] = bench_now_ms();
        store_post(store, &effect, 1);
    }
    if (!store_flush(store, FLUSH_MS)) {
        bench_die("the store", STR("it does not finish"));
    }
    store_close(store);
    for (unsigned n = 0; n < ECHOES; n++) {
        bench_times_add(times, c->stored_ms[n] - posted[n]);
    }
    c->first_echo = 0;
    remove_database(path);
    free(c->stored_ms);
    free(posted);
    free(path);
}

/* ---- all of it ---- */

static void make_texts(struct commits *c)
{
    for (unsigned i = 0; i < TEXTS; i++) {
        struct buf body = {0};
        buf_printf(&body, ":nick!user@198.51.100.7 PRIVMSG #room :");
        size_t start = body.len;
        bench_text(&c->bench->words, TEXT_BYTES, &body);
        size_t len = body.len - start;
        buf_add(&body, "\r\n", 3);
        c->bodies[i] = body.p;
        c->texts[i] = str_make(body.p + start, len);
    }
}

static double median(double *rates)
{
    struct bench_times times = {0};
    for (int i = 0; i < TURNS; i++) {
        bench_times_add(&times, rates[i]);
    }
    double middle = bench_times_at(&times, 0.5);
    bench_times_finish(&times);
    return middle;
}

static void report(struct commits *c, enum contender ours, enum contender bare, unsigned group)
{
    double one = median(c->rates[ours]);
    double other = median(c->rates[bare]);
    printf("  %-40s %9.0f messages/s, %u in a commit\n", names[ours], one, group);
    printf("  %-40s %9.0f messages/s", names[bare], other);
    char limit[64];
    snprintf(limit, sizeof(limit), "   %.0f %% of it, at least %d: ", 100 * one / other,
             SHARE_PERCENT);
    bench_judge(limit, 100 * one >= SHARE_PERCENT * other);
}

void bench_commit(struct bench *bench, double seconds)
{
    struct commits c = {.bench = bench};
    unsigned group[2] = {1, 1};
    struct bench_times disk = {0};
    make_texts(&c);
    printf("writing: messages of %d bytes, %d turns of %.0f s each\n", TEXT_BYTES, TURNS, seconds);
    fflush(stdout);
    for (int turn = 0; turn < TURNS; turn++) {
        for (int search = 0; search < 2; search++) {
            unsigned size = 1;
            c.rates[search ? STORE_INDEX : STORE][turn] =
                run_store(&c, search != 0, seconds, &size);
            group[search] = turn == 0 || size > group[search] ? size : group[search];
            c.rates[search ? BARE_INDEX : BARE][turn] =
                run_bare(&c, search != 0, seconds, group[search]);
        }
        run_disk(&c, seconds / 2, 4096, &disk);
    }
    report(&c, STORE, BARE, group[0]);
    report(&c, STORE_INDEX, BARE_INDEX, group[1]);
    double sync = bench_times_at(&disk, 0.5);
    bench_row("fdatasync of 4 KiB", &disk, 0);
    for (int search = 0; search < 2; search++) {
        struct bench_times echo = {0};
        run_echoes(&c, search != 0, &echo);
        double p50 = bench_times_at(&echo, 0.5);
        bench_row(search ? "echo at 1,000 messages/s, with index" : "echo at 1,000 messages/s",
                  &echo, 0);
        char limit[64];
        snprintf(limit, sizeof(limit), "    %.1f times an fdatasync, at most 2: ", p50 / sync);
        bench_judge(limit, p50 <= 2 * sync);
    }
    for (unsigned i = 0; i < TEXTS; i++) {
        free(c.bodies[i]);
    }
}
