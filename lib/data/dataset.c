#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Sources -------------------------------------------------------------------------------------- */

int32_t gan__dataset_begin(gan_context *context, gan_dataset **out)
{
    if (out == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: out is NULL");
    }
    *out = NULL;
    return context != NULL ? GAN_OK : GAN_ERROR_ARGUMENT;
}

int32_t gan__source_create(gan_context *context, const gan__source_kind *kind, size_t size,
                           int64_t count, int32_t rank, const int64_t *dims, gan__source **out)
{
    if (count < 1) {
        return gan__fail(context, GAN_ERROR_RANGE, "data set: count is %lld, at least 1",
                         (long long)count);
    }
    int64_t elements;
    GAN__TRY(gan__check_shape(context, "data set", rank, dims, &elements));
    if (gan__multiply(count, elements) < 0) {
        return gan__fail(context, GAN_ERROR_SHAPE, "data set: %lld samples of %lld elements",
                         (long long)count, (long long)elements);
    }
    gan__source *source = gan__allocate(context, 1, size);
    if (source == NULL) {
        return GAN_ERROR_MEMORY;
    }
    source->kind = kind;
    source->context = context;
    source->count = count;
    source->elements = elements;
    source->rank = rank;
    memcpy(source->dims, dims, (size_t)rank * sizeof *dims);
    *out = source;
    return GAN_OK;
}

static void source_release(gan__source *source)
{
    if (source->references > 0 && --source->references > 0) {
        return;
    }
    gan_context *context = source->context;
    gan__release(context, source->values);
    gan__release(context, source->labels);
    gan__release(context, source);
}

/* Data sets ------------------------------------------------------------------------------------ */

/* Makes a data set like `model`, whose source and context get one more user. */
static int32_t window_create(const gan_dataset *model, gan_dataset **out)
{
    gan_dataset *dataset = gan__allocate(model->context, 1, sizeof *dataset);
    if (dataset == NULL) {
        return GAN_ERROR_MEMORY;
    }
    *dataset = *model;
    dataset->references = 1;
    dataset->source->references++;
    gan__context_retain(dataset->context);
    *out = dataset;
    return GAN_OK;
}

int32_t gan__dataset_create(gan__source *source, double scale, gan_dataset **out)
{
    const gan_dataset whole = {
        .context = source->context, .source = source, .count = source->count, .scale = scale};
    const int32_t status = window_create(&whole, out);
    if (status != GAN_OK) {
        source_release(source);
    }
    return status;
}

gan_dataset *gan__dataset_retain(gan_dataset *dataset)
{
    dataset->references++;
    return dataset;
}

void gan_dataset_free(gan_dataset *dataset)
{
    if (dataset == NULL || --dataset->references > 0) {
        return;
    }
    gan_context *context = dataset->context;
    source_release(dataset->source);
    gan__release(context, dataset);
    gan__context_release(context);
}

/* Checks that start to start + count - 1 lies within the data set. */
static int32_t check_range(const gan_dataset *dataset, int64_t start, int64_t count)
{
    if (count < 1) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE, "data set: count is %lld, at least 1",
                         (long long)count);
    }
    if (start < 0 || count > dataset->count || start > dataset->count - count) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE,
                         "data set: %lld samples from %lld are not within its %lld",
                         (long long)count, (long long)start, (long long)dataset->count);
    }
    return GAN_OK;
}

int32_t gan_dataset_slice(gan_dataset *dataset, int64_t start, int64_t count, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    GAN__TRY(check_range(dataset, start, count));
    gan_dataset slice = *dataset;
    slice.start += start;
    slice.count = count;
    return window_create(&slice, out);
}

int32_t gan_dataset_scale(gan_dataset *dataset, double scale, double shift, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    if (isnan(scale) || isnan(shift)) {
        return gan__fail(dataset->context, GAN_ERROR_ARGUMENT, "data set: %s is NaN",
                         isnan(scale) ? "scale" : "shift");
    }
    gan_dataset scaled = *dataset;
    scaled.scale *= scale;
    scaled.shift = scaled.shift * scale + shift;
    if (!isfinite(scale) || !isfinite(shift) || !isfinite(scaled.scale) ||
        !isfinite(scaled.shift)) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE,
                         "data set: scale %.9g and shift %.9g are not finite%s", scale, shift,
                         isfinite(scale) && isfinite(shift) ? " with those it has" : "");
    }
    return window_create(&scaled, out);
}

int64_t gan_dataset_count(const gan_dataset *dataset)
{
    return dataset != NULL ? dataset->count : 0;
}

