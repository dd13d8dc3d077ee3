/* The tables and their migrations. Synchronous; the thread that opens the database. */
#include "store_schema.h"

#include "buf.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* "Maru", so that file(1) and we know the database for ours. */
enum { APPLICATION_ID = 0x4d617275 };

/*
 * messages: `text` is what was said; of events, what stands behind the target in the line. `target`
 * is of direct messages, the nickname as it was. `parent` is the message that a reaction belongs
 * to. Speech (kinds 1 and 2) and events have an index each, so that a long run of joins costs
 * nothing to who asks for what was said; an index row ends with the sequence number.
 *
 * There is no index by time: sequence numbers ascend with time within an epoch (store_time.h),
 * where time is looked up by halving.
 */
static const struct store_migration steps[] = {
    {"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
     "CREATE TABLE places(id INTEGER PRIMARY KEY, room INTEGER, a INTEGER, b INTEGER,"
     " gone INTEGER);"
     "CREATE UNIQUE INDEX places_room ON places(room) WHERE room IS NOT NULL;"
     "CREATE UNIQUE INDEX places_pair ON places(a, b) WHERE a IS NOT NULL;"
     "CREATE INDEX places_other ON places(b) WHERE b IS NOT NULL;"
     "CREATE TABLE messages(seq INTEGER PRIMARY KEY, place INTEGER NOT NULL,"
     " time INTEGER NOT NULL, kind INTEGER NOT NULL, sender INTEGER NOT NULL,"
     " source TEXT NOT NULL, target TEXT, text TEXT NOT NULL, tags TEXT, message_seq INTEGER,"
     " parent INTEGER);"
     "CREATE INDEX messages_speech ON messages(place) WHERE kind <= 2;"
     "CREATE INDEX messages_events ON messages(place) WHERE kind > 2;"
     "CREATE INDEX messages_parent ON messages(parent) WHERE parent IS NOT NULL;"
     "CREATE TABLE epochs(seq INTEGER PRIMARY KEY);"
     "CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL,"
     " skeleton TEXT NOT NULL, modes TEXT NOT NULL, key TEXT NOT NULL,"
     " member_limit INTEGER NOT NULL, topic TEXT NOT NULL, topic_by TEXT NOT NULL,"
     " topic_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL, empty_ms INTEGER NOT NULL);"
     "CREATE TABLE room_masks(id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
     " list INTEGER NOT NULL, mask TEXT NOT NULL, mask_folded TEXT NOT NULL,"
     " set_by TEXT NOT NULL, set_ms INTEGER NOT NULL);"
     "CREATE INDEX room_masks_room ON room_masks(room);"},
    /* Accounts, and what registered rooms have. messages.sender is the account's id where who
     * spoke was logged in: so it needs no column of its own, and a name that somebody else
     * registers later is not put on old words. */
    {"CREATE TABLE accounts(id INTEGER PRIMARY KEY, name TEXT NOT NULL, folded TEXT NOT NULL,"
     " skeleton TEXT NOT NULL, created_ms INTEGER NOT NULL, password_hash TEXT NOT NULL,"
     " scram TEXT NOT NULL, email TEXT NOT NULL, code TEXT NOT NULL, code_ms INTEGER NOT NULL,"
     " multiclient INTEGER NOT NULL, always_on INTEGER NOT NULL, suspended INTEGER NOT NULL,"
     " suspended_why TEXT NOT NULL, seen_ms INTEGER NOT NULL, user TEXT NOT NULL,"
     " realname TEXT NOT NULL);"
     "CREATE TABLE account_fingerprints(id INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
     " fingerprint TEXT NOT NULL);"
     "CREATE INDEX account_fingerprints_account ON account_fingerprints(account);"
     "CREATE TABLE account_rooms(id INTEGER PRIMARY KEY, account INTEGER NOT NULL,"
     " room INTEGER NOT NULL, since_seq INTEGER NOT NULL, rank INTEGER NOT NULL);"
     "CREATE INDEX account_rooms_account ON account_rooms(account);"
     "CREATE TABLE markers(account INTEGER NOT NULL, place INTEGER NOT NULL,"
     " time INTEGER NOT NULL, PRIMARY KEY (account, place)) WITHOUT ROWID;"
     "CREATE INDEX markers_place ON markers(place);"
     "ALTER TABLE rooms ADD COLUMN params TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE rooms ADD COLUMN founder INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE rooms ADD COLUMN registered_ms INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE room_masks ADD COLUMN until_ms INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE room_ranks(id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
     " account INTEGER NOT NULL, rank INTEGER NOT NULL);"
     "CREATE INDEX room_ranks_room ON room_ranks(room);"
     "CREATE INDEX room_ranks_account ON room_ranks(account);"},
};

static int say(struct buf *error, sqlite3 *sqlite, const char *what)
{
    buf_printf(error, "%s: %s", what, sqlite3_errmsg(sqlite));
    return STATUS_IO;
}

