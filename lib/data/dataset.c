#include "data/dataset.h"

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

int32_t gan__view_create(const gan__source *model, const gan__source_kind *kind, size_t size,
                         int64_t count, int32_t depth, gan__source **out)
{
    if (depth >= GAN__VIEWS_MAX) {
        return gan__fail(model->context, GAN_ERROR_RANGE,
                         "data set: joined and normalised %d times over, at most %d",
                         (int)depth + 1, GAN__VIEWS_MAX);
    }
    GAN__TRY(gan__source_create(model->context, kind, size, count, model->rank, model->dims, out));
    (*out)->depth = depth + 1;
    return GAN_OK;
}

static void source_release(gan__source *source)
{
    if (source->references > 0 && --source->references > 0) {
        return;
    }
    if (source->kind->release != NULL) {
        source->kind->release(source);
    }
    gan_context *context = source->context;
    gan__release(context, source->values);
    gan__release(context, source->labels);
    gan__release(context, source);
}

int32_t gan__dataset_number(gan_context *context, const char *what, double value, double low,
                            double high)
{
    if (isnan(value)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: %s is NaN", what);
    }
    if (value < low || value > high) {
        return gan__fail(context, GAN_ERROR_RANGE, "data set: %s is %.9g, not within %.9g to %.9g",
                         what, value, low, high);
    }
    return GAN_OK;
}

/* Windows -------------------------------------------------------------------------------------- */

gan__window gan__window_retain(const gan__window *window)
{
    window->source->references++;
    if (window->channels != NULL) {
        window->channels->references++;
    }
    return *window;
}

void gan__window_release(gan__window *window)
{
    if (window->channels != NULL && --window->channels->references == 0) {
        gan__release(window->source->context, window->channels);
    }
    if (window->source != NULL) {
        source_release(window->source);
    }
}

/* Data sets ------------------------------------------------------------------------------------ */

int32_t gan__dataset_from_window(const gan__window *window, gan_dataset **out)
{
    gan_context *context = window->source->context;
    gan_dataset *dataset = gan__allocate(context, 1, sizeof *dataset);
    if (dataset == NULL) {
        return GAN_ERROR_MEMORY;
    }
    dataset->context = gan__context_retain(context);
    dataset->references = 1;
    dataset->window = gan__window_retain(window);
    *out = dataset;
    return GAN_OK;
}

int32_t gan__dataset_create(gan__source *source, double scale, gan_dataset **out)
{
    const gan__window whole = {.source = source, .count = source->count, .scale = scale};
    const int32_t status = gan__dataset_from_window(&whole, out);
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
    gan__window_release(&dataset->window);
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
    const int64_t all = dataset->window.count;
    if (start < 0 || count > all || start > all - count) {
        return gan__fail(dataset->context, GAN_ERROR_RANGE,
                         "data set: %lld samples from %lld are not within its %lld",
                         (long long)count, (long long)start, (long long)all);
    }
    return GAN_OK;
}

int32_t gan_dataset_slice(gan_dataset *dataset, int64_t start, int64_t count, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(dataset != NULL ? dataset->context : NULL, out));
    GAN__TRY(check_range(dataset, start, count));
    gan__window slice = dataset->window;
    slice.start += start;
    slice.count = count;
    return gan__dataset_from_window(&slice, out);
}

int64_t gan_dataset_count(const gan_dataset *dataset)
{
    return dataset != NULL ? dataset->window.count : 0;
}

int64_t gan_dataset_elements(const gan_dataset *dataset)
{
    return dataset != NULL ? dataset->window.source->elements : 0;
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
    const gan__source *source = dataset->window.source;
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

int32_t gan__dataset_read(const gan_dataset *dataset, uint64_t epoch, int64_t start, int64_t count,
                          float *samples)
{
    return gan__window_read(&dataset->window, epoch, start, count, NULL, samples);
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
    const int64_t needed = count * dataset->window.source->elements;
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
    if (!dataset->window.source->labelled) {
        return gan__fail(dataset->context, GAN_ERROR_STATE, "data set: it has no labels");
    }
    GAN__TRY(check_range(dataset, start, count));
    if (capacity < count) {
        return gan__fail(dataset->context, GAN_ERROR_BUFFER,
                         "data set: %lld labels do not fit into %lld bytes", (long long)count,
                         (long long)capacity);
    }
    gan__window_labels(&dataset->window, start, count, labels);
    return GAN_OK;
}
