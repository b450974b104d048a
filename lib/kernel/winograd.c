#include "kernel/winograd.h"

#include "base/threads.h"
#include "kernel/filter.h"
#include "kernel/product.h"

#include <string.h>

enum {
    VECTOR = GAN__FILTER_VECTOR, /* channels, which are transformed side by side */
    POINTS_MIN = 4,
    POINTS_MAX = GAN__FILTER_POINTS_MAX,
    TAPS_MIN = 2,
    TAPS_MAX = 3,
    LANES = 16,                     /* shares of the work: as many threads can help */
    BANDS = 8,                      /* of the rows of products at most, for the threads' sake, */
    BAND_ROWS = 48,                 /* of so many at least */
    BLOCK_ELEMENTS = 1280 * 1024,   /* of the images and results of some samples, transformed */
    BLOCK_MAX = 4 * BLOCK_ELEMENTS, /* where a single sample has more */
    PLANES_MAX = 256 * 1024,        /* elements that a lane holds as they stand, and padded */
    KERNEL_MAX = 16 * 1024 * 1024,  /* elements of kernels, transformed */
    TRANSFORM = 22,    /* what an element of these takes, in multiply-adds of products */
    APART = 5 * VECTOR /* elements between matrices, lest they displace each other in the caches */
};

static const double WORTH = 0.9; /* of the time that patches would take: less is a gain */

/* ---- A call in progress ---------------------------------------------------------------------- */

/* Matrices [rows, columns], one for each point of a square. */
typedef struct {
    real *at;
    int64_t rows, columns;
} stack;

typedef struct job job;

struct job {
    const gan__convolution *c;
    const gan__tile *tile;                 /* NULL: the BLAS multiplies */
    int64_t stride, taps, outputs, points; /* of a tile and a phase, each way */
    int64_t phases, depth;                 /* depth: phases times channels */
    int64_t down, across, tiles;           /* of a sample */
    int64_t height, width;                 /* of an image, padded to what tiles read */
    int64_t samples, first, count;         /* of a block at most; of the present one */
    gan__filter filter;
    const real *x, *w, *g; /* [n, c, h, w], [o, c, kh, kw], [n, o, oh, ow] */
    real *out;
    stack images;  /* [tiles of a block, depth]: groups of VECTOR channels, phase by phase */
    stack results; /* [tiles of a block, o] */
    stack kernels; /* [depth, o], or [o, depth] where they are turned */
    bool turned;
    real *planes; /* of each lane */

    void (*item)(const job *j, int64_t index, real *planes);
    int64_t items;
    const stack *a, *b; /* factors of a product */
    stack *into;
    bool by_kernel; /* the gradient by the kernel: images go through group by group, not sample by
                      * sample, and products are sums over tiles, which go on block by block */
};

static int64_t parts_of(int64_t length, int64_t part)
{
    return (length + part - 1) / part;
}

static int64_t squared(int64_t x)
{
    return x * x;
}

/* Sets tiles of so many points. */
static void set_tiles(job *j, int64_t points)
{
    const gan__convolution *c = j->c;
    j->points = points;
    j->outputs = points - j->taps + 1;
    j->down = parts_of(c->oh, j->outputs);
    j->across = parts_of(c->ow, j->outputs);
    j->tiles = j->down * j->across;
    j->height = j->stride * (j->down * j->outputs + j->taps - 1);
    j->width = j->stride * (j->across * j->outputs + j->taps - 1);
}

static int64_t products_of(const job *j)
{
    return j->phases * j->tiles * squared(j->points);
}

static job job_of(const gan__convolution *c)
{
    job j = {.c = c, .stride = c->stride[0], .taps = parts_of(c->kh, c->stride[0])};
    j.phases = squared(j.stride);
    j.depth = j.phases * c->c;
    set_tiles(&j, POINTS_MIN);
    const int64_t few = products_of(&j);
    set_tiles(&j, POINTS_MAX);
    if (few < products_of(&j)) {
        set_tiles(&j, POINTS_MIN);
    }
    return j;
}

/* Of a sample's images and results, transformed; and of the kernels. */
static int64_t sample_elements(const job *j)
{
    return squared(j->points) * j->tiles * (j->depth + j->c->o);
}

static int64_t kernel_elements(const job *j)
{
    return squared(j->points) * j->depth * j->c->o;
}

