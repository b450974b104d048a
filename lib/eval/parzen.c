/* The Parzen-window score: rows against samples, block by block, the products by the engine. */
#include <gan/evaluate.h>

#include "eval/check.h"
#include "eval/dense.h"
#include "eval/pairs.h"
#include "eval/window.h"
#include "graph/plan.h"

#include <math.h>
#include <string.h>

/* At most so many rows, samples and elements in one matrix product. They bound the memory: 24 MiB,
 * 18 more where one sample has more elements than that, and a mean. SAMPLES is the width from which
 * a product shares well between many threads. Blocks are made as even as can be and the last one is
 * filled up, so that one plan does for all. */
enum { ROWS = 1024, SAMPLES = 2304, ELEMENTS = 1024, SIGMAS = GAN__WINDOW_SIGMAS };

enum { SLOT_ROWS, SLOT_SAMPLES, SLOT_PRODUCTS, SLOTS };

/* Rows or samples, [count, elements], and the block of them that is packed. */
typedef struct {
    const char *what;
    const float *values;
    int64_t count;
    int64_t block;        /* in a full block */
    int64_t first, taken; /* the block that is packed */
    real *packed;         /* [block, element_block] */
    double *squares;      /* [block]: |x|^2 of the elements packed so far */
} side;

typedef struct {
    gan_context *context;
    gan__window window;
    side rows, samples;
    double *centre;          /* [elements]: the mean of the samples, scaled */
    int64_t element_block;   /* elements in a product */
    int64_t start, elements; /* those that are packed */
    double *greatest;        /* [samples.block / group]: of samples.squares */
    real *products;          /* [rows.block, samples.block] */
    double *earlier;         /* the same shape: the sum of the products of earlier elements; NULL
                              * if one product has them all */
    double *nearest;         /* [rows.block] */
    double *sums;            /* [rows.block, SIGMAS] */
    gan__plan *plan;
    real *workspace;
} parzen;

/* The mean and the deviation of the rows so far. Source: Welford 1962. */
typedef struct {
    int64_t count;
    double mean, squares;
} moments;

static const char owner[] = "Parzen window";

/* ---- Checks -------------------------------------------------------------------------------- */

/* Beyond these no square of a distance over a bandwidth is sure to fit into a double. */
static const double sigma_least = 1e-30, sigma_most = 1e30;

static int32_t check_sides(gan_context *context, int64_t elements, int64_t sample_count,
                           const float *samples, int64_t row_count, const float *rows)
{
    GAN__TRY(gan__eval_pointer(context, owner, "samples", samples));
    GAN__TRY(gan__eval_pointer(context, owner, "rows", rows));
    GAN__TRY(gan__eval_count(context, owner, "elements", elements));
    GAN__TRY(gan__eval_count(context, owner, "sample_count", sample_count));
    GAN__TRY(gan__eval_count(context, owner, "row_count", row_count));
    const int64_t most = sample_count > row_count ? sample_count : row_count;
    if (elements > INT32_MAX || gan__multiply(most, elements) < 0) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "%s: %lld samples and %lld rows of %lld elements", owner,
                         (long long)sample_count, (long long)row_count, (long long)elements);
    }
    return GAN_OK;
}

static int32_t check_sigmas(gan_context *context, int64_t count, const double *sigmas)
{
    for (int64_t i = 0; i < count; i++) {
        if (isnan(sigmas[i])) {
            return gan__fail(context, GAN_ERROR_ARGUMENT, "%s: sigma %lld is NaN", owner,
                             (long long)i);
        }
        if (sigmas[i] < sigma_least || sigmas[i] > sigma_most) {
            return gan__fail(context, GAN_ERROR_RANGE, "%s: sigma %lld is %g, not within %g to %g",
                             owner, (long long)i, sigmas[i], sigma_least, sigma_most);
        }
    }
    return GAN_OK;
}

