/* The line parser and message tags, on what a client may send. */
#include "fuzz.h"

#include "line.h"
#include "tags.h"

static void check_tags(struct str tags)
{
    struct str rest = tags;
    struct str key;
    struct str value;
    while (tags_next(&rest, &key, &value)) {
        CHECK(key.len > 0 && fuzz_within(key, tags) && fuzz_within(value, tags));
        CHECK(memchr(key.p, ';', key.len) == NULL && memchr(key.p, '=', key.len) == NULL);
        CHECK(value.len == 0 || memchr(value.p, ';', value.len) == NULL);
        struct str found;
        CHECK(tags_find(tags, key, &found));
        if (tags_key_valid(key)) {
            CHECK(str_is_utf8(key));
        }
        struct buf plain = {0};
        tags_add_unescaped(&plain, value);
        CHECK(plain.len <= value.len);
        buf_finish(&plain);
    }
}

/* Whatever a value holds, escaping keeps it inside its tag and loses nothing. */
static void check_escaping(struct str value)
{
    struct buf escaped = {0};
    struct buf plain = {0};
    tags_add_escaped(&escaped, value);
    for (size_t i = 0; i < escaped.len; i++) {
        CHECK(strchr("; \r\n", escaped.p[i]) == NULL || escaped.p[i] == '\0');
    }
    tags_add_unescaped(&plain, buf_str(&escaped));
    CHECK(str_eq(buf_str(&plain), value));
    buf_finish(&escaped);
    buf_finish(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = fuzz_str(data, size);
    check_escaping(bytes);
    struct line line;
    if (line_parse(bytes, &line) < 0) {
        return 0;
    }
    CHECK(memchr(bytes.p, '\n', bytes.len) == NULL && memchr(bytes.p, '\r', bytes.len) == NULL);
    CHECK(line.command.len > 0 && fuzz_within(line.command, bytes));
    CHECK(fuzz_within(line.tags, bytes) && fuzz_within(line.source, bytes));
    CHECK(line.n_params <= LINE_PARAMS_MAX);
    for (unsigned i = 0; i < line.n_params; i++) {
        CHECK(fuzz_within(line.params[i], bytes));
        if (i + 1 < line.n_params) {
            CHECK(line.params[i].len > 0 && line.params[i].p[0] != ':');
            CHECK(memchr(line.params[i].p, ' ', line.params[i].len) == NULL);
        }
    }
    check_tags(line.tags);
    return 0;
}
