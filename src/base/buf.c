/* Growable byte runs with a sticky error. One thread at a time. */
#include "buf.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUF_FIRST_CAP = 64 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_finish(struct buf *buf)
{
    free(buf->p);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

char *buf_reserve(struct buf *buf, size_t more)
{
    if (buf->failed || (buf->max > 0 && more > buf->max - buf->len)) {
        buf->failed = true;
        return NULL;
    }
    if (more > buf->cap - buf->len || buf->p == NULL) {
        size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST_CAP;
        while (more > cap - buf->len) {
            cap *= 2;
        }
        buf->p = xrealloc(buf->p, cap);
        buf->cap = cap;
    }
    return buf->p + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return;
    }
    char *to = buf_reserve(buf, len);
    if (to != NULL) {
        memcpy(to, bytes, len);
        buf->len += len;
    }
}

void buf_add_str(struct buf *buf, struct str s)
{
    buf_add(buf, s.p, s.len);
}

void buf_add_cstr(struct buf *buf, const char *cstr)
{
    buf_add(buf, cstr, strlen(cstr));
}

void buf_add_char(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(buf, digits + at, sizeof(digits) - at);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    /* Most of what is formatted fits into what is there already. */
    size_t free_len = buf->cap - buf->len;
    int need = vsnprintf(free_len > 0 ? buf->p + buf->len : NULL, free_len, format, args);
    CHECK(need >= 0);
    char *to = buf_reserve(buf, (size_t)need + 1);
    if (to != NULL) {
        if ((size_t)need >= free_len) {
            vsnprintf(to, (size_t)need + 1, format, again);
        }
        buf->len += (size_t)need;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

void buf_consume(struct buf *buf, size_t len)
{
    CHECK(len <= buf->len);
    buf->len -= len;
    if (buf->len > 0) {
        memmove(buf->p, buf->p + len, buf->len);
    }
}
