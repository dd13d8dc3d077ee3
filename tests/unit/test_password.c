/* password.c: one password, however it was typed. */
#include "unit.h"

#include "password.h"

static void prepared(const char *raw, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(password_prepare(str_from(raw), &out), STATUS_OK);
    assert_str(buf_str(&out), expected);
    buf_finish(&out);
}

static void refused(struct str raw)
{
    struct buf out = {0};
    assert_int_equal(password_prepare(raw, &out), STATUS_MALFORMED);
    assert_int_equal(out.len, 0);
    buf_finish(&out);
}

static void examples_of_rfc_4013(void **state)
{
    prepared("I\xC2\xADX", "IX"); /* a soft hyphen */
    prepared("user", "user");
    prepared("USER", "USER");
    prepared("\xC2\xAA", "a");      /* ª */
    prepared("\xE2\x85\xA8", "IX"); /* Ⅸ */
    refused(STR("\x07"));
}

static void same_however_it_was_typed(void **state)
{
    prepared("안녕", "안녕");
    prepared("\xE1\x84\x8B\xE1\x85\xA1\xE1\x86\xAB", "안"); /* as separate letters */
    prepared("a\xC2\xA0"
             "b\xE3\x80\x80"
             "c",
             "a b c"); /* other spaces */
    prepared("ＡＢＣ１", "ABC1");
    prepared("🌊 wave", "🌊 wave");
}

static void what_is_none(void **state)
{
    refused(STR(""));
    refused(STR("\xE2\x80\x8B")); /* nothing that can be seen */
    refused(STR("a\nb"));
    refused(STR("a\0b"));
    refused(STR("\xff"));
    refused(STR("\xC3"));
    refused(STR("\xEE\x80\x80")); /* private use */
    char text[3000];
    memset(text, 'x', sizeof(text));
    struct buf out = {0};
    assert_int_equal(password_prepare(str_make(text, sizeof(text)), &out), STATUS_OK);
    assert_int_equal(out.len, sizeof(text));
    buf_finish(&out);
    /* The longest that normalisation makes of one character. */
    prepared("\xEF\xB7\xBA", "صلى الله عليه وسلم");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_rfc_4013),
        cmocka_unit_test(same_however_it_was_typed),
        cmocka_unit_test(what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
