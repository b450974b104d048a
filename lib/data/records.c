/* Files without a header: samples of bytes one after another, each behind its label in CIFAR-10. */
#include "data/dataset.h"
#include "data/input.h"

enum { CIFAR_CLASSES = 10 };

/* What a file holds. */
typedef struct {
    const char *record;      /* what the message calls the following */
    int64_t label_bytes;     /* 0 or 1 */
    int64_t elements, count; /* of a sample; samples */
    uint8_t *values;         /* [count, elements] */
    uint8_t *labels;         /* [count], or NULL */
} records;

/* Counts the records in `size` bytes. */
static int32_t count_records(const gan__input *input, int64_t size, records *file)
{
    const int64_t record = file->label_bytes + file->elements;
    if (size == 0) {
        return gan__fail(input->context, GAN_ERROR_FORMAT, "%.300s: the file is empty",
                         input->path);
    }
    if (size % record != 0) {
        return gan__fail(input->context, GAN_ERROR_FORMAT,
                         "%.300s: %lld bytes are not a whole number of %s of %lld bytes",
                         input->path, (long long)size, file->record, (long long)record);
    }
    file->count = size / record;
    return GAN_OK;
}

/* Reads labels and samples in turn. */
static int32_t read_labelled(gan__input *input, const records *file)
{
    for (int64_t i = 0; i < file->count; i++) {
        GAN__TRY(gan__input_read(input, file->labels + i, 1));
        if (file->labels[i] >= CIFAR_CLASSES) {
            return gan__fail(input->context, GAN_ERROR_FORMAT,
                             "%.300s: record %lld has label %d, at most %d", input->path,
                             (long long)i, file->labels[i], CIFAR_CLASSES - 1);
        }
        GAN__TRY(gan__input_read(input, file->values + i * file->elements, file->elements));
    }
    return GAN_OK;
}

/* Reads all of an open file, of which nothing but `size` is known. */
static int32_t read_file(gan__input *input, int64_t size, records *file)
{
    GAN__TRY(count_records(input, size, file));
    gan_context *context = input->context;
    file->values = gan__allocate(context, file->count * file->elements, 1);
    if (file->values == NULL) {
        return GAN_ERROR_MEMORY;
    }
    if (file->label_bytes > 0) {
        file->labels = gan__allocate(context, file->count, 1);
        if (file->labels == NULL) {
            return GAN_ERROR_MEMORY;
        }
        GAN__TRY(read_labelled(input, file));
    } else {
        GAN__TRY(gan__input_read(input, file->values, size));
    }
    return gan__input_finish(input);
}

/* On failure file->values and file->labels may be there, too. */
static int32_t load(gan_context *context, const char *path, records *file)
{
    gan__input input;
    int64_t size = 0;
    int32_t status = gan__input_open(context, path, &input);
    if (status == GAN_OK) {
        status = gan__input_measure(&input, &size);
    }
    if (status == GAN_OK) {
        status = read_file(&input, size, file);
    }
    gan__input_close(&input);
    return status;
}

/* Makes the data set of a file. dims: [rank], checked and as many elements as file->elements */
static int32_t open_records(gan_context *context, const char *path, int32_t rank,
                            const int64_t *dims, records *file, gan_dataset **out)
{
    if (path == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: path is NULL");
    }
    int32_t status = load(context, path, file);
    if (status == GAN_OK) {
        status = gan__dataset_from_own_bytes(context, file->count, rank, dims, file->values,
                                             file->labels, out);
    }
    if (status != GAN_OK) {
        gan__release(context, file->values);
        gan__release(context, file->labels);
    }
    return status;
}

int32_t gan_dataset_open_cifar10(gan_context *context, const char *path, gan_dataset **out)
{
    static const int64_t dims[] = {3, 32, 32};
    GAN__TRY(gan__dataset_begin(context, out));
    records file = {.record = "records", .label_bytes = 1, .elements = 3 * 32 * 32};
    return open_records(context, path, 3, dims, &file, out);
}

int32_t gan_dataset_open_raw(gan_context *context, const char *path, int32_t rank,
                             const int64_t *dims, gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    records file = {.record = "samples"};
    GAN__TRY(gan__check_shape(context, "data set", rank, dims, &file.elements));
    return open_records(context, path, rank, dims, &file, out);
}
