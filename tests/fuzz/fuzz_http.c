/* Protocol detection and heads of HTTP requests: at once, and byte by byte as they may come. */
#include "fuzz.h"

#include "http.h"
#include "proto_limits.h"
#include "sniff.h"

static void check_sniff(struct str bytes)
{
    enum sniff_kind decided = SNIFF_MORE;
    for (size_t len = 0; len <= bytes.len && len <= SNIFF_MAX; len++) {
        enum sniff_kind now = sniff(str_make(bytes.p, len));
        CHECK(decided == SNIFF_MORE || now == decided);
        CHECK(now != SNIFF_MORE || len < SNIFF_MAX);
        decided = now;
    }
    CHECK(sniff(bytes) == decided);
}

static int parse_slowly(struct str bytes, size_t *ret_len)
{
    size_t scanned = 0;
    struct http_head head;
    for (size_t len = 0; len <= bytes.len; len++) {
        int status = http_head_parse(str_make(bytes.p, len), &scanned, &head);
        CHECK(scanned <= len);
        if (status != STATUS_INCOMPLETE) {
            *ret_len = status == STATUS_OK ? head.len : 0;
            return status;
        }
    }
    return STATUS_INCOMPLETE;
}

static void check_head(const struct http_head *head, struct str bytes)
{
    CHECK(head->len <= bytes.len && head->len <= HTTP_HEAD_MAX);
    CHECK(head->method.len > 0 && fuzz_within(head->method, bytes));
    CHECK(head->target.len > 0 && head->target.len <= HTTP_TARGET_MAX);
    CHECK(fuzz_within(head->target, bytes));
    CHECK(head->n_fields <= HTTP_HEADERS_MAX);
    for (unsigned i = 0; i < head->n_fields; i++) {
        struct str value;
        CHECK(fuzz_within(head->fields[i].name, bytes) &&
              fuzz_within(head->fields[i].value, bytes));
        CHECK(http_field_find(head, head->fields[i].name, &value));
    }
    if (str_eq(head->method, STR("GET")) || str_eq(head->method, STR("POST"))) {
        CHECK(sniff(bytes) == SNIFF_HTTP);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = fuzz_str(data, size);
    check_sniff(bytes);
    struct http_head head;
    size_t scanned = 0;
    int status = http_head_parse(bytes, &scanned, &head);
    if (status == STATUS_OK) {
        check_head(&head, bytes);
    }
    size_t len = 0;
    CHECK(parse_slowly(bytes, &len) == status);
    CHECK(status != STATUS_OK || len == head.len);
    return 0;
}
