/* Messages and rows. Pure; any thread. */
#include "store_line.h"

#include "msgid.h"
#include "store_db.h"
#include "tags.h"

static const struct str kind_words[] = {
    [RECORD_PRIVMSG] = {"PRIVMSG", 7}, [RECORD_NOTICE] = {"NOTICE", 6},
    [RECORD_TAGMSG] = {"TAGMSG", 6},   [RECORD_JOIN] = {"JOIN", 4},
    [RECORD_PART] = {"PART", 4},       [RECORD_QUIT] = {"QUIT", 4},
    [RECORD_NICK] = {"NICK", 4},       [RECORD_TOPIC] = {"TOPIC", 5},
    [RECORD_MODE] = {"MODE", 4},       [RECORD_KICK] = {"KICK", 4},
};

struct str store_kind_word(enum record_kind kind)
{
    size_t i = (size_t)kind;
    return i < sizeof(kind_words) / sizeof(kind_words[0]) ? kind_words[i] : (struct str){0};
}

bool store_kind_has_target(enum record_kind kind)
{
    return kind != RECORD_QUIT && kind != RECORD_NICK;
}

static struct str take_word(struct str *rest)
{
    const char *space = rest->len > 0 ? memchr(rest->p, ' ', rest->len) : NULL;
    struct str word = {rest->p, space != NULL ? (size_t)(space - rest->p) : rest->len};
    size_t used = word.len;
    while (used < rest->len && rest->p[used] == ' ') {
        used++;
    }
    *rest = (struct str){rest->p + used, rest->len - used};
    return word;
}

int store_line_parse(const struct record *record, const struct message *message,
                     struct store_line *ret_line)
{
    struct str rest = message->body;
    if (message->text.len > 0 && rest.len > 0) {
        /* Of several lines the first says who and where. */
        rest = str_split(&rest, '\n');
    }
    while (rest.len > 0 && (rest.p[rest.len - 1] == '\n' || rest.p[rest.len - 1] == '\r')) {
        rest.len--;
    }
    if (rest.len == 0 || rest.p[0] != ':' || memchr(rest.p, '\n', rest.len) != NULL) {
        return STATUS_MALFORMED;
    }
    rest.p++;
    rest.len--;
    struct store_line line = {
        .seq = record->seq,
        .time_ms = message->time_ms,
        .kind = record->kind,
        .sender = record->sender,
        .tags = message->tags,
        .message_seq = record->message_seq != 0 ? record->message_seq : record->seq,
    };
    line.source = take_word(&rest);
    struct str word = store_kind_word(record->kind);
    if (word.len == 0 || !str_eq(take_word(&rest), word)) {
        return STATUS_MALFORMED;
    }
    if (store_kind_has_target(record->kind)) {
        struct str target = take_word(&rest);
        if (target.len > 0 && target.p[0] == ':') {
            target = (struct str){target.p + 1, target.len - 1};
        }
        if (record->place.room == 0) {
            line.target = target;
        }
    }
    bool speech = record->kind == RECORD_PRIVMSG || record->kind == RECORD_NOTICE;
    if (speech && rest.len > 0 && rest.p[0] == ':') {
        rest.p++;
        rest.len--;
    }
    line.text = message->text.len > 0 ? message->text : rest;
    *ret_line = line;
    return 0;
}

uint64_t store_line_parent(const struct store_line *line, const char *server_part)
{
    struct str value;
    uint64_t parent;
    if (line->kind != RECORD_TAGMSG || line->tags.len == 0 ||
        (!tags_find(line->tags, STR("+draft/react"), &value) &&
         !tags_find(line->tags, STR("+draft/unreact"), &value)) ||
        (!tags_find(line->tags, STR("+reply"), &value) &&
         !tags_find(line->tags, STR("+draft/reply"), &value)) ||
        !msgid_parse(server_part, value, &parent) || parent >= line->seq) {
        return 0;
    }
    return parent;
}

void store_line_read(struct sqlite3_stmt *stmt, struct store_line *ret_line)
{
    *ret_line = (struct store_line){
        .seq = stmt_u64(stmt, 0),
        .time_ms = stmt_u64(stmt, 1),
        .kind = (enum record_kind)stmt_u64(stmt, 2),
        .sender = stmt_u64(stmt, 3),
        .source = stmt_str(stmt, 4),
        .target = stmt_str(stmt, 5),
        .text = stmt_str(stmt, 6),
        .tags = stmt_str(stmt, 7),
        .message_seq = stmt_u64(stmt, 8),
    };
    if (ret_line->message_seq == 0) {
        ret_line->message_seq = ret_line->seq;
    }
}
