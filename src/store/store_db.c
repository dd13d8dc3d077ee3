/* A connection and its statements. Synchronous; one thread at a time. */
#include "store_db.h"

#include "alloc.h"
#include "search_db.h"
#include "store_limits.h"
#include "store_schema.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const statement_sql[STMT_COUNT] = {
#define X(name, sql) [STMT_##name] = sql,
    STORE_STATEMENTS(X)
#undef X
};

int store_db_fail(struct store_db *db, int sqlite_status)
{
    snprintf(db->reason, sizeof(db->reason), "%s", sqlite3_errmsg(db->sqlite));
    db->busy = (sqlite_status & 0xff) == SQLITE_BUSY;
    switch (sqlite_status & 0xff) {
    case SQLITE_FULL:
        return STATUS_FULL;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return STATUS_MALFORMED; /* What was given is wrong, not the database. */
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
        db->suspect = true;
        return STATUS_IO;
    default:
        return STATUS_IO;
    }
}

int store_db_exec(struct store_db *db, const char *sql)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_db_fail(db, rc);
}

/* ---- opening ---- */

/* `older`: what a tool looks at before a server has migrated it lacks tables, and so statements,
 * that no tool needs then. */
static int prepare_all(struct store_db *db, bool older)
{
    for (unsigned i = 0; i < STMT_COUNT; i++) {
        int rc = sqlite3_prepare_v3(db->sqlite, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->statements[i], NULL);
        if (rc != SQLITE_OK && !(older && rc == SQLITE_ERROR)) {
            return store_db_fail(db, rc);
        }
    }
    return 0;
}

static int set_up(struct store_db *db)
{
    char sql[320];
    /* FULL: a commit is on disk when it returns. We run the checkpoints. What somebody takes back
     * is overwritten, not only no longer found. */
    snprintf(sql, sizeof(sql),
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
             "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = %d;"
             "PRAGMA secure_delete = ON; PRAGMA cache_size = -%d",
             STORE_WAL_BYTES_KEPT,
             db->role == STORE_WRITER ? STORE_CACHE_WRITER_KB : STORE_CACHE_READER_KB);
    return store_db_exec(db, sql);
}

static int read_server_part(struct store_db *db)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_META_GET, "s", STR("server_part"));
    int status = stmt_step(db, stmt);
    struct str part = status == 1 ? stmt_str(stmt, 0) : (struct str){0};
    if (status >= 0 && part.len == sizeof(db->server_part) - 1) {
        memcpy(db->server_part, part.p, part.len);
        db->server_part[part.len] = '\0';
        status = 0;
    } else if (status >= 0) {
        snprintf(db->reason, sizeof(db->reason), "it has no identity");
        status = STATUS_MALFORMED;
    }
    stmt_end(stmt);
    return status;
}

static int note_wal(void *ctx, sqlite3 *sqlite, const char *name, int pages)
{
    struct store_db *db = ctx;
    db->wal_pages = (unsigned)pages;
    return SQLITE_OK;
}

