/* classic_out.c: lines into frames, one in flight, in virtual time. */
#include "unit.h"

#include <stdlib.h>

#include "classic_out.h"
#include "session_limits.h"
#include "status.h"

enum { GAP = CLASSIC_GAP_MS_DEFAULT, START = 1000 };

static int open_out(void **state)
{
    struct classic_out *out = calloc(1, sizeof(*out));
    classic_out_init(out, GAP, CLASSIC_BACKLOG_BYTES_DEFAULT);
    *state = out;
    return 0;
}

static int close_out(void **state)
{
    classic_out_finish(*state);
    free(*state);
    return 0;
}

static void say(struct classic_out *out, const char *line)
{
    classic_out_say(out, CLASSIC_LINE_CHAT, str_from(line));
}

/* A frame leaves at now_ms, the one before being acknowledged, and it is this. */
static void leaves(struct classic_out *out, uint64_t now_ms, const char *frame)
{
    struct str got;
    assert_true(classic_out_poll(out, now_ms, true, &got));
    assert_str(got, frame);
    classic_out_wrote(out, got.len, now_ms);
}

static void nothing_leaves(struct classic_out *out, uint64_t now_ms, bool kernel_empty)
{
    struct str got;
    assert_false(classic_out_poll(out, now_ms, kernel_empty, &got));
}

static void first_line_leaves_at_once(void **state)
{
    struct classic_out *out = *state;
    assert_true(classic_out_deadline(out) == UINT64_MAX);
    assert_true(classic_out_drained(out));
    nothing_leaves(out, START, true);
    say(out, "철수 : 안녕");
    assert_false(classic_out_drained(out));
    assert_true(classic_out_deadline(out) <= START);
    leaves(out, START, "msg)철수 : 안녕");
    assert_true(classic_out_in_flight(out));
}

static void next_waits_for_acknowledgement_and_gap(void **state)
{
    struct classic_out *out = *state;
    say(out, "하나");
    leaves(out, START, "msg)하나");
    say(out, "둘");
    assert_true(classic_out_deadline(out) == START + GAP);
    nothing_leaves(out, START + GAP - 1, true);
    leaves(out, START + GAP, "msg)둘");
    say(out, "셋");
    nothing_leaves(out, START + 2 * GAP, false);
    assert_true(classic_out_deadline(out) == START + 2 * GAP + CLASSIC_ACK_POLL_MS);
    leaves(out, START + 2 * GAP + CLASSIC_ACK_POLL_MS, "msg)셋");
    nothing_leaves(out, START + 4 * GAP, true);
    assert_true(classic_out_drained(out));
}

/* A frame that was lost and sent again arrives nobody knows when before its acknowledgement. */
static void late_acknowledgement_begins_the_gap_anew(void **state)
{
    struct classic_out *out = *state;
    say(out, "하나");
    leaves(out, START, "msg)하나");
    say(out, "둘");
    nothing_leaves(out, START + GAP, false);
    nothing_leaves(out, START + CLASSIC_RESEND_MS, false);
    uint64_t seen_ms = START + CLASSIC_RESEND_MS + 1;
    nothing_leaves(out, seen_ms, true);
    assert_true(classic_out_deadline(out) == seen_ms + GAP);
    nothing_leaves(out, seen_ms + GAP - 1, true);
    leaves(out, seen_ms + GAP, "msg)둘");
    /* A slow way alone does not: the frame arrived as late as the next will. */
    say(out, "셋");
    nothing_leaves(out, seen_ms + GAP + CLASSIC_RESEND_MS - 1, false);
    leaves(out, seen_ms + GAP + CLASSIC_RESEND_MS, "msg)셋");
}

/* With a gap longer than that, the acknowledgement is asked for in time all the same. */
static void long_gap_is_kept_once(void **state)
{
    struct classic_out *out = *state;
    enum { LONG = 500 };
    classic_out_init(out, LONG, CLASSIC_BACKLOG_BYTES_DEFAULT);
    say(out, "하나");
    leaves(out, START, "msg)하나");
    say(out, "둘");
    uint64_t look_ms = classic_out_deadline(out);
    assert_true(look_ms > START && look_ms < START + CLASSIC_RESEND_MS);
    nothing_leaves(out, look_ms, true);
    assert_true(classic_out_deadline(out) == START + LONG);
    leaves(out, START + LONG, "msg)둘");
}

