#include "kernel/convolution.h"

#include "base/threads.h"
#include "kernel/gemm.h"

#include <string.h>

enum {
    LANES = 16, /* shares of the work: as many threads can help */
    BLOCK_ELEMENTS =
        64 * 1024, /* of a block of the patch matrix: it stays in the second-level cache */
    ALIGNMENT = 64 / sizeof(real)
};

/* A call in progress. The work is cut by the shape into lanes, each with scratch of its own. */
typedef struct {
    const gan__convolution *c;
    const real *x, *kernel, *g;
    real *scratch, *out;
    int64_t rows;      /* of the patch matrix: c kh kw */
    int64_t positions; /* its columns, for one sample: oh ow */
    int64_t block;     /* columns of a block: whole rows of the output */
    int64_t blocks;    /* for one sample */
    int64_t lane_size; /* elements of scratch for a lane */
} job;

static job job_of(const gan__convolution *c, real *scratch, real *out)
{
    job j = {.c = c,
             .rows = c->c * c->kh * c->kw,
             .positions = c->oh * c->ow,
             .scratch = scratch,
             .out = out};
    const int64_t fit = BLOCK_ELEMENTS / (j.rows * c->ow);
    const int64_t lines = fit < 1 ? 1 : fit > c->oh ? c->oh : fit;
    j.block = lines * c->ow;
    j.blocks = (c->oh + lines - 1) / lines;
    j.lane_size = (j.rows * j.block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return j;
}

int64_t gan__convolution_scratch(const gan__convolution *c)
{
    return LANES * job_of(c, NULL, NULL).lane_size;
}

/* Lanes of the gradient by the kernel: each with enough rows for a product worth its name. */
static int64_t kernel_lanes(const job *j)
{
    enum { ROWS = 24 };
    const int64_t most = (j->rows + ROWS - 1) / ROWS;
    return most < LANES ? most : LANES;
}

/* How many columns a block has: the last one may have fewer. */
static int64_t block_columns(const job *j, int64_t block)
{
    const int64_t left = j->positions - block * j->block;
    return left < j->block ? left : j->block;
}

/* The outputs of one row that a kernel column reads from within x: from *low to below *high. */
static void valid_range(const gan__convolution *c, int64_t s, int64_t *low, int64_t *high)
{
    const int64_t stride = c->stride[1], shift = s - c->pad[1]; /* column = j stride + shift */
    *low = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
    *high = c->w - shift <= 0 ? 0 : (c->w - shift + stride - 1) / stride;
    *high = *high < c->ow ? *high : c->ow;
    *low = *low < *high ? *low : *high;
}

/* The row of a sample that output line i reads for patch row `row`, as an offset of its element
 * (column 0, before padding), or -1 if it is padding. */
static bool find_line(const job *j, int64_t row, int64_t line, int64_t *offset)
{
    const gan__convolution *c = j->c;
    const int64_t s = row % c->kw, r = row / c->kw % c->kh, channel = row / c->kw / c->kh;
    const int64_t y = line * c->stride[0] + r - c->pad[0];
    *offset = (channel * c->h + y) * c->w + s - c->pad[1];
    return y >= 0 && y < c->h;
}

/* Fills rows [from, to) of a block of the patch matrix of one sample.
 * x: [c, h, w]; patches: [to - from, columns] */
static void gather_patches(const job *j, const real *x, int64_t from, int64_t to, int64_t block,
                           int64_t columns, real *patches)
{
    const int64_t width = j->c->ow, stride = j->c->stride[1];
    const int64_t first = block * j->block / width, lines = columns / width;
    for (int64_t row = from; row < to; row++) {
        int64_t low, high;
        valid_range(j->c, row % j->c->kw, &low, &high);
        for (int64_t i = 0; i < lines; i++) {
            real *p = patches + (row - from) * columns + i * width;
            int64_t offset;
            if (!find_line(j, row, first + i, &offset)) {
                memset(p, 0, (size_t)width * sizeof *p);
                continue;
            }
            memset(p, 0, (size_t)low * sizeof *p);
            for (int64_t k = low; k < high; k++) {
                p[k] = x[offset + k * stride];
            }
            memset(p + high, 0, (size_t)(width - high) * sizeof *p);
        }
    }
}

/* The transpose: adds a block of the patch matrix to one sample. */
static void scatter_patches(const job *j, const real *patches, int64_t block, int64_t columns,
                            real *x)
{
    const int64_t width = j->c->ow, stride = j->c->stride[1];
    const int64_t first = block * j->block / width, lines = columns / width;
    for (int64_t row = 0; row < j->rows; row++) {
        int64_t low, high;
        valid_range(j->c, row % j->c->kw, &low, &high);
        for (int64_t i = 0; i < lines; i++) {
            const real *p = patches + row * columns + i * width;
            int64_t offset;
            if (find_line(j, row, first + i, &offset)) {
                for (int64_t k = low; k < high; k++) {
                    x[offset + k * stride] += p[k];
                }
            }
        }
    }
}

/* The share of lane `lane` in `count` items: [*from, *to). */
static void share(int64_t count, int64_t lane, int64_t lanes, int64_t *from, int64_t *to)
{
    *from = count * lane / lanes;
    *to = count * (lane + 1) / lanes;
}

static void convolve_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const gan__convolution *c = j->c;
    real *patches = j->scratch + lane * j->lane_size;
    int64_t from, to;
    share(c->n * j->blocks, lane, LANES, &from, &to);
    for (int64_t item = from; item < to; item++) {
        const int64_t sample = item / j->blocks, block = item % j->blocks;
        const int64_t columns = block_columns(j, block);
        gather_patches(j, j->x + sample * c->c * c->h * c->w, 0, j->rows, block, columns, patches);
        gan__gemm_single(false, false, c->o, columns, j->rows, j->kernel, j->rows, patches, columns,
                         false, j->out + sample * c->o * j->positions + block * j->block,
                         j->positions);
    }
}

