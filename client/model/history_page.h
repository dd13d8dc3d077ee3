/*
 * One answer of a server with older messages, oldest first, gathered until it is whole. Main
 * thread; no GTK.
 *
 * A reference names a message for later requests: its time as the wire writes it, a space, and its
 * msgid, which may be empty.
 */
#ifndef MARU_HISTORY_PAGE_H
#define MARU_HISTORY_PAGE_H

#include "chat_message.h"

struct history_page {
    GArray *rows; /* struct message, with strings of the page's own */
    GStringChunk *strings;
    char *oldest;  /* reference of the first message, shown or not; NULL on an empty page */
    char *newest;  /* of the last one */
    unsigned n_in; /* messages that came, shown or not */
};

struct history_page *history_page_create(void);
void history_page_destroy(struct history_page *page);

/* A message came in the answer, whether it is shown or not. */
void history_page_note(struct history_page *page, const char *id, int64_t time_us);

/* Copies the record. Over CLIENT_PAGE_ROWS_MAX it is dropped. */
void history_page_add(struct history_page *page, const struct message *record);

/* Takes the text off the row with this msgid, where the page has it. */
void history_page_redact(struct history_page *page, const char *id, const char *by);

/* Freed with g_free. */
char *history_reference(const char *id, int64_t time_us);

#endif
