/* irc_text.c and server_address.c: what people type and read. */
#include "unit.h"

#include "irc_text.h"
#include "server_address.h"

static void cleans_formatting(void **state)
{
    char *text = irc_text_clean(STR("\002bold\017 \00304,12red\003 \x04"
                                    "ff0000x\t한글\x07\xff"));
    assert_string_equal(text, "bold red x 한글\xef\xbf\xbd");
    g_free(text);
}

static void keeps_digits_that_are_no_colour(void **state)
{
    char *text = irc_text_clean(STR("\003123,4 a\003,5"));
    assert_string_equal(text, "3,4 a,5");
    g_free(text);
}

static void finds_links(void **state)
{
    struct str text = STR("see (https://example.org/a_(b)), http://x. xhttp://no https:// irc://r");
    struct str link;
    size_t at = 0;
    assert_true(irc_text_next_link(text, &at, &link));
    assert_str(link, "https://example.org/a_(b))");
    assert_true(irc_text_next_link(text, &at, &link));
    assert_str(link, "http://x");
    assert_true(irc_text_next_link(text, &at, &link));
    assert_str(link, "irc://r");
    assert_false(irc_text_next_link(text, &at, &link));
}

static void cuts_between_characters_and_at_spaces(void **state)
{
    struct str rest = STR("가나다라");
    struct str piece;
    assert_true(irc_text_next_piece(&rest, 7, &piece));
    assert_str(piece, "가나");
    assert_true(irc_text_next_piece(&rest, 7, &piece));
    assert_str(piece, "다라");
    assert_false(irc_text_next_piece(&rest, 7, &piece));
    rest = STR("hello wide world\n\nnext");
    assert_true(irc_text_next_piece(&rest, 12, &piece));
    assert_str(piece, "hello wide");
    assert_true(irc_text_next_piece(&rest, 12, &piece));
    assert_str(piece, "world");
    assert_true(irc_text_next_piece(&rest, 12, &piece));
    assert_str(piece, "next");
    assert_false(irc_text_next_piece(&rest, 12, &piece));
}

static void notices_names(void **state)
{
    assert_true(irc_text_mentions("Hello MINA, are you there?", "mina"));
    assert_true(irc_text_mentions("mina", "mina"));
    assert_false(irc_text_mentions("minami is here", "mina"));
    assert_false(irc_text_mentions("xmina", "mina"));
    assert_true(irc_text_mentions("철수야 안녕", "철수"));
    assert_false(irc_text_mentions("anything", ""));
}

static void expect_address(const char *text, const char *host, unsigned port, bool tls,
                           bool loopback)
{
    struct server_address address;
    assert_int_equal(server_address_parse(str_from(text), &address), STATUS_OK);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
    assert_int_equal(address.tls, tls);
    assert_int_equal(address.loopback, loopback);
}

static void reads_addresses(void **state)
{
    expect_address(" chat.example.org ", "chat.example.org", 6697, true, false);
    expect_address("127.0.0.1", "127.0.0.1", 6697, true, true);
    expect_address("localhost:6667", "localhost", 6667, false, true);
    expect_address("10.0.0.1:7000", "10.0.0.1", 7000, true, false);
    expect_address("irc://host:7000", "host", 7000, false, false);
    expect_address("IRC://host/", "host", 6667, false, false);
    expect_address("ircs://host:6667", "host", 6667, true, false);
    expect_address("::1", "::1", 6697, true, true);
    expect_address("[fe80::1]:6667", "fe80::1", 6667, false, false);
    expect_address("마루.한국", "마루.한국", 6697, true, false);
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const wrong[] = {"a b",   "host:",      "host:0",   "host:99999", "host:x",
                                        ":6667", "http://a/b", "[::1",     "[::1]6667",  "a@b",
                                        "a:b:c", "host:66 97", "host/path"};
    struct server_address address;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(server_address_parse(str_from(wrong[i]), &address), STATUS_MALFORMED);
    }
    assert_int_equal(server_address_parse(STR("  "), &address), STATUS_NOT_FOUND);
    assert_int_equal(server_address_parse(STR("irc://"), &address), STATUS_NOT_FOUND);
    char longest[300];
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(server_address_parse(str_make(longest, sizeof(longest)), &address),
                     STATUS_TOO_LONG);
}

static void keys_tell_ports_apart(void **state)
{
    struct server_address address;
    assert_int_equal(server_address_parse(STR("[::1]:7000"), &address), STATUS_OK);
    char *key = server_address_key(&address);
    assert_string_equal(key, "[::1]:7000");
    g_free(key);
    assert_int_equal(server_address_parse(STR("Chat.Example.org"), &address), STATUS_OK);
    key = server_address_key(&address);
    assert_string_equal(key, "chat.example.org:6697");
    g_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_formatting),
        cmocka_unit_test(keeps_digits_that_are_no_colour),
        cmocka_unit_test(finds_links),
        cmocka_unit_test(cuts_between_characters_and_at_spaces),
        cmocka_unit_test(notices_names),
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(keys_tell_ports_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
