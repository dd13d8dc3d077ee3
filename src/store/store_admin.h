/*
 * What operators do with what was said: figures, backup, export, erasing; and, without a server,
 * checking and restoring a database. Every call waits until it is done: a thread of its own makes
 * it, never the main thread, an edge or the store itself.
 */
#ifndef MARU_STORE_ADMIN_H
#define MARU_STORE_ADMIN_H

#include "name.h"
#include "store.h"

/* Is told now and then how far it is (`total` is 0 where nobody knows), and says whether to go on:
 * false ends it with STATUS_CLOSED, and what it made is taken away. */
struct store_progress {
    bool (*on)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

struct store_figures {
    uint64_t bytes; /* on disk, all files together */
    uint64_t messages;
    uint64_t events;    /* who came and went, topics, modes */
    uint64_t oldest_ms; /* 0: there is nothing */
    uint64_t newest_ms;
    /* With a running server. */
    uint64_t unindexed_ms; /* when the first message was said that search does not know by its index
                              yet; 0: it knows all */
    bool search_failing;
    char search_trouble[160];
};

/* A negative status leaves a sentence in *error, here and below. */
int store_admin_figures(struct store *store, const struct store_progress *progress,
                        struct store_figures *ret_figures, struct buf *error) MARU_CHECK;

/* A whole database as of one moment, synced, mode 0600; stepped by the writer's own connection
 * between commits, since from another connection each commit would start it anew. `path` must not
 * exist. The search index is not in it. */
int store_admin_backup(struct store *store, const char *path, const struct store_progress *progress,
                       struct buf *error) MARU_CHECK;

enum store_export { STORE_EXPORT_JSON, STORE_EXPORT_HTML };

/* What was said in a room that is kept, oldest first. STATUS_NOT_FOUND where no room's name folds
 * to `room_folded`. `path` must not exist. */
int store_admin_export(struct store *store, struct str room_folded,
                       enum name_casemapping casemapping, enum store_export format,
                       const char *path, const struct store_progress *progress,
                       uint64_t *ret_messages, struct buf *error) MARU_CHECK;

/* Whose words go. */
struct store_erased {
    struct str mask_folded; /* those of sources (nick!user@host) that, folded, fit this; empty: … */
    struct str account_folded; /* … those of this account: what it said and did while logged in */
};

/* Deletes, in small steps, what they said and did, and events that name them: that they were
 * kicked, given a mode, or are who somebody became. The account itself stays. STATUS_NOT_FOUND
 * where there is no such account. */
int store_admin_erase(struct store *store, const struct store_erased *erased,
                      enum name_casemapping casemapping, const struct store_progress *progress,
                      uint64_t *ret_messages, struct buf *error) MARU_CHECK;

/* ---- without a server ---- */

/* Whether the database is whole; adds what is wrong to *report, a line each. */
int store_admin_check(const char *path, const struct store_progress *progress,
                      struct store_figures *ret_figures, struct buf *report) MARU_CHECK;

/*
 * Checks the backup `from`, copies it, and puts it in the place of the database at `path`, which is
 * kept under the name that comes out (empty where there was none; with its log, if it has one).
 * Ids that the database replaced gave are not given again. On failure nothing has changed.
 */
int store_admin_restore(const char *path, const char *from, const struct store_progress *progress,
                        struct buf *ret_kept, struct buf *error) MARU_CHECK;

#endif
