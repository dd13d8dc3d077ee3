/* The table of commands, sorted by name. Pure; any thread. */
#include "verb.h"

static const struct verb verbs[VERB_COUNT] = {
#define X(name_, params, cost_, flags_, fold_)                                                     \
    [VERB_##name_] = {{#name_, sizeof(#name_) - 1}, VERB_##name_, params, cost_, flags_, fold_},
    VERB_LIST(X)
#undef X
};

/* As memcmp, over upper-case letters; `name` may be in any case. */
static int compare(struct str name, struct str upper)
{
    size_t len = name.len < upper.len ? name.len : upper.len;
    for (size_t i = 0; i < len; i++) {
        int difference = (unsigned char)ascii_upper(name.p[i]) - (unsigned char)upper.p[i];
        if (difference != 0) {
            return difference;
        }
    }
    return name.len < upper.len ? -1 : name.len > upper.len;
}

const struct verb *verb_find(struct str name)
{
    size_t low = 0;
    size_t high = VERB_COUNT;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int order = compare(name, verbs[mid].name);
        if (order == 0) {
            return &verbs[mid];
        }
        if (order < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

const struct verb *verb_by_id(enum verb_id id)
{
    return &verbs[id];
}
