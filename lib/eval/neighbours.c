/* Precision, recall, density and coverage, with exact comparisons. Where a product leaves one
 * open, the distance is taken again from the caller's numbers, in double. So a distance is the same
 * number wherever it turns up, and the counts depend on no BLAS. */
#include "eval/dense.h"
#include "eval/pairs.h"
#include "eval/score.h"

#include <math.h>

enum { ROWS = 512, COLUMNS = 1024 };

typedef struct {
    gan__pairs pairs;
    int64_t k;
    double *centre;
    double *nearest;           /* [rows.block, k]: the k least distances of a row, ascending */
    double *radii[GAN__SIDES]; /* [used]: squared */
    int64_t *density;          /* [real]: fakes within the radius of each real vector */
    uint8_t *recalled;         /* [real] */
    uint8_t *precise;          /* [fake] */
} neighbours;

static int32_t make(neighbours *s, gan_score *score)
{
    gan_context *context = score->context;
    const gan__kept *real_kept = &score->sides[GAN__REAL].kept;
    const gan__kept *fake_kept = &score->sides[GAN__FAKE].kept;
    const int64_t elements = score->elements;
    double peak = 0;
    gan__find_peak(real_kept->count * elements, real_kept->values, &peak);
    gan__find_peak(fake_kept->count * elements, fake_kept->values, &peak);
    s->pairs =
        (gan__pairs){.context = context, .elements = elements, .scale = gan__scale_of(peak) / 2};
    const int64_t most = real_kept->count > fake_kept->count ? real_kept->count : fake_kept->count;
    s->pairs.rows.block = gan__pairs_block(most, ROWS);
    s->pairs.columns.block = gan__pairs_block(most, COLUMNS);
    s->k = gan__score_option(score, GAN__SCORE_K);
    s->centre = gan__allocate(context, elements, sizeof *s->centre);
    s->nearest = gan__allocate(context, s->pairs.rows.block * s->k, sizeof *s->nearest);
    s->radii[GAN__REAL] = gan__allocate(context, real_kept->count, sizeof **s->radii);
    s->radii[GAN__FAKE] = gan__allocate(context, fake_kept->count, sizeof **s->radii);
    s->density = gan__allocate(context, real_kept->count, sizeof *s->density);
    s->recalled = gan__allocate(context, real_kept->count, sizeof *s->recalled);
    s->precise = gan__allocate(context, fake_kept->count, sizeof *s->precise);
    if (s->centre == NULL || s->nearest == NULL || s->radii[GAN__REAL] == NULL ||
        s->radii[GAN__FAKE] == NULL || s->density == NULL || s->recalled == NULL ||
        s->precise == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__find_mean(real_kept->count, elements, real_kept->values, s->centre);
    s->pairs.centre = s->centre;
    return gan__pairs_make(&s->pairs);
}

static void release(neighbours *s)
{
    gan_context *context = s->pairs.context;
    gan__release(context, s->centre);
    gan__release(context, s->nearest);
    gan__release(context, s->radii[GAN__REAL]);
    gan__release(context, s->radii[GAN__FAKE]);
    gan__release(context, s->density);
    gan__release(context, s->recalled);
    gan__release(context, s->precise);
    gan__pairs_free(&s->pairs);
}

static void for_blocks(neighbours *s, const gan__kept *rows, const gan__kept *columns,
                       gan__task_fn take, void (*finish)(neighbours *s))
{
    gan__pairs *pairs = &s->pairs;
    pairs->rows.values = rows->values;
    pairs->rows.count = rows->count;
    pairs->columns.values = columns->values;
    pairs->columns.count = columns->count;
    for (int64_t row = 0; row < rows->count; row += pairs->rows.block) {
        gan__pairs_pack(pairs, &pairs->rows, row);
        for (int64_t column = 0; column < columns->count; column += pairs->columns.block) {
            gan__pairs_pack(pairs, &pairs->columns, column);
            gan__pairs_run(pairs);
            gan__eval_for_each(pairs->context, pairs->rows.taken,
                               pairs->rows.taken * pairs->columns.taken, take, s);
            finish(s);
        }
    }
}

/* ---- Radii --------------------------------------------------------------------------------- */

/* list: [k], ascending */
static void insert(int64_t k, double *list, double value)
{
    int64_t i = k - 1;
    for (; i > 0 && list[i - 1] > value; i--) {
        list[i] = list[i - 1];
    }
    list[i] = value;
}

static void take_neighbours(void *argument, int64_t row)
{
    const neighbours *s = argument;
    const gan__pair_side *columns = &s->pairs.columns;
    const int64_t own = s->pairs.rows.first + row - columns->first;
    double *list = s->nearest + row * s->k;
    if (columns->first == 0) {
        for (int64_t i = 0; i < s->k; i++) {
            list[i] = INFINITY;
        }
    }
    for (int64_t j = 0; j < columns->taken; j++) {
        const gan__estimate e = gan__pairs_estimate(&s->pairs, row, j);
        if (j != own && e.distance - e.slack < list[s->k - 1]) {
            const double distance = gan__pairs_distance(&s->pairs, row, j);
            if (distance < list[s->k - 1]) {
                insert(s->k, list, distance);
            }
        }
    }
}

static void take_radii(neighbours *s, double *radii)
{
    const gan__pair_side *rows = &s->pairs.rows;
    for (int64_t i = 0; i < rows->taken; i++) {
        radii[rows->first + i] = s->nearest[i * s->k + s->k - 1];
    }
}

static void finish_real(neighbours *s)
{
    take_radii(s, s->radii[GAN__REAL]);
}

static void finish_fake(neighbours *s)
{
    take_radii(s, s->radii[GAN__FAKE]);
}

/* ---- Counts -------------------------------------------------------------------------------- */

/* Whether a distance is below a squared radius; *exact is it, below 0 if not known yet. */
static inline bool is_within(const gan__pairs *pairs, int64_t row, int64_t column, gan__estimate e,
                             double radius, double *exact)
{
    if (e.distance + e.slack < radius) {
        return true;
    }
    if (e.distance - e.slack >= radius) {
        return false;
    }
    if (*exact < 0) {
        *exact = gan__pairs_distance(pairs, row, column);
    }
    return *exact < radius;
}

/* Rows are real, columns fake. Leaves in place of the products which fakes are near the row. */
static void count_row(void *argument, int64_t row)
{
    const neighbours *s = argument;
    const gan__pairs *pairs = &s->pairs;
    const int64_t place = pairs->rows.first + row;
    const double radius = s->radii[GAN__REAL][place];
    const double *radii = s->radii[GAN__FAKE] + pairs->columns.first;
    real *products = pairs->products + row * pairs->columns.block;
    for (int64_t j = 0; j < pairs->columns.taken; j++) {
        const gan__estimate e = gan__pairs_estimate(&s->pairs, row, j);
        double exact = -1;
        const bool near = is_within(pairs, row, j, e, radius, &exact);
        s->density[place] += near;
        if (s->recalled[place] == 0) {
            s->recalled[place] = is_within(pairs, row, j, e, radii[j], &exact);
        }
        products[j] = near ? 1 : 0;
    }
}

static void finish_counts(neighbours *s)
{
    const gan__pairs *pairs = &s->pairs;
    uint8_t *precise = s->precise + pairs->columns.first;
    for (int64_t i = 0; i < pairs->rows.taken; i++) {
        const real *near = pairs->products + i * pairs->columns.block;
        for (int64_t j = 0; j < pairs->columns.taken; j++) {
            precise[j] |= near[j] > 0;
        }
    }
}

static void write_values(const neighbours *s, int64_t n, int64_t m, double *values)
{
    int64_t precise = 0, recalled = 0, density = 0, covered = 0;
    for (int64_t i = 0; i < m; i++) {
        precise += s->precise[i];
    }
    for (int64_t i = 0; i < n; i++) {
        recalled += s->recalled[i];
        density += s->density[i];
        covered += s->density[i] > 0;
    }
    values[0] = (double)precise / (double)m;
    values[1] = (double)recalled / (double)n;
    values[2] = (double)density / ((double)s->k * (double)m);
    values[3] = (double)covered / (double)n;
}

int32_t gan__score_neighbours(gan_score *score, double *values)
{
    GAN__TRY(gan__score_need(score, gan__score_option(score, GAN__SCORE_K) + 1));
    const gan__kept *real_kept = &score->sides[GAN__REAL].kept;
    const gan__kept *fake_kept = &score->sides[GAN__FAKE].kept;
    neighbours s = {0};
    const int32_t status = make(&s, score);
    if (status == GAN_OK) {
        for_blocks(&s, real_kept, real_kept, take_neighbours, finish_real);
        for_blocks(&s, fake_kept, fake_kept, take_neighbours, finish_fake);
        for_blocks(&s, real_kept, fake_kept, count_row, finish_counts);
        write_values(&s, real_kept->count, fake_kept->count, values);
    }
    release(&s);
    return status;
}
