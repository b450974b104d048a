#include "eval/modes.h"

#include "base/words.h"
#include "eval/dense.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024 /* samples at a time */, TASK = 64 /* of them in a task */ };

/* ---- Making one ---------------------------------------------------------------------------- */

static int32_t make_tally(gan_context *context, int64_t modes, int64_t elements, gan__tally *tally)
{
    tally->counts = gan__allocate(context, modes, sizeof *tally->counts);
    tally->good = gan__allocate(context, modes, sizeof *tally->good);
    tally->sums = gan__allocate(context, modes * elements, sizeof *tally->sums);
    tally->squares = gan__allocate(context, modes, sizeof *tally->squares);
    return tally->counts != NULL && tally->good != NULL && tally->sums != NULL &&
                   tally->squares != NULL
               ? GAN_OK
               : GAN_ERROR_MEMORY;
}

static void free_tally(gan_context *context, gan__tally *tally)
{
    gan__release(context, tally->counts);
    gan__release(context, tally->good);
    gan__release(context, tally->sums);
    gan__release(context, tally->squares);
}

int32_t gan__modes_make(gan_context *context, int64_t count, int64_t elements,
                        const double *centres, double deviation, gan__modes *modes)
{
    gan__modes made = {
        .context = context, .count = count, .elements = elements, .deviation = deviation};
    made.centres = gan__allocate(context, count * elements, sizeof *made.centres);
    made.nearest = gan__allocate(context, BLOCK, sizeof *made.nearest);
    made.distances = gan__allocate(context, BLOCK, sizeof *made.distances);
    const int32_t status = make_tally(context, count, elements, &made.tally);
    if (status != GAN_OK || made.centres == NULL || made.nearest == NULL ||
        made.distances == NULL) {
        gan__modes_free(&made);
        return GAN_ERROR_MEMORY;
    }
    memcpy(made.centres, centres, (size_t)(count * elements) * sizeof *centres);
    *modes = made;
    return GAN_OK;
}

void gan__modes_free(gan__modes *modes)
{
    if (modes->count > 0) {
        gan__release(modes->context, modes->centres);
        gan__release(modes->context, modes->nearest);
        gan__release(modes->context, modes->distances);
        free_tally(modes->context, &modes->tally);
    }
    *modes = (gan__modes){0};
}

void gan__modes_clear(const gan__modes *modes, gan__tally *tally)
{
    const size_t n = (size_t)modes->count;
    tally->count = 0;
    memset(tally->counts, 0, n * sizeof *tally->counts);
    memset(tally->good, 0, n * sizeof *tally->good);
    memset(tally->sums, 0, n * (size_t)modes->elements * sizeof *tally->sums);
    memset(tally->squares, 0, n * sizeof *tally->squares);
}

/* ---- Taking samples ------------------------------------------------------------------------ */

typedef struct {
    const gan__modes *modes;
    const float *x; /* [count, elements] */
    int64_t count;
} block;

static double squared_distance(int64_t n, const float *x, const double *centre)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double difference = (double)x[i] - centre[i];
        sum += difference * difference;
    }
    return sum;
}

static void find_nearest(void *argument, int64_t task)
{
    const block *b = argument;
    const gan__modes *modes = b->modes;
    const int64_t n = modes->elements, first = task * TASK;
    const int64_t end = first + TASK < b->count ? first + TASK : b->count;
    for (int64_t i = first; i < end; i++) {
        int64_t nearest = 0;
        double least = INFINITY;
        for (int64_t j = 0; j < modes->count; j++) {
            const double distance = squared_distance(n, b->x + i * n, modes->centres + j * n);
            nearest = distance < least ? j : nearest;
            least = distance < least ? distance : least;
        }
        modes->nearest[i] = nearest;
        modes->distances[i] = least / (modes->deviation * modes->deviation);
    }
}

/* In order: sums do not depend on how the samples came. */
static void count_block(const block *b, gan__tally *tally)
{
    const gan__modes *modes = b->modes;
    const int64_t n = modes->elements;
    for (int64_t i = 0; i < b->count; i++) {
        const int64_t mode = modes->nearest[i];
        tally->counts[mode]++;
        if (modes->distances[i] < modes->threshold * modes->threshold) {
            tally->good[mode]++;
            tally->squares[mode] += modes->distances[i];
            const double *centre = modes->centres + mode * n;
            double *sum = tally->sums + mode * n;
            for (int64_t j = 0; j < n; j++) {
                sum[j] += ((double)b->x[i * n + j] - centre[j]) / modes->deviation;
            }
        }
    }
    tally->count += b->count;
}

void gan__modes_add(gan__modes *modes, gan__tally *tally, int64_t n, const float *x)
{
    const int64_t most = (int64_t)INT32_MAX * BLOCK;
    const int64_t size = gan__multiply(modes->count, modes->elements);
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t left = n - first;
        const block b = {modes, x + first * modes->elements, left < BLOCK ? left : BLOCK};
        gan__eval_for_each(modes->context, (b.count + TASK - 1) / TASK,
                           size < most ? b.count * size : most, find_nearest, (void *)&b);
        count_block(&b, tally);
    }
}

/* ---- Values -------------------------------------------------------------------------------- */

