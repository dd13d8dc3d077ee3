/* WebSocket frames into lines. Pure; any thread. */
#include "ws_stream.h"

void ws_stream_finish(struct ws_stream *stream)
{
    ws_reader_finish(&stream->reader);
    buf_finish(&stream->partial);
}

/* Codes that a peer may say (RFC 6455 section 7.4). */
static bool may_be_said(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static int on_close(struct ws_stream *stream, struct str payload)
{
    stream->close_code = WS_CODE_NORMAL;
    if (payload.len == 0) {
        return STATUS_CLOSED;
    }
    unsigned code = 0;
    if (payload.len >= 2) {
        code = (unsigned)(unsigned char)payload.p[0] << 8 | (unsigned char)payload.p[1];
    }
    bool sound = may_be_said(code) && str_is_utf8(str_make(payload.p + 2, payload.len - 2));
    stream->close_code = sound ? (uint16_t)code : WS_CODE_PROTOCOL;
    return sound ? STATUS_CLOSED : STATUS_MALFORMED;
}

static int on_message(struct ws_stream *stream, const struct ws_frame *frame, struct buf *lines)
{
    struct str line = frame->payload;
    while (line.len > 0 && (line.p[line.len - 1] == '\n' || line.p[line.len - 1] == '\r')) {
        line.len--;
    }
    if (frame->opcode == WS_TEXT && !str_is_utf8(line)) {
        stream->close_code = WS_CODE_INVALID;
        return STATUS_MALFORMED;
    }
    if (line.len > 0 && memchr(line.p, '\n', line.len) != NULL) {
        stream->close_code = WS_CODE_POLICY;
        return STATUS_MALFORMED;
    }
    buf_add_str(lines, line);
    buf_add_char(lines, '\n');
    return STATUS_OK;
}

static int on_frame(struct ws_stream *stream, const struct ws_frame *frame, struct buf *lines,
                    struct buf *answers)
{
    switch (frame->opcode) {
    case WS_TEXT:
    case WS_BINARY:
        return on_message(stream, frame, lines);
    case WS_PING:
        ws_add(answers, WS_PONG, frame->payload);
        return STATUS_OK;
    case WS_CLOSE:
        return on_close(stream, frame->payload);
    default: /* A part that was kept, or a pong. */
        return STATUS_OK;
    }
}

/* Whole frames from the front; *ret_used counts them. STATUS_INCOMPLETE where more must come. */
static int take_frames(struct ws_stream *stream, char *bytes, size_t len, size_t *ret_used,
                       struct buf *lines, struct buf *answers)
{
    int status = STATUS_OK;
    *ret_used = 0;
    while (status == STATUS_OK) {
        struct ws_frame frame;
        size_t used = 0;
        status = ws_read(&stream->reader, bytes + *ret_used, len - *ret_used, &used, &frame);
        if (status == STATUS_OK) {
            *ret_used += used;
            status = on_frame(stream, &frame, lines, answers);
        } else if (status != STATUS_INCOMPLETE) {
            stream->close_code = (uint16_t)ws_code_of(status);
        }
    }
    return status;
}

int ws_stream_feed(struct ws_stream *stream, char *bytes, size_t len, struct buf *lines,
                   struct buf *answers)
{
    size_t used;
    int status;
    if (stream->close_code != 0) {
        return STATUS_CLOSED;
    }
    if (stream->partial.len == 0) {
        status = take_frames(stream, bytes, len, &used, lines, answers);
        if (status == STATUS_INCOMPLETE && used < len) {
            buf_add(&stream->partial, bytes + used, len - used);
        }
    } else {
        buf_add(&stream->partial, bytes, len);
        status = take_frames(stream, stream->partial.p, stream->partial.len, &used, lines, answers);
        buf_consume(&stream->partial, used);
    }
    if (stream->partial.len == 0 || status != STATUS_INCOMPLETE) {
        buf_finish(&stream->partial);
    }
    return status == STATUS_INCOMPLETE ? STATUS_OK : status;
}
