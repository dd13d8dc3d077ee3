/* What a thread is to the others when they want the processor at the same time. Called on the
 * thread itself; where the system refuses, everything works as before. */
#ifndef MARU_THREAD_H
#define MARU_THREAD_H

/* Others wait for what it does, but not for a moment: woken, it does not interrupt whoever runs. */
void thread_be_patient(void);

/* Nobody waits for what it does: it takes what others leave, and a tenth where they leave nothing.
 */
void thread_be_idle(void);

#endif
