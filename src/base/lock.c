/* Mutexes, conditions and reference counts between threads. */
#include "lock.h"

#include "alloc.h"

#include <errno.h>
#include <time.h>

void lock_init(struct lock *lock)
{
    CHECK(pthread_mutex_init(&lock->mutex, NULL) == 0);
}

void lock_finish(struct lock *lock)
{
    CHECK(pthread_mutex_destroy(&lock->mutex) == 0);
}

void lock_enter(struct lock *lock)
{
    CHECK(pthread_mutex_lock(&lock->mutex) == 0);
}

void lock_leave(struct lock *lock)
{
    CHECK(pthread_mutex_unlock(&lock->mutex) == 0);
}

void cond_init(struct cond *cond)
{
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    /* A wait must not grow or end because somebody sets the clock. */
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&cond->cond, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
}

void cond_finish(struct cond *cond)
{
    CHECK(pthread_cond_destroy(&cond->cond) == 0);
}

void cond_wait(struct cond *cond, struct lock *lock, unsigned ms_max)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += ms_max / 1000;
    until.tv_nsec += (long)(ms_max % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int rc = pthread_cond_timedwait(&cond->cond, &lock->mutex, &until);
    CHECK(rc == 0 || rc == ETIMEDOUT);
}

void cond_wake(struct cond *cond)
{
    CHECK(pthread_cond_signal(&cond->cond) == 0);
}

void cond_wake_all(struct cond *cond)
{
    CHECK(pthread_cond_broadcast(&cond->cond) == 0);
}

void refcount_set(struct refcount *count, unsigned holders)
{
    atomic_store_explicit(&count->holders, holders, memory_order_relaxed);
}

void refcount_up(struct refcount *count)
{
    atomic_fetch_add_explicit(&count->holders, 1, memory_order_relaxed);
}

bool refcount_down(struct refcount *count)
{
    unsigned before = atomic_fetch_sub_explicit(&count->holders, 1, memory_order_acq_rel);
    CHECK(before > 0);
    return before == 1;
}
