/* Defaults, ownership and the small questions about a finished configuration. Main thread. */
#include "config_priv.h"

#include "alloc.h"
#include "data_dir.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    enum listener_kind kind;
    const char *address;
    uint16_t port;
} default_listeners[] = {
    {LISTENER_TLS, "*", 6697},
    {LISTENER_HTTP, "*", 8080},
    {LISTENER_PLAIN, "127.0.0.1", 6667},
    {LISTENER_CLASSIC, "*", 2500},
};

void config_set_string(char **slot, struct str value)
{
    char *copy = str_dup(value);
    free(*slot);
    *slot = copy;
}

void config_words_add(struct config_words *words, struct str word)
{
    words->items = xrealloc(words->items, (words->n + 1) * sizeof(*words->items));
    words->items[words->n++] = str_dup(word);
}

void config_words_finish(struct config_words *words)
{
    for (size_t i = 0; i < words->n; i++) {
        free(words->items[i]);
    }
    free(words->items);
    *words = (struct config_words){0};
}

bool config_words_same(const struct config_words *a, const struct config_words *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return same;
}

static void add_listener(struct config *config, enum listener_kind kind, enum listener_proxy proxy,
                         const char *address, uint16_t port)
{
    config->listeners =
        xrealloc(config->listeners, (config->listeners_n + 1) * sizeof(*config->listeners));
    config->listeners[config->listeners_n++] = (struct config_listener){
        .kind = kind,
        .proxy = proxy,
        .address = str_dup(str_from(address)),
        .port = port,
    };
}

void config_init_defaults(struct config *config)
{
    *config = (struct config){0};
    for (size_t i = 0; i < config_keys_n; i++) {
        const struct config_key *key = &config_keys[i];
        void *member = config_member(config, key);
        switch (key->type) {
        case CONFIG_KEY_NUMBER:
            *(uint32_t *)member = key->number;
            break;
        case CONFIG_KEY_SWITCH:
            *(bool *)member = key->number != 0;
            break;
        case CONFIG_KEY_STRING:
            config_set_string(member, str_from(key->string));
            break;
        case CONFIG_KEY_CHOICE:
            *(unsigned *)member = key->number;
            break;
        case CONFIG_KEY_LINES:
            for (uint32_t line = 0; line < key->max; line++) {
                config_set_string((char **)member + line, STR(""));
            }
            break;
        case CONFIG_KEY_WORDS: /* Zeroed is empty. */
            break;
        }
    }
    for (size_t i = 0; i < sizeof(default_listeners) / sizeof(default_listeners[0]); i++) {
        add_listener(config, default_listeners[i].kind, LISTENER_PROXY_NO,
                     default_listeners[i].address, default_listeners[i].port);
    }
}

void config_listeners_finish(struct config *config)
{
    for (size_t i = 0; i < config->listeners_n; i++) {
        free(config->listeners[i].address);
    }
    free(config->listeners);
    config->listeners = NULL;
    config->listeners_n = 0;
}

void config_listeners_copy(struct config *config, const struct config_listener *from, size_t n)
{
    config_listeners_finish(config);
    for (size_t i = 0; i < n; i++) {
        add_listener(config, from[i].kind, from[i].proxy, from[i].address, from[i].port);
    }
}

bool config_listener_taken(const struct config *config, const struct config_listener *listener)
{
    for (size_t i = 0; i < config->listeners_n; i++) {
        const struct config_listener *other = &config->listeners[i];
        if (other->port == listener->port && listener->port != 0 &&
            strcmp(other->address, listener->address) == 0) {
            return true;
        }
    }
    return false;
}

void config_finish(struct config *config)
{
    for (size_t i = 0; i < config_keys_n; i++) {
        const struct config_key *key = &config_keys[i];
        char **strings = config_member(config, key);
        if (key->type == CONFIG_KEY_STRING) {
            free(*strings);
        } else if (key->type == CONFIG_KEY_LINES) {
            for (uint32_t line = 0; line < key->max; line++) {
                free(strings[line]);
            }
        } else if (key->type == CONFIG_KEY_WORDS) {
            config_words_finish(config_member(config, key));
        }
    }
    config_listeners_finish(config);
    for (size_t i = 0; i < config->operators_n; i++) {
        free(config->operators[i].name);
        free(config->operators[i].password);
    }
    free(config->operators);
    config_gateways_finish(config);
    *config = (struct config){0};
}

void config_gateways_finish(struct config *config)
{
    for (size_t i = 0; i < config->gateways_n; i++) {
        free(config->gateways[i].name);
        free(config->gateways[i].password);
        free(config->gateways[i].fingerprint);
        config_words_finish(&config->gateways[i].from);
    }
    free(config->gateways);
    config->gateways = NULL;
    config->gateways_n = 0;
}

unsigned config_edges(const struct config *config)
{
    if (config->server.edges > 0) {
        return config->server.edges;
    }
    cpu_set_t set;
    unsigned count = 1;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        count = (unsigned)CPU_COUNT(&set);
    } else {
        /* More processors than the set has room for. */
        count = CONFIG_EDGES_DEFAULT_MAX;
    }
    return count < CONFIG_EDGES_DEFAULT_MAX ? count : CONFIG_EDGES_DEFAULT_MAX;
}

static void set_joined(char **slot, const char *folder, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    config_set_string(slot, buf_str(&path));
    buf_finish(&path);
}

void config_own_tls(struct config *config)
{
    config->tls.own = true;
    set_joined(&config->tls.certificate, config->server.data, "tls.pem");
    set_joined(&config->tls.key, config->server.data, "tls.key");
}

void config_complete(struct config *config, const struct config_overrides *overrides)
{
    static const struct config_overrides none = {0};
    const struct config_overrides *o = overrides != NULL ? overrides : &none;
    if (o->data != NULL) {
        config_set_string(&config->server.data, str_from(o->data));
    } else if (*config->server.data == '\0') {
        free(config->server.data);
        config->server.data = data_dir_default();
    }
    if (*config->tls.certificate == '\0') {
        config_own_tls(config);
    }
    if (o->listeners_n > 0) {
        config_listeners_copy(config, o->listeners, o->listeners_n);
    }
    if (o->max_clients > 0) {
        config->limits.max_clients = o->max_clients;
    }
    config->log.show_chat = config->log.show_chat || o->show_chat;
    if (o->no_limits) {
        config->limits.per_address = 0;
        config->limits.per_network = 0;
        config->limits.unregistered_per_address = 0;
        config->flood.commands.burst = 0;
        config->flood.messages.burst = 0;
        config->flood.nicks.burst = 0;
        config->flood.joins.burst = 0;
        config->accounts.logins.burst = 0;
        config->accounts.registrations.burst = 0;
        if (config->limits.max_unregistered < config->limits.max_clients) {
            config->limits.max_unregistered = config->limits.max_clients;
        }
    }
}
