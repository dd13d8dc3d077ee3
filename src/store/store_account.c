/* Accounts and read markers as rows. Synchronous; the thread of the connection. */
#include "store_account.h"

#include "alloc.h"
#include "store_write.h"

#include <sqlite3.h>
#include <stdlib.h>

/* ---- writing ---- */

static int write_lists(struct store_db *db, const struct account_state *state)
{
    int status = stmt_run(db, STMT_FINGERPRINT_DELETE, "i", state->id);
    for (unsigned i = 0; i < state->n_fingerprints && status == 0; i++) {
        status = stmt_run(db, STMT_FINGERPRINT_ADD, "is", state->id, state->fingerprints[i]);
    }
    if (status == 0) {
        status = stmt_run(db, STMT_ACCOUNT_ROOM_DELETE, "i", state->id);
    }
    for (unsigned i = 0; i < state->n_rooms && status == 0; i++) {
        const struct account_room *room = &state->rooms[i];
        status = stmt_run(db, STMT_ACCOUNT_ROOM_ADD, "iiii", state->id, room->room, room->since_seq,
                          (int64_t)room->rank);
    }
    return status;
}

int store_account_write(struct store_db *db, const struct account_state *state)
{
    int status =
        stmt_run(db, STMT_ACCOUNT_SET, "isssissssiiiisiss", state->id, state->name, state->folded,
                 state->skeleton, state->created_ms, state->password_hash, state->scram,
                 state->email, state->code, state->code_ms, (int64_t)state->multiclient,
                 (int64_t)state->always_on, (int64_t)state->suspended, state->suspended_why,
                 state->seen_ms, state->user, state->realname);
    return status == 0 ? write_lists(db, state) : status;
}

int store_account_delete(struct store_db *db, account_id id)
{
    static const enum store_statement statements[] = {
        STMT_FINGERPRINT_DELETE, STMT_ACCOUNT_ROOM_DELETE,   STMT_MARKERS_OF_ACCOUNT,
        STMT_RANKS_OF_ACCOUNT,   STMT_ROOMS_WITHOUT_FOUNDER, STMT_ACCOUNT_DELETE,
    };
    int status = 0;
    for (unsigned i = 0; i < sizeof(statements) / sizeof(*statements) && status == 0; i++) {
        status = stmt_run(db, statements[i], "i", id);
    }
    return status;
}

int store_marker_write(struct store_db *db, const struct read_marker *marker)
{
    uint64_t place = 0;
    int status = store_place_find(db, &marker->place, true, &place);
    if (status != 0) {
        return status;
    }
    return stmt_run(db, STMT_MARKER_SET, "iii", marker->account, place, marker->time_ms);
}

/* ---- reading ---- */

struct lists {
    struct str *fingerprints;
    unsigned n_fingerprints;
    unsigned cap_fingerprints;
    struct account_room *rooms;
    unsigned n_rooms;
    unsigned cap_rooms;
    struct buf bytes; /* of the fingerprints; the views are set at the end, since it moves */
};

static int read_fingerprints(struct store_db *db, account_id account, struct lists *lists)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_FINGERPRINT_EACH, "i", account);
    int status;
    lists->n_fingerprints = 0;
    buf_clear(&lists->bytes);
    while ((status = stmt_step(db, stmt)) == 1) {
        if (lists->n_fingerprints == lists->cap_fingerprints) {
            lists->cap_fingerprints =
                lists->cap_fingerprints > 0 ? lists->cap_fingerprints * 2 : 16;
            lists->fingerprints = xrealloc(lists->fingerprints,
                                           lists->cap_fingerprints * sizeof(*lists->fingerprints));
        }
        struct str fingerprint = stmt_str(stmt, 0);
        lists->fingerprints[lists->n_fingerprints++] = fingerprint;
        buf_add_str(&lists->bytes, fingerprint);
    }
    stmt_end(stmt);
    const char *at = lists->bytes.p;
    for (unsigned i = 0; i < lists->n_fingerprints; i++) {
        lists->fingerprints[i].p = at;
        at += lists->fingerprints[i].len;
    }
    return status;
}

