/*
 * Who of this edge's sessions gets what: their capabilities, the rooms they are in, and one
 * rendering of each message for each variant. Knows no sockets: it hands slices of runs to whoever
 * asked. The edge's thread.
 *
 * What is said to a room goes into a run that grows; its members follow the run and are given all
 * of it in one slice when fanout_settle() is called, or earlier, up to there, when something else
 * is for them. So a message costs nothing for a member, and each session still gets its lines in
 * the order of the effects.
 */
#ifndef MARU_FANOUT_H
#define MARU_FANOUT_H

#include "cap.h"
#include "effect.h"
#include "map.h"
#include "run.h"

/* How lines leave: as they are, or each as a WebSocket message, of text or binary. */
enum framing { FRAMING_LINES, FRAMING_TEXT, FRAMING_BINARY, FRAMINGS };

enum {
    FANOUT_FORMS = 16, /* tags differ by server-time, message-tags, account-tag; several lines come
                          as one batch or not: forms of a message */
    FANOUT_VARIANTS = FANOUT_FORMS * FRAMINGS,
    FANOUT_CLASSES = 32, /* sets of capabilities and traits whose sessions can follow a run */
    FANOUT_NO_CLASS = UINT8_MAX,
};

/* Bytes [offset, offset + len) of run for the session in `slot`, and the message they are, where
 * they are one. */
typedef void (*fanout_deliver_fn)(void *ctx, uint32_t slot, struct run *run, size_t offset,
                                  size_t len, const struct message *message);

/* A session's place in a room, from the session's side. */
struct fan_place {
    uint32_t room; /* index in fanout->rooms */
    uint32_t at;   /* index in its members */
};

/* Sessions to which every message is for, or for none of them: one rendering serves all. */
struct fan_class {
    cap_set caps;
    uint8_t traits;
    uint8_t framing;
    uint32_t n; /* sessions; 0: free */
};

/* follows: what a session follows between two settlings; else 1 + an index in fanout->streams */
enum { FOLLOWS_NONE = 0, FOLLOWS_SINGLY = 0xffffff };

struct fan_session {
    union {
        struct fan_place one; /* while cap_log is 0: most are in one room */
        struct fan_place *many;
    };
    cap_set caps : CAP_SET_BITS;
    uint64_t traits : 8;
    uint64_t n_places : 16;
    uint32_t generation : 24; /* 0: not registered */
    uint32_t class : 8;       /* FANOUT_NO_CLASS: there were too many */
    uint32_t follows : 24;    /* FOLLOWS_SINGLY: it gets each message by itself */
    uint32_t cap_log : 5;
    uint32_t apart : 1; /* it never follows */
    uint32_t framing : 2;
    uint32_t seen; /* the last message that was delivered to it by AUDIENCE_ROOMS */
    uint32_t from; /* of the run that it follows: what it has not been given */
};

_Static_assert(sizeof(struct fan_session) == 32, "every idle client has one");

static inline const struct fan_place *fan_session_places(const struct fan_session *session)
{
    return session->cap_log > 0 ? session->many : &session->one;
}

struct fan_member {
    uint32_t slot;
    uint16_t place; /* index in the session's places */
    uint8_t rank;
};

struct fan_room {
    room_id id; /* 0: free */
    uint32_t n;
    uint32_t cap;
    struct fan_member *members;
    uint32_t stream; /* 1 + index in fanout->streams; 0: nothing was said since the last settling */
};

/* What was said to a room since the last settling. */
struct fan_stream {
    uint32_t room;    /* UINT32_MAX: it is no more */
    uint32_t present; /* classes of those who follow, as bits */
    struct run *runs[FANOUT_CLASSES];
    uint32_t *singles; /* slots of members who do not follow */
    uint32_t n_singles;
    uint32_t cap_singles;
};

struct fanout {
    unsigned edge;                /* the one in all sessions' ids */
    struct fan_session *sessions; /* by slot */
    uint32_t n_slots;
    struct fan_room *rooms;
    uint32_t n_rooms;
    uint32_t cap_rooms;
    uint32_t *free_rooms;
    uint32_t n_free;
    uint32_t cap_free;
    struct map by_id; /* room_id → index + 1 */
    struct fan_class classes[FANOUT_CLASSES];
    struct fan_stream **streams; /* those behind the first n_streams are kept for later */
    uint32_t n_streams;
    uint32_t cap_streams;
    struct run *scratch[FANOUT_VARIANTS]; /* of this turn, for what is not said to one room */
    struct buf lines;                     /* of a message that is being framed */
    struct run_pool pool;
    uint32_t stamp;
    fanout_deliver_fn deliver;
    /* Or NULL: bytes for a session may come. Called for all members of a room when it is first
     * spoken in: they are best served one after the other, since whoever waits for an answer of
     * the room waits for the last of them. */
    void (*announce)(void *ctx, uint32_t slot);
    void *ctx;
};

void fanout_init(struct fanout *fanout, fanout_deliver_fn deliver, void *ctx);
void fanout_finish(struct fanout *fanout);

/* A registered session begins and ends. */
void fanout_open(struct fanout *fanout, session_id id);
void fanout_close(struct fanout *fanout, session_id id);
/* From now on it gets each message by itself: it does not see bytes but messages. */
void fanout_set_apart(struct fanout *fanout, session_id id);
/* From now on its lines are framed so. */
void fanout_set_framing(struct fanout *fanout, session_id id, enum framing framing);
/* NULL where the id is another edge's or its generation is not the one that is open. */
struct fan_session *fanout_session(struct fanout *fanout, session_id id);

/* Applies JOIN, PART, RANK, TRAITS, CAST and REPLY; other kinds are not its affair. Borrows. */
void fanout_apply(struct fanout *fanout, const struct effect *effect);

/* Whole lines for one session outside of any effect. It need not be open: who it is and how its
 * lines leave are the caller's. */
void fanout_say(struct fanout *fanout, uint32_t slot, enum framing framing, struct str lines);

/* Gives everybody what was said to their rooms. Before anything is sent, and before anything that
 * has a place in the order is done to a session's output from outside. */
void fanout_settle(struct fanout *fanout);
/* The same for one session. */
void fanout_settle_session(struct fanout *fanout, session_id id);

/* Settles and ends a turn: runs that are still in queues live on there. */
void fanout_end_turn(struct fanout *fanout);

#endif
