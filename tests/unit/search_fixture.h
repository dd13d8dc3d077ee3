/* A history in a temporary folder, with a search index beside it: what tests of searching share. */
#ifndef MARU_SEARCH_FIXTURE_H
#define MARU_SEARCH_FIXTURE_H

#include "unit.h"

#include "buf.h"
#include "record.h"
#include "search_index.h"
#include "store_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct search_fixture {
    char folder[32];
    char path[64];
    sqlite3 *history;
    struct search_index *index;
    uint64_t next_seq;
    uint64_t time; /* of the next message */
};

static void fixture_exec(struct search_fixture *f, const char *sql)
{
    assert_int_equal(sqlite3_exec(f->history, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void fixture_init(struct search_fixture *f)
{
    *f = (struct search_fixture){.next_seq = 1, .time = 1000};
    snprintf(f->folder, sizeof(f->folder), "/tmp/maru-search-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/maru.db", f->folder);
    assert_int_equal(sqlite3_open(f->path, &f->history), SQLITE_OK);
    struct buf error = {0};
    fixture_exec(f, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    assert_int_equal(store_schema_apply(f->history, f->path, &error), 0);
    assert_int_equal(search_index_open(f->path, &f->index, &error), 0);
    buf_finish(&error);
}

static void fixture_finish(struct search_fixture *f)
{
    char command[64];
    search_index_close(f->index);
    sqlite3_close(f->history);
    snprintf(command, sizeof(command), "rm -r %s", f->folder);
    assert_int_equal(system(command), 0);
}

static void fixture_place(struct search_fixture *f, int id, int room, int a, int b)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "INSERT INTO places(id, room, a, b) VALUES (%d, nullif(%d, 0), nullif(%d, 0),"
             " nullif(%d, 0))",
             id, room, a, b);
    fixture_exec(f, sql);
}

static uint64_t fixture_add(struct search_fixture *f, enum record_kind kind, int place,
                            const char *nick, const char *text)
{
    char *sql =
        sqlite3_mprintf("INSERT INTO messages(seq, place, time, kind, sender, source, text) VALUES "
                        "(%lld, %d, %lld, %d, 1,"
                        " '%q!user@host', %Q)",
                        (long long)f->next_seq, place, (long long)f->time, kind, nick, text);
    fixture_exec(f, sql);
    sqlite3_free(sql);
    f->time++;
    return f->next_seq++;
}

static uint64_t fixture_say(struct search_fixture *f, int place, const char *nick, const char *text)
{
    return fixture_add(f, RECORD_PRIVMSG, place, nick, text);
}

static void fixture_delete(struct search_fixture *f, uint64_t seq)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "DELETE FROM messages WHERE seq = %llu", (unsigned long long)seq);
    fixture_exec(f, sql);
}

/* Brings the index forward until there is nothing to do. */
static struct search_progress fixture_index(struct search_fixture *f)
{
    struct search_progress progress = {0};
    while (!progress.idle) {
        assert_int_equal(search_index_step(f->index, 50, &progress), 0);
    }
    return progress;
}

/* How many messages the index has for an expression of FTS5, in all shards, of one place or of any
 * (0). */
static int fixture_count_in(struct search_fixture *f, uint64_t place, const char *expression)
{
    struct search_db db;
    struct buf error = {0};
    assert_int_equal(search_db_open(&db, f->path, SEARCH_READER, &error), 0);
    buf_finish(&error);
    sqlite3_stmt *shards = search_db_prepare(&db, "SELECT id FROM main.shards", 0);
    assert_non_null(shards);
    int n = 0;
    while (search_db_step(&db, shards) == 1) {
        sqlite3_stmt *stmt =
            search_db_prepare(&db,
                              "SELECT count(*) FROM main.shard_@ WHERE shard_@ MATCH ?1 "
                              "AND rowid BETWEEN ?2 AND ?3",
                              (uint64_t)sqlite3_column_int64(shards, 0));
        sqlite3_bind_text(stmt, 1, expression, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, search_row_id(place, 0));
        sqlite3_bind_int64(stmt, 3,
                           place > 0 ? search_row_id(place, SEARCH_NUMBERS - 1) : INT64_MAX);
        assert_int_equal(search_db_step(&db, stmt), 1);
        n += sqlite3_column_int(stmt, 0);
        sqlite3_finalize(stmt);
    }
    sqlite3_finalize(shards);
    search_db_close(&db);
    return n;
}

static inline int fixture_count(struct search_fixture *f, const char *expression)
{
    return fixture_count_in(f, 0, expression);
}

static inline int fixture_shards(struct search_fixture *f)
{
    struct search_db db;
    struct buf error = {0};
    assert_int_equal(search_db_open(&db, f->path, SEARCH_READER, &error), 0);
    buf_finish(&error);
    sqlite3_stmt *stmt = search_db_prepare(&db, "SELECT count(*) FROM main.shards", 0);
    assert_non_null(stmt);
    assert_int_equal(search_db_step(&db, stmt), 1);
    int n = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    search_db_close(&db);
    return n;
}

#endif