static void convolve_input_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const gan__convolution *c = j->c;
    const int64_t elements = c->c * c->h * c->w;
    real *patches = j->scratch + lane * j->lane_size;
    int64_t from, to;
    share(c->n, lane, LANES, &from, &to);
    memset(j->out + from * elements, 0, (size_t)((to - from) * elements) * sizeof *j->out);
    for (int64_t sample = from; sample < to; sample++) {
        const real *g = j->g + sample * c->o * j->positions;
        for (int64_t block = 0; block < j->blocks; block++) {
            const int64_t columns = block_columns(j, block);
            gan__gemm_single(true, false, j->rows, columns, c->o, j->kernel, j->rows,
                             g + block * j->block, j->positions, false, patches, columns);
            scatter_patches(j, patches, block, columns, j->out + sample * elements);
        }
    }
}

/* A lane makes some rows of the patch matrix, for all samples: so no sum crosses lanes. */
static void convolve_kernel_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const gan__convolution *c = j->c;
    real *patches = j->scratch + lane * j->lane_size;
    int64_t from, to;
    share(j->rows, lane, kernel_lanes(j), &from, &to);
    for (int64_t item = 0; item < c->n * j->blocks; item++) {
        const int64_t sample = item / j->blocks, block = item % j->blocks;
        const int64_t columns = block_columns(j, block);
        gather_patches(j, j->x + sample * c->c * c->h * c->w, from, to, block, columns, patches);
        gan__gemm_single(false, true, c->o, to - from, columns,
                         j->g + sample * c->o * j->positions + block * j->block, j->positions,
                         patches, columns, item > 0, j->out + from, j->rows);
    }
}

void gan__convolve(gan_context *context, const gan__convolution *c, const real *x,
                   const real *kernel, real *scratch, real *y)
{
    job j = job_of(c, scratch, y);
    j.x = x;
    j.kernel = kernel;
    gan__parallel(context, LANES, convolve_lane, &j);
}

void gan__convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                         const real *kernel, real *scratch, real *dx)
{
    job j = job_of(c, scratch, dx);
    j.g = g;
    j.kernel = kernel;
    gan__parallel(context, LANES, convolve_input_lane, &j);
}

void gan__convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                          const real *g, real *scratch, real *dk)
{
    job j = job_of(c, scratch, dk);
    j.x = x;
    j.g = g;
    gan__parallel(context, kernel_lanes(&j), convolve_kernel_lane, &j);
}
