/* What the files of the index's writing side share. */
#ifndef MARU_SEARCH_INDEX_PRIV_H
#define MARU_SEARCH_INDEX_PRIV_H

#include "search_index.h"

enum search_index_statement {
    READ_MESSAGES,
    READ_MESSAGE,
    SET_INDEXED,
    RUN_ADD,
    RUN_OF,
    SHARD_SET,
    SHARD_OF,
    SHARD_TIDY,
    SHARD_MERGED,
    SHARD_OLDEST,
    SEARCH_INDEX_STATEMENTS,
};

/* What has become of a shard's parts. */
enum search_merged {
    MERGED_NO,
    MERGED_HALF, /* it is being made into one */
    MERGED_WHOLE,
};

struct search_index_shard {
    uint64_t id; /* 0: there is none */
    uint64_t first_seq;
    uint64_t last_seq;
    int64_t first_time;
    int64_t last_time;
    uint64_t n;
    /* Its last run. */
    uint64_t run_seq;
    uint64_t run_number;
};

/* A message that waits to be written with others, ordered by their rows. */
struct search_document {
    int64_t row;
    size_t at; /* in `documents` */
    size_t len;
};

struct search_index {
    struct search_db db;
    char *history; /* owned */
    struct sqlite3_stmt *statements[SEARCH_INDEX_STATEMENTS];
    struct sqlite3_stmt *insert; /* into the shard at hand */
    struct sqlite3_stmt *merge;
    uint64_t indexed_seq;
    struct search_index_shard shard; /* the newest: what comes goes there */
    int wal_pages;                   /* in the log after the last commit */
    struct buf document;             /* of the message at hand */
    struct buf documents;            /* of those that wait to be written */
    struct search_document *batch;
    unsigned n_batch;
    double us_each; /* that writing a message took last */
    /* Forgotten before they were indexed, and perhaps not deleted yet: ascending is not needed. */
    uint64_t *forgotten;
    size_t n_forgotten;
    size_t cap_forgotten;
};

struct sqlite3_stmt *search_index_statement(struct search_index *index,
                                            enum search_index_statement which);
/* Runs one without rows; binds up to six numbers. */
int search_index_run(struct search_index *index, struct sqlite3_stmt *stmt, const int64_t *values,
                     int n) MARU_CHECK;
/* Lets go of the statements of the shard at hand. */
void search_index_leave_shard(struct search_index *index);

/* Appends a row of READ_MESSAGE(S) as the tokenizer wants it. False where nothing of it is
 * searched. */
bool search_index_document(struct sqlite3_stmt *row, struct buf *out);
/* What a failed step had begun does not count; the numbers are read again. Gives `status` back. */
int search_index_undo(struct search_index *index, int status);

/* ---- search_forget.c ---- */

bool search_forget_has(const struct search_index *index, uint64_t seq);
/* Once the index is past them they cannot come in any more. */
void search_forget_clear(struct search_index *index);

/* ---- search_tidy.c ---- */

/* Merges about so many pages (negative: begins to make it one part). False where there was nothing
 * to do. */
int search_tidy_merge(struct search_index *index, struct sqlite3_stmt *stmt, int64_t pages,
                      bool *ret_worked) MARU_CHECK;
/* Makes a shard that is full, or of which something was taken, into one part, a bit at a time; then
 * drops those of whose messages history has none any more. */
int search_tidy_step(struct search_index *index, uint64_t until_ms, bool *ret_idle) MARU_CHECK;
/* Inside a transaction. */
int search_tidy_drop(struct search_index *index, uint64_t shard) MARU_CHECK;
/* Copies the log into the index where it has grown long: the only time that anything is synced. */
int search_tidy_log(struct search_index *index) MARU_CHECK;

#endif
