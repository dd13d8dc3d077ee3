/* Runs, slices and output queues. The edge's thread. */
#include "run.h"

#include "alloc.h"
#include "net_limits.h"

#include <stdlib.h>

enum { SLICES_MIN = 5 };

struct run *run_create(void)
{
    struct run *run = xcalloc(1, sizeof(*run));
    run->holders = 1;
    return run;
}

struct run *run_take(struct run_pool *pool)
{
    struct run *run = pool->free;
    if (run == NULL) {
        run = run_create();
        run->pool = pool;
        return run;
    }
    pool->free = run->next;
    pool->n--;
    run->holders = 1;
    buf_clear(&run->bytes);
    return run;
}

static void run_destroy(struct run *run)
{
    buf_finish(&run->bytes);
    free(run);
}

void run_pool_finish(struct run_pool *pool)
{
    while (pool->free != NULL) {
        struct run *run = pool->free;
        pool->free = run->next;
        run_destroy(run);
    }
}

void run_ref(struct run *run)
{
    run->holders++;
}

void run_unref(struct run *run)
{
    if (run == NULL || --run->holders > 0) {
        return;
    }
    struct run_pool *pool = run->pool;
    if (pool == NULL || pool->n == RUN_POOL_MAX || run->bytes.cap > RUN_POOL_BYTES) {
        run_destroy(run);
        return;
    }
    run->next = pool->free;
    pool->free = run;
    pool->n++;
}

static struct slice *last_slice(struct outq *queue)
{
    uint32_t n = outq_n_more(queue);
    return n > 0 ? &queue->more->at[n - 1] : &queue->first;
}

static void add_slice(struct outq *queue, struct slice slice)
{
    struct slices *more = queue->more;
    if (more == NULL || more->n == more->cap) {
        uint32_t n = outq_n_more(queue);
        uint32_t cap = n > 0 ? n * 2 : SLICES_MIN;
        more = xrealloc(more, sizeof(*more) + cap * sizeof(more->at[0]));
        more->n = n;
        more->cap = cap;
        queue->more = more;
    }
    more->at[more->n++] = slice;
}

void outq_push(struct outq *queue, struct run *run, size_t offset, size_t len)
{
    if (len == 0) {
        return;
    }
    queue->bytes += len;
    struct slice *last = last_slice(queue);
    if (last->run == run && last->offset + last->len == offset) {
        last->len += (uint32_t)len;
        return;
    }
    run_ref(run);
    struct slice slice = {run, (uint32_t)offset, (uint32_t)len};
    if (queue->first.run == NULL) {
        queue->first = slice;
        return;
    }
    add_slice(queue, slice);
}

size_t outq_front(const struct outq *queue, const char **ret_bytes)
{
    if (queue->first.run == NULL) {
        return 0;
    }
    *ret_bytes = queue->first.run->bytes.p + queue->first.offset;
    return queue->first.len;
}

static size_t copy_slice(const struct slice *slice, char *to, size_t room)
{
    size_t len = slice->len < room ? slice->len : room;
    memcpy(to, slice->run->bytes.p + slice->offset, len);
    return len;
}

size_t outq_copy(const struct outq *queue, char *to, size_t max)
{
    if (queue->first.run == NULL) {
        return 0;
    }
    size_t used = copy_slice(&queue->first, to, max);
    for (uint32_t i = 0; i < outq_n_more(queue) && used < max; i++) {
        used += copy_slice(&queue->more->at[i], to + used, max - used);
    }
    return used;
}

void outq_finish(struct outq *queue)
{
    run_unref(queue->first.run);
    for (uint32_t i = 0; i < outq_n_more(queue); i++) {
        run_unref(queue->more->at[i].run);
    }
    free(queue->more);
    *queue = (struct outq){0};
}

void outq_consume(struct outq *queue, size_t len)
{
    CHECK(len <= queue->bytes);
    if (len == queue->bytes) {
        outq_finish(queue);
        return;
    }
    queue->bytes -= len;
    uint32_t gone = 0; /* whole slices, the first included */
    struct slice *slice = &queue->first;
    while (len >= slice->len) {
        len -= slice->len;
        run_unref(slice->run);
        slice = &queue->more->at[gone++];
    }
    slice->offset += (uint32_t)len;
    slice->len -= (uint32_t)len;
    if (gone > 0) {
        queue->first = *slice;
        struct slices *more = queue->more;
        more->n -= gone;
        memmove(more->at, more->at + gone, more->n * sizeof(more->at[0]));
    }
}

void outq_move(struct outq *from, struct outq *to, size_t len)
{
    CHECK(len <= from->bytes);
    size_t left = len;
    for (uint32_t i = 0; left > 0; i++) {
        const struct slice *slice = i == 0 ? &from->first : &from->more->at[i - 1];
        size_t part = slice->len < left ? slice->len : left;
        outq_push(to, slice->run, slice->offset, part);
        left -= part;
    }
    if (len > 0) {
        outq_consume(from, len);
    }
}

/* Nobody else has the run, and the slice is its end: more may be put behind it. */
static bool is_own(const struct slice *slice)
{
    return slice->run->holders == 1 && slice->offset + slice->len == slice->run->bytes.len;
}

static void append(struct run *own, const struct slice *slice)
{
    buf_add(&own->bytes, slice->run->bytes.p + slice->offset, slice->len);
}

void outq_detach(struct outq *queue)
{
    struct slice *first = &queue->first;
    /* A slice that is most of its run may keep it: the memory is of use. */
    if (first->run == NULL ||
        (outq_n_more(queue) == 0 && first->len * 2ull >= first->run->bytes.cap)) {
        return;
    }
    if (!is_own(first)) {
        struct run *own = run_create();
        buf_reserve(&own->bytes, queue->bytes);
        append(own, first);
        run_unref(first->run);
        *first = (struct slice){own, 0, first->len};
    } else if (first->offset > first->len) {
        buf_consume(&first->run->bytes, first->offset);
        first->offset = 0;
    }
    for (uint32_t i = 0; i < outq_n_more(queue); i++) {
        const struct slice *slice = &queue->more->at[i];
        append(first->run, slice);
        first->len += slice->len;
        run_unref(slice->run);
    }
    free(queue->more);
    queue->more = NULL;
}
