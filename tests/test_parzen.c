/* The Parzen-window score against closed forms and against direct sums in double. */
#include <gan/gan.h>

#include "support.h"

static heap own;
static gan_context *context;

static void begin(void)
{
    context = new_context(&own);
}

static void end(void)
{
    end_context(context, &own);
    context = NULL;
}

#define ck_assert_fails(call, code, part)                                           \
    do {                                                                            \
        ck_assert_int_eq((call), (code));                                           \
        ck_assert_msg(strstr(gan_context_message(context), part) != NULL, "\"%s\"", \
                      gan_context_message(context));                                \
    } while (0)

static double draw(dice *d)
{
    return roll_between(d, -1, 1);
}

static float *draw_floats(dice *d, int64_t count, double scale, double shift)
{
    float *values = new_bytes((size_t)count * sizeof *values, 0);
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)(scale * draw(d) + shift);
    }
    return values;
}

static const double log_sqrt_two_pi = 0.91893853320467274178;

/* ---- Parzen: against direct sums ----------------------------------------------------------- */

typedef struct {
    double mean, error;
} result;

/* *size receives the size of the numbers that go into the result. */
static result naive(int64_t elements, int64_t sample_count, const float *samples, int64_t row_count,
                    const float *rows, double sigma, double *size)
{
    double *exponents = new_bytes((size_t)sample_count * sizeof *exponents, 0);
    double *values = new_bytes((size_t)row_count * sizeof *values, 0);
    const double constant = (double)elements * (log(sigma) + log_sqrt_two_pi);
    *size = fabs(constant);
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < row_count; i++) {
        double most = -INFINITY, sum = 0;
        for (int64_t j = 0; j < sample_count; j++) {
            double distance = 0;
            for (int64_t k = 0; k < elements; k++) {
                const double d = (double)rows[i * elements + k] - (double)samples[j * elements + k];
                distance += d * d;
            }
            exponents[j] = -distance / (2 * sigma * sigma);
            most = fmax(most, exponents[j]);
        }
        for (int64_t j = 0; j < sample_count; j++) {
            sum += exp(exponents[j] - most);
        }
        values[i] = most + log(sum / (double)sample_count) - constant;
        mean += values[i] / (double)row_count;
        *size += fabs(most) / (double)row_count;
    }
    for (int64_t i = 0; i < row_count; i++) {
        variance += (values[i] - mean) * (values[i] - mean) / (double)row_count;
    }
    free(values);
    free(exponents);
    return (result){mean, sqrt(variance / (double)row_count)};
}

static result parzen(int64_t elements, int64_t sample_count, const float *samples,
                     int64_t row_count, const float *rows, double sigma)
{
    result r;
    ck_assert_int_eq(gan_parzen_log_likelihood(context, elements, sample_count, samples, row_count,
                                               rows, sigma, &r.mean, &r.error),
                     GAN_OK);
    ck_assert(isfinite(r.mean) && isfinite(r.error) && r.error >= 0);
    return r;
}

static void compare(int64_t elements, int64_t sample_count, const float *samples, int64_t row_count,
                    const float *rows, double sigma)
{
    double size;
    const result expected = naive(elements, sample_count, samples, row_count, rows, sigma, &size);
    const result r = parzen(elements, sample_count, samples, row_count, rows, sigma);
    const double tolerance = 1e-6 * (1 + size);
    ck_assert_msg(fabs(r.mean - expected.mean) <= tolerance &&
                      fabs(r.error - expected.error) <= tolerance,
                  "[%lld, %lld, %lld] sigma %g: %.12g +- %.6g for %.12g +- %.6g",
                  (long long)row_count, (long long)sample_count, (long long)elements, sigma, r.mean,
                  r.error, expected.mean, expected.error);
}

START_TEST(one_sample)
{
    begin();
    const float s[] = {1, 2, 3}, r[] = {1, 2.5f, 2, 1, 2, 3};
    const double sigma = 0.7, constant = 3 * (log(sigma) + log_sqrt_two_pi);
    const result first = parzen(3, 1, s, 1, r, sigma);
    ck_assert_double_eq_tol(first.mean, -1.25 / (2 * sigma * sigma) - constant, 1e-12);
    ck_assert(first.error == 0);
    const result second = parzen(3, 1, s, 1, r + 3, sigma);
    ck_assert_double_eq_tol(second.mean, -constant, 1e-14);
    const result both = parzen(3, 1, s, 2, r, sigma);
    ck_assert_double_eq_tol(both.mean, (first.mean + second.mean) / 2, 1e-12);
    /* The population deviation of two numbers is half their distance. */
    ck_assert_double_eq_tol(both.error, fabs(first.mean - second.mean) / 2 / sqrt(2), 1e-12);
    end();
}
END_TEST