static int read_rooms(struct store_db *db, account_id account, struct lists *lists)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ACCOUNT_ROOM_EACH, "i", account);
    int status;
    lists->n_rooms = 0;
    while ((status = stmt_step(db, stmt)) == 1) {
        if (lists->n_rooms == lists->cap_rooms) {
            lists->cap_rooms = lists->cap_rooms > 0 ? lists->cap_rooms * 2 : 16;
            lists->rooms = xrealloc(lists->rooms, lists->cap_rooms * sizeof(*lists->rooms));
        }
        lists->rooms[lists->n_rooms++] = (struct account_room){
            .room = stmt_u64(stmt, 0),
            .since_seq = stmt_u64(stmt, 1),
            .rank = (uint8_t)stmt_u64(stmt, 2),
        };
    }
    stmt_end(stmt);
    return status;
}

/* What no later version will have written here is read as the default. */
static enum account_choice choice(uint64_t number)
{
    return number == CHOICE_ON ? CHOICE_ON : number == CHOICE_OFF ? CHOICE_OFF : CHOICE_DEFAULT;
}

static int read_account(struct store_db *db, sqlite3_stmt *stmt, struct lists *lists,
                        struct account_state **ret_state)
{
    struct account_state parts = {
        .id = stmt_u64(stmt, 0),
        .name = stmt_str(stmt, 1),
        .folded = stmt_str(stmt, 2),
        .skeleton = stmt_str(stmt, 3),
        .created_ms = stmt_u64(stmt, 4),
        .password_hash = stmt_str(stmt, 5),
        .scram = stmt_str(stmt, 6),
        .email = stmt_str(stmt, 7),
        .code = stmt_str(stmt, 8),
        .code_ms = stmt_u64(stmt, 9),
        .multiclient = choice(stmt_u64(stmt, 10)),
        .always_on = choice(stmt_u64(stmt, 11)),
        .suspended = stmt_u64(stmt, 12) != 0,
        .suspended_why = stmt_str(stmt, 13),
        .seen_ms = stmt_u64(stmt, 14),
        .user = stmt_str(stmt, 15),
        .realname = stmt_str(stmt, 16),
    };
    int status = read_fingerprints(db, parts.id, lists);
    if (status == 0) {
        status = read_rooms(db, parts.id, lists);
    }
    if (status != 0) {
        return status;
    }
    parts.fingerprints = lists->fingerprints;
    parts.n_fingerprints = lists->n_fingerprints;
    parts.rooms = lists->rooms;
    parts.n_rooms = lists->n_rooms;
    *ret_state = account_state_create(&parts);
    return 0;
}

int store_accounts_each(struct store_db *db, void (*each)(void *ctx, struct account_state *account),
                        void *ctx)
{
    struct lists lists = {0};
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ACCOUNT_EACH, "");
    int status;
    while ((status = stmt_step(db, stmt)) == 1) {
        struct account_state *state = NULL;
        status = read_account(db, stmt, &lists, &state);
        if (status < 0) {
            break;
        }
        each(ctx, state);
        account_state_unref(state);
    }
    stmt_end(stmt);
    free(lists.fingerprints);
    free(lists.rooms);
    buf_finish(&lists.bytes);
    return status < 0 ? status : 0;
}

int store_markers_each(struct store_db *db,
                       void (*each)(void *ctx, const struct read_marker *marker), void *ctx)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MARKER_EACH, "");
    int status;
    while ((status = stmt_step(db, stmt)) == 1) {
        const struct read_marker marker = {
            .account = stmt_u64(stmt, 0),
            .place = {.room = stmt_u64(stmt, 1), .a = stmt_u64(stmt, 2), .b = stmt_u64(stmt, 3)},
            .time_ms = stmt_u64(stmt, 4),
        };
        each(ctx, &marker);
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

int store_account_name(struct store_db *db, account_id id, struct buf *out)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_ACCOUNT_NAME, "i", id);
    int status = stmt_step(db, stmt);
    if (status == 1) {
        buf_add_str(out, stmt_str(stmt, 0));
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}
