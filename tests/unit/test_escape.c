/* Control characters become visible, everything else stays. */
#include "unit.h"

#include "escape.h"

static void check(const char *bytes, size_t len, const char *expected)
{
    struct buf out = {0};
    escape_add(&out, str_make(bytes, len));
    assert_str(buf_str(&out), expected);
    buf_finish(&out);
}

static void text_stays(void **state)
{
    check("", 0, "");
    check("철수 says \\o/ 😀", strlen("철수 says \\o/ 😀"), "철수 says \\o/ 😀");
}

static void controls_become_escapes(void **state)
{
    check("a\0b", 3, "a\\x00b");
    check("\x1b[2J\r\n\t\x7f", 8, "\\x1b[2J\\r\\n\\t\\x7f");
    check("\xc2\x85", 2, "\\u0085");
    check("x\u202ey", 5, "x\\u202ey");
    check("\u2028\u2066\u200f\u061c", 11, "\\u2028\\u2066\\u200f\\u061c");
}

static void other_bytes_become_escapes(void **state)
{
    check("\xff"
          "a",
          2, "\\xffa");
    check("\xea\xb0", 2, "\\xea\\xb0");
    check("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays),
        cmocka_unit_test(controls_become_escapes),
        cmocka_unit_test(other_bytes_become_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