/* Equal samples are one sample; two at the same distance too; the window has mass 1. */
START_TEST(closed_forms)
{
    begin();
    const float same[] = {4, 4, 4, 4, 4}, pair[] = {-1, 1}, row[] = {4.5f}, zero[] = {0};
    ck_assert_double_eq_tol(parzen(1, 5, same, 1, row, 0.5).mean, -0.5 - log(0.5) - log_sqrt_two_pi,
                            1e-12);
    ck_assert_double_eq_tol(parzen(1, 2, pair, 1, zero, 1).mean, -0.5 - log_sqrt_two_pi, 1e-12);
    double mass = 0;
    for (int32_t i = -500; i <= 500; i++) {
        const float x = (float)i * 0.015625f;
        mass += exp(parzen(1, 2, pair, 1, &x, 0.5).mean) * 0.015625;
    }
    ck_assert_double_eq_tol(mass, 1, 1e-9);
    end();
}
END_TEST

/* {elements, samples, rows}: around the sizes of groups and blocks. */
START_TEST(shapes)
{
    begin();
    static const int64_t all[][3] = {
        {1, 1, 1},     {1, 2, 3},       {2, 63, 5},      {2, 64, 5},     {2, 65, 5},
        {3, 127, 2},   {7, 129, 33},    {784, 40, 6},    {1, 500, 50},   {2, 2304, 3},
        {2, 2305, 3},  {3, 2500, 2},    {2, 20, 1024},   {2, 20, 1025},  {2, 70, 2100},
        {5, 4700, 4},  {1023, 5, 3},    {1024, 5, 3},    {1025, 5, 3},   {2500, 70, 3},
        {4099, 3, 65}, {2, 2400, 1030}, {1030, 2310, 2}, {1026, 3, 1030}};
    static const double sigmas[] = {0.02, 0.1, 0.4, 3};
    dice d = {3};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const int64_t k = all[i][0], n = all[i][1], m = all[i][2];
        float *samples = draw_floats(&d, n * k, 0.5, 0.5), *rows = draw_floats(&d, m * k, 0.5, 0.5);
        for (size_t j = 0; j < sizeof sigmas / sizeof sigmas[0]; j++) {
            compare(k, n, samples, m, rows, sigmas[j]);
        }
        free(samples);
        free(rows);
    }
    end();
}
END_TEST

/* The sizes of the data: far from 0, in units very small and very large, some of each. */
START_TEST(units)
{
    begin();
    static const double scales[] = {1, 1e-4, 1e-30, 1e-42, 1e30, 1e38};
    dice d = {4};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        const double unit = scales[i], sigma = fmax(unit * 0.1, 1e-30);
        float *samples = draw_floats(&d, 30 * 20, unit, unit),
              *rows = draw_floats(&d, 9 * 20, unit, unit);
        compare(20, 30, samples, 9, rows, fmin(sigma, 1e30));
        free(samples);
        free(rows);
    }
    float *samples = draw_floats(&d, 300 * 20, 0.5, 1000),
          *rows = draw_floats(&d, 9 * 20, 0.5, 1000);
    compare(20, 300, samples, 9, rows, 0.1);
    compare(20, 300, samples, 9, rows, 0.001);
    /* Two clusters far apart: no centre is good for both. */
    for (int64_t i = 0; i < 150 * 20; i++) {
        samples[i] -= 2000;
    }
    compare(20, 300, samples, 9, rows, 0.01);
    compare(20, 300, samples, 9, rows, 0.1);
    compare(20, 300, samples, 9, rows, 10);
    /* One sample beyond all measure. */
    samples[7 * 20] = 1e30f;
    compare(20, 300, samples, 9, rows, 0.1);
    free(samples);
    free(rows);
    end();
}
END_TEST

