#include "kernel/random.h"

#include "base/normal.h"
#include "base/simd.h"

#include <math.h>

#ifdef GAN_REAL_DOUBLE
#define NEXT_BELOW(x) nextafter(x, -INFINITY)
#else
#define NEXT_BELOW(x) nextafterf(x, -INFINITY)
#endif

/* ---- Numbers from words ---------------------------------------------------------------------- */

/* A float in [0, 1): 24 bits. */
static inline double unit(uint32_t bits)
{
    return (double)(bits >> 8) * 0x1p-24;
}

/* a + (b - a) u as a number below b, which rounding could reach. */
static inline real between(double a, double b, double u)
{
    const real value = (real)(a + (b - a) * u), limit = (real)b;
    return value < limit || a >= b ? value : NEXT_BELOW(limit);
}

/* ---- Blocks side by side --------------------------------------------------------------------- */

enum { BLOCKS = GAN__PHILOX_BLOCKS, LANES = GAN__PHILOX_LANES };

/* The numbers of BLOCKS blocks, four of each, of which the first `lanes` will be looked at: a loop
 * for each distribution. */
typedef void (*fill_fn)(gan__distribution d, const gan__philox_words *words, int64_t lanes,
                        real *y);

GAN__SIMD static void fill_uniform(gan__distribution d, const gan__philox_words *words,
                                   int64_t lanes, real *y)
{
    (void)lanes;
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = between(d.a, d.b, unit(words->v[lane][i]));
        }
    }
}

GAN__SIMD static void fill_normal(gan__distribution d, const gan__philox_words *words,
                                  int64_t lanes, real *y)
{
    double n[LANES][BLOCKS] = {{0}};
    for (int64_t pair = 0; pair < lanes; pair += 2) {
        for (int32_t i = 0; i < BLOCKS; i++) {
            gan__normals(unit(words->v[pair][i]), unit(words->v[pair + 1][i]), &n[pair][i],
                         &n[pair + 1][i]);
        }
    }
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = (real)(d.a + d.b * n[lane][i]);
        }
    }
}

/* The comparison is made with whole numbers: word / 2^24 < a, a in [0, 1]. */
GAN__SIMD static void fill_bernoulli(gan__distribution d, const gan__philox_words *words,
                                     int64_t lanes, real *y)
{
    (void)lanes;
    const double scaled = d.a * 0x1p24;
    const int32_t limit = (int32_t)scaled + ((double)(int32_t)scaled < scaled);
    const real one = (real)d.b;
    for (int32_t i = 0; i < BLOCKS; i++) {
        for (int32_t lane = 0; lane < LANES; lane++) {
            y[LANES * i + lane] = (int32_t)(words->v[lane][i] >> 8) < limit ? one : 0;
        }
    }
}

static const fill_fn fills[] = {
    [GAN__UNIFORM] = fill_uniform,
    [GAN__NORMAL] = fill_normal,
    [GAN__BERNOULLI] = fill_bernoulli,
};

/* ---- Arrays ---------------------------------------------------------------------------------- */

/* A place in an array of rows, with the counter of the row's first block. */
typedef struct {
    int64_t row, column;
    philox4x32_ctr_t counter;
} place;

static void enter_row(place *p, gan__random_key key, uint64_t first, gan__stack stack)
{
    const int64_t batch = stack.rows > 0 ? p->row / stack.rows : 0;
    key.stream += (uint32_t)batch * stack.apart;
    const uint64_t sample = first + (uint64_t)(p->row - batch * stack.rows);
    p->counter = gan__philox_counter(key, (uint32_t)sample, 0);
}

/* The counter of the block that the place lies in. */
static philox4x32_ctr_t counter_at(const place *p)
{
    philox4x32_ctr_t counter = p->counter;
    counter.v[0] = (uint32_t)(p->column / LANES);
    return counter;
}

