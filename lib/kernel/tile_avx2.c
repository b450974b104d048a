/* Processors with AVX2 and FMA: 16 vectors, of which 12 are sums. */
#ifdef __x86_64__
#include <immintrin.h>
#define TILE gan__tile_avx2
#define TILE_LEVEL "avx2"
#define TILE_TARGET __attribute__((target("avx2,fma")))
#define TILE_BYTES 32
#define TILE_ROWS 6
#ifdef GAN_REAL_DOUBLE
#define TILE_ADD(s, x, v) _mm256_fmadd_pd(_mm256_set1_pd(x), (__m256d)(v), (__m256d)(s))
#define TILE_ADD_HALF(s, x, v) _mm_fmadd_pd(_mm_set1_pd(x), (__m128d)(v), (__m128d)(s))
#else
#define TILE_ADD(s, x, v) _mm256_fmadd_ps(_mm256_set1_ps(x), (__m256)(v), (__m256)(s))
#define TILE_ADD_HALF(s, x, v) _mm_fmadd_ps(_mm_set1_ps(x), (__m128)(v), (__m128)(s))
#endif
#include "kernel/tile.inc"
#else
typedef int gan__tile_avx2_is_for_others; /* a file may not be empty */
#endif
