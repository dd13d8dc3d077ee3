/* The folded form of names: RFC 8265 UsernameCaseMapped over ICU. Pure; any thread; allocates in
 * the result only. */
#include "name.h"

#include "alloc.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

enum {
    FOLD_UNITS = 512,                /* UTF-16 units normalised at a time */
    FOLD_UNITS_NFC = 3 * FOLD_UNITS, /* NFC makes at most three units of one (UAX 15) */
    FOLD_BYTES = 3 * FOLD_UNITS_NFC, /* UTF-8 makes at most three bytes of one */
    GREEK_QUESTION_MARK = 0x037E,
    GREEK_VARIA = 0x1FEF,
    CAPITAL_I_WITH_DOT = 0x0130,
    DOT_ABOVE = 0x0307,
};

struct folding {
    struct buf *out;
    const UNormalizer2 *nfc;
    const UNormalizer2 *nfkc;
    int32_t n;
    UChar units[FOLD_UNITS];
};

bool name_is_ascii(struct str s)
{
    unsigned char seen = 0;
    for (size_t i = 0; i < s.len; i++) {
        seen |= (unsigned char)s.p[i];
    }
    return seen < 0x80;
}

/* The three-byte sequences of scripts that no step of the folding changes: kana without the marks
 * that compose, unified Chinese characters, Hangul syllables. */
static bool is_plain_sequence(const char *p, size_t left)
{
    const unsigned char *b = (const unsigned char *)p;
    if (left < 3 || (b[0] & 0xF0) != 0xE0 || (b[1] & 0xC0) != 0x80 || (b[2] & 0xC0) != 0x80) {
        return false;
    }
    uint32_t c = (b[0] & 0x0Fu) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
    return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA) || c == 0x30FC;
}

static bool is_plain(struct str raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        if ((unsigned char)raw.p[i] >= 0x80) {
            if (!is_plain_sequence(raw.p + i, raw.len - i)) {
                return false;
            }
            i += 2;
        }
    }
    return true;
}

static char rfc1459_lower(char c)
{
    switch (c) {
    case '[':
        return '{';
    case ']':
        return '}';
    case '\\':
        return '|';
    case '~':
        return '^';
    default:
        return ascii_lower(c);
    }
}

static void fold_bytes(struct str raw, char (*lower)(char c), struct buf *out)
{
    char *to = raw.len > 0 ? buf_reserve(out, raw.len) : NULL;
    if (to == NULL) {
        return;
    }
    for (size_t i = 0; i < raw.len; i++) {
        to[i] = lower(raw.p[i]);
    }
    out->len += raw.len;
}

static void flush(struct folding *f)
{
    if (f->n == 0) {
        return;
    }
    UErrorCode error = U_ZERO_ERROR;
    UChar composed[FOLD_UNITS_NFC];
    int32_t n = unorm2_normalize(f->nfc, f->units, f->n, composed, FOLD_UNITS_NFC, &error);
    CHECK(U_SUCCESS(error));
    char utf8[FOLD_BYTES];
    int32_t len = 0;
    /* The units came from valid UTF-8 and hold no lone surrogate; the substitute is never used. */
    u_strToUTF8WithSub(utf8, FOLD_BYTES, &len, composed, n, 0xFFFD, NULL, &error);
    CHECK(U_SUCCESS(error));
    buf_add(f->out, utf8, (size_t)len);
    f->n = 0;
}

static void append(struct folding *f, UChar32 c)
{
    if (f->n + U16_MAX_LENGTH > FOLD_UNITS) {
        flush(f);
    }
    U16_APPEND_UNSAFE(f->units, f->n, c);
}

static bool is_ascii_alphanumeric(UChar32 c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* RFC 8265 section 3.3.1 step 1: fullwidth and halfwidth forms to what they are forms of. */
static UChar32 map_width(const struct folding *f, UChar32 c)
{
    int32_t type = u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE);
    if (type != U_DT_WIDE && type != U_DT_NARROW) {
        return c;
    }
    UErrorCode error = U_ZERO_ERROR;
    UChar units[U16_MAX_LENGTH];
    int32_t n = unorm2_getRawDecomposition(f->nfkc, c, units, U16_MAX_LENGTH, &error);
    CHECK(U_SUCCESS(error) && n > 0);
    UChar32 mapped;
    U16_GET(units, 0, 0, n, mapped);
    return mapped < 0x80 && !is_ascii_alphanumeric(mapped) ? c : mapped;
}

static void fold_character(struct folding *f, UChar32 c)
{
    if (c < 0x80) {
        if (!is_ascii_alphanumeric(c)) {
            flush(f); /* What stands between separators folds as it would alone. */
        }
        append(f, (unsigned char)ascii_lower((char)c));
        return;
    }
    if (c == GREEK_QUESTION_MARK || c == GREEK_VARIA) {
        /* The only two characters that NFC turns into ASCII punctuation (';' and '`'). */
        flush(f);
        char utf8[U8_MAX_LENGTH];
        size_t len = 0;
        U8_APPEND_UNSAFE(utf8, len, c);
        buf_add(f->out, utf8, len);
        return;
    }
    c = map_width(f, c);
    if (c == CAPITAL_I_WITH_DOT) {
        /* The only character whose lowercase is two in every language. */
        append(f, 'i');
        append(f, DOT_ABOVE);
        return;
    }
    /* One character at a time: a sigma is σ at the end of a word too, so that a part of a name
     * folds to a part of the folded name. */
    append(f, u_tolower(c));
}

static void fold_unicode(struct str raw, struct buf *out)
{
    UErrorCode error = U_ZERO_ERROR;
    struct folding f;
    f.out = out;
    f.n = 0;
    f.nfc = unorm2_getNFCInstance(&error);
    f.nfkc = unorm2_getNFKCInstance(&error);
    CHECK(U_SUCCESS(error));
    for (size_t i = 0; i < raw.len;) {
        size_t start = i;
        UChar32 c;
        U8_NEXT(raw.p, i, raw.len, c);
        if (c >= 0) {
            fold_character(&f, c);
        } else {
            flush(&f);
            buf_add(out, raw.p + start, i - start);
        }
    }
    flush(&f);
}

void name_fold(enum name_casemapping m, struct str raw, struct buf *out)
{
    if (m == NAME_CASE_RFC1459) {
        fold_bytes(raw, rfc1459_lower, out);
    } else if (m == NAME_CASE_ASCII || is_plain(raw)) {
        fold_bytes(raw, ascii_lower, out);
    } else {
        fold_unicode(raw, out);
    }
}
