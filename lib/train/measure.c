/* The measurements of a monitor. All arrays are made by the first one. */
#include "base/words.h"
#include "train/monitor.h"

#include <math.h>
#include <string.h>

enum { REAL, FAKE, HELD_OUT };

enum { PER_BIN = 16 }; /* samples for a bin, at least, in the mean */

static const double low_share = 0.05, near_step = 0.1, duplicate_part = 0.1, reach_part = 0.25;

void gan__monitor_forget(gan_monitor *monitor)
{
    gan__gauge *gauge = monitor->gauge;
    if (gauge == NULL) {
        return;
    }
    gan_context *context = monitor->context;
    float *const arrays[] = {gauge->real,
                             gauge->conditions,
                             gauge->held_out,
                             gauge->held_conditions,
                             gauge->z,
                             gauge->near_z,
                             gauge->fake,
                             gauge->near_fake,
                             gauge->logits[REAL],
                             gauge->logits[FAKE],
                             gauge->logits[HELD_OUT]};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        gan__release(context, arrays[i]);
    }
    gan__spread_free(&gauge->spread);
    gan__bins_free(context, &gauge->bins);
    gan__release(context, gauge);
    monitor->gauge = NULL;
}

/* ---- The real samples ---------------------------------------------------------------------- */

/* Reads samples `first`, first + step, ... of a choice of `of`: the data are cut into as many
 * stretches, each of which gives one sample. So a choice has no sample twice, whatever the order of
 * the data is. Rows of a data set beside it are read with the same numbers.
 *   x  [ceil((of - first) / step), elements] */
static int32_t read_choice(gan_monitor *monitor, gan_dataset *data, int64_t of, int64_t first,
                           int64_t step, float *x)
{
    const int64_t count = gan_dataset_count(data), elements = gan_dataset_elements(data);
    const uint64_t seed = (uint64_t)monitor->options[GAN__WATCH_SEED];
    monitor->reading = true;
    int32_t status = GAN_OK;
    for (int64_t i = first; i < of && status == GAN_OK; i += step, x += elements) {
        gan__words words = gan__words_start(
            (gan__random_key){.seed = seed, .stream = GAN__STREAM_MONITOR}, (uint32_t)i);
        /* i / of of the count, without products that overflow */
        const int64_t low = count / of * i + count % of * i / of;
        const int64_t high = count / of * (i + 1) + count % of * (i + 1) / of;
        const double at = gan__words_uniform(&words) * (double)(high - low);
        status = gan__dataset_read(data, 0, gan__smaller(low + (int64_t)at, high - 1), 1, x);
    }
    monitor->reading = false;
    return status;
}

/* What is known of the real samples by themselves. */
static void describe_real(gan__gauge *gauge)
{
    gan__spread *s = &gauge->spread;
    gan__spread_measure(s, gauge->real);
    gauge->mean = gan__mean_of(s->pair_count, s->distances);
    gauge->low = gan__quantile_of(s->pair_count, s->distances, low_share);
    gauge->nearest = gan__quantile_of(s->count, s->nearest, 0.5);
    gauge->collisions = gan__count_within(s->pair_count, s->distances, gauge->nearest);
    gauge->duplicates =
        (double)gan__count_within(s->count, s->nearest, duplicate_part * gauge->nearest) /
        (double)s->count;
}

/* Twice as many for the bins as for the rest, if there are so many: a real sample of the rest is
 * every second one of them. */
