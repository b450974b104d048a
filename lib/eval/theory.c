/* The quantities of the paper's theory, from densities or from the cells of a histogram. */
#include <gan/evaluate.h>

#include "eval/check.h"

#include <float.h>
#include <math.h>

static const double log_2 = 0.6931471805599453094;

/* ---- Checks -------------------------------------------------------------------------------- */

/* Checks that all of p are finite and at least 0. p: [n] */
static int32_t check_masses(gan_context *context, const char *owner, const char *what, int64_t n,
                            const double *p)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(p[i]) || p[i] < 0) {
            return gan__fail(context, GAN_ERROR_RANGE,
                             "%s: %s[%lld] is %g, not a finite number of at least 0", owner, what,
                             (long long)i, p[i]);
        }
    }
    return GAN_OK;
}

static int32_t check_pair(gan_context *context, const char *owner, int64_t n, const double *p_data,
                          const double *p_g)
{
    GAN__TRY(gan__eval_pointer(context, owner, "p_data", p_data));
    GAN__TRY(gan__eval_pointer(context, owner, "p_g", p_g));
    GAN__TRY(gan__eval_count(context, owner, "n", n));
    GAN__TRY(check_masses(context, owner, "p_data", n, p_data));
    return check_masses(context, owner, "p_g", n, p_g);
}

/* ---- The optimal discriminator ------------------------------------------------------------- */

int32_t gan_optimal_discriminator(gan_context *context, int64_t n, const double *p_data,
                                  const double *p_g, double *optimal)
{
    static const char owner[] = "optimal discriminator";
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "optimal", optimal));
    GAN__TRY(check_pair(context, owner, n, p_data, p_g));
    for (int64_t i = 0; i < n; i++) {
        const double sum = p_data[i] + p_g[i];
        /* 0 / 0 is NaN, but which NaN depends on the machine. Halves, where the sum overflows. */
        if (sum <= 0) {
            optimal[i] = NAN;
        } else if (sum <= DBL_MAX) {
            optimal[i] = p_data[i] / sum;
        } else {
            optimal[i] = p_data[i] / 2 / (p_data[i] / 2 + p_g[i] / 2);
        }
    }
    return GAN_OK;
}

/* ---- The Jensen-Shannon divergence --------------------------------------------------------- */

/* What masses are divided by so that they sum to 1: first `peak`, so that nothing overflows, then
 * `sum`. */
typedef struct {
    double peak, sum;
} norm;

static int32_t measure(gan_context *context, const char *owner, const char *what, int64_t n,
                       const double *p, norm *out)
{
    norm found = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        found.peak = p[i] > found.peak ? p[i] : found.peak;
    }
    if (found.peak <= 0) {
        return gan__fail(context, GAN_ERROR_RANGE, "%s: the sum of the %lld masses of %s is 0",
                         owner, (long long)n, what);
    }
    for (int64_t i = 0; i < n; i++) {
        found.sum += p[i] / found.peak;
    }
    *out = found;
    return GAN_OK;
}

/* (1 + t) log(1 + t) + (1 - t) log(1 - t), the divergence's integrand over (p + q) / 4, at
 * t = |p - q| / (p + q). Near t = 0, where it is about t^2, it is written so that nothing cancels;
 * near t = 1 so that 1 - t is taken from the smaller of p and q. */
static double integrand(double p, double q)
{
    const double t = fabs(p - q) / (p + q);
    if (t < 0.5) {
        return log1p(-t * t) + 2 * t * atanh(t);
    }
    const double rest = fmin(p, q) / (p + q) * 2;
    return (2 - rest) * log(2 - rest) + (rest > 0 ? rest * log(rest) : 0);
}

static int32_t divergence_of(gan_context *context, const char *owner, int64_t n,
                             const double *p_data, const double *p_g, double *divergence)
{
    GAN__TRY(check_pair(context, owner, n, p_data, p_g));
    norm data = {0}, model = {0};
    GAN__TRY(measure(context, owner, "p_data", n, p_data, &data));
    GAN__TRY(measure(context, owner, "p_g", n, p_g, &model));
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        const double p = p_data[i] / data.peak / data.sum;
        const double q = p_g[i] / model.peak / model.sum;
        if (p + q > 0) {
            total += (p + q) * integrand(p, q);
        }
    }
    /* Rounding must not carry the result out of its range. */
    *divergence = fmin(total / 4, log_2);
    return GAN_OK;
}

int32_t gan_jensen_shannon(gan_context *context, int64_t n, const double *p_data, const double *p_g,
                           double *divergence)
{
    static const char owner[] = "Jensen-Shannon divergence";
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "divergence", divergence));
    return divergence_of(context, owner, n, p_data, p_g, divergence);
}

int32_t gan_generator_criterion(gan_context *context, int64_t n, const double *p_data,
                                const double *p_g, double *criterion)
{
    static const char owner[] = "generator criterion";
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "criterion", criterion));
    double divergence;
    GAN__TRY(divergence_of(context, owner, n, p_data, p_g, &divergence));
    *criterion = 2 * (divergence - log_2);
    return GAN_OK;
}

/* ---- The histogram ------------------------------------------------------------------------- */

static int32_t check_histogram(gan_context *context, int64_t n, const float *values, double low,
                               double high, int64_t bins, const double *masses)
{
    static const char owner[] = "histogram";
    GAN__TRY(gan__eval_pointer(context, owner, "values", values));
    GAN__TRY(gan__eval_pointer(context, owner, "masses", masses));
    GAN__TRY(gan__eval_count(context, owner, "n", n));
    GAN__TRY(gan__eval_count(context, owner, "bins", bins));
    if (isnan(low) || isnan(high)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: %s is NaN", owner,
                         isnan(low) ? "low" : "high");
    }
    if (low >= high || !isfinite(high - low)) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "%s: low %g must be below high %g, by a finite number", owner, low, high);
    }
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return gan__fail(context, GAN_ERROR_RANGE, "%s: value %lld is %s", owner, (long long)i,
                             isnan(values[i]) ? "NaN" : "infinite");
        }
    }
    return GAN_OK;
}

int32_t gan_histogram(gan_context *context, int64_t n, const float *values, double low, double high,
                      int64_t bins, double *masses)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(check_histogram(context, n, values, low, high, bins, masses));
    for (int64_t i = 0; i < bins; i++) {
        masses[i] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        const double value = (double)values[i];
        if (value >= low && value <= high) {
            /* `high` itself, and what rounding takes there, is in the last cell. */
            const double place = (value - low) / (high - low) * (double)bins;
            masses[place < (double)bins ? (int64_t)place : bins - 1] += 1;
        }
    }
    for (int64_t i = 0; i < bins; i++) {
        masses[i] /= (double)n;
    }
    return GAN_OK;
}
