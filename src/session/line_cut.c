/* Bytes into lines. Pure; one thread at a time. */
#include "line_cut.h"

#include "session_limits.h"

/* The start of a line that has not ended. */
static enum line_cut begin(struct str *bytes, uint32_t *skipped, size_t recvq_bytes)
{
    if (*skipped == 0 && bytes->len <= PEER_LINE_MAX + 2) {
        return LINE_CUT_MORE;
    }
    *skipped += (uint32_t)bytes->len;
    *bytes = (struct str){0};
    return *skipped > recvq_bytes ? LINE_CUT_ENDLESS : LINE_CUT_MORE;
}

enum line_cut line_cut(struct str *bytes, uint32_t *skipped, size_t recvq_bytes,
                       struct str *ret_line)
{
    const char *end = bytes->len > 0 ? memchr(bytes->p, '\n', bytes->len) : NULL;
    if (end == NULL) {
        return begin(bytes, skipped, recvq_bytes);
    }
    struct str line = {bytes->p, (size_t)(end - bytes->p)};
    size_t passed = *skipped;
    *skipped = 0;
    bytes->p += line.len + 1;
    bytes->len -= line.len + 1;
    if (passed + line.len > recvq_bytes) {
        return LINE_CUT_ENDLESS;
    }
    if (passed > 0 || line.len > PEER_LINE_MAX + 1) {
        return LINE_CUT_LONG;
    }
    while (line.len > 0 && line.p[line.len - 1] == '\r') {
        line.len--;
    }
    *ret_line = line;
    return LINE_CUT_LINE;
}