/* Checks that all values are finite, and raises *peak to the greatest size. */
static int32_t check_values(gan_context *context, const side *data, int64_t elements, float *peak)
{
    float greatest = *peak;
    for (int64_t i = 0; i < data->count * elements; i++) {
        const float size = fabsf(data->values[i]);
        if (!isfinite(size)) {
            return gan__fail(context, GAN_ERROR_NUMERIC, "%s: element %lld of %s %lld is %s", owner,
                             (long long)(i % elements), data->what, (long long)(i / elements),
                             isnan(size) ? "NaN" : "infinite");
        }
        greatest = size > greatest ? size : greatest;
    }
    *peak = greatest;
    return GAN_OK;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* The mean of the samples: distances do not depend on it, but rounding is least around it. */
static void find_centre(parzen *p)
{
    const int64_t n = p->window.elements;
    for (int64_t i = 0; i < p->samples.count; i++) {
        const float *sample = p->samples.values + i * n;
        for (int64_t j = 0; j < n; j++) {
            p->centre[j] += (double)sample[j];
        }
    }
    const double factor = p->window.scale / (double)p->samples.count;
    for (int64_t j = 0; j < n; j++) {
        p->centre[j] *= factor;
    }
}

typedef struct {
    const parzen *p;
    const side *data;
} packing;

/* Packs the current elements of one item of a block, centred and scaled. */
static void pack_item(void *argument, int64_t item)
{
    const packing *job = argument;
    const parzen *p = job->p;
    const float *x = job->data->values + (job->data->first + item) * p->window.elements + p->start;
    const double *centre = p->centre + p->start;
    const double scale = p->window.scale;
    real *y = job->data->packed + item * p->element_block;
    for (int64_t i = 0; i < p->elements; i++) {
        y[i] = (real)((double)x[i] * scale - centre[i]);
    }
    memset(y + p->elements, 0, (size_t)(p->element_block - p->elements) * sizeof *y);

    enum { LANES = 4 };
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= p->elements; i += LANES) {
        for (int64_t j = 0; j < LANES; j++) {
            lane[j] += (double)y[i + j] * (double)y[i + j];
        }
    }
    for (int64_t j = 0; i + j < p->elements; j++) {
        lane[j] += (double)y[i + j] * (double)y[i + j];
    }
    job->data->squares[item] += lane[0] + lane[1] + lane[2] + lane[3];
}

static void pack(const parzen *p, const side *data)
{
    if (p->start == 0) {
        for (int64_t i = 0; i < data->block; i++) {
            data->squares[i] = i < data->taken ? 0 : INFINITY;
        }
    }
    gan__eval_for_each(p->context, data->taken, data->taken * p->elements, pack_item,
                       &(packing){p, data});
}

/* Takes the block from item `first` on. */
static void take(side *data, int64_t first)
{
    data->first = first;
    data->taken = data->count - first < data->block ? data->count - first : data->block;
}

/* ---- Sums ---------------------------------------------------------------------------------- */

static void add_earlier(void *argument, int64_t row)
{
    const parzen *p = argument;
    const int64_t width = p->samples.block;
    const real *products = p->products + row * width;
    double *earlier = p->earlier + row * width;
    for (int64_t i = 0; i < width; i++) {
        earlier[i] = (p->start == 0 ? 0 : earlier[i]) + (double)products[i];
    }
}

static void add_row(void *argument, int64_t row)
{
    const parzen *p = argument;
    const int64_t place = row * p->samples.block;
    const gan__window_block block = {.first = p->samples.first,
                                     .count = p->samples.taken,
                                     .squares = p->samples.squares,
                                     .greatest = p->greatest};
    gan__window_row state = {.index = p->rows.first + row,
                             .square = p->rows.squares[row],
                             .nearest = p->nearest[row],
                             .sums = p->sums + row * SIGMAS};
    gan__window_add(&p->window, &block, p->products + place,
                    p->earlier != NULL ? p->earlier + place : NULL, &state);
    p->nearest[row] = state.nearest;
}

