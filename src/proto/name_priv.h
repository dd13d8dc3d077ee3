/* What the files of name.h share: the properties of characters that names depend on. Pure. */
#ifndef MARU_NAME_PRIV_H
#define MARU_NAME_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include <unicode/umachine.h>

enum name_class {
    NAME_CLASS_IDENTIFIER, /* letters, digits, marks: RFC 8264 section 4.2 */
    NAME_CLASS_FREE,       /* what else is visible: symbols, punctuation, compatibility forms */
    NAME_CLASS_CONTEXT,    /* allowed beside the right neighbours: RFC 5892 appendix A */
    NAME_CLASS_INVISIBLE,
    NAME_CLASS_BIDI, /* embeddings, overrides, isolates, direction marks */
    NAME_CLASS_NONE, /* controls, unassigned, private use, loose Hangul jamo */
};

/* The class of a character of a folded name. */
enum name_class name_class_of(UChar32 c);

/* For a character of NAME_CLASS_CONTEXT: whether it may stand at text[at]. */
bool name_context_ok(const UChar32 *text, size_t len, size_t at);

/* A combining mark: general category M. */
bool name_is_mark(UChar32 c);

/* RFC 5893 section 2, for text with right-to-left characters; true for text without. */
bool name_bidi_ok(const UChar32 *text, size_t len);

#endif
