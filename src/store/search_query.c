/*
 * Answers to a search. Synchronous; a reader's thread.
 *
 * Of few places the newest messages are read first: in a small room that is soon all, and what
 * people look for is often near. What the index does not know yet is read, too. Then shards are
 * asked, one after the other (search_plan.h, search_shard.h), and what they give is read: the text
 * decides.
 */
#include "search_query.h"

#include "alloc.h"
#include "search_access.h"
#include "search_limits.h"
#include "search_plan.h"
#include "search_shard.h"
#include "search_terms.h"

#include <sqlite3.h>
#include <stdlib.h>

enum stage { STAGE_NEAR, STAGE_TAIL, STAGE_SHARDS, STAGE_DONE };

struct search {
    struct search_db *db; /* of the step at hand */
    const struct query *query;
    bool begun;
    bool newest_first;
    struct search_terms terms;
    struct search_access access;
    unsigned read; /* messages */
    bool cut;
    bool skipped; /* some that are not indexed yet */

    enum stage stage;
    uint64_t low; /* what is still to be looked at, both ends included */
    uint64_t high;
    uint64_t indexed_seq;

    uint64_t *near; /* in the order of looking */
    size_t n_near;
    size_t at_near;
    bool near_ends; /* there is nothing behind them */

    struct search_shard shard;
    struct search_plans plans;
    struct buf sender;           /* token; empty: anybody */
    struct buf expression;       /* empty: there is nothing to ask the index for */
    enum search_plan first_plan; /* with which the shard was begun */
    int64_t begun_us;            /* when it was */

    uint64_t *found;
    size_t n_found;
    size_t limit;

    sqlite3_stmt *message; /* of the step at hand */
    struct buf source;
};

/* What remains begins behind this number. */
static void pass(struct search *s, uint64_t seq)
{
    if (s->newest_first) {
        s->high = seq - 1; /* Numbers begin at 1. */
    } else {
        s->low = seq + 1;
    }
}

static bool is_over(struct search *s)
{
    if (s->read >= SEARCH_READ_MAX && s->n_found < s->limit) {
        s->cut = true;
    }
    return s->n_found >= s->limit || s->cut || s->low > s->high;
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
    buf_clear(&s->source);
    search_add_sender(&s->source, source);
    return str_eq(buf_str(&s->source), buf_str(&s->sender));
}

