/*
 * The tables, and how an older database becomes a newer one: forward only, one step after the
 * other, each in a transaction. Synchronous; the thread that opens the database.
 */
#ifndef MARU_STORE_SCHEMA_H
#define MARU_STORE_SCHEMA_H

#include "status.h"

struct buf;
struct sqlite3;

/* A step: the database is of version (its index + 1) after it. */
struct store_migration {
    const char *sql;
};

/* Makes or migrates it; a copy of a database that is to be migrated is kept as PATH.before-vN.
 * Negative, with a sentence in *error, where it is no database of ours or a newer one. */
int store_schema_apply(struct sqlite3 *sqlite, const char *path, struct buf *error) MARU_CHECK;

/* Whether it is a database of ours that this version knows; changes nothing. Its version comes out;
 * negative, with a sentence, where it is not. */
int store_schema_recognise(struct sqlite3 *sqlite, const char *path, int *ret_version,
                           struct buf *error) MARU_CHECK;
/* The version that store_schema_apply() makes. */
int store_schema_version(void);

/* The same as store_schema_apply() with other steps, for tests. */
int store_schema_migrate(struct sqlite3 *sqlite, const char *path,
                         const struct store_migration *steps, unsigned n,
                         struct buf *error) MARU_CHECK;

#endif
