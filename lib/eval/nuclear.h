/* Factors of covariances, and the sum of the singular values of a matrix (the nuclear norm). */
#ifndef GAN_EVAL_NUCLEAR_H
#define GAN_EVAL_NUCLEAR_H

#include "base/context.h"

/* Factors a positive semi-definite matrix into f^T f, by Cholesky's method with the greatest
 * diagonal element as the pivot; it ends where the rest is below n * 2^-52 of the first pivot.
 *   n  whole lanes of eval/dense.h
 *   c  [n, n], the diagonal and above are read; destroyed
 *   f  [n, n] receives the factor, one row a step
 * Returns the rank, the number of rows. Source: Higham 2002, section 10.3. */
int64_t gan__factor(gan_context *context, int64_t n, double *c, double *f);

/* The sum of the singular values of a: [rows, columns], rows >= columns >= 1, finite; destroyed.
 *   work  [gan__nuclear_work(rows, columns)]
 * Householder reduction to bidiagonal form (Golub and Kahan 1965), then bisection on its values: no
 * iteration that could fail. Each value is good to about n * 2^-53 of the greatest. */
double gan__nuclear_norm(gan_context *context, int64_t rows, int64_t columns, double *a,
                         double *work);
int64_t gan__nuclear_work(int64_t rows, int64_t columns);

#endif
