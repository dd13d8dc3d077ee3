/*
 * What is to be kept of a message: the core says so with EFFECT_RECORD, the store writes it. The
 * message itself comes along in the effect (its line, client tags, msgid and time).
 */
#ifndef MARU_RECORD_H
#define MARU_RECORD_H

#include "ids.h"

#include <stdbool.h>

/* Numbers that stand on disk: never changed, never used again. */
enum record_kind {
    RECORD_PRIVMSG = 1,
    RECORD_NOTICE = 2,
    RECORD_TAGMSG = 3,
    RECORD_JOIN = 4,
    RECORD_PART = 5,
    RECORD_QUIT = 6,
    RECORD_NICK = 7,
    RECORD_TOPIC = 8,
    RECORD_MODE = 9,
    RECORD_KICK = 10,
};

/* Where something was said: in a room, or between two users. Identities, never names: whoever has a
 * nickname later is somebody else. */
struct place {
    room_id room; /* 0: a direct message */
    user_id a;    /* of a direct message: the smaller id … */
    user_id b;    /* … and the other (the same: to oneself) */
};

/* A QUIT or NICK is recorded once for each room that saw it: those have one message and one msgid
 * (that of message_seq) and sequence numbers of their own. */
struct record {
    uint64_t seq;         /* unique; its order is the order of history */
    uint64_t message_seq; /* that the msgid names; nearly always seq */
    struct place place;
    user_id sender;
    enum record_kind kind;
    bool refused; /* set by whoever routes it where the store takes no more: tell the sender */
};

/* How far an account has read a place (IRCv3 draft/read-marker). */
struct read_marker {
    account_id account;
    struct place place;
    uint64_t time_ms;
};

static inline struct place place_of_room(room_id room)
{
    return (struct place){.room = room};
}

static inline struct place place_between(user_id one, user_id other)
{
    return one < other ? (struct place){.a = one, .b = other}
                       : (struct place){.a = other, .b = one};
}

#endif
