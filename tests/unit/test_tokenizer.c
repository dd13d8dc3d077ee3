/* tokenizer.c: texts and their tokens, joined with '|'. */
#include "unit.h"

#include "buf.h"
#include "search_limits.h"
#include "tokenizer.h"

static bool join(void *ctx, const struct token *token)
{
    struct buf *out = ctx;
    if (out->len > 0) {
        buf_add_char(out, '|');
    }
    buf_add_str(out, token->text);
    return true;
}

static void splits_str(struct str text, const char *wanted)
{
    struct buf out = {0};
    tokenizer_split(text, join, &out);
    buf_add_char(&out, '\0');
    assert_string_equal(out.p, wanted);
    buf_finish(&out);
}

static void splits(const char *text, const char *wanted)
{
    splits_str(str_from(text), wanted);
}

static void words(void **state)
{
    splits("", "");
    splits(" ,.! ", "");
    splits("Hello, World", "hello|world");
    splits("it's 3.14 or 1,000", "it|s|3|14|or|1|000");
    splits("https://example.com/a_b?c=d%20e#f", "https|example|com|a|b|c|d|20e|f");
    splits("[nick]^away\\o", "nick|away|o");
    splits("ÉCOLE Straße ΣΊΣΥΦΟΣ Привет", "école|strasse|σίσυφοσ|привет");
    splits("ＦＵＬＬ ﬁne ①②", "full|fine|12");
    splits("مرحبا שלום", "مرحبا|שלום");
}

static void pairs(void **state)
{
    splits("안녕", "안녕");
    splits("안", "안");
    splits("안녕하세요", "안녕|녕하|하세|세요");
    splits("안녕 하세요", "안녕|하세|세요");
    splits("東京都へ", "東京|京都|都へ");
    splits("カタカナ", "カタ|タカ|カナ");
    splits("サーバー", "サー|ーバ|バー");
    splits("สวัสดี", "สวั|วัส|สดี");
    splits("𠀀𠀁", "𠀀𠀁");
}

static bool join_marked(void *ctx, const struct token *token)
{
    buf_add_char(ctx, token->joined ? '+' : token->kind == TOKEN_LONE ? '1' : ' ');
    return true;
}

static void tells_what_is_joined(void **state)
{
    struct buf out = {0};
    tokenizer_split(STR("가나다라 가나 가 x가나다 가👍가나다"), join_marked, &out);
    assert_str(buf_str(&out), " ++ 1  +1  +");
    buf_finish(&out);
}

static void mixed(void **state)
{
    splits("maru서버", "maru|서버");
    splits("서버2대를", "서버|2|대를");
    splits("2026년11월", "2026|년|11|월");
    splits("Qt로짠GUI", "qt|로짠|gui");
    splits("ABC안DEF", "abc|안|def");
}

static void korean_in_any_form(void **state)
{
    splits("\u110b\u1161\u11ab\u1102\u1167\u11bc", "안녕"); /* decomposed */
    splits("ㅋㅋ", "\u110f\u110f");
    splits("ㅋㅋㅋ네", "\u110f\u110f|\u110f\u110f|\u110f네");
    splits("\uff76\uff9e\uff77", "ガキ"); /* halfwidth */
}

static void marks(void **state)
{
    splits("cafe\u0301 caf\u00e9", "café|café");
    splits("\u0301a", "a");
    splits("हिन्दी", "हिन्दी");
    splits("x\u200d\u00ady", "xy"); /* cannot be seen */
    /* A syllable takes as many marks as it has room for. */
    struct buf text = {0};
    buf_add_cstr(&text, "가");
    for (int i = 0; i < 100; i++) {
        buf_add_cstr(&text, "\u0323\u0301");
    }
    buf_add_cstr(&text, "나");
    struct buf out = {0};
    tokenizer_split(buf_str(&text), join, &out);
    assert_true(out.len <= 2 * TOKEN_UNIT_MAX);
    buf_finish(&text);
    buf_finish(&out);
}

static void emoji(void **state)
{
    splits("좋아👍👍", "좋아|👍|👍");
    splits("a❤\ufe0fb", "a|❤|b");
    splits("→ ─ ™", "tm");
}

