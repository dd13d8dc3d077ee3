/* ws_stream.c: WebSocket frames into lines. */
#include "unit.h"

#include "ws_stream.h"

struct rig {
    struct ws_stream stream;
    struct buf in;
    struct buf lines;
    struct buf answers;
};

static void add(struct rig *r, unsigned first, struct str payload)
{
    static const char mask[4] = {0x12, (char)0xfe, 0x00, 0x7f};
    buf_add_char(&r->in, (char)first);
    if (payload.len < 126) {
        buf_add_char(&r->in, (char)(0x80 | payload.len));
    } else {
        buf_add_char(&r->in, (char)(0x80 | 126));
        buf_add_char(&r->in, (char)(payload.len >> 8));
        buf_add_char(&r->in, (char)(payload.len & 0xff));
    }
    buf_add(&r->in, mask, 4);
    for (size_t i = 0; i < payload.len; i++) {
        buf_add_char(&r->in, (char)(payload.p[i] ^ mask[i % 4]));
    }
}

/* All that was added, in pieces of so many bytes. */
static int feed(struct rig *r, size_t piece)
{
    int status = STATUS_OK;
    for (size_t at = 0; at < r->in.len && status == STATUS_OK; at += piece) {
        size_t len = r->in.len - at < piece ? r->in.len - at : piece;
        status = ws_stream_feed(&r->stream, r->in.p + at, len, &r->lines, &r->answers);
    }
    buf_clear(&r->in);
    return status;
}

static void finish(struct rig *r)
{
    ws_stream_finish(&r->stream);
    buf_finish(&r->in);
    buf_finish(&r->lines);
    buf_finish(&r->answers);
    *r = (struct rig){0};
}

static void messages_become_lines(void **state)
{
    static const size_t pieces[] = {1, 2, 7, 50, 100000};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct rig r = {0};
        add(&r, 0x81, STR("NICK bob"));
        add(&r, 0x82, STR("USER bob 0 * :Bob\r\n"));
        add(&r, 0x01, STR("PRIVMSG #a"));
        add(&r, 0x89, STR("still there?"));
        add(&r, 0x00, STR(" :안"));
        add(&r, 0x80, STR("녕"));
        add(&r, 0x8a, STR("a pong nobody asked for"));
        add(&r, 0x81, STR(""));
        add(&r, 0x82, STR("\xff not text"));
        assert_int_equal(feed(&r, pieces[i]), STATUS_OK);
        assert_str(buf_str(&r.lines), "NICK bob\nUSER bob 0 * :Bob\nPRIVMSG #a :안녕\n\n"
                                      "\xff not text\n");
        assert_str(buf_str(&r.answers), "\x8a\x0cstill there?");
        assert_int_equal(r.stream.partial.cap, 0);
        finish(&r);
    }
}

static void assert_ends(struct rig *r, int status, unsigned code)
{
    assert_int_equal(feed(r, 100000), status);
    assert_int_equal(r->stream.close_code, code);
    /* Nothing is heard afterwards. */
    add(r, 0x81, STR("QUIT"));
    buf_clear(&r->lines);
    assert_int_equal(feed(r, 100000), STATUS_CLOSED);
    assert_int_equal(r->lines.len, 0);
    finish(r);
}

static void the_end_is_understood(void **state)
{
    struct rig r = {0};
    add(&r, 0x81, STR("QUIT :bye"));
    add(&r, 0x88,
        STR("\x03\xe9"
            "going"));
    assert_int_equal(feed(&r, 3), STATUS_CLOSED);
    assert_str(buf_str(&r.lines), "QUIT :bye\n");
    assert_int_equal(r.stream.close_code, 1001);
    finish(&r);
    add(&r, 0x88, STR(""));
    assert_ends(&r, STATUS_CLOSED, 1000);
    add(&r, 0x88, STR("\x0f\xa0"));
    assert_ends(&r, STATUS_CLOSED, 4000);
    add(&r, 0x88, STR("\x03"));
    assert_ends(&r, STATUS_MALFORMED, 1002);
    add(&r, 0x88, STR("\x03\xed")); /* 1005 is never said. */
    assert_ends(&r, STATUS_MALFORMED, 1002);
    add(&r, 0x88, STR("\x03\xe8\xff"));
    assert_ends(&r, STATUS_MALFORMED, 1002);
}

static void what_is_wrong_ends_it(void **state)
{
    struct rig r = {0};
    add(&r, 0x81, STR("\xff"));
    assert_ends(&r, STATUS_MALFORMED, 1007);
    add(&r, 0x01, STR("\xed\x95"));
    add(&r, 0x80, STR("x"));
    assert_ends(&r, STATUS_MALFORMED, 1007);
    add(&r, 0x81, STR("NICK a\r\nQUIT"));
    assert_ends(&r, STATUS_MALFORMED, 1008);
    add(&r, 0x83, STR("reserved"));
    assert_ends(&r, STATUS_MALFORMED, 1002);
    add(&r, 0x80, STR("continues nothing"));
    assert_ends(&r, STATUS_MALFORMED, 1002);
    add(&r, 0x01, STR("a part"));
    add(&r, 0x81, STR("another message"));
    assert_ends(&r, STATUS_MALFORMED, 1002);
    r.stream.reader.message_max = 100;
    add(&r, 0x01, STR("0123456789012345678901234567890123456789012345678901234567890123456789"));
    add(&r, 0x80, STR("0123456789012345678901234567890"));
    assert_ends(&r, STATUS_TOO_LONG, 1009);
    /* A declared length alone is enough, and takes no memory. */
    buf_add(&r.in, "\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff", 10);
    assert_int_equal(feed(&r, 100), STATUS_TOO_LONG);
    assert_int_equal(r.stream.partial.cap, 0);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_become_lines),
        cmocka_unit_test(the_end_is_understood),
        cmocka_unit_test(what_is_wrong_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
