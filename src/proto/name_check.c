/* What may be a nickname or a room, over the classes of name_class.c. Pure; any thread. */
#include "name.h"

#include "alloc.h"
#include "name_priv.h"
#include "proto_limits.h"

#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/uspoof.h>
#include <unicode/utf8.h>

const char *name_verdict_text(enum name_verdict verdict)
{
    switch (verdict) {
    case NAME_OK:
        return "The name is fine";
    case NAME_EMPTY:
        return "The name is empty";
    case NAME_BAD_START:
        return "A name cannot begin like that";
    case NAME_BAD_CHARACTER:
        return "The name has a character that names cannot have";
    case NAME_INVISIBLE:
        return "The name has a character that cannot be seen";
    case NAME_BIDI:
        return "The name mixes writing directions";
    case NAME_MARKS:
        return "The name has misplaced or too many combining marks";
    case NAME_MIXED_SCRIPTS:
        return "The name mixes scripts whose letters look alike";
    case NAME_MALFORMED:
        return "The name is not valid UTF-8";
    }
    return "The name is not suitable";
}

static bool is_nick_letter(char c)
{
    char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c != '\0' && strchr("[]\\`_^{|}", c) != NULL);
}

static bool is_nick_ascii(char c)
{
    return is_nick_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

/* The folded form as code points; on the heap, since what is checked has no limit yet. */
struct text {
    size_t len;
    UChar32 *p;
};

static void text_init(struct text *text, struct str raw)
{
    struct buf folded = {0};
    name_fold(NAME_CASE_RFC8265, raw, &folded);
    text->len = 0;
    text->p = xcalloc(folded.len, sizeof(text->p[0]));
    for (size_t i = 0; i < folded.len;) {
        UChar32 c;
        U8_NEXT(folded.p, i, folded.len, c);
        text->p[text->len++] = c;
    }
    buf_finish(&folded);
}

static void text_finish(struct text *text)
{
    free(text->p);
}

/* Marks follow something that can carry them, each once in a row, and no more than a language
 * needs: more would climb over the neighbouring lines. */
static bool marks_ok(const struct text *text, size_t start)
{
    size_t run = 0;
    for (size_t i = start; i < text->len; i++) {
        if (!name_is_mark(text->p[i])) {
            run = 0;
            continue;
        }
        bool carried = i > start && (text->p[i - 1] >= 0x80 || u_isalnum(text->p[i - 1]));
        if (!carried || text->p[i - 1] == text->p[i] || ++run > NAME_MARKS_MAX) {
            return false;
        }
    }
    return true;
}

static enum name_verdict check_nick_classes(const struct text *text)
{
    for (size_t i = 0; i < text->len; i++) {
        UChar32 c = text->p[i];
        if (c < 0x80) {
            if (!is_nick_ascii((char)c)) {
                return NAME_BAD_CHARACTER;
            }
            continue;
        }
        switch (name_class_of(c)) {
        case NAME_CLASS_IDENTIFIER:
            break;
        case NAME_CLASS_CONTEXT:
            if (!name_context_ok(text->p, text->len, i)) {
                return NAME_BAD_CHARACTER;
            }
            break;
        case NAME_CLASS_INVISIBLE:
            return NAME_INVISIBLE;
        case NAME_CLASS_BIDI:
            return NAME_BIDI;
        case NAME_CLASS_FREE:
        case NAME_CLASS_NONE:
            return NAME_BAD_CHARACTER;
        }
    }
    return NAME_OK;
}

/* UTS 39 section 5.2, moderately restrictive: one script, or the scripts that Chinese, Japanese
 * or Korean use together, or Latin with one other that has no look-alikes of its letters. */
static bool scripts_ok(struct str raw)
{
    UErrorCode error = U_ZERO_ERROR;
    USpoofChecker *checker = uspoof_open(&error);
    uspoof_setRestrictionLevel(checker, USPOOF_MODERATELY_RESTRICTIVE);
    uspoof_setChecks(checker, USPOOF_RESTRICTION_LEVEL, &error);
    int32_t failed = uspoof_check2UTF8(checker, raw.p, (int32_t)raw.len, NULL, &error);
    CHECK(U_SUCCESS(error));
    uspoof_close(checker);
    return failed == 0;
}

static enum name_verdict check_nick_text(const struct text *text, struct str raw)
{
    enum name_verdict verdict = check_nick_classes(text);
    if (verdict != NAME_OK) {
        return verdict;
    }
    /* Fullwidth digits have become digits by now. */
    if (text->p[0] < 0x80 && !is_nick_letter((char)text->p[0])) {
        return NAME_BAD_START;
    }
    if (!marks_ok(text, 0)) {
        return NAME_MARKS;
    }
    if (!name_bidi_ok(text->p, text->len)) {
        return NAME_BIDI;
    }
    return scripts_ok(raw) ? NAME_OK : NAME_MIXED_SCRIPTS;
}

static enum name_verdict check_nick_ascii(struct str raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        if (!is_nick_ascii(raw.p[i])) {
            return NAME_BAD_CHARACTER;
        }
    }
    return is_nick_letter(raw.p[0]) ? NAME_OK : NAME_BAD_START;
}

enum name_verdict name_check_nick(struct str raw)
{
    if (raw.len == 0) {
        return NAME_EMPTY;
    }
    if (name_is_ascii(raw)) {
        return check_nick_ascii(raw);
    }
    if (!str_is_utf8(raw)) {
        return NAME_MALFORMED;
    }
    struct text text;
    text_init(&text, raw);
    enum name_verdict verdict = check_nick_text(&text, raw);
    text_finish(&text);
    return verdict;
}

static enum name_verdict check_channel_text(const struct text *text)
{
    for (size_t i = 1; i < text->len; i++) {
        UChar32 c = text->p[i];
        if (c <= ' ' || c == ',' || c == 0x7F) {
            return NAME_BAD_CHARACTER;
        }
        enum name_class class = c < 0x80 ? NAME_CLASS_FREE : name_class_of(c);
        if (class == NAME_CLASS_INVISIBLE) {
            return NAME_INVISIBLE;
        }
        if (class == NAME_CLASS_BIDI) {
            return NAME_BIDI;
        }
        if (class == NAME_CLASS_NONE) {
            return NAME_BAD_CHARACTER;
        }
    }
    return marks_ok(text, 1) ? NAME_OK : NAME_MARKS;
}

enum name_verdict name_check_channel(struct str raw)
{
    if (raw.len == 0) {
        return NAME_EMPTY;
    }
    if (raw.p[0] != '#') {
        return NAME_BAD_START;
    }
    if (!str_is_utf8(raw)) {
        return NAME_MALFORMED;
    }
    struct text text;
    text_init(&text, raw);
    enum name_verdict verdict = check_channel_text(&text);
    text_finish(&text);
    return verdict;
}
