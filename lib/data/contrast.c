/* Global contrast normalisation of each sample as it is read. Source: Coates et al. 2011. */
#include "data/dataset.h"

#include <math.h>

typedef struct {
    gan__source base;
    gan__window part; /* what is normalised */
    double scale, bias;
} contrast_source;

/* What one sample is brought to: factor * (sample - centre). */
typedef struct {
    double centre, factor;
} normaliser;

/* Sums of four lanes, which need not wait for each other as one sum would. */
enum { LANES = 4 };

static double mean_of(int64_t count, const float *sample)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int64_t j = 0; j < LANES; j++) {
            lane[j] += (double)sample[i + j];
        }
    }
    for (; i < count; i++) {
        lane[0] += (double)sample[i];
    }
    return (lane[0] + lane[1] + lane[2] + lane[3]) / (double)count;
}

/* The sum of (sample - mean)^2. */
static double squares_of(int64_t count, const float *sample, double mean)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int64_t j = 0; j < LANES; j++) {
            const double difference = (double)sample[i + j] - mean;
            lane[j] += difference * difference;
        }
    }
    for (; i < count; i++) {
        lane[0] += ((double)sample[i] - mean) * ((double)sample[i] - mean);
    }
    return lane[0] + lane[1] + lane[2] + lane[3];
}

/* sample: [count] */
static normaliser measure(const contrast_source *source, int64_t count, const float *sample)
{
    const double divisor_least = 1e-8;
    const double mean = mean_of(count, sample);
    const double norm = sqrt(source->bias + squares_of(count, sample, mean));
    const bool small = norm / source->scale < divisor_least;
    return (normaliser){mean, small ? 1 : source->scale / norm};
}

static int32_t deliver(const gan__source *base, uint64_t epoch, int64_t first, int64_t count,
                       const gan__scaling *scaling, float *samples)
{
    const contrast_source *source = (const contrast_source *)base;
    GAN__TRY(gan__window_read(&source->part, epoch, first, count, NULL, samples));
    for (int64_t i = 0; i < count; i++) {
        float *sample = samples + i * base->elements;
        const normaliser n = measure(source, base->elements, sample);
        GAN__TRY(gan__scaling_apply(scaling, base, n.centre, n.factor, first + i, 1, sample));
    }
    return GAN_OK;
}

static void read_labels(const gan__source *base, int64_t first, int64_t count, uint8_t *labels)
{
    gan__window_labels(&((const contrast_source *)base)->part, first, count, labels);
}

static void release(gan__source *base)
{
    gan__window_release(&((contrast_source *)base)->part);
}

int32_t gan_dataset_normalize_contrast(gan_dataset *dataset, double scale, double bias,
                                       gan_dataset **out)
{
    static const gan__source_kind kind = {
        .deliver = deliver, .read_labels = read_labels, .release = release};
    static const double most = 1e30;
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    GAN__TRY(gan__dataset_number(dataset->context, "scale", scale, 0, most));
    GAN__TRY(gan__dataset_number(dataset->context, "bias", bias, 0, most));
    if (scale == 0) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE, "data set: scale is 0");
    }
    const gan__window *window = &dataset->window;
    gan__source *base;
    GAN__TRY(gan__view_create(window->source, &kind, sizeof(contrast_source), window->count,
                              window->source->depth, &base));
    base->endless = window->source->endless;
    base->labelled = window->source->labelled;
    contrast_source *source = (contrast_source *)base;
    source->part = gan__window_retain(window);
    source->scale = scale;
    source->bias = bias;
    return gan__dataset_create(base, 1, out);
}
