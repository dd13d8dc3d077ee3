/* name_skeleton.c: which names look alike. */
#include "unit.h"

#include "name.h"

static bool look_alike(const char *a, const char *b)
{
    struct buf x = {0};
    struct buf y = {0};
    name_skeleton(str_from(a), &x);
    name_skeleton(str_from(b), &y);
    bool same = str_eq(buf_str(&x), buf_str(&y));
    buf_finish(&x);
    buf_finish(&y);
    return same;
}

static void finds_look_alikes(void **state)
{
    assert_true(look_alike("paypal", "p\u0430ypal"));
    assert_true(look_alike("PayPal", "р\u0430УР\u0430l"));
    assert_true(look_alike("scope", "\u0455\u0441\u043E\u0440\u0435"));
    assert_true(look_alike("Ｍａｒｕ", "maru"));
    assert_true(look_alike("#1", "#l"));
}

static void tells_others_apart(void **state)
{
    assert_false(look_alike("철수", "영희"));
    assert_false(look_alike("paypal", "paypall"));
    assert_false(look_alike("вася", "bacr"));
    assert_false(look_alike("a", ""));
}

static void folds_first(void **state)
{
    assert_true(look_alike("ВАСЯ", "вася"));
    assert_true(look_alike("\u110e\u1165\u11af\u1109\u116e", "철수"));
}

static void appends_and_takes_anything(void **state)
{
    struct buf out = {0};
    buf_add_cstr(&out, "=");
    name_skeleton(STR("bob"), &out);
    assert_str(buf_str(&out), "=bob");
    name_skeleton(STR(""), &out);
    assert_str(buf_str(&out), "=bob");
    name_skeleton(STR("\xff\xfe"), &out);
    buf_clear(&out);
    /* One character whose skeleton is far longer than four times its bytes, many times. */
    for (int i = 0; i < 200; i++) {
        name_skeleton(STR("\uFDFA\uFDFA\uFDFA\uFDFA"), &out);
    }
    assert_true(out.len > 200 * 12);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_look_alikes),
        cmocka_unit_test(tells_others_apart),
        cmocka_unit_test(folds_first),
        cmocka_unit_test(appends_and_takes_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
