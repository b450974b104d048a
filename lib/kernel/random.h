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

/* Batches one behind the other, that draw as each would alone: row r of the stack is row r % rows
 * of a batch whose stream is r / rows * apart higher. */
typedef struct {
    int64_t rows;   /* of a batch; 0: there is one only */
    uint32_t apart; /* how far its streams are from those of the next */
} gan__stack;

/* Writes elements start to start + n - 1 of a random [rows, columns] array in row order to y. Row r
 * of a batch is sample first + r. */
void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 gan__stack stack, int64_t columns, int64_t start, int64_t n, real *y);

#endif
