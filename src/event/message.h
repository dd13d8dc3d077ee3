/*
 * An immutable message, rendered once and shared by every edge that delivers it. The core makes it,
 * whoever routes it sets the number of holders, each holder unrefs it once.
 */
#ifndef MARU_MESSAGE_H
#define MARU_MESSAGE_H

#include "buf.h"
#include "cap.h"
#include "ids.h"
#include "lock.h"
#include "str.h"

struct message {
    struct refcount holders;
    uint32_t n_rooms;   /* of AUDIENCE_ROOMS */
    uint32_t n_closed;  /* the last so many of them: only members with a rank see it there */
    uint64_t time_ms;   /* for server-time */
    struct str msgid;   /* empty where it has none */
    struct str account; /* its sender's, for account-tag; empty: none */
    struct str tags;    /* client-only tags, escaped, "+a=b;+c"; empty where there are none */
    struct str body; /* whole lines with CR LF, without tags; or other bytes as the effect says */
    /* Of a message of several lines (IRCv3 draft/multiline); else empty. The body has its lines
     * that are not blank, each by itself. */
    struct str multi; /* its form as a batch: whole lines, each behind one of MULTI_… */
    struct str text;  /* what was said, with line feeds */
    const room_id *rooms;
};

/* Before each line of message->multi. */
enum {
    MULTI_OPEN = 'O',   /* the batch begins: gets the message's tags */
    MULTI_LINE = 'L',   /* in the batch */
    MULTI_CONCAT = 'C', /* the same, going on where the line before ended */
    MULTI_CLOSE = 'E',  /* the batch ends */
};

/* What to make one of; the views are copied. */
struct message_parts {
    uint64_t time_ms;
    struct str msgid;
    struct str account;
    struct str tags;
    struct str body;
    struct str multi;
    struct str text;
    const room_id *rooms;
    uint32_t n_rooms;
    uint32_t n_closed;
};

/* One allocation holds it all. It begins with one holder. */
struct message *message_create(const struct message_parts *parts);
void message_unref(struct message *message);

/* Appends the message as a recipient with these capabilities gets it: `@time=…;account=…;msgid=… `
 * as server-time, account-tag and message-tags ask for it, then the body. A message of several
 * lines comes as a batch to those with draft/multiline and batch, as single lines to others. */
void message_render(const struct message *message, cap_set caps, struct buf *out);

/* Appends "2026-11-22T21:40:00.123Z" (IRCv3 server-time). */
void message_add_time(struct buf *out, uint64_t time_ms);

#endif
