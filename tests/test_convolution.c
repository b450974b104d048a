/* The three convolutions against a loop over all indices. Small whole numbers make every sum exact,
 * so results are compared without a tolerance, but for tiles whose transforms divide by 6; fractions
 * serve where bits or sums are compared. */
#include "support.h"

#include "kernel/convolution.h"
#include "kernel/product.h"
#include "kernel/winograd.h"

enum {
    LANES = 16,                 /* in which a batch is cut */
    GROUPS = 8,                 /* of samples, that it has at least */
    COLUMNS = 400,              /* of a block of patches, at most, unless a line has more */
    BLOCK_ELEMENTS = 128 << 10, /* of patches, that are made at a time */
    CHUNK_ROWS = 8,             /* of patches, at least */
    DEALT = 4096,         /* elements of planes that are dealt out at a time, unless one has more */
    BAND_ROWS = 256,      /* of patches, that make lanes of their own */
    TILE_BLOCK = 5 << 18, /* of tiles that are transformed at a time, unless a sample has more */
    GUARD = 48            /* elements on both sides of what is written, filled with NaN too */
};

/* What a shape is there for; the tests check that it is. */
typedef enum {
    PLAIN = 0,
    BLOCKS = 1, /* of a sample */
    LINES = 2,  /* blocks of one line */
    UNREAD = 4,
    WHOLLY_PADDED = 8,
    REST = 16,
    JOINED = 32,  /* several samples in a block */
    CHUNKS = 64,  /* of the rows of a block */
    BANDS = 128,  /* of the rows, where the kernel is the result */
    DENSE = 256,  /* each result reads a whole image */
    TILES = 512,  /* by tiles of results, with fewer products */
    SIXTHS = 1024 /* of 5 x 5 points: the kernel is divided by 6 */
} trait;

