#include "eval/nuclear.h"

#include "base/simd.h"
#include "eval/dense.h"

#include <float.h>
#include <math.h>

enum { LANES = GAN__LANES, ROWS = 16 /* of a task */, COLUMNS = 64 };

static int64_t tasks_of(int64_t count, int64_t each)
{
    return (count + each - 1) / each;
}

/* ---- Factors ------------------------------------------------------------------------------- */

typedef struct {
    int64_t n;
    double *c;
    const double *row; /* [n]: the newest of the factor */
} factoring;

/* Takes the newest row out of the rest. */
static void reduce_rows(void *argument, int64_t task)
{
    const factoring *s = argument;
    const int64_t end = (task + 1) * ROWS < s->n ? (task + 1) * ROWS : s->n;
    for (int64_t i = task * ROWS; i < end; i++) {
        if (s->row[i] != 0) { /* done rows are 0 in every later one */
            gan__dense_add(s->n - i, -s->row[i], s->row + i, s->c + i * s->n + i);
        }
    }
}

static int64_t find_pivot(int64_t n, const double *c)
{
    int64_t pivot = 0;
    for (int64_t i = 1; i < n; i++) {
        pivot = c[i * n + i] > c[pivot * n + pivot] ? i : pivot;
    }
    return pivot;
}

int64_t gan__factor(gan_context *context, int64_t n, double *c, double *f)
{
    double least = 0;
    int64_t rank = 0;
    for (; rank < n; rank++) {
        const int64_t p = find_pivot(n, c);
        const double pivot = c[p * n + p];
        least = rank == 0 ? (double)n * DBL_EPSILON * pivot : least;
        if (!(pivot > least)) {
            break;
        }
        double *row = f + rank * n;
        const double root = sqrt(pivot);
        for (int64_t j = 0; j < n; j++) {
            row[j] = (j < p ? c[j * n + p] : c[p * n + j]) / root;
        }
        gan__eval_for_each(context, tasks_of(n, ROWS), (n - rank) * n / 2, reduce_rows,
                           &(factoring){n, c, row});
        for (int64_t j = 0; j < n; j++) { /* exactly 0 */
            c[j < p ? j * n + p : p * n + j] = 0;
        }
    }
    return rank;
}

/* ---- Bidiagonal form ----------------------------------------------------------------------- */

typedef struct {
    int64_t rows, columns, step;
    double *a;
    double *v; /* [rows]: the reflection of the column, from `step` on */
    double *w; /* [columns]: what it takes from the rows, from step + 1 on */
    double *u; /* [columns]: the reflection of the row */
    double v_scale, u_scale;
} reduction;

/* Makes a reflection of x: [n] onto the first axis, I - scale x x^T; returns where x goes. */
static double reflect(int64_t n, double *x, double *scale)
{
    const double norm = sqrt(gan__dense_dot(n, x, x));
    *scale = 0;
    if (norm == 0) {
        return 0;
    }
    const double to = x[0] > 0 ? -norm : norm;
    x[0] -= to;
    *scale = 2 / gan__dense_dot(n, x, x);
    return to;
}

static void find_w(void *argument, int64_t task)
{
    const reduction *r = argument;
    const int64_t first = r->step + 1 + task * COLUMNS, left = r->columns - first;
    const int64_t count = left < COLUMNS ? left : COLUMNS;
    double sum[COLUMNS] = {0};
    for (int64_t i = r->step; i < r->rows; i++) {
        gan__dense_add(count, r->v[i], r->a + i * r->columns + first, sum);
    }
    for (int64_t j = 0; j < count; j++) {
        r->w[first + j] = r->v_scale * sum[j];
    }
}

/* Both reflections on rows below the current one. */
static void reflect_rows(void *argument, int64_t task)
{
    const reduction *r = argument;
    const int64_t first = r->step + 1 + task * ROWS, column = r->step + 1;
    const int64_t end = first + ROWS < r->rows ? first + ROWS : r->rows;
    for (int64_t i = first; i < end; i++) {
        double *row = r->a + i * r->columns + column;
        const int64_t n = r->columns - column;
        gan__dense_add(n, -r->v[i], r->w + column, row);
        gan__dense_add(n, -r->u_scale * gan__dense_dot(n, row, r->u + column), r->u + column, row);
    }
}

/* One step: *diagonal and *above receive two elements of the bidiagonal matrix. */
static void reduce(gan_context *context, reduction *r, double *diagonal, double *above)
{
    const int64_t k = r->step, n = r->columns - k - 1, m = r->rows - k;
    for (int64_t i = k; i < r->rows; i++) {
        r->v[i] = r->a[i * r->columns + k];
    }
    *diagonal = reflect(m, r->v + k, &r->v_scale);
    *above = 0;
    if (n == 0) {
        return;
    }
    gan__eval_for_each(context, tasks_of(n, COLUMNS), n * m, find_w, r);
    for (int64_t j = k + 1; j < r->columns; j++) {
        r->u[j] = r->a[k * r->columns + j] - r->v[k] * r->w[j];
    }
    *above = reflect(n, r->u + k + 1, &r->u_scale);
    gan__eval_for_each(context, tasks_of(m - 1, ROWS), 2 * n * m, reflect_rows, r);
}

