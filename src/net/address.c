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
