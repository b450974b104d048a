/* The BLAS of this process: its product, which one it is, and its threads. */
#ifndef GAN_KERNEL_BLAS_H
#define GAN_KERNEL_BLAS_H

#include "kernel/real.h"

#include <stdbool.h>
#include <stdint.h>

/* Makes the BLAS single-threaded, and puts its setting back. Where the setting belongs to the
 * process, the first thread in saves it and the last one out restores it; where each thread has its
 * own, each does so for itself. OpenBLAS, BLIS and MKL are known; the threads of any other BLAS are
 * left as they are, and then results may depend on them. */
void gan__blas_enter(void);
void gan__blas_leave(void);

/* c = op(a) op(b), or c += op(a) op(b) with `accumulate`, on the calling thread; op transposes if
 * asked to. c: [m, n]; op(a): [m, k]; op(b): [k, n]; lda, ldb and ldc are the distances between the
 * rows of a, b and c as they stand, all at most INT32_MAX. c must not overlap a or b. Waits for its
 * turn where the BLAS cannot serve several threads at a time. Call between gan__blas_enter and
 * gan__blas_leave. */
void gan__blas_multiply(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                        const real *a, int64_t lda, const real *b, int64_t ldb, bool accumulate,
                        real *c, int64_t ldc);

/* What gan_backend_text says. Valid for ever; "unknown" where the BLAS does not tell. */
const char *gan__blas_name(void);
const char *gan__blas_version(void);
const char *gan__blas_core(void);
const char *gan__blas_file(void);
const char *gan__blas_threads(void);

#endif
