/* The benchmark of Stacked MNIST: a classifier of digits, a training, and the modes of its samples.
 */
#ifndef EXAMPLES_STACKED_RUN_H
#define EXAMPLES_STACKED_RUN_H

#include <gan/gan.h>

#include <stdint.h>

typedef struct {
    const char *data, *classifier;   /* NULL: the shipped digits; one is trained */
    const char *out, *save, *resume; /* save, resume: NULL for none */
    int64_t classifier_epochs, filters;
    int64_t steps, batch, samples; /* 0 for the benchmark's own */
    int64_t seed;
} stacked_settings;

/* Trains, prints, and writes metrics.jsonl, samples.png, moments.png, curves.png, curves.svg and
 * the parameters of classifier and averaged generator. */
void stacked_run(gan_context *context, const stacked_settings *settings);

#endif
