/* name_fold.c: examples of the folding, and its promises over the whole of Unicode. */
#include "unit.h"

#include "name.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

static void folds_to(enum name_casemapping m, const char *raw, const char *folded)
{
    struct buf out = {0};
    name_fold(m, str_from(raw), &out);
    assert_str(buf_str(&out), folded);
    buf_finish(&out);
}

static void folds_ascii(void **state)
{
    folds_to(NAME_CASE_RFC8265, "AZaz09[]\\~{}|^@,*?", "azaz09[]\\~{}|^@,*?");
    folds_to(NAME_CASE_ASCII, "AZaz09[]\\~{}|^@,*?", "azaz09[]\\~{}|^@,*?");
    folds_to(NAME_CASE_RFC1459, "AZaz09[]\\~{}|^@,*?", "azaz09{}|^{}|^@,*?");
}

static void ascii_mappings_leave_the_rest(void **state)
{
    folds_to(NAME_CASE_ASCII, "É\xffX", "É\xffx");
    folds_to(NAME_CASE_RFC1459, "É\xff[", "É\xff{");
}

static void appends(void **state)
{
    struct buf out = {0};
    buf_add_cstr(&out, "X");
    name_fold(NAME_CASE_RFC8265, STR("Y"), &out);
    name_fold(NAME_CASE_RFC8265, STR("É"), &out);
    assert_str(buf_str(&out), "Xyé");
    name_fold(NAME_CASE_RFC8265, STR(""), &out);
    assert_str(buf_str(&out), "Xyé");
    buf_finish(&out);
}

static void respects_a_maximum(void **state)
{
    struct buf out;
    buf_init(&out, 4);
    name_fold(NAME_CASE_RFC8265, STR("ＡＢＣＤ"), &out); /* Twelve bytes that fold to four. */
    assert_false(out.failed);
    assert_str(buf_str(&out), "abcd");
    name_fold(NAME_CASE_RFC8265, STR("E"), &out);
    assert_true(out.failed);
    buf_finish(&out);
}

static void korean_decomposed_equals_composed(void **state)
{
    folds_to(NAME_CASE_RFC8265, "철수Kim", "철수kim");
    folds_to(NAME_CASE_RFC8265, "\u110e\u1165\u11af\u1109\u116e", "철수");
    folds_to(NAME_CASE_RFC8265, "철\u1109\u116e", "철수");
    /* A syllable without a final consonant composes with one that follows. */
    folds_to(NAME_CASE_RFC8265, "\uAC00\u11A8", "각");
    folds_to(NAME_CASE_RFC8265, "#공지방", "#공지방");
}

static void folds_other_scripts(void **state)
{
    folds_to(NAME_CASE_RFC8265, "ÉE\u0301é", "ééé");
    folds_to(NAME_CASE_RFC8265, "ВАСЯ", "вася");
    folds_to(NAME_CASE_RFC8265, "ΣΊΣΥΦΟΣ", "σίσυφοσ"); /* No final sigma. */
    folds_to(NAME_CASE_RFC8265, "straße", "straße");
    folds_to(NAME_CASE_RFC8265, "ﾊﾞ", "バ");
    folds_to(NAME_CASE_RFC8265, "か\u3099", "が");
}

static void folds_turkish_without_a_locale(void **state)
{
    folds_to(NAME_CASE_RFC8265, "İ", "i\u0307");
    folds_to(NAME_CASE_RFC8265, "I\u0307", "i\u0307");
    folds_to(NAME_CASE_RFC8265, "Iı", "iı");
}

static void fullwidth_letters_fold_and_punctuation_stays(void **state)
{
    folds_to(NAME_CASE_RFC8265, "Ｍａｒｕ１", "maru1");
    folds_to(NAME_CASE_RFC8265, "Ａ，Ｂ", "a，b");
    folds_to(NAME_CASE_RFC8265, "＊！＠\u3000", "＊！＠\u3000");
    folds_to(NAME_CASE_RFC8265, "\u037E\u1FEF", "\u037E\u1FEF");
}

