/* How well a generator of one dimension has learned a normal distribution. */
#ifndef EXAMPLES_SCORE_H
#define EXAMPLES_SCORE_H

#include <gan/gan.h>

#include <stdbool.h>

/* Mean and deviation of a normal distribution, or of samples. */
typedef struct {
    double mean, deviation;
} moments;

typedef struct {
    moments learned;   /* of the generator's samples */
    double divergence; /* Jensen-Shannon, of the samples from the data; nats, 0 to log 2 */
    double value;      /* V(D, G), nats; -log 4 at the solution */
    double off_half;   /* mean |D(x) - 1/2| over data and samples */
} score;

/* Mean and deviation of values: [count]. */
moments moments_of(const float *values, int64_t count);

/* Takes the measurements on `count` fresh samples of each side. */
score score_players(gan_context *context, gan_network *G, gan_network *D, moments target,
                    int64_t count, uint64_t seed);

/* How far off the mean is in deviations of the target, the deviation relative to it, and V. */
double score_mean_error(const score *s, moments target);
double score_deviation_error(const score *s, moments target);
double score_value_error(const score *s);

/* Whether that is little: the mean off by at most 0.1 deviations, the deviation by at most 15
 * percent, V by less than 0.05. */
bool score_converged(const score *s, moments target);

#endif