static void waiting_lines_are_merged(void **state)
{
    struct classic_out *out = *state;
    say(out, "하나");
    say(out, "둘");
    leaves(out, START, "msg)하나\n둘");
    say(out, "셋");
    say(out, "");
    say(out, "넷\n다섯\r\0여섯");
    classic_out_say(out, CLASSIC_LINE_NOTICE, STR("a\0b"));
    leaves(out, START + GAP, "msg)셋\n넷 다섯 \na b");
    nothing_leaves(out, START + 2 * GAP, true);
}

static void partial_writes_are_finished_first(void **state)
{
    struct classic_out *out = *state;
    struct str got;
    say(out, "하나");
    assert_true(classic_out_poll(out, START, true, &got));
    classic_out_wrote(out, 0, START);
    assert_true(classic_out_poll(out, START, true, &got));
    assert_str(got, "msg)하나");
    classic_out_wrote(out, 5, START);
    say(out, "둘");
    assert_true(classic_out_deadline(out) == START + CLASSIC_ACK_POLL_MS);
    assert_false(classic_out_in_flight(out));
    assert_true(classic_out_poll(out, START + 7, false, &got));
    assert_memory_equal(got.p, &"msg)하나"[5], got.len);
    assert_int_equal(got.len, sizeof("msg)하나") - 1 - 5);
    classic_out_wrote(out, got.len, START + 7);
    nothing_leaves(out, START + 7, true);
    nothing_leaves(out, START + 6 + GAP, true);
    leaves(out, START + 7 + GAP, "msg)둘");
}

/* Takes every frame there is, a gap apart, and adds what a client shows, each frame on a line. */
static uint64_t show_all(struct classic_out *out, uint64_t now_ms, struct buf *shown)
{
    struct str got;
    while (classic_out_poll(out, now_ms, true, &got)) {
        assert_true(got.len <= CLASSIC_FRAME_BYTES_MAX);
        assert_true(str_is_utf8(got));
        assert_true(str_starts(got, STR("msg)")) || str_starts(got, STR("mem)")));
        buf_add(shown, got.p + 4, got.len - 4);
        buf_add_char(shown, '\n');
        classic_out_wrote(out, got.len, now_ms);
        now_ms += GAP;
    }
    return now_ms;
}

static void korean_across_the_frame_arrives_whole(void **state)
{
    /* Every offset of the frame's end within a character of three bytes, and of four. */
    for (size_t shift = 0; shift < 12; shift++) {
        struct classic_out out;
        classic_out_init(&out, GAP, CLASSIC_BACKLOG_BYTES_DEFAULT);
        struct buf line = {0};
        for (size_t i = 0; i < shift; i++) {
            buf_add_char(&line, 'x');
        }
        for (int i = 0; i < 500; i++) {
            buf_add_cstr(&line, i % 5 == 0 ? "😀" : "한");
        }
        classic_out_say(&out, CLASSIC_LINE_CHAT, buf_str(&line));
        struct str got;
        struct buf shown = {0};
        uint64_t now_ms = START;
        int n_frames = 0;
        while (classic_out_poll(&out, now_ms, true, &got)) {
            assert_true(got.len <= CLASSIC_FRAME_BYTES_MAX);
            assert_true(str_is_utf8(got));
            assert_true(str_starts(got, STR("msg)")));
            buf_add(&shown, got.p + 4, got.len - 4);
            n_frames++;
            classic_out_wrote(&out, got.len, now_ms);
            now_ms += GAP;
        }
        assert_int_equal(n_frames, 2);
        assert_int_equal(shown.len, line.len);
        assert_memory_equal(shown.p, line.p, line.len);
        buf_finish(&shown);
        buf_finish(&line);
        classic_out_finish(&out);
    }
}

