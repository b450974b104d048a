#include "kernel/convolution.h"

#include "base/threads.h"
#include "kernel/element.h"
#include "kernel/gemm.h"
#include "kernel/patches.h"
#include "kernel/product.h"
#include "kernel/winograd.h"

#include <string.h>

enum {
    LANES = 16,    /* shares of the work: as many threads can help */
    GROUPS = 8,    /* that a batch is cut into at least, for the threads' sake */
    COLUMNS = 400, /* of a block of the patch matrix, about: long products are quick */
    BLOCK_ELEMENTS = 128 * 1024, /* of its rows at a time: they stay in the second-level cache */
    CHUNK_ROWS = 8,              /* but at least so many: all outputs are gone through for each */
    BAND_ROWS = 256,             /* worth a lane of the gradient by the kernel */
    SUM_ELEMENTS = 16 * 1024,    /* of sums, added up by one task */
    TURN_ROWS = 16,              /* of these at a time: their lines stay in the first-level cache */
    VECTOR = 16, /* of the widest BLAS kernels: columns beyond its multiples are slow */
    ALIGNMENT = 64 / sizeof(real)
};

/* A call in progress. The work is cut by the shape into lanes, each with scratch of its own. A
 * block of the patch matrix has the columns of some lines of the output of one sample, or, where
 * samples are small, those of several samples side by side; some of its rows are made at a time. */
typedef struct {
    const gan__tile *tile; /* NULL: the BLAS multiplies */
    const gan__convolution *c;
    const real *x, *kernel, *g;
    real *scratch, *out;
    int64_t rows;           /* of the patch matrix: c kh kw */
    int64_t positions;      /* its columns, for one sample: oh ow */
    int64_t samples, lines; /* of a block */
    int64_t parts;          /* blocks of a sample; 1 where a block has several samples */
    int64_t blocks;         /* of the batch */
    int64_t chunk;          /* rows of a block that are made at a time */
    int64_t lanes;
    int64_t bands;          /* of rows, by which lanes differ: 1 for all rows */
    int64_t patch_elements; /* of a lane's chunk of patches; joined samples follow */
    int64_t join_elements;  /* of these; the phases of a plane of some samples follow */
    int64_t lane_size;      /* elements of scratch for a lane; all lanes share what follows */
    gan__phases f;
} job;

