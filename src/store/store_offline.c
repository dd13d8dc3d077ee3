/* Checks and restores a database that nobody serves. One thread; waits. */
#include "store_admin_priv.h"

#include "store_files.h"
#include "store_limits.h"
#include "store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRESS_OPS = 200000, /* of SQLite's machine, between two words on how far it is */
    FINDINGS_MAX = 20,     /* that are said */
    COPY_BYTES = 1024 * 1024,
    /* A restored database may be older than what the server gave ids to since. */
    STARTS_AHEAD = 1000,
};

static int on_ops(void *ctx)
{
    return store_goes_on(ctx, 0, 0) ? 0 : 1;
}

/* ---- checking ---- */

/* Runs a statement whose rows are findings; adds each as a line. */
static int add_findings(sqlite3 *sqlite, const char *sql, struct buf *report)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (text != NULL && strcmp(text, "ok") != 0) {
            buf_printf(report, "%s\n", text);
        }
        rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    if (rc == SQLITE_INTERRUPT) {
        return STATUS_CLOSED;
    }
    if (rc != SQLITE_DONE) {
        buf_printf(report, "%s\n", sqlite3_errmsg(sqlite));
        return STATUS_IO;
    }
    return 0;
}

/* What accounts and rooms have belongs to one that is there. */
static int check_accounts(sqlite3 *sqlite, struct buf *report)
{
    static const char *const lists[][3] = {
        {"account_fingerprints", "certificates", "account"},
        {"account_rooms", "memberships", "account"},
        {"markers", "read markers", "account"},
        {"room_ranks", "ranks", "account"},
        {"room_ranks", "ranks", "room"},
        {"room_masks", "bans", "room"},
        {"markers", "read markers", "place"},
    };
    int status = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && status == 0; i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                 "SELECT count(*) || ' %s belong to no %s' FROM %s WHERE %s NOT IN "
                 "(SELECT id FROM %ss) HAVING count(*) > 0",
                 lists[i][1], lists[i][2], lists[i][0], lists[i][2], lists[i][2]);
        status = add_findings(sqlite, sql, report);
    }
    if (status == 0) {
        status = add_findings(sqlite,
                              "SELECT count(*) || ' rooms have a founder who is nobody' FROM rooms "
                              "WHERE founder <> 0 AND founder NOT IN (SELECT id FROM accounts) "
                              "HAVING count(*) > 0",
                              report);
    }
    return status;
}

/* Whether it is ours, and whole; what is wrong is in the report. */
static int check(sqlite3 *sqlite, const char *path, const struct store_progress *progress,
                 struct buf *report)
{
    char sql[64];
    size_t before = report->len;
    int version = 0;
    int status = store_schema_recognise(sqlite, path, &version, report);
    if (status != 0) {
        return status;
    }
    sqlite3_progress_handler(sqlite, PROGRESS_OPS, on_ops, (void *)progress);
    snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%d)", FINDINGS_MAX);
    status = add_findings(sqlite, sql, report);
    if (status == 0) {
        status = add_findings(sqlite,
                              "SELECT count(*) || ' messages belong to no place' FROM messages "
                              "WHERE place NOT IN (SELECT id FROM places) HAVING count(*) > 0",
                              report);
    }
    if (status == 0 && version >= 2) {
        status = check_accounts(sqlite, report);
    }
    if (status == 0) {
        status = add_findings(sqlite,
                              "SELECT 'it has no identity' WHERE NOT EXISTS "
                              "(SELECT 1 FROM meta WHERE key = 'server_part')",
                              report);
    }
    sqlite3_progress_handler(sqlite, 0, NULL, NULL);
    return status == 0 && report->len > before ? STATUS_MALFORMED : status;
}

static int open_sqlite(const char *path, sqlite3 **ret_sqlite, struct buf *error)
{
    /* SQLite would say only that it cannot. */
    if (access(path, R_OK) != 0) {
        buf_printf(error, "%s: %s", path, strerror(errno));
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    sqlite3 *sqlite = NULL;
    int rc = sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_busy_timeout(sqlite, STORE_BUSY_MS);
    }
    if (rc != SQLITE_OK) {
        buf_printf(error, "%s: %s", path, sqlite3_errmsg(sqlite));
        sqlite3_close(sqlite);
        return STATUS_IO;
    }
    *ret_sqlite = sqlite;
    return 0;
}

int store_admin_check(const char *path, const struct store_progress *progress,
                      struct store_figures *ret_figures, struct buf *report)
{
    sqlite3 *sqlite = NULL;
    int status = open_sqlite(path, &sqlite, report);
    if (status != 0) {
        return status;
    }
    status = check(sqlite, path, progress, report);
    sqlite3_close(sqlite);
    struct store_db db;
    if (status == 0) {
        status = store_db_open(&db, path, STORE_READER, report);
        if (status == 0) {
            status = store_say(report, store_figures_read(&db, progress, ret_figures), db.reason);
            store_db_close(&db);
        }
    }
    return status;
}

/* ---- copying ---- */

static int complain(const char *path, struct buf *error)
{
    buf_printf(error, "%s: %s", path, strerror(errno));
    return errno == ENOSPC ? STATUS_FULL : STATUS_IO;
}

static int copy_bytes(FILE *from, FILE *to, const char *path, uint64_t total,
                      const struct store_progress *progress, struct buf *error)
{
    char *piece = malloc(COPY_BYTES);
    int status = piece != NULL ? 0 : complain(path, error);
    uint64_t done = 0;
    size_t n;
    while (status == 0 && (n = fread(piece, 1, COPY_BYTES, from)) > 0) {
        done += n;
        if (fwrite(piece, 1, n, to) != n) {
            status = complain(path, error);
        } else if (!store_goes_on(progress, done, total)) {
            status = STATUS_CLOSED;
        }
    }
    if (status == 0 && ferror(from)) {
        buf_add_cstr(error, "the backup cannot be read");
        status = STATUS_IO;
    }
    free(piece);
    return status;
}