int64_t gan_dataset_elements(const gan_dataset *dataset)
{
    return dataset != NULL ? dataset->source->elements : 0;
}

int32_t gan_dataset_shape(const gan_dataset *dataset, int32_t *rank, int64_t *dims,
                          int32_t capacity)
{
    if (dataset == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (rank == NULL) {
        return gan__fail(dataset->context, GAN_ERROR_ARGUMENT, "data set: rank is NULL");
    }
    const gan__source *source = dataset->source;
    *rank = source->rank;
    if (capacity < source->rank) {
        return gan__fail(dataset->context, GAN_ERROR_BUFFER,
                         "data set: %d dimensions do not fit into %d", (int)source->rank,
                         (int)capacity);
    }
    if (dims == NULL) {
        return gan__fail(dataset->context, GAN_ERROR_ARGUMENT, "data set: dims is NULL");
    }
    memcpy(dims, source->dims, (size_t)source->rank * sizeof *dims);
    return GAN_OK;
}

/* Reading -------------------------------------------------------------------------------------- */

/* Scales what was stored. Double arithmetic rounds once, so that a byte v becomes exactly the float
 * v / 255, and scale 2, shift -1 take 255 to exactly 1 with or without fused multiply-add.
 *   samples  [count, elements]; first: the source's number of the first of them */
static int32_t rescale(const gan_dataset *dataset, uint64_t first, int64_t count, float *samples)
{
    const double scale = dataset->scale, shift = dataset->shift;
    if (scale == 1 && shift == 0) {
        return GAN_OK;
    }
    const int64_t elements = dataset->source->elements;
    int32_t beyond = 0;
    for (int64_t i = 0; i < count * elements; i++) {
        const double value = scale * (double)samples[i] + shift;
        beyond |= fabs(value) > (double)FLT_MAX;
        samples[i] = (float)value;
    }
    if (!beyond) {
        return GAN_OK;
    }
    int64_t i = 0;
    while (i < count * elements - 1 && isfinite(samples[i])) {
        i++;
    }
    return gan__fail(dataset->context, GAN_ERROR_NUMERIC,
                     "data set: element %lld of sample %llu is no finite float when scaled by %.9g "
                     "and shifted by %.9g",
                     (long long)(i % elements),
                     (unsigned long long)(first + (uint64_t)(i / elements)), scale, shift);
}

int32_t gan__dataset_read(const gan_dataset *dataset, uint64_t epoch, int64_t start, int64_t count,
                          float *samples)
{
    const gan__source *source = dataset->source;
    /* Epochs are as far apart as the source is long, so those of two slices stay disjoint too. */
    const uint64_t epoch_start = source->kind->endless ? epoch * (uint64_t)source->count : 0;
    const uint64_t first = epoch_start + (uint64_t)(dataset->start + start);
    GAN__TRY(source->kind->read(source, first, count, samples));
    return rescale(dataset, first, count, samples);
}

int32_t gan_dataset_read(gan_dataset *dataset, int64_t start, int64_t count, float *samples,
                         int64_t capacity)
{
    if (dataset == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (samples == NULL) {
        return gan__fail(dataset->context, GAN_ERROR_ARGUMENT, "data set: samples is NULL");
    }
    GAN__TRY(check_range(dataset, start, count));
    const int64_t needed = count * dataset->source->elements;
    if (capacity < needed) {
        return gan__fail(dataset->context, GAN_ERROR_BUFFER,
                         "data set: %lld samples need %lld floats, the buffer has %lld",
                         (long long)count, (long long)needed, (long long)capacity);
    }
    return gan__dataset_read(dataset, 0, start, count, samples);
}

int32_t gan_dataset_read_labels(gan_dataset *dataset, int64_t start, int64_t count, uint8_t *labels,
                                int64_t capacity)
{
    if (dataset == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (labels == NULL) {
        return gan__fail(dataset->context, GAN_ERROR_ARGUMENT, "data set: labels is NULL");
    }
    if (dataset->source->labels == NULL) {
        return gan__fail(dataset->context, GAN_ERROR_STATE, "data set: it has no labels");
    }
    GAN__TRY(check_range(dataset, start, count));
    if (capacity < count) {
        return gan__fail(dataset->context, GAN_ERROR_BUFFER,
                         "data set: %lld labels do not fit into %lld bytes", (long long)count,
                         (long long)capacity);
    }
    memcpy(labels, dataset->source->labels + dataset->start + start, (size_t)count);
    return GAN_OK;
}
