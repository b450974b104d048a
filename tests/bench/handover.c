#include "handover.h"

#include "cases.h"
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

static const double LONG_ENOUGH = 0.003;

/* Odd: it is the other thread's turn; negative: there is none any more. */
static _Alignas(128) atomic_int_least64_t turn;

static void *answer(void *argument)
{
    int64_t seen = 0;
    while ((seen = atomic_load(&turn)) >= 0) {
        if (seen % 2 == 1) {
            atomic_fetch_add(&turn, 1);
        }
    }
    return argument;
}

/* Returns the seconds that it took. */
static double ask(int64_t times)
{
    const double start = now();
    for (int64_t i = 0; i < times; i++) {
        atomic_fetch_add(&turn, 1);
        while (atomic_load(&turn) % 2 == 1) {
        }
    }
    return now() - start;
}

double handover_seconds(void)
{
    pthread_t other;
    atomic_store(&turn, 0);
    if (pthread_create(&other, NULL, answer, NULL) != 0) {
        fail("no thread for the handover");
    }
    ask(1); /* the other one is there */
    int64_t times = 1;
    double seconds = ask(times);
    while (seconds < LONG_ENOUGH) { /* few where both are on one processor, and it takes long */
        times *= 2;
        seconds = ask(times);
    }
    atomic_store(&turn, -1);
    pthread_join(other, NULL);
    return seconds / (2 * (double)times);
}
