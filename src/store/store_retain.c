/* Rounds through all places. Synchronous; the writer's thread. */
#include "store_retain.h"

#include "store_limits.h"
#include "store_write.h"

#include <sqlite3.h>

static bool rule_eq(struct store_rule a, struct store_rule b)
{
    return a.age_ms == b.age_ms && a.count == b.count;
}

void store_retain_set(struct store_retain *retain, const struct settings *settings)
{
    struct store_rule rooms = {settings->history_room_age_ms, settings->history_room_count};
    struct store_rule direct = {settings->history_direct_age_ms, settings->history_direct_count};
    if (!rule_eq(rooms, retain->rooms) || !rule_eq(direct, retain->direct)) {
        retain->rooms = rooms;
        retain->direct = direct;
        retain->next_ms = 0;
        retain->place = 0;
    }
}

bool store_retain_is_due(const struct store_retain *retain, uint64_t mono_ms)
{
    return retain->under_way || mono_ms >= retain->next_ms;
}

struct place_row {
    uint64_t id;
    bool is_room;
    bool gone;
};

/* The next one of the round. 1, 0 at its end, or negative. */
static int next_place(const struct store_retain *retain, struct store_db *db,
                      struct place_row *ret_place)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_PLACE_NEXT, "i", retain->place);
    int status = stmt_step(db, stmt);
    if (status == 1) {
        *ret_place = (struct place_row){
            .id = stmt_u64(stmt, 0), .is_room = stmt_u64(stmt, 1) != 0, .gone = stmt_u64(stmt, 2)};
    }
    stmt_end(stmt);
    return status;
}

/* The number up to which there are too many; 0: there are not. */
static int find_cut(struct store_db *db, uint64_t place, uint64_t count, uint64_t *ret_seq)
{
    *ret_seq = 0;
    if (count == 0 || count > INT64_MAX) {
        return 0;
    }
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ALL_NTH_NEWEST, "ii", place, count);
    int status = stmt_step(db, stmt);
    if (status == 1) {
        *ret_seq = stmt_u64(stmt, 0);
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

/* The oldest messages that are to go; fewer than there is room for: these are all. `ret_rest`:
 * others stay. */
static int find_old(struct store_db *db, const struct place_row *place, uint64_t cut,
                    uint64_t before_ms, uint64_t seqs[STORE_RETAIN_ROWS], unsigned *ret_n,
                    bool *ret_rest)
{
    sqlite3_stmt *stmt =
        stmt_begin(db, STMT_ALL_OLDEST, "ii", place->id, (int64_t)STORE_RETAIN_ROWS);
    int status;
    *ret_n = 0;
    *ret_rest = false;
    while ((status = stmt_step(db, stmt)) == 1) {
        uint64_t seq = stmt_u64(stmt, 0);
        if (!place->gone && seq > cut && stmt_u64(stmt, 1) >= before_ms) {
            *ret_rest = true;
            break;
        }
        seqs[(*ret_n)++] = seq;
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

static int take_away(struct store_db *db, const struct place_row *place, const uint64_t *seqs,
                     unsigned n, bool with_place)
{
    unsigned rows = 0;
    int status = store_db_begin(db);
    if (status == 0) {
        status = store_forget(db, seqs, n, &rows);
    }
    if (status == 0 && with_place) {
        status = stmt_run(db, STMT_MARKERS_OF_PLACE, "ii", place->id, INT64_MAX);
    }
    if (status == 0 && with_place) {
        status = stmt_run(db, STMT_PLACE_DELETE, "i", place->id);
    }
    if (status == 0) {
        status = store_db_commit(db);
    }
    if (status != 0) {
        store_db_rollback(db);
    }
    return status;
}

int store_retain_step(struct store_retain *retain, struct store_db *db, uint64_t wall_ms,
                      uint64_t mono_ms)
{
    struct place_row place = {0};
    retain->under_way = true;
    int status = next_place(retain, db, &place);
    if (status <= 0) {
        retain->under_way = false;
        retain->place = 0;
        retain->next_ms = mono_ms + (status < 0 ? STORE_PROBE_MS : STORE_RETAIN_PASS_MS);
        return status;
    }
    struct store_rule rule = place.is_room ? retain->rooms : retain->direct;
    uint64_t before_ms = rule.age_ms > 0 && wall_ms > rule.age_ms ? wall_ms - rule.age_ms : 0;
    uint64_t cut = 0;
    uint64_t seqs[STORE_RETAIN_ROWS];
    unsigned n = 0;
    bool rest = false;
    status = place.gone ? 0 : find_cut(db, place.id, rule.count, &cut);
    if (status == 0 && (place.gone || cut > 0 || before_ms > 0)) {
        status = find_old(db, &place, cut, before_ms, seqs, &n, &rest);
        bool empties = status == 0 && !rest && n < STORE_RETAIN_ROWS;
        bool with_place = place.gone && empties;
        if (status == 0 && (n > 0 || with_place)) {
            status = take_away(db, &place, seqs, n, with_place);
        }
    }
    if (status == 0 && n < STORE_RETAIN_ROWS) {
        retain->place = place.id;
    } else if (status != 0) {
        retain->under_way = false;
        retain->next_ms = mono_ms + STORE_PROBE_MS;
    }
    return status;
}
