/* ws.c: WebSocket frames. */
#include "unit.h"

#include "ws.h"

/* A client's frame. */
static void add_masked(struct buf *out, unsigned first, size_t len, const char *payload)
{
    static const char mask[4] = {0x12, (char)0xfe, 0x00, 0x7f};
    buf_add_char(out, (char)first);
    if (len < 126) {
        buf_add_char(out, (char)(0x80 | len));
    } else {
        buf_add_char(out, (char)(0x80 | 126));
        buf_add_char(out, (char)(len >> 8));
        buf_add_char(out, (char)(len & 0xff));
    }
    buf_add(out, mask, 4);
    for (size_t i = 0; i < len; i++) {
        buf_add_char(out, (char)(payload[i] ^ mask[i % 4]));
    }
}

struct rig {
    struct ws_reader reader;
    struct buf in;
    size_t at;
    struct ws_frame frame;
};

static int next(struct rig *r)
{
    size_t used = 0;
    (void)buf_reserve(&r->in, 1); /* No pointer is NULL, also where there are no bytes. */
    int status = ws_read(&r->reader, r->in.p + r->at, r->in.len - r->at, &used, &r->frame);
    r->at += used;
    return status;
}

static void finish(struct rig *r)
{
    ws_reader_finish(&r->reader);
    buf_finish(&r->in);
}

static void reads_messages_and_controls(void **state)
{
    struct rig r = {0};
    char pad[300];
    memset(pad, 'x', sizeof(pad));
    add_masked(&r.in, 0x81, 8, "NICK bob");
    add_masked(&r.in, 0x89, 2, "hi");
    add_masked(&r.in, 0x82, sizeof(pad), pad);
    add_masked(&r.in, 0x81, 0, "");
    add_masked(&r.in, 0x88, 2, "\x03\xe8");
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_TEXT);
    assert_str(r.frame.payload, "NICK bob");
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_PING);
    assert_str(r.frame.payload, "hi");
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_BINARY);
    assert_int_equal(r.frame.payload.len, sizeof(pad));
    assert_memory_equal(r.frame.payload.p, pad, sizeof(pad));
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.payload.len, 0);
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_CLOSE);
    assert_int_equal(next(&r), STATUS_INCOMPLETE);
    assert_int_equal(r.at, r.in.len);
    finish(&r);
}

static void waits_for_whole_frames(void **state)
{
    struct buf whole = {0};
    add_masked(&whole, 0x81, 200,
               "PRIVMSG #a :0123456789012345678901234567890123456789012345678901"
               "2345678901234567890123456789012345678901234567890123456789012345"
               "6789012345678901234567890123456789012345678901234567890123456789"
               "012345678901234567890");
    for (size_t len = 0; len <= whole.len; len++) {
        struct rig r = {0};
        buf_add(&r.in, whole.p, len);
        assert_int_equal(next(&r), len < whole.len ? STATUS_INCOMPLETE : STATUS_OK);
        /* Nothing was taken or changed before it was there. */
        if (len < whole.len) {
            assert_int_equal(r.at, 0);
            assert_true(len == 0 || memcmp(r.in.p, whole.p, len) == 0);
        }
        finish(&r);
    }
    buf_finish(&whole);
}

static void joins_parts(void **state)
{
    struct rig r = {0};
    add_masked(&r.in, 0x01, 5, "PRIVM");
    add_masked(&r.in, 0x89, 1, "p");
    add_masked(&r.in, 0x00, 5, "SG #a");
    add_masked(&r.in, 0x80, 4, " :hi");
    add_masked(&r.in, 0x81, 4, "PING");
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_CONTINUATION);
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_PING);
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_CONTINUATION);
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(r.frame.opcode, WS_TEXT);
    assert_str(r.frame.payload, "PRIVMSG #a :hi");
    assert_int_equal(next(&r), STATUS_OK);
    assert_str(r.frame.payload, "PING");
    assert_int_equal(r.reader.parts.cap, 0); /* Memory follows use. */
    finish(&r);
}

static void refuse(const char *bytes, size_t len, int expected)
{
    struct rig r = {0};
    buf_add(&r.in, bytes, len);
    assert_int_equal(next(&r), expected);
    finish(&r);
}

#define REFUSE(literal, expected) refuse(literal, sizeof(literal) - 1, expected)

