#include "kernel/convolution.h"

#include "base/threads.h"
#include "kernel/blas.h"

#include <string.h>

enum {
    LANES = 16,                  /* shares of the work: as many threads can help */
    GROUPS = 8,                  /* that a batch is cut into at least, for the threads' sake */
    BLOCK_ELEMENTS = 128 * 1024, /* of a block of the patch matrix: it stays in the second-level
                                   cache */
    COLUMNS = 192,               /* where a product is long enough: no need to join samples */
    ALIGNMENT = 64 / sizeof(real)
};

/* A call in progress. The work is cut by the shape into lanes, each with scratch of its own. A
 * block of the patch matrix is some lines of the output of one sample, or, where samples are small,
 * several samples side by side. */
typedef struct {
    const gan__convolution *c;
    const real *x, *kernel, *g;
    real *scratch, *out;
    int64_t rows;           /* of the patch matrix: c kh kw */
    int64_t positions;      /* its columns, for one sample: oh ow */
    int64_t samples, lines; /* of a block */
    int64_t parts;          /* blocks of a sample; 1 where a block has several samples */
    int64_t blocks;         /* of the batch */
    int64_t lanes;
    int64_t patch_elements; /* of a lane's block of patches; joined samples follow */
    int64_t lane_size;      /* elements of scratch for a lane */
} job;

typedef struct {
    int64_t sample, samples; /* the first one, and how many */
    int64_t line, lines;     /* of the output */
    int64_t columns;         /* samples lines ow */
} block;

