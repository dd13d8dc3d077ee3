/* What the kinds of answers share. */
#ifndef MARU_STORE_READ_PRIV_H
#define MARU_STORE_READ_PRIV_H

#include "store_line.h"
#include "store_read.h"
#include "store_render.h"

enum { ANSWER_DONE = 0, ANSWER_MORE = 1 };

/* Messages of one place, in order. */
struct store_range {
    uint64_t place; /* row; 0: there is none */
    bool events;    /* not only speech */
    uint64_t next;  /* sequence numbers that are still to be read */
    uint64_t last;
    uint64_t after_ms;  /* only what is later (where by_time) … */
    uint64_t before_ms; /* … and earlier */
    bool by_time;
    uint64_t skip_message; /* that the bound names: none of its rows */
};

/* Where a place was last spoken in. */
struct store_target {
    uint64_t time_ms;
    uint64_t seq;
    char *name; /* owned */
};

struct search_answer;

struct store_answer {
    struct query *query;
    bool begun;    /* the question was worked out */
    bool is_open;  /* its batch was begun */
    unsigned left; /* messages or targets that may still come */
    struct store_range range;
    struct store_target *targets; /* owned; of TARGETS, once gathered */
    unsigned n_targets;
    unsigned at_target;
    struct search_answer *search; /* owned; of SEARCH, once begun */
    user_id named;                /* the sender of the last line: their account's name is … */
    struct buf account;           /* … this; empty where there is none */
};

/* Begins the batch of the answer where it was not yet begun. */
void store_answer_open(struct store_answer *answer, struct str type, struct str about,
                       struct buf *out);

/* Adds a line to it, with the account of who said it where the asker wants that. */
int store_answer_line(struct store_answer *answer, struct store_db *db, struct str target,
                      struct store_line *line, struct buf *out) MARU_CHECK;

/* Each gives ANSWER_MORE, ANSWER_DONE or a negative status, and stops where `out` has a piece. */
int store_history_piece(struct store_answer *answer, struct store_db *db, struct buf *out);
int store_targets_piece(struct store_answer *answer, struct store_db *db, struct buf *out);

/* Whether the row lies within the bounds and is of a kind that the asker wants. */
bool store_range_has(const struct store_answer *answer, const struct store_line *line);

/* Takes the bounds of the question into the range: sequence numbers from..to, both included. */
int store_range_bound(struct store_range *range, struct store_db *db, const struct query *query,
                      uint64_t since_seq) MARU_CHECK;

#endif
