#include "kernel/random.h"

#include "base/simd.h"

#include <math.h>

#define TWO_PI 6.283185307179586

#ifdef GAN_REAL_DOUBLE
#define NEXT_BELOW(x) nextafter(x, -INFINITY)
#else
#define NEXT_BELOW(x) nextafterf(x, -INFINITY)
#endif

/* A float in [0, 1): 24 bits. */
static inline double unit(uint32_t bits)
{
    return (double)(bits >> 8) * 0x1p-24;
}

/* Two standard normal numbers from two words; the logarithm's argument is in (0, 1]. */
static inline void box_muller(uint32_t first, uint32_t second, double out[2])
{
    const double radius = sqrt(-2.0 * log(1.0 - unit(first)));
    const double angle = TWO_PI * unit(second);
    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

/* a + (b - a) u as a number below b, which rounding could reach. */
static inline double between(double a, double b, double u)
{
    const real value = (real)(a + (b - a) * u), limit = (real)b;
    return (double)(value < limit || a >= b ? value : NEXT_BELOW(limit));
}

/* The four numbers of one Philox block. */
static inline void four(gan__distribution d, philox4x32_ctr_t words, double out[4])
{
    if (d.kind == GAN__NORMAL) {
        box_muller(words.v[0], words.v[1], out);
        box_muller(words.v[2], words.v[3], out + 2);
    }
    for (int32_t i = 0; i < 4; i++) {
        switch (d.kind) {
        case GAN__NORMAL:
            out[i] = d.a + d.b * out[i];
            break;
        case GAN__UNIFORM:
            out[i] = between(d.a, d.b, unit(words.v[i]));
            break;
        default:
            out[i] = unit(words.v[i]) < d.a ? d.b : 0.0;
            break;
        }
    }
}

enum { BLOCKS = 32 }; /* Philox blocks made side by side */

typedef struct {
    uint32_t v[4][BLOCKS];
} many_words;

/* gan__philox for blocks first to first + BLOCKS - 1, lane by lane, so that the compiler can turn
 * the loops into vectors. The constants are Random123's. */
GAN__SIMD static void philox_blocks(gan__random_key key, uint32_t sample, uint32_t first,
                                    many_words *words)
{
    const uint32_t third = (uint32_t)key.step;
    const uint32_t fourth = key.stream << 16 | ((uint32_t)(key.step >> 32) & 0xffff);
    uint32_t key0 = (uint32_t)key.seed, key1 = (uint32_t)(key.seed >> 32);
    many_words w;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        w.v[0][i] = first + i;
        w.v[1][i] = sample;
        w.v[2][i] = third;
        w.v[3][i] = fourth;
    }
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

/* The numbers of BLOCKS blocks, four of each. A loop for each distribution: in a common one the
 * compiler takes logarithms and sines of all, to choose afterwards. */
typedef void (*fill_fn)(gan__distribution d, const many_words *words, real *y);

GAN__SIMD static void fill_uniform(gan__distribution d, const many_words *words, real *y)
{
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < 4; lane++) {
            y[4 * i + lane] = (real)between(d.a, d.b, unit(words->v[lane][i]));
        }
    }
}

static void fill_normal(gan__distribution d, const many_words *words, real *y)
{
    for (int32_t i = 0; i < BLOCKS; i++) {
        double out[4];
        box_muller(words->v[0][i], words->v[1][i], out);
        box_muller(words->v[2][i], words->v[3][i], out + 2);
        for (int32_t lane = 0; lane < 4; lane++) {
            *y++ = (real)(d.a + d.b * out[lane]);
        }
    }
}

/* The comparison is made with whole numbers: word / 2^24 < a, a in [0, 1]. */
GAN__SIMD static void fill_bernoulli(gan__distribution d, const many_words *words, real *y)
{
    const double scaled = d.a * 0x1p24;
    const int32_t limit = (int32_t)scaled + ((double)(int32_t)scaled < scaled);
    const real one = (real)d.b;
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < 4; lane++) {
            y[4 * i + lane] = (int32_t)(words->v[lane][i] >> 8) < limit ? one : 0;
        }
    }
}

static const fill_fn fills[] = {
    [GAN__UNIFORM] = fill_uniform,
    [GAN__NORMAL] = fill_normal,
    [GAN__BERNOULLI] = fill_bernoulli,
};

/* Columns `column` to `column + n - 1` of one row. */
static void fill_row(gan__distribution d, gan__random_key key, uint32_t sample, int64_t column,
                     int64_t n, real *y)
{
    int64_t done = 0;
    while (done < n) {
        const int64_t at = column + done;
        const uint32_t block = (uint32_t)(at / 4);
        if (at % 4 == 0 && n - done >= 4 * BLOCKS) {
            many_words words;
            philox_blocks(key, sample, block, &words);
            fills[d.kind](d, &words, y + done);
            done += 4 * BLOCKS;
            continue;
        }
        double out[4];
        four(d, gan__philox(key, sample, block), out);
        for (int64_t lane = at % 4; lane < 4 && done < n; lane++) {
            y[done++] = (real)out[lane];
        }
    }
}

void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 gan__stack stack, int64_t columns, int64_t start, int64_t n, real *y)
{
    while (n > 0) {
        const int64_t row = start / columns, column = start % columns;
        const int64_t count = columns - column < n ? columns - column : n;
        const int64_t batch = stack.rows > 0 ? row / stack.rows : 0;
        gan__random_key own = key;
        own.stream += (uint32_t)batch * stack.apart;
        fill_row(distribution, own, (uint32_t)(first + (uint64_t)(row - batch * stack.rows)),
                 column, count, y);
        start += count;
        y += count;
        n -= count;
    }
}
