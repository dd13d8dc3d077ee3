/*
 * A growable run of bytes that its holder owns. Appending never fails by itself: where a maximum is
 * set and would be passed, the append is left out, `failed` stays set, and the caller checks once.
 * One thread at a time.
 */
#ifndef MARU_BUF_H
#define MARU_BUF_H

#include "str.h"

#include <stdarg.h>

struct buf {
    char *p;    /* owned; NULL while nothing was ever appended */
    size_t len; /* bytes in use */
    size_t cap;
    size_t max;  /* in bytes; 0 is no maximum */
    bool failed; /* sticky: an append did not fit into max */
};

/* A zeroed struct buf is also a valid empty one without a maximum. */
void buf_init(struct buf *buf, size_t max);
void buf_finish(struct buf *buf);

/* Empties it and clears `failed`; keeps the memory. */
void buf_clear(struct buf *buf);

/* Room for `more` bytes behind len, to be filled by the caller, who then raises len. Returns NULL
 * and sets `failed` where max forbids it. */
char *buf_reserve(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, struct str s);
void buf_add_cstr(struct buf *buf, const char *cstr);
void buf_add_char(struct buf *buf, char c);
void buf_add_u64(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

void buf_vprintf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Removes the first `len` bytes. */
void buf_consume(struct buf *buf, size_t len);

static inline struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->p, buf->len};
}

#endif
