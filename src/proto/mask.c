/* Wildcard masks. Pure; any thread. */
#include "mask.h"

#include "proto_limits.h"

/* The bytes of the character at s.p[at]: of a whole sequence, or one. */
static size_t char_len(struct str s, size_t at)
{
    unsigned char lead = (unsigned char)s.p[at];
    size_t len = lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (len > s.len - at) {
        return 1;
    }
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)s.p[at + i] & 0xC0) != 0x80) {
            return 1;
        }
    }
    return len;
}

static bool is_wildcard(char c)
{
    return c == '*' || c == '?';
}

/* Where mask[at] is the backslash of an escape. */
static bool is_escape(struct str mask, size_t at)
{
    return mask.p[at] == '\\' && at + 1 < mask.len && is_wildcard(mask.p[at + 1]);
}

bool mask_match(struct str mask, struct str text)
{
    size_t m = 0;
    size_t t = 0;
    /* Behind the last star, and where in the text its run ends for now. Only the last star ever
     * needs to grow: whatever an earlier one could still take, this one can take too. */
    bool starred = false;
    size_t star_m = 0;
    size_t star_t = 0;
    while (t < text.len) {
        if (m < mask.len && mask.p[m] == '*') {
            starred = true;
            star_m = ++m;
            star_t = t;
            continue;
        }
        if (m < mask.len && mask.p[m] == '?') {
            m++;
            t += char_len(text, t);
            continue;
        }
        size_t literal = m < mask.len && is_escape(mask, m) ? m + 1 : m;
        if (literal < mask.len && mask.p[literal] == text.p[t]) {
            m = literal + 1;
            t++;
            continue;
        }
        if (!starred) {
            return false;
        }
        star_t += char_len(text, star_t);
        m = star_m;
        t = star_t;
    }
    while (m < mask.len && mask.p[m] == '*') {
        m++;
    }
    return m == mask.len;
}

static struct str without_tail(struct str raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        if ((unsigned char)raw.p[i] <= ' ' || raw.p[i] == 0x7F) {
            return (struct str){raw.p, i};
        }
    }
    return raw;
}

static void add_part(struct buf *out, struct str part, size_t max)
{
    size_t start = out->len;
    size_t end = start + max;
    bool star = false; /* The last thing added is an unescaped star. */
    for (size_t i = 0; i < part.len;) {
        if (part.p[i] == '*' && star) {
            i++;
            continue;
        }
        size_t len = is_escape(part, i) ? 2 : char_len(part, i);
        bool last = i + len == part.len;
        if (out->len + len > end - (last ? 0 : 1)) {
            if (!star) {
                buf_add_char(out, '*');
            }
            return;
        }
        buf_add(out, part.p + i, len);
        star = part.p[i] == '*';
        i += len;
    }
    if (out->len == start) {
        buf_add_char(out, '*');
    }
}

static bool looks_like_host(struct str word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.p[i] == '.' || word.p[i] == ':' || word.p[i] == '/') {
            return true;
        }
    }
    return false;
}

void mask_normalise(struct str raw, struct buf *out)
{
    struct str none = {"", 0};
    struct str rest = without_tail(raw);
    struct str nick = none;
    struct str user = none;
    struct str host = none;
    bool has_nick = rest.len > 0 && memchr(rest.p, '!', rest.len) != NULL;
    bool has_host = rest.len > 0 && memchr(rest.p, '@', rest.len) != NULL;
    if (has_nick) {
        nick = str_split(&rest, '!');
        user = str_split(&rest, '@');
        host = rest;
    } else if (has_host) {
        user = str_split(&rest, '@');
        host = rest;
    } else if (looks_like_host(rest)) {
        host = rest;
    } else {
        nick = rest;
    }
    while (nick.len > 0 && nick.p[0] == ':') {
        nick.p++;
        nick.len--;
    }
    add_part(out, nick, MASK_NICK_MAX);
    buf_add_char(out, '!');
    add_part(out, user, MASK_USER_MAX);
    buf_add_char(out, '@');
    add_part(out, host, MASK_HOST_MAX);
}
