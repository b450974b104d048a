/* Processors with AVX-512: 32 vectors, of which 24 are sums. */
#ifdef __x86_64__
#include <immintrin.h>
#define TILE gan__tile_avx512
#define TILE_LEVEL "avx512"
#define TILE_TARGET __attribute__((target("avx512f,fma")))
#define TILE_BYTES 64
#define TILE_ROWS 12
#ifdef GAN_REAL_DOUBLE
#define TILE_ADD(s, x, v) _mm512_fmadd_pd(_mm512_set1_pd(x), (__m512d)(v), (__m512d)(s))
#define TILE_ADD_HALF(s, x, v) _mm256_fmadd_pd(_mm256_set1_pd(x), (__m256d)(v), (__m256d)(s))
#else
#define TILE_ADD(s, x, v) _mm512_fmadd_ps(_mm512_set1_ps(x), (__m512)(v), (__m512)(s))
#define TILE_ADD_HALF(s, x, v) _mm256_fmadd_ps(_mm256_set1_ps(x), (__m256)(v), (__m256)(s))
#endif
#include "kernel/tile.inc"
#else
typedef int gan__tile_avx512_is_for_others; /* a file may not be empty */
#endif
