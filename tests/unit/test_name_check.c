/* name_check.c and name_class.c: what may be a nickname or a room. */
#include "unit.h"

#include "name.h"

#define assert_nick(raw, verdict) assert_int_equal(name_check_nick(str_from(raw)), verdict)
#define assert_room(raw, verdict) assert_int_equal(name_check_channel(str_from(raw)), verdict)

static void ascii_nicks(void **state)
{
    assert_nick("bob", NAME_OK);
    assert_nick("[a]\\`_^{|}-9", NAME_OK);
    assert_nick("_", NAME_OK);
    assert_nick("", NAME_EMPTY);
    assert_nick("9bob", NAME_BAD_START);
    assert_nick("-bob", NAME_BAD_START);
    for (const char *c = " ,*?!@.:#&$~+%/=<>'\"();\t\x07\x7f\r\n"; *c != '\0'; c++) {
        const char name[] = {'b', *c, 'b'};
        assert_int_equal(name_check_nick(str_make(name, 3)), NAME_BAD_CHARACTER);
    }
    assert_int_equal(name_check_nick(STR("a\0b")), NAME_BAD_CHARACTER);
    assert_int_equal(name_check_nick(STR("\0")), NAME_BAD_CHARACTER);
}

static void korean_nicks(void **state)
{
    assert_nick("철수", NAME_OK);
    assert_nick("철수2", NAME_OK);
    assert_nick("철수_kim", NAME_OK);
    assert_nick("\u110e\u1165\u11af\u1109\u116e", NAME_OK); /* decomposed */
    assert_nick("ㅋㅋㅋ", NAME_OK);
    assert_nick("한字ㄱ", NAME_OK);
    assert_nick("2철수", NAME_BAD_START);
    assert_nick("철 수", NAME_BAD_CHARACTER);
    assert_nick("철수!", NAME_BAD_CHARACTER);
    assert_nick("\u110e\u110e", NAME_BAD_CHARACTER); /* loose conjoining letters */
    assert_nick("\u3164", NAME_INVISIBLE);           /* Hangul filler */
    assert_nick("철\uFFA0수", NAME_INVISIBLE);       /* its halfwidth form */
    assert_nick("\u115F", NAME_INVISIBLE);
}

static void nicks_of_other_scripts(void **state)
{
    assert_nick("вася", NAME_OK);
    assert_nick("Žižek", NAME_OK);
    assert_nick("straße", NAME_OK);
    assert_nick("さくら", NAME_OK);
    assert_nick("ジョン・スミス", NAME_OK);
    assert_nick("bob・bob", NAME_BAD_CHARACTER);
    assert_nick("小明", NAME_OK);
    assert_nick("นัท", NAME_OK);
    assert_nick("देवी", NAME_OK);
    assert_nick("Nguye\u0302\u0303n", NAME_OK);
    assert_nick("col·lega", NAME_OK);
    assert_nick("a·b", NAME_BAD_CHARACTER);
    assert_nick("ｍａｒｕ", NAME_OK);
    assert_nick("１maru", NAME_BAD_START);
    assert_nick("maru，x", NAME_BAD_CHARACTER);
}

static void nicks_are_no_symbols(void **state)
{
    assert_nick("😀", NAME_BAD_CHARACTER);
    assert_nick("bob™", NAME_BAD_CHARACTER);
    assert_nick("ﬁn", NAME_BAD_CHARACTER);
    assert_nick("x²", NAME_BAD_CHARACTER);
    assert_nick("Ⅳ", NAME_BAD_CHARACTER);
    assert_nick("bob\u037E", NAME_BAD_CHARACTER);
    assert_nick("bob\u1FEF", NAME_BAD_CHARACTER);
    assert_nick("bob\xc2\x85", NAME_BAD_CHARACTER);
    assert_nick("\uE000", NAME_BAD_CHARACTER);
    assert_nick("\U000E0FFF", NAME_INVISIBLE);
    assert_nick("\u0378", NAME_BAD_CHARACTER); /* unassigned */
    assert_nick("ـ\u0628", NAME_BAD_CHARACTER);
}

static void invisible_names(void **state)
{
    const char *invisible[] = {"\u200B", "\u200C",     "\u200D", "\u2060", "\u00AD",
                               "\uFEFF", "\u00A0",     "\u3000", "\u2003", "\uFE0F",
                               "\u180E", "\U000E0041", "\u034F", "\u2800", "\u2028"};
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        struct buf name = {0};
        buf_add_cstr(&name, "#bob");
        buf_add_cstr(&name, invisible[i]);
        buf_add_cstr(&name, "bob");
        assert_int_equal(name_check_channel(buf_str(&name)), NAME_INVISIBLE);
        assert_int_equal(name_check_nick(str_make(name.p + 1, name.len - 1)), NAME_INVISIBLE);
        buf_finish(&name);
    }
}

