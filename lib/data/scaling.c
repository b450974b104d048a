/* Reading through windows: what is stored, scaled by all that lies between it and the reader. */
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------- */

/* Delivered: scale * stored + shift. */
typedef struct {
    double scale, shift;
} numbers;

/* What all windows make of one channel. */
static numbers compose(const gan__scaling *scaling, double factor, int64_t channel)
{
    numbers n = {factor, 0};
    for (; scaling != NULL; scaling = scaling->outer) {
        const gan__window *window = scaling->window;
        if (window->channels != NULL) {
            n.scale *= window->channels->scales[channel];
            n.shift =
                n.shift * window->channels->scales[channel] + window->channels->shifts[channel];
        }
        n.scale *= window->scale;
        n.shift = n.shift * window->scale + window->shift;
    }
    return n;
}

static bool any_channels(const gan__scaling *scaling)
{
    while (scaling != NULL && scaling->window->channels == NULL) {
        scaling = scaling->outer;
    }
    return scaling != NULL;
}

/* Scales one run of numbers; returns whether all results are finite. Double arithmetic rounds once,
 * so that a byte v becomes exactly the float v / 255, and scale 2, shift -1 take 255 to exactly 1
 * with or without fused multiply-add. values: [count] */
static bool scale_run(numbers n, double centre, int64_t count, float *values)
{
    int32_t beyond = 0;
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)(n.scale * ((double)values[i] - centre) + n.shift);
        beyond |= !(fabsf(values[i]) <= FLT_MAX); /* NaN, too: infinite numbers may have met 0 */
    }
    return !beyond;
}

static int32_t fail_numeric(gan_context *context, numbers n, int64_t sample, int64_t first,
                            const float *values)
{
    int64_t i = 0;
    while (isfinite(values[i])) {
        i++;
    }
    return gan__fail(context, GAN_ERROR_NUMERIC,
                     "data set: element %lld of sample %lld is no finite float when scaled by %.9g "
                     "and shifted by %.9g",
                     (long long)(first + i), (long long)sample, n.scale, n.shift);
}

int32_t gan__scaling_apply(const gan__scaling *scaling, const gan__source *source, double centre,
                           double factor, int64_t first, int64_t count, float *samples)
{
    const int64_t channels = any_channels(scaling) ? source->dims[0] : 1;
    const int64_t plane = source->elements / channels; /* elements of a channel */
    numbers n = compose(scaling, factor, 0);
    if (channels == 1 && n.scale == 1 && n.shift == 0 && centre == 0) {
        return GAN_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        for (int64_t c = 0; c < channels; c++) {
            float *run = samples + i * source->elements + c * plane;
            n = channels > 1 ? compose(scaling, factor, c) : n;
            if (!scale_run(n, centre, plane, run)) {
                return fail_numeric(source->context, n, first + i, c * plane, run);
            }
        }
    }
    return GAN_OK;
}

int32_t gan__window_read(const gan__window *window, uint64_t epoch, int64_t start, int64_t count,
                         const gan__scaling *outer, float *samples)
{
    const gan__source *source = window->source;
    const gan__scaling scaling = {window, outer};
    const int64_t first = window->start + start;
    if (source->kind->deliver != NULL) {
        return source->kind->deliver(source, epoch, first, count, &scaling, samples);
    }
    GAN__TRY(source->kind->read(source, epoch, first, count, samples));
    return gan__scaling_apply(&scaling, source, 0, 1, first, count, samples);
}

void gan__window_labels(const gan__window *window, int64_t start, int64_t count, uint8_t *labels)
{
    const gan__source *source = window->source;
    const int64_t first = window->start + start;
    if (source->kind->read_labels != NULL) {
        source->kind->read_labels(source, first, count, labels);
    } else {
        memcpy(labels, source->labels + first, (size_t)count);
    }
}

/* ---- The public calls ---------------------------------------------------------------------- */

/* Errors: ARGUMENT (NaN). */
static int32_t check_known(gan_context *context, double scale, double shift)
{
    if (isnan(scale) || isnan(shift)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: %s is NaN",
                         isnan(scale) ? "scale" : "shift");
    }
    return GAN_OK;
}

/* Checks given numbers and what comes of them. Errors: RANGE. */
static int32_t check_finite(gan_context *context, double scale, double shift, numbers result)
{
    const bool given = isfinite(scale) && isfinite(shift);
    if (!given || !isfinite(result.scale) || !isfinite(result.shift)) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "data set: scale %.9g and shift %.9g are not finite%s", scale, shift,
                         given ? " with those it has" : "");
    }
    return GAN_OK;
}

int32_t gan_dataset_scale(gan_dataset *dataset, double scale, double shift, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    GAN__TRY(check_known(dataset->context, scale, shift));
    gan__window scaled = dataset->window;
    scaled.scale *= scale;
    scaled.shift = scaled.shift * scale + shift;
    GAN__TRY(check_finite(dataset->context, scale, shift, (numbers){scaled.scale, scaled.shift}));
    return gan__dataset_from_window(&scaled, out);
}

/* Makes the numbers of a window's channels, scaled once more.
 *   scales, shifts  [count];  out  receives them, without a user yet */
static int32_t channels_create(const gan__window *window, int64_t count, const double *scales,
                               const double *shifts, gan__channels **out)
{
    gan_context *context = window->source->context;
    gan__channels *channels =
        gan__allocate(context, 1, sizeof *channels + 2 * (size_t)count * sizeof(double));
    if (channels == NULL) {
        return GAN_ERROR_MEMORY;
    }
    channels->scales = (double *)(channels + 1);
    channels->shifts = channels->scales + count;
    const gan__scaling before = {window, NULL};
    for (int64_t c = 0; c < count; c++) {
        const numbers had = compose(&before, 1, c);
        const numbers now = {had.scale * scales[c], had.shift * scales[c] + shifts[c]};
        const int32_t status = check_finite(context, scales[c], shifts[c], now);
        if (status != GAN_OK) {
            gan__release(context, channels);
            return status;
        }
        channels->scales[c] = now.scale;
        channels->shifts[c] = now.shift;
    }
    *out = channels;
    return GAN_OK;
}

int32_t gan_dataset_scale_channels(gan_dataset *dataset, int64_t channels, const double *scales,
                                   const double *shifts, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    gan_context *context = dataset->context;
    if (scales == NULL || shifts == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: %s is NULL",
                         scales == NULL ? "scales" : "shifts");
    }
    gan__window scaled = dataset->window;
    if (channels != scaled.source->dims[0]) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "data set: numbers for %lld channels, its samples have %lld",
                         (long long)channels, (long long)scaled.source->dims[0]);
    }
    for (int64_t c = 0; c < channels; c++) {
        GAN__TRY(check_known(context, scales[c], shifts[c]));
    }
    GAN__TRY(channels_create(&dataset->window, channels, scales, shifts, &scaled.channels));
    scaled.scale = 1;
    scaled.shift = 0;
    const int32_t status = gan__dataset_from_window(&scaled, out);
    if (status != GAN_OK) {
        gan__release(context, scaled.channels);
    }
    return status;
}