static void refuses_what_no_client_may_send(void **state)
{
    REFUSE("\x81\x04PING", STATUS_MALFORMED);     /* not masked */
    REFUSE("\xc1\x80mask", STATUS_MALFORMED);     /* a reserved bit */
    REFUSE("\x83\x80mask", STATUS_MALFORMED);     /* an unknown opcode */
    REFUSE("\x8b\x80mask", STATUS_MALFORMED);     /* … of a control */
    REFUSE("\x09\x80mask", STATUS_MALFORMED);     /* a control in parts */
    REFUSE("\x89\xfe\x00\x7e", STATUS_MALFORMED); /* a long control */
    REFUSE("\x80\x80mask", STATUS_MALFORMED);     /* goes on with nothing */
    REFUSE("\x81\xfe\x00\x7d", STATUS_MALFORMED); /* a length not in its shortest form */
    REFUSE("\x81\xff\0\0\0\0\0\0\xff\xff", STATUS_MALFORMED);
    /* Over the bound: known from the head alone, however large. */
    REFUSE("\x81\xfe\x40\x01", STATUS_TOO_LONG);
    REFUSE("\x81\xff\0\0\0\x01\0\0\0\0", STATUS_TOO_LONG);
    REFUSE("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", STATUS_TOO_LONG);
    assert_int_equal(ws_code_of(STATUS_TOO_LONG), WS_CODE_TOO_BIG);
    assert_int_equal(ws_code_of(STATUS_MALFORMED), WS_CODE_PROTOCOL);

    struct rig r = {0};
    add_masked(&r.in, 0x01, 2, "ab");
    add_masked(&r.in, 0x81, 2, "cd"); /* a new message inside another */
    assert_int_equal(next(&r), STATUS_OK);
    assert_int_equal(next(&r), STATUS_MALFORMED);
    finish(&r);
}

static void bounds_the_sum_of_parts(void **state)
{
    struct rig r = {0};
    char part[1000];
    memset(part, 'x', sizeof(part));
    for (size_t sum = 0; sum <= WS_MESSAGE_MAX; sum += sizeof(part)) {
        add_masked(&r.in, sum == 0 ? 0x01 : 0x00, sizeof(part), part);
    }
    int status;
    size_t n = 0;
    while ((status = next(&r)) == STATUS_OK) {
        n += sizeof(part);
    }
    assert_int_equal(status, STATUS_TOO_LONG);
    assert_true(n <= WS_MESSAGE_MAX);
    finish(&r);
}

static void writes_frames(void **state)
{
    struct buf out = {0};
    ws_add(&out, WS_PONG, STR("hi"));
    assert_str(buf_str(&out), "\x8a\x02hi");
    buf_clear(&out);
    ws_add_close(&out, WS_CODE_TOO_BIG);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.p, "\x88\x02\x03\xf1", 4);
    buf_clear(&out);
    char pad[70000];
    memset(pad, 'x', sizeof(pad));
    ws_add(&out, WS_TEXT, str_make(pad, 126));
    assert_memory_equal(out.p,
                        "\x81\x7e\x00\x7e"
                        "x",
                        5);
    buf_clear(&out);
    ws_add(&out, WS_BINARY, str_make(pad, sizeof(pad)));
    assert_memory_equal(out.p, "\x82\x7f\0\0\0\0\0\x01\x11\x70x", 11);
    assert_int_equal(out.len, 10 + sizeof(pad));
    buf_finish(&out);
}

static void makes_a_message_of_each_line(void **state)
{
    struct buf out = {0};
    ws_add_lines(&out, WS_TEXT, STR(":a PONG\r\n:b PING\r\n"));
    assert_str(buf_str(&out), "\x81\x07:a PONG\x81\x07:b PING");
    buf_clear(&out);
    ws_add_lines(&out, WS_BINARY, STR(""));
    assert_int_equal(out.len, 0);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_messages_and_controls),
        cmocka_unit_test(waits_for_whole_frames),
        cmocka_unit_test(joins_parts),
        cmocka_unit_test(refuses_what_no_client_may_send),
        cmocka_unit_test(bounds_the_sum_of_parts),
        cmocka_unit_test(writes_frames),
        cmocka_unit_test(makes_a_message_of_each_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
