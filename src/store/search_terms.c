/* A person's words as tokens, and whether a text has them. Pure; one thread at a time. */
#include "search_terms.h"

#include "alloc.h"
#include "search_limits.h"
#include "tokenizer.h"

struct reading {
    struct search_terms *terms;
    enum token_kind last;
    enum token_kind first;
};

static bool read_token(void *ctx, const struct token *token)
{
    struct reading *reading = ctx;
    struct search_terms *t = reading->terms;
    if (t->n_tokens == SEARCH_TOKENS_MAX) {
        return false;
    }
    struct search_term *term = &t->terms[t->n_terms];
    if (term->n == 0) {
        reading->first = token->kind;
    }
    reading->last = token->kind;
    t->tokens[t->n_tokens++] = (struct search_token){
        .at = t->bytes.len,
        .len = token->text.len,
        .joined = token->joined,
    };
    buf_add_str(&t->bytes, token->text);
    term->n++;
    return true;
}

static void read_term(struct search_terms *t, struct str text, bool quoted)
{
    if (t->n_tokens == SEARCH_TOKENS_MAX) {
        return;
    }
    struct reading reading = {.terms = t};
    t->terms[t->n_terms] = (struct search_term){.first = t->n_tokens};
    tokenizer_split(text, read_token, &reading);
    struct search_term term = t->terms[t->n_terms];
    if (term.n == 0) {
        return;
    }
    t->n_terms++;
    if (quoted) {
        return;
    }
    struct search_token *last = &t->tokens[term.first + term.n - 1];
    if (reading.last == TOKEN_LONE ||
        (reading.last == TOKEN_WORD && last->len >= SEARCH_PREFIX_BYTES_MIN)) {
        last->part = SEARCH_BEGINS;
    }
    /* "버maru" is also the end of "서버maru". */
    if (reading.first == TOKEN_LONE && term.n > 1) {
        t->tokens[term.first].part = SEARCH_ENDS;
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void read_words(struct search_terms *t, struct str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && !is_space(text.p[i])) {
            i++;
        }
        read_term(t, str_make(text.p + start, i - start), false);
        while (i < text.len && is_space(text.p[i])) {
            i++;
        }
    }
}

void search_terms_init(struct search_terms *terms, struct str text)
{
    *terms = (struct search_terms){
        .tokens = xcalloc(SEARCH_TOKENS_MAX, sizeof(*terms->tokens)),
        .terms = xcalloc(SEARCH_TOKENS_MAX, sizeof(*terms->terms)),
    };
    bool quoted = false;
    for (struct str rest = text; rest.p != NULL; quoted = !quoted) {
        struct str part = str_split(&rest, '"');
        /* A quotation mark that nothing closes is a mark like any other. */
        if (quoted && rest.p != NULL) {
            read_term(terms, part, true);
        } else {
            read_words(terms, part);
        }
    }
    terms->hopeless = text.len > 0 && terms->n_terms == 0;
}

void search_terms_finish(struct search_terms *terms)
{
    buf_finish(&terms->bytes);
    buf_finish(&terms->seen_bytes);
    free(terms->tokens);
    free(terms->terms);
    free(terms->seen);
    *terms = (struct search_terms){0};
}

struct str search_terms_token(const struct search_terms *terms, unsigned i)
{
    return str_make(terms->bytes.p + terms->tokens[i].at, terms->tokens[i].len);
}

static bool see_token(void *ctx, const struct token *token)
{
    struct search_terms *t = ctx;
    if (t->n_seen == t->cap_seen) {
        t->cap_seen = t->cap_seen > 0 ? 2 * t->cap_seen : 64;
        t->seen = xrealloc(t->seen, t->cap_seen * sizeof(*t->seen));
    }
    t->seen[t->n_seen++] = (struct search_token){
        .at = t->seen_bytes.len,
        .len = token->text.len,
        .joined = token->joined,
    };
    buf_add_str(&t->seen_bytes, token->text);
    return true;
}

static bool token_fits(const struct search_terms *t, unsigned wanted, size_t seen)
{
    struct str want = search_terms_token(t, wanted);
    struct str have = str_make(t->seen_bytes.p + t->seen[seen].at, t->seen[seen].len);
    if (t->tokens[wanted].joined && !t->seen[seen].joined) {
        return false;
    }
    switch (t->tokens[wanted].part) {
    case SEARCH_BEGINS:
        return str_starts(have, want);
    case SEARCH_ENDS:
        return have.len >= want.len && memcmp(have.p + have.len - want.len, want.p, want.len) == 0;
    case SEARCH_WHOLE:
        break;
    }
    return str_eq(have, want);
}

static bool term_is_there(const struct search_terms *t, const struct search_term *term)
{
    for (size_t i = 0; i + term->n <= t->n_seen; i++) {
        unsigned n = 0;
        while (n < term->n && token_fits(t, term->first + n, i + n)) {
            n++;
        }
        if (n == term->n) {
            return true;
        }
    }
    return false;
}

bool search_terms_match(struct search_terms *terms, struct str text)
{
    if (terms->n_terms == 0) {
        return !terms->hopeless;
    }
    buf_clear(&terms->seen_bytes);
    terms->n_seen = 0;
    tokenizer_split(text, see_token, terms);
    for (unsigned i = 0; i < terms->n_terms; i++) {
        if (!term_is_there(terms, &terms->terms[i])) {
            return false;
        }
    }
    return true;
}
