/*
 * A whole server without sockets or clocks: the real state machine of connections, the real core,
 * the real fan-out and output queues, on some virtual edges in virtual time. Scenarios and fuzz
 * targets drive it. Everything that it delivers is compared with a model that evaluates audiences
 * the slow way; a difference ends the program. One thread.
 */
#ifndef MARU_WORLD_H
#define MARU_WORLD_H

#include "core.h"

struct world;

struct world_options {
    unsigned n_edges;
    uint64_t hash_seed[2];
    uint64_t scatter;          /* not 0: memory is laid out differently for each number */
    struct settings *settings; /* borrowed; the world takes a reference */
};

/* Time begins at 2026-11-22T00:00:00Z. */
struct world *world_create(const struct world_options *options);
void world_destroy(struct world *world);

/* ---- connections: numbers count from 0 and are never used again ---- */

/* Somebody connects from `host`, to the next edge in turn. */
unsigned world_connect(struct world *world, struct str host, bool tls);
unsigned world_conns(const struct world *world);
/* What it is sent is framed (enum framing in fanout.h); it is seen as lines all the same. Before it
 * says anything. */
void world_set_framing(struct world *world, unsigned conn, unsigned framing);

/* Bytes arrive from it; nothing is done with them before world_run(). */
void world_send(struct world *world, unsigned conn, struct str bytes);
/* Its end of the connection breaks. */
void world_break(struct world *world, unsigned conn, struct str reason);
/* A client that is stalled reads nothing until it is no longer. */
void world_stall(struct world *world, unsigned conn, bool stalled);
/* A stalled client reads what waits now, once. */
void world_drain(struct world *world, unsigned conn);

/* What the client has read and nobody has looked at: look, then take bytes off the front. */
struct str world_seen(const struct world *world, unsigned conn);
void world_take_seen(struct world *world, unsigned conn, size_t len);
/* The server has closed it, or it broke. */
bool world_is_closed(const struct world *world, unsigned conn);
/* It has a TLS certificate with this fingerprint. */
void world_certificate(struct world *world, unsigned conn, struct str fingerprint);
/* Its password (PASS, OPER) is being checked; those of accounts are at once. */
bool world_is_verifying(const struct world *world, unsigned conn);
void world_verdict(struct world *world, unsigned conn, bool right);

/* ---- the store: the real one's database, in memory; when it is written is said here ---- */

enum world_store_mode {
    WORLD_STORE_WORKS, /* everything is on disk at once */
    WORLD_STORE_SLOW,  /* nothing is, until world_store_end() */
    WORLD_STORE_FAILS, /* nothing can be written */
    WORLD_STORE_FULL,  /* what is said from now on is not taken */
};
void world_store(struct world *world, enum world_store_mode mode);
/* All that waits is on disk now, or, where `failed`, could not be written. */
void world_store_end(struct world *world, bool failed);
/* Whether who has unwritten messages is not to be read. */
void world_press(struct world *world, bool pressed);

/* ---- the server ---- */

/* Does what there is to do now: turns of all edges until none has anything left. */
void world_run(struct world *world);
/* Time passes; what falls due in between happens at its time. */
void world_advance(struct world *world, uint64_t ms);
/* An input of the daemon: settings, an announcement, a kick. The time is filled in. */
void world_apply(struct world *world, const struct input *input);
const struct settings *world_settings(const struct world *world);
const struct core *world_core(const struct world *world);

/* Sentences of EFFECT_LOG, each with '\n'; REHASH is the line "rehash". */
struct buf *world_log(struct world *world);
/* Every effect and everything that any client read, as text in which sessions are numbers of
 * connections: two worlds that were given the same must have the same trace. */
struct str world_trace(const struct world *world);

/* Compares what must always hold: the edges' lists of members with the model's and the core's. */
void world_check(const struct world *world);

#endif
