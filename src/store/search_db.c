/* The search index as a database, and our tokenizer in it. Synchronous; one thread at a time. */
#include "search_db.h"

#include "alloc.h"
#include "record.h"
#include "search_limits.h"
#include "tokenizer.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unicode/uchar.h>
#include <unistd.h>

enum {
    SEARCH_FORMAT = 2, /* of tables and tokens: another one is made anew */
    VERSION_MAX = 64,
};

/* ---- FTS5's side of the tokenizer ---- */

typedef int (*fts_token)(void *ctx, int flags, const char *token, int len, int start, int end);

struct fts_call {
    fts_token token;
    void *ctx;
    int rc;
};

static bool give_token(void *ctx, const struct token *token)
{
    struct fts_call *call = ctx;
    call->rc = call->token(call->ctx, 0, token->text.p, (int)token->text.len, 0, 0);
    return call->rc == SQLITE_OK;
}

static int fts_create(void *ctx, const char **args, int n, Fts5Tokenizer **ret)
{
    *ret = ctx;
    return SQLITE_OK;
}

static void fts_delete(Fts5Tokenizer *tokenizer)
{
}

/* A document is tokens that we made, parted by spaces, then a line feed and the text. In a query
 * each string is a token that we made. */
static int fts_tokenize(Fts5Tokenizer *tokenizer, void *ctx, int flags, const char *text, int len,
                        fts_token token)
{
    struct fts_call call = {.token = token, .ctx = ctx};
    struct str whole = str_make(text, len > 0 ? (size_t)len : 0);
    if ((flags & FTS5_TOKENIZE_QUERY) != 0) {
        give_token(&call, &(struct token){.text = whole});
        return call.rc;
    }
    struct str rest = whole;
    struct str made = str_split(&rest, '\n');
    while (made.p != NULL && call.rc == SQLITE_OK) {
        struct token one = {.text = str_split(&made, ' ')};
        if (one.text.len > 0) {
            give_token(&call, &one);
        }
    }
    if (rest.p != NULL && call.rc == SQLITE_OK) {
        tokenizer_split(rest, give_token, &call);
    }
    return call.rc;
}

static int add_tokenizer(sqlite3 *sqlite)
{
    static fts5_tokenizer tokenizer = {fts_create, fts_delete, fts_tokenize};
    static int nothing; /* FTS5 wants an address that is not NULL. */
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(sqlite, "SELECT fts5(?1)", -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(stmt);
        rc = sqlite3_finalize(stmt);
    }
    if (rc != SQLITE_OK) {
        return rc;
    }
    return api != NULL ? api->xCreateTokenizer(api, "maru", &nothing, &tokenizer, NULL)
                       : SQLITE_ERROR;
}

/* ---- statements ---- */

int search_db_fail(struct search_db *db, int sqlite_status)
{
    snprintf(db->reason, sizeof(db->reason), "%s", sqlite3_errmsg(db->sqlite));
    int kind = sqlite_status & 0xff;
    db->corrupt = db->corrupt || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
    return kind == SQLITE_FULL ? STATUS_FULL : STATUS_IO;
}

int search_db_exec(struct search_db *db, const char *sql)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : search_db_fail(db, rc);
}

sqlite3_stmt *search_db_prepare(struct search_db *db, const char *sql, uint64_t shard)
{
    struct buf text = {0};
    for (const char *p = sql; *p != '\0'; p++) {
        if (*p == '@') {
            buf_add_u64(&text, shard);
        } else {
            buf_add_char(&text, *p);
        }
    }
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v3(db->sqlite, text.p, (int)text.len, SQLITE_PREPARE_PERSISTENT, &stmt,
                                NULL);
    buf_finish(&text);
    if (rc != SQLITE_OK) {
        search_db_fail(db, rc);
    }
    return stmt;
}

int search_db_step(struct search_db *db, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    return rc == SQLITE_DONE ? 0 : search_db_fail(db, rc);
}

/* ---- opening ---- */

/* Tokens depend on Unicode's version: an index of another one could not be found in, nor could
 * anything be taken out of it. */
static void version_text(char out[VERSION_MAX])
{
    UVersionInfo unicode;
    char text[U_MAX_VERSION_STRING_LENGTH];
    u_getUnicodeVersion(unicode);
    u_versionToString(unicode, text);
    snprintf(out, VERSION_MAX, "%d, Unicode %s", SEARCH_FORMAT, text);
}

static void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct buf name = {0};
        buf_printf(&name, "%s%s", path, ends[i]);
        buf_add_char(&name, '\0');
        remove(name.p);
        buf_finish(&name);
    }
}

