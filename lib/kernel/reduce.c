#include "kernel/reduce.h"

#include "base/philox.h"
#include "base/simd.h"
#include "base/threads.h"
#include "kernel/element.h"

#include <string.h>

enum {
    COLUMNS = 256,         /* columns summed at a time, so that the accumulators stay in cache */
    TASK_ELEMENTS = 32768, /* numbers read by one task, about */
    SHORT = 16,            /* rows up to this length are added up many at a time, */
    ABREAST = 8,           /* so many side by side */
    NARROW = 64,           /* up to so many columns are added up ... */
    FEW = 16               /* ... so many at a time, down all rows */
};

/* The axes of a sum, neighbours of one kind joined: kept and summed ones, with strides in x. */
typedef struct {
    int32_t kept_rank, summed_rank;
    int64_t kept[GAN__REDUCE_RANK], kept_stride[GAN__REDUCE_RANK];
    int64_t summed[GAN__REDUCE_RANK], summed_stride[GAN__REDUCE_RANK];
    int64_t outputs, terms; /* products of kept and of summed */
    int64_t inner;          /* length of the last axis if it is kept, else 0 */
    int64_t per_task;
    const real *x;
    real *y;
} summation;

static void split_axes(summation *s, int32_t rank, const int64_t *dims, const bool *keep)
{
    int64_t joined[GAN__REDUCE_RANK], stride[GAN__REDUCE_RANK];
    bool kept[GAN__REDUCE_RANK];
    int32_t count = 0;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] == 1) {
            continue;
        }
        if (count > 0 && kept[count - 1] == keep[i]) {
            joined[count - 1] *= dims[i];
        } else {
            joined[count] = dims[i];
            kept[count++] = keep[i];
        }
    }
    int64_t size = 1;
    for (int32_t i = count - 1; i >= 0; i--) {
        stride[i] = size;
        size *= joined[i];
    }
    s->outputs = s->terms = 1;
    for (int32_t i = 0; i < count; i++) {
        if (kept[i]) {
            s->kept[s->kept_rank] = joined[i];
            s->kept_stride[s->kept_rank++] = stride[i];
            s->outputs *= joined[i];
        } else {
            s->summed[s->summed_rank] = joined[i];
            s->summed_stride[s->summed_rank++] = stride[i];
            s->terms *= joined[i];
        }
    }
    s->inner = count > 0 && kept[count - 1] ? joined[count - 1] : 0;
}

/* Where element `index` of some axes stands in x. */
static int64_t place(int32_t rank, const int64_t *dims, const int64_t *strides, int64_t index)
{
    int64_t at = 0;
    for (int32_t i = rank - 1; i >= 0; i--) {
        at += index % dims[i] * strides[i];
        index /= dims[i];
    }
    return at;
}

/* Adds rows that stand `apart`. */
static inline void add_to(int64_t rows, int64_t columns, const real *x, int64_t apart, double *sum)
{
    for (int64_t t = 0; t < rows; t++) {
        for (int64_t i = 0; i < columns; i++) {
            sum[i] += (double)x[t * apart + i];
        }
    }
}

/* The same of FEW columns, whose sums stay in registers. */
static inline void add_few(int64_t rows, const real *x, int64_t apart, double *sum)
{
    double total[FEW];
    memcpy(total, sum, sizeof total);
    add_to(rows, FEW, x, apart, total);
    memcpy(sum, total, sizeof total);
}

GAN__SIMD static void add_columns(int64_t rows, int64_t n, const real *x, int64_t apart,
                                  double *sum)
{
    int64_t i = 0;
    for (; n <= NARROW && i + FEW <= n; i += FEW) {
        add_few(rows, x + i, apart, sum + i);
    }
    add_to(rows, n - i, x + i, apart, sum + i);
}

/* The last axis is kept: adds whole runs of columns. */
static void sum_columns(void *argument, int64_t task)
{
    const summation *s = argument;
    const int32_t last = s->summed_rank - 1;
    const int64_t run = last >= 0 ? s->summed[last] : 1;
    const int64_t apart = last >= 0 ? s->summed_stride[last] : 0;
    const int64_t blocks = (s->inner + COLUMNS - 1) / COLUMNS;
    const int64_t from = task % blocks * COLUMNS;
    const int64_t n = gan__smaller(s->inner - from, COLUMNS);
    const int64_t row = task / blocks;
    const real *x = s->x + place(s->kept_rank, s->kept, s->kept_stride, row * s->inner) + from;
    double sum[COLUMNS] = {0};
    for (int64_t t = 0; t < s->terms; t += run) {
        add_columns(run, n, x + place(s->summed_rank, s->summed, s->summed_stride, t), apart, sum);
    }
    real *y = s->y + row * s->inner + from;
    for (int64_t i = 0; i < n; i++) {
        y[i] = (real)sum[i];
    }
}

/* Adds the sums of rows, ABREAST at most, of `length` elements that start `apart` from each other.
 * A number of rows known to the compiler becomes sums that do not wait for each other. */