static void invalid_bytes_stay(void **state)
{
    folds_to(NAME_CASE_RFC8265, "A\xffÉ\xe3\x81", "a\xffé\xe3\x81");
    folds_to(NAME_CASE_RFC8265, "\xed\xa0\x80X", "\xed\xa0\x80x");
}

static void long_text_folds_in_pieces(void **state)
{
    struct buf raw = {0};
    struct buf want = {0};
    for (int i = 0; i < 3000; i++) {
        buf_add_cstr(&raw, "E\u0301, \U00010400");
        buf_add_cstr(&want, "é, \U00010428");
    }
    struct buf got = {0};
    name_fold(NAME_CASE_RFC8265, buf_str(&raw), &got);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.p, want.p, want.len);
    buf_finish(&raw);
    buf_finish(&want);
    buf_finish(&got);
}

static size_t encode(UChar32 c, char *to)
{
    size_t len = 0;
    U8_APPEND_UNSAFE(to, len, c);
    return len;
}

/* Every character: nothing becomes ASCII but letters and digits, folding twice is folding once, a
 * comma separates what folds alone, and canonical equivalents fold alike. */
static void holds_for_every_character(void **state)
{
    UErrorCode error = U_ZERO_ERROR;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&error);
    struct buf once = {0};
    struct buf twice = {0};
    struct buf listed = {0};
    for (UChar32 c = 0x80; c <= 0x10FFFF; c++) {
        if (U_IS_SURROGATE(c)) {
            continue;
        }
        char raw[8] = ",";
        size_t len = encode(c, raw + 1);
        buf_clear(&once);
        buf_clear(&twice);
        buf_clear(&listed);
        name_fold(NAME_CASE_RFC8265, str_make(raw + 1, len), &once);
        name_fold(NAME_CASE_RFC8265, buf_str(&once), &twice);
        name_fold(NAME_CASE_RFC8265, str_make(raw, len + 1), &listed);
        for (size_t i = 0; i < once.len; i++) {
            char b = once.p[i];
            bool fine =
                (unsigned char)b >= 0x80 || (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9');
            if (!fine) {
                fail_msg("U+%04X folds to ASCII %c", (unsigned)c, b);
            }
        }
        if (!str_eq(buf_str(&once), buf_str(&twice))) {
            fail_msg("U+%04X folds twice to something else", (unsigned)c);
        }
        if (listed.p[0] != ',' || !str_eq(str_make(listed.p + 1, listed.len - 1), buf_str(&once))) {
            fail_msg("U+%04X does not stay behind its comma", (unsigned)c);
        }
        UChar units[64];
        int32_t n = unorm2_getDecomposition(nfd, c, units, 64, &error);
        if (n > 0 && c != 0x037E && c != 0x1FEF) {
            char utf8[256];
            int32_t utf8_len = 0;
            u_strToUTF8(utf8, sizeof(utf8), &utf8_len, units, n, &error);
            assert_true(U_SUCCESS(error));
            buf_clear(&twice);
            name_fold(NAME_CASE_RFC8265, str_make(utf8, (size_t)utf8_len), &twice);
            if (!str_eq(buf_str(&once), buf_str(&twice))) {
                fail_msg("U+%04X and its decomposition fold apart", (unsigned)c);
            }
        }
    }
    buf_finish(&once);
    buf_finish(&twice);
    buf_finish(&listed);
}

static void knows_ascii(void **state)
{
    assert_true(name_is_ascii(STR("")));
    assert_true(name_is_ascii(STR("abc\x7f")));
    assert_false(name_is_ascii(STR("abcé")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_ascii),
        cmocka_unit_test(ascii_mappings_leave_the_rest),
        cmocka_unit_test(appends),
        cmocka_unit_test(respects_a_maximum),
        cmocka_unit_test(korean_decomposed_equals_composed),
        cmocka_unit_test(folds_other_scripts),
        cmocka_unit_test(folds_turkish_without_a_locale),
        cmocka_unit_test(fullwidth_letters_fold_and_punctuation_stays),
        cmocka_unit_test(invalid_bytes_stay),
        cmocka_unit_test(long_text_folds_in_pieces),
        cmocka_unit_test(holds_for_every_character),
        cmocka_unit_test(knows_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
