/* What the search index does when nothing is left to index, and after it. Synchronous; the index
 * writer's thread. */
#include "search_index_priv.h"

#include "clock.h"
#include "search_limits.h"

#include <sqlite3.h>

static uint64_t column_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

int search_tidy_drop(struct search_index *index, uint64_t id)
{
    char sql[240];
    search_index_leave_shard(index);
    sqlite3_snprintf(
        sizeof(sql), sql,
        "DROP TABLE IF EXISTS main.shard_%llu; DELETE FROM main.shards WHERE id = %llu;"
        "DELETE FROM main.runs WHERE shard = %llu",
        (unsigned long long)id, (unsigned long long)id, (unsigned long long)id);
    return search_db_exec(&index->db, sql);
}

/* FTS5 tells by the number of rows that it has changed whether it has worked. */
int search_tidy_merge(struct search_index *index, sqlite3_stmt *stmt, int64_t pages,
                      bool *ret_worked)
{
    int before = sqlite3_total_changes(index->db.sqlite);
    int status = search_index_run(index, stmt, &pages, 1);
    *ret_worked = sqlite3_total_changes(index->db.sqlite) - before >= 2;
    return status;
}

/* Makes a shard that is full, or of which something was taken, into one part, a bit at a time. */
static int tidy_shard(struct search_index *index, uint64_t until_ms, bool *ret_idle)
{
    int64_t current = (int64_t)index->shard.id;
    sqlite3_stmt *find = search_index_statement(index, SHARD_TIDY);
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
        status = search_tidy_merge(index, stmt, -SEARCH_MERGE_PAGES, &worked);
        worked = true;
    }
    do {
        if (status == 0) {
            status = search_tidy_merge(index, stmt, SEARCH_MERGE_PAGES, &worked);
        }
    } while (status == 0 && worked && clock_mono_ms() < until_ms);
    int64_t values[] = {(int64_t)id, worked ? MERGED_HALF : MERGED_WHOLE};
    if (status == 0) {
        status = search_index_run(index, search_index_statement(index, SHARD_MERGED), values, 2);
    }
    sqlite3_finalize(stmt);
    *ret_idle = false;
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

/* A shard of whose messages history holds none any more. */
static int drop_empty(struct search_index *index)
{
    sqlite3_stmt *find = search_index_statement(index, SHARD_OLDEST);
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
        status = search_tidy_drop(index, id);
    }
    return status == 0 ? search_db_exec(&index->db, "COMMIT") : status;
}

int search_tidy_step(struct search_index *index, uint64_t until_ms, bool *ret_idle)
{
    int status = tidy_shard(index, until_ms, ret_idle);
    return status == 0 && *ret_idle ? drop_empty(index) : status;
}

int search_tidy_log(struct search_index *index)
{
    if (index->wal_pages < SEARCH_WAL_PAGES) {
        return 0;
    }
    index->wal_pages = 0;
    int rc =
        sqlite3_wal_checkpoint_v2(index->db.sqlite, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : search_db_fail(&index->db, rc);
}
