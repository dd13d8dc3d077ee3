/* metadata.h: keys, values, and how many there may be. */
#include "unit.h"

#include "buf.h"
#include "metadata.h"

static void keys_are_checked(void **state)
{
    static const char *const valid[] = {"a", "display-name", "a.b/c_d-0", "9"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(*valid); i++) {
        assert_true(metadata_key_valid(str_from(valid[i])));
    }
    static const char *const invalid[] = {"", "A", "display name", "*", "a:b", "키", "%key%"};
    for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++) {
        assert_false(metadata_key_valid(str_from(invalid[i])));
    }
    struct buf longest = {0};
    for (unsigned i = 0; i < METADATA_KEY_MAX; i++) {
        buf_add_char(&longest, 'k');
    }
    assert_true(metadata_key_valid(buf_str(&longest)));
    buf_add_char(&longest, 'k');
    assert_false(metadata_key_valid(buf_str(&longest)));
    buf_finish(&longest);
}

static void the_order_is_that_of_setting(void **state)
{
    struct metadata metadata = {0};
    assert_null(metadata_get(&metadata, STR("a")));
    assert_true(metadata_set(&metadata, STR("b"), STR("one"), 3));
    assert_true(metadata_set(&metadata, STR("a"), STR(""), 3));
    assert_true(metadata_set(&metadata, STR("c"), STR("three"), 3));
    assert_true(metadata_set(&metadata, STR("b"), STR("two"), 3));
    assert_false(metadata_set(&metadata, STR("d"), STR("four"), 3));
    assert_string_equal(metadata_get(&metadata, STR("b")), "two");
    assert_string_equal(metadata_get(&metadata, STR("a")), "");
    assert_true(metadata_unset(&metadata, STR("a")));
    assert_false(metadata_unset(&metadata, STR("a")));
    assert_null(metadata_get(&metadata, STR("a")));
    assert_int_equal(metadata.n, 2);
    assert_string_equal(metadata.entries[0].key, "b");
    assert_string_equal(metadata.entries[1].key, "c");
    metadata_finish(&metadata);
    assert_int_equal(metadata.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(the_order_is_that_of_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