/* Many Korean lines whose sum crosses the boundary: whole lines, the next in the next frame. */
static void lines_are_not_cut_where_they_need_not_be(void **state)
{
    struct classic_out *out = *state;
    struct buf expected = {0};
    for (int i = 0; i < 40; i++) {
        struct buf line = {0};
        buf_printf(&line, "철수 : %d번째 줄입니다. 가나다라마바사아자차카타파하", i);
        classic_out_say(out, CLASSIC_LINE_CHAT, buf_str(&line));
        buf_add_str(&expected, buf_str(&line));
        buf_add_char(&expected, '\n');
        buf_finish(&line);
    }
    struct buf shown = {0};
    uint64_t end_ms = show_all(out, START, &shown);
    assert_int_equal(shown.len, expected.len);
    assert_memory_equal(shown.p, expected.p, expected.len);
    assert_true(end_ms == START + 4 * GAP);
    buf_finish(&shown);
    buf_finish(&expected);
}

/* A line that fills the frame exactly, and one byte more. */
static void frame_is_filled_to_the_last_byte(void **state)
{
    struct classic_out *out = *state;
    char line[CLASSIC_FRAME_BYTES_MAX];
    memset(line, 'x', sizeof(line));
    struct str got;
    classic_out_say(out, CLASSIC_LINE_CHAT, str_make(line, CLASSIC_FRAME_BYTES_MAX - 4));
    assert_true(classic_out_poll(out, START, true, &got));
    assert_int_equal(got.len, CLASSIC_FRAME_BYTES_MAX);
    classic_out_wrote(out, got.len, START);
    classic_out_say(out, CLASSIC_LINE_CHAT, str_make(line, CLASSIC_FRAME_BYTES_MAX - 3));
    say(out, "끝");
    assert_true(classic_out_poll(out, START + GAP, true, &got));
    assert_int_equal(got.len, CLASSIC_FRAME_BYTES_MAX);
    classic_out_wrote(out, got.len, START + GAP);
    leaves(out, START + 2 * GAP, "msg)x\n끝");
}

static void bytes_that_are_no_text_come_to_an_end(void **state)
{
    struct classic_out *out = *state;
    char line[3000];
    memset(line, 0x80, sizeof(line));
    classic_out_say(out, CLASSIC_LINE_CHAT, str_make(line, sizeof(line)));
    struct str got;
    size_t total = 0;
    for (int i = 0; i < 3; i++) {
        assert_true(classic_out_poll(out, START + (uint64_t)(i * GAP), true, &got));
        total += got.len - 4;
        classic_out_wrote(out, got.len, START + (uint64_t)(i * GAP));
    }
    assert_int_equal(total, sizeof(line));
    nothing_leaves(out, START + 3 * GAP, true);
}

