/* Batches into transactions. Synchronous; the writer's thread. */
#include "store_write.h"

#include "alloc.h"
#include "search_indexer.h"
#include "store_limits.h"
#include "store_line.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int store_write_init(struct store_write *write, struct store_db *db)
{
    *write = (struct store_write){.db = db};
    return store_epoch_init(&write->epoch, db);
}

static void forget_rooms(struct store_write *write)
{
    struct store_room *next;
    for (struct store_room *room = write->first_room; room != NULL; room = next) {
        next = room->next;
        free(room->state);
        free(room);
    }
    write->first_room = write->last_room = NULL;
    map_finish(&write->rooms);
}

void store_write_finish(struct store_write *write)
{
    forget_rooms(write);
    map_finish(&write->places);
    free(write->redacted);
    free(write->refused);
    *write = (struct store_write){0};
}

bool store_write_is_behind(const struct store_write *write)
{
    return write->first_room != NULL;
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

/* ---- rooms ---- */

/* Takes `state`; NULL where the room is gone. */
static void note_room(struct store_write *write, room_id id, struct room_state *state)
{
    struct store_room *room = map_get(&write->rooms, id);
    if (room == NULL) {
        room = xcalloc(1, sizeof(*room));
        room->id = id;
        map_put(&write->rooms, id, room);
        if (write->last_room != NULL) {
            write->last_room->next = room;
        } else {
            write->first_room = room;
        }
        write->last_room = room;
    }
    free(room->state);
    room->state = state;
}

static int write_masks(struct store_db *db, const struct room_state *state)
{
    int status = stmt_run(db, STMT_MASK_DELETE, "i", state->id);
    for (unsigned i = 0; i < state->n_masks && status == 0; i++) {
        const struct room_state_mask *mask = &state->masks[i];
        status = stmt_run(db, STMT_MASK_ADD, "iisssi", state->id, (int64_t)mask->list, mask->mask,
                          mask->mask_folded, mask->by, mask->set_ms);
    }
    return status;
}

static int write_room(struct store_write *write, const struct store_room *room)
{
    struct store_db *db = write->db;
    const struct room_state *state = room->state;
    int status;
    if (state == NULL) {
        /* What was said there goes in small steps (store_retain.c). */
        map_del(&write->places, room->id);
        status = stmt_run(db, STMT_PLACE_GONE, "i", room->id);
        if (status == 0) {
            status = stmt_run(db, STMT_MASK_DELETE, "i", room->id);
        }
        return status == 0 ? stmt_run(db, STMT_ROOM_DELETE, "i", room->id) : status;
    }
    status =
        stmt_run(db, STMT_ROOM_SET, "isssssissiii", state->id, state->name, state->folded,
                 state->skeleton, state->modes, state->key, (int64_t)state->limit, state->topic,
                 state->topic_by, state->topic_ms, state->since_ms, state->empty_ms);
    return status == 0 ? write_masks(db, state) : status;
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
    write->n_redacted = 0;
    write->n_refused = 0;
    for (size_t i = 0; i < n; i++) {
        struct effect *effect = &effects[i];
        if (effect->kind == EFFECT_ROOM) {
            note_room(write, effect->room_state->id, effect->room_state);
            effect->room_state = NULL;
        } else if (effect->kind == EFFECT_ROOM_GONE) {
            note_room(write, effect->room, NULL);
        } else if (effect->kind == EFFECT_REDACT) {
            note_redact(write, i);
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
    for (const struct store_room *room = write->first_room; room != NULL && status == 0;
         room = room->next) {
        status = write_room(write, room);
    }
    return status;
}

int store_write_batch(struct store_write *write, struct effect *effects, size_t n)
{
    struct store_db *db = write->db;
    sort_out(write, effects, n);
    if (db->suspect) {
        int status = store_db_reopen(db);
        if (status != 0) {
            return status;
        }
    }
    struct store_epoch epoch = write->epoch;
    int status = store_db_begin(db);
    if (status == 0) {
        status = write_all(write, effects, n);
    }
    if (status == 0) {
        status = store_db_commit(db);
    }
    if (status == 0) {
        forget_rooms(write);
        return 0;
    }
    store_db_rollback(db);
    write->epoch = epoch;
    map_finish(&write->places); /* It may hold rows that were never committed. */
    write->n_refused = 0;       /* None was kept. */
    for (size_t i = 0; i < write->n_redacted; i++) {
        write->redacted[i].outcome = REDACT_FAILED;
    }
    return status;
}

/* ---- reading rooms ---- */

struct mask_list {
    struct room_state_mask *masks;
    unsigned n;
    unsigned cap;
    struct buf bytes; /* of all strings; the views are set at the end, since it moves */
};

static int read_masks(struct store_db *db, room_id room, struct mask_list *list)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_MASK_EACH, "i", room);
    int status;
    list->n = 0;
    buf_clear(&list->bytes);
    while ((status = stmt_step(db, stmt)) == 1) {
        if (list->n == list->cap) {
            list->cap = list->cap > 0 ? list->cap * 2 : 16;
            list->masks = xrealloc(list->masks, list->cap * sizeof(*list->masks));
        }
        struct room_state_mask *mask = &list->masks[list->n++];
        *mask = (struct room_state_mask){
            .list = (char)stmt_u64(stmt, 0),
            .mask = stmt_str(stmt, 1),
            .mask_folded = stmt_str(stmt, 2),
            .by = stmt_str(stmt, 3),
            .set_ms = stmt_u64(stmt, 4),
        };
        buf_add_str(&list->bytes, mask->mask);
        buf_add_str(&list->bytes, mask->mask_folded);
        buf_add_str(&list->bytes, mask->by);
    }
    stmt_end(stmt);
    const char *at = list->bytes.p;
    for (unsigned i = 0; i < list->n; i++) {
        struct str *views[] = {&list->masks[i].mask, &list->masks[i].mask_folded,
                               &list->masks[i].by};
        for (unsigned v = 0; v < 3; v++) {
            views[v]->p = at;
            at += views[v]->len;
        }
    }
    return status;
}

int store_rooms_each(struct store_db *db, void (*each)(void *ctx, const struct room_state *room),
                     void *ctx)
{
    struct mask_list list = {0};
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
        };
        status = read_masks(db, room.id, &list);
        if (status < 0) {
            break;
        }
        room.masks = list.masks;
        room.n_masks = list.n;
        each(ctx, &room);
    }
    stmt_end(stmt);
    free(list.masks);
    buf_finish(&list.bytes);
    return status < 0 ? status : 0;
}