/* Where one row of the patch matrix comes from: x[channel, i S + y, j S + x]. */
typedef struct {
    int64_t channel, y, x;
    int64_t top, bottom, left, right; /* the outputs [top, bottom) x [left, right) that read within
                                         x; the others read padding */
} tap;

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t aligned(int64_t elements)
{
    return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Cuts the batch into blocks of patches of which a lane makes `lane_rows` rows at a time. */
static void cut(job *j, int64_t lane_rows, int64_t most_samples)
{
    const gan__convolution *c = j->c;
    j->samples = smaller(most_samples, smaller(BLOCK_ELEMENTS / lane_rows, COLUMNS) / j->positions);
    j->samples = larger(j->samples, 1);
    j->lines = smaller(larger(BLOCK_ELEMENTS / (lane_rows * c->ow), 1), c->oh);
    j->parts = (c->oh + j->lines - 1) / j->lines;
    j->blocks = (c->n + j->samples - 1) / j->samples * j->parts;
    const int64_t columns = j->samples * j->lines * c->ow;
    j->patch_elements = aligned(lane_rows * columns);
    j->lane_size = j->patch_elements + (j->samples > 1 ? aligned(c->o * columns) : 0);
}

/* The lanes share the blocks. */
static job job_by_blocks(const gan__convolution *c, real *scratch, real *out)
{
    job j = {.c = c,
             .rows = c->c * c->kh * c->kw,
             .positions = c->oh * c->ow,
             .scratch = scratch,
             .out = out,
             .lanes = LANES};
    cut(&j, j.rows, (c->n + GROUPS - 1) / GROUPS);
    return j;
}

/* The lanes share the rows of the patch matrix: enough of them for a product worth its name. */
static job job_by_rows(const gan__convolution *c, real *scratch, real *out)
{
    enum { ROWS = 24 };
    job j = job_by_blocks(c, scratch, out);
    j.lanes = smaller((j.rows + ROWS - 1) / ROWS, LANES);
    cut(&j, (j.rows + j.lanes - 1) / j.lanes, c->n);
    return j;
}

int64_t gan__convolution_scratch(const gan__convolution *c)
{
    const job blocks = job_by_blocks(c, NULL, NULL), rows = job_by_rows(c, NULL, NULL);
    return larger(blocks.lanes * blocks.lane_size, rows.lanes * rows.lane_size);
}

static block block_of(const job *j, int64_t index)
{
    block b = {.sample = index / j->parts * j->samples, .line = index % j->parts * j->lines};
    b.samples = smaller(j->samples, j->c->n - b.sample);
    b.lines = smaller(j->lines, j->c->oh - b.line);
    b.columns = b.samples * b.lines * j->c->ow;
    return b;
}

/* ---- Patches --------------------------------------------------------------------------------- */

/* The outputs, of `count`, that read within 0 to size - 1: index = output * stride + shift. */
static void valid_range(int64_t size, int64_t stride, int64_t shift, int64_t count, int64_t *low,
                        int64_t *high)
{
    *low = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    *high = size - shift <= 0 ? 0 : (size - shift + stride - 1) / stride;
    *high = smaller(*high, count);
    *low = smaller(*low, *high);
}

static tap tap_of(const gan__convolution *c, int64_t row)
{
    tap t = {.channel = row / c->kw / c->kh,
             .y = row / c->kw % c->kh - c->pad[0],
             .x = row % c->kw - c->pad[1]};
    valid_range(c->h, c->stride[0], t.y, c->oh, &t.top, &t.bottom);
    valid_range(c->w, c->stride[1], t.x, c->ow, &t.left, &t.right);
    return t;
}

/* Elements from, from + stride, ... of a line. A stride of 1 or 2 known to the compiler is fast. */
static void take_line(const real *from, int64_t stride, int64_t count, real *restrict to)
{
    if (stride == 1) {
        for (int64_t k = 0; k < count; k++) {
            to[k] = from[k];
        }
    } else if (stride == 2) {
        for (int64_t k = 0; k < count; k++) {
            to[k] = from[2 * k];
        }
    } else {
        for (int64_t k = 0; k < count; k++) {
            to[k] = from[k * stride];
        }
    }
}

/* The transpose: adds to them. */
static void add_line(const real *restrict from, int64_t stride, int64_t count, real *to)
{
    if (stride == 1) {
        for (int64_t k = 0; k < count; k++) {
            to[k] += from[k];
        }
    } else if (stride == 2) {
        for (int64_t k = 0; k < count; k++) {
            to[2 * k] += from[k];
        }
    } else {
        for (int64_t k = 0; k < count; k++) {
            to[k * stride] += from[k];
        }
    }
}

static void clear(int64_t count, real *p)
{
    for (int64_t k = 0; k < count; k++) {
        p[k] = 0;
    }
}

/* Fills rows [from, to) of a block of the patch matrix.
 * x: [n, c, h, w]; patches: [to - from, columns] */
static void gather_patches(const job *j, int64_t from, int64_t to, const block *b, real *patches)
{
    const gan__convolution *c = j->c;
    const int64_t plane = c->h * c->w, end = b->line + b->lines;
    real *p = patches;
    for (int64_t row = from; row < to; row++) {
        const tap t = tap_of(c, row);
        const int64_t top = larger(smaller(t.top, end), b->line);
        const int64_t bottom = larger(smaller(t.bottom, end), top);
        for (int64_t q = b->sample; q < b->sample + b->samples; q++) {
            const real *x = j->x + (q * c->c + t.channel) * plane;
            clear((top - b->line) * c->ow, p);
            p += (top - b->line) * c->ow;
            for (int64_t i = top; i < bottom; i++, p += c->ow) {
                const int64_t start = (i * c->stride[0] + t.y) * c->w + t.x;
                clear(t.left, p);
                take_line(x + start + t.left * c->stride[1], c->stride[1], t.right - t.left,
                          p + t.left);
                clear(c->ow - t.right, p + t.right);
            }
            clear((end - bottom) * c->ow, p);
            p += (end - bottom) * c->ow;
        }
    }
}

/* The transpose: adds a block of the patch matrix to its samples. x: [n, c, h, w] */
static void scatter_patches(const job *j, const real *patches, const block *b, real *x)
{
    const gan__convolution *c = j->c;
    const int64_t plane = c->h * c->w, end = b->line + b->lines;
    const real *p = patches;
    for (int64_t row = 0; row < j->rows; row++) {
        const tap t = tap_of(c, row);
        const int64_t top = larger(t.top, b->line), bottom = smaller(t.bottom, end);
        for (int64_t q = b->sample; q < b->sample + b->samples; q++, p += b->lines * c->ow) {
            real *into = x + (q * c->c + t.channel) * plane;
            for (int64_t i = top; i < bottom; i++) {
                const int64_t start = (i * c->stride[0] + t.y) * c->w + t.x;
                add_line(p + (i - b->line) * c->ow + t.left, c->stride[1], t.right - t.left,
                         into + start + t.left * c->stride[1]);
            }
        }
    }
}

/* ---- Samples side by side -------------------------------------------------------------------- */

/* y: [samples, o, positions]; joined: [o, samples positions] */
static void join_samples(const job *j, const real *y, int64_t samples, real *joined)
{
    const int64_t filters = j->c->o, n = j->positions;
    for (int64_t f = 0; f < filters; f++) {
        for (int64_t q = 0; q < samples; q++, joined += n) {
            take_line(y + (q * filters + f) * n, 1, n, joined);
        }
    }
}

/* The reverse. */
static void part_samples(const job *j, const real *joined, int64_t samples, real *y)
{
    const int64_t filters = j->c->o, n = j->positions;
    for (int64_t f = 0; f < filters; f++) {
        for (int64_t q = 0; q < samples; q++, joined += n) {
            take_line(joined, 1, n, y + (q * filters + f) * n);
        }
    }
}

/* Where a block of an array of y's shape starts: its matrix [o, columns] has rows `positions` apart
 * if it is of one sample. */
static int64_t start_of(const job *j, const block *b)
{
    return b->sample * j->c->o * j->positions + b->line * j->c->ow;
}

/* A block of g as a matrix [o, columns], where it stands or in the lane's scratch. */
static const real *matrix_of(const job *j, const block *b, real *scratch, int64_t *apart)
{
    const real *g = j->g + start_of(j, b);
    if (j->samples == 1) {
        *apart = j->positions;
        return g;
    }
    real *joined = scratch + j->patch_elements;
    join_samples(j, g, b->samples, joined);
    *apart = b->columns;
    return joined;
}

/* ---- The three calls ------------------------------------------------------------------------- */

/* The share of lane `lane` in `count` items: [*from, *to). */
static void share(int64_t count, int64_t lane, int64_t lanes, int64_t *from, int64_t *to)
{
    *from = count * lane / lanes;
    *to = count * (lane + 1) / lanes;
}

static void convolve_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    real *patches = j->scratch + lane * j->lane_size, *joined = patches + j->patch_elements;
    int64_t from, to;
    share(j->blocks, lane, j->lanes, &from, &to);
    for (int64_t index = from; index < to; index++) {
        const block b = block_of(j, index);
        const bool alone = j->samples == 1;
        real *y = j->out + start_of(j, &b);
        gather_patches(j, 0, j->rows, &b, patches);
        gan__blas_multiply(false, false, j->c->o, b.columns, j->rows, j->kernel, j->rows, patches,
                           b.columns, false, alone ? y : joined, alone ? j->positions : b.columns);
        if (!alone) {
            part_samples(j, joined, b.samples, y);
        }
    }
}

