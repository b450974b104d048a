/* Normal numbers from uniform ones, by functions of our own: loops over them become vectors, and
 * every machine draws the same numbers, whatever its C library. */
#ifndef GAN_BASE_NORMAL_H
#define GAN_BASE_NORMAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t gan__bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double gan__double_of(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* log x of a finite x of at least 2^-1022: x = 2^k m with m from 3/4 to below 3/2, and log m is
 * 2 atanh s with s = (m - 1) / (m + 1), at most 1/5. Taylor's series; relative error 1e-12. */
static inline double gan__log_of(double x)
{
    const uint64_t raised = gan__bits_of(x) + (gan__bits_of(1.0) - gan__bits_of(0.75));
    const double m = gan__double_of((raised & (UINT64_MAX >> 12)) + gan__bits_of(0.75));
    /* k + 1023 as the low bits of 2^52 */
    const double k = gan__double_of(raised >> 52 | gan__bits_of(0x1p52)) - (0x1p52 + 1023);
    const double s = (m - 1) / (m + 1), w = s * s;
    double p = 1.0 / 17;
    p = p * w + 1.0 / 15;
    p = p * w + 1.0 / 13;
    p = p * w + 1.0 / 11;
    p = p * w + 1.0 / 9;
    p = p * w + 1.0 / 7;
    p = p * w + 1.0 / 5;
    p = p * w + 1.0 / 3;
    return k * 0.69314718055994530942 + 2 * s * (p * w + 1);
}

/* Sine and cosine of u turns, u from 0 to below 1: those of at most an eighth of a turn to the
 * nearest quarter. Taylor's series; error 1e-11 (1e-7 if the host does not round to nearest). */
static inline void gan__sine_and_cosine(double u, double *sine, double *cosine)
{
    const double magic = 0x1.8p52, shifted = 4 * u + magic; /* rounds to a whole number */
    const double t = (u - (shifted - magic) * 0.25) * 6.28318530717958647693, w = t * t;
    double s = -1.0 / 39916800;
    s = s * w + 1.0 / 362880;
    s = s * w - 1.0 / 5040;
    s = s * w + 1.0 / 120;
    s = s * w - 1.0 / 6;
    s = s * w * t + t;
    double c = 1.0 / 479001600;
    c = c * w - 1.0 / 3628800;
    c = c * w + 1.0 / 40320;
    c = c * w - 1.0 / 720;
    c = c * w + 1.0 / 24;
    c = c * w - 0.5;
    c = c * w + 1;
    const uint64_t quarter = gan__bits_of(shifted);
    const bool odd = (quarter & 1) != 0;
    const uint64_t minus_sine = (quarter & 2) << 62, minus_cosine = ((quarter + 1) & 2) << 62;
    *sine = gan__double_of(gan__bits_of(odd ? c : s) ^ minus_sine);
    *cosine = gan__double_of(gan__bits_of(odd ? s : c) ^ minus_cosine);
}

/* Two independent draws from N(0, 1) from two from U(0, 1), each 0 to below 1. Source: Box and
 * Muller 1958. */
static inline void gan__normals(double u, double v, double *a, double *b)
{
    const double radius = sqrt(-2 * gan__log_of(1 - u));
    double sine, cosine;
    gan__sine_and_cosine(v, &sine, &cosine);
    *a = radius * cosine;
    *b = radius * sine;
}

#endif
