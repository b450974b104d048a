#include "score.h"

#include "check.h"

#include <math.h>
#include <stdlib.h>

moments moments_of(const float *values, int64_t count)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)values[i];
    }
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) {
        squares += ((double)values[i] - mean) * ((double)values[i] - mean);
    }
    return (moments){mean, sqrt(squares / (double)count)};
}

/* The divergence over cells whose masses under the target are exact; what lies beyond the outer
 * cells counts as within them. */
static double divergence(gan_context *context, const float *samples, int64_t count, moments target)
{
    enum { CELLS = 100 };
    const double span = 5 * target.deviation, width = 2 * span / CELLS;
    const double low = target.mean - span, high = target.mean + span;
    float *inside = allocate((size_t)count, sizeof *inside);
    for (int64_t i = 0; i < count; i++) {
        double x = (double)samples[i];
        inside[i] = (float)fmin(fmax(x, low + width / 2), high - width / 2);
    }
    double p_g[CELLS], p_data[CELLS], below = 0, result = 0;
    check(context, gan_histogram(context, count, inside, low, high, CELLS, p_g));
    free(inside);
    for (int i = 0; i < CELLS; i++) {
        double edge = (low + (i + 1) * width - target.mean) / target.deviation;
        double up_to = i + 1 < CELLS ? 0.5 * erfc(-edge / sqrt(2)) : 1;
        p_data[i] = up_to - below;
        below = up_to;
    }
    check(context, gan_jensen_shannon(context, CELLS, p_data, p_g, &result));
    return result;
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

/* V(D, G) and D's distance from 1/2, from logits l: log D = -softplus(-l) and
 * log(1 - D) = -softplus(l).
 *   x, g  [count] data, samples of G */
static void judge(gan_context *context, gan_network *D, const float *x, const float *g,
                  int64_t count, score *s)
{
    float *real = allocate((size_t)count, sizeof *real);
    float *fake = allocate((size_t)count, sizeof *fake);
    check(context, gan_network_forward(D, count, x, real, count));
    check(context, gan_network_forward(D, count, g, fake, count));
    double value = 0, off_half = 0;
    for (int64_t i = 0; i < count; i++) {
        double l = (double)real[i], m = (double)fake[i];
        value -= softplus(-l) + softplus(m);
        off_half += fabs(0.5 * tanh(l / 2)) + fabs(0.5 * tanh(m / 2)); /* D - 1/2 = tanh(l/2)/2 */
    }
    s->value = value / (double)count;
    s->off_half = off_half / (2 * (double)count);
    free(real);
    free(fake);
}

score score_players(gan_context *context, gan_network *G, gan_network *D, moments target,
                    int64_t count, uint64_t seed)
{
    float *x = allocate((size_t)count, sizeof *x), *g = allocate((size_t)count, sizeof *g);
    gan_dataset *fresh = NULL;
    check(context,
          gan_dataset_gaussian(context, count, target.mean, target.deviation, seed, &fresh));
    check(context, gan_dataset_read(fresh, 0, count, x, count));
    check(context, gan_network_sample(G, seed, count, g, count));
    score s = {.learned = moments_of(g, count),
               .divergence = divergence(context, g, count, target)};
    judge(context, D, x, g, count, &s);
    gan_dataset_free(fresh);
    free(x);
    free(g);
    return s;
}

double score_mean_error(const score *s, moments target)
{
    return (s->learned.mean - target.mean) / target.deviation;
}

double score_deviation_error(const score *s, moments target)
{
    return s->learned.deviation / target.deviation - 1;
}

double score_value_error(const score *s)
{
    return s->value + log(4);
}

bool score_converged(const score *s, moments target)
{
    return fabs(score_mean_error(s, target)) <= 0.1 &&
           fabs(score_deviation_error(s, target)) <= 0.15 && fabs(score_value_error(s)) < 0.05;
}
