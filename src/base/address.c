/* Addresses of peers: text, networks, loopback. Any thread. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_from(const struct sockaddr_storage *from)
{
    struct address address = {{0}};
    if (from->ss_family == AF_INET) {
        memcpy(address.bytes, mapped, sizeof(mapped));
        memcpy(address.bytes + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        memcpy(address.bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    }
    return address;
}

int address_parse(struct str text, struct address *ret_address)
{
    char copy[INET6_ADDRSTRLEN];
    struct address address = {{0}};
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.p, '\0', text.len) != NULL) {
        return STATUS_MALFORMED;
    }
    memcpy(copy, text.p, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, address.bytes + sizeof(mapped)) == 1) {
        memcpy(address.bytes, mapped, sizeof(mapped));
    } else if (inet_pton(AF_INET6, copy, address.bytes) != 1) {
        return STATUS_MALFORMED;
    }
    *ret_address = address;
    return STATUS_OK;
}

bool address_eq(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const uint8_t v6[16] = {[15] = 1};
    return address_is_v4(address) ? address->bytes[12] == 127
                                  : memcmp(address->bytes, v6, sizeof(v6)) == 0;
}

struct address address_network(const struct address *address)
{
    struct address network = *address;
    if (address_is_v4(address)) {
        network.bytes[15] = 0;
    } else {
        memset(network.bytes + 8, 0, 8);
    }
    return network;
}

void address_add(const struct address *address, struct buf *out)
{
    char text[INET6_ADDRSTRLEN];
    if (address_is_v4(address)) {
        inet_ntop(AF_INET, address->bytes + 12, text, sizeof(text));
    } else {
        inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
        if (text[0] == ':') {
            buf_add_char(out, '0');
        }
    }
    buf_add_cstr(out, text);
}

int network_parse(struct str text, struct network *ret_network)
{
    struct str rest = text;
    struct str front = str_split(&rest, '/');
    struct network network = {.bits = 128};
    uint64_t bits = 0;
    if (address_parse(front, &network.address) < 0) {
        return STATUS_MALFORMED;
    }
    if (rest.p != NULL) {
        /* Counted as it is written: of 32 where the address has dots. */
        unsigned before = memchr(front.p, ':', front.len) == NULL ? 96 : 0;
        if (str_to_u64(rest, &bits) < 0 || bits > 128 - before) {
            return STATUS_MALFORMED;
        }
        network.bits = (uint8_t)(before + bits);
    }
    *ret_network = network;
    return STATUS_OK;
}

bool network_has(const struct network *network, const struct address *address)
{
    unsigned whole = network->bits / 8;
    unsigned mask = 0xffu << (8 - network->bits % 8) & 0xffu;
    return memcmp(network->address.bytes, address->bytes, whole) == 0 &&
           (mask == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0);
}

bool networks_have(const struct network *networks, size_t n, const struct address *address)
{
    for (size_t i = 0; i < n; i++) {
        if (network_has(&networks[i], address)) {
            return true;
        }
    }
    return false;
}
