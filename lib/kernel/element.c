#include "kernel/element.h"

#include "base/simd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Functions of one number, written so that the compiler can turn a loop over them into vectors:
 * no calls and no branches. The polynomials are Chebyshev fits of this project; each stands with
 * its relative error, to be compared with 6e-8, half a unit in the last place of a float. */
#ifdef GAN_REAL_DOUBLE

static inline double exp_of(double x)
{
    return exp(x);
}

static inline double tanh_of(double x)
{
    return tanh(x);
}

static inline double log1p_of(double x)
{
    return log1p(x);
}

#else

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* exp x = 2^k exp r for |x| up to 104. Returns exp r - 1, the polynomial's error being 8e-9 exp r.
 *   y  what k is chosen for: x; or 0, for k = 0, where |x| is at most log(2) / 2 */
static inline float reduced_exp(float x, float y, int32_t *k)
{
    /* Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
    const float magic = 12582912.0f;
    const float shifted = y * 1.44269504f + magic;
    const float whole = shifted - magic;
    const float r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    float p = 1.392625083e-3f;
    p = p * r + 8.363232884e-3f;
    p = p * r + 4.166655421e-2f;
    p = p * r + 1.666657667e-1f;
    p = p * r + 0.5f;
    *k = (int32_t)(bits_of(shifted) - bits_of(magic));
    return p * (r * r) + r;
}

/* 2^k, k from -126 to 127 */
static inline float power_of_two(int32_t k)
{
    return float_of((uint32_t)(k + 127) << 23);
}

static inline float exp_of(float x)
{
    const float low = -104.0f > x ? -104.0f : x; /* in this order instructions let NaN through */
    const float bounded = 89.0f < low ? 89.0f : low;
    int32_t k;
    const float p = reduced_exp(bounded, bounded, &k) + 1.0f;
    /* 2^k in two factors, so that results near both ends of the range are right. */
    const int32_t half = k >> 1; /* rounded down: k is anything where x is NaN */
    return p * power_of_two(half) * power_of_two(k - half);
}

/* log(1 + u) for u in [0, 1], as 2 atanh(s) with s = u / (2 + u). Error 3e-8. */
static inline float log1p_of(float u)
{
    const float s = u / (2.0f + u), w = s * s;
    float p = 2.685679141e-1f;
    p = p * w + 2.823588791e-1f;
    p = p * w + 4.000758487e-1f;
    p = p * w + 6.666664023e-1f;
    return s * (p * w + 2.0f);
}

/* t / (t + 2) with t = exp(2 |x|) - 1 = 2^k (exp r - 1) + (2^k - 1), in which at most a bit
 * cancels. Near 0 k is 0 even if the host has set that sums are rounded up. 1 from 9.5 on. */
static inline float tanh_of(float x)
{
    const uint32_t sign = bits_of(x) & 0x80000000u;
    const float size = float_of(bits_of(x) ^ sign);
    const float twice = 2.0f * size, two = 19.0f < twice ? 19.0f : twice;
    const uint32_t large = two < 0.3465735f ? 0 : UINT32_MAX;
    int32_t k;
    const float q = reduced_exp(two, float_of(bits_of(two) & large), &k);
    const float power = power_of_two(k);
    const float t = power * q + (power - 1.0f);
    return float_of(bits_of(t / (t + 2.0f)) | sign);
}

#endif

static inline real sigmoid_of(real x)
{
    return (real)1 / ((real)1 + exp_of(-x));
}

static inline real softplus_of(real x)
{
    const real size = x < 0 ? -x : x;
    return (x > 0 ? x : 0) + log1p_of(exp_of(-size));
}

/* NaN wins, so that it cannot hide behind a rectifier. */
static inline real maximum_of(real a, real b)
{
    return a > b || a != a ? a : b;
}

#define KERNEL(name, expression)                                                            \
    GAN__SIMD void gan__element_##name(int64_t n, const real *a, const real *b, real scale, \
                                       real shift, real *y)                                 \
    {                                                                                       \
        (void)a, (void)b, (void)scale, (void)shift;                                         \
        for (int64_t i = 0; i < n; i++) {                                                   \
            y[i] = (expression);                                                            \
        }                                                                                   \
    }

KERNEL(affine, scale *a[i] + shift)
KERNEL(exp, exp_of(a[i]))
KERNEL(reciprocal, (real)1 / a[i])
KERNEL(tanh, tanh_of(a[i]))
KERNEL(sigmoid, sigmoid_of(a[i]))
KERNEL(softplus, softplus_of(a[i]))
KERNEL(add, a[i] + b[i])
KERNEL(subtract, a[i] - b[i])
KERNEL(multiply, a[i] * b[i])
KERNEL(maximum, maximum_of(a[i], b[i]))
KERNEL(greater, a[i] > b[i] ? (real)1 : (real)0)
#ifdef GAN_REAL_DOUBLE
KERNEL(log, log(a[i]))
KERNEL(sqrt, sqrt(a[i]))
#else
KERNEL(log, logf(a[i]))
KERNEL(sqrt, sqrtf(a[i]))
#endif

enum { LANES = 16 };

GAN__SIMD double gan__element_sum(int64_t n, const real *a)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int64_t j = 0; j < LANES; j++) {
            lane[j] += (double)a[i + j];
        }
    }
    for (int64_t j = 0; i + j < n; j++) {
        lane[j] += (double)a[i + j];
    }
    double sum = 0;
    for (int64_t j = 0; j < LANES; j++) {
        sum += lane[j];
    }
    return sum;
}