static int64_t aligned(int64_t elements)
{
    return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* How many of `most` things with `columns` each a block has: the most that fill vectors, unless
 * that were few. */
static int64_t filling(int64_t most, int64_t columns)
{
    for (int64_t vector = VECTOR; vector > 1; vector /= 2) {
        for (int64_t count = most; 2 * count > most; count--) {
            if (count * columns % vector == 0) {
                return count;
            }
        }
    }
    return most;
}

/* Cuts the batch into blocks, of at most so many samples, and the rows of a lane into chunks. */
static void cut(job *j, int64_t lane_rows, int64_t most_samples)
{
    const gan__convolution *c = j->c;
    const int64_t taps = c->kh * c->kw;
    const int64_t columns = gan__smaller(COLUMNS, gan__larger(BLOCK_ELEMENTS / taps, 1));
    j->samples =
        filling(gan__larger(gan__smaller(most_samples, columns / j->positions), 1), j->positions);
    j->lines = c->oh;
    if (j->positions > columns) {
        j->lines = filling(gan__larger(columns / c->ow, 1), c->ow);
    }
    j->parts = (c->oh + j->lines - 1) / j->lines;
    j->blocks = (c->n + j->samples - 1) / j->samples * j->parts;
    j->f = gan__phases_of(c, j->lines);
    const int64_t block_columns = j->samples * j->lines * c->ow;
    const int64_t fit = gan__larger(BLOCK_ELEMENTS / block_columns, CHUNK_ROWS);
    j->chunk = gan__smaller(fit > taps ? fit / taps * taps : fit, lane_rows);
    j->patch_elements = aligned(j->chunk * block_columns + GAN__PATCHES_SLACK);
    j->join_elements = j->samples > 1 ? aligned(c->o * block_columns) : 0;
    j->lane_size = j->patch_elements + j->join_elements +
                   aligned(gan__smaller(j->samples, j->f.group) * j->f.elements);
}

/* Of the patch matrix. */
static int64_t rows_of(const gan__convolution *c)
{
    return c->c * c->kh * c->kw;
}

/* The lanes share the blocks. */
static job job_by_blocks(const gan__convolution *c, real *scratch, real *out)
{
    job j = {.c = c,
             .rows = rows_of(c),
             .positions = c->oh * c->ow,
             .scratch = scratch,
             .out = out,
             .lanes = LANES,
             .bands = 1};
    cut(&j, j.rows, (c->n + GROUPS - 1) / GROUPS);
    return j;
}

/* The lanes share bands of the rows of the patch matrix, where there are many, and the blocks. Each
 * share of the blocks makes a sum of its own. */
static job job_by_rows(const gan__convolution *c, real *scratch, real *out)
{
    job j = job_by_blocks(c, scratch, out);
    j.bands = gan__smaller(gan__larger(j.rows / BAND_ROWS, 1), LANES);
    const int64_t shares = LANES / j.bands;
    cut(&j, (j.rows + j.bands - 1) / j.bands, (c->n + shares - 1) / shares);
    j.lanes = j.bands * gan__smaller(shares, j.blocks);
    return j;
}

/* What the lanes share: the kernel, as products read it fastest, or their sums. */
static real *shared_of(const job *j)
{
    return j->scratch + j->lanes * j->lane_size;
}

static int64_t shares_of(const job *j)
{
    return j->lanes / j->bands;
}

/* Whether each output reads all of x: then x is its own patch matrix. */
static bool is_dense(const gan__convolution *c)
{
    return c->kh == c->h && c->kw == c->w && c->oh == 1 && c->ow == 1 && c->pad[0] == 0 &&
           c->pad[1] == 0 && c->n <= INT32_MAX;
}

int64_t gan__convolution_scratch(const gan__convolution *c)
{
    if (is_dense(c)) {
        return ALIGNMENT;
    }
    if (gan__winograd_suits(c)) {
        return gan__winograd_scratch(c);
    }
    const job blocks = job_by_blocks(c, NULL, NULL), rows = job_by_rows(c, NULL, NULL);
    const int64_t kernel = c->o * rows_of(c);
    return gan__larger(blocks.lanes * blocks.lane_size + aligned(kernel),
                       rows.lanes * rows.lane_size + aligned(shares_of(&rows) * kernel));
}

static gan__block block_of(const job *j, int64_t index)
{
    gan__block b = {.sample = index / j->parts * j->samples, .line = index % j->parts * j->lines};
    b.samples = gan__smaller(j->samples, j->c->n - b.sample);
    b.lines = gan__smaller(j->lines, j->c->oh - b.line);
    b.columns = b.samples * b.lines * j->c->ow;
    return b;
}

/* Where a block of an array of y's shape starts: its matrix [o, columns] has rows `positions` apart
 * if it is of one sample. */
static int64_t start_of(const job *j, const gan__block *b)
{
    return b->sample * j->c->o * j->positions + b->line * j->c->ow;
}

/* A block of g as a matrix [o, columns], where it stands or in `joined`. */
static gan__factor matrix_of(const job *j, const gan__block *b, real *joined)
{
    const real *g = j->g + start_of(j, b);
    if (j->samples == 1) {
        return gan__factor_of(false, g, j->positions);
    }
    gan__samples_join(j->c, b->samples, g, joined);
    return gan__factor_of(false, joined, b->columns);
}

/* Some rows of a block of patches. */
static gan__factor patches_of(const gan__block *b, const real *patches)
{
    gan__factor f = gan__factor_of(false, patches, b->columns);
    f.near = true;
    return f;
}

/* ---- The three calls ------------------------------------------------------------------------- */

/* The scratch of a lane. */
typedef struct {
    real *patches, *joined, *dealt;
} lane_scratch;

static lane_scratch scratch_of(const job *j, int64_t lane)
{
    lane_scratch s = {.patches = j->scratch + lane * j->lane_size};
    s.joined = s.patches + j->patch_elements;
    s.dealt = s.joined + j->join_elements;
    return s;
}

/* The part of share `index` in `count` items: [*from, *to). */
static void part_of(int64_t count, int64_t index, int64_t shares, int64_t *from, int64_t *to)
{
    *from = count * index / shares;
    *to = count * (index + 1) / shares;
}

/* The kernel [o, rows] or its transpose, from a row of patches on: the first factor of products. */
static gan__factor kernel_from(const job *j, bool transpose, int64_t row)
{
    gan__factor f = gan__factor_of(transpose, j->kernel + row, j->rows);
    f.strips = shared_of(j) + (transpose ? row * j->c->o : 0);
    f.strips_k = transpose ? j->c->o : j->rows;
    f.strips_from = transpose ? 0 : row;
    return f;
}

static void convolve_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const lane_scratch s = scratch_of(j, lane);
    int64_t from, to;
    part_of(j->blocks, lane, j->lanes, &from, &to);
    for (int64_t index = from; index < to; index++) {
        const gan__block b = block_of(j, index);
        const bool alone = j->samples == 1;
        real *y = j->out + start_of(j, &b);
        for (int64_t row = 0; row < j->rows; row += j->chunk) {
            const int64_t end = gan__smaller(row + j->chunk, j->rows);
            gan__patches_gather(j->c, &j->f, &b, row, end, row > 0, j->x, s.dealt, s.patches);
            gan__product(j->tile, j->c->o, b.columns, end - row, kernel_from(j, false, row),
                         patches_of(&b, s.patches), row > 0, alone ? y : s.joined,
                         alone ? j->positions : b.columns);
        }
        if (!alone) {
            gan__samples_part(j->c, b.samples, s.joined, y);
        }
    }
}

