/* From an HTTP request to a WebSocket. Pure; any thread. */
#include "ws_handshake.h"

enum { KEY_LEN = 24 }; /* 16 bytes in base64 */

static const struct {
    struct str name;
    enum ws_opcode opcode;
} SUBPROTOCOLS[] = {
    {{"text.ircv3.net", 14}, WS_TEXT},
    {{"binary.ircv3.net", 16}, WS_BINARY},
};

bool ws_is_asked_for(const struct http_head *head)
{
    return http_field_has(head, STR("Upgrade"), STR("websocket")) ||
           http_field_has(head, STR("Upgrade"), STR("websocket/13"));
}

static bool is_key(struct str key)
{
    if (key.len != KEY_LEN || key.p[KEY_LEN - 1] != '=' || key.p[KEY_LEN - 2] != '=') {
        return false;
    }
    for (size_t i = 0; i < KEY_LEN - 2; i++) {
        char c = ascii_lower(key.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '+' && c != '/') {
            return false;
        }
    }
    return true;
}

static void choose(struct str list, struct ws_handshake *handshake)
{
    while (list.p != NULL && handshake->subprotocol.len == 0) {
        struct str name = http_trim(str_split(&list, ','));
        for (size_t i = 0; i < sizeof(SUBPROTOCOLS) / sizeof(SUBPROTOCOLS[0]); i++) {
            if (str_eq(name, SUBPROTOCOLS[i].name)) {
                handshake->subprotocol = SUBPROTOCOLS[i].name;
                handshake->opcode = SUBPROTOCOLS[i].opcode;
            }
        }
    }
}

int ws_handshake_read(const struct http_head *head, struct ws_handshake *ret)
{
    struct ws_handshake handshake = {.opcode = WS_TEXT};
    struct str version;
    if (!str_eq(head->method, STR("GET")) || head->minor < 1 ||
        !http_field_has(head, STR("Connection"), STR("upgrade"))) {
        return STATUS_MALFORMED;
    }
    if (!http_field_only(head, STR("Sec-WebSocket-Version"), &version) ||
        !str_eq(version, STR("13"))) {
        return STATUS_UNSUPPORTED;
    }
    if (!http_field_only(head, STR("Sec-WebSocket-Key"), &handshake.key) ||
        !is_key(handshake.key)) {
        return STATUS_MALFORMED;
    }
    if (http_field_find(head, STR("Origin"), &handshake.origin)) {
        /* Two of them, or an empty one, is nothing that a browser says. */
        if (!http_field_only(head, STR("Origin"), &handshake.origin) || handshake.origin.len == 0) {
            return STATUS_MALFORMED;
        }
    }
    for (unsigned i = 0; i < head->n_fields; i++) {
        if (str_eq_nocase(head->fields[i].name, STR("Sec-WebSocket-Protocol"))) {
            choose(head->fields[i].value, &handshake);
        }
    }
    *ret = handshake;
    return STATUS_OK;
}

static struct str without_port(struct str host, struct str port)
{
    if (host.len > port.len && str_eq(str_make(host.p + host.len - port.len, port.len), port)) {
        host.len -= port.len;
    }
    return host;
}

bool ws_is_same_origin(struct str origin, struct str host)
{
    static const struct {
        struct str scheme;
        struct str port; /* that goes without saying */
    } schemes[] = {{{"http://", 7}, {":80", 3}}, {{"https://", 8}, {":443", 4}}};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct str scheme = schemes[i].scheme;
        if (origin.len > scheme.len && str_eq_nocase(str_make(origin.p, scheme.len), scheme)) {
            struct str of = str_make(origin.p + scheme.len, origin.len - scheme.len);
            return str_eq_nocase(without_port(of, schemes[i].port),
                                 without_port(host, schemes[i].port));
        }
    }
    return false;
}

void ws_handshake_answer(struct buf *out, struct str accept, struct str subprotocol)
{
    buf_add_cstr(out, "HTTP/1.1 101 Switching Protocols\r\n"
                      "Upgrade: websocket\r\n"
                      "Connection: Upgrade\r\n");
    buf_printf(out, "Sec-WebSocket-Accept: " STR_FMT "\r\n", STR_ARG(accept));
    if (subprotocol.len > 0) {
        buf_printf(out, "Sec-WebSocket-Protocol: " STR_FMT "\r\n", STR_ARG(subprotocol));
    }
    buf_add_cstr(out, "\r\n");
}
