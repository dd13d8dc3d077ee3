/* The two clocks of the system, in milliseconds. Any thread. What must be deterministic (core,
 * session, proto) takes times as inputs instead. */
#ifndef MARU_CLOCK_H
#define MARU_CLOCK_H

#include <stdint.h>

/* Since some moment before the process began; never goes back. For intervals and timers. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

/* Since 1970-01-01T00:00:00Z; may jump when somebody sets the clock. For what people read. */
uint64_t clock_wall_ms(void);

#endif
