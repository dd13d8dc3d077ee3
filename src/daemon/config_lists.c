/* Reads the settings that are lists of groups: listeners, operators, gateways. Main thread. */
#include "config_parse_priv.h"

#include "alloc.h"

#include <stdio.h>
#include <stdlib.h>

/* Reports members of a list's group that are none of `known`. */
static void check_members(struct parse *parse, const config_setting_t *group, const char *path,
                          const char *const *known)
{
    for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, i);
        bool found = false;
        for (const char *const *name = known; *name != NULL; name++) {
            found = found || strcmp(*name, config_setting_name(member)) == 0;
        }
        if (!found) {
            parse_mistake(parse, parse_line(member), path, "expected no %s here",
                          config_setting_name(member));
        }
    }
}

static void parse_listener(struct parse *parse, const config_setting_t *group, const char *path)
{
    static const char *const known[] = {"kind", "address", "port", "proxy", NULL};
    check_members(parse, group, path, known);
    struct config_listener listener = {.kind = LISTENER_AUTO};
    const config_setting_t *member = config_setting_get_member(group, "kind");
    struct str text = {NULL, 0};
    if (member != NULL &&
        (!parse_text_value(member, &text) || listener_kind_parse(text, &listener.kind) < 0)) {
        parse_mistake(parse, parse_line(member), path,
                      "expected kind to be \"auto\", \"tls\", \"http\", \"plain\" or \"classic\"");
    }
    member = config_setting_get_member(group, "proxy");
    if (member != NULL &&
        (!parse_text_value(member, &text) || listener_proxy_parse(text, &listener.proxy) < 0)) {
        parse_mistake(parse, parse_line(member), path,
                      "expected proxy to be \"no\", \"optional\" or \"required\"");
    }
    member = config_setting_get_member(group, "address");
    if (member != NULL && parse_text_value(member, &text)) {
        listener.address = config_address_dup(text);
    }
    if (listener.address == NULL) {
        parse_mistake(parse, parse_line(member != NULL ? member : group), path,
                      "expected address to be \"*\", an IPv4 or an IPv6 address");
    }
    member = config_setting_get_member(group, "port");
    uint32_t port = 0;
    if (member == NULL || !parse_number(member, 1, UINT16_MAX, &port)) {
        parse_mistake(parse, parse_line(member != NULL ? member : group), path,
                      "expected port to be a whole number from 1 to 65535");
    }
    listener.port = (uint16_t)port;
    if (listener.address != NULL && config_listener_taken(parse->config, &listener)) {
        parse_mistake(parse, parse_line(group), path,
                      "expected another address or port: an earlier listener has %s port %u",
                      listener.address, port);
    } else if (listener.address != NULL) {
        struct config *config = parse->config;
        config->listeners =
            xrealloc(config->listeners, (config->listeners_n + 1) * sizeof(listener));
        config->listeners[config->listeners_n++] = listener;
        return;
    }
    free(listener.address);
}

static void parse_operator(struct parse *parse, const config_setting_t *group, const char *path)
{
    static const char *const known[] = {"name", "password", NULL};
    check_members(parse, group, path, known);
    struct config *config = parse->config;
    const config_setting_t *member = config_setting_get_member(group, "name");
    struct str name = {NULL, 0};
    if (member == NULL || !parse_text_value(member, &name) || !config_valid_operator_name(name)) {
        parse_mistake(parse, parse_line(member != NULL ? member : group), path,
                      "expected name to be 1 to 64 bytes without spaces and colons");
        return;
    }
    for (size_t i = 0; i < config->operators_n; i++) {
        if (str_eq(name, str_from(config->operators[i].name))) {
            parse_mistake(parse, parse_line(group), path,
                          "expected another name: an earlier operator has " STR_FMT, STR_ARG(name));
            return;
        }
    }
    member = config_setting_get_member(group, "password");
    struct str password = {NULL, 0};
    if (member == NULL || !parse_text_value(member, &password) || !config_valid_hash(password)) {
        parse_mistake(parse, parse_line(member != NULL ? member : group), path,
                      "expected password to be a hash made by marud genpasswd");
        return;
    }
    config->operators =
        xrealloc(config->operators, (config->operators_n + 1) * sizeof(*config->operators));
    config->operators[config->operators_n++] = (struct config_operator){
        .name = str_dup(name),
        .password = str_dup(password),
    };
}

