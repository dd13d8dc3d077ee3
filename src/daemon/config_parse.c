/*
 * Reads a configuration file into a struct with defaults. Main thread. Walks what the file says in
 * the file's order, so that mistakes come in that order, and goes on after each.
 */
#include "config_parse_priv.h"

#include "alloc.h"
#include "escape.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void parse_mistake(struct parse *parse, unsigned line, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *what = NULL;
    CHECK(vasprintf(&what, format, args) >= 0);
    va_end(args);
    struct buf text = {0};
    escape_add(&text, str_from(what));
    buf_add_char(&text, '\0');
    if (line > 0) {
        config_report_add(parse->report, "%s:%u: %s: %s", parse->file, line, key, text.p);
    } else {
        config_report_add(parse->report, "%s: %s: %s", parse->file, key, text.p);
    }
    parse->mistakes++;
    buf_finish(&text);
    free(what);
}

unsigned parse_line(const config_setting_t *setting)
{
    return config_setting_source_line(setting);
}

/* The line of a setting by its path, for mistakes that concern two settings; 0 if not there. */
static unsigned line_at(const config_t *file, const char *path)
{
    const config_setting_t *setting = config_lookup(file, path);
    return setting != NULL ? parse_line(setting) : 0;
}

bool parse_number(const config_setting_t *setting, uint32_t min, uint32_t max, uint32_t *ret_value)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        return false;
    }
    long long value = config_setting_get_int64(setting);
    if (value < min || value > max) {
        return false;
    }
    *ret_value = (uint32_t)value;
    return true;
}

bool parse_text_value(const config_setting_t *setting, struct str *ret_value)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING) {
        return false;
    }
    *ret_value = str_from(config_setting_get_string(setting));
    return true;
}

static void parse_choice(struct parse *parse, const config_setting_t *setting, const char *path,
                         const struct config_key *key)
{
    struct str value = {NULL, 0};
    if (parse_text_value(setting, &value)) {
        for (int i = 0; key->choices[i] != NULL; i++) {
            if (str_eq(value, str_from(key->choices[i]))) {
                *(unsigned *)config_member(parse->config, key) = (unsigned)i;
                return;
            }
        }
    }
    struct buf all = {0};
    for (int i = 0; key->choices[i] != NULL; i++) {
        const char *comma = key->choices[i + 1] != NULL ? ", " : " or ";
        buf_printf(&all, "%s\"%s\"", i > 0 ? comma : "", key->choices[i]);
    }
    parse_mistake(parse, parse_line(setting), path, "expected " STR_FMT, STR_ARG(buf_str(&all)));
    buf_finish(&all);
}

static void parse_lines(struct parse *parse, const config_setting_t *setting, const char *path,
                        const struct config_key *key)
{
    int type = config_setting_type(setting);
    int n =
        type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST ? config_setting_length(setting) : -1;
    bool good = n >= 0 && n <= (int)key->max;
    for (int i = 0; good && i < n; i++) {
        struct str line = {NULL, 0};
        good = parse_text_value(config_setting_get_elem(setting, (unsigned)i), &line) &&
               line.len <= 200 && config_valid_line(line);
        if (good) {
            config_set_string((char **)config_member(parse->config, key) + i, line);
        }
    }
    if (!good) {
        parse_mistake(
            parse, parse_line(setting), path,
            "expected at most %u lines of at most 200 bytes, such as [ \"one\", \"two\" ]",
            key->max);
    }
}

bool parse_words(const config_setting_t *setting, size_t max, bool (*valid)(struct str value),
                 struct config_words *words)
{
    int type = config_setting_type(setting);
    int n =
        type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST ? config_setting_length(setting) : -1;
    bool good = n >= 0 && (size_t)n <= max;
    config_words_finish(words);
    for (int i = 0; good && i < n; i++) {
        struct str word = {NULL, 0};
        good =
            parse_text_value(config_setting_get_elem(setting, (unsigned)i), &word) && valid(word);
        if (good) {
            config_words_add(words, word);
        }
    }
    if (!good) {
        config_words_finish(words);
    }
    return good;
}

static void parse_string(struct parse *parse, const config_setting_t *setting, const char *path,
                         const struct config_key *key)
{
    struct str value = {NULL, 0};
    if (!parse_text_value(setting, &value)) {
        parse_mistake(parse, parse_line(setting), path, "expected text in quotes: %s",
                      key->expected);
    } else if (value.len > key->max || !key->valid(value)) {
        parse_mistake(parse, parse_line(setting), path, "expected %s (at most %u bytes)",
                      key->expected, key->max);
    } else {
        config_set_string(config_member(parse->config, key), value);
    }
}

