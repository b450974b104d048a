/* One row under a Parzen window: squared distances out of a matrix product, and the sums of
 * exponentials over them for several bandwidths at once.
 *
 * Precision. |r - s|^2 = |r|^2 - 2 r.s + |s|^2 cancels where the distance is small against the
 * norms, and the product is taken in `real`. With k elements in one product and rounding unit u the
 * error is at most
 *     slack = (k + 4) u (|r|^2 + |s|^2)
 * (Higham 2002, section 3.1; 4 for the rounding of centred values), and as a rule of the order of
 *     doubt = sqrt(k) u (|r|^2 + |s|^2),
 * since roundings go both ways. In the exponent that is doubt / (2 sigma^2): 784 elements with
 * |r|^2 = |s|^2 = 50 give 1.7e-4 and, for sigma = 0.1, 0.008 nats; memorised samples under a small
 * sigma would give anything. So where doubt / (2 sigma^2) exceeds 1e-6 nats an element (or 1e-3 in
 * all) for a bandwidth, the distances of the pairs that count for it are taken again, from the
 * caller's numbers, in double: those whose exponent may, by slack, be within REACH = 25 of the
 * greatest. With few elements that costs little. With many such pairs are few: REACH 2 sigma^2 is
 * then below 25000 doubt, a small part of the norms. What remains is an error below that limit a
 * row as a rule, of random sign. */
#ifndef GAN_EVAL_WINDOW_H
#define GAN_EVAL_WINDOW_H

#include "kernel/real.h"

#include <stdint.h>

enum {
    GAN__WINDOW_GROUP = 64, /* samples at a time: their distances stay in L1 */
    GAN__WINDOW_SIGMAS = 64 /* bandwidths at a time */
};

/* What all rows share. Numbers are the caller's, centred and times `scale` where it says scaled. */
typedef struct {
    int64_t elements;
    int64_t product_elements; /* of one matrix product, at most */
    const float *samples;     /* [samples, elements], the caller's */
    const float *rows;        /* [rows, elements], the caller's */
    double scale;
    int32_t sigmas;
    double widths[GAN__WINDOW_SIGMAS]; /* 2 sigma^2, scaled */
} gan__window;

/* A block of samples. */
typedef struct {
    int64_t first, count;
    const double *squares;  /* [count to the next full group]: |s|^2, scaled; infinite past count */
    const double *greatest; /* [groups]: the greatest finite square of each */
} gan__window_block;

/* A row, and what is known of it after some blocks. */
typedef struct {
    int64_t index;
    double square;  /* |r|^2, scaled */
    double nearest; /* the least squared distance so far, scaled; infinite at first */
    double *sums;   /* [sigmas]: of exp((nearest - distance) / width) */
} gan__window_row;

/* Takes in a block of samples.
 *   products  r.s scaled: [count to the next full group]
 *   earlier   what to add to products, from other elements; may be NULL */
void gan__window_add(const gan__window *window, const gan__window_block *block,
                     const real *products, const double *earlier, gan__window_row *row);

#endif