/* The blocks of one sample stay in one lane, so that no sum crosses lanes. */
static void convolve_input_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const gan__convolution *c = j->c;
    const int64_t elements = c->c * c->h * c->w;
    const lane_scratch s = scratch_of(j, lane);
    int64_t from, to;
    part_of(j->blocks / j->parts, lane, j->lanes, &from, &to);
    for (int64_t index = from * j->parts; index < to * j->parts; index++) {
        const gan__block b = block_of(j, index);
        gan__factor g = matrix_of(j, &b, s.joined);
        g.near = true;
        if (b.line == 0) {
            memset(j->out + b.sample * elements, 0,
                   (size_t)(b.samples * elements) * sizeof *j->out);
        }
        for (int64_t row = 0; row < j->rows; row += j->chunk) {
            const int64_t end = gan__smaller(row + j->chunk, j->rows);
            gan__product(j->tile, end - row, b.columns, c->o, kernel_from(j, true, row), g, false,
                         s.patches, b.columns);
            gan__patches_scatter(c, &j->f, &b, row, end, s.patches, s.dealt, j->out);
        }
    }
}

/* The sum of a share of the blocks: [rows, o]. */
static real *sum_of(const job *j, int64_t share)
{
    return shared_of(j) + share * j->c->o * j->rows;
}

static void convolve_kernel_lane(void *argument, int64_t lane)
{
    const job *j = argument;
    const lane_scratch s = scratch_of(j, lane);
    const int64_t band = lane % j->bands, share = lane / j->bands, o = j->c->o;
    int64_t from, to, first, end;
    part_of(j->rows, band, j->bands, &from, &to);
    part_of(j->blocks, share, shares_of(j), &first, &end);
    for (int64_t index = first; index < end; index++) {
        const gan__block b = block_of(j, index);
        const gan__factor g = matrix_of(j, &b, s.joined);
        const gan__factor turned = gan__factor_turned(g);
        for (int64_t row = from; row < to; row += j->chunk) {
            const int64_t last = gan__smaller(row + j->chunk, to);
            gan__patches_gather(j->c, &j->f, &b, row, last, row > from && b.samples == 1, j->x,
                                s.dealt, s.patches);
            gan__product(j->tile, last - row, o, b.columns, patches_of(&b, s.patches), turned,
                         index > first, sum_of(j, share) + row * o, o);
        }
    }
}

