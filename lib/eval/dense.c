#include "eval/dense.h"

#include "base/simd.h"

enum { LANES = GAN__LANES };

/* Less work than this is not worth waking a thread. */
enum { PARALLEL_WORK = 65536 };

GAN__SIMD double gan__dense_dot(int64_t n, const double *a, const double *b)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            lane[j] += a[i + j] * b[i + j];
        }
    }
    for (int32_t j = 0; i + j < n; j++) {
        lane[j] += a[i + j] * b[i + j];
    }
    return gan__sum_lanes(lane);
}

GAN__SIMD void gan__dense_add(int64_t n, double scale, const double *restrict x, double *restrict y)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            y[i + j] += scale * x[i + j];
        }
    }
    for (; i < n; i++) {
        y[i] += scale * x[i];
    }
}

/* Half the rows at a time: 4 rows of 8 sums fit the registers of AVX2. */
GAN__SIMD static void half_panel(int64_t n, const double *restrict a, const double *restrict b,
                                 double *restrict c, int64_t stride)
{
    double s0[LANES] = {0}, s1[LANES] = {0}, s2[LANES] = {0}, s3[LANES] = {0};
    for (int64_t i = 0; i < n; i++, a += LANES, b += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            s0[j] += a[0] * b[j];
            s1[j] += a[1] * b[j];
            s2[j] += a[2] * b[j];
            s3[j] += a[3] * b[j];
        }
    }
    for (int32_t j = 0; j < LANES; j++) {
        c[j] += s0[j];
        c[stride + j] += s1[j];
        c[2 * stride + j] += s2[j];
        c[3 * stride + j] += s3[j];
    }
}

void gan__dense_panel(int64_t n, const double *a, const double *b, double *c, int64_t stride)
{
    half_panel(n, a, b, c, stride);
    half_panel(n, a + LANES / 2, b, c + LANES / 2 * stride, stride);
}

GAN__SIMD double gan__dense_distance(int64_t n, const float *a, const float *b)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            const double difference = (double)a[i + j] - (double)b[i + j];
            lane[j] += difference * difference;
        }
    }
    for (int32_t j = 0; i + j < n; j++) {
        const double difference = (double)a[i + j] - (double)b[i + j];
        lane[j] += difference * difference;
    }
    return gan__sum_lanes(lane);
}

void gan__eval_for_each(gan_context *context, int64_t tasks, int64_t work, gan__task_fn function,
                        void *argument)
{
    if (work >= PARALLEL_WORK) {
        gan__parallel(context, tasks, function, argument);
    } else {
        for (int64_t i = 0; i < tasks; i++) {
            function(argument, i);
        }
    }
}
