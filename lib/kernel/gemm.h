/* Matrix products: tiles of a size that depends on the shape only, run on the library's own
 * threads, each one a single-threaded BLAS call. So results do not depend on the thread count. */
#ifndef GAN_KERNEL_GEMM_H
#define GAN_KERNEL_GEMM_H

#include "base/context.h"
#include "kernel/real.h"

/* c = op(a) op(b), or c += op(a) op(b) with `accumulate`; op transposes if asked to. c: [m, n];
 * op(a): [m, k]; op(b): [k, n]; all row-major, each at most INT32_MAX in every dimension. c must
 * not overlap a or b. Call between gan__blas_enter and gan__blas_leave. */
void gan__gemm(gan_context *context, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
               int64_t k, const real *a, const real *b, bool accumulate, real *c);

/* The same on the calling thread alone, with the distance between rows of a, b and c given: for
 * pieces of larger work that is in parallel already. */
void gan__gemm_single(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                      const real *a, int64_t lda, const real *b, int64_t ldb, bool accumulate,
                      real *c, int64_t ldc);

/* The product of the BLAS itself, to find the file that it comes from. */
void (*gan__gemm_of_blas(void))(void);

#endif
