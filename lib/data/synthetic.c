#include "base/simd.h"
#include "base/words.h"
#include "data/dataset.h"

#include <math.h>

/* Gaussians of one deviation about places that differ. */
typedef struct mixture mixture;
struct mixture {
    gan__source base;
    uint64_t seed;
    double deviation, size; /* size: the mean, the radius or the spacing */
    int64_t modes;
    /* Writes the mean of one mode. centre: [2], of which base.elements are used */
    void (*place)(const mixture *source, int64_t mode, double *centre);
};

static const double two_pi = 6.283185307179586476925;

/* No number of a sample can then be beyond the range of float: the farthest mode of a grid is at
 * 2^14 spacings, the farthest draw at 8.6 deviations. */
static const double largest = 1e30;

static void place_single(const mixture *source, int64_t mode, double *centre)
{
    (void)mode;
    centre[0] = source->size;
}

static void place_on_ring(const mixture *source, int64_t mode, double *centre)
{
    const double angle = two_pi * (double)mode / (double)source->modes;
    centre[0] = source->size * cos(angle);
    centre[1] = source->size * sin(angle);
}

static void place_on_grid(const mixture *source, int64_t mode, double *centre)
{
    const int64_t side = (int64_t)sqrt((double)source->modes); /* exact: modes is side^2 <= 2^30 */
    const int64_t row = mode / side, column = mode % side;
    const double middle = (double)(side - 1) / 2;
    centre[0] = source->size * ((double)column - middle);
    centre[1] = source->size * ((double)row - middle);
}

enum { SAMPLES = GAN__PHILOX_BLOCKS }; /* drawn side by side */

/* Two numbers a sample: random ones from 0 to 1, then normal ones. */
typedef struct {
    double v[2][SAMPLES];
} pairs;

GAN__SIMD static void make_normals(int64_t count, pairs *numbers)
{
    for (int64_t i = 0; i < count; i++) {
        gan__normals(numbers->v[0][i], numbers->v[1][i], &numbers->v[0][i], &numbers->v[1][i]);
    }
}

static gan__random_key key_of(const mixture *source, uint64_t index)
{
    return (gan__random_key){.seed = source->seed, .step = index >> 32, .stream = GAN__STREAM_DATA};
}

/* The counters of block 0 of `count` samples, from sample `index` on. */
static void count_blocks(const mixture *source, uint64_t index, int64_t count,
                         gan__philox_words *words)
{
    for (int64_t i = 0; i < count; i++, index++) {
        gan__philox_set(words, i, gan__philox_counter(key_of(source, index), (uint32_t)index, 0));
    }
}

/* index: the number of the first sample, of any size; count: at most SAMPLES; samples: [count,
 * base.elements] */
static void draw_samples(const mixture *source, uint64_t index, int64_t count, float *samples)
{
    pairs numbers = {0};
    int64_t modes[SAMPLES] = {0};
    gan__philox_words first = {{{0}}};
    count_blocks(source, index, count, &first);
    gan__philox_many(source->seed, &first);
    for (int64_t i = 0; i < count; i++, index++) {
        const philox4x32_ctr_t four = {
            {first.v[0][i], first.v[1][i], first.v[2][i], first.v[3][i]}};
        gan__words words = gan__words_with(key_of(source, index), (uint32_t)index, four);
        numbers.v[0][i] = gan__words_uniform(&words);
        numbers.v[1][i] = gan__words_uniform(&words);
        if (source->modes > 1) {
            modes[i] = gan__words_below(&words, (uint32_t)source->modes);
        }
    }
    make_normals(count, &numbers);
    for (int64_t i = 0; i < count; i++) {
        double centre[2];
        source->place(source, modes[i], centre);
        for (int64_t j = 0; j < source->base.elements; j++) {
            *samples++ = (float)(centre[j] + source->deviation * numbers.v[j][i]);
        }
    }
}

static int32_t read_draws(const gan__source *base, uint64_t epoch, int64_t first, int64_t count,
                          float *samples)
{
    /* Epochs are as far apart as the source is long, so those of two slices stay disjoint too. */
    const uint64_t start = epoch * (uint64_t)base->count + (uint64_t)first;
    for (int64_t i = 0; i < count; i += SAMPLES) {
        draw_samples((const mixture *)base, start + (uint64_t)i, gan__smaller(count - i, SAMPLES),
                     samples + i * base->elements);
    }
    return GAN_OK;
}

/* Checks one whole number. Errors: RANGE. */
static int32_t check_whole(gan_context *context, const char *what, int64_t value, int64_t high)
{
    if (value < 1 || value > high) {
        return gan__fail(context, GAN_ERROR_RANGE, "data set: %s is %lld, not within 1 to %lld",
                         what, (long long)value, (long long)high);
    }
    return GAN_OK;
}

/* Makes the data set of a recipe, whose base is still to be filled in. */
static int32_t mixture_create(gan_context *context, int64_t count, int64_t elements,
                              const mixture *recipe, gan_dataset **out)
{
    static const gan__source_kind kind = {.read = read_draws};
    GAN__TRY(check_whole(context, "count", count, INT64_C(1) << 40));
    GAN__TRY(gan__dataset_number(context, "deviation", recipe->deviation, 0, largest));
    gan__source *base;
    GAN__TRY(gan__source_create(context, &kind, sizeof(mixture), count, 1, &elements, &base));
    base->endless = true;
    mixture *source = (mixture *)base;
    const gan__source filled = source->base;
    *source = *recipe;
    source->base = filled;
    return gan__dataset_create(base, 1, out);
}

int32_t gan_dataset_gaussian(gan_context *context, int64_t count, double mean, double deviation,
                             uint64_t seed, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    GAN__TRY(gan__dataset_number(context, "mean", mean, -largest, largest));
    const mixture recipe = {
        .seed = seed, .deviation = deviation, .size = mean, .modes = 1, .place = place_single};
    return mixture_create(context, count, 1, &recipe, out);
}

int32_t gan_dataset_ring(gan_context *context, int64_t count, int64_t modes, double radius,
                         double deviation, uint64_t seed, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    GAN__TRY(check_whole(context, "modes", modes, INT64_C(1) << 30));
    GAN__TRY(gan__dataset_number(context, "radius", radius, 0, largest));
    const mixture recipe = {.seed = seed,
                            .deviation = deviation,
                            .size = radius,
                            .modes = modes,
                            .place = place_on_ring};
    return mixture_create(context, count, 2, &recipe, out);
}

int32_t gan_dataset_grid(gan_context *context, int64_t count, int64_t side, double spacing,
                         double deviation, uint64_t seed, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    GAN__TRY(check_whole(context, "side", side, INT64_C(1) << 15));
    GAN__TRY(gan__dataset_number(context, "spacing", spacing, 0, largest));
    const mixture recipe = {.seed = seed,
                            .deviation = deviation,
                            .size = spacing,
                            .modes = side * side,
                            .place = place_on_grid};
    return mixture_create(context, count, 2, &recipe, out);
}
