/* Matrix products in bands, run on the library's own threads, each one on a single thread. Results
 * do not depend on the thread count: the bits of our own products depend on no bands, and those of
 * a BLAS are of a size that depends on the shape only. */
#ifndef GAN_KERNEL_GEMM_H
#define GAN_KERNEL_GEMM_H

#include "base/context.h"
#include "kernel/real.h"

/* c = op(a) op(b), or c += op(a) op(b) with `accumulate`; op transposes if asked to. c: [m, n];
 * op(a): [m, k]; op(b): [k, n]; all row-major, each at most INT32_MAX in every dimension. c must
 * not overlap a or b. Call between gan__products_enter and gan__products_leave. */
void gan__gemm(gan_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
               int64_t k, const real *a, const real *b, bool accumulate, real *c);

#endif
