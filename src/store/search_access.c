/* The asker's places, looked up once for each search. Synchronous; a reader's thread. */
#include "search_access.h"

#include "alloc.h"

#include <sqlite3.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    const struct search_place *one = a;
    const struct search_place *other = b;
    if (one->place != other->place) {
        return one->place < other->place ? -1 : 1;
    }
    return one->since_seq < other->since_seq ? -1 : one->since_seq > other->since_seq;
}

static void add(struct search_access *access, uint64_t place, uint64_t since_seq)
{
    if (access->n == access->cap) {
        access->cap = access->cap > 0 ? 2 * access->cap : 64;
        access->places = xrealloc(access->places, access->cap * sizeof(*access->places));
    }
    access->places[access->n++] = (struct search_place){place, since_seq};
}

/* Adds every row that the statement gives for what was bound. */
static int add_rows(struct search_access *access, struct search_db *db, sqlite3_stmt *stmt,
                    uint64_t since_seq)
{
    int status;
    while ((status = search_db_step(db, stmt)) == 1) {
        add(access, (uint64_t)sqlite3_column_int64(stmt, 0), since_seq);
    }
    sqlite3_reset(stmt);
    return status;
}

static int add_named(struct search_access *access, struct search_db *db, const struct query *query)
{
    sqlite3_stmt *room = search_db_prepare(db, "SELECT id FROM history.places WHERE room = ?1", 0);
    sqlite3_stmt *pair =
        search_db_prepare(db, "SELECT id FROM history.places WHERE a = ?1 AND b = ?2", 0);
    int status = room != NULL && pair != NULL ? 0 : STATUS_IO;
    for (unsigned i = 0; status == 0 && i < query->n_places; i++) {
        const struct place *place = &query->places[i].place;
        sqlite3_stmt *stmt = place->room != 0 ? room : pair;
        sqlite3_bind_int64(stmt, 1, (int64_t)(place->room != 0 ? place->room : place->a));
        if (place->room == 0) {
            sqlite3_bind_int64(stmt, 2, (int64_t)place->b);
        }
        status = add_rows(access, db, stmt, query->places[i].since_seq);
    }
    sqlite3_finalize(room);
    sqlite3_finalize(pair);
    return status;
}

static int add_direct(struct search_access *access, struct search_db *db, user_id asker)
{
    sqlite3_stmt *stmt = search_db_prepare(db,
                                           "SELECT id FROM history.places WHERE a = ?1 "
                                           "UNION ALL SELECT id FROM history.places WHERE b = ?1",
                                           0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)asker);
    int status = add_rows(access, db, stmt, 0);
    sqlite3_finalize(stmt);
    return status;
}

int search_access_read(struct search_access *access, struct search_db *db,
                       const struct query *query)
{
    int status = add_named(access, db, query);
    if (status == 0 && query->direct) {
        status = add_direct(access, db, query->asker);
    }
    if (access->n > 0) {
        qsort(access->places, access->n, sizeof(*access->places), compare);
    }
    size_t n = 0;
    for (size_t i = 0; i < access->n; i++) {
        if (n == 0 || access->places[n - 1].place != access->places[i].place) {
            access->places[n++] = access->places[i];
        }
    }
    access->n = n;
    return status;
}

void search_access_finish(struct search_access *access)
{
    free(access->places);
    *access = (struct search_access){0};
}

bool search_access_allows(const struct search_access *access, uint64_t place, uint64_t seq)
{
    size_t low = 0;
    size_t high = access->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (access->places[middle].place < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < access->n && access->places[low].place == place &&
           seq >= access->places[low].since_seq;
}
