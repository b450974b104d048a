/* Matrix products that leave out the zeros of the first factor. */
#ifndef GAN_KERNEL_SPARSE_H
#define GAN_KERNEL_SPARSE_H

#include "kernel/factor.h"
#include "kernel/tile.h"

/* c = a b, or c += a b with `accumulate`, on the calling thread. c: [m, n], its rows and columns so
 * far apart, one of the two being 1; a: [m, k]; b: [k, n]. c must not overlap a or b. Each element
 * is the chain that gan__tiled_multiply makes, without the terms whose factor in a is zero: where b
 * is finite that gives the same bits, but for the sign of a zero. m, n and k at least 1. Takes some
 * 150 kB of stack. */
void gan__sparse_multiply(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                          gan__factor b, bool accumulate, real *c, int64_t c_row, int64_t c_column);

#endif
