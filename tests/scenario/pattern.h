/*
 * What a line is expected to look like: literal bytes with holes in braces (README.md). Captures
 * are kept for later lines. Tests only; one thread.
 */
#ifndef MARU_PATTERN_H
#define MARU_PATTERN_H

#include "buf.h"

enum { CAPTURES_MAX = 64 };

struct capture {
    char *name;
    char *value;
};

/* Zeroed is empty. */
struct captures {
    struct capture items[CAPTURES_MAX];
    unsigned n;
};

void captures_finish(struct captures *captures);
/* NULL where there is none of that name. */
const char *captures_find(const struct captures *captures, struct str name);

/* Whether the whole line fits. New captures are kept only then. */
bool pattern_match(struct str pattern, struct str line, struct captures *captures);

/* Appends the text with {n} and {bytes*COUNT} written out, in what is sent also {$capture} and
 * \xHH. False where a capture has no value. */
bool pattern_expand(struct str text, unsigned n, const struct captures *captures, bool sent,
                    struct buf *out);

#endif