static void find_greatest(const parzen *p)
{
    for (int64_t i = 0; i < p->samples.taken; i++) {
        double *greatest = p->greatest + i / GAN__WINDOW_GROUP;
        *greatest = i % GAN__WINDOW_GROUP == 0 ? 0 : *greatest;
        *greatest = fmax(*greatest, p->samples.squares[i]);
    }
}

/* Takes a block of samples into the sums of a block of rows. */
static void add_block(parzen *p)
{
    real *const slots[SLOTS] = {p->rows.packed, p->samples.packed, p->products};
    const gan__arguments arguments = {.slots = slots, .workspace = p->workspace};
    const int64_t n = p->window.elements, pairs = p->rows.taken * p->samples.block;
    for (p->start = 0; p->start < n; p->start += p->element_block) {
        const bool last = p->start + p->element_block >= n;
        p->elements = last ? n - p->start : p->element_block;
        if (p->earlier != NULL || p->samples.first == 0) {
            pack(p, &p->rows);
        }
        pack(p, &p->samples);
        gan__plan_run(p->plan, &arguments);
        if (!last) {
            gan__eval_for_each(p->context, p->rows.taken, pairs, add_earlier, p);
        }
    }
    find_greatest(p);
    gan__eval_for_each(p->context, p->rows.taken, pairs, add_row, p);
}

static void add_moment(moments *m, double value)
{
    m->count++;
    const double difference = value - m->mean;
    m->mean += difference / (double)m->count;
    m->squares += difference * (value - m->mean);
}

/* The log-likelihoods of a block of rows under each bandwidth. sigmas, out: [window.sigmas] */
static void finish_rows(const parzen *p, const double *sigmas, moments *out)
{
    const double half_log_two_pi = 0.91893853320467274178;
    for (int32_t i = 0; i < p->window.sigmas; i++) {
        const double constant = (double)p->window.elements * (log(sigmas[i]) + half_log_two_pi) +
                                log((double)p->samples.count);
        for (int64_t row = 0; row < p->rows.taken; row++) {
            const double exponent = -p->nearest[row] / p->window.widths[i];
            add_moment(&out[i], exponent + log(p->sums[row * SIGMAS + i]) - constant);
        }
    }
}

/* The moments over all rows for up to SIGMAS bandwidths. sigmas, out: [count] */
static void score(parzen *p, int32_t count, const double *sigmas, moments *out)
{
    p->window.sigmas = count;
    for (int32_t i = 0; i < count; i++) {
        const double scaled = sigmas[i] * p->window.scale;
        p->window.widths[i] = 2 * scaled * scaled;
        out[i] = (moments){0};
    }
    for (int64_t row = 0; row < p->rows.count; row += p->rows.block) {
        take(&p->rows, row);
        for (int64_t i = 0; i < p->rows.taken; i++) {
            p->nearest[i] = INFINITY;
        }
        memset(p->sums, 0, (size_t)(p->rows.taken * SIGMAS) * sizeof *p->sums);
        for (int64_t sample = 0; sample < p->samples.count; sample += p->samples.block) {
            take(&p->samples, sample);
            add_block(p);
        }
        finish_rows(p, sigmas, out);
    }
}

/* ---- Making one ---------------------------------------------------------------------------- */

