/*
 * Writes what was said in a room to a file, as JSON lines or as a page. Waits, on a thread of its
 * own; reads in pieces, with no transaction open between them.
 */
#include "store_account.h"
#include "store_admin_priv.h"

#include "msgid.h"
#include "store_files.h"
#include "store_limits.h"
#include "store_line.h"
#include "store_priv.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

struct export
{
    struct store_db *db;
    enum store_export format;
    struct buf name; /* of the room */
    uint64_t room;
    uint64_t place;
    uint64_t last; /* sequence number of the last message when it began; 0: there is none */
    uint64_t messages;
    struct buf out;     /* one piece */
    char day[11];       /* that the page is at */
    user_id named;      /* the sender of the last line: their account's name is … */
    struct buf account; /* … this; empty where there is none */
};

/* ---- JSON lines ---- */

static void add_json(struct buf *out, struct str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\') {
            buf_add_char(out, '\\');
            buf_add_char(out, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\u%04x", c);
        } else {
            buf_add_char(out, (char)c);
        }
    }
    buf_add_char(out, '"');
}

static void add_member(struct buf *out, const char *key, struct str value)
{
    buf_printf(out, ", \"%s\": ", key);
    add_json(out, value);
}

static struct str nick_of(struct str source)
{
    return str_split(&source, '!');
}

static void add_json_line(struct export *export, const struct store_line *line)
{
    struct buf *out = &export->out;
    char msgid[MSGID_MAX];
    buf_add_cstr(out, "{\"time\": \"");
    message_add_time(out, line->time_ms);
    buf_add_char(out, '"');
    add_member(out, "msgid", msgid_format(export->db->server_part, line->message_seq, msgid));
    add_member(out, "command", store_kind_word(line->kind));
    add_member(out, "nick", nick_of(line->source));
    add_member(out, "source", line->source);
    if (line->account.len > 0) {
        add_member(out, "account", line->account);
    }
    if (line->tags.len > 0) {
        add_member(out, "tags", line->tags);
    }
    add_member(out, "text", line->text);
    buf_add_cstr(out, "}\n");
}

/* ---- a page ---- */

/* Codes of colours and the like mean nothing here. */
static void add_html(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '<') {
            buf_add_cstr(out, "&lt;");
        } else if (c == '>') {
            buf_add_cstr(out, "&gt;");
        } else if (c == '&') {
            buf_add_cstr(out, "&amp;");
        } else if (c == '"') {
            buf_add_cstr(out, "&quot;");
        } else if ((unsigned char)c >= 0x20 && c != 0x7f) {
            buf_add_char(out, c);
        }
    }
}

