/* Keeps an eye on a trainer: the means of its metrics since the last record. */
#ifndef EXAMPLES_WATCH_H
#define EXAMPLES_WATCH_H

#include "metrics.h"

#include <gan/gan.h>

#include <stdbool.h>

enum { WATCH_METRICS = 16 }; /* room for; the trainer has fewer */

typedef struct {
    const gan_context *context;
    bool any;                     /* whether there were steps since the last record */
    int64_t steps[WATCH_METRICS]; /* with a value, since the last record */
    double sums[WATCH_METRICS];
    double last[WATCH_METRICS];
} watch;

/* Takes in the metrics of the trainer's last step. */
void watch_step(watch *w, const gan_trainer *trainer);

/* The mean of a metric since the last record; of counts and learning rates the last value. */
double watch_value(const watch *w, const char *metric);

/* Whether there were steps since the last record. */
bool watch_any(const watch *w);

/* Writes the metrics that have a value into a record that was begun, and starts over. */
void watch_write(watch *w, metrics *log);

#endif
