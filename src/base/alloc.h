/*
 * Allocation for small internal objects: when memory is gone the process ends, since nothing useful
 * can be done. Whatever a peer can size is bounded before it comes here. Any thread; free with
 * free().
 */
#ifndef MARU_ALLOC_H
#define MARU_ALLOC_H

#include <stddef.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));

/* An invariant of ours, checked in every build; never reached by a peer's bytes. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            check_failed(#condition, __FILE__, __LINE__);                                          \
        }                                                                                          \
    } while (0)

void check_failed(const char *what, const char *file, int line) __attribute__((noreturn, cold));

#endif
