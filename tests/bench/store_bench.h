/* What the files of the store's benchmark share. */
#ifndef MARU_STORE_BENCH_H
#define MARU_STORE_BENCH_H

#include "bench_words.h"
#include "clock.h"
#include "store_db.h"

#include <stdio.h>

/* Numbers begin where those of a first start of the server do. */
#define BENCH_FIRST_SEQ (UINT64_C(1) << 36)

struct bench {
    const char *folder;
    char *path; /* of the database */
    uint64_t messages;
    unsigned rooms;
    struct bench_words words;
};

/* Times of one thing. */
struct bench_times {
    double *ms;
    size_t n;
    size_t cap;
};

double bench_now_ms(void);
void bench_times_add(struct bench_times *times, double ms);
/* The share of them, 0 … 1, that took at most so long. */
double bench_times_at(struct bench_times *times, double share);
void bench_times_finish(struct bench_times *times);
/* Prints a row "what  p50  p99  limit: kept", and forgets the times. Remembers what was missed. */
void bench_row(const char *what, struct bench_times *times, double limit_ms);
/* Says whether a figure is as it must be. */
void bench_judge(const char *what, bool kept);

void bench_die(const char *what, struct str why);

/* Each prints its figures. */
void bench_fill(struct bench *bench, double seconds_max);
void bench_warm(struct bench *bench);
void bench_start(struct bench *bench);
void bench_read(struct bench *bench);
void bench_search(struct bench *bench);
void bench_cold(struct bench *bench);
void bench_commit(struct bench *bench, double seconds);

#endif
