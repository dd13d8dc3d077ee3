/* How two configurations differ, and what of a new one waits for a restart. Main thread. */
#include "config_priv.h"

static bool same_value(const struct config *a, const struct config *b, const struct config_key *key)
{
    const void *left = config_member(a, key);
    const void *right = config_member(b, key);
    switch (key->type) {
    case CONFIG_KEY_NUMBER:
        return *(const uint32_t *)left == *(const uint32_t *)right;
    case CONFIG_KEY_SWITCH:
        return *(const bool *)left == *(const bool *)right;
    case CONFIG_KEY_CHOICE:
        return *(const unsigned *)left == *(const unsigned *)right;
    case CONFIG_KEY_STRING:
        return strcmp(*(char *const *)left, *(char *const *)right) == 0;
    case CONFIG_KEY_LINES:
        for (uint32_t i = 0; i < key->max; i++) {
            if (strcmp(((char *const *)left)[i], ((char *const *)right)[i]) != 0) {
                return false;
            }
        }
        return true;
    case CONFIG_KEY_WORDS:
        return config_words_same(left, right);
    }
    return true;
}

static bool same_listeners(const struct config *a, const struct config *b)
{
    bool same = a->listeners_n == b->listeners_n;
    for (size_t i = 0; same && i < a->listeners_n; i++) {
        const struct config_listener *left = &a->listeners[i];
        const struct config_listener *right = &b->listeners[i];
        same = left->kind == right->kind && left->proxy == right->proxy &&
               left->port == right->port && strcmp(left->address, right->address) == 0;
    }
    return same;
}

static bool same_operators(const struct config *a, const struct config *b)
{
    bool same = a->operators_n == b->operators_n;
    for (size_t i = 0; same && i < a->operators_n; i++) {
        same = strcmp(a->operators[i].name, b->operators[i].name) == 0 &&
               strcmp(a->operators[i].password, b->operators[i].password) == 0;
    }
    return same;
}

static bool same_gateways(const struct config *a, const struct config *b)
{
    bool same = a->gateways_n == b->gateways_n;
    for (size_t i = 0; same && i < a->gateways_n; i++) {
        const struct config_gateway *left = &a->gateways[i];
        const struct config_gateway *right = &b->gateways[i];
        same = strcmp(left->name, right->name) == 0 &&
               strcmp(left->password, right->password) == 0 &&
               strcmp(left->fingerprint, right->fingerprint) == 0 &&
               config_words_same(&left->from, &right->from);
    }
    return same;
}

size_t config_diff(const struct config *before, const struct config *after, bool restart_only,
                   struct config_report *report)
{
    size_t differ = 0;
    for (size_t i = 0; i < config_keys_n; i++) {
        const struct config_key *key = &config_keys[i];
        if ((key->restart || !restart_only) && !same_value(before, after, key)) {
            config_report_add(report, "%s.%s", key->group, key->name);
            differ++;
        }
    }
    if (!same_listeners(before, after)) {
        config_report_add(report, "listeners");
        differ++;
    }
    if (!restart_only && !same_operators(before, after)) {
        config_report_add(report, "operators");
        differ++;
    }
    if (!restart_only && !same_gateways(before, after)) {
        config_report_add(report, "gateways");
        differ++;
    }
    return differ;
}

static void keep_value(struct config *fresh, const struct config *running,
                       const struct config_key *key)
{
    void *to = config_member(fresh, key);
    const void *from = config_member(running, key);
    switch (key->type) {
    case CONFIG_KEY_NUMBER:
        *(uint32_t *)to = *(const uint32_t *)from;
        break;
    case CONFIG_KEY_SWITCH:
        *(bool *)to = *(const bool *)from;
        break;
    case CONFIG_KEY_CHOICE:
        *(unsigned *)to = *(const unsigned *)from;
        break;
    case CONFIG_KEY_STRING:
        config_set_string(to, str_from(*(char *const *)from));
        break;
    case CONFIG_KEY_LINES:
        for (uint32_t i = 0; i < key->max; i++) {
            config_set_string((char **)to + i, str_from(((char *const *)from)[i]));
        }
        break;
    case CONFIG_KEY_WORDS: {
        const struct config_words *words = from;
        config_words_finish(to);
        for (size_t i = 0; i < words->n; i++) {
            config_words_add(to, str_from(words->items[i]));
        }
        break;
    }
    }
}

void config_keep(struct config *fresh, const struct config *running)
{
    for (size_t i = 0; i < config_keys_n; i++) {
        if (config_keys[i].restart) {
            keep_value(fresh, running, &config_keys[i]);
        }
    }
    config_listeners_copy(fresh, running->listeners, running->listeners_n);
    if (fresh->tls.own) {
        config_own_tls(fresh);
    }
}
