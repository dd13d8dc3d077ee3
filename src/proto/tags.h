/*
 * Message tags (IRCv3 message-tags): walking over them, and escaping of their values.
 * Pure; any thread.
 */
#ifndef MARU_TAGS_H
#define MARU_TAGS_H

#include "buf.h"
#include "str.h"

/* Takes the next tag off *rest. The value is still escaped; empty where there is none. False at the
 * end. Keys that are empty are passed over. */
bool tags_next(struct str *rest, struct str *ret_key, struct str *ret_value);

/* The escaped value of the last tag with this key (the last one counts, as the specification says).
 * False where there is none. */
bool tags_find(struct str tags, struct str key, struct str *ret_value);

/* Appends the value with ; SPACE \ CR LF escaped, or unescaped again. */
void tags_add_escaped(struct buf *out, struct str value);
void tags_add_unescaped(struct buf *out, struct str value);

/* The key has only bytes that the grammar allows: [ '+' ] [ vendor '/' ] letters, digits and '-'.
 */
bool tags_key_valid(struct str key);

#endif