/* Of the planes of a lane, padded, which those of results and kernels are no larger than; and of
 * these and as they stand. */
static int64_t padded_elements(const job *j)
{
    return VECTOR * j->height * j->width;
}

static int64_t plane_elements(const job *j)
{
    const gan__convolution *c = j->c;
    const int64_t most = gan__larger(c->h * c->w, c->oh * c->ow);
    return padded_elements(j) + VECTOR * gan__larger(c->kh * c->kw, most);
}

bool gan__winograd_suits(const gan__convolution *c)
{
    const int64_t taps = parts_of(c->kh, c->stride[0]);
    if (c->kh != c->kw || c->stride[0] != c->stride[1] || c->stride[0] > 2 || taps < TAPS_MIN ||
        taps > TAPS_MAX || c->c % VECTOR != 0 || c->o % VECTOR != 0) {
        return false;
    }
    const job j = job_of(c);
    if (c->c * c->o > KERNEL_MAX || kernel_elements(&j) > KERNEL_MAX ||       /* in this order, */
        sample_elements(&j) > BLOCK_MAX || plane_elements(&j) > PLANES_MAX) { /* as sizes go */
        return false;
    }
    const double n = (double)c->n, pairs = (double)(c->c * c->o);
    const double plain = n * pairs * (double)(c->oh * c->ow * c->kh * c->kw);
    const double elements = n * (double)sample_elements(&j) + (double)kernel_elements(&j);
    return n * pairs * (double)products_of(&j) + TRANSFORM * elements < WORTH * plain;
}

/* Sets a stack that begins so far into the scratch, and returns where it ends. */
static int64_t place(const job *j, real *scratch, int64_t from, int64_t rows, int64_t columns,
                     stack *s)
{
    *s = (stack){scratch != NULL ? scratch + from : NULL, rows, columns};
    return from + squared(j->points) * (rows * columns + APART);
}

/* Deals out the scratch, if there is any, and returns how much is needed. */
static int64_t deal_out(job *j, real *scratch)
{
    const gan__convolution *c = j->c;
    const int64_t rows = j->turned ? c->o : j->depth, columns = j->turned ? j->depth : c->o;
    j->samples = gan__smaller(gan__larger(BLOCK_ELEMENTS / sample_elements(j), 1), c->n);
    int64_t end = place(j, scratch, 0, j->samples * j->tiles, j->depth, &j->images);
    end = place(j, scratch, end, j->samples * j->tiles, c->o, &j->results);
    end = place(j, scratch, end, rows, columns, &j->kernels);
    j->planes = scratch != NULL ? scratch + end : NULL;
    return end + LANES * plane_elements(j);
}

int64_t gan__winograd_scratch(const gan__convolution *c)
{
    job j = job_of(c);
    return deal_out(&j, NULL);
}

static job start(gan_context *context, const gan__convolution *c, bool turned, real *scratch,
                 real *out)
{
    job j = job_of(c);
    j.tile = gan__products_tile(context);
    j.turned = turned;
    j.out = out;
    j.filter = gan__filter_create(j.points, j.taps);
    deal_out(&j, scratch);
    return j;
}

/* ---- Planes of vectors ----------------------------------------------------------------------- */

/* Planes of VECTOR channels, and how they stand when padded. */
typedef struct {
    int64_t h, w, apart;   /* planes apart */
    int64_t top, left;     /* rows and columns before them */
    int64_t height, width; /* with all padding; may cut off what is not read */
} frame;

static frame image_frame(const job *j)
{
    const gan__convolution *c = j->c;
    return (frame){c->h, c->w, c->h * c->w, c->pad[0], c->pad[1], j->height, j->width};
}

static frame result_frame(const job *j)
{
    const gan__convolution *c = j->c;
    return (frame){c->oh, c->ow, c->oh * c->ow, 0, 0, j->down * j->outputs, j->across * j->outputs};
}

/* Of VECTOR filters, or channels where kernels are turned: what a tile would be of an image. */
static frame kernel_frame(const job *j)
{
    const gan__convolution *c = j->c;
    const int64_t taps = c->kh * c->kw, size = j->stride * j->taps;
    return (frame){c->kh, c->kw, j->turned ? taps : c->c * taps, 0, 0, size, size};
}

