/* What people might say: words of two languages that are as unequally common as real ones (Zipf),
 * always the same from the same seed. One thread. */
#ifndef MARU_BENCH_WORDS_H
#define MARU_BENCH_WORDS_H

#include "buf.h"

enum {
    BENCH_WORDS = 30000, /* of each language */
    BENCH_NICKS = 5000,
    BENCH_WORD_BYTES = 32,
};

enum bench_language { BENCH_ENGLISH, BENCH_KOREAN };

struct bench_words {
    uint64_t seed;
    char (*words[2])[BENCH_WORD_BYTES]; /* the most common first */
    double *share;                      /* of all up to a word, 0..1 */
    double *room_share;
    unsigned rooms;
};

void bench_words_init(struct bench_words *words, unsigned rooms, uint64_t seed);
void bench_words_finish(struct bench_words *words);

/* 0 … n - 1, all equally often. */
uint64_t bench_below(struct bench_words *words, uint64_t n);

/* Index of a word, room or nickname, the first most often. */
unsigned bench_word(struct bench_words *words);
unsigned bench_room(struct bench_words *words);
unsigned bench_nick(struct bench_words *words);

/* Appends a message of 2 to 22 words; with `bytes` one of that length. */
void bench_text(struct bench_words *words, size_t bytes, struct buf *out);

#endif
