/* proxy_header.c: what a proxy says of its client. */
#include "unit.h"

#include "proxy_header.h"

#include "alloc.h"

#include <stdlib.h>

/* At once, and byte by byte with the same result. */
static int parse(struct str bytes, struct proxy_header *ret)
{
    int at_once = proxy_header_parse(bytes, ret);
    int slowly = STATUS_INCOMPLETE;
    struct proxy_header header;
    for (size_t len = 0; len <= bytes.len && slowly == STATUS_INCOMPLETE; len++) {
        /* A copy of its own, so that a sanitizer sees what is read behind it. */
        char *copy = xmalloc(len + 1);
        memcpy(copy, bytes.p, len);
        slowly = proxy_header_parse(str_make(copy, len), &header);
        free(copy);
    }
    assert_int_equal(slowly, at_once);
    if (at_once == STATUS_OK) {
        assert_int_equal(header.len, ret->len);
        assert_true(address_eq(&header.source, &ret->source));
    }
    return at_once;
}

static void assert_source(const struct proxy_header *header, const char *text, unsigned port)
{
    struct buf out = {0};
    assert_true(header->has_source);
    address_add(&header->source, &out);
    assert_str(buf_str(&out), text);
    assert_int_equal(header->port, port);
    buf_finish(&out);
}

static void reads_lines(void **state)
{
    struct proxy_header header;
    struct str bytes = STR("PROXY TCP4 192.0.2.7 127.0.0.1 65533 6667\r\nNICK a\r\n");
    assert_int_equal(parse(bytes, &header), STATUS_OK);
    assert_int_equal(header.len, bytes.len - strlen("NICK a\r\n"));
    assert_source(&header, "192.0.2.7", 65533);
    assert_int_equal(parse(STR("PROXY TCP6 2001:db8::7 ::1 1 2\r\n"), &header), STATUS_OK);
    assert_source(&header, "2001:db8::7", 1);
    assert_false(header.secure);
    assert_int_equal(parse(STR("PROXY UNKNOWN ffff:: anything at all\r\n"), &header), STATUS_OK);
    assert_false(header.has_source);
    assert_int_equal(parse(STR("PROXY UNKNOWN\r\n"), &header), STATUS_OK);
}

static void refuses_lines(void **state)
{
    static const char *const bad[] = {
        "PROXY TCP4 192.0.2.7 127.0.0.1 65533 6667\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 65536 6667\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 065 6667\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 65533\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 65533 6667 1\r\n",
        "PROXY TCP4  192.0.2.7 127.0.0.1 65533 6667\r\n",
        "PROXY TCP4 2001:db8::7 127.0.0.1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 ::1 1 2\r\n",
        "PROXY TCP4 banana 127.0.0.1 1 2\r\n",
        "PROXY UDP4 192.0.2.7 127.0.0.1 1 2\r\n",
        "PROXY \r\n",
        "PROXY  \r\n",
    };
    struct proxy_header header;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(str_from(bad[i]), &header), STATUS_MALFORMED);
    }
    char line[200];
    memset(line, 'x', sizeof(line));
    memcpy(line, "PROXY ", 6);
    assert_int_equal(parse(str_make(line, sizeof(line)), &header), STATUS_TOO_LONG);
    assert_int_equal(parse(str_make(line, 106), &header), STATUS_INCOMPLETE);
    assert_int_equal(parse(STR("PRIVMSG"), &header), STATUS_NOT_FOUND);
    assert_int_equal(parse(STR("proxy TCP4"), &header), STATUS_NOT_FOUND);
    assert_int_equal(parse(STR("\r\nNICK"), &header), STATUS_NOT_FOUND);
}

#define HEAD_2          "\r\n\r\n\0\r\nQUIT\n"
#define BINARY(literal) STR(HEAD_2 literal)

static void reads_binary(void **state)
{
    struct proxy_header header;
    struct str v4 = BINARY("\x21\x11\0\x0c\xc0\0\x02\x07\x7f\0\0\x01\x12\x34\x1a\x0bNICK");
    assert_int_equal(parse(v4, &header), STATUS_OK);
    assert_int_equal(header.len, 28);
    assert_source(&header, "192.0.2.7", 0x1234);
    assert_int_equal(parse(BINARY("\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\x02"),
                           &header),
                     STATUS_OK);
    assert_source(&header, "2001:db8::7", 1);
    /* A health check of the proxy, and what has no address. */
    assert_int_equal(parse(BINARY("\x20\0\0\0"), &header), STATUS_OK);
    assert_false(header.has_source);
    assert_int_equal(header.len, 16);
    assert_int_equal(parse(BINARY("\x20\x11\0\x02xx"), &header), STATUS_OK);
    assert_false(header.has_source);
    assert_int_equal(parse(BINARY("\x21\0\0\x03xyz"), &header), STATUS_OK);
    assert_int_equal(header.len, 19);
    /* The client speaks TLS; something unknown before. */
    assert_int_equal(parse(BINARY("\x21\x11\0\x19\xc0\0\x02\x07\x7f\0\0\x01\0\x01\0\x02"
                                  "\xee\0\x02zz\x20\0\x05\x01\0\0\0\0"),
                           &header),
                     STATUS_OK);
    assert_true(header.secure);
}

static void refuses_binary(void **state)
{
    struct proxy_header header;
    /* Another version, command, family; UDP; too short for its family; extras that end early. */
    assert_int_equal(parse(BINARY("\x11\x11\0\x0cxxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x22\x11\0\x0cxxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x41\0\x0cxxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x12\0\x0cxxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x13\0\x0cxxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x11\0\x0bxxxxxxxxxxx"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x21\0\x23xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), &header),
                     STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x11\0\x0dxxxxxxxxxxxxy"), &header), STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x11\0\x10xxxxxxxxxxxx\x20\0\x02y"), &header),
                     STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x11\0\x11xxxxxxxxxxxx\x20\0\x02\x01\0"), &header),
                     STATUS_MALFORMED);
    assert_int_equal(parse(BINARY("\x21\x11\xff\xff"), &header), STATUS_TOO_LONG);
    assert_int_equal(parse(BINARY("\x21\x11\0"), &header), STATUS_INCOMPLETE);
    assert_int_equal(parse(STR("\r\n\r\n\0\r\nQUIT\r"), &header), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(refuses_lines),
        cmocka_unit_test(reads_binary),
        cmocka_unit_test(refuses_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
