#include "base/philox.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Loops that the compiler can turn into vectors. The constants are Random123's. */
static void philox_plain(uint64_t seed, gan__philox_words *words)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    gan__philox_words w = *words;
    for (int32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < GAN__PHILOX_BLOCKS; i++) {
            const uint64_t even = (uint64_t)w.v[0][i] * PHILOX_M4x32_0;
            const uint64_t odd = (uint64_t)w.v[2][i] * PHILOX_M4x32_1;
            w.v[0][i] = (uint32_t)(odd >> 32) ^ w.v[1][i] ^ key0;
            w.v[1][i] = (uint32_t)odd;
            w.v[2][i] = (uint32_t)(even >> 32) ^ w.v[3][i] ^ key1;
            w.v[3][i] = (uint32_t)even;
        }
        key0 += PHILOX_W32_0;
        key1 += PHILOX_W32_1;
    }
    *words = w;
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* The four words of four blocks, each in the low half of 64 bits; the high halves hold anything. */
typedef struct {
    __m256i v[GAN__PHILOX_LANES];
} four;

AVX2 static inline four philox_round(four w, __m256i key0, __m256i key1)
{
    const __m256i even = _mm256_mul_epu32(w.v[0], _mm256_set1_epi64x(PHILOX_M4x32_0)),
                  odd = _mm256_mul_epu32(w.v[2], _mm256_set1_epi64x(PHILOX_M4x32_1));
    return (four){
        {_mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(odd, 32), w.v[1]), key0), odd,
         _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(even, 32), w.v[3]), key1), even}};
}

/* The same by products of 32 times 32 bits, which compilers do not find: three times as fast. */
AVX2 static void philox_avx2(uint64_t seed, gan__philox_words *words)
{
    enum { AT_ONCE = 8 };
    _Static_assert((int)GAN__PHILOX_BLOCKS % (int)AT_ONCE == 0, "whole vectors of blocks");
    for (int32_t i = 0; i < GAN__PHILOX_BLOCKS; i += AT_ONCE) {
        four low, high; /* every other block */
        for (int32_t lane = 0; lane < GAN__PHILOX_LANES; lane++) {
            low.v[lane] = _mm256_loadu_si256((const __m256i *)(const void *)&words->v[lane][i]);
            high.v[lane] = _mm256_srli_epi64(low.v[lane], 32);
        }
        __m256i key0 = _mm256_set1_epi32((int32_t)(uint32_t)seed),
                key1 = _mm256_set1_epi32((int32_t)(uint32_t)(seed >> 32));
        for (int32_t round = 0; round < 10; round++) {
            low = philox_round(low, key0, key1);
            high = philox_round(high, key0, key1);
            key0 = _mm256_add_epi32(key0, _mm256_set1_epi32((int32_t)PHILOX_W32_0));
            key1 = _mm256_add_epi32(key1, _mm256_set1_epi32((int32_t)PHILOX_W32_1));
        }
        for (int32_t lane = 0; lane < GAN__PHILOX_LANES; lane++) {
            const __m256i both =
                _mm256_blend_epi32(low.v[lane], _mm256_slli_epi64(high.v[lane], 32), 0xaa);
            _mm256_storeu_si256((__m256i *)(void *)&words->v[lane][i], both);
        }
    }
}
#endif

void gan__philox_many(uint64_t seed, gan__philox_words *words)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        philox_avx2(seed, words);
        return;
    }
#endif
    philox_plain(seed, words);
}