static const struct {
    const char *name;
    int64_t n, c, h, w, o, kh, kw, stride[2], pad[2];
    int32_t traits;
} shapes[] = {
    {"one of everything", 1, 1, 1, 1, 1, 1, 1, {1, 1}, {0, 0}, REST},
    {"kernel 1", 3, 4, 5, 6, 2, 1, 1, {1, 1}, {0, 0}, REST},
    {"kernel 1, apart", 2, 3, 7, 8, 2, 1, 1, {3, 2}, {0, 0}, UNREAD | REST},
    {"kernel 1, in padding", 2, 2, 3, 3, 2, 1, 1, {1, 1}, {2, 1}, WHOLLY_PADDED | REST},
    {"kernel is image", 5, 3, 6, 4, 7, 6, 4, {1, 1}, {0, 0}, REST | DENSE},
    {"kernel is image and padding", 2, 2, 3, 2, 4, 7, 4, {1, 1}, {2, 1}, REST},
    {"stride over kernel", 4, 2, 11, 13, 3, 2, 3, {4, 5}, {0, 0}, UNREAD | REST},
    {"stride over kernel, padded", 4, 2, 9, 10, 3, 2, 2, {3, 4}, {1, 1}, UNREAD | REST},
    {"stride over image", 3, 2, 3, 4, 2, 2, 2, {9, 9}, {0, 0}, UNREAD | REST},
    {"odd sizes", 7, 3, 9, 7, 5, 3, 3, {2, 2}, {1, 1}, REST},
    {"by twos", 17, 2, 14, 14, 3, 4, 4, {2, 2}, {1, 1}, REST | JOINED},
    {"by twos, short lines", 18, 3, 7, 7, 3, 4, 4, {2, 2}, {1, 1}, REST | JOINED},
    {"by twos, no padding", 3, 2, 9, 28, 3, 3, 3, {2, 2}, {0, 0}, REST | UNREAD},
    {"by twos, more padding", 3, 2, 5, 10, 3, 3, 5, {1, 2}, {1, 3}, REST},
    {"by twos, long lines", 2, 2, 8, 71, 3, 4, 5, {2, 2}, {1, 2}, REST},
    {"last rows unread", 2, 2, 10, 7, 3, 3, 3, {4, 2}, {0, 0}, UNREAD | REST},
    {"last columns unread", 2, 2, 7, 11, 3, 3, 2, {2, 4}, {0, 0}, UNREAD | REST},
    {"last padding unread", 2, 2, 6, 6, 3, 3, 3, {2, 2}, {1, 1}, REST},
    {"wide kernel", 3, 2, 5, 9, 4, 1, 5, {1, 2}, {0, 2}, REST},
    {"tall kernel", 3, 2, 9, 5, 4, 5, 1, {3, 1}, {3, 0}, REST},
    {"wide image", 2, 3, 1, 40, 2, 1, 3, {1, 2}, {0, 1}, REST},
    {"tall image", 2, 3, 40, 1, 2, 3, 1, {2, 1}, {1, 0}, REST},
    {"rectangles", 2, 3, 8, 5, 4, 4, 2, {2, 1}, {1, 3}, WHOLLY_PADDED | REST},
    {"wide padding", 2, 2, 3, 4, 3, 2, 3, {1, 1}, {4, 5}, WHOLLY_PADDED | REST},
    {"wide padding, strides", 2, 2, 3, 2, 3, 2, 2, {3, 2}, {7, 6}, WHOLLY_PADDED | REST},
    {"only padding", 2, 2, 1, 1, 3, 2, 2, {9, 9}, {2, 2}, WHOLLY_PADDED | UNREAD | REST},
    {"a single row of padding", 1, 1, 1, 9, 1, 2, 3, {1, 1}, {1, 0}, REST},
    {"kernel over image and margin", 2, 2, 2, 3, 3, 7, 8, {1, 1}, {3, 4}, REST},
    {"batch 1", 1, 3, 12, 12, 8, 4, 4, {2, 2}, {1, 1}, REST},
    {"batch 15", 15, 2, 5, 5, 3, 3, 3, {1, 1}, {1, 1}, REST | JOINED},
    {"batch 16", 16, 2, 5, 5, 3, 3, 3, {1, 1}, {1, 1}, JOINED},
    {"batch 17", 17, 2, 5, 5, 3, 3, 3, {1, 1}, {1, 1}, REST | JOINED},
    {"batch 100", 100, 1, 4, 4, 2, 4, 4, {2, 2}, {1, 1}, REST | JOINED},
    {"points joined", 70, 5, 4, 4, 9, 4, 4, {1, 1}, {0, 0}, REST | JOINED},
    {"single channel", 9, 1, 14, 14, 1, 5, 5, {1, 1}, {2, 2}, REST},
    {"many channels", 2, 130, 4, 4, 3, 3, 3, {1, 1}, {1, 1}, REST},
    {"many kernels", 2, 3, 4, 4, 200, 3, 3, {1, 1}, {1, 1}, REST},
    {"many of both", 3, 96, 3, 3, 97, 2, 2, {1, 1}, {0, 0}, REST},
    {"columns of discriminators", 2, 3, 32, 32, 64, 8, 8, {1, 1}, {4, 4}, BLOCKS | REST},
    {"columns of generators", 2, 32, 7, 7, 384, 5, 5, {1, 1}, {3, 3}, REST},
    {"deconvolution to 32 x 32", 3, 3, 32, 32, 40, 8, 8, {2, 2}, {3, 3}, REST},
    {"blocks, strides, unread", 5, 45, 41, 30, 2, 5, 5, {2, 1}, {0, 2}, BLOCKS | CHUNKS | REST},
    {"blocks of one line", 1, 120, 6, 245, 2, 5, 5, {1, 1}, {1, 2}, BLOCKS | LINES | CHUNKS | REST},
    {"blocks of one long line", 2, 3, 3, 700, 2, 2, 3, {1, 1}, {0, 1}, BLOCKS | LINES | REST},
    {"blocks of one strided line",
     2,
     120,
     7,
     450,
     1,
     3,
     5,
     {3, 2},
     {1, 1},
     BLOCKS | LINES | CHUNKS | BANDS | REST},
    {"blocks in padding", 1, 50, 2, 2, 3, 2, 2, {1, 1}, {9, 40}, BLOCKS | WHOLLY_PADDED | REST},
    {"chunks of joined samples",
     401,
     70,
     7,
     7,
     5,
     4,
     4,
     {2, 2},
     {1, 1},
     JOINED | CHUNKS | BANDS | REST},
    {"chunks of less than a channel",
     1,
     3,
     40,
     40,
     2,
     20,
     20,
     {1, 1},
     {0, 0},
     BLOCKS | CHUNKS | REST},
    {"a kernel of more than a chunk", 1, 1, 380, 380, 1, 370, 371, {1, 1}, {0, 0}, LINES | CHUNKS},
    {"dense, channels and batch", 33, 40, 3, 2, 11, 3, 2, {2, 1}, {0, 0}, DENSE | REST},
    {"tiles by twos", 33, 32, 16, 14, 48, 4, 4, {2, 2}, {1, 1}, TILES | SIXTHS | REST},
    {"tiles by twos, unread", 29, 64, 11, 17, 64, 4, 4, {2, 2}, {0, 0}, TILES | SIXTHS | UNREAD},
    {"tiles in padding", 33, 32, 9, 8, 48, 4, 4, {2, 2}, {4, 5}, TILES | SIXTHS | WHOLLY_PADDED},
    {"tiles of 3 x 3 by twos", 57, 64, 7, 6, 64, 4, 4, {2, 2}, {1, 1}, TILES | REST},
    {"tiles of an odd kernel", 15, 64, 11, 12, 64, 5, 5, {2, 2}, {2, 2}, TILES | SIXTHS | REST},
    {"tiles of 3 taps", 15, 32, 12, 9, 48, 3, 3, {1, 1}, {1, 1}, TILES | SIXTHS | REST},
    {"tiles of 2 x 2", 21, 64, 4, 4, 64, 3, 3, {1, 1}, {1, 1}, TILES | REST},
    {"3 taps, padding", 33, 32, 2, 5, 64, 3, 3, {1, 1}, {3, 3}, TILES | SIXTHS | WHOLLY_PADDED},
    {"tiles of 2 taps", 21, 64, 9, 11, 64, 2, 2, {1, 1}, {0, 1}, TILES | SIXTHS | REST},
    {"tiles of an even batch", 32, 64, 8, 8, 64, 3, 3, {1, 1}, {1, 1}, TILES | SIXTHS | BANDS},
    {"tiles over images", 33, 64, 1, 3, 64, 2, 2, {1, 1}, {3, 3}, TILES | WHOLLY_PADDED | REST},
    {"kernel over tiles", 41, 64, 3, 3, 64, 5, 5, {2, 2}, {3, 3}, TILES | SIXTHS | REST},
    {"tiles of a sample of more than a block",
     1,
     64,
     84,
     81,
     64,
     2,
     2,
     {1, 1},
     {0, 0},
     TILES | SIXTHS | BLOCKS | BANDS | REST},
    {"blocks of tiles", 17, 32, 32, 29, 32, 3, 3, {1, 1}, {1, 1}, TILES | SIXTHS | BLOCKS | BANDS},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static gan__convolution convolution_of(int32_t which)
{
    gan__convolution c = {
        .n = shapes[which].n,
        .c = shapes[which].c,
        .h = shapes[which].h,
        .w = shapes[which].w,
        .o = shapes[which].o,
        .kh = shapes[which].kh,
        .kw = shapes[which].kw,
        .stride = {shapes[which].stride[0], shapes[which].stride[1]},
        .pad = {shapes[which].pad[0], shapes[which].pad[1]},
    };
    c.oh = (c.h + 2 * c.pad[0] - c.kh) / c.stride[0] + 1;
    c.ow = (c.w + 2 * c.pad[1] - c.kw) / c.stride[1] + 1;
    return c;
}

/* ---- Arrays ------------------------------------------------------------------------------------ */

/* The three arrays of the trilinear form, in this order: images, kernels, results. */
enum { X, K, Y, ARRAYS };

static int64_t elements(const gan__convolution *c, int32_t array)
{
    const int64_t sizes[ARRAYS] = {c->n * c->c * c->h * c->w, c->o * c->c * c->kh * c->kw,
                                   c->n * c->o * c->oh * c->ow};
    return sizes[array];
}

/* `count` reals that are NaN, as are GUARD before and after them; free_guarded releases them. */
static real *new_guarded(int64_t count)
{
    return (real *)new_bytes((size_t)(count + 2 * GUARD) * sizeof(real), 0xff) + GUARD;
}

static void free_guarded(real *array)
{
    free(array - GUARD);
}

static bool guards_stand(const real *array, int64_t count)
{
    const unsigned char *before = (const unsigned char *)(array - GUARD),
                        *after = (const unsigned char *)(array + count);
    for (size_t i = 0; i < GUARD * sizeof(real); i++) {
        if (before[i] != 0xff || after[i] != 0xff) {
            return false;
        }
    }
    return true;
}

typedef struct {
    gan__convolution c;
    real *in[ARRAYS], *scratch;
} problem;

/* Images, kernels and what arrives at the results: whole numbers up to 4, or fractions. */
static problem new_problem(int32_t which, bool whole)
{
    problem p = {.c = convolution_of(which)};
    p.scratch = new_guarded(gan__convolution_scratch(&p.c));
    dice d = {(uint64_t)which * 31 + 5};
    for (int32_t a = 0; a < ARRAYS; a++) {
        p.in[a] = new_guarded(elements(&p.c, a));
        for (int64_t i = 0; i < elements(&p.c, a); i++) {
            p.in[a][i] = whole ? (real)(roll(&d, 9) - 4) : (real)roll_between(&d, -1, 1);
        }
    }
    return p;
}

static void free_problem(problem *p)
{
    free_guarded(p->scratch);
    for (int32_t a = 0; a < ARRAYS; a++) {
        free_guarded(p->in[a]);
    }
}

/* Makes one array from the other two, in scratch full of NaN; free_guarded releases it. */
static real *make(gan_context *context, const problem *p, int32_t array, const char *name)
{
    const int64_t count = elements(&p->c, array), size = gan__convolution_scratch(&p->c);
    real *out = new_guarded(count), *scratch = p->scratch;
    memset(scratch - GUARD, 0xff, (size_t)(size + 2 * GUARD) * sizeof *scratch);
    gan__products_enter(context);
    if (array == X) {
        gan__convolve_input(context, &p->c, p->in[Y], p->in[K], scratch, out);
    } else if (array == K) {
        gan__convolve_kernel(context, &p->c, p->in[X], p->in[Y], scratch, out);
    } else {
        gan__convolve(context, &p->c, p->in[X], p->in[K], scratch, out);
    }
    gan__products_leave(context);
    ck_assert_msg(guards_stand(out, count), "%s: array %d written around", name, (int)array);
    ck_assert_msg(guards_stand(scratch, size), "%s: scratch of array %d written around", name,
                  (int)array);
    return out;
}

/* ---- The reference ----------------------------------------------------------------------------- */

/* The row (axis 0) or column (1) of x at which result i meets kernel element r; -1 in padding. */
UNWATCHED static int64_t meets(const gan__convolution *c, int32_t axis, int64_t i, int64_t r)
{
    const int64_t at = i * c->stride[axis] + r - c->pad[axis];
    return at < (axis == 0 ? c->h : c->w) ? at : -1;
}

/* Adds the terms of results (sample, o, ., .) and channel to all three arrays. */
UNWATCHED static void refer_plane(const problem *p, int64_t sample, int64_t o, int64_t channel,
                                  double *const *wanted)
{
    const gan__convolution *c = &p->c;
    for (int64_t i = 0; i < c->oh; i++) {
        for (int64_t j = 0; j < c->ow; j++) {
            const int64_t y = ((sample * c->o + o) * c->oh + i) * c->ow + j;
            for (int64_t r = 0; r < c->kh; r++) {
                for (int64_t s = 0; s < c->kw; s++) {
                    const int64_t row = meets(c, 0, i, r), column = meets(c, 1, j, s);
                    if (row < 0 || column < 0) {
                        continue;
                    }
                    const int64_t x = ((sample * c->c + channel) * c->h + row) * c->w + column;
                    const int64_t k = ((o * c->c + channel) * c->kh + r) * c->kw + s;
                    wanted[X][x] += (double)p->in[Y][y] * (double)p->in[K][k];
                    wanted[K][k] += (double)p->in[X][x] * (double)p->in[Y][y];
                    wanted[Y][y] += (double)p->in[X][x] * (double)p->in[K][k];
                }
            }
        }
    }
}

static void refer(const problem *p, double **wanted)
{
    for (int32_t a = 0; a < ARRAYS; a++) {
        wanted[a] = new_bytes((size_t)elements(&p->c, a) * sizeof(double), 0);
    }
    for (int64_t sample = 0; sample < p->c.n; sample++) {
        for (int64_t o = 0; o < p->c.o; o++) {
            for (int64_t channel = 0; channel < p->c.c; channel++) {
                refer_plane(p, sample, o, channel, wanted);
            }
        }
    }
}

/* ---- Tests ------------------------------------------------------------------------------------- */

/* The first element that is not what it should be, or whose sum might not be exact; or -1. */
static int64_t first_difference(int64_t count, const real *got, const double *wanted,
                                double tolerance)
{
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs((double)got[i] - wanted[i]) <= tolerance) || fabs(wanted[i]) >= 0x1p24) {
            return i;
        }
    }
    return -1;
}

