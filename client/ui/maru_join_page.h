/* The first page: address, nickname, Join. Main thread. */
#ifndef MARU_JOIN_PAGE_H
#define MARU_JOIN_PAGE_H

#include <adwaita.h>

#define MARU_TYPE_JOIN_PAGE (maru_join_page_get_type())
G_DECLARE_FINAL_TYPE(MaruJoinPage, maru_join_page, MARU, JOIN_PAGE, GtkBox)

/* Signals: join (address, nick); cancel (). */

void maru_join_page_fill(MaruJoinPage *page, const char *address, const char *nick);
const char *maru_join_page_address(MaruJoinPage *page);
const char *maru_join_page_nick(MaruJoinPage *page);

/* While a join is under way the fields wait and Join is Cancel. */
void maru_join_page_set_busy(MaruJoinPage *page, gboolean busy);

/* Puts the cursor into the field that is to be corrected. */
void maru_join_page_focus_address(MaruJoinPage *page);
void maru_join_page_focus_nick(MaruJoinPage *page);

#endif
