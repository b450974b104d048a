/* Files of CIFAR-10 and files of bytes, raw and gzipped, well made and hostile. */
#include "data/input.h"
#include "dataset_support.h"

enum { PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS };

/* The bytes of sample i of a file made here. */
static uint8_t pixel(int64_t i, int64_t element)
{
    return (uint8_t)(i * 31 + element * 7 + element / 256);
}

/* `count` records; the label of record i is 3 i % 10. */
static blob make_cifar(int64_t count)
{
    blob out = {malloc((size_t)(count * RECORD)), (size_t)(count * RECORD)};
    for (int64_t i = 0; i < count; i++) {
        out.bytes[i * RECORD] = (uint8_t)(3 * i % 10);
        for (int64_t j = 0; j < PIXELS; j++) {
            out.bytes[i * RECORD + 1 + j] = pixel(i, j);
        }
    }
    return out;
}

static int32_t open_cifar(blob file)
{
    return gan_dataset_open_cifar10(ctx, write_file("file", file.bytes, file.size), &set);
}

static int32_t open_raw(blob file, int64_t elements)
{
    return gan_dataset_open_raw(ctx, write_file("file", file.bytes, file.size), 1, &elements, &set);
}

static void forget(void)
{
    gan_dataset_free(set);
    set = NULL;
}

/* Checks that `set` holds what make_cifar wrote, and frees it. */
static void check_cifar(int64_t count)
{
    need(gan_dataset_count(set) == count);
    int32_t rank;
    int64_t dims[GAN_RANK_MAX];
    ok(gan_dataset_shape(set, &rank, dims, GAN_RANK_MAX));
    need(rank == 3 && dims[0] == 3 && dims[1] == 32 && dims[2] == 32);
    float read[PIXELS];
    uint8_t label;
    for (int64_t i = 0; i < count; i++) {
        ok(gan_dataset_read(set, i, 1, read, PIXELS));
        ok(gan_dataset_read_labels(set, i, 1, &label, 1));
        need(label == 3 * i % 10);
        for (int64_t j = 0; j < PIXELS; j++) {
            need(read[j] == (float)pixel(i, j) / 255.0f);
        }
    }
    forget();
}

/* Checks that a file is refused as such by both readers. */
static void both_fail(const char *path, int32_t code, const char *text)
{
    create_fails(gan_dataset_open_cifar10(ctx, path, &set), code, text);
    create_fails(gan_dataset_open_raw(ctx, path, 2, two_by_three, &set), code, text);
}

START_TEST(cifar_files_are_read)
{
    const int64_t counts[] = {1, 2, 64};
    for (int i = 0; i < 3; i++) {
        blob raw = make_cifar(counts[i]), packed = make_gzip(raw);
        ok(open_cifar(raw));
        check_cifar(counts[i]);
        ok(open_cifar(packed));
        check_cifar(counts[i]);
        free(raw.bytes);
        free(packed.bytes);
    }
}
END_TEST

START_TEST(cifar_files_of_other_lengths_are_refused)
{
    blob raw = make_cifar(3), longer = join(raw, (blob){(uint8_t *)"", 1});
    raw.size--;
    blob packed = make_gzip(raw), packed_longer = make_gzip(longer);
    const char *wanted = "/file: 9218 bytes are not a whole number of records of 3073 bytes";
    create_fails(open_cifar(raw), GAN_ERROR_FORMAT, wanted);
    create_fails(open_cifar(packed), GAN_ERROR_FORMAT, wanted);
    create_fails(open_cifar(longer), GAN_ERROR_FORMAT, "/file: 9220 bytes are not");
    create_fails(open_cifar(packed_longer), GAN_ERROR_FORMAT, "/file: 9220 bytes are not");
    create_fails(open_cifar((blob){raw.bytes, 1}), GAN_ERROR_FORMAT, "/file: 1 bytes are not");
    ck_assert_int_lt(peak(), OVERHEAD); /* no sample was made room for */
    free(raw.bytes);
    free(longer.bytes);
    free(packed.bytes);
    free(packed_longer.bytes);
}
END_TEST

