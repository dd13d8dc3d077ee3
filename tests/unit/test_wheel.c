/* wheel.c: nothing fires early, nothing more than a slot late, everything once. */
#include "unit.h"

#include "chance.h"
#include "wheel.h"

enum { TIMERS = 300, STEPS = 30000 };

struct waiter {
    struct wheel_timer timer; /* first, so that the timer is the waiter */
    bool set;
    uint64_t due_ms;
};

static struct waiter waiters[TIMERS];

/* How late anything may be: one slot. */
static void check_none_is_late(uint64_t now)
{
    for (size_t i = 0; i < TIMERS; i++) {
        assert_true(!waiters[i].set || waiters[i].due_ms + WHEEL_SLOT_MS > now);
    }
}

static void fire_all(struct wheel *wheel, uint64_t now)
{
    struct wheel_timer *timer;
    while ((timer = wheel_fire(wheel, now)) != NULL) {
        struct waiter *waiter = (struct waiter *)timer;
        assert_true(waiter->set);
        assert_true(waiter->due_ms <= now);
        assert_null(timer->back);
        waiter->set = false;
    }
    check_none_is_late(now);
}

static void random_timers(void **state)
{
    static struct wheel wheel;
    uint64_t seed = 5;
    uint64_t now = 123456789;
    const uint64_t round = (uint64_t)WHEEL_SLOTS * WHEEL_SLOT_MS;
    memset(waiters, 0, sizeof(waiters));
    wheel_init(&wheel, now);
    for (int i = 0; i < STEPS; i++) {
        struct waiter *waiter = &waiters[chance(&seed, TIMERS)];
        if (chance(&seed, 4) == 0) {
            wheel_clear(&waiter->timer);
            waiter->set = false;
        } else {
            /* Soon, over several rounds, or past already. */
            uint64_t ahead = chance(&seed, chance(&seed, 2) == 0 ? 500 : 3 * round);
            waiter->due_ms = chance(&seed, 20) == 0 ? now - 1000 : now + ahead;
            waiter->set = true;
            wheel_set(&wheel, &waiter->timer, waiter->due_ms);
        }
        if (chance(&seed, 8) == 0) {
            now += chance(&seed, chance(&seed, 50) == 0 ? 4 * round : 200);
            /* What was past already when it was set may wait for its slot. */
            fire_all(&wheel, now);
        }
    }
    now += 4 * round;
    fire_all(&wheel, now);
    for (size_t i = 0; i < TIMERS; i++) {
        assert_false(waiters[i].set);
    }
    assert_null(wheel_fire(&wheel, now + 4 * round));
}

static void moved_timer_fires_at_its_new_time_only(void **state)
{
    static struct wheel wheel;
    struct wheel_timer timer = {0};
    wheel_init(&wheel, 1000);
    wheel_set(&wheel, &timer, 2000);
    wheel_set(&wheel, &timer, 90000);
    assert_null(wheel_fire(&wheel, 89999));
    assert_ptr_equal(wheel_fire(&wheel, 90000 + WHEEL_SLOT_MS), &timer);
    assert_null(wheel_fire(&wheel, 200000));
    wheel_clear(&timer); /* not set: nothing happens */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_timers),
        cmocka_unit_test(moved_timer_fires_at_its_new_time_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
