/* The trainings of the benchmark of ring and grid: one for each seed, as many at a time as there
 * are threads. */
#ifndef EXAMPLES_TRAININGS_H
#define EXAMPLES_TRAININGS_H

#include "metrics.h"
#include "mixture.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TRAINING_RECORDS = 40, /* after that of the start */
    TRAINING_SHOWN = 1000, /* samples that are kept for a picture */
    TRAINING_MOMENTS = 5   /* of the first training, of which they are kept */
};

/* The records at which samples are kept. */
extern const int TRAINING_MOMENT[TRAINING_MOMENTS];

/* What a training leaves behind. */
typedef struct {
    int records;                                   /* so far; 0: it has not begun */
    bool over, whole;                              /* it has ended; and not before its time */
    mixture_figures figures[TRAINING_RECORDS + 1]; /* of the averaged generator */
    float *shown[TRAINING_MOMENTS];                /* [TRAINING_SHOWN, 2] or NULL */
} training;

typedef struct {
    const mixture *m;
    int64_t seeds, first; /* how many, and from which on */
    int64_t steps, batch; /* of each */
    int64_t samples;      /* that are scored */
    int32_t threads;      /* of all together; the results do not depend on it */
    metrics *log;         /* receives every score */
    training *trainings;  /* [seeds], zeroed before; the caller frees what is shown */

    /* Called for each training that is over, in the order of the seeds, by one thread at a time. */
    void (*report)(void *user, int64_t index);
    void *user;
} trainings;

/* Trains, until all are over or somebody interrupts; the first one begins in any case. */
void trainings_run(const trainings *all);

#endif
