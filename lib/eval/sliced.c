/* Sliced Wasserstein distances: projections by the engine, then one sort a line. */
#include "base/words.h"
#include "eval/dense.h"
#include "eval/pairs.h"
#include "eval/score.h"

#include <math.h>
#include <string.h>

enum { LINES = 64 /* directions at a time */, COLUMNS = 1024 };

typedef struct {
    gan__pairs pairs;
    double *centre;
    float *directions;           /* [LINES, elements] */
    double *normals;             /* the same, before they are made unit vectors */
    int64_t first, count;        /* the directions that are done */
    int64_t used[GAN__SIDES];    /* vectors */
    uint32_t *lines[GAN__SIDES]; /* [LINES, used]: keys of projections, scaled */
    uint32_t *spare[GAN__SIDES]; /* the same shape, for sorting */
    double first_power[LINES];   /* W_1 of each direction, scaled */
    double second_power[LINES];  /* W_2^2 */
    uint64_t seed;
} sliced;

static int32_t make_lines(sliced *s, int32_t side, const gan__kept *kept)
{
    gan_context *context = s->pairs.context;
    s->used[side] = kept->count;
    s->lines[side] = gan__allocate(context, LINES * kept->count, sizeof **s->lines);
    s->spare[side] = gan__allocate(context, LINES * kept->count, sizeof **s->spare);
    return s->lines[side] != NULL && s->spare[side] != NULL ? GAN_OK : GAN_ERROR_MEMORY;
}

static int32_t make(sliced *s, gan_score *score)
{
    gan_context *context = score->context;
    const int64_t elements = score->elements;
    double peak = 0;
    s->pairs = (gan__pairs){.context = context, .elements = elements};
    s->pairs.rows.block = LINES;
    s->pairs.rows.plain = true;
    s->seed = (uint64_t)score->options[GAN__SCORE_SEED];
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        const gan__kept *kept = &score->sides[i].kept;
        gan__find_peak(kept->count * elements, kept->values, &peak);
        GAN__TRY(make_lines(s, i, kept));
    }
    const int64_t most =
        s->used[GAN__REAL] > s->used[GAN__FAKE] ? s->used[GAN__REAL] : s->used[GAN__FAKE];
    s->pairs.columns.block = gan__pairs_block(most, COLUMNS);
    s->pairs.scale = gan__scale_of(peak);
    s->centre = gan__allocate(context, elements, sizeof *s->centre);
    s->normals = gan__allocate(context, LINES * elements, sizeof *s->normals);
    s->directions = gan__allocate(context, LINES * elements, sizeof *s->directions);
    if (s->centre == NULL || s->normals == NULL || s->directions == NULL) {
        return GAN_ERROR_MEMORY;
    }
    const gan__kept *kept = &score->sides[GAN__REAL].kept;
    gan__find_mean(kept->count, elements, kept->values, s->centre);
    s->pairs.centre = s->centre;
    s->pairs.rows.values = s->directions;
    return gan__pairs_make(&s->pairs);
}

static void release(sliced *s)
{
    gan_context *context = s->pairs.context;
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        gan__release(context, s->lines[i]);
        gan__release(context, s->spare[i]);
    }
    gan__release(context, s->centre);
    gan__release(context, s->normals);
    gan__release(context, s->directions);
    gan__pairs_free(&s->pairs);
}

/* ---- Projections --------------------------------------------------------------------------- */

/* A point on the sphere: normal numbers, divided by their length. */
static void draw_direction(void *argument, int64_t line)
{
    const sliced *s = argument;
    const int64_t n = s->pairs.elements;
    const gan__random_key key = {.seed = s->seed, .stream = GAN__SCORE_STREAM_DIRECTIONS};
    gan__words words = gan__words_start(key, (uint32_t)(s->first + line));
    double *x = s->normals + line * n;
    double square = 0;
    while (square < DBL_MIN) {
        for (int64_t i = 0; i < n; i += 2) {
            double pair[2];
            gan__words_normals(&words, pair);
            x[i] = pair[0];
            if (i + 1 < n) {
                x[i + 1] = pair[1];
            }
        }
        square = gan__dense_dot(n, x, x);
    }
    const double length = sqrt(square);
    for (int64_t i = 0; i < n; i++) {
        s->directions[line * n + i] = (float)(x[i] / length);
    }
}

/* The bits of a float as a number of the same order, and back. */
static inline uint32_t key_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) != 0 ? UINT32_MAX : UINT32_C(1) << 31);
}

