/* What the log writes, and that a reader which is slow, full or gone never stops a writer. */
#include "unit.h"

#include "base_limits.h"
#include "buf.h"
#include "clock.h"
#include "log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Everything until the end of the file. */
static struct buf read_all(int fd)
{
    struct buf all = {0};
    ssize_t n;
    do {
        char *to = buf_reserve(&all, 65536);
        n = read(fd, to, 65536);
        assert_true(n >= 0);
        all.len += (size_t)n;
    } while (n > 0);
    buf_add_char(&all, '\0');
    return all;
}

static void a_line_has_time_level_sentence_and_fields(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_init(ends[1]);
    log_event(LOG_LEVEL_INFO, LOG_FIELDS({"nick", STR("철수")}, {"text", STR("a \"b\"\x1b[2J")}),
              "%s joined\n", "철수\xc2\x9b");
    log_debug("left out");
    log_set_level(LOG_LEVEL_WARN);
    log_info("left out too");
    log_error("bad");
    log_set_level(LOG_LEVEL_INFO);
    log_finish();
    close(ends[1]);
    struct buf all = read_all(ends[0]);
    close(ends[0]);
    assert_int_equal(all.p[4], '-');
    assert_int_equal(all.p[10], 'T');
    assert_int_equal(all.p[23], 'Z');
    char *second = strchr(all.p, '\n');
    assert_non_null(second);
    *second++ = '\0';
    assert_string_equal(all.p + 24,
                        " info: 철수\\u009b joined\\n nick=철수 text=\"a \\\"b\\\"\\x1b[2J\"");
    assert_string_equal(second + 24, " error: bad\n");
    buf_finish(&all);
}

static void long_events_are_cut_between_characters(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_init(ends[1]);
    struct buf text = {0};
    buf_add_char(&text, 'x');
    for (int i = 0; i < 2000; i++) {
        buf_add_cstr(&text, "가");
    }
    buf_add_char(&text, '\0');
    log_info("%s", text.p);
    log_finish();
    close(ends[1]);
    struct buf all = read_all(ends[0]);
    close(ends[0]);
    assert_true(all.len < LOG_SENTENCE_MAX + 64);
    assert_null(strstr(all.p, "\\x"));
    buf_finish(&all);
    buf_finish(&text);
}

static void a_reader_that_is_gone_costs_only_its_lines(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_init(ends[1]);
    close(ends[0]);
    for (int i = 0; i < 1000; i++) {
        log_info("nobody reads this");
    }
    log_finish();
    close(ends[1]);
}

static void a_full_disk_costs_only_lines(void **state)
{
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    log_init(fd);
    for (int i = 0; i < 1000; i++) {
        log_info("no room for this");
    }
    log_finish();
    close(fd);
}

/* Nothing is read until all is logged: more than a pipe and the queue hold. */
static void a_reader_that_waits_never_stops_the_writer(void **state)
{
    enum { EVENTS = 20000 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    log_init(ends[1]);
    for (int i = 0; i < EVENTS; i++) {
        log_info("event %06d of a burst, with some more words to make it long", i);
    }
    uint64_t before_ms = clock_mono_ms();
    /* The last of them must still come out when the reader does read. */
    char *line = NULL;
    size_t cap = 0;
    FILE *reader = fdopen(ends[0], "r");
    assert_non_null(reader);
    for (int i = 0; i < 8000; i++) {
        assert_true(getline(&line, &cap, reader) > 0);
        int number = -1;
        assert_int_equal(sscanf(strstr(line, "event "), "event %d", &number), 1);
        assert_int_equal(number, i);
    }
    log_warn("after");
    bool told = false;
    bool after = false;
    while (!after && getline(&line, &cap, reader) > 0) {
        told = told || strstr(line, "events could not be written here") != NULL;
        after = strstr(line, "warning: after") != NULL;
    }
    log_finish();
    close(ends[1]);
    assert_true(told);
    assert_true(after);
    assert_true(clock_mono_ms() - before_ms < 60000);
    free(line);
    fclose(reader);
}

static void nobody_reading_does_not_hold_up_the_end(void **state)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    log_init(ends[1]);
    for (int i = 0; i < 5000; i++) {
        log_info("event %06d of a burst, with some more words to make it long", i);
    }
    uint64_t before_ms = clock_mono_ms();
    log_finish();
    assert_true(clock_mono_ms() - before_ms < 30000);
    close(ends[0]);
    close(ends[1]);
}

static void *log_many(void *arg)
{
    for (int i = 0; i < 500; i++) {
        log_info("%s %d", (const char *)arg, i);
    }
    return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
    char path[] = "/tmp/maru-test-log-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    log_init(fd);
    pthread_t threads[4];
    char names[4][2] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, names[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    log_finish();
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    FILE *reader = fdopen(fd, "r");
    int next[4] = {0};
    char line[128];
    while (fgets(line, sizeof(line), reader) != NULL) {
        char who = 0;
        int number = -1;
        assert_int_equal(sscanf(line + 24, " info: %c %d\n", &who, &number), 2);
        assert_in_range(who, 'a', 'd');
        assert_int_equal(number, next[who - 'a']++);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(next[i], 500);
    }
    fclose(reader);
}

int main(void)
{
    unsetenv("JOURNAL_STREAM");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_sentence_and_fields),
        cmocka_unit_test(long_events_are_cut_between_characters),
        cmocka_unit_test(a_reader_that_is_gone_costs_only_its_lines),
        cmocka_unit_test(a_full_disk_costs_only_lines),
        cmocka_unit_test(a_reader_that_waits_never_stops_the_writer),
        cmocka_unit_test(nobody_reading_does_not_hold_up_the_end),
        cmocka_unit_test(threads_do_not_mix_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
