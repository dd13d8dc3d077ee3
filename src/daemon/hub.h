/*
 * Where the threads meet: the core behind its one mutex, and the way of each effect to the edges
 * that need it. Effects are in every target's mailbox before the mutex is released, so all see one
 * order.
 */
#ifndef MARU_HUB_H
#define MARU_HUB_H

#include "core.h"
#include "edge.h"
#include "store.h"

struct hub;

struct hub_options {
    struct settings *settings; /* borrowed */
    struct store *store;       /* borrowed; NULL: nothing is kept, not even accounts */
    uint64_t started_ms;       /* wall clock */
    /* Effects for the daemon (LOG, REHASH) are announced on any thread by this. */
    void (*wake)(void *ctx);
    void *ctx;
};

/* Main thread. */
struct hub *hub_create(const struct hub_options *options);
void hub_destroy(struct hub *hub);

/* An edge's way in. The edge is added afterwards, before any edge starts. */
struct port hub_port(struct hub *hub, unsigned edge);
void hub_add_edge(struct hub *hub, struct edge *edge);

/* One input that comes from no edge: settings, announcements, kicks. Any thread. */
void hub_apply(struct hub *hub, const struct input *input);

/* Effects from the store, for one edge. Any thread. */
void hub_to_edge(struct hub *hub, unsigned edge, const struct effect *effects, size_t n);

/* From now on inputs are passed over: what is said is neither seen nor kept. The store can be
 * brought to an end before everybody hears the last line. */
void hub_close(struct hub *hub);

/* Tells every edge to say this last line and end. */
void hub_stop_edges(struct hub *hub, struct str last_line);

/* The daemon's mailbox of struct effect. */
struct mailbox *hub_mailbox(struct hub *hub);

/* The core, for reading, with its mutex held until hub_unlock(). */
const struct core *hub_lock(struct hub *hub);
void hub_unlock(struct hub *hub);

#endif
