/* What the files of the virtual server share. */
#ifndef MARU_WORLD_PRIV_H
#define MARU_WORLD_PRIV_H

#include "world.h"

#include "arena.h"
#include "fanout.h"
#include "gate.h"
#include "net_limits.h"
#include "peer.h"
#include "world_store.h"

#define WORLD_SERVER_PART "m"

enum { WORLD_SCATTERED = 64, WORLD_LINGER_MS = 2000, WORLD_READ_BYTES = 16 * 1024 };

enum world_verify { VERIFY_NONE, VERIFY_SIGNUP, VERIFY_OPERATOR, VERIFY_GATEWAY };

/* The model's record of one room of a session. */
struct world_place {
    room_id room;
    uint8_t rank;
};

/* An echo that must wait, in what is due. */
struct world_mark {
    uint64_t seq;
    size_t at;
    size_t len;
    size_t body_len; /* before it was framed */
};

struct world_conn {
    unsigned number;
    session_id id;
    struct peer peer;
    struct buf kernel;  /* sent by the client, not yet read by the server */
    struct buf pending; /* read, and waiting */
    struct outq out;
    enum framing framing;
    struct gate *gate;
    unsigned answered; /* readers' answers in its output */
    bool piece;        /* a reader waits until it has drained */
    bool pressed;      /* not read until what it said is written */
    bool relieved;     /* what came at once is in its output and may go over its bound */
    struct buf seen;   /* read by the client */
    uint32_t skipped;
    uint64_t close_ms; /* when a closing connection is cut */
    enum world_verify verify;
    char *certificate; /* its fingerprint; NULL: it has none */
    unsigned chance;   /* counts the bytes of it that were taken */
    bool held, walking, resuming, closing, doomed, in_core, reading, stalled, draining;
    bool gone;

    /* The model: what it should have, worked out the slow way. */
    bool open;
    cap_set caps;
    uint8_t traits;
    struct world_place *places;
    unsigned n_places;
    struct buf due; /* bytes that must be in `out` or held back, or were read already and are
                       checked */
    struct world_mark *marks; /* in their order */
    unsigned n_marks;
};

struct world_edge {
    struct world *world;
    struct fanout fanout;
    struct gates gates;
    struct settings *settings;
    struct world_conn **by_slot;
    uint32_t *generations;
    uint32_t n_slots;
    struct effect *effects; /* not yet applied */
    size_t n_effects;
    size_t cap_effects;
};

struct world {
    struct core *core;
    struct world_edge *edges;
    unsigned n_edges;
    struct world_store store;
    struct world_conn **conns;
    unsigned n_conns;
    uint64_t now_ms;
    uint64_t wall_ms;
    struct arena arena;
    struct buf scratch;
    struct buf out;
    struct input *inputs;
    struct world_input *origins;
    size_t n_inputs;
    size_t cap_inputs;
    struct buf log;
    struct buf trace;
    uint64_t scatter;
    void *scattered[WORLD_SCATTERED];
};

struct world_input {
    struct world_conn *conn; /* NULL: the daemon's */
    struct str raw;
};

/* world.c */
void world_post(struct world_edge *edge, const struct effect *effect);
struct world_conn *world_find(const struct world *world, session_id id);
struct world_edge *world_edge_of(struct world *world, const struct world_conn *conn);
void world_add_input(struct world *world, struct world_conn *conn, const struct input *input,
                     struct str raw);

/* world_conn.c */
void conn_read(struct world *world, struct world_conn *conn);
void conn_resume(struct world *world, struct world_conn *conn);
void conn_say(struct world *world, struct world_conn *conn, struct str bytes);
void conn_close_after(struct world *world, struct world_conn *conn, struct str last);
void conn_doom(struct world *world, struct world_conn *conn, struct str reason);
void conn_tick(struct world *world, struct world_conn *conn);
uint64_t conn_due_ms(struct world *world, const struct world_conn *conn);
void conn_flush(struct world *world, struct world_conn *conn);
void conn_reap(struct world *world, struct world_conn *conn);
void conn_verdict(struct world *world, struct world_conn *conn, bool right);
void conn_deliver(void *ctx, uint32_t slot, struct run *run, size_t offset, size_t len,
                  const struct message *message);
struct peer_env conn_env(struct world *world, const struct world_conn *conn);

/* What the peer has answered, outside of its lines. */
void conn_go_on(struct world *world, struct world_conn *conn, enum peer_act act,
                const struct input *input);

/* world_login.c */
extern const struct peer_calls world_peer_calls;
extern const unsigned char world_secret[PEER_SECRET_BYTES];
/* PEER_WORK. */
void conn_order(struct world *world, struct world_conn *conn);
/* False where the effect is none about passwords. */
bool conn_apply_login(struct world *world, struct world_conn *conn, const struct effect *effect);

/* world_gate.c */
extern const struct gates_calls world_gates_calls;
void conn_ease(struct world_conn *conn);
bool conn_record(struct world_edge *edge, const struct effect *effect);
void conn_read_answer(struct world_edge *edge, const struct effect *effect);
void conn_drained(struct world *world, struct world_conn *conn);

/* world_model.c */
void model_apply(struct world_edge *edge, const struct effect *effect);
void model_said(struct world_conn *conn, struct str lines);
/* How many bytes are on their way to it, as gates count them. */
size_t model_due(const struct world_conn *conn);
/* Its first echo leaves, which must have been finished; or something else does in its place. */
void model_echoed(struct world_conn *conn, uint64_t finished_seq);
void model_replaced(struct world_conn *conn, struct str lines);
void trace_effect(struct world *world, const struct effect *effect);

#endif
