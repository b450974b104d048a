/* The context: memory, worker threads and the last error message of everything made from it. */
#ifndef GAN_CONTEXT_H
#define GAN_CONTEXT_H

#include <gan/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns `size` bytes aligned for any basic type, or NULL when there are none. `size` is never 0.
 * Called only on threads that are inside a libgan call. */
typedef void *(*gan_allocate_fn)(void *user, size_t size);

/* Releases what the allocate function returned. `memory` is never NULL. */
typedef void (*gan_release_fn)(void *user, void *memory);

/* Makes a context that uses malloc and free, and as many threads as the process may run on.
 * Threads start when the first large piece of work comes.
 *   out  receives the context; the caller frees it
 * Errors: ARGUMENT (out is NULL), MEMORY. Since 0.1. */
GAN_API int32_t gan_context_create(gan_context **out);

/* The same with the caller's allocator, which then serves every allocation of the library.
 *   allocate, release  both needed; must be callable until the last object is freed
 *   user               handed to both
 *   out                receives the context; the caller frees it
 * Errors: ARGUMENT (a function or out is NULL), MEMORY. Since 0.1. */
GAN_API int32_t gan_context_create_with_allocator(gan_allocate_fn allocate, gan_release_fn release,
                                                  void *user, gan_context **out);

/* Releases the context. Objects made from it stay usable and release the rest with the last of
 * them. NULL does nothing. Since 0.1. */
GAN_API void gan_context_free(gan_context *context);

/* The message of the last call that failed on this context or an object made from it, one line
 * without a newline; "" if none failed. Owned by the context, overwritten by the next failure.
 * For NULL a text that says so. Since 0.1. */
GAN_API const char *gan_context_message(const gan_context *context);

/* Sets how many threads the library may use, the calling one included.
 *   threads  1 to 256; results do not depend on it, to the last bit (where a BLAS makes the
 *            products: OpenBLAS, BLIS, MKL or one without threads of its own)
 * Errors: ARGUMENT (context is NULL), RANGE. Since 0.1. */
GAN_API int32_t gan_context_set_threads(gan_context *context, int32_t threads);

/* How many threads the library may use; 0 for NULL. Since 0.1. */
GAN_API int32_t gan_context_threads(const gan_context *context);

/* Who makes matrix products, for gan_context_set_products. */

/* The library's own functions on x86-64 with AVX2 and FMA and on 64-bit Arm, the BLAS on other
 * processors. The default. */
#define GAN_PRODUCTS_AUTO "auto"
/* The library's own: each element of a product is one chain of fused multiply-adds, the same bits
 * on all these processors and with any BLAS. */
#define GAN_PRODUCTS_OWN "own"
/* The BLAS that the library is linked with. */
#define GAN_PRODUCTS_BLAS "blas"

/* Sets who makes matrix products from the next call on, for the context and all objects made from
 * it.
 *   products  one of the names above
 * Errors: ARGUMENT (NULL), KEY (another name), UNSUPPORTED (own, on another
 * processor). Since 0.1. */
GAN_API int32_t gan_context_set_products(gan_context *context, const char *products);

/* Who makes matrix products here, what "auto" comes to included: "own" or "blas"; NULL for NULL.
 * Valid for ever. Since 0.1. */
GAN_API const char *gan_context_products(const gan_context *context);

/* Bytes of memory held now through this context, and the most held at any time.
 *   now, peak  each may be NULL
 * Errors: ARGUMENT (context is NULL). Since 0.1. */
GAN_API int32_t gan_context_memory(const gan_context *context, int64_t *now, int64_t *peak);

#ifdef __cplusplus
}
#endif
#endif
