/* Patterns of lines: matching with captures, and what is written out. Tests only; one thread. */
#include "pattern.h"

#include "alloc.h"
#include "status.h"

#include <stdlib.h>

void captures_finish(struct captures *captures)
{
    for (unsigned i = 0; i < captures->n; i++) {
        free(captures->items[i].name);
        free(captures->items[i].value);
    }
    captures->n = 0;
}

const char *captures_find(const struct captures *captures, struct str name)
{
    for (unsigned i = 0; i < captures->n; i++) {
        if (str_eq(str_from(captures->items[i].name), name)) {
            return captures->items[i].value;
        }
    }
    return NULL;
}

static struct str skip(struct str s, size_t n)
{
    return (struct str){s.p + n, s.len - n};
}

/* "2026-11-22T00:00:00.000Z" */
static size_t time_len(struct str s)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    size_t len = sizeof(shape) - 1;
    if (s.len < len) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (shape[i] == 'd' ? !digit : s.p[i] != shape[i]) {
            return 0;
        }
    }
    return len;
}

static bool match(struct str pattern, struct str line, struct captures *captures);

/* The rest fits behind some number of bytes, of which each is none of `stop`; the most first. */
static bool match_run(struct str rest, struct str line, size_t min, const char *stop,
                      struct captures *captures)
{
    size_t most = 0;
    while (most < line.len && strchr(stop, line.p[most]) == NULL) {
        most++;
    }
    for (size_t len = most + 1; len-- > min;) {
        if (match(rest, skip(line, len), captures)) {
            return true;
        }
    }
    return false;
}

static bool match_digits(struct str rest, struct str line, struct captures *captures)
{
    size_t len = 0;
    while (len < line.len && line.p[len] >= '0' && line.p[len] <= '9') {
        len++;
    }
    return len > 0 && match(rest, skip(line, len), captures);
}

static bool match_capture(struct str name, struct str rest, struct str line,
                          struct captures *captures)
{
    const char *known = captures_find(captures, name);
    if (known != NULL) {
        return str_starts(line, str_from(known)) &&
               match(rest, skip(line, strlen(known)), captures);
    }
    size_t most = 0;
    while (most < line.len && strchr(" ;", line.p[most]) == NULL) {
        most++;
    }
    for (size_t len = most; len > 0; len--) {
        CHECK(captures->n < CAPTURES_MAX);
        struct capture *item = &captures->items[captures->n++];
        *item = (struct capture){str_dup(name), str_dup((struct str){line.p, len})};
        if (match(rest, skip(line, len), captures)) {
            return true;
        }
        captures->n--;
        free(item->name);
        free(item->value);
    }
    return false;
}

static bool match_hole(struct str hole, struct str rest, struct str line, struct captures *captures)
{
    if (str_eq(hole, STR("*"))) {
        return match_run(rest, line, 0, "\n", captures);
    }
    if (str_eq(hole, STR("word"))) {
        return match_run(rest, line, 1, " ", captures);
    }
    if (str_eq(hole, STR("num"))) {
        return match_digits(rest, line, captures);
    }
    if (str_eq(hole, STR("msgid"))) {
        return match_run(rest, line, 1, " ;", captures);
    }
    if (str_eq(hole, STR("time"))) {
        size_t len = time_len(line);
        return len > 0 && match(rest, skip(line, len), captures);
    }
    return hole.len > 1 && hole.p[0] == '$' && match_capture(skip(hole, 1), rest, line, captures);
}

static bool match(struct str pattern, struct str line, struct captures *captures)
{
    while (pattern.len > 0) {
        if (pattern.p[0] == '{' && !str_starts(pattern, STR("{{"))) {
            const char *end = memchr(pattern.p, '}', pattern.len);
            if (end == NULL) {
                return false;
            }
            size_t len = (size_t)(end - pattern.p) + 1;
            return match_hole((struct str){pattern.p + 1, len - 2}, skip(pattern, len), line,
                              captures);
        }
        if (line.len == 0 || line.p[0] != pattern.p[0]) {
            return false;
        }
        pattern = skip(pattern, pattern.p[0] == '{' ? 2 : 1);
        line = skip(line, 1);
    }
    return line.len == 0;
}

bool pattern_match(struct str pattern, struct str line, struct captures *captures)
{
    return match(pattern, line, captures);
}

/* {bytes*COUNT}: true where the hole is one. */
static bool add_repeated(struct str hole, struct buf *out)
{
    size_t star = hole.len;
    while (star > 0 && hole.p[star - 1] != '*') {
        star--;
    }
    uint64_t count;
    if (star < 2 || str_to_u64(skip(hole, star), &count) != STATUS_OK) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        buf_add(out, hole.p, star - 1);
    }
    return true;
}

static int hex(char c)
{
    char lower = ascii_lower(c);
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool pattern_expand(struct str text, unsigned n, const struct captures *captures, bool sent,
                    struct buf *out)
{
    while (text.len > 0) {
        const char *end = text.p[0] == '{' ? memchr(text.p, '}', text.len) : NULL;
        struct str hole =
            end != NULL ? (struct str){text.p + 1, (size_t)(end - text.p) - 1} : (struct str){0};
        if (str_eq(hole, STR("n"))) {
            buf_add_u64(out, n);
            text = skip(text, hole.len + 2);
        } else if (hole.len > 0 && add_repeated(hole, out)) {
            text = skip(text, hole.len + 2);
        } else if (sent && hole.len > 1 && hole.p[0] == '$') {
            const char *value = captures_find(captures, skip(hole, 1));
            if (value == NULL) {
                return false;
            }
            buf_add_cstr(out, value);
            text = skip(text, hole.len + 2);
        } else if (sent && text.len >= 4 && text.p[0] == '\\' && text.p[1] == 'x' &&
                   hex(text.p[2]) >= 0 && hex(text.p[3]) >= 0) {
            buf_add_char(out, (char)(hex(text.p[2]) << 4 | hex(text.p[3])));
            text = skip(text, 4);
        } else {
            buf_add_char(out, text.p[0]);
            text = skip(text, 1);
        }
    }
    return true;
}
