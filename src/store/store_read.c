/* Answers: what they begin and end with, and messages of a place. Synchronous. */
#include "store_read_priv.h"

#include "alloc.h"
#include "cap.h"
#include "search_answer.h"
#include "store_account.h"
#include "store_limits.h"
#include "store_time.h"
#include "store_write.h"

#include <sqlite3.h>
#include <stdlib.h>

struct store_answer *store_answer_create(struct query *query)
{
    struct store_answer *answer = xcalloc(1, sizeof(*answer));
    answer->query = query;
    answer->left = query->limit;
    return answer;
}

void store_answer_destroy(struct store_answer *answer)
{
    if (answer == NULL) {
        return;
    }
    for (unsigned i = 0; i < answer->n_targets; i++) {
        free(answer->targets[i].name);
    }
    free(answer->targets);
    search_answer_destroy(answer->search);
    buf_finish(&answer->account);
    free(answer->query);
    free(answer);
}

const struct query *store_answer_query(const struct store_answer *answer)
{
    return answer->query;
}

/* ---- bounds ---- */

/* The latest of the earlier ends, the earliest of the later ones. */
static void at_least(uint64_t *first, uint64_t seq)
{
    if (*first < seq) {
        *first = seq;
    }
}

static void at_most(uint64_t *last, uint64_t seq)
{
    if (*last > seq) {
        *last = seq;
    }
}

int store_range_bound(struct store_range *range, struct store_db *db, const struct query *query,
                      uint64_t since_seq)
{
    uint64_t seq = 0;
    int status = 0;
    range->next = since_seq;
    range->last = query->fence_seq < INT64_MAX ? query->fence_seq : INT64_MAX;
    range->before_ms = UINT64_MAX;
    if (query->from.kind == BOUND_SEQ) {
        at_least(&range->next, query->from.value + 1);
        range->skip_message = query->from.value;
    } else if (query->from.kind == BOUND_TIME) {
        range->by_time = true;
        range->after_ms = query->from.value;
        status = store_time_after(db, query->from.value, &seq);
        if (status != 0) {
            return status;
        }
        at_least(&range->next, seq);
    }
    if (query->to.kind == BOUND_SEQ) {
        at_most(&range->last, query->to.value > 0 ? query->to.value - 1 : 0);
    } else if (query->to.kind == BOUND_TIME) {
        range->by_time = true;
        range->before_ms = query->to.value;
        status = store_time_before(db, query->to.value, &seq);
        at_most(&range->last, seq);
    }
    return status;
}

static bool within(const struct store_range *range, bool from_is_time, uint64_t time_ms)
{
    return !range->by_time ||
           ((!from_is_time || time_ms > range->after_ms) && time_ms < range->before_ms);
}

bool store_range_has(const struct store_answer *answer, const struct store_line *line)
{
    const struct store_range *range = &answer->range;
    bool from_is_time = answer->query->from.kind == BOUND_TIME;
    return within(range, from_is_time, line->time_ms) &&
           (range->skip_message == 0 || line->message_seq != range->skip_message) &&
           store_render_wants(answer->query, line->kind);
}

/* ---- where an answer begins that is counted from its end ---- */

/*
 * Counts messages back from the end of *range, which shrinks, until *n were found or some rows were
 * read. The last one found comes out. ANSWER_MORE: go on.
 */
static int count_back(const struct store_answer *answer, struct store_db *db,
                      struct store_range *range, unsigned *n, uint64_t *ret_seq)
{
    enum store_statement which = range->events ? STMT_ALL_DOWN : STMT_SPEECH_DOWN;
    sqlite3_stmt *stmt = stmt_begin(db, which, "iii", range->place, range->next, range->last);
    int status = 0;
    unsigned rows = 0;
    while (*n > 0 && rows < STORE_SCAN_ROWS && (status = stmt_step(db, stmt)) == 1) {
        rows++;
        struct store_line line = {
            .seq = stmt_u64(stmt, 0),
            .time_ms = stmt_u64(stmt, 1),
            .kind = (enum record_kind)stmt_u64(stmt, 2),
            .message_seq = stmt_u64(stmt, 3),
        };
        range->last = line.seq - 1;
        if (store_range_has(answer, &line)) {
            *ret_seq = line.seq;
            --*n;
        }
    }
    stmt_end(stmt);
    if (status < 0) {
        return status;
    }
    return *n > 0 && rows == STORE_SCAN_ROWS ? ANSWER_MORE : ANSWER_DONE;
}

