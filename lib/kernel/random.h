/* Random arrays from Philox. */
#ifndef GAN_KERNEL_RANDOM_H
#define GAN_KERNEL_RANDOM_H

#include "base/philox.h"
#include "kernel/real.h"

enum {
    GAN__UNIFORM,  /* U(a, b): a to below b; a itself if a = b */
    GAN__NORMAL,   /* N(mean a, deviation b), Box and Muller 1958 */
    GAN__BERNOULLI /* b with probability a, else 0 */
};

typedef struct {
    int32_t kind;
    double a, b;
} gan__distribution;

/* Writes elements start to start + n - 1 of a random [rows, columns] array in row order to y. Row r
 * is sample first + r; where period > 0, it is sample first + r % period of stream
 * key.stream + r / period, so that two stacked batches draw like two batches. */
void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 int64_t period, int64_t columns, int64_t start, int64_t n, real *y);

#endif
