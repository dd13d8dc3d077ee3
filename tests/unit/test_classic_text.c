/* classic_text.c: the wording of the classic protocol. */
#include "unit.h"

#include "classic_text.h"

static struct buf line;

static int clear(void **state)
{
    buf_clear(&line);
    return 0;
}

static void says_what_the_protocol_says(void **state)
{
    classic_text_joined(&line, STR("철수"));
    assert_str(buf_str(&line), "철수님이 입장하였습니다.");
    buf_clear(&line);
    classic_text_left(&line, STR("철수"));
    assert_str(buf_str(&line), "철수님이 퇴장하였습니다.");
    buf_clear(&line);
    classic_text_chat(&line, STR("철수"), STR("안녕"));
    assert_str(buf_str(&line), "철수 : 안녕");
    buf_clear(&line);
    classic_text_announcement(&line, STR("10분 뒤 점검"));
    assert_str(buf_str(&line), "[공지] 10분 뒤 점검");
    buf_clear(&line);
    classic_text_skipped(&line, 12);
    assert_str(buf_str(&line), "[12개의 메시지를 건너뜀]");
}

static void words_the_rest(void **state)
{
    classic_text_direct(&line, STR("철수"), STR("쉿"));
    assert_str(buf_str(&line), "[귓속말] 철수 : 쉿");
    buf_clear(&line);
    classic_text_notice(&line, STR("봇"), STR("점심"));
    assert_str(buf_str(&line), "[알림] 봇 : 점심");
    buf_clear(&line);
    classic_text_server(&line, STR("환영합니다"));
    assert_str(buf_str(&line), "[안내] 환영합니다");
    buf_clear(&line);
    classic_text_kicked(&line, STR("철수"), STR("영희"), STR("도배"));
    assert_str(buf_str(&line), "철수님이 영희님에 의해 내보내졌습니다. (도배)");
    buf_clear(&line);
    classic_text_kicked(&line, STR("철수"), STR("영희"), STR(""));
    assert_str(buf_str(&line), "철수님이 영희님에 의해 내보내졌습니다.");
    buf_clear(&line);
    classic_text_topic(&line, STR(""));
    assert_str(buf_str(&line), "[주제] (없음)");
    buf_clear(&line);
    classic_text_full(&line, 30, 30);
    assert_str(buf_str(&line), "[안내] 자리가 없습니다 (30/30명). 잠시 뒤에 다시 접속해 주세요.");
    buf_clear(&line);
    classic_text_closed(&line, STR("너무 많은 글"));
    assert_str(buf_str(&line), "[안내] 연결을 끊습니다. (너무 많은 글)");
}

static void chooses_the_particle(void **state)
{
    classic_text_nick_changed(&line, STR("철수"), STR("영희"));
    assert_str(buf_str(&line), "철수님이 이름을 영희로 바꾸었습니다.");
    buf_clear(&line);
    classic_text_nick_changed(&line, STR("철수"), STR("하늘"));
    assert_str(buf_str(&line), "철수님이 이름을 하늘로 바꾸었습니다.");
    buf_clear(&line);
    classic_text_nick_changed(&line, STR("철수"), STR("길동"));
    assert_str(buf_str(&line), "철수님이 이름을 길동으로 바꾸었습니다.");
    buf_clear(&line);
    classic_text_nick_changed(&line, STR("철수"), STR("bob"));
    assert_str(buf_str(&line), "철수님이 이름을 bob(으)로 바꾸었습니다.");
    buf_clear(&line);
    classic_text_taken(&line, STR("길동"), STR("길동3"));
    assert_str(buf_str(&line), "[안내] 길동은 이미 쓰고 있는 이름이라 길동3으로 입장합니다.");
    buf_clear(&line);
    classic_text_renamed(&line, STR("a/b"), STR("a_b"));
    assert_str(buf_str(&line), "[안내] a/b은(는) 그대로 쓸 수 없는 이름이라 a_b(으)로 입장합니다.");
}

static void takes_formatting_off(void **state)
{
    classic_text_add_clean(&line, STR("\x02"
                                      "굵게\x0f \x03"
                                      "04,12색\x03 \x04"
                                      "ff00ff빛\x1b[2J\x7f"));
    assert_str(buf_str(&line), "굵게 색 빛[2J");
    buf_clear(&line);
    classic_text_add_clean(&line, STR("\x03"
                                      "1,a \x03,3 \x03"
                                      "123"));
    assert_str(buf_str(&line), ",a ,3 3");
    buf_clear(&line);
    classic_text_add_clean(&line, STR("a\tb\r\nc\0d"));
    assert_str(buf_str(&line), "a b  cd");
    buf_clear(&line);
    classic_text_add_clean(&line, STR("\xff"
                                      "a\xed\x95"));
    assert_str(buf_str(&line), "\xEF\xBF\xBD"
                               "a\xEF\xBF\xBD");
}

static void shows_actions(void **state)
{
    classic_text_chat(&line, STR("철수"),
                      STR("\x01"
                          "ACTION 웃는다\x01"));
    assert_str(buf_str(&line), "* 철수 웃는다");
    buf_clear(&line);
    classic_text_chat(&line, STR("철수"),
                      STR("\x01"
                          "VERSION\x01"));
    assert_str(buf_str(&line), "철수 : VERSION");
}

static void tells_characters_apart(void **state)
{
    size_t len;
    assert_int_equal(classic_utf8_next(STR("한글"), &len), CLASSIC_UTF8_VALID);
    assert_int_equal(len, 3);
    assert_int_equal(classic_utf8_code(STR("한")), 0xD55C);
    assert_int_equal(classic_utf8_code(STR("\xF0\x9F\x98\x80")), 0x1F600);
    assert_int_equal(classic_utf8_next(STR("\xED\x95"), &len), CLASSIC_UTF8_INCOMPLETE);
    assert_int_equal(len, 2);
    assert_int_equal(classic_utf8_next(STR("\xED\x95z"), &len), CLASSIC_UTF8_INVALID);
    assert_int_equal(len, 2);
    /* A surrogate, an overlong form, and a code point over U+10FFFF. */
    assert_int_equal(classic_utf8_next(STR("\xED\xA0\x80"), &len), CLASSIC_UTF8_INVALID);
    assert_int_equal(len, 1);
    assert_int_equal(classic_utf8_next(STR("\xC0\x80"), &len), CLASSIC_UTF8_INVALID);
    assert_int_equal(classic_utf8_next(STR("\xF4\x90\x80\x80"), &len), CLASSIC_UTF8_INVALID);
    assert_int_equal(len, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(says_what_the_protocol_says, clear),
        cmocka_unit_test_setup(words_the_rest, clear),
        cmocka_unit_test_setup(chooses_the_particle, clear),
        cmocka_unit_test_setup(takes_formatting_off, clear),
        cmocka_unit_test_setup(shows_actions, clear),
        cmocka_unit_test(tells_characters_apart),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_finish(&line);
    return failed;
}
