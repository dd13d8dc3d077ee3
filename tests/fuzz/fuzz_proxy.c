/* What proxies say of their clients: PROXY headers at once and byte by byte, and the fields of an
 * HTTP request. */
#include "fuzz.h"

#include "forwarded.h"
#include "proxy_header.h"

static void check_header(struct str bytes)
{
    struct proxy_header header;
    struct proxy_header slow_header;
    int status = proxy_header_parse(bytes, &header);
    int slow = STATUS_INCOMPLETE;
    size_t len = 0;
    for (; len <= bytes.len && slow == STATUS_INCOMPLETE; len++) {
        slow = proxy_header_parse(str_make(bytes.p, len), &slow_header);
    }
    CHECK(slow == status);
    if (status == STATUS_OK) {
        CHECK(header.len == len - 1 && header.len > 0 && header.len <= PROXY_HEADER_MAX);
        CHECK(slow_header.len == header.len && slow_header.has_source == header.has_source);
        CHECK(!header.has_source || address_eq(&header.source, &slow_header.source));
    }
    CHECK(status != STATUS_INCOMPLETE || bytes.len < PROXY_HEADER_MAX);
}

/* Whoever is found is the last that no proxy of ours is, or the first of all. */
static void check_fields(struct str bytes)
{
    struct network trusted;
    struct http_head head;
    struct forwarded forwarded;
    size_t scanned = 0;
    CHECK(network_parse(STR("10.0.0.0/8"), &trusted) == STATUS_OK);
    if (http_head_parse(bytes, &scanned, &head) != STATUS_OK) {
        return;
    }
    if (forwarded_read(&head, &trusted, 1, &forwarded) == STATUS_OK) {
        struct forwarded direct;
        CHECK(forwarded_read(&head, NULL, 0, &direct) == STATUS_OK);
        CHECK(network_has(&trusted, &direct.client) ||
              address_eq(&direct.client, &forwarded.client));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = fuzz_str(data, size);
    if (size > 0) {
        check_header(bytes);
    }
    check_fields(bytes);
    return 0;
}