/* Rows that are samples, or nearly, under bandwidths small and large. */
START_TEST(memorised)
{
    begin();
    enum { K = 784, N = 200 };
    dice d = {5};
    float *samples = draw_floats(&d, N * K, 0.5, 0.5), *rows = draw_floats(&d, N * K, 0, 0);
    memcpy(rows, samples, N * K * sizeof *rows);
    for (double sigma = 1e-6; sigma < 0.2; sigma *= 10) {
        const result r = parzen(K, N, samples, N, rows, sigma);
        ck_assert_double_eq_tol(r.mean, -log(N) - K * (log(sigma) + log_sqrt_two_pi), 1e-9);
        ck_assert_double_eq_tol(r.error, 0, 1e-9);
    }
    for (int64_t i = 0; i < N * K; i++) {
        rows[i] += (float)(1e-3 * draw(&d));
    }
    for (double sigma = 1e-4; sigma < 2; sigma *= 10) {
        compare(K, N, samples, N, rows, sigma);
    }
    free(samples);
    free(rows);
    end();
}
END_TEST

/* Where all samples of a cluster count, and each distance must be taken again. */
START_TEST(two_clusters)
{
    begin();
    dice d = {13};
    float samples[40], rows[5];
    for (int32_t i = 0; i < 40; i++) {
        samples[i] = (float)(i % 2 == 0 ? 200 + draw(&d) : draw(&d) - 200);
    }
    for (int32_t i = 0; i < 5; i++) {
        rows[i] = (float)(200 + draw(&d));
        for (double sigma = 0.1; sigma < 2; sigma += 0.1) {
            compare(1, 40, samples, 1, rows + i, sigma);
        }
    }
    end();
}
END_TEST

/* Rounding must not make a distance negative, and so a density too high. */
START_TEST(no_negative_distance)
{
    enum { K = 300 };
    begin();
    dice d = {12};
    for (int32_t i = 0; i < 50; i++) {
        float *samples = draw_floats(&d, 2 * K, 1, 0);
        const double bound = -log(2) - K * (log(1) + log_sqrt_two_pi);
        ck_assert_double_eq_tol(parzen(K, 2, samples, 1, samples, 1).mean, bound, 1e-3);
        ck_assert_double_le(parzen(K, 2, samples, 1, samples, 1).mean, bound + 1e-11);
        free(samples);
    }
    end();
}
END_TEST

START_TEST(extreme_bandwidths)
{
    begin();
    dice d = {6};
    float *samples = draw_floats(&d, 100 * 3, 1, 0), *rows = draw_floats(&d, 10 * 3, 1, 0);
    const result tiny = parzen(3, 100, samples, 10, rows, 1e-30);
    ck_assert(tiny.mean < -1e55);
    const result huge = parzen(3, 100, samples, 10, rows, 1e30);
    ck_assert_double_eq_tol(huge.mean, -3 * (log(1e30) + log_sqrt_two_pi), 1e-12);
    for (double sigma = 1e-12; sigma < 1e12; sigma *= 100) {
        compare(3, 100, samples, 10, rows, sigma);
    }
    const float zeros[4] = {0};
    ck_assert_double_eq_tol(parzen(2, 1, zeros, 2, zeros, 1).mean, -2 * log_sqrt_two_pi, 1e-14);
    const float far[] = {3e38f, -3e38f};
    ck_assert_double_eq_tol(parzen(1, 1, far, 1, far + 1, 1e30).mean / (-1.8e17), 1, 1e-6);
    ck_assert(parzen(1, 1, far, 1, far + 1, 1e-30).mean < -1e136);
    free(samples);
    free(rows);
    end();
}
END_TEST

/* Samples of a Gaussian, many of them: the window's density is that of the sum of two. */
START_TEST(gaussian)
{
    begin();
    enum { N = 20000 };
    dice d = {7};
    float *samples = draw_floats(&d, N, 0, 0);
    for (int64_t i = 0; i < N; i++) {
        double sum = 0; /* Irwin-Hall: of variance 12 / 3 = 4 */
        for (int32_t j = 0; j < 12; j++) {
            sum += draw(&d);
        }
        samples[i] = (float)(sum / 2);
    }
    const double deviation = sqrt(1 + 0.25);
    for (int32_t i = -2; i <= 2; i++) {
        const float x = (float)i;
        const double expected = -i * i / (2 * 1.25) - log(deviation) - log_sqrt_two_pi;
        ck_assert_double_eq_tol(parzen(1, N, samples, 1, &x, 0.5).mean, expected, 0.05);
    }
    free(samples);
    end();
}
END_TEST

