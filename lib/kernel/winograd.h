/* Convolution by fewer products: the outputs of small tiles by Winograd's minimal filtering
 * (Winograd 1980; Lavin & Gray 2016, arXiv 1509.09308, equations 8 and 9), whose matrices are those
 * of Toom and Cook for the points 0, 1, -1, 2 and infinity.
 *
 * An image is dealt out by the strides into phases, so that its convolution is a sum of
 * convolutions of stride 1 by kernels of 2 or 3 taps. From each phase a tile of `points` x `points`
 * elements is transformed, D = B' d B; so are the kernels, U = G g G'; the products are matrix
 * products over channels and phases, one for each point; and A' (U D) A is the tile of outputs. */
#ifndef GAN_KERNEL_WINOGRAD_H
#define GAN_KERNEL_WINOGRAD_H

#include "kernel/convolution.h"

#include <stdbool.h>

/* Whether these calls are for this convolution, and the quicker way. */
bool gan__winograd_suits(const gan__convolution *c);

/* How many elements of scratch the three calls need, a multiple of 64 bytes. */
int64_t gan__winograd_scratch(const gan__convolution *c);

/* As those of convolution.h. */
void gan__winograd_convolve(gan_context *context, const gan__convolution *c, const real *x,
                            const real *kernel, real *scratch, real *y);
void gan__winograd_convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                                  const real *kernel, real *scratch, real *dx);
void gan__winograd_convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                                   const real *g, real *scratch, real *dk);

#endif