static void parse_value(struct parse *parse, const config_setting_t *setting, const char *path,
                        const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_KEY_NUMBER:
        if (!parse_number(setting, key->min, key->max, config_member(parse->config, key))) {
            parse_mistake(parse, parse_line(setting), path, "expected a whole number from %u to %u",
                          key->min, key->max);
        }
        break;
    case CONFIG_KEY_SWITCH:
        if (config_setting_type(setting) == CONFIG_TYPE_BOOL) {
            *(bool *)config_member(parse->config, key) = config_setting_get_bool(setting) != 0;
        } else {
            parse_mistake(parse, parse_line(setting), path, "expected true or false");
        }
        break;
    case CONFIG_KEY_STRING:
        parse_string(parse, setting, path, key);
        break;
    case CONFIG_KEY_CHOICE:
        parse_choice(parse, setting, path, key);
        break;
    case CONFIG_KEY_LINES:
        parse_lines(parse, setting, path, key);
        break;
    case CONFIG_KEY_WORDS:
        if (!parse_words(setting, key->max, key->valid, config_member(parse->config, key))) {
            parse_mistake(parse, parse_line(setting), path, "expected at most %u of %s", key->max,
                          key->expected);
        }
        break;
    }
}

/* How many letters must be added, removed or changed to get from one word to the other; words over
 * 40 bytes count as far apart. */
static size_t edit_distance(struct str a, struct str b)
{
    enum { WORD_MAX = 40 };
    size_t row[WORD_MAX + 1];
    if (a.len > WORD_MAX || b.len > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = diagonal + (a.p[i - 1] != b.p[j - 1]);
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[b.len];
}

static void unknown_key(struct parse *parse, const config_setting_t *setting, const char *path,
                        const char *group)
{
    const char *name = config_setting_name(setting);
    const struct config_key *best = NULL;
    size_t best_distance = 4;
    for (size_t i = 0; i < config_keys_n; i++) {
        size_t distance = edit_distance(str_from(name), str_from(config_keys[i].name));
        if (strcmp(config_keys[i].group, group) == 0 && distance < best_distance) {
            best_distance = distance;
            best = &config_keys[i];
        }
    }
    if (best != NULL) {
        parse_mistake(parse, parse_line(setting), path,
                      "expected a setting that exists; did you mean %s.%s?", group, best->name);
    } else {
        parse_mistake(parse, parse_line(setting), path,
                      "expected a setting that exists; marud --print-config shows all");
    }
}

static void parse_group(struct parse *parse, const config_setting_t *group, const char *name)
{
    if (config_setting_type(group) != CONFIG_TYPE_GROUP) {
        parse_mistake(parse, parse_line(group), name, "expected a group: %s = { ... };", name);
        return;
    }
    for (unsigned i = 0; i < (unsigned)config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, i);
        char *path = NULL;
        CHECK(asprintf(&path, "%s.%s", name, config_setting_name(setting)) >= 0);
        const struct config_key *key = NULL;
        for (size_t k = 0; k < config_keys_n && key == NULL; k++) {
            if (strcmp(config_keys[k].group, name) == 0 &&
                strcmp(config_keys[k].name, config_setting_name(setting)) == 0) {
                key = &config_keys[k];
            }
        }
        if (key != NULL) {
            parse_value(parse, setting, path, key);
        } else {
            unknown_key(parse, setting, path, name);
        }
        free(path);
    }
}

static void parse_top(struct parse *parse, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    for (size_t i = 0; i < config_groups_n; i++) {
        if (strcmp(name, config_groups[i].name) == 0) {
            parse_group(parse, setting, name);
            return;
        }
    }
    if (strcmp(name, "listeners") == 0) {
        parse_listeners(parse, setting);
    } else if (strcmp(name, "operators") == 0) {
        parse_operators(parse, setting);
    } else if (strcmp(name, "gateways") == 0) {
        parse_gateways(parse, setting);
    } else {
        parse_mistake(parse, parse_line(setting), name,
                      "expected server, limits, flood, lengths, tls, door, sts, classic, history, "
                      "accounts, log, listeners, operators or gateways");
    }
}

/* The whole of a regular file of bounded size; -1 and a reported mistake otherwise. */
static int read_file(struct parse *parse, const char *path, const char *key, unsigned line,
                     size_t max, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        parse_mistake(parse, line, key, "expected a file that can be read: %s: %s", path,
                      strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    int result = -1;
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
        parse_mistake(parse, line, key, "expected a regular file of at most %zu bytes: %s", max,
                      path);
    } else {
        ssize_t n = 0;
        do {
            char *to = buf_reserve(out, max + 1 - out->len);
            n = read(fd, to, max + 1 - out->len);
            out->len += n > 0 ? (size_t)n : 0;
        } while (n > 0 && out->len <= max);
        if (n < 0 || out->len > max || memchr(out->p, '\0', out->len) != NULL) {
            parse_mistake(parse, line, key, "expected a text file of at most %zu bytes: %s", max,
                          path);
        } else {
            result = 0;
        }
    }
    close(fd);
    return result;
}

/* Paths in the file count from its folder. */
static void resolve_path(char **slot, const char *folder)
{
    if (**slot == '\0' || **slot == '/' || folder == NULL) {
        return;
    }
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, *slot);
    config_set_string(slot, buf_str(&path));
    buf_finish(&path);
}

