#include "kernel/random.h"

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

/* Columns `column` to `column + n - 1` of one row. */
static void fill_row(gan__distribution d, gan__random_key key, uint32_t sample, int64_t column,
                     int64_t n, real *y)
{
    int64_t done = 0;
    while (done < n) {
        double out[4];
        const int64_t at = column + done;
        four(d, gan__philox(key, sample, (uint32_t)(at / 4)), out);
        for (int64_t lane = at % 4; lane < 4 && done < n; lane++) {
            y[done++] = (real)out[lane];
        }
    }
}

void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 int64_t period, int64_t columns, int64_t start, int64_t n, real *y)
{
    while (n > 0) {
        const int64_t row = start / columns, column = start % columns;
        const int64_t count = columns - column < n ? columns - column : n;
        const int64_t stack = period > 0 ? row / period : 0;
        gan__random_key own = key;
        own.stream += (uint32_t)stack;
        fill_row(distribution, own, (uint32_t)(first + (uint64_t)(row - stack * period)), column,
                 count, y);
        start += count;
        y += count;
        n -= count;
    }
}