GAN__INLINE void add_rows(int64_t rows, int64_t length, const real *x, int64_t apart, double *sum)
{
    double sums[ABREAST] = {0};
    for (int64_t k = 0; k < length; k++) {
        for (int64_t i = 0; i < rows; i++) {
            sums[i] += (double)x[i * apart + k];
        }
    }
    for (int64_t i = 0; i < rows; i++) {
        sum[i] += sums[i];
    }
}

GAN__SIMD static void add_short_rows(int64_t rows, int64_t length, const real *x, int64_t apart,
                                     double *sum)
{
    int64_t i = 0;
    for (; length == 2 && i < rows; i++) { /* becomes vectors */
        sum[i] += (double)x[i * apart] + (double)x[i * apart + 1];
    }
    for (; i + ABREAST <= rows; i += ABREAST) {
        add_rows(ABREAST, length, x + i * apart, apart, sum + i);
    }
    for (; i < rows; i++) {
        add_rows(1, length, x + i * apart, apart, sum + i);
    }
}

/* The last axis is summed, and short: adds up its runs for many outputs at a time, neighbours along
 * the last axis that is kept. */
static void sum_short_rows(void *argument, int64_t task)
{
    const summation *s = argument;
    const int64_t run = s->summed[s->summed_rank - 1];
    const int64_t line = s->kept[s->kept_rank - 1], apart = s->kept_stride[s->kept_rank - 1];
    const int64_t end = gan__smaller((task + 1) * s->per_task, s->outputs);
    for (int64_t o = task * s->per_task; o < end;) {
        const int64_t n = gan__smaller(gan__smaller(line - o % line, end - o), COLUMNS);
        const real *x = s->x + place(s->kept_rank, s->kept, s->kept_stride, o);
        double sum[COLUMNS];
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int64_t t = 0; t < s->terms; t += run) {
            const int64_t at = place(s->summed_rank, s->summed, s->summed_stride, t);
            add_short_rows(n, run, x + at, apart, sum);
        }
        for (int64_t i = 0; i < n; i++) {
            s->y[o + i] = (real)sum[i];
        }
        o += n;
    }
}

/* The last axis is summed: adds up its runs for one output after the other. */
static void sum_rows(void *argument, int64_t task)
{
    const summation *s = argument;
    const int64_t run = s->summed_rank > 0 ? s->summed[s->summed_rank - 1] : 1;
    const int64_t end = gan__smaller((task + 1) * s->per_task, s->outputs);
    for (int64_t o = task * s->per_task; o < end; o++) {
        const real *x = s->x + place(s->kept_rank, s->kept, s->kept_stride, o);
        double sum = 0;
        for (int64_t t = 0; t < s->terms; t += run) {
            sum += gan__element_sum(run, x + place(s->summed_rank, s->summed, s->summed_stride, t));
        }
        s->y[o] = (real)sum;
    }
}

static int64_t tasks_for(int64_t items, int64_t elements_each, int64_t *per_task)
{
    *per_task = elements_each >= TASK_ELEMENTS ? 1 : TASK_ELEMENTS / elements_each;
    return (items + *per_task - 1) / *per_task;
}

void gan__sum(gan_context *context, int32_t rank, const int64_t *dims, const bool *keep,
              const real *x, real *y)
{
    summation s = {.x = x, .y = y};
    split_axes(&s, rank, dims, keep);
    if (s.inner > 0) {
        const int64_t blocks = (s.inner + COLUMNS - 1) / COLUMNS;
        gan__parallel(context, s.outputs / s.inner * blocks, sum_columns, &s);
    } else {
        const int64_t tasks = tasks_for(s.outputs, s.terms, &s.per_task);
        const bool are_short =
            s.kept_rank > 0 && s.summed_rank > 0 && s.summed[s.summed_rank - 1] <= SHORT;
        gan__parallel(context, tasks, are_short ? sum_short_rows : sum_rows, &s);
    }
}

/* ---- Maxima ---------------------------------------------------------------------------------
 * Work goes over lanes, elements of the result that stand side by side: `lane` apart in x, while
 * the candidates of one lane stand `step` apart. For the last axis that is (k, 1), else (1, inner).
 */

enum { LANES = 256 }; /* at a time */

typedef struct {
    int64_t k, lane, step;
} layout;

/* Which candidate of each lane is the first maximum; NaN wins. */
GAN__SIMD static void find_first(int64_t n, layout l, const real *x, int32_t *best)
{
    real top[LANES];
    for (int64_t i = 0; i < n; i++) {
        top[i] = x[i * l.lane];
        best[i] = 0;
    }
    for (int64_t j = 1; j < l.k; j++) {
        const real *candidate = x + j * l.step;
        for (int64_t i = 0; i < n; i++) {
            const real value = candidate[i * l.lane];
            const bool better = (value > top[i]) | ((value != value) & (top[i] == top[i]));
            top[i] = better ? value : top[i];
            best[i] = better ? (int32_t)j : best[i];
        }
    }
}

