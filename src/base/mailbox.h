/*
 * A queue of fixed-size items from any thread to one: senders append whole batches under a lock,
 * the receiver takes all at once. The receiver is woken only when the queue was empty. Nothing is
 * ever refused; who sends faster than the receiver takes is told, and can wait a moment.
 */
#ifndef MARU_MAILBOX_H
#define MARU_MAILBOX_H

#include "lock.h"

#include <stddef.h>

struct mailbox {
    struct lock lock;
    size_t item_size;
    char *items;
    size_t len; /* in items */
    size_t cap;
    size_t crowd;            /* more items than these are too many; 0: never */
    struct cond taken;       /* after there were too many */
    void (*wake)(void *ctx); /* called on the sender's thread, outside the lock */
    void *ctx;
};

/* What was taken, reused from one take to the next. A zeroed struct is a valid empty one. */
struct mailbox_batch {
    char *items; /* owned */
    size_t len;
    size_t cap;
};

void mailbox_init(struct mailbox *box, size_t item_size, void (*wake)(void *ctx), void *ctx);
void mailbox_finish(struct mailbox *box);

/* Copies n items to the end. Any thread; from the receiver's own, which takes them before it
 * sleeps, without waking it. True where too many wait now. */
void mailbox_post_own(struct mailbox *box, const void *items, size_t n);
bool mailbox_post(struct mailbox *box, const void *items, size_t n);

/* Waits while too many items wait, at most so long. Not the receiver's thread. */
void mailbox_wait(struct mailbox *box, unsigned ms_max);

/* Swaps all that is there into *batch, whose old items are forgotten. The receiver's thread. */
void mailbox_take(struct mailbox *box, struct mailbox_batch *batch);
void mailbox_batch_finish(struct mailbox_batch *batch);

#endif
