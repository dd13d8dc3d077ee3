/* Words for messages of the benchmark of the store. One thread. */
#include "bench_words.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

enum { SYLLABLES = 400, TEXT_WORDS_MIN = 2, TEXT_WORDS = 21 };

static const char *const english[] = {
    "the",   "to",   "and",    "i",      "a",    "you",     "it",     "is",    "that",
    "of",    "in",   "for",    "on",     "this", "not",     "but",    "with",  "have",
    "be",    "so",   "just",   "if",     "what", "my",      "can",    "do",    "are",
    "was",   "like", "me",     "or",     "as",   "at",      "get",    "no",    "think",
    "there", "when", "how",    "all",    "know", "one",     "up",     "about", "yes",
    "would", "time", "people", "server", "room", "message", "thanks",
};

static const char *const korean[] = {
    "그",     "이",     "안",     "근데", "저",   "그냥",       "진짜", "네",   "지금",
    "오늘",   "나",     "좀",     "그럼", "다",   "안녕하세요", "이거", "저도", "같아요",
    "있어요", "그런데", "서버",   "내일", "회의", "감사합니다", "사람", "우리", "그래서",
    "하는",   "있는",   "없어요", "어제", "시간", "메시지",     "마루", "학교",
};

static uint64_t next(struct bench_words *w)
{
    /* xorshift64*: what matters is that it is fast and always the same. */
    w->seed ^= w->seed >> 12;
    w->seed ^= w->seed << 25;
    w->seed ^= w->seed >> 27;
    return w->seed * UINT64_C(2685821657736338717);
}

uint64_t bench_below(struct bench_words *words, uint64_t n)
{
    return (next(words) >> 11) % n;
}

static double *zipf(unsigned n)
{
    double *share = xcalloc(n, sizeof(*share));
    double sum = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += 1.0 / (i + 2.7);
        share[i] = sum;
    }
    for (unsigned i = 0; i < n; i++) {
        share[i] /= sum;
    }
    return share;
}

static unsigned pick(struct bench_words *w, const double *share, unsigned n)
{
    double at = (double)(next(w) >> 11) / 9007199254740992.0;
    unsigned low = 0;
    unsigned high = n - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (share[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

unsigned bench_word(struct bench_words *words)
{
    return pick(words, words->share, BENCH_WORDS);
}

unsigned bench_room(struct bench_words *words)
{
    return pick(words, words->room_share, words->rooms);
}

unsigned bench_nick(struct bench_words *words)
{
    return bench_word(words) % BENCH_NICKS;
}

static void invent_english(struct bench_words *w, char out[BENCH_WORD_BYTES])
{
    static const char first[] = "bcdfghjklmnprstvw";
    static const char vowel[] = "aeiou";
    static const char last[] = "nrstlmkd";
    unsigned syllables = 2 + (unsigned)bench_below(w, 3);
    size_t n = 0;
    for (unsigned i = 0; i < syllables; i++) {
        out[n++] = first[bench_below(w, sizeof(first) - 1)];
        out[n++] = vowel[bench_below(w, sizeof(vowel) - 1)];
        if (bench_below(w, 2) == 0) {
            out[n++] = last[bench_below(w, sizeof(last) - 1)];
        }
    }
    out[n] = '\0';
}

static void invent_korean(struct bench_words *w, const unsigned syllables[SYLLABLES],
                          char out[BENCH_WORD_BYTES])
{
    unsigned length = 2 + (unsigned)bench_below(w, 3);
    size_t n = 0;
    for (unsigned i = 0; i < length; i++) {
        unsigned c = syllables[bench_below(w, SYLLABLES)];
        out[n++] = (char)(0xE0 | c >> 12);
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
        out[n++] = (char)(0x80 | (c & 0x3F));
    }
    out[n] = '\0';
}

void bench_words_init(struct bench_words *words, unsigned rooms, uint64_t seed)
{
    *words = (struct bench_words){.seed = UINT64_C(88172645463325252), .rooms = rooms};
    unsigned syllables[SYLLABLES];
    for (unsigned i = 0; i < SYLLABLES; i++) {
        syllables[i] = 0xAC00 + (unsigned)bench_below(words, 11172);
    }
    for (int language = 0; language < 2; language++) {
        words->words[language] = xcalloc(BENCH_WORDS, BENCH_WORD_BYTES);
    }
    for (unsigned i = 0; i < BENCH_WORDS; i++) {
        char *one = words->words[BENCH_ENGLISH][i];
        char *other = words->words[BENCH_KOREAN][i];
        if (i < sizeof(english) / sizeof(english[0])) {
            snprintf(one, BENCH_WORD_BYTES, "%s", english[i]);
        } else {
            invent_english(words, one);
        }
        if (i < sizeof(korean) / sizeof(korean[0])) {
            snprintf(other, BENCH_WORD_BYTES, "%s", korean[i]);
        } else {
            invent_korean(words, syllables, other);
        }
    }
    words->share = zipf(BENCH_WORDS);
    words->room_share = zipf(rooms);
    words->seed ^= seed * UINT64_C(0x9E3779B97F4A7C15);
}

void bench_words_finish(struct bench_words *words)
{
    free(words->words[BENCH_ENGLISH]);
    free(words->words[BENCH_KOREAN]);
    free(words->share);
    free(words->room_share);
}

void bench_text(struct bench_words *words, size_t bytes, struct buf *out)
{
    size_t start = out->len;
    enum bench_language language = bench_below(words, 2) == 0 ? BENCH_ENGLISH : BENCH_KOREAN;
    unsigned n = TEXT_WORDS_MIN + (unsigned)bench_below(words, TEXT_WORDS);
    for (unsigned i = 0; bytes > 0 ? out->len - start < bytes : i < n; i++) {
        if (i > 0) {
            buf_add_char(out, ' ');
        }
        buf_add_cstr(out, words->words[language][bench_word(words)]);
    }
    if (bytes > 0) {
        out->len = start + str_cut_utf8(str_make(out->p + start, out->len - start), bytes).len;
        while (out->len - start < bytes) {
            buf_add_char(out, '.');
        }
    }
}