static void read_motd(struct parse *parse, const config_t *file)
{
    struct config *config = parse->config;
    if (*config->server.motd_file == '\0') {
        return;
    }
    unsigned line = line_at(file, "server.motd_file");
    if (*config->server.motd != '\0') {
        parse_mistake(parse, line, "server.motd_file", "expected either motd or motd_file");
        return;
    }
    struct buf text = {0};
    if (read_file(parse, config->server.motd_file, "server.motd_file", line, CONFIG_MOTD_BYTES_MAX,
                  &text) == 0) {
        struct str motd = buf_str(&text);
        while (motd.len > 0 && (motd.p[motd.len - 1] == '\n' || motd.p[motd.len - 1] == '\r')) {
            motd.len--;
        }
        if (config_valid_text(motd)) {
            config_set_string(&config->server.motd, motd);
        } else {
            parse_mistake(parse, line, "server.motd_file",
                          "expected UTF-8 text without control characters in %s",
                          config->server.motd_file);
        }
    }
    buf_finish(&text);
}

static void check_together(struct parse *parse, const config_t *file)
{
    struct config *config = parse->config;
    if ((*config->tls.certificate == '\0') != (*config->tls.key == '\0')) {
        bool key_missing = *config->tls.key == '\0';
        parse_mistake(parse, line_at(file, key_missing ? "tls.certificate" : "tls.key"),
                      key_missing ? "tls.key" : "tls.certificate",
                      "expected both tls.certificate and tls.key, or neither");
    }
    if (strlen(config->server.lobby) > config->lengths.room) {
        parse_mistake(parse, line_at(file, "server.lobby"), "server.lobby",
                      "expected at most lengths.room (%u) bytes", config->lengths.room);
    }
    if (config->accounts.email_verification && *config->accounts.email_command == '\0') {
        parse_mistake(parse, line_at(file, "accounts.email_verification"),
                      "accounts.email_verification", "expected accounts.email_command, too");
    }
    if (*config->accounts.outside_command != '\0' && *config->accounts.outside_socket != '\0') {
        parse_mistake(parse, line_at(file, "accounts.outside_socket"), "accounts.outside_socket",
                      "expected it or accounts.outside_command, not both");
    }
    read_motd(parse, file);
}

/* libconfig would read other files, and end the process where one of them is a folder. */
static bool has_include(struct parse *parse, struct str text)
{
    unsigned line = 0;
    bool found = false;
    while (text.p != NULL) {
        struct str rest = str_split(&text, '\n');
        line++;
        while (rest.len > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t')) {
            rest.p++;
            rest.len--;
        }
        if (str_starts(rest, STR("@include"))) {
            parse_mistake(parse, line, "@include", "expected all settings in one file");
            found = true;
        }
    }
    return found;
}

static void parse_text(struct parse *parse, struct str text, const char *folder)
{
    if (has_include(parse, text)) {
        return;
    }
    char *copy = str_dup(text);
    config_t file;
    config_init(&file);
    if (config_read_string(&file, copy) == CONFIG_TRUE) {
        const config_setting_t *root = config_root_setting(&file);
        for (unsigned i = 0; i < (unsigned)config_setting_length(root); i++) {
            parse_top(parse, config_setting_get_elem(root, i));
        }
        resolve_path(&parse->config->tls.certificate, folder);
        resolve_path(&parse->config->tls.key, folder);
        resolve_path(&parse->config->server.motd_file, folder);
        check_together(parse, &file);
    } else {
        const char *error = config_error_text(&file);
        parse_mistake(parse, (unsigned)config_error_line(&file), "syntax",
                      "expected settings such as limits = { max_clients = 50; }; (%s here or just "
                      "before)",
                      error != NULL ? error : "error");
    }
    config_destroy(&file);
    free(copy);
}

int config_load_text(const char *name, struct str text, const struct config_overrides *overrides,
                     struct config *ret, struct config_report *report)
{
    struct config config;
    config_init_defaults(&config);
    struct parse parse = {.file = name, .config = &config, .report = report};
    parse_text(&parse, text, NULL);
    if (parse.mistakes > 0) {
        config_finish(&config);
        return STATUS_MALFORMED;
    }
    config_complete(&config, overrides);
    *ret = config;
    return STATUS_OK;
}

int config_load(const char *path, const struct config_overrides *overrides, struct config *ret,
                struct config_report *report)
{
    struct config config;
    config_init_defaults(&config);
    struct parse parse = {.file = path, .config = &config, .report = report};
    int status = STATUS_OK;
    if (path != NULL) {
        struct buf text = {0};
        if (read_file(&parse, path, "file", 0, CONFIG_FILE_BYTES_MAX, &text) < 0) {
            status = STATUS_IO;
        } else {
            char *copy = str_dup(str_from(path));
            parse_text(&parse, buf_str(&text), dirname(copy));
            free(copy);
        }
        buf_finish(&text);
    }
    if (parse.mistakes > 0) {
        config_finish(&config);
        return status < 0 ? status : STATUS_MALFORMED;
    }
    config_complete(&config, overrides);
    *ret = config;
    return STATUS_OK;
}
