/*
 * Who of this edge's sessions gets what: their capabilities, the rooms they are in, and one
 * rendering of each message for each variant. Knows no sockets: it hands slices of runs to whoever
 * asked. The edge's thread.
 */
#ifndef MARU_FANOUT_H
#define MARU_FANOUT_H

#include "effect.h"
#include "map.h"
#include "run.h"

/* Tags differ by server-time and message-tags, so there are four forms of a message. */
enum { FANOUT_VARIANTS = 4 };

/* Bytes [offset, offset + len) of run, and the message they came from, for the session in `slot`.
 */
typedef void (*fanout_deliver_fn)(void *ctx, uint32_t slot, struct run *run, size_t offset,
                                  size_t len, const struct message *message);

/* A session's place in a room, from the session's side. */
struct fan_place {
    uint32_t room; /* index in fanout->rooms */
    uint32_t at;   /* index in its members */
};

struct fan_session {
    bool open; /* registered */
    uint8_t traits;
    uint8_t variant;
    uint16_t n_places;
    uint16_t cap_places;
    uint32_t caps;
    uint32_t seen; /* the last message that was delivered to it by AUDIENCE_ROOMS */
    session_id id;
    union {
        struct fan_place one; /* while cap_places is 0: most are in one room */
        struct fan_place *many;
    };
};

static inline const struct fan_place *fan_session_places(const struct fan_session *session)
{
    return session->cap_places > 0 ? session->many : &session->one;
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
    struct run *runs[FANOUT_VARIANTS]; /* of this turn; NULL until something is said */
    bool listed;                       /* in fanout->spoken */
};

struct fanout {
    struct fan_session *sessions; /* by slot */
    uint32_t n_slots;
    struct fan_room *rooms;
    uint32_t n_rooms;
    uint32_t cap_rooms;
    uint32_t *free_rooms;
    uint32_t n_free;
    uint32_t cap_free;
    struct map by_id; /* room_id → index + 1 */
    uint32_t *spoken; /* rooms with runs, to be forgotten at the end of the turn */
    uint32_t n_spoken;
    uint32_t cap_spoken;
    struct run *scratch[FANOUT_VARIANTS]; /* of this turn, for what is not said to one room */
    uint32_t stamp;
    fanout_deliver_fn deliver;
    void *ctx;
};

void fanout_init(struct fanout *fanout, fanout_deliver_fn deliver, void *ctx);
void fanout_finish(struct fanout *fanout);

/* A registered session begins and ends. */
void fanout_open(struct fanout *fanout, session_id id);
void fanout_close(struct fanout *fanout, session_id id);
/* NULL where the id's generation is not the one that is open. */
struct fan_session *fanout_session(struct fanout *fanout, session_id id);

/* Applies JOIN, PART, RANK, TRAITS, CAST and REPLY; other kinds are not its affair. Borrows. */
void fanout_apply(struct fanout *fanout, const struct effect *effect);

/* Bytes for one session outside of any effect. */
void fanout_say(struct fanout *fanout, uint32_t slot, struct str bytes);

/* Ends a turn: runs that are still in queues live on there. */
void fanout_end_turn(struct fanout *fanout);

#endif
