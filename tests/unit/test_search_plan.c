/* search_plan.c: whatever was measured before, asking a shard ends. */
#include "unit.h"

#include "search_plan.h"

static void no_plan_comes_twice(void **state)
{
    static const char *const texts[] = {"", "word", "two words", "\"whole\" word",
                                        "안녕하세요 word"};
    static const int64_t costs[] = {0, 10, 900, 5000};
    for (unsigned t = 0; t < 2 * sizeof(texts) / sizeof(texts[0]); t++) {
        struct search_terms terms;
        search_terms_init(&terms, str_from(texts[t / 2]));
        struct search_plans plans = {.terms = &terms};
        plans.sender = t % 2 == 0 ? STR("Snick") : (struct str){0};
        for (unsigned c = 0; c < 4 * 4 * 4 * 4; c++) {
            for (unsigned p = 0; p < SEARCH_PLANS; p++) {
                plans.cost_us[p] = costs[c >> 2 * p & 3];
            }
            unsigned tried = 0;
            enum search_plan plan = search_plan_choose(&plans);
            /* Each gives too much, until nothing is left to try. */
            while (plan != SEARCH_PLAN_ALL) {
                assert_true(plan < SEARCH_PLAN_ALL);
                assert_int_equal(tried & 1U << plan, 0);
                tried |= 1U << plan;
                plan = search_plan_after(&plans, plan);
            }
        }
        search_terms_finish(&terms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_plan_comes_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
