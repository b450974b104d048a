#include "eval/bins.h"

#include "base/words.h"
#include "eval/dense.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 8 };

static const double least_expected = 10, least_part = 0.1;

/* Finding the bin of each vector. */
typedef struct {
    const gan__bins *bins;
    const float *x; /* [n, elements] */
} search;

static void find_bin(void *argument, int64_t item)
{
    const search *s = argument;
    const gan__bins *bins = s->bins;
    const float *x = s->x + item * bins->elements;
    double least = INFINITY;
    for (int64_t i = 0; i < bins->count; i++) {
        const double distance =
            gan__dense_distance(bins->elements, x, bins->centres + i * bins->elements);
        if (distance < least) { /* the first of equals */
            least = distance;
            bins->at[item] = i;
        }
    }
}

static void find_bins(gan_context *context, const gan__bins *bins, int64_t n, const float *x)
{
    gan__eval_for_each(context, n, n * bins->count * bins->elements, find_bin, &(search){bins, x});
}

/* The first centre is any vector, each further one a vector with a probability that is proportional
 * to its squared distance to the nearest centre so far.
 * distances: [n] */
static void choose_seeds(gan__bins *bins, int64_t n, const float *x, uint64_t seed,
                         double *distances)
{
    const int64_t k = bins->elements;
    gan__words words =
        gan__words_start((gan__random_key){.seed = seed, .stream = GAN__STREAM_BINS}, 0);
    int64_t chosen = (int64_t)gan__words_below(&words, (uint32_t)n);
    for (int64_t i = 0; i < n; i++) {
        distances[i] = INFINITY;
    }
    for (int64_t b = 0; b < bins->count; b++) {
        double total = 0;
        float *centre = bins->centres + b * k;
        memcpy(centre, x + chosen * k, (size_t)k * sizeof *centre);
        for (int64_t i = 0; i < n; i++) {
            distances[i] = fmin(distances[i], gan__dense_distance(k, x + i * k, centre));
            total += distances[i];
        }
        const double at = gan__words_uniform(&words) * total;
        double sum = 0;
        for (int64_t i = 0; i < n && sum <= at; i++) {
            sum += distances[i];
            chosen = distances[i] > 0 || total == 0 ? i : chosen;
        }
    }
}

/* Every centre goes to the mean of its vectors; one without stays. sums: [count, elements] */
static void move_centres(const gan__bins *bins, int64_t n, const float *x, double *sums)
{
    const int64_t k = bins->elements;
    memset(sums, 0, (size_t)(bins->count * k) * sizeof *sums);
    memset(bins->found, 0, (size_t)bins->count * sizeof *bins->found);
    for (int64_t i = 0; i < n; i++) {
        double *sum = sums + bins->at[i] * k;
        bins->found[bins->at[i]]++;
        for (int64_t j = 0; j < k; j++) {
            sum[j] += (double)x[i * k + j];
        }
    }
    for (int64_t i = 0; i < bins->count * k; i++) {
        if (bins->found[i / k] > 0) {
            bins->centres[i] = (float)(sums[i] / bins->found[i / k]);
        }
    }
}

int32_t gan__bins_make(gan_context *context, int64_t count, int64_t n, int64_t elements,
                       const float *x, uint64_t seed, gan__bins *bins)
{
    *bins = (gan__bins){.count = count, .elements = elements, .room = n};
    bins->centres = gan__allocate(context, count * elements, sizeof *bins->centres);
    bins->shares = gan__allocate(context, count, sizeof *bins->shares);
    bins->found = gan__allocate(context, count, sizeof *bins->found);
    bins->at = gan__allocate(context, n, sizeof *bins->at);
    double *sums = gan__allocate(context, count * elements, sizeof *sums);
    double *distances = gan__allocate(context, n, sizeof *distances);
    const bool enough = bins->centres != NULL && bins->shares != NULL && bins->found != NULL &&
                        bins->at != NULL && sums != NULL && distances != NULL;
    if (enough) {
        choose_seeds(bins, n, x, seed, distances);
        for (int32_t i = 0; i < ROUNDS; i++) {
            find_bins(context, bins, n, x);
            move_centres(bins, n, x, sums);
        }
        gan__bins_fill(context, bins, n, x);
        memcpy(bins->shares, bins->found, (size_t)count * sizeof *bins->shares);
    }
    gan__release(context, distances);
    gan__release(context, sums);
    return enough ? GAN_OK : GAN_ERROR_MEMORY;
}

void gan__bins_free(gan_context *context, gan__bins *bins)
{
    gan__release(context, bins->at);
    gan__release(context, bins->found);
    gan__release(context, bins->shares);
    gan__release(context, bins->centres);
    *bins = (gan__bins){0};
}

void gan__bins_fill(gan_context *context, gan__bins *bins, int64_t n, const float *x)
{
    find_bins(context, bins, n, x);
    memset(bins->found, 0, (size_t)bins->count * sizeof *bins->found);
    for (int64_t i = 0; i < n; i++) {
        bins->found[bins->at[i]]++;
    }
    for (int64_t i = 0; i < bins->count; i++) {
        bins->found[i] /= (double)n;
    }
}

double gan__bins_missing(const gan__bins *bins, int64_t n, double reach)
{
    const int64_t k = bins->elements;
    double all = 0, missing = 0;
    for (int64_t i = 0; i < bins->count; i++) {
        double share = 0, found = 0;
        for (int64_t j = 0; j < bins->count; j++) {
            const double distance =
                gan__dense_distance(k, bins->centres + i * k, bins->centres + j * k);
            if (distance <= reach * reach) {
                share += bins->shares[j];
                found += bins->found[j];
            }
        }
        if (share * (double)n >= least_expected) {
            all += bins->shares[i];
            missing += found < least_part * share ? bins->shares[i] : 0;
        }
    }
    return all > 0 ? missing / all : (double)NAN;
}

double gan__bins_imbalance(const gan__bins *bins)
{
    double sum = 0;
    for (int64_t i = 0; i < bins->count; i++) {
        sum += fabs(bins->shares[i] - bins->found[i]);
    }
    return sum / 2;
}
