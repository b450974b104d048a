/* What the tests of data sets share: a context and a data set for every test, failures that are
 * checked, a callback that misbehaves, IDX files made in a temporary folder. Included once by each
 * test program; everything is static. */
#ifndef GAN_TESTS_DATASET_SUPPORT_H
#define GAN_TESTS_DATASET_SUPPORT_H

#include <gan/gan.h>

#include "data/dataset.h"
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static heap own;
static gan_context *ctx;
static gan_dataset *set; /* of the test; freed after it */
static char folder[] = "gan-dataset-XXXXXX";

static inline void start(void)
{
    set = NULL;
    ctx = new_context(&own);
}

static inline void finish(void)
{
    gan_dataset_free(set);
    end_context(ctx, &own);
}

/* As ck_assert, but without a note in Check's log each time, which takes longer than most of what
 * is tested here. */
#define need(condition)                                                                 \
    do {                                                                                \
        if (!(condition)) {                                                             \
            ck_abort_msg("%s; last message: %s", #condition, gan_context_message(ctx)); \
        }                                                                               \
    } while (0)

#define ok(call) need((call) == GAN_OK)

/* Checks a failure: its code, and that the message is one line that contains `text`. */
static inline void fails(int32_t status, int32_t code, const char *text)
{
    const char *message = gan_context_message(ctx);
    if (status != code || strstr(message, text) == NULL || strchr(message, '\n') != NULL) {
        ck_abort_msg("status %d and \"%s\", not %d and \"%s\"", (int)status, message, (int)code,
                     text);
    }
}

/* Checks that `call`, which makes a data set in `set`, fails and leaves NULL there. */
#define create_fails(call, code, text)     \
    do {                                   \
        gan_dataset *const before = (set); \
        (set) = (gan_dataset *)&own;       \
        fails((call), (code), (text));     \
        need((set) == NULL);               \
        (set) = before;                    \
    } while (0)

#define near(a, b, tolerance)                                     \
    do {                                                          \
        const double is = (double)(a), should = (double)(b);      \
        if (!(fabs(is - should) <= (double)(tolerance))) {        \
            ck_abort_msg("%s is %.9g, not %.9g", #a, is, should); \
        }                                                         \
    } while (0)

#define equal(a, b) near(a, b, 0)

static inline bool same_bits(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static const int64_t one[] = {1}, two_by_three[] = {2, 3};

/* A data set of `count` samples of shape [1] that are their own numbers. */
static inline gan_dataset *numbered(int64_t count)
{
    float *values = calloc((size_t)count, sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)i;
    }
    gan_dataset *out;
    ok(gan_dataset_from_floats(ctx, count, 1, one, values, &out));
    free(values);
    return out;
}

/* Callbacks ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t bad;    /* the sample at which it misbehaves */
    int32_t answer; /* what it then returns */
    float value;    /* and delivers */
    bool forget;    /* or does not deliver */
    int64_t calls;
} teller;

/* Sample i is [i, i / 2]. */
static inline int32_t tell(void *user, int64_t index, float *sample)
{
    teller *t = user;
    t->calls++;
    sample[0] = (float)index;
    if (index != t->bad) {
        sample[1] = (float)index / 2;
        return 0;
    }
    if (!t->forget) {
        sample[1] = t->value;
    }
    return t->answer;
}

static const int64_t pair[] = {2};

/* Files -------------------------------------------------------------------------------------- */

typedef struct {
    uint8_t *bytes;
    size_t size;
} blob;

/* A path in the temporary folder; the text is good until the eighth call from now. */
static const char *at(const char *name)
{
    static char paths[8][64];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static const char *write_file(const char *name, const void *bytes, size_t size)
{
    const char *path = at(name);
    FILE *file = fopen(path, "wb");
    need(file != NULL && fwrite(bytes, 1, size, file) == size);
    need(fclose(file) == 0);
    return path;
}

/* An IDX file of `size` elements i * 7 + i / 256, whatever the dimensions. */
static inline blob make_idx(int rank, const uint32_t *dims, size_t size)
{
    blob out = {malloc(4 + 4 * (size_t)rank + size), 4 + 4 * (size_t)rank + size};
    memcpy(out.bytes, (uint8_t[]){0, 0, 8, (uint8_t)rank}, 4);
    for (int i = 0; i < 4 * rank; i++) {
        out.bytes[4 + i] = (uint8_t)(dims[i / 4] >> (24 - 8 * (i % 4)));
    }
    for (size_t i = 0; i < size; i++) {
        out.bytes[out.size - size + i] = (uint8_t)(i * 7 + i / 256);
    }
    return out;
}

static inline blob make_gzip(blob raw)
{
    z_stream z = {0};
    need(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    const size_t room = deflateBound(&z, raw.size) + 64;
    blob out = {malloc(room), 0};
    z.next_in = raw.bytes;
    z.avail_in = (uInt)raw.size;
    z.next_out = out.bytes;
    z.avail_out = (uInt)room;
    need(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out.size = z.total_out;
    deflateEnd(&z);
    return out;
}

static inline blob join(blob a, blob b)
{
    blob out = {malloc(a.size + b.size + 1), a.size + b.size};
    memcpy(out.bytes, a.bytes, a.size);
    memcpy(out.bytes + a.size, b.bytes, b.size);
    return out;
}

/* Opens a blob as a file, without labels. */
static inline int32_t open_blob(blob file, gan_dataset **out)
{
    return gan_dataset_open_idx(ctx, write_file("file", file.bytes, file.size), NULL, out);
}

/* Checks that `set` holds the elements of make_idx, and frees it. */
static inline void check_elements(int64_t count, int64_t elements)
{
    need(gan_dataset_count(set) == count);
    need(gan_dataset_elements(set) == elements);
    float *read = calloc((size_t)(count * elements), sizeof *read);
    ok(gan_dataset_read(set, 0, count, read, count * elements));
    for (int64_t i = 0; i < count * elements; i++) {
        equal(read[i], (float)(uint8_t)(i * 7 + i / 256) / 255.0f);
    }
    free(read);
    gan_dataset_free(set);
    set = NULL;
}

/* The most memory a file may cause to be used beyond what it can hold: chunk, zlib, objects. */
enum { OVERHEAD = 65536 + 50000 + 4096 };

static inline int64_t peak(void)
{
    int64_t most;
    ok(gan_context_memory(ctx, NULL, &most));
    return most;
}

/* Running ------------------------------------------------------------------------------------ */

static inline void remove_folder(void)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    rmdir(folder);
}

/* Adds a case of tests, NULL at its end. */
static inline void add_case(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, finish);
    for (; *tests != NULL; tests++) {
        tcase_add_test(tcase, *tests);
    }
    suite_add_tcase(suite, tcase);
}

/* Runs the cases between making and removing the temporary folder. */
static inline int run_cases(Suite *suite)
{
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_folder();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
