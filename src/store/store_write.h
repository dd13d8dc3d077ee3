/*
 * Writing: a batch of effects becomes one transaction. Synchronous, without threads: the writer's
 * thread, or whoever tests.
 */
#ifndef MARU_STORE_WRITE_H
#define MARU_STORE_WRITE_H

#include "effect.h"
#include "input.h"
#include "map.h"
#include "store_db.h"
#include "store_time.h"
#include "store_unsaved.h"

/* What became of a REDACT of the batch. */
struct store_redacted {
    size_t at; /* index of its effect */
    enum redact_outcome outcome;
};

struct store_write {
    struct store_db *db; /* borrowed; opened as STORE_WRITER */
    struct store_epoch epoch;
    struct map places; /* room to the row of its place, as a number in the pointer */
    struct store_unsaved unsaved;
    room_id noted_room;              /* the greatest id that was to be written … */
    room_id last_room;               /* … and that may be on disk */
    struct store_redacted *redacted; /* of the last batch */
    size_t n_redacted;
    size_t cap_redacted;
    size_t *refused; /* of the last batch: indexes of records that cannot be kept, ascending */
    size_t n_refused;
    size_t cap_refused;
    char refusal[160]; /* why the last of them was */
    uint64_t probes;
};

int store_write_init(struct store_write *write, struct store_db *db) MARU_CHECK;
void store_write_finish(struct store_write *write);

/*
 * Writes RECORD, REDACT, ROOM, ROOM_GONE, ACCOUNT, ACCOUNT_GONE and MARKER of the batch, and what
 * failed batches have left (store_unsaved.h); passes over other kinds. Takes the room states;
 * messages and accounts stay the caller's. A negative status: nothing of it is in the database,
 * db->reason says why, rooms, markers and accounts that nobody waits for are remembered for the
 * next batch, and whatever was to be redacted has REDACT_FAILED. A record that is itself at fault
 * (no line of its kind, a number that is there already) is left out and listed in `refused`: the
 * others are kept. An empty batch writes all the same, to see whether that works. Opens the
 * connection anew first where the last failure asks for it.
 */
int store_write_batch(struct store_write *write, struct effect *effects, size_t n) MARU_CHECK;

/* Whether something waits for a batch that works. */
bool store_write_is_behind(const struct store_write *write);

/* Takes messages away, and the reactions to them, out of the search index too; inside a
 * transaction. Adds to *rows what went. */
int store_forget(struct store_db *db, const uint64_t *seqs, unsigned n, unsigned *rows) MARU_CHECK;

/* The row of a place, made where there is none and `make` is set; else 0. */
int store_place_find(struct store_db *db, const struct place *place, bool make,
                     uint64_t *ret_row) MARU_CHECK;

#endif
