/* Batches into transactions. Synchronous; the writer's thread. */
#include "store_write.h"

#include "alloc.h"
#include "search_indexer.h"
#include "store_limits.h"
#include "store_line.h"
#include "store_room.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int store_write_init(struct store_write *write, struct store_db *db)
{
    *write = (struct store_write){.db = db};
    store_unsaved_init(&write->unsaved);
    int status = store_rooms_last(db, &write->last_room);
    write->noted_room = write->last_room;
    return status == 0 ? store_epoch_init(&write->epoch, db) : status;
}

void store_write_finish(struct store_write *write)
{
    store_unsaved_finish(&write->unsaved);
    map_finish(&write->places);
    free(write->redacted);
    free(write->refused);
    *write = (struct store_write){0};
}

bool store_write_is_behind(const struct store_write *write)
{
    return !store_unsaved_is_empty(&write->unsaved);
}

/* ---- places ---- */

int store_place_find(struct store_db *db, const struct place *place, bool make, uint64_t *ret_row)
{
    sqlite3_stmt *stmt = place->room != 0
                             ? stmt_begin(db, STMT_PLACE_OF_ROOM, "i", place->room)
                             : stmt_begin(db, STMT_PLACE_OF_PAIR, "ii", place->a, place->b);
    int status = stmt_step(db, stmt);
    uint64_t row = status == 1 ? stmt_u64(stmt, 0) : 0;
    stmt_end(stmt);
    if (status == 0 && make) {
        status = place->room != 0 ? stmt_run(db, STMT_PLACE_ADD, "inn", place->room)
                                  : stmt_run(db, STMT_PLACE_ADD, "nii", place->a, place->b);
        row = (uint64_t)sqlite3_last_insert_rowid(db->sqlite);
    }
    if (status < 0) {
        return status;
    }
    *ret_row = row;
    return 0;
}

static int find_place(struct store_write *write, const struct place *place, uint64_t *ret_row)
{
    if (place->room == 0) {
        return store_place_find(write->db, place, true, ret_row);
    }
    uintptr_t known = (uintptr_t)map_get(&write->places, place->room);
    if (known != 0) {
        *ret_row = known;
        return 0;
    }
    int status = store_place_find(write->db, place, true, ret_row);
    if (status == 0) {
        if (write->places.len >= STORE_PLACES_CACHED) {
            map_finish(&write->places);
        }
        map_put(&write->places, place->room, (void *)(uintptr_t)*ret_row);
    }
    return status;
}

/* ---- messages ---- */

