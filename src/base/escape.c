/* Visible escapes for control characters. Any thread; knows nothing of terminals. */
#include "escape.h"

static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

/* The code point at the start of `s` and its length; length 0 where the bytes are not UTF-8. */
static size_t decode(struct str s, uint32_t *ret_code)
{
    unsigned char first = (unsigned char)s.p[0];
    size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (len > s.len || !str_is_utf8(str_make(s.p, len))) {
        return 0;
    }
    static const unsigned char lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = first & lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | ((unsigned char)s.p[i] & 0x3F);
    }
    *ret_code = code;
    return len;
}

static void add_escape(struct buf *out, uint32_t code)
{
    switch (code) {
    case '\n':
        buf_add_cstr(out, "\\n");
        break;
    case '\r':
        buf_add_cstr(out, "\\r");
        break;
    case '\t':
        buf_add_cstr(out, "\\t");
        break;
    default:
        buf_printf(out, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
        break;
    }
}

void escape_add(struct buf *out, struct str text)
{
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = decode(text, &code);
        if (len == 0) {
            buf_printf(out, "\\x%02x", (unsigned)(unsigned char)text.p[0]);
            len = 1;
        } else if (is_unsafe(code)) {
            add_escape(out, code);
        } else {
            buf_add(out, text.p, len);
        }
        text.p += len;
        text.len -= len;
    }
}
