/* Sums and maxima along axes; how much of an array is zeros. */
#ifndef GAN_KERNEL_REDUCE_H
#define GAN_KERNEL_REDUCE_H

#include "base/context.h"
#include "kernel/real.h"

enum { GAN__REDUCE_RANK = 6 };

/* y = sum of x over some of its axes. x: [dims] row-major; keep[i] says whether axis i stays; y:
 * the kept axes in order. Accumulated in double, in an order that depends on the shape only. */
void gan__sum(gan_context *context, int32_t rank, const int64_t *dims, const bool *keep,
              const real *x, real *y);

/* Maxima over the middle axis of x: [outer, k, inner], k at most INT32_MAX; the first of equals,
 * and NaN, win.
 *     maximum: y[o, i] = max_j x[o, j, i]                                     y: [outer, inner]
 *     scatter: y[o, j, i] = g[o, i] where x[o, j, i] is the maximum, else 0   g: [outer, inner]
 *     gather:  y[o, i] = h[o, j, i] at the maximum's j                        h: [outer, k, inner]
 * Scatter and gather are linear in g and h, and each is the transpose of the other. */
void gan__maximum(gan_context *context, int64_t outer, int64_t k, int64_t inner, const real *x,
                  real *y);
void gan__maximum_scatter(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                          const real *x, const real *g, real *y);
void gan__maximum_gather(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                         const real *x, const real *h, real *y);

/* How much of x: [rows, columns], each at most INT32_MAX, is zeros, 0 to 1: estimated by a thousand
 * of its elements, always the same ones. */
double gan__share_of_zeros(int64_t rows, int64_t columns, const real *x);

#endif
