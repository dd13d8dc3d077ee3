/* Shared messages and their rendering for a recipient's capabilities. Any thread. */
#include "message.h"

#include "alloc.h"
#include "buf.h"
#include "cap.h"
#include "tags.h"

#include <stdlib.h>

struct message *message_create(const struct message_parts *parts)
{
    size_t rooms_size = parts->n_rooms * sizeof(room_id);
    struct message *message =
        xmalloc(sizeof(*message) + rooms_size + parts->msgid.len + parts->account.len +
                parts->tags.len + parts->body.len + parts->multi.len + parts->text.len);
    room_id *rooms = (room_id *)(message + 1);
    char *bytes = (char *)rooms + rooms_size;
    refcount_set(&message->holders, 1);
    message->time_ms = parts->time_ms;
    message->n_rooms = parts->n_rooms;
    message->n_closed = parts->n_closed;
    message->rooms = rooms;
    if (rooms_size > 0) {
        memcpy(rooms, parts->rooms, rooms_size);
    }
    message->msgid = str_place(&bytes, parts->msgid);
    message->account = str_place(&bytes, parts->account);
    message->tags = str_place(&bytes, parts->tags);
    message->body = str_place(&bytes, parts->body);
    message->multi = str_place(&bytes, parts->multi);
    message->text = str_place(&bytes, parts->text);
    return message;
}

void message_unref(struct message *message)
{
    if (message != NULL && refcount_down(&message->holders)) {
        free(message);
    }
}

static void add_padded(struct buf *out, unsigned value, unsigned digits)
{
    char text[8];
    for (unsigned i = digits; i > 0; i--) {
        text[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    buf_add(out, text, digits);
}

/* Civil date from days since 1970, after the usual era arithmetic (400-year cycles from March). */
static void civil(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t z = days + 719468;
    uint64_t era = z / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (unsigned)(yoe + era * 400) + (*month <= 2);
}

void message_add_time(struct buf *out, uint64_t time_ms)
{
    unsigned year;
    unsigned month;
    unsigned day;
    civil(time_ms / 86400000, &year, &month, &day);
    unsigned ms = (unsigned)(time_ms % 86400000);
    add_padded(out, year, 4);
    buf_add_char(out, '-');
    add_padded(out, month, 2);
    buf_add_char(out, '-');
    add_padded(out, day, 2);
    buf_add_char(out, 'T');
    add_padded(out, ms / 3600000, 2);
    buf_add_char(out, ':');
    add_padded(out, ms / 60000 % 60, 2);
    buf_add_char(out, ':');
    add_padded(out, ms / 1000 % 60, 2);
    buf_add_char(out, '.');
    add_padded(out, ms % 1000, 3);
    buf_add_char(out, 'Z');
}

/* The tags in front of a line, with the msgid if `with_id`; nothing where there are none. */
static void add_tags(const struct message *message, cap_set caps, bool with_id, struct buf *out)
{
    char before = '@';
    if ((caps & CAP_SERVER_TIME) != 0 && message->time_ms > 0) {
        buf_add(out, "@time=", 6);
        message_add_time(out, message->time_ms);
        before = ';';
    }
    if ((caps & CAP_ACCOUNT_TAG) != 0 && message->account.len > 0) {
        buf_add_char(out, before);
        buf_add(out, "account=", 8);
        tags_add_escaped(out, message->account);
        before = ';';
    }
    if ((caps & CAP_MESSAGE_TAGS) != 0) {
        if (with_id && message->msgid.len > 0) {
            buf_add_char(out, before);
            buf_add(out, "msgid=", 6);
            buf_add_str(out, message->msgid);
            before = ';';
        }
        if (message->tags.len > 0) {
            buf_add_char(out, before);
            buf_add_str(out, message->tags);
            before = ';';
        }
    }
    if (before == ';') {
        buf_add_char(out, ' ');
    }
}

static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->p, '\n', rest->len);
    CHECK(end != NULL);
    struct str line = {rest->p, (size_t)(end - rest->p) + 1};
    rest->p += line.len;
    rest->len -= line.len;
    return line;
}

/* The batch is called as the message is. */
static void add_batch(const struct message *message, cap_set caps, struct buf *out)
{
    struct str rest = message->multi;
    while (rest.len > 0) {
        struct str line = take_line(&rest);
        if (line.p[0] == MULTI_OPEN) {
            add_tags(message, caps, true, out);
        } else if (line.p[0] != MULTI_CLOSE) {
            buf_add(out, "@batch=", 7);
            buf_add_str(out, message->msgid);
            buf_add_cstr(out, line.p[0] == MULTI_CONCAT ? ";draft/multiline-concat " : " ");
        }
        buf_add(out, line.p + 1, line.len - 1);
    }
}

void message_render(const struct message *message, cap_set caps, struct buf *out)
{
    const cap_set batched = CAP_MULTILINE | CAP_BATCH;
    if (message->multi.len == 0) {
        add_tags(message, caps, true, out);
        buf_add_str(out, message->body);
    } else if ((caps & batched) == batched) {
        add_batch(message, caps, out);
    } else {
        struct str rest = message->body;
        for (bool first = true; rest.len > 0; first = false) {
            add_tags(message, caps, first, out);
            buf_add_str(out, take_line(&rest));
        }
    }
}
