/*
 * A text as the tokens by which it is found. Case, compatibility forms and what cannot be seen are
 * folded away (NFKC_Casefold). A run of Hangul, kana, Chinese characters or a script that is
 * written without spaces becomes its overlapping pairs, so that any two neighbours find it; one
 * that stands alone is a token by itself. Every other run of letters and digits is one word, marks
 * included. Emoji are tokens. All else separates; the control codes of IRC formatting do not count.
 *
 * Pure; any thread; allocates nothing but in results. Any bytes are allowed: what is not UTF-8
 * separates. No token holds a byte under '!' or a capital ASCII letter, so what does cannot be
 * mistaken for one.
 */
#ifndef MARU_TOKENIZER_H
#define MARU_TOKENIZER_H

#include "buf.h"
#include "str.h"

enum token_kind {
    TOKEN_WORD,
    TOKEN_PAIR, /* of syllables; the next pair begins with the second */
    TOKEN_LONE, /* a syllable alone */
};

struct token {
    struct str text; /* until the callback returns */
    enum token_kind kind;
    bool joined; /* a pair that begins with the second syllable of the pair before */
};

/* False ends the splitting. */
typedef bool (*token_each)(void *ctx, const struct token *token);

void tokenizer_split(struct str text, token_each each, void *ctx);

/* Appends a form of a nickname that is the same for all that any casemapping takes for equal. It
 * holds no byte under '!'. */
void tokenizer_fold_nick(struct str nick, struct buf *out);

#endif
