/* timestamp.c: times as clients write them. */
#include "unit.h"

#include "message.h"
#include "timestamp.h"

static void check(const char *text, uint64_t want)
{
    uint64_t ms = 0;
    assert_int_equal(timestamp_parse(str_from(text), &ms), STATUS_OK);
    assert_int_equal(ms, want);
}

static void check_not(const char *text)
{
    uint64_t ms = 7;
    assert_int_equal(timestamp_parse(str_from(text), &ms), STATUS_MALFORMED);
    assert_int_equal(ms, 7);
}

static void times(void **state)
{
    check("1970-01-01T00:00:00.000Z", 0);
    check("1970-01-01T00:00:00Z", 0);
    check("2026-11-22T00:00:00.123Z", 1795305600123);
    check("2026-11-22T00:00:00.1Z", 1795305600100);
    check("2026-11-22T00:00:00.123456Z", 1795305600123);
    check("2000-02-29T23:59:59.999Z", 951868799999);
    check("2016-12-31T23:59:60.000Z", 1483228800000);
    check_not("");
    check_not("2026-11-22T00:00:00.123");
    check_not("2026-11-22 00:00:00.123Z");
    check_not("2026-11-22T00:00:00.Z");
    check_not("2026-11-22T00:00:00.123Zx");
    check_not("2026-13-22T00:00:00.123Z");
    check_not("2026-00-22T00:00:00.123Z");
    check_not("2026-11-31T00:00:00.123Z");
    check_not("2026-02-29T00:00:00.123Z");
    check_not("1969-12-31T23:59:59.999Z");
    check_not("2026-11-22T24:00:00.000Z");
    check_not("2026-11-22T00:60:00.000Z");
    check_not("2026-11-22T00:00:61.000Z");
    check_not("+026-11-22T00:00:00.000Z");
}

/* What messages carry is understood again, whatever the day. */
static void there_and_back(void **state)
{
    for (uint64_t ms = 0; ms < 253402300800000; ms += 7777777777) {
        struct buf text = {0};
        message_add_time(&text, ms);
        uint64_t back = 0;
        assert_int_equal(timestamp_parse(buf_str(&text), &back), STATUS_OK);
        assert_int_equal(back, ms);
        buf_finish(&text);
    }
}

static void seconds(void **state)
{
    uint64_t ms = 0;
    assert_int_equal(timestamp_parse_seconds(STR("1795305600"), &ms), STATUS_OK);
    assert_int_equal(ms, 1795305600000);
    assert_int_equal(timestamp_parse_seconds(STR("1795305600.1234"), &ms), STATUS_OK);
    assert_int_equal(ms, 1795305600123);
    assert_int_equal(timestamp_parse_seconds(STR("0"), &ms), STATUS_OK);
    assert_int_equal(ms, 0);
    static const char *const none[] = {"", ".", "1.", "-1", "1.x", "x", "18446744073709551615"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(timestamp_parse_seconds(str_from(none[i]), &ms), STATUS_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
