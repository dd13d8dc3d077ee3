/* The table of capabilities. Pure; any thread. */
#include "cap.h"

static const struct str cap_names[CAP_COUNT] = {
#define X(id, name) [CAP_BIT_##id] = {name, sizeof(name) - 1},
    CAP_LIST(X)
#undef X
};

cap_set cap_find(struct str name)
{
    for (unsigned i = 0; i < CAP_COUNT; i++) {
        if (str_eq(cap_names[i], name)) {
            return (cap_set)1 << i;
        }
    }
    return 0;
}

struct str cap_name(unsigned bit)
{
    return cap_names[bit];
}

void cap_add_names(struct buf *out, cap_set caps)
{
    bool first = true;
    for (unsigned i = 0; i < CAP_COUNT; i++) {
        if ((caps & (cap_set)1 << i) != 0) {
            if (!first) {
                buf_add_char(out, ' ');
            }
            buf_add_str(out, cap_names[i]);
            first = false;
        }
    }
}

struct str cap_take_words(struct str *words, size_t max)
{
    struct str part = *words;
    if (part.len > max) {
        part = str_cut_utf8(part, max);
        const char *space = memrchr(part.p, ' ', part.len);
        /* Where the next byte is a space, the last word is whole. */
        if (words->p[part.len] != ' ' && space != NULL) {
            part.len = (size_t)(space - part.p);
        }
    }
    words->p += part.len;
    words->len -= part.len;
    while (words->len > 0 && words->p[0] == ' ') {
        words->p++;
        words->len--;
    }
    return part;
}

bool cap_apply(struct str list, unsigned version, cap_set offered, cap_set *caps)
{
    cap_set result = *caps;
    while (list.p != NULL) {
        struct str name = str_split(&list, ' ');
        if (name.len == 0) {
            continue;
        }
        bool off = name.p[0] == '-';
        if (off) {
            name.p++;
            name.len--;
        }
        cap_set cap = cap_find(name) & offered;
        if (cap == 0 || (off && cap == CAP_CAP_NOTIFY && version >= 302)) {
            return false;
        }
        result = off ? result & ~cap : result | cap;
    }
    *caps = result;
    return true;
}
