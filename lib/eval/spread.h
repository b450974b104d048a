/* How far the vectors of a set are from each other: the distances of all pairs. */
#ifndef GAN_EVAL_SPREAD_H
#define GAN_EVAL_SPREAD_H

#include "eval/pairs.h"

typedef struct {
    gan__pairs pairs;
    int64_t count, pair_count; /* vectors; n (n - 1) / 2 */
    double *centre;            /* [elements] */
    double *distances;         /* [pair_count]: of 0 to 1, 2, ..., of 1 to 2, 3, ... */
    double *nearest;           /* [count]: the distance to the nearest other vector */
} gan__spread;

/* Makes the arrays for sets of `count` vectors, at least 2. The caller frees them, also after an
 * error. Errors: MEMORY. */
int32_t gan__spread_make(gan_context *context, int64_t count, int64_t elements,
                         gan__spread *spread);
void gan__spread_free(gan__spread *spread);

/* Measures a set: distances, to three digits or better, and what is nearest.
 * x: [count, elements], finite */
void gan__spread_measure(gan__spread *spread, const float *x);

/* The mean of n numbers, and that of rank share * (n - 1) from below, which puts them into another
 * order. numbers: [n], n at least 1 */
double gan__mean_of(int64_t n, const double *numbers);
double gan__quantile_of(int64_t n, double *numbers, double share);

/* How many of n numbers are at most `limit`. */
int64_t gan__count_within(int64_t n, const double *numbers, double limit);

#endif
