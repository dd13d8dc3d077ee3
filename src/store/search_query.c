/*
 * Answers to a search. Synchronous; a reader's thread.
 *
 * What is looked up in a shard: the tokens of the words, of the sender, and of the places where
 * these are few. Beginnings of words are dear, since FTS5 merges the lists of all words that begin
 * so before it gives the first result; so where the rest alone leaves few candidates, they are read
 * and the text decides. Which is cheaper shows in the first two shards. With many places each
 * candidate's place is looked at instead, until that turns out to refuse nearly everything.
 */
#include "search_query.h"

#include "alloc.h"
#include "search_limits.h"
#include "search_terms.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

/* How a shard is asked, one after the other while there are too many candidates. */
enum plan {
    PLAN_WHOLE_TOKENS, /* without beginnings of words */
    PLAN_ONE_WORD,     /* with the longest of them */
    PLAN_ALL,
    PLANS,
};

enum stage { STAGE_TAIL, STAGE_SHARDS, STAGE_DONE };

enum { NO_TOKEN = SEARCH_TOKENS_MAX };

struct access {
    uint64_t place;
    uint64_t since_seq;
};

struct search {
    struct search_db *db; /* of the step at hand */
    const struct query *query;
    bool begun;
    struct search_terms terms;
    struct buf sender;     /* token; empty: anybody */
    struct access *access; /* by place */
    size_t n_access;
    bool newest_first;
    bool by_place;      /* the index is asked for places, too */
    unsigned misplaced; /* read in vain since they were of other places */
    unsigned read;
    bool cut;

    enum stage stage;
    uint64_t low; /* what is still to be looked at, both ends included */
    uint64_t high;
    uint64_t indexed_seq;

    uint64_t shard;       /* 0: the next one is to be found */
    uint64_t shard_end;   /* its last number in the order of looking */
    enum plan first_plan; /* with which the shard was begun */
    enum plan plan;
    int64_t begun_us;       /* when the shard was begun */
    int64_t cost_us[PLANS]; /* of the last shard that was begun so; 0: none was */
    unsigned batch_max;
    bool shard_ends; /* there is nothing in it behind this batch */
    uint64_t *batch;
    size_t n_batch;
    size_t at; /* in the batch */

    uint64_t *found;
    size_t n_found;
    size_t limit;

    sqlite3_stmt *message; /* of the step at hand */
    struct buf expression;
};

/* ---- what may be read ---- */

static int compare_access(const void *a, const void *b)
{
    uint64_t one = ((const struct access *)a)->place;
    uint64_t other = ((const struct access *)b)->place;
    return one < other ? -1 : one > other;
}

