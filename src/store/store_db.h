/*
 * One connection to the database with its prepared statements. Synchronous, without threads of its
 * own: whoever has opened it uses it, one thread at a time. Tests and tools open ":memory:".
 */
#ifndef MARU_STORE_DB_H
#define MARU_STORE_DB_H

#include "buf.h"
#include "status.h"
#include "store_statements.h"

struct sqlite3;
struct sqlite3_stmt;
struct search_db;
struct search_indexer;

enum store_role {
    STORE_WRITER, /* makes the database where there is none, and migrates it */
    STORE_READER, /* changes nothing */
};

struct store_db {
    struct sqlite3 *sqlite;
    struct sqlite3_stmt *statements[STMT_COUNT];
    char *path;                     /* owned */
    struct search_indexer *indexer; /* of a writer: what is taken away is told to it; may be NULL */
    struct search_db *search;       /* of a reader that was asked to search; owned */
    enum store_role role;
    char server_part[12]; /* of msgids */
    unsigned wal_pages;   /* in the log, after the last commit here */
    bool busy;            /* the last failure: others held it */
    bool suspect;         /* it failed in a way after which it must be opened anew */
    char reason[160];     /* of the last failure, for people */
};

/* A negative status leaves a sentence in *error, and nothing is open. */
int store_db_open(struct store_db *db, const char *path, enum store_role role,
                  struct buf *error) MARU_CHECK;
void store_db_close(struct store_db *db);
/* Closes and opens it again, after a failure of the disk. */
int store_db_reopen(struct store_db *db) MARU_CHECK;

/* Remembers why the last call failed: always a negative status. */
int store_db_fail(struct store_db *db, int sqlite_status);

/* Runs SQL that is not among the statements. */
int store_db_exec(struct store_db *db, const char *sql) MARU_CHECK;

/*
 * A statement with its values, ready for stmt_step(). One letter of `types` for each value: i an
 * int64_t or uint64_t, s a struct str, z a struct str that is NULL where it is empty, n NULL
 * (without a value). What a str views must live until stmt_end().
 */
struct sqlite3_stmt *stmt_begin(struct store_db *db, enum store_statement which, const char *types,
                                ...);
/* 1: there is a row; 0: no more; or a negative status. */
int stmt_step(struct store_db *db, struct sqlite3_stmt *stmt) MARU_CHECK;
/* Gives up the snapshot and the values. */
void stmt_end(struct sqlite3_stmt *stmt);
/* All three for a statement without rows. */
int stmt_run(struct store_db *db, enum store_statement which, const char *types, ...) MARU_CHECK;

uint64_t stmt_u64(struct sqlite3_stmt *stmt, int column);
/* A view until the next step; empty for NULL. */
struct str stmt_str(struct sqlite3_stmt *stmt, int column);

/* A transaction for writing. Rolling back is right in every state. */
int store_db_begin(struct store_db *db) MARU_CHECK;
int store_db_commit(struct store_db *db) MARU_CHECK;
void store_db_rollback(struct store_db *db);

/* A number in the table meta; `missing` where there is none. */
int store_db_meta(struct store_db *db, const char *key, uint64_t missing,
                  uint64_t *ret_value) MARU_CHECK;
int store_db_set_meta(struct store_db *db, const char *key, uint64_t value) MARU_CHECK;

/* Copies the log into the database; with `whole` it waits for readers and empties the log. Pages
 * that are still in the log come out; may be NULL. */
int store_db_checkpoint(struct store_db *db, bool whole, unsigned *ret_pages) MARU_CHECK;

#endif
