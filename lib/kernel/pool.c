#include "kernel/pool.h"

#include "base/simd.h"
#include "base/threads.h"

#include <string.h>

enum {
    COLUMNS = 256,        /* of an image at a time, and of a window */
    SPARSE = 8,           /* a stride from which on windows go one at a time */
    TASK_ELEMENTS = 32768 /* candidates looked at by one task, about; at least a plane */
};

/* The first maximum of each of n neighbouring columns, over `rows` rows that are w apart. places:
 * where they stand, the first element of x being at `place` */
static inline void go_down(int64_t n, int64_t rows, int64_t w, const real *x, int32_t place,
                           real *top, int32_t *places)
{
    for (int64_t i = 0; i < n; i++) {
        top[i] = x[i];
        places[i] = place + (int32_t)i;
    }
    for (int64_t r = 1; r < rows; r++) {
        const real *candidate = x + r * w;
        const int32_t at = place + (int32_t)(r * w);
        for (int64_t i = 0; i < n; i++) {
            const real value = candidate[i];
            /* what is not below is better, NaN too, unless the best is one */
            const bool better = !(value <= top[i]) & (top[i] == top[i]);
            top[i] = better ? value : top[i];
            places[i] = better ? at + (int32_t)i : places[i];
        }
    }
}

/* Lets n maxima of columns compete with the best so far; of equals, the one that stands first. */
static inline void go_across(int64_t n, const real *values, const int32_t *places, real *top,
                             int32_t *best)
{
    for (int64_t i = 0; i < n; i++) {
        const real value = values[i], high = top[i];
        const bool number = high == high, equal = (value == high) | ((value != value) & !number);
        const bool better = (!(value <= high) & number) | (equal & (places[i] < best[i]));
        top[i] = better ? value : high;
        best[i] = better ? places[i] : best[i];
    }
}

/* The first maxima of the windows that start at x and at each of the next columns, `span` together;
 * rows, columns: of the image, from x on. best: where the maxima stand, x being 0. All loops run
 * along rows of the image: windows that start between two strides cost less than a loop that would
 * leave them out. */
GAN__SIMD static void find_first(const gan__pooling *p, const real *x, int64_t rows,
                                 int64_t columns, int64_t span, real *top, int32_t *best)
{
    real values[2 * COLUMNS];
    int32_t places[2 * COLUMNS];
    const int64_t height = p->size[0] < rows ? p->size[0] : rows;
    const int64_t width = p->size[1] < columns ? p->size[1] : columns;
    for (int64_t from = 0; from < width; from += COLUMNS) {
        const int64_t n = width - from < COLUMNS ? width - from : COLUMNS;
        const int64_t left = columns - from, most = span + n - 1;
        const int64_t reach = left < most ? left : most;
        go_down(reach, height, p->w, x + from, (int32_t)from, values, places);
        if (from == 0) {
            memcpy(top, values, (size_t)span * sizeof *top);
            memcpy(best, places, (size_t)span * sizeof *best);
        }
        for (int64_t s = from == 0; s < n; s++) { /* the last windows may be cut */
            go_across(reach - s < span ? reach - s : span, values + s, places + s, top, best);
        }
    }
}

typedef struct {
    const gan__pooling *p;
    enum { TAKE, SCATTER, GATHER } what;
    int64_t per_task;      /* planes */
    const real *x, *other; /* other: g or h */
    real *y;
} job;

/* Windows `from` to `from + n - 1` of one row of a plane. x: [h, w]; other, y: the plane's */
static void do_windows(const job *j, int64_t row, int64_t from, int64_t n, const real *x,
                       const real *other, real *y)
{
    const gan__pooling *p = j->p;
    const int64_t stride = p->stride[1], top_row = row * p->stride[0], left = from * stride;
    const int64_t start = top_row * p->w + left, result = row * p->ow + from;
    real top[COLUMNS];
    int32_t best[COLUMNS];
    find_first(p, x + start, p->h - top_row, p->w - left, (n - 1) * stride + 1, top, best);
    for (int64_t i = 0; i < n; i++) {
        if (j->what == TAKE) {
            y[result + i] = top[i * stride];
        } else if (j->what == SCATTER) {
            y[start + best[i * stride]] += other[result + i];
        } else {
            y[result + i] = other[start + best[i * stride]];
        }
    }
}

static void do_plane(const job *j, int64_t plane)
{
    const gan__pooling *p = j->p;
    const int64_t wide = p->h * p->w, narrow = p->oh * p->ow;
    const int64_t most = p->stride[1] < SPARSE ? (COLUMNS - 1) / p->stride[1] + 1 : 1;
    const real *x = j->x + plane * wide;
    const real *other =
        j->what == TAKE ? x : j->other + plane * (j->what == GATHER ? wide : narrow);
    real *y = j->y + plane * (j->what == SCATTER ? wide : narrow);
    if (j->what == SCATTER) {
        memset(y, 0, (size_t)wide * sizeof *y);
    }
    for (int64_t row = 0; row < p->oh; row++) {
        for (int64_t from = 0; from < p->ow; from += most) {
            const int64_t n = p->ow - from < most ? p->ow - from : most;
            do_windows(j, row, from, n, x, other, y);
        }
    }
}

static void do_task(void *argument, int64_t task)
{
    const job *j = argument;
    const int64_t from = task * j->per_task, left = j->p->planes - from;
    const int64_t end = from + (left < j->per_task ? left : j->per_task);
    for (int64_t plane = from; plane < end; plane++) {
        do_plane(j, plane);
    }
}

/* Planes are never cut, so that what is scattered into one adds up in one order. */
static void run(gan_context *context, job j)
{
    const gan__pooling *p = j.p;
    const int64_t height = p->size[0] < p->h ? p->size[0] : p->h;
    const int64_t width = p->size[1] < p->w ? p->size[1] : p->w;
    const int64_t plane = p->h * p->w + p->oh * p->ow * height * width; /* each below 2^31 */
    j.per_task = plane < TASK_ELEMENTS ? TASK_ELEMENTS / plane : 1;
    gan__parallel(context, (p->planes + j.per_task - 1) / j.per_task, do_task, &j);
}

void gan__pool(gan_context *context, const gan__pooling *p, const real *x, real *y)
{
    run(context, (job){.p = p, .what = TAKE, .x = x, .y = y});
}

void gan__pool_scatter(gan_context *context, const gan__pooling *p, const real *x, const real *g,
                       real *y)
{
    run(context, (job){.p = p, .what = SCATTER, .x = x, .other = g, .y = y});
}

void gan__pool_gather(gan_context *context, const gan__pooling *p, const real *x, const real *h,
                      real *y)
{
    run(context, (job){.p = p, .what = GATHER, .x = x, .other = h, .y = y});
}
