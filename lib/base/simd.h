/* Compiles a loop for the baseline and for wider vectors, GAN__SIMD_32 for those of 32 bytes at
 * most; the choice is made when the library is loaded. All clones do the same operations in the
 * same order (no contraction), so they give the same bits. Not with gcc 11, which knows these
 * levels but cannot choose among them, and not with sanitizers, which would run code before they
 * are set up. */
#ifndef GAN_BASE_SIMD_H
#define GAN_BASE_SIMD_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define GAN__SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && __GNUC__ >= 12 &&   \
    !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(GAN__SANITIZED)
#define GAN__SIMD_CLONES 1
#define GAN__SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define GAN__SIMD_32 __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define GAN__SIMD
#define GAN__SIMD_32
#endif

/* For a function that clones must have inside, or whose call a compiler may take for idle. */
#define GAN__INLINE static inline __attribute__((always_inline))

#endif
