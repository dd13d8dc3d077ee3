/* What the files of an edge share. Everything here belongs to the edge's thread. */
#ifndef MARU_EDGE_PRIV_H
#define MARU_EDGE_PRIV_H

#include "arena.h"
#include "edge.h"
#include "fanout.h"
#include "gate.h"
#include "net_limits.h"
#include "peer.h"
#include "wheel.h"

#include <openssl/types.h>
#include <pthread.h>
#include <uv.h>

struct classic;
struct http_head;
struct ws_stream;
struct work;

enum conn_stage {
    CONN_PROXY,     /* a PROXY header comes first */
    CONN_SNIFFING,  /* what it speaks is not known yet */
    CONN_HANDSHAKE, /* TLS */
    CONN_INSIDE,    /* TLS stands; what is inside is not known yet */
    CONN_IRC,
    CONN_HTTP,
    CONN_CLASSIC,
};

/* What the edge's epoll set holds; first in each object that its events name. */
enum watched { WATCHED_CONN, WATCHED_ACCEPT, WATCHED_LOOP };

/* What a delivery needs stands first. */
struct conn {
    uint8_t watched;   /* WATCHED_CONN */
    uint8_t polled;    /* EPOLLIN and EPOLLOUT, as the kernel knows them */
    uint8_t stage;     /* enum conn_stage */
    uint8_t listener;  /* enum listener_kind */
    uint8_t proxied;   /* enum listener_proxy, in CONN_PROXY */
    uint8_t answered;  /* that many readers' answers are in its output: INPUT_ANSWERED for each when
                          it has drained */
    bool reading : 1;  /* polled for input */
    bool blocked : 1;  /* the kernel took no more: polled for output */
    bool dirty : 1;    /* in edge->dirty */
    bool held : 1;     /* its later lines wait for the core, a password or registration */
    bool walking : 1;  /* held by a long answer: INPUT_CONTINUE when the output has drained */
    bool piece : 1;    /* a reader waits for the output to drain */
    bool pressed : 1;  /* in edge->pressed: not read until what it said is on disk */
    bool relieved : 1; /* what came at once is in its output and may go over its bound */
    bool resuming : 1; /* in edge->resume */
    bool closing : 1;  /* no more input; closed when the output has left */
    bool ended : 1;    /* the peer has closed its side */
    bool lingering : 1;  /* our side is closed; what still comes is passed over */
    bool doomed : 1;     /* in edge->doomed: closed at the end of the turn */
    bool in_core : 1;    /* the core was asked to admit it and has not closed it */
    bool registered : 1; /* as the admission counts */
    int fd;
    uint32_t pending_len;
    struct edge *edge;
    struct gate *gate;       /* NULL while nothing it said waits for the disk */
    struct classic *classic; /* NULL but for CONN_CLASSIC */
    struct ws_stream *ws;    /* NULL where lines come and leave as they are */
    SSL *ssl;                /* NULL: plain */
    struct outq out;
    session_id id;
    char *pending; /* input that waits: an unfinished line, or lines of a held session; owned */
    struct peer peer;
    struct wheel_timer timer;
    struct address address;
    struct work *work; /* what workers do for it, or NULL */
    uint32_t scanned;  /* of an HTTP head; while sniffing: bytes seen */
    uint32_t skipped;  /* bytes of an over-long line that were passed over; 0: none */
};

_Static_assert(sizeof(struct conn) <= 224, "every idle client has one");

/* Passwords of gateways that were right, as digests: to check one takes long on purpose. */
struct webirc_memory {
    bool has_key;
    unsigned n;
    unsigned next;
    uint8_t key[WEBIRC_DIGEST];
    uint8_t digests[WEBIRC_REMEMBERED][WEBIRC_DIGEST];
};

struct conn_list {
    struct conn **items;
    size_t n;
    size_t cap;
};

/* An input of this turn with the line it came from, so that it can be put back. */
struct edge_input {
    struct conn *conn;
    struct str raw;
};