static int32_t read_real(gan_monitor *monitor, gan__gauge *gauge)
{
    gan_context *context = monitor->context;
    gan_dataset *data = monitor->trainer->data;
    const int64_t elements = gan_dataset_elements(data);
    const int64_t n = gauge->n, all = gan_dataset_count(data) >= 2 * n ? 2 * n : n;
    const int64_t most = n / PER_BIN > 1 ? n / PER_BIN : 1;
    float *x = gan__allocate(context, gan__multiply(all, elements), sizeof *x);
    int32_t status = x != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        status = read_choice(monitor, data, all, 0, 1, x);
    }
    if (status == GAN_OK) {
        for (int64_t i = 0; i < n; i++) {
            memcpy(gauge->real + i * elements, x + i * (all / n) * elements,
                   (size_t)elements * sizeof *x);
        }
        status = gan__bins_make(
            context, gan__smaller((int64_t)monitor->options[GAN__WATCH_BINS], most), all, elements,
            x, (uint64_t)monitor->options[GAN__WATCH_SEED], &gauge->bins);
    }
    gan__release(context, x);
    if (status == GAN_OK && gauge->conditions != NULL) {
        status =
            read_choice(monitor, monitor->trainer->conditions, all, 0, all / n, gauge->conditions);
    }
    GAN__TRY(status);
    describe_real(gauge);
    return GAN_OK;
}

static int32_t read_held_out(gan_monitor *monitor, gan__gauge *gauge)
{
    if (gauge->held == 0) {
        return GAN_OK;
    }
    GAN__TRY(read_choice(monitor, monitor->held_out, gauge->held, 0, 1, gauge->held_out));
    return monitor->rows == NULL
               ? GAN_OK
               : read_choice(monitor, monitor->rows, gauge->held, 0, 1, gauge->held_conditions);
}

/* ---- Arrays -------------------------------------------------------------------------------- */

/* Makes an array of `count` rows; sets *status where that fails. None for an empty one. */
static float *rows_of(gan_context *context, int64_t count, int64_t elements, int32_t *status)
{
    const int64_t size = gan__multiply(count, elements);
    if (*status != GAN_OK || size == 0) {
        return NULL;
    }
    float *made = gan__allocate(context, size < 0 ? INT64_MAX : size, sizeof *made);
    *status = made != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    return made;
}

static int32_t make_arrays(const gan_monitor *monitor, gan__gauge *gauge)
{
    gan_context *context = monitor->context;
    const gan_trainer *t = monitor->trainer;
    const int64_t elements = gan_network_input_elements(t->d.network);
    const int64_t noise = gan_network_input_elements(t->g.network);
    const int64_t given = gan__trainer_conditions(t);
    const int64_t n = gauge->n, near = (n + 3) / 4, held = gauge->held;
    int32_t status = GAN_OK;
    gauge->real = rows_of(context, n, elements, &status);
    gauge->conditions = rows_of(context, n, given, &status);
    gauge->held_out = rows_of(context, held, elements, &status);
    gauge->held_conditions = rows_of(context, held, t->d.network->conditions, &status);
    gauge->z = rows_of(context, n, noise, &status);
    gauge->near_z = rows_of(context, near, noise, &status);
    gauge->fake = rows_of(context, n, elements, &status);
    gauge->near_fake = rows_of(context, near, elements, &status);
    gauge->logits[REAL] = rows_of(context, n, 1, &status);
    gauge->logits[FAKE] = rows_of(context, n, 1, &status);
    gauge->logits[HELD_OUT] = rows_of(context, held, 1, &status);
    GAN__TRY(status);
    return gan__spread_make(context, n, elements, &gauge->spread);
}

