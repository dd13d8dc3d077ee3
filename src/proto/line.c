/* Splitting a line of IRC. Pure; any thread. */
#include "line.h"

static struct str take_word(struct str *rest)
{
    const char *space = memchr(rest->p, ' ', rest->len);
    struct str word = {rest->p, space != NULL ? (size_t)(space - rest->p) : rest->len};
    rest->p += word.len;
    rest->len -= word.len;
    return word;
}

static void skip_spaces(struct str *rest)
{
    while (rest->len > 0 && rest->p[0] == ' ') {
        rest->p++;
        rest->len--;
    }
}

/* Any visible ASCII: what is no letter or digit makes an unknown command, not an unreadable line.
 */
static bool is_command(struct str word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.p[i] <= ' ' || word.p[i] >= 0x7f) {
            return false;
        }
    }
    return word.len > 0;
}

static bool has_forbidden_byte(struct str bytes)
{
    return memchr(bytes.p, '\0', bytes.len) != NULL || memchr(bytes.p, '\r', bytes.len) != NULL ||
           memchr(bytes.p, '\n', bytes.len) != NULL;
}

int line_parse(struct str bytes, struct line *ret_line)
{
    if (bytes.len == 0) {
        return STATUS_INCOMPLETE;
    }
    if (has_forbidden_byte(bytes)) {
        return STATUS_MALFORMED;
    }
    struct str rest = bytes;
    struct line line;
    line.tags = line.source = (struct str){"", 0};
    line.n_params = 0;
    if (rest.p[0] == '@') {
        line.tags = take_word(&rest);
        line.tags.p++;
        line.tags.len--;
    }
    skip_spaces(&rest);
    if (rest.len > 0 && rest.p[0] == ':') {
        line.source = take_word(&rest);
        line.source.p++;
        line.source.len--;
        skip_spaces(&rest);
    }
    if (rest.len == 0) {
        return line.tags.len == 0 && line.source.len == 0 && bytes.p[0] == ' ' ? STATUS_INCOMPLETE
                                                                               : STATUS_MALFORMED;
    }
    line.command = take_word(&rest);
    if (!is_command(line.command)) {
        return STATUS_MALFORMED;
    }
    for (skip_spaces(&rest); rest.len > 0; skip_spaces(&rest)) {
        if (rest.p[0] == ':') {
            line.params[line.n_params++] = (struct str){rest.p + 1, rest.len - 1};
            break;
        }
        if (line.n_params == LINE_PARAMS_MAX - 1) {
            line.params[line.n_params++] = rest;
            break;
        }
        line.params[line.n_params++] = take_word(&rest);
    }
    *ret_line = line;
    return STATUS_OK;
}
