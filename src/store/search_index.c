/* The writing side of the search index. Synchronous; the writer's thread. */
#include "search_index_priv.h"

#include "alloc.h"
#include "clock.h"
#include "search_limits.h"

#include <sqlite3.h>
#include <stdlib.h>

static const char *const sql_of[SEARCH_INDEX_STATEMENTS] = {
#define COLUMNS "seq, time, place, kind, source, text"
    [READ_MESSAGES] = "SELECT " COLUMNS " FROM history.messages WHERE seq > ?1 ORDER BY seq",
    [READ_MESSAGE] = "SELECT " COLUMNS " FROM history.messages WHERE seq = ?1",
    [SET_INDEXED] = "UPDATE main.state SET value = ?1 WHERE key = 'indexed'",
    [RUN_ADD] = "INSERT INTO main.runs VALUES (?1, ?2, ?3)",
    [RUN_OF] = "SELECT first_seq, number FROM main.runs WHERE first_seq <= ?1 "
               "ORDER BY first_seq DESC LIMIT 1",
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

const char *search_index_reason(const struct search_index *index)
{
    return index->db.reason;
}

sqlite3_stmt *search_index_statement(struct search_index *index, enum search_index_statement which)
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

int search_index_run(struct search_index *index, sqlite3_stmt *stmt, const int64_t *values, int n)
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

void search_index_leave_shard(struct search_index *index)
{
    sqlite3_finalize(index->insert);
    sqlite3_finalize(index->merge);
    index->insert = NULL;
    index->merge = NULL;
}

static void disconnect(struct search_index *index)
{
    search_index_leave_shard(index);
    for (unsigned i = 0; i < SEARCH_INDEX_STATEMENTS; i++) {
        sqlite3_finalize(index->statements[i]);
        index->statements[i] = NULL;
    }
    search_db_close(&index->db);
}

static int read_last_run(struct search_index *index)
{
    sqlite3_stmt *stmt = search_index_statement(index, RUN_OF);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)index->shard.last_seq);
    int status = search_db_step(&index->db, stmt);
    if (status == 1) {
        index->shard.run_seq = column_u64(stmt, 0);
        index->shard.run_number = column_u64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return status < 0 ? status : 0;
}

static int read_state(struct search_index *index)
{
    struct search_db *db = &index->db;
    index->indexed_seq = 0;
    index->shard = (struct search_index_shard){0};
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
        index->shard = (struct search_index_shard){
            .id = column_u64(stmt, 0),
            .first_seq = column_u64(stmt, 1),
            .last_seq = column_u64(stmt, 2),
            .first_time = sqlite3_column_int64(stmt, 3),
            .last_time = sqlite3_column_int64(stmt, 4),
            .n = column_u64(stmt, 5),
        };
    }
    sqlite3_finalize(stmt);
    return status < 0 ? status : read_last_run(index);
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
            status = search_index_run(index, search_index_statement(index, SET_INDEXED), &seq, 1);
            index->indexed_seq = last_seq;
            break;
        }
        int64_t seq = (int64_t)index->shard.first_seq - 1;
        status = search_db_exec(db, "BEGIN IMMEDIATE");
        if (status == 0) {
            status = search_tidy_drop(index, index->shard.id);
        }
        if (status == 0) {
            status = search_index_run(index, search_index_statement(index, SET_INDEXED), &seq, 1);
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
    index->batch = xcalloc(SEARCH_BATCH_MAX, sizeof(*index->batch));
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
    buf_finish(&index->documents);
    free(index->batch);
    free(index->forgotten);
    free(index->history);
    free(index);
}

/* ---- indexing ---- */

bool search_index_document(sqlite3_stmt *row, struct buf *out)
{
    struct str text = search_speech(sqlite3_column_int64(row, 3), column_str(row, 5));
    if (text.len == 0) {
        return false;
    }
    search_add_sender(out, column_str(row, 4));
    buf_add_char(out, '\n');
    buf_add_str(out, text);
    return true;
}

static int save_shard(struct search_index *index)
{
    const struct search_index_shard *shard = &index->shard;
    int64_t values[] = {(int64_t)shard->id, (int64_t)shard->first_seq, (int64_t)shard->last_seq,
                        shard->first_time,  shard->last_time,          (int64_t)shard->n};
    return shard->id > 0
               ? search_index_run(index, search_index_statement(index, SHARD_SET), values, 6)
               : 0;
}

static int save_run(struct search_index *index)
{
    const struct search_index_shard *shard = &index->shard;
    int64_t values[] = {(int64_t)shard->run_seq, (int64_t)shard->id, (int64_t)shard->run_number};
    return search_index_run(index, search_index_statement(index, RUN_ADD), values, 3);
}

