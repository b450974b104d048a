#include "data/dataset.h"

#include <math.h>
#include <string.h>

static int32_t read_floats(const gan__source *source, uint64_t epoch, int64_t first, int64_t count,
                           float *samples)
{
    (void)epoch;
    const float *values = source->values; /* [source->count, elements] */
    memcpy(samples, values + first * source->elements,
           (size_t)(count * source->elements) * sizeof *samples);
    return GAN_OK;
}

static int32_t read_bytes(const gan__source *source, uint64_t epoch, int64_t first, int64_t count,
                          float *samples)
{
    (void)epoch;
    const uint8_t *values = source->values; /* [source->count, elements] */
    values += first * source->elements;
    for (int64_t i = 0; i < count * source->elements; i++) {
        samples[i] = values[i];
    }
    return GAN_OK;
}

static const gan__source_kind floats = {.read = read_floats}, bytes = {.read = read_bytes};

/* Checks that all values are finite. values: [count, elements] */
static int32_t check_finite(gan_context *context, int64_t count, int64_t elements,
                            const float *values)
{
    for (int64_t i = 0; i < count * elements; i++) {
        if (!isfinite(values[i])) {
            return gan__fail(context, GAN_ERROR_NUMERIC,
                             "data set: element %lld of sample %lld is %s",
                             (long long)(i % elements), (long long)(i / elements),
                             isnan(values[i]) ? "NaN" : "infinite");
        }
    }
    return GAN_OK;
}

/* Copies `values`, items of `size` bytes, into a new source.
 *   values  [count, dims...], not read before count and shape have been checked */
static int32_t copy_create(gan_context *context, const gan__source_kind *kind, int64_t count,
                           int32_t rank, const int64_t *dims, const void *values, size_t size,
                           gan__source **out)
{
    if (values == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: values is NULL");
    }
    gan__source *source;
    GAN__TRY(gan__source_create(context, kind, sizeof *source, count, rank, dims, &source));
    int32_t status = GAN_OK;
    if (kind == &floats) {
        status = check_finite(context, count, source->elements, values);
    }
    if (status == GAN_OK) {
        source->values = gan__allocate(context, count * source->elements, size);
        status = source->values != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    }
    if (status != GAN_OK) {
        gan__release(context, source);
        return status;
    }
    memcpy(source->values, values, (size_t)(count * source->elements) * size);
    *out = source;
    return GAN_OK;
}

int32_t gan_dataset_from_floats(gan_context *context, int64_t count, int32_t rank,
                                const int64_t *dims, const float *values, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    gan__source *source = NULL;
    GAN__TRY(copy_create(context, &floats, count, rank, dims, values, sizeof *values, &source));
    return gan__dataset_create(source, 1, out);
}

int32_t gan_dataset_from_bytes(gan_context *context, int64_t count, int32_t rank,
                               const int64_t *dims, const uint8_t *values, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    gan__source *source = NULL;
    GAN__TRY(copy_create(context, &bytes, count, rank, dims, values, sizeof *values, &source));
    return gan__dataset_create(source, 1.0 / 255, out);
}

int32_t gan__dataset_from_own_bytes(gan_context *context, int64_t count, int32_t rank,
                                    const int64_t *dims, uint8_t *values, uint8_t *labels,
                                    gan_dataset **out)
{
    gan__source *source;
    GAN__TRY(gan__source_create(context, &bytes, sizeof *source, count, rank, dims, &source));
    GAN__TRY(gan__dataset_create(source, 1.0 / 255, out));
    source->values = values;
    source->labels = labels;
    source->labelled = labels != NULL;
    return GAN_OK;
}
