/* msgid.c: sequence numbers as text. */
#include "unit.h"

#include "msgid.h"

static void goes_both_ways(void **state)
{
    static const uint64_t seqs[] = {1, 35, 36, 1295, 1296, (uint64_t)1 << 36, UINT64_MAX};
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        char out[MSGID_MAX];
        uint64_t seq = 0;
        struct str id = msgid_format("abcdefghijk", seqs[i], out);
        assert_true(id.len <= MSGID_MAX);
        assert_true(msgid_parse("abcdefghijk", id, &seq));
        assert_int_equal(seq, seqs[i]);
    }
    char out[MSGID_MAX];
    assert_true(str_eq(msgid_format("m", 36, out), STR("m10")));
}

static void takes_no_others(void **state)
{
    static const char *const others[] = {
        "",    "m",   "x10", "m0", "m01",
        "m1A", "m1 ", "m-1", "mé", "m10000000000000000", /* more than 64 bits */
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        uint64_t seq = 7;
        assert_false(msgid_parse("m", str_from(others[i]), &seq));
        assert_int_equal(seq, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_both_ways),
        cmocka_unit_test(takes_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
