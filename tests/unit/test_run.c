/* Output queues: what a slow reader keeps of the runs that all share. */
#include "run.h"

#include "unit.h"

enum { RUN_BYTES = 100000, LINE_BYTES = 50, TURNS = 200 };

static struct run *make_run(char fill, size_t len)
{
    struct run *run = run_create();
    memset(buf_reserve(&run->bytes, len), fill, len);
    run->bytes.len = len;
    return run;
}

static struct str queued(const struct outq *queue, char *to, size_t max)
{
    return str_make(to, outq_copy(queue, to, max));
}

/* A reader that has stopped gets a line a turn, each in a run that is large for others' sake. */
static void test_blocked_queue_pins_no_runs(void **state)
{
    struct outq queue = {0};
    struct run *runs[TURNS];
    for (int i = 0; i < TURNS; i++) {
        runs[i] = make_run((char)('a' + i % 26), RUN_BYTES);
        outq_push(&queue, runs[i], RUN_BYTES / 2, LINE_BYTES);
        outq_detach(&queue);
    }
    size_t pinned = 0;
    for (int i = 0; i < TURNS; i++) {
        pinned += runs[i]->holders > 1;
        run_unref(runs[i]);
    }
    assert_int_equal(pinned, 0);
    assert_int_equal(queue.bytes, TURNS * LINE_BYTES);
    char bytes[TURNS * LINE_BYTES];
    assert_int_equal(queued(&queue, bytes, sizeof(bytes)).len, sizeof(bytes));
    for (int i = 0; i < TURNS * LINE_BYTES; i++) {
        assert_int_equal(bytes[i], 'a' + i / LINE_BYTES % 26);
    }
    outq_finish(&queue);
}

/* What was sent of the reader's own bytes is given back while more is added. */
static void test_own_bytes_do_not_grow_for_ever(void **state)
{
    struct outq queue = {0};
    for (int i = 0; i < TURNS * 100; i++) {
        struct run *run = make_run((char)('a' + i % 26), LINE_BYTES * 10);
        outq_push(&queue, run, LINE_BYTES, LINE_BYTES);
        outq_detach(&queue);
        run_unref(run);
        if (i >= 10) {
            char bytes[LINE_BYTES];
            assert_int_equal(queued(&queue, bytes, LINE_BYTES).len, LINE_BYTES);
            assert_int_equal(bytes[0], 'a' + (i - 10) % 26);
            assert_int_equal(bytes[LINE_BYTES - 1], 'a' + (i - 10) % 26);
            outq_consume(&queue, LINE_BYTES);
        }
    }
    assert_int_equal(queue.bytes, 10 * LINE_BYTES);
    assert_true(queue.first.run->bytes.cap < 100 * LINE_BYTES);
    outq_finish(&queue);
}

static void test_large_slice_stays_shared(void **state)
{
    struct outq queue = {0};
    struct run *run = make_run('x', RUN_BYTES);
    outq_push(&queue, run, 0, RUN_BYTES);
    outq_detach(&queue);
    assert_ptr_equal(queue.first.run, run);
    /* Others still have the run: nothing may be written behind it. */
    struct run *other = make_run('y', LINE_BYTES);
    outq_push(&queue, other, 0, LINE_BYTES);
    outq_detach(&queue);
    assert_ptr_not_equal(queue.first.run, run);
    assert_int_equal(run->bytes.len, RUN_BYTES);
    assert_int_equal(queue.bytes, RUN_BYTES + LINE_BYTES);
    run_unref(run);
    run_unref(other);
    outq_finish(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked_queue_pins_no_runs),
        cmocka_unit_test(test_own_bytes_do_not_grow_for_ever),
        cmocka_unit_test(test_large_slice_stays_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
