/* The members of a room with their count, kept as the list changes. Main thread. */
#ifndef MARU_MEMBER_VIEW_H
#define MARU_MEMBER_VIEW_H

#include "member_list.h"

#include <gtk/gtk.h>

#define MARU_TYPE_MEMBER_VIEW (maru_member_view_get_type())
G_DECLARE_FINAL_TYPE(MaruMemberView, maru_member_view, MARU, MEMBER_VIEW, GtkBox)

/* Property "count" (int): members shown, for a badge elsewhere.
 * Signal member-activated (nick): a double click or Enter on somebody. */

void maru_member_view_set_list(MaruMemberView *view, MaruMemberList *list);

#endif
