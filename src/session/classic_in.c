/*
 * Bytes of a classic client into events. Pure; one thread at a time. Knows no sockets, no clock and
 * nothing of rooms.
 *
 * Memory: pending holds at most CLASSIC_IN_BACKLOG_BYTES_MAX and is given back when it is empty;
 * what waits in it after classic_in_next returned false is shorter than one message and one prefix.
 */
#include "classic_in.h"

#include "alloc.h"
#include "classic_text.h"
#include "session_limits.h"

static const struct str FRAME_MARK = {"recv)", 5};
static const struct str NICK_MARK = {" : ", 3};

void classic_in_init(struct classic_in *in, size_t message_bytes_max)
{
    CHECK(message_bytes_max >= CLASSIC_IN_MESSAGE_BYTES_MIN);
    *in = (struct classic_in){.message_bytes_max = message_bytes_max};
}

void classic_in_finish(struct classic_in *in)
{
    buf_finish(&in->pending);
    buf_finish(&in->prefix);
    buf_finish(&in->message);
}

static struct str untaken(const struct classic_in *in)
{
    if (in->pending.p == NULL) {
        return STR("");
    }
    return (struct str){in->pending.p + in->head, in->pending.len - in->head};
}

static void overrun(struct classic_in *in, struct str reason)
{
    buf_finish(&in->pending);
    in->head = 0;
    in->silence_due = false;
    in->overrun = reason;
}

static bool is_over(const struct classic_in *in)
{
    return in->closed || in->overrun.p != NULL;
}

/* The length of the longest end of `bytes` that is a beginning of the prefix, but not all of it. */
static size_t begun_prefix(const struct classic_in *in, struct str bytes)
{
    if (in->prefix.len == 0) {
        return 0;
    }
    size_t len = bytes.len < in->prefix.len ? bytes.len : in->prefix.len - 1;
    while (len > 0 && memcmp(bytes.p + bytes.len - len, in->prefix.p, len) != 0) {
        len--;
    }
    return len;
}

/* The bytes end inside a character. */
static bool ends_in_character(struct str bytes)
{
    enum { BACK_MAX = 3 };
    for (size_t back = 1; back <= BACK_MAX && back <= bytes.len; back++) {
        struct str tail = {bytes.p + bytes.len - back, back};
        if (((unsigned char)tail.p[0] & 0xC0) != 0x80) {
            size_t len;
            return classic_utf8_next(tail, &len) == CLASSIC_UTF8_INCOMPLETE;
        }
    }
    return false;
}

uint64_t classic_in_deadline(const struct classic_in *in)
{
    if (!in->silence_due) {
        return UINT64_MAX;
    }
    struct str bytes = untaken(in);
    bool cut = ends_in_character(bytes) || begun_prefix(in, bytes) >= FRAME_MARK.len;
    return in->last_ms + (cut ? CLASSIC_STALL_MS : CLASSIC_SILENCE_MS);
}

void classic_in_tick(struct classic_in *in, uint64_t now_ms)
{
    if (is_over(in) || now_ms < classic_in_deadline(in)) {
        return;
    }
    buf_add_char(&in->pending, '\0');
    in->silence_due = false;
}

void classic_in_feed(struct classic_in *in, struct str bytes, uint64_t now_ms)
{
    classic_in_tick(in, now_ms);
    if (is_over(in) || bytes.len == 0) {
        return;
    }
    if (in->head > 0) {
        buf_consume(&in->pending, in->head);
        in->head = 0;
    }
    if (bytes.len > CLASSIC_IN_BACKLOG_BYTES_MAX ||
        in->pending.len > CLASSIC_IN_BACKLOG_BYTES_MAX - bytes.len) {
        overrun(in, classic_reason_too_fast());
        return;
    }
    struct str rest = bytes;
    while (rest.p != NULL) {
        buf_add_str(&in->pending, str_split(&rest, '\0'));
    }
    in->last_ms = now_ms;
    in->silence_due = true;
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n' || c == '\0';
}