/* Lets the answer begin so that at most n messages lie between there and `last`; how many do comes
 * out. */
static int begin_before(struct store_answer *answer, struct store_db *db, uint64_t last, unsigned n,
                        unsigned *ret_found)
{
    struct store_range range = answer->range;
    uint64_t first = last + 1;
    unsigned missing = n;
    int status;
    range.last = last;
    do {
        status = count_back(answer, db, &range, &missing, &first);
    } while (status == ANSWER_MORE);
    if (status < 0) {
        return status;
    }
    answer->range.next = first;
    *ret_found = n - missing;
    return 0;
}

/* The message that is named, or the first behind it; by time, the first that is not earlier. */
static int find_middle(struct store_answer *answer, struct store_db *db, uint64_t *ret_seq)
{
    const struct query *query = answer->query;
    if (query->from.kind != BOUND_TIME) {
        *ret_seq = query->from.value;
        return 0;
    }
    uint64_t at = 0;
    uint64_t time = query->from.value > 0 ? query->from.value - 1 : 0;
    int status = store_time_after(db, time, &at);
    if (status != 0) {
        return status;
    }
    at_least(&at, answer->range.next);
    while (at <= answer->range.last) {
        enum store_statement which = answer->range.events ? STMT_ALL_UP : STMT_SPEECH_UP;
        sqlite3_stmt *stmt =
            stmt_begin(db, which, "iii", answer->range.place, at, answer->range.last);
        bool found = false;
        unsigned rows = 0;
        while (!found && rows < STORE_SCAN_ROWS && (status = stmt_step(db, stmt)) == 1) {
            rows++;
            at = stmt_u64(stmt, 0) + 1;
            found = stmt_u64(stmt, 1) >= query->from.value;
        }
        stmt_end(stmt);
        if (status < 0) {
            return status;
        }
        if (found) {
            *ret_seq = at - 1;
            return 0;
        }
        if (status == 0) {
            break;
        }
    }
    *ret_seq = answer->range.last + 1;
    return 0;
}

/* Half of the messages from before the middle; where there are fewer the answer is shorter. */
static int begin_around(struct store_answer *answer, struct store_db *db)
{
    struct store_range *range = &answer->range;
    const struct query *query = answer->query;
    uint64_t middle = 0;
    unsigned found = 0;
    range->next = query->places[0].since_seq;
    range->last = query->fence_seq < INT64_MAX ? query->fence_seq : INT64_MAX;
    int status = find_middle(answer, db, &middle);
    if (status != 0) {
        return status;
    }
    at_least(&middle, range->next > 0 ? range->next : 1);
    at_most(&middle, range->last + 1);
    status = begin_before(answer, db, middle - 1, query->limit / 2, &found);
    answer->left = found + query->limit - query->limit / 2;
    return status;
}

/* ---- messages of a place ---- */

/* BETWEEN goes from its first bound to its second. Of two times or two messages the core has seen
 * which is first; of one of each the message's time decides. */
static int turn_round(struct query *query, struct store_db *db)
{
    if (query->order != QUERY_FIRST || query->from.kind == BOUND_NONE ||
        query->to.kind == BOUND_NONE || query->from.kind == query->to.kind) {
        return 0;
    }
    bool from_message = query->from.kind == BOUND_SEQ;
    uint64_t message = from_message ? query->from.value : query->to.value;
    uint64_t time = from_message ? query->to.value : query->from.value;
    uint64_t said = 0;
    /* Or of the one behind it, where it is gone. */
    sqlite3_stmt *stmt =
        stmt_begin(db, STMT_MESSAGE_FROM, "i", message < INT64_MAX ? message : (uint64_t)INT64_MAX);
    int status = stmt_step(db, stmt);
    said = status == 1 ? stmt_u64(stmt, 1) : UINT64_MAX;
    stmt_end(stmt);
    if (status >= 0 && (from_message ? said > time : time > said)) {
        struct query_bound from = query->to;
        query->to = query->from;
        query->from = from;
        query->order = QUERY_LAST;
    }
    return status < 0 ? status : 0;
}

