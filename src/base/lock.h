/* A mutex, a condition to wait for, and an atomic counter: the only primitives between threads
 * besides mailbox.h. */
#ifndef MARU_LOCK_H
#define MARU_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct lock {
    pthread_mutex_t mutex;
};

void lock_init(struct lock *lock);
void lock_finish(struct lock *lock);
void lock_enter(struct lock *lock);
void lock_leave(struct lock *lock);

/* What a thread sleeps on, with the lock that guards what it waits for. */
struct cond {
    pthread_cond_t cond;
};

void cond_init(struct cond *cond);
void cond_finish(struct cond *cond);
/* Leaves the lock while asleep, at most so long; may return early. */
void cond_wait(struct cond *cond, struct lock *lock, unsigned ms_max);
void cond_wake(struct cond *cond);
void cond_wake_all(struct cond *cond);

/* A count of holders on several threads. Set once before it is published. */
struct refcount {
    atomic_uint holders;
};

void refcount_set(struct refcount *count, unsigned holders);
void refcount_up(struct refcount *count);
/* True for the last holder, who then frees. */
bool refcount_down(struct refcount *count);

#endif
