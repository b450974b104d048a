/* Convolution by fewer products: tiles of results by minimal filtering.
 *
 * An image is dealt out by the strides into phases, so that its convolution is a sum of
 * convolutions of stride 1 by kernels of 2 or 3 taps a side (one of 5 taps and stride 2 gets a row
 * and a column of zeros). Each tile of a phase is transformed, and each phase of the kernel; their
 * products, summed over channels and phases, are matrix products, one for each point; and what they
 * give is transformed to a tile of results. The gradients are the transposes of that. */
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