static int connect_and_check(struct store_db *db, struct buf *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (db->role == STORE_WRITER ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
    if (rc != SQLITE_OK) {
        return store_db_fail(db, rc);
    }
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_busy_timeout(db->sqlite, STORE_BUSY_MS);
    int status = set_up(db);
    sqlite3_wal_hook(db->sqlite, note_wal, db);
    db->wal_pages = 0;
    int version = store_schema_version();
    if (status == 0) {
        status = db->role == STORE_WRITER
                     ? store_schema_apply(db->sqlite, db->path, error)
                     : store_schema_recognise(db->sqlite, db->path, &version, error);
    }
    if (status == 0) {
        status = prepare_all(db, version < store_schema_version());
    }
    /* What a log holds after a failed sync may be in the machine's memory alone, and no later sync
     * writes it. Copied into the database it is written anew. */
    if (status == 0 && db->role == STORE_WRITER) {
        status = store_db_checkpoint(db, true, NULL);
    }
    if (status == 0) {
        status = read_server_part(db);
    }
    if (status == 0 && db->role == STORE_READER) {
        status = store_db_exec(db, "PRAGMA query_only = ON");
    }
    return status;
}

int store_db_open(struct store_db *db, const char *path, enum store_role role, struct buf *error)
{
    *db = (struct store_db){.path = str_dup(str_from(path)), .role = role};
    /* Counting its memory would take a mutex of the whole process at each allocation. Refused, and
     * no matter, where SQLite is already in use. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    struct buf said = {0};
    int status = connect_and_check(db, &said);
    if (status != 0) {
        if (said.len > 0) {
            buf_add_str(error, buf_str(&said));
        } else {
            buf_printf(error, "%s: %s", path, db->reason);
        }
        store_db_close(db);
    }
    buf_finish(&said);
    return status;
}

static void disconnect(struct store_db *db)
{
    for (unsigned i = 0; i < STMT_COUNT; i++) {
        sqlite3_finalize(db->statements[i]);
        db->statements[i] = NULL;
    }
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
}

void store_db_close(struct store_db *db)
{
    disconnect(db);
    search_db_destroy(db->search);
    db->search = NULL;
    free(db->path);
    db->path = NULL;
}

int store_db_reopen(struct store_db *db)
{
    /* What is only in memory would be gone. */
    if (strcmp(db->path, ":memory:") == 0) {
        db->suspect = false;
        return 0;
    }
    disconnect(db);
    struct buf said = {0};
    int status = connect_and_check(db, &said);
    if (status != 0 && said.len > 0) {
        snprintf(db->reason, sizeof(db->reason), STR_FMT, STR_ARG(buf_str(&said)));
    }
    buf_finish(&said);
    db->suspect = status != 0;
    return status;
}

/* ---- statements ---- */

static void bind(sqlite3_stmt *stmt, const char *types, va_list args)
{
    for (int i = 0; types[i] != '\0'; i++) {
        int rc = SQLITE_OK;
        struct str s;
        switch (types[i]) {
        case 'i':
            rc = sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
            break;
        case 's':
        case 'z':
            s = va_arg(args, struct str);
            if (types[i] == 'z' && s.len == 0) {
                rc = sqlite3_bind_null(stmt, i + 1);
            } else {
                rc = sqlite3_bind_text64(stmt, i + 1, s.len > 0 ? s.p : "", s.len, SQLITE_STATIC,
                                         SQLITE_UTF8);
            }
            break;
        case 'n':
            rc = sqlite3_bind_null(stmt, i + 1);
            break;
        default:
            CHECK(!"a type of value");
        }
        CHECK(rc == SQLITE_OK);
    }
}

static sqlite3_stmt *begin(struct store_db *db, enum store_statement which, const char *types,
                           va_list args)
{
    sqlite3_stmt *stmt = db->statements[which];
    CHECK(stmt != NULL);
    bind(stmt, types, args);
    return stmt;
}

sqlite3_stmt *stmt_begin(struct store_db *db, enum store_statement which, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *stmt = begin(db, which, types, args);
    va_end(args);
    return stmt;
}

int stmt_step(struct store_db *db, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    return rc == SQLITE_DONE ? 0 : store_db_fail(db, rc);
}

void stmt_end(sqlite3_stmt *stmt)
{
    /* An error was already seen by stmt_step(). */
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

int stmt_run(struct store_db *db, enum store_statement which, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *stmt = begin(db, which, types, args);
    va_end(args);
    int status = stmt_step(db, stmt);
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

uint64_t stmt_u64(sqlite3_stmt *stmt, int column)
{
    return (uint64_t)sqlite3_column_int64(stmt, column);
}

struct str stmt_str(sqlite3_stmt *stmt, int column)
{
    const char *p = (const char *)sqlite3_column_text(stmt, column);
    return p != NULL ? str_make(p, (size_t)sqlite3_column_bytes(stmt, column)) : STR("");
}

/* ---- transactions ---- */

int store_db_begin(struct store_db *db)
{
    return stmt_run(db, STMT_BEGIN, "");
}

int store_db_commit(struct store_db *db)
{
    return stmt_run(db, STMT_COMMIT, "");
}

void store_db_rollback(struct store_db *db)
{
    /* Some failures have already rolled back by themselves. */
    if (db->sqlite != NULL && !sqlite3_get_autocommit(db->sqlite)) {
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
        if (!sqlite3_get_autocommit(db->sqlite)) {
            db->suspect = true;
        }
    }
}

int store_db_meta(struct store_db *db, const char *key, uint64_t missing, uint64_t *ret_value)
{
    sqlite3_stmt *stmt = stmt_begin(db, STMT_META_GET, "s", str_from(key));
    int status = stmt_step(db, stmt);
    if (status >= 0) {
        *ret_value = status == 1 ? stmt_u64(stmt, 0) : missing;
    }
    stmt_end(stmt);
    return status < 0 ? status : 0;
}

int store_db_set_meta(struct store_db *db, const char *key, uint64_t value)
{
    return stmt_run(db, STMT_META_SET, "si", str_from(key), value);
}

int store_db_checkpoint(struct store_db *db, bool whole, unsigned *ret_pages)
{
    int in_log = 0;
    int copied = 0;
    int rc = sqlite3_wal_checkpoint_v2(
        db->sqlite, NULL, whole ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &in_log,
        &copied);
    if (rc != SQLITE_OK) {
        return store_db_fail(db, rc);
    }
    if (whole) {
        db->wal_pages = 0;
    }
    if (ret_pages != NULL) {
        *ret_pages = in_log > copied ? (unsigned)(in_log - copied) : 0;
    }
    return 0;
}
