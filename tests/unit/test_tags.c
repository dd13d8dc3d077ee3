/* tags.c: IRCv3 message-tags. */
#include "unit.h"

#include "tags.h"

static void walks_over_tags(void **state)
{
    struct str rest = STR("a=1;;=x;+b;c=");
    struct str key;
    struct str value;
    assert_true(tags_next(&rest, &key, &value));
    assert_str(key, "a");
    assert_str(value, "1");
    assert_true(tags_next(&rest, &key, &value));
    assert_str(key, "+b");
    assert_str(value, "");
    assert_true(tags_next(&rest, &key, &value));
    assert_str(key, "c");
    assert_false(tags_next(&rest, &key, &value));
}

static void last_of_equal_keys_counts(void **state)
{
    struct str value;
    assert_true(tags_find(STR("a=1;b=2;a=3"), STR("a"), &value));
    assert_str(value, "3");
    assert_false(tags_find(STR("ab=1"), STR("a"), &value));
}

static void escapes_and_unescapes(void **state)
{
    struct buf out = {0};
    tags_add_escaped(&out, STR("a; b\\\r\n"));
    assert_str(buf_str(&out), "a\\:\\sb\\\\\\r\\n");
    struct buf back = {0};
    tags_add_unescaped(&back, buf_str(&out));
    assert_str(buf_str(&back), "a; b\\\r\n");
    buf_clear(&back);
    tags_add_unescaped(&back, STR("x\\b\\"));
    assert_str(buf_str(&back), "xb");
    buf_finish(&out);
    buf_finish(&back);
}

static void knows_valid_keys(void **state)
{
    assert_true(tags_key_valid(STR("+draft/reply")));
    assert_true(tags_key_valid(STR("example.org/x-1")));
    assert_false(tags_key_valid(STR("+")));
    assert_false(tags_key_valid(STR("a b")));
    assert_false(tags_key_valid(STR("/x")));
    assert_false(tags_key_valid(STR("v/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_over_tags),
        cmocka_unit_test(last_of_equal_keys_counts),
        cmocka_unit_test(escapes_and_unescapes),
        cmocka_unit_test(knows_valid_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
