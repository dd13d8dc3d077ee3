/* Folding, skeletons and the rules of names. The first byte chooses the casemapping, or that the
 * rest are code points of two bytes each, since few strings of bytes are UTF-8 by chance. */
#include "fuzz.h"

#include "name.h"

/* A run of marks that is longer than any name is folded in pieces, and the promises below are made
 * for names. */
enum { PROMISED_MAX = 256 };

static void check_lists(enum name_casemapping m, struct str list, struct str folded)
{
    struct str elements = list;
    struct buf joined = {0};
    while (elements.p != NULL) {
        name_fold(m, str_split(&elements, ','), &joined);
        if (elements.p != NULL) {
            buf_add_char(&joined, ',');
        }
    }
    CHECK(str_eq(buf_str(&joined), folded));
    buf_finish(&joined);
}

static void check_fold(enum name_casemapping m, struct str raw)
{
    struct buf once = {0};
    struct buf twice = {0};
    name_fold(m, raw, &once);
    CHECK(!once.failed && str_is_utf8(raw) == str_is_utf8(buf_str(&once)));
    name_fold(m, buf_str(&once), &twice);
    CHECK(str_eq(buf_str(&once), buf_str(&twice)));
    check_lists(m, raw, buf_str(&once));
    buf_finish(&once);
    buf_finish(&twice);
}

static void check_skeleton(struct str raw, struct str folded)
{
    struct buf of_raw = {0};
    struct buf of_folded = {0};
    name_skeleton(raw, &of_raw);
    name_skeleton(folded, &of_folded);
    CHECK(str_eq(buf_str(&of_raw), buf_str(&of_folded)));
    buf_finish(&of_raw);
    buf_finish(&of_folded);
}

/* Every form of a good name is a good name, and none can break a line or a list. */
static void check_rules(struct str raw)
{
    struct buf folded = {0};
    name_fold(NAME_CASE_RFC8265, raw, &folded);
    if (name_check_nick(raw) == NAME_OK) {
        CHECK(name_check_nick(buf_str(&folded)) == NAME_OK);
        CHECK(str_is_utf8(raw));
        for (size_t i = 0; i < raw.len; i++) {
            CHECK(raw.p[i] == '\0' || strchr(" ,*?!@.:#&$~+%/\r\n\t\x7f", raw.p[i]) == NULL);
            CHECK(raw.p[i] != '\0');
        }
    }
    if (name_check_channel(raw) == NAME_OK) {
        CHECK(name_check_channel(buf_str(&folded)) == NAME_OK);
        CHECK(str_is_utf8(raw) && raw.p[0] == '#');
        for (size_t i = 0; i < raw.len; i++) {
            CHECK((unsigned char)raw.p[i] > ' ' && raw.p[i] != ',' && raw.p[i] != 0x7F);
        }
    }
    check_skeleton(raw, buf_str(&folded));
    buf_finish(&folded);
}

static void add_utf8(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_add_char(out, (char)c);
    } else if (c < 0x800) {
        buf_add_char(out, (char)(0xC0 | c >> 6));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0xD800 || c > 0xDFFF) {
        buf_add_char(out, (char)(0xE0 | c >> 12));
        buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        buf_add_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

static void check_name(enum name_casemapping m, struct str raw)
{
    if (raw.len <= PROMISED_MAX) {
        check_fold(m, raw);
        check_rules(raw);
        return;
    }
    struct buf out = {0};
    name_fold(m, raw, &out);
    buf_clear(&out);
    name_skeleton(raw, &out);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct str raw = fuzz_str(data + 1, size - 1);
    struct buf points = {0};
    switch (data[0]) {
    case '1':
        check_name(NAME_CASE_RFC1459, raw);
        break;
    case 'a':
        check_name(NAME_CASE_ASCII, raw);
        break;
    case 'u':
        for (size_t i = 1; i + 1 < size; i += 2) {
            add_utf8(&points, (unsigned)data[i] << 8 | data[i + 1]);
        }
        check_name(NAME_CASE_RFC8265, buf_str(&points));
        break;
    default:
        check_name(NAME_CASE_RFC8265, raw);
    }
    buf_finish(&points);
    return 0;
}
