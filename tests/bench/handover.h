/* How near each other two threads are. */
#ifndef BENCH_HANDOVER_H
#define BENCH_HANDOVER_H

/* The time in seconds that a number which one thread has written takes to another, which the system
 * places as it likes: the mean over 3 milliseconds or more. */
double handover_seconds(void);

#endif