static void add_head(struct export *export)
{
    struct buf *out = &export->out;
    buf_add_cstr(out, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>");
    add_html(out, buf_str(&export->name));
    buf_add_cstr(out, "</title>\n<style>\n"
                      "body { font-family: sans-serif; max-width: 50em; margin: 2em auto; }\n"
                      "p { margin: 0.2em 0; overflow-wrap: anywhere; }\n"
                      "time, .event { color: #666; }\n"
                      "h2 { font-size: 1em; margin-top: 2em; }\n"
                      "</style>\n</head>\n<body>\n<h1>");
    add_html(out, buf_str(&export->name));
    buf_add_cstr(out, "</h1>\n<p>Times are UTC.</p>\n");
}

/* "철수 joined", or the command and what stood behind it. */
static void add_event(struct buf *out, const struct store_line *line)
{
    buf_add_cstr(out, "<span class=\"event\">");
    add_html(out, nick_of(line->source));
    buf_add_char(out, ' ');
    add_html(out, store_kind_word(line->kind));
    if (line->text.len > 0) {
        buf_add_char(out, ' ');
        add_html(out, line->text);
    }
    buf_add_cstr(out, "</span>");
}

static bool take_action(struct str *text)
{
    static const struct str begin = {"\001ACTION ", 8};
    if (!str_starts(*text, begin)) {
        return false;
    }
    *text = str_make(text->p + begin.len, text->len - begin.len);
    if (text->len > 0 && text->p[text->len - 1] == '\001') {
        text->len--;
    }
    return true;
}

static void add_page_line(struct export *export, const struct store_line *line)
{
    struct buf *out = &export->out;
    struct buf time = {0};
    message_add_time(&time, line->time_ms); /* 2026-11-22T21:40:00.123Z */
    if (time.len >= 19 && memcmp(export->day, time.p, 10) != 0) {
        memcpy(export->day, time.p, 10);
        buf_printf(out, "<h2>%s</h2>\n", export->day);
    }
    buf_printf(out, "<p><time>%.8s</time> ", time.len >= 19 ? time.p + 11 : "");
    struct str text = line->text;
    if (line->kind > RECORD_NOTICE) {
        add_event(out, line);
    } else if (take_action(&text)) {
        buf_add_cstr(out, "* <b>");
        add_html(out, nick_of(line->source));
        buf_add_cstr(out, "</b> ");
        add_html(out, text);
    } else {
        buf_add_cstr(out, "<b>");
        add_html(out, nick_of(line->source));
        buf_add_cstr(out, "</b> ");
        add_html(out, text);
    }
    buf_add_cstr(out, "</p>\n");
    buf_finish(&time);
}

/* ---- reading ---- */

/* The room that is called so, by its name as it is folded today. */
static int find_room(struct export *export, struct str folded, enum name_casemapping casemapping)
{
    struct buf name = {0};
    sqlite3_stmt *stmt = stmt_begin(export->db, STMT_ROOM_EACH, "");
    int status;
    while ((status = stmt_step(export->db, stmt)) == 1) {
        buf_clear(&name);
        name_fold(casemapping, stmt_str(stmt, 1), &name);
        if (str_eq(buf_str(&name), folded)) {
            export->room = stmt_u64(stmt, 0);
            buf_add_str(&export->name, stmt_str(stmt, 1));
            break;
        }
    }
    stmt_end(stmt);
    buf_finish(&name);
    return status == 1 ? 0 : status < 0 ? status : STATUS_NOT_FOUND;
}

/* Where its messages are, and which is the last. A room where nothing was said has none. */
static int find_messages(struct export *export)
{
    struct store_db *db = export->db;
    sqlite3_stmt *stmt = stmt_begin(db, STMT_PLACE_OF_ROOM, "i", export->room);
    int status = stmt_step(db, stmt);
    export->place = status == 1 ? stmt_u64(stmt, 0) : 0;
    stmt_end(stmt);
    if (status == 1) {
        stmt = stmt_begin(db, STMT_MESSAGE_LAST, "i", (uint64_t)INT64_MAX);
        status = stmt_step(db, stmt);
        export->last = status == 1 ? stmt_u64(stmt, 0) : 0;
        stmt_end(stmt);
    }
    return status < 0 ? status : 0;
}

static int name_account(struct export *export, struct store_line *line)
{
    int status = 0;
    if (line->sender != export->named) {
        buf_clear(&export->account);
        export->named = line->sender;
        status = store_account_name(export->db, line->sender, &export->account);
    }
    line->account = buf_str(&export->account);
    return status;
}

/* A piece of it behind *after; 1 where it was the last. */
static int read_piece(struct export *export, uint64_t *after)
{
    unsigned rows = 0;
    int status;
    buf_clear(&export->out);
    sqlite3_stmt *stmt =
        stmt_begin(export->db, STMT_ALL_UP, "iii", export->place, *after + 1, export->last);
    while ((status = stmt_step(export->db, stmt)) == 1) {
        struct store_line line;
        store_line_read(stmt, &line);
        *after = line.seq;
        if (export->format == STORE_EXPORT_JSON) {
            int named = name_account(export, &line);
            if (named != 0) {
                status = named;
                break;
            }
            add_json_line(export, &line);
        } else {
            add_page_line(export, &line);
        }
        export->messages++;
        if (++rows == STORE_SCAN_ROWS) {
            break;
        }
    }
    stmt_end(stmt);
    return status < 0 ? status : status == 0;
}

static int write_piece(struct export *export, FILE *file, const char *path, struct buf *error)
{
    if (fwrite(export->out.p, 1, export->out.len, file) != export->out.len) {
        buf_printf(error, "%s: %s", path, strerror(errno));
        return errno == ENOSPC ? STATUS_FULL : STATUS_IO;
    }
    return 0;
}

static int write_all(struct export *export, FILE *file, const char *path,
                     const struct store_progress *progress, struct buf *error)
{
    int status = 0;
    if (export->format == STORE_EXPORT_HTML) {
        add_head(export);
        status = write_piece(export, file, path, error);
    }
    uint64_t after = 0;
    uint64_t first = 0;
    bool end = export->last == 0;
    while (status == 0 && !end) {
        status = read_piece(export, &after);
        end = status == 1;
        first = first == 0 ? after : first;
        status = status < 0 ? status : write_piece(export, file, path, error);
        /* Sequence numbers leave gaps, so this is only about right. */
        if (status == 0 && !store_goes_on(progress, after - first, export->last - first)) {
            status = STATUS_CLOSED;
        }
    }
    if (status == 0 && export->format == STORE_EXPORT_HTML) {
        buf_clear(&export->out);
        buf_add_cstr(&export->out, "</body>\n</html>\n");
        status = write_piece(export, file, path, error);
    }
    return status;
}

static int make_file(struct export *export, const char *path, const struct store_progress *progress,
                     struct buf *error)
{
    FILE *file = store_file_make(path, error);
    if (file == NULL) {
        return STATUS_IO;
    }
    int status = write_all(export, file, path, progress, error);
    if (status == 0) {
        status = store_file_finish(file, path, error);
    } else {
        fclose(file);
    }
    if (status != 0) {
        unlink(path);
    }
    return status;
}

int store_admin_export(struct store *store, struct str room_folded,
                       enum name_casemapping casemapping, enum store_export format,
                       const char *path, const struct store_progress *progress,
                       uint64_t *ret_messages, struct buf *error)
{
    struct store_db db;
    int status = store_db_open(&db, store->path, STORE_READER, error);
    if (status != 0) {
        return status;
    }
    struct export export = {.db = &db, .format = format};
    status = find_room(&export, room_folded, casemapping);
    if (status == STATUS_NOT_FOUND) {
        buf_add_cstr(error, "there is no such room");
    }
    if (status == 0) {
        status = find_messages(&export);
    }
    if (status == 0) {
        status = make_file(&export, path, progress, error);
    }
    store_say(error, status, db.reason);
    *ret_messages = export.messages;
    buf_finish(&export.name);
    buf_finish(&export.out);
    buf_finish(&export.account);
    store_db_close(&db);
    return status;
}
