/* Telling TLS, HTTP and IRC apart. Pure; any thread. */
#include "sniff.h"

#include "proto_limits.h"

enum {
    TLS_HANDSHAKE = 0x16,
    TLS_CLIENT_HELLO = 0x01,
    TLS_MAJOR = 0x03,
    TLS_MINOR_MAX = 0x04,
    TLS_RECORD_MIN = 4, /* a handshake header */
    TLS_RECORD_MAX = 16384,
};

/* IRC's own CONNECT and TRACE are for registered users, so they never come first. */
static const char *const METHODS[] = {"GET ",      "HEAD ",    "POST ",  "PUT ",
                                      "DELETE ",   "OPTIONS ", "TRACE ", "CONNECT ",
                                      "PROPFIND ", "PATCH ",   "PRI "};

static enum sniff_kind sniff_tls(struct str s)
{
    const unsigned char *b = (const unsigned char *)s.p;
    if ((s.len > 1 && b[1] != TLS_MAJOR) || (s.len > 2 && b[2] > TLS_MINOR_MAX)) {
        return SNIFF_UNKNOWN;
    }
    if (s.len > 4) {
        unsigned len = (unsigned)b[3] << 8 | b[4];
        if (len < TLS_RECORD_MIN || len > TLS_RECORD_MAX) {
            return SNIFF_UNKNOWN;
        }
    }
    if (s.len > 5) {
        return b[5] == TLS_CLIENT_HELLO ? SNIFF_TLS : SNIFF_UNKNOWN;
    }
    return SNIFF_MORE;
}

/* A method in any case: none of these is a command of IRC that could come first. */
static enum sniff_kind sniff_text(struct str s)
{
    enum sniff_kind kind = SNIFF_IRC;
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++) {
        struct str method = str_from(METHODS[i]);
        size_t len = s.len < method.len ? s.len : method.len;
        if (str_eq_nocase(str_make(s.p, len), str_make(method.p, len))) {
            if (len == method.len) {
                return SNIFF_HTTP;
            }
            kind = SNIFF_MORE;
        }
    }
    return kind;
}

enum sniff_kind sniff(struct str first_bytes)
{
    struct str s = first_bytes;
    while (s.len > 0 && (s.p[0] == '\r' || s.p[0] == '\n')) {
        s.p++;
        s.len--;
        if (first_bytes.len - s.len > SNIFF_NEWLINES_MAX) {
            return SNIFF_UNKNOWN;
        }
    }
    if (s.len == 0) {
        return SNIFF_MORE;
    }
    char c = ascii_lower(s.p[0]);
    if (c == TLS_HANDSHAKE) {
        return s.len == first_bytes.len ? sniff_tls(s) : SNIFF_UNKNOWN;
    }
    if (c >= 'a' && c <= 'z') {
        return sniff_text(s);
    }
    /* Tags, a source, a numeric, spaces. */
    bool irc = c == '@' || c == ':' || c == ' ' || (c >= '0' && c <= '9');
    return irc ? SNIFF_IRC : SNIFF_UNKNOWN;
}
