/* Bins that real vectors are divided into by k-means, and what share of a set falls into each. */
#ifndef GAN_EVAL_BINS_H
#define GAN_EVAL_BINS_H

#include "base/context.h"

typedef struct {
    int64_t count, elements;
    float *centres; /* [count, elements] */
    double *shares; /* [count]: of the vectors that the bins were made of */
    double *found;  /* [count]: of those looked at last */
    int64_t *at;    /* [room]: the bin of each vector */
    int64_t room;
} gan__bins;

/* Divides n vectors into at most `count` bins, at most n: seeds by k-means++, then rounds of
 * Lloyd's algorithm. The caller frees the bins, also after an error.
 *   x  [n, elements], finite
 * Sources: Arthur and Vassilvitskii 2007, k-means++; Lloyd 1982. Errors: MEMORY. */
int32_t gan__bins_make(gan_context *context, int64_t count, int64_t n, int64_t elements,
                       const float *x, uint64_t seed, gan__bins *bins);
void gan__bins_free(gan_context *context, gan__bins *bins);

/* Finds the shares of n vectors, at most those the bins were made of. x: [n, elements], finite */
void gan__bins_fill(gan_context *context, gan__bins *bins, int64_t n, const float *x);

/* The share of the first vectors whose bins those looked at last, n of them, hardly reach: less
 * than a tenth of what they should, in the bin and those within `reach` of it together. Bins that
 * should get fewer than 10 of n are left out; NaN if no bin is left. */
double gan__bins_missing(const gan__bins *bins, int64_t n, double reach);

/* Half the sum of the differences of the shares. */
double gan__bins_imbalance(const gan__bins *bins);

#endif
