/* The quantities of the theory: closed forms, properties, counting rules and errors. */
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

static const double log_2 = 0.69314718055994530942;

START_TEST(optimal_discriminator)
{
    begin();
    const double p[] = {1, 0, 3, 0, 1e308, 5e-324, 0.25}, q[] = {1, 2, 1, 0, 1e308, 0, 0.75};
    double d[7];
    ck_assert_int_eq(gan_optimal_discriminator(context, 7, p, q, d), GAN_OK);
    ck_assert(d[0] == 0.5 && d[1] == 0 && d[2] == 0.75 && d[4] == 0.5 && d[5] == 1);
    ck_assert(isnan(d[3]));
    ck_assert(d[6] == 0.25);
    end();
}
END_TEST

/* In place, as the value of D at the optimum: the maximum over D of p log D + q log (1 - D). */
START_TEST(optimal_discriminator_is_optimal)
{
    begin();
    dice d = {1};
    for (int32_t i = 0; i < 100; i++) {
        const double p = fabs(draw(&d)), q = fabs(draw(&d));
        double best = p;
        ck_assert_int_eq(gan_optimal_discriminator(context, 1, &best, &q, &best), GAN_OK);
        const double value = p * log(best) + q * log(1 - best);
        ck_assert(value >= p * log(best + 1e-4) + q * log(1 - best - 1e-4));
        ck_assert(value >= p * log(best - 1e-4) + q * log(1 - best + 1e-4));
    }
    end();
}
END_TEST

static double divergence(int64_t n, const double *p, const double *q)
{
    double jsd;
    ck_assert_int_eq(gan_jensen_shannon(context, n, p, q, &jsd), GAN_OK);
    return jsd;
}

static double entropy(double p)
{
    return p <= 0 || p >= 1 ? 0 : -p * log(p) - (1 - p) * log(1 - p);
}

START_TEST(divergence_of_equal_and_disjoint)
{
    begin();
    const double p[] = {1, 2, 3, 0}, q[] = {2, 4, 6, 0}, r[] = {0, 0, 0, 7};
    ck_assert(divergence(4, p, p) == 0);
    ck_assert(divergence(4, p, q) == 0);
    ck_assert(divergence(4, p, r) == log_2);
    const double a[] = {1e308, 1e308, 0}, b[] = {0, 1e-320, 1e-320};
    ck_assert_double_eq_tol(divergence(3, a, b), log_2 / 2, 1e-15);
    end();
}
END_TEST

/* Bernoulli variables: JSD is the entropy of the mixture less the mean of the entropies. */
START_TEST(divergence_of_bernoulli)
{
    begin();
    for (int32_t i = 0; i <= 20; i++) {
        for (int32_t j = 0; j <= 20; j++) {
            const double a = i / 20.0, b = j / 20.0;
            const double p[] = {3 * a, 3 * (1 - a)}, q[] = {b, 1 - b};
            const double jsd = divergence(2, p, q);
            const double expected = entropy((a + b) / 2) - (entropy(a) + entropy(b)) / 2;
            ck_assert_double_eq_tol(jsd, expected, 1e-15);
            ck_assert(jsd >= 0 && jsd <= log_2);
            ck_assert(divergence(2, q, p) == jsd);
        }
    }
    end();
}
END_TEST

/* Near p = q it is the sum of (p - q)^2 / (8 p), which sums of p log p cannot tell from 0. */
START_TEST(divergence_of_close_ones)
{
    begin();
    const double e = 1e-9, p[] = {0.5 + e, 0.5 - e}, q[] = {0.5, 0.5};
    ck_assert_double_eq_tol(divergence(2, p, q) / (e * e / 2), 1, 1e-6);
    end();
}
END_TEST

