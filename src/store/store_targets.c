/*
 * TARGETS: where something was said, by the time of the latest message. IRCv3 chathistory.
 * Synchronous.
 */
#include "store_read_priv.h"

#include "alloc.h"
#include "store_limits.h"
#include "store_time.h"
#include "store_write.h"

#include <sqlite3.h>
#include <stdlib.h>

/* Places whose last message is to be looked up: rows, with the name where the asker gave one. */
struct place_list {
    struct {
        uint64_t row;
        uint64_t since_seq;
        struct str name; /* empty: of the other's last message */
    } * items;
    unsigned n;
    unsigned cap;
};

static void add_place(struct place_list *list, uint64_t row, uint64_t since_seq, struct str name)
{
    if (list->n == list->cap) {
        list->cap = list->cap > 0 ? list->cap * 2 : 32;
        list->items = xrealloc(list->items, list->cap * sizeof(*list->items));
    }
    list->items[list->n].row = row;
    list->items[list->n].since_seq = since_seq;
    list->items[list->n++].name = name;
}

static int list_places(const struct query *query, struct store_db *db, struct place_list *list)
{
    int status = 0;
    for (unsigned i = 0; i < query->n_places && status == 0; i++) {
        uint64_t row = 0;
        status = store_place_find(db, &query->places[i].place, false, &row);
        if (status == 0 && row != 0) {
            add_place(list, row, query->places[i].since_seq, query->places[i].name);
        }
    }
    if (status != 0 || !query->direct) {
        return status;
    }
    sqlite3_stmt *stmt = stmt_begin(db, STMT_PLACES_OF_USER, "i", query->asker);
    while ((status = stmt_step(db, stmt)) == 1) {
        add_place(list, stmt_u64(stmt, 0), 0, (struct str){0});
    }
    stmt_end(stmt);
    return status;
}

/* The other's name in a direct message, as it was then. */
static struct str other_name(const struct query *query, const struct store_line *line)
{
    if (line->sender == query->asker) {
        return line->target;
    }
    const char *end = memchr(line->source.p, '!', line->source.len);
    return end != NULL ? str_make(line->source.p, (size_t)(end - line->source.p)) : line->source;
}

/* Whether the time lies between the bounds, which exclude what they name. */
static bool within(const struct query *query, uint64_t time_ms)
{
    return (query->from.kind != BOUND_TIME || time_ms > query->from.value) &&
           (query->to.kind != BOUND_TIME || time_ms < query->to.value);
}

static int look_up(struct store_answer *answer, struct store_db *db, uint64_t row,
                   uint64_t since_seq, struct str name)
{
    const struct query *query = answer->query;
    uint64_t fence = query->fence_seq < INT64_MAX ? query->fence_seq : INT64_MAX;
    sqlite3_stmt *stmt = stmt_begin(db, STMT_SPEECH_LATEST, "iii", row, since_seq, fence);
    int status = stmt_step(db, stmt);
    if (status == 1) {
        struct store_line line;
        store_line_read(stmt, &line);
        if (within(query, line.time_ms)) {
            struct str called = name.len > 0 ? name : other_name(query, &line);
            answer->targets[answer->n_targets++] =
                (struct store_target){line.time_ms, line.seq, str_dup(called)};
        }
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

static int by_time(const void *a, const void *b)
{
    const struct store_target *x = a;
    const struct store_target *y = b;
    if (x->time_ms != y->time_ms) {
        return x->time_ms < y->time_ms ? -1 : 1;
    }
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int gather(struct store_answer *answer, struct store_db *db)
{
    const struct query *query = answer->query;
    struct place_list list = {0};
    int status = list_places(query, db, &list);
    answer->targets = xcalloc(list.n + 1, sizeof(*answer->targets));
    for (unsigned i = 0; i < list.n && status == 0; i++) {
        status =
            look_up(answer, db, list.items[i].row, list.items[i].since_seq, list.items[i].name);
    }
    free(list.items);
    if (status != 0) {
        return status;
    }
    qsort(answer->targets, answer->n_targets, sizeof(*answer->targets), by_time);
    if (query->order == QUERY_LAST && answer->n_targets > query->limit) {
        answer->at_target = answer->n_targets - query->limit;
    }
    return 0;
}

int store_targets_piece(struct store_answer *answer, struct store_db *db, struct buf *out)
{
    if (!answer->begun) {
        int status = gather(answer, db);
        if (status != 0) {
            return status;
        }
        answer->begun = true;
    }
    store_answer_open(answer, STR("draft/chathistory-targets"), (struct str){0}, out);
    while (answer->at_target < answer->n_targets && answer->left > 0) {
        if (out->len >= STORE_PIECE_BYTES) {
            return ANSWER_MORE;
        }
        const struct store_target *target = &answer->targets[answer->at_target++];
        store_render_target(answer->query, str_from(target->name), target->time_ms, out);
        answer->left--;
    }
    return ANSWER_DONE;
}
