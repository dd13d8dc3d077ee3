/*
 * How an edge reaches the core without knowing it: a batch of inputs goes in, for each one comes
 * out how far it got. The effects arrive in the edge's mailbox, in the core's order, before submit
 * returns. Any edge's thread.
 */
#ifndef MARU_PORT_H
#define MARU_PORT_H

#include "input.h"

#include <stdbool.h>
#include <stddef.h>

enum port_result {
    PORT_DONE,  /* applied */
    PORT_HELD,  /* applied; an answer is under way: this session's later lines must wait, and
                   INPUT_CONTINUE asks for more of it */
    PORT_LATER, /* not applied, for the same reason: give it again */
    PORT_AWAIT, /* applied; an answer is under way that others give (a reader, a worker): this
                   session's later lines must wait */
};

struct port {
    void *ctx;
    void (*submit)(void *ctx, const struct input *inputs, size_t n, enum port_result *ret_results);
    /* After EFFECT_PIECE: its output has drained, the reader may go on. */
    void (*drained)(void *ctx, session_id session);
    /* The session has gone while its answer was under way. */
    void (*abandon)(void *ctx, session_id session);
    /* Whether so much waits to be written that those with unwritten messages must not be read. */
    bool (*is_pressed)(void *ctx);
};

#endif