void gan__modes_spread(const gan__modes *modes, const gan__tally *tally, int64_t mode,
                       double *ratio, double *offset)
{
    const double good = (double)tally->good[mode];
    const double *sum = tally->sums + mode * modes->elements;
    double length = 0; /* |sum|^2 */
    for (int64_t i = 0; i < modes->elements; i++) {
        length += sum[i] * sum[i];
    }
    *offset = good > 0 ? sqrt(length) / good : (double)NAN;
    *ratio = NAN;
    if (good > 1) {
        const double rest = tally->squares[mode] - length / good;
        *ratio = sqrt(fmax(rest, 0) / ((good - 1) * (double)modes->elements));
    }
}

static double divergence(const gan__modes *modes, const gan__tally *tally, double good)
{
    double sum = 0;
    for (int64_t i = 0; i < modes->count; i++) {
        if (tally->good[i] > 0) {
            const double share = (double)tally->good[i] / good;
            sum += share * log(share * (double)modes->count);
        }
    }
    return good > 0 ? fmax(sum, 0) : (double)NAN;
}

void gan__modes_values(const gan__modes *modes, const gan__tally *tally, int64_t minimum,
                       double *values)
{
    double found = 0, good = 0, ratios = 0, ratio_count = 0, offsets = 0, offset_count = 0;
    double least = INFINITY, greatest = 0;
    for (int64_t i = 0; i < modes->count; i++) {
        double ratio, offset;
        gan__modes_spread(modes, tally, i, &ratio, &offset);
        found += tally->good[i] >= minimum;
        good += (double)tally->good[i];
        if (tally->good[i] > 0) {
            offsets += offset;
            offset_count++;
        }
        if (tally->good[i] > 1) {
            ratios += ratio;
            ratio_count++;
            least = fmin(least, ratio);
            greatest = fmax(greatest, ratio);
        }
    }
    values[GAN__MODES_FOUND] = found;
    values[GAN__MODES_SHARE] = good / (double)tally->count;
    values[GAN__MODES_KL] = divergence(modes, tally, good);
    values[GAN__MODES_RATIO] = ratio_count > 0 ? ratios / ratio_count : (double)NAN;
    values[GAN__MODES_LEAST_RATIO] = ratio_count > 0 ? least : (double)NAN;
    values[GAN__MODES_GREATEST_RATIO] = ratio_count > 0 ? greatest : (double)NAN;
    values[GAN__MODES_OFFSET] = offset_count > 0 ? offsets / offset_count : (double)NAN;
}

/* ---- The perfect sampler ------------------------------------------------------------------- */

typedef struct {
    const gan__modes *modes;
    gan__random_key key;
    int64_t first, count;
    float *x; /* [count, elements] */
} sampler;

static void draw_samples(void *argument, int64_t task)
{
    const sampler *s = argument;
    const gan__modes *modes = s->modes;
    const int64_t end = (task + 1) * TASK < s->count ? (task + 1) * TASK : s->count;
    for (int64_t i = task * TASK; i < end; i++) {
        gan__words words = gan__words_start(s->key, (uint32_t)(s->first + i));
        const int64_t mode = gan__words_below(&words, (uint32_t)modes->count);
        const double *centre = modes->centres + mode * modes->elements;
        float *x = s->x + i * modes->elements;
        for (int64_t j = 0; j < modes->elements; j += 2) {
            double normals[2];
            gan__words_normals(&words, normals);
            for (int64_t k = 0; k < 2 && j + k < modes->elements; k++) {
                x[j + k] = (float)(centre[j + k] + modes->deviation * normals[k]);
            }
        }
    }
}

static void simulate(gan__modes *modes, sampler *s, gan__tally *tally)
{
    gan__modes_clear(modes, tally);
    for (s->first = 0; s->first < modes->tally.count; s->first += BLOCK) {
        const int64_t left = modes->tally.count - s->first;
        s->count = left < BLOCK ? left : BLOCK;
        gan__eval_for_each(modes->context, (s->count + TASK - 1) / TASK,
                           32 * s->count * modes->elements, draw_samples, s);
        gan__modes_add(modes, tally, s->count, s->x);
    }
}

int32_t gan__modes_floor(gan__modes *modes, int64_t minimum, int64_t simulations,
                         gan__random_key key, double *means, double *deviations)
{
    gan_context *context = modes->context;
    gan__tally tally = {0};
    sampler s = {.modes = modes, .key = key};
    s.x = gan__allocate(context, BLOCK * modes->elements, sizeof *s.x);
    int32_t status = make_tally(context, modes->count, modes->elements, &tally);
    if (status != GAN_OK || s.x == NULL) {
        status = GAN_ERROR_MEMORY;
        goto done;
    }
    for (int32_t i = 0; i < GAN__MODES_VALUES; i++) {
        means[i] = deviations[i] = 0;
    }
    for (int64_t i = 0; i < simulations; i++) {
        s.key.step = (uint64_t)i;
        simulate(modes, &s, &tally);
        double values[GAN__MODES_VALUES];
        gan__modes_values(modes, &tally, minimum, values);
        for (int32_t j = 0; j < GAN__MODES_VALUES; j++) { /* Welford 1962 */
            const double difference = values[j] - means[j];
            means[j] += difference / (double)(i + 1);
            deviations[j] += difference * (values[j] - means[j]);
        }
    }
    for (int32_t i = 0; i < GAN__MODES_VALUES; i++) {
        deviations[i] = sqrt(deviations[i] / (double)(simulations - 1));
    }
done:
    gan__release(context, s.x);
    free_tally(context, &tally);
    return status;
}
