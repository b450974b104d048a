/* The safetensors container by itself: any bytes. What can be opened can be read, and written anew
 * with the same tensors. */
#include "fuzz.h"

#include "io/tensors.h"

/* Two tensors are the same but for their data. */
static bool alike(const gan__tensor *a, const gan__tensor *b)
{
    return strcmp(a->name, b->name) == 0 && a->type == b->type && a->rank == b->rank &&
           memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

/* Reads all data; returns whether every checksum held. data: [count] */
static bool read_data(gan_context *context, gan__tensors *file, void **data)
{
    bool whole = true;
    for (int64_t i = 0; i < gan__tensors_count(file); i++) {
        const gan__tensor *one = gan__tensors_at(file, i);
        const int64_t size = gan__tensor_bytes(one);
        must(size >= 0 && gan__tensors_find(file, one->name) == one);
        data[i] = malloc((size_t)size + (size == 0));
        must(data[i] != NULL);
        const int32_t status = gan__tensors_read(file, one, data[i]);
        fuzz_status(context, status);
        must(status == GAN_OK || status == GAN_ERROR_FORMAT);
        whole = whole && status == GAN_OK;
    }
    return whole;
}

/* Writes what was read; the new file must have the same. */
static void write_again(gan_context *context, gan__tensors *file, void **data)
{
    const int64_t count = gan__tensors_count(file);
    const char *path = fuzz_path("again");
    gan__tensor *tensors = calloc((size_t)count + 1, sizeof *tensors);
    must(tensors != NULL);
    for (int64_t i = 0; i < count; i++) {
        tensors[i] = *gan__tensors_at(file, i);
        tensors[i].data = data[i];
    }
    const int32_t status = gan__tensors_write(context, path, count, tensors, 0, NULL);
    fuzz_status(context, status);
    if (status == GAN_OK) { /* not where a name is empty or reserved */
        gan__tensors *again;
        must(gan__tensors_open(context, path, &again) == GAN_OK);
        must(gan__tensors_count(again) == count);
        for (int64_t i = 0; i < count; i++) {
            const gan__tensor *one = gan__tensors_at(again, i);
            const int64_t size = gan__tensor_bytes(one);
            must(alike(one, tensors + i));
            void *values = malloc((size_t)size + 1);
            must(values != NULL && gan__tensors_read(again, one, values) == GAN_OK);
            must(size == 0 || memcmp(values, data[i], (size_t)size) == 0);
            free(values);
        }
        gan__tensors_close(again);
    }
    free(tensors);
}

/* The tensors take all of the file behind its header, each byte once. */
static void check_size(const gan__tensors *file, const uint8_t *bytes, size_t size)
{
    uint64_t total = 8;
    for (int i = 0; i < 8; i++) {
        total += (uint64_t)bytes[i] << (8 * i);
    }
    for (int64_t i = 0; i < gan__tensors_count(file); i++) {
        total += (uint64_t)gan__tensor_bytes(gan__tensors_at(file, i));
    }
    must(total == size);
}

static void open_container(const uint8_t *bytes, size_t size)
{
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    gan__tensors *file = (gan__tensors *)&heap;
    const int32_t status = gan__tensors_open(context, fuzz_file(bytes, size), &file);
    fuzz_status(context, status);
    must((status == GAN_OK) == (file != NULL));
    must(status == GAN_OK || status == GAN_ERROR_FORMAT || status == GAN_ERROR_UNSUPPORTED);
    must(heap.peak <= FUZZ_HEADER * (int64_t)size + FUZZ_OBJECTS);
    if (file != NULL) {
        const int64_t count = gan__tensors_count(file);
        void **data = calloc((size_t)count + 1, sizeof *data);
        must(data != NULL);
        check_size(file, bytes, size);
        must(gan__tensors_at(file, -1) == NULL && gan__tensors_at(file, count) == NULL);
        if (read_data(context, file, data)) {
            write_again(context, file, data);
        }
        for (int64_t i = 0; i < count; i++) {
            free(data[i]);
        }
        free(data);
    }
    gan__tensors_close(file);
    fuzz_end(context, &heap);
}

static void seed_text(const char *header, size_t data)
{
    uint8_t file[2048] = {0};
    const size_t length = strlen(header);
    file[0] = (uint8_t)(length & 255);
    file[1] = (uint8_t)(length >> 8);
    memcpy(file + 8, header, length);
    fuzz_seed(file, 8 + length + data);
}

static void seed(void)
{
    static const float three[] = {1, -2.5f, 0};
    static const int64_t number = 7;
    static const gan__tensor tensors[] = {
        {.name = "a.weight", .type = GAN__TENSOR_F32, .rank = 2, .dims = {3, 1}, .data = three},
        {.name = "b", .type = GAN__TENSOR_I64, .data = &number},
        {.name = "c", .type = GAN__TENSOR_U8, .rank = 1, .dims = {4}, .data = three},
        {.name = "d", .type = GAN__TENSOR_F64, .rank = 3, .dims = {1, 0, 2}, .data = three}};
    static const gan__tensor_note notes[] = {{"format", "x\"\n\\y"}, {"version", "1"}};
    fuzz_heap heap = {0};
    gan_context *context = fuzz_context(&heap);
    for (int64_t count = 0; count <= 4; count++) {
        const char *path = fuzz_path("seed");
        must(gan__tensors_write(context, path, count, tensors, count % 3, notes) == GAN_OK);
        fuzz_seed_file(path);
    }
    fuzz_end(context, &heap);
    static const char *const headers[] = {
        "{}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}   ",
        "{\"\\u00e9\\ud83d\\ude00\":{\"shape\":[],\"data_offsets\":[0,8],\"dtype\":\"F64\"}}",
        "{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}",
        "{\"__metadata__\":{\"crc32.a\":\"41d912ff\"},\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
        "\"data_offsets\":[0,1]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\","
        "\"shape\":[2],\"data_offsets\":[0,2]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\","
        "\"shape\":[1],\"data_offsets\":[2,3]}}"};
    static const size_t data[] = {0, 2, 8, 8, 1, 4, 0, 2, 3};
    for (size_t i = 0; i < FUZZ_COUNT(headers); i++) {
        seed_text(headers[i], data[i]);
    }
}

const fuzz_target fuzz_tensors = {"tensors", open_container, seed};
