/* verb.c: the table of commands is sorted, complete and found in any case. */
#include "unit.h"

#include "verb.h"

static void every_verb_is_found_in_any_case(void **state)
{
    for (int id = 0; id < VERB_COUNT; id++) {
        const struct verb *verb = verb_by_id((enum verb_id)id);
        assert_int_equal(verb->id, id);
        assert_ptr_equal(verb_find(verb->name), verb);
        char lower[32];
        char longer[32];
        size_t len = verb->name.len;
        assert_true(len + 2 < sizeof(lower));
        for (size_t i = 0; i < len; i++) {
            lower[i] = i % 2 == 0 ? ascii_lower(verb->name.p[i]) : verb->name.p[i];
            longer[i] = verb->name.p[i];
        }
        longer[len] = '\x7f';
        assert_ptr_equal(verb_find((struct str){lower, len}), verb);
        assert_null(verb_find((struct str){longer, len + 1}));
        assert_true(verb->cost > 0);
        /* A new name is folded as well. */
        assert_true((verb->flags & VERB_NEW_NAMES) == 0 || (verb->fold & 1) != 0);
    }
}

static void nothing_else_is_found(void **state)
{
    static const char *const none[] = {"", "A", "ZZZ", "PRIVMS", "PRIVMSGS", "001", "NICKNAME"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_null(verb_find(str_from(none[i])));
    }
    assert_null(verb_find(STR("PING\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_is_found_in_any_case),
        cmocka_unit_test(nothing_else_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
