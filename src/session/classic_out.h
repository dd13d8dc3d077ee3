/*
 * What a classic client is shown, as frames, at most one of them in flight. A pure state machine
 * that is given lines, the time and what the kernel says; one thread at a time. Design section 6.
 *
 * The client takes whatever one recv(1024) returns for one message, so a frame may leave only when
 * the client must have read the one before: when the kernel says that it was acknowledged, and
 * gap_ms after it was sent. Where the acknowledgement is seen later than CLASSIC_RESEND_MS, the
 * frame may have been lost and sent again, and nobody knows when it arrived: the gap begins anew
 * with the acknowledgement.
 *
 * Decisions:
 * - Waiting lines are merged into one `msg)` frame, whole lines only; a line that is longer than a
 *   frame begins one of its own and goes on, cut between characters, in the next `msg)` frames.
 * - `mem)` is due when the list has changed and CLASSIC_MEMBERS_MS after the last. While lines
 *   wait it yields to them for at most CLASSIC_MEMBERS_YIELD_MS; then it takes one turn.
 * - Over backlog_bytes_max the oldest lines of chat are dropped, down to three quarters of it, and
 *   one line in their place counts them. Notices (announcements, what the server says) are dropped
 *   only where dropping all chat isn't enough. The latest line is kept, whatever its length.
 *
 * The driver: after any change, at classic_out_deadline and when the socket becomes writable, calls
 * classic_out_poll; what it returns is sent in one call, and classic_out_wrote told how much the
 * kernel took. TCP_NODELAY must be set. Nothing else may be sent on the socket.
 */
#ifndef MARU_CLASSIC_OUT_H
#define MARU_CLASSIC_OUT_H

#include "buf.h"
#include "str.h"

enum classic_line_kind {
    CLASSIC_LINE_CHAT,   /* may be skipped where the room outruns the frames */
    CLASSIC_LINE_NOTICE, /* kept while there is chat to skip instead */
};

struct classic_out {
    struct buf lines;   /* records: length (2 bytes), kind (1 byte), text */
    size_t head;        /* bytes of lines already sent */
    uint64_t skipped;   /* lines dropped and not yet told */
    struct buf members; /* the latest list, cut to what a frame can hold */
    struct buf frame;   /* the frame that is being written; empty when all of it was */
    size_t frame_wrote;
    /* Settings; the driver may change them at any time. */
    uint64_t gap_ms;
    size_t backlog_bytes_max; /* of lines that wait, 3 more for each line */

    uint64_t free_ms;        /* when the next frame may leave, once nothing is in flight */
    uint64_t sent_ms;        /* when the kernel last took bytes, or refused to */
    uint64_t looked_ms;      /* when a poll last found the frame unacknowledged */
    uint64_t members_due_ms; /* UINT64_MAX before the first list */
    bool in_flight;          /* a whole frame was written and not yet seen acknowledged */
    bool head_is_rest;       /* the first record goes on with a line whose begin was sent */
};

void classic_out_init(struct classic_out *out, uint64_t gap_ms, size_t backlog_bytes_max);
void classic_out_finish(struct classic_out *out);

/* Queues one line to show (see classic_text.h). CR, LF and NUL in it become spaces; an empty line
 * is passed over; over CLASSIC_LINE_BYTES_MAX it is cut. */
void classic_out_say(struct classic_out *out, enum classic_line_kind kind, struct str line);

/* The list of members is now `list`: "/철수/영희". Only the latest counts; it is copied as far as
 * whole names fit into a frame, so the client's own name belongs at the front of a long one. */
void classic_out_members(struct classic_out *out, struct str list, uint64_t now_ms);

/* A frame, or the rest of one, that is to be sent now. kernel_empty: SIOCOUTQ, asked after the last
 * classic_out_wrote, is 0; it matters only where classic_out_in_flight. The bytes stay valid until
 * the next call; until classic_out_wrote takes them, the same are returned again. */
bool classic_out_poll(struct classic_out *out, uint64_t now_ms, bool kernel_empty,
                      struct str *ret_frame);

/* The kernel took `len` bytes of what was polled; 0 where it would block. */
void classic_out_wrote(struct classic_out *out, size_t len, uint64_t now_ms);

/* When to poll again where nothing changes before; UINT64_MAX for never. */
uint64_t classic_out_deadline(const struct classic_out *out);

/* A whole frame was written whose acknowledgement was not seen yet. */
static inline bool classic_out_in_flight(const struct classic_out *out)
{
    return out->in_flight;
}

/* No line waits and every frame was acknowledged: a connection that is to end can be closed. */
bool classic_out_drained(const struct classic_out *out);

#endif
