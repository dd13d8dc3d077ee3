/* Rooms as they last: written and read back. Synchronous; the thread of the connection. */
#ifndef MARU_STORE_ROOM_H
#define MARU_STORE_ROOM_H

#include "room_state.h"
#include "store_db.h"

/* Inside a transaction, both. What was said in a room that is gone goes in small steps, with its
 * read markers (store_retain.c). */
int store_room_write(struct store_db *db, const struct room_state *state) MARU_CHECK;
int store_room_delete(struct store_db *db, room_id id) MARU_CHECK;

/* Each room that is kept, in the order of their ids. */
int store_rooms_each(struct store_db *db, void (*each)(void *ctx, const struct room_state *room),
                     void *ctx) MARU_CHECK;

/* The greatest id of one; 0: there is none. */
int store_rooms_last(struct store_db *db, room_id *ret_id) MARU_CHECK;

#endif
