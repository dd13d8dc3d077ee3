/*
 * What stays of a room when nobody is in it and when the server starts again: one immutable copy,
 * made by the core whenever it changes (EFFECT_ROOM), written by the store, and given back to a new
 * core before anybody comes in (INPUT_ROOM). Names are folded again then: the tables may be newer.
 */
#ifndef MARU_ROOM_STATE_H
#define MARU_ROOM_STATE_H

#include "ids.h"
#include "str.h"

/* An entry of a list of masks. */
struct room_state_mask {
    char list; /* 'b', 'e', 'I' */
    struct str mask;
    struct str mask_folded;
    struct str by;
    uint64_t set_ms;
    uint64_t until_ms; /* when it ends by itself; 0: never */
};

/* What an account is in a registered room, whenever it comes. */
struct room_state_rank {
    account_id account;
    uint8_t rank; /* RANK_… */
};

struct room_state {
    room_id id;
    struct str name;
    struct str folded;
    struct str skeleton;
    struct str modes;  /* letters: "ntf"; without k and l */
    struct str params; /* of those of them that have one, in their order, separated by spaces; a
                          room's name with a comma and its folded form behind it */
    struct str key;    /* empty: none */
    unsigned limit;    /* of members; 0: none */
    struct str topic;  /* empty: none */
    struct str topic_by;
    uint64_t topic_ms;
    uint64_t since_ms;
    uint64_t empty_ms;  /* since when nobody is in it; 0: somebody is */
    account_id founder; /* 0: it is not registered */
    uint64_t registered_ms;
    const struct room_state_mask *masks;
    unsigned n_masks;
    const struct room_state_rank *ranks; /* none where it is not registered */
    unsigned n_ranks;
};

/* One allocation with copies of everything; freed with free(). */
struct room_state *room_state_copy(const struct room_state *state);

#endif
