/*
 * What operators do while the server runs: each call waits on a thread of its own. It reads on a
 * connection of its own, in pieces, with no transaction open between them; what writes is done by
 * the writer in steps between the batches.
 */
#include "store_admin.h"

#include "store_admin_priv.h"
#include "store_files.h"
#include "store_limits.h"
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool store_goes_on(const struct store_progress *progress, uint64_t done, uint64_t total)
{
    return progress == NULL || progress->on(progress->ctx, done, total);
}

int store_say(struct buf *error, int status, const char *reason)
{
    if (status == STATUS_CLOSED) {
        buf_add_cstr(error, "it was given up");
    } else if (status < 0 && error->len == 0) {
        buf_add_cstr(error, reason);
    }
    return status;
}

/* ---- figures ---- */

/* How many rows of a place there are, in pieces: the two indexes hold just what is counted. */
static int count_place(struct store_db *db, enum store_statement which, uint64_t place,
                       const struct store_progress *progress, uint64_t seen, uint64_t *count)
{
    uint64_t after = 0;
    for (uint64_t rows = STORE_COUNT_ROWS; rows == STORE_COUNT_ROWS;) {
        sqlite3_stmt *stmt = stmt_begin(db, which, "iii", place, after, (uint64_t)STORE_COUNT_ROWS);
        int status = stmt_step(db, stmt);
        rows = status == 1 ? stmt_u64(stmt, 0) : 0;
        after = status == 1 ? stmt_u64(stmt, 1) : 0;
        stmt_end(stmt);
        if (status < 0) {
            return status;
        }
        *count += rows;
        if (!store_goes_on(progress, seen + *count, 0)) {
            return STATUS_CLOSED;
        }
    }
    return 0;
}

static int count(struct store_db *db, const struct store_progress *progress,
                 struct store_figures *figures)
{
    uint64_t place = 0;
    for (;;) {
        sqlite3_stmt *stmt = stmt_begin(db, STMT_PLACE_NEXT, "i", place);
        int status = stmt_step(db, stmt);
        place = status == 1 ? stmt_u64(stmt, 0) : 0;
        stmt_end(stmt);
        if (status <= 0) {
            return status;
        }
        status = count_place(db, STMT_SPEECH_COUNT, place, progress, figures->events,
                             &figures->messages);
        if (status == 0) {
            status = count_place(db, STMT_EVENTS_COUNT, place, progress, figures->messages,
                                 &figures->events);
        }
        if (status < 0) {
            return status;
        }
    }
}

