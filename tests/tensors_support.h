/* What the tests of files of tensors share: a folder of their own, files made byte by byte.
 * Included once by each test program; everything is static. */
#ifndef GAN_TESTS_TENSORS_SUPPORT_H
#define GAN_TESTS_TENSORS_SUPPORT_H

#include "api.h"
#include "io/tensors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "gan-tensors-XXXXXX";

/* The path of a file in the folder; good until the call after the next. */
static inline const char *at(const char *name)
{
    static char paths[2][600];
    static int turn;
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

/* Writes a file as it is; returns its path. */
static inline const char *put(const char *name, const void *bytes, size_t size)
{
    const char *path = at(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* Reads a whole file; the caller frees it. */
static inline uint8_t *get(const char *path, size_t *size)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    *size = (size_t)status.st_size;
    uint8_t *bytes = malloc(*size + 1);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(bytes);
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* Removes what is in the folder; returns how much there was. */
static inline int clear(void)
{
    int count = 0;
    DIR *open = opendir(folder);
    ck_assert_ptr_nonnull(open);
    for (const struct dirent *one = readdir(open); one != NULL; one = readdir(open)) {
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0) {
            ck_assert_int_eq(remove(at(one->d_name)), 0);
            count++;
        }
    }
    closedir(open);
    return count;
}

/* A file of N, a header and as many bytes of data, which count up from 0. The caller frees it. */
static inline uint8_t *make(const char *header, size_t length, size_t data, size_t *size)
{
    *size = 8 + length + data;
    uint8_t *bytes = malloc(*size);
    ck_assert_ptr_nonnull(bytes);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)length >> (8 * i));
    }
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data; i++) {
        bytes[8 + length + i] = (uint8_t)i;
    }
    return bytes;
}

/* The least descriptor that is free: the same before and after whatever closes what it opens. */
static inline int free_descriptor(void)
{
    const int file = open("/dev/null", O_RDONLY);
    ck_assert_int_ge(file, 0);
    close(file);
    return file;
}

static inline void start(void)
{
    ctx = new_context(&own);
}

static inline void finish(void)
{
    end_context(ctx, &own);
    clear();
}

/* Opens a file and reads all of it; the first status that is not GAN_OK. */
static inline int32_t read_all(const char *path)
{
    gan__tensors *file = (gan__tensors *)&own;
    int32_t status = gan__tensors_open(ctx, path, &file);
    ck_assert_msg((status == GAN_OK) == (file != NULL), "status %d", (int)status);
    for (int64_t i = 0; status == GAN_OK && i < gan__tensors_count(file); i++) {
        const gan__tensor *tensor = gan__tensors_at(file, i);
        void *values = malloc((size_t)gan__tensor_bytes(tensor) + 1);
        ck_assert_ptr_nonnull(values);
        status = gan__tensors_read(file, tensor, values);
        free(values);
    }
    gan__tensors_close(file);
    return status;
}

/* Two small tensors and two notes. */
static const float three[] = {1, -2.5f, 0};
static const uint8_t two[] = {7, 255};
static const gan__tensor pair[] = {
    {.name = "b", .type = GAN__TENSOR_U8, .rank = 1, .dims = {2}, .data = two},
    {.name = "w", .type = GAN__TENSOR_F32, .rank = 2, .dims = {3, 1}, .data = three}};
static const gan__tensor_note remarks[] = {{"step", "12"}, {"format", "x\"y"}};

/* Runs tests, up to a NULL, each with a context and an empty folder. */
static inline int run_in_folder(const char *name, const TTest *const *tests)
{
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 600);
    tcase_add_checked_fixture(all, start, finish);
    for (; *tests != NULL; tests++) {
        tcase_add_test(all, *tests);
    }
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    rmdir(folder);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
