/* Borrowed byte runs. Any thread; knows nothing of IRC. */
#include "str.h"

#include "alloc.h"
#include "status.h"

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}

struct str str_split(struct str *rest, char sep)
{
    const char *at = rest->len > 0 ? memchr(rest->p, sep, rest->len) : NULL;
    if (at == NULL) {
        struct str all = *rest;
        *rest = (struct str){NULL, 0};
        return all;
    }
    struct str head = {rest->p, (size_t)(at - rest->p)};
    rest->len -= head.len + 1;
    rest->p = at + 1;
    return head;
}

struct str str_cut_utf8(struct str s, size_t max)
{
    if (s.len <= max) {
        return s;
    }
    size_t end = max;
    while (end > 0 && ((unsigned char)s.p[end] & 0xC0) == 0x80) {
        end--;
    }
    return (struct str){s.p, end};
}

/* The length of the valid sequence at p, or 0. Table 3-7 of the Unicode standard. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0x80) {
        return 1;
    }
    size_t len;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) {
        len = 2;
    } else if (c >= 0xE0 && c <= 0xEF) {
        len = 3;
        low = c == 0xE0 ? 0xA0 : 0x80;
        high = c == 0xED ? 0x9F : 0xBF;
    } else if (c >= 0xF0 && c <= 0xF4) {
        len = 4;
        low = c == 0xF0 ? 0x90 : 0x80;
        high = c == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < len || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool str_is_utf8(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t left = s.len;
    while (left > 0) {
        /* Eight ASCII bytes at a time: most lines are nothing else. */
        uint64_t word;
        while (left >= sizeof(word) &&
               (memcpy(&word, p, sizeof(word)), (word & 0x8080808080808080u) == 0)) {
            p += sizeof(word);
            left -= sizeof(word);
        }
        if (left == 0) {
            break;
        }
        size_t len = utf8_sequence(p, left);
        if (len == 0) {
            return false;
        }
        p += len;
        left -= len;
    }
    return true;
}

int str_to_u64(struct str s, uint64_t *ret_value)
{
    if (s.len == 0) {
        return STATUS_MALFORMED;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return STATUS_MALFORMED;
        }
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return STATUS_MALFORMED;
        }
        value = value * 10 + digit;
    }
    *ret_value = value;
    return STATUS_OK;
}

char *str_dup(struct str s)
{
    char *copy = xmalloc(s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.p, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}
