/* What the tests of data sets made of others share. Included once by each test program; everything
 * is static. */
#ifndef GAN_TESTS_DATASET_VIEWS_H
#define GAN_TESTS_DATASET_VIEWS_H

#include "dataset_support.h"

static const int64_t image[] = {3, 2, 4};

/* Numbers for the channels of an image. */
static const double scales[] = {2, -0.3, 1e-3}, shifts[] = {-1, 0.25, 7};

enum { CHANNELS = 3, PLANE = 8, PIXELS = CHANNELS * PLANE };

static inline float *floats(int64_t count)
{
    return new_bytes((size_t)count * sizeof(float), 0);
}

static inline float *read_all(gan_dataset *dataset)
{
    const int64_t count = gan_dataset_count(dataset), elements = gan_dataset_elements(dataset);
    float *out = floats(count * elements);
    ok(gan_dataset_read(dataset, 0, count, out, count * elements));
    return out;
}

/* Checks that two data sets hold the same numbers, read at once, by rows and in runs of 3. */
static inline void same(gan_dataset *a, gan_dataset *b)
{
    const int64_t count = gan_dataset_count(a), elements = gan_dataset_elements(a);
    need(gan_dataset_count(b) == count && gan_dataset_elements(b) == elements);
    float *left = read_all(a), *right = read_all(b);
    need(same_bits(left, right, count * elements));
    for (int64_t step = 1; step <= 3; step += 2) {
        for (int64_t i = 0; i + step <= count; i += step) {
            ok(gan_dataset_read(a, i, step, right, step * elements));
            need(same_bits(left + i * elements, right, step * elements));
        }
    }
    free(left);
    free(right);
}

/* Makes `call` from *dataset in its place. */
#define become(dataset, call)      \
    do {                           \
        gan_dataset *made;         \
        ok(call);                  \
        gan_dataset_free(dataset); \
        (dataset) = made;          \
    } while (0)

static inline gan_dataset *images_as_bytes(int64_t count, uint64_t seed)
{
    dice d = {seed};
    uint8_t *values = malloc((size_t)(count * PIXELS));
    for (int64_t i = 0; i < count * PIXELS; i++) {
        values[i] = (uint8_t)roll(&d, 256);
    }
    gan_dataset *out;
    ok(gan_dataset_from_bytes(ctx, count, 3, image, values, &out));
    free(values);
    return out;
}

static inline gan_dataset *images_as_floats(int64_t count, uint64_t seed, double low, double high)
{
    dice d = {seed};
    float *values = floats(count * PIXELS);
    for (int64_t i = 0; i < count * PIXELS; i++) {
        values[i] = (float)roll_between(&d, low, high);
    }
    gan_dataset *out;
    ok(gan_dataset_from_floats(ctx, count, 3, image, values, &out));
    free(values);
    return out;
}

#endif