static void directions(void **state)
{
    assert_nick("שלום", NAME_OK);
    assert_nick("סמי7", NAME_OK);
    assert_nick("محمد", NAME_OK);
    assert_nick("محمد٣", NAME_OK);
    assert_nick("محمد٣٣12", NAME_BIDI); /* two kinds of digits */
    assert_nick("٣محمد", NAME_BIDI);
    assert_nick("bobשלום", NAME_BIDI);
    assert_nick("שלוםbob", NAME_BIDI);
    assert_nick("שלום_", NAME_BIDI);
    assert_nick("ש_ם", NAME_OK);
    assert_nick("bob\u202Eeve", NAME_BIDI);
    assert_nick("bob\u2066eve", NAME_BIDI);
    assert_nick("bob\u200E", NAME_BIDI);
    assert_nick("\u061Cبب", NAME_BIDI);
    assert_nick("ب۳٣", NAME_BAD_CHARACTER); /* Arabic and Persian digits */
    assert_room("#שלום", NAME_OK);
    assert_room("#a\u202Eb", NAME_BIDI);
    assert_room("#a\u200Fb", NAME_BIDI);
}

static void marks(void **state)
{
    assert_nick("\u0301bob", NAME_MARKS);
    assert_nick("b-\u0316b", NAME_MARKS);
    assert_nick("b\u0316\u0316b", NAME_MARKS);
    assert_nick("b\u0316\u0317\u0318\u0319b", NAME_OK);
    assert_nick("b\u0316\u0317\u0318\u0319\u031Cb", NAME_MARKS);
    assert_room("#\u0316b", NAME_MARKS);
    assert_room("#b\u0316\u0316", NAME_MARKS);
    assert_room("#b\u0316", NAME_OK);
}

static void mixed_scripts(void **state)
{
    assert_nick("p\u0430ypal", NAME_MIXED_SCRIPTS);
    assert_nick("οutlook", NAME_MIXED_SCRIPTS);
    assert_nick("철수вася", NAME_MIXED_SCRIPTS);
    assert_nick("철수bob", NAME_OK);
    assert_nick("東京タワーtower", NAME_OK);
    assert_nick("นัทbob", NAME_OK);
    assert_nick("вася_2", NAME_OK);
}

static void malformed(void **state)
{
    assert_nick("a\xff", NAME_MALFORMED);
    assert_nick("a\xed\xa0\x80", NAME_MALFORMED);
    assert_room("#\xc0\x80", NAME_MALFORMED);
}

static void rooms(void **state)
{
    assert_room("#공지방", NAME_OK);
    assert_room("#Lobby", NAME_OK);
    assert_room("##c", NAME_OK);
    assert_room("#", NAME_OK);
    assert_room("#a:b!c@d.*?~", NAME_OK);
    assert_room("#파티🎉", NAME_OK);
    assert_room("#수학Ⅱ", NAME_OK);
    assert_room("#질문，답", NAME_OK);
    assert_room("#ㅋㅋ", NAME_OK);
    assert_room("", NAME_EMPTY);
    assert_room("lobby", NAME_BAD_START);
    assert_room("&lobby", NAME_BAD_START);
    assert_room("＃lobby", NAME_BAD_START);
    assert_room("#a b", NAME_BAD_CHARACTER);
    assert_room("#a,b", NAME_BAD_CHARACTER);
    assert_room("#a\ab", NAME_BAD_CHARACTER);
    assert_room("#a\x7f", NAME_BAD_CHARACTER);
    assert_room("#a\xc2\x85", NAME_BAD_CHARACTER);
    assert_int_equal(name_check_channel(STR("#a\0b")), NAME_BAD_CHARACTER);
    assert_room("#\uE000", NAME_BAD_CHARACTER);
    assert_room("#\uFDD0", NAME_BAD_CHARACTER);
}

static void verdicts_have_texts(void **state)
{
    for (int v = NAME_OK; v <= NAME_MALFORMED; v++) {
        for (int w = NAME_OK; w < v; w++) {
            assert_string_not_equal(name_verdict_text(v), name_verdict_text(w));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_nicks),
        cmocka_unit_test(korean_nicks),
        cmocka_unit_test(nicks_of_other_scripts),
        cmocka_unit_test(nicks_are_no_symbols),
        cmocka_unit_test(invisible_names),
        cmocka_unit_test(directions),
        cmocka_unit_test(marks),
        cmocka_unit_test(mixed_scripts),
        cmocka_unit_test(malformed),
        cmocka_unit_test(rooms),
        cmocka_unit_test(verdicts_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
