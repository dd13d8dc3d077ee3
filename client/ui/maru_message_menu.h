/*
 * What can be done with one message: the menu of its row, copying, links. Main thread.
 *
 * Signals:
 *   write-again (text)
 *   send-again (MaruMessageRow)
 *   remove (msgid)
 */
#ifndef MARU_MESSAGE_MENU_H
#define MARU_MESSAGE_MENU_H

#include "maru_message_row.h"

#define MARU_TYPE_MESSAGE_MENU (maru_message_menu_get_type())
G_DECLARE_FINAL_TYPE(MaruMessageMenu, maru_message_menu, MARU, MESSAGE_MENU, GObject)

/* `owner` is the widget over which it opens; it is borrowed, and closes the menu before it goes. */
MaruMessageMenu *maru_message_menu_new(GtkWidget *owner, GMenuModel *model);
void maru_message_menu_close(MaruMessageMenu *menu);

/* To be called when the owner gets its size. */
void maru_message_menu_present(MaruMessageMenu *menu);

/* Opens at a point of the row. */
void maru_message_menu_show(MaruMessageMenu *menu, MaruMessageRow *row, double x, double y);

/* The row's selected text, or all of it. */
void maru_message_menu_copy(MaruMessageMenu *menu, MaruMessageRow *row);
void maru_message_menu_open_link(MaruMessageMenu *menu, const char *link);
void maru_message_menu_set_can_remove(MaruMessageMenu *menu, bool can);

#endif
