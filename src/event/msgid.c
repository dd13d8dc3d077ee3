/* Sequence numbers as text. Pure; any thread. */
#include "msgid.h"

struct str msgid_format(const char *server_part, uint64_t seq, char out[MSGID_MAX])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    size_t len = strnlen(server_part, MSGID_SERVER_LEN);
    memcpy(out, server_part, len);
    char reversed[16];
    size_t n = 0;
    for (uint64_t x = seq; x > 0; x /= 36) {
        reversed[n++] = digits[x % 36];
    }
    while (n > 0) {
        out[len++] = reversed[--n];
    }
    return (struct str){out, len};
}

bool msgid_parse(const char *server_part, struct str msgid, uint64_t *ret_seq)
{
    struct str server = str_make(server_part, strnlen(server_part, MSGID_SERVER_LEN));
    if (msgid.len <= server.len || !str_eq(str_make(msgid.p, server.len), server) ||
        msgid.p[server.len] == '0') {
        return false;
    }
    uint64_t seq = 0;
    for (size_t i = server.len; i < msgid.len; i++) {
        char c = msgid.p[i];
        unsigned digit;
        if (c >= '0' && c <= '9') {
            digit = (unsigned)(c - '0');
        } else if (c >= 'a' && c <= 'z') {
            digit = (unsigned)(c - 'a') + 10;
        } else {
            return false;
        }
        if (seq > (UINT64_MAX - digit) / 36) {
            return false;
        }
        seq = seq * 36 + digit;
    }
    *ret_seq = seq;
    return true;
}
