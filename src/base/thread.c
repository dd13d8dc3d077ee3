/* How the system shares the processor among our threads. Any thread, for itself. */
#include "thread.h"

#include <sched.h>
#include <sys/resource.h>

enum { IDLE_NICE = 10 };

void thread_be_patient(void)
{
    const struct sched_param param = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &param);
}

void thread_be_idle(void)
{
    thread_be_patient();
    /* Linux takes this for the thread, not for the process. */
    (void)setpriority(PRIO_PROCESS, 0, IDLE_NICE);
}