static int32_t make_plan(parzen *p)
{
    gan__graph graph = gan__graph_create(p->context);
    const int64_t k = p->element_block;
    const int32_t rows = gan__leaf(&graph, SLOT_ROWS, 0, gan__shape_2(p->rows.block, k));
    const int32_t samples = gan__leaf(&graph, SLOT_SAMPLES, 0, gan__shape_2(p->samples.block, k));
    const gan__output output = {gan__matmul(&graph, rows, false, samples, true), SLOT_PRODUCTS, 0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, &p->plan);
    gan__graph_free(&graph);
    GAN__TRY(status);
    p->workspace = gan__allocate(p->context, gan__plan_workspace(p->plan), sizeof *p->workspace);
    return p->workspace != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static int32_t make_side(parzen *p, side *data)
{
    data->packed = gan__allocate(p->context, data->block * p->element_block, sizeof *data->packed);
    data->squares = gan__allocate(p->context, data->block, sizeof *data->squares);
    return data->packed != NULL && data->squares != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static int32_t make_buffers(parzen *p)
{
    gan_context *context = p->context;
    const int64_t pairs = p->rows.block * p->samples.block;
    GAN__TRY(make_side(p, &p->rows));
    GAN__TRY(make_side(p, &p->samples));
    p->centre = gan__allocate(context, p->window.elements, sizeof *p->centre);
    p->greatest = gan__allocate(context, p->samples.block / GAN__WINDOW_GROUP, sizeof *p->greatest);
    p->products = gan__allocate(context, pairs, sizeof *p->products);
    p->nearest = gan__allocate(context, p->rows.block, sizeof *p->nearest);
    p->sums = gan__allocate(context, p->rows.block * SIGMAS, sizeof *p->sums);
    const bool parts = p->element_block < p->window.elements;
    p->earlier = parts ? gan__allocate(context, pairs, sizeof *p->earlier) : NULL;
    if (p->centre == NULL || p->greatest == NULL || p->products == NULL || p->nearest == NULL ||
        p->sums == NULL || (parts && p->earlier == NULL)) {
        return GAN_ERROR_MEMORY;
    }
    return make_plan(p);
}

static void parzen_free(parzen *p)
{
    gan_context *context = p->context;
    gan__release(context, p->rows.packed);
    gan__release(context, p->rows.squares);
    gan__release(context, p->samples.packed);
    gan__release(context, p->samples.squares);
    gan__release(context, p->centre);
    gan__release(context, p->greatest);
    gan__release(context, p->products);
    gan__release(context, p->nearest);
    gan__release(context, p->sums);
    gan__release(context, p->earlier);
    gan__release(context, p->workspace);
    gan__plan_free(p->plan);
}

/* Checks the data and makes what scoring needs; the caller frees it, also after an error. */
static int32_t parzen_make(parzen *p, gan_context *context, int64_t elements, int64_t sample_count,
                           const float *samples, int64_t row_count, const float *rows)
{
    *p = (parzen){.context = context,
                  .rows = {.what = "row", .values = rows, .count = row_count},
                  .samples = {.what = "sample", .values = samples, .count = sample_count}};
    float peak = 0;
    GAN__TRY(check_values(context, &p->samples, elements, &peak));
    GAN__TRY(check_values(context, &p->rows, elements, &peak));
    const int64_t block = gan__pairs_block(sample_count, SAMPLES) + GAN__WINDOW_GROUP - 1;
    p->rows.block = gan__pairs_block(row_count, ROWS);
    p->samples.block = block / GAN__WINDOW_GROUP * GAN__WINDOW_GROUP;
    p->element_block = gan__pairs_block(elements, ELEMENTS);
    p->window = (gan__window){.elements = elements,
                              .product_elements = p->element_block,
                              .samples = samples,
                              .rows = rows,
                              .scale = gan__scale_of((double)peak)};
    GAN__TRY(make_buffers(p));
    find_centre(p);
    return GAN_OK;
}

/* ---- The public calls ---------------------------------------------------------------------- */

int32_t gan_parzen_log_likelihood(gan_context *context, int64_t elements, int64_t sample_count,
                                  const float *samples, int64_t row_count, const float *rows,
                                  double sigma, double *mean, double *standard_error)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "mean", mean));
    GAN__TRY(check_sides(context, elements, sample_count, samples, row_count, rows));
    GAN__TRY(check_sigmas(context, 1, &sigma));
    parzen p;
    const int32_t status =
        parzen_make(&p, context, elements, sample_count, samples, row_count, rows);
    if (status == GAN_OK) {
        moments m;
        score(&p, 1, &sigma, &m);
        *mean = m.mean;
        if (standard_error != NULL) {
            *standard_error = sqrt(m.squares) / (double)row_count;
        }
    }
    parzen_free(&p);
    return status;
}

