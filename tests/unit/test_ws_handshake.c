/* ws_handshake.c: from an HTTP request to a WebSocket. */
#include "unit.h"

#include "ws_handshake.h"

#include <stdio.h>

#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define ASKS    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"

static char text[4096];

static void parse(const char *line, const char *fields, struct http_head *ret)
{
    int len = snprintf(text, sizeof(text), "%s\r\nHost: h\r\n%s\r\n", line, fields);
    size_t scanned = 0;
    assert_int_equal(http_head_parse(str_make(text, (size_t)len), &scanned, ret), STATUS_OK);
}

static int read_fields(const char *fields, struct ws_handshake *ret)
{
    struct http_head head;
    parse("GET /anywhere HTTP/1.1", fields, &head);
    assert_true(ws_is_asked_for(&head));
    return ws_handshake_read(&head, ret);
}

static void reads_a_request(void **state)
{
    struct ws_handshake ws;
    assert_int_equal(read_fields(ASKS VERSION KEY
                                 "Origin: https://h\r\n"
                                 "Sec-WebSocket-Protocol: chat, binary.ircv3.net\r\n"
                                 "Sec-WebSocket-Protocol: text.ircv3.net\r\n",
                                 &ws),
                     STATUS_OK);
    assert_str(ws.key, "dGhlIHNhbXBsZSBub25jZQ==");
    assert_str(ws.subprotocol, "binary.ircv3.net");
    assert_int_equal(ws.opcode, WS_BINARY);
    assert_str(ws.origin, "https://h");
    assert_int_equal(read_fields("upgrade: h2c, WebSocket\r\nconnection: upgrade\r\n" VERSION KEY
                                 "Sec-WebSocket-Protocol: text.ircv3.net,binary.ircv3.net\r\n",
                                 &ws),
                     STATUS_OK);
    assert_str(ws.subprotocol, "text.ircv3.net");
    assert_int_equal(ws.opcode, WS_TEXT);
    assert_int_equal(ws.origin.len, 0);
    assert_int_equal(read_fields(ASKS VERSION KEY "Sec-WebSocket-Protocol: chat\r\n", &ws),
                     STATUS_OK);
    assert_int_equal(ws.subprotocol.len, 0);
    assert_int_equal(ws.opcode, WS_TEXT);
}

static void refuses_what_is_wrong(void **state)
{
    struct ws_handshake ws;
    struct http_head head;
    assert_int_equal(read_fields(ASKS KEY, &ws), STATUS_UNSUPPORTED);
    assert_int_equal(read_fields(ASKS KEY "Sec-WebSocket-Version: 8\r\n", &ws), STATUS_UNSUPPORTED);
    assert_int_equal(read_fields(ASKS KEY VERSION VERSION, &ws), STATUS_UNSUPPORTED);
    assert_int_equal(read_fields(ASKS VERSION, &ws), STATUS_MALFORMED);
    assert_int_equal(read_fields(ASKS VERSION KEY KEY, &ws), STATUS_MALFORMED);
    assert_int_equal(read_fields(ASKS VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n", &ws),
                     STATUS_MALFORMED);
    assert_int_equal(
        read_fields(ASKS VERSION "Sec-WebSocket-Key: dGhlIHNhbX!zZSBub25jZQ==\r\n", &ws),
        STATUS_MALFORMED);
    assert_int_equal(read_fields("Upgrade: websocket\r\n" VERSION KEY, &ws), STATUS_MALFORMED);
    assert_int_equal(read_fields("Upgrade: websocket\r\nConnection: close\r\n" VERSION KEY, &ws),
                     STATUS_MALFORMED);
    assert_int_equal(
        read_fields(ASKS VERSION KEY "Origin: https://h\r\nOrigin: https://i\r\n", &ws),
        STATUS_MALFORMED);
    assert_int_equal(read_fields(ASKS VERSION KEY "Origin:\r\n", &ws), STATUS_MALFORMED);
    parse("POST / HTTP/1.1", ASKS VERSION KEY, &head);
    assert_int_equal(ws_handshake_read(&head, &ws), STATUS_MALFORMED);
    parse("GET / HTTP/1.0", ASKS VERSION KEY, &head);
    assert_int_equal(ws_handshake_read(&head, &ws), STATUS_MALFORMED);
    parse("GET / HTTP/1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n", &head);
    assert_false(ws_is_asked_for(&head));
}

static void knows_its_own_pages(void **state)
{
    assert_true(ws_is_same_origin(STR("https://chat.example.org"), STR("chat.example.org")));
    assert_true(ws_is_same_origin(STR("HTTPS://Chat.Example.org"), STR("chat.example.org:443")));
    assert_true(ws_is_same_origin(STR("http://chat.example.org:80"), STR("chat.example.org")));
    assert_true(ws_is_same_origin(STR("http://[::1]:8080"), STR("[::1]:8080")));
    assert_false(ws_is_same_origin(STR("http://chat.example.org:8080"), STR("chat.example.org")));
    assert_false(ws_is_same_origin(STR("https://example.org"), STR("chat.example.org")));
    assert_false(ws_is_same_origin(STR("https://evil.org"), STR("chat.example.org")));
    assert_false(ws_is_same_origin(STR("null"), STR("null")));
    assert_false(ws_is_same_origin(STR("http://"), STR("")));
    assert_false(ws_is_same_origin(STR("chat.example.org"), STR("chat.example.org")));
    assert_false(ws_is_same_origin(STR("file://chat.example.org"), STR("chat.example.org")));
}

static void answers(void **state)
{
    struct buf out = {0};
    ws_handshake_answer(&out, STR("abc="), STR("text.ircv3.net"));
    assert_str(buf_str(&out), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Accept: abc=\r\n"
                              "Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n");
    buf_clear(&out);
    ws_handshake_answer(&out, STR("abc="), (struct str){0});
    assert_null(memmem(out.p, out.len, "Protocol:", 9));
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_request),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(knows_its_own_pages),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
