/* The PROXY protocol's header. Pure; any thread. */
#include "proxy_header.h"

enum {
    LINE_MAX_BYTES = 107, /* of version 1, with CR LF */
    SIGNATURE = 12,
    HEAD = 16, /* signature, version and command, family, length */
    COMMAND_LOCAL = 0x20,
    COMMAND_PROXY = 0x21,
    FAMILY_INET = 0x1,
    FAMILY_INET6 = 0x2,
    FAMILY_UNIX = 0x3,
    TRANSPORT_STREAM = 0x1,
    TLV_SSL = 0x20,
    TLV_SSL_HEAD = 5, /* client's bits, and the result of checking its certificate */
    CLIENT_SSL = 0x01,
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

static unsigned number_16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Whether the bytes are the beginning of `whole`, or it is theirs. */
static bool agrees(struct str bytes, struct str whole)
{
    size_t len = bytes.len < whole.len ? bytes.len : whole.len;
    return memcmp(bytes.p, whole.p, len) == 0;
}

/* ---- version 1 ---- */

static int parse_port(struct str text, uint16_t *ret)
{
    uint64_t port;
    bool padded = text.len > 1 && text.p[0] == '0';
    if (padded || str_to_u64(text, &port) < 0 || port > UINT16_MAX) {
        return STATUS_MALFORMED;
    }
    *ret = (uint16_t)port;
    return STATUS_OK;
}

/* "TCP4 192.0.2.1 198.51.100.1 4711 6667" */
static int parse_words(struct str words, struct proxy_header *header)
{
    struct str family = str_split(&words, ' ');
    if (str_eq(family, STR("UNKNOWN"))) {
        return STATUS_OK; /* Whatever follows is to be ignored. */
    }
    struct str source = str_split(&words, ' ');
    struct str here = str_split(&words, ' ');
    struct str port = str_split(&words, ' ');
    struct address local;
    uint16_t local_port;
    bool v4 = str_eq(family, STR("TCP4"));
    if ((!v4 && !str_eq(family, STR("TCP6"))) || words.p == NULL ||
        address_parse(source, &header->source) < 0 || address_parse(here, &local) < 0 ||
        parse_port(port, &header->port) < 0 || parse_port(words, &local_port) < 0) {
        return STATUS_MALFORMED;
    }
    /* A mapped address of TCP6 has colons. */
    if (v4 != (memchr(source.p, ':', source.len) == NULL) ||
        v4 != (memchr(here.p, ':', here.len) == NULL)) {
        return STATUS_MALFORMED;
    }
    header->has_source = true;
    return STATUS_OK;
}

static int parse_line(struct str bytes, struct proxy_header *header)
{
    size_t len = bytes.len < LINE_MAX_BYTES ? bytes.len : LINE_MAX_BYTES;
    const char *end = memchr(bytes.p, '\n', len);
    if (end == NULL) {
        return len == LINE_MAX_BYTES ? STATUS_TOO_LONG : STATUS_INCOMPLETE;
    }
    struct str line = str_make(bytes.p, (size_t)(end - bytes.p));
    struct str before = STR("PROXY ");
    if (line.len <= before.len || line.p[line.len - 1] != '\r') {
        return STATUS_MALFORMED;
    }
    header->len = line.len + 1;
    return parse_words(str_make(line.p + before.len, line.len - 1 - before.len), header);
}

/* ---- version 2 ---- */

/* What else the proxy tells: of all that only whether the client speaks TLS. */
static int parse_extras(const unsigned char *at, size_t left, struct proxy_header *header)
{
    while (left > 0) {
        if (left < 3 || left - 3 < number_16(at + 1)) {
            return STATUS_MALFORMED;
        }
        size_t len = number_16(at + 1);
        if (at[0] == TLV_SSL) {
            if (len < TLV_SSL_HEAD) {
                return STATUS_MALFORMED;
            }
            header->secure = (at[3] & CLIENT_SSL) != 0;
        }
        at += 3 + len;
        left -= 3 + len;
    }
    return STATUS_OK;
}

static int parse_binary(struct str bytes, struct proxy_header *header)
{
    const unsigned char *at = (const unsigned char *)bytes.p;
    if (bytes.len < HEAD) {
        return STATUS_INCOMPLETE;
    }
    size_t len = number_16(at + 14);
    unsigned command = at[12];
    unsigned family = at[13] >> 4;
    unsigned transport = at[13] & 0xf;
    if ((command != COMMAND_LOCAL && command != COMMAND_PROXY) || family > FAMILY_UNIX ||
        transport > 2) {
        return STATUS_MALFORMED;
    }
    if (HEAD + len > PROXY_HEADER_MAX) {
        return STATUS_TOO_LONG;
    }
    if (bytes.len - HEAD < len) {
        return STATUS_INCOMPLETE;
    }
    header->len = HEAD + len;
    static const uint8_t sizes[] = {0, 12, 36, 216};
    if (command == COMMAND_LOCAL || family == 0 || transport == 0) {
        return STATUS_OK; /* Whatever follows is to be ignored. */
    }
    if (transport != TRANSPORT_STREAM || len < sizes[family]) {
        return STATUS_MALFORMED;
    }
    at += HEAD;
    if (family == FAMILY_INET) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        memcpy(header->source.bytes, mapped, sizeof(mapped));
        memcpy(header->source.bytes + sizeof(mapped), at, 4);
        header->port = (uint16_t)number_16(at + 8);
    } else if (family == FAMILY_INET6) {
        memcpy(header->source.bytes, at, 16);
        header->port = (uint16_t)number_16(at + 32);
    }
    header->has_source = family != FAMILY_UNIX;
    return parse_extras(at + sizes[family], len - sizes[family], header);
}

int proxy_header_parse(struct str bytes, struct proxy_header *ret_header)
{
    struct proxy_header header = {.len = 0};
    struct str binary = str_make(signature, SIGNATURE);
    int status = STATUS_NOT_FOUND;
    if (bytes.len == 0) {
        return STATUS_INCOMPLETE;
    }
    if (agrees(bytes, STR("PROXY "))) {
        status = parse_line(bytes, &header);
    } else if (agrees(bytes, binary)) {
        status = parse_binary(bytes, &header);
    }
    if (status == STATUS_OK) {
        *ret_header = header;
    }
    return status;
}
