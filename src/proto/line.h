/*
 * One line of IRC as views into the bytes it came in: tags, source, command, parameters.
 * Pure; any thread. Modern IRC "Message Format"; IRCv3 message-tags.
 */
#ifndef MARU_LINE_H
#define MARU_LINE_H

#include "status.h"
#include "str.h"

/* The last parameter takes the rest of the line, as RFC 2812 section 2.3.1 has it. */
enum { LINE_PARAMS_MAX = 15 };

struct line {
    struct str tags;    /* without '@'; empty where there are none; iterate with tags.h */
    struct str source;  /* without ':'; empty where there is none */
    struct str command; /* as it came: letters or three digits */
    unsigned n_params;
    struct str params[LINE_PARAMS_MAX];
};

/* Splits one line, without its CR LF. All views point into `bytes`. STATUS_MALFORMED where there is
 * no command, where a command has other bytes than visible ASCII, or where there is a NUL, CR
 * or LF; STATUS_INCOMPLETE for a line that holds nothing but spaces. */
int line_parse(struct str bytes, struct line *ret_line) MARU_CHECK;

/* Parameter i, or the empty string. */
static inline struct str line_param(const struct line *line, unsigned i)
{
    return i < line->n_params ? line->params[i] : (struct str){"", 0};
}

#endif
