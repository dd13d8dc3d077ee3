/*
 * The messages of a room, scrolled: it follows the end while the person is there, and otherwise
 * leaves the view alone and offers a way back. Copying, selecting and links too. Main thread.
 */
#ifndef MARU_MESSAGE_VIEW_H
#define MARU_MESSAGE_VIEW_H

#include "message_list.h"

#include <gtk/gtk.h>

#define MARU_TYPE_MESSAGE_VIEW (maru_message_view_get_type())
G_DECLARE_FINAL_TYPE(MaruMessageView, maru_message_view, MARU, MESSAGE_VIEW, GtkWidget)

/* Signals:
 *   write-again (text)             the person wants to edit and send an undelivered message anew
 *   send-again (position)          … to send it as it is
 *   remove (msgid)                 … to take a message of theirs back
 *   load (position, older, asked)  a gap came into view: client_session_load
 */

void maru_message_view_set_list(MaruMessageView *view, MaruMessageList *list);

/* Brings this row into the middle, tinted and focused. */
void maru_message_view_show(MaruMessageView *view, guint position);

/* Whether the server lets people take their messages back. */
void maru_message_view_set_can_remove(MaruMessageView *view, gboolean can);

/* Goes to the end and follows it again. */
void maru_message_view_to_end(MaruMessageView *view);

/* Scrolls by a page from elsewhere (Page Up in the entry). */
void maru_message_view_page(MaruMessageView *view, gboolean up);

#endif
