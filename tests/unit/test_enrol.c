/* enrol.c: passwords and addresses that a new account may have. */
#include "unit.h"

#include "enrol.h"

static const char *password(const struct settings *settings, struct str text)
{
    struct enrol_fault fault = enrol_check_password(settings, text);
    assert_int_equal(fault.code == NULL, fault.text == NULL);
    return fault.code != NULL ? fault.code : "fine";
}

static void passwords(void **state)
{
    struct settings *s = settings_create();
    s->password_min = 6;
    assert_string_equal(password(s, STR("sesame")), "fine");
    assert_string_equal(password(s, STR("열려라")), "fine");
    assert_string_equal(password(s, STR("seven")), "WEAK_PASSWORD");
    assert_string_equal(password(s, STR("tab\tinside")), "UNACCEPTABLE_PASSWORD");
    assert_string_equal(password(s, STR("bytes\xff\xfe")), "UNACCEPTABLE_PASSWORD");
    char text[ENROL_PASSWORD_MAX + 1];
    memset(text, 'x', sizeof(text));
    assert_string_equal(password(s, str_make(text, ENROL_PASSWORD_MAX)), "fine");
    assert_string_equal(password(s, str_make(text, sizeof(text))), "UNACCEPTABLE_PASSWORD");
    s->password_min = 0;
    assert_string_equal(password(s, STR("")), "WEAK_PASSWORD");
    settings_unref(s);
}

static bool email(const struct settings *settings, const char *text)
{
    struct enrol_fault fault = enrol_check_email(settings, str_from(text));
    assert_true(fault.code == NULL || strcmp(fault.code, "INVALID_EMAIL") == 0);
    return fault.code == NULL;
}

static void addresses(void **state)
{
    struct settings *s = settings_create();
    assert_true(email(s, "*"));
    assert_true(email(s, ""));
    assert_true(email(s, "a.b+c@example.org"));
    assert_true(email(s, "철수@예.example"));
    assert_true(email(s, "root@localhost"));
    const char *const bad[] = {"a",           "@b.c",  "a@",           "a@b@c",     "a b@c.d",
                               "-f@c.d",      "a@.c",  "a@c.",         "a@-c",      "<a@b.c>",
                               "a@b.c,d@e.f", "a@b;c", "a@b.c\nBcc:x", "a\x7f@b.c", "\xff@b.c",
                               "|sh@b.c"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(email(s, bad[i]));
    }
    s->email_required = true;
    assert_false(email(s, "*"));
    s->email_required = false;
    s->email_verified = true;
    assert_false(email(s, ""));
    assert_true(email(s, "a@b.c"));
    settings_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
