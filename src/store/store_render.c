/* Lines of an answer. Pure; any thread. */
#include "store_render.h"

#include "cap.h"
#include "msgid.h"
#include "store_limits.h"
#include "tags.h"

/* A line of the server's own inside the answer: its batch, then its source. */
static void begin_server_line(const struct query *query, bool in_batch, struct buf *out)
{
    if (in_batch && (query->caps & CAP_BATCH) != 0) {
        buf_add(out, "@batch=", 7);
        buf_add_str(out, query->batch);
        buf_add_char(out, ' ');
    } else if (query->label.len > 0) {
        buf_add(out, "@label=", 7);
        buf_add_str(out, query->label);
        buf_add_char(out, ' ');
    }
    buf_add_char(out, ':');
    buf_add_str(out, query->server);
    buf_add_char(out, ' ');
}

void store_render_open(const struct query *query, struct str type, struct str about,
                       struct buf *out)
{
    if ((query->caps & CAP_BATCH) == 0) {
        return;
    }
    begin_server_line(query, false, out);
    buf_add(out, "BATCH +", 7);
    buf_add_str(out, query->batch);
    buf_add_char(out, ' ');
    buf_add_str(out, type);
    if (about.len > 0) {
        buf_add_char(out, ' ');
        buf_add_str(out, about);
    }
    buf_add(out, "\r\n", 2);
}

void store_render_close(const struct query *query, struct buf *out)
{
    if ((query->caps & CAP_BATCH) == 0) {
        return;
    }
    buf_add_char(out, ':');
    buf_add_str(out, query->server);
    buf_add(out, " BATCH -", 8);
    buf_add_str(out, query->batch);
    buf_add(out, "\r\n", 2);
}

bool store_render_wants(const struct query *query, enum record_kind kind)
{
    if (kind == RECORD_PRIVMSG || kind == RECORD_NOTICE) {
        return true;
    }
    if ((query->caps & CAP_EVENT_PLAYBACK) == 0 || store_kind_word(kind).len == 0) {
        return false;
    }
    return kind != RECORD_TAGMSG || (query->caps & CAP_MESSAGE_TAGS) != 0;
}

static void add_tags(const struct query *query, const char *server_part,
                     const struct store_line *line, struct buf *out)
{
    char before = '@';
    if ((query->caps & CAP_BATCH) != 0) {
        buf_add(out, "@batch=", 7);
        buf_add_str(out, query->batch);
        before = ';';
    }
    if ((query->caps & CAP_SERVER_TIME) != 0) {
        buf_add_char(out, before);
        buf_add(out, "time=", 5);
        message_add_time(out, line->time_ms);
        before = ';';
    }
    if (line->account.len > 0) {
        buf_add_char(out, before);
        buf_add(out, "account=", 8);
        tags_add_escaped(out, line->account);
        before = ';';
    }
    if ((query->caps & CAP_MESSAGE_TAGS) != 0) {
        char id[MSGID_MAX];
        buf_add_char(out, before);
        buf_add(out, "msgid=", 6);
        buf_add_str(out, msgid_format(server_part, line->message_seq, id));
        before = ';';
        if (line->tags.len > 0) {
            buf_add_char(out, ';');
            buf_add_str(out, line->tags);
        }
    }
    if (before == ';') {
        buf_add_char(out, ' ');
    }
}

/* "[2026-11-22 21:40 UTC] ", for who cannot be told the time in any other way. */
static void add_time_text(uint64_t time_ms, struct buf *out)
{
    struct buf iso = {0};
    message_add_time(&iso, time_ms);
    buf_add_char(out, '[');
    buf_add(out, iso.p, 10);
    buf_add_char(out, ' ');
    buf_add(out, iso.p + 11, 5);
    buf_add_cstr(out, " UTC] ");
    buf_finish(&iso);
}

