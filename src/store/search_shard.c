/* Asking one shard. Synchronous; a reader's thread. */
#include "search_shard.h"

#include "alloc.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { WORDS = SEARCH_NUMBERS / 64 };

void search_shard_finish(struct search_shard *shard)
{
    free(shard->runs);
    free(shard->bits);
    *shard = (struct search_shard){0};
}

/* ---- finding it ---- */

static uint64_t column_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

static int read_runs(struct search_shard *shard, struct search_db *db)
{
    sqlite3_stmt *stmt = search_db_prepare(db,
                                           "SELECT first_seq, number FROM main.runs "
                                           "WHERE first_seq BETWEEN ?1 AND ?2 ORDER BY first_seq",
                                           0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)shard->first_seq);
    sqlite3_bind_int64(stmt, 2, (int64_t)shard->last_seq);
    int status;
    shard->n_runs = 0;
    while ((status = search_db_step(db, stmt)) == 1) {
        if (shard->n_runs == shard->cap_runs) {
            shard->cap_runs = shard->cap_runs > 0 ? 2 * shard->cap_runs : 16;
            shard->runs = xrealloc(shard->runs, shard->cap_runs * sizeof(*shard->runs));
        }
        shard->runs[shard->n_runs++] =
            (struct search_run){column_u64(stmt, 0), column_u64(stmt, 1)};
    }
    sqlite3_finalize(stmt);
    return status;
}

int search_shard_find(struct search_shard *shard, struct search_db *db, uint64_t low, uint64_t high,
                      bool newest_first)
{
    sqlite3_stmt *stmt = search_db_prepare(
        db,
        newest_first ? "SELECT id, first_seq, last_seq, first_time, last_time FROM main.shards "
                       "WHERE first_seq <= ?2 AND last_seq >= ?1 ORDER BY first_seq DESC LIMIT 1"
                     : "SELECT id, first_seq, last_seq, first_time, last_time FROM main.shards "
                       "WHERE first_seq <= ?2 AND last_seq >= ?1 ORDER BY first_seq LIMIT 1",
        0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)low);
    sqlite3_bind_int64(stmt, 2, (int64_t)high);
    int found = search_db_step(db, stmt);
    if (found == 1) {
        shard->id = column_u64(stmt, 0);
        shard->first_seq = column_u64(stmt, 1);
        shard->last_seq = column_u64(stmt, 2);
        shard->first_time = column_u64(stmt, 3);
        shard->last_time = column_u64(stmt, 4);
        shard->n = 0;
    }
    sqlite3_finalize(stmt);
    int status = found == 1 ? read_runs(shard, db) : 0;
    return status < 0 ? status : found;
}

/* ---- numbers ---- */

/* How many runs begin at or before. */
static size_t runs_until(const struct search_shard *shard, uint64_t seq)
{
    size_t low = 0;
    size_t high = shard->n_runs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shard->runs[middle].first_seq <= seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The first number whose message is not before `seq`. */
static uint64_t number_from(const struct search_shard *shard, uint64_t seq)
{
    size_t n = runs_until(shard, seq);
    if (n == 0) {
        return 0;
    }
    const struct search_run *run = &shard->runs[n - 1];
    uint64_t end = n < shard->n_runs ? run[1].number : SEARCH_NUMBERS;
    uint64_t ahead = seq - run->first_seq;
    return ahead < end - run->number ? run->number + ahead : end;
}

static uint64_t seq_of(const struct search_shard *shard, uint64_t number)
{
    size_t low = 0;
    size_t high = shard->n_runs;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shard->runs[middle].number <= number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct search_run *run = &shard->runs[low > 0 ? low - 1 : 0];
    return run->first_seq + (number - run->number);
}

/* ---- candidates ---- */

static void clear(struct search_shard *shard)
{
    if (shard->bits == NULL) {
        shard->bits = xcalloc(WORDS, sizeof(*shard->bits));
    } else {
        memset(shard->bits, 0, WORDS * sizeof(*shard->bits));
    }
    shard->n = 0;
}

/* Rows come by place, then by number: places and rows are gone through side by side. */
static int take_rows(struct search_shard *shard, struct search_db *db, sqlite3_stmt *stmt,
                     const struct search_access *access, size_t max)
{
    size_t at = 0;
    uint64_t first = number_from(shard, access->places[0].since_seq);
    int status;
    while ((status = search_db_step(db, stmt)) == 1) {
        uint64_t row = column_u64(stmt, 0);
        uint64_t place = row >> SEARCH_NUMBER_BITS;
        uint64_t number = row & (SEARCH_NUMBERS - 1);
        if (access->places[at].place < place) {
            while (at < access->n && access->places[at].place < place) {
                at++;
            }
            if (at == access->n) {
                return 0;
            }
            first = number_from(shard, access->places[at].since_seq);
        }
        if (access->places[at].place != place || number < first || number < shard->low ||
            number > shard->high) {
            continue;
        }
        if (shard->n == max) {
            return 1;
        }
        shard->bits[number / 64] |= UINT64_C(1) << number % 64;
        shard->n++;
    }
    return status;
}

int search_shard_fill(struct search_shard *shard, struct search_db *db, struct str expression,
                      const struct search_access *access, uint64_t low, uint64_t high, size_t max)
{
    clear(shard);
    uint64_t end = number_from(shard, high < INT64_MAX ? high + 1 : high);
    shard->low = number_from(shard, low);
    shard->high = end > 0 ? end - 1 : 0;
    if (end == 0 || shard->low > shard->high || access->n == 0) {
        return 0;
    }
    sqlite3_stmt *stmt = search_db_prepare(db,
                                           "SELECT rowid FROM main.shard_@ WHERE shard_@ MATCH ?1 "
                                           "AND rowid >= ?2 AND rowid <= ?3 ORDER BY rowid",
                                           shard->id);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    const struct search_place *last = &access->places[access->n - 1];
    sqlite3_bind_text(stmt, 1, expression.p, (int)expression.len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, search_row_id(access->places[0].place, shard->low));
    sqlite3_bind_int64(stmt, 3, search_row_id(last->place, shard->high));
    int status = take_rows(shard, db, stmt, access, max);
    sqlite3_finalize(stmt);
    return status;
}

bool search_shard_take(struct search_shard *shard, bool newest_first, uint64_t *ret_seq)
{
    if (shard->n == 0) {
        return false;
    }
    /* There is one, so the walk ends. */
    uint64_t word = (newest_first ? shard->high : shard->low) / 64;
    while (shard->bits[word] == 0) {
        word = newest_first ? word - 1 : word + 1;
    }
    uint64_t bits = shard->bits[word];
    uint64_t bit =
        newest_first ? 63 - (uint64_t)__builtin_clzll(bits) : (uint64_t)__builtin_ctzll(bits);
    shard->bits[word] &= ~(UINT64_C(1) << bit);
    shard->n--;
    uint64_t number = word * 64 + bit;
    *(newest_first ? &shard->high : &shard->low) = number;
    *ret_seq = seq_of(shard, number);
    return true;
}
