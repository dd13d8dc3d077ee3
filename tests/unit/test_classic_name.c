/* classic_name.c: nicknames as typed into nicknames that are admitted. */
#include "unit.h"

#include "classic_name.h"
#include "name.h"

enum { NICK_BYTES = 30 };

static void expect(struct str typed, size_t bytes_max, const char *nick)
{
    struct buf out = {0};
    if (nick == NULL) {
        assert_false(classic_usable_nick(typed, bytes_max, &out));
        assert_int_equal(out.len, 0);
    } else {
        assert_true(classic_usable_nick(typed, bytes_max, &out));
        assert_str(buf_str(&out), nick);
        assert_int_equal(name_check_nick(buf_str(&out)), NAME_OK);
    }
    buf_finish(&out);
}

static void leaves_nicknames_alone(void **state)
{
    expect(STR("철수"), NICK_BYTES, "철수");
    expect(STR("bob_"), NICK_BYTES, "bob_");
    expect(STR("ㅋㅋ"), NICK_BYTES, "ㅋㅋ");
    /* A syllable in loose letters, as macOS sends it, is one syllable. */
    expect(STR("\u110E\u1165\u11AF"), NICK_BYTES, "\u110E\u1165\u11AF");
}

static void mends_what_is_typed(void **state)
{
    expect(STR(" 홍 길동 "), NICK_BYTES, "홍_길동");
    expect(STR("철수/영희"), NICK_BYTES, "철수_영희");
    expect(STR("철수　\u3000영희"), NICK_BYTES, "철수_영희");
    expect(STR("a / ! b"), NICK_BYTES, "a_b");
    expect(STR("#철수!"), NICK_BYTES, "철수");
    expect(STR("3반"), NICK_BYTES, "_3반");
    expect(STR("/3"), NICK_BYTES, "_3");
    expect(STR("철\xff수\xed"), NICK_BYTES, "철수");
    expect(STR("철😀수"), NICK_BYTES, "철수");
    expect(STR("철\u200b수\u202e"), NICK_BYTES, "철수");
    expect(STR("\u110E\u1165\u11AF 1"), NICK_BYTES, "\u110E\u1165\u11AF_1");
    expect(STR("a\r\nb"), NICK_BYTES, "a_b");
}

static void keeps_to_the_length(void **state)
{
    expect(STR("가나다"), 9, "가나다");
    expect(STR("가나다"), 8, "가나");
    expect(STR("가나 다"), 9, "가나");
    expect(STR("가 "), 3, "가");
    expect(STR("가"), 2, NULL);
}

static void says_when_nothing_is_left(void **state)
{
    expect(STR(""), NICK_BYTES, NULL);
    expect(STR(" / "), NICK_BYTES, NULL);
    expect(STR("😀😀"), NICK_BYTES, NULL);
    expect(STR("\xff\xfe"), NICK_BYTES, NULL);
    expect(STR("\u202e"), NICK_BYTES, NULL);
    expect(STR("---"), NICK_BYTES, NULL);
}

static void adds_a_suffix(void **state)
{
    struct buf out = {0};
    classic_suffix_nick(STR("철수"), 2, NICK_BYTES, &out);
    assert_str(buf_str(&out), "철수2");
    buf_clear(&out);
    classic_suffix_nick(STR("철수"), 10, 7, &out);
    assert_str(buf_str(&out), "철10");
    buf_clear(&out);
    classic_suffix_nick(STR("철수"), 10, 8, &out);
    assert_str(buf_str(&out), "철수10");
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nicknames_alone), cmocka_unit_test(mends_what_is_typed),
        cmocka_unit_test(keeps_to_the_length),    cmocka_unit_test(says_when_nothing_is_left),
        cmocka_unit_test(adds_a_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
