/*
 * What a search found, the newest first; choosing a result leads to it. Main thread.
 *
 * Signal: chosen (msgid, int64 time_us)
 */
#ifndef MARU_SEARCH_VIEW_H
#define MARU_SEARCH_VIEW_H

#include "chat_client.h"

#include <gtk/gtk.h>

#define MARU_TYPE_SEARCH_VIEW (maru_search_view_get_type())
G_DECLARE_FINAL_TYPE(MaruSearchView, maru_search_view, MARU, SEARCH_VIEW, GtkBox)

/* Borrowed for the view's whole life. */
void maru_search_view_set_client(MaruSearchView *view, MaruChatClient *client);

/* Shows the results of the client's present room from here on. */
void maru_search_view_begin(MaruSearchView *view);

#endif
