/* Convolution by fewer products: tiles of results by minimal filtering.
 *
 * An image is dealt out by the strides into phases, so that its convolution is a sum of
 * convolutions of stride 1 by kernels of 2 or 3 elements a side (with a stride of 2 and an odd
 * side, some phases of the kernel get zeros). Each tile of a phase is transformed, and each phase
 * of the kernel; their products, summed over channels and phases, are matrix products, one for each
 * point; and what they give is transformed to a tile of results. The gradients are the transposes
 * of that.
 *
 * A transformed image can be 36 times as large as the image: beyond a 36th of the greatest number
 * results may be no numbers where sums of products would not be; and one infinity takes the numbers
 * from the whole tiles that read it, not only from the results that do. */
#ifndef GAN_KERNEL_WINOGRAD_H
#define GAN_KERNEL_WINOGRAD_H

#include "kernel/convolution.h"

#include <stdbool.h>

/* Whether this convolution can be made so and is quicker for it. Nothing below is for others. */
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
