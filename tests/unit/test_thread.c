/* thread.c: a thread's manners are its own. */
#include "unit.h"

#include "thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

struct seen {
    int policy;
    int nice;
};

static struct seen look(void)
{
    return (struct seen){sched_getscheduler(0), getpriority(PRIO_PROCESS, 0)};
}

static void *patient(void *ctx)
{
    struct seen *seen = ctx;
    thread_be_patient();
    *seen = look();
    return NULL;
}

static void *idle(void *ctx)
{
    struct seen *seen = ctx;
    thread_be_idle();
    *seen = look();
    return NULL;
}

static struct seen on_a_thread(void *(*run)(void *ctx))
{
    struct seen seen = {-1, -1};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return seen;
}

static void only_the_thread_itself_changes(void **state)
{
    struct seen before = look();
    struct seen seen = on_a_thread(patient);
    assert_int_equal(seen.policy, SCHED_BATCH);
    assert_int_equal(seen.nice, before.nice);
    seen = on_a_thread(idle);
    assert_int_equal(seen.policy, SCHED_BATCH);
    assert_true(seen.nice > before.nice || before.nice >= 10);
    struct seen after = look();
    assert_int_equal(after.policy, before.policy);
    assert_int_equal(after.nice, before.nice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_thread_itself_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
