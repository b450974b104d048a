/* The IDX format: two zero bytes, the type of the elements, the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the elements, the last dimension fastest. */
#include "data/dataset.h"
#include "data/input.h"

enum { UNSIGNED_BYTE = 0x08, DIMS_MAX = 1 + GAN_RANK_MAX };

/* What a file holds. */
typedef struct {
    int32_t rank;           /* 1 to DIMS_MAX, the samples' dimension included */
    int64_t dims[DIMS_MAX]; /* each at least 1 */
    uint8_t *values;        /* [dims...] */
} idx;

static const char *type_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } types[] = {{0x09, "signed byte"},
                 {0x0b, "16-bit integer"},
                 {0x0c, "32-bit integer"},
                 {0x0d, "float"},
                 {0x0e, "double"}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return "unknown";
}

/* Checks the four bytes that begin the file; the last is the number of dimensions. */
static int32_t check_magic(const gan__input *input, const uint8_t magic[4])
{
    gan_context *context = input->context;
    if (magic[0] != 0 || magic[1] != 0) {
        return gan__fail(context, GAN_ERROR_FORMAT,
                         "%.300s: not an IDX file: it begins with bytes %02x %02x, not 00 00",
                         input->path, magic[0], magic[1]);
    }
    if (magic[2] != UNSIGNED_BYTE) {
        return gan__fail(context, GAN_ERROR_FORMAT,
                         "%.300s: elements of type 0x%02x (%s), not 0x08 (unsigned byte)",
                         input->path, magic[2], type_name(magic[2]));
    }
    if (magic[3] == 0) {
        return gan__fail(context, GAN_ERROR_FORMAT, "%.300s: 0 dimensions", input->path);
    }
    if (magic[3] > DIMS_MAX) {
        return gan__fail(context, GAN_ERROR_SHAPE, "%.300s: %d dimensions, at most %d", input->path,
                         magic[3], DIMS_MAX);
    }
    return GAN_OK;
}

static int32_t read_header(gan__input *input, idx *file)
{
    uint8_t magic[4], bytes[4 * DIMS_MAX];
    GAN__TRY(gan__input_read(input, magic, sizeof magic));
    GAN__TRY(check_magic(input, magic));
    file->rank = magic[3];
    GAN__TRY(gan__input_read(input, bytes, 4 * (int64_t)file->rank));
    for (int32_t i = 0; i < file->rank; i++) {
        const uint8_t *b = bytes + 4 * i;
        file->dims[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (file->dims[i] == 0) {
            return gan__fail(input->context, GAN_ERROR_FORMAT, "%.300s: dimension %d is 0",
                             input->path, (int)i);
        }
    }
    return GAN_OK;
}

/* Multiplies the dimensions out and checks that the file can hold as much.
 *   size  receives the number of elements */
static int32_t check_size(const gan__input *input, const idx *file, int64_t *size)
{
    int64_t elements = 1; /* of one sample */
    for (int32_t i = 1; i < file->rank; i++) {
        elements = gan__multiply(elements, file->dims[i]);
        if (elements < 0 || elements > INT32_MAX) {
            return gan__fail(input->context, GAN_ERROR_SHAPE,
                             "%.300s: more than %d elements a sample", input->path, INT32_MAX);
        }
    }
    *size = file->dims[0] * elements; /* fits: below 2^32 times 2^31 */
    const int64_t room = gan__input_limit(input) - 4 - 4 * (int64_t)file->rank;
    if (*size > room || (!input->gzip && *size < room)) {
        return gan__fail(input->context, GAN_ERROR_FORMAT,
                         "%.300s: %s: %lld samples of %lld bytes declared, %s%lld bytes there",
                         input->path, *size > room ? "truncated" : "bytes follow the data",
                         (long long)file->dims[0], (long long)elements,
                         input->gzip ? "at most " : "", (long long)room);
    }
    return GAN_OK;
}

/* Checks that a file holds one label for each sample. */
static int32_t check_labels(const gan__input *input, const idx *labels, int64_t samples)
{
    if (labels->rank != 1) {
        return gan__fail(input->context, GAN_ERROR_SHAPE,
                         "%.300s: labels have %d dimensions, not 1", input->path,
                         (int)labels->rank);
    }
    if (labels->dims[0] != samples) {
        return gan__fail(input->context, GAN_ERROR_SHAPE, "%.300s: %lld labels for %lld samples",
                         input->path, (long long)labels->dims[0], (long long)samples);
    }
    return GAN_OK;
}

/* Reads all of an open file. `samples`: 0 for samples, else how many labels are wanted. */
static int32_t read_file(gan__input *input, int64_t samples, idx *file)
{
    GAN__TRY(read_header(input, file));
    if (samples > 0) {
        GAN__TRY(check_labels(input, file, samples));
    }
    int64_t size = 0;
    GAN__TRY(check_size(input, file, &size));
    file->values = gan__allocate(input->context, size, sizeof *file->values);
    if (file->values == NULL) {
        return GAN_ERROR_MEMORY;
    }
    GAN__TRY(gan__input_read(input, file->values, size));
    return gan__input_finish(input);
}

/* On failure file->values may be there, too. */
static int32_t load(gan_context *context, const char *path, int64_t samples, idx *file)
{
    gan__input input;
    int32_t status = gan__input_open(context, path, &input);
    if (status == GAN_OK) {
        status = read_file(&input, samples, file);
    }
    gan__input_close(&input);
    return status;
}

int32_t gan_dataset_open_idx(gan_context *context, const char *path, const char *labels_path,
                             gan_dataset **out)
{
    GAN__TRY(gan__dataset_begin(context, out));
    if (path == NULL) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "data set: path is NULL");
    }
    idx samples = {0}, labels = {0};
    int32_t status = load(context, path, 0, &samples);
    if (status == GAN_OK && labels_path != NULL) {
        status = load(context, labels_path, samples.dims[0], &labels);
    }
    if (status == GAN_OK) {
        static const int64_t scalar[] = {1}; /* a file of one dimension has samples of shape [1] */
        const bool flat = samples.rank == 1;
        status = gan__dataset_from_own_bytes(context, samples.dims[0], flat ? 1 : samples.rank - 1,
                                             flat ? scalar : samples.dims + 1, samples.values,
                                             labels.values, out);
    }
    if (status != GAN_OK) {
        gan__release(context, samples.values);
        gan__release(context, labels.values);
    }
    return status;
}
