/* marud: the server's command line. Main thread. */
#include "genpasswd.h"
#include "offline.h"
#include "options.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>

static int print_config(void)
{
    struct buf text = {0};
    config_print_defaults(&text);
    fwrite(text.p, 1, text.len, stdout);
    buf_finish(&text);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int load(const struct options *options, struct config *ret_config)
{
    struct config_report report = {0};
    int status = config_load(options->config, &options->overrides, ret_config, &report);
    for (size_t i = 0; i < report.n; i++) {
        fprintf(stderr, "marud: %s\n", report.lines[i]);
    }
    if (report.left_out > 0) {
        fprintf(stderr, "marud: and %zu more\n", report.left_out);
    }
    config_report_finish(&report);
    return status;
}

static int with_config(const struct options *options)
{
    struct config config;
    if (load(options, &config) != STATUS_OK) {
        return EXIT_FAILURE;
    }
    int code = EXIT_SUCCESS;
    switch (options->action) {
    case OPTIONS_CHECK_CONFIG:
        puts("The configuration is in order.");
        break;
    case OPTIONS_CHECK:
        code = offline_check(&config);
        break;
    case OPTIONS_RESTORE:
        code = offline_restore(&config, options->file);
        break;
    default:
        return server_run(options->config, &options->overrides, &config);
    }
    config_finish(&config);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    struct buf error = {0};
    if (options_parse(argc, argv, &options, &error) != STATUS_OK) {
        fprintf(stderr, "marud: " STR_FMT "\n", STR_ARG(buf_str(&error)));
        buf_finish(&error);
        return 2;
    }
    int code = EXIT_SUCCESS;
    switch (options.action) {
    case OPTIONS_RUN:
    case OPTIONS_CHECK_CONFIG:
    case OPTIONS_CHECK:
    case OPTIONS_RESTORE:
        code = with_config(&options);
        break;
    case OPTIONS_PRINT_CONFIG:
        code = print_config();
        break;
    case OPTIONS_GENPASSWD:
        code = genpasswd_run();
        break;
    case OPTIONS_VERSION:
        puts("marud " MARU_VERSION);
        break;
    case OPTIONS_HELP:
        fputs(options_help, stdout);
        break;
    }
    options_finish(&options);
    return code;
}