/* A member's text; false, with the mistake reported, where it is there and not valid. */
static bool take_text(struct parse *parse, const config_setting_t *group, const char *path,
                      const char *name, bool (*valid)(struct str), const char *expected,
                      struct str *ret)
{
    const config_setting_t *member = config_setting_get_member(group, name);
    *ret = STR("");
    if (member == NULL) {
        return true;
    }
    if (!parse_text_value(member, ret) || !valid(*ret)) {
        parse_mistake(parse, parse_line(member), path, "expected %s to be %s", name, expected);
        return false;
    }
    return true;
}

static bool is_fingerprint(struct str value)
{
    char *fingerprint = config_fingerprint_dup(value);
    bool sound = fingerprint != NULL;
    free(fingerprint);
    return sound;
}

static void parse_gateway(struct parse *parse, const config_setting_t *group, const char *path)
{
    static const char *const known[] = {"name", "password", "fingerprint", "from", NULL};
    check_members(parse, group, path, known);
    struct str name;
    struct str password;
    struct str fingerprint;
    struct config_words from = {0};
    if (!take_text(parse, group, path, "name", config_valid_operator_name,
                   "1 to 64 bytes without spaces and colons", &name) ||
        !take_text(parse, group, path, "password", config_valid_hash,
                   "a hash made by marud genpasswd", &password) ||
        !take_text(parse, group, path, "fingerprint", is_fingerprint,
                   "the SHA-256 of a certificate, 64 digits in hex", &fingerprint)) {
        return;
    }
    const config_setting_t *member = config_setting_get_member(group, "from");
    if (name.len == 0 || (password.len == 0 && fingerprint.len == 0)) {
        parse_mistake(parse, parse_line(group), path,
                      "expected a name, and a password or a fingerprint");
    } else if (member == NULL ||
               !parse_words(member, CONFIG_WORDS_MAX, config_valid_network_range, &from) ||
               from.n == 0) {
        parse_mistake(parse, parse_line(member != NULL ? member : group), path,
                      "expected from to be networks, such as [ \"192.0.2.0/24\", \"::1\" ]");
    } else {
        struct config *config = parse->config;
        config->gateways =
            xrealloc(config->gateways, (config->gateways_n + 1) * sizeof(*config->gateways));
        config->gateways[config->gateways_n++] = (struct config_gateway){
            .name = str_dup(name),
            .password = str_dup(password),
            .fingerprint =
                fingerprint.len > 0 ? config_fingerprint_dup(fingerprint) : str_dup(STR("")),
            .from = from,
        };
    }
}

typedef void (*item_fn)(struct parse *parse, const config_setting_t *group, const char *path);

static void parse_list(struct parse *parse, const config_setting_t *list, const char *name,
                       unsigned max, item_fn parse_item)
{
    unsigned n = (unsigned)config_setting_length(list);
    /* An empty pair of parentheses is a list, whatever its elements would be. */
    if (config_setting_type(list) != CONFIG_TYPE_LIST || n > max) {
        parse_mistake(parse, parse_line(list), name,
                      "expected at most %u groups: %s = ( { ... }, { ... } );", max, name);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const config_setting_t *item = config_setting_get_elem(list, i);
        char path[64];
        snprintf(path, sizeof(path), "%s[%u]", name, i + 1);
        if (config_setting_type(item) == CONFIG_TYPE_GROUP) {
            parse_item(parse, item, path);
        } else {
            parse_mistake(parse, parse_line(item), path, "expected a group: { ... }");
        }
    }
}

void parse_listeners(struct parse *parse, const config_setting_t *list)
{
    config_listeners_finish(parse->config);
    parse_list(parse, list, "listeners", CONFIG_LISTENERS_MAX, parse_listener);
    if (config_setting_type(list) == CONFIG_TYPE_LIST && config_setting_length(list) == 0) {
        parse_mistake(parse, parse_line(list), "listeners", "expected at least one listener");
    }
}

void parse_operators(struct parse *parse, const config_setting_t *list)
{
    parse_list(parse, list, "operators", CONFIG_OPERATORS_MAX, parse_operator);
}

void parse_gateways(struct parse *parse, const config_setting_t *list)
{
    config_gateways_finish(parse->config);
    parse_list(parse, list, "gateways", CONFIG_GATEWAYS_MAX, parse_gateway);
}