/* y[i] = h at the chosen candidate. */
static void pick(int64_t n, layout l, const int32_t *best, const real *h, real *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = h[i * l.lane + best[i] * l.step];
    }
}

/* y at the chosen candidate = g[i], zeros at the others. */
GAN__SIMD static void spread(int64_t n, layout l, const int32_t *best, const real *g, real *y)
{
    if (l.step == 1) {
        memset(y, 0, (size_t)(n * l.lane) * sizeof *y);
        for (int64_t i = 0; i < n; i++) {
            y[i * l.lane + best[i]] = g[i];
        }
        return;
    }
    for (int64_t j = 0; j < l.k; j++) {
        for (int64_t i = 0; i < n; i++) {
            y[i * l.lane + j * l.step] = j == best[i] ? g[i] : 0;
        }
    }
}

typedef struct {
    enum { TAKE, SCATTER, GATHER } what;
    int64_t k, inner, rows, row_lanes, per_task; /* rows of lanes that stand side by side */
    const real *x, *other;                       /* other: g or h */
    real *y;
} maximum_job;

/* Lanes `from` to `from + n - 1` of one row. */
static void do_lanes(const maximum_job *job, int64_t row, int64_t from, int64_t n)
{
    const bool last_axis = job->inner == 1;
    const layout l = {job->k, last_axis ? job->k : 1, last_axis ? 1 : job->inner};
    const int64_t wide = row * job->row_lanes * job->k + from * l.lane; /* in arrays like x */
    const int64_t narrow = row * job->row_lanes + from;                 /* in arrays like y */
    int32_t best[LANES];
    find_first(n, l, job->x + wide, best);
    if (job->what == SCATTER) {
        spread(n, l, best, job->other + narrow, job->y + wide);
    } else {
        pick(n, l, best, (job->what == TAKE ? job->x : job->other) + wide, job->y + narrow);
    }
}

static void maximum_task(void *argument, int64_t task)
{
    const maximum_job *job = argument;
    const int64_t blocks = (job->row_lanes + LANES - 1) / LANES;
    const int64_t end = gan__smaller((task + 1) * job->per_task, job->rows * blocks);
    for (int64_t block = task * job->per_task; block < end; block++) {
        const int64_t from = block % blocks * LANES;
        const int64_t n = gan__smaller(job->row_lanes - from, LANES);
        do_lanes(job, block / blocks, from, n);
    }
}

static void run_maximum(gan_context *context, int64_t outer, maximum_job job)
{
    job.rows = job.inner == 1 ? 1 : outer;
    job.row_lanes = job.inner == 1 ? outer : job.inner;
    const int64_t blocks = job.rows * ((job.row_lanes + LANES - 1) / LANES);
    const int64_t lanes = gan__smaller(job.row_lanes, LANES);
    const int64_t tasks = tasks_for(blocks, job.k * lanes, &job.per_task);
    gan__parallel(context, tasks, maximum_task, &job);
}

void gan__maximum(gan_context *context, int64_t outer, int64_t k, int64_t inner, const real *x,
                  real *y)
{
    run_maximum(context, outer,
                (maximum_job){.what = TAKE, .k = k, .inner = inner, .x = x, .y = y});
}

void gan__maximum_scatter(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                          const real *x, const real *g, real *y)
{
    run_maximum(context, outer,
                (maximum_job){.what = SCATTER, .k = k, .inner = inner, .x = x, .other = g, .y = y});
}

void gan__maximum_gather(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                         const real *x, const real *h, real *y)
{
    run_maximum(context, outer,
                (maximum_job){.what = GATHER, .k = k, .inner = inner, .x = x, .other = h, .y = y});
}

/* ---- Zeros ----------------------------------------------------------------------------------- */

/* A whole number below `length` by a random word. */
static int64_t below(uint32_t word, int64_t length)
{
    return (int64_t)((uint64_t)word * (uint64_t)length >> 32);
}

double gan__share_of_zeros(int64_t rows, int64_t columns, const real *x)
{
    enum { RUN = 16, BLOCKS = GAN__PHILOX_BLOCKS };
    const int64_t runs = (columns + RUN - 1) / RUN; /* of a row */
    int64_t zeros = 0, seen = 0;
    gan__philox_words words; /* random places: no pattern of rows or columns is met in step */
    for (uint32_t i = 0; i < BLOCKS; i++) {
        gan__philox_set(&words, i, (philox4x32_ctr_t){{i}});
    }
    gan__philox_many(0, &words);
    for (int32_t i = 0; i < 2 * BLOCKS; i++) {
        const uint32_t(*of)[BLOCKS] = &words.v[i / BLOCKS * 2];
        const int64_t row = below(of[0][i % BLOCKS], rows);
        const int64_t column = below(of[1][i % BLOCKS], runs) * RUN;
        const int64_t run = gan__smaller(columns - column, RUN);
        for (int64_t j = 0; j < run; j++) {
            zeros += x[row * columns + column + j] == 0;
        }
        seen += run;
    }
    return (double)zeros / (double)seen;
}
