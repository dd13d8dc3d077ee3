/* settings_caps.c: what is offered, and with which values. */
#include "unit.h"

#include "settings_caps.h"

static struct str caps_of(const struct settings *settings, cap_set caps, unsigned version, bool tls,
                          struct buf *out)
{
    buf_clear(out);
    settings_add_caps(settings, caps, version, tls, out);
    return buf_str(out);
}

static void offered(void **state)
{
    struct settings *settings = settings_create();
    settings->accounts = false;
    assert_int_equal(settings_caps(settings) & (CAP_OF_HISTORY | CAP_OF_ACCOUNTS), 0);
    assert_true((settings_caps(settings) & CAP_BATCH) != 0);
    settings->history = true;
    assert_int_equal(settings_caps(settings) & CAP_OF_HISTORY, CAP_OF_HISTORY);
    settings_unref(settings);
}

static void values(void **state)
{
    struct buf out = {0};
    struct settings *s = settings_create();
    s->registration_early = false;
    s->registration_custom_names = false;
    assert_str(caps_of(s, CAP_SASL | CAP_BATCH, 0, true, &out), "batch sasl");
    assert_str(caps_of(s, CAP_SASL | CAP_BATCH, 302, false, &out),
               "batch sasl=PLAIN,SCRAM-SHA-256");
    assert_str(caps_of(s, CAP_SASL, 302, true, &out),
               "sasl=PLAIN,EXTERNAL,SCRAM-SHA-256,SCRAM-SHA-256-PLUS");
    s->outside_logins = true;
    assert_str(caps_of(s, CAP_SASL, 302, true, &out), "sasl=PLAIN,EXTERNAL");
    assert_str(caps_of(s, CAP_ACCOUNT_REGISTRATION, 302, true, &out), "draft/account-registration");
    s->registration_early = true;
    s->email_verified = true;
    s->registration_custom_names = true;
    assert_str(caps_of(s, CAP_ACCOUNT_REGISTRATION, 302, true, &out),
               "draft/account-registration=before-connect,email-required,custom-account-name");
    /* Nobody registers around the server's password. */
    settings_set(&s->password_hash, "x");
    assert_str(caps_of(s, CAP_ACCOUNT_REGISTRATION, 302, true, &out),
               "draft/account-registration=email-required,custom-account-name");
    assert_str(caps_of(s, CAP_ACCOUNT_REGISTRATION, 301, true, &out), "draft/account-registration");
    settings_unref(s);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered),
        cmocka_unit_test(values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
