/* message.c: what each recipient gets, and times as text. */
#include "unit.h"

#include "cap.h"
#include "message.h"

#include <time.h>

static void check(const struct message *message, cap_set caps, const char *want)
{
    struct buf out = {0};
    message_render(message, caps, &out);
    assert_str(buf_str(&out), want);
    buf_finish(&out);
}

static void tags_as_they_were_asked_for(void **state)
{
    struct message *m = message_create(&(struct message_parts){
        .time_ms = 1795305600123,
        .msgid = STR("m1"),
        .tags = STR("+a=b;+c"),
        .body = STR(":x PRIVMSG #r :hi\r\n"),
    });
    check(m, 0, ":x PRIVMSG #r :hi\r\n");
    check(m, CAP_SERVER_TIME, "@time=2026-11-22T00:00:00.123Z :x PRIVMSG #r :hi\r\n");
    check(m, CAP_MESSAGE_TAGS, "@msgid=m1;+a=b;+c :x PRIVMSG #r :hi\r\n");
    check(m, CAP_MESSAGE_TAGS | CAP_SERVER_TIME | CAP_BATCH,
          "@time=2026-11-22T00:00:00.123Z;msgid=m1;+a=b;+c :x PRIVMSG #r :hi\r\n");
    message_unref(m);
    m = message_create(&(struct message_parts){.tags = STR("+c"), .body = STR("x\r\n")});
    check(m, CAP_MESSAGE_TAGS | CAP_SERVER_TIME, "@+c x\r\n");
    message_unref(m);
    m = message_create(&(struct message_parts){.body = STR("x\r\n")});
    check(m, CAP_MESSAGE_TAGS | CAP_SERVER_TIME, "x\r\n");
    message_unref(m);
    message_unref(NULL);
}

static void copies_its_parts_and_is_counted(void **state)
{
    char body[] = "body\r\n";
    room_id rooms[] = {7, 9};
    struct message *m = message_create(
        &(struct message_parts){.body = str_from(body), .rooms = rooms, .n_rooms = 2});
    memset(body, 'x', 4);
    rooms[0] = 0;
    refcount_up(&m->holders);
    message_unref(m);
    assert_str(m->body, "body\r\n");
    assert_int_equal(m->n_rooms, 2);
    assert_int_equal(m->rooms[0], 7);
    assert_int_equal(m->rooms[1], 9);
    assert_int_equal(m->msgid.len, 0);
    message_unref(m);
}

/* Every day of three centuries, and every part of a day. */
static void times_are_those_of_the_calendar(void **state)
{
    for (uint64_t day = 0; day < 110000; day++) {
        uint64_t ms = day * 86400000 + day * 7919 % 86400000;
        time_t seconds = (time_t)(ms / 1000);
        struct tm tm;
        char want[40];
        char text[24];
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm), 19);
        snprintf(want, sizeof(want), "%s.%03uZ", text, (unsigned)(ms % 1000));
        struct buf out = {0};
        message_add_time(&out, ms);
        assert_str(buf_str(&out), want);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_as_they_were_asked_for),
        cmocka_unit_test(copies_its_parts_and_is_counted),
        cmocka_unit_test(times_are_those_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
