/* The matrices of minimal filtering (Winograd 1980; Lavin & Gray 2016, arXiv 1509.09308), for two
 * dimensions at once: a tile of m x m results by a kernel of r x r taps takes n x n products, where
 * n = m + r - 1 are the points, instead of m m r r. */
#ifndef GAN_KERNEL_FILTER_H
#define GAN_KERNEL_FILTER_H

#include "kernel/tile.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    GAN__FILTER_POINTS_MAX = 5,
    GAN__FILTER_VECTOR = GAN__TILE_LINE /* numbers that are transformed side by side */
};

/* A matrix without its zeros. */
typedef struct {
    int32_t rows, columns;
    int32_t ends[GAN__FILTER_POINTS_MAX];                            /* of each row's terms */
    int32_t places[GAN__FILTER_POINTS_MAX * GAN__FILTER_POINTS_MAX]; /* of a term: its column, */
    real factors[GAN__FILTER_POINTS_MAX * GAN__FILTER_POINTS_MAX];   /* its value */
} gan__filter_matrix;

/* Results y of a tile from what it reads, d, and the kernel g: y = R ((K g K') . (D d D')) R',
 * where "." multiplies point by point. The gradients go back by the transposes. */
typedef struct {
    gan__filter_matrix image, image_back;   /* D: [points, points], and its transpose */
    gan__filter_matrix result, result_back; /* R: [results, points] */
    gan__filter_matrix kernel, kernel_back; /* K: [points, taps] */
} gan__filter;

/* points  4 to GAN__FILTER_POINTS_MAX
 * taps    2 to points - 1 */
gan__filter gan__filter_create(int64_t points, int64_t taps);

/* Vectors that stand in rows and columns so far apart. */
typedef struct {
    real *at;
    int64_t row, column;
} gan__square;

/* out = m in m', or out += m in m' with `accumulate`.
 *   in   m's columns, at least two, as many each way
 *   out  m's rows, at least two, as many each way */
void gan__filter_transform(const gan__filter_matrix *m, gan__square in, bool accumulate,
                           gan__square out);

#endif
