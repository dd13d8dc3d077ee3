/*
 * An echo means that it is on disk: a sender's own message, and all that follows it in that
 * session's output, waits until the store has finished it. What was queued before has left, others
 * are served at once. A gate is a place in a session's output; several may stand in one. Knows no
 * sockets and no store: it is told of records, echoes and what became of them. The edge's thread.
 *
 * Where the disk fails, takes longer than GATE_WAIT_MS, or more than GATE_BYTES_MAX is held back,
 * the gate opens without the echo and with FAIL NOT_STORED in its place (not_stored.h). Senders
 * that get no echo are told, too, where their output ends then.
 */
#ifndef MARU_GATE_H
#define MARU_GATE_H

#include "effect.h"
#include "fanout.h"
#include "run.h"

/* A session's: NULL while nothing of it waits for the disk. */
struct gate;

struct gates_calls {
    /* Where the session keeps its gate; NULL: it has gone. */
    struct gate **(*gate_of)(void *ctx, session_id session);
    /* More output for the session, as if it came from the fan-out; message is NULL where the bytes,
     * perhaps none, are not the core's. */
    void (*say)(void *ctx, session_id session, struct str bytes, const struct message *message);
    /* The first `len` bytes of `held` go to the session's output. */
    void (*pass)(void *ctx, session_id session, struct outq *held, size_t len);
    /* A classic client's message was shown to it, as its protocol has it, but is not on disk. */
    void (*lost)(void *ctx, session_id session);
    /* No gate stands in its output any more, after closed_ms. */
    void (*opened)(void *ctx, session_id session, uint64_t closed_ms);
    /* Nothing that it said is unfinished. */
    void (*finished)(void *ctx, session_id session);
};

/* A message that the store has not finished. */
struct gate_record {
    uint64_t seq;
    uint64_t due_ms;
    session_id session;
    struct message *message; /* counted; NULL where nobody is told of its failing */
    bool told;               /* the session waits for it no longer */
};

struct session_list {
    session_id *ids;
    size_t n;
    size_t cap;
};

struct gates {
    struct gate_record *records; /* in the store's order; owned */
    size_t first;                /* those before are finished */
    size_t late;                 /* those before are told */
    size_t n;
    size_t cap;
    struct gate_record *refused; /* by a store that is full, and not yet told */
    size_t n_refused;
    size_t cap_refused;
    unsigned n_closed;
    struct gate *spare; /* for those who speak next */
    unsigned n_spare;
    struct session_list over; /* hold back too much */
    struct session_list warm; /* were told of a failure a moment ago */
    struct fanout *fanout;
    const struct settings
        *settings; /* for the server's name; borrowed, set again when it changes */
    const struct gates_calls *calls;
    void *ctx;
    uint64_t now_ms;
};

void gates_init(struct gates *gates, struct fanout *fanout, const struct settings *settings,
                const struct gates_calls *calls, void *ctx);
void gates_finish(struct gates *gates);

/* EFFECT_RECORD: takes its message. False where the session has gone or is no longer open. */
bool gates_record(struct gates *gates, const struct effect *effect, bool classic, uint64_t now_ms);

/* EFFECT_REPLY with a seq: true where it is held back and its message taken; else it leaves as any
 * other. */
bool gates_reply(struct gates *gates, const struct effect *effect, uint64_t now_ms);

/* Output for a session that has a gate: false where it passes. Of a classic client whole messages
 * are held back, of others bytes. */
bool gates_hold(struct gates *gates, struct gate *gate, struct run *run, size_t offset, size_t len,
                const struct message *message);

/* After all effects of a turn: what was refused is told, and who holds back too much passes. */
void gates_settle(struct gates *gates, uint64_t now_ms);

/* EFFECT_STORED. */
void gates_stored(struct gates *gates, uint64_t seq, bool failed, uint64_t now_ms);

/* Time has passed; called some times a second, or when it is due: UINT64_MAX for never. */
void gates_tick(struct gates *gates, uint64_t now_ms);
uint64_t gates_due_ms(const struct gates *gates);

/* The end: whatever is unfinished counts as failed. */
void gates_give_up(struct gates *gates, uint64_t now_ms);

/* The session ends: *gate becomes NULL. */
void gates_forget(struct gates *gates, struct gate **gate);

/* Output is held back. NULL is allowed. */
bool gate_is_closed(const struct gate *gate);
/* The same, without a look at the gate where nobody's is closed. */
static inline bool gates_is_closed(const struct gates *gates, const struct gate *gate)
{
    return gates->n_closed > 0 && gate_is_closed(gate);
}
/* Bytes that are held back (of a classic client: of the messages), echoes included. */
size_t gate_bytes(const struct gate *gate);

#endif
