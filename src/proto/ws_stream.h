/*
 * What a WebSocket client sends, as lines: frames are taken apart as they come, each message
 * becomes one line, pings are answered. Pure; any thread. IRCv3 "WebSocket support"; RFC 6455.
 */
#ifndef MARU_WS_STREAM_H
#define MARU_WS_STREAM_H

#include "ws.h"

/* Zeroed, but for opcode, is the beginning. */
struct ws_stream {
    struct ws_reader reader;
    struct buf partial;  /* a frame that has not ended; memory only then */
    uint8_t opcode;      /* of what is sent: WS_TEXT or WS_BINARY */
    uint16_t close_code; /* 0 while it is open */
};

void ws_stream_finish(struct ws_stream *stream);

/*
 * Takes bytes of the client, which are unmasked in place. Each message is appended to `lines` with
 * '\n' as its end, which itself it may have brought or not; frames in answer to others go to
 * `answers`. Whatever the client's subprotocol is, text and binary messages are both understood.
 *   STATUS_CLOSED     the client has said goodbye
 *   STATUS_TOO_LONG   a message over reader.message_max
 *   STATUS_MALFORMED  not what a client may send, text that is no UTF-8, or lines in one message
 * With each of these close_code is what a close frame must say, and nothing more is read. What came
 * before is in `lines`.
 */
int ws_stream_feed(struct ws_stream *stream, char *bytes, size_t len, struct buf *lines,
                   struct buf *answers) MARU_CHECK;

#endif
