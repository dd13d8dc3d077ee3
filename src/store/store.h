/*
 * What was said, kept: one SQLite database, one thread that writes it, a few that read. Whatever
 * queued while the last transaction was being synced goes into the next one. Knows neither edges
 * nor the core: it takes effects and gives effects and inputs.
 */
#ifndef MARU_STORE_H
#define MARU_STORE_H

#include "buf.h"
#include "effect.h"
#include "input.h"

struct store;

struct store_options {
    const char *path;                /* of the database file; its folder exists */
    bool history;                    /* what is said is recorded, and asked for; else only accounts
                                        and rooms are kept, which needs fewer threads */
    unsigned readers;                /* threads that answer questions; 0: as many as is usual */
    const struct settings *settings; /* what is kept how long, until EFFECT_SETTINGS comes; borrowed
                                        by store_open(); NULL: for ever */
    bool search;                     /* with history: keeps an index, so that SEARCH finds
                                        something */
    /* All are called on threads of the store, which holds no lock then. */
    /* Effects for the edge of effect->session; references and ownership go along. */
    void (*to_edge)(void *ctx, unsigned edge, const struct effect *effects, size_t n);
    /* An input for the core. */
    void (*to_core)(void *ctx, const struct input *input);
    /* Writing began to fail (with the reason), or works again. Once for each change. */
    void (*trouble)(void *ctx, bool failing, struct str reason);
    /* A sentence for operators: the clock jumped, the search index fails or falls behind, and the
     * like. May be NULL. */
    void (*notice)(void *ctx, struct str sentence);
    void *ctx;
};

/* Who this database is: goes into the core. */
struct store_identity {
    char server_part[12]; /* of msgids, made with the database */
    uint64_t first_id;    /* greater than any id that a former start can have given */
};

/* Opens or makes the database, migrates it, checks it, and counts this start. No threads yet.
 * Main thread; a negative status leaves a sentence in *error. */
int store_open(const struct store_options *options, struct store **ret_store,
               struct buf *error) MARU_CHECK;
struct store_identity store_identity(const struct store *store);
/* Each room that was kept, oldest first. Before store_start(). */
int store_each_room(struct store *store, void (*each)(void *ctx, const struct room_state *room),
                    void *ctx) MARU_CHECK;
/* Each account in the order of their ids (who keeps it takes a reference), and each read marker. */
int store_each_account(struct store *store, void (*each)(void *ctx, struct account_state *account),
                       void *ctx) MARU_CHECK;
int store_each_marker(struct store *store,
                      void (*each)(void *ctx, const struct read_marker *marker),
                      void *ctx) MARU_CHECK;
void store_start(struct store *store);

/* What effect.h says is for the store, and SETTINGS, in the core's order: takes the references and
 * what is owned. Never waits for the disk. The caller's lock gives the order. */
void store_post(struct store *store, const struct effect *effects, size_t n);
/* More bytes wait than half the bound; than the bound: then what comes must not be posted. Any
 * thread. */
bool store_is_pressed(const struct store *store);
bool store_is_full(const struct store *store);

/* The asker's output has drained; the asker has gone. Any thread. */
void store_drained(struct store *store, session_id session);
void store_abandon(struct store *store, session_id session);

/* Waits until all that was posted is finished, at most so long. False where it is not. */
bool store_flush(struct store *store, unsigned ms_max);
/* Ends the threads; what still waits is written if that succeeds. NULL is allowed. */
void store_close(struct store *store);

#endif
