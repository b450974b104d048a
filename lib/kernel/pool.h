/* Maxima over the windows of images. */
#ifndef GAN_KERNEL_POOL_H
#define GAN_KERNEL_POOL_H

#include "base/context.h"
#include "kernel/real.h"

/* x: [planes, h, w]; y: [planes, oh, ow], whose element (i, j) is made of the window that starts at
 * (i stride, j stride) of x. Every window starts within x; what it has outside is left out. A plane
 * of x has at most INT32_MAX elements. */
typedef struct {
    int64_t planes, h, w, oh, ow;
    int64_t size[2], stride[2]; /* rows, columns; at least 1 */
} gan__pooling;

/* The first of equals in the order of the window's rows, and NaN, win.
 *     pool:    y = the maximum of each window                                      y: y's shape
 *     scatter: y = sum of g over the windows that have their maximum here, else 0  g: y's shape
 *     gather:  y = h where x has the maximum of each window                        h: x's shape
 * Scatter and gather are linear in g and h, and each is the transpose of the other. */
void gan__pool(gan_context *context, const gan__pooling *p, const real *x, real *y);
void gan__pool_scatter(gan_context *context, const gan__pooling *p, const real *x, const real *g,
                       real *y);
void gan__pool_gather(gan_context *context, const gan__pooling *p, const real *x, const real *h,
                      real *y);

#endif
