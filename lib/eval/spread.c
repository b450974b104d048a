#include "eval/spread.h"

#include "eval/dense.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256 };

int32_t gan__spread_make(gan_context *context, int64_t count, int64_t elements, gan__spread *spread)
{
    *spread = (gan__spread){.pairs = {.context = context, .elements = elements},
                            .count = count,
                            .pair_count = count * (count - 1) / 2};
    spread->centre = gan__allocate(context, elements, sizeof *spread->centre);
    spread->distances = gan__allocate(context, spread->pair_count, sizeof *spread->distances);
    spread->nearest = gan__allocate(context, count, sizeof *spread->nearest);
    if (spread->centre == NULL || spread->distances == NULL || spread->nearest == NULL) {
        return GAN_ERROR_MEMORY;
    }
    spread->pairs.centre = spread->centre;
    spread->pairs.rows.block = spread->pairs.columns.block = gan__pairs_block(count, BLOCK);
    return gan__pairs_make(&spread->pairs);
}

void gan__spread_free(gan__spread *spread)
{
    gan_context *context = spread->pairs.context;
    if (context == NULL) {
        return;
    }
    gan__pairs_free(&spread->pairs);
    gan__release(context, spread->nearest);
    gan__release(context, spread->distances);
    gan__release(context, spread->centre);
    *spread = (gan__spread){0};
}

/* Where the distances of vector i to those after it begin. */
static double *distances_of(const gan__spread *spread, int64_t i)
{
    return spread->distances + i * (2 * spread->count - i - 1) / 2;
}

/* The distances of one vector of the rows to those of the columns that come after it. Where a
 * product does not tell a squared distance to a thousandth, it is taken again in double. */
static void take_row(void *argument, int64_t row)
{
    static const double sure = 0.001;
    const gan__spread *spread = argument;
    const gan__pairs *pairs = &spread->pairs;
    const gan__pair_side *columns = &pairs->columns;
    const int64_t i = pairs->rows.first + row;
    double *out = distances_of(spread, i);
    for (int64_t k = i < columns->first ? 0 : i + 1 - columns->first; k < columns->taken; k++) {
        const gan__estimate e = gan__pairs_estimate(pairs, row, k);
        const double squared =
            e.slack < sure * e.distance ? e.distance : gan__pairs_distance(pairs, row, k);
        out[columns->first + k - i - 1] = sqrt(squared);
    }
}

static void find_nearest(gan__spread *spread)
{
    const int64_t n = spread->count;
    const double *distance = spread->distances;
    for (int64_t i = 0; i < n; i++) {
        spread->nearest[i] = INFINITY;
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++, distance++) {
            spread->nearest[i] = fmin(spread->nearest[i], *distance);
            spread->nearest[j] = fmin(spread->nearest[j], *distance);
        }
    }
}

void gan__spread_measure(gan__spread *spread, const float *x)
{
    gan__pairs *pairs = &spread->pairs;
    const int64_t n = spread->count;
    double peak = 0;
    gan__find_peak(n * pairs->elements, x, &peak);
    gan__find_mean(n, pairs->elements, x, spread->centre);
    pairs->scale = gan__scale_of(peak) / 2;
    pairs->rows.values = pairs->columns.values = x;
    pairs->rows.count = pairs->columns.count = n;
    for (int64_t row = 0; row < n; row += pairs->rows.block) {
        gan__pairs_pack(pairs, &pairs->rows, row);
        for (int64_t column = row; column < n; column += pairs->columns.block) {
            gan__pairs_pack(pairs, &pairs->columns, column);
            gan__pairs_run(pairs);
            gan__eval_for_each(pairs->context, pairs->rows.taken,
                               pairs->rows.taken * pairs->columns.taken * 8, take_row, spread);
        }
    }
    find_nearest(spread);
}

double gan__mean_of(int64_t n, const double *numbers)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += numbers[i];
    }
    return sum / (double)n;
}

/* Hoare 1961, Algorithm 65: Find. */
double gan__quantile_of(int64_t n, double *numbers, double share)
{
    const int64_t rank = (int64_t)(share * (double)(n - 1));
    for (int64_t low = 0, high = n - 1; low < high;) {
        const double pivot = numbers[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (numbers[i] < pivot) {
                i++;
            }
            while (numbers[j] > pivot) {
                j--;
            }
            if (i <= j) {
                const double moved = numbers[i];
                numbers[i++] = numbers[j];
                numbers[j--] = moved;
            }
        }
        high = rank <= j ? j : high;
        low = rank >= i ? i : low;
        if (rank > j && rank < i) {
            break;
        }
    }
    return numbers[rank];
}

int64_t gan__count_within(int64_t n, const double *numbers, double limit)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += numbers[i] <= limit;
    }
    return count;
}