static void formatting(void **state)
{
    splits("\x02"
           "bo\x0fld\x02 \x1ditalic",
           "bold|italic");
    splits("\x03"
           "04red \x03"
           "4,12on blue\x03 no \x03,5",
           "red|on|blue|no|5");
    splits("\x04"
           "ff00AAhex \x04"
           "12",
           "hex");
    splits("\x02안\x02녕", "안녕");
    splits("\x02안\x02녕 é", "안녕|é");
}

static void any_bytes(void **state)
{
    splits_str(STR("a\0b"), "a|b");
    splits_str(STR("a\xff"
                   "b\xc0\xaf"
                   "c"),
               "a|b|c");
    splits_str(STR("\xed\xa0\x80x\xf4\x90\x80\x80y"), "x|y");
    splits_str(STR("안\xec\x95"), "안");
    splits_str(STR("\xef\xb7\xba"), "صلى|الله|عليه|وسلم"); /* 18 letters of one */
}

static void long_words_are_cut(void **state)
{
    struct buf text = {0};
    struct buf wanted = {0};
    for (int i = 0; i < 70000; i++) {
        buf_add_char(&text, 'a');
    }
    buf_add_cstr(&text, " end");
    for (int i = 0; i < TOKEN_MAX; i++) {
        buf_add_char(&wanted, 'a');
    }
    buf_add(&wanted, "|end", 5);
    splits_str(buf_str(&text), wanted.p);
    /* Between characters: 21 of three bytes fit into 64. */
    buf_clear(&text);
    buf_clear(&wanted);
    for (int i = 0; i < 30; i++) {
        buf_add_cstr(&text, "ᚠ");
    }
    for (int i = 0; i < TOKEN_MAX / 3; i++) {
        buf_add_cstr(&wanted, "ᚠ");
    }
    buf_add_char(&wanted, '\0');
    splits_str(buf_str(&text), wanted.p);
    buf_finish(&text);
    buf_finish(&wanted);
}

/* Wherever a long text is cut for the normaliser, it comes out as if it was not. */
static void cuts_nowhere(void **state)
{
    for (unsigned shift = 0; shift < 8; shift++) {
        struct buf text = {0};
        struct buf wanted = {0};
        buf_add(&text, "        ", shift);
        for (int i = 0; i < 400; i++) {
            buf_add_cstr(&text, "e\u0301\u110b\u1161\u11ab\u1102\u1167\u11bc ");
            buf_add_cstr(&wanted, i > 0 ? "|é|안녕" : "é|안녕");
        }
        buf_add_char(&wanted, '\0');
        splits_str(buf_str(&text), wanted.p);
        buf_finish(&text);
        buf_finish(&wanted);
    }
}

static bool stop_at_second(void *ctx, const struct token *token)
{
    unsigned *n = ctx;
    return ++*n < 2;
}

static void stops(void **state)
{
    unsigned n = 0;
    tokenizer_split(STR("one two three four"), stop_at_second, &n);
    assert_int_equal(n, 2);
    n = 0;
    tokenizer_split(STR("één twee drie"), stop_at_second, &n);
    assert_int_equal(n, 2);
}

static void folds_nick(const char *nick, const char *wanted)
{
    struct buf out = {0};
    tokenizer_fold_nick(str_from(nick), &out);
    assert_str(buf_str(&out), wanted);
    buf_finish(&out);
}

static void nicks(void **state)
{
    folds_nick("Nick[A]\\~", "nick{a}|^");
    folds_nick("nick{a}|^", "nick{a}|^");
    folds_nick("철수", "철수");
    folds_nick("\u110e\u1165\u11af\u1109\u116e", "철수");
    folds_nick("ÉCOLE", "école");
    folds_nick("a b\x01\xff"
               "c\td",
               "abcd");
    folds_nick("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(pairs),
        cmocka_unit_test(tells_what_is_joined),
        cmocka_unit_test(mixed),
        cmocka_unit_test(korean_in_any_form),
        cmocka_unit_test(marks),
        cmocka_unit_test(emoji),
        cmocka_unit_test(formatting),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(cuts_nowhere),
        cmocka_unit_test(stops),
        cmocka_unit_test(nicks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