static int read_number(sqlite3 *sqlite, const char *sql, int *ret_value, struct buf *error)
{
    sqlite3_stmt *stmt = NULL;
    int status = 0;
    if (sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(stmt, 0);
    } else {
        status = say(error, sqlite, "the database cannot be read");
    }
    sqlite3_finalize(stmt);
    return status;
}

static bool sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return synced;
}

/* VACUUM INTO takes a whole and consistent copy, the log included, but may leave it unsynced. */
static int keep_copy(sqlite3 *sqlite, const char *path, int version, struct buf *error)
{
    struct buf target = {0};
    buf_printf(&target, "%s.before-v%d", path, version + 1);
    buf_add_char(&target, '\0');
    remove(target.p); /* Of an attempt that ended half-way. */
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", target.p);
    int status = 0;
    if (sql == NULL || sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK) {
        status = say(error, sqlite, "no copy can be made before the database is migrated");
    } else if (!sync_file(target.p)) {
        buf_printf(error, "%s cannot be written to disk", target.p);
        status = STATUS_IO;
    }
    sqlite3_free(sql);
    buf_finish(&target);
    return status;
}

/* The server's part of msgids: a letter, then letters and digits, by chance. */
static int make_server_part(char out[12])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char random[11];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return STATUS_IO;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        out[i] = digits[random[i] % (i == 0 ? 26 : 36)];
    }
    out[11] = '\0';
    return 0;
}

static int step(sqlite3 *sqlite, const struct store_migration *migration, unsigned version,
                struct buf *error)
{
    char server_part[12];
    if (make_server_part(server_part) != 0) {
        buf_add_cstr(error, "the system gives no random bytes");
        return STATUS_IO;
    }
    char *begin = version == 1 ? sqlite3_mprintf("PRAGMA application_id = %d;", APPLICATION_ID)
                               : sqlite3_mprintf("");
    char *end = version == 1 ? sqlite3_mprintf("INSERT INTO meta VALUES ('server_part', %Q);"
                                               "PRAGMA user_version = 1; COMMIT;",
                                               server_part)
                             : sqlite3_mprintf("PRAGMA user_version = %u; COMMIT;", version);
    int status = 0;
    if (begin == NULL || end == NULL ||
        sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(sqlite, begin, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(sqlite, migration->sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(sqlite, end, NULL, NULL, NULL) != SQLITE_OK) {
        status = say(error, sqlite, "the database cannot be migrated");
        sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    sqlite3_free(begin);
    sqlite3_free(end);
    return status;
}

int store_schema_migrate(sqlite3 *sqlite, const char *path,
                         const struct store_migration *migrations, unsigned n, struct buf *error)
{
    int version = 0;
    int application = 0;
    int tables = 0;
    int status = read_number(sqlite, "PRAGMA user_version", &version, error);
    if (status == 0) {
        status = read_number(sqlite, "PRAGMA application_id", &application, error);
    }
    if (status == 0) {
        status = read_number(sqlite, "SELECT count(*) FROM sqlite_schema", &tables, error);
    }
    if (status != 0) {
        return status;
    }
    if (tables > 0 && (application != APPLICATION_ID || version < 1)) {
        buf_printf(error, "%s is a database of something else", path);
        return STATUS_UNSUPPORTED;
    }
    if (version > (int)n) {
        buf_printf(error, "%s was written by a newer version (%d; this one knows %u)", path,
                   version, n);
        return STATUS_UNSUPPORTED;
    }
    if (version > 0 && version < (int)n) {
        status = keep_copy(sqlite, path, version, error);
    }
    for (unsigned v = (unsigned)version; status == 0 && v < n; v++) {
        status = step(sqlite, &migrations[v], v + 1, error);
    }
    return status;
}

int store_schema_apply(sqlite3 *sqlite, const char *path, struct buf *error)
{
    return store_schema_migrate(sqlite, path, steps, sizeof(steps) / sizeof(steps[0]), error);
}

int store_schema_version(void)
{
    return (int)(sizeof(steps) / sizeof(steps[0]));
}

int store_schema_recognise(sqlite3 *sqlite, const char *path, int *ret_version, struct buf *error)
{
    int version = 0;
    int application = 0;
    int status = read_number(sqlite, "PRAGMA user_version", &version, error);
    if (status == 0) {
        status = read_number(sqlite, "PRAGMA application_id", &application, error);
    }
    if (status == 0 && (application != APPLICATION_ID || version < 1)) {
        buf_printf(error, "%s is a database of something else", path);
        return STATUS_UNSUPPORTED;
    }
    if (status == 0 && version > store_schema_version()) {
        buf_printf(error, "%s was written by a newer version", path);
        return STATUS_UNSUPPORTED;
    }
    *ret_version = version;
    return status;
}