struct edge_accept {
    uint8_t watched; /* WATCHED_ACCEPT */
    struct edge *edge;
    int fd;
    enum listener_kind kind;
    enum listener_proxy proxy;
};

/* Whether it is worth while to wait for more before a turn (edge.c). */
struct edge_crowd {
    uint64_t end_us;  /* when the last one was over … */
    uint64_t turn_us; /* … and how long it was */
    unsigned skip;    /* so many turns without waiting */
    unsigned skips;   /* … after the last time in vain */
};

struct edge {
    uint8_t watched; /* WATCHED_LOOP */
    unsigned index;
    struct port port;
    struct settings *settings;
    struct admission *admission;
    unsigned char secret[PEER_SECRET_BYTES];
    struct edge_outside outside;
    unsigned n_work; /* for how many connections workers do something, or will */
    struct lock tls_lock;
    struct tls_context *tls; /* under tls_lock */

    pthread_t thread;
    int poller;     /* epoll: listeners, connections, and the loop's own set */
    uv_loop_t loop; /* timers, waking, workers */
    uv_async_t wake;
    uv_timer_t ticker; /* drives the wheel */
    uv_timer_t classic_timer;
    struct edge_accept *accepts;
    size_t n_accepts;
    int spare_fd; /* given up for a moment when file descriptors run out, to refuse politely */

    struct conn **conns; /* by slot; NULL: free */
    uint32_t *generations;
    uint32_t n_slots;
    uint32_t *free_slots;
    uint32_t n_free;
    uint32_t n_conns;
    struct conn_list classics;
    uint64_t classic_due_ms; /* when classic_timer fires; UINT64_MAX: it does not */

    struct mailbox mailbox; /* struct effect */
    struct mailbox_batch effects;
    struct fanout fanout;
    struct gates gates;
    struct conn_list pressed;
    struct webirc_memory webirc;
    struct wheel wheel;

    /* This turn. */
    struct arena arena;
    struct buf scratch;
    struct buf out; /* for answers of the peer's state machine */
    struct input *inputs;
    struct edge_input *origins; /* of each input */
    enum port_result *results;
    size_t n_inputs;
    size_t cap_inputs;
    size_t read_bytes;
    size_t work; /* of what was read */
    struct edge_crowd crowd;
    struct conn_list dirty;
    struct conn_list resume;
    struct conn_list doomed;
    char *send_copy; /* EDGE_SEND_COPY bytes */
    uint64_t now_ms;
    uint64_t wall_ms;

    bool stopping;
    uint64_t stop_ms; /* when the last connection is closed by force */
};

void conn_list_add(struct conn_list *list, struct conn *conn);
void conn_list_remove(struct conn_list *list, const struct conn *conn);

/* edge.c */
void edge_update_time(struct edge *edge);

/* poller.c: readiness of sockets */
void poller_init(struct edge *edge);
void poller_finish(struct edge *edge);
void poller_watch_accept(struct edge_accept *accept);
void poller_leave_accept(struct edge_accept *accept);
/* As `reading` and `blocked` say now. */
void poller_watch_conn(struct conn *conn);
/* Serves what is ready; first waits for something, where `wait`. */
void poller_run(struct edge *edge, bool wait);
/* A listener is ready. */
void edge_admit(struct edge_accept *accept);

/* conn.c: from accept to close */
void conn_open(struct edge_accept *accept, int fd, const struct address *address);
/* Its own first byte comes next. */
void conn_begin(struct conn *conn);
void conn_start_peer(struct conn *conn, enum session_kind kind);
struct peer_env conn_env(struct conn *conn);
/* Appends bytes to its output and marks it for sending. */
void conn_say(struct conn *conn, struct str bytes);
/* Its output, or whether it has drained, is looked at before the turn ends. */
void conn_mark_dirty(struct conn *conn);
/* Sends the last line and closes when it has left; input is no longer read. */
void conn_close_after(struct conn *conn, struct str last);
/* All that was to be said has left: closes our side, and the connection when the peer has closed
 * its own. To close with unread input is a reset, which can take the last line from the peer. */