static int begin_history(struct store_answer *answer, struct store_db *db)
{
    const struct query *query = answer->query;
    struct store_range *range = &answer->range;
    range->events = (query->caps & CAP_EVENT_PLAYBACK) != 0;
    int status = store_place_find(db, &query->places[0].place, false, &range->place);
    if (status != 0 || range->place == 0) {
        return status;
    }
    if (query->order == QUERY_AROUND) {
        return begin_around(answer, db);
    }
    status = turn_round(answer->query, db);
    if (status != 0) {
        return status;
    }
    status = store_range_bound(range, db, query, query->places[0].since_seq);
    if (status == 0 && query->order == QUERY_LAST) {
        unsigned found = 0;
        status = begin_before(answer, db, range->last, query->limit, &found);
    }
    return status;
}

/* Reads some rows and gives the snapshot up again. */
static int read_rows(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    struct store_range *range = &answer->range;
    const struct query *query = answer->query;
    enum store_statement which = range->events ? STMT_ALL_UP : STMT_SPEECH_UP;
    sqlite3_stmt *stmt = stmt_begin(db, which, "iii", range->place, range->next, range->last);
    int status = 1;
    unsigned rows = 0;
    while (answer->left > 0 && rows < STORE_SCAN_ROWS && out->len < STORE_PIECE_BYTES &&
           status > 0 && (status = stmt_step(db, stmt)) == 1) {
        struct store_line line;
        store_line_read(stmt, &line);
        rows++;
        range->next = line.seq + 1;
        if (store_range_has(answer, &line)) {
            store_answer_open(answer, STR("chathistory"), query->places[0].name, out);
            int added = store_answer_line(answer, db, query->places[0].name, &line, out);
            answer->left--;
            status = added < 0 ? added : status;
        }
    }
    stmt_end(stmt);
    return status;
}

int store_history_piece(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    const struct query *query = answer->query;
    struct store_range *range = &answer->range;
    if (!answer->begun) {
        int status = begin_history(answer, db);
        if (status != 0) {
            return status;
        }
        answer->begun = true;
    }
    /* An answer that nobody asked for is none where there is nothing. */
    if (!query->playback) {
        store_answer_open(answer, STR("chathistory"), query->places[0].name, out);
    }
    while (out->len < STORE_PIECE_BYTES) {
        if (range->place == 0 || range->next > range->last || answer->left == 0) {
            return ANSWER_DONE;
        }
        int status = read_rows(answer, db, out);
        if (status <= 0) {
            return status;
        }
    }
    return ANSWER_MORE;
}

/* ---- answers as a whole ---- */

void store_answer_open(struct store_answer *answer, struct str type, struct str about,
                       struct buf *out)
{
    if (!answer->is_open) {
        store_render_open(answer->query, type, about, out);
        answer->is_open = true;
    }
}

int store_answer_line(struct store_answer *answer, struct store_db *db, struct str target,
                      struct store_line *line, struct buf *out)
{
    /* People speak in runs. */
    if ((answer->query->caps & CAP_ACCOUNT_TAG) != 0 && line->sender != answer->named) {
        buf_clear(&answer->account);
        answer->named = line->sender;
        int status = store_account_name(db, line->sender, &answer->account);
        if (status != 0) {
            return status;
        }
    }
    line->account = buf_str(&answer->account);
    store_render_line(answer->query, db->server_part, target, line, out);
    return 0;
}

static int next_piece(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    /* After a failure of the disk the connection is of no use. */
    if (db->suspect) {
        int status = store_db_reopen(db);
        if (status != 0) {
            return status;
        }
    }
    switch (answer->query->kind) {
    case QUERY_HISTORY:
        return store_history_piece(answer, db, out);
    case QUERY_TARGETS:
        return store_targets_piece(answer, db, out);
    case QUERY_SEARCH:
        return store_search_piece(answer, db, out);
    default:
        return STATUS_UNSUPPORTED;
    }
}

bool store_answer_piece(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    int status = next_piece(answer, db, out);
    if (status == ANSWER_MORE) {
        return true;
    }
    if (status < 0 && !answer->query->playback) {
        store_render_fail(answer->query, answer->is_open, out);
    }
    if (answer->is_open) {
        store_render_close(answer->query, out);
    }
    return false;
}
