/* Queues between threads: lock, splice, wake only if the list was empty. */
#include "mailbox.h"

#include "alloc.h"
#include "clock.h"

#include <stdlib.h>
#include <string.h>

void mailbox_init(struct mailbox *box, size_t item_size, void (*wake)(void *ctx), void *ctx)
{
    *box = (struct mailbox){.item_size = item_size, .wake = wake, .ctx = ctx};
    lock_init(&box->lock);
    cond_init(&box->taken);
}

void mailbox_finish(struct mailbox *box)
{
    cond_finish(&box->taken);
    lock_finish(&box->lock);
    free(box->items);
    *box = (struct mailbox){0};
}

static bool is_crowded(const struct mailbox *box)
{
    return box->crowd > 0 && box->len > box->crowd;
}

/* True where it was empty. */
static bool append(struct mailbox *box, const void *items, size_t n, bool *ret_crowded)
{
    lock_enter(&box->lock);
    bool was_empty = box->len == 0;
    if (box->len + n > box->cap) {
        while (box->len + n > box->cap) {
            box->cap = box->cap > 0 ? box->cap * 2 : 64;
        }
        box->items = xrealloc(box->items, box->cap * box->item_size);
    }
    memcpy(box->items + box->len * box->item_size, items, n * box->item_size);
    box->len += n;
    *ret_crowded = is_crowded(box);
    lock_leave(&box->lock);
    return was_empty;
}

void mailbox_post_own(struct mailbox *box, const void *items, size_t n)
{
    bool crowded;
    if (n > 0) {
        append(box, items, n, &crowded);
    }
}

bool mailbox_post(struct mailbox *box, const void *items, size_t n)
{
    bool crowded = false;
    if (n > 0 && append(box, items, n, &crowded) && box->wake != NULL) {
        box->wake(box->ctx);
    }
    return crowded;
}

void mailbox_wait(struct mailbox *box, unsigned ms_max)
{
    uint64_t until = clock_mono_ms() + ms_max;
    lock_enter(&box->lock);
    for (uint64_t now = clock_mono_ms(); is_crowded(box) && now < until; now = clock_mono_ms()) {
        cond_wait(&box->taken, &box->lock, (unsigned)(until - now));
    }
    lock_leave(&box->lock);
}

void mailbox_take(struct mailbox *box, struct mailbox_batch *batch)
{
    batch->len = 0;
    lock_enter(&box->lock);
    if (is_crowded(box)) {
        cond_wake_all(&box->taken);
    }
    struct mailbox_batch taken = {box->items, box->len, box->cap};
    box->items = batch->items;
    box->len = 0;
    box->cap = batch->cap;
    lock_leave(&box->lock);
    *batch = taken;
}

void mailbox_batch_finish(struct mailbox_batch *batch)
{
    free(batch->items);
    *batch = (struct mailbox_batch){0};
}
