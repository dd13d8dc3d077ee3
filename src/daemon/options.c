/* Parses the command line of marud. Main thread, once. */
#include "options.h"

#include "alloc.h"
#include "escape.h"

#include <getopt.h>
#include <stdlib.h>

const char options_help[] =
    "Usage: marud [OPTION]...\n"
    "       marud genpasswd\n"
    "       marud [OPTION]... check\n"
    "       marud [OPTION]... restore FILE\n"
    "Serve a chat room. Without options it needs no configuration at all.\n"
    "\n"
    "  --config FILE             read settings from FILE\n"
    "  --data DIR                keep the certificate and everything else in DIR\n"
    "  --listen [KIND=]ADDR:PORT listen there instead of the default places; may be\n"
    "                            repeated; KIND is auto, tls, http, plain or classic\n"
    "  --max-clients N           admit N clients\n"
    "  --no-limits               no flood and per-address limits, for tests\n"
    "  --show-chat               show what people write, too\n"
    "  --check-config            only check the settings\n"
    "  --print-config            print a commented default configuration\n"
    "  --version                 print the version\n"
    "  --help                    print this\n"
    "\n"
    "genpasswd reads a password and prints the hash that the configuration keeps.\n"
    "check looks whether what is kept of what was said is whole. restore puts a backup\n"
    "in its place, and keeps the old database beside it. No server may run meanwhile.\n";

enum {
    OPT_CONFIG = 256,
    OPT_DATA,
    OPT_LISTEN,
    OPT_MAX_CLIENTS,
    OPT_NO_LIMITS,
    OPT_SHOW_CHAT,
    OPT_CHECK_CONFIG,
    OPT_PRINT_CONFIG,
    OPT_VERSION,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"data", required_argument, NULL, OPT_DATA},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"max-clients", required_argument, NULL, OPT_MAX_CLIENTS},
    {"no-limits", no_argument, NULL, OPT_NO_LIMITS},
    {"show-chat", no_argument, NULL, OPT_SHOW_CHAT},
    {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
    {"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* "WHAT: expected …" with whatever the user typed made visible. */
static int refuse(struct buf *error, const char *before, const char *typed, const char *after)
{
    buf_add_cstr(error, before);
    if (typed != NULL) {
        escape_add(error, str_from(typed));
    }
    buf_add_cstr(error, after);
    return STATUS_MALFORMED;
}

static int add_listener(struct options *options, const char *text, struct buf *error)
{
    struct config_listener listener;
    const char *expected = NULL;
    if (config_listener_parse(str_from(text), &listener, &expected) < 0) {
        refuse(error, "--listen ", text, ": expected ");
        buf_add_cstr(error, expected);
        return STATUS_MALFORMED;
    }
    size_t n = options->overrides.listeners_n;
    bool taken = false;
    for (size_t i = 0; i < n; i++) {
        taken = taken || (options->listeners[i].port == listener.port && listener.port != 0 &&
                          strcmp(options->listeners[i].address, listener.address) == 0);
    }
    if (taken || n >= CONFIG_LISTENERS_MAX) {
        free(listener.address);
        return refuse(error, "--listen ", text,
                      taken ? ": expected an address and port that is not given twice"
                            : ": expected fewer listeners");
    }
    options->listeners = xrealloc(options->listeners, (n + 1) * sizeof(listener));
    options->listeners[n] = listener;
    options->overrides.listeners = options->listeners;
    options->overrides.listeners_n = n + 1;
    return STATUS_OK;
}

static int set_max_clients(struct options *options, const char *text, struct buf *error)
{
    uint64_t n = 0;
    if (str_to_u64(str_from(text), &n) < 0 || n < 1 || n > CONFIG_CLIENTS_MAX) {
        refuse(error, "--max-clients ", text, ": expected a whole number from 1 to ");
        buf_add_u64(error, CONFIG_CLIENTS_MAX);
        return STATUS_MALFORMED;
    }
    options->overrides.max_clients = (uint32_t)n;
    return STATUS_OK;
}

static int apply(struct options *options, int option, const char *argument, struct buf *error)
{
    switch (option) {
    case OPT_CONFIG:
        options->config = argument;
        return *argument != '\0' ? STATUS_OK : refuse(error, "--config: expected a file", NULL, "");
    case OPT_DATA:
        options->overrides.data = argument;
        return *argument != '\0' ? STATUS_OK : refuse(error, "--data: expected a folder", NULL, "");
    case OPT_LISTEN:
        return add_listener(options, argument, error);
    case OPT_MAX_CLIENTS:
        return set_max_clients(options, argument, error);
    case OPT_NO_LIMITS:
        options->overrides.no_limits = true;
        return STATUS_OK;
    case OPT_SHOW_CHAT:
        options->overrides.show_chat = true;
        return STATUS_OK;
    case OPT_CHECK_CONFIG:
        options->action = OPTIONS_CHECK_CONFIG;
        return STATUS_OK;
    case OPT_PRINT_CONFIG:
        options->action = OPTIONS_PRINT_CONFIG;
        return STATUS_OK;
    case OPT_VERSION:
        options->action = OPTIONS_VERSION;
        return STATUS_OK;
    case OPT_HELP:
        options->action = OPTIONS_HELP;
        return STATUS_OK;
    }
    return STATUS_MALFORMED;
}

/* What stands behind the options. */
static int parse_order(int argc, char **argv, struct options *options, struct buf *error)
{
    int words = argc - optind;
    const char *order = words > 0 ? argv[optind] : "";
    if (words == 0) {
        return STATUS_OK;
    }
    if (strcmp(order, "genpasswd") == 0 && argc == 2) {
        options->action = OPTIONS_GENPASSWD;
        return STATUS_OK;
    }
    if (strcmp(order, "check") == 0 && words == 1) {
        options->action = OPTIONS_CHECK;
        return STATUS_OK;
    }
    if (strcmp(order, "restore") == 0 && words == 2) {
        options->action = OPTIONS_RESTORE;
        options->file = argv[optind + 1];
        return STATUS_OK;
    }
    if (strcmp(order, "restore") == 0) {
        return refuse(error, "restore: expected one file (see --help)", NULL, "");
    }
    return refuse(error, "", order, ": expected an option of marud (see --help)");
}

static int parse_words(int argc, char **argv, struct options *options, struct buf *error)
{
    /* 0 starts the scan anew, whatever was parsed before; the colon tells a missing argument from
     * an unknown option. */
    optind = 0;
    opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == ':') {
            return refuse(error, "", argv[optind - 1], ": expected an argument (see --help)");
        }
        if (option == '?') {
            return refuse(error, "", argv[optind > 1 ? optind - 1 : 1],
                          ": expected an option of marud (see --help)");
        }
        int status = apply(options, option, optarg, error);
        if (status < 0) {
            return status;
        }
    }
    return parse_order(argc, argv, options, error);
}

int options_parse(int argc, char **argv, struct options *ret, struct buf *error)
{
    struct options options = {.action = OPTIONS_RUN};
    int status = parse_words(argc, argv, &options, error);
    if (status < 0) {
        options_finish(&options);
        return status;
    }
    *ret = options;
    return STATUS_OK;
}

void options_finish(struct options *options)
{
    for (size_t i = 0; i < options->overrides.listeners_n; i++) {
        free(options->listeners[i].address);
    }
    free(options->listeners);
    *options = (struct options){0};
}