/* A reaction belongs to what was said in the same place and is still there; else to nothing. */
static int find_parent(struct store_db *db, const struct store_line *line, uint64_t place,
                       uint64_t *ret_parent)
{
    uint64_t parent = store_line_parent(line, db->server_part);
    *ret_parent = 0;
    if (parent == 0) {
        return 0;
    }
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MESSAGE_FIND, "i", parent);
    int status = stmt_step(db, stmt);
    if (status == 1 && stmt_u64(stmt, 0) == place && stmt_u64(stmt, 1) <= RECORD_NOTICE) {
        *ret_parent = parent;
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

static int add_message(struct store_write *write, const struct record *record,
                       const struct message *message)
{
    struct store_db *db = write->db;
    struct store_line line;
    if (store_line_parse(record, message, &line) != 0) {
        snprintf(db->reason, sizeof(db->reason), "a record is not a line of its kind");
        return STATUS_MALFORMED;
    }
    uint64_t place = 0;
    uint64_t parent = 0;
    int status = find_place(write, &record->place, &place);
    if (status == 0) {
        status = find_parent(db, &line, place, &parent);
    }
    if (status == 0) {
        status = store_epoch_note(&write->epoch, db, line.seq, line.time_ms);
    }
    if (status != 0) {
        return status;
    }
    /* NULL where a number is nothing: it takes no bytes then, and no row in an index. */
    sqlite3_stmt *stmt =
        stmt_begin(db, STMT_MESSAGE_ADD, "iiiiiszsznn", line.seq, place, line.time_ms,
                   (int64_t)line.kind, line.sender, line.source, line.target, line.text, line.tags);
    if (line.message_seq != line.seq) {
        sqlite3_bind_int64(stmt, 10, (int64_t)line.message_seq);
    }
    if (parent != 0) {
        sqlite3_bind_int64(stmt, 11, (int64_t)parent);
    }
    status = stmt_step(db, stmt);
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

static int delete_all(struct store_db *db, const uint64_t *seqs, unsigned n, unsigned *rows)
{
    int status = 0;
    /* Before: the index reads what they were. */
    search_indexer_forget(db->indexer, seqs, n);
    for (unsigned i = 0; i < n && status == 0; i++) {
        status = stmt_run(db, STMT_MESSAGE_DELETE, "i", seqs[i]);
        if (status == 0) {
            *rows += (unsigned)sqlite3_changes(db->sqlite);
        }
    }
    return status;
}

/* Reactions belong to speech, never to each other, so they have none themselves. */
static int forget_reactions(struct store_db *db, uint64_t seq, unsigned *rows)
{
    uint64_t children[STORE_REACTIONS_ROWS];
    unsigned n;
    int status;
    do {
        sqlite3_stmt *stmt =
            stmt_begin(db, STMT_MESSAGE_CHILDREN, "ii", seq, (int64_t)STORE_REACTIONS_ROWS);
        n = 0;
        while ((status = stmt_step(db, stmt)) == 1) {
            children[n++] = stmt_u64(stmt, 0);
        }
        stmt_end(stmt);
        if (status == 0) {
            status = delete_all(db, children, n, rows);
        }
    } while (status == 0 && n == STORE_REACTIONS_ROWS);
    return status;
}

int store_forget(struct store_db *db, const uint64_t *seqs, unsigned n, unsigned *rows)
{
    int status = delete_all(db, seqs, n, rows);
    for (unsigned i = 0; i < n && status == 0; i++) {
        status = forget_reactions(db, seqs[i], rows);
    }
    return status;
}

static int redact(struct store_write *write, const struct redaction *redaction,
                  enum redact_outcome *ret_outcome)
{
    struct store_db *db = write->db;
    uint64_t place = 0;
    int status = store_place_find(db, &redaction->place, false, &place);
    if (status != 0) {
        return status;
    }
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MESSAGE_FIND, "i", redaction->seq);
    status = stmt_step(db, stmt);
    bool known = status == 1 && place != 0 && stmt_u64(stmt, 0) == place &&
                 stmt_u64(stmt, 1) <= RECORD_TAGMSG;
    bool own = known && stmt_u64(stmt, 2) == redaction->by;
    stmt_end(stmt);
    if (status < 0) {
        return status;
    }
    if (!known) {
        *ret_outcome = REDACT_UNKNOWN;
        return 0;
    }
    if (!own && !redaction->any_sender) {
        *ret_outcome = REDACT_FORBIDDEN;
        return 0;
    }
    unsigned rows = 0;
    status = store_forget(db, &redaction->seq, 1, &rows);
    if (status == 0) {
        *ret_outcome = REDACT_DONE;
    }
    return status;
}

/* ---- batches ---- */

static void note_redact(struct store_write *write, size_t at)
{
    if (write->n_redacted == write->cap_redacted) {
        write->cap_redacted = write->cap_redacted > 0 ? write->cap_redacted * 2 : 16;
        write->redacted = xrealloc(write->redacted, write->cap_redacted * sizeof(*write->redacted));
    }
    write->redacted[write->n_redacted++] = (struct store_redacted){at, REDACT_FAILED};
}

static void note_refused(struct store_write *write, size_t at)
{
    if (write->n_refused == write->cap_refused) {
        write->cap_refused = write->cap_refused > 0 ? write->cap_refused * 2 : 16;
        write->refused = xrealloc(write->refused, write->cap_refused * sizeof(*write->refused));
    }
    write->refused[write->n_refused++] = at;
    memcpy(write->refusal, write->db->reason, sizeof(write->refusal));
}

/* What must not depend on whether anything can be written. */
static void sort_out(struct store_write *write, struct effect *effects, size_t n)
{
    struct store_unsaved *unsaved = &write->unsaved;
    write->n_redacted = 0;
    write->n_refused = 0;
    for (size_t i = 0; i < n; i++) {
        struct effect *effect = &effects[i];
        switch (effect->kind) {
        case EFFECT_ROOM:
            if (write->noted_room < effect->room_state->id) {
                write->noted_room = effect->room_state->id;
            }
            store_unsaved_room(unsaved, effect->room_state->id, effect->room_state);
            effect->room_state = NULL;
            break;
        case EFFECT_ROOM_GONE:
            map_del(&write->places, effect->room);
            store_unsaved_room(unsaved, effect->room, NULL);
            break;
        case EFFECT_ACCOUNT:
            store_unsaved_account(unsaved, effect->account->id, effect->account,
                                  effect->session != 0);
            break;
        case EFFECT_ACCOUNT_GONE:
            store_unsaved_account(unsaved, effect->gone, NULL, false);
            break;
        case EFFECT_MARKER:
            store_unsaved_marker(unsaved, &effect->marker);
            break;
        case EFFECT_REDACT:
            note_redact(write, i);
            break;
        default:
            break;
        }
    }
}

static int write_all(struct store_write *write, const struct effect *effects, size_t n)
{
    int status = n == 0 ? store_db_set_meta(write->db, "probe", ++write->probes) : 0;
    size_t r = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        if (effects[i].kind == EFFECT_RECORD) {
            status = add_message(write, &effects[i].record, effects[i].message);
            /* A statement that fails for what it was given leaves the transaction as it was. */
            if (status == STATUS_MALFORMED) {
                note_refused(write, i);
                status = 0;
            }
        } else if (effects[i].kind == EFFECT_REDACT) {
            status = redact(write, &effects[i].redaction, &write->redacted[r++].outcome);
        }
    }
    return status == 0 ? store_unsaved_write(&write->unsaved, write->db) : status;
}

/* After a failure of the disk: what of it is there is only known now. */
static int open_again(struct store_write *write)
{
    int status = store_db_reopen(write->db);
    if (status == 0) {
        status = store_rooms_last(write->db, &write->last_room);
    }
    if (status == 0) {
        store_unsaved_settle(&write->unsaved, false, write->last_room);
    }
    return status;
}

static void undo(struct store_write *write, struct store_epoch epoch)
{
    store_db_rollback(write->db);
    write->epoch = epoch;
    map_finish(&write->places); /* It may hold rows that were never committed. */
    write->n_refused = 0;       /* None was kept. */
    for (size_t i = 0; i < write->n_redacted; i++) {
        write->redacted[i].outcome = REDACT_FAILED;
    }
}

int store_write_batch(struct store_write *write, struct effect *effects, size_t n)
{
    struct store_db *db = write->db;
    struct store_epoch epoch = write->epoch;
    int status = db->suspect ? open_again(write) : 0;
    sort_out(write, effects, n);
    if (status == 0) {
        status = store_db_begin(db);
    }
    if (status == 0) {
        status = write_all(write, effects, n);
    }
    if (status == 0) {
        status = store_db_commit(db);
        if (status == 0 || db->suspect) {
            write->last_room = write->noted_room; /* Perhaps, where the commit has failed. */
        }
    }
    store_unsaved_settle(&write->unsaved, status == 0, write->last_room);
    if (status != 0) {
        undo(write, epoch);
    }
    return status;
}
