/* The matrix products of a context: our own on processors with fused multiply-adds, those of the
 * BLAS on others, or as the user has chosen. */
#ifndef GAN_KERNEL_PRODUCT_H
#define GAN_KERNEL_PRODUCT_H

#include "base/context.h"
#include "kernel/factor.h"
#include "kernel/tile.h"

/* Who makes them, by the context's choice on this processor: a tile of our own, or NULL for the
 * BLAS. */
const gan__tile *gan__products_tile(const gan_context *context);

/* Before and after products of this context: where the BLAS makes them, its threads are held. */
void gan__products_enter(const gan_context *context);
void gan__products_leave(const gan_context *context);

/* c = a b, or c += a b with `accumulate`, on the calling thread. c: [m, n], its rows c_row apart;
 * a: [m, k]; b: [k, n]; all dimensions and distances at most INT32_MAX. c must not overlap a or b.
 * tile is gan__products_tile's. Call between gan__products_enter and gan__products_leave. */
void gan__product(const gan__tile *tile, int64_t m, int64_t n, int64_t k, gan__factor a,
                  gan__factor b, bool accumulate, real *c, int64_t c_row);

/* For a first factor that is used more than once: copies a: [m, k] to strips: [m k] elements, which
 * factors may name then. Where the BLAS multiplies, nothing is done, nor are they looked at. The
 * context's threads share the work: not to be called by one of their tasks. */
void gan__product_pack(gan_context *context, int64_t m, int64_t k, gan__factor a, real *strips);

#endif
