/* The text of messages. Pure; any thread. */
#include "irc_text.h"

/* Formatting codes of the modern documentation: ^C takes up to two numbers, ^D up to two
 * hexadecimal colours; the others stand alone. */
static size_t skip_digits(struct str s, size_t at, size_t max, bool hex)
{
    size_t n = 0;
    while (n < max && at + n < s.len &&
           (hex ? g_ascii_isxdigit(s.p[at + n]) : g_ascii_isdigit(s.p[at + n]))) {
        n++;
    }
    return n;
}

static size_t skip_colour(struct str s, size_t at, size_t digits, bool hex)
{
    size_t n = skip_digits(s, at, digits, hex);
    if (n > 0 && at + n < s.len && s.p[at + n] == ',') {
        size_t more = skip_digits(s, at + n + 1, digits, hex);
        if (more > 0) {
            n += 1 + more;
        }
    }
    return n;
}

char *irc_text_clean(struct str text)
{
    g_autofree char *valid = g_utf8_make_valid(text.p != NULL ? text.p : "", (gssize)text.len);
    struct str s = str_from(valid);
    GString *out = g_string_sized_new(s.len);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == 0x03) {
            i += skip_colour(s, i + 1, 2, false);
        } else if (c == 0x04) {
            i += skip_colour(s, i + 1, 6, true);
        } else if (c == '\t') {
            g_string_append_c(out, ' ');
        } else if (c >= ' ' && c != 0x7f) {
            g_string_append_c(out, (char)c);
        }
    }
    return g_string_free(out, FALSE);
}

static size_t link_scheme_len(struct str s)
{
    static const char *const schemes[] = {"https://", "http://", "ircs://", "irc://"};
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (s.len > len && str_eq_nocase(str_make(s.p, len), str_make(schemes[i], len))) {
            return len;
        }
    }
    return 0;
}

static size_t link_len(struct str s)
{
    size_t len = 0;
    while (len < s.len && (unsigned char)s.p[len] > ' ' && strchr("<>\"`", s.p[len]) == NULL) {
        len++;
    }
    while (len > 0 && strchr(".,;:!?'", s.p[len - 1]) != NULL) {
        len--;
    }
    if (len > 0 && s.p[len - 1] == ')' && memchr(s.p, '(', len) == NULL) {
        len--;
    }
    return len;
}

bool irc_text_next_link(struct str text, size_t *at, struct str *ret_link)
{
    for (size_t i = *at; i < text.len; i++) {
        if (i > 0 && g_ascii_isalnum(text.p[i - 1])) {
            continue;
        }
        struct str rest = {text.p + i, text.len - i};
        size_t scheme = link_scheme_len(rest);
        if (scheme == 0) {
            continue;
        }
        size_t len = link_len(rest);
        if (len > scheme) {
            *ret_link = str_make(rest.p, len);
            *at = i + len;
            return true;
        }
    }
    *at = text.len;
    return false;
}

bool irc_text_next_piece(struct str *rest, size_t max, struct str *ret_piece)
{
    while (rest->len > 0 && (rest->p[0] == '\n' || rest->p[0] == '\r')) {
        rest->p++;
        rest->len--;
    }
    if (rest->len == 0) {
        return false;
    }
    size_t line = 0;
    while (line < rest->len && rest->p[line] != '\n' && rest->p[line] != '\r') {
        line++;
    }
    struct str piece = str_cut_utf8(str_make(rest->p, line), max);
    if (piece.len == 0) {
        /* A limit smaller than one character cannot be kept; a whole character goes. */
        piece.len = MIN(line, (size_t)(g_utf8_next_char(rest->p) - rest->p));
    }
    size_t taken = piece.len;
    if (piece.len < line) {
        const char *space = memrchr(piece.p, ' ', piece.len);
        if (space != NULL && (size_t)(space - piece.p) >= piece.len / 2) {
            piece.len = (size_t)(space - piece.p);
            taken = piece.len + 1;
        }
    }
    rest->p += taken;
    rest->len -= taken;
    *ret_piece = piece;
    return true;
}

static bool is_word(gunichar c)
{
    return g_unichar_isalnum(c);
}

/* Hangul particles follow a name without a space (철수야), so behind a name that ends in a letter
 * outside ASCII anything may come. */
static bool ends_here(const char *end, gunichar last)
{
    gunichar next = g_utf8_get_char(end);
    return next == 0 || !is_word(next) || last > 0x7f || next > 0x7f;
}

bool irc_text_mentions(const char *text, const char *word)
{
    if (word[0] == '\0') {
        return false;
    }
    g_autofree char *folded_text = g_utf8_casefold(text, -1);
    g_autofree char *folded_word = g_utf8_casefold(word, -1);
    size_t len = strlen(folded_word);
    const char *at = folded_text;
    while ((at = strstr(at, folded_word)) != NULL) {
        gunichar last = g_utf8_get_char(g_utf8_prev_char(folded_word + len));
        bool begins = at == folded_text || !is_word(g_utf8_get_char(g_utf8_prev_char(at)));
        if (begins && ends_here(at + len, last)) {
            return true;
        }
        at = g_utf8_next_char(at);
    }
    return false;
}