int32_t gan_parzen_choose_sigma(gan_context *context, int64_t elements, int64_t sample_count,
                                const float *samples, int64_t row_count, const float *rows,
                                int64_t sigma_count, const double *sigmas, double *means,
                                int64_t *best)
{
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "sigmas", sigmas));
    GAN__TRY(gan__eval_pointer(context, owner, "best", best));
    GAN__TRY(check_sides(context, elements, sample_count, samples, row_count, rows));
    GAN__TRY(gan__eval_count(context, owner, "sigma_count", sigma_count));
    GAN__TRY(check_sigmas(context, sigma_count, sigmas));
    parzen p;
    const int32_t status =
        parzen_make(&p, context, elements, sample_count, samples, row_count, rows);
    double greatest = -INFINITY;
    for (int64_t first = 0; first < sigma_count && status == GAN_OK; first += SIGMAS) {
        const int64_t left = sigma_count - first;
        const int32_t count = left < SIGMAS ? (int32_t)left : SIGMAS;
        moments m[SIGMAS];
        score(&p, count, sigmas + first, m);
        for (int32_t i = 0; i < count; i++) {
            if (m[i].mean > greatest) {
                greatest = m[i].mean;
                *best = first + i;
            }
            if (means != NULL) {
                means[first + i] = m[i].mean;
            }
        }
    }
    parzen_free(&p);
    return status;
}

/* The rows that choose the bandwidth are scored first, so bad test rows are looked for before. */
static int32_t check_protocol(gan_context *context, int64_t elements, int64_t sample_count,
                              const float *samples, int64_t test_count, const float *test)
{
    GAN__TRY(gan__eval_pointer(context, owner, "test", test));
    GAN__TRY(gan__eval_count(context, owner, "test_count", test_count));
    GAN__TRY(check_sides(context, elements, sample_count, samples, test_count, test));
    const side rows = {.what = "test row", .values = test, .count = test_count};
    float peak = 0;
    return check_values(context, &rows, elements, &peak);
}

int32_t gan_parzen_protocol(gan_context *context, int64_t elements, int64_t sample_count,
                            const float *samples, int64_t validation_count, const float *validation,
                            int64_t test_count, const float *test, double *sigma, double *mean,
                            double *standard_error, int32_t *edge)
{
    enum { GRID = 10 };
    if (context == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(gan__eval_pointer(context, owner, "sigma", sigma));
    GAN__TRY(gan__eval_pointer(context, owner, "mean", mean));
    GAN__TRY(gan__eval_pointer(context, owner, "validation", validation));
    GAN__TRY(gan__eval_count(context, owner, "validation_count", validation_count));
    GAN__TRY(check_protocol(context, elements, sample_count, samples, test_count, test));
    double sigmas[GRID], score_mean, score_error;
    for (int32_t i = 0; i < GRID; i++) {
        sigmas[i] = pow(10, -1 + i / (double)(GRID - 1));
    }
    int64_t best = 0;
    GAN__TRY(gan_parzen_choose_sigma(context, elements, sample_count, samples, validation_count,
                                     validation, GRID, sigmas, NULL, &best));
    GAN__TRY(gan_parzen_log_likelihood(context, elements, sample_count, samples, test_count, test,
                                       sigmas[best], &score_mean, &score_error));
    *sigma = sigmas[best];
    *mean = score_mean;
    if (standard_error != NULL) {
        *standard_error = score_error;
    }
    if (edge != NULL) {
        *edge = (best == GRID - 1) - (best == 0);
    }
    return GAN_OK;
}
