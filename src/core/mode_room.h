/*
 * One MODE command of a room on its way through its letters: cmd_mode_room.c walks, the other files
 * change lists and values. Pure; under the core's mutex.
 */
#ifndef MARU_MODE_ROOM_H
#define MARU_MODE_ROOM_H

#include "reply.h"

struct change {
    struct core *core;
    struct room *room;
    const struct input_line *in;
    bool on;
    bool from_outside; /* something took the power of a server operator */
    bool lasting;      /* what has changed is of the room, not of its members */
    bool powerless;    /* 482 was said; nothing is changed any more */
    unsigned param;    /* the next parameter */
    unsigned n_params_used;
    unsigned listed;     /* bits of lists that were shown */
    uint64_t unknown[2]; /* ASCII letters that 472 was said about */
    bool unknown_other;  /* … and of others */
    struct buf letters;  /* "+o-v", what has changed */
    struct buf params;   /* "철수 영희" */
    char sign;           /* the last one in `letters` */
};

/* A letter, and the lowest rank that may change it. */
struct room_mode {
    char letter;
    uint8_t rank;
    void (*change)(struct change *c, const struct room_mode *mode);
    uint32_t value; /* of a flag: RMODE_…; of a list: enum room_list */
};

/* What has changed is to be told; `param` is empty where the letter has none. */
void mode_changed(struct change *c, char letter, struct str param);
/* Whether `who` has that rank there, or is a server operator; otherwise 482 is said, once. */
bool mode_check_power(struct change *c, uint8_t rank);
void mode_invalid(struct change *c, char letter, struct str param, const char *why);
/* Takes the next parameter's index; false, and answered, where there is none. */
bool mode_take_param(struct change *c, char letter, const char *missing, unsigned *ret_index);
/* Whether somebody may be sent to that room from here: there is one, another one, that `who` runs,
 * too. Answers where not. */
bool mode_check_forward(struct change *c, char letter, struct str raw, struct str folded);

/* mode_room_list.c: b, e, I */
void mode_change_list(struct change *c, const struct room_mode *mode);

/* mode_room_value.c: k, l, f, F, j, W */
void mode_change_key(struct change *c, const struct room_mode *mode);
void mode_change_limit(struct change *c, const struct room_mode *mode);
void mode_change_forward(struct change *c, const struct room_mode *mode);
void mode_change_rate(struct change *c, const struct room_mode *mode);
void mode_change_slow(struct change *c, const struct room_mode *mode);

#endif