/* ---- Parzen: choosing the bandwidth -------------------------------------------------------- */

START_TEST(choose_sigma)
{
    begin();
    dice d = {8};
    float *samples = draw_floats(&d, 300 * 4, 1, 0), *rows = draw_floats(&d, 70 * 4, 1, 0);
    double sigmas[100], means[100];
    for (int32_t i = 0; i < 100; i++) { /* in no order; more than fit in one pass */
        sigmas[i] = 0.05 * pow(10, 2 * ((i * 37) % 100) / 99.0);
    }
    int64_t best = -1;
    ck_assert_int_eq(
        gan_parzen_choose_sigma(context, 4, 300, samples, 70, rows, 100, sigmas, means, &best),
        GAN_OK);
    int64_t greatest = 0;
    for (int32_t i = 0; i < 100; i++) {
        double size;
        const double expected = naive(4, 300, samples, 70, rows, sigmas[i], &size).mean;
        ck_assert_double_eq_tol(means[i], expected, 1e-6 * (1 + size));
        greatest = means[i] > means[greatest] ? i : greatest;
    }
    ck_assert_int_eq(best, greatest);
    ck_assert(sigmas[best] > 0.06 && sigmas[best] < 4);
    best = -1;
    ck_assert_int_eq(
        gan_parzen_choose_sigma(context, 4, 300, samples, 70, rows, 100, sigmas, NULL, &best),
        GAN_OK);
    ck_assert_int_eq(best, greatest);
    free(samples);
    free(rows);
    end();
}
END_TEST

START_TEST(choose_sigma_at_the_edges)
{
    begin();
    const float sample[] = {0}, near[] = {0.001f}, far[] = {100};
    const double sigmas[] = {0.1, 0.3, 1, 1};
    int64_t best = -1;
    double means[4];
    ck_assert_int_eq(
        gan_parzen_choose_sigma(context, 1, 1, sample, 1, near, 4, sigmas, means, &best), GAN_OK);
    ck_assert_int_eq(best, 0);
    ck_assert_int_eq(
        gan_parzen_choose_sigma(context, 1, 1, sample, 1, far, 4, sigmas, means, &best), GAN_OK);
    ck_assert_int_eq(best, 2); /* the first of equals */
    ck_assert(means[2] == means[3]);
    ck_assert_int_eq(gan_parzen_choose_sigma(context, 1, 1, sample, 1, far, 1, sigmas, NULL, &best),
                     GAN_OK);
    ck_assert_int_eq(best, 0);
    /* One bandwidth of a grid has the score it has alone. */
    ck_assert(means[1] == parzen(1, 1, sample, 1, far, 0.3).mean);
    end();
}
END_TEST

/* ---- Parzen: threads, memory, errors ------------------------------------------------------- */

START_TEST(threads_do_not_matter)
{
    begin();
    static const int64_t all[][3] = {{40, 2500, 1100}, {1100, 700, 300}};
    static const int32_t threads[] = {1, 2, 3, 8};
    dice d = {9};
    for (size_t i = 0; i < 2; i++) {
        const int64_t k = all[i][0], n = all[i][1], m = all[i][2];
        float *samples = draw_floats(&d, n * k, 0.5, 0.5), *rows = draw_floats(&d, m * k, 0.5, 0.5);
        const double sigmas[] = {0.05, 0.2, 0.7};
        result first = {0};
        double first_means[3] = {0}, means[3];
        for (size_t j = 0; j < sizeof threads / sizeof threads[0]; j++) {
            int64_t best;
            ck_assert_int_eq(gan_context_set_threads(context, threads[j]), GAN_OK);
            const result r = parzen(k, n, samples, m, rows, 0.1);
            ck_assert_int_eq(
                gan_parzen_choose_sigma(context, k, n, samples, m, rows, 3, sigmas, means, &best),
                GAN_OK);
            first = j == 0 ? r : first;
            memcpy(first_means, j == 0 ? means : first_means, sizeof means);
            ck_assert(r.mean == first.mean && r.error == first.error);
            ck_assert(memcmp(means, first_means, sizeof means) == 0);
        }
        free(samples);
        free(rows);
    }
    end();
}
END_TEST