static int look_up_places(struct search *s)
{
    const struct query *q = s->query;
    sqlite3_stmt *room =
        search_db_prepare(s->db, "SELECT id FROM history.places WHERE room = ?1", 0);
    sqlite3_stmt *pair =
        search_db_prepare(s->db, "SELECT id FROM history.places WHERE a = ?1 AND b = ?2", 0);
    int status = room != NULL && pair != NULL ? 0 : STATUS_IO;
    s->access = xcalloc(q->n_places + 1, sizeof(*s->access));
    for (unsigned i = 0; status == 0 && i < q->n_places; i++) {
        const struct place *place = &q->places[i].place;
        sqlite3_stmt *stmt = place->room != 0 ? room : pair;
        sqlite3_bind_int64(stmt, 1, (int64_t)(place->room != 0 ? place->room : place->a));
        if (place->room == 0) {
            sqlite3_bind_int64(stmt, 2, (int64_t)place->b);
        }
        status = search_db_step(s->db, stmt);
        if (status == 1) {
            s->access[s->n_access++] = (struct access){
                .place = (uint64_t)sqlite3_column_int64(stmt, 0),
                .since_seq = q->places[i].since_seq,
            };
            status = 0;
        }
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(room);
    sqlite3_finalize(pair);
    if (s->n_access > 0) {
        qsort(s->access, s->n_access, sizeof(*s->access), compare_access);
    }
    return status;
}

static bool may_read(const struct search *s, uint64_t seq, sqlite3_stmt *row)
{
    struct access key = {.place = (uint64_t)sqlite3_column_int64(row, 0)};
    const struct access *found =
        s->n_access > 0 ? bsearch(&key, s->access, s->n_access, sizeof(*s->access), compare_access)
                        : NULL;
    if (found != NULL) {
        return seq >= found->since_seq;
    }
    uint64_t asker = s->query->asker;
    return s->query->direct && sqlite3_column_type(row, 5) != SQLITE_NULL &&
           ((uint64_t)sqlite3_column_int64(row, 5) == asker ||
            (uint64_t)sqlite3_column_int64(row, 6) == asker);
}

/* ---- reading candidates ---- */

static struct str column_str(sqlite3_stmt *stmt, int column)
{
    const char *p = (const char *)sqlite3_column_text(stmt, column);
    return str_make(p, p != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

static bool is_in_time(const struct query *q, uint64_t time)
{
    return (q->from.kind != BOUND_TIME || time > q->from.value) &&
           (q->to.kind != BOUND_TIME || time < q->to.value);
}

static bool is_sender(struct search *s, struct str source)
{
    if (s->sender.len == 0) {
        return true;
    }
    buf_clear(&s->expression);
    search_add_sender(&s->expression, source);
    return str_eq(buf_str(&s->expression), buf_str(&s->sender));
}

/* Columns: place, time, kind, source, text, a, b. The cheap questions come first. */
static bool fits(struct search *s, uint64_t seq, sqlite3_stmt *row)
{
    if (!may_read(s, seq, row)) {
        s->misplaced++;
        return false;
    }
    if (!is_in_time(s->query, (uint64_t)sqlite3_column_int64(row, 1))) {
        return false;
    }
    struct str text = search_speech(sqlite3_column_int64(row, 2), column_str(row, 4));
    return text.len > 0 && is_sender(s, column_str(row, 3)) && search_terms_match(&s->terms, text);
}

static int read_candidate(struct search *s, uint64_t seq)
{
    sqlite3_bind_int64(s->message, 1, (int64_t)seq);
    int status = search_db_step(s->db, s->message);
    if (status == 1 && fits(s, seq, s->message)) {
        s->found[s->n_found++] = seq;
    }
    sqlite3_reset(s->message);
    s->read++;
    return status < 0 ? status : 0;
}

/* ---- asking the index ---- */

static void add_string(struct buf *out, struct str token)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < token.len; i++) {
        if (token.p[i] == '"') {
            buf_add_char(out, '"');
        }
        buf_add_char(out, token.p[i]);
    }
    buf_add_char(out, '"');
}

static void add_and(struct buf *out)
{
    if (out->len > 0) {
        buf_add_cstr(out, " AND ");
    }
}

/* (P1 OR P2 OR U3) */
static void add_places(struct search *s)
{
    struct buf *out = &s->expression;
    add_and(out);
    buf_add_char(out, '(');
    for (size_t i = 0; i < s->n_access; i++) {
        buf_printf(out, "%s\"P%llu\"", i > 0 ? " OR " : "", (unsigned long long)s->access[i].place);
    }
    if (s->query->direct) {
        buf_printf(out, "%s\"U%llu\"", s->n_access > 0 ? " OR " : "",
                   (unsigned long long)s->query->asker);
    }
    buf_add_char(out, ')');
}

/* The longest beginning of a word: likely the rarest. */
static unsigned longest_beginning(const struct search *s, unsigned n)
{
    unsigned best = NO_TOKEN;
    for (unsigned i = 0; i < n; i++) {
        if (s->terms.tokens[i].part == SEARCH_BEGINS &&
            (best == NO_TOKEN || s->terms.tokens[i].len > s->terms.tokens[best].len)) {
            best = i;
        }
    }
    return best;
}

/* False where this plan asks for nothing, or for the same as the next. */
static bool make_expression(struct search *s, enum plan plan)
{
    unsigned n =
        s->terms.n_tokens < SEARCH_FTS_TOKENS_MAX ? s->terms.n_tokens : SEARCH_FTS_TOKENS_MAX;
    unsigned longest = longest_beginning(s, n);
    unsigned left_out = 0;
    struct buf *out = &s->expression;
    buf_clear(out);
    for (unsigned i = 0; i < n; i++) {
        enum search_part part = s->terms.tokens[i].part;
        bool wanted =
            part == SEARCH_WHOLE || (part == SEARCH_BEGINS &&
                                     (plan == PLAN_ALL || (plan == PLAN_ONE_WORD && i == longest)));
        left_out += part == SEARCH_BEGINS && !wanted ? 1 : 0;
        if (wanted) {
            add_and(out);
            add_string(out, search_terms_token(&s->terms, i));
            buf_add_cstr(out, part == SEARCH_BEGINS ? " *" : "");
        }
    }
    if (s->sender.len > 0) {
        add_and(out);
        add_string(out, buf_str(&s->sender));
    }
    if (s->by_place) {
        add_places(s);
    }
    return out->len > 0 && (plan == PLAN_ALL || left_out > 0);
}

/* Candidates of the shard from where we are, at most so many and one more. */
static int look_up(struct search *s, size_t max)
{
    uint64_t low = s->newest_first && s->low < s->shard_end ? s->shard_end : s->low;
    uint64_t high = !s->newest_first && s->high > s->shard_end ? s->shard_end : s->high;
    sqlite3_stmt *stmt =
        search_db_prepare(s->db,
                          s->newest_first ? "SELECT rowid FROM main.shard_@ WHERE shard_@ MATCH ?1 "
                                            "AND rowid >= ?2 AND rowid <= ?3 ORDER BY rowid DESC"
                                          : "SELECT rowid FROM main.shard_@ WHERE shard_@ MATCH ?1 "
                                            "AND rowid >= ?2 AND rowid <= ?3 ORDER BY rowid",
                          s->shard);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_text(stmt, 1, s->expression.p, (int)s->expression.len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, (int64_t)low);
    sqlite3_bind_int64(stmt, 3, (int64_t)high);
    s->at = 0;
    s->n_batch = 0;
    int status = 0;
    while (s->n_batch <= max && (status = search_db_step(s->db, stmt)) == 1) {
        s->batch[s->n_batch++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return status < 0 ? status : 0;
}

/* Fills the batch with the next candidates of the shard. */
static int next_batch(struct search *s)
{
    for (; s->plan < PLAN_ALL; s->plan++) {
        if (!make_expression(s, s->plan)) {
            continue;
        }
        int status = look_up(s, SEARCH_PROBE_MAX);
        s->shard_ends = s->n_batch <= SEARCH_PROBE_MAX;
        if (status != 0 || s->shard_ends) {
            return status;
        }
    }
    make_expression(s, PLAN_ALL);
    int status = look_up(s, s->batch_max);
    s->shard_ends = s->n_batch <= s->batch_max;
    s->batch_max = SEARCH_BATCH_MAX;
    return status;
}

/* What remains begins behind this number. */
static void pass(struct search *s, uint64_t seq)
{
    if (s->newest_first) {
        s->high = seq - 1; /* Numbers begin at 1. */
    } else {
        s->low = seq + 1;
    }
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* First the careful way; where that takes long the other is tried once, then whichever was
 * cheaper last. */
static enum plan choose_plan(const struct search *s)
{
    int64_t careful = s->cost_us[PLAN_WHOLE_TOKENS];
    int64_t direct = s->cost_us[PLAN_ALL];
    return careful > SEARCH_CHEAP_US && direct < careful ? PLAN_ALL : PLAN_WHOLE_TOKENS;
}

static void leave_shard(struct search *s)
{
    int64_t took = now_us() - s->begun_us;
    s->cost_us[s->first_plan] = took > 0 ? took : 1;
    pass(s, s->shard_end);
    s->shard = 0;
}

static int next_shard(struct search *s)
{
    sqlite3_stmt *stmt = search_db_prepare(
        s->db,
        s->newest_first ? "SELECT id, first_seq, last_seq, first_time, last_time FROM main.shards "
                          "WHERE first_seq <= ?2 AND last_seq >= ?1 ORDER BY first_seq DESC LIMIT 1"
                        : "SELECT id, first_seq, last_seq, first_time, last_time FROM main.shards "
                          "WHERE first_seq <= ?2 AND last_seq >= ?1 ORDER BY first_seq LIMIT 1",
        0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)s->low);
    sqlite3_bind_int64(stmt, 2, (int64_t)s->high);
    int status = search_db_step(s->db, stmt);
    if (status == 1) {
        uint64_t first_seq = (uint64_t)sqlite3_column_int64(stmt, 1);
        uint64_t last_seq = (uint64_t)sqlite3_column_int64(stmt, 2);
        s->shard_end = s->newest_first ? first_seq : last_seq;
        const struct query *q = s->query;
        if ((q->from.kind == BOUND_TIME &&
             (uint64_t)sqlite3_column_int64(stmt, 4) <= q->from.value) ||
            (q->to.kind == BOUND_TIME && (uint64_t)sqlite3_column_int64(stmt, 3) >= q->to.value)) {
            pass(s, s->shard_end);
        } else {
            s->shard = (uint64_t)sqlite3_column_int64(stmt, 0);
            s->plan = s->first_plan = choose_plan(s);
            s->begun_us = now_us();
            s->batch_max = SEARCH_PROBE_MAX;
            s->n_batch = 0;
            s->at = 0;
            s->shard_ends = false;
        }
    } else if (status == 0) {
        s->stage = s->newest_first ? STAGE_DONE : STAGE_TAIL;
    }
    sqlite3_finalize(stmt);
    return status < 0 ? status : 0;
}

/* ---- stages ---- */

static bool is_over(struct search *s)
{
    if (s->read >= SEARCH_READ_MAX && s->n_found < s->limit) {
        s->cut = true;
    }
    return s->n_found >= s->limit || s->cut || s->low > s->high;
}

/* The places turned out to be a small part of all that fits: from now on the index is asked. */
static void narrow(struct search *s)
{
    if (!s->by_place && s->misplaced > SEARCH_MISPLACED_MAX &&
        s->n_access <= SEARCH_PLACES_INDEX_MAX) {
        s->by_place = true;
        s->n_batch = 0;
        s->at = 0;
        s->plan = s->first_plan = PLAN_WHOLE_TOKENS;
        s->shard_ends = false;
    }
}

static int step_shards(struct search *s)
{
    unsigned until = s->read + SEARCH_STEP_ROWS;
    int status = 0;
    if (s->shard == 0) {
        return next_shard(s);
    }
    if (s->at == s->n_batch) {
        if (s->shard_ends) {
            leave_shard(s);
            return 0;
        }
        status = next_batch(s);
    }
    while (status == 0 && s->at < s->n_batch && s->read < until && !is_over(s)) {
        uint64_t seq = s->batch[s->at++];
        status = read_candidate(s, seq);
        pass(s, seq);
    }
    narrow(s);
    return status;
}

/* Numbers that the index does not know, and all where there is nothing to ask it for. */
static int step_tail(struct search *s)
{
    uint64_t low = s->low;
    sqlite3_stmt *stmt = search_db_prepare(
        s->db,
        s->newest_first
            ? "SELECT seq FROM history.messages WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq DESC"
            : "SELECT seq FROM history.messages WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
        0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    if (s->newest_first && low <= s->indexed_seq) {
        low = s->indexed_seq + 1;
    }
    sqlite3_bind_int64(stmt, 1, (int64_t)low);
    sqlite3_bind_int64(stmt, 2, (int64_t)s->high);
    unsigned until = s->read + SEARCH_STEP_ROWS;
    int status = 0;
    bool whole = false;
    while (s->read < until && !is_over(s) && !whole) {
        status = search_db_step(s->db, stmt);
        whole = status != 1;
        if (status == 1) {
            uint64_t seq = (uint64_t)sqlite3_column_int64(stmt, 0);
            status = read_candidate(s, seq);
            pass(s, seq);
            whole = status != 0;
        }
    }
    sqlite3_finalize(stmt);
    if (status == 0 && whole) {
        s->stage = s->newest_first ? STAGE_SHARDS : STAGE_DONE;
        if (s->newest_first && s->high > s->indexed_seq) {
            s->high = s->indexed_seq;
        }
    }
    return status;
}

static int read_indexed(struct search *s)
{
    sqlite3_stmt *stmt =
        search_db_prepare(s->db, "SELECT value FROM main.state WHERE key = 'indexed'", 0);
    int status = stmt != NULL ? search_db_step(s->db, stmt) : STATUS_IO;
    if (status == 1) {
        s->indexed_seq = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return status < 0 ? status : 0;
}

/* What can be found at all, and with what it begins. */
static int begin(struct search *s)
{
    int status = look_up_places(s);
    if (status == 0) {
        status = read_indexed(s);
    }
    if (status != 0) {
        return status;
    }
    bool nobody = s->n_access == 0 && !s->query->direct;
    s->by_place = s->n_access + (s->query->direct ? 1 : 0) <= SEARCH_PLACES_DIRECT;
    s->stage = STAGE_DONE;
    if (!nobody && !s->terms.hopeless && s->limit > 0) {
        s->stage = s->newest_first ? STAGE_TAIL : STAGE_SHARDS;
        /* Nothing to ask the index for: all is read as if it knew nothing. */
        if (!make_expression(s, PLAN_ALL)) {
            s->stage = STAGE_TAIL;
            s->indexed_seq = 0;
        }
    }
    s->begun = true;
    return 0;
}

static int step(struct search *s)
{
    /* A long tail: the index is being made anew, and reading it all would take too long. */
    if (s->stage == STAGE_TAIL && s->read > SEARCH_TAIL_MAX && s->newest_first &&
        s->indexed_seq > 0) {
        s->stage = STAGE_SHARDS;
        s->high = s->high > s->indexed_seq ? s->indexed_seq : s->high;
    }
    if (is_over(s)) {
        s->stage = STAGE_DONE;
    }
    int status = 0;
    switch (s->stage) {
    case STAGE_TAIL:
        status = step_tail(s);
        break;
    case STAGE_SHARDS:
        status = step_shards(s);
        break;
    case STAGE_DONE:
        break;
    }
    if (status < 0) {
        return status;
    }
    return s->stage == STAGE_DONE ? 0 : 1;
}

/* ---- from outside ---- */

static int run_steps(struct search *s)
{
    unsigned until = s->read + SEARCH_STEP_ROWS;
    unsigned looked_up = 0;
    int status = s->begun ? 0 : begin(s);
    s->message = search_db_prepare(
        s->db,
        "SELECT m.place, m.time, m.kind, m.source, m.text, p.a, p.b FROM history.messages m "
        "LEFT JOIN history.places p ON p.id = m.place WHERE m.seq = ?1",
        0);
    if (status == 0 && s->message == NULL) {
        status = STATUS_IO;
    }
    while (status == 0) {
        size_t before = s->n_batch;
        status = step(s);
        looked_up += s->n_batch != before ? 1 : 0;
        if (status != 1 || s->read >= until || looked_up >= SEARCH_STEP_LOOKUPS) {
            break;
        }
        status = 0;
    }
    sqlite3_finalize(s->message);
    s->message = NULL;
    return status;
}

int search_step(struct search *s, struct search_db *db)
{
    s->db = db;
    /* One snapshot for the step: beginning one for each message takes longer than reading it. */
    int status = search_db_exec(db, "BEGIN");
    if (status == 0) {
        status = run_steps(s);
    }
    if (!sqlite3_get_autocommit(db->sqlite)) {
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    s->db = NULL;
    return status;
}

static void set_bounds(struct search *s)
{
    const struct query *q = s->query;
    s->low = 1;
    s->high = q->fence_seq < INT64_MAX ? q->fence_seq : INT64_MAX;
    if (q->from.kind == BOUND_SEQ && q->from.value >= s->low) {
        s->low = q->from.value < INT64_MAX ? q->from.value + 1 : INT64_MAX;
    }
    if (q->to.kind == BOUND_SEQ && q->to.value <= s->high) {
        s->high = q->to.value > 0 ? q->to.value - 1 : 0;
    }
}

struct search *search_begin(const struct query *query)
{
    struct search *s = xcalloc(1, sizeof(*s));
    s->query = query;
    s->limit = query->limit < SEARCH_FOUND_MAX ? query->limit : SEARCH_FOUND_MAX;
    s->newest_first = query->order != QUERY_FIRST;
    s->found = xcalloc(s->limit + 1, sizeof(*s->found));
    s->batch = xcalloc(SEARCH_BATCH_MAX + 1, sizeof(*s->batch));
    search_terms_init(&s->terms, query->text);
    if (query->from_folded.len > 0) {
        search_add_sender(&s->sender, query->from_folded);
    }
    set_bounds(s);
    return s;
}

void search_end(struct search *s)
{
    if (s == NULL) {
        return;
    }
    search_terms_finish(&s->terms);
    buf_finish(&s->sender);
    buf_finish(&s->expression);
    free(s->access);
    free(s->batch);
    free(s->found);
    free(s);
}

const uint64_t *search_found(struct search *s, size_t *ret_n)
{
    if (s->newest_first && s->stage == STAGE_DONE) {
        for (size_t i = 0, j = s->n_found; i + 1 < j; i++) {
            uint64_t swapped = s->found[i];
            s->found[i] = s->found[--j];
            s->found[j] = swapped;
        }
        s->newest_first = false; /* Turned round once. */
    }
    *ret_n = s->n_found;
    return s->found;
}

bool search_is_cut(const struct search *s)
{
    return s->cut;
}
