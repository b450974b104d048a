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

/* A place in a view: the position along each dimension, and where its element stands. */
typedef struct {
    int64_t at[GAN__VIEW_RANK];
    int64_t place;
} gan__view_cursor;

/* Goes to the place of element `index`, in row-major order of the view's dims. */
void gan__view_seek(const gan__view *view, int64_t index, gan__view_cursor *c);

/* Copies the next n elements of the view, at most those that are left, to y, and goes on to the one
 * behind them. */
void gan__view_read(const gan__view *view, const real *base, gan__view_cursor *c, int64_t n,
                    real *y);

/* Copies n contiguous numbers to the next n elements of the view, and goes on as well. */
void gan__view_write(const gan__view *view, const real *x, gan__view_cursor *c, int64_t n,
                     real *base);

#endif
