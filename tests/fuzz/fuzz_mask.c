/* Wildcard masks against a slow matcher that follows the definition. A mask, a newline, a text. */
#include "fuzz.h"

#include "mask.h"
#include "proto_limits.h"

enum { COMPARED_MAX = 64 };

static size_t sequence_len(struct str s, size_t at)
{
    size_t len = 1;
    while (at + len < s.len && ((unsigned char)s.p[at + len] & 0xC0) == 0x80) {
        len++;
    }
    return len;
}

/* Whether mask from m fits text from t, for all m and t from the ends: both are valid UTF-8. */
static bool match_by_table(struct str mask, struct str text)
{
    bool fits[COMPARED_MAX + 1][COMPARED_MAX + 1] = {0};
    fits[mask.len][text.len] = true;
    for (size_t m = mask.len; m-- > 0;) {
        bool escaped =
            mask.p[m] == '\\' && m + 1 < mask.len && (mask.p[m + 1] == '*' || mask.p[m + 1] == '?');
        for (size_t t = text.len + 1; t-- > 0;) {
            bool more = t < text.len;
            size_t next = more ? t + sequence_len(text, t) : t;
            if (escaped) {
                fits[m][t] = more && text.p[t] == mask.p[m + 1] && fits[m + 2][t + 1];
            } else if (mask.p[m] == '*') {
                fits[m][t] = fits[m + 1][t] || (more && fits[m][next]);
            } else if (mask.p[m] == '?') {
                fits[m][t] = more && fits[m + 1][next];
            } else {
                fits[m][t] = more && text.p[t] == mask.p[m] && fits[m + 1][t + 1];
            }
        }
    }
    return fits[0][0];
}

static void check_normal(struct str raw)
{
    struct buf once = {0};
    struct buf twice = {0};
    mask_normalise(raw, &once);
    CHECK(once.len <= MASK_MAX);
    CHECK(str_is_utf8(buf_str(&once)) || !str_is_utf8(raw));
    CHECK(memchr(once.p, '!', once.len) != NULL && memchr(once.p, '@', once.len) != NULL);
    CHECK(once.p[0] != ':');
    for (size_t i = 0; i < once.len; i++) {
        CHECK((unsigned char)once.p[i] > ' ' && once.p[i] != 0x7F);
    }
    mask_normalise(buf_str(&once), &twice);
    CHECK(str_eq(buf_str(&once), buf_str(&twice)));
    buf_finish(&once);
    buf_finish(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);
    struct str mask = str_split(&text, '\n');
    bool matches = mask_match(mask, text);
    if (mask.len <= COMPARED_MAX && text.len <= COMPARED_MAX && str_is_utf8(mask) &&
        str_is_utf8(text)) {
        CHECK(matches == match_by_table(mask, text));
    }
    check_normal(mask);
    return 0;
}
