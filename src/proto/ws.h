/*
 * WebSocket frames as a server meets them: masked ones come in, plain ones go out, and each message
 * is one line of IRC (RFC 6455; IRCv3 "WebSocket support"). No extensions. Pure; any thread.
 */
#ifndef MARU_WS_H
#define MARU_WS_H

#include "buf.h"
#include "proto_limits.h"
#include "status.h"

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Status codes of a close frame (RFC 6455 section 7.4.1). */
enum ws_code {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_INVALID = 1007, /* not UTF-8 */
    WS_CODE_POLICY = 1008,  /* more than one line in a message */
    WS_CODE_TOO_BIG = 1009,
};

/* What a connection must remember between frames. Zeroed is the beginning. */
struct ws_reader {
    uint8_t opcode;       /* of the message whose parts are coming; 0: none */
    uint32_t message_max; /* bytes of one message; 0: WS_MESSAGE_MAX */
    struct buf parts;     /* holds memory only while a message comes in parts */
};

void ws_reader_finish(struct ws_reader *reader);

struct ws_frame {
    enum ws_opcode opcode; /* WS_TEXT and WS_BINARY: a whole message; WS_CONTINUATION: a part was
                              kept, and there is nothing to do */
    struct str payload;    /* points into the bytes, or into the reader until the next call */
};

/*
 * Takes one frame off the front of the bytes, which it unmasks in place.
 *   STATUS_INCOMPLETE   the frame has not ended; call again with more, and the same beginning
 *   STATUS_TOO_LONG     a message over its maximum: as soon as a length says so, before its bytes
 *   STATUS_MALFORMED    not what a client may send
 * After the last two nothing more can be read.
 */
int ws_read(struct ws_reader *reader, char *bytes, size_t len, size_t *ret_used,
            struct ws_frame *ret_frame) MARU_CHECK;

/* The code that tells a peer of a failure of ws_read(). */
enum ws_code ws_code_of(int status);

/* Appends one whole frame. */
void ws_add(struct buf *out, enum ws_opcode opcode, struct str payload);
void ws_add_close(struct buf *out, enum ws_code code);

/* Appends each line of `lines` (ended by CR LF) as a message of its own, without its end. */
void ws_add_lines(struct buf *out, enum ws_opcode opcode, struct str lines);

#endif
