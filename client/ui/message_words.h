/*
 * What a message says of itself, in the person's language: for rows, screen readers and the
 * clipboard. Main thread; no widgets. Strings are freed with g_free where they are not const.
 */
#ifndef MARU_MESSAGE_WORDS_H
#define MARU_MESSAGE_WORDS_H

#include "chat_message.h"

/* Hours and minutes. */
char *message_words_clock(int64_t time_us);

/* The day, as it stands above the first message of it. */
char *message_words_day(int64_t time_us);

/* Who speaks, or what kind of message it is; "" where there is nothing to say. */
char *message_words_heading(const struct message *record);

/* The text itself, or what stands in its place. */
char *message_words_text(const struct message *record);

/* Why it did not arrive; NULL where it did. */
char *message_words_foot(const struct message *record);
const char *message_words_not_stored(void);

/* All of it, as a screen reader says it. */
char *message_words_describe(const struct message *record);

#endif
