/*
 * One message in the list: a widget that draws itself from cached PangoLayouts, since a wrapped
 * GtkLabel for each message is far too slow to scroll. It has no controllers of its own; the
 * message view asks it what lies under the pointer. Main thread.
 */
#ifndef MARU_MESSAGE_ROW_H
#define MARU_MESSAGE_ROW_H

#include "chat_message.h"

#include <gtk/gtk.h>
#include <stdbool.h>

#define MARU_TYPE_MESSAGE_ROW (maru_message_row_get_type())
G_DECLARE_FINAL_TYPE(MaruMessageRow, maru_message_row, MARU, MESSAGE_ROW, GtkWidget)

GtkWidget *maru_message_row_new(void);

/* Shows this message; NULL shows nothing. */
void maru_message_row_set_message(MaruMessageRow *row, MaruMessage *message);

/* NULL where nothing is shown. Borrowed. */
MaruMessage *maru_message_row_message(MaruMessageRow *row);

/* Tinted, because it is what the person was looking for. */
void maru_message_row_set_lit(MaruMessageRow *row, bool lit);

/* Whether "Send again" is at this point. */
bool maru_message_row_is_again_at(MaruMessageRow *row, double x, double y);

/* What to say about what is at this point; NULL where there is nothing to say. */
const char *maru_message_row_tooltip_at(MaruMessageRow *row, double x, double y);

/* The byte of the message's text at this point of the widget, for selecting; always within it. */
int maru_message_row_index_at(MaruMessageRow *row, double x, double y);

/* The link at this point; NULL where there is none. Freed with g_free. */
char *maru_message_row_link_at(MaruMessageRow *row, double x, double y);

/* Marks the text between two bytes as selected; two equal ones select nothing. */
void maru_message_row_select(MaruMessageRow *row, int from, int to);

/* The selected text, or NULL. Freed with g_free. */
char *maru_message_row_selection(MaruMessageRow *row);

#endif