void conn_linger(struct conn *conn);
/* Closes at the end of the turn, whatever is still queued; the core learns `reason`. */
void conn_doom(struct conn *conn, struct str reason);
/* Tells the core, once, that the session is gone. */
void conn_leave_core(struct conn *conn, struct str reason);
/* The socket is ready for input or output, or has an error. */
void conn_ready(struct conn *conn, bool in, bool out, bool broken);
void conn_set_timer(struct conn *conn);
void conn_tick(struct conn *conn);
/* Frees what is doomed. */
void conn_reap(struct edge *edge);

/* conn_io.c: bytes in and out, plain or TLS */
enum { CONN_AGAIN = -1, CONN_BROKEN = -2 };
/* Bytes read, 0 at the end, CONN_AGAIN or CONN_BROKEN. */
ssize_t conn_recv(struct conn *conn, char *to, size_t max);
void conn_flush(struct conn *conn);
/* Reads and forgets; false where the peer has ended. */
bool conn_pass_over(struct conn *conn);
/* Goes on with a TLS handshake: 1 done, CONN_AGAIN, CONN_BROKEN. */
int conn_handshake(struct conn *conn);
int conn_begin_tls(struct conn *conn);
void conn_end_io(struct conn *conn);

/* conn_input.c: what the bytes mean */
/* Looks at what has come without taking it: a number of bytes, or 0 or less where there is nothing
 * to look at, perhaps since it has ended. */
ssize_t conn_peek(struct conn *conn, char *to, size_t max);
/* Those `seen` are not enough: it wakes us when there are more. */
void conn_await_more(struct conn *conn, size_t seen);
/* They were, and are taken now. */
void conn_await_any(struct conn *conn);
void conn_readable(struct conn *conn);
/* Bytes in the turn's arena, with what was pending. */
void conn_process(struct conn *conn, struct str bytes);
/* Nothing more will come: what came before is still heard. */
void conn_end_input(struct conn *conn);
/* Replaces what is pending by a copy. */
void conn_set_pending(struct conn *conn, struct str bytes);
static inline struct str conn_pending(const struct conn *conn)
{
    return (struct str){conn->pending, conn->pending_len};
}
/* Reads pending lines of a session that is no longer held. */
void conn_resume(struct conn *conn);
/* Closes with an ERROR line, and tells the core why. */
void conn_close_for(struct conn *conn, struct str reason);
void conn_act(struct conn *conn, enum peer_act act, const struct input *input, struct str raw);

/* turn.c */
/* Where the next input is made: turn_add_input() copies nothing that lies there. */
struct input *turn_next_input(struct edge *edge);
void turn_add_input(struct conn *conn, const struct input *input, struct str raw);
void turn_add_resume(struct conn *conn);
/* What was read meanwhile goes into the core where it is much: it is still in the processor's
 * cache, and so is the memory of its effects. Nothing is sent before turn_run(). */
void turn_take_bite(struct edge *edge);
void turn_run(struct edge *edge);

struct conn *edge_find_conn(struct edge *edge, session_id id);

/* conn_gate.c: what is said waits for the disk */
extern const struct gates_calls conn_gates_calls;
/* EFFECT_RECORD: true where its message was taken. */
bool conn_record(struct edge *edge, const struct effect *effect);
/* Reads on where the store is no longer pressed. */
void conn_ease_pressed(struct edge *edge);
void conn_ease(struct conn *conn);
/* EFFECT_PIECE and EFFECT_ANSWERED. */
void conn_read_answer(struct edge *edge, const struct effect *effect);
/* Somebody waits for its output to drain; and now it has. */
bool conn_awaits_drain(const struct conn *conn);
void conn_drained(struct conn *conn);
/* It closes: a reader that answers it may stop. */
void conn_abandon_answer(struct conn *conn);

