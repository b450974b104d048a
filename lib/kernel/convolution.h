/* Convolution: three faces of one trilinear form
 *
 *     T(x, w, g) = sum of x[n, c, i S - P + r, j S - P + s] w[o, c, r, s] g[n, o, i, j]
 *
 * over all indices (x is 0 outside). dT/dg is the convolution of x by w, dT/dx the transposed
 * convolution of g by w, dT/dw the gradient by the kernel; each differentiates into the other two.
 * Samples go through as patch matrices, in pieces that stay in cache: there is never a patch matrix
 * of a whole batch. Where fewer products do, by tiles of results (kernel/winograd.h). */
#ifndef GAN_KERNEL_CONVOLUTION_H
#define GAN_KERNEL_CONVOLUTION_H

#include "base/context.h"
#include "kernel/real.h"

/* x: [n, c, h, w]; kernel: [o, c, kh, kw]; y: [n, o, oh, ow]. Rows and columns of padding are zeros
 * around x; what the last windows lack beyond the padding is zeros too. */
typedef struct {
    int64_t n, c, h, w, o, kh, kw, oh, ow;
    int64_t stride[2], pad[2]; /* rows, columns */
} gan__convolution;

/* How many elements of scratch the three calls need, a multiple of 64 bytes. */
int64_t gan__convolution_scratch(const gan__convolution *c);

/* y = x * kernel */
void gan__convolve(gan_context *context, const gan__convolution *c, const real *x,
                   const real *kernel, real *scratch, real *y);
/* dx = the transpose: x's shape from y's */
void gan__convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                         const real *kernel, real *scratch, real *dx);
/* dk = the gradient by the kernel */
void gan__convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                          const real *g, real *scratch, real *dk);

#endif
