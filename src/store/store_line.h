/*
 * A message as it stands in the database: taken apart from the line that was sent, and read back.
 * Pure; any thread.
 */
#ifndef MARU_STORE_LINE_H
#define MARU_STORE_LINE_H

#include "message.h"
#include "record.h"
#include "status.h"

struct sqlite3_stmt;

/* Views into the message, or into the row until its statement goes on. */
struct store_line {
    uint64_t seq;
    uint64_t time_ms;
    enum record_kind kind;
    user_id sender;
    struct str source;  /* nick!user@host */
    struct str account; /* the name of the sender's account; set where somebody wants to know it */
    struct str target;  /* of direct messages: the nickname as it was; else empty */
    struct str text;    /* speech: the text; events: what stands behind the target in the line */
    struct str tags;    /* client-only tags; may be empty */
    uint64_t message_seq;
};

/* "PRIVMSG"; empty for a kind that is unknown. */
struct str store_kind_word(enum record_kind kind);
/* Whether the line has a target before its text; a QUIT and a NICK have none. */
bool store_kind_has_target(enum record_kind kind);

/* STATUS_MALFORMED where message->body is not one line of record->kind. */
int store_line_parse(const struct record *record, const struct message *message,
                     struct store_line *ret_line) MARU_CHECK;

/* The message that a reaction belongs to, by its tags; 0 where it is none, or not one of ours. */
uint64_t store_line_parent(const struct store_line *line, const char *server_part);

/* Of a row with STORE_COLUMNS. */
void store_line_read(struct sqlite3_stmt *stmt, struct store_line *ret_line);

#endif
