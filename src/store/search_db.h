/*
 * A connection to the search index: a database of its own beside that of history, PATH.search, with
 * the history attached to be read. It holds nothing that cannot be made again from history: it is
 * not synced at each commit, it is left out of backups, and what is wrong with it never keeps a
 * message from being stored. Synchronous; one thread at a time.
 *
 * state    key, value: how far the index is
 * shards   the index in parts that follow each other in time: FTS5 tables shard_ID
 * runs     sequence numbers from first_seq on have numbers from `number` on in their shard
 *
 * Each message is one row of the newest shard, under its place and its number in the shard
 * (search_row_id()): so what a word's list has of one place lies together, and of each hit one
 * knows whether it is for the asker, without reading it. The row has tokens for the sender
 * ("Snick") and those of the text (tokenizer.h). Only whether a message has a token is kept, not
 * where: half the size and less work, and an answer looks at the text of what it found anyway.
 */
#ifndef MARU_SEARCH_DB_H
#define MARU_SEARCH_DB_H

#include "buf.h"
#include "search_limits.h"
#include "status.h"

#include <sys/types.h>

struct sqlite3;
struct sqlite3_stmt;

enum search_role {
    SEARCH_WRITER, /* makes the index anew where there is none, or one that cannot be used */
    SEARCH_READER,
};

struct search_db {
    struct sqlite3 *sqlite;
    char *path;       /* of the index; owned */
    ino_t file;       /* which this is: another one may have taken its place */
    char reason[160]; /* of the last failure, for people */
    bool corrupt;     /* … which says that the index is damaged */
};

/* `history` is the path of the history's database, which exists and has its tables. A negative
 * status leaves a sentence in *error, and nothing is open; STATUS_NOT_FOUND: a reader came before
 * the index was made. */
int search_db_open(struct search_db *db, const char *history, enum search_role role,
                   struct buf *error) MARU_CHECK;
void search_db_close(struct search_db *db);
/* The same for one on the heap; NULL is allowed. */
void search_db_destroy(struct search_db *db);

/* Whether the index on disk is another one now. */
bool search_db_is_stale(const struct search_db *db);

/* Remembers why the last call failed: always a negative status. */
int search_db_fail(struct search_db *db, int sqlite_status);
int search_db_exec(struct search_db *db, const char *sql) MARU_CHECK;
/* The statement, or NULL where it failed. `shard` replaces each @ of the SQL. */
struct sqlite3_stmt *search_db_prepare(struct search_db *db, const char *sql, uint64_t shard);
/* 1: there is a row; 0: no more; or a negative status. */
int search_db_step(struct search_db *db, struct sqlite3_stmt *stmt) MARU_CHECK;

/* What work costs; monotonic. */
int64_t search_now_us(void);

static inline int64_t search_row_id(uint64_t place, uint64_t number)
{
    return (int64_t)(place << SEARCH_NUMBER_BITS | number);
}

/* What of a message is searched: the text, or of an ACTION its words; empty where it is nothing
 * that anybody said. */
struct str search_speech(int64_t kind, struct str text);

/* Appends the token of whoever sent a message: `source` is nick!user@host. */
void search_add_sender(struct buf *out, struct str source);

#endif
