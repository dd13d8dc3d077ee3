/*
 * What a person asks for: words that must all be there, in any order. A word finds longer ones that
 * begin with it; two or more syllables of Hangul, kana or Chinese characters are found anywhere in
 * a run of them; what a person wrote without a space between, or "in double quotes", must be found
 * in one piece, and in quotes words are whole.
 *
 * Any text is allowed; nothing of it has a meaning beyond that. Pure; one thread at a time.
 */
#ifndef MARU_SEARCH_TERMS_H
#define MARU_SEARCH_TERMS_H

#include "buf.h"
#include "str.h"

enum search_part {
    SEARCH_WHOLE,
    SEARCH_BEGINS, /* the token of the text begins with it */
    SEARCH_ENDS,   /* … or ends with it: the index cannot tell */
};

struct search_token {
    size_t at; /* in `bytes` */
    size_t len;
    enum search_part part;
    bool joined; /* as of struct token */
};

/* Tokens [first, first + n), to be found one directly behind the other. */
struct search_term {
    unsigned first;
    unsigned n;
};

struct search_terms {
    struct buf bytes;
    struct search_token *tokens;
    struct search_term *terms;
    unsigned n_tokens;
    unsigned n_terms;
    bool hopeless; /* there was something to look for, but nothing that could be found */
    /* Of the text that is looked at. */
    struct buf seen_bytes;
    struct search_token *seen;
    size_t n_seen;
    size_t cap_seen;
};

void search_terms_init(struct search_terms *terms, struct str text);
void search_terms_finish(struct search_terms *terms);

/* Whether the text has them all. */
bool search_terms_match(struct search_terms *terms, struct str text);

struct str search_terms_token(const struct search_terms *terms, unsigned i);

#endif