static double largest(int64_t count, const double *x)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs(x[i]));
    }
    return most;
}

START_TEST(all_three_are_exact)
{
    const double epsilon = sizeof(real) == sizeof(float) ? 0x1p-23 : 0x1p-52;
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        problem p = new_problem(which, true);
        double *wanted[ARRAYS];
        refer(&p, wanted);
        for (int32_t a = 0; a < ARRAYS; a++) {
            real *got = make(context, &p, a, shapes[which].name);
            const int64_t count = elements(&p.c, a);
            const double tolerance =
                (shapes[which].traits & SIXTHS) != 0 ? 64 * epsilon * largest(count, wanted[a]) : 0;
            const int64_t bad = first_difference(count, got, wanted[a], tolerance);
            ck_assert_msg(bad < 0, "%s, array %d: element %lld is %g, not %g", shapes[which].name,
                          (int)a, (long long)bad, (double)got[bad], wanted[a][bad]);
            free_guarded(got);
            free(wanted[a]);
        }
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

static int64_t parts_of(int64_t length, int64_t part)
{
    return (length + part - 1) / part;
}

/* Traits of a shape that goes by tiles: what its blocks and points are. */
static int32_t tile_traits_of(const gan__convolution *c)
{
    const int64_t taps = parts_of(c->kh, c->stride[0]), phases = c->stride[0] * c->stride[1];
    int64_t products[2], tiles[2];
    for (int64_t points = 4; points <= 5; points++) {
        const int64_t size = points - taps + 1, which = points - 4;
        tiles[which] = parts_of(c->oh, size) * parts_of(c->ow, size);
        products[which] = tiles[which] * points * points;
    }
    const int32_t five = products[1] <= products[0]; /* what needs fewer products */
    const int64_t elements = c->n * products[five] * (phases * c->c + c->o);
    return TILES | (five ? SIXTHS : PLAIN) | (elements > TILE_BLOCK ? BLOCKS : PLAIN) |
           (c->n * tiles[five] >= 192 ? BANDS : PLAIN);
}

/* Which traits a shape has, by counting. */
static int32_t traits_of(const gan__convolution *c)
{
    const int64_t taps = c->kh * c->kw, rows = c->c * taps, positions = c->oh * c->ow;
    const int64_t most = taps * COLUMNS > BLOCK_ELEMENTS ? BLOCK_ELEMENTS / taps : COLUMNS;
    const int64_t lines = positions <= most ? c->oh : most / c->ow;
    const bool padded = c->pad[0] > 0 || c->pad[1] > 0;
    int32_t traits = c->n % LANES != 0 ? REST : PLAIN;
    traits |= positions > most && c->oh > 1 ? BLOCKS : PLAIN;
    traits |= lines < 2 && c->oh > 1 ? LINES : PLAIN;
    traits |= c->n > GROUPS && 2 * positions <= most ? JOINED : PLAIN;
    const int64_t share = (c->n + GROUPS - 1) / GROUPS, fit = most / positions;
    const int64_t samples = share < fit ? share : fit;
    const int64_t columns = samples > 1 ? samples * positions
                            : lines > 1 ? lines * c->ow
                                        : 2 * c->ow;
    traits |= rows * columns / 2 > BLOCK_ELEMENTS ? CHUNKS : PLAIN; /* at least half as many */
    traits |= rows >= 2 * BAND_ROWS ? BANDS : PLAIN;
    traits |= c->kh == c->h && c->kw == c->w && positions == 1 && !padded ? DENSE : PLAIN;
    if (gan__winograd_suits(c)) {
        traits = (traits & REST) | tile_traits_of(c);
    }
    for (int32_t axis = 0; axis < 2; axis++) {
        const int64_t outputs = axis == 0 ? c->oh : c->ow, kernel = axis == 0 ? c->kh : c->kw;
        const int64_t length = axis == 0 ? c->h : c->w;
        int64_t read = 0; /* how many of the last rows, or columns, some window reads */
        for (int64_t i = 0; i < outputs; i++) {
            bool outside = true;
            for (int64_t r = 0; r < kernel; r++) {
                const int64_t at = meets(c, axis, i, r);
                read = at + 1 > read ? at + 1 : read;
                outside &= at < 0;
            }
            traits |= outside ? WHOLLY_PADDED : PLAIN;
        }
        traits |= read < length ? UNREAD : PLAIN;
    }
    return traits;
}

START_TEST(shapes_are_what_they_are_for)
{
    for (int32_t which = 0; which < SHAPES; which++) {
        const gan__convolution c = convolution_of(which);
        const int32_t traits = traits_of(&c);
        ck_assert_msg(c.h + 2 * c.pad[0] >= c.kh && c.w + 2 * c.pad[1] >= c.kw, "%s: no result",
                      shapes[which].name);
        ck_assert_msg((traits & shapes[which].traits) == shapes[which].traits &&
                          ((traits ^ shapes[which].traits) & (TILES | SIXTHS)) == 0,
                      "%s: traits %d instead of %d", shapes[which].name, (int)traits,
                      (int)shapes[which].traits);
    }
}
END_TEST

/* Square images, kernels and padding; what differs is said by the rest. */
static gan__convolution square(int64_t n, int64_t c, int64_t h, int64_t o, int64_t k,
                               int64_t stride, int64_t pad)
{
    const int64_t oh = (h + 2 * pad - k) / stride + 1;
    return (gan__convolution){n, c, h, h, o, k, k, oh, oh, {stride, stride}, {pad, pad}};
}

static void check_suits(bool wanted, const char *name, gan__convolution c)
{
    ck_assert_msg(gan__winograd_suits(&c) == wanted, "%s: %s", name,
                  wanted ? "not by tiles" : "by tiles");
    ck_assert_int_gt(gan__convolution_scratch(&c), 0);
}

START_TEST(shapes_decide_what_goes_by_tiles)
{
    check_suits(true, "plain", square(64, 64, 14, 128, 4, 2, 1));
    check_suits(true, "2 elements a side", square(64, 64, 17, 128, 2, 1, 0));
    check_suits(true, "6 elements a side", square(64, 64, 14, 128, 6, 2, 1));
    check_suits(false, "a single tap", square(64, 64, 14, 128, 1, 1, 0));
    check_suits(false, "a single tap of a stride", square(64, 64, 14, 128, 2, 2, 0));
    check_suits(false, "4 taps", square(64, 64, 14, 128, 4, 1, 1));
    check_suits(false, "4 taps of a stride", square(64, 64, 14, 128, 7, 2, 1));
    check_suits(false, "a stride of 3", square(64, 64, 24, 128, 6, 3, 1));
    check_suits(false, "channels", square(64, 68, 14, 128, 4, 2, 1));
    check_suits(false, "filters", square(64, 64, 14, 132, 4, 2, 1));
    check_suits(false, "a single sample", square(1, 64, 14, 128, 4, 2, 1));
    check_suits(false, "few channels", square(64, 16, 14, 16, 3, 1, 1));
    check_suits(true, "large kernel", square(512, 512, 8, 320, 4, 2, 1));
    check_suits(false, "larger kernel", square(512, 512, 8, 336, 4, 2, 1));
    check_suits(true, "large image", square(64, 32, 88, 32, 3, 1, 1));
    check_suits(false, "larger image", square(64, 32, 92, 32, 3, 1, 1));
    check_suits(true, "large sample", square(64, 192, 64, 224, 3, 1, 1));
    check_suits(false, "larger sample", square(64, 224, 64, 224, 3, 1, 1));
    gan__convolution other = square(64, 64, 14, 128, 4, 2, 1);
    other.kw--;
    check_suits(false, "other sides", other);
    other = square(64, 64, 14, 128, 4, 2, 1);
    other.stride[1] = 1;
    other.ow = 13;
    check_suits(false, "other strides", other);
    const int64_t most = (int64_t)1 << 29;
    check_suits(false, "more kernels than can be counted", square(1, most, 2, 2 * most, 2, 1, 0));
}
END_TEST

/* Rows and columns that no window reads have no gradient: zeros, though NaN stood there. */
START_TEST(what_no_window_reads_has_no_gradient)
{
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        if ((shapes[which].traits & UNREAD) == 0) {
            continue;
        }
        problem p = new_problem(which, false);
        const gan__convolution *c = &p.c;
        const int64_t rows = (c->oh - 1) * c->stride[0] + c->kh - c->pad[0];
        const int64_t columns = (c->ow - 1) * c->stride[1] + c->kw - c->pad[1];
        int64_t unread = 0, others = 0, wrong = 0;
        real *dx = make(context, &p, X, shapes[which].name);
        for (int64_t i = 0; i < elements(c, X); i++) {
            const bool read = i / c->w % c->h < rows && i % c->w < columns;
            unread += !read;
            wrong += !read && dx[i] != 0;
            others += read && dx[i] != 0;
        }
        ck_assert_msg(wrong == 0, "%s: %lld gradients where nothing reads", shapes[which].name,
                      (long long)wrong);
        ck_assert_int_gt(unread, 0);
        ck_assert((shapes[which].traits & WHOLLY_PADDED) != 0 || others > 0);
        free_guarded(dx);
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    heap own;
    gan_context *context = new_context(&own);
    real *wanted[SHAPES][ARRAYS];
    for (int32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(gan_context_set_threads(context, threads[i]), GAN_OK);
        for (int32_t which = 0; which < SHAPES; which++) {
            problem p = new_problem(which, false);
            for (int32_t a = 0; a < ARRAYS; a++) {
                real *got = make(context, &p, a, shapes[which].name);
                if (i == 0) {
                    wanted[which][a] = got;
                    continue;
                }
                ck_assert_msg(
                    memcmp(got, wanted[which][a], (size_t)elements(&p.c, a) * sizeof *got) == 0,
                    "%s, array %d: other bits with %d threads", shapes[which].name, (int)a,
                    (int)threads[i]);
                free_guarded(got);
            }
            free_problem(&p);
        }
    }
    for (int32_t i = 0; i < SHAPES * ARRAYS; i++) {
        free_guarded(wanted[i / ARRAYS][i % ARRAYS]);
    }
    end_context(context, &own);
}
END_TEST

/* Turns the order of the samples of an array. */
static void reverse_samples(const gan__convolution *c, int32_t array, real *x)
{
    const int64_t size = elements(c, array) / c->n;
    for (int64_t i = 0; i < c->n / 2; i++) {
        real *a = x + i * size, *b = x + (c->n - 1 - i) * size;
        for (int64_t k = 0; k < size; k++) {
            const real kept = a[k];
            a[k] = b[k];
            b[k] = kept;
        }
    }
}

/* With products of our own a sample's results and gradient are the same bits anywhere in a batch. */
START_TEST(neighbours_do_not_matter)
{
    heap own;
    gan_context *context = new_context(&own);
    const bool ours = strcmp(gan_context_products(context), GAN_PRODUCTS_OWN) == 0;
    for (int32_t which = 0; which < SHAPES && ours; which++) {
        if ((shapes[which].traits & TILES) == 0) {
            continue;
        }
        problem p = new_problem(which, false);
        real *y = make(context, &p, Y, shapes[which].name),
             *dx = make(context, &p, X, shapes[which].name);
        reverse_samples(&p.c, X, p.in[X]);
        reverse_samples(&p.c, Y, p.in[Y]);
        real *y_turned = make(context, &p, Y, shapes[which].name),
             *dx_turned = make(context, &p, X, shapes[which].name);
        reverse_samples(&p.c, Y, y_turned);
        reverse_samples(&p.c, X, dx_turned);
        ck_assert_msg(memcmp(y, y_turned, (size_t)elements(&p.c, Y) * sizeof *y) == 0 &&
                          memcmp(dx, dx_turned, (size_t)elements(&p.c, X) * sizeof *dx) == 0,
                      "%s: other bits at other places", shapes[which].name);
        free_guarded(y), free_guarded(dx), free_guarded(y_turned), free_guarded(dx_turned);
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

static double dot(int64_t count, const real *a, const real *b)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

/* <conv(x, k), g> = <x, conv_input(g, k)> = <k, conv_kernel(x, g)>, but for rounding. */
START_TEST(they_are_adjoint)
{
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t which = 0; which < SHAPES; which++) {
        problem p = new_problem(which, false);
        double forms[ARRAYS], size = 0;
        for (int32_t a = 0; a < ARRAYS; a++) {
            const int64_t count = elements(&p.c, a);
            real *made = make(context, &p, a, shapes[which].name);
            forms[a] = dot(count, made, p.in[a]);
            size = fmax(size, sqrt(dot(count, made, made) * dot(count, p.in[a], p.in[a])));
            free_guarded(made);
        }
        ck_assert_msg(size > 0 || strcmp(shapes[which].name, "only padding") == 0, "%s is empty",
                      shapes[which].name);
        ck_assert_msg(fabs(forms[X] - forms[Y]) <= 1e-6 * size &&
                          fabs(forms[K] - forms[Y]) <= 1e-6 * size,
                      "%s: %.9g by images, %.9g by kernels, %.9g by results; size %g",
                      shapes[which].name, forms[X], forms[K], forms[Y], size);
        free_problem(&p);
    }
    end_context(context, &own);
}
END_TEST

/* Patches, a plane in phases and joined samples for each lane, and sums of the gradient by the kernel;
 * or tiles of a block, kernels, and planes for each lane. */
static int64_t most_scratch(const gan__convolution *c)
{
    const int64_t vector = 64 / (int64_t)sizeof(real);
    if (gan__winograd_suits(c)) {
        const int64_t image = (c->h + 2 * c->pad[0] + 10) * (c->w + 2 * c->pad[1] + 10);
        return TILE_BLOCK + 25 * (4 * c->c * c->o + 15 * vector) + LANES * vector * 2 * image;
    }
    const int64_t columns = c->ow > COLUMNS ? c->ow : COLUMNS, lines = COLUMNS / c->ow + 1;
    const int64_t plane = (lines * c->stride[0] + c->kh) * ((c->ow + 8) * c->stride[1] + c->kw);
    const int64_t planes = plane > DEALT ? plane : DEALT;
    const int64_t rows = BLOCK_ELEMENTS + CHUNK_ROWS * columns;
    return LANES * (rows + planes + c->o * COLUMNS + 3 * vector + 2 * BAND_ROWS * c->o);
}

/* However many samples there are. */
START_TEST(scratch_is_bounded)
{
    for (int32_t which = 0; which < SHAPES; which++) {
        gan__convolution c = convolution_of(which);
        int64_t size = 0;
        for (c.n = 1; c.n <= 10000000; c.n *= 10) {
            const int64_t before = size;
            size = gan__convolution_scratch(&c);
            ck_assert_int_gt(size, 0);
            ck_assert_int_eq(size * (int64_t)sizeof(real) % 64, 0);
            ck_assert_int_le(size, most_scratch(&c));
            ck_assert(c.n < 100000 || size == before);
        }
        c.h *= 1000; /* taller images have more blocks, not larger ones */
        c.oh *= 1000;
        ck_assert_int_le(gan__convolution_scratch(&c), most_scratch(&c));
        ck_assert(!gan__winograd_suits(&c));
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS_FOR_PRODUCTS("convolution", shapes_are_what_they_are_for,
                                  shapes_decide_what_goes_by_tiles, all_three_are_exact,
                                  what_no_window_reads_has_no_gradient, threads_do_not_matter,
                                  neighbours_do_not_matter, they_are_adjoint, scratch_is_bounded);
}
