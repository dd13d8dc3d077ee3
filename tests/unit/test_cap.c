/* cap.c: lists of capabilities, taken as a whole or not at all. */
#include "unit.h"

#include "cap.h"

static void names_and_bits(void **state)
{
    struct buf out = {0};
    cap_add_names(&out, 0);
    assert_int_equal(out.len, 0);
    cap_add_names(&out, CAP_SERVER_TIME | CAP_BATCH);
    assert_str(buf_str(&out), "batch server-time");
    buf_clear(&out);
    cap_add_names(&out, CAP_ALL);
    struct str rest = buf_str(&out);
    cap_set all = 0;
    while (rest.p != NULL) {
        cap_set cap = cap_find(str_split(&rest, ' '));
        assert_true(cap != 0 && (all & cap) == 0);
        all |= cap;
    }
    assert_int_equal(all, CAP_ALL);
    assert_int_equal(cap_find(STR("Batch")), 0);
    assert_int_equal(cap_find(STR("")), 0);
    buf_finish(&out);
}

static void check(const char *list, unsigned version, uint32_t before, bool taken, uint32_t after)
{
    cap_set caps = before;
    assert_int_equal(cap_apply(str_from(list), version, CAP_ALL, &caps), taken);
    assert_int_equal(caps, after);
}

static void requests(void **state)
{
    check("batch server-time", 302, 0, true, CAP_BATCH | CAP_SERVER_TIME);
    check("  batch  ", 302, 0, true, CAP_BATCH);
    check("", 302, CAP_BATCH, true, CAP_BATCH);
    check("-batch server-time", 302, CAP_BATCH, true, CAP_SERVER_TIME);
    check("batch nothing", 302, CAP_SETNAME, false, CAP_SETNAME);
    check("batch -nothing", 302, CAP_SETNAME, false, CAP_SETNAME);
    check("batch -batch", 302, 0, true, 0);
    check("-cap-notify", 302, CAP_CAP_NOTIFY, false, CAP_CAP_NOTIFY);
    check("-cap-notify", 301, CAP_CAP_NOTIFY, true, 0);
    check("-", 302, 0, false, 0);
    check("--batch", 302, CAP_BATCH, false, CAP_BATCH);
}

static void what_is_not_offered_is_refused(void **state)
{
    cap_set caps = 0;
    assert_false(cap_apply(STR("draft/chathistory"), 302, CAP_BATCH, &caps));
    assert_true(cap_apply(STR("draft/chathistory"), 302, CAP_CHATHISTORY, &caps));
    assert_int_equal(caps, CAP_CHATHISTORY);
}

static void words_that_fit(void **state)
{
    struct str words = STR("one two  three");
    assert_str(cap_take_words(&words, 7), "one two");
    assert_str(cap_take_words(&words, 2), "th");
    assert_str(cap_take_words(&words, 100), "ree");
    assert_int_equal(words.len, 0);
    words = STR("one two");
    assert_str(cap_take_words(&words, 6), "one");
    assert_str(words, "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_bits),
        cmocka_unit_test(requests),
        cmocka_unit_test(what_is_not_offered_is_refused),
        cmocka_unit_test(words_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