START_TEST(divergence_properties)
{
    begin();
    dice d = {2};
    for (int32_t i = 0; i < 200; i++) {
        double p[30], q[30];
        double p_sum = 0, q_sum = 0, expected = 0;
        const int64_t n = 1 + i % 30;
        for (int64_t j = 0; j < n; j++) {
            p[j] = exp(5 * draw(&d));
            q[j] = j > 0 && draw(&d) < 0 ? 0 : exp(5 * draw(&d));
            p_sum += p[j];
            q_sum += q[j];
        }
        for (int64_t j = 0; j < n; j++) {
            const double a = p[j] / p_sum, b = q[j] / q_sum, m = (a + b) / 2;
            expected += a * log(a / m) / 2 + (b > 0 ? b * log(b / m) / 2 : 0);
        }
        const double jsd = divergence(n, p, q);
        ck_assert_double_eq_tol(jsd, expected, 1e-14);
        ck_assert(jsd >= 0 && jsd <= log_2);
        ck_assert_double_eq_tol(divergence(n, q, p), jsd, 1e-15);
        double criterion;
        ck_assert_int_eq(gan_generator_criterion(context, n, p, q, &criterion), GAN_OK);
        ck_assert_double_eq_tol(criterion, -log(4) + 2 * jsd, 1e-15);
    }
    end();
}
END_TEST

START_TEST(criterion)
{
    begin();
    const double p[] = {1, 1, 0}, q[] = {0, 0, 5};
    double c;
    ck_assert_int_eq(gan_generator_criterion(context, 3, p, p, &c), GAN_OK);
    ck_assert_double_eq_tol(c, -log(4), 1e-16);
    ck_assert_int_eq(gan_generator_criterion(context, 3, p, q, &c), GAN_OK);
    ck_assert(c == 0);
    end();
}
END_TEST

START_TEST(histogram)
{
    begin();
    const float values[] = {-0.001f, 0, 0.24f, 0.25f, 0.5f, 0.75f, 0.999f, 1, 1.001f, -5};
    double masses[4] = {9, 9, 9, 9};
    ck_assert_int_eq(gan_histogram(context, 10, values, 0, 1, 4, masses), GAN_OK);
    ck_assert(masses[0] == 0.2 && masses[1] == 0.1 && masses[2] == 0.1 && masses[3] == 0.3);
    ck_assert_int_eq(gan_histogram(context, 10, values, -10, 10, 1, masses), GAN_OK);
    ck_assert(masses[0] == 1);
    ck_assert_int_eq(gan_histogram(context, 1, values + 9, 0, 1, 4, masses), GAN_OK);
    ck_assert(masses[0] == 0 && masses[1] == 0 && masses[2] == 0 && masses[3] == 0);
    end();
}
END_TEST

/* Numbers just below the end, where the rounded place is the number of bins. */
START_TEST(histogram_rounding)
{
    begin();
    const float below = nextafterf(3, 0);
    double masses[7];
    ck_assert_int_eq(gan_histogram(context, 1, &below, -1e9, 3, 7, masses), GAN_OK);
    ck_assert(masses[6] == 1);
    const float tiny = 1e-45f;
    ck_assert_int_eq(gan_histogram(context, 1, &tiny, 0, 1e300, 7, masses), GAN_OK);
    ck_assert(masses[0] == 1);
    end();
}
END_TEST

