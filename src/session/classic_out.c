/*
 * Lines and lists into frames for a classic client, one in flight. Pure; one thread at a time.
 * Knows no sockets, no clock and nothing of rooms.
 */
#include "classic_out.h"

#include "alloc.h"
#include "classic_text.h"
#include "session_limits.h"

static const struct str MESSAGE_MARK = {"msg)", 4};
static const struct str MEMBERS_MARK = {"mem)", 4};

enum { RECORD_HEADER = 3 };

void classic_out_init(struct classic_out *out, uint64_t gap_ms, size_t backlog_bytes_max)
{
    *out = (struct classic_out){
        .gap_ms = gap_ms,
        .backlog_bytes_max = backlog_bytes_max,
        .members_due_ms = UINT64_MAX,
    };
}

void classic_out_finish(struct classic_out *out)
{
    buf_finish(&out->lines);
    buf_finish(&out->members);
    buf_finish(&out->frame);
}

static size_t lines_waiting(const struct classic_out *out)
{
    return out->lines.len - out->head;
}

static size_t record_len(const char *record)
{
    return (size_t)((unsigned char)record[0] << 8 | (unsigned char)record[1]);
}

static void record_write_header(char *record, size_t len, enum classic_line_kind kind)
{
    record[0] = (char)(len >> 8);
    record[1] = (char)(len & 0xFF);
    record[2] = (char)kind;
}

/* Gives the memory of sent lines back. */
static void lines_compact(struct classic_out *out)
{
    if (out->head == out->lines.len) {
        buf_finish(&out->lines);
    } else {
        buf_consume(&out->lines, out->head);
    }
    out->head = 0;
}

/* Drops the oldest lines that are at most of `kind` until no more than bytes_max wait. The rest of
 * a line whose beginning was sent stays. */
static void lines_skip(struct classic_out *out, enum classic_line_kind kind, size_t bytes_max)
{
    lines_compact(out);
    struct buf *lines = &out->lines;
    size_t from = 0;
    size_t to = 0;
    if (out->head_is_rest && lines->len > 0) {
        from = RECORD_HEADER + record_len(lines->p);
        to = from;
    }
    while (from < lines->len && to + (lines->len - from) > bytes_max) {
        size_t size = RECORD_HEADER + record_len(lines->p + from);
        if (lines->p[from + 2] <= (char)kind) {
            out->skipped++;
        } else {
            memmove(lines->p + to, lines->p + from, size);
            to += size;
        }
        from += size;
    }
    if (from > to) {
        memmove(lines->p + to, lines->p + from, lines->len - from);
        lines->len -= from - to;
    }
}

