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
    const room_id *rooms;
};

/* What to make one of; the views are copied. */
struct message_parts {
    uint64_t time_ms;
    struct str msgid;
    struct str account;
    struct str tags;
    struct str body;
    const room_id *rooms;
    uint32_t n_rooms;
    uint32_t n_closed;
};

/* One allocation holds it all. It begins with one holder. */
struct message *message_create(const struct message_parts *parts);
void message_unref(struct message *message);

/* Appends the message as a recipient with these capabilities gets it: `@time=…;account=…;msgid=… `
 * as server-time, account-tag and message-tags ask for it, then the body. */
void message_render(const struct message *message, cap_set caps, struct buf *out);

/* Appends "2026-11-22T21:40:00.123Z" (IRCv3 server-time). */
void message_add_time(struct buf *out, uint64_t time_ms);

#endif