/* What measurements work on, if it is not there. On an error it is not. */
static int32_t prepare(gan_monitor *monitor)
{
    if (monitor->gauge != NULL) {
        return GAN_OK;
    }
    const int64_t samples = (int64_t)monitor->options[GAN__WATCH_SAMPLES];
    gan__gauge *gauge = gan__allocate(monitor->context, 1, sizeof *gauge);
    if (gauge == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gauge->n = gan__smaller(samples, gan_dataset_count(monitor->trainer->data));
    gauge->held =
        monitor->held_out != NULL ? gan__smaller(samples, gan_dataset_count(monitor->held_out)) : 0;
    monitor->gauge = gauge;
    int32_t status = make_arrays(monitor, gauge);
    if (status == GAN_OK) {
        status = read_real(monitor, gauge);
    }
    if (status == GAN_OK) {
        status = read_held_out(monitor, gauge);
    }
    if (status != GAN_OK) {
        gan__monitor_forget(monitor);
    }
    return status;
}

/* ---- Samples and logits -------------------------------------------------------------------- */

/* Evaluates a network on n samples, under conditions if it has some. The result must be finite.
 * y: [n, output elements] */
static int32_t evaluate(gan_monitor *monitor, gan_network *network, int64_t n, const float *x,
                        const float *conditions, float *y)
{
    const int64_t elements = gan_network_output_elements(network);
    GAN__TRY(gan_network_evaluate(network, network->output, n, x,
                                  network->conditions > 0 ? conditions : NULL, y, n * elements));
    for (int64_t i = 0; i < n * elements; i++) {
        if (!isfinite(y[i])) {
            return gan__fail(monitor->context, GAN_ERROR_NUMERIC,
                             "monitor: element %lld of sample %lld of %s is not finite",
                             (long long)(i % elements), (long long)(i / elements), network->name);
        }
    }
    return GAN_OK;
}

static int32_t generate(gan_monitor *monitor, gan__gauge *gauge)
{
    const gan_trainer *t = monitor->trainer;
    const bool average = monitor->options[GAN__WATCH_GENERATOR] == GAN__AVERAGE;
    gan_network *g = average ? t->average.network : t->g.network;
    if (g == NULL) {
        return gan__fail(monitor->context, GAN_ERROR_STATE, "monitor: the trainer has no average");
    }
    const int64_t n = gauge->n, near = (n + 3) / 4, noise = gan_network_input_elements(g);
    const uint64_t seed = (uint64_t)monitor->options[GAN__WATCH_SEED];
    GAN__TRY(gan_network_noise(g, seed, n, gauge->z, n * noise));
    for (int64_t i = 0; i < near * noise; i++) {
        const double from = (double)gauge->z[i], to = (double)gauge->z[(i + noise) % (n * noise)];
        gauge->near_z[i] = (float)(from + near_step * (to - from));
    }
    GAN__TRY(evaluate(monitor, g, n, gauge->z, gauge->conditions, gauge->fake));
    return evaluate(monitor, g, near, gauge->near_z, gauge->conditions, gauge->near_fake);
}

/* ---- Values -------------------------------------------------------------------------------- */

static void measure_spread(gan__gauge *gauge, double *values)
{
    gan__spread *s = &gauge->spread;
    const double r = gauge->nearest;
    gan__spread_measure(s, gauge->fake);
    const int64_t collisions = gan__count_within(s->pair_count, s->distances, r);
    const int64_t equal = gan__count_within(s->pair_count, s->distances, duplicate_part * r);
    const double share =
        (double)gan__count_within(s->count, s->nearest, duplicate_part * r) / (double)s->count;
    values[GAN__MONITOR_DISTANCE_RATIO] = gan__mean_of(s->pair_count, s->distances) / gauge->mean;
    values[GAN__MONITOR_NEAR_RATIO] =
        gan__quantile_of(s->pair_count, s->distances, low_share) / gauge->low;
    values[GAN__MONITOR_NEAREST_RATIO] = gan__quantile_of(s->count, s->nearest, 0.5) / r;
    values[GAN__MONITOR_DUPLICATES] =
        gauge->duplicates < 1 ? fmax(0, (share - gauge->duplicates) / (1 - gauge->duplicates))
                              : (double)NAN;
    values[GAN__MONITOR_SUPPORT] = (double)s->pair_count / (double)(equal > 0 ? equal : 1);
    values[GAN__MONITOR_SUPPORT_RATIO] = (1 + (double)gauge->collisions) / (1 + (double)collisions);
}

static void measure_bins(const gan_monitor *monitor, gan__gauge *gauge, double *values)
{
    gan__bins_fill(monitor->context, &gauge->bins, gauge->n, gauge->fake);
    values[GAN__MONITOR_MISSING] =
        gan__bins_missing(&gauge->bins, gauge->n, reach_part * gauge->mean);
    values[GAN__MONITOR_IMBALANCE] = gan__bins_imbalance(&gauge->bins);
}

static void measure_latents(const gan__gauge *gauge, double *values)
{
    const int64_t near = (gauge->n + 3) / 4, elements = gauge->spread.pairs.elements;
    int64_t flat = 0;
    double sum = 0;
    for (int64_t i = 0; i < near; i++) {
        const float *a = gauge->fake + i * elements, *b = gauge->near_fake + i * elements;
        double squares = 0;
        for (int64_t j = 0; j < elements; j++) {
            const double difference = (double)a[j] - (double)b[j];
            squares += difference * difference;
        }
        sum += sqrt(squares);
        flat += sqrt(squares) <= near_step * duplicate_part * gauge->nearest;
    }
    values[GAN__MONITOR_LATENT_SENSITIVITY] = sum / (double)near / (near_step * gauge->mean);
    values[GAN__MONITOR_FLAT_LATENTS] = (double)flat / (double)near;
}

/* The share of logits above 0. */
static double positive(int64_t n, const float *logits)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += logits[i] > 0;
    }
    return (double)count / (double)n;
}

