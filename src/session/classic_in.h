/*
 * What a classic client sends, as events: its nickname, then its texts. A pure state machine that
 * is given bytes and the time; one thread at a time. Design section 6.
 *
 * The protocol has no framing. The first bytes are the nickname; it ends at the first `recv)` or at
 * CLASSIC_SILENCE_MS without a byte. Every message begins with the prefix `recv)` nickname ` : `,
 * with the nickname as it was typed. A text ends at the next prefix or at the same silence; bytes
 * that come without a prefix continue it, or begin one where none is open. CR and LF split a text
 * into messages, a message longer than message_bytes_max is cut at character boundaries, NUL is
 * dropped, empty messages are passed over.
 *
 * Decisions:
 * - Invalid UTF-8 becomes U+FFFD (one for each maximal subpart) rather than being refused: a client
 *   in another encoding sees that it was heard and that something is wrong.
 * - Where the bytes end inside a character or inside the prefix, the end of the text waits for
 *   CLASSIC_STALL_MS: the rest was cut off by the network, not by the person.
 *
 * The driver: on readable bytes, classic_in_feed, then classic_in_next until it returns false. When
 * classic_in_deadline has come and nothing was readable, classic_in_tick and classic_in_next.
 * Reading before ticking keeps a slow server from seeing a silence that was its own.
 */
#ifndef MARU_CLASSIC_IN_H
#define MARU_CLASSIC_IN_H

#include "buf.h"
#include "str.h"

enum classic_event_kind {
    CLASSIC_EVENT_NICK,    /* text: the nickname as typed, possibly empty; always the first */
    CLASSIC_EVENT_TEXT,    /* text: one message, never empty, valid UTF-8, no CR, LF or NUL */
    CLASSIC_EVENT_OVERRUN, /* text: why the client must be closed; nothing follows */
};

struct classic_event {
    enum classic_event_kind kind;
    struct str text; /* valid until the next call of any function on this classic_in */
};

struct classic_in {
    struct buf pending; /* what came, without NULs; a NUL in it is ours and marks a silence */
    size_t head;        /* bytes of pending already taken */
    struct buf prefix;  /* empty until the nickname is known */
    struct buf message; /* what the last event shows */
    size_t message_bytes_max;
    size_t text_bytes;  /* taken since the last prefix or silence */
    uint64_t last_ms;   /* when the last byte came */
    bool silence_due;   /* a byte came since the last silence */
    bool closed;        /* an overrun was reported */
    struct str overrun; /* the reason of an overrun not yet reported; p NULL where there is none */
};

/* message_bytes_max: the longest text that fits into an IRC line with everything before it; at
 * least CLASSIC_IN_MESSAGE_BYTES_MIN. */
void classic_in_init(struct classic_in *in, size_t message_bytes_max);
void classic_in_finish(struct classic_in *in);

/* Bytes that arrived at now_ms (monotonic). Any number: over CLASSIC_IN_BACKLOG_BYTES_MAX that
 * nobody took, they become an overrun. */
void classic_in_feed(struct classic_in *in, struct str bytes, uint64_t now_ms);

/* Says that nothing more had arrived at now_ms. */
void classic_in_tick(struct classic_in *in, uint64_t now_ms);

/* When to call classic_in_tick; UINT64_MAX for never. */
uint64_t classic_in_deadline(const struct classic_in *in);

/* The next event; false where there is none yet. */
bool classic_in_next(struct classic_in *in, struct classic_event *ret_event);

#endif
