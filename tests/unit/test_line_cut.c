/* line_cut.c: bytes into lines. */
#include "unit.h"

#include "buf.h"
#include "line_cut.h"
#include "session_limits.h"

enum { RECVQ = 10000 };

/* What is cut, in a word each, when the bytes come in pieces of so many. */
static void cut(struct str all, size_t piece, struct buf *out)
{
    struct buf pending = {0};
    uint32_t skipped = 0;
    for (size_t at = 0; at < all.len; at += piece) {
        buf_add(&pending, all.p + at, all.len - at < piece ? all.len - at : piece);
        struct str bytes = buf_str(&pending);
        struct str line;
        enum line_cut what;
        while ((what = line_cut(&bytes, &skipped, RECVQ, &line)) != LINE_CUT_MORE) {
            if (what == LINE_CUT_LINE) {
                buf_printf(out, "[" STR_FMT "]", STR_ARG(line));
            } else {
                buf_add_cstr(out, what == LINE_CUT_LONG ? "long " : "endless ");
            }
            if (what == LINE_CUT_ENDLESS) {
                buf_finish(&pending);
                return;
            }
        }
        buf_consume(&pending, pending.len - bytes.len);
        assert_true(pending.len <= PEER_LINE_MAX + 2);
    }
    buf_finish(&pending);
}

static void assert_cut(struct str all, const char *expected)
{
    static const size_t pieces[] = {1, 3, 100, 4096, 1 << 20};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        struct buf out = {0};
        cut(all, pieces[i], &out);
        assert_str(buf_str(&out), expected);
        buf_finish(&out);
    }
}

static void add_line(struct buf *all, size_t len, const char *end)
{
    memset(buf_reserve(all, len), 'x', len);
    all->len += len;
    buf_add_cstr(all, end);
}

static void lines_end_in_lf(void **state)
{
    assert_cut(STR("a\r\nb\nc\r\r\n\n\r\nd\re\nrest"), "[a][b][c][][][d\re]");
    assert_cut(STR("no end"), "");
}

static void long_lines_are_passed_over(void **state)
{
    struct buf all = {0};
    add_line(&all, PEER_LINE_MAX + 2, "\n");
    buf_add_cstr(&all, "a\n");
    add_line(&all, RECVQ, "\n");
    buf_add_cstr(&all, "b\n");
    assert_cut(buf_str(&all), "long [a]long [b]");
    buf_clear(&all);
    add_line(&all, RECVQ + 1, "\n");
    buf_add_cstr(&all, "never read\n");
    assert_cut(buf_str(&all), "endless ");
    buf_clear(&all);
    add_line(&all, 3 * RECVQ, "");
    assert_cut(buf_str(&all), "endless ");
    buf_finish(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_lf),
        cmocka_unit_test(long_lines_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
