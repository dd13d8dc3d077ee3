/* A connection that becomes a WebSocket: its request, its frames, its lines; at once, and in pieces
 * whose size the first byte chooses. Both must say the same. */
#include "fuzz.h"

#include "alloc.h"
#include "line_cut.h"
#include "session_limits.h"
#include "ws_handshake.h"
#include "ws_stream.h"

#include <stdlib.h>

enum { RECVQ = 9216 };

/* What came of it, in order. */
struct seen {
    struct buf lines;
    struct buf answers;
    int status;
    unsigned close_code;
};

static void cut(struct str lines, struct buf *pending, uint32_t *skipped, struct buf *out)
{
    buf_add_str(pending, lines);
    struct str bytes = buf_str(pending);
    struct str line;
    enum line_cut what;
    while ((what = line_cut(&bytes, skipped, RECVQ, &line)) != LINE_CUT_MORE) {
        CHECK(what == LINE_CUT_LINE || what == LINE_CUT_LONG); /* No message is so long. */
        if (what == LINE_CUT_LINE) {
            CHECK(line.len <= PEER_LINE_MAX + 1);
            buf_printf(out, "%zu ", line.len);
            buf_add_str(out, line);
        } else {
            buf_add_cstr(out, "long ");
        }
    }
    CHECK(bytes.len == 0 && *skipped == 0); /* A message is a whole line. */
    buf_clear(pending);
}

static void run(struct str frames, size_t piece, struct seen *seen)
{
    struct ws_stream stream = {.opcode = WS_TEXT, .reader.message_max = RECVQ};
    struct buf pending = {0};
    uint32_t skipped = 0;
    *seen = (struct seen){.status = STATUS_OK};
    /* A copy: it is unmasked in place. */
    char *copy = xmalloc(frames.len);
    memcpy(copy, frames.p, frames.len);
    for (size_t at = 0; at < frames.len && seen->status == STATUS_OK; at += piece) {
        size_t len = frames.len - at < piece ? frames.len - at : piece;
        struct buf lines = {0};
        seen->status = ws_stream_feed(&stream, copy + at, len, &lines, &seen->answers);
        CHECK(stream.partial.len <= RECVQ + 14 && stream.reader.parts.len <= RECVQ);
        cut(buf_str(&lines), &pending, &skipped, &seen->lines);
        buf_finish(&lines);
    }
    free(copy);
    seen->close_code = stream.close_code;
    CHECK((seen->status == STATUS_OK) == (seen->close_code == 0));
    ws_stream_finish(&stream);
    buf_finish(&pending);
}

static void finish(struct seen *seen)
{
    buf_finish(&seen->lines);
    buf_finish(&seen->answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct str bytes = fuzz_str(data + 1, size - 1);
    struct http_head head;
    struct ws_handshake handshake;
    size_t scanned = 0;
    if (http_head_parse(bytes, &scanned, &head) == STATUS_OK) {
        struct str host;
        if (ws_is_asked_for(&head) && ws_handshake_read(&head, &handshake) == STATUS_OK) {
            CHECK(fuzz_within(handshake.key, bytes));
            CHECK(!http_field_find(&head, STR("Host"), &host) || handshake.origin.len == 0 ||
                  !ws_is_same_origin(handshake.origin, host) || host.len > 0);
        }
        bytes = str_make(bytes.p + head.len, bytes.len - head.len);
    }
    if (bytes.len == 0) {
        return 0;
    }
    struct seen whole;
    struct seen pieces;
    run(bytes, bytes.len, &whole);
    run(bytes, 1 + (size_t)data[0], &pieces);
    CHECK(whole.status == pieces.status && whole.close_code == pieces.close_code);
    CHECK(str_eq(buf_str(&whole.lines), buf_str(&pieces.lines)));
    CHECK(str_eq(buf_str(&whole.answers), buf_str(&pieces.answers)));
    finish(&whole);
    finish(&pieces);
    return 0;
}
