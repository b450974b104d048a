/* The innermost loop of the library's own matrix products, one for each level of processors. */
#ifndef GAN_KERNEL_TILE_H
#define GAN_KERNEL_TILE_H

#include "kernel/real.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GAN__TILE_VECTORS = 2,
    GAN__TILE_LANES_MAX = 64 / sizeof(real),
    GAN__TILE_LINE = 64 / sizeof(real), /* elements of a cache line */
    GAN__TILE_LINES = 5                 /* at most that gather makes at a time */
};

typedef struct {
    const char *level; /* of processors */
    int32_t rows;      /* at most; the other numbers of rows are the powers of two below */
    int32_t lanes;     /* of a vector; even */

    /* c = a b, or c += a b with `accumulate`. Each element is one chain of k fused multiply-adds,
     * from 0 or c.
     *   rows   of c
     *   width  columns of c: GAN__TILE_VECTORS vectors, one, or half of one
     *   a  [rows, k], its rows and columns a_row and a_column apart
     *   b  [k, width], its rows b_row apart
     *   c  [rows, width], its rows c_row apart */
    void (*run)(int32_t rows, int32_t width, int64_t k, const real *a, int64_t a_row,
                int64_t a_column, const real *b, int64_t b_row, bool accumulate, real *c,
                int64_t c_row);

    /* Copies a matrix [k, count] whose rows and columns stand so far apart, one of the two being 1,
     * to one whose rows are `width` apart. */
    void (*pack)(int64_t k, int64_t count, const real *from, int64_t row, int64_t column,
                 int64_t width, real *to);

    /* Lists the elements of a: [k] that are not zero (NaN is not), and their indices times `step`.
     * Returns how many; behind them, up to k, the lists hold anything. */
    int64_t (*compress)(int64_t k, const real *a, int64_t step, real *values, int32_t *places);

    /* The same as `run` for a single row of a that compress has listed: one chain of `count` fused
     * multiply-adds, from 0 or c.
     *   lines   of c, 1 to GAN__TILE_LINES, GAN__TILE_LINE columns each
     *   places  where in b the rows begin that the values multiply */
    void (*gather)(int32_t lines, int64_t count, const real *values, const int32_t *places,
                   const real *b, bool accumulate, real *c);
} gan__tile;

extern const gan__tile gan__tile_avx2, gan__tile_avx512, gan__tile_aarch64;

#endif