/* Rows of the sums that one task adds up. */
static int64_t sum_rows(const job *j)
{
    return gan__larger(SUM_ELEMENTS / j->c->o, 1);
}

/* Adds up the sums of the shares, always in the same order, and turns them to where they belong. */
static void add_sums(void *argument, int64_t task)
{
    const job *j = argument;
    const int64_t o = j->c->o, from = task * sum_rows(j);
    const int64_t rows = gan__smaller(j->rows - from, sum_rows(j));
    real *sum = sum_of(j, 0) + from * o;
    for (int64_t share = 1; share < shares_of(j); share++) {
        gan__element_add(rows * o, sum, sum_of(j, share) + from * o, 0, 0, sum);
    }
    for (int64_t first = 0; first < rows; first += TURN_ROWS) {
        const int64_t end = gan__smaller(first + TURN_ROWS, rows);
        for (int64_t f = 0; f < o; f++) {
            real *out = j->out + f * j->rows + from;
            for (int64_t row = first; row < end; row++) {
                out[row] = sum[row * o + f];
            }
        }
    }
}

void gan__convolve(gan_context *context, const gan__convolution *c, const real *x,
                   const real *kernel, real *scratch, real *y)
{
    if (is_dense(c)) {
        gan__gemm(context, false, true, c->n, c->o, rows_of(c), x, kernel, false, y);
        return;
    }
    if (gan__winograd_suits(c)) {
        gan__winograd_convolve(context, c, x, kernel, scratch, y);
        return;
    }
    job j = job_by_blocks(c, scratch, y);
    j.tile = gan__products_tile(context);
    j.x = x;
    j.kernel = kernel;
    gan__product_pack(context, c->o, j.rows, gan__factor_of(false, kernel, j.rows), shared_of(&j));
    gan__parallel(context, j.lanes, convolve_lane, &j);
}

void gan__convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                         const real *kernel, real *scratch, real *dx)
{
    if (is_dense(c)) {
        gan__gemm(context, false, false, c->n, rows_of(c), c->o, g, kernel, false, dx);
        return;
    }
    if (gan__winograd_suits(c)) {
        gan__winograd_convolve_input(context, c, g, kernel, scratch, dx);
        return;
    }
    job j = job_by_blocks(c, scratch, dx);
    j.tile = gan__products_tile(context);
    j.g = g;
    j.kernel = kernel;
    for (int64_t row = 0; row < j.rows; row += j.chunk) { /* as the lanes go through them */
        gan__product_pack(context, gan__smaller(j.chunk, j.rows - row), c->o,
                          gan__factor_of(true, kernel + row, j.rows), shared_of(&j) + row * c->o);
    }
    gan__parallel(context, j.lanes, convolve_input_lane, &j);
}

void gan__convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                          const real *g, real *scratch, real *dk)
{
    if (is_dense(c)) {
        gan__gemm(context, true, false, c->o, rows_of(c), c->n, g, x, false, dk);
        return;
    }
    if (gan__winograd_suits(c)) {
        gan__winograd_convolve_kernel(context, c, x, g, scratch, dk);
        return;
    }
    job j = job_by_rows(c, scratch, dk);
    j.tile = gan__products_tile(context);
    j.x = x;
    j.g = g;
    gan__parallel(context, j.lanes, convolve_kernel_lane, &j);
    gan__parallel(context, (j.rows + sum_rows(&j) - 1) / sum_rows(&j), add_sums, &j);
}
