/* Writes the commented default configuration, from the same table that reads it. Main thread. */
#include "config_priv.h"

enum { COMMENT_WIDTH = 90 };

/* One paragraph as comment lines of at most COMMENT_WIDTH columns. */
static void add_comment(struct buf *out, const char *indent, const char *text)
{
    struct str rest = str_from(text);
    size_t column = 0;
    while (rest.p != NULL) {
        struct str word = str_split(&rest, ' ');
        if (column == 0 || column + 1 + word.len > COMMENT_WIDTH) {
            buf_printf(out, "%s%s#", column > 0 ? "\n" : "", indent);
            column = strlen(indent) + 1;
        }
        buf_add_char(out, ' ');
        buf_add_str(out, word);
        column += 1 + word.len;
    }
    buf_add_char(out, '\n');
}

/* Text in quotes, as libconfig reads it. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_add_char(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n') {
            buf_add_cstr(out, "\\n");
            continue;
        }
        if (*c == '"' || *c == '\\') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, *c);
    }
    buf_add_char(out, '"');
}

static void add_key(struct buf *out, const struct config_key *key)
{
    if (key->comment != NULL) {
        buf_add_char(out, '\n');
        add_comment(out, "    ", key->comment);
    }
    buf_printf(out, "    %s = ", key->name);
    switch (key->type) {
    case CONFIG_KEY_NUMBER:
        buf_add_u64(out, key->number);
        break;
    case CONFIG_KEY_SWITCH:
        buf_add_cstr(out, key->number != 0 ? "true" : "false");
        break;
    case CONFIG_KEY_STRING:
        add_quoted(out, key->string);
        break;
    case CONFIG_KEY_CHOICE:
        add_quoted(out, key->choices[key->number]);
        break;
    case CONFIG_KEY_LINES:
    case CONFIG_KEY_WORDS:
        buf_add_cstr(out, "[]");
        break;
    }
    buf_add_cstr(out, ";\n");
}

static void add_listeners(struct buf *out, const struct config *config)
{
    add_comment(out, "", config_listeners_comment);
    buf_add_cstr(out, "listeners = (\n");
    for (size_t i = 0; i < config->listeners_n; i++) {
        const struct config_listener *listener = &config->listeners[i];
        buf_printf(out, "    { kind = \"%s\"; address = \"%s\"; port = %u; }%s\n",
                   listener_kind_name(listener->kind), listener->address, listener->port,
                   i + 1 < config->listeners_n ? "," : "");
    }
    buf_add_cstr(out, ");\n\n");
}

void config_print_defaults(struct buf *out)
{
    struct config defaults;
    config_init_defaults(&defaults);
    add_comment(
        out, "",
        "The configuration of marud. Every setting is here with its default; what you leave "
        "out keeps it. See marud.conf(5). Check a change with: marud --check-config "
        "--config FILE; most take effect with maructl reload.");
    buf_add_char(out, '\n');
    add_listeners(out, &defaults);
    add_comment(out, "", config_operators_comment);
    buf_add_cstr(out, "operators = ();\n\n");
    add_comment(out, "", config_gateways_comment);
    buf_add_cstr(out, "gateways = ();\n");
    for (size_t g = 0; g < config_groups_n; g++) {
        buf_add_char(out, '\n');
        add_comment(out, "", config_groups[g].comment);
        buf_printf(out, "%s = {", config_groups[g].name);
        for (size_t i = 0; i < config_keys_n; i++) {
            if (strcmp(config_keys[i].group, config_groups[g].name) == 0) {
                add_key(out, &config_keys[i]);
            }
        }
        buf_add_cstr(out, "};\n");
    }
    config_finish(&defaults);
}
