/* Element-wise kernels over short runs of numbers that stay in the first-level cache. */
#ifndef GAN_KERNEL_ELEMENT_H
#define GAN_KERNEL_ELEMENT_H

#include "kernel/real.h"

#include <stdint.h>

/* y[i] = f(a[i], b[i]) for i < n. Unary functions ignore b; scale and shift are read by affine
 * only. y may be a or b, but must not overlap them otherwise. NaN in gives NaN out, except for
 * greater. */
typedef void (*gan__element_fn)(int64_t n, const real *a, const real *b, real scale, real shift,
                                real *y);

void gan__element_affine(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
void gan__element_exp(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
void gan__element_log(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
void gan__element_sqrt(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
/* 1 / a */
void gan__element_reciprocal(int64_t n, const real *a, const real *b, real scale, real shift,
                             real *y);
void gan__element_tanh(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
/* 1 / (1 + exp(-a)) */
void gan__element_sigmoid(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
/* log(1 + exp a), exact to rounding at both ends */
void gan__element_softplus(int64_t n, const real *a, const real *b, real scale, real shift,
                           real *y);
void gan__element_add(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
void gan__element_subtract(int64_t n, const real *a, const real *b, real scale, real shift,
                           real *y);
void gan__element_multiply(int64_t n, const real *a, const real *b, real scale, real shift,
                           real *y);
void gan__element_maximum(int64_t n, const real *a, const real *b, real scale, real shift, real *y);
/* 1 where a > b, else 0 */
void gan__element_greater(int64_t n, const real *a, const real *b, real scale, real shift, real *y);

/* The sum of a[0..n-1] in double, in an order that depends on n only. */
double gan__element_sum(int64_t n, const real *a);

#endif
