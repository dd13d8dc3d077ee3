/*
 * An edge: one thread with one loop that owns its connections. It reads, parses and refuses, takes
 * what is left to the core in batches, and delivers the effects.
 */
#ifndef MARU_EDGE_H
#define MARU_EDGE_H

#include "admission.h"
#include "effect.h"
#include "listener_kind.h"
#include "mailbox.h"
#include "port.h"

struct edge;
struct tls_context;

/* Who is asked about passwords that are kept elsewhere. Any thread. The answer is EFFECT_OUTSIDE to
 * the session's edge; false: nobody can be asked now. The texts are copied. */
struct edge_outside {
    bool (*ask)(void *ctx, session_id session, struct str name, struct str password,
                struct str address);
    void *ctx;
};

struct edge_listener {
    enum listener_kind kind;
    enum listener_proxy proxy;
    int fd; /* listening; owned by the edge from edge_create() on */
};

struct edge_options {
    unsigned index; /* below EDGES_MAX */
    struct port port;
    struct settings *settings;   /* borrowed; refs are taken */
    struct admission *admission; /* borrowed; outlives the edge */
    struct tls_context *tls;     /* NULL where no listener needs it; a ref is taken */
    const unsigned char *secret; /* PEER_SECRET_BYTES; copied */
    struct edge_outside outside; /* .ask NULL: there is nobody */
    const struct edge_listener *listeners;
    size_t n_listeners;
};

/* Main thread. */
struct edge *edge_create(const struct edge_options *options);
void edge_start(struct edge *edge);
/* After EFFECT_STOP was posted: waits for the thread to end. */
void edge_join(struct edge *edge);
void edge_destroy(struct edge *edge);

/* Where its effects go: struct effect. Any thread may post. */
struct mailbox *edge_mailbox(struct edge *edge);

/* Replaces the certificate of new connections. Any thread. */
void edge_set_tls(struct edge *edge, struct tls_context *tls);

#endif