/* Makes the file `to` anew. */
static int copy_file(const char *from, const char *to, const struct store_progress *progress,
                     struct buf *error)
{
    FILE *in = fopen(from, "re");
    if (in == NULL) {
        return complain(from, error);
    }
    unlink(to);
    FILE *out = store_file_make(to, error);
    int status =
        out != NULL ? copy_bytes(in, out, to, store_file_size(from), progress, error) : STATUS_IO;
    if (status == 0) {
        status = store_file_finish(out, to, error);
    } else if (out != NULL) {
        fclose(out);
    }
    fclose(in);
    return status;
}

/* A database with what its log holds, if somebody copied both. */
static int copy_database(const char *from, const char *to, const struct store_progress *progress,
                         struct buf *error)
{
    char *log = store_file_name(from, "-wal");
    char *log_copy = store_file_name(to, "-wal");
    int status = copy_file(from, to, progress, error);
    unlink(log_copy);
    if (status == 0 && store_file_size(log) > 0) {
        status = copy_file(log, log_copy, progress, error);
    }
    free(log);
    free(log_copy);
    return status;
}

/* ---- restoring ---- */

static uint64_t read_starts(sqlite3 *sqlite)
{
    sqlite3_stmt *stmt = NULL;
    uint64_t starts = 0;
    if (sqlite3_prepare_v2(sqlite, "SELECT value FROM meta WHERE key = 'starts'", -1, &stmt,
                           NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        starts = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return starts;
}

/* No id that was given since the backup was made comes again. */
static int move_on(sqlite3 *sqlite, uint64_t starts, struct buf *error)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta(key, value) VALUES ('starts', %llu)",
             (unsigned long long)(starts + STARTS_AHEAD));
    if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) !=
            SQLITE_OK) {
        buf_printf(error, "%s", sqlite3_errmsg(sqlite));
        return STATUS_IO;
    }
    return 0;
}

/* Brings the log of the old database home, if that can be done, and says what it counted. */
static uint64_t settle_old(const char *path)
{
    sqlite3 *sqlite = NULL;
    struct buf nothing = {0};
    uint64_t starts = 0;
    if (open_sqlite(path, &sqlite, &nothing) == 0) {
        starts = read_starts(sqlite);
        sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_close(sqlite);
    }
    buf_finish(&nothing);
    return starts;
}

/* Checks the copy and gets it ready: one file, synced. */
static int prepare(const char *copy, uint64_t starts, const struct store_progress *progress,
                   struct buf *error)
{
    sqlite3 *sqlite = NULL;
    int status = open_sqlite(copy, &sqlite, error);
    if (status != 0) {
        return status;
    }
    status = check(sqlite, "the backup", progress, error);
    if (status == 0) {
        uint64_t own = read_starts(sqlite);
        status = move_on(sqlite, own > starts ? own : starts, error);
    }
    sqlite3_close(sqlite);
    if (status == 0) {
        status = store_file_sync(copy, error);
    }
    return status;
}

/* Gives the old database a second name; its own is then taken from it in one step, so that at no
 * moment there is none. */
static int keep_old(const char *path, const char *kept, struct buf *error)
{
    if (link(path, kept) != 0) {
        return complain(kept, error);
    }
    char *log = store_file_name(path, "-wal");
    char *kept_log = store_file_name(kept, "-wal");
    /* It is there only where the old database is damaged: with the new one it must not be. */
    int status = rename(log, kept_log) == 0 || errno == ENOENT ? 0 : complain(kept_log, error);
    free(log);
    free(kept_log);
    return status;
}

static void remove_beside(const char *path, const char *const *suffixes)
{
    for (; *suffixes != NULL; suffixes++) {
        char *name = store_file_name(path, *suffixes);
        unlink(name);
        free(name);
    }
}

static void name_kept(const char *path, struct buf *out)
{
    time_t now = time(NULL);
    struct tm parts;
    char when[32] = "";
    if (localtime_r(&now, &parts) != NULL) {
        strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &parts);
    }
    buf_printf(out, "%s.before-restore-%s", path, when);
    buf_add_char(out, '\0');
    for (unsigned i = 2; access(out->p, F_OK) == 0; i++) {
        buf_clear(out);
        buf_printf(out, "%s.before-restore-%s-%u", path, when, i);
        buf_add_char(out, '\0');
    }
}

int store_admin_restore(const char *path, const char *from, const struct store_progress *progress,
                        struct buf *ret_kept, struct buf *error)
{
    static const char *const copies[] = {"", "-wal", "-shm", "-journal", NULL};
    /* The search index is of the old database; it is made anew. */
    static const char *const leftovers[] = {"-shm",        ".search",         ".search-wal",
                                            ".search-shm", ".search-journal", NULL};
    char *copy = store_file_name(path, ".restoring");
    struct buf kept = {0};
    bool old = access(path, F_OK) == 0;
    int status = copy_database(from, copy, progress, error);
    if (status == 0) {
        status = prepare(copy, old ? settle_old(path) : 0, progress, error);
    }
    if (status == 0 && old) {
        name_kept(path, &kept);
        status = keep_old(path, kept.p, error);
    }
    if (status == 0) {
        remove_beside(path, leftovers);
        status =
            rename(copy, path) == 0 ? store_file_sync_folder(path, error) : complain(path, error);
    }
    if (status == 0 && old) {
        buf_add(ret_kept, kept.p, kept.len - 1);
    }
    remove_beside(copy, copies);
    store_say(error, status, "it failed");
    buf_finish(&kept);
    free(copy);
    return status;
}
