/*
 * What the files of the message list share: message_list.c (what arrives and becomes of it) and
 * message_gaps.c (history that is put in between). Main thread; no GTK.
 */
#ifndef MARU_MESSAGE_LIST_PRIV_H
#define MARU_MESSAGE_LIST_PRIV_H

#include "message_list.h"

struct _MaruMessageList {
    GObject parent_instance;
    GArray *rows; /* struct message; the last n_pending ones are pending */
    GStringChunk *strings;
    GHashTable *ids; /* every row's msgid, in `strings` */
    GArray *gaps;    /* unsigned: where the MESSAGE_GAP rows are, ascending; never pending */
    char *room;      /* of the last gap that was added; NULL where there never was one */
    unsigned max;
    unsigned n_pending;
    unsigned published;   /* how many rows listeners know of */
    unsigned first_dirty; /* rows from here on differ from what listeners know */
    bool dirty;
};

struct message *message_list_row(MaruMessageList *list, unsigned position);

/* A copy of the record with strings of the list's own. */
struct message message_list_kept(MaruMessageList *list, const struct message *record);

/* The first row behind everything confirmed. */
unsigned message_list_tail(MaruMessageList *list);

bool message_list_knows(MaruMessageList *list, const char *id);

/* Tells listeners at once, after what has gathered. Only on confirmed rows; `rows` are kept. */
void message_list_splice(MaruMessageList *list, unsigned at, unsigned n_removed,
                         const struct message *rows, unsigned n_added);

#endif
