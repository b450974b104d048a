#include "eval/pairs.h"

#include "eval/dense.h"

#include <math.h>
#include <string.h>

enum { SLOT_ROWS, SLOT_COLUMNS, SLOT_PRODUCTS, SLOTS };

int64_t gan__pairs_block(int64_t count, int64_t most)
{
    const int64_t blocks = (count + most - 1) / most;
    return (count + blocks - 1) / blocks;
}

static int32_t make_side(const gan__pairs *pairs, gan__pair_side *side)
{
    gan_context *context = pairs->context;
    const int64_t size = gan__multiply(side->block, pairs->elements);
    side->packed = gan__allocate(context, size < 0 ? INT64_MAX : size, sizeof *side->packed);
    side->squares = gan__allocate(context, side->block, sizeof *side->squares);
    return side->packed != NULL && side->squares != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static int32_t make_plan(gan__pairs *pairs)
{
    gan__graph graph = gan__graph_create(pairs->context);
    const int64_t k = pairs->elements;
    const int32_t rows = gan__leaf(&graph, SLOT_ROWS, 0, gan__shape_2(pairs->rows.block, k));
    const int32_t columns =
        gan__leaf(&graph, SLOT_COLUMNS, 0, gan__shape_2(pairs->columns.block, k));
    const gan__output output = {gan__matmul(&graph, rows, false, columns, true), SLOT_PRODUCTS, 0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, &pairs->plan);
    gan__graph_free(&graph);
    GAN__TRY(status);
    pairs->workspace =
        gan__allocate(pairs->context, gan__plan_workspace(pairs->plan), sizeof *pairs->workspace);
    return pairs->workspace != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static void set_slack(gan__pairs *pairs)
{
    static const double rounding_unit =
        sizeof(real) == sizeof(float) ? (double)FLT_EPSILON / 2 : DBL_EPSILON / 2;
    const double first_order = (double)(pairs->elements + 4) * rounding_unit;
    pairs->unit = first_order < 0.5 ? first_order / (1 - first_order) : 4; /* 4: nothing is known */
    /* Products and centred values too small for a float are lost altogether. */
    pairs->lost = 4 * (double)pairs->elements * (double)FLT_MIN;
}

int32_t gan__pairs_make(gan__pairs *pairs)
{
    set_slack(pairs);
    GAN__TRY(make_side(pairs, &pairs->rows));
    GAN__TRY(make_side(pairs, &pairs->columns));
    pairs->products = gan__allocate(pairs->context, pairs->rows.block * pairs->columns.block,
                                    sizeof *pairs->products);
    if (pairs->products == NULL) {
        return GAN_ERROR_MEMORY;
    }
    return make_plan(pairs);
}

void gan__pairs_free(gan__pairs *pairs)
{
    gan__pair_side *const sides[] = {&pairs->rows, &pairs->columns};
    for (int32_t i = 0; i < 2; i++) {
        gan__release(pairs->context, sides[i]->packed);
        gan__release(pairs->context, sides[i]->squares);
    }
    gan__release(pairs->context, pairs->products);
    gan__release(pairs->context, pairs->workspace);
    gan__plan_free(pairs->plan);
}

typedef struct {
    const gan__pairs *pairs;
    const gan__pair_side *side;
} packing;

static void pack_vector(void *argument, int64_t item)
{
    const packing *job = argument;
    const gan__pairs *pairs = job->pairs;
    const gan__pair_side *side = job->side;
    const int64_t n = pairs->elements, place = side->first + item;
    real *y = side->packed + item * n;
    if (item >= side->taken) {
        memset(y, 0, (size_t)n * sizeof *y);
        side->squares[item] = 0;
        return;
    }
    const float *x = side->values + (side->indices != NULL ? side->indices[place] : place) * n;
    const double *centre = side->plain ? NULL : pairs->centre;
    const double scale = side->plain ? 1 : pairs->scale;
    for (int64_t i = 0; i < n; i++) {
        y[i] = (real)(((double)x[i] - (centre != NULL ? centre[i] : 0)) * scale);
    }
    double lane[GAN__LANES] = {0};
    for (int64_t i = 0; i < n; i++) {
        lane[i % GAN__LANES] += (double)y[i] * (double)y[i];
    }
    side->squares[item] = gan__sum_lanes(lane);
}

void gan__pairs_pack(const gan__pairs *pairs, gan__pair_side *side, int64_t first)
{
    side->first = first;
    side->taken = side->count - first < side->block ? side->count - first : side->block;
    gan__eval_for_each(pairs->context, side->block, side->block * pairs->elements, pack_vector,
                       &(packing){pairs, side});
}

void gan__pairs_run(const gan__pairs *pairs)
{
    real *const slots[SLOTS] = {pairs->rows.packed, pairs->columns.packed, pairs->products};
    const gan__arguments arguments = {.slots = slots, .workspace = pairs->workspace};
    gan__plan_run(pairs->plan, &arguments);
}

double gan__pairs_distance(const gan__pairs *pairs, int64_t row, int64_t column)
{
    const int64_t n = pairs->elements;
    return gan__dense_distance(n, pairs->rows.values + (pairs->rows.first + row) * n,
                               pairs->columns.values + (pairs->columns.first + column) * n);
}

double gan__scale_of(double peak)
{
    int exponent = 0;
    frexp(peak, &exponent);
    return ldexp(1, -exponent);
}

void gan__find_peak(int64_t n, const float *x, double *peak)
{
    float greatest = 0;
    for (int64_t i = 0; i < n; i++) {
        const float size = fabsf(x[i]);
        greatest = size > greatest ? size : greatest;
    }
    *peak = fmax(*peak, (double)greatest);
}

void gan__find_mean(int64_t count, int64_t elements, const float *x, double *mean)
{
    for (int64_t j = 0; j < elements; j++) {
        mean[j] = 0;
    }
    for (int64_t i = 0; i < count; i++) {
        for (int64_t j = 0; j < elements; j++) {
            mean[j] += (double)x[i * elements + j];
        }
    }
    for (int64_t j = 0; j < elements; j++) {
        mean[j] /= (double)count;
    }
}
