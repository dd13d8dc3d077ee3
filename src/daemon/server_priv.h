/* What server.c and server_control.c share. Main thread. */
#ifndef MARU_SERVER_PRIV_H
#define MARU_SERVER_PRIV_H

#include "control.h"
#include "hub.h"
#include "outside.h"
#include "peer.h"
#include "server.h"
#include "tls_context.h"

enum { SERVER_SIGNALS = 3 };

struct server {
    const char *config_path;
    const struct config_overrides *overrides;
    struct config config;
    struct settings *settings;
    struct tls_context *tls;
    struct admission *admission;
    struct hub *hub;
    unsigned char secret[PEER_SECRET_BYTES];
    struct outside *outside; /* NULL: nobody else is asked about passwords */
    unsigned n_mails;        /* on their way */
    struct store *store;     /* NULL: nothing is kept */
    struct {
        struct lock lock; /* guards the rest: the store tells it on its own thread */
        bool failing;
        char reason[160]; /* of the last; empty: there was none */
        uint64_t wall_ms;
    } trouble;
    struct edge *edges[EDGES_MAX];
    unsigned n_edges;
    struct edge_listener *sockets; /* for each edge, for each listener */
    struct config_listener *bound; /* with the ports that were really bound */
    size_t bound_n;
    struct control *control;
    struct server_job *jobs; /* what operators asked for that takes long: server_jobs.c */
    uint64_t started_ms;

    uv_loop_t loop;
    uv_async_t wake;
    uv_async_t jobs_wake;
    uv_signal_t signals[SERVER_SIGNALS];
    struct mailbox_batch effects;
};

extern const struct control_ops server_control_ops;

void server_stop(struct server *server);

/* server_store.c: before the hub is made; when it is there, before the edges; before they end. */
bool server_open_store(struct server *server);
bool server_start_store(struct server *server);
void server_finish_store(struct server *server);

/* server_accounts.c */
/* The bytes that stay the same for ever: made at the first start. */
bool server_load_secret(struct server *server);
/* Sends account->code to account->email. */
void server_mail(struct server *server, const struct account_state *account);
void server_start_outside(struct server *server);
struct edge_outside server_outside(struct server *server);

/* Reads the configuration again; where it has mistakes, the old one stays. Logs, too. */
int server_reload(struct server *server, struct config_report *messages);
/* The same for an operator who typed REHASH, and who hears how it went. */
void server_rehash(struct server *server, session_id session);
int server_load_tls(const struct config *config, struct tls_context **ret_tls,
                    struct buf *error) MARU_CHECK;

#endif
