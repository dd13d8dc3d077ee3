/* Times to sequence numbers and back. Synchronous. */
#include "store_time.h"

#include "store_limits.h"

#include <sqlite3.h>

enum { NONE = 0, FOUND = 1 };

/* The first message at or behind, or the last at or before `seq`. 1, 0, or negative. */
static int probe(struct store_db *db, enum store_statement which, uint64_t seq, uint64_t *ret_seq,
                 uint64_t *ret_time)
{
    uint64_t bound = seq < INT64_MAX ? seq : INT64_MAX;
    sqlite3_stmt *stmt = stmt_begin(db, which, "i", bound);
    int status = stmt_step(db, stmt);
    if (status == FOUND) {
        *ret_seq = stmt_u64(stmt, 0);
        *ret_time = stmt_u64(stmt, 1);
    }
    stmt_end(stmt);
    return status;
}

/* The number that bounds the epoch, or `missing`. */
static int epoch_edge(struct store_db *db, enum store_statement which, uint64_t seq,
                      uint64_t missing, uint64_t *ret_edge)
{
    sqlite3_stmt *stmt = stmt_begin(db, which, "i", seq);
    int status = stmt_step(db, stmt);
    if (status >= 0) {
        *ret_edge = status == FOUND ? stmt_u64(stmt, 0) : missing;
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

/*
 * Between `low` and `high`, both messages of one epoch: a message that is early (its time is below
 * `limit`), with the next one not early. What is early at all within the epoch and lies behind
 * that is so by the slack only.
 */
static int halve(struct store_db *db, uint64_t low, uint64_t high, uint64_t limit,
                 uint64_t *ret_high)
{
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t seq = 0;
        uint64_t time = 0;
        int status = probe(db, STMT_MESSAGE_FROM, middle, &seq, &time);
        if (status < 0) {
            return status;
        }
        if (status == NONE || seq >= high) {
            high = middle; /* There is nothing from the middle on. */
        } else if (time < limit) {
            low = seq;
        } else {
            high = middle;
        }
    }
    *ret_high = high;
    return 0;
}

int store_time_after(struct store_db *db, uint64_t time_ms, uint64_t *ret_seq)
{
    uint64_t begin = 0;
    for (;;) {
        uint64_t first = 0;
        uint64_t time = 0;
        int status = probe(db, STMT_MESSAGE_FROM, begin, &first, &time);
        if (status < 0) {
            return status;
        }
        if (status == NONE) {
            *ret_seq = UINT64_MAX;
            return 0;
        }
        uint64_t next = 0;
        uint64_t last = 0;
        uint64_t last_time = 0;
        status = epoch_edge(db, STMT_EPOCH_AFTER, first, INT64_MAX, &next);
        if (status == 0) {
            status = probe(db, STMT_MESSAGE_LAST, next - 1, &last, &last_time);
        }
        if (status < 0) {
            return status;
        }
        /* A message of this epoch is later than the last one by the slack at most; behind one that
         * is later than time_ms, all are later than time_ms less the slack. */
        uint64_t limit = time_ms > STORE_EPOCH_SLACK_MS ? time_ms - STORE_EPOCH_SLACK_MS : 0;
        if (last_time >= limit) {
            if (time >= limit) {
                *ret_seq = first;
                return 0;
            }
            return halve(db, first, last, limit, ret_seq);
        }
        begin = next;
    }
}

int store_time_before(struct store_db *db, uint64_t time_ms, uint64_t *ret_seq)
{
    uint64_t end = INT64_MAX;
    for (;;) {
        uint64_t last = 0;
        uint64_t last_time = 0;
        int status = probe(db, STMT_MESSAGE_LAST, end, &last, &last_time);
        if (status < 0) {
            return status;
        }
        if (status == NONE) {
            *ret_seq = 0;
            return 0;
        }
        uint64_t begin = 0;
        uint64_t first = 0;
        uint64_t time = 0;
        status = epoch_edge(db, STMT_EPOCH_BEFORE, last, 0, &begin);
        if (status == 0) {
            status = probe(db, STMT_MESSAGE_FROM, begin, &first, &time);
        }
        if (status < 0) {
            return status;
        }
        /* Before a message that is earlier than time_ms, all are earlier than time_ms and the
         * slack. */
        uint64_t limit = time_ms < INT64_MAX - STORE_EPOCH_SLACK_MS ? time_ms + STORE_EPOCH_SLACK_MS
                                                                    : (uint64_t)INT64_MAX;
        if (time < limit) {
            if (last_time < limit) {
                *ret_seq = last;
                return 0;
            }
            uint64_t high = 0;
            status = halve(db, first, last, limit, &high);
            if (status == 0) {
                *ret_seq = high - 1;
            }
            return status;
        }
        if (begin == 0) {
            *ret_seq = 0;
            return 0;
        }
        end = begin - 1;
    }
}

int store_epoch_init(struct store_epoch *epoch, struct store_db *db)
{
    uint64_t seq = 0;
    uint64_t time = 0;
    int status = probe(db, STMT_MESSAGE_LAST, INT64_MAX, &seq, &time);
    if (status < 0) {
        return status;
    }
    *epoch = (struct store_epoch){.top_ms = status == FOUND ? time : 0};
    return 0;
}

int store_epoch_note(struct store_epoch *epoch, struct store_db *db, uint64_t seq, uint64_t time_ms)
{
    /* What is found at the beginning may be less than the latest by the slack; so only what is
     * later still goes on with that epoch. */
    bool back = epoch->begun ? time_ms + STORE_EPOCH_SLACK_MS < epoch->top_ms
                             : epoch->top_ms > 0 && time_ms < epoch->top_ms + STORE_EPOCH_SLACK_MS;
    epoch->begun = true;
    if (back) {
        epoch->top_ms = time_ms;
        return stmt_run(db, STMT_EPOCH_ADD, "i", seq);
    }
    if (time_ms > epoch->top_ms) {
        epoch->top_ms = time_ms;
    }
    return 0;
}