static void add_speech(const struct query *query, const struct store_line *line, struct buf *out)
{
    static const struct str action = {"\001ACTION ", 8};
    struct str text = line->text;
    buf_add(out, " :", 2);
    if (query->playback && (query->caps & CAP_SERVER_TIME) == 0) {
        /* Inside an action, or it would not be one any more. */
        if (str_starts(text, action)) {
            buf_add_str(out, action);
            text = (struct str){text.p + action.len, text.len - action.len};
        }
        add_time_text(line->time_ms, out);
    }
    buf_add_str(out, text);
}

/* Names may have become longer since, and a time may have been added. */
static void cut(struct buf *out, size_t start, bool is_ctcp)
{
    if (out->len - start <= STORE_LINE_BYTES) {
        return;
    }
    struct str whole = {out->p + start, out->len - start};
    out->len = start + str_cut_utf8(whole, STORE_LINE_BYTES - (is_ctcp ? 1 : 0)).len;
    if (is_ctcp) {
        buf_add_char(out, '\001');
    }
}

void store_render_line(const struct query *query, const char *server_part, struct str target,
                       const struct store_line *line, struct buf *out)
{
    add_tags(query, server_part, line, out);
    size_t start = out->len;
    buf_add_char(out, ':');
    buf_add_str(out, line->source);
    buf_add_char(out, ' ');
    buf_add_str(out, store_kind_word(line->kind));
    if (store_kind_has_target(line->kind)) {
        buf_add_char(out, ' ');
        buf_add_str(out, line->target.len > 0 ? line->target : target);
    }
    bool speech = line->kind == RECORD_PRIVMSG || line->kind == RECORD_NOTICE;
    /* Behind a JOIN's room stand the account and real name, for those who asked for them. */
    bool shown = line->kind != RECORD_JOIN || (query->caps & CAP_EXTENDED_JOIN) != 0;
    if (speech) {
        add_speech(query, line, out);
    } else if (line->text.len > 0 && shown) {
        buf_add_char(out, ' ');
        buf_add_str(out, line->text);
    }
    cut(out, start, speech && line->text.len > 0 && line->text.p[0] == '\001');
    buf_add(out, "\r\n", 2);
}

void store_render_target(const struct query *query, struct str name, uint64_t time_ms,
                         struct buf *out)
{
    begin_server_line(query, true, out);
    buf_add_cstr(out, "CHATHISTORY TARGETS ");
    buf_add_str(out, name);
    buf_add_char(out, ' ');
    message_add_time(out, time_ms);
    buf_add(out, "\r\n", 2);
}

static void add_notice(const struct query *query, const char *text, struct buf *out)
{
    buf_add_cstr(out, "NOTICE ");
    buf_add_str(out, query->nick);
    buf_add_cstr(out, " :");
    buf_add_str(out, query->command);
    buf_printf(out, ": %s\r\n", text);
}

void store_render_note(const struct query *query, const char *code, const char *text,
                       struct buf *out)
{
    begin_server_line(query, true, out);
    if ((query->caps & CAPS_THAT_KNOW_FAIL) != 0) {
        buf_printf(out, "NOTE " STR_FMT " %s :%s\r\n", STR_ARG(query->command), code, text);
    } else {
        add_notice(query, text, out);
    }
}

void store_render_fail(const struct query *query, bool is_open, struct buf *out)
{
    static const char text[] = "Messages could not be retrieved";
    begin_server_line(query, is_open, out);
    if ((query->caps & CAPS_THAT_KNOW_FAIL) != 0) {
        buf_add_cstr(out, "FAIL ");
        buf_add_str(out, query->command);
        buf_add_cstr(out, query->kind == QUERY_SEARCH ? " INTERNAL_ERROR" : " MESSAGE_ERROR");
        const struct str words[] = {query->subcommand, query->target};
        for (unsigned i = 0; i < 2; i++) {
            if (words[i].len > 0) {
                buf_add_char(out, ' ');
                buf_add_str(out, words[i]);
            }
        }
        buf_printf(out, " :%s\r\n", text);
    } else {
        add_notice(query, text, out);
    }
}
