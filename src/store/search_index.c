/* The writing side of the search index. Synchronous; the writer's thread. */
#include "search_index.h"

#include "alloc.h"
#include "clock.h"
#include "search_limits.h"

#include <sqlite3.h>
#include <stdlib.h>

/* What has become of a shard's parts. */
enum merged {
    MERGED_NO,
    MERGED_HALF, /* it is being made into one */
    MERGED_WHOLE,
};

enum statement {
    READ_MESSAGES,
    READ_MESSAGE,
    SET_INDEXED,
    SHARD_SET,
    SHARD_OF,
    SHARD_TIDY,
    SHARD_MERGED,
    SHARD_OLDEST,
    STATEMENTS,
};

static const char *const sql_of[STATEMENTS] = {
#define COLUMNS "m.seq, m.time, m.place, m.kind, m.source, m.text, p.a, p.b"
#define FROM    "FROM history.messages m LEFT JOIN history.places p ON p.id = m.place "
    [READ_MESSAGES] = "SELECT " COLUMNS " " FROM "WHERE m.seq > ?1 ORDER BY m.seq",
    [READ_MESSAGE] = "SELECT " COLUMNS " " FROM "WHERE m.seq = ?1",
    [SET_INDEXED] = "UPDATE main.state SET value = ?1 WHERE key = 'indexed'",
    [SHARD_SET] = "INSERT OR REPLACE INTO main.shards VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
    [SHARD_OF] = "SELECT id, last_seq, merged FROM main.shards WHERE first_seq <= ?1 "
                 "ORDER BY first_seq DESC LIMIT 1",
    [SHARD_TIDY] = "SELECT id, merged FROM main.shards WHERE id <> ?1 AND merged < 2 "
                   "ORDER BY id LIMIT 1",
    [SHARD_MERGED] = "UPDATE main.shards SET merged = ?2 WHERE id = ?1",
    [SHARD_OLDEST] =
        "SELECT id, first_seq, last_seq FROM main.shards WHERE id <> ?1 AND NOT EXISTS "
        "(SELECT 1 FROM history.messages WHERE seq BETWEEN first_seq AND last_seq) "
        "ORDER BY id LIMIT 1",
};

struct shard {
    uint64_t id; /* 0: there is none */
    uint64_t first_seq;
    uint64_t last_seq;
    int64_t first_time;
    int64_t last_time;
    uint64_t n;
};

struct search_index {
    struct search_db db;
    char *history; /* owned */
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *insert; /* into the shard at hand */
    sqlite3_stmt *merge;
    uint64_t indexed_seq;
    struct shard shard; /* the newest: what comes goes there */
    int wal_pages;      /* in the log after the last commit */
    struct buf document;
    /* Forgotten before they were indexed, and perhaps not deleted yet: ascending is not needed. */
    uint64_t *forgotten;
    size_t n_forgotten;
    size_t cap_forgotten;
};

const char *search_index_reason(const struct search_index *index)
{
    return index->db.reason;
}

static sqlite3_stmt *statement(struct search_index *index, enum statement which)
{
    if (index->statements[which] == NULL) {
        index->statements[which] = search_db_prepare(&index->db, sql_of[which], 0);
    }
    return index->statements[which];
}