/* to[i][k] = from[k][i], the rows of each so far apart, for so many i and k. A tile has a quick
 * way; where the BLAS multiplies, there is none. */
static void turn(const job *j, int64_t i_count, int64_t k_count, const real *from,
                 int64_t from_apart, real *to, int64_t to_apart)
{
    if (j->tile != NULL) {
        j->tile->pack(i_count, k_count, from, 1, from_apart, to_apart, to);
        return;
    }
    for (int64_t i = 0; i < i_count; i++) {
        for (int64_t k = 0; k < k_count; k++) {
            to[i * to_apart + k] = from[k * from_apart + i];
        }
    }
}

/* Whether planes stand as they are: then there is nothing to pad, and nothing is cut off. */
static bool fits(frame f)
{
    return f.h == f.height && f.w == f.width;
}

/* Copies rows between planes as they stand and as they are padded. */
static void move_rows(frame f, const real *from, int64_t from_width, real *to, int64_t to_width)
{
    const int64_t rows = gan__smaller(f.h, f.height - f.top),
                  columns = gan__smaller(f.w, f.width - f.left);
    for (int64_t row = 0; row < rows; row++) {
        memcpy(to + row * to_width * VECTOR, from + row * from_width * VECTOR,
               (size_t)(columns * VECTOR) * sizeof *to);
    }
}

static void clear(real *vectors, int64_t count)
{
    memset(vectors, 0, (size_t)(count * VECTOR) * sizeof *vectors);
}

/* Lets planes stand in their frame, zeros around them. */
static void take_planes(const job *j, frame f, const real *from, real *planes)
{
    real *flat = fits(f) ? planes : planes + padded_elements(j);
    turn(j, f.h * f.w, VECTOR, from, f.apart, flat, VECTOR);
    if (!fits(f)) {
        clear(planes, f.height * f.width);
        move_rows(f, flat, f.w, planes + (f.top * f.width + f.left) * VECTOR, f.width);
    }
}

/* Takes them out again, zeros where the frame has cut them off. */
static void give_planes(const job *j, frame f, real *planes, real *to)
{
    real *flat = fits(f) ? planes : planes + padded_elements(j);
    if (f.top + f.h > f.height || f.left + f.w > f.width) {
        clear(flat, f.h * f.w);
    }
    if (!fits(f)) {
        move_rows(f, planes + (f.top * f.width + f.left) * VECTOR, f.width, flat, f.w);
    }
    turn(j, VECTOR, f.h * f.w, flat, VECTOR, to, f.apart);
}

/* What one phase of a frame has from a tile on. Results have a stride of 1, and so one phase. */
static gan__square tile_square(const job *j, frame f, real *planes, int64_t stride, int64_t tile,
                               int64_t phase)
{
    const int64_t row = tile / j->across * j->outputs * stride + phase / stride,
                  column = tile % j->across * j->outputs * stride + phase % stride;
    return (gan__square){planes + (row * f.width + column) * VECTOR, stride * f.width * VECTOR,
                         stride * VECTOR};
}

/* VECTOR columns of a row of all matrices. */
static gan__square stack_square(const job *j, const stack *s, int64_t row, int64_t column)
{
    const int64_t apart = s->rows * s->columns + APART;
    return (gan__square){s->at + row * s->columns + column, j->points * apart, apart};
}

/* ---- Items of work --------------------------------------------------------------------------- */

static void go_through(void *argument, int64_t lane)
{
    const job *j = argument;
    real *planes = j->planes + lane * plane_elements(j);
    for (int64_t i = j->items * lane / LANES; i < j->items * (lane + 1) / LANES; i++) {
        j->item(j, i, planes);
    }
}

static void each(gan_context *context, job *j, int64_t items,
                 void (*item)(const job *j, int64_t index, real *planes))
{
    j->items = items;
    j->item = item;
    gan__parallel(context, LANES, go_through, j);
}

