/* The mean and the covariance of a stream of vectors, in double.
 *
 * Vectors are taken in blocks of GAN__MOMENTS_BLOCK, whatever the calls they came in: a block is
 * centred on its own mean and merged with what was before by
 *     M <- M + M_block + n n_b / (n + n_b) delta delta^T,  mean <- mean + n_b / (n + n_b) delta,
 * delta being the difference of the two means: sound for any mean and any order.
 * Source: Chan, Golub and LeVeque 1983, Eq. 2.1, for pairs of elements. */
#ifndef GAN_EVAL_MOMENTS_H
#define GAN_EVAL_MOMENTS_H

#include "base/context.h"

enum { GAN__MOMENTS_BLOCK = 128 };

typedef struct {
    int64_t elements, padded; /* padded to whole lanes */
    int64_t merged, pending;  /* vectors in the sums, and in the buffer */
    double *mean;             /* [padded] */
    double *products;         /* [padded, padded]: M, blocks of lanes on and above the diagonal */
    double *panels;           /* [padded / LANES, BLOCK + 1, LANES]: the block that is merged */
    float *buffer;            /* [BLOCK, elements] */
} gan__moments;

/* Makes the arrays, if they are not there yet. Errors: MEMORY (nothing is changed). */
int32_t gan__moments_reserve(gan_context *context, int64_t elements, gan__moments *moments);

/* Takes n vectors; needs the arrays. x: [n, elements] */
void gan__moments_add(gan_context *context, gan__moments *moments, int64_t n, const float *x);

/* Writes mean and covariance (divisor n - 1) of all vectors so far, at least two; changes nothing.
 *   mean        [padded]
 *   covariance  [padded, padded], the diagonal and all above it; padding is 0 */
void gan__moments_finish(gan_context *context, const gan__moments *moments, double *mean,
                         double *covariance);

/* Forgets the vectors; keeps the arrays. */
void gan__moments_clear(gan__moments *moments);
void gan__moments_free(gan_context *context, gan__moments *moments);

#endif