/* FTS5 merges in strokes of any length by itself: we do it instead, in small ones. */
static int begin_shard(struct search_index *index, uint64_t seq, int64_t time)
{
    int status = save_shard(index);
    search_index_leave_shard(index);
    unsigned long long id = index->shard.id + 1;
    index->shard = (struct search_index_shard){.id = id,
                                               .first_seq = seq,
                                               .last_seq = seq,
                                               .first_time = time,
                                               .last_time = time,
                                               .run_seq = seq};
    char sql[640];
    sqlite3_snprintf(
        sizeof(sql), sql,
        "CREATE VIRTUAL TABLE main.shard_%llu USING fts5(t, content='', detail=none, columnsize=0,"
        " tokenize='maru');"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('automerge', 0);"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('crisismerge', %d);"
        "INSERT INTO main.shard_%llu(shard_%llu, rank) VALUES ('usermerge', %d)",
        id, id, id, id, id, SEARCH_CRISIS_SEGMENTS, id, id, SEARCH_MERGE_SEGMENTS);
    if (status == 0) {
        status = search_db_exec(&index->db, sql);
    }
    return status == 0 ? save_run(index) : status;
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

static int compare_documents(const void *a, const void *b)
{
    int64_t one = ((const struct search_document *)a)->row;
    int64_t other = ((const struct search_document *)b)->row;
    return one < other ? -1 : one > other;
}

/* FTS5 wants rows in their order: one that goes back begins a further part. */
static int write_batch(struct search_index *index)
{
    int64_t began = search_now_us();
    unsigned n = index->n_batch;
    int status = n > 0 ? enter_shard(index) : 0;
    qsort(index->batch, n, sizeof(*index->batch), compare_documents);
    for (unsigned i = 0; i < n && status == 0; i++) {
        const struct search_document *document = &index->batch[i];
        sqlite3_bind_int64(index->insert, 1, document->row);
        sqlite3_bind_text(index->insert, 2, index->documents.p + document->at, (int)document->len,
                          SQLITE_STATIC);
        status = search_db_step(&index->db, index->insert);
        sqlite3_reset(index->insert);
    }
    if (n > 0) {
        index->us_each = (double)(search_now_us() - began) / n;
    }
    index->n_batch = 0;
    buf_clear(&index->documents);
    return status < 0 ? status : 0;
}

/* The message's number in the shard at hand, or in a new one. */
static int give_number(struct search_index *index, uint64_t seq, int64_t time, uint64_t *ret_number)
{
    struct search_index_shard *shard = &index->shard;
    uint64_t next = shard->run_number + (shard->last_seq - shard->run_seq) + 1;
    bool gap = seq > shard->last_seq + SEARCH_GAP_MAX;
    uint64_t number = gap ? next : shard->run_number + (seq - shard->run_seq);
    int status = 0;
    if (shard->id == 0 || shard->n >= SEARCH_SHARD_MESSAGES || number >= SEARCH_NUMBERS) {
        status = write_batch(index);
        if (status == 0) {
            status = begin_shard(index, seq, time);
        }
        number = 0;
    } else if (gap) {
        shard->run_seq = seq;
        shard->run_number = number;
        status = save_run(index);
    }
    *ret_number = number;
    return status;
}

static int add_message(struct search_index *index, sqlite3_stmt *row)
{
    uint64_t seq = column_u64(row, 0);
    int64_t time = sqlite3_column_int64(row, 1);
    if (search_forget_has(index, seq)) {
        return 0;
    }
    struct buf *document = &index->document;
    buf_clear(document);
    if (!search_index_document(row, document)) {
        return 0;
    }
    uint64_t number = 0;
    int status = give_number(index, seq, time, &number);
    if (status != 0) {
        return status;
    }
    struct search_index_shard *shard = &index->shard;
    shard->last_seq = seq;
    shard->first_time = time < shard->first_time ? time : shard->first_time;
    shard->last_time = time > shard->last_time ? time : shard->last_time;
    shard->n++;
    index->batch[index->n_batch++] = (struct search_document){
        .row = search_row_id(column_u64(row, 2), number),
        .at = index->documents.len,
        .len = document->len,
    };
    buf_add_str(&index->documents, buf_str(document));
    return 0;
}

/* As many as can be written in the time that is left, as far as one knows. */
static unsigned batch_size(const struct search_index *index, uint64_t until_ms)
{
    uint64_t now = clock_mono_ms();
    double left_us = until_ms > now ? (double)(until_ms - now) * 1000 : 0;
    double n = index->us_each > 0 ? left_us / index->us_each : 0;
    if (n < SEARCH_BATCH_MIN) {
        return SEARCH_BATCH_MIN;
    }
    return n < SEARCH_BATCH_MAX ? (unsigned)n : SEARCH_BATCH_MAX;
}

static int add_messages(struct search_index *index, uint64_t until_ms,
                        struct search_progress *progress)
{
    sqlite3_stmt *rows = search_index_statement(index, READ_MESSAGES);
    if (rows == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(rows, 1, (int64_t)index->indexed_seq);
    unsigned size = batch_size(index, until_ms);
    unsigned n = 0; /* of this batch, what is not searched included */
    int status;
    while ((status = search_db_step(&index->db, rows)) == 1) {
        if (n >= size || index->documents.len >= SEARCH_BATCH_BYTES) {
            status = write_batch(index);
            size = batch_size(index, until_ms);
            n = 0;
            progress->behind = status == 0 && clock_mono_ms() >= until_ms;
            if (status != 0 || progress->behind) {
                break;
            }
        }
        status = add_message(index, rows);
        if (status != 0) {
            break;
        }
        index->indexed_seq = column_u64(rows, 0);
        progress->messages++;
        n++;
    }
    sqlite3_reset(rows);
    if (status == 0) {
        status = write_batch(index);
    }
    return status < 0 ? status : 0;
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
        status = search_index_run(index, search_index_statement(index, SET_INDEXED), &seq, 1);
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
            status = search_tidy_merge(index, index->merge, pages, &worked);
        }
        while (status == 0 && worked && clock_mono_ms() < until_ms) {
            status = search_tidy_merge(index, index->merge, SEARCH_MERGE_PAGES, &worked);
        }
    }
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

/* ---- the two entrances ---- */

int search_index_undo(struct search_index *index, int status)
{
    search_index_leave_shard(index);
    index->n_batch = 0;
    buf_clear(&index->documents);
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
        status = search_tidy_step(index, until_ms, &progress.idle);
    }
    if (status == 0) {
        status = search_tidy_log(index);
    }
    if (status != 0) {
        return search_index_undo(index, status);
    }
    search_forget_clear(index);
    progress.indexed_seq = index->indexed_seq;
    *ret_progress = progress;
    return 0;
}
