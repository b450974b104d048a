#include "kernel/random.h"

#include "base/normal.h"
#include "base/simd.h"

#include <math.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#ifdef GAN_REAL_DOUBLE
#define NEXT_BELOW(x) nextafter(x, -INFINITY)
#else
#define NEXT_BELOW(x) nextafterf(x, -INFINITY)
#endif

/* ---- Numbers from words ---------------------------------------------------------------------- */

/* A float in [0, 1): 24 bits. */
static inline double unit(uint32_t bits)
{
    return (double)(bits >> 8) * 0x1p-24;
}

/* a + (b - a) u as a number below b, which rounding could reach. */
static inline real between(double a, double b, double u)
{
    const real value = (real)(a + (b - a) * u), limit = (real)b;
    return value < limit || a >= b ? value : NEXT_BELOW(limit);
}

/* ---- Blocks side by side --------------------------------------------------------------------- */

enum { BLOCKS = 32, LANES = 4 }; /* Philox makes four words at a time */

typedef struct {
    uint32_t v[LANES][BLOCKS];
} many;

/* Turns counters into random words, as gan__philox does for each block, but side by side, so that
 * the compiler can turn the loops into vectors. The constants are Random123's. */
static void philox_plain(uint64_t seed, many *words)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    many w = *words;
    for (int32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < BLOCKS; i++) {
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
    __m256i v[LANES];
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
AVX2 static void philox_avx2(uint64_t seed, many *words)
{
    enum { AT_ONCE = 8 };
    for (int32_t i = 0; i < BLOCKS; i += AT_ONCE) {
        four low, high; /* every other block */
        for (int32_t lane = 0; lane < LANES; lane++) {
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
        for (int32_t lane = 0; lane < LANES; lane++) {
            const __m256i both =
                _mm256_blend_epi32(low.v[lane], _mm256_slli_epi64(high.v[lane], 32), 0xaa);
            _mm256_storeu_si256((__m256i *)(void *)&words->v[lane][i], both);
        }
    }
}
#endif

static void philox_blocks(uint64_t seed, many *words)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        philox_avx2(seed, words);
        return;
    }
#endif
    philox_plain(seed, words);
}

/* The numbers of BLOCKS blocks, four of each: a loop for each distribution. */
typedef void (*fill_fn)(gan__distribution d, const many *words, real *y);

GAN__SIMD static void fill_uniform(gan__distribution d, const many *words, real *y)
{
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = between(d.a, d.b, unit(words->v[lane][i]));
        }
    }
}

GAN__SIMD static void fill_normal(gan__distribution d, const many *words, real *y)
{
    double n[LANES][BLOCKS];
    for (int32_t pair = 0; pair < LANES; pair += 2) {
        for (int32_t i = 0; i < BLOCKS; i++) {
            gan__normals(unit(words->v[pair][i]), unit(words->v[pair + 1][i]), &n[pair][i],
                         &n[pair + 1][i]);
        }
    }
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = (real)(d.a + d.b * n[lane][i]);
        }
    }
}

/* The comparison is made with whole numbers: word / 2^24 < a, a in [0, 1]. */
GAN__SIMD static void fill_bernoulli(gan__distribution d, const many *words, real *y)
{
    const double scaled = d.a * 0x1p24;
    const int32_t limit = (int32_t)scaled + ((double)(int32_t)scaled < scaled);
    const real one = (real)d.b;
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = (int32_t)(words->v[lane][i] >> 8) < limit ? one : 0;
        }
    }
}

static const fill_fn fills[] = {
    [GAN__UNIFORM] = fill_uniform,
    [GAN__NORMAL] = fill_normal,
    [GAN__BERNOULLI] = fill_bernoulli,
};

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* A place in an array of rows, with the parts of a counter that go with its row. */
typedef struct {
    int64_t row, column;
    uint32_t sample, fourth;
} place;

static void enter_row(place *p, gan__random_key key, uint64_t first, gan__stack stack)
{
    const int64_t batch = stack.rows > 0 ? p->row / stack.rows : 0;
    const uint32_t stream = key.stream + (uint32_t)batch * stack.apart;
    p->sample = (uint32_t)(first + (uint64_t)(p->row - batch * stack.rows));
    p->fourth = stream << 16 | ((uint32_t)(key.step >> 32) & 0xffff);
}

/* The counters of BLOCKS blocks of one row, all of whose numbers are wanted. */
static void count_whole(place *p, gan__random_key key, many *words)
{
    const uint32_t first = (uint32_t)(p->column / LANES);
    for (uint32_t i = 0; i < BLOCKS; i++) {
        words->v[0][i] = first + i;
        words->v[1][i] = p->sample;
        words->v[2][i] = (uint32_t)key.step;
        words->v[3][i] = p->fourth;
    }
    p->column += LANES * BLOCKS;
}

/* Draws the blocks that the next elements lie in, and keeps these: as many of n as BLOCKS blocks
 * have. Returns how many. */
static int64_t draw(gan__distribution d, gan__random_key key, uint64_t first, gan__stack stack,
                    int64_t columns, place *p, int64_t n, real *y)
{
    many words;
    if (p->column % LANES == 0 && n >= LANES * BLOCKS && columns - p->column > LANES * BLOCKS) {
        count_whole(p, key, &words);
        philox_blocks(key.seed, &words);
        fills[d.kind](d, &words, y);
        return LANES * BLOCKS;
    }
    words = (many){{{0}}};
    uint8_t from[BLOCKS], count[BLOCKS];
    int64_t taken = 0, i = 0;
    for (; i < BLOCKS && taken < n; i++) {
        words.v[0][i] = (uint32_t)(p->column / LANES);
        words.v[1][i] = p->sample;
        words.v[2][i] = (uint32_t)key.step;
        words.v[3][i] = p->fourth;
        from[i] = (uint8_t)(p->column % LANES);
        int64_t kept = LANES - from[i];
        kept = columns - p->column < kept ? columns - p->column : kept;
        kept = n - taken < kept ? n - taken : kept;
        count[i] = (uint8_t)kept;
        taken += kept;
        p->column += kept;
        if (p->column == columns) {
            p->row++;
            p->column = 0;
            enter_row(p, key, first, stack);
        }
    }
    philox_blocks(key.seed, &words);
    if (taken == LANES * BLOCKS) {
        fills[d.kind](d, &words, y);
        return taken;
    }
    real drawn[LANES * BLOCKS];
    fills[d.kind](d, &words, drawn);
    for (int64_t k = 0; k < i; k++) {
        for (int64_t lane = 0; lane < count[k]; lane++) {
            *y++ = drawn[LANES * k + from[k] + lane];
        }
    }
    return taken;
}

void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 gan__stack stack, int64_t columns, int64_t start, int64_t n, real *y)
{
    place p = {.row = start / columns, .column = start % columns};
    enter_row(&p, key, first, stack);
    while (n > 0) {
        const int64_t taken = draw(distribution, key, first, stack, columns, &p, n, y);
        y += taken;
        n -= taken;
    }
}