static int connect_to(struct search_db *db, const char *history, enum search_role role)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                (role == SEARCH_WRITER ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
    if (rc != SQLITE_OK) {
        return search_db_fail(db, rc);
    }
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_busy_timeout(db->sqlite, SEARCH_BUSY_MS);
    rc = add_tokenizer(db->sqlite);
    if (rc != SQLITE_OK) {
        return search_db_fail(db, rc);
    }
    char *sql = sqlite3_mprintf(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -%d; PRAGMA wal_autocheckpoint = 0;"
        "ATTACH %Q AS history; PRAGMA history.cache_size = -%d;",
        role == SEARCH_WRITER ? SEARCH_CACHE_WRITER_KB : SEARCH_CACHE_READER_KB, history,
        SEARCH_CACHE_READER_KB);
    int status = sql != NULL ? search_db_exec(db, sql) : STATUS_FULL;
    sqlite3_free(sql);
    return status;
}

/* STATUS_UNSUPPORTED where it is of another version. */
static int check_version(struct search_db *db, const char *version)
{
    sqlite3_stmt *stmt =
        search_db_prepare(db, "SELECT value FROM main.state WHERE key = 'version'", 0);
    int status = STATUS_UNSUPPORTED;
    if (stmt != NULL) {
        status = search_db_step(db, stmt);
        const char *found = status == 1 ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
        if (status >= 0) {
            status = found != NULL && strcmp(found, version) == 0 ? 0 : STATUS_UNSUPPORTED;
        }
    }
    sqlite3_finalize(stmt);
    return status;
}

static int make_tables(struct search_db *db, const char *version)
{
    char *sql = sqlite3_mprintf(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE main.state(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
        "CREATE TABLE main.shards(id INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL,"
        " last_seq INTEGER NOT NULL, first_time INTEGER NOT NULL, last_time INTEGER NOT NULL,"
        " n INTEGER NOT NULL, merged INTEGER NOT NULL);"
        "CREATE INDEX main.shards_by_seq ON shards(first_seq);"
        "CREATE TABLE main.runs(first_seq INTEGER PRIMARY KEY, shard INTEGER NOT NULL,"
        " number INTEGER NOT NULL);"
        "INSERT INTO main.state VALUES ('version', %Q), ('indexed', 0);"
        "COMMIT",
        version);
    int status = sql != NULL ? search_db_exec(db, sql) : STATUS_FULL;
    sqlite3_free(sql);
    return status;
}

static int try_open(struct search_db *db, const char *history, enum search_role role)
{
    char version[VERSION_MAX];
    version_text(version);
    int status = connect_to(db, history, role);
    if (status == 0) {
        status = check_version(db, version);
    }
    if (status != 0 || role == SEARCH_READER) {
        return status;
    }
    return search_db_exec(db, "BEGIN IMMEDIATE; COMMIT"); /* Says whether it can be written. */
}

static int make_anew(struct search_db *db, const char *history)
{
    char version[VERSION_MAX];
    version_text(version);
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
    remove_files(db->path);
    int status = connect_to(db, history, SEARCH_WRITER);
    return status == 0 ? make_tables(db, version) : status;
}

int search_db_open(struct search_db *db, const char *history, enum search_role role,
                   struct buf *error)
{
    *db = (struct search_db){0};
    struct buf path = {0};
    buf_printf(&path, "%s.search", history);
    db->path = str_dup(buf_str(&path));
    buf_finish(&path);
    struct stat st;
    bool exists = stat(db->path, &st) == 0;
    int status = STATUS_NOT_FOUND;
    if (exists || role == SEARCH_WRITER) {
        status = exists ? try_open(db, history, role) : STATUS_UNSUPPORTED;
    }
    /* A lock that somebody holds or a full disk is no reason to begin anew. */
    if (role == SEARCH_WRITER && (status == STATUS_UNSUPPORTED || (status < 0 && db->corrupt))) {
        db->corrupt = false;
        status = make_anew(db, history);
    }
    if (status == 0 && stat(db->path, &st) == 0) {
        db->file = st.st_ino;
        return 0;
    }
    buf_printf(error, "%s: %s", db->path, db->reason[0] != '\0' ? db->reason : status_text(status));
    search_db_close(db);
    return status < 0 ? status : STATUS_IO;
}

void search_db_close(struct search_db *db)
{
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
    free(db->path);
    db->path = NULL;
}

void search_db_destroy(struct search_db *db)
{
    if (db != NULL) {
        search_db_close(db);
        free(db);
    }
}

bool search_db_is_stale(const struct search_db *db)
{
    struct stat st;
    return db->sqlite == NULL || stat(db->path, &st) != 0 || st.st_ino != db->file;
}

int64_t search_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- what of a message is searched ---- */

struct str search_speech(int64_t kind, struct str text)
{
    if (kind != RECORD_PRIVMSG && kind != RECORD_NOTICE) {
        return STR("");
    }
    if (text.len == 0 || text.p[0] != '\x01') {
        return text;
    }
    struct str action = STR("\x01"
                            "ACTION ");
    if (!str_starts(text, action)) {
        return STR("");
    }
    struct str words = str_make(text.p + action.len, text.len - action.len);
    if (words.len > 0 && words.p[words.len - 1] == '\x01') {
        words.len--;
    }
    return words;
}

void search_add_sender(struct buf *out, struct str source)
{
    struct str rest = source;
    buf_add_char(out, 'S');
    tokenizer_fold_nick(str_split(&rest, '!'), out);
}
