/* http.c: heads of requests, and answers. */
#include "unit.h"

#include "http.h"

/* Parses at once, and byte by byte with the same result. */
static int parse(struct str bytes, struct http_head *ret_head)
{
    size_t scanned = 0;
    int at_once = http_head_parse(bytes, &scanned, ret_head);
    size_t scanned_slowly = 0;
    int slowly = STATUS_INCOMPLETE;
    for (size_t len = 0; len <= bytes.len && slowly == STATUS_INCOMPLETE; len++) {
        struct http_head head;
        slowly = http_head_parse(str_make(bytes.p, len), &scanned_slowly, &head);
        if (slowly == STATUS_OK) {
            assert_int_equal(at_once, STATUS_OK);
            assert_int_equal(head.len, ret_head->len);
        }
    }
    assert_int_equal(slowly, at_once);
    return at_once;
}

static void parses_a_request(void **state)
{
    struct http_head head;
    struct str value;
    assert_int_equal(parse(STR("GET /a?b=c HTTP/1.1\r\nHost: h:8080\r\nX-Empty:\r\n"
                               "Upgrade: \t websocket \r\n\r\nbody"),
                           &head),
                     STATUS_OK);
    assert_str(head.method, "GET");
    assert_str(head.target, "/a?b=c");
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.n_fields, 3);
    assert_true(http_field_find(&head, STR("host"), &value));
    assert_str(value, "h:8080");
    assert_true(http_field_find(&head, STR("UPGRADE"), &value));
    assert_str(value, "websocket");
    assert_true(http_field_find(&head, STR("x-empty"), &value));
    assert_int_equal(value.len, 0);
    assert_false(http_field_find(&head, STR("hos"), &value));
    assert_int_equal(head.len, strlen("GET /a?b=c HTTP/1.1\r\nHost: h:8080\r\nX-Empty:\r\n"
                                      "Upgrade: \t websocket \r\n\r\n"));
}

static void accepts_what_is_still_http(void **state)
{
    struct http_head head;
    assert_int_equal(parse(STR("GET / HTTP/1.0\n\n"), &head), STATUS_OK);
    assert_int_equal(head.minor, 0);
    assert_int_equal(head.n_fields, 0);
    assert_int_equal(parse(STR("\r\n\r\nGET / HTTP/1.1\nHost: h\n\r\n"), &head), STATUS_OK);
    assert_str(head.method, "GET");
    assert_int_equal(parse(STR("M-SEARCH * HTTP/1.1\r\nhOST: h\r\nA: \xec\xb2\xa0\r\n\r\n"), &head),
                     STATUS_OK);
}

static void waits_for_the_end(void **state)
{
    struct http_head head = {.len = 77};
    assert_int_equal(parse(STR(""), &head), STATUS_INCOMPLETE);
    assert_int_equal(parse(STR("GET / HTTP/1.1\r\nHost: h\r\n"), &head), STATUS_INCOMPLETE);
    assert_int_equal(parse(STR("GET / HTTP/1.1\r\nHost: h\r\n\r"), &head), STATUS_INCOMPLETE);
    assert_int_equal(head.len, 77);
}

