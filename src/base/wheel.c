/* A hashed timer wheel. One thread at a time. */
#include "wheel.h"

#include <stddef.h>

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    *wheel = (struct wheel){.tick = now_ms / WHEEL_SLOT_MS};
}

void wheel_clear(struct wheel_timer *timer)
{
    if (timer->back == NULL) {
        return;
    }
    *timer->back = timer->next;
    if (timer->next != NULL) {
        timer->next->back = timer->back;
    }
    timer->next = NULL;
    timer->back = NULL;
}

void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t due_ms)
{
    wheel_clear(timer);
    /* Rounded up, so that nothing fires before its time; what is past goes into the next slot. */
    uint64_t tick = (due_ms + WHEEL_SLOT_MS - 1) / WHEEL_SLOT_MS;
    if (tick < wheel->tick) {
        tick = wheel->tick;
    }
    struct wheel_timer **slot = &wheel->slots[tick % WHEEL_SLOTS];
    timer->due_ms = due_ms;
    timer->next = *slot;
    timer->back = slot;
    if (*slot != NULL) {
        (*slot)->back = &timer->next;
    }
    *slot = timer;
}

struct wheel_timer *wheel_fire(struct wheel *wheel, uint64_t now_ms)
{
    uint64_t now_tick = now_ms / WHEEL_SLOT_MS;
    if (now_tick >= wheel->tick + WHEEL_SLOTS) {
        /* After a long sleep one round over all slots finds everything that is due. */
        wheel->tick = now_tick - WHEEL_SLOTS + 1;
    }
    while (wheel->tick <= now_tick) {
        struct wheel_timer *timer = wheel->slots[wheel->tick % WHEEL_SLOTS];
        while (timer != NULL && timer->due_ms > now_ms) {
            timer = timer->next; /* of a later round */
        }
        if (timer != NULL) {
            wheel_clear(timer);
            return timer;
        }
        if (wheel->tick == now_tick) {
            break;
        }
        wheel->tick++;
    }
    return NULL;
}