void classic_out_say(struct classic_out *out, enum classic_line_kind kind, struct str line)
{
    line = str_cut_utf8(line, CLASSIC_LINE_BYTES_MAX);
    if (line.len == 0) {
        return;
    }
    size_t size = RECORD_HEADER + line.len;
    if (lines_waiting(out) + size > out->backlog_bytes_max) {
        /* A good piece at once: one count of many is easier to read than many counts of one. */
        size_t keep = out->backlog_bytes_max / 4 * 3;
        size_t bytes_max = keep > size ? keep - size : 0;
        lines_skip(out, CLASSIC_LINE_CHAT, bytes_max);
        lines_skip(out, CLASSIC_LINE_NOTICE, bytes_max);
    } else if (out->head > lines_waiting(out)) {
        lines_compact(out);
    }
    char *record = buf_reserve(&out->lines, size);
    record_write_header(record, line.len, kind);
    for (size_t i = 0; i < line.len; i++) {
        char c = line.p[i];
        record[RECORD_HEADER + i] = c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    out->lines.len += size;
}

/* As many whole names as fit into a frame. */
static struct str members_cut(struct str list)
{
    const size_t max = CLASSIC_FRAME_BYTES_MAX - MEMBERS_MARK.len;
    if (list.len <= max) {
        return list;
    }
    size_t end = max;
    while (end > 0 && list.p[end] != '/') {
        end--;
    }
    return str_make(list.p, end);
}

void classic_out_members(struct classic_out *out, struct str list, uint64_t now_ms)
{
    list = members_cut(list);
    if (out->members_due_ms != UINT64_MAX && str_eq(buf_str(&out->members), list)) {
        return;
    }
    buf_finish(&out->members);
    buf_add_str(&out->members, list);
    if (now_ms < out->members_due_ms) {
        out->members_due_ms = now_ms;
    }
}

/* Adds the first line to the frame; false where it must wait for the next. */
static bool frame_add_line(struct classic_out *out)
{
    char *record = out->lines.p + out->head;
    size_t len = record_len(record);
    struct str text = {record + RECORD_HEADER, len};
    bool is_first = out->frame.len == MESSAGE_MARK.len;
    size_t room = CLASSIC_FRAME_BYTES_MAX - out->frame.len;
    if (len + (is_first ? 0 : 1) <= room) {
        if (!is_first) {
            buf_add_char(&out->frame, '\n');
        }
        buf_add_str(&out->frame, text);
        out->head += RECORD_HEADER + len;
        out->head_is_rest = false;
        return true;
    }
    if (!is_first) {
        return false;
    }
    struct str begin = str_cut_utf8(text, room);
    if (begin.len == 0) {
        /* Not UTF-8 at all; it must still come to an end. */
        begin = str_make(text.p, room);
    }
    buf_add_str(&out->frame, begin);
    /* The header of the rest overwrites the end of what was just copied. */
    out->head += begin.len;
    record_write_header(out->lines.p + out->head, len - begin.len, CLASSIC_LINE_NOTICE);
    out->head_is_rest = true;
    return false;
}

static void frame_add_skipped(struct classic_out *out)
{
    if (out->frame.len > MESSAGE_MARK.len) {
        buf_add_char(&out->frame, '\n');
    }
    classic_text_skipped(&out->frame, out->skipped);
    out->skipped = 0;
}

static void frame_make_lines(struct classic_out *out)
{
    enum { SKIPPED_BYTES_MAX = 64 };
    buf_add_str(&out->frame, MESSAGE_MARK);
    if (out->head_is_rest && !frame_add_line(out)) {
        return;
    }
    if (out->skipped > 0) {
        if (out->frame.len + SKIPPED_BYTES_MAX > CLASSIC_FRAME_BYTES_MAX) {
            return;
        }
        frame_add_skipped(out);
    }
    while (lines_waiting(out) > 0 && frame_add_line(out)) {
    }
    if (lines_waiting(out) == 0) {
        lines_compact(out);
    }
}

/* Builds the frame whose turn it is; false where nothing is due. */
static bool frame_make(struct classic_out *out, uint64_t now_ms)
{
    bool has_lines = lines_waiting(out) > 0 || out->skipped > 0;
    if (now_ms >= out->members_due_ms &&
        (!has_lines || now_ms - out->members_due_ms >= CLASSIC_MEMBERS_YIELD_MS)) {
        buf_add_str(&out->frame, MEMBERS_MARK);
        buf_add_str(&out->frame, buf_str(&out->members));
        out->members_due_ms = now_ms + CLASSIC_MEMBERS_MS;
        return true;
    }
    if (has_lines) {
        frame_make_lines(out);
    }
    return has_lines;
}

/* Takes note of what the kernel says about the frame in flight. */
static void frame_look(struct classic_out *out, uint64_t now_ms, bool kernel_empty)
{
    if (!kernel_empty) {
        out->looked_ms = now_ms;
        return;
    }
    out->in_flight = false;
    bool may_be_resent = now_ms > out->sent_ms + CLASSIC_RESEND_MS;
    out->free_ms = (may_be_resent ? now_ms : out->sent_ms) + out->gap_ms;
}

bool classic_out_poll(struct classic_out *out, uint64_t now_ms, bool kernel_empty,
                      struct str *ret_frame)
{
    if (out->frame.len == 0) {
        if (out->in_flight) {
            frame_look(out, now_ms, kernel_empty);
        }
        if (out->in_flight || now_ms < out->free_ms || !frame_make(out, now_ms)) {
            return false;
        }
    }
    *ret_frame = str_make(out->frame.p + out->frame_wrote, out->frame.len - out->frame_wrote);
    return true;
}

void classic_out_wrote(struct classic_out *out, size_t len, uint64_t now_ms)
{
    CHECK(len <= out->frame.len - out->frame_wrote);
    out->frame_wrote += len;
    out->sent_ms = now_ms;
    if (out->frame.len > 0 && out->frame_wrote == out->frame.len) {
        buf_finish(&out->frame);
        out->frame_wrote = 0;
        out->in_flight = true;
        out->looked_ms = now_ms;
    }
}

uint64_t classic_out_deadline(const struct classic_out *out)
{
    if (out->frame.len > 0) {
        return out->sent_ms + CLASSIC_ACK_POLL_MS;
    }
    if (out->in_flight) {
        /* Early enough to see an acknowledgement before it could be that of a resent frame. */
        const uint64_t wait_ms_max = CLASSIC_RESEND_MS - CLASSIC_ACK_POLL_MS;
        uint64_t look_ms = out->sent_ms + (out->gap_ms < wait_ms_max ? out->gap_ms : wait_ms_max);
        return out->looked_ms < look_ms ? look_ms : out->looked_ms + CLASSIC_ACK_POLL_MS;
    }
    if (lines_waiting(out) > 0 || out->skipped > 0) {
        return out->free_ms;
    }
    return out->members_due_ms > out->free_ms ? out->members_due_ms : out->free_ms;
}

bool classic_out_drained(const struct classic_out *out)
{
    return out->frame.len == 0 && !out->in_flight && out->skipped == 0 && lines_waiting(out) == 0;
}
