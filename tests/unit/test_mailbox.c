/* mailbox.c: whole batches in order, from several threads; a wake only where it was empty. */
#include "unit.h"

#include "mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { SENDERS = 4, BATCHES = 5000 };

struct letter {
    unsigned sender;
    unsigned number;
    unsigned of; /* how many are in its batch … */
    unsigned at; /* … and which of them this is */
};

struct shared {
    struct mailbox box;
    atomic_uint wakes;
};

static void on_wake(void *ctx)
{
    struct shared *shared = ctx;
    atomic_fetch_add(&shared->wakes, 1);
}

static void wakes_only_when_it_was_empty(void **state)
{
    struct shared shared = {.wakes = 0};
    struct mailbox_batch batch = {0};
    const int items[] = {1, 2, 3};
    mailbox_init(&shared.box, sizeof(int), on_wake, &shared);
    mailbox_post(&shared.box, items, 0);
    assert_int_equal(shared.wakes, 0);
    mailbox_post(&shared.box, items, 2);
    mailbox_post(&shared.box, items, 3);
    assert_int_equal(shared.wakes, 1);
    mailbox_take(&shared.box, &batch);
    assert_int_equal(batch.len, 5);
    assert_memory_equal(batch.items, ((const int[]){1, 2, 1, 2, 3}), 5 * sizeof(int));
    mailbox_post_own(&shared.box, items, 1);
    assert_int_equal(shared.wakes, 1);
    mailbox_post(&shared.box, items, 1);
    assert_int_equal(shared.wakes, 1);
    mailbox_take(&shared.box, &batch);
    assert_int_equal(batch.len, 2);
    mailbox_take(&shared.box, &batch);
    assert_int_equal(batch.len, 0);
    mailbox_post(&shared.box, items, 1);
    assert_int_equal(shared.wakes, 2);
    mailbox_batch_finish(&batch);
    mailbox_finish(&shared.box);
}

static void *take_one(void *ctx)
{
    struct mailbox_batch batch = {0};
    mailbox_take(ctx, &batch);
    mailbox_batch_finish(&batch);
    return NULL;
}

static void slows_down_who_sends_too_fast(void **state)
{
    struct mailbox box;
    const int items[] = {1, 2, 3};
    mailbox_init(&box, sizeof(int), NULL, NULL);
    assert_false(mailbox_post(&box, items, 3)); /* No bound. */
    box.crowd = 4;
    assert_true(mailbox_post(&box, items, 3));
    /* Nobody takes: it ends all the same. */
    mailbox_wait(&box, 1);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_one, &box), 0);
    mailbox_wait(&box, 60000);
    assert_int_equal(box.len, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(mailbox_post(&box, items, 3));
    mailbox_finish(&box);
}

struct sender {
    struct shared *shared;
    unsigned index;
};

static void *send_all(void *arg)
{
    const struct sender *sender = arg;
    unsigned number = 0;
    for (unsigned i = 0; i < BATCHES; i++) {
        struct letter letters[3];
        unsigned n = 1 + i % 3;
        for (unsigned k = 0; k < n; k++) {
            letters[k] = (struct letter){sender->index, number++, n, k};
        }
        mailbox_post(&sender->shared->box, letters, n);
    }
    return NULL;
}

static void batches_stay_whole_and_in_order(void **state)
{
    struct shared shared = {.wakes = 0};
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    mailbox_init(&shared.box, sizeof(struct letter), on_wake, &shared);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&shared, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    unsigned next[SENDERS] = {0};
    size_t total = 0;
    unsigned takes = 0;
    const size_t all = SENDERS * ((size_t)BATCHES / 3 * 6 + 1 + 2);
    struct mailbox_batch batch = {0};
    while (total < all) {
        mailbox_take(&shared.box, &batch);
        const struct letter *letters = (const struct letter *)batch.items;
        for (size_t i = 0; i < batch.len; i++) {
            assert_int_equal(letters[i].number, next[letters[i].sender]++);
            assert_true(letters[i].at == 0 || (letters[i - 1].sender == letters[i].sender &&
                                               letters[i - 1].at + 1 == letters[i].at));
            assert_true(i + letters[i].of - letters[i].at <= batch.len);
        }
        total += batch.len;
        takes += batch.len > 0;
        if (batch.len == 0) {
            sched_yield();
        }
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(total, all);
    /* One for each time that it was empty before, which is once for each take that got any. */
    assert_int_equal(shared.wakes, takes);
    mailbox_batch_finish(&batch);
    mailbox_finish(&shared.box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wakes_only_when_it_was_empty),
        cmocka_unit_test(slows_down_who_sends_too_fast),
        cmocka_unit_test(batches_stay_whole_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
