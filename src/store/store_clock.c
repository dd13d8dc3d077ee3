/* Two clocks side by side. Pure. */
#include "store_clock.h"

#include "store_limits.h"

int64_t store_clock_look(struct store_clock *clock, uint64_t wall_ms, uint64_t mono_ms)
{
    int64_t jump = 0;
    if (!clock->begun) {
        clock->begun = true;
        clock->since_ms = mono_ms;
    } else {
        jump = (int64_t)(wall_ms - clock->wall_ms) - (int64_t)(mono_ms - clock->mono_ms);
        if (jump < STORE_CLOCK_JUMP_MS && jump > -STORE_CLOCK_JUMP_MS) {
            jump = 0;
        } else {
            clock->since_ms = mono_ms;
        }
    }
    clock->wall_ms = wall_ms;
    clock->mono_ms = mono_ms;
    return jump;
}

bool store_clock_agrees(const struct store_clock *clock)
{
    return clock->begun && clock->mono_ms - clock->since_ms >= STORE_CLOCK_AGREED_MS;
}
