/* Moving numbers between shapes: strided views and blocks. */
#ifndef GAN_KERNEL_MOVE_H
#define GAN_KERNEL_MOVE_H

#include "kernel/real.h"

#include <stdint.h>

enum { GAN__VIEW_RANK = 6 };

/* A strided look at an array: element (i0, i1, ...) stands at offset + sum i_k stride_k. A stride
 * of 0 repeats. */
typedef struct {
    int32_t rank;
    int64_t dims[GAN__VIEW_RANK], strides[GAN__VIEW_RANK];
    int64_t offset;
} gan__view;

/* Drops dimensions of length 1 and joins neighbours that run on, for longer inner runs. */
void gan__view_simplify(gan__view *view);

/* Copies elements start to start + n - 1 of the view, in row-major order of its dims, to y. */
void gan__view_read(const gan__view *view, const real *base, int64_t start, int64_t n, real *y);

/* Copies n contiguous numbers to elements start to start + n - 1 of the view. */
void gan__view_write(const gan__view *view, const real *x, int64_t start, int64_t n, real *base);

#endif
