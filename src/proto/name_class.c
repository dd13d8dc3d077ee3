/* Which characters names are made of: the derived property of RFC 8264 section 8, its contextual
 * rules, and the bidi rule of RFC 5893. Pure; any thread; knows nothing of IRC. */
#include "name_priv.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>

/* Letters written one by one, ㄱ to ㅣ: compatibility characters, and everyday Korean. */
static bool is_compatibility_jamo(UChar32 c)
{
    return c >= 0x3131 && c <= 0x3163;
}

/* RFC 5892 section 2.6, in the order of their kinds; NAME_CLASS_FREE is none of them. */
static enum name_class exception_of(UChar32 c)
{
    switch (c) {
    case 0x00DF:
    case 0x03C2:
    case 0x06FD:
    case 0x06FE:
    case 0x0F0B:
    case 0x3007:
        return NAME_CLASS_IDENTIFIER;
    case 0x00B7:
    case 0x0375:
    case 0x05F3:
    case 0x05F4:
    case 0x30FB:
        return NAME_CLASS_CONTEXT;
    case 0x0640:
    case 0x07FA:
    case 0x302E:
    case 0x302F:
    case 0x3031:
    case 0x3032:
    case 0x3033:
    case 0x3034:
    case 0x3035:
    case 0x303B:
        return NAME_CLASS_NONE;
    default:
        if ((c >= 0x0660 && c <= 0x0669) || (c >= 0x06F0 && c <= 0x06F9)) {
            return NAME_CLASS_CONTEXT;
        }
        return NAME_CLASS_FREE;
    }
}

static bool is_conjoining_jamo(UChar32 c)
{
    int32_t type = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
    return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

enum name_class name_class_of(UChar32 c)
{
    enum name_class exception = exception_of(c);
    if (exception != NAME_CLASS_FREE) {
        return exception;
    }
    if (u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL)) {
        return NAME_CLASS_BIDI;
    }
    uint32_t category = U_GET_GC_MASK(c);
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
        (category & (U_GC_Z_MASK | U_GC_CF_MASK)) != 0 || c == 0x2800) {
        return NAME_CLASS_INVISIBLE; /* U+2800 is the Braille cell without dots. */
    }
    if ((category & (U_GC_CC_MASK | U_GC_CN_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) != 0 ||
        is_conjoining_jamo(c)) {
        return NAME_CLASS_NONE;
    }
    if (is_compatibility_jamo(c)) {
        return NAME_CLASS_IDENTIFIER;
    }
    if (u_getIntPropertyValue(c, UCHAR_NFKC_QUICK_CHECK) == UNORM_NO) {
        return NAME_CLASS_FREE;
    }
    uint32_t letter_digits =
        U_GC_LU_MASK | U_GC_LL_MASK | U_GC_LO_MASK | U_GC_LM_MASK | U_GC_M_MASK | U_GC_ND_MASK;
    return (category & letter_digits & ~(uint32_t)U_GC_ME_MASK) != 0 ? NAME_CLASS_IDENTIFIER
                                                                     : NAME_CLASS_FREE;
}

static bool has_script(UChar32 c, UScriptCode script)
{
    UErrorCode error = U_ZERO_ERROR;
    return uscript_getScript(c, &error) == script;
}

static bool any_kana_or_han(const UChar32 *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (has_script(text[i], USCRIPT_HIRAGANA) || has_script(text[i], USCRIPT_KATAKANA) ||
            has_script(text[i], USCRIPT_HAN)) {
            return true;
        }
    }
    return false;
}

static bool any_between(const UChar32 *text, size_t len, UChar32 first, UChar32 last)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] >= first && text[i] <= last) {
            return true;
        }
    }
    return false;
}

bool name_context_ok(const UChar32 *text, size_t len, size_t at)
{
    switch (text[at]) {
    case 0x00B7: /* The Catalan middle dot: between two l. */
        return at > 0 && at + 1 < len && text[at - 1] == 'l' && text[at + 1] == 'l';
    case 0x0375: /* Keraia: before a Greek letter. */
        return at + 1 < len && has_script(text[at + 1], USCRIPT_GREEK);
    case 0x05F3: /* Geresh and gershayim: behind a Hebrew letter. */
    case 0x05F4:
        return at > 0 && has_script(text[at - 1], USCRIPT_HEBREW);
    case 0x30FB: /* The katakana middle dot: in Japanese. */
        return any_kana_or_han(text, len);
    default: /* Arabic digits: not both sets in one name. */
        return text[at] < 0x06F0 ? !any_between(text, len, 0x06F0, 0x06F9)
                                 : !any_between(text, len, 0x0660, 0x0669);
    }
}

bool name_is_mark(UChar32 c)
{
    return (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

enum {
    BIDI_RTL = U_MASK(U_RIGHT_TO_LEFT) | U_MASK(U_RIGHT_TO_LEFT_ARABIC),
    BIDI_LTR = U_MASK(U_LEFT_TO_RIGHT),
    BIDI_EN = U_MASK(U_EUROPEAN_NUMBER),
    BIDI_AN = U_MASK(U_ARABIC_NUMBER),
    BIDI_WEAK = U_MASK(U_EUROPEAN_NUMBER_SEPARATOR) | U_MASK(U_COMMON_NUMBER_SEPARATOR) |
                U_MASK(U_EUROPEAN_NUMBER_TERMINATOR) | U_MASK(U_OTHER_NEUTRAL) |
                U_MASK(U_BOUNDARY_NEUTRAL) | U_MASK(U_DIR_NON_SPACING_MARK),
};

bool name_bidi_ok(const UChar32 *text, size_t len)
{
    uint32_t all = 0;
    uint32_t last = 0; /* of the last character that is no nonspacing mark */
    for (size_t i = 0; i < len; i++) {
        uint32_t direction = U_MASK(u_charDirection(text[i]));
        all |= direction;
        if (direction != U_MASK(U_DIR_NON_SPACING_MARK)) {
            last = direction;
        }
    }
    if ((all & (BIDI_RTL | BIDI_AN)) == 0) {
        return true;
    }
    uint32_t first = U_MASK(u_charDirection(text[0]));
    if ((first & BIDI_RTL) != 0) {
        bool both_numbers = (all & BIDI_EN) != 0 && (all & BIDI_AN) != 0;
        return (all & ~(uint32_t)(BIDI_RTL | BIDI_AN | BIDI_EN | BIDI_WEAK)) == 0 &&
               (last & (BIDI_RTL | BIDI_EN | BIDI_AN)) != 0 && !both_numbers;
    }
    /* A name that begins left to right may hold nothing of the other direction, and it does. */
    return false;
}