/* A group of channels of a sample of the block. */
static void take_image(const job *j, int64_t index, real *planes)
{
    const gan__convolution *c = j->c;
    const int64_t groups = c->c / VECTOR, sample = j->by_kernel ? index % j->count : index / groups,
                  group = j->by_kernel ? index / j->count : index % groups;
    const int64_t start = ((j->first + sample) * c->c + group * VECTOR) * c->h * c->w;
    const frame f = image_frame(j);
    take_planes(j, f, j->x + start, planes);
    for (int64_t tile = 0; tile < j->tiles; tile++) {
        for (int64_t phase = 0; phase < j->phases; phase++) {
            gan__filter_transform(&j->filter.image,
                                  tile_square(j, f, planes, j->stride, tile, phase), false,
                                  stack_square(j, &j->images, sample * j->tiles + tile,
                                               (group * j->phases + phase) * VECTOR));
        }
    }
}

static void give_image(const job *j, int64_t index, real *planes)
{
    const gan__convolution *c = j->c;
    const int64_t groups = c->c / VECTOR, sample = index / groups, group = index % groups;
    const int64_t start = ((j->first + sample) * c->c + group * VECTOR) * c->h * c->w;
    const frame f = image_frame(j);
    clear(planes, f.height * f.width);
    for (int64_t tile = 0; tile < j->tiles; tile++) {
        for (int64_t phase = 0; phase < j->phases; phase++) {
            gan__filter_transform(&j->filter.image_back,
                                  stack_square(j, &j->images, sample * j->tiles + tile,
                                               (group * j->phases + phase) * VECTOR),
                                  true, tile_square(j, f, planes, j->stride, tile, phase));
        }
    }
    give_planes(j, f, planes, j->out + start);
}

/* A group of filters of a sample of the block. */
static void take_result(const job *j, int64_t index, real *planes)
{
    const gan__convolution *c = j->c;
    const int64_t groups = c->o / VECTOR, sample = index / groups, group = index % groups;
    const int64_t start = ((j->first + sample) * c->o + group * VECTOR) * c->oh * c->ow;
    const frame f = result_frame(j);
    take_planes(j, f, j->g + start, planes);
    for (int64_t tile = 0; tile < j->tiles; tile++) {
        gan__filter_transform(
            &j->filter.result_back, tile_square(j, f, planes, 1, tile, 0), false,
            stack_square(j, &j->results, sample * j->tiles + tile, group * VECTOR));
    }
}

static void give_result(const job *j, int64_t index, real *planes)
{
    const gan__convolution *c = j->c;
    const int64_t groups = c->o / VECTOR, sample = index / groups, group = index % groups;
    const int64_t start = ((j->first + sample) * c->o + group * VECTOR) * c->oh * c->ow;
    const frame f = result_frame(j);
    for (int64_t tile = 0; tile < j->tiles; tile++) {
        gan__filter_transform(
            &j->filter.result,
            stack_square(j, &j->results, sample * j->tiles + tile, group * VECTOR), false,
            tile_square(j, f, planes, 1, tile, 0));
    }
    give_planes(j, f, planes, j->out + start);
}

/* Kernels of VECTOR filters and a channel, or the reverse where they are turned. */
typedef struct {
    int64_t start;         /* in [o, c, kh, kw] */
    int64_t row, column;   /* of the matrices, in the first phase */
    int64_t rows, columns; /* to the next phase */
} kernel_place;

static kernel_place kernel_place_of(const job *j, int64_t index)
{
    const gan__convolution *c = j->c;
    const int64_t groups = (j->turned ? c->c : c->o) / VECTOR, one = index / groups,
                  group = index % groups * VECTOR;
    if (j->turned) {
        return (kernel_place){(one * c->c + group) * c->kh * c->kw, one, group * j->phases, 0,
                              VECTOR};
    }
    const int64_t row = one / VECTOR * VECTOR * j->phases + one % VECTOR;
    return (kernel_place){(group * c->c + one) * c->kh * c->kw, row, group, VECTOR, 0};
}

static void take_kernels(const job *j, int64_t index, real *planes)
{
    const kernel_place k = kernel_place_of(j, index);
    const frame f = kernel_frame(j);
    take_planes(j, f, j->w + k.start, planes);
    for (int64_t phase = 0; phase < j->phases; phase++) {
        gan__filter_transform(
            &j->filter.kernel, tile_square(j, f, planes, j->stride, 0, phase), false,
            stack_square(j, &j->kernels, k.row + phase * k.rows, k.column + phase * k.columns));
    }
}

