/*
 * A question about what was said: the core says who may read what (EFFECT_QUERY), a reader of the
 * store answers the asker's edge with EFFECT_REPLY, EFFECT_PIECE and EFFECT_ANSWERED. The reader
 * owns it; nothing in it changes, but that of a BETWEEN from a message to a time or the other way
 * round the reader finds out which is first.
 */
#ifndef MARU_QUERY_H
#define MARU_QUERY_H

#include "cap.h"
#include "ids.h"
#include "record.h"
#include "str.h"

enum query_kind {
    QUERY_HISTORY, /* messages of places[0]: draft/chathistory, and playback without a question */
    QUERY_TARGETS, /* which places have something new: CHATHISTORY TARGETS */
    QUERY_SEARCH,  /* messages that fit, in any of the places: soju.im/search */
};

/* Which end of what lies between the bounds is wanted; lines always come in order of seq. */
enum query_order {
    QUERY_FIRST,  /* the first `limit` after `from` (AFTER; BETWEEN forwards) */
    QUERY_LAST,   /* the last `limit` before `to` (LATEST, BEFORE; BETWEEN backwards) */
    QUERY_AROUND, /* half of them on either side of `from`, with it */
};

/* A bound excludes what it names. */
struct query_bound {
    enum { BOUND_NONE, BOUND_SEQ, BOUND_TIME } kind;
    uint64_t value; /* sequence number, or milliseconds since 1970 */
};

/* A place that the asker may read. */
struct query_place {
    struct place place;
    struct str name;    /* as the asker sees it: the room's, or the other's nickname */
    uint64_t since_seq; /* what is older is not for the asker; 0: nothing is */
};

struct query {
    enum query_kind kind;
    enum query_order order;
    session_id session;
    user_id asker;
    uint64_t fence_seq; /* shows nothing newer; begins when the store has finished what was posted
                           before it */
    cap_set caps;       /* of the asker: what its lines look like, and which kinds it gets */
    unsigned limit;     /* of messages or targets, 1 or more */
    struct query_bound from; /* what lies after … */
    struct query_bound to;   /* … and before */
    bool direct;             /* TARGETS, SEARCH: the asker's direct messages too, beside `places` */
    bool playback;      /* nobody asked (join) or an old client did: no FAIL, no empty batch; a line
                           without server-time begins its text with the time */
    struct str server;  /* this server's name, for lines of its own */
    struct str nick;    /* the asker's */
    struct str label;   /* of the command, for labeled-response; empty: none */
    struct str batch;   /* reference for its batch; unique in its session */
    struct str command; /* "CHATHISTORY" or "SEARCH", for FAIL */
    struct str subcommand;  /* "LATEST", for FAIL; may be empty */
    struct str target;      /* as it was asked, for FAIL; may be empty */
    struct str text;        /* SEARCH: words that must all be there; may be empty */
    struct str from_folded; /* SEARCH: only what this nickname said, folded; may be empty */
    const struct query_place *places;
    unsigned n_places;
};

/* One allocation with copies of everything; freed with free(). */
struct query *query_copy(const struct query *query);

#endif