static void refuses_what_is_not(void **state)
{
    struct http_head head;
    const struct str bad[] = {
        STR("\r\n\r\n\r\n\r\n"),
        STR("GET\r\n\r\n"),
        STR("GET /\r\n\r\n"),
        STR("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"),
        STR("GET / HTTP/1.x\r\nHost: h\r\n\r\n"),
        STR("GET / HTTX/1.1\r\nHost: h\r\n\r\n"),
        STR("G@T / HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("G\0T / HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("GET /\xec HTTP/1.1\r\nHost: h\r\n\r\n"),
        STR("GET / HTTP/1.1\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
        STR("GET / HTTP/1.0\r\nHost: h\r\nhost: h\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost : h\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\r\nnocolon\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"),
        STR("GET / HTTP/1.1\r\nHost: h\0\r\n\r\n"),
        STR("NICK bob\r\nUSER b 0 * :b\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(bad[i], &head) != STATUS_MALFORMED) {
            fail_msg("accepted: " STR_FMT, STR_ARG(bad[i]));
        }
    }
    assert_int_equal(parse(STR("PRI * HTTP/2.0\r\n\r\n"), &head), STATUS_UNSUPPORTED);
}

static void holds_its_limits(void **state)
{
    struct http_head head;
    struct buf bytes = {0};
    buf_add_cstr(&bytes, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (unsigned i = 1; i < HTTP_HEADERS_MAX; i++) {
        buf_add_cstr(&bytes, "A: b\r\n");
    }
    size_t full = bytes.len;
    buf_add_cstr(&bytes, "\r\n");
    assert_int_equal(parse(buf_str(&bytes), &head), STATUS_OK);
    assert_int_equal(head.n_fields, HTTP_HEADERS_MAX);
    bytes.len = full;
    buf_add_cstr(&bytes, "A: b\r\n\r\n");
    assert_int_equal(parse(buf_str(&bytes), &head), STATUS_TOO_LONG);

    buf_clear(&bytes);
    buf_add_cstr(&bytes, "GET /");
    for (unsigned i = 0; i < HTTP_TARGET_MAX; i++) {
        buf_add_char(&bytes, 'a');
    }
    buf_add_cstr(&bytes, " HTTP/1.0\r\n\r\n");
    assert_int_equal(parse(buf_str(&bytes), &head), STATUS_TOO_LONG);

    buf_clear(&bytes);
    buf_add_cstr(&bytes, "GET / HTTP/1.0\r\nA: ");
    while (bytes.len < HTTP_HEAD_MAX - 4) {
        buf_add_char(&bytes, 'a');
    }
    buf_add_cstr(&bytes, "\r\n\r\n");
    assert_int_equal(parse(buf_str(&bytes), &head), STATUS_OK);
    assert_int_equal(head.len, HTTP_HEAD_MAX);
    bytes.len -= 4;
    buf_add_cstr(&bytes, "a\r\n\r\n");
    assert_int_equal(parse(buf_str(&bytes), &head), STATUS_TOO_LONG);
    buf_finish(&bytes);
}

static void answers(void **state)
{
    struct buf out = {0};
    http_response(&out, 200, STR("text/html; charset=utf-8"), STR("<p>마루"), false);
    buf_add_char(&out, '\0');
    assert_ptr_equal(strstr(out.p, "HTTP/1.1 200 OK\r\n"), out.p);
    assert_non_null(strstr(out.p, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_non_null(strstr(out.p, "\r\nContent-Length: 9\r\n"));
    assert_non_null(strstr(out.p, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(out.p, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(out.p, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(out.p, "\r\nContent-Security-Policy: default-src 'none';"));
    assert_null(strstr(out.p, "Allow:"));
    assert_string_equal(strstr(out.p, "\r\n\r\n"), "\r\n\r\n<p>마루");
    buf_clear(&out);
    http_response(&out, 405, STR("text/plain"), STR("no"), true);
    buf_add_char(&out, '\0');
    assert_non_null(strstr(out.p, "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(out.p, "\r\nAllow: GET, HEAD\r\n"));
    assert_string_equal(strstr(out.p, "\r\n\r\n"), "\r\n\r\n");
    buf_finish(&out);
}

static void codes_for_failures(void **state)
{
    assert_int_equal(http_code_of(STATUS_MALFORMED), 400);
    assert_int_equal(http_code_of(STATUS_TOO_LONG), 431);
    assert_int_equal(http_code_of(STATUS_UNSUPPORTED), 505);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_request),   cmocka_unit_test(accepts_what_is_still_http),
        cmocka_unit_test(waits_for_the_end),  cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(holds_its_limits),   cmocka_unit_test(answers),
        cmocka_unit_test(codes_for_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