START_TEST(theory_errors)
{
    begin();
    const double p[] = {1, 2}, zero[] = {0, 0}, negative[] = {1, -0.5}, infinite[] = {INFINITY, 1};
    const double nan[] = {1, NAN};
    double out[2] = {7, 7};
    ck_assert_int_eq(gan_optimal_discriminator(NULL, 2, p, p, out), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_jensen_shannon(NULL, 2, p, p, out), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_generator_criterion(NULL, 2, p, p, out), GAN_ERROR_ARGUMENT);
    ck_assert_fails(gan_optimal_discriminator(context, 2, p, p, NULL), GAN_ERROR_ARGUMENT,
                    "optimal discriminator: optimal is NULL");
    ck_assert_fails(gan_jensen_shannon(context, 2, p, p, NULL), GAN_ERROR_ARGUMENT,
                    "Jensen-Shannon divergence: divergence is NULL");
    ck_assert_fails(gan_generator_criterion(context, 2, p, p, NULL), GAN_ERROR_ARGUMENT,
                    "generator criterion: criterion is NULL");
    int32_t (*const calls[])(gan_context *, int64_t, const double *, const double *, double *) = {
        gan_optimal_discriminator, gan_jensen_shannon, gan_generator_criterion};
    for (int32_t i = 0; i < 3; i++) {
        ck_assert_fails(calls[i](context, 2, NULL, p, out), GAN_ERROR_ARGUMENT, "p_data is NULL");
        ck_assert_fails(calls[i](context, 2, p, NULL, out), GAN_ERROR_ARGUMENT, "p_g is NULL");
        ck_assert_fails(calls[i](context, 0, p, p, out), GAN_ERROR_RANGE, "n is 0, at least 1");
        ck_assert_fails(calls[i](context, -3, p, p, out), GAN_ERROR_RANGE, "n is -3");
        ck_assert_fails(calls[i](context, 2, negative, p, out), GAN_ERROR_RANGE,
                        "p_data[1] is -0.5");
        ck_assert_fails(calls[i](context, 2, p, infinite, out), GAN_ERROR_RANGE, "p_g[0] is inf");
        ck_assert_fails(calls[i](context, 2, p, nan, out), GAN_ERROR_RANGE, "p_g[1] is ");
        if (i > 0) {
            ck_assert_fails(calls[i](context, 2, zero, p, out), GAN_ERROR_RANGE,
                            "the sum of the 2 masses of p_data is 0");
            ck_assert_fails(calls[i](context, 2, p, zero, out), GAN_ERROR_RANGE,
                            "the sum of the 2 masses of p_g is 0");
        }
    }
    ck_assert(out[0] == 7 && out[1] == 7);
    end();
}
END_TEST

START_TEST(histogram_errors)
{
    begin();
    const float x[] = {1, 2}, nan[] = {1, NAN}, infinite[] = {-INFINITY, 2};
    double m[2] = {7, 7};
    ck_assert_int_eq(gan_histogram(NULL, 2, x, 0, 1, 2, m), GAN_ERROR_ARGUMENT);
    ck_assert_fails(gan_histogram(context, 2, NULL, 0, 1, 2, m), GAN_ERROR_ARGUMENT,
                    "histogram: values is NULL");
    ck_assert_fails(gan_histogram(context, 2, x, 0, 1, 2, NULL), GAN_ERROR_ARGUMENT,
                    "histogram: masses is NULL");
    ck_assert_fails(gan_histogram(context, 0, x, 0, 1, 2, m), GAN_ERROR_RANGE, "n is 0");
    ck_assert_fails(gan_histogram(context, 2, x, 0, 1, 0, m), GAN_ERROR_RANGE, "bins is 0");
    ck_assert_fails(gan_histogram(context, 2, x, 1, 1, 2, m), GAN_ERROR_RANGE,
                    "low 1 must be below high 1");
    ck_assert_fails(gan_histogram(context, 2, x, 2, -1, 2, m), GAN_ERROR_RANGE,
                    "low 2 must be below high -1");
    ck_assert_fails(gan_histogram(context, 2, x, -1e308, 1e308, 2, m), GAN_ERROR_RANGE,
                    "finite number");
    ck_assert_fails(gan_histogram(context, 2, x, 0, INFINITY, 2, m), GAN_ERROR_RANGE, "high inf");
    ck_assert_fails(gan_histogram(context, 2, x, NAN, 1, 2, m), GAN_ERROR_ARGUMENT, "low is NaN");
    ck_assert_fails(gan_histogram(context, 2, x, 0, NAN, 2, m), GAN_ERROR_ARGUMENT, "high is NaN");
    ck_assert_fails(gan_histogram(context, 2, nan, 0, 1, 2, m), GAN_ERROR_RANGE, "value 1 is NaN");
    ck_assert_fails(gan_histogram(context, 2, infinite, 0, 1, 2, m), GAN_ERROR_RANGE,
                    "value 0 is infinite");
    ck_assert(m[0] == 7 && m[1] == 7);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("evaluate", optimal_discriminator, optimal_discriminator_is_optimal,
                     divergence_of_equal_and_disjoint, divergence_of_bernoulli,
                     divergence_of_close_ones, divergence_properties, criterion, histogram,
                     histogram_rounding, theory_errors, histogram_errors);
}
