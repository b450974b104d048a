/* What is linked: the version of libgan, and what it computes with. This file is the one source of
 * the version: the build reads it from here. */
#ifndef GAN_VERSION_H
#define GAN_VERSION_H

#include <gan/types.h>

#define GAN_VERSION_MAJOR 0
#define GAN_VERSION_MINOR 1
#define GAN_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as major * 1000000 + minor * 1000 + patch.
 * A program may compare it with the GAN_VERSION_ numbers it was compiled with. Since 0.1. */
GAN_API int32_t gan_version(void);

/* The same as text, "major.minor.patch". Owned by the library, valid for ever. Since 0.1. */
GAN_API const char *gan_version_text(void);

/* Keys for gan_backend_text. */

/* The instruction set that was chosen for libgan's own loops when it was loaded: "x86-64-v4" (with
 * AVX-512), "x86-64-v3" (with AVX2), "aarch64", or "baseline", whatever the compiler was told.
 * Results do not depend on it. */
#define GAN_BACKEND_SIMD "simd"
/* Who makes matrix products if a context is not told otherwise: libgan's own functions for
 * "avx512", "avx2" or "aarch64", or "blas". Results do not depend on which of its own. */
#define GAN_BACKEND_PRODUCTS "products"
/* The BLAS that the library is linked with: "openblas", "blis", "mkl", or "other". */
#define GAN_BACKEND_BLAS "blas"
/* What it says about itself, such as "OpenBLAS 0.3.21 ... MAX_THREADS=64"; or "unknown". */
#define GAN_BACKEND_BLAS_VERSION "blas_version"
/* The kernels that the BLAS has chosen, in its own words, such as "SkylakeX" (OpenBLAS) or
 * "haswell" (BLIS); "unknown" where it does not tell. The products of the BLAS depend on it, in the
 * last bits. */
#define GAN_BACKEND_BLAS_CORE "blas_core"
/* "controlled": libgan makes the BLAS single-threaded while it computes, so that results do not
 * depend on any number of threads. "in turns": the same, but this BLAS may not be called by several
 * threads at a time (OpenBLAS built without threads or for OpenMP): one product is made after the
 * other, and more threads make little faster. "unknown": results do not depend on the number of
 * threads of libgan, as long as they do not on those the BLAS may have of its own. */
#define GAN_BACKEND_BLAS_THREADS "blas_threads"
/* The file that the BLAS's product was loaded from; the program or libgan itself where the BLAS is
 * linked statically; or "unknown". */
#define GAN_BACKEND_BLAS_FILE "blas_file"
/* The numbers that networks compute with: "float32". */
#define GAN_BACKEND_PRECISION "precision"

/* What the library computes with on this machine, for reports and for error messages of one's own.
 *   key  one of the keys above
 * Returns a text that is valid for ever, or NULL for NULL or another key. Since 0.1. */
GAN_API const char *gan_backend_text(const char *key);

/* The name of key `index`, counted from 0, or NULL after the last. Since 0.1. */
GAN_API const char *gan_backend_name(int32_t index);

#ifdef __cplusplus
}
#endif
#endif
