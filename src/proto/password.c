/* SASLprep over ICU's NFKC. Pure; any thread. */
#include "password.h"

#include "alloc.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

/* RFC 3454 table B.1: mapped to nothing. */
static bool is_nothing(UChar32 c)
{
    return c == 0x00AD || c == 0x034F || c == 0x1806 || (c >= 0x180B && c <= 0x180D) ||
           (c >= 0x200B && c <= 0x200D) || c == 0x2060 || (c >= 0xFE00 && c <= 0xFE0F) ||
           c == 0xFEFF;
}

static bool is_prohibited(UChar32 c)
{
    int8_t type = u_charType(c);
    return type == U_CONTROL_CHAR || type == U_PRIVATE_USE_CHAR || type == U_SURROGATE ||
           type == U_LINE_SEPARATOR || type == U_PARAGRAPH_SEPARATOR || U_IS_UNICODE_NONCHAR(c);
}

/* To UTF-16 in `units`, with the mappings; a negative status where something is prohibited. */
static int map(struct str raw, UChar *units, int32_t *ret_n)
{
    int32_t n = 0;
    for (size_t i = 0; i < raw.len;) {
        UChar32 c;
        U8_NEXT(raw.p, i, raw.len, c);
        if (c < 0 || is_prohibited(c)) {
            return STATUS_MALFORMED;
        }
        if (!is_nothing(c)) {
            c = u_charType(c) == U_SPACE_SEPARATOR ? ' ' : c;
            U16_APPEND_UNSAFE(units, n, c);
        }
    }
    *ret_n = n;
    return n > 0 ? STATUS_OK : STATUS_MALFORMED;
}

int password_prepare(struct str raw, struct buf *out)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&error);
    CHECK(U_SUCCESS(error));
    if (raw.len == 0 || raw.len > INT32_MAX / 64) {
        return STATUS_MALFORMED;
    }
    /* NFKC makes at most 18 units of one (UAX 15). */
    size_t units_max = raw.len * 18;
    UChar *units = xmalloc(raw.len * sizeof(UChar));
    UChar *composed = xmalloc(units_max * sizeof(UChar));
    int32_t n = 0;
    int status = map(raw, units, &n);
    if (status == STATUS_OK) {
        int32_t m = unorm2_normalize(nfkc, units, n, composed, (int32_t)units_max, &error);
        CHECK(U_SUCCESS(error));
        char *to = buf_reserve(out, (size_t)m * 3);
        int32_t len = 0;
        if (to != NULL) {
            u_strToUTF8WithSub(to, m * 3, &len, composed, m, 0xFFFD, NULL, &error);
            CHECK(error == U_ZERO_ERROR || error == U_STRING_NOT_TERMINATED_WARNING);
            out->len += (size_t)len;
        }
        explicit_bzero(composed, (size_t)m * sizeof(UChar));
    }
    explicit_bzero(units, raw.len * sizeof(UChar));
    free(units);
    free(composed);
    return status;
}