static int64_t peak_of(int64_t elements, int64_t sample_count, int64_t row_count)
{
    begin();
    const int64_t most = sample_count > row_count ? sample_count : row_count;
    dice d = {10};
    float *values = draw_floats(&d, most * elements, 1, 0);
    double mean;
    ck_assert_int_eq(gan_parzen_log_likelihood(context, elements, sample_count, values, row_count,
                                               values, 0.1, &mean, NULL),
                     GAN_OK);
    int64_t peak;
    ck_assert_int_eq(gan_context_memory(context, NULL, &peak), GAN_OK);
    free(values);
    end();
    return peak;
}

START_TEST(memory_is_bounded)
{
    const int64_t mib = 1024 * 1024;
    ck_assert_int_le(peak_of(2, 12000, 2048), 12 * mib);
    ck_assert_int_le(peak_of(2, 40000, 3), mib);
    ck_assert_int_le(peak_of(2, 3, 40000), 4 * mib);
    ck_assert_int_le(peak_of(1024, 2304, 1024), 24 * mib);
    ck_assert_int_le(peak_of(1100, 4000, 64), 10 * mib);
    ck_assert_int_le(peak_of(200000, 3, 3), 4 * mib);
}
END_TEST

START_TEST(parzen_arguments)
{
    begin();
    const float x[] = {1, 2, 3, 4};
    double mean = 7, error = 7;
    ck_assert_int_eq(gan_parzen_log_likelihood(NULL, 2, 2, x, 2, x, 1, &mean, &error),
                     GAN_ERROR_ARGUMENT);
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, NULL, 2, x, 1, &mean, &error),
                    GAN_ERROR_ARGUMENT, "Parzen window: samples is NULL");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, NULL, 1, &mean, &error),
                    GAN_ERROR_ARGUMENT, "rows is NULL");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, x, 1, NULL, &error),
                    GAN_ERROR_ARGUMENT, "mean is NULL");
    ck_assert_fails(gan_parzen_log_likelihood(context, 0, 2, x, 2, x, 1, &mean, &error),
                    GAN_ERROR_RANGE, "elements is 0, at least 1");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 0, x, 2, x, 1, &mean, &error),
                    GAN_ERROR_RANGE, "sample_count is 0");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, -1, x, 1, &mean, &error),
                    GAN_ERROR_RANGE, "row_count is -1");
    ck_assert_fails(
        gan_parzen_log_likelihood(context, INT64_C(1) << 31, 2, x, 2, x, 1, &mean, NULL),
        GAN_ERROR_RANGE, "2147483648 elements");
    ck_assert_fails(gan_parzen_log_likelihood(context, 8, INT64_MAX, x, 2, x, 1, &mean, &error),
                    GAN_ERROR_RANGE, "9223372036854775807 samples");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, x, 0, &mean, &error),
                    GAN_ERROR_RANGE, "sigma 0 is 0, not within 1e-30 to 1e+30");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, x, -1, &mean, &error),
                    GAN_ERROR_RANGE, "is -1, not within");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, x, INFINITY, &mean, &error),
                    GAN_ERROR_RANGE, "is inf, not within");
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 2, x, 2, x, NAN, &mean, &error),
                    GAN_ERROR_ARGUMENT, "sigma 0 is NaN");
    ck_assert(mean == 7 && error == 7);
    end();
}
END_TEST

