/* The configuration: defaults, every kind of mistake with its place, the printed default, reloads.
 */
#include "unit.h"

#include "config.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char hash[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                           "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";

static struct config load(const char *text)
{
    struct config config;
    struct config_report report = {0};
    int status = config_load_text("test.conf", str_from(text), NULL, &config, &report);
    for (size_t i = 0; i < report.n; i++) {
        print_message("%s\n", report.lines[i]);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(report.n, 0);
    return config;
}

/* Loads `text`, which must be refused with exactly these lines. */
static void refuse(const char *text, const char *const *lines)
{
    struct config config;
    struct config_report report = {0};
    int status = config_load_text("test.conf", str_from(text), NULL, &config, &report);
    assert_int_equal(status, STATUS_MALFORMED);
    size_t n = 0;
    while (lines[n] != NULL && n < report.n) {
        assert_string_equal(report.lines[n], lines[n]);
        n++;
    }
    assert_null(lines[n]);
    assert_int_equal(report.n, n);
    config_report_finish(&report);
}

#define REFUSE(text, ...) refuse(text, (const char *const[]){__VA_ARGS__, NULL})

static void an_empty_file_gives_the_defaults(void **state)
{
    struct config config = load("");
    assert_string_equal(config.server.name, "maru.local");
    assert_string_equal(config.server.lobby, "#lobby");
    assert_string_equal(config.server.admin[2], "");
    assert_string_equal(config.server.data, "/data/of/user/marud");
    assert_string_equal(config.tls.certificate, "/data/of/user/marud/tls.pem");
    assert_string_equal(config.tls.key, "/data/of/user/marud/tls.key");
    assert_true(config.tls.own);
    assert_int_equal(config.limits.max_clients, 1000);
    assert_int_equal(config.lengths.nick, 32);
    assert_int_equal(config.classic.gap_ms, 80);
    assert_false(config.log.show_chat);
    assert_int_equal(config.listeners_n, 4);
    assert_int_equal(config.listeners[3].kind, LISTENER_CLASSIC);
    assert_int_equal(config.listeners[3].port, 2500);
    assert_int_equal(config.operators_n, 0);
    config_finish(&config);
}

static void settings_are_read(void **state)
{
    char *text = NULL;
    assert_true(asprintf(&text,
                         "server = { name = \"chat.example.org\"; motd = \"환영\\n둘째\";\n"
                         "  admin = [\"a\", \"b\"]; lobby = \"#마루\"; casemapping = \"ascii\";\n"
                         "  password = \"%s\"; };\n"
                         "limits: { max_clients = 2; loopback = true; }\n"
                         "flood = { nicks_burst = 0; };\n"
                         "tls = { certificate = \"/x/c.pem\"; key = \"/x/k.pem\"; };\n"
                         "listeners = ( { address = \"::\"; port = 7000; },\n"
                         "  { kind = \"classic\"; address = \"0:0::1\"; port = 2500; } );\n"
                         "operators = ( { name = \"jin\"; password = \"%s\"; } );\n",
                         hash, hash) > 0);
    struct config config = load(text);
    assert_string_equal(config.server.name, "chat.example.org");
    assert_string_equal(config.server.motd, "환영\n둘째");
    assert_string_equal(config.server.admin[1], "b");
    assert_string_equal(config.server.admin[2], "");
    assert_string_equal(config.server.lobby, "#마루");
    assert_string_equal(config.server.password, hash);
    assert_int_equal(config.server.casemapping, CONFIG_CASEMAPPING_ASCII);
    assert_int_equal(config.limits.max_clients, 2);
    assert_true(config.limits.loopback);
    assert_int_equal(config.flood.nicks.burst, 0);
    assert_string_equal(config.tls.certificate, "/x/c.pem");
    assert_false(config.tls.own);
    assert_int_equal(config.listeners_n, 2);
    assert_int_equal(config.listeners[0].kind, LISTENER_AUTO);
    assert_string_equal(config.listeners[1].address, "::1");
    assert_int_equal(config.operators_n, 1);
    assert_string_equal(config.operators[0].name, "jin");
    config_finish(&config);
    free(text);
}

static void mistakes_say_where_and_what(void **state)
{
    REFUSE("limits = {\n  max_clients = \"many\";\n  max_cleints = 3;\n  sendq_bytes = 1;\n};\n",
           "test.conf:2: limits.max_clients: expected a whole number from 1 to 100000",
           "test.conf:3: limits.max_cleints: expected a setting that exists; did you mean "
           "limits.max_clients?",
           "test.conf:4: limits.sendq_bytes: expected a whole number from 16384 to 1073741824");
    REFUSE("limits = { max_clients = 99999999999999999999; };",
           "test.conf:1: limits.max_clients: expected a whole number from 1 to 100000");
    REFUSE("limits = { max_clients = -1; };",
           "test.conf:1: limits.max_clients: expected a whole number from 1 to 100000");
    REFUSE("limits = { loopback = 1; };", "test.conf:1: limits.loopback: expected true or false");
    REFUSE("limits = 3;", "test.conf:1: limits: expected a group: limits = { ... };");
    REFUSE("\n\nwhatever = 1;", "test.conf:3: whatever: expected server, limits, flood, lengths, "
                                "tls, door, sts, classic, history, accounts, log, listeners, "
                                "operators or gateways");
    REFUSE("server = { casemapping = \"utf8\"; };",
           "test.conf:1: server.casemapping: expected \"rfc8265\", \"ascii\" or \"rfc1459\"");
    REFUSE("server = { name = \"nodot\"; network = \"a b\"; description = \"a\\nb\"; };",
           "test.conf:1: server.name: expected a host name with a dot, such as "
           "\"chat.example.org\" (at most 63 bytes)",
           "test.conf:1: server.network: expected a name without spaces, at most 32 bytes (at most "
           "32 bytes)",
           "test.conf:1: server.description: expected one line of UTF-8 without control characters "
           "(at most 200 bytes)");
    REFUSE("server = { admin = [\"1\", \"2\", \"3\", \"4\"]; password = \"secret\"; };",
           "test.conf:1: server.admin: expected at most 3 lines of at most 200 bytes, such as "
           "[ \"one\", \"two\" ]",
           "test.conf:1: server.password: expected \"\" or a hash made by marud genpasswd (at most "
           "256 bytes)");
    REFUSE(
        "server = { lobby = \"#a\u202eb\"; };",
        "test.conf:1: server.lobby: expected a room name: #, then letters, digits and signs that "
        "can be seen, without , and : (at most 64 bytes)");
    REFUSE("server = { zzzzzzzzzz = 1; };",
           "test.conf:1: server.zzzzzzzzzz: expected a setting that exists; marud --print-config "
           "shows all");
}

static void mistakes_in_lists_are_found(void **state)
{
    REFUSE("listeners = (\n {port = 1; address = \"*\";},\n {port = 1; address = \"*\";}\n);",
           "test.conf:3: listeners[2]: expected another address or port: an earlier listener has * "
           "port 1");
    REFUSE("listeners = ( { kind = \"irc\"; address = \"host\"; port = 0; speed = 1; } );",
           "test.conf:1: listeners[1]: expected no speed here",
           "test.conf:1: listeners[1]: expected kind to be \"auto\", \"tls\", \"http\", \"plain\" "
           "or \"classic\"",
           "test.conf:1: listeners[1]: expected address to be \"*\", an IPv4 or an IPv6 address",
           "test.conf:1: listeners[1]: expected port to be a whole number from 1 to 65535");
    REFUSE("listeners = ();", "test.conf:1: listeners: expected at least one listener");
    REFUSE("listeners = ( 5 );", "test.conf:1: listeners[1]: expected a group: { ... }");
    REFUSE("operators = ( { name = \"a b\"; password = \"x\"; } );",
           "test.conf:1: operators[1]: expected name to be 1 to 64 bytes without spaces and "
           "colons");
    REFUSE("operators = ( { name = \"a\"; password = \"x\"; } );",
           "test.conf:1: operators[1]: expected password to be a hash made by marud genpasswd");
}

static void the_door_is_read(void **state)
{
    char *text = NULL;
    assert_true(
        asprintf(
            &text,
            "door = { proxy_from = [ \"10.0.0.0/8\", \"::1\" ];\n"
            "  websocket_origins = [ \"https://chat.example.org\", \"*\" ]; };\n"
            "limits = { exempt = [ \"192.0.2.7\" ]; };\n"
            "sts = { offered = true; duration_s = 60; };\n"
            "listeners = ( { port = 1; address = \"*\"; proxy = \"required\"; } );\n"
            "gateways = ( { name = \"web\"; password = \"%s\"; from = [ \"::/0\" ]; },\n"
            "  { name = \"cert\"; from = ( \"10.1.1.1\" );\n"
            "    fingerprint = \"AB:CD:EF0123456789012345678901234567890123456789012345678901abcd"
            "ef\"; } );\n",
            hash) > 0);
    struct config config = load(text);
    assert_int_equal(config.door.proxy_from.n, 2);
    assert_string_equal(config.door.proxy_from.items[1], "::1");
    assert_string_equal(config.door.websocket_origins.items[0], "https://chat.example.org");
    assert_int_equal(config.limits.exempt.n, 1);
    assert_true(config.sts.offered);
    assert_int_equal(config.sts.duration_s, 60);
    assert_int_equal(config.listeners[0].proxy, LISTENER_PROXY_REQUIRED);
    assert_int_equal(config.gateways_n, 2);
    assert_string_equal(config.gateways[0].password, hash);
    assert_string_equal(config.gateways[0].fingerprint, "");
    assert_string_equal(config.gateways[1].fingerprint,
                        "abcdef0123456789012345678901234567890123456789012345678901abcdef");
    struct config same = load(text);
    struct config_report report = {0};
    assert_int_equal(config_diff(&config, &same, false, &report), 0);
    config_finish(&same);
    struct config defaults = load("");
    assert_int_equal(config_diff(&defaults, &config, false, &report), 7);
    config_finish(&defaults);
    config_report_finish(&report);
    config_finish(&config);
    free(text);
}

static void mistakes_at_the_door_are_found(void **state)
{
    REFUSE("door = { proxy_from = [ \"10.0.0.0/33\" ]; };",
           "test.conf:1: door.proxy_from: expected at most 200 of networks, such as [ "
           "\"192.0.2.0/24\", \"2001:db8::/32\", \"::1\" ]");
    REFUSE("door = { websocket_origins = [ \"chat.example.org\" ]; };",
           "test.conf:1: door.websocket_origins: expected at most 200 of origins, such as [ "
           "\"https://chat.example.org\" ]; \"*\" is all, \"null\" a page of none");
    REFUSE("listeners = ( { port = 1; address = \"*\"; proxy = \"yes\"; } );",
           "test.conf:1: listeners[1]: expected proxy to be \"no\", \"optional\" or \"required\"");
    REFUSE("gateways = ( { name = \"web\"; password = \"plain\"; from = [ \"::1\" ]; } );",
           "test.conf:1: gateways[1]: expected password to be a hash made by marud genpasswd");
    REFUSE("gateways = ( { name = \"web\"; from = [ \"::1\" ]; } );",
           "test.conf:1: gateways[1]: expected a name, and a password or a fingerprint");
    REFUSE("gateways = ( { name = \"web\"; fingerprint = \"ab\"; } );",
           "test.conf:1: gateways[1]: expected fingerprint to be the SHA-256 of a certificate, 64 "
           "digits in hex");
    REFUSE("gateways = ( { name = \"web\"; from = [];\n fingerprint = "
           "\"abcdef0123456789012345678901234567890123456789012345678901abcdef\"; } );",
           "test.conf:1: gateways[1]: expected from to be networks, such as [ \"192.0.2.0/24\", "
           "\"::1\" ]");
}

static void mistakes_between_settings_are_found(void **state)
{
    REFUSE("tls = {\n certificate = \"c.pem\"; };",
           "test.conf:2: tls.key: expected both tls.certificate and tls.key, or neither");
    REFUSE("server = { lobby = \"#12345678901234567890\"; };\nlengths = { room = 16; };",
           "test.conf:1: server.lobby: expected at most lengths.room (16) bytes");
    REFUSE("server = {\n motd_file = \"/nowhere/motd\"; };",
           "test.conf:2: server.motd_file: expected a file that can be read: /nowhere/motd: No "
           "such file or directory");
    REFUSE("server = { motd = \"a\"; motd_file = \"/dev/null\"; };",
           "test.conf:1: server.motd_file: expected either motd or motd_file");
}

static void mistakes_of_syntax_are_found(void **state)
{
    struct config config;
    struct config_report report = {0};
    const char *text = "limits = {\n max_clients 5;\n};\n";
    assert_int_equal(config_load_text("a.conf", str_from(text), NULL, &config, &report),
                     STATUS_MALFORMED);
    assert_int_equal(report.n, 1);
    assert_non_null(strstr(report.lines[0], "a.conf:2: syntax: expected settings such as"));
    config_report_finish(&report);
    text = "log = { show_chat = true; show_chat = false; };";
    assert_int_equal(config_load_text("a.conf", str_from(text), NULL, &config, &report),
                     STATUS_MALFORMED);
    assert_int_equal(report.n, 1);
    assert_non_null(strstr(report.lines[0], "a.conf:1: syntax: "));
    config_report_finish(&report);
    REFUSE("log = {};\n  @include \"/etc\"\n",
           "test.conf:2: @include: expected all settings in one file");
}

static void many_mistakes_are_bounded(void **state)
{
    struct buf text = {0};
    for (int i = 0; i < CONFIG_MISTAKES_MAX + 5; i++) {
        buf_printf(&text, "k%d = 1;\n", i);
    }
    struct config config;
    struct config_report report = {0};
    assert_int_equal(config_load_text("a.conf", buf_str(&text), NULL, &config, &report),
                     STATUS_MALFORMED);
    assert_int_equal(report.n, CONFIG_MISTAKES_MAX);
    assert_int_equal(report.left_out, 5);
    config_report_finish(&report);
    buf_finish(&text);
}

static void the_printed_default_loads_to_the_defaults(void **state)
{
    struct buf text = {0};
    config_print_defaults(&text);
    buf_add_char(&text, '\0');
    struct config printed = load(text.p);
    struct config defaults = load("");
    struct config_report report = {0};
    assert_int_equal(config_diff(&defaults, &printed, false, &report), 0);
    config_finish(&printed);
    config_finish(&defaults);
    /* Every line of it is short enough to read. */
    for (struct str rest = buf_str(&text); rest.p != NULL;) {
        assert_in_range(str_split(&rest, '\n').len, 0, 100);
    }
    buf_finish(&text);
}

static void files_are_read_and_refused(void **state)
{
    char folder[] = "/tmp/maru-test-config-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    char motd[64];
    snprintf(path, sizeof(path), "%s/marud.conf", folder);
    snprintf(motd, sizeof(motd), "%s/motd", folder);
    FILE *file = fopen(motd, "w");
    fputs("첫째\n둘째\n\n", file);
    fclose(file);
    file = fopen(path, "w");
    fputs("server = { motd_file = \"motd\"; };\n"
          "tls = { certificate = \"c.pem\"; key = \"/k.pem\"; };\n",
          file);
    fclose(file);

    struct config config;
    struct config_report report = {0};
    assert_int_equal(config_load(path, NULL, &config, &report), STATUS_OK);
    assert_string_equal(config.server.motd, "첫째\n둘째");
    char expected[64];
    snprintf(expected, sizeof(expected), "%s/c.pem", folder);
    assert_string_equal(config.tls.certificate, expected);
    assert_string_equal(config.tls.key, "/k.pem");
    config_finish(&config);

    file = fopen(path, "w");
    fwrite("a = 1;\0", 1, 7, file);
    fclose(file);
    assert_int_equal(config_load(path, NULL, &config, &report), STATUS_IO);
    assert_int_equal(report.n, 1);
    config_report_finish(&report);
    assert_int_equal(config_load(folder, NULL, &config, &report), STATUS_IO);
    config_report_finish(&report);
    unlink(path);
    unlink(motd);
    assert_int_equal(config_load(path, NULL, &config, &report), STATUS_IO);
    assert_int_equal(report.n, 1);
    assert_non_null(strstr(report.lines[0], "No such file"));
    config_report_finish(&report);
    rmdir(folder);
}

static void the_command_line_wins(void **state)
{
    struct config_listener listener = {
        .kind = LISTENER_PLAIN, .address = (char *)"127.0.0.1", .port = 0};
    struct config_overrides overrides = {
        .data = "/d",
        .listeners = &listener,
        .listeners_n = 1,
        .max_clients = 5000,
        .no_limits = true,
        .show_chat = true,
    };
    struct config config;
    struct config_report report = {0};
    assert_int_equal(
        config_load_text("a", STR("server = { data = \"/e\"; };"), &overrides, &config, &report),
        STATUS_OK);
    assert_string_equal(config.server.data, "/d");
    assert_string_equal(config.tls.key, "/d/tls.key");
    assert_int_equal(config.listeners_n, 1);
    assert_int_equal(config.listeners[0].port, 0);
    assert_int_equal(config.limits.max_clients, 5000);
    assert_int_equal(config.limits.max_unregistered, 5000);
    assert_int_equal(config.limits.per_address, 0);
    assert_int_equal(config.flood.messages.burst, 0);
    assert_true(config.log.show_chat);
    config_finish(&config);
}

static void differences_are_named(void **state)
{
    struct config before = load("");
    struct config after = load("limits = { max_clients = 5; };\nserver = { name = \"a.b\"; };\n"
                               "listeners = ( { address = \"*\"; port = 1; } );");
    struct config_report report = {0};
    assert_int_equal(config_diff(&before, &after, false, &report), 3);
    assert_string_equal(report.lines[0], "server.name");
    assert_string_equal(report.lines[1], "limits.max_clients");
    assert_string_equal(report.lines[2], "listeners");
    config_report_finish(&report);
    assert_int_equal(config_diff(&before, &after, true, &report), 2);
    config_report_finish(&report);
    config_finish(&before);
    config_finish(&after);
}

static void a_reload_keeps_what_needs_a_restart(void **state)
{
    struct config running = load("limits = { max_clients = 9; };");
    struct config fresh = load("limits = { max_clients = 5; };\n"
                               "server = { name = \"a.b\"; data = \"/elsewhere\"; edges = 3; "
                               "casemapping = \"ascii\"; };\n"
                               "listeners = ( { address = \"*\"; port = 1; } );");
    config_keep(&fresh, &running);
    struct config_report report = {0};
    assert_int_equal(config_diff(&running, &fresh, false, &report), 1);
    assert_string_equal(report.lines[0], "limits.max_clients");
    assert_string_equal(fresh.tls.key, "/data/of/user/marud/tls.key");
    config_report_finish(&report);
    config_finish(&running);
    config_finish(&fresh);
}

static void edges_follow_the_processors_of_the_process(void **state)
{
    struct config config = load("");
    cpu_set_t before;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    unsigned all = (unsigned)CPU_COUNT(&before);
    assert_int_equal(config_edges(&config), all < 8 ? all : 8);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(config_edges(&config), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    config.server.edges = 3;
    assert_int_equal(config_edges(&config), 3);
    config_finish(&config);
}

int main(void)
{
    unsetenv("STATE_DIRECTORY");
    setenv("XDG_DATA_HOME", "/data/of/user", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_gives_the_defaults),
        cmocka_unit_test(settings_are_read),
        cmocka_unit_test(mistakes_say_where_and_what),
        cmocka_unit_test(mistakes_in_lists_are_found),
        cmocka_unit_test(the_door_is_read),
        cmocka_unit_test(mistakes_at_the_door_are_found),
        cmocka_unit_test(mistakes_between_settings_are_found),
        cmocka_unit_test(mistakes_of_syntax_are_found),
        cmocka_unit_test(many_mistakes_are_bounded),
        cmocka_unit_test(the_printed_default_loads_to_the_defaults),
        cmocka_unit_test(files_are_read_and_refused),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(differences_are_named),
        cmocka_unit_test(a_reload_keeps_what_needs_a_restart),
        cmocka_unit_test(edges_follow_the_processors_of_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
