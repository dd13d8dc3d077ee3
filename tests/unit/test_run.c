/* run.c: output queues against flat buffers, and what a slow reader keeps of shared runs. */
#include "run.h"

#include "unit.h"

#include "chance.h"

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

enum { RUNS = 4, QUEUES = 5, STEPS = 30000 };

struct flat {
    struct outq queue;
    struct buf bytes;
};

static void check(const struct flat *f)
{
    assert_int_equal(f->queue.bytes, f->bytes.len);
    const char *front = NULL;
    size_t len = outq_front(&f->queue, &front);
    assert_true((len == 0) == (f->bytes.len == 0) && len <= f->bytes.len);
    if (len > 0) {
        assert_memory_equal(front, f->bytes.p, len);
        static char copy[1 << 20];
        size_t max = f->bytes.len / 2 + 1;
        assert_int_equal(outq_copy(&f->queue, copy, max), max < f->bytes.len ? max : f->bytes.len);
        assert_memory_equal(copy, f->bytes.p, max < f->bytes.len ? max : f->bytes.len);
    }
}

static void test_random_queues(void **state)
{
    struct run *runs[RUNS];
    struct flat flats[QUEUES] = {0};
    uint64_t seed = 17;
    for (unsigned i = 0; i < RUNS; i++) {
        runs[i] = run_create();
    }
    for (int step = 0; step < STEPS; step++) {
        struct flat *f = &flats[chance(&seed, QUEUES)];
        struct run **run = &runs[chance(&seed, RUNS)];
        switch (chance(&seed, 6)) {
        case 0:
        case 1:
        case 2: { /* A line, for one queue or for all of them. */
            size_t offset = (*run)->bytes.len;
            buf_printf(&(*run)->bytes, "%d:%llu\n", step, (unsigned long long)seed);
            size_t len = (*run)->bytes.len - offset;
            bool all = chance(&seed, 2) == 0;
            for (unsigned i = 0; i < QUEUES; i++) {
                if (all || &flats[i] == f) {
                    outq_push(&flats[i].queue, *run, offset, len);
                    buf_add(&flats[i].bytes, (*run)->bytes.p + offset, len);
                }
            }
            break;
        }
        case 3:
            if (f->bytes.len > 0) {
                size_t most = chance(&seed, 4) == 0 ? f->bytes.len : 200;
                size_t len = 1 + chance(&seed, most);
                len = len < f->bytes.len ? len : f->bytes.len;
                outq_consume(&f->queue, len);
                buf_consume(&f->bytes, len);
            }
            break;
        case 4:
            outq_detach(&f->queue);
            break;
        default: /* The turn ends. */
            run_unref(*run);
            *run = run_create();
        }
        check(f);
    }
    for (unsigned i = 0; i < QUEUES; i++) {
        check(&flats[i]);
        outq_finish(&flats[i].queue);
        assert_int_equal(flats[i].queue.bytes, 0);
        buf_finish(&flats[i].bytes);
    }
    for (unsigned i = 0; i < RUNS; i++) {
        assert_int_equal(runs[i]->holders, 1);
        run_unref(runs[i]);
    }
    run_unref(NULL);
}

static void test_slices_that_follow_are_one(void **state)
{
    struct run *run = run_create();
    struct outq queue = {0};
    buf_add_cstr(&run->bytes, "abcdef");
    outq_push(&queue, run, 0, 0);
    assert_int_equal(run->holders, 1);
    outq_push(&queue, run, 0, 2);
    outq_push(&queue, run, 2, 2);
    assert_int_equal(outq_n_more(&queue), 0);
    assert_int_equal(run->holders, 2);
    outq_push(&queue, run, 5, 1);
    assert_int_equal(outq_n_more(&queue), 1);
    char copy[8] = "";
    assert_int_equal(outq_copy(&queue, copy, sizeof(copy)), 5);
    assert_memory_equal(copy, "abcdf", 5);
    /* Kept without pinning the run. */
    outq_detach(&queue);
    assert_int_equal(run->holders, 1);
    assert_int_equal(outq_copy(&queue, copy, sizeof(copy)), 5);
    assert_memory_equal(copy, "abcdf", 5);
    outq_finish(&queue);
    run_unref(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocked_queue_pins_no_runs),
        cmocka_unit_test(test_own_bytes_do_not_grow_for_ever),
        cmocka_unit_test(test_large_slice_stays_shared),
        cmocka_unit_test(test_random_queues),
        cmocka_unit_test(test_slices_that_follow_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