/* ---- Singular values ----------------------------------------------------------------------- */

/* The tridiagonal matrix of Golub and Kahan: zeros on the diagonal, beside it the elements of the
 * bidiagonal one. Its eigenvalues are the singular values and their negatives. */
typedef struct {
    int64_t n;             /* singular values */
    const double *squares; /* [2 n - 1]: of the elements beside the diagonal */
    double bound, tiny;
    double *sums; /* [tasks] */
} bisection;

/* How many eigenvalues are below each of LANES numbers, by the signs of a Sturm sequence. Source:
 * Barth, Martin and Wilkinson 1967. */
GAN__SIMD static void count_below(int64_t n, const double *squares, double tiny, const double *x,
                                  double *counts)
{
    double q[LANES], below[LANES];
    for (int32_t j = 0; j < LANES; j++) {
        q[j] = -x[j];
        below[j] = q[j] < 0 ? 1 : 0;
    }
    for (int64_t i = 0; i < n; i++) {
        const double square = squares[i];
        for (int32_t j = 0; j < LANES; j++) {
            const double safe = fabs(q[j]) < tiny ? -tiny : q[j];
            q[j] = -x[j] - square / safe;
            below[j] += q[j] < 0 ? 1 : 0;
        }
    }
    for (int32_t j = 0; j < LANES; j++) {
        counts[j] = below[j];
    }
}

/* The sum of LANES singular values. */
static void bisect(void *argument, int64_t task)
{
    const bisection *b = argument;
    double low[LANES], high[LANES], middle[LANES], counts[LANES];
    for (int32_t j = 0; j < LANES; j++) {
        low[j] = 0;
        high[j] = b->bound;
    }
    for (int32_t step = 0; step < DBL_MANT_DIG + 1; step++) {
        for (int32_t j = 0; j < LANES; j++) {
            middle[j] = (low[j] + high[j]) / 2;
        }
        count_below(2 * b->n - 1, b->squares, b->tiny, middle, counts);
        for (int32_t j = 0; j < LANES; j++) {
            const bool beyond = counts[j] > (double)(b->n + task * LANES + j);
            high[j] = beyond ? middle[j] : high[j];
            low[j] = beyond ? low[j] : middle[j];
        }
    }
    double sum = 0;
    for (int32_t j = 0; j < LANES && task * LANES + j < b->n; j++) {
        sum += (low[j] + high[j]) / 2;
    }
    b->sums[task] = sum;
}

/* beside: [2 n - 1], scaled to about 1; replaced by squares */
static double sum_values(gan_context *context, int64_t n, double *beside, double *sums)
{
    bisection b = {.n = n, .squares = beside, .sums = sums};
    double before = 0;
    for (int64_t i = 0; i < 2 * n - 1; i++) { /* Gershgorin's bound */
        const double size = fabs(beside[i]);
        b.bound = fmax(b.bound, before + size);
        before = size;
        beside[i] = size * size;
    }
    if (b.bound == 0) {
        return 0;
    }
    b.tiny = DBL_MIN / DBL_EPSILON * (1 + b.bound * b.bound);
    const int64_t tasks = tasks_of(n, LANES);
    gan__eval_for_each(context, tasks, n * n, bisect, &b);
    double sum = 0;
    for (int64_t i = 0; i < tasks; i++) {
        sum += sums[i];
    }
    return sum;
}

int64_t gan__nuclear_work(int64_t rows, int64_t columns)
{
    return rows + 5 * columns;
}

double gan__nuclear_norm(gan_context *context, int64_t rows, int64_t columns, double *a,
                         double *work)
{
    double peak = 0;
    for (int64_t i = 0; i < rows * columns; i++) {
        peak = fmax(peak, fabs(a[i]));
    }
    int exponent = 0;
    frexp(peak, &exponent);
    for (int64_t i = 0; i < rows * columns; i++) {
        a[i] = ldexp(a[i], -exponent);
    }
    double *beside = work + rows + 2 * columns; /* [2 columns] */
    reduction r = {.rows = rows,
                   .columns = columns,
                   .a = a,
                   .v = work,
                   .w = work + rows,
                   .u = work + rows + columns};
    for (; r.step < columns; r.step++) {
        reduce(context, &r, &beside[2 * r.step], &beside[2 * r.step + 1]);
    }
    return ldexp(sum_values(context, columns, beside, work + rows + 4 * columns), exponent);
}