int store_message_at(struct store_db *db, enum store_statement which, uint64_t from,
                     uint64_t *ret_seq, uint64_t *ret_ms)
{
    sqlite3_stmt *stmt = stmt_begin(db, which, "i", from);
    int status = stmt_step(db, stmt);
    if (status == 1) {
        *ret_seq = stmt_u64(stmt, 0);
        *ret_ms = stmt_u64(stmt, 1);
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

int store_figures_read(struct store_db *db, const struct store_progress *progress,
                       struct store_figures *ret_figures)
{
    static const char *const files[] = {"",        "-wal",        "-shm",
                                        ".search", ".search-wal", ".search-shm"};
    struct store_figures figures = {0};
    uint64_t seq;
    int status = count(db, progress, &figures);
    if (status == 0) {
        status = store_message_at(db, STMT_MESSAGE_FROM, 0, &seq, &figures.oldest_ms);
    }
    if (status == 0) {
        status = store_message_at(db, STMT_MESSAGE_LAST, INT64_MAX, &seq, &figures.newest_ms);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char *path = store_file_name(db->path, files[i]);
        figures.bytes += store_file_size(path);
        free(path);
    }
    if (status == 0) {
        *ret_figures = figures;
    }
    return status;
}

static int read_search(struct store *store, struct store_db *db, struct store_figures *figures)
{
    uint64_t seq;
    if (store->indexer == NULL) {
        figures->search_failing = true;
        snprintf(figures->search_trouble, sizeof(figures->search_trouble),
                 "it could not be opened at the start");
        return 0;
    }
    struct search_state state = search_indexer_state(store->indexer);
    figures->search_failing = state.failing;
    memcpy(figures->search_trouble, state.reason, sizeof(figures->search_trouble));
    return store_message_at(db, STMT_MESSAGE_FROM, state.indexed_seq + 1, &seq,
                            &figures->unindexed_ms);
}

int store_admin_figures(struct store *store, const struct store_progress *progress,
                        struct store_figures *ret_figures, struct buf *error)
{
    struct store_db db;
    int status = store_db_open(&db, store->path, STORE_READER, error);
    if (status != 0) {
        return status;
    }
    status = store_say(error, store_figures_read(&db, progress, ret_figures), db.reason);
    if (status == 0) {
        status = store_say(error, read_search(store, &db, ret_figures), db.reason);
    }
    store_db_close(&db);
    return status;
}

/* ---- backup ---- */

struct backup {
    struct store_task task;
    sqlite3 *to;
    sqlite3 *from; /* the writer's connection when it began */
    sqlite3_backup *backup;
    unsigned steps; /* left in this run */
    bool complete;
    uint64_t pages;
    uint64_t pages_left;
};

/* The writer has opened its database anew meanwhile, since the disk failed: what it closed could
 * not go while the backup held it, and goes now. */
static int let_go(struct backup *backup, struct store_db *db)
{
    sqlite3_backup_finish(backup->backup);
    backup->backup = NULL;
    sqlite3_close(backup->from);
    snprintf(db->reason, sizeof(db->reason), "the disk failed meanwhile");
    return STATUS_IO;
}

/* The writer's thread. */
static int backup_step(struct store_task *task, struct store_db *db)
{
    struct backup *backup = (struct backup *)task;
    if (backup->backup == NULL) {
        backup->from = db->sqlite;
        backup->backup = sqlite3_backup_init(backup->to, "main", db->sqlite, "main");
        if (backup->backup == NULL) {
            snprintf(db->reason, sizeof(db->reason), "%s", sqlite3_errmsg(backup->to));
            return STATUS_IO;
        }
    } else if (backup->from != db->sqlite) {
        return let_go(backup, db);
    }
    int rc = sqlite3_backup_step(backup->backup, STORE_BACKUP_PAGES);
    backup->pages = (uint64_t)sqlite3_backup_pagecount(backup->backup);
    backup->pages_left = (uint64_t)sqlite3_backup_remaining(backup->backup);
    if (rc == SQLITE_DONE) {
        backup->complete = true;
        return 0;
    }
    if (rc != SQLITE_OK && rc != SQLITE_BUSY && rc != SQLITE_LOCKED) {
        snprintf(db->reason, sizeof(db->reason), "%s", sqlite3_errstr(rc));
        return rc == SQLITE_FULL ? STATUS_FULL : STATUS_IO;
    }
    return --backup->steps > 0 ? 1 : 0;
}

/* The writer's thread: it used the connection, so it gives it back. */
static int backup_end(struct store_task *task, struct store_db *db)
{
    struct backup *backup = (struct backup *)task;
    if (backup->backup != NULL && backup->from != db->sqlite) {
        (void)let_go(backup, db);
    } else {
        sqlite3_backup_finish(backup->backup);
        backup->backup = NULL;
    }
    return 0;
}

/* Runs of steps, and between them what was copied goes to disk, so that no commit ever waits behind
 * all of it. */
static int backup_run(struct store *store, struct backup *backup, int fd,
                      const struct store_progress *progress)
{
    int status = 0;
    while (status == 0 && !backup->complete) {
        backup->steps = STORE_BACKUP_STEPS;
        backup->task.step = backup_step;
        status = store_writer_do(&store->writer, &backup->task);
        if (status == 0 && fdatasync(fd) != 0) {
            snprintf(backup->task.reason, sizeof(backup->task.reason), "%s", strerror(errno));
            status = STATUS_IO;
        }
        if (status == 0 &&
            !store_goes_on(progress, backup->pages - backup->pages_left, backup->pages)) {
            status = STATUS_CLOSED;
        }
    }
    char reason[sizeof(backup->task.reason)];
    memcpy(reason, backup->task.reason, sizeof(reason));
    backup->task.step = backup_end;
    int ended = store_writer_do(&store->writer, &backup->task);
    memcpy(backup->task.reason, reason, sizeof(reason));
    return status != 0 ? status : ended;
}

int store_admin_backup(struct store *store, const char *path, const struct store_progress *progress,
                       struct buf *error)
{
    struct backup backup = {0};
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        buf_printf(error, "%s: %s", path, strerror(errno));
        return STATUS_IO;
    }
    int rc = sqlite3_open_v2(path, &backup.to, SQLITE_OPEN_READWRITE, NULL);
    /* Nobody reads it before it is whole, and we sync it. */
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(backup.to, "PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
                          NULL, NULL, NULL);
    }
    int status = rc == SQLITE_OK ? 0 : STATUS_IO;
    if (status == 0) {
        status = backup_run(store, &backup, fd, progress);
    } else {
        snprintf(backup.task.reason, sizeof(backup.task.reason), "%s", sqlite3_errmsg(backup.to));
    }
    sqlite3_close(backup.to);
    store_say(error, status, backup.task.reason);
    if (status == 0) {
        status = store_file_sync(path, error);
    }
    close(fd);
    if (status != 0) {
        unlink(path);
    }
    return status;
}
