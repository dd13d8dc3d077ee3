/* Message tags. Pure; any thread. */
#include "tags.h"

bool tags_next(struct str *rest, struct str *ret_key, struct str *ret_value)
{
    while (rest->p != NULL && rest->len > 0) {
        struct str tag = str_split(rest, ';');
        const char *equals = tag.len > 0 ? memchr(tag.p, '=', tag.len) : NULL;
        size_t key_len = equals != NULL ? (size_t)(equals - tag.p) : tag.len;
        if (key_len == 0) {
            continue;
        }
        *ret_key = (struct str){tag.p, key_len};
        *ret_value = equals != NULL ? (struct str){equals + 1, tag.len - key_len - 1}
                                    : (struct str){tag.p + tag.len, 0};
        return true;
    }
    return false;
}

bool tags_find(struct str tags, struct str key, struct str *ret_value)
{
    bool found = false;
    struct str k;
    struct str v;
    while (tags_next(&tags, &k, &v)) {
        if (str_eq(k, key)) {
            *ret_value = v;
            found = true;
        }
    }
    return found;
}

void tags_add_escaped(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        switch (value.p[i]) {
        case ';':
            buf_add(out, "\\:", 2);
            break;
        case ' ':
            buf_add(out, "\\s", 2);
            break;
        case '\\':
            buf_add(out, "\\\\", 2);
            break;
        case '\r':
            buf_add(out, "\\r", 2);
            break;
        case '\n':
            buf_add(out, "\\n", 2);
            break;
        default:
            buf_add_char(out, value.p[i]);
        }
    }
}

void tags_add_unescaped(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] != '\\') {
            buf_add_char(out, value.p[i]);
            continue;
        }
        if (++i == value.len) {
            break; /* A lone backslash at the end is dropped. */
        }
        switch (value.p[i]) {
        case ':':
            buf_add_char(out, ';');
            break;
        case 's':
            buf_add_char(out, ' ');
            break;
        case 'r':
            buf_add_char(out, '\r');
            break;
        case 'n':
            buf_add_char(out, '\n');
            break;
        default:
            buf_add_char(out, value.p[i]);
        }
    }
}

static bool is_key_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

bool tags_key_valid(struct str key)
{
    if (key.len > 0 && key.p[0] == '+') {
        key.p++;
        key.len--;
    }
    const char *slash = key.len > 0 ? memchr(key.p, '/', key.len) : NULL;
    if (slash != NULL) {
        size_t vendor_len = (size_t)(slash - key.p);
        if (vendor_len == 0) {
            return false;
        }
        for (size_t i = 0; i < vendor_len; i++) {
            if (!is_key_byte(key.p[i]) && key.p[i] != '.') {
                return false;
            }
        }
        key.p = slash + 1;
        key.len -= vendor_len + 1;
    }
    if (key.len == 0) {
        return false;
    }
    for (size_t i = 0; i < key.len; i++) {
        if (!is_key_byte(key.p[i])) {
            return false;
        }
    }
    return true;
}
