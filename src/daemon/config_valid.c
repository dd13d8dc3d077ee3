/* Checks of single values, and the notation of listeners. Any thread. */
#include "config_priv.h"

#include "address.h"
#include "name.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdlib.h>

enum { FINGERPRINT_DIGITS = 64 }; /* SHA-256 in hex */

static bool has_no_control(struct str value, bool newline_allowed)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.p[i];
        /* C1 controls are C2 80 to C2 9F in UTF-8. */
        bool c1 = c == 0xC2 && i + 1 < value.len && (unsigned char)value.p[i + 1] < 0xA0;
        if ((c < 0x20 && !(newline_allowed && c == '\n')) || c == 0x7F || c1) {
            return false;
        }
    }
    return str_is_utf8(value);
}

bool config_valid_line(struct str value)
{
    return has_no_control(value, false);
}

bool config_valid_text(struct str value)
{
    return has_no_control(value, true);
}

bool config_valid_url(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] <= ' ' || value.p[i] > '~') {
            return false;
        }
    }
    return value.len == 0 || memmem(value.p, value.len, "://", 3) != NULL;
}

bool config_valid_server_name(struct str value)
{
    bool dot = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = ascii_lower(value.p[i]);
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool inner = i > 0 && i + 1 < value.len && value.p[i - 1] != '.';
        if (!letter && !(inner && (c == '-' || c == '.'))) {
            return false;
        }
        dot = dot || c == '.';
    }
    return dot;
}

bool config_valid_network(struct str value)
{
    return value.len > 0 && config_valid_line(value) && memchr(value.p, ' ', value.len) == NULL;
}

bool config_valid_room(struct str value)
{
    /* A space or colon would be lost in the lines that name it. */
    return value.len >= 2 && name_check_channel(value) == NAME_OK &&
           memchr(value.p, ' ', value.len) == NULL && memchr(value.p, ':', value.len) == NULL;
}

bool config_valid_user_modes(struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (memchr("iwRT", value.p[i], 4) == NULL) {
            return false;
        }
    }
    return true;
}

bool config_valid_hash(struct str value)
{
    if (value.len >= crypto_pwhash_STRBYTES || !str_starts(value, STR("$argon2id$"))) {
        return false;
    }
    char hash[crypto_pwhash_STRBYTES] = {0};
    memcpy(hash, value.p, value.len);
    /* Whether other costs would be chosen today does not matter; -1 is a string it cannot read. */
    return crypto_pwhash_str_needs_rehash(hash, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) >= 0;
}

bool config_valid_hash_or_empty(struct str value)
{
    return value.len == 0 || config_valid_hash(value);
}

bool config_valid_operator_name(struct str value)
{
    return value.len > 0 && value.len <= 64 && config_valid_line(value) &&
           memchr(value.p, ' ', value.len) == NULL && memchr(value.p, ':', value.len) == NULL;
}

bool config_valid_network_range(struct str value)
{
    struct network network;
    return network_parse(value, &network) == STATUS_OK;
}

bool config_valid_origin(struct str value)
{
    if (str_eq(value, STR("*")) || str_eq(value, STR("null"))) {
        return true;
    }
    const char *colon = value.len > 0 ? memmem(value.p, value.len, "://", 3) : NULL;
    const char *end = value.p + value.len;
    return colon != NULL && colon > value.p && colon + 3 < end && value.len <= 300 &&
           config_valid_line(value) && memchr(value.p, ' ', value.len) == NULL &&
           memchr(colon + 3, '/', (size_t)(end - colon) - 3) == NULL;
}

char *config_fingerprint_dup(struct str text)
{
    struct buf digits = {0};
    for (size_t i = 0; i < text.len; i++) {
        char c = ascii_lower(text.p[i]);
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
            buf_add_char(&digits, c);
        } else if (c != ':') {
            digits.len = 0;
            break;
        }
    }
    char *fingerprint = digits.len == FINGERPRINT_DIGITS ? str_dup(buf_str(&digits)) : NULL;
    buf_finish(&digits);
    return fingerprint;
}

char *config_address_dup(struct str text)
{
    unsigned char raw[sizeof(struct in6_addr)];
    char name[INET6_ADDRSTRLEN];
    if (str_eq(text, STR("*"))) {
        return str_dup(text);
    }
    if (text.len == 0 || text.len >= sizeof(name)) {
        return NULL;
    }
    memcpy(name, text.p, text.len);
    name[text.len] = '\0';
    int family = memchr(name, ':', text.len) != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(family, name, raw) != 1 || inet_ntop(family, raw, name, sizeof(name)) == NULL) {
        return NULL;
    }
    return str_dup(str_from(name));
}

int config_listener_parse(struct str spec, struct config_listener *ret, const char **ret_expected)
{
    struct config_listener listener = {.kind = LISTENER_AUTO};
    const char *equals = spec.len > 0 ? memchr(spec.p, '=', spec.len) : NULL;
    if (equals != NULL) {
        struct str kind = str_make(spec.p, (size_t)(equals - spec.p));
        if (listener_kind_parse(kind, &listener.kind) < 0) {
            *ret_expected = "auto, tls, http, plain or classic before the =";
            return STATUS_MALFORMED;
        }
        spec.len -= kind.len + 1;
        spec.p = equals + 1;
    }
    const char *colon = spec.len > 0 ? memrchr(spec.p, ':', spec.len) : NULL;
    uint64_t port = 0;
    if (colon == NULL ||
        str_to_u64(str_make(colon + 1, spec.len - (size_t)(colon + 1 - spec.p)), &port) < 0 ||
        port > UINT16_MAX) {
        *ret_expected = "ADDR:PORT with a port from 0 to 65535";
        return STATUS_MALFORMED;
    }
    struct str address = str_make(spec.p, (size_t)(colon - spec.p));
    bool brackets = address.len >= 2 && address.p[0] == '[' && address.p[address.len - 1] == ']';
    if (brackets) {
        address = str_make(address.p + 1, address.len - 2);
    }
    bool colons = address.len > 0 && memchr(address.p, ':', address.len) != NULL;
    listener.address = colons == brackets ? config_address_dup(address) : NULL;
    if (listener.address == NULL) {
        *ret_expected = "*, an IPv4 address, or an IPv6 address in brackets, before the port";
        return STATUS_MALFORMED;
    }
    listener.port = (uint16_t)port;
    *ret = listener;
    return STATUS_OK;
}
