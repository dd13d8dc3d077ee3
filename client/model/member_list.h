/*
 * Who is in a room: a GListModel of MaruMember, by rank and then by name. Main thread; no GTK.
 *
 * The truth is a table by folded name and changes at once; the list that others see follows in
 * maru_member_list_flush, as one items-changed for all changes since the last flush. The first
 * change after a flush emits "dirty".
 */
#ifndef MARU_MEMBER_LIST_H
#define MARU_MEMBER_LIST_H

#include <gio/gio.h>
#include <stdbool.h>

#define MARU_TYPE_MEMBER (maru_member_get_type())
G_DECLARE_FINAL_TYPE(MaruMember, maru_member, MARU, MEMBER, GObject)

const char *maru_member_nick(MaruMember *member);

/* What a member may be in a room, highest first; several at once. */
enum member_rank {
    MEMBER_OWNER,
    MEMBER_ADMIN,
    MEMBER_OPERATOR,
    MEMBER_HALF_OPERATOR,
    MEMBER_VOICE,
    MEMBER_OTHER_RANK,
};

/* Bit i stands for rank i; 0 is an ordinary member. */
unsigned maru_member_ranks(MaruMember *member);

bool maru_member_is_away(MaruMember *member); /* also the property "away" */

#define MARU_TYPE_MEMBER_LIST (maru_member_list_get_type())
G_DECLARE_FINAL_TYPE(MaruMemberList, maru_member_list, MARU, MEMBER_LIST, GObject)

MaruMemberList *maru_member_list_new(void);

/* Adds a member, or changes name's spelling and ranks of the one who has this folded name. */
void maru_member_list_put(MaruMemberList *list, const char *folded, const char *nick,
                          unsigned ranks);

/* Each returns whether such a member is here. */
bool maru_member_list_has(MaruMemberList *list, const char *folded);
bool maru_member_list_remove(MaruMemberList *list, const char *folded);
bool maru_member_list_rename(MaruMemberList *list, const char *old_folded, const char *new_folded,
                             const char *nick);
bool maru_member_list_set_away(MaruMemberList *list, const char *folded, bool away);
bool maru_member_list_set_rank(MaruMemberList *list, const char *folded, enum member_rank rank,
                               bool set);

void maru_member_list_clear(MaruMemberList *list);

/* The members at this moment, flushed or not. */
unsigned maru_member_list_count(MaruMemberList *list);

void maru_member_list_flush(MaruMemberList *list);

/* The nickname that follows `previous` (NULL for the first) among those that begin with `prefix`,
 * whatever the case, in the list's order, and round again; NULL where none does. For completion. */
const char *maru_member_list_complete(MaruMemberList *list, const char *prefix,
                                      const char *previous);

#endif
