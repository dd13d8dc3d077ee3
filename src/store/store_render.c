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

/* `with_id`: it is the message, or its first line. */
static void add_tags(const struct query *query, const char *server_part,
                     const struct store_line *line, bool with_id, struct buf *out)
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
    if ((query->caps & CAP_MESSAGE_TAGS) != 0 && with_id) {
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

/* The line without its tags. */
static void add_line(const struct query *query, struct str target, const struct store_line *line,
                     struct buf *out)
{
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

/* ---- messages of several lines (IRCv3 draft/multiline) ---- */

/* The next part of a text that fits into a line; *ret_concat: it goes on in the same line. */
static struct str take_part(struct str *rest, bool *ret_concat)
{
    const char *end = memchr(rest->p, '\n', rest->len);
    struct str part = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->len};
    *ret_concat = part.len > STORE_PART_BYTES;
    if (*ret_concat) {
        part = str_cut_utf8(part, STORE_PART_BYTES);
    }
    size_t used = part.len + (!*ret_concat && end != NULL);
    *rest = (struct str){rest->p + used, rest->len - used};
    return part;
}

/* Each by itself; blank ones mean nothing to who gets them so. */
static void add_parts(const struct query *query, const char *server_part, struct str target,
                      const struct store_line *line, struct buf *out)
{
    struct store_line part = *line;
    struct str rest = line->text;
    bool first = true;
    bool concat;
    while (rest.len > 0) {
        part.text = take_part(&rest, &concat);
        if (part.text.len > 0) {
            add_tags(query, server_part, line, first, out);
            add_line(query, target, &part, out);
            first = false;
        }
    }
}

/* As one batch inside that of the answer. */
static void add_batch(const struct query *query, const char *server_part, struct str target,
                      const struct store_line *line, struct buf *out)
{
    char text[MSGID_MAX];
    struct str id = msgid_format(server_part, line->message_seq, text);
    struct str name = line->target.len > 0 ? line->target : target;
    add_tags(query, server_part, line, true, out);
    buf_printf(out, ":" STR_FMT " BATCH +" STR_FMT " draft/multiline " STR_FMT "\r\n",
               STR_ARG(line->source), STR_ARG(id), STR_ARG(name));
    struct store_line part = *line;
    struct str rest = line->text;
    bool joined = false;
    do {
        bool concat;
        part.text = take_part(&rest, &concat);
        buf_printf(out, "@batch=" STR_FMT "%s ", STR_ARG(id),
                   joined ? ";draft/multiline-concat" : "");
        add_line(query, target, &part, out);
        joined = concat;
    } while (rest.len > 0);
    begin_server_line(query, true, out);
    buf_printf(out, "BATCH -" STR_FMT "\r\n", STR_ARG(id));
}

void store_render_line(const struct query *query, const char *server_part, struct str target,
                       const struct store_line *line, struct buf *out)
{
    const cap_set batched = CAP_MULTILINE | CAP_BATCH;
    bool speech = line->kind == RECORD_PRIVMSG || line->kind == RECORD_NOTICE;
    bool several = speech && line->text.len > 0 && line->text.p[0] != '\001' &&
                   (memchr(line->text.p, '\n', line->text.len) != NULL ||
                    line->source.len + line->text.len + STORE_LINE_HEAD > STORE_LINE_BYTES);
    if (!several) {
        add_tags(query, server_part, line, true, out);
        add_line(query, target, line, out);
    } else if ((query->caps & batched) == batched) {
        add_batch(query, server_part, target, line, out);
    } else {
        add_parts(query, server_part, target, line, out);
    }
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
