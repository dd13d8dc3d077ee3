/* What the server says about itself when it is ready. */
#include "unit.h"

#include "welcome.h"

#include <stdlib.h>

static char *welcome(const struct config_listener *bound, size_t n, const char *fingerprint)
{
    struct config config;
    struct config_report report = {0};
    assert_int_equal(config_load(NULL, NULL, &config, &report), STATUS_OK);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    welcome_print(out, &config, bound, n, fingerprint);
    fclose(out);
    config_finish(&config);
    return text;
}

static void ways_in_are_listed(void **state)
{
    const struct config_listener bound[] = {
        {LISTENER_TLS, (char *)"*", 6697},
        {LISTENER_HTTP, (char *)"*", 8080},
        {LISTENER_PLAIN, (char *)"127.0.0.1", 40000},
        {LISTENER_CLASSIC, (char *)"fd00::1", 2500},
    };
    char *text = welcome(bound, 4, "AB:CD");
    assert_non_null(strstr(text, " localhost:6697"));
    assert_non_null(strstr(text, " 127.0.0.1:40000\n"));
    assert_non_null(strstr(text, " [fd00::1]:2500\n"));
    assert_non_null(strstr(text, "AB:CD\n"));
    assert_null(strstr(text, "8080"));
    free(text);
}

static void no_fingerprint_without_tls(void **state)
{
    const struct config_listener bound[] = {{LISTENER_PLAIN, (char *)"127.0.0.1", 1}};
    char *text = welcome(bound, 1, "AB:CD");
    assert_null(strstr(text, "AB:CD"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_in_are_listed),
        cmocka_unit_test(no_fingerprint_without_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
