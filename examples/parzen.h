/* The Parzen-window score of a generator, as published: gan_parzen_protocol over data sets. */
#ifndef EXAMPLES_PARZEN_H
#define EXAMPLES_PARZEN_H

#include "metrics.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    PARZEN_SAMPLES = 10000,  /* drawn from the generator */
    PARZEN_VALIDATION = 1000 /* rows that choose the bandwidth, if there are so many */
};

typedef struct {
    double mean, standard_error; /* nats, of the scored rows */
    double sigma;                /* the bandwidth */
    bool edge;                   /* whether it is the least or the greatest of those tried */
} parzen;

/* Scores all rows of `scored` with the bandwidth that suits all rows of `validation` best.
 *   samples  [PARZEN_SAMPLES, elements of a row] */
parzen parzen_score(gan_context *context, const float *samples, gan_dataset *validation,
                    gan_dataset *scored);

/* Warns on stderr if the bandwidth is at an edge.
 *   whose  names the generator */
void parzen_warn(const parzen *p, const char *whose);

/* Writes mean, standard error, bandwidth and whether that is at an edge into a record that was
 * begun, under these keys. */
void parzen_write(const parzen *p, metrics *log, const char *mean, const char *standard_error,
                  const char *sigma, const char *edge);

#endif