/* The probability that one of a is greater than one of b, ties counting half. Source: Mann and
 * Whitney 1947. a: [n]; b: [m] */
static double ranking(int64_t n, const float *a, int64_t m, const float *b)
{
    int64_t halves = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < m; j++) {
            halves += (a[i] > b[j]) + (a[i] >= b[j]);
        }
    }
    return (double)halves / (2 * (double)n * (double)m);
}

static int32_t measure_d(gan_monitor *monitor, gan__gauge *gauge, double *values)
{
    gan_network *d = monitor->trainer->d.network;
    float *const *logits = gauge->logits;
    const int64_t n = gauge->n, held = gauge->held;
    GAN__TRY(evaluate(monitor, d, n, gauge->real, gauge->conditions, logits[REAL]));
    GAN__TRY(evaluate(monitor, d, n, gauge->fake, gauge->conditions, logits[FAKE]));
    values[GAN__MONITOR_D_REAL] = positive(n, logits[REAL]);
    values[GAN__MONITOR_D_FAKE] = 1 - positive(n, logits[FAKE]);
    values[GAN__MONITOR_D_RANKING] = ranking(n, logits[REAL], n, logits[FAKE]);
    if (held > 0) {
        GAN__TRY(
            evaluate(monitor, d, held, gauge->held_out, gauge->held_conditions, logits[HELD_OUT]));
        values[GAN__MONITOR_D_HELD_OUT] = positive(held, logits[HELD_OUT]);
        values[GAN__MONITOR_D_GAP] = values[GAN__MONITOR_D_REAL] - values[GAN__MONITOR_D_HELD_OUT];
        values[GAN__MONITOR_D_MEMORY] = ranking(n, logits[REAL], held, logits[HELD_OUT]);
    }
    return GAN_OK;
}

int32_t gan__monitor_gauge(gan_monitor *monitor, double *values)
{
    const gan_trainer *t = monitor->trainer;
    GAN__TRY(prepare(monitor));
    gan__gauge *gauge = monitor->gauge;
    for (int32_t i = 0; i < GAN__MONITOR_MEASURED; i++) {
        values[i] = NAN;
    }
    GAN__TRY(generate(monitor, gauge));
    GAN__TRY(measure_d(monitor, gauge, values));
    measure_spread(gauge, values);
    measure_bins(monitor, gauge, values);
    measure_latents(gauge, values);
    values[GAN__MONITOR_D_GRADIENT] = t->metrics[GAN__METRIC_D_GRADIENT];
    values[GAN__MONITOR_G_GRADIENT] = t->metrics[GAN__METRIC_G_GRADIENT];
    values[GAN__MONITOR_STEP] = (double)t->steps;
    for (int32_t i = 0; i < GAN__MONITOR_MEASURED; i++) {
        values[i] = isfinite(values[i]) ? values[i] : (double)NAN;
    }
    return GAN_OK;
}