/* The counters of BLOCKS blocks of one row, all of whose numbers are wanted. */
static void count_whole(place *p, gan__philox_words *words)
{
    philox4x32_ctr_t counter = counter_at(p);
    for (int64_t i = 0; i < BLOCKS; i++, counter.v[0]++) {
        gan__philox_set(words, i, counter);
    }
    p->column += LANES * BLOCKS;
}

/* Draws rows of at most a block each: as many of n as BLOCKS blocks have before the batch ends.
 * Returns how many elements; 0, and draws none, if the batch ends so soon that most blocks would be
 * in vain. */
static int64_t draw_short_rows(gan__distribution d, gan__random_key key, uint64_t first,
                               gan__stack stack, int64_t columns, place *p, int64_t n, real *y)
{
    int64_t rows = n / columns < BLOCKS ? n / columns : BLOCKS;
    if (stack.rows > 0 && stack.rows - p->row % stack.rows < rows) {
        rows = stack.rows - p->row % stack.rows;
    }
    if (rows == 0 || (rows < n / columns && rows < BLOCKS / 2)) {
        return 0;
    }
    gan__philox_words words;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        philox4x32_ctr_t counter = p->counter;
        counter.v[1] += i; /* the sample */
        gan__philox_set(&words, i, counter);
    }
    gan__philox_many(key.seed, &words);
    real drawn[LANES * BLOCKS];
    fills[d.kind](d, &words, columns, drawn);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            y[i * columns + j] = drawn[i * LANES + j];
        }
    }
    p->row += rows;
    enter_row(p, key, first, stack);
    return rows * columns;
}

/* Draws the blocks that the next elements lie in, and keeps these: as many of n as BLOCKS blocks
 * have. Returns how many. */
static int64_t draw(gan__distribution d, gan__random_key key, uint64_t first, gan__stack stack,
                    int64_t columns, place *p, int64_t n, real *y)
{
    gan__philox_words words;
    if (p->column == 0 && columns <= LANES) {
        const int64_t taken = draw_short_rows(d, key, first, stack, columns, p, n, y);
        if (taken > 0) {
            return taken;
        }
    }
    if (p->column % LANES == 0 && n >= LANES * BLOCKS && columns - p->column > LANES * BLOCKS) {
        count_whole(p, &words);
        gan__philox_many(key.seed, &words);
        fills[d.kind](d, &words, LANES, y);
        return LANES * BLOCKS;
    }
    words = (gan__philox_words){{{0}}};
    uint8_t from[BLOCKS], count[BLOCKS];
    int64_t taken = 0, i = 0;
    for (; i < BLOCKS && taken < n; i++) {
        gan__philox_set(&words, i, counter_at(p));
        from[i] = (uint8_t)(p->column % LANES);
        int64_t kept = LANES - from[i];
        kept = columns - p->column < kept ? columns - p->column : kept;
        kept = n - taken < kept ? n - taken : kept;
        count[i] = (uint8_t)kept;
        taken += kept;
        p->column += kept;
        if (p->column == columns) {
            p->row++;
            p->column = 0;
            enter_row(p, key, first, stack);
        }
    }
    gan__philox_many(key.seed, &words);
    if (taken == LANES * BLOCKS) {
        fills[d.kind](d, &words, LANES, y);
        return taken;
    }
    real drawn[LANES * BLOCKS];
    fills[d.kind](d, &words, columns < LANES ? columns : LANES, drawn);
    for (int64_t k = 0; k < i; k++) {
        for (int64_t lane = 0; lane < count[k]; lane++) {
            *y++ = drawn[LANES * k + from[k] + lane];
        }
    }
    return taken;
}

void gan__random(gan__distribution distribution, gan__random_key key, uint64_t first,
                 gan__stack stack, int64_t columns, int64_t start, int64_t n, real *y)
{
    place p = {.row = start / columns, .column = start % columns};
    enter_row(&p, key, first, stack);
    while (n > 0) {
        const int64_t taken = draw(distribution, key, first, stack, columns, &p, n, y);
        y += taken;
        n -= taken;
    }
}
