/*
 * The newest states of read markers, accounts and rooms that are not on disk: those of the batch at
 * hand, and those that failed batches have left. None of them is lost while the disk does not work.
 * Synchronous; the writer's thread.
 *
 * Where somebody waits to hear what became of an account it is another matter: if the batch fails
 * they hear so, and that state is forgotten. What was to be written before it stays.
 */
#ifndef MARU_STORE_UNSAVED_H
#define MARU_STORE_UNSAVED_H

#include "account_state.h"
#include "map.h"
#include "record.h"
#include "room_state.h"
#include "store_db.h"

/* In the order in which they are written: a marker may need the place of a room that goes. */
enum store_unsaved_kind { UNSAVED_MARKER, UNSAVED_ACCOUNT, UNSAVED_ROOM, UNSAVED_KINDS };

struct store_unsaved_item;

struct store_unsaved_list {
    struct store_unsaved_item *first; /* in the order in which they first changed */
    struct store_unsaved_item *last;
    size_t n;
};

/* No more rooms and accounts are in it than there are, or were on disk; markers are bounded. */
struct store_unsaved {
    struct store_unsaved_list lists[UNSAVED_KINDS];
    struct strmap items;
};

void store_unsaved_init(struct store_unsaved *unsaved);
void store_unsaved_finish(struct store_unsaved *unsaved);

/* Takes `state`; NULL: the room is gone. */
void store_unsaved_room(struct store_unsaved *unsaved, room_id id, struct room_state *state);
/* Takes a reference; NULL: the account is gone, and with it its markers. `asked`: somebody waits
 * for this very state. */
void store_unsaved_account(struct store_unsaved *unsaved, account_id id,
                           struct account_state *state, bool asked);
void store_unsaved_marker(struct store_unsaved *unsaved, const struct read_marker *marker);

/* Writes all, inside a transaction. */
int store_unsaved_write(struct store_unsaved *unsaved, struct store_db *db) MARU_CHECK;
/* The transaction is over. `last_room`: the greatest id of a room that may be on disk; others that
 * are gone never were. */
void store_unsaved_settle(struct store_unsaved *unsaved, bool written, room_id last_room);

bool store_unsaved_is_empty(const struct store_unsaved *unsaved);

#endif
