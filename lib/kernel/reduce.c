#include "kernel/reduce.h"

#include "base/threads.h"
#include "kernel/element.h"
#include "kernel/simd.h"

#include <string.h>

enum {
    RANK = 6,
    COLUMNS = 256,       /* columns summed at a time, so that the accumulators stay in cache */
    TASK_ELEMENTS = 32768 /* numbers read by one task, about */
};

/* The axes of a sum, neighbours of one kind joined: kept and summed ones, with strides in x. */
typedef struct {
    int32_t kept_rank, summed_rank;
    int64_t kept[RANK], kept_stride[RANK];
    int64_t summed[RANK], summed_stride[RANK];
    int64_t outputs, terms; /* products of kept and of summed */
    int64_t inner;          /* length of the last axis if it is kept, else 0 */
    int64_t per_task;
    const real *x;
    real *y;
} summation;

static void split_axes(summation *s, int32_t rank, const int64_t *dims, const bool *keep)
{
    int64_t joined[RANK], stride[RANK];
    bool kept[RANK];
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

GAN__SIMD static void add_columns(int64_t n, const real *x, double *sum)
{
    for (int64_t i = 0; i < n; i++) {
        sum[i] += (double)x[i];
    }
}

/* The last axis is kept: adds whole runs of columns. */
static void sum_columns(void *argument, int64_t task)
{
    const summation *s = argument;
    const int64_t blocks = (s->inner + COLUMNS - 1) / COLUMNS;
    const int64_t from = task % blocks * COLUMNS;
    const int64_t n = s->inner - from < COLUMNS ? s->inner - from : COLUMNS;
    const int64_t row = task / blocks;
    const real *x =
        s->x + place(s->kept_rank, s->kept, s->kept_stride, row * s->inner) + from;
    double sum[COLUMNS] = {0};
    for (int64_t t = 0; t < s->terms; t++) {
        add_columns(n, x + place(s->summed_rank, s->summed, s->summed_stride, t), sum);
    }
    real *y = s->y + row * s->inner + from;
    for (int64_t i = 0; i < n; i++) {
        y[i] = (real)sum[i];
    }
}

/* The last axis is summed: adds up its runs for one output after the other. */
static void sum_rows(void *argument, int64_t task)
{
    const summation *s = argument;
    const int64_t run = s->summed_rank > 0 ? s->summed[s->summed_rank - 1] : 1;
    const int64_t end = (task + 1) * s->per_task < s->outputs ? (task + 1) * s->per_task
                                                              : s->outputs;
    for (int64_t o = task * s->per_task; o < end; o++) {
        const real *x = s->x + place(s->kept_rank, s->kept, s->kept_stride, o);
        double sum = 0;
        for (int64_t t = 0; t < s->terms; t += run) {
            sum += gan__element_sum(run,
                                    x + place(s->summed_rank, s->summed, s->summed_stride, t));
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
        gan__parallel(context, tasks, sum_rows, &s);
    }
}

typedef void (*maximum_fn)(int64_t k, int64_t inner, const real *x, const real *g, real *y);

typedef struct {
    maximum_fn function;
    int64_t outer, k, inner, per_task;
    int64_t g_step, y_step; /* elements of g and of y for each outer index */
    const real *x, *g;
    real *y;
} maximum_job;

/* Which j holds the maximum of x[0], x[step], ...: the first of equals; NaN wins. */
static inline int64_t first_maximum(int64_t k, int64_t step, const real *x)
{
    int64_t best = 0;
    for (int64_t j = 1; j < k; j++) {
        const real value = x[j * step], top = x[best * step];
        if (value > top || (value != value && top == top)) {
            best = j;
        }
    }
    return best;
}

static void take_maximum(int64_t k, int64_t inner, const real *x, const real *g, real *y)
{
    (void)g;
    for (int64_t i = 0; i < inner; i++) {
        y[i] = x[first_maximum(k, inner, x + i) * inner + i];
    }
}

static void scatter_maximum(int64_t k, int64_t inner, const real *x, const real *g, real *y)
{
    memset(y, 0, (size_t)(k * inner) * sizeof *y);
    for (int64_t i = 0; i < inner; i++) {
        y[first_maximum(k, inner, x + i) * inner + i] = g[i];
    }
}

static void gather_maximum(int64_t k, int64_t inner, const real *x, const real *g, real *y)
{
    for (int64_t i = 0; i < inner; i++) {
        y[i] = g[first_maximum(k, inner, x + i) * inner + i];
    }
}

static void maximum_task(void *argument, int64_t task)
{
    const maximum_job *job = argument;
    const int64_t from = task * job->per_task;
    const int64_t end = from + job->per_task < job->outer ? from + job->per_task : job->outer;
    for (int64_t o = from; o < end; o++) {
        job->function(job->k, job->inner, job->x + o * job->k * job->inner,
                      job->g + o * job->g_step, job->y + o * job->y_step);
    }
}

static void run_maximum(gan_context *context, maximum_job job)
{
    const int64_t tasks = tasks_for(job.outer, job.k * job.inner, &job.per_task);
    gan__parallel(context, tasks, maximum_task, &job);
}

void gan__maximum(gan_context *context, int64_t outer, int64_t k, int64_t inner, const real *x,
                  real *y)
{
    run_maximum(context, (maximum_job){.function = take_maximum,
                                       .outer = outer,
                                       .k = k,
                                       .inner = inner,
                                       .g_step = 0,
                                       .y_step = inner,
                                       .x = x,
                                       .g = x,
                                       .y = y});
}

void gan__maximum_scatter(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                          const real *x, const real *g, real *y)
{
    run_maximum(context, (maximum_job){.function = scatter_maximum,
                                       .outer = outer,
                                       .k = k,
                                       .inner = inner,
                                       .g_step = inner,
                                       .y_step = k * inner,
                                       .x = x,
                                       .g = g,
                                       .y = y});
}

void gan__maximum_gather(gan_context *context, int64_t outer, int64_t k, int64_t inner,
                         const real *x, const real *h, real *y)
{
    run_maximum(context, (maximum_job){.function = gather_maximum,
                                       .outer = outer,
                                       .k = k,
                                       .inner = inner,
                                       .g_step = k * inner,
                                       .y_step = inner,
                                       .x = x,
                                       .g = h,
                                       .y = y});
}
