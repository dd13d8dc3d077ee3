/* Fills a database as a server does that ran for years, and indexes it. */
#include "store_bench.h"

#include "alloc.h"
#include "record.h"
#include "search_index.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    ROWS_AT_ONCE = 50 * 1000,
    DIRECT_EVERY = 100, /* messages, one is between two people */
    DIRECT_PAIRS = 5000,
    MS_BETWEEN = 1500,
    INDEX_MS = 500,
};

/* 2023, in milliseconds. */
#define FIRST_TIME UINT64_C(1672531200000)

static void must(struct store_db *db, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) {
        bench_die("sqlite", str_from(sqlite3_errmsg(db->sqlite)));
    }
}

static void make_places(struct bench *bench, struct store_db *db)
{
    must(db, sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL));
    char sql[160];
    for (unsigned i = 1; i <= bench->rooms; i++) {
        snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO places(id, room) VALUES (%u, %u)", i, i);
        must(db, sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
    }
    for (unsigned i = 0; i < DIRECT_PAIRS; i++) {
        snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO places(id, a, b) VALUES (%u, %u, %u)",
                 bench->rooms + 1 + i, 1 + i % 100, 101 + i);
        must(db, sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
    }
    must(db, sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL));
}

static void add_message(struct bench *bench, struct store_db *db, sqlite3_stmt *stmt, uint64_t i)
{
    static struct buf text;
    char source[64];
    unsigned nick = bench_nick(&bench->words);
    bool direct = bench_below(&bench->words, DIRECT_EVERY) == 0;
    unsigned place = direct ? bench->rooms + 1 + (unsigned)bench_below(&bench->words, DIRECT_PAIRS)
                            : 1 + bench_room(&bench->words);
    snprintf(source, sizeof(source), "nick%u!user@198.51.100.%u", nick, nick % 250);
    buf_clear(&text);
    bench_text(&bench->words, 0, &text);
    sqlite3_bind_int64(stmt, 1, (int64_t)(BENCH_FIRST_SEQ + i));
    sqlite3_bind_int64(stmt, 2, place);
    sqlite3_bind_int64(stmt, 3, (int64_t)(FIRST_TIME + i * MS_BETWEEN));
    sqlite3_bind_int64(stmt, 4, RECORD_PRIVMSG);
    sqlite3_bind_int64(stmt, 5, 1 + nick);
    sqlite3_bind_text(stmt, 6, source, -1, SQLITE_STATIC);
    if (direct) {
        sqlite3_bind_text(stmt, 7, "somebody", -1, SQLITE_STATIC);
    } else {
        sqlite3_bind_null(stmt, 7);
    }
    sqlite3_bind_text(stmt, 8, text.p, (int)text.len, SQLITE_STATIC);
    must(db, sqlite3_step(stmt));
    sqlite3_reset(stmt);
}

static uint64_t count_messages(struct store_db *db)
{
    sqlite3_stmt *stmt = NULL;
    must(db, sqlite3_prepare_v2(db->sqlite, "SELECT max(seq) FROM messages", -1, &stmt, NULL));
    must(db, sqlite3_step(stmt));
    uint64_t last = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return last >= BENCH_FIRST_SEQ ? last - BENCH_FIRST_SEQ + 1 : 0;
}

static void add_messages(struct bench *bench, struct store_db *db, double until)
{
    uint64_t n = count_messages(db);
    bench->words.seed += n * 2; /* Going on, not again the same; never 0. */
    sqlite3_stmt *stmt = NULL;
    must(db, sqlite3_prepare_v2(db->sqlite,
                                "INSERT INTO messages(seq, place, time, kind, sender, source,"
                                " target, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                                -1, &stmt, NULL));
    while (n < bench->messages && bench_now_ms() < until) {
        must(db, sqlite3_exec(db->sqlite, "BEGIN", NULL, NULL, NULL));
        for (unsigned i = 0; i < ROWS_AT_ONCE && n < bench->messages; i++) {
            add_message(bench, db, stmt, n++);
        }
        must(db, sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL));
        if (store_db_checkpoint(db, false, NULL) != 0) {
            bench_die("checkpoint", str_from(db->reason));
        }
    }
    sqlite3_finalize(stmt);
    if (n < bench->messages) {
        printf("  %llu of %llu messages are there\n", (unsigned long long)n,
               (unsigned long long)bench->messages);
    }
}

static void index_all(struct bench *bench, double until)
{
    struct search_index *index = NULL;
    struct buf error = {0};
    struct search_progress progress = {0};
    double started = bench_now_ms();
    double longest = 0;
    uint64_t n = 0;
    if (search_index_open(bench->path, &index, &error) != 0) {
        bench_die("search", buf_str(&error));
    }
    while (!progress.idle && bench_now_ms() < until) {
        double before = bench_now_ms();
        if (search_index_step(index, INDEX_MS, &progress) != 0) {
            bench_die("search", str_from(search_index_reason(index)));
        }
        double took = bench_now_ms() - before;
        longest = took > longest ? took : longest;
        n += progress.messages;
    }
    double seconds = (bench_now_ms() - started) / 1e3;
    if (n > 0) {
        printf("  indexed %llu messages in %.0f s: %.1f us each; the longest step of %d ms took "
               "%.0f ms%s\n",
               (unsigned long long)n, seconds, seconds * 1e6 / (double)n, INDEX_MS, longest,
               progress.idle ? "" : "; there is more to do");
    }
    search_index_close(index);
    buf_finish(&error);
}

static void read_file(const char *path, const char *end)
{
    char name[512];
    static char block[1 << 20];
    snprintf(name, sizeof(name), "%s%s", path, end);
    FILE *file = fopen(name, "r");
    while (file != NULL && fread(block, 1, sizeof(block), file) == sizeof(block)) {
    }
    if (file != NULL) {
        fclose(file);
    }
}

/* What is measured is the store; how fast the disk is shows elsewhere. */
void bench_warm(struct bench *bench)
{
    read_file(bench->path, "");
    read_file(bench->path, ".search");
}

static double file_size(const char *path, const char *end)
{
    char name[512];
    struct stat st;
    snprintf(name, sizeof(name), "%s%s", path, end);
    return stat(name, &st) == 0 ? (double)st.st_size : 0;
}

void bench_fill(struct bench *bench, double seconds_max)
{
    double until = seconds_max > 0 ? bench_now_ms() + seconds_max * 1e3 : 1e300;
    struct store_db db;
    struct buf error = {0};
    if (store_db_open(&db, bench->path, STORE_WRITER, &error) != 0) {
        bench_die(bench->path, buf_str(&error));
    }
    must(&db, sqlite3_exec(db.sqlite, "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144", NULL,
                           NULL, NULL));
    printf("filling %s: %llu messages in %u rooms\n", bench->path,
           (unsigned long long)bench->messages, bench->rooms);
    fflush(stdout);
    make_places(bench, &db);
    add_messages(bench, &db, until);
    if (store_db_checkpoint(&db, true, NULL) != 0) {
        bench_die("checkpoint", str_from(db.reason));
    }
    uint64_t n = count_messages(&db);
    store_db_close(&db);
    index_all(bench, until);
    double history = file_size(bench->path, "") / (double)n;
    double search = file_size(bench->path, ".search") / (double)n;
    printf("  bytes on disk for each message: %.0f in the history, %.0f in the search index\n",
           history, search);
    fflush(stdout);
    buf_finish(&error);
}
