/* line.c: the message format. */
#include "unit.h"

#include "line.h"

static void splits_everything(void **state)
{
    struct line line;
    assert_int_equal(line_parse(STR("@a=1;+b :n!u@h  PRIVMSG  #r :hello  world "), &line),
                     STATUS_OK);
    assert_str(line.tags, "a=1;+b");
    assert_str(line.source, "n!u@h");
    assert_str(line.command, "PRIVMSG");
    assert_int_equal(line.n_params, 2);
    assert_str(line.params[0], "#r");
    assert_str(line.params[1], "hello  world ");
}

static void keeps_an_empty_trailing(void **state)
{
    struct line line;
    assert_int_equal(line_parse(STR("TOPIC #r :"), &line), STATUS_OK);
    assert_int_equal(line.n_params, 2);
    assert_str(line.params[1], "");
    assert_int_equal(line_parse(STR("AWAY   "), &line), STATUS_OK);
    assert_int_equal(line.n_params, 0);
}

static void last_parameter_takes_the_rest(void **state)
{
    struct line line;
    assert_int_equal(line_parse(STR("X 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"), &line),
                     STATUS_OK);
    assert_int_equal(line.n_params, LINE_PARAMS_MAX);
    assert_str(line.params[14], "15 16 17");
}

static void refuses_what_is_no_line(void **state)
{
    struct line line;
    assert_int_equal(line_parse(STR(""), &line), STATUS_INCOMPLETE);
    assert_int_equal(line_parse(STR("   "), &line), STATUS_INCOMPLETE);
    assert_int_equal(line_parse(STR("@a=1"), &line), STATUS_MALFORMED);
    assert_int_equal(line_parse(STR(":src"), &line), STATUS_MALFORMED);
    assert_int_equal(line_parse(STR("PRIV\0MSG x"), &line), STATUS_MALFORMED);
    assert_int_equal(line_parse(STR("PRIVMSG a :b\rc"), &line), STATUS_MALFORMED);
    assert_int_equal(line_parse(STR("G\x01T HTTP"), &line), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_everything),
        cmocka_unit_test(keeps_an_empty_trailing),
        cmocka_unit_test(last_parameter_takes_the_rest),
        cmocka_unit_test(refuses_what_is_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