/* worker.c: passwords, on libuv's worker threads */
/* PEER_VERIFY, PEER_WORK; EFFECT_VERIFY, EFFECT_HASH, EFFECT_OUTSIDE. */
void worker_signup(struct conn *conn);
/* PEER_GATEWAY. */
void worker_gateway(struct conn *conn, struct str password, const char *hash);
void worker_order(struct conn *conn);
void worker_verify(struct conn *conn, const struct effect *effect);
void worker_hash(struct conn *conn, struct str password);
void worker_outside(struct conn *conn, const struct effect *effect);
/* The connection closes: what has not begun is left out. */
void worker_abandon(struct conn *conn);

/* conn_login.c: what a connection is asked while it logs in */
extern const struct peer_calls conn_peer_calls;
/* EFFECT_SASL, EFFECT_CREDENTIALS, EFFECT_SIGNUP. */
void conn_login(struct conn *conn, const struct effect *effect);
/* What a peer's function has answered, outside of its lines: `out` is said, and it goes on. */
void conn_go_on(struct conn *conn, enum peer_act act, const struct input *input);
/* Whether the input keeps its session's later lines back until it is answered. */
bool conn_awaits_core(const struct input *input);

/* door.c: who it comes from */
void door_begin(struct conn *conn, enum listener_proxy proxy);
void door_read_proxy(struct conn *conn);
/* A request came: where a proxy says for whom, that is whom it comes from. STATUS_DENIED where too
 * many are from there; other errors are the request's. */
int door_read_forwarded(struct conn *conn, const struct http_head *head) MARU_CHECK;
/* From now on it comes from there; STATUS_DENIED where too many are, and it stays what it was. */
int door_move(struct conn *conn, const struct address *address) MARU_CHECK;
bool door_is_proxy(const struct settings *settings, const struct address *address);
bool door_is_exempt(const struct settings *settings, const struct address *address);

/* webirc.c: gateways that speak for others */
void webirc_check(struct conn *conn);
/* Of its password, against this hash. */
void webirc_verdict(struct conn *conn, bool right, const char *hash);

/* http_conn.c */
void http_conn_input(struct conn *conn, struct str bytes);
/* A line of text for whoever asked, and the end. */
void http_conn_answer(struct conn *conn, int code, struct str text);
/* The one clear answer to a protocol that this listener does not admit. */
void refuse_protocol(struct conn *conn, int sniffed);

/* ws_conn.c */
/* A request for a WebSocket, which `bytes` begin with: frames follow, or a refusal. */
void ws_conn_start(struct conn *conn, const struct http_head *head, struct str bytes);
/* Frames; unmasked in place. */
void ws_conn_input(struct conn *conn, char *bytes, size_t len);
/* The last frame of all. */
void ws_conn_say_close(struct conn *conn);
void ws_conn_free(struct conn *conn);
enum framing conn_framing(const struct conn *conn);

/* classic_conn.c */
void classic_start(struct conn *conn);
void classic_free(struct conn *conn);
void classic_input(struct conn *conn, struct str bytes);
/* The peer has closed: what it said last is said. */
void classic_ended(struct conn *conn);
void classic_deliver(struct conn *conn, const struct message *message);
void classic_registered(struct conn *conn, struct str nick);
void classic_refused(struct conn *conn, const struct effect *effect);
void classic_roster(struct conn *conn, struct str list);
void classic_closing(struct conn *conn, struct str error_line);
/* What was shown to it last is not on disk. */
void classic_lost(struct conn *conn);
bool classic_is_drained(const struct conn *conn);
void classic_poll(struct conn *conn);
/* Sets the edge's one timer for all classic clients early enough for this one. */
void classic_arm(struct conn *conn);
void classic_on_timer(uv_timer_t *timer);

#endif
