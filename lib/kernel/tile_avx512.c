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
#include "kernel/tile.h"

#define TILE_COMPRESS compress_vector
#define TILE_COMPRESS_LANES ((int64_t)(TILE_BYTES / sizeof(real)))
TILE_TARGET static inline __attribute__((always_inline)) int64_t
compress_vector(const real *a, int64_t index, int64_t step, real *values, int32_t *places)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i indices = _mm512_add_epi32(lane, _mm512_set1_epi32((int32_t)index));
    const __m512i at = _mm512_mullo_epi32(indices, _mm512_set1_epi32((int32_t)step));
#ifdef GAN_REAL_DOUBLE
    const __m512d x = _mm512_loadu_pd(a);
    const __mmask8 wanted = _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
    _mm512_storeu_pd(values, _mm512_maskz_compress_pd(wanted, x));
    _mm256_storeu_si256((__m256i *)places,
                        _mm512_castsi512_si256(_mm512_maskz_compress_epi32(wanted, at)));
#else
    const __m512 x = _mm512_loadu_ps(a);
    const __mmask16 wanted = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    _mm512_storeu_ps(values, _mm512_maskz_compress_ps(wanted, x));
    _mm512_storeu_si512(places, _mm512_maskz_compress_epi32(wanted, at));
#endif
    return __builtin_popcount(wanted);
}

#include "kernel/tile.inc"
#else
typedef int gan__tile_avx512_is_for_others; /* a file may not be empty */
#endif
