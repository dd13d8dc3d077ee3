/* WebSocket frames: at once, and byte by byte as they may come. What one way reads, the other does,
 * too. */
#include "fuzz.h"

#include "ws.h"

/* A digest of what was read: opcodes and payloads in order. */
static void note(struct buf *seen, const struct ws_frame *frame)
{
    buf_printf(seen, "%u %zu ", (unsigned)frame->opcode, frame->payload.len);
    buf_add_str(seen, frame->payload);
}

static int read_all(char *bytes, size_t len, size_t *at, struct ws_reader *reader, struct buf *seen)
{
    for (;;) {
        size_t used = 0;
        struct ws_frame frame;
        int status = ws_read(reader, bytes + *at, len - *at, &used, &frame);
        if (status != STATUS_OK) {
            return status;
        }
        CHECK(used >= 6 && used <= len - *at);
        CHECK(frame.payload.len <= WS_MESSAGE_MAX);
        note(seen, &frame);
        *at += used;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf fast = {0};
    struct buf slow = {0};
    struct buf copy = {0};
    struct ws_reader reader = {0};
    size_t at = 0;
    if (size == 0) {
        return 0;
    }
    buf_add(&copy, (const char *)data, size);
    int status = read_all(copy.p, copy.len, &at, &reader, &fast);
    ws_reader_finish(&reader);

    size_t slow_at = 0;
    int slow_status = STATUS_INCOMPLETE;
    buf_clear(&copy);
    buf_add(&copy, (const char *)data, size);
    for (size_t len = 0; len <= size && slow_status == STATUS_INCOMPLETE; len++) {
        slow_status = read_all(copy.p, len, &slow_at, &reader, &slow);
    }
    ws_reader_finish(&reader);
    CHECK(status == slow_status && at == slow_at && str_eq(buf_str(&fast), buf_str(&slow)));
    buf_finish(&fast);
    buf_finish(&slow);
    buf_finish(&copy);
    return 0;
}