START_TEST(labels_beyond_9_are_refused)
{
    blob raw = make_cifar(5);
    for (int i = 0; i < 5; i++) {
        const uint8_t label = raw.bytes[i * RECORD];
        raw.bytes[i * RECORD] = 9;
        ok(open_cifar(raw));
        forget();
        for (int bad = 10; bad < 256; bad += 245) {
            char text[64];
            snprintf(text, sizeof text, "/file: record %d has label %d, at most 9", i, bad);
            raw.bytes[i * RECORD] = (uint8_t)bad;
            create_fails(open_cifar(raw), GAN_ERROR_FORMAT, text);
            blob packed = make_gzip(raw);
            create_fails(open_cifar(packed), GAN_ERROR_FORMAT, text);
            free(packed.bytes);
        }
        raw.bytes[i * RECORD] = label;
    }
    free(raw.bytes);
}
END_TEST

START_TEST(raw_files_are_read)
{
    enum { SIZE = 60 };
    uint8_t bytes[SIZE];
    for (int i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    blob raw = {bytes, SIZE}, packed = make_gzip(raw);
    for (int64_t elements = 1; elements <= SIZE; elements++) {
        for (int gzipped = 0; gzipped < 2; gzipped++) {
            const blob file = gzipped ? packed : raw;
            if (SIZE % elements == 0) {
                ok(open_raw(file, elements));
                check_elements(SIZE / elements, elements);
            } else {
                char text[96];
                snprintf(text, sizeof text,
                         "60 bytes are not a whole number of samples of %lld bytes",
                         (long long)elements);
                create_fails(open_raw(file, elements), GAN_ERROR_FORMAT, text);
            }
        }
    }
    create_fails(open_raw(raw, 61), GAN_ERROR_FORMAT, "60 bytes are not a whole number");
    const char *path = write_file("file", packed.bytes, packed.size);
    ok(gan_dataset_open_raw(ctx, path, 2, two_by_three, &set));
    uint8_t label;
    fails(gan_dataset_read_labels(set, 0, 1, &label, 1), GAN_ERROR_STATE, "no labels");
    int32_t rank;
    int64_t dims[2];
    ok(gan_dataset_shape(set, &rank, dims, 2));
    need(rank == 2 && dims[0] == 2 && dims[1] == 3);
    check_elements(10, 6);
    free(packed.bytes);
}
END_TEST

START_TEST(sizes_about_those_of_buffers_are_read)
{
    enum { PIECE = 16384, CHUNK = GAN__INPUT_CHUNK };
    const int64_t sizes[] = {PIECE - 1, PIECE,     PIECE + 1, CHUNK - 1,
                             CHUNK,     CHUNK + 1, 4 * CHUNK, 5 * PIECE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t size = (size_t)sizes[i];
        blob raw = {malloc(size), size};
        for (size_t j = 0; j < size; j++) {
            raw.bytes[j] = (uint8_t)(j * 7 + j / 256);
        }
        blob first = make_gzip((blob){raw.bytes, size / 3});
        blob rest = make_gzip((blob){raw.bytes + size / 3, size - size / 3});
        blob members = join(first, rest);
        ok(open_raw(raw, 1));
        check_elements(sizes[i], 1);
        ok(open_raw(members, 1));
        check_elements(sizes[i], 1);
        free(raw.bytes);
        free(first.bytes);
        free(rest.bytes);
        free(members.bytes);
    }
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    create_fails(gan_dataset_open_cifar10(ctx, NULL, &set), GAN_ERROR_ARGUMENT, "path is NULL");
    create_fails(gan_dataset_open_raw(ctx, NULL, 1, one, &set), GAN_ERROR_ARGUMENT, "path is NULL");
    fails(gan_dataset_open_cifar10(ctx, "x", NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    fails(gan_dataset_open_raw(ctx, "x", 1, one, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    create_fails(gan_dataset_open_cifar10(NULL, "x", &set), GAN_ERROR_ARGUMENT, "");
    create_fails(gan_dataset_open_raw(NULL, "x", 1, one, &set), GAN_ERROR_ARGUMENT, "");
    both_fail(at("none"), GAN_ERROR_IO, "/none: cannot open: ");
    both_fail(folder, GAN_ERROR_IO, "not a regular file");
    blob nothing = make_gzip((blob){(uint8_t *)"", 0});
    both_fail(write_file("empty", "", 0), GAN_ERROR_FORMAT, "/empty: the file is empty");
    both_fail(write_file("empty", nothing.bytes, nothing.size), GAN_ERROR_FORMAT,
              "/empty: the file is empty");
    free(nothing.bytes);

    const char *path = write_file("file", "123456", 6);
    create_fails(gan_dataset_open_raw(ctx, path, 1, NULL, &set), GAN_ERROR_ARGUMENT, "dims");
    create_fails(gan_dataset_open_raw(ctx, path, 0, one, &set), GAN_ERROR_RANGE, "rank");
    create_fails(gan_dataset_open_raw(ctx, path, GAN_RANK_MAX + 1, one, &set), GAN_ERROR_RANGE,
                 "rank");
    create_fails(gan_dataset_open_raw(ctx, path, 2, (int64_t[]){6, 0}, &set), GAN_ERROR_RANGE, "0");
    create_fails(gan_dataset_open_raw(ctx, path, 2, (int64_t[]){1 << 20, 1 << 20}, &set),
                 GAN_ERROR_SHAPE, "");
}
END_TEST

START_TEST(damaged_gzip_is_refused)
{
    blob raw = make_cifar(2), packed = make_gzip(raw);
    for (size_t size = 2; size < packed.size; size += size < 40 ? 1 : 17) {
        create_fails(open_cifar((blob){packed.bytes, size}), GAN_ERROR_FORMAT,
                     "the gzip data is truncated");
    }
    create_fails(open_cifar((blob){packed.bytes, packed.size - 1}), GAN_ERROR_FORMAT, "truncated");
    packed.bytes[packed.size - 8] ^= 1;
    create_fails(open_cifar(packed), GAN_ERROR_FORMAT, "corrupt: incorrect data check");
    packed.bytes[packed.size - 8] ^= 1;
    blob followed = join(packed, (blob){(uint8_t *)"garbage", 7});
    create_fails(open_cifar(followed), GAN_ERROR_FORMAT, "corrupt: incorrect header check");
    ok(open_cifar(packed));
    check_cifar(2);
    free(raw.bytes);
    free(packed.bytes);
    free(followed.bytes);
}
END_TEST

START_TEST(memory_is_that_of_the_content)
{
    enum { RECORDS = 1000 };
    blob raw = make_cifar(RECORDS);
    for (int64_t i = 0; i < RECORDS; i++) {
        memset(raw.bytes + i * RECORD + 1, 0, PIXELS);
    }
    blob packed = make_gzip(raw);
    ck_assert_uint_gt(raw.size, packed.size * 100);
    ok(open_cifar(packed));
    need(gan_dataset_count(set) == RECORDS);
    forget();
    ck_assert_int_lt(peak(), RECORDS * RECORD + OVERHEAD);
    ok(open_cifar(raw));
    forget();
    ck_assert_int_lt(peak(), RECORDS * RECORD + OVERHEAD);
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

/* The published files, in the folder that the environment names. */
START_TEST(cifar10_is_read)
{
    enum { ROWS = 10000 };
    const char *data = getenv("GAN_TEST_CIFAR10");
    if (data == NULL) {
        fprintf(stderr, "skipped: GAN_TEST_CIFAR10 names no folder with test_batch.bin\n");
        return;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/test_batch.bin", data);
    ok(gan_dataset_open_cifar10(ctx, path, &set));
    need(gan_dataset_count(set) == ROWS && gan_dataset_elements(set) == PIXELS);
    uint8_t *labels = malloc(ROWS);
    float *values = malloc((size_t)ROWS * PIXELS * sizeof *values);
    ok(gan_dataset_read_labels(set, 0, ROWS, labels, ROWS));
    ok(gan_dataset_read(set, 0, ROWS, values, (int64_t)ROWS * PIXELS));
    int counts[10] = {0};
    double sums[3] = {0};
    for (int i = 0; i < ROWS; i++) {
        counts[labels[i]]++;
        for (int j = 0; j < PIXELS; j++) {
            sums[j / 1024] += (double)values[(size_t)i * PIXELS + j];
        }
    }
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(counts[i], 1000); /* of each class */
    }
    near(sums[0] / (ROWS * 1024.0), 0.49, 0.01); /* red, green, blue */
    near(sums[1] / (ROWS * 1024.0), 0.48, 0.01);
    near(sums[2] / (ROWS * 1024.0), 0.45, 0.01);
    free(labels);
    free(values);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset images");
    add_case(suite, "images",
             (const TTest *[]){cifar_files_are_read, cifar_files_of_other_lengths_are_refused,
                               labels_beyond_9_are_refused, raw_files_are_read,
                               sizes_about_those_of_buffers_are_read, what_is_no_file_is_refused,
                               damaged_gzip_is_refused, memory_is_that_of_the_content,
                               cifar10_is_read, NULL});
    return run_cases(suite);
}