START_TEST(not_finite)
{
    begin();
    const float good[] = {1, 2, 3, 4, 5, 6}, nan[] = {1, 2, 3, 4, 5, NAN};
    const float infinite[] = {1, -INFINITY, 3, 4, 5, 6};
    double mean = 7, error = 7;
    ck_assert_fails(gan_parzen_log_likelihood(context, 2, 3, nan, 3, good, 1, &mean, &error),
                    GAN_ERROR_NUMERIC, "element 1 of sample 2 is NaN");
    ck_assert_fails(gan_parzen_log_likelihood(context, 3, 2, good, 2, nan, 1, &mean, &error),
                    GAN_ERROR_NUMERIC, "element 2 of row 1 is NaN");
    ck_assert_fails(gan_parzen_log_likelihood(context, 3, 2, good, 2, infinite, 1, &mean, &error),
                    GAN_ERROR_NUMERIC, "element 1 of row 0 is infinite");
    ck_assert(mean == 7 && error == 7);
    const double sigma = 1;
    int64_t best = 7;
    ck_assert_fails(
        gan_parzen_choose_sigma(context, 1, 6, infinite, 6, good, 1, &sigma, &mean, &best),
        GAN_ERROR_NUMERIC, "element 0 of sample 1 is infinite");
    ck_assert(mean == 7 && best == 7);
    end();
}
END_TEST

START_TEST(choose_sigma_arguments)
{
    begin();
    const float x[] = {1, 2, 3, 4};
    const double sigmas[] = {1, 2, 0}, nan[] = {1, NAN};
    double means[3] = {7, 7, 7};
    int64_t best = 7;
    ck_assert_int_eq(gan_parzen_choose_sigma(NULL, 2, 2, x, 2, x, 2, sigmas, means, &best),
                     GAN_ERROR_ARGUMENT);
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 2, x, 2, NULL, means, &best),
                    GAN_ERROR_ARGUMENT, "sigmas is NULL");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 2, x, 2, sigmas, means, NULL),
                    GAN_ERROR_ARGUMENT, "best is NULL");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, NULL, 2, x, 2, sigmas, means, &best),
                    GAN_ERROR_ARGUMENT, "samples is NULL");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 0, x, 2, sigmas, means, &best),
                    GAN_ERROR_RANGE, "row_count is 0");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 2, x, 0, sigmas, means, &best),
                    GAN_ERROR_RANGE, "sigma_count is 0");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 2, x, 3, sigmas, means, &best),
                    GAN_ERROR_RANGE, "sigma 2 is 0");
    ck_assert_fails(gan_parzen_choose_sigma(context, 2, 2, x, 2, x, 2, nan, means, &best),
                    GAN_ERROR_ARGUMENT, "sigma 1 is NaN");
    ck_assert(best == 7 && means[0] == 7);
    end();
}
END_TEST

/* ---- Parzen: every allocation fails once --------------------------------------------------- */

/* elements: more than 1024 take one more buffer */
static void fail_each(dice *d, int64_t elements, bool choose)
{
    begin();
    float *x = draw_floats(d, 5 * elements, 1, 0);
    const double sigmas[] = {0.5, 1};
    const int64_t live = own.live;
    int64_t failures = 0, best = 7;
    double mean = 7, error = 7, means[2] = {7, 7};
    for (;; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        const int32_t status =
            choose ? gan_parzen_choose_sigma(context, elements, 5, x, 5, x, 2, sigmas, means, &best)
                   : gan_parzen_log_likelihood(context, elements, 5, x, 5, x, 0.5, &mean, &error);
        ck_assert_int_eq(own.live, live);
        int64_t now;
        ck_assert_int_eq(gan_context_memory(context, &now, NULL), GAN_OK);
        ck_assert_int_eq(now, 0);
        if (status == GAN_OK) {
            break;
        }
        ck_assert_int_eq(status, GAN_ERROR_MEMORY);
        ck_assert_ptr_nonnull(strstr(gan_context_message(context), "out of memory"));
        ck_assert(mean == 7 && error == 7 && means[0] == 7 && best == 7);
    }
    ck_assert_int_ge(failures, elements > 1024 ? 12 : 11);
    ck_assert(choose ? means[0] != 7 && best != 7 : mean != 7 && error != 7);
    free(x);
    end();
}

START_TEST(out_of_memory)
{
    dice d = {11};
    fail_each(&d, 3, false);
    fail_each(&d, 3, true);
    fail_each(&d, 1500, false);
    fail_each(&d, 1500, true);
}
END_TEST

int main(void)
{
    return RUN_TESTS("parzen", one_sample, closed_forms, shapes, units, memorised, two_clusters,
                     no_negative_distance, extreme_bandwidths, gaussian, choose_sigma,
                     choose_sigma_at_the_edges, threads_do_not_matter, memory_is_bounded,
                     parzen_arguments, not_finite, choose_sigma_arguments, out_of_memory);
}
