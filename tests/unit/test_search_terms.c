/* search_terms.c: what a person types, and which texts have it. */
#include "unit.h"

#include "search_limits.h"
#include "search_terms.h"

static bool finds(const char *wanted, const char *text)
{
    struct search_terms terms;
    search_terms_init(&terms, str_from(wanted));
    bool found = search_terms_match(&terms, str_from(text));
    /* Again: nothing is left of the text before. */
    assert_false(search_terms_match(&terms, STR("")) && terms.n_terms > 0);
    assert_int_equal(search_terms_match(&terms, str_from(text)), found);
    search_terms_finish(&terms);
    return found;
}

static void words_and_beginnings(void **state)
{
    assert_true(finds("hello", "well, HELLO there"));
    assert_true(finds("hel", "hello"));
    assert_false(finds("ello", "hello"));
    assert_false(finds("hellos", "hello"));
    assert_true(finds("there hello", "hello there"));
    assert_false(finds("hello absent", "hello there"));
    assert_true(finds("a", "a b"));
    assert_false(finds("a", "ab")); /* one letter alone would find nearly all */
    assert_true(finds("écol", "ÉCOLE"));
}

static void syllables(void **state)
{
    assert_true(finds("녕하", "안녕하세요"));
    assert_true(finds("안녕하세요", "모두 안녕하세요!"));
    assert_true(finds("하세요", "안녕하세요"));
    assert_false(finds("안하", "안녕하세요"));
    assert_false(finds("안녕하세", "안녕 녕하 하세")); /* the pairs are there, but not in one */
    assert_false(finds("녕하", "안녕 하세요"));
    assert_false(finds("안녕하", "안녕 녕하"));
    assert_true(finds("\"안녕 녕하\"", "안녕 녕하"));
    assert_true(finds("하세요안", "하하세요안녕"));
    assert_true(finds("안", "안녕"));
    assert_true(finds("안", "안 돼"));
    assert_true(finds("京都", "東京都"));
}

static void in_one_piece(void **state)
{
    assert_true(finds("maru서버", "새 Maru서버입니다"));
    assert_false(finds("maru서버", "서버 maru"));
    assert_true(finds("버maru", "서버Maru입니다"));
    assert_true(finds("example.com", "https://example.com/x"));
    assert_true(finds("example.co", "https://example.com/x"));
    assert_false(finds("example.com", "com example"));
    assert_true(finds("don't", "I don't know"));
    assert_true(finds("maru서", "maru서버"));
}

static void quotes(void **state)
{
    assert_true(finds("\"hello there\"", "well hello there"));
    assert_false(finds("\"hello there\"", "hello you there"));
    assert_false(finds("\"hello ther\"", "hello there"));
    assert_false(finds("\"hel\"", "hello"));
    assert_true(finds("well \"hello there\" yo", "hello there you, well"));
    assert_true(finds("\"안녕 하세요\"", "안녕 하세요"));
    assert_true(finds("5\" scr", "a 5 inch screen")); /* nothing closes it */
    assert_true(finds("\"\" hello", "hello"));
}

static void nothing_is_syntax(void **state)
{
    assert_true(finds("hello*", "hello"));
    assert_true(finds("text:hello", "text hello"));
    assert_false(finds("text:hello", "hello"));
    assert_false(finds("hello OR absent", "hello"));
    assert_true(finds("hello NOT there", "there, hello, not"));
    assert_true(finds("NEAR(a b)", "near a b"));
    assert_true(finds("^hello -there", "there hello"));
}

static void nothing_to_find(void **state)
{
    struct search_terms terms;
    search_terms_init(&terms, STR(""));
    assert_false(terms.hopeless);
    assert_true(search_terms_match(&terms, STR("anything")));
    search_terms_finish(&terms);
    search_terms_init(&terms, STR("!!! \"\" \xff"));
    assert_true(terms.hopeless);
    assert_false(search_terms_match(&terms, STR("!!!")));
    search_terms_finish(&terms);
}

static void is_bounded(void **state)
{
    struct buf text = {0};
    for (int i = 0; i < 5000; i++) {
        buf_printf(&text, "w%d ", i);
    }
    struct search_terms terms;
    search_terms_init(&terms, buf_str(&text));
    assert_int_equal(terms.n_tokens, SEARCH_TOKENS_MAX);
    assert_true(search_terms_match(&terms, buf_str(&text)));
    search_terms_finish(&terms);
    buf_clear(&text);
    for (int i = 0; i < 5000; i++) {
        buf_add_cstr(&text, "가나");
    }
    search_terms_init(&terms, buf_str(&text));
    assert_int_equal(terms.n_tokens, SEARCH_TOKENS_MAX);
    assert_true(search_terms_match(&terms, buf_str(&text)));
    search_terms_finish(&terms);
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_beginnings), cmocka_unit_test(syllables),
        cmocka_unit_test(in_one_piece),         cmocka_unit_test(quotes),
        cmocka_unit_test(nothing_is_syntax),    cmocka_unit_test(nothing_to_find),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