static void outrun_lines_are_counted(void **state)
{
    struct classic_out *out = *state;
    const unsigned total = 5000;
    char text[64];
    memset(text, '.', sizeof(text));
    for (unsigned i = 0; i < total; i++) {
        struct buf line = {0};
        buf_printf(&line, "%u ", i);
        buf_add(&line, text, sizeof(text));
        classic_out_say(out, CLASSIC_LINE_CHAT, buf_str(&line));
        buf_finish(&line);
        assert_true(out->lines.len - out->head <= CLASSIC_BACKLOG_BYTES_DEFAULT);
        assert_true(out->lines.cap <= 4 * CLASSIC_BACKLOG_BYTES_DEFAULT);
    }
    struct buf shown = {0};
    show_all(out, START, &shown);
    struct str rest = buf_str(&shown);
    assert_true(str_starts(rest, STR("[")));
    str_split(&rest, '[');
    uint64_t skipped;
    struct str digits = {rest.p, strspn(rest.p, "0123456789")};
    assert_int_equal(str_to_u64(digits, &skipped), STATUS_OK);
    struct str first = str_split(&rest, '\n');
    assert_str(str_make(first.p + digits.len, first.len - digits.len), "개의 메시지를 건너뜀]");
    assert_true(skipped > 0 && skipped < total);
    /* What is shown and what was counted is everything, in order, up to the last. */
    for (uint64_t i = skipped; i < total; i++) {
        struct str line = str_split(&rest, '\n');
        uint64_t number;
        assert_int_equal(str_to_u64(str_split(&line, ' '), &number), STATUS_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(rest.len, 0);
    buf_finish(&shown);
}

static void notices_are_kept_when_chat_is_skipped(void **state)
{
    struct classic_out *out = *state;
    char text[500];
    memset(text, '.', sizeof(text));
    classic_out_say(out, CLASSIC_LINE_NOTICE, STR("[공지] 하나"));
    for (int i = 0; i < 200; i++) {
        classic_out_say(out, CLASSIC_LINE_CHAT, str_make(text, sizeof(text)));
    }
    struct buf shown = {0};
    show_all(out, START, &shown);
    buf_add_char(&shown, '\0');
    assert_non_null(strstr(shown.p, "개의 메시지를 건너뜀]\n[공지] 하나\n"));
    buf_clear(&shown);
    /* Notices alone are bounded, too. */
    for (int i = 0; i < 200; i++) {
        classic_out_say(out, CLASSIC_LINE_NOTICE, str_make(text, sizeof(text)));
        assert_true(out->lines.len - out->head <= CLASSIC_BACKLOG_BYTES_DEFAULT);
    }
    show_all(out, START + 1000 * GAP, &shown);
    assert_true(str_starts(buf_str(&shown), STR("[")));
    buf_finish(&shown);
}

/* Where the backlog holds not even one line, the latest is shown whole all the same. */
static void smallest_backlog_keeps_the_latest(void **state)
{
    struct classic_out *out = *state;
    out->backlog_bytes_max = 4;
    say(out, "하나 하나");
    say(out, "둘 둘");
    say(out, "셋 셋");
    leaves(out, START, "msg)[2개의 메시지를 건너뜀]\n셋 셋");
}

/* A line that was begun is finished, however many are skipped behind it. */
static void begun_line_is_finished_before_the_count(void **state)
{
    struct classic_out *out = *state;
    char text[1500];
    memset(text, 'a', sizeof(text));
    classic_out_say(out, CLASSIC_LINE_CHAT, str_make(text, sizeof(text)));
    struct str got;
    assert_true(classic_out_poll(out, START, true, &got));
    classic_out_wrote(out, got.len, START);
    for (int i = 0; i < 100; i++) {
        classic_out_say(out, CLASSIC_LINE_CHAT, str_make(text, 500));
    }
    assert_true(classic_out_poll(out, START + GAP, true, &got));
    size_t rest = 1500 - (CLASSIC_FRAME_BYTES_MAX - 4);
    assert_memory_equal(got.p + 4, text, rest);
    assert_memory_equal(got.p + 4 + rest, "\n[", 2);
}

static void members_leave_when_changed_and_every_three_seconds(void **state)
{
    struct classic_out *out = *state;
    classic_out_members(out, STR("/철수"), START);
    classic_out_members(out, STR("/철수/영희"), START);
    assert_true(classic_out_deadline(out) == START);
    leaves(out, START, "mem)/철수/영희");
    nothing_leaves(out, START + GAP, true);
    classic_out_members(out, STR("/철수/영희"), START + 500);
    nothing_leaves(out, START + 500, true);
    assert_true(classic_out_deadline(out) == START + CLASSIC_MEMBERS_MS);
    nothing_leaves(out, START + CLASSIC_MEMBERS_MS - 1, true);
    leaves(out, START + CLASSIC_MEMBERS_MS, "mem)/철수/영희");
    nothing_leaves(out, START + CLASSIC_MEMBERS_MS + GAP, true);
    classic_out_members(out, STR("/철수"), START + CLASSIC_MEMBERS_MS + 200);
    leaves(out, START + CLASSIC_MEMBERS_MS + 200, "mem)/철수");
}

static void members_yield_to_chat_but_not_for_ever(void **state)
{
    struct classic_out *out = *state;
    classic_out_members(out, STR("/철수"), START);
    say(out, "하나");
    leaves(out, START, "msg)하나");
    leaves(out, START + GAP, "mem)/철수");
    classic_out_members(out, STR("/영희"), START + 2 * GAP);
    uint64_t now_ms = START + 2 * GAP;
    uint64_t sent_ms = 0;
    for (int i = 0; i < 30; i++) {
        struct str got;
        say(out, "말");
        assert_true(classic_out_poll(out, now_ms, true, &got));
        if (str_starts(got, STR("mem)"))) {
            assert_int_equal(sent_ms, 0);
            sent_ms = now_ms;
        }
        classic_out_wrote(out, got.len, now_ms);
        now_ms += GAP;
    }
    assert_true(sent_ms >= START + 2 * GAP + CLASSIC_MEMBERS_YIELD_MS);
    assert_true(sent_ms <= START + 3 * GAP + CLASSIC_MEMBERS_YIELD_MS);
}

/* A list that changes all the time is no younger for it. */
static void changing_members_are_not_put_off(void **state)
{
    struct classic_out *out = *state;
    bool seen = false;
    for (uint64_t i = 0; i * GAP <= CLASSIC_MEMBERS_YIELD_MS + GAP; i++) {
        struct str got;
        classic_out_members(out, i % 2 == 0 ? STR("/a") : STR("/b"), START + i * GAP);
        say(out, "말");
        assert_true(classic_out_poll(out, START + i * GAP, true, &got));
        seen = seen || str_starts(got, STR("mem)"));
        classic_out_wrote(out, got.len, START + i * GAP);
    }
    assert_true(seen);
}

static void long_member_list_is_cut_after_a_name(void **state)
{
    struct classic_out *out = *state;
    struct buf list = {0};
    while (list.len < CLASSIC_FRAME_BYTES_MAX - 4) {
        buf_add_cstr(&list, "/가나다");
    }
    /* 102 names of 10 bytes fill the frame exactly. */
    assert_int_equal(list.len, CLASSIC_FRAME_BYTES_MAX - 4);
    struct str got;
    classic_out_members(out, buf_str(&list), START);
    assert_true(classic_out_poll(out, START, true, &got));
    assert_int_equal(got.len, CLASSIC_FRAME_BYTES_MAX);
    classic_out_wrote(out, got.len, START);
    /* The cut falls exactly behind a name: the name stays. */
    buf_add_cstr(&list, "/라");
    classic_out_members(out, STR("/"), START);
    classic_out_members(out, buf_str(&list), START);
    assert_true(classic_out_poll(out, START + GAP, true, &got));
    assert_int_equal(got.len, CLASSIC_FRAME_BYTES_MAX);
    classic_out_wrote(out, got.len, START + GAP);
    /* The cut falls into a name: the name goes. */
    buf_clear(&list);
    buf_add_cstr(&list, "/x");
    while (list.len < 3 * CLASSIC_FRAME_BYTES_MAX) {
        buf_add_cstr(&list, "/가나다");
    }
    classic_out_members(out, buf_str(&list), START + GAP);
    assert_true(classic_out_poll(out, START + 2 * GAP, true, &got));
    assert_int_equal(got.len, 4 + 2 + 101 * 10);
    assert_true(str_is_utf8(got));
    buf_finish(&list);
}

static void nothing_is_kept_while_nothing_waits(void **state)
{
    struct classic_out *out = *state;
    say(out, "하나");
    leaves(out, START, "msg)하나");
    assert_null(out->lines.p);
    assert_null(out->frame.p);
}

#define OUT_TEST(f) cmocka_unit_test_setup_teardown(f, open_out, close_out)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUT_TEST(first_line_leaves_at_once),
        OUT_TEST(next_waits_for_acknowledgement_and_gap),
        OUT_TEST(late_acknowledgement_begins_the_gap_anew),
        OUT_TEST(long_gap_is_kept_once),
        OUT_TEST(waiting_lines_are_merged),
        OUT_TEST(partial_writes_are_finished_first),
        cmocka_unit_test(korean_across_the_frame_arrives_whole),
        OUT_TEST(lines_are_not_cut_where_they_need_not_be),
        OUT_TEST(frame_is_filled_to_the_last_byte),
        OUT_TEST(bytes_that_are_no_text_come_to_an_end),
        OUT_TEST(outrun_lines_are_counted),
        OUT_TEST(notices_are_kept_when_chat_is_skipped),
        OUT_TEST(smallest_backlog_keeps_the_latest),
        OUT_TEST(begun_line_is_finished_before_the_count),
        OUT_TEST(members_leave_when_changed_and_every_three_seconds),
        OUT_TEST(members_yield_to_chat_but_not_for_ever),
        OUT_TEST(changing_members_are_not_put_off),
        OUT_TEST(long_member_list_is_cut_after_a_name),
        OUT_TEST(nothing_is_kept_while_nothing_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