static struct str trim_line_ends(struct str s)
{
    while (s.len > 0 && is_line_end(s.p[0])) {
        s = str_make(s.p + 1, s.len - 1);
    }
    while (s.len > 0 && is_line_end(s.p[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* Where `what` begins in `in`, or its length. */
static size_t find(struct str in, struct str what)
{
    const char *at = in.len > 0 ? memmem(in.p, in.len, what.p, what.len) : NULL;
    return at != NULL ? (size_t)(at - in.p) : in.len;
}

/* Fills in->message with what fits of `bytes` into bytes_max; returns how many bytes that took and
 * whether there was no room for more. Where more bytes may follow, stops in front of a character
 * that is not whole yet. */
static size_t decode(struct classic_in *in, struct str bytes, size_t bytes_max,
                     bool more_may_follow, bool *ret_full)
{
    static const struct str replacement = {"\xEF\xBF\xBD", 3};
    buf_clear(&in->message);
    *ret_full = false;
    size_t at = 0;
    while (at < bytes.len) {
        struct str rest = {bytes.p + at, bytes.len - at};
        size_t len;
        enum classic_utf8 verdict = classic_utf8_next(rest, &len);
        if (verdict == CLASSIC_UTF8_INCOMPLETE && more_may_follow) {
            break;
        }
        struct str add = verdict == CLASSIC_UTF8_VALID ? str_make(rest.p, len) : replacement;
        if (add.len > bytes_max - in->message.len) {
            *ret_full = true;
            break;
        }
        buf_add_str(&in->message, add);
        at += len;
    }
    return at;
}

static bool take_nick(struct classic_in *in, struct classic_event *ret_event)
{
    struct str bytes = untaken(in);
    size_t silence = find(bytes, str_make("", 1));
    size_t end = find(str_make(bytes.p, silence), FRAME_MARK);
    if (end > CLASSIC_IN_NICK_BYTES_MAX) {
        overrun(in, classic_reason_nick_too_long());
        return false;
    }
    if (end == bytes.len) {
        return false;
    }
    struct str typed = trim_line_ends(str_make(bytes.p, end));
    buf_add_str(&in->prefix, FRAME_MARK);
    buf_add_str(&in->prefix, typed);
    buf_add_str(&in->prefix, NICK_MARK);
    bool is_full;
    decode(in, typed, SIZE_MAX, false, &is_full);
    in->head += end + (end == silence ? 1 : 0);
    *ret_event = (struct classic_event){CLASSIC_EVENT_NICK, buf_str(&in->message)};
    return true;
}

/* The part of the text that is looked at next; ret_is_ended where a line end, a silence or a prefix
 * follows it. */
static struct str next_piece(const struct classic_in *in, struct str bytes, bool *ret_is_ended)
{
    /* A piece longer than a message is cut anyway, so nothing behind this is looked at: even where
     * the window ends inside a prefix and a character, more than a message is left of it. */
    size_t window = in->message_bytes_max + in->prefix.len + CLASSIC_UTF8_BYTES_MAX;
    struct str seen = {bytes.p, bytes.len < window ? bytes.len : window};
    size_t prefix_at = find(seen, buf_str(&in->prefix));
    size_t decided = prefix_at;
    if (prefix_at == seen.len) {
        decided -= begun_prefix(in, seen);
    }
    size_t end = 0;
    while (end < decided && !is_line_end(seen.p[end])) {
        end++;
    }
    *ret_is_ended = end < decided || prefix_at < seen.len;
    return str_make(seen.p, end);
}

/* Passes over prefixes, empty lines and silences at the start of what is pending. */
static void skip_to_text(struct classic_in *in)
{
    for (;;) {
        struct str bytes = untaken(in);
        if (bytes.len == 0) {
            return;
        }
        if (is_line_end(bytes.p[0])) {
            in->text_bytes = bytes.p[0] == '\0' ? 0 : in->text_bytes;
            in->head++;
        } else if (str_starts(bytes, buf_str(&in->prefix))) {
            in->text_bytes = 0;
            in->head += in->prefix.len;
        } else {
            return;
        }
    }
}

static bool take_text(struct classic_in *in, struct classic_event *ret_event)
{
    skip_to_text(in);
    struct str bytes = untaken(in);
    if (bytes.len == 0) {
        return false;
    }
    bool is_ended;
    struct str piece = next_piece(in, bytes, &is_ended);
    bool is_full;
    size_t taken = decode(in, piece, in->message_bytes_max, !is_ended, &is_full);
    if (!is_ended && !is_full) {
        return false;
    }
    in->text_bytes += taken;
    if (in->text_bytes > CLASSIC_IN_TEXT_BYTES_MAX) {
        overrun(in, classic_reason_text_too_long());
        return false;
    }
    in->head += taken;
    *ret_event = (struct classic_event){CLASSIC_EVENT_TEXT, buf_str(&in->message)};
    return true;
}

bool classic_in_next(struct classic_in *in, struct classic_event *ret_event)
{
    if (in->closed) {
        return false;
    }
    if (in->overrun.p == NULL) {
        bool taken = in->prefix.len == 0 ? take_nick(in, ret_event) : take_text(in, ret_event);
        if (taken) {
            return true;
        }
    }
    if (in->overrun.p != NULL) {
        *ret_event = (struct classic_event){CLASSIC_EVENT_OVERRUN, in->overrun};
        in->closed = true;
        buf_finish(&in->message);
        return true;
    }
    if (in->head == in->pending.len) {
        buf_finish(&in->pending);
        in->head = 0;
    }
    buf_finish(&in->message);
    return false;
}
