/*
 * A queue of fixed-size items from any thread to one: senders append whole batches under a lock,
 * the receiver takes all at once. The receiver is woken only when the queue was empty.
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
 * sleeps, without waking it. */
void mailbox_post_own(struct mailbox *box, const void *items, size_t n);
void mailbox_post(struct mailbox *box, const void *items, size_t n);

/* Swaps all that is there into *batch, whose old items are forgotten. The receiver's thread. */
void mailbox_take(struct mailbox *box, struct mailbox_batch *batch);
void mailbox_batch_finish(struct mailbox_batch *batch);

#endif
