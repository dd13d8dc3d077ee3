/* mask.c: wildcard matching, and masks made whole. */
#include "unit.h"

#include "mask.h"
#include "proto_limits.h"

#define assert_match(mask, text)   assert_true(mask_match(str_from(mask), str_from(text)))
#define assert_differs(mask, text) assert_false(mask_match(str_from(mask), str_from(text)))

static void literals(void **state)
{
    assert_match("", "");
    assert_match("abc", "abc");
    assert_differs("abc", "ab");
    assert_differs("abc", "abcd");
    assert_differs("", "a");
    assert_differs("a", "");
    assert_differs("a", "A");
}

static void stars(void **state)
{
    assert_match("*", "");
    assert_match("**", "x");
    assert_match("a*c", "ac");
    assert_match("a*c", "abcbc");
    assert_differs("a*c", "abcb");
    assert_match("*!*@*.example", "bob!b@a.example.example");
    assert_differs("*!*@*.example", "bob!b@example");
    assert_match("*ab*cd*", "xxabyycdcdzz");
    assert_differs("*ab*cd", "abcde");
    assert_match("*aab", "aaaab");
}

static void question_marks_are_characters(void **state)
{
    assert_match("b?b", "bob");
    assert_differs("b?b", "bb");
    assert_match("철?", "철수");
    assert_differs("철???", "철수");
    assert_match("?*", "수");
    assert_differs("??*", "수");
    assert_match("*?수", "철수");
    assert_differs("*??수", "철수");
    assert_match("?", "\U0001F600");
    /* Bytes of no character count one by one. */
    assert_match("??", "\xff\x80");
    assert_match("?a", "\xe3"
                       "a");
}

static void escapes(void **state)
{
    assert_match("a\\*", "a*");
    assert_differs("a\\*", "ab");
    assert_match("a\\?b", "a?b");
    assert_differs("a\\?b", "axb");
    assert_match("\\*\\**", "**anything");
    assert_match("*\\*", "xx*");
    assert_differs("*\\*", "xx");
    /* A nickname's backslash is itself. */
    assert_match("a\\b", "a\\b");
    assert_match("a\\", "a\\");
    assert_differs("a\\b", "ab");
}

static void no_explosion(void **state)
{
    /* With one saved place for each star this would take longer than the universe has lasted. */
    struct buf mask = {0};
    struct buf text = {0};
    for (int i = 0; i < 250; i++) {
        buf_add_cstr(&mask, "*a");
        buf_add_cstr(&text, "aaaa");
    }
    assert_true(mask_match(buf_str(&mask), buf_str(&text)));
    buf_add_cstr(&mask, "*b");
    assert_false(mask_match(buf_str(&mask), buf_str(&text)));
    buf_finish(&mask);
    buf_finish(&text);
}

/* The definition, spelled out; for short masks only. */
static bool match_by_definition(const char *mask, const char *text)
{
    switch (*mask) {
    case '\0':
        return *text == '\0';
    case '*':
        return match_by_definition(mask + 1, text) ||
               (*text != '\0' && match_by_definition(mask, text + 1));
    case '?':
        return *text != '\0' && match_by_definition(mask + 1, text + 1);
    default:
        return *mask == *text && match_by_definition(mask + 1, text + 1);
    }
}

static void spell(unsigned number, const char *letters, unsigned n_letters, char *to)
{
    for (; number > 0; number /= n_letters + 1) {
        unsigned digit = number % (n_letters + 1);
        if (digit > 0) {
            *to++ = letters[digit - 1];
        }
    }
    *to = '\0';
}

static void agrees_with_the_definition(void **state)
{
    char mask[16];
    char text[16];
    for (unsigned m = 0; m < 5 * 5 * 5 * 5 * 5; m++) {
        spell(m, "ab*?", 4, mask);
        for (unsigned t = 0; t < 3 * 3 * 3 * 3 * 3 * 3; t++) {
            spell(t, "ab", 2, text);
            if (mask_match(str_from(mask), str_from(text)) != match_by_definition(mask, text)) {
                fail_msg("%s against %s", mask, text);
            }
        }
    }
}

static void normal(const char *raw, const char *want)
{
    struct buf out = {0};
    mask_normalise(str_from(raw), &out);
    assert_str(buf_str(&out), want);
    buf_finish(&out);
}

static void completes_masks(void **state)
{
    normal("bob", "bob!*@*");
    normal("철수", "철수!*@*");
    normal("*", "*!*@*");
    normal("", "*!*@*");
    normal("b@h", "*!b@h");
    normal("@h", "*!*@h");
    normal("b@", "*!b@*");
    normal("n!u", "n!u@*");
    normal("n!u@h", "n!u@h");
    normal("!@", "*!*@*");
    normal("n!@h", "n!*@h");
    normal("a.b", "*!*@a.b");
    normal("2001:db8::/32", "*!*@2001:db8::/32");
    normal("n!u@h@i", "n!u@h@i");
    normal("u@h!x", "u@h!x@*");
}

static void tidies_masks(void **state)
{
    normal("***bob**!**@**", "*bob*!*@*");
    normal("a\\**", "a\\**!*@*");
    normal("a*\\**", "a*\\**!*@*");
    normal(":a!b@c", "a!b@c");
    normal("bob eve", "bob!*@*");
    normal("n!u@h\x01x", "n!u@h");
    normal(" x", "*!*@*");
}

static void bounds_masks(void **state)
{
    struct buf raw = {0};
    for (int i = 0; i < 100; i++) {
        buf_add_cstr(&raw, "철");
    }
    buf_add_cstr(&raw, "!");
    for (int i = 0; i < 100; i++) {
        buf_add_cstr(&raw, "u");
    }
    buf_add_cstr(&raw, "@");
    for (int i = 0; i < 100; i++) {
        buf_add_cstr(&raw, "\\*");
    }
    struct buf out;
    buf_init(&out, MASK_MAX);
    mask_normalise(buf_str(&raw), &out);
    assert_false(out.failed);
    assert_true(str_is_utf8(buf_str(&out)));
    struct buf want = {0};
    for (int i = 0; i < MASK_NICK_MAX / 3; i++) {
        buf_add_cstr(&want, "철");
    }
    buf_add_cstr(&want, "*!uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu*@");
    for (int i = 0; i < (MASK_HOST_MAX - 1) / 2; i++) {
        buf_add_cstr(&want, "\\*");
    }
    buf_add_cstr(&want, "*");
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.p, want.p, want.len);
    buf_finish(&out);
    buf_finish(&want);

    /* What fits exactly stays whole. */
    buf_clear(&raw);
    for (int i = 0; i < MASK_NICK_MAX; i++) {
        buf_add_char(&raw, 'n');
    }
    buf_init(&out, 0);
    mask_normalise(buf_str(&raw), &out);
    assert_int_equal(out.len, MASK_NICK_MAX + strlen("!*@*"));
    assert_int_equal(out.p[MASK_NICK_MAX - 1], 'n');
    buf_finish(&out);
    buf_finish(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(stars),
        cmocka_unit_test(question_marks_are_characters),
        cmocka_unit_test(escapes),
        cmocka_unit_test(no_explosion),
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(completes_masks),
        cmocka_unit_test(tidies_masks),
        cmocka_unit_test(bounds_masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
