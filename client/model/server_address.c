/* Reading an address that a person typed. Pure; any thread. */
#include "server_address.h"

#include <gio/gio.h>

static struct str trimmed(struct str s)
{
    while (s.len > 0 && g_ascii_isspace(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && g_ascii_isspace(s.p[s.len - 1])) {
        s.len--;
    }
    return s;
}

static bool take_scheme(struct str *text, struct str scheme)
{
    if (text->len < scheme.len || !str_eq_nocase(str_make(text->p, scheme.len), scheme)) {
        return false;
    }
    text->p += scheme.len;
    text->len -= scheme.len;
    return true;
}

static bool is_loopback(const char *host)
{
    if (g_ascii_strcasecmp(host, "localhost") == 0) {
        return true;
    }
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    return address != NULL && g_inet_address_get_is_loopback(address);
}

/* The host's bytes may be letters of any script (an internationalised name), but nothing that
 * separates parts of an address. */
static bool host_is_plausible(struct str host)
{
    if (!str_is_utf8(host)) {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if ((unsigned char)host.p[i] <= ' ' || strchr("/\\?#@[]\"'<>,;", host.p[i]) != NULL) {
            return false;
        }
    }
    return true;
}

/* Splits into host and port text; a bare IPv6 address has more than one colon and no port. */
static int split_port(struct str text, struct str *ret_host, struct str *ret_port)
{
    *ret_port = str_make(NULL, 0);
    if (text.p[0] == '[') {
        const char *end = memchr(text.p, ']', text.len);
        if (end == NULL) {
            return STATUS_MALFORMED;
        }
        *ret_host = str_make(text.p + 1, (size_t)(end - text.p) - 1);
        struct str rest = {end + 1, text.len - ret_host->len - 2};
        if (rest.len == 0) {
            return STATUS_OK;
        }
        if (rest.p[0] != ':') {
            return STATUS_MALFORMED;
        }
        *ret_port = str_make(rest.p + 1, rest.len - 1);
        return STATUS_OK;
    }
    const char *colon = memchr(text.p, ':', text.len);
    if (colon == NULL || memrchr(text.p, ':', text.len) != colon) {
        *ret_host = text;
        return STATUS_OK;
    }
    *ret_host = str_make(text.p, (size_t)(colon - text.p));
    *ret_port = str_make(colon + 1, text.len - ret_host->len - 1);
    return STATUS_OK;
}

int server_address_parse(struct str text, struct server_address *ret_address)
{
    text = trimmed(text);
    bool plain = take_scheme(&text, STR("irc://"));
    bool forced_tls = !plain && take_scheme(&text, STR("ircs://"));
    if (text.len > 0 && text.p[text.len - 1] == '/' && (plain || forced_tls)) {
        text.len--;
    }
    if (text.len == 0) {
        return STATUS_NOT_FOUND;
    }
    struct str host;
    struct str port;
    int status = split_port(text, &host, &port);
    if (status < 0) {
        return status;
    }
    if (host.len == 0 || !host_is_plausible(host)) {
        return STATUS_MALFORMED;
    }
    if (host.len > SERVER_HOST_MAX) {
        return STATUS_TOO_LONG;
    }
    struct server_address address = {.tls = !plain};
    address.port = plain ? SERVER_PORT_PLAIN : SERVER_PORT_TLS;
    if (port.p != NULL) {
        uint64_t number;
        if (str_to_u64(port, &number) < 0 || number == 0 || number > UINT16_MAX) {
            return STATUS_MALFORMED;
        }
        address.port = (uint16_t)number;
        address.tls = forced_tls || (!plain && number != SERVER_PORT_PLAIN);
    }
    memcpy(address.host, host.p, host.len);
    address.loopback = is_loopback(address.host);
    if (memchr(host.p, ':', host.len) != NULL && !g_hostname_is_ip_address(address.host)) {
        return STATUS_MALFORMED;
    }
    *ret_address = address;
    return STATUS_OK;
}

char *server_address_key(const struct server_address *address)
{
    bool v6 = strchr(address->host, ':') != NULL;
    g_autofree char *host = g_ascii_strdown(address->host, -1);
    return g_strdup_printf(v6 ? "[%s]:%u" : "%s:%u", host, address->port);
}
