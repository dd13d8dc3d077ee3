/* forwarded.c: whom a reverse proxy speaks for. */
#include "unit.h"

#include "forwarded.h"

#include <stdio.h>

/* With 10.0.0.0/8 and ::1 as trusted proxies. */
static int read_fields(const char *fields, struct forwarded *ret)
{
    struct network trusted[2];
    char text[2048];
    assert_int_equal(network_parse(STR("10.0.0.0/8"), &trusted[0]), STATUS_OK);
    assert_int_equal(network_parse(STR("::1"), &trusted[1]), STATUS_OK);
    int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);
    struct http_head head;
    size_t scanned = 0;
    assert_int_equal(http_head_parse(str_make(text, (size_t)len), &scanned, &head), STATUS_OK);
    return forwarded_read(&head, trusted, 2, ret);
}

static void assert_client(const char *fields, const char *client, bool secure)
{
    struct forwarded forwarded;
    assert_int_equal(read_fields(fields, &forwarded), STATUS_OK);
    struct buf out = {0};
    address_add(&forwarded.client, &out);
    assert_str(buf_str(&out), client);
    assert_int_equal(forwarded.secure, secure);
    buf_finish(&out);
}

static void the_last_stranger_is_the_client(void **state)
{
    assert_client("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", false);
    assert_client("X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7", false);
    assert_client("X-Forwarded-For: 203.0.113.1, 192.0.2.7, 10.1.1.1\r\n", "192.0.2.7", false);
    assert_client("X-Forwarded-For: 203.0.113.1\r\nx-forwarded-for: 192.0.2.7\r\n", "192.0.2.7",
                  false);
    assert_client("X-Forwarded-For: banana, 2001:db8::7,10.1.1.1\r\nX-Forwarded-Proto: https\r\n",
                  "2001:db8::7", true);
    assert_client("X-Forwarded-For: 10.3.3.3, 10.2.2.2\r\nX-Forwarded-Proto: http\r\n", "10.3.3.3",
                  false);
    assert_client(
        "Forwarded: for=203.0.113.1;proto=https, for=192.0.2.7;proto=http;by=10.1.1.1\r\n",
        "192.0.2.7", false);
    assert_client("Forwarded: proto=HTTPS; For=\"[2001:db8::7]:4711\"\r\n"
                  "Forwarded: for=\"[::1]\";proto=http\r\n",
                  "2001:db8::7", true);
    assert_client("Forwarded: for=\"a,b;c\", for=192.0.2.7\r\n", "192.0.2.7", false);
    assert_client("Forwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7", false);
}

static void what_is_unclear_is_refused(void **state)
{
    struct forwarded f;
    assert_int_equal(read_fields("", &f), STATUS_NOT_FOUND);
    assert_int_equal(read_fields("X-Forwarded-Proto: https\r\n", &f), STATUS_NOT_FOUND);
    assert_int_equal(read_fields("X-Forwarded-For: \r\n", &f), STATUS_NOT_FOUND);
    assert_int_equal(read_fields("X-Forwarded-For: unknown\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("X-Forwarded-For: 192.0.2.7, x, 10.0.0.1\r\n", &f),
                     STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: for=_hidden\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: proto=https\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: for=\"[2001:db8::7\"\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: for=\"[2001:db8::7]x\"\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: for=\"192.0.2.7\r\n", &f), STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: for=192.0.2.7\r\nX-Forwarded-For: 192.0.2.8\r\n", &f),
                     STATUS_MALFORMED);
    assert_int_equal(read_fields("Forwarded: banana\r\nX-Forwarded-For: 192.0.2.8\r\n", &f),
                     STATUS_MALFORMED);
    assert_int_equal(read_fields("X-Forwarded-For: 1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
                                 "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
                                 "1.1.1.1,1.1.1.1,1.1.1.1\r\n",
                                 &f),
                     STATUS_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_stranger_is_the_client),
        cmocka_unit_test(what_is_unclear_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
