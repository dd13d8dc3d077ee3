/* Reading and writing of WebSocket frames. Pure; any thread. */
#include "ws.h"

enum {
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LEN = 0x7f,
    LEN_16 = 126,
    LEN_64 = 127,
    CONTROL = 8, /* this opcode and those above it */
    CONTROL_MAX = 125,
    MASK_BYTES = 4,
};

void ws_reader_finish(struct ws_reader *reader)
{
    buf_finish(&reader->parts);
    *reader = (struct ws_reader){0};
}

enum ws_code ws_code_of(int status)
{
    return status == STATUS_TOO_LONG ? WS_CODE_TOO_BIG : WS_CODE_PROTOCOL;
}

/* ---- reading ---- */

struct head {
    bool fin;
    uint8_t opcode;
    uint64_t len; /* of the payload */
    size_t size;  /* of the head with its mask */
};

/* The number in network order. */
static uint64_t number(const unsigned char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static int read_head(const unsigned char *at, size_t len, struct head *ret)
{
    if (len < 2) {
        return STATUS_INCOMPLETE;
    }
    struct head head = {.fin = (at[0] & FIN) != 0, .opcode = at[0] & OPCODE, .len = at[1] & LEN};
    bool known = head.opcode <= WS_BINARY || (head.opcode >= WS_CLOSE && head.opcode <= WS_PONG);
    /* A client masks every frame, and no extension was agreed on (sections 5.1 and 5.2). */
    if (!known || (at[0] & RESERVED) != 0 || (at[1] & MASKED) == 0) {
        return STATUS_MALFORMED;
    }
    if (head.opcode >= CONTROL && (!head.fin || head.len > CONTROL_MAX)) {
        return STATUS_MALFORMED;
    }
    unsigned more = head.len == LEN_16 ? 2 : head.len == LEN_64 ? 8 : 0;
    if (len < 2 + more) {
        return STATUS_INCOMPLETE;
    }
    if (more > 0) {
        uint64_t least = more == 2 ? LEN_16 : (uint64_t)UINT16_MAX + 1;
        head.len = number(at + 2, more);
        if (head.len < least) { /* The shortest form is the only one. */
            return STATUS_MALFORMED;
        }
    }
    head.size = 2 + more + MASK_BYTES;
    *ret = head;
    return STATUS_OK;
}

static void unmask(char *payload, size_t len, const char mask[MASK_BYTES])
{
    size_t i = 0;
    uint64_t wide;
    memcpy(&wide, mask, MASK_BYTES);
    memcpy((char *)&wide + MASK_BYTES, mask, MASK_BYTES);
    for (; len - i >= sizeof(wide); i += sizeof(wide)) {
        uint64_t part;
        memcpy(&part, payload + i, sizeof(part));
        part ^= wide;
        memcpy(payload + i, &part, sizeof(part));
    }
    for (; i < len; i++) {
        payload[i] = (char)(payload[i] ^ mask[i % MASK_BYTES]);
    }
}

/* What the head says must fit to what came before. */
static int check_order(const struct ws_reader *reader, const struct head *head)
{
    if (head->opcode >= CONTROL) {
        return STATUS_OK;
    }
    bool goes_on = head->opcode == WS_CONTINUATION;
    if (goes_on != (reader->opcode != 0)) {
        return STATUS_MALFORMED;
    }
    uint64_t max = reader->message_max > 0 ? reader->message_max : WS_MESSAGE_MAX;
    return reader->parts.len + head->len > max ? STATUS_TOO_LONG : STATUS_OK;
}

static void take(struct ws_reader *reader, const struct head *head, struct str payload,
                 struct ws_frame *ret_frame)
{
    if (head->opcode >= CONTROL || (head->fin && reader->opcode == 0)) {
        *ret_frame = (struct ws_frame){(enum ws_opcode)head->opcode, payload};
        return;
    }
    if (reader->opcode == 0) {
        reader->opcode = head->opcode;
    }
    buf_add_str(&reader->parts, payload);
    if (!head->fin) {
        *ret_frame = (struct ws_frame){WS_CONTINUATION, {NULL, 0}};
        return;
    }
    *ret_frame = (struct ws_frame){(enum ws_opcode)reader->opcode, buf_str(&reader->parts)};
    reader->opcode = 0;
}

int ws_read(struct ws_reader *reader, char *bytes, size_t len, size_t *ret_used,
            struct ws_frame *ret_frame)
{
    if (reader->opcode == 0 && reader->parts.cap > 0) {
        buf_finish(&reader->parts); /* The message before was used. */
    }
    struct head head;
    int status = read_head((const unsigned char *)bytes, len, &head);
    if (status == STATUS_OK) {
        status = check_order(reader, &head);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (len < head.size || len - head.size < head.len) {
        return STATUS_INCOMPLETE;
    }
    char *payload = bytes + head.size;
    unmask(payload, head.len, payload - MASK_BYTES);
    take(reader, &head, str_make(payload, head.len), ret_frame);
    *ret_used = head.size + head.len;
    return STATUS_OK;
}

/* ---- writing ---- */

static void add_number(struct buf *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) {
        buf_add_char(out, (char)(value >> i * 8 & 0xff));
    }
}

static void add_head(struct buf *out, enum ws_opcode opcode, size_t len)
{
    buf_add_char(out, (char)(FIN | opcode));
    if (len < LEN_16) {
        buf_add_char(out, (char)len);
    } else if (len <= UINT16_MAX) {
        buf_add_char(out, LEN_16);
        add_number(out, len, 2);
    } else {
        buf_add_char(out, LEN_64);
        add_number(out, len, 8);
    }
}

void ws_add(struct buf *out, enum ws_opcode opcode, struct str payload)
{
    add_head(out, opcode, payload.len);
    buf_add_str(out, payload);
}

void ws_add_close(struct buf *out, enum ws_code code)
{
    const char bytes[] = {(char)(code >> 8), (char)(code & 0xff)};
    ws_add(out, WS_CLOSE, str_make(bytes, sizeof(bytes)));
}

void ws_add_lines(struct buf *out, enum ws_opcode opcode, struct str lines)
{
    while (lines.len > 0) {
        struct str line = str_split(&lines, '\n');
        if (line.len > 0 && line.p[line.len - 1] == '\r') {
            line.len--;
        }
        if (line.len > 0) {
            ws_add(out, opcode, line);
        }
    }
}
