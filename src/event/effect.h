/*
 * What comes out of the core: effects, in one order. Each names an audience, never a list of
 * recipients, so that what the core does for a message does not grow with the room.
 */
#ifndef MARU_EFFECT_H
#define MARU_EFFECT_H

#include "account_state.h"
#include "cap.h"
#include "ids.h"
#include "message.h"
#include "query.h"
#include "record.h"
#include "room_state.h"
#include "settings.h"

enum effect_kind {
    EFFECT_REPLY,      /* message->body to `session`, as it is: whole lines with their tags */
    EFFECT_CAST,       /* message to `audience` */
    EFFECT_REGISTERED, /* `session` is admitted; message->body is its nickname */
    EFFECT_REFUSED,    /* `session` is not admitted: `refusal`; message->body is the answer */
    EFFECT_JOIN,       /* `session` is in `room` now, with `rank` */
    EFFECT_PART,       /* … and no longer */
    EFFECT_RANK,       /* … has `rank` there now */
    EFFECT_TRAITS,     /* `session` has `caps` and `traits` now */
    EFFECT_NICK,       /* `session` is called message->body now */
    EFFECT_VERIFY, /* check message->body, a password, against `account`, or, where that is NULL,
                      against operator `operator_index`, and answer with INPUT_VERDICT */
    EFFECT_HASH,   /* make keys of message->body, a password, and answer with INPUT_HASHED */
    EFFECT_SASL,   /* `session`, a user already, says AUTHENTICATE: message->body is its nickname, a
                      space, and the parameter. Its edge lets no later line of it through meanwhile
                      */
    EFFECT_CREDENTIALS, /* the answer to INPUT_CREDENTIALS: `account`, or NULL where there is no
                           such account, or none that may be logged in to, or, where `failed`,
                           there were too many attempts, whether there is one or not */
    EFFECT_SIGNUP,      /* to a session that is no user yet: message->body are the lines that answer
                           its REGISTER or VERIFY; `account`: it is logged in to that; NULL: not */
    EFFECT_OUTSIDE,     /* from the daemon to an edge: whether who was asked says that the password
                           of `session` is `right`; `failed`: there was no answer */
    EFFECT_ROSTER,      /* message->body is "/a/b/c", for a classic client */
    EFFECT_CLOSE,       /* close `session` after message->body, its last line */
    EFFECT_SETTINGS,    /* `settings`: to every edge */
    EFFECT_LOG,         /* to the daemon: `log` and message->body, a sentence */
    EFFECT_REHASH,      /* to the daemon: an operator wants the configuration read again */
    EFFECT_MAIL,        /* to the daemon: send account->code to account->email */
    EFFECT_STOP,        /* from the daemon to every edge: send message->body to everybody and end */

    /* From the core to the store. */
    EFFECT_RECORD,    /* keep `message` as `record` says; also to the edge of `session`, who said it
                         (0:    an event, which nobody waits for) */
    EFFECT_ROOM,      /* keep `room_state` (its target frees it) … */
    EFFECT_ROOM_GONE, /* … or forget `room` with all that was said there */
    EFFECT_QUERY,     /* answer `query` (its target frees it); its session is held meanwhile */
    EFFECT_ACCOUNT, /* keep `account`. Answered by INPUT_ACCOUNT_STORED where session is not 0 … */
    EFFECT_ACCOUNT_GONE, /* … or forget account `gone` with its read markers */
    EFFECT_MARKER,       /* keep `marker` */
    EFFECT_REDACT, /* take away what `redaction` names; message->body is the reason. Answered by
                      INPUT_REDACTED */

    /* From the store to an edge. */
    EFFECT_STORED,   /* all records up to `seq` are finished: on disk, or, where `failed`, lost */
    EFFECT_PIECE,    /* a part of an answer to `session` was sent: say when it has drained */
    EFFECT_ANSWERED, /* its answer is complete: INPUT_ANSWERED frees it */
};

/* A member's ranks in a room, as bits: each alone is greater than all lower ones together, so that
 * sets of them compare by the highest. They stand on disk. */
enum {
    RANK_VOICE = 1,    /* + */
    RANK_HALFOP = 4,   /* % */
    RANK_OP = 8,       /* @ */
    RANK_ADMIN = 16,   /* & */
    RANK_FOUNDER = 32, /* ~ */
};

/* What the edge must know of a session beside its capabilities. */
enum {
    TRAIT_WALLOPS = 1,
    TRAIT_OPERATOR = 2,
    /* It wants to hear of a metadata key: the commonest have a trait of their own, the others share
       the last one. Hearing of a key that one did not ask for does no harm. */
    TRAIT_KEY_DISPLAY_NAME = 16,
    TRAIT_KEY_AVATAR = 32,
    TRAIT_KEY_OTHER = 64,
};

enum refusal {
    REFUSED_NICK, /* the session may try another nickname */
    REFUSED_FULL, /* message->body is an ERROR line; close */
};

enum audience_kind {
    AUDIENCE_SESSION, /* `session` alone */
    AUDIENCE_ROOM,    /* members of `room` */
    AUDIENCE_ROOMS,   /* everybody in any of message->rooms, once; see n_closed */
    AUDIENCE_ALL,     /* every registered session */
};

struct audience {
    enum audience_kind kind;
    cap_set caps_with;    /* only sessions with all of these capabilities */
    cap_set caps_without; /* … and none of these */
    uint8_t rank_min;     /* AUDIENCE_ROOM: only members of at least this rank; 0: all */
    uint8_t traits;       /* only sessions with all of these traits */
    session_id session;   /* AUDIENCE_SESSION: to it; else: to everybody but it (0: no exception) */
    room_id room;
};

/* What a log event is about; the daemon words the fields. */
enum log_topic {
    LOG_CONNECT,
    LOG_LEAVE,
    LOG_ANNOUNCE,
    LOG_REFUSE,
    LOG_OPERATOR,
    LOG_CHAT,
    LOG_NICK
};

/* Who wants something unsaid, and whether the core lets others' words be taken away, too. */
struct redaction {
    uint64_t seq;
    struct place place;
    user_id by;
    bool any_sender; /* not only what `by` said */
};

struct effect {
    enum effect_kind kind;
    uint8_t rank;
    uint8_t traits;
    enum refusal refusal;
    enum log_topic log;
    cap_set caps;
    unsigned operator_index;
    unsigned clients; /* EFFECT_REFUSED for REFUSED_FULL: how many there are */
    session_id session;
    room_id room;
    uint64_t seq; /* EFFECT_REPLY: an echo, held back until this is stored; 0: not held back */
    bool failed;  /* EFFECT_STORED, EFFECT_CREDENTIALS, EFFECT_OUTSIDE */
    bool right;   /* EFFECT_OUTSIDE */
    union {
        struct audience audience;
        struct record record;
        struct redaction redaction;
        struct read_marker marker;
        account_id gone;
        struct room_state *room_state;
        struct query *query;
    };
    struct message *message; /* one reference for each target; NULL where none is named above */
    struct settings *settings;
    struct account_state *account; /* one reference for each target */
};

#endif
