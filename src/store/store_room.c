/* Rooms with their masks and ranks, as rows. Synchronous; the thread of the connection. */
#include "store_room.h"

#include "alloc.h"

#include <sqlite3.h>
#include <stdlib.h>

/* ---- writing ---- */

static int write_masks(struct store_db *db, const struct room_state *state)
{
    int status = stmt_run(db, STMT_MASK_DELETE, "i", state->id);
    for (unsigned i = 0; i < state->n_masks && status == 0; i++) {
        const struct room_state_mask *mask = &state->masks[i];
        status = stmt_run(db, STMT_MASK_ADD, "iisssii", state->id, (int64_t)mask->list, mask->mask,
                          mask->mask_folded, mask->by, mask->set_ms, mask->until_ms);
    }
    return status;
}

static int write_ranks(struct store_db *db, const struct room_state *state)
{
    int status = stmt_run(db, STMT_RANK_DELETE, "i", state->id);
    for (unsigned i = 0; i < state->n_ranks && status == 0; i++) {
        const struct room_state_rank *rank = &state->ranks[i];
        status = stmt_run(db, STMT_RANK_ADD, "iii", state->id, rank->account, (int64_t)rank->rank);
    }
    return status;
}

int store_room_write(struct store_db *db, const struct room_state *state)
{
    int status =
        stmt_run(db, STMT_ROOM_SET, "isssssissiiisii", state->id, state->name, state->folded,
                 state->skeleton, state->modes, state->key, (int64_t)state->limit, state->topic,
                 state->topic_by, state->topic_ms, state->since_ms, state->empty_ms, state->params,
                 state->founder, state->registered_ms);
    if (status == 0) {
        status = write_masks(db, state);
    }
    return status == 0 ? write_ranks(db, state) : status;
}

int store_room_delete(struct store_db *db, room_id id)
{
    static const enum store_statement statements[] = {STMT_PLACE_GONE, STMT_MASK_DELETE,
                                                      STMT_RANK_DELETE, STMT_ROOM_DELETE};
    int status = 0;
    for (unsigned i = 0; i < sizeof(statements) / sizeof(*statements) && status == 0; i++) {
        status = stmt_run(db, statements[i], "i", id);
    }
    return status;
}

/* ---- reading ---- */

struct lists {
    struct room_state_mask *masks;
    unsigned n_masks;
    unsigned cap_masks;
    struct room_state_rank *ranks;
    unsigned n_ranks;
    unsigned cap_ranks;
    struct buf bytes; /* of all strings; the views are set at the end, since it moves */
};

static int read_masks(struct store_db *db, room_id room, struct lists *lists)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MASK_EACH, "i", room);
    int status;
    lists->n_masks = 0;
    buf_clear(&lists->bytes);
    while ((status = stmt_step(db, stmt)) == 1) {
        if (lists->n_masks == lists->cap_masks) {
            lists->cap_masks = lists->cap_masks > 0 ? lists->cap_masks * 2 : 16;
            lists->masks = xrealloc(lists->masks, lists->cap_masks * sizeof(*lists->masks));
        }
        struct room_state_mask *mask = &lists->masks[lists->n_masks++];
        *mask = (struct room_state_mask){
            .list = (char)stmt_u64(stmt, 0),
            .mask = stmt_str(stmt, 1),
            .mask_folded = stmt_str(stmt, 2),
            .by = stmt_str(stmt, 3),
            .set_ms = stmt_u64(stmt, 4),
            .until_ms = stmt_u64(stmt, 5),
        };
        buf_add_str(&lists->bytes, mask->mask);
        buf_add_str(&lists->bytes, mask->mask_folded);
        buf_add_str(&lists->bytes, mask->by);
    }
    stmt_end(stmt);
    const char *at = lists->bytes.p;
    for (unsigned i = 0; i < lists->n_masks; i++) {
        struct str *views[] = {&lists->masks[i].mask, &lists->masks[i].mask_folded,
                               &lists->masks[i].by};
        for (unsigned v = 0; v < 3; v++) {
            views[v]->p = at;
            at += views[v]->len;
        }
    }
    return status;
}

static int read_ranks(struct store_db *db, room_id room, struct lists *lists)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_RANK_EACH, "i", room);
    int status;
    lists->n_ranks = 0;
    while ((status = stmt_step(db, stmt)) == 1) {
        if (lists->n_ranks == lists->cap_ranks) {
            lists->cap_ranks = lists->cap_ranks > 0 ? lists->cap_ranks * 2 : 16;
            lists->ranks = xrealloc(lists->ranks, lists->cap_ranks * sizeof(*lists->ranks));
        }
        lists->ranks[lists->n_ranks++] = (struct room_state_rank){
            .account = stmt_u64(stmt, 0),
            .rank = (uint8_t)stmt_u64(stmt, 1),
        };
    }
    stmt_end(stmt);
    return status;
}

static int read_lists(struct store_db *db, struct lists *lists, struct room_state *room)
{
    int status = read_masks(db, room->id, lists);
    if (status == 0) {
        status = read_ranks(db, room->id, lists);
    }
    room->masks = lists->masks;
    room->n_masks = lists->n_masks;
    room->ranks = lists->ranks;
    room->n_ranks = lists->n_ranks;
    return status;
}

int store_rooms_each(struct store_db *db, void (*each)(void *ctx, const struct room_state *room),
                     void *ctx)
{
    struct lists lists = {0};
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ROOM_EACH, "");
    int status;
    while ((status = stmt_step(db, stmt)) == 1) {
        struct room_state room = {
            .id = stmt_u64(stmt, 0),
            .name = stmt_str(stmt, 1),
            .folded = stmt_str(stmt, 2),
            .skeleton = stmt_str(stmt, 3),
            .modes = stmt_str(stmt, 4),
            .key = stmt_str(stmt, 5),
            .limit = (unsigned)stmt_u64(stmt, 6),
            .topic = stmt_str(stmt, 7),
            .topic_by = stmt_str(stmt, 8),
            .topic_ms = stmt_u64(stmt, 9),
            .since_ms = stmt_u64(stmt, 10),
            .empty_ms = stmt_u64(stmt, 11),
            .params = stmt_str(stmt, 12),
            .founder = stmt_u64(stmt, 13),
            .registered_ms = stmt_u64(stmt, 14),
        };
        status = read_lists(db, &lists, &room);
        if (status < 0) {
            break;
        }
        each(ctx, &room);
    }
    stmt_end(stmt);
    free(lists.masks);
    free(lists.ranks);
    buf_finish(&lists.bytes);
    return status < 0 ? status : 0;
}

int store_rooms_last(struct store_db *db, room_id *ret_id)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ROOM_LAST, "");
    int status = stmt_step(db, stmt);
    if (status >= 0) {
        *ret_id = status == 1 ? stmt_u64(stmt, 0) : 0;
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}
