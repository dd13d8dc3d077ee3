/* The command line of marud. */
#include "unit.h"

#include "options.h"

#include <stdlib.h>

enum { WORDS_MAX = 16 };

static int parse(const char *const *words, struct options *ret, struct buf *error)
{
    char *argv[WORDS_MAX + 2] = {(char *)"marud"};
    int argc = 1;
    while (words[argc - 1] != NULL) {
        argv[argc] = (char *)words[argc - 1];
        argc++;
    }
    return options_parse(argc, argv, ret, error);
}

static void refuse(const char *const *words, const char *expected)
{
    struct options options;
    struct buf error = {0};
    assert_int_equal(parse(words, &options, &error), STATUS_MALFORMED);
    assert_str(buf_str(&error), expected);
    buf_finish(&error);
}

#define REFUSE(expected, ...) refuse((const char *const[]){__VA_ARGS__, NULL}, expected)

static void nothing_runs_with_defaults(void **state)
{
    struct options options;
    struct buf error = {0};
    assert_int_equal(parse((const char *const[]){NULL}, &options, &error), STATUS_OK);
    assert_int_equal(options.action, OPTIONS_RUN);
    assert_null(options.config);
    assert_null(options.overrides.data);
    assert_int_equal(options.overrides.listeners_n, 0);
    options_finish(&options);
}

static void everything_is_understood(void **state)
{
    struct options options;
    struct buf error = {0};
    const char *const words[] = {
        "--config",       "f",        "--data=/d",         "--listen",
        "*:6697",         "--listen", "plain=127.0.0.1:0", "--listen=http=[0::1]:8080",
        "--max-clients",  "7",        "--no-limits",       "--show-chat",
        "--check-config", NULL};
    assert_int_equal(parse(words, &options, &error), STATUS_OK);
    assert_int_equal(options.action, OPTIONS_CHECK_CONFIG);
    assert_string_equal(options.config, "f");
    assert_string_equal(options.overrides.data, "/d");
    assert_int_equal(options.overrides.max_clients, 7);
    assert_true(options.overrides.no_limits);
    assert_true(options.overrides.show_chat);
    assert_int_equal(options.overrides.listeners_n, 3);
    const struct config_listener *listeners = options.overrides.listeners;
    assert_int_equal(listeners[0].kind, LISTENER_AUTO);
    assert_string_equal(listeners[0].address, "*");
    assert_int_equal(listeners[0].port, 6697);
    assert_int_equal(listeners[1].kind, LISTENER_PLAIN);
    assert_int_equal(listeners[1].port, 0);
    assert_int_equal(listeners[2].kind, LISTENER_HTTP);
    assert_string_equal(listeners[2].address, "::1");
    options_finish(&options);
}

static void actions_are_understood(void **state)
{
    static const struct {
        const char *word;
        enum options_action action;
    } cases[] = {
        {"--print-config", OPTIONS_PRINT_CONFIG},
        {"genpasswd", OPTIONS_GENPASSWD},
        {"check", OPTIONS_CHECK},
        {"--version", OPTIONS_VERSION},
        {"--help", OPTIONS_HELP},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options options;
        struct buf error = {0};
        assert_int_equal(parse((const char *const[]){cases[i].word, NULL}, &options, &error),
                         STATUS_OK);
        assert_int_equal(options.action, cases[i].action);
        options_finish(&options);
    }
}

static void a_backup_is_named(void **state)
{
    struct options options;
    struct buf error = {0};
    const char *const words[] = {"restore", "backup.db", "--data=/d", NULL};
    assert_int_equal(parse(words, &options, &error), STATUS_OK);
    assert_int_equal(options.action, OPTIONS_RESTORE);
    assert_string_equal(options.file, "backup.db");
    assert_string_equal(options.overrides.data, "/d");
    options_finish(&options);
    REFUSE("restore: expected one file (see --help)", "restore");
    REFUSE("restore: expected one file (see --help)", "restore", "a", "b");
}

static void mistakes_are_answered_in_a_line(void **state)
{
    REFUSE("--nonsense: expected an option of marud (see --help)", "--nonsense");
    REFUSE("-x: expected an option of marud (see --help)", "-x");
    REFUSE("stray\\x1b: expected an option of marud (see --help)", "stray\x1b");
    REFUSE("--data: expected an argument (see --help)", "--data");
    REFUSE("--data: expected a folder", "--data=");
    REFUSE("--no-limits=3: expected an option of marud (see --help)", "--no-limits=3");
    REFUSE("--max-clients 0: expected a whole number from 1 to 100000", "--max-clients", "0");
    REFUSE("--max-clients ten: expected a whole number from 1 to 100000", "--max-clients", "ten");
    REFUSE("genpasswd: expected an option of marud (see --help)", "genpasswd", "x");
    REFUSE("check: expected an option of marud (see --help)", "check", "x");
}

static void wrong_listeners_are_refused(void **state)
{
    REFUSE("--listen irc=*:1: expected auto, tls, http, plain or classic before the =", "--listen",
           "irc=*:1");
    REFUSE("--listen 6697: expected ADDR:PORT with a port from 0 to 65535", "--listen", "6697");
    REFUSE("--listen *:65536: expected ADDR:PORT with a port from 0 to 65535", "--listen",
           "*:65536");
    REFUSE("--listen host:1: expected *, an IPv4 address, or an IPv6 address in brackets, before "
           "the port",
           "--listen", "host:1");
    REFUSE("--listen ::1:1: expected *, an IPv4 address, or an IPv6 address in brackets, before "
           "the port",
           "--listen", "::1:1");
    REFUSE("--listen [127.0.0.1]:1: expected *, an IPv4 address, or an IPv6 address in brackets, "
           "before the port",
           "--listen", "[127.0.0.1]:1");
    REFUSE("--listen :1: expected *, an IPv4 address, or an IPv6 address in brackets, before the "
           "port",
           "--listen", ":1");
    REFUSE("--listen tls=*:1: expected an address and port that is not given twice", "--listen",
           "*:1", "--listen", "tls=*:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_runs_with_defaults),
        cmocka_unit_test(everything_is_understood),
        cmocka_unit_test(actions_are_understood),
        cmocka_unit_test(a_backup_is_named),
        cmocka_unit_test(mistakes_are_answered_in_a_line),
        cmocka_unit_test(wrong_listeners_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
