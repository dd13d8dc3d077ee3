/* address.c: addresses as text, and networks of them. */
#include "unit.h"

#include "address.h"

static void assert_shown(const char *text, const char *shown)
{
    struct address address;
    struct buf out = {0};
    assert_int_equal(address_parse(str_from(text), &address), STATUS_OK);
    address_add(&address, &out);
    assert_str(buf_str(&out), shown);
    buf_finish(&out);
}

static void addresses_are_read_and_shown(void **state)
{
    assert_shown("192.0.2.1", "192.0.2.1");
    assert_shown("::ffff:192.0.2.1", "192.0.2.1");
    assert_shown("2001:DB8:0::1", "2001:db8::1");
    assert_shown("::1", "0::1");
    assert_shown("0::1", "0::1");
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "::1%eth0",
        "[::1]",
        "1.2.3.4 ",
        " 1.2.3.4",
        "12345::",
        "fe80::1::2",
        "banana",
        "1.2.3.4/24",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
    };
    struct address address;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(address_parse(str_from(bad[i]), &address), STATUS_MALFORMED);
    }
    assert_int_equal(address_parse(STR("1.2.3.4\0x"), &address), STATUS_MALFORMED);
}

static bool has(const char *network_text, const char *address_text)
{
    struct network network;
    struct address address;
    assert_int_equal(network_parse(str_from(network_text), &network), STATUS_OK);
    assert_int_equal(address_parse(str_from(address_text), &address), STATUS_OK);
    return networks_have(&network, 1, &address);
}

static void networks_have_their_addresses(void **state)
{
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_false(has("192.0.2.1", "192.0.2.2"));
    assert_true(has("192.0.2.128/25", "192.0.2.255"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "203.0.113.9"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("::1", "0::1"));
    assert_true(has("10.1.2.3/8", "10.255.0.1"));
    assert_true(has("2001:db8::1/128", "2001:db8::1"));
    struct network network;
    assert_int_equal(network_parse(STR("1.2.3.4/33"), &network), STATUS_MALFORMED);
    assert_int_equal(network_parse(STR("1.2.3.4/"), &network), STATUS_MALFORMED);
    assert_int_equal(network_parse(STR("::/129"), &network), STATUS_MALFORMED);
    assert_int_equal(network_parse(STR("/8"), &network), STATUS_MALFORMED);
    assert_int_equal(network_parse(STR("::/1/2"), &network), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_shown),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(networks_have_their_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
