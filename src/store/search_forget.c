/* Taking messages out of the search index. Synchronous; one thread at a time. */
#include "search_index_priv.h"

#include "alloc.h"

#include <sqlite3.h>
#include <stdlib.h>

static uint64_t column_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

bool search_forget_has(const struct search_index *index, uint64_t seq)
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

void search_forget_clear(struct search_index *index)
{
    size_t n = 0;
    for (size_t i = 0; i < index->n_forgotten; i++) {
        if (index->forgotten[i] > index->indexed_seq) {
            index->forgotten[n++] = index->forgotten[i];
        }
    }
    index->n_forgotten = n;
}

/* Where the message is: its shard, 0 where it is in none, and its row there. */
static int find_row(struct search_index *index, uint64_t seq, uint64_t place, uint64_t *ret_shard,
                    int64_t *ret_row)
{
    sqlite3_stmt *find = search_index_statement(index, SHARD_OF);
    sqlite3_stmt *run = search_index_statement(index, RUN_OF);
    if (find == NULL || run == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(find, 1, (int64_t)seq);
    sqlite3_bind_int64(run, 1, (int64_t)seq);
    *ret_shard = 0;
    int status = search_db_step(&index->db, find);
    bool within = status == 1 && column_u64(find, 1) >= seq;
    if (within && (status = search_db_step(&index->db, run)) == 1) {
        *ret_shard = column_u64(find, 0);
        *ret_row = search_row_id(place, column_u64(run, 1) + (seq - column_u64(run, 0)));
    }
    sqlite3_reset(find);
    sqlite3_reset(run);
    return status < 0 ? status : 0;
}

static int delete_row(struct search_index *index, uint64_t shard, int64_t row, struct str document)
{
    sqlite3_stmt *stmt = search_db_prepare(
        &index->db, "INSERT INTO main.shard_@(shard_@, rowid, t) VALUES ('delete', ?1, ?2)", shard);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, row);
    sqlite3_bind_text(stmt, 2, document.p, (int)document.len, SQLITE_STATIC);
    int status = search_db_step(&index->db, stmt);
    sqlite3_finalize(stmt);
    int64_t values[] = {(int64_t)shard, MERGED_NO};
    return status < 0
               ? status
               : search_index_run(index, search_index_statement(index, SHARD_MERGED), values, 2);
}

static int forget_one(struct search_index *index, uint64_t seq)
{
    if (seq > index->indexed_seq) {
        forget_later(index, seq);
        return 0;
    }
    sqlite3_stmt *row = search_index_statement(index, READ_MESSAGE);
    if (row == NULL) {
        return STATUS_IO;
    }
    struct buf document = {0};
    uint64_t place = 0;
    uint64_t shard = 0;
    int64_t id = 0;
    sqlite3_bind_int64(row, 1, (int64_t)seq);
    int status = search_db_step(&index->db, row);
    if (status == 1 && search_index_document(row, &document)) {
        place = column_u64(row, 2);
    }
    sqlite3_reset(row);
    status = status < 0 ? status : 0;
    if (status == 0 && document.len > 0) {
        status = find_row(index, seq, place, &shard, &id);
    }
    if (status == 0 && shard != 0) {
        status = delete_row(index, shard, id, buf_str(&document));
    }
    buf_finish(&document);
    return status;
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
    return status == 0 ? 0 : search_index_undo(index, status);
}
