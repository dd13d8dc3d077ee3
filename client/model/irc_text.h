/*
 * The text of messages: what is safe to show, where the links are, and how a long text is cut to
 * fit the wire. Pure; any thread.
 */
#ifndef MARU_IRC_TEXT_H
#define MARU_IRC_TEXT_H

#include "str.h"

#include <glib.h>

/* A copy with formatting codes (bold, colours, …) and other control characters taken out, and with
 * invalid UTF-8 replaced. Freed with g_free. */
char *irc_text_clean(struct str text);

/* Takes the next http, https, irc or ircs link off text, starting the search at *at (in bytes).
 * Gives its span and moves *at behind it; false where there is none. Punctuation that ends a
 * sentence is not part of a link. */
bool irc_text_next_link(struct str text, size_t *at, struct str *ret_link);

/* Takes the next piece of at most `max` bytes off *rest: cut at a space where there is one in the
 * second half, never inside a character, and at newlines always. Empty pieces are passed over.
 * False at the end. */
bool irc_text_next_piece(struct str *rest, size_t max, struct str *ret_piece);

/* Whether `word` occurs in text with no letter or digit on either side, whatever the case. */
bool irc_text_mentions(const char *text, const char *word);

#endif
