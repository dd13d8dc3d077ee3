/*
 * Timers by the thousand: a hashed wheel of coarse slots. Setting and clearing cost O(1); a timer
 * fires at its time or up to one slot later. One thread at a time.
 */
#ifndef MARU_WHEEL_H
#define MARU_WHEEL_H

#include <stdint.h>

enum { WHEEL_SLOTS = 512, WHEEL_SLOT_MS = 64 };

/* Inside the object that waits; zeroed is "not set". */
struct wheel_timer {
    struct wheel_timer *next;
    struct wheel_timer **back; /* what points here; NULL while not set */
    uint64_t due_ms;
};

struct wheel {
    struct wheel_timer *slots[WHEEL_SLOTS];
    uint64_t tick; /* the next tick that was not yet fired: due_ms / WHEEL_SLOT_MS */
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);

/* Sets it, or moves it if it was set. */
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ms);
void wheel_clear(struct wheel_timer *timer);

/* Takes off one timer that is due, or returns NULL once there is none; call it until then. */
struct wheel_timer *wheel_fire(struct wheel *wheel, uint64_t now_ms);

#endif
