/* sniff.c: what a connection speaks. */
#include "unit.h"

#include "proto_limits.h"
#include "sniff.h"

/* The answer for the whole, and SNIFF_MORE or the same for every beginning of it. */
static void sniffs(struct str bytes, enum sniff_kind kind)
{
    enum sniff_kind last = SNIFF_MORE;
    for (size_t len = 0; len <= bytes.len; len++) {
        enum sniff_kind now = sniff(str_make(bytes.p, len));
        assert_true(last == SNIFF_MORE || now == last);
        assert_true(now != SNIFF_MORE || len < SNIFF_MAX);
        last = now;
    }
    assert_int_equal(last, kind);
}

static void knows_tls(void **state)
{
    sniffs(STR("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"), SNIFF_TLS);
    sniffs(STR("\x16\x03\x03\x00\x31\x01"), SNIFF_TLS);
    sniffs(STR("\x16\x03\x01\x02\x00"), SNIFF_MORE);
    sniffs(STR("\x16\x03\x01\x02\x00\x02"), SNIFF_UNKNOWN); /* a ServerHello */
    sniffs(STR("\x16\x03\x01\xff\xff\x01"), SNIFF_UNKNOWN);
    sniffs(STR("\x16\x03\x01\x00\x00\x01"), SNIFF_UNKNOWN);
    sniffs(STR("\x16\x02"), SNIFF_UNKNOWN);
    sniffs(STR("\x16\x03\x05"), SNIFF_UNKNOWN);
    sniffs(STR("\x80\x2e\x01\x03\x01"), SNIFF_UNKNOWN); /* SSL 2 */
    sniffs(STR("\n\x16\x03\x01\x02\x00\x01"), SNIFF_UNKNOWN);
}

static void knows_http(void **state)
{
    sniffs(STR("GET / HTTP/1.1\r\n"), SNIFF_HTTP);
    sniffs(STR("HEAD /"), SNIFF_HTTP);
    sniffs(STR("POST / HTTP/1.1\r\n\r\nNICK bob\r\n"), SNIFF_HTTP);
    sniffs(STR("PUT /"), SNIFF_HTTP);
    sniffs(STR("OPTIONS *"), SNIFF_HTTP);
    sniffs(STR("CONNECT a:1"), SNIFF_HTTP);
    sniffs(STR("DELETE /"), SNIFF_HTTP);
    sniffs(STR("TRACE /"), SNIFF_HTTP);
    sniffs(STR("patch /"), SNIFF_HTTP);
    sniffs(STR("PRI * HTTP/2.0"), SNIFF_HTTP);
    sniffs(STR("PROPFIND /"), SNIFF_HTTP);
    sniffs(STR("\r\n\r\nGET /"), SNIFF_HTTP);
    sniffs(STR("\r\n\r\nPROPFIND /"), SNIFF_HTTP);
    sniffs(STR("GET"), SNIFF_MORE);
}

static void knows_irc(void **state)
{
    sniffs(STR("NICK bob\r\n"), SNIFF_IRC);
    sniffs(STR("CAP LS 302"), SNIFF_IRC);
    sniffs(STR("PASS x"), SNIFF_IRC);
    sniffs(STR("PING x"), SNIFF_IRC);
    sniffs(STR("PRIVMSG x"), SNIFF_IRC);
    sniffs(STR("user a"), SNIFF_IRC);
    sniffs(STR("GETX a"), SNIFF_IRC);
    sniffs(STR("GET\r\n"), SNIFF_IRC);
    sniffs(STR("@label=1 NICK b"), SNIFF_IRC);
    sniffs(STR(":b NICK b"), SNIFF_IRC);
    sniffs(STR("\r\nNICK b"), SNIFF_IRC);
    sniffs(STR("N"), SNIFF_IRC);
    sniffs(STR("P"), SNIFF_MORE);
}

static void knows_nothing_else(void **state)
{
    sniffs(STR(""), SNIFF_MORE);
    sniffs(STR("\0"), SNIFF_UNKNOWN);
    sniffs(STR("철수"), SNIFF_UNKNOWN);
    sniffs(STR("\x04\x01"), SNIFF_UNKNOWN);
    sniffs(STR("<policy-file-request/>"), SNIFF_UNKNOWN);
    sniffs(STR("\n\n\n\n"), SNIFF_MORE);
    sniffs(STR("\n\n\n\n\nGET /"), SNIFF_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_tls),
        cmocka_unit_test(knows_http),
        cmocka_unit_test(knows_irc),
        cmocka_unit_test(knows_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