/* The blocks of one sample stay in one lane, so that no sum crosses lanes. */
static void convolve_input_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const gan__convolution *c = j->c;
    const int64_t elements = c->c * c->h * c->w;
    real *patches = j->scratch + lane * j->lane_size;
    int64_t from, to;
    share(j->blocks / j->parts, lane, j->lanes, &from, &to);
    for (int64_t index = from * j->parts; index < to * j->parts; index++) {
        const block b = block_of(j, index);
        int64_t apart;
        const real *g = matrix_of(j, &b, patches, &apart);
        if (b.line == 0) {
            memset(j->out + b.sample * elements, 0,
                   (size_t)(b.samples * elements) * sizeof *j->out);
        }
        gan__blas_multiply(true, false, j->rows, b.columns, c->o, j->kernel, j->rows, g, apart,
                           false, patches, b.columns);
        scatter_patches(j, patches, &b, j->out);
    }
}

/* A lane makes some rows of the patch matrix, for all samples: so no sum crosses lanes. */
static void convolve_kernel_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    real *patches = j->scratch + lane * j->lane_size;
    int64_t from, to;
    share(j->rows, lane, j->lanes, &from, &to);
    for (int64_t index = 0; index < j->blocks; index++) {
        const block b = block_of(j, index);
        int64_t apart;
        const real *g = matrix_of(j, &b, patches, &apart);
        gather_patches(j, from, to, &b, patches);
        gan__blas_multiply(false, true, j->c->o, to - from, b.columns, g, apart, patches, b.columns,
                           index > 0, j->out + from, j->rows);
    }
}

void gan__convolve(gan_context *context, const gan__convolution *c, const real *x,
                   const real *kernel, real *scratch, real *y)
{
    job j = job_by_blocks(c, scratch, y);
    j.x = x;
    j.kernel = kernel;
    gan__parallel(context, j.lanes, convolve_lane, &j);
}

void gan__convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                         const real *kernel, real *scratch, real *dx)
{
    job j = job_by_blocks(c, scratch, dx);
    j.g = g;
    j.kernel = kernel;
    gan__parallel(context, j.lanes, convolve_input_lane, &j);
}

void gan__convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                          const real *g, real *scratch, real *dk)
{
    job j = job_by_rows(c, scratch, dk);
    j.x = x;
    j.g = g;
    gan__parallel(context, j.lanes, convolve_kernel_lane, &j);
}
