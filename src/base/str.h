/*
 * A borrowed run of bytes: pointer and length, not NUL-terminated. Any thread.
 * The bytes belong to somebody else and must outlive the struct.
 */
#ifndef MARU_STR_H
#define MARU_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t len;
};

/* A struct str over a string literal. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

/* For printf: printf(STR_FMT, STR_ARG(s)). The argument is evaluated twice, in any order: never a
 * call that changes something. */
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).len, (s).p

static inline struct str str_make(const char *p, size_t len)
{
    return (struct str){p, len};
}

/* Over a NUL-terminated string; NULL gives the empty one. */
static inline struct str str_from(const char *cstr)
{
    return (struct str){cstr, cstr != NULL ? strlen(cstr) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);

/* Copies the bytes to *to, which moves on: several strings in one allocation. Returns the copy. */
static inline struct str str_place(char **to, struct str s)
{
    if (s.len > 0) {
        memcpy(*to, s.p, s.len);
    }
    struct str copy = {*to, s.len};
    *to += s.len;
    return copy;
}

/* Splits at the first `sep`: returns what precedes it and leaves the rest in *rest. Where there is
 * none, returns everything and leaves *rest empty with p == NULL, which ends a loop:
 *     while (rest.p != NULL) { struct str item = str_split(&rest, ','); … } */
struct str str_split(struct str *rest, char sep);

/* The longest prefix of at most `max` bytes that does not end inside a UTF-8 sequence. */
struct str str_cut_utf8(struct str s, size_t max);

/* Strictly valid UTF-8: no overlong forms, surrogates, or code points over U+10FFFF. */
bool str_is_utf8(struct str s);

/* A decimal number without sign or spaces; STATUS_MALFORMED for anything else or over UINT64_MAX.
 */
int str_to_u64(struct str s, uint64_t *ret_value) __attribute__((warn_unused_result));

/* A NUL-terminated copy on the heap, freed with free(). */
char *str_dup(struct str s);

#endif
