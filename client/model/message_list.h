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
 *
 * Older messages come in pages. Where a server has more than the list holds there is a row of kind
 * MESSAGE_GAP: at the beginning, between what was before a lost connection and what came after it,
 * and around a page from long ago. A page takes the place of its gap or a part of it. No msgid is
 * ever in the list twice.
 *
 * Signal: before-page (position, below): the row of the gap at this position is about to go, and
 * others may come there; the rows below it, or else those above it, are to stay where the person
 * sees them.
 */
#ifndef MARU_MESSAGE_LIST_H
#define MARU_MESSAGE_LIST_H

#include "chat_message.h"
#include "history_page.h"

#include <gio/gio.h>

#define MARU_TYPE_MESSAGE_LIST (maru_message_list_get_type())
G_DECLARE_FINAL_TYPE(MaruMessageList, maru_message_list, MARU, MESSAGE_LIST, GObject)

/* Keeps at most `max` rows; the oldest quarter goes when it is passed. */
MaruMessageList *maru_message_list_new(unsigned max);

/* Appends a copy of the record: a pending one at the very end, another before the pending ones. One
 * whose msgid is known is passed over. */
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

/* The message that is pending under this label, or else the one with this msgid, was delivered but
 * not stored. False where neither is known. `label` may be NULL. */
bool maru_message_list_not_stored(MaruMessageList *list, const char *label, const char *id);

/* Where the message with this msgid is. */
bool maru_message_list_find(MaruMessageList *list, const char *id, unsigned *ret_position);

/* Somebody took a message back. False where it is not known. */
bool maru_message_list_redact(MaruMessageList *list, const char *id, const char *by);

/* Takes out a row that is not pending. */
void maru_message_list_remove(MaruMessageList *list, unsigned position);

/* The gap at this position; NULL where there is another row. */
const struct message *maru_message_list_gap(MaruMessageList *list, unsigned position);

/* The one gap that is loading. */
bool maru_message_list_loading(MaruMessageList *list, unsigned *ret_position);

void maru_message_list_set_gap(MaruMessageList *list, unsigned position, enum message_gap state);

enum page_side {
    PAGE_OLDER, /* what directly precedes the rows below the gap, or the newest there is */
    PAGE_NEWER, /* what directly follows the rows above the gap */
};

/* Puts a page into the gap that is loading. True while the gap remains: there may be more. False
 * also where no gap is loading. An empty page closes it; at the room's beginning a
 * MESSAGE_BEGINNING takes its place. */
bool maru_message_list_merge(MaruMessageList *list, const struct history_page *page,
                             enum page_side side);

/* Puts a page from anywhere into its place, with gaps around it where it touches nothing known. */
void maru_message_list_merge_around(MaruMessageList *list, const struct history_page *page);

/* Another room follows: the gaps so far cannot be filled any more, and become rows with this text.
 */
void maru_message_list_close_gaps(MaruMessageList *list, const char *text);

/* Emits what has gathered. Does nothing on a clean list. */
void maru_message_list_flush(MaruMessageList *list);

/* The last message that is not pending, flushed or not; NULL on an empty list. Valid until the next
 * change. */
const struct message *maru_message_list_last(MaruMessageList *list);

#endif
