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
#include "kernel/tile.h"

#ifndef GAN_REAL_DOUBLE
#define TILE_COMPRESS compress_vector
#define TILE_COMPRESS_LANES 4
TILE_TARGET static inline __attribute__((always_inline)) int64_t
compress_vector(const real *a, int64_t index, int64_t step, real *values, int32_t *places)
{
    /* The lanes of the bits that are set, a byte each. */
    static const int32_t lanes_of[16] = {0,      0,        1,        0x0100,    2,      0x0200,
                                         0x0201, 0x020100, 3,        0x0300,    0x0301, 0x030100,
                                         0x0302, 0x030200, 0x030201, 0x03020100};
    const __m128 x = _mm_loadu_ps(a);
    const int wanted = _mm_movemask_ps(_mm_cmp_ps(x, _mm_setzero_ps(), _CMP_NEQ_UQ));
    const __m128i lanes = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(lanes_of[wanted]));
    const __m128i indices = _mm_add_epi32(lanes, _mm_set1_epi32((int32_t)index));
    _mm_storeu_ps(values, _mm_permutevar_ps(x, lanes));
    _mm_storeu_si128((__m128i *)places, _mm_mullo_epi32(indices, _mm_set1_epi32((int32_t)step)));
    return __builtin_popcount((unsigned)wanted);
}
#endif

#include "kernel/tile.inc"
#else
typedef int gan__tile_avx2_is_for_others; /* a file may not be empty */
#endif
