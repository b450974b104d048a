/* Files of samples: IDX, raw and gzipped, CIFAR-10 and bytes without a header. */
#include "fuzz.h"

#include <zlib.h>

/* Whether a file begins as gzip does. */
static bool is_gzip(const uint8_t *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* What reading a file may take at most. */
static int64_t bound(const uint8_t *bytes, size_t size)
{
    const int64_t held = (int64_t)size;
    return FUZZ_OBJECTS + FUZZ_INPUT +
           (is_gzip(bytes, size) ? FUZZ_EXPANSION * held + FUZZ_INFLATE : held);
}

/* A file that is not compressed is used to its last byte. head: bytes before the samples; each: bytes
 * before one of them */
static void check_size(gan_dataset *data, const uint8_t *bytes, size_t size, int64_t head,
                       int64_t each)
{
    const int64_t used = head + gan_dataset_count(data) * (gan_dataset_elements(data) + each);
    must(is_gzip(bytes, size) || used == (int64_t)size);
}

/* Reads all samples of a data set; frees it. labels: whether it must have some below 10 */
static void look(gan_context *context, gan_dataset *data, bool labels)
{
    const int64_t count = gan_dataset_count(data), elements = gan_dataset_elements(data);
    int64_t dims[GAN_RANK_MAX], product = 1;
    int32_t rank;
    must(gan_dataset_shape(data, &rank, dims, GAN_RANK_MAX) == GAN_OK);
    for (int32_t i = 0; i < rank; i++) {
        product *= dims[i];
    }
    must(count >= 1 && product == elements);
    if (elements <= 1 << 16) {
        float *sample = malloc((size_t)elements * sizeof *sample);
        must(sample != NULL);
        const int64_t step = 1 + count / 100;
        for (int64_t i = 0; i < count; i += step) {
            uint8_t label = 255;
            must(gan_dataset_read(data, i, 1, sample, elements) == GAN_OK);
            for (int64_t j = 0; j < elements; j++) {
                must(sample[j] >= 0 && sample[j] <= 1);
            }
            must(!labels || gan_dataset_read_labels(data, i, 1, &label, 1) == GAN_OK);
        }
        fuzz_status(context, gan_dataset_read(data, count, 1, sample, elements));
        free(sample);
    }
    gan_dataset_free(data);
}

/* Ends an attempt at opening: what it took, and what it gave. */
static void judge(gan_context *context, const fuzz_heap *heap, int32_t status, gan_dataset *data,
                  int64_t most, bool labels)
{
    must(heap->peak <= most);
    fuzz_status(context, status);
    must((status == GAN_OK) == (data != NULL));
    must(status == GAN_OK || status == GAN_ERROR_FORMAT || status == GAN_ERROR_SHAPE);
    if (data != NULL) {
        look(context, data, labels);
    }
}

static void open_idx(const uint8_t *bytes, size_t size)
{
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    const char *path = fuzz_file(bytes, size);
    gan_dataset *data = (gan_dataset *)&heap;
    int32_t status = gan_dataset_open_idx(context, path, NULL, &data);
    int32_t rank = 0;
    int64_t dims[GAN_RANK_MAX] = {0};
    if (status == GAN_OK) {
        gan_dataset_shape(data, &rank, dims, GAN_RANK_MAX);
        check_size(data, bytes, size, 4 + 4 * (int64_t)bytes[3], 0);
    }
    const bool flat = status == GAN_OK && rank == 1 && dims[0] == 1;
    judge(context, &heap, status, data, bound(bytes, size), false);
    data = (gan_dataset *)&heap; /* the same file as labels of itself */
    status = gan_dataset_open_idx(context, path, path, &data);
    must(status != GAN_OK || flat);
    judge(context, &heap, status, data, 2 * bound(bytes, size), true);
    fuzz_end(context, &heap);
}

static void put_idx(uint8_t *out, uint8_t rank, const uint8_t *dims)
{
    static const uint8_t magic[] = {0, 0, 8};
    memcpy(out, magic, 3);
    out[3] = rank;
    for (int i = 0; i < rank; i++) {
        memset(out + 4 + 4 * i, 0, 3);
        out[7 + 4 * i] = dims[i];
    }
}

static void seed_idx(void)
{
    static const uint8_t shapes[][6] = {{9},          {3, 4},          {2, 3, 5},
                                        {1, 2, 1, 2}, {2, 1, 1, 3, 1}, {1, 1, 2, 1, 1, 2}};
    for (uint8_t rank = 1; rank <= 6; rank++) {
        uint8_t file[128];
        size_t size = 1;
        put_idx(file, rank, shapes[rank - 1]);
        for (int i = 0; i < rank; i++) {
            size *= shapes[rank - 1][i];
        }
        for (size_t i = 0; i < size; i++) {
            file[4 + 4 * rank + i] = (uint8_t)(37 * i);
        }
        fuzz_seed(file, 4 + 4 * (size_t)rank + size);
    }
}

const fuzz_target fuzz_idx = {"idx", open_idx, seed_idx};

/* ---- Gzip ------------------------------------------------------------------------------------ */

/* Compresses; returns the size of `out`. */
static size_t compress_to(const uint8_t *bytes, size_t size, int level, uint8_t *out, size_t room)
{
    z_stream z = {0};
    must(deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (uint8_t *)(uintptr_t)bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)room;
    must(deflate(&z, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

/* The first byte says what the others are: a file (even), or the content of one (odd), which is
 * compressed in up to three members, with some bytes changed afterwards. */
static void open_gzip(const uint8_t *bytes, size_t size)
{
    enum { MOST = 1 << 16 };
    static uint8_t file[3 * MOST + 4096];
    if (size < 4 || size > MOST) {
        return;
    }
    if (bytes[0] % 2 == 0) {
        open_idx(bytes + 1, size - 1);
        return;
    }
    const int members = 1 + bytes[0] / 2 % 3, changes = bytes[0] / 8 % 4;
    const size_t left = size - 4;
    size_t length = 0;
    for (int i = 0; i < members; i++) {
        const size_t from = left * (size_t)i / (size_t)members;
        const size_t to = left * (size_t)(i + 1) / (size_t)members;
        length += compress_to(bytes + 4 + from, to - from, bytes[1] % 10, file + length,
                              sizeof file - length);
    }
    for (int i = 0; i < changes; i++) {
        file[(size_t)(bytes[2] * (i + 1) + 3 * i) % length] ^= (uint8_t)(1 << bytes[3] % 8);
    }
    open_idx(file, bytes[3] >= 192 ? length - bytes[2] % length : length);
}

static void seed_gzip(void)
{
    uint8_t content[4 + 8 + 60], file[2048], one[4 + 4 + 1000];
    put_idx(content + 0, 2, (const uint8_t[]){3, 20});
    for (int i = 0; i < 60; i++) {
        content[12 + i] = (uint8_t)(i * i);
    }
    for (int level = 0; level <= 9; level += 3) {
        file[0] = 0;
        fuzz_seed(file, 1 + compress_to(content, sizeof content, level, file + 1, sizeof file - 1));
    }
    for (uint8_t mode = 1; mode < 32; mode = (uint8_t)(mode + 6)) {
        memcpy(file, (const uint8_t[]){mode, 6, 13, 2}, 4);
        memcpy(file + 4, content, sizeof content);
        fuzz_seed(file, 4 + sizeof content);
    }
    put_idx(one, 1, (const uint8_t[]){0});
    one[6] = 1000 >> 8;
    one[7] = 1000 & 255;
    memset(one + 8, 7, 1000);
    file[0] = 0;
    fuzz_seed(file, 1 + compress_to(one, sizeof one, 9, file + 1, sizeof file - 1));
}

const fuzz_target fuzz_gzip = {"gzip", open_gzip, seed_gzip};

/* ---- Records --------------------------------------------------------------------------------- */

static void open_cifar(const uint8_t *bytes, size_t size)
{
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    gan_dataset *data = (gan_dataset *)&heap;
    const int32_t status = gan_dataset_open_cifar10(context, fuzz_file(bytes, size), &data);
    if (status == GAN_OK) {
        check_size(data, bytes, size, 0, 1);
    }
    judge(context, &heap, status, data, bound(bytes, size), true);
    fuzz_end(context, &heap);
}

static void seed_cifar(void)
{
    uint8_t record[2 * 3073], file[8192];
    for (size_t i = 0; i < sizeof record; i++) {
        record[i] = (uint8_t)(i % 3073 == 0 ? i % 10 : i % 64);
    }
    fuzz_seed(record, 3073);
    fuzz_seed(record, 2 * 3073);
    fuzz_seed(record, 3000);
    fuzz_seed(file, compress_to(record, 3073, 9, file, sizeof file));
    fuzz_seed(file, compress_to(record, sizeof record, 9, file, sizeof file));
    fuzz_seed(file, compress_to(record, 100, 9, file, sizeof file));
    record[3073] = 11;
    fuzz_seed(file, compress_to(record, sizeof record, 9, file, sizeof file));
}

const fuzz_target fuzz_cifar = {"cifar", open_cifar, seed_cifar};

/* The first two bytes choose the shape. */
static void open_raw(const uint8_t *bytes, size_t size)
{
    static const int64_t numbers[] = {1, 2, 3, 4, 7, 16, 28, 784, 1 << 20, INT64_MAX, 0, -1};
    if (size < 2) {
        return;
    }
    const int32_t rank = bytes[0] % 7;
    int64_t dims[8];
    for (int32_t i = 0; i < 8; i++) {
        dims[i] = i < 5 && (bytes[1] >> i & 1) == 0 ? 1 : numbers[(bytes[0] / 7 + i) % 12];
    }
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    gan_dataset *data = (gan_dataset *)&heap;
    const int32_t status =
        gan_dataset_open_raw(context, fuzz_file(bytes + 2, size - 2), rank, dims, &data);
    if (status == GAN_OK) {
        check_size(data, bytes + 2, size - 2, 0, 0);
    }
    if (status == GAN_ERROR_RANGE) {
        must(data == NULL && (rank < 1 || rank > GAN_RANK_MAX || bytes[1] != 0));
    } else {
        judge(context, &heap, status, data, bound(bytes + 2, size - 2), false);
    }
    fuzz_end(context, &heap);
}

static void seed_raw(void)
{
    uint8_t file[256];
    for (int i = 0; i < 254; i++) {
        file[2 + i] = (uint8_t)i;
    }
    for (int rank = 1; rank <= 5; rank++) {
        memcpy(file, (const uint8_t[]){(uint8_t)(rank + 7), 3}, 2);
        fuzz_seed(file, 2 + 36);
    }
    uint8_t packed[256] = {1 + 14, 1};
    fuzz_seed(packed, 2 + compress_to(file, 60, 9, packed + 2, sizeof packed - 2));
}

const fuzz_target fuzz_raw = {"raw", open_raw, seed_raw};
