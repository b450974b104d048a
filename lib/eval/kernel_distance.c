/* The unbiased squared maximum mean discrepancy over random subsets. */
#include "base/simd.h"
#include "base/words.h"
#include "eval/dense.h"
#include "eval/pairs.h"
#include "eval/score.h"

#include <math.h>

enum { BLOCK = 1024, LANES = GAN__LANES };

typedef struct {
    gan__pairs pairs;
    int64_t size;                 /* of a subset */
    int64_t *indices[GAN__SIDES]; /* [used]: of which the first `size` are the subset */
    int64_t used[GAN__SIDES];
    const float *values[GAN__SIDES];
    double *sums; /* [pairs.rows.block] */
    bool same;    /* rows and columns are of one set */
} kernel;

static int32_t make(kernel *k, gan_score *score)
{
    gan_context *context = score->context;
    double peak = 0;
    k->pairs = (gan__pairs){.context = context, .elements = score->elements};
    k->size = gan__score_option(score, GAN__SCORE_SUBSET_SIZE);
    k->pairs.rows.block = k->pairs.columns.block = gan__pairs_block(k->size, BLOCK);
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        const gan__kept *kept = &score->sides[i].kept;
        gan__find_peak(kept->count * kept->elements, kept->values, &peak);
        k->used[i] = kept->count;
        k->values[i] = kept->values;
        k->indices[i] = gan__allocate(context, kept->count, sizeof **k->indices);
        if (k->indices[i] == NULL) {
            return GAN_ERROR_MEMORY;
        }
    }
    k->pairs.scale = gan__scale_of(peak);
    k->sums = gan__allocate(context, k->pairs.rows.block, sizeof *k->sums);
    GAN__TRY(k->sums != NULL ? GAN_OK : GAN_ERROR_MEMORY);
    return gan__pairs_make(&k->pairs);
}

static void release(kernel *k)
{
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        gan__release(k->pairs.context, k->indices[i]);
    }
    gan__release(k->pairs.context, k->sums);
    gan__pairs_free(&k->pairs);
}

/* A random subset without replacement. Source: Fisher and Yates 1938, Durstenfeld 1964. */
static void draw_subset(const kernel *k, int32_t side, uint64_t seed, int64_t subset)
{
    const gan__random_key key = {.seed = seed,
                                 .stream = GAN__SCORE_STREAM_SUBSETS + (uint32_t)side};
    gan__words words = gan__words_start(key, (uint32_t)subset);
    int64_t *indices = k->indices[side];
    for (int64_t i = 0; i < k->used[side]; i++) {
        indices[i] = i;
    }
    for (int64_t i = 0; i < k->size; i++) {
        const int64_t j = i + gan__words_below(&words, (uint32_t)(k->used[side] - i));
        const int64_t held = indices[i];
        indices[i] = indices[j];
        indices[j] = held;
    }
}

static inline double cube_of(real product, double factor)
{
    const double base = (double)product * factor + 1;
    return base * base * base;
}

GAN__SIMD static double sum_kernels(int64_t n, const real *products, double factor)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int32_t j = 0; j < LANES; j++) {
            lane[j] += cube_of(products[i + j], factor);
        }
    }
    for (int32_t j = 0; i + j < n; j++) {
        lane[j] += cube_of(products[i + j], factor);
    }
    return gan__sum_lanes(lane);
}

static void sum_row(void *argument, int64_t row)
{
    const kernel *k = argument;
    const gan__pair_side *columns = &k->pairs.columns;
    const real *products = k->pairs.products + row * columns->block;
    const double factor = 1 / (k->pairs.scale * k->pairs.scale) / (double)k->pairs.elements;
    const int64_t own = k->pairs.rows.first + row - columns->first;
    const int64_t n = columns->taken;
    if (k->same && own >= 0 && own < n) {
        k->sums[row] += sum_kernels(own, products, factor) +
                        sum_kernels(n - own - 1, products + own + 1, factor);
    } else {
        k->sums[row] += sum_kernels(n, products, factor);
    }
}

/* The sum of the kernel over pairs of two subsets, without pairs of a vector and itself. */
static double sum_pairs(kernel *k, int32_t row_side, int32_t column_side)
{
    gan__pairs *pairs = &k->pairs;
    gan__pair_side *rows = &pairs->rows, *columns = &pairs->columns;
    rows->values = k->values[row_side];
    rows->indices = k->indices[row_side];
    columns->values = k->values[column_side];
    columns->indices = k->indices[column_side];
    rows->count = columns->count = k->size;
    k->same = row_side == column_side;
    double sum = 0;
    for (int64_t row = 0; row < k->size; row += rows->block) {
        gan__pairs_pack(pairs, rows, row);
        for (int64_t i = 0; i < rows->block; i++) {
            k->sums[i] = 0;
        }
        for (int64_t column = 0; column < k->size; column += columns->block) {
            gan__pairs_pack(pairs, columns, column);
            gan__pairs_run(pairs);
            gan__eval_for_each(pairs->context, rows->taken, rows->taken * columns->taken, sum_row,
                               k);
        }
        for (int64_t i = 0; i < rows->taken; i++) {
            sum += k->sums[i];
        }
    }
    return sum;
}

int32_t gan__score_kernel(gan_score *score, double *values)
{
    const int64_t subsets = gan__score_option(score, GAN__SCORE_SUBSETS);
    GAN__TRY(gan__score_need(score, gan__score_option(score, GAN__SCORE_SUBSET_SIZE)));
    kernel k = {0};
    const int32_t status = make(&k, score);
    double mean = 0, squares = 0; /* Welford 1962 */
    for (int64_t i = 0; i < subsets && status == GAN_OK; i++) {
        for (int32_t side = 0; side < GAN__SIDES; side++) {
            draw_subset(&k, side, (uint64_t)score->options[GAN__SCORE_SEED], i);
        }
        const double s = (double)k.size;
        const double within =
            sum_pairs(&k, GAN__REAL, GAN__REAL) + sum_pairs(&k, GAN__FAKE, GAN__FAKE);
        const double between = sum_pairs(&k, GAN__REAL, GAN__FAKE);
        const double value = within / (s * (s - 1)) - 2 * between / (s * s);
        const double difference = value - mean;
        mean += difference / (double)(i + 1);
        squares += difference * (value - mean);
    }
    release(&k);
    values[0] = mean;
    values[1] = sqrt(squares / (double)subsets);
    return status;
}
