/*
 * One message of a room as the user interface sees it. Main thread; no GTK.
 *
 * struct message is the record, whose strings belong to the message list; MaruMessage is a small
 * object with a copy of it, made only while a row shows it.
 */
#ifndef MARU_CHAT_MESSAGE_H
#define MARU_CHAT_MESSAGE_H

#include <glib-object.h>
#include <stdbool.h>
#include <stdint.h>

enum message_kind {
    MESSAGE_TEXT,
    MESSAGE_ACTION, /* /me */
    MESSAGE_NOTICE, /* a NOTICE to the room */
    MESSAGE_DIRECT, /* a private message to us, or from us: `target` then names who gets it */
    MESSAGE_ANNOUNCEMENT,
    MESSAGE_EVENT, /* joins, leaves, topics: about people */
    MESSAGE_QUIET, /* what the server or this program has to say */
    MESSAGE_WARNING,
    MESSAGE_GAP,       /* the server has messages here that are not loaded */
    MESSAGE_BEGINNING, /* before this the server has nothing */
};

enum message_state {
    MESSAGE_DELIVERED,
    MESSAGE_PENDING,    /* sent, and the server has not confirmed it */
    MESSAGE_FAILED,     /* the server refused it */
    MESSAGE_UNSURE,     /* the connection was lost before the confirmation */
    MESSAGE_NOT_STORED, /* delivered, but the server could not store it */
};

enum message_gap {
    GAP_IDLE,    /* to be loaded when it comes into view */
    GAP_LOADING, /* asked for */
    GAP_FAILED,  /* the server refused: only the person asks again */
    GAP_FULL,    /* the list holds as many rows as it may */
};

struct message {
    enum message_kind kind;
    enum message_state state;
    enum message_gap gap; /* MESSAGE_GAP */
    int64_t time_us;      /* wall clock, since 1970 */
    const char *sender;   /* "" where nobody speaks */
    const char *target;   /* MESSAGE_DIRECT that we sent: its recipient; MESSAGE_GAP and _BEGINNING:
                             the room; else "" */
    const char *text;
    const char *id; /* msgid; "" where there is none */
    union {
        const char *label; /* MESSAGE_PENDING: under which the echo will come; else "" */
        const char *after; /* MESSAGE_GAP: reference of what precedes it; "" where nothing does */
    };
    union {
        const char *note;   /* MESSAGE_FAILED: the server's reason; `removed`: who did it */
        const char *before; /* MESSAGE_GAP: reference of what follows it; "" while unknown */
    };
    bool own; /* we said it */
    bool mentions_me;
    bool removed; /* somebody took it back; the text is "" */
};

#define MARU_TYPE_MESSAGE (maru_message_get_type())
G_DECLARE_FINAL_TYPE(MaruMessage, maru_message, MARU, MESSAGE, GObject)

/* `continued` and `starts_day` as below; takes a copy of the record. */
MaruMessage *maru_message_new(const struct message *record, bool continued, bool starts_day);

/* Valid as long as the object. */
const struct message *maru_message_record(MaruMessage *message);

/* Whether rows of the two would look the same. */
bool maru_message_looks_same(MaruMessage *a, MaruMessage *b);

/* The same person goes on speaking, so that the row needs no name of its own. */
bool maru_message_is_continued(MaruMessage *message);

/* The first message of a day. */
bool maru_message_starts_day(MaruMessage *message);

/* Whether `next` directly after `previous` is a continuation of it. */
bool message_continues(const struct message *previous, const struct message *next);

/* People's words, which a server keeps in a room's history. */
bool message_is_said(const struct message *record);

/* Takes the text back; `by` must live as long as the record. */
void message_redact(struct message *record, const char *by);

/* Whether both fall on the same day of the local time zone. */
bool message_same_day(int64_t a_us, int64_t b_us);

#endif
