/* Texts to tokens, and a person's words against texts. The first line is what is looked for, the
 * rest the text. */
#include "fuzz.h"

#include "search_limits.h"
#include "search_terms.h"
#include "tokenizer.h"

static bool check_token(void *ctx, const struct token *token)
{
    struct buf *joined = ctx;
    CHECK(token->text.len > 0 && str_is_utf8(token->text));
    CHECK(token->text.len <= (token->kind == TOKEN_PAIR ? 2 * TOKEN_UNIT_MAX : TOKEN_MAX));
    for (size_t i = 0; i < token->text.len; i++) {
        unsigned char c = (unsigned char)token->text.p[i];
        CHECK(c > ' ' && !(c >= 'A' && c <= 'Z') && c != '"' && c != '*');
    }
    buf_add_str(joined, token->text);
    buf_add_char(joined, token->kind == TOKEN_PAIR ? '\x1f' : ' ');
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);
    struct str wanted = str_split(&text, '\n');
    struct buf tokens = {0};
    tokenizer_split(text, check_token, &tokens);
    buf_clear(&tokens);
    tokenizer_split(wanted, check_token, &tokens);

    struct search_terms terms;
    search_terms_init(&terms, wanted);
    CHECK(terms.n_tokens <= SEARCH_TOKENS_MAX && terms.n_terms <= terms.n_tokens);
    search_terms_match(&terms, text);
    /* Whoever looks for a text finds that text. */
    CHECK(terms.hopeless || search_terms_match(&terms, wanted));
    search_terms_finish(&terms);

    buf_clear(&tokens);
    tokenizer_fold_nick(wanted, &tokens);
    for (size_t i = 0; i < tokens.len; i++) {
        CHECK((unsigned char)tokens.p[i] > ' ');
    }
    buf_finish(&tokens);
    return 0;
}
