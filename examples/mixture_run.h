/* The benchmark of ring and grid: a training for each seed, their figures beside those of a perfect
 * sampler and published ones, and pictures. */
#ifndef EXAMPLES_MIXTURE_RUN_H
#define EXAMPLES_MIXTURE_RUN_H

#include "mixture.h"

typedef struct {
    const char *out;
    int64_t seeds, first;          /* how many, and from which on */
    int64_t steps, batch, samples; /* 0 for the benchmark's own */
} mixture_settings;

/* Trains, prints, and writes metrics.jsonl, modes.png, modes.svg, curves.png and curves.svg. */
void mixture_run(gan_context *context, const mixture *m, const mixture_settings *settings);

#endif
