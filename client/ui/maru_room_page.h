/* The room: messages, members, entry, and the banners above them. Main thread. */
#ifndef MARU_ROOM_PAGE_H
#define MARU_ROOM_PAGE_H

#include "chat_client.h"

#include <adwaita.h>

#define MARU_TYPE_ROOM_PAGE (maru_room_page_get_type())
G_DECLARE_FINAL_TYPE(MaruRoomPage, maru_room_page, MARU, ROOM_PAGE, GtkBox)

/* Property "members-shown" (boolean): whether the person wants to see the members.
 * Signal: abilities (can_search): what the server can do may have changed. */

/* Borrowed for the page's whole life. */
void maru_room_page_set_client(MaruRoomPage *page, MaruChatClient *client);

/* Shows the client's present room from here on, with nothing left of an earlier one. */
void maru_room_page_begin(MaruRoomPage *page);

void maru_room_page_toggle_members(MaruRoomPage *page);
void maru_room_page_focus_entry(MaruRoomPage *page);

/* Opens the search, where the server has one. */
void maru_room_page_search(MaruRoomPage *page);

#endif
