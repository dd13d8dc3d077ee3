/*
 * The messages of a room: a GListModel of MaruMessage over an array of records and a string chunk,
 * so that a hundred thousand rows cost neither objects nor signals. Main thread; no GTK.
 *
 * Changes are gathered: the first one after a flush emits "dirty", and maru_message_list_flush then
 * emits a single items-changed for all of them. Whoever shows the list flushes at most once a
 * frame.
 *
 * Messages that the server has not confirmed stay at the end, behind everything else, until their
 * echo says where everybody sees them.
 */
#ifndef MARU_MESSAGE_LIST_H
#define MARU_MESSAGE_LIST_H

#include "chat_message.h"

#include <gio/gio.h>

#define MARU_TYPE_MESSAGE_LIST (maru_message_list_get_type())
G_DECLARE_FINAL_TYPE(MaruMessageList, maru_message_list, MARU, MESSAGE_LIST, GObject)

/* Keeps at most `max` rows; the oldest quarter goes when it is passed. */
MaruMessageList *maru_message_list_new(unsigned max);

/* Appends a copy of the record: a pending one at the very end, another before the pending ones. */
void maru_message_list_add(MaruMessageList *list, const struct message *record);

/* The echo of a pending message came: it takes its place after everything confirmed, with the
 * echo's time, id and text. Found by label, or where `label` is NULL by the echo's kind, target and
 * text. False where nothing like it is pending. */
bool maru_message_list_confirm(MaruMessageList *list, const char *label,
                               const struct message *echo);

/* A pending message will not be echoed: it becomes `state` with `note`. With a NULL label the
 * oldest pending one is meant. False where there is none. */
bool maru_message_list_settle(MaruMessageList *list, const char *label, enum message_state state,
                              const char *note);

/* The connection is lost: whatever is pending becomes MESSAGE_UNSURE. */
void maru_message_list_settle_all(MaruMessageList *list);

/* Marks the message with this msgid as delivered but not stored. False where it is not known. */
bool maru_message_list_mark_not_stored(MaruMessageList *list, const char *id);

/* Emits what has gathered. Does nothing on a clean list. */
void maru_message_list_flush(MaruMessageList *list);

/* The last message that is not pending, flushed or not; NULL on an empty list. Valid until the next
 * change. */
const struct message *maru_message_list_last(MaruMessageList *list);

#endif