static void give_kernels(const job *j, int64_t index, real *planes)
{
    const kernel_place k = kernel_place_of(j, index);
    const frame f = kernel_frame(j);
    for (int64_t phase = 0; phase < j->phases; phase++) {
        gan__filter_transform(
            &j->filter.kernel_back,
            stack_square(j, &j->kernels, k.row + phase * k.rows, k.column + phase * k.columns),
            false, tile_square(j, f, planes, j->stride, 0, phase));
    }
    give_planes(j, f, planes, j->out + k.start);
}

/* ---- Products -------------------------------------------------------------------------------- */

static int64_t rows_now(const job *j)
{
    return j->count * j->tiles;
}

/* The rows of a product, and how many bands they are cut into. One band comes after the other, so
 * that a thread multiplies what it has transformed. */
static int64_t product_rows(const job *j)
{
    return j->by_kernel ? j->a->columns : rows_now(j);
}

static int64_t bands_of(const job *j)
{
    return gan__larger(gan__smaller(product_rows(j) / BAND_ROWS, BANDS), 1);
}

static void multiply_band(void *argument, int64_t task)
{
    const job *j = argument;
    const int64_t points = squared(j->points), point = task % points, band = task / points;
    const int64_t m = product_rows(j), k = j->by_kernel ? rows_now(j) : j->a->columns;
    const int64_t from = m * band / bands_of(j), to = m * (band + 1) / bands_of(j);
    const gan__square a = stack_square(j, j->a, 0, 0), b = stack_square(j, j->b, 0, 0),
                      into = stack_square(j, j->into, from, 0);
    const gan__factor all = gan__factor_of(j->by_kernel, a.at + point * a.column, j->a->columns);
    gan__product(j->tile, to - from, j->b->columns, k, gan__factor_from(all, from, 0),
                 gan__factor_of(false, b.at + point * b.column, j->b->columns),
                 j->by_kernel && j->first > 0, into.at + point * into.column, j->into->columns);
}

/* into = a b for each point; or into += a' b, by the kernel. */
static void multiply(gan_context *context, job *j, const stack *a, const stack *b, stack *into)
{
    j->a = a;
    j->b = b;
    j->into = into;
    gan__parallel(context, bands_of(j) * squared(j->points), multiply_band, j);
}

/* ---- The three calls ------------------------------------------------------------------------- */

/* The next block of samples, if there is one. */
static bool advance(job *j)
{
    j->first += j->count;
    j->count = gan__smaller(j->samples, j->c->n - j->first);
    return j->count > 0;
}

static int64_t channel_groups(const job *j)
{
    return j->count * j->c->c / VECTOR;
}

static int64_t filter_groups(const job *j)
{
    return j->count * j->c->o / VECTOR;
}

static int64_t kernel_groups(const job *j)
{
    return j->c->o * j->c->c / VECTOR;
}

void gan__winograd_convolve(gan_context *context, const gan__convolution *c, const real *x,
                            const real *kernel, real *scratch, real *y)
{
    job j = start(context, c, false, scratch, y);
    j.x = x;
    j.w = kernel;
    each(context, &j, kernel_groups(&j), take_kernels);
    while (advance(&j)) {
        each(context, &j, channel_groups(&j), take_image);
        multiply(context, &j, &j.images, &j.kernels, &j.results);
        each(context, &j, filter_groups(&j), give_result);
    }
}

void gan__winograd_convolve_input(gan_context *context, const gan__convolution *c, const real *g,
                                  const real *kernel, real *scratch, real *dx)
{
    job j = start(context, c, true, scratch, dx);
    j.g = g;
    j.w = kernel;
    each(context, &j, kernel_groups(&j), take_kernels);
    while (advance(&j)) {
        each(context, &j, filter_groups(&j), take_result);
        multiply(context, &j, &j.results, &j.kernels, &j.images);
        each(context, &j, channel_groups(&j), give_image);
    }
}

void gan__winograd_convolve_kernel(gan_context *context, const gan__convolution *c, const real *x,
                                   const real *g, real *scratch, real *dk)
{
    job j = start(context, c, false, scratch, dk);
    j.x = x;
    j.g = g;
    j.by_kernel = true;
    while (advance(&j)) {
        each(context, &j, channel_groups(&j), take_image);
        each(context, &j, filter_groups(&j), take_result);
        multiply(context, &j, &j.images, &j.results, &j.kernels);
    }
    each(context, &j, kernel_groups(&j), give_kernels);
}