/* Columns: place, time, kind, source, text. The cheap questions come first. */
static bool fits(struct search *s, uint64_t seq, sqlite3_stmt *row)
{
    if (!search_access_allows(&s->access, (uint64_t)sqlite3_column_int64(row, 0), seq) ||
        !is_in_time(s->query, (uint64_t)sqlite3_column_int64(row, 1))) {
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
    pass(s, seq);
    return status < 0 ? status : 0;
}

/* ---- the newest messages of few places ---- */

static int compare_seqs(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a;
    uint64_t other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* In the order of looking, at most so many. */
static void sort_near(struct search *s, size_t max)
{
    qsort(s->near, s->n_near, sizeof(*s->near), compare_seqs);
    for (size_t i = 0, j = s->n_near; s->newest_first && i + 1 < j; i++) {
        uint64_t swapped = s->near[i];
        s->near[i] = s->near[--j];
        s->near[j] = swapped;
    }
    s->n_near = s->n_near < max ? s->n_near : max;
}

/* Adds at most `max` of the place. */
static int gather_place(struct search *s, sqlite3_stmt *stmt, const struct search_place *place,
                        size_t max)
{
    uint64_t low = s->low > place->since_seq ? s->low : place->since_seq;
    sqlite3_bind_int64(stmt, 1, (int64_t)place->place);
    sqlite3_bind_int64(stmt, 2, (int64_t)low);
    sqlite3_bind_int64(stmt, 3, (int64_t)s->high);
    sqlite3_bind_int64(stmt, 4, (int64_t)max);
    int status;
    s->near = xrealloc(s->near, (s->n_near + max) * sizeof(*s->near));
    while ((status = search_db_step(s->db, stmt)) == 1) {
        s->near[s->n_near++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return status;
}

/* The index of each place alone is read for it. All where there are few, else the nearest: of each
 * place as many as might be among them. */
static int gather_near(struct search *s)
{
    sqlite3_stmt *stmt = search_db_prepare(
        s->db,
        s->newest_first ? "SELECT seq FROM history.messages INDEXED BY messages_speech "
                          "WHERE kind <= 2 AND place = ?1 AND seq BETWEEN ?2 AND ?3 "
                          "ORDER BY seq DESC LIMIT ?4"
                        : "SELECT seq FROM history.messages INDEXED BY messages_speech "
                          "WHERE kind <= 2 AND place = ?1 AND seq BETWEEN ?2 AND ?3 "
                          "ORDER BY seq LIMIT ?4",
        0);
    if (stmt == NULL) {
        return STATUS_IO;
    }
    int status = 0;
    s->n_near = 0;
    s->at_near = 0;
    s->near_ends = true;
    for (size_t i = 0; i < s->access.n && status == 0; i++) {
        size_t max = s->near_ends ? SEARCH_NEAR_ALL + 1 - s->n_near : SEARCH_NEAR_ROWS;
        status = gather_place(s, stmt, &s->access.places[i], max);
        if (s->n_near > SEARCH_NEAR_ALL) {
            s->near_ends = false;
            sort_near(s, SEARCH_NEAR_ROWS);
        }
    }
    sqlite3_finalize(stmt);
    sort_near(s, s->near_ends ? SEARCH_NEAR_ALL : SEARCH_NEAR_ROWS);
    return status;
}

static int step_near(struct search *s)
{
    int status = s->near == NULL ? gather_near(s) : 0;
    bool something = s->expression.len > 0;
    bool enough = false;
    while (status == 0 && s->at_near < s->n_near && !enough && !is_over(s)) {
        status = read_candidate(s, s->near[s->at_near++]);
        /* What is not to be found among so many is rare: the index is quicker. */
        enough = something && s->at_near == SEARCH_NEAR_ROWS && s->n_found == 0;
    }
    if (status != 0 || is_over(s)) {
        return status;
    }
    if (s->near_ends && s->at_near == s->n_near) {
        s->stage = STAGE_DONE;
    } else if (something) {
        s->stage = s->newest_first ? STAGE_TAIL : STAGE_SHARDS;
    } else {
        free(s->near); /* The next ones. */
        s->near = NULL;
    }
    return 0;
}

/* ---- shards ---- */

static void leave_shard(struct search *s)
{
    search_plan_note(&s->plans, s->first_plan, search_now_us() - s->begun_us);
    pass(s, s->newest_first ? s->shard.first_seq : s->shard.last_seq);
    s->shard.id = 0;
}

/* Asks it as the plan has it, and as the next ones have it while there is too much. */
static int ask_shard(struct search *s)
{
    int status = 1;
    s->begun_us = search_now_us();
    s->first_plan = search_plan_choose(&s->plans);
    for (enum search_plan plan = s->first_plan; status == 1;
         plan = search_plan_after(&s->plans, plan)) {
        search_plan_write(&s->plans, plan, &s->expression);
        status = search_shard_fill(&s->shard, s->db, buf_str(&s->expression), &s->access, s->low,
                                   s->high, search_plan_max(plan));
    }
    return status;
}

static int next_shard(struct search *s)
{
    const struct query *q = s->query;
    struct search_shard *shard = &s->shard;
    int status = search_shard_find(shard, s->db, s->low, s->high, s->newest_first);
    if (status == 0) {
        s->stage = s->newest_first ? STAGE_DONE : STAGE_TAIL;
    }
    if (status != 1) {
        return status;
    }
    if ((q->from.kind == BOUND_TIME && shard->last_time <= q->from.value) ||
        (q->to.kind == BOUND_TIME && shard->first_time >= q->to.value)) {
        pass(s, s->newest_first ? shard->first_seq : shard->last_seq);
        shard->id = 0;
        return 0;
    }
    return ask_shard(s);
}

static int step_shards(struct search *s)
{
    unsigned until = s->read + SEARCH_STEP_ROWS;
    uint64_t seq;
    int status = 0;
    if (s->shard.id == 0) {
        return next_shard(s);
    }
    while (status == 0 && s->read < until && !is_over(s)) {
        if (!search_shard_take(&s->shard, s->newest_first, &seq)) {
            leave_shard(s);
            break;
        }
        status = read_candidate(s, seq);
    }
    return status;
}

/* ---- what is not indexed ---- */

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
            status = read_candidate(s, (uint64_t)sqlite3_column_int64(stmt, 0));
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

/* ---- stages ---- */

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
    int status = search_access_read(&s->access, s->db, s->query);
    if (status == 0) {
        status = read_indexed(s);
    }
    if (status != 0) {
        search_access_finish(&s->access);
        return status;
    }
    s->plans = (struct search_plans){.terms = &s->terms, .sender = buf_str(&s->sender)};
    bool something = search_plan_write(&s->plans, SEARCH_PLAN_ALL, &s->expression);
    if (s->access.n == 0 || s->terms.hopeless || s->limit == 0) {
        s->stage = STAGE_DONE;
    } else if (s->access.n <= SEARCH_NEAR_PLACES) {
        s->stage = STAGE_NEAR;
    } else if (!something) {
        s->stage = STAGE_TAIL; /* All is read as if the index knew nothing. */
        s->indexed_seq = 0;
    } else {
        s->stage = s->newest_first ? STAGE_TAIL : STAGE_SHARDS;
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
        s->skipped = s->high > s->indexed_seq;
        s->high = s->skipped ? s->indexed_seq : s->high;
    }
    if (is_over(s)) {
        s->stage = STAGE_DONE;
    }
    int status = 0;
    switch (s->stage) {
    case STAGE_NEAR:
        status = step_near(s);
        break;
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
        s->db, "SELECT place, time, kind, source, text FROM history.messages WHERE seq = ?1", 0);
    if (status == 0 && s->message == NULL) {
        status = STATUS_IO;
    }
    while (status == 0) {
        looked_up += s->stage == STAGE_SHARDS && s->shard.id == 0 ? 1 : 0;
        status = step(s);
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
    search_access_finish(&s->access);
    search_shard_finish(&s->shard);
    buf_finish(&s->sender);
    buf_finish(&s->source);
    buf_finish(&s->expression);
    free(s->near);
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

enum search_cut search_is_cut(const struct search *s)
{
    if (s->cut) {
        return SEARCH_CUT;
    }
    return s->skipped ? SEARCH_SKIPPED : SEARCH_WHOLE_ANSWER;
}