static struct str column_str(sqlite3_stmt *stmt, int column)
{
    const char *p = (const char *)sqlite3_column_text(stmt, column);
    return str_make(p, p != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

static uint64_t column_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

/* Runs one without rows; binds up to six numbers. */
static int run(struct search_index *index, sqlite3_stmt *stmt, const int64_t *values, int n)
{
    if (stmt == NULL) {
        return STATUS_IO;
    }
    for (int i = 0; i < n; i++) {
        sqlite3_bind_int64(stmt, i + 1, values[i]);
    }
    int status = search_db_step(&index->db, stmt);
    sqlite3_reset(stmt);
    return status < 0 ? status : 0;
}

/* ---- opening ---- */

static void leave_shard(struct search_index *index)
{
    sqlite3_finalize(index->insert);
    sqlite3_finalize(index->merge);
    index->insert = NULL;
    index->merge = NULL;
}

static void disconnect(struct search_index *index)
{
    leave_shard(index);
    for (unsigned i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(index->statements[i]);
        index->statements[i] = NULL;
    }
    search_db_close(&index->db);
}

static int read_state(struct search_index *index)
{
    struct search_db *db = &index->db;
    index->indexed_seq = 0;
    index->shard = (struct shard){0};
    sqlite3_stmt *stmt =
        search_db_prepare(db, "SELECT value FROM main.state WHERE key = 'indexed'", 0);
    int status = stmt != NULL ? search_db_step(db, stmt) : STATUS_IO;
    if (status == 1) {
        index->indexed_seq = column_u64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    if (status < 0) {
        return status;
    }
    stmt = search_db_prepare(db,
                             "SELECT id, first_seq, last_seq, first_time, last_time, n "
                             "FROM main.shards ORDER BY id DESC LIMIT 1",
                             0);
    status = stmt != NULL ? search_db_step(db, stmt) : STATUS_IO;
    if (status == 1) {
        index->shard = (struct shard){
            .id = column_u64(stmt, 0),
            .first_seq = column_u64(stmt, 1),
            .last_seq = column_u64(stmt, 2),
            .first_time = sqlite3_column_int64(stmt, 3),
            .last_time = sqlite3_column_int64(stmt, 4),
            .n = column_u64(stmt, 5),
        };
    }
    sqlite3_finalize(stmt);
    return status < 0 ? status : 0;
}

static int drop_shard(struct search_index *index, uint64_t id)
{
    char sql[160];
    leave_shard(index);
    sqlite3_snprintf(
        sizeof(sql), sql,
        "DROP TABLE IF EXISTS main.shard_%llu; DELETE FROM main.shards WHERE id = %llu",
        (unsigned long long)id, (unsigned long long)id);
    return search_db_exec(&index->db, sql);
}

/* An older copy of the history may have been put in place: its numbers will be given again. What
 * the index has beyond its end is indexed anew. */
static int fit_history(struct search_index *index)
{
    struct search_db *db = &index->db;
    sqlite3_stmt *stmt = search_db_prepare(db, "SELECT max(seq) FROM history.messages", 0);
    int status = stmt != NULL ? search_db_step(db, stmt) : STATUS_IO;
    uint64_t last_seq = status == 1 ? column_u64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    while (status >= 0 && index->indexed_seq > last_seq) {
        if (index->shard.id == 0 || index->shard.last_seq <= last_seq) {
            int64_t seq = (int64_t)last_seq;
            status = run(index, statement(index, SET_INDEXED), &seq, 1);
            index->indexed_seq = last_seq;
            break;
        }
        int64_t seq = (int64_t)index->shard.first_seq - 1;
        status = search_db_exec(db, "BEGIN IMMEDIATE");
        if (status == 0) {
            status = drop_shard(index, index->shard.id);
        }
        if (status == 0) {
            status = run(index, statement(index, SET_INDEXED), &seq, 1);
        }
        if (status == 0) {
            status = search_db_exec(db, "COMMIT");
        }
        if (status == 0) {
            status = read_state(index);
        }
    }
    return status < 0 ? status : 0;
}

static int note_commit(void *ctx, sqlite3 *sqlite, const char *schema, int pages)
{
    struct search_index *index = ctx;
    index->wal_pages = pages;
    return SQLITE_OK;
}

static int connect_anew(struct search_index *index, struct buf *error)
{
    int status = search_db_open(&index->db, index->history, SEARCH_WRITER, error);
    if (status != 0) {
        return status;
    }
    sqlite3_wal_hook(index->db.sqlite, note_commit, index);
    status = read_state(index);
    if (status == 0) {
        status = fit_history(index);
    }
    if (status != 0) {
        buf_printf(error, "%s: %s", index->db.path, index->db.reason);
    }
    return status;
}

int search_index_open(const char *history, struct search_index **ret_index, struct buf *error)
{
    struct search_index *index = xcalloc(1, sizeof(*index));
    index->history = str_dup(str_from(history));
    int status = connect_anew(index, error);
    if (status != 0) {
        search_index_close(index);
        return status;
    }
    *ret_index = index;
    return 0;
}

void search_index_close(struct search_index *index)
{
    if (index == NULL) {
        return;
    }
    disconnect(index);
    buf_finish(&index->document);
    free(index->forgotten);
    free(index->history);
    free(index);
}

/* ---- indexing ---- */

/* False where nothing of the message is searched. */
static bool make_document(struct search_index *index, sqlite3_stmt *row)
{
    struct buf *out = &index->document;
    struct str text = search_speech(sqlite3_column_int64(row, 3), column_str(row, 5));
    if (text.len == 0) {
        return false;
    }
    buf_clear(out);
    buf_add_char(out, 'P');
    buf_add_u64(out, column_u64(row, 2));
    buf_add_char(out, ' ');
    search_add_sender(out, column_str(row, 4));
    for (int column = 6; column <= 7; column++) {
        if (sqlite3_column_type(row, column) != SQLITE_NULL) {
            buf_add_cstr(out, " U");
            buf_add_u64(out, column_u64(row, column));
        }
    }
    buf_add_char(out, '\n');
    buf_add_str(out, text);
    return true;
}

static int save_shard(struct search_index *index)
{
    const struct shard *shard = &index->shard;
    int64_t values[] = {(int64_t)shard->id, (int64_t)shard->first_seq, (int64_t)shard->last_seq,
                        shard->first_time,  shard->last_time,          (int64_t)shard->n};
    return shard->id > 0 ? run(index, statement(index, SHARD_SET), values, 6) : 0;
}

/* FTS5 merges in strokes of any length by itself: we do it instead, in small ones. */
static int begin_shard(struct search_index *index, uint64_t seq, int64_t time)
{
    int status = save_shard(index);
    leave_shard(index);
    unsigned long long id = index->shard.id + 1;
    index->shard = (struct shard){
        .id = id, .first_seq = seq, .last_seq = seq, .first_time = time, .last_time = time};
    char sql[640];
    sqlite3_snprintf(
        sizeof(sql), sql,
        "CREATE VIRTUAL TABLE main.shard_%llu USING fts5(t, content='', detail=none, columnsize=0,"
        " tokenize='maru');"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('automerge', 0);"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('crisismerge', %d);"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('usermerge', %d)",
        id, id, id, id, id, SEARCH_CRISIS_SEGMENTS, id, id, SEARCH_MERGE_SEGMENTS);
    return status == 0 ? search_db_exec(&index->db, sql) : status;
}

static int enter_shard(struct search_index *index)
{
    if (index->insert == NULL) {
        index->insert = search_db_prepare(
            &index->db, "INSERT INTO main.shard_@(rowid, t) VALUES (?1, ?2)", index->shard.id);
        index->merge = search_db_prepare(
            &index->db, "INSERT INTO main.shard_@(shard_@, rank) VALUES ('merge', ?1)",
            index->shard.id);
    }
    return index->insert != NULL && index->merge != NULL ? 0 : STATUS_IO;
}

static bool is_forgotten(const struct search_index *index, uint64_t seq)
{
    for (size_t i = 0; i < index->n_forgotten; i++) {
        if (index->forgotten[i] == seq) {
            return true;
        }
    }
    return false;
}

static void forget_later(struct search_index *index, uint64_t seq)
{
    if (index->n_forgotten == index->cap_forgotten) {
        index->cap_forgotten = index->cap_forgotten > 0 ? 2 * index->cap_forgotten : 16;
        index->forgotten =
            xrealloc(index->forgotten, index->cap_forgotten * sizeof(*index->forgotten));
    }
    index->forgotten[index->n_forgotten++] = seq;
}

/* Once the index is past them they cannot come in any more. */
static void clear_forgotten(struct search_index *index)
{
    size_t n = 0;
    for (size_t i = 0; i < index->n_forgotten; i++) {
        if (index->forgotten[i] > index->indexed_seq) {
            index->forgotten[n++] = index->forgotten[i];
        }
    }
    index->n_forgotten = n;
}

static int add_message(struct search_index *index, sqlite3_stmt *row)
{
    uint64_t seq = column_u64(row, 0);
    int64_t time = sqlite3_column_int64(row, 1);
    if (is_forgotten(index, seq) || !make_document(index, row)) {
        return 0;
    }
    struct shard *shard = &index->shard;
    int status = 0;
    if (shard->id == 0 || shard->n >= SEARCH_SHARD_MESSAGES) {
        status = begin_shard(index, seq, time);
    }
    if (status == 0) {
        status = enter_shard(index);
    }
    if (status != 0) {
        return status;
    }
    shard->last_seq = seq;
    shard->first_time = time < shard->first_time ? time : shard->first_time;
    shard->last_time = time > shard->last_time ? time : shard->last_time;
    shard->n++;
    sqlite3_bind_int64(index->insert, 1, (int64_t)seq);
    sqlite3_bind_text(index->insert, 2, index->document.p, (int)index->document.len, SQLITE_STATIC);
    status = search_db_step(&index->db, index->insert);
    sqlite3_reset(index->insert);
    return status < 0 ? status : 0;
}

static int add_messages(struct search_index *index, uint64_t until_ms,
                        struct search_progress *progress)
{
    sqlite3_stmt *rows = statement(index, READ_MESSAGES);
    if (rows == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(rows, 1, (int64_t)index->indexed_seq);
    int status;
    while ((status = search_db_step(&index->db, rows)) == 1) {
        if (progress->messages > 0 && progress->messages % SEARCH_INDEX_ROWS == 0 &&
            clock_mono_ms() >= until_ms) {
            progress->behind = true;
            break;
        }
        status = add_message(index, rows);
        if (status != 0) {
            break;
        }
        index->indexed_seq = column_u64(rows, 0);
        progress->messages++;
    }
    sqlite3_reset(rows);
    return status < 0 ? status : 0;
}

/* Merges about so many pages (negative: begins to make it one part). False where there was nothing
 * to do: FTS5 tells it by the number of rows that it has changed. */
static int merge(struct search_index *index, sqlite3_stmt *stmt, int64_t pages, bool *ret_worked)
{
    int before = sqlite3_total_changes(index->db.sqlite);
    int status = run(index, stmt, &pages, 1);
    *ret_worked = sqlite3_total_changes(index->db.sqlite) - before >= 2;
    return status;
}

static int index_some(struct search_index *index, uint64_t until_ms,
                      struct search_progress *progress)
{
    int status = search_db_exec(&index->db, "BEGIN");
    if (status == 0) {
        status = add_messages(index, until_ms, progress);
    }
    if (status == 0 && progress->messages > 0) {
        int64_t seq = (int64_t)index->indexed_seq;
        status = run(index, statement(index, SET_INDEXED), &seq, 1);
        if (status == 0) {
            status = save_shard(index);
        }
        if (status == 0) {
            status = search_db_exec(&index->db, "COMMIT; BEGIN");
        }
        /* As much as keeps the number of parts small, however little time there is. */
        bool worked = index->merge != NULL;
        int64_t pages = SEARCH_MERGE_PAGES + progress->messages / SEARCH_MERGE_ROWS;
        if (status == 0 && worked) {
            status = merge(index, index->merge, pages, &worked);
        }
        while (status == 0 && worked && clock_mono_ms() < until_ms) {
            status = merge(index, index->merge, SEARCH_MERGE_PAGES, &worked);
        }
    }
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

/* ---- tidying up ---- */

/* Makes a shard that is full, or of which something was taken, into one part, a bit at a time. */
static int tidy_shard(struct search_index *index, uint64_t until_ms, bool *ret_idle)
{
    int64_t current = (int64_t)index->shard.id;
    sqlite3_stmt *find = statement(index, SHARD_TIDY);
    if (find == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(find, 1, current);
    int status = search_db_step(&index->db, find);
    uint64_t id = status == 1 ? column_u64(find, 0) : 0;
    int merged = status == 1 ? sqlite3_column_int(find, 1) : MERGED_WHOLE;
    sqlite3_reset(find);
    if (status <= 0) {
        *ret_idle = status == 0;
        return status;
    }
    sqlite3_stmt *stmt = search_db_prepare(
        &index->db, "INSERT INTO main.shard_@(shard_@, rank) VALUES ('merge', ?1)", id);
    status = stmt != NULL ? search_db_exec(&index->db, "BEGIN") : STATUS_IO;
    bool worked = true;
    if (status == 0 && merged == MERGED_NO) {
        status = merge(index, stmt, -SEARCH_MERGE_PAGES, &worked);
        worked = true;
    }
    do {
        if (status == 0) {
            status = merge(index, stmt, SEARCH_MERGE_PAGES, &worked);
        }
    } while (status == 0 && worked && clock_mono_ms() < until_ms);
    int64_t values[] = {(int64_t)id, worked ? MERGED_HALF : MERGED_WHOLE};
    if (status == 0) {
        status = run(index, statement(index, SHARD_MERGED), values, 2);
    }
    sqlite3_finalize(stmt);
    *ret_idle = false;
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

/* A shard of whose messages history holds none any more. */
static int drop_empty(struct search_index *index)
{
    sqlite3_stmt *find = statement(index, SHARD_OLDEST);
    if (find == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(find, 1, (int64_t)index->shard.id);
    int status = search_db_step(&index->db, find);
    uint64_t id = status == 1 ? column_u64(find, 0) : 0;
    sqlite3_reset(find);
    if (status <= 0) {
        return status;
    }
    status = search_db_exec(&index->db, "BEGIN");
    if (status == 0) {
        status = drop_shard(index, id);
    }
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

/* Copies the log into the index where it has grown long: the only time that anything is synced. */
static int checkpoint(struct search_index *index)
{
    if (index->wal_pages < SEARCH_WAL_PAGES) {
        return 0;
    }
    index->wal_pages = 0;
    int rc =
        sqlite3_wal_checkpoint_v2(index->db.sqlite, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : search_db_fail(&index->db, rc);
}

/* ---- the two entrances ---- */

/* What a failed step had begun does not count; the numbers are read again. */
static int undo(struct search_index *index, int status)
{
    leave_shard(index);
    if (!sqlite3_get_autocommit(index->db.sqlite)) {
        sqlite3_exec(index->db.sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    if (read_state(index) != 0) {
        index->db.corrupt = true;
    }
    return status;
}

int search_index_step(struct search_index *index, unsigned ms_max,
                      struct search_progress *ret_progress)
{
    uint64_t until_ms = clock_mono_ms() + ms_max;
    struct search_progress progress = {0};
    int status = 0;
    if (index->db.sqlite == NULL || index->db.corrupt) {
        struct buf error = {0};
        disconnect(index);
        status = connect_anew(index, &error);
        buf_finish(&error);
        if (status != 0) {
            return status;
        }
    }
    status = index_some(index, until_ms, &progress);
    if (status == 0 && progress.messages == 0) {
        status = tidy_shard(index, until_ms, &progress.idle);
        if (status == 0 && progress.idle) {
            status = drop_empty(index);
        }
    }
    if (status == 0) {
        status = checkpoint(index);
    }
    if (status != 0) {
        return undo(index, status);
    }
    clear_forgotten(index);
    progress.indexed_seq = index->indexed_seq;
    *ret_progress = progress;
    return 0;
}

static int forget_one(struct search_index *index, uint64_t seq)
{
    if (seq > index->indexed_seq) {
        forget_later(index, seq);
        return 0;
    }
    sqlite3_stmt *row = statement(index, READ_MESSAGE);
    sqlite3_stmt *find = statement(index, SHARD_OF);
    if (row == NULL || find == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(row, 1, (int64_t)seq);
    sqlite3_bind_int64(find, 1, (int64_t)seq);
    int status = search_db_step(&index->db, row);
    bool indexed = status == 1 && make_document(index, row);
    uint64_t shard = 0;
    if (indexed && (status = search_db_step(&index->db, find)) == 1) {
        shard = column_u64(find, 1) >= seq ? column_u64(find, 0) : 0;
    }
    sqlite3_reset(row);
    sqlite3_reset(find);
    if (status < 0 || shard == 0) {
        return status < 0 ? status : 0;
    }
    sqlite3_stmt *stmt = search_db_prepare(
        &index->db, "INSERT INTO main.shard_@(shard_@, rowid, t) VALUES ('delete', ?1, ?2)", shard);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)seq);
    sqlite3_bind_text(stmt, 2, index->document.p, (int)index->document.len, SQLITE_STATIC);
    status = search_db_step(&index->db, stmt);
    sqlite3_finalize(stmt);
    int64_t values[] = {(int64_t)shard, MERGED_NO};
    return status < 0 ? status : run(index, statement(index, SHARD_MERGED), values, 2);
}

int search_index_forget(struct search_index *index, const uint64_t *seqs, size_t n)
{
    if (index->db.sqlite == NULL || index->db.corrupt) {
        return STATUS_IO;
    }
    int status = search_db_exec(&index->db, "BEGIN");
    for (size_t i = 0; status == 0 && i < n; i++) {
        status = forget_one(index, seqs[i]);
    }
    if (status == 0) {
        status = search_db_exec(&index->db, "COMMIT");
    }
    return status == 0 ? 0 : undo(index, status);
}