static inline float value_of(uint32_t key)
{
    const uint32_t bits = key ^ ((key >> 31) != 0 ? UINT32_C(1) << 31 : UINT32_MAX);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void project(sliced *s, int32_t side, const gan__kept *kept)
{
    gan__pairs *pairs = &s->pairs;
    pairs->columns.values = kept->values;
    pairs->columns.count = kept->count;
    for (int64_t first = 0; first < kept->count; first += pairs->columns.block) {
        gan__pairs_pack(pairs, &pairs->columns, first);
        gan__pairs_run(pairs);
        for (int64_t i = 0; i < s->count; i++) {
            uint32_t *line = s->lines[side] + i * kept->count + first;
            const real *products = pairs->products + i * pairs->columns.block;
            for (int64_t j = 0; j < pairs->columns.taken; j++) {
                line[j] = key_of((float)products[j]);
            }
        }
    }
}

/* ---- One direction ------------------------------------------------------------------------- */

/* Moves keys into the order of one of their bytes; equal ones keep theirs. */
static void sort_by_byte(int64_t n, const uint32_t *from, uint32_t *to, int32_t shift)
{
    int64_t places[256] = {0};
    for (int64_t i = 0; i < n; i++) {
        places[from[i] >> shift & 255]++;
    }
    int64_t place = 0;
    for (int32_t i = 0; i < 256; i++) {
        const int64_t count = places[i];
        places[i] = place;
        place += count;
    }
    for (int64_t i = 0; i < n; i++) {
        to[places[from[i] >> shift & 255]++] = from[i];
    }
}

/* Radix sort, four bytes from the lowest up. keys, spare: [n] */
static void sort_keys(int64_t n, uint32_t *keys, uint32_t *spare)
{
    for (int32_t shift = 0; shift < 32; shift += 16) {
        sort_by_byte(n, keys, spare, shift);
        sort_by_byte(n, spare, keys, shift + 8);
    }
}

/* Integrates over quantiles: a vector of one set weighs what there are in the other. */
static void integrate(const sliced *s, int64_t line, double *first, double *second)
{
    const int64_t n = s->used[GAN__REAL], m = s->used[GAN__FAKE];
    const uint32_t *x = s->lines[GAN__REAL] + line * n, *y = s->lines[GAN__FAKE] + line * m;
    double ones = 0, squares = 0;
    int64_t i = 0, j = 0, left_x = m, left_y = n;
    while (i < n && j < m) {
        const int64_t weight = left_x < left_y ? left_x : left_y;
        const double difference = fabs((double)value_of(x[i]) - (double)value_of(y[j]));
        ones += (double)weight * difference;
        squares += (double)weight * difference * difference;
        left_x -= weight;
        left_y -= weight;
        if (left_x == 0) {
            i++;
            left_x = m;
        }
        if (left_y == 0) {
            j++;
            left_y = n;
        }
    }
    const double whole = (double)n * (double)m;
    *first = ones / whole;
    *second = squares / whole;
}

static void do_line(void *argument, int64_t line)
{
    sliced *s = argument;
    for (int32_t i = 0; i < GAN__SIDES; i++) {
        sort_keys(s->used[i], s->lines[i] + line * s->used[i], s->spare[i] + line * s->used[i]);
    }
    integrate(s, line, &s->first_power[line], &s->second_power[line]);
}

/* ---- The score ----------------------------------------------------------------------------- */

int32_t gan__score_sliced(gan_score *score, double *values)
{
    GAN__TRY(gan__score_need(score, 1));
    const int64_t directions = gan__score_option(score, GAN__SCORE_PROJECTIONS);
    sliced s = {0};
    const int32_t status = make(&s, score);
    double mean = 0, spread = 0, squares = 0, greatest = 0;
    for (s.first = 0; s.first < directions && status == GAN_OK; s.first += LINES) {
        const int64_t left = directions - s.first;
        s.count = left < LINES ? left : LINES;
        s.pairs.rows.count = s.count;
        gan__eval_for_each(score->context, s.count, 32 * s.count * score->elements, draw_direction,
                           &s);
        gan__pairs_pack(&s.pairs, &s.pairs.rows, 0);
        project(&s, GAN__REAL, &score->sides[GAN__REAL].kept);
        project(&s, GAN__FAKE, &score->sides[GAN__FAKE].kept);
        gan__eval_for_each(score->context, s.count,
                           16 * s.count * (s.used[GAN__REAL] + s.used[GAN__FAKE]), do_line, &s);
        for (int64_t i = 0; i < s.count; i++) { /* Welford 1962 */
            const double difference = s.first_power[i] - mean;
            mean += difference / (double)(s.first + i + 1);
            spread += difference * (s.first_power[i] - mean);
            squares += s.second_power[i];
            greatest = fmax(greatest, s.first_power[i]);
        }
    }
    release(&s);
    const double n = (double)directions, scale = s.pairs.scale;
    if (status == GAN_OK) {
        values[0] = mean / scale;
        values[1] = n > 1 ? sqrt(spread / (n - 1) / n) / scale : 0;
        values[2] = sqrt(squares / n) / scale;
        values[3] = greatest / scale;
    }
    return status;
}
