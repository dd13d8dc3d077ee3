/* Mutexes and reference counts between threads. */
#include "lock.h"

#include "alloc.h"

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
