/* Data sets: what they deliver, to the bit; the order of epochs; hostile IDX files; memory. */
#include <gan/gan.h>

#include "data/dataset.h"
#include "data/words.h"
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* What every test starts from --------------------------------------------------------------------- */

static heap own;
static gan_context *ctx;
static gan_dataset *set; /* of the test; freed after it */
static char folder[] = "/tmp/gan-dataset-XXXXXX";

static void start(void)
{
    set = NULL;
    ctx = new_context(&own);
}

static void finish(void)
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
static void fails(int32_t status, int32_t code, const char *text)
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

static bool same_bits(const float *a, const float *b, int64_t count)
{
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static const int64_t one[] = {1}, two_by_three[] = {2, 3};

/* A data set of `count` samples of shape [1] that are their own numbers. */
static gan_dataset *numbered(int64_t count)
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

/* Memory, slices, scales -------------------------------------------------------------------------- */

START_TEST(floats_are_delivered_as_given)
{
    float values[4 * 6], read[4 * 6];
    for (int i = 0; i < 24; i++) {
        values[i] = ldexpf((float)(i * i - 100), 5 * i - 60); /* to denormals */
    }
    values[7] = -0.0f;
    ok(gan_dataset_from_floats(ctx, 4, 2, two_by_three, values, &set));
    float original[24];
    memcpy(original, values, sizeof values);
    memset(values, 0, sizeof values); /* they were copied */
    ck_assert_int_eq(gan_dataset_count(set), 4);
    ck_assert_int_eq(gan_dataset_elements(set), 6);
    ok(gan_dataset_read(set, 0, 4, read, 24));
    ck_assert(same_bits(read, original, 24));
    read[6] = 99;
    ok(gan_dataset_read(set, 3, 1, read, 24));
    ck_assert(same_bits(read, original + 18, 6));
    equal(read[6], 99); /* no more than asked is written */
    fails(gan_dataset_read(set, 0, 4, read, 23), GAN_ERROR_BUFFER, "4 samples need 24 floats");
}
END_TEST

START_TEST(bytes_are_delivered_over_255)
{
    uint8_t values[256];
    float read[256];
    for (int i = 0; i < 256; i++) {
        values[i] = (uint8_t)i;
    }
    ok(gan_dataset_from_bytes(ctx, 256, 1, one, values, &set));
    ok(gan_dataset_read(set, 0, 256, read, 256));
    for (int i = 0; i < 256; i++) {
        equal(read[i], (float)i / 255.0f); /* exactly */
    }
    gan_dataset *both;
    ok(gan_dataset_scale(set, 2, -1, &both));
    ok(gan_dataset_read(both, 0, 256, read, 256));
    gan_dataset_free(both);
    equal(read[0], -1);
    equal(read[255], 1);
    for (int i = 0; i < 256; i++) {
        equal(read[i], (float)(2.0 / 255 * i - 1));
    }
}
END_TEST

START_TEST(bytes_stay_bytes)
{
    enum { COUNT = 100000 };
    uint8_t *values = calloc(COUNT, 1);
    int64_t now;
    ok(gan_dataset_from_bytes(ctx, COUNT, 1, one, values, &set));
    gan_dataset *slice, *scaled;
    ok(gan_dataset_slice(set, 1, COUNT - 1, &slice));
    ok(gan_dataset_scale(slice, 2, 0, &scaled));
    free(values);
    ok(gan_context_memory(ctx, &now, NULL));
    ck_assert_int_lt(now, COUNT + 2000); /* and slices and scales share them */
    gan_dataset_free(slice);
    gan_dataset_free(scaled);
}
END_TEST

START_TEST(slices_and_scales_compose)
{
    enum { COUNT = 20 };
    float values[COUNT], read[COUNT];
    for (int i = 0; i < COUNT; i++) {
        values[i] = sinf((float)i);
    }
    ok(gan_dataset_from_floats(ctx, COUNT, 1, one, values, &set));
    gan_dataset *a, *b, *c, *d;
    ok(gan_dataset_slice(set, 3, 12, &a));  /* 3 to 14 */
    ok(gan_dataset_scale(a, 1.1, 0.3, &b)); /* in double, rounded once */
    ok(gan_dataset_slice(b, 2, 10, &c));    /* 5 to 14 */
    ok(gan_dataset_scale(c, -7.7, 1e-3, &d));
    gan_dataset_free(a); /* the order of frees does not matter */
    gan_dataset_free(set);
    set = NULL;
    gan_dataset_free(b);
    ck_assert_int_eq(gan_dataset_count(d), 10);
    ok(gan_dataset_read(d, 1, 9, read, 9));
    for (int i = 0; i < 9; i++) {
        const double expected = 1.1 * -7.7 * (double)values[6 + i] + (0.3 * -7.7 + 1e-3);
        equal(read[i], (float)expected);
    }
    ok(gan_dataset_read(c, 9, 1, read, 1));
    equal(read[0], (float)(1.1 * (double)values[14] + 0.3));
    gan_dataset_free(c);
    ok(gan_dataset_scale(d, 1 / -7.7, 0, &set));
    gan_dataset_free(d);
}
END_TEST

START_TEST(shapes_are_told)
{
    float values[24] = {0};
    int64_t dims[GAN_RANK_MAX] = {0};
    int32_t rank = 0;
    ok(gan_dataset_from_floats(ctx, 4, 2, two_by_three, values, &set));
    ok(gan_dataset_shape(set, &rank, dims, GAN_RANK_MAX));
    ck_assert(rank == 2 && dims[0] == 2 && dims[1] == 3 && dims[2] == 0);
    rank = 0;
    fails(gan_dataset_shape(set, &rank, dims, 1), GAN_ERROR_BUFFER, "2 dimensions");
    ck_assert_int_eq(rank, 2);
    fails(gan_dataset_shape(set, &rank, NULL, 2), GAN_ERROR_ARGUMENT, "dims");
    fails(gan_dataset_shape(set, NULL, dims, 2), GAN_ERROR_ARGUMENT, "rank");
    ck_assert_int_eq(gan_dataset_shape(NULL, &rank, dims, 2), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_dataset_count(NULL), 0);
    ck_assert_int_eq(gan_dataset_elements(NULL), 0);
    gan_dataset_free(NULL);
}
END_TEST

START_TEST(creation_checks_its_arguments)
{
    const int64_t zero[] = {2, 0}, huge[] = {1 << 16, 1 << 16}, large[] = {INT32_MAX};
    float values[] = {1, 2, 3, 4, 5, INFINITY};
    const uint8_t bytes[6] = {0};
    create_fails(gan_dataset_from_floats(ctx, 1, 2, two_by_three, values, &set), GAN_ERROR_NUMERIC,
                 "element 5 of sample 0 is infinite");
    values[5] = NAN;
    create_fails(gan_dataset_from_floats(ctx, 3, 1, (int64_t[]){2}, values, &set),
                 GAN_ERROR_NUMERIC, "element 1 of sample 2 is NaN");
    create_fails(gan_dataset_from_floats(ctx, 1, 1, one, NULL, &set), GAN_ERROR_ARGUMENT, "values");
    create_fails(gan_dataset_from_floats(ctx, 0, 1, one, values, &set), GAN_ERROR_RANGE, "0");
    create_fails(gan_dataset_from_floats(ctx, -7, 1, one, values, &set), GAN_ERROR_RANGE, "-7");
    create_fails(gan_dataset_from_bytes(ctx, 1, 1, one, NULL, &set), GAN_ERROR_ARGUMENT, "values");
    create_fails(gan_dataset_from_bytes(ctx, 1, 0, one, bytes, &set), GAN_ERROR_RANGE, "rank 0");
    create_fails(gan_dataset_from_bytes(ctx, 1, 6, one, bytes, &set), GAN_ERROR_RANGE, "rank 6");
    create_fails(gan_dataset_from_bytes(ctx, 1, 1, NULL, bytes, &set), GAN_ERROR_ARGUMENT, "dims");
    create_fails(gan_dataset_from_bytes(ctx, 1, 2, zero, bytes, &set), GAN_ERROR_RANGE,
                 "dimension 1 is 0");
    create_fails(gan_dataset_from_bytes(ctx, 1, 2, huge, bytes, &set), GAN_ERROR_SHAPE, "elements");
    create_fails(gan_dataset_from_bytes(ctx, INT64_MAX / 2, 1, large, bytes, &set), GAN_ERROR_SHAPE,
                 "2147483647 elements");
    create_fails(gan_dataset_from_bytes(NULL, 1, 1, one, bytes, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_from_floats(ctx, 1, 1, one, values, NULL), GAN_ERROR_ARGUMENT, "out");
    fails(gan_dataset_from_bytes(ctx, 1, 1, one, bytes, NULL), GAN_ERROR_ARGUMENT, "out");
    ck_assert_int_eq(gan_dataset_from_floats(NULL, 1, 1, one, values, NULL), GAN_ERROR_ARGUMENT);
}
END_TEST

START_TEST(windows_check_their_arguments)
{
    gan_dataset *const data = numbered(10);
    create_fails(gan_dataset_slice(data, 0, 0, &set), GAN_ERROR_RANGE, "count is 0");
    create_fails(gan_dataset_slice(data, -1, 2, &set), GAN_ERROR_RANGE, "2 samples from -1");
    create_fails(gan_dataset_slice(data, 9, 2, &set), GAN_ERROR_RANGE, "not within its 10");
    create_fails(gan_dataset_slice(data, 1, INT64_MAX, &set), GAN_ERROR_RANGE, "from 1");
    create_fails(gan_dataset_slice(data, INT64_MAX, 1, &set), GAN_ERROR_RANGE, "1 samples");
    create_fails(gan_dataset_slice(NULL, 0, 1, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_slice(data, 0, 1, NULL), GAN_ERROR_ARGUMENT, "out");
    create_fails(gan_dataset_scale(NULL, 1, 0, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_scale(data, 1, 0, NULL), GAN_ERROR_ARGUMENT, "out");
    create_fails(gan_dataset_scale(data, (double)NAN, 0, &set), GAN_ERROR_ARGUMENT, "scale is NaN");
    create_fails(gan_dataset_scale(data, 1, (double)NAN, &set), GAN_ERROR_ARGUMENT, "shift is NaN");
    create_fails(gan_dataset_scale(data, HUGE_VAL, 0, &set), GAN_ERROR_RANGE, "inf");
    create_fails(gan_dataset_scale(data, 1, -HUGE_VAL, &set), GAN_ERROR_RANGE, "-inf");
    gan_dataset *large;
    ok(gan_dataset_scale(data, 1e200, 0, &large));
    create_fails(gan_dataset_scale(large, 1e200, 0, &set), GAN_ERROR_RANGE, "with those it has");
    float read[10];
    fails(gan_dataset_read(large, 0, 10, read, 10), GAN_ERROR_NUMERIC, "element 0 of sample 1 ");
    ok(gan_dataset_read(large, 0, 1, read, 1));
    gan_dataset_free(large);
    gan_dataset_free(data);
}
END_TEST

START_TEST(reading_checks_its_arguments)
{
    float read[10];
    uint8_t labels[10];
    set = numbered(10);
    fails(gan_dataset_read(set, 0, 10, NULL, 10), GAN_ERROR_ARGUMENT, "samples is NULL");
    fails(gan_dataset_read(set, 0, 10, read, 9), GAN_ERROR_BUFFER, "need 10 floats");
    fails(gan_dataset_read(set, 0, 1, read, -1), GAN_ERROR_BUFFER, "-1");
    fails(gan_dataset_read(set, 0, 0, read, 10), GAN_ERROR_RANGE, "count is 0");
    fails(gan_dataset_read(set, 5, 6, read, 10), GAN_ERROR_RANGE, "6 samples from 5");
    fails(gan_dataset_read(set, INT64_MAX, INT64_MAX, read, 10), GAN_ERROR_RANGE, "within its 10");
    fails(gan_dataset_read(set, INT64_MIN, 1, read, 10), GAN_ERROR_RANGE, "within its 10");
    ck_assert_int_eq(gan_dataset_read(NULL, 0, 1, read, 10), GAN_ERROR_ARGUMENT);
    fails(gan_dataset_read_labels(set, 0, 1, labels, 10), GAN_ERROR_STATE, "no labels");
    fails(gan_dataset_read_labels(set, 0, 1, NULL, 10), GAN_ERROR_ARGUMENT, "labels is NULL");
    ck_assert_int_eq(gan_dataset_read_labels(NULL, 0, 1, labels, 10), GAN_ERROR_ARGUMENT);
}
END_TEST

/* Callbacks --------------------------------------------------------------------------------------- */

typedef struct {
    int64_t bad;    /* the sample at which it misbehaves */
    int32_t answer; /* what it then returns */
    float value;    /* and delivers */
    bool forget;    /* or does not deliver */
    int64_t calls;
} teller;

/* Sample i is [i, i / 2]. */
static int32_t tell(void *user, int64_t index, float *sample)
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

START_TEST(callbacks_deliver)
{
    teller t = {.bad = -1};
    float read[6];
    ok(gan_dataset_from_callback(ctx, INT64_MAX / 2, 1, pair, tell, &t, &set));
    gan_dataset *slice, *scaled;
    ok(gan_dataset_slice(set, 100, 10, &slice));
    ok(gan_dataset_scale(slice, 3, 1, &scaled));
    ok(gan_dataset_read(scaled, 4, 3, read, 6));
    ck_assert_int_eq(t.calls, 3); /* once each */
    for (int i = 0; i < 3; i++) {
        equal(read[2 * i], (float)(3 * (104 + i) + 1));
        equal(read[2 * i + 1], 1.5f * (float)(104 + i) + 1);
    }
    gan_dataset_free(slice);
    gan_dataset_free(scaled);
}
END_TEST

START_TEST(callbacks_that_misbehave_are_reported)
{
    teller t = {.bad = 12, .answer = -77};
    float read[8];
    gan_dataset *slice;
    ok(gan_dataset_from_callback(ctx, 20, 1, pair, tell, &t, &set));
    ok(gan_dataset_slice(set, 10, 10, &slice));
    fails(gan_dataset_read(slice, 0, 4, read, 8), GAN_ERROR_STOPPED, "returned -77 for sample 12");
    ck_assert_int_eq(t.calls, 3);
    t.answer = 0;
    t.value = NAN;
    fails(gan_dataset_read(slice, 0, 4, read, 8), GAN_ERROR_NUMERIC,
          "NaN (or nothing) as element 1 of sample 12");
    t.value = -INFINITY;
    fails(gan_dataset_read(slice, 1, 4, read, 8), GAN_ERROR_NUMERIC,
          "infinity as element 1 of sample 12");
    t.forget = true;
    fails(gan_dataset_read(slice, 2, 1, read, 8), GAN_ERROR_NUMERIC, "element 1 of sample 12");
    ok(gan_dataset_read(slice, 0, 2, read, 8));
    gan_dataset_free(slice);
    create_fails(gan_dataset_from_callback(ctx, 20, 1, pair, NULL, &t, &set), GAN_ERROR_ARGUMENT,
                 "callback");
    create_fails(gan_dataset_from_callback(ctx, 0, 1, pair, tell, &t, &set), GAN_ERROR_RANGE, "0");
    create_fails(gan_dataset_from_callback(ctx, 1, 9, pair, tell, &t, &set), GAN_ERROR_RANGE, "9");
    create_fails(gan_dataset_from_callback(ctx, INT64_MAX, 1, pair, tell, &t, &set),
                 GAN_ERROR_SHAPE, "9223372036854775807");
    create_fails(gan_dataset_from_callback(NULL, 1, 1, pair, tell, &t, &set), GAN_ERROR_ARGUMENT,
                 "");
    fails(gan_dataset_from_callback(ctx, 1, 1, pair, tell, &t, NULL), GAN_ERROR_ARGUMENT, "out");
}
END_TEST

/* Distributions ----------------------------------------------------------------------------------- */

enum { DRAWS = 100000 };

/* Checks that numbers look like n draws from N(0, 1), to five deviations of each statistic. */
static void check_normal(const double *z, int n)
{
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, next = 0;
    for (int i = 0; i < n; i++) {
        m1 += z[i] / n;
        m2 += z[i] * z[i] / n;
        m3 += z[i] * z[i] * z[i] / n;
        m4 += z[i] * z[i] * z[i] * z[i] / n;
        next += z[i] * z[(i + 1) % n] / n;
    }
    const double unit = 5 / sqrt(n); /* Var z^k = E z^2k - (E z^k)^2 */
    ck_assert_double_lt(fabs(m1), unit);
    ck_assert_double_lt(fabs(m2 - 1), unit * sqrt(2));
    ck_assert_double_lt(fabs(m3), unit * sqrt(15));
    ck_assert_double_lt(fabs(m4 - 3), unit * sqrt(96));
    ck_assert_double_lt(fabs(next), unit); /* a sample does not tell of the next */
}

START_TEST(gaussian_has_its_moments)
{
    float *x = calloc(DRAWS, sizeof *x);
    double *z = calloc(DRAWS, sizeof *z);
    ok(gan_dataset_gaussian(ctx, DRAWS, 3, 0.5, 11, &set));
    ck_assert_int_eq(gan_dataset_elements(set), 1);
    ok(gan_dataset_read(set, 0, DRAWS, x, DRAWS));
    for (int i = 0; i < DRAWS; i++) {
        z[i] = ((double)x[i] - 3) / 0.5;
    }
    check_normal(z, DRAWS);
    free(x);
    free(z);
}
END_TEST

/* Checks a mixture in the plane: every mode has its share, and the draws about it are N(0, 0.01). */
static void check_mixture(int modes, const double (*centres)[2])
{
    float *x = calloc(2 * DRAWS, sizeof *x);
    double *z[2] = {calloc(DRAWS, sizeof **z), calloc(DRAWS, sizeof **z)};
    int *counts = calloc((size_t)modes, sizeof *counts), repeats = 0, last = -1;
    double product = 0;
    ck_assert_int_eq(gan_dataset_elements(set), 2);
    ok(gan_dataset_read(set, 0, DRAWS, x, 2 * DRAWS));
    for (int i = 0; i < DRAWS; i++) {
        int nearest = 0;
        double least = HUGE_VAL;
        for (int k = 0; k < modes; k++) {
            const double d =
                hypot((double)x[2 * i] - centres[k][0], (double)x[2 * i + 1] - centres[k][1]);
            nearest = d < least ? k : nearest;
            least = d < least ? d : least;
        }
        counts[nearest]++;
        repeats += nearest == last;
        last = nearest;
        for (int c = 0; c < 2; c++) {
            z[c][i] = ((double)x[2 * i + c] - centres[nearest][c]) / 0.01;
        }
        product += z[0][i] * z[1][i] / DRAWS;
    }
    const double p = 1.0 / modes, deviation = sqrt(DRAWS * p * (1 - p));
    for (int k = 0; k < modes; k++) {
        ck_assert_double_lt(fabs(counts[k] - DRAWS * p), 5 * deviation);
    }
    ck_assert_double_lt(fabs(repeats - DRAWS * p), 5 * deviation);
    ck_assert_double_lt(fabs(product), 5 / sqrt(DRAWS));
    check_normal(z[0], DRAWS);
    check_normal(z[1], DRAWS);
    free(x);
    free(z[0]);
    free(z[1]);
    free(counts);
}

START_TEST(ring_has_its_modes)
{
    double centres[7][2];
    for (int k = 0; k < 7; k++) {
        centres[k][0] = 2 * cos(2 * acos(-1) * k / 7);
        centres[k][1] = 2 * sin(2 * acos(-1) * k / 7);
    }
    ok(gan_dataset_ring(ctx, DRAWS, 7, 2, 0.01, 5, &set));
    check_mixture(7, (const double(*)[2])centres);
}
END_TEST

START_TEST(grid_has_its_modes)
{
    double centres[25][2];
    for (int k = 0; k < 25; k++) {
        const int column = k % 5, row = k / 5;
        centres[k][0] = 1.5 * (column - 2);
        centres[k][1] = 1.5 * (row - 2);
    }
    ok(gan_dataset_grid(ctx, DRAWS, 5, 1.5, 0.01, 6, &set));
    check_mixture(25, (const double(*)[2])centres);
}
END_TEST

/* Computed by an independent implementation of Philox, verified with Random123's known answers. */
START_TEST(draws_are_pinned)
{
    const float gaussian[] = {1.38439536f, -0.98597455f, 4.22018051f};
    const double grid[3][3] = {{0.18957977647586816, -0.3227620144271525, 8},
                               {-0.42621205120612876, -1.9187348915627784, 3},
                               {0.45959681748275094, 0.6847380348426194, 1}};
    float read[6];
    ok(gan_dataset_gaussian(ctx, INT64_C(1) << 40, 1, 2, 987654321987, &set));
    ok(gan_dataset_read(set, 0, 3, read, 3));
    for (int i = 0; i < 3; i++) {
        near(read[i], gaussian[i], 1e-6f);
    }
    ok(gan_dataset_read(set, (INT64_C(1) << 32) + 1, 1, read, 1)); /* not sample 1 again */
    near(read[0], 0.373241633f, 1e-6f);
    gan_dataset_free(set);
    ok(gan_dataset_grid(ctx, 3, 3, 10, 1, 5, &set));
    ok(gan_dataset_read(set, 0, 3, read, 6));
    for (int i = 0; i < 3; i++) {
        const int mode = (int)grid[i][2], column = mode % 3, row = mode / 3;
        near(read[2 * i], grid[i][0] + 10 * (column - 1), 1e-5);
        near(read[2 * i + 1], grid[i][1] + 10 * (row - 1), 1e-5);
    }
}
END_TEST

START_TEST(draws_depend_on_seed_and_index_only)
{
    enum { N = 64 };
    const int64_t border = (INT64_C(1) << 32) - N / 2;
    float whole[2 * N], parts[2 * N], other[2 * N];
    ok(gan_dataset_ring(ctx, INT64_C(1) << 33, 8, 1, 0.1, 3, &set));
    ok(gan_dataset_read(set, border, N, whole, 2 * N));
    for (int i = N - 1; i >= 0; i--) {
        ok(gan_dataset_read(set, border + i, 1, parts + 2 * i, 2));
    }
    ck_assert(same_bits(whole, parts, 2 * N));
    gan_dataset *second;
    ok(gan_dataset_ring(ctx, border + N, 8, 1, 0.1, UINT64_C(3) << 32 | 3, &second));
    ok(gan_dataset_read(second, border, N, other, 2 * N));
    for (int i = 0; i < 2 * N; i++) {
        ck_assert(whole[i] != other[i]);
    }
    gan_dataset_free(second);
}
END_TEST

START_TEST(distributions_may_be_degenerate)
{
    float read[200];
    ok(gan_dataset_gaussian(ctx, 5, -4, 0, 1, &set));
    ok(gan_dataset_read(set, 0, 5, read, 5));
    for (int i = 0; i < 5; i++) {
        equal(read[i], -4);
    }
    gan_dataset_free(set);
    ok(gan_dataset_ring(ctx, 5, 1, 2.5, 0, 1, &set)); /* the first mode is at (radius, 0) */
    ok(gan_dataset_read(set, 0, 5, read, 10));
    for (int i = 0; i < 5; i++) {
        ck_assert(read[2 * i] == 2.5f && read[2 * i + 1] == 0);
    }
    gan_dataset_free(set);
    ok(gan_dataset_grid(ctx, 100, 1 << 15, 1e30, 1e30, 1, &set)); /* the largest there is */
    ok(gan_dataset_read(set, 0, 100, read, 200));
    for (int i = 0; i < 200; i++) {
        ck_assert(isfinite(read[i]) && fabsf(read[i]) < 2e34f);
    }
}
END_TEST

START_TEST(distributions_check_their_arguments)
{
    const int64_t most = INT64_C(1) << 40;
    create_fails(gan_dataset_gaussian(ctx, 0, 0, 1, 0, &set), GAN_ERROR_RANGE, "count is 0");
    create_fails(gan_dataset_gaussian(ctx, most + 1, 0, 1, 0, &set), GAN_ERROR_RANGE,
                 "1 to 1099511627776");
    create_fails(gan_dataset_gaussian(ctx, 1, (double)NAN, 1, 0, &set), GAN_ERROR_ARGUMENT,
                 "mean is NaN");
    create_fails(gan_dataset_gaussian(ctx, 1, -HUGE_VAL, 1, 0, &set), GAN_ERROR_RANGE,
                 "mean is -inf");
    create_fails(gan_dataset_gaussian(ctx, 1, 0, (double)NAN, 0, &set), GAN_ERROR_ARGUMENT,
                 "deviation");
    create_fails(gan_dataset_gaussian(ctx, 1, 0, -0.5, 0, &set), GAN_ERROR_RANGE,
                 "deviation is -0.5, not within 0 to 1e+30");
    create_fails(gan_dataset_ring(ctx, 1, 0, 1, 1, 0, &set), GAN_ERROR_RANGE, "modes is 0");
    create_fails(gan_dataset_ring(ctx, 1, INT64_MAX, 1, 1, 0, &set), GAN_ERROR_RANGE, "modes");
    create_fails(gan_dataset_ring(ctx, 1, 8, -1, 1, 0, &set), GAN_ERROR_RANGE, "radius is -1");
    create_fails(gan_dataset_ring(ctx, 1, 8, 1, -1, 0, &set), GAN_ERROR_RANGE, "deviation is -1");
    create_fails(gan_dataset_ring(ctx, -5, 8, 1, 1, 0, &set), GAN_ERROR_RANGE, "count is -5");
    create_fails(gan_dataset_grid(ctx, 1, 0, 1, 1, 0, &set), GAN_ERROR_RANGE, "side is 0");
    create_fails(gan_dataset_grid(ctx, 1, 32769, 1, 1, 0, &set), GAN_ERROR_RANGE, "1 to 32768");
    create_fails(gan_dataset_grid(ctx, 1, 5, (double)NAN, 1, 0, &set), GAN_ERROR_ARGUMENT,
                 "spacing");
    create_fails(gan_dataset_grid(ctx, 1, 5, 1, HUGE_VAL, 0, &set), GAN_ERROR_RANGE, "inf");
    create_fails(gan_dataset_gaussian(NULL, 1, 0, 1, 0, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_gaussian(ctx, 1, 0, 1, 0, NULL), GAN_ERROR_ARGUMENT, "out");
    fails(gan_dataset_ring(ctx, 1, 8, 1, 1, 0, NULL), GAN_ERROR_ARGUMENT, "out");
    fails(gan_dataset_grid(ctx, 1, 5, 1, 1, 0, NULL), GAN_ERROR_ARGUMENT, "out");
    ok(gan_dataset_gaussian(ctx, most, 0, 1, 0, &set));
}
END_TEST

/* The order of an epoch --------------------------------------------------------------------------- */

/* Reads a whole epoch of numbered samples, checking the length of each batch.
 *   order  [count] receives the numbers; returns how many came */
static int64_t read_epoch(gan__cursor *cursor, int64_t *order)
{
    float *batch = calloc((size_t)cursor->batch_size, sizeof *batch);
    const int64_t epoch = cursor->epoch, batches = gan__cursor_batches_per_epoch(cursor);
    int64_t total = 0;
    for (int64_t b = 0; b < batches; b++) {
        int64_t count = 0, left = cursor->dataset->count - total;
        need(cursor->epoch == epoch && cursor->position == total);
        ok(gan__cursor_next(cursor, batch, &count));
        need(count == (left < cursor->batch_size ? left : cursor->batch_size));
        for (int64_t i = 0; i < count; i++) {
            order[total++] = (int64_t)batch[i];
        }
    }
    need(cursor->epoch == epoch + 1); /* the end was told with the last batch */
    need(cursor->position == 0);
    free(batch);
    return total;
}

static gan__cursor *cursor_on(gan_dataset *dataset, int64_t batch_size, uint64_t seed, bool shuffle,
                              bool drop_last)
{
    gan__cursor *cursor;
    ok(gan__cursor_create(dataset, batch_size, seed, shuffle, drop_last, &cursor));
    return cursor;
}

START_TEST(an_epoch_is_a_permutation)
{
    enum { N = 97, EPOCHS = 5 };
    const int64_t sizes[] = {1, 10, 96, 97, 98, 1 << 20};
    int64_t orders[EPOCHS][N], again[N];
    set = numbered(N);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        gan__cursor *cursor = cursor_on(set, sizes[s], 42, true, false);
        for (int e = 0; e < EPOCHS; e++) {
            bool seen[N] = {false};
            int64_t *order = s == 0 ? orders[e] : again;
            ck_assert_int_eq(read_epoch(cursor, order), N);
            for (int i = 0; i < N; i++) {
                need(!seen[order[i]]);
                seen[order[i]] = true;
            }
            /* The same whatever the batch size, another in each epoch. */
            ck_assert_mem_eq(order, orders[e], sizeof again);
            ck_assert(e == 0 || memcmp(order, orders[e - 1], sizeof again) != 0);
        }
        gan__cursor_free(cursor);
    }
    gan__cursor *other = cursor_on(set, 10, 43, true, false);
    read_epoch(other, again);
    ck_assert(memcmp(again, orders[0], sizeof again) != 0);
    gan__cursor_free(other);
    gan__cursor *sequence = cursor_on(set, 10, 42, false, false);
    for (int e = 0; e < 2; e++) {
        read_epoch(sequence, again);
        for (int i = 0; i < N; i++) {
            need(again[i] == i);
        }
    }
    gan__cursor_free(sequence);
}
END_TEST

START_TEST(permutations_are_pinned)
{
    const int64_t epochs[] = {0, 3, (INT64_C(1) << 33) + 1};
    const int64_t expected[3][12] = {{11, 0, 8, 5, 3, 6, 2, 1, 10, 4, 7, 9},
                                     {2, 0, 4, 8, 9, 11, 10, 7, 5, 3, 6, 1},
                                     {1, 10, 5, 11, 3, 4, 2, 8, 7, 9, 6, 0}};
    int64_t order[12];
    set = numbered(12);
    gan__cursor *cursor = cursor_on(set, 5, 12345678901, true, false);
    for (int e = 0; e < 3; e++) {
        ok(gan__cursor_seek(cursor, epochs[e], 0));
        read_epoch(cursor, order);
        ck_assert_mem_eq(order, expected[e], sizeof order);
    }
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(short_batches_can_be_dropped)
{
    int64_t order[97];
    set = numbered(97);
    gan__cursor *cursor = cursor_on(set, 10, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 9);
    ck_assert_int_eq(read_epoch(cursor, order), 90);
    ck_assert_int_eq(read_epoch(cursor, order), 90);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 97, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 1);
    ck_assert_int_eq(read_epoch(cursor, order), 97);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 98, 0, true, true);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 0);
    float batch[98];
    int64_t count = -1;
    fails(gan__cursor_next(cursor, batch, &count), GAN_ERROR_STATE, "97 samples do not fill");
    ck_assert_int_eq(count, -1);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 98, 0, true, false);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 1);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 32, 0, true, false);
    ck_assert_int_eq(gan__cursor_batches_per_epoch(cursor), 4);
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(all_permutations_are_as_likely)
{
    enum { N = 5, PERMUTATIONS = 120, EPOCHS = 12000 };
    int counts[3125] = {0};
    set = numbered(N);
    gan__cursor *cursor = cursor_on(set, N, 7, true, false);
    for (int e = 0; e < EPOCHS; e++) {
        int64_t order[N], code = 0;
        read_epoch(cursor, order);
        for (int i = 0; i < N; i++) {
            code = code * N + order[i];
        }
        counts[code]++;
    }
    gan__cursor_free(cursor);
    double chi2 = 0;
    int kinds = 0;
    for (int i = 0; i < 3125; i++) {
        const double off = counts[i] - (double)EPOCHS / PERMUTATIONS;
        chi2 += counts[i] > 0 ? off * off / ((double)EPOCHS / PERMUTATIONS) : 0;
        kinds += counts[i] > 0;
    }
    ck_assert_int_eq(kinds, PERMUTATIONS);
    ck_assert_double_lt(fabs(chi2 - 119), 5 * sqrt(2 * 119)); /* too even is wrong, too */
}
END_TEST

START_TEST(bounded_words_are_unbiased)
{
    enum { N = 30000 };
    gan__words words = gan__words_start((gan__random_key){.seed = 1}, 0);
    int counts[3] = {0};
    for (int i = 0; i < N; i++) {
        const uint32_t word = gan__words_below(&words, 0xc0000000u);
        need(word < 0xc0000000u);
        counts[word % 3]++; /* without rejection one of them comes twice as often */
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_double_lt(fabs(counts[i] - N / 3.0), 5 * sqrt(N * 2.0 / 9));
    }
    ck_assert_uint_gt(words.block, N / 4 * 5 / 4); /* a quarter of the words is passed over */
    ck_assert_uint_eq(gan__words_below(&words, 1), 0);
}
END_TEST

START_TEST(cursors_go_where_they_were)
{
    enum { N = 23, BATCH = 5, STEPS = 17 };
    float all[STEPS][BATCH], again[BATCH];
    int64_t counts[STEPS], epochs[STEPS], positions[STEPS], count;
    set = numbered(N);
    gan__cursor *cursor = cursor_on(set, BATCH, 9, true, false);
    for (int s = 0; s < STEPS; s++) {
        gan__cursor_tell(cursor, &epochs[s], &positions[s]);
        ok(gan__cursor_next(cursor, all[s], &counts[s]));
    }
    gan__cursor *fresh = cursor_on(set, BATCH, 9, true, false);
    for (int i = 0; i < 4 * STEPS; i++) {
        const int s = i * 7 % STEPS;
        gan__cursor *used = i % 2 == 0 ? cursor : fresh;
        ok(gan__cursor_seek(used, epochs[s], positions[s]));
        ok(gan__cursor_next(used, again, &count));
        ck_assert_int_eq(count, counts[s]);
        ck_assert(same_bits(again, all[s], count));
    }
    ok(gan__cursor_seek(cursor, 1, 10));
    const int64_t bad[][2] = {{-1, 0}, {0, -5}, {0, 3}, {0, 25}, {0, N}, {INT64_MAX, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(gan__cursor_seek(cursor, bad[i][0], bad[i][1]), GAN_ERROR_RANGE, "position");
        ck_assert(cursor->epoch == 1 && cursor->position == 10);
    }
    gan__cursor_free(fresh);
    gan__cursor_free(cursor);
    cursor = cursor_on(set, BATCH, 9, true, true);
    ok(gan__cursor_seek(cursor, 0, 15));
    fails(gan__cursor_seek(cursor, 0, 20), GAN_ERROR_RANGE, "position 20"); /* was dropped */
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(a_failed_batch_can_be_had_again)
{
    teller t = {.bad = 7, .answer = 3};
    float batch[2 * 4], good[2 * 4];
    int64_t count = 0;
    ok(gan_dataset_from_callback(ctx, 12, 1, pair, tell, &t, &set));
    gan__cursor *cursor = cursor_on(set, 4, 1, true, false);
    int32_t status;
    while ((status = gan__cursor_next(cursor, batch, &count)) == GAN_OK) {
    }
    fails(status, GAN_ERROR_STOPPED, "returned 3 for sample 7");
    const int64_t position = cursor->position;
    fails(gan__cursor_next(cursor, batch, &count), GAN_ERROR_STOPPED, "sample 7");
    ck_assert(cursor->position == position && cursor->epoch == 0);
    t.bad = -1;
    ok(gan__cursor_next(cursor, batch, &count));
    gan__cursor_free(cursor);
    cursor = cursor_on(set, 4, 1, true, false);
    ok(gan__cursor_seek(cursor, 0, position));
    ok(gan__cursor_next(cursor, good, &count));
    ck_assert(same_bits(batch, good, 8));
    gan__cursor_free(cursor);
}
END_TEST

START_TEST(distributions_draw_anew_each_epoch)
{
    enum { N = 10, EPOCHS = 3 };
    float draws[N * EPOCHS], batch[4];
    int64_t count, at = 0;
    gan_dataset *longer, *halves[2];
    ok(gan_dataset_gaussian(ctx, N * EPOCHS, 0, 1, 8, &longer));
    ok(gan_dataset_read(longer, 0, N * EPOCHS, draws, N * EPOCHS));
    gan_dataset_free(longer);
    ok(gan_dataset_gaussian(ctx, N, 0, 1, 8, &set));
    gan__cursor *cursor = cursor_on(set, 4, 1, true, false);
    ck_assert_ptr_null(cursor->order); /* nothing to shuffle */
    while (cursor->epoch < EPOCHS) {
        ok(gan__cursor_next(cursor, batch, &count));
        ck_assert(same_bits(batch, draws + at, count)); /* draw epoch * N + i */
        at += count;
    }
    ck_assert_int_eq(at, N * EPOCHS);
    ok(gan__cursor_seek(cursor, INT64_MAX - 1, 8)); /* far away, but defined */
    ok(gan__cursor_next(cursor, batch, &count));
    ck_assert_int_eq(count, 2);
    gan__cursor_free(cursor);
    for (int h = 0; h < 2; h++) { /* two slices never share a draw, in any epoch */
        ok(gan_dataset_slice(set, 5 * h, 5, &halves[h]));
        cursor = cursor_on(halves[h], 5, 1, true, false);
        gan_dataset_free(halves[h]); /* the cursor keeps it */
        for (int e = 0; e < EPOCHS; e++) {
            float half[5];
            ok(gan__cursor_next(cursor, half, &count));
            ck_assert(same_bits(half, draws + N * e + 5 * h, 5));
        }
        gan__cursor_free(cursor);
    }
}
END_TEST

START_TEST(cursors_have_limits)
{
    teller t = {.bad = -1};
    gan__cursor *cursor;
    float batch[6];
    int64_t count;
    ok(gan_dataset_from_callback(ctx, INT64_C(1) << 32, 1, pair, tell, &t, &set));
    fails(gan__cursor_create(set, 3, 0, true, false, &cursor), GAN_ERROR_UNSUPPORTED,
          "4294967296 samples");
    ck_assert_ptr_null(cursor);
    fails(gan__cursor_create(set, 0, 0, false, false, &cursor), GAN_ERROR_RANGE, "batch size is 0");
    cursor = cursor_on(set, 3, 0, false, false);
    ok(gan__cursor_next(cursor, batch, &count));
    equal(batch[4], 2);
    gan__cursor_free(cursor);
    gan__cursor_free(NULL);
    int64_t now, peak;
    ok(gan_context_memory(ctx, &now, &peak));
    ck_assert_int_lt(peak, 4096);
}
END_TEST

/* IDX files --------------------------------------------------------------------------------------- */

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
static blob make_idx(int rank, const uint32_t *dims, size_t size)
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

static blob make_gzip(blob raw)
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

static blob join(blob a, blob b)
{
    blob out = {malloc(a.size + b.size + 1), a.size + b.size};
    memcpy(out.bytes, a.bytes, a.size);
    memcpy(out.bytes + a.size, b.bytes, b.size);
    return out;
}

/* Opens a blob as a file, without labels. */
static int32_t open_blob(blob file, gan_dataset **out)
{
    return gan_dataset_open_idx(ctx, write_file("file", file.bytes, file.size), NULL, out);
}

/* Checks that `set` holds the elements of make_idx, and frees it. */
static void check_elements(int64_t count, int64_t elements)
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

static int64_t peak(void)
{
    int64_t most;
    ok(gan_context_memory(ctx, NULL, &most));
    return most;
}

START_TEST(idx_files_are_read)
{
    const uint32_t dims[] = {5, 4, 3, 2, 3, 2};
    for (int rank = 1; rank <= 6; rank++) {
        size_t size = 1;
        for (int i = 0; i < rank; i++) {
            size *= dims[i];
        }
        blob raw = make_idx(rank, dims, size), packed = make_gzip(raw);
        for (int gzipped = 0; gzipped < 2; gzipped++) {
            ok(open_blob(gzipped ? packed : raw, &set));
            int32_t told;
            int64_t shape[GAN_RANK_MAX];
            ok(gan_dataset_shape(set, &told, shape, GAN_RANK_MAX));
            ck_assert_int_eq(told, rank == 1 ? 1 : rank - 1);
            for (int i = 0; i < told; i++) {
                ck_assert_int_eq(shape[i], rank == 1 ? 1 : dims[1 + i]);
            }
            check_elements(5, (int64_t)size / 5);
        }
        free(raw.bytes);
        free(packed.bytes);
    }
    /* Larger than a chunk, and as dense as deflate can be. */
    blob large = make_idx(2, (uint32_t[]){1000, 333}, 333000), packed = make_gzip(large);
    ok(open_blob(large, &set));
    check_elements(1000, 333);
    ok(open_blob(packed, &set));
    check_elements(1000, 333);
    free(packed.bytes);
    free(large.bytes);
    large = make_idx(1, (uint32_t[]){5000000}, 5000000);
    memset(large.bytes + 8, 0, 5000000);
    packed = make_gzip(large);
    ck_assert_uint_gt(large.size, packed.size * 1000);
    ok(open_blob(packed, &set));
    ck_assert_int_lt(peak(), 5000000 + OVERHEAD);
    free(packed.bytes);
    free(large.bytes);
}
END_TEST

START_TEST(labels_go_with_their_samples)
{
    blob raw = make_idx(2, (uint32_t[]){50, 3}, 150), labels = make_idx(1, (uint32_t[]){50}, 50);
    blob fewer = make_idx(1, (uint32_t[]){49}, 49), packed = make_gzip(labels);
    const char *path = write_file("samples", raw.bytes, raw.size);
    uint8_t read[50];
    for (int gzipped = 0; gzipped < 2; gzipped++) {
        const blob file = gzipped ? packed : labels;
        ok(gan_dataset_open_idx(ctx, path, write_file("labels", file.bytes, file.size), &set));
        ok(gan_dataset_read_labels(set, 0, 50, read, 50));
        ck_assert_mem_eq(read, labels.bytes + 8, 50);
        gan_dataset *slice, *scaled;
        ok(gan_dataset_slice(set, 20, 10, &slice));
        ok(gan_dataset_scale(slice, 2, 0, &scaled));
        ok(gan_dataset_read_labels(scaled, 3, 7, read, 7));
        ck_assert_mem_eq(read, labels.bytes + 8 + 23, 7);
        fails(gan_dataset_read_labels(scaled, 3, 8, read, 50), GAN_ERROR_RANGE, "within its 10");
        fails(gan_dataset_read_labels(scaled, 0, 7, read, 6), GAN_ERROR_BUFFER, "7 labels");
        gan_dataset_free(slice);
        gan_dataset_free(scaled);
        gan_dataset_free(set);
        set = NULL;
    }
    create_fails(gan_dataset_open_idx(ctx, path, write_file("l", fewer.bytes, fewer.size), &set),
                 GAN_ERROR_SHAPE, "/l: 49 labels for 50 samples");
    create_fails(gan_dataset_open_idx(ctx, path, path, &set), GAN_ERROR_SHAPE,
                 "labels have 2 dimensions");
    create_fails(gan_dataset_open_idx(ctx, path, at("none"), &set), GAN_ERROR_IO, "/none: ");
    create_fails(gan_dataset_open_idx(ctx, path, write_file("l", labels.bytes, 57), &set),
                 GAN_ERROR_FORMAT, "/l: truncated");
    free(raw.bytes);
    free(labels.bytes);
    free(fewer.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    create_fails(gan_dataset_open_idx(ctx, NULL, NULL, &set), GAN_ERROR_ARGUMENT, "path is NULL");
    fails(gan_dataset_open_idx(ctx, "x", NULL, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    create_fails(gan_dataset_open_idx(NULL, "x", NULL, &set), GAN_ERROR_ARGUMENT, "");
    create_fails(gan_dataset_open_idx(ctx, at("none"), NULL, &set), GAN_ERROR_IO,
                 "/none: cannot open: ");
    create_fails(gan_dataset_open_idx(ctx, "", NULL, &set), GAN_ERROR_IO, "cannot open");
    create_fails(gan_dataset_open_idx(ctx, folder, NULL, &set), GAN_ERROR_IO, "not a regular file");
    ck_assert_int_eq(mkfifo(at("pipe"), 0600), 0);
    create_fails(gan_dataset_open_idx(ctx, at("pipe"), NULL, &set), GAN_ERROR_IO,
                 "/pipe: not a regular file"); /* and does not wait for a writer */
    create_fails(gan_dataset_open_idx(ctx, "/dev/zero", NULL, &set), GAN_ERROR_IO, "not a regular");
    create_fails(open_blob((blob){(uint8_t *)"", 0}, &set), GAN_ERROR_FORMAT, "empty");
    if (access("/proc/self/mem", R_OK) == 0) { /* Linux: can be opened, but not read at 0 */
        create_fails(gan_dataset_open_idx(ctx, "/proc/self/mem", NULL, &set), GAN_ERROR_IO,
                     "cannot read: ");
    }
    char far[2000];
    memset(far, 'x', sizeof far);
    far[sizeof far - 1] = '\0';
    create_fails(gan_dataset_open_idx(ctx, far, NULL, &set), GAN_ERROR_IO, "xxx: cannot open: ");
    DIR *open_files = opendir("/proc/self/fd"); /* no file stays open */
    if (open_files != NULL) {
        int files = 0;
        while (readdir(open_files) != NULL) {
            files++;
        }
        closedir(open_files);
        ck_assert_int_lt(files, 30);
    }
}
END_TEST

START_TEST(headers_that_lie_are_refused)
{
    const uint32_t most = UINT32_MAX;
    const struct {
        int rank;
        uint32_t dims[7];
        int32_t code;
        const char *text;
    } cases[] = {
        {1, {25}, GAN_ERROR_FORMAT, "truncated: 25 samples of 1 bytes declared, 24"},
        {1, {23}, GAN_ERROR_FORMAT, "bytes follow the data: 23 samples of 1 bytes declared, 24"},
        {1, {most}, GAN_ERROR_FORMAT, "truncated: 4294967295 samples"},
        {2, {1u << 16, 1u << 16}, GAN_ERROR_FORMAT, "truncated"}, /* 2^32 is not 0 */
        {2, {most, 0x7fffffff}, GAN_ERROR_FORMAT, "truncated: 4294967295 samples of 2147483647"},
        {2, {1, 0x80000000u}, GAN_ERROR_SHAPE, "more than 2147483647 elements"},
        {3, {most, most, most}, GAN_ERROR_SHAPE, "more than 2147483647 elements"},
        {5, {24, 1u << 16, 1u << 16, 1u << 16, 1u << 16}, GAN_ERROR_SHAPE, "elements"},
        {6, {most, most, most, most, most, most}, GAN_ERROR_SHAPE, "elements"},
        {2, {0, 24}, GAN_ERROR_FORMAT, "dimension 0 is 0"},
        {3, {24, 1, 0}, GAN_ERROR_FORMAT, "dimension 2 is 0"},
        {0, {0}, GAN_ERROR_FORMAT, "0 dimensions"},
        {7, {24, 1, 1, 1, 1, 1, 1}, GAN_ERROR_SHAPE, "7 dimensions, at most 6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        blob raw = make_idx(cases[i].rank, cases[i].dims, 24), packed = make_gzip(raw);
        create_fails(open_blob(raw, &set), cases[i].code, cases[i].text);
        ck_assert_ptr_nonnull(strstr(gan_context_message(ctx), folder));
        const bool code_only = cases[i].code == GAN_ERROR_FORMAT && cases[i].rank > 0;
        create_fails(open_blob(packed, &set), cases[i].code, code_only ? "/file: " : cases[i].text);
        free(raw.bytes);
        free(packed.bytes);
    }
    ck_assert_int_lt(peak(), 1032 * 100 + OVERHEAD);
}
END_TEST

START_TEST(other_types_are_named)
{
    const struct {
        uint8_t type;
        const char *text;
    } types[] = {{0x09, "0x09 (signed byte)"}, {0x0b, "0x0b (16-bit"},
                 {0x0c, "0x0c (32-bit"},       {0x0d, "type 0x0d (float), not 0x08"},
                 {0x0e, "0x0e (double)"},      {0, "0x00 (unknown)"}};
    blob raw = make_idx(1, (uint32_t[]){4}, 4);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        raw.bytes[2] = types[i].type;
        create_fails(open_blob(raw, &set), GAN_ERROR_FORMAT, types[i].text);
    }
    memcpy(raw.bytes, "PNG", 3);
    create_fails(open_blob(raw, &set), GAN_ERROR_FORMAT,
                 "not an IDX file: it begins with bytes 50 4e");
    free(raw.bytes);
}
END_TEST

START_TEST(every_truncation_is_noticed)
{
    blob raw = make_idx(3, (uint32_t[]){4, 3, 5}, 60), packed = make_gzip(raw);
    for (size_t size = 0; size < raw.size; size++) {
        create_fails(open_blob((blob){raw.bytes, size}, &set), GAN_ERROR_FORMAT,
                     size == 0 ? "empty" : "truncated");
    }
    ck_assert_int_lt(peak(), 100 + OVERHEAD);
    for (size_t size = 0; size < packed.size; size++) {
        create_fails(open_blob((blob){packed.bytes, size}, &set), GAN_ERROR_FORMAT,
                     size == 0 ? "empty" : "truncated");
    }
    ck_assert_int_lt(peak(), 1032 * (int64_t)packed.size + OVERHEAD);
    const uint8_t extra[3] = {0};
    for (size_t more = 1; more <= 3; more++) {
        for (int gzipped = 0; gzipped < 2; gzipped++) {
            blob longer = join(gzipped ? packed : raw, (blob){(uint8_t *)extra, more});
            create_fails(open_blob(longer, &set), GAN_ERROR_FORMAT, "/file: ");
            free(longer.bytes);
        }
    }
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

/* Opens a changed file of 4 samples of 6 elements. It may be refused, or hold what it held. */
static bool survives(blob file)
{
    const int32_t status = open_blob(file, &set);
    need(status == GAN_OK || status == GAN_ERROR_FORMAT || status == GAN_ERROR_SHAPE);
    if (status == GAN_OK) {
        check_elements(4, 6);
    }
    need(set == NULL);
    return status == GAN_OK;
}

START_TEST(every_changed_byte_is_survived)
{
    enum { HEADER = 16, GZIP_HEADER = 10 };
    blob raw = make_idx(3, (uint32_t[]){4, 3, 2}, 24), packed = make_gzip(raw);
    int unnoticed = 0;
    for (size_t i = 0; i < HEADER; i++) {
        const uint8_t before = raw.bytes[i];
        for (int value = 0; value < 256; value++) {
            raw.bytes[i] = (uint8_t)value;
            need(survives(raw) == (value == before)); /* none goes unnoticed */
        }
        for (int bit = 0; bit < 8; bit++) {
            raw.bytes[i] = (uint8_t)(before ^ 1 << bit);
            blob inside = make_gzip(raw);
            need(!survives(inside));
            free(inside.bytes);
        }
        raw.bytes[i] = before;
    }
    for (size_t i = 0; i < packed.size; i++) {
        const uint8_t before = packed.bytes[i];
        for (int change = 1; change < 256; change += i < GZIP_HEADER ? 1 : change) {
            packed.bytes[i] = (uint8_t)(before ^ change);      /* elsewhere each bit */
            unnoticed += survives(packed) && i >= GZIP_HEADER; /* the time stamp is no matter */
        }
        packed.bytes[i] = before;
    }
    ck_assert_int_lt(unnoticed, 8); /* the bits that fill up the last byte of the deflate stream */
    ck_assert_int_lt(peak(), 1032 * 100 + OVERHEAD);
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(gzip_checksums_are_checked)
{
    blob raw = make_idx(1, (uint32_t[]){1000}, 1000), packed = make_gzip(raw);
    packed.bytes[packed.size - 8] ^= 1;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "corrupt: incorrect data check");
    packed.bytes[packed.size - 8] ^= 1;
    packed.bytes[packed.size - 1] ^= 1;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "corrupt: incorrect length check");
    packed.bytes[packed.size - 1] ^= 1;
    packed.bytes[2] = 7;
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "unknown compression method");
    free(raw.bytes);
    free(packed.bytes);
}
END_TEST

START_TEST(gzip_members_follow_each_other)
{
    blob raw = make_idx(2, (uint32_t[]){10, 3}, 30), whole = make_gzip(raw);
    blob nothing = make_gzip((blob){raw.bytes, 0});
    for (size_t cut = 0; cut <= raw.size; cut++) {
        blob a = make_gzip((blob){raw.bytes, cut});
        blob b = make_gzip((blob){raw.bytes + cut, raw.size - cut}), both = join(a, b);
        ok(open_blob(both, &set));
        check_elements(10, 3);
        both.size = a.size; /* the second is missing */
        if (cut < raw.size) {
            create_fails(open_blob(both, &set), GAN_ERROR_FORMAT, "truncated");
        }
        both.size += b.size - 1;
        create_fails(open_blob(both, &set), GAN_ERROR_FORMAT, "truncated");
        free(a.bytes);
        free(b.bytes);
        free(both.bytes);
    }
    blob file = join(whole, nothing);
    ok(open_blob(file, &set)); /* an empty member adds nothing */
    check_elements(10, 3);
    free(file.bytes);
    file = join(whole, whole);
    create_fails(open_blob(file, &set), GAN_ERROR_FORMAT, "bytes follow the end");
    free(file.bytes);
    file = join(whole, (blob){(uint8_t *)"garbage", 7});
    create_fails(open_blob(file, &set), GAN_ERROR_FORMAT, "corrupt: incorrect header check");
    free(file.bytes);
    free(raw.bytes);
    free(whole.bytes);
    free(nothing.bytes);
}
END_TEST

START_TEST(bombs_do_not_go_off)
{
    enum { SIZE = 20000000 };
    blob raw = make_idx(1, (uint32_t[]){4}, SIZE); /* 20 MB behind a header of 4 bytes */
    memset(raw.bytes + 8, 0, SIZE);
    blob packed = make_gzip(raw);
    ck_assert_uint_lt(packed.size, SIZE / 1000);
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT, "bytes follow the end");
    ck_assert_int_lt(peak(), OVERHEAD);
    free(packed.bytes);
    free(raw.bytes);
    raw = make_idx(2, (uint32_t[]){1000, 1000000}, 100); /* a header of 1 GB before 100 bytes */
    packed = make_gzip(raw);
    create_fails(open_blob(packed, &set), GAN_ERROR_FORMAT,
                 "1000 samples of 1000000 bytes declared, at most ");
    ck_assert_int_lt(peak(), OVERHEAD);
    free(packed.bytes);
    free(raw.bytes);
}
END_TEST

#ifdef GAN_SOURCE_DIR
#define MNIST GAN_SOURCE_DIR "/examples/data/train-images-10000-idx3-ubyte.gz"
#else
#define MNIST ""
#endif

START_TEST(mnist_is_read)
{
    enum { PIXELS = 784 };
    if (access(MNIST, R_OK) != 0) {
        fprintf(stderr, "skipped: no file \"%s\"\n", MNIST);
        return;
    }
    ok(gan_dataset_open_idx(ctx, MNIST, NULL, &set));
    int64_t dims[2] = {0};
    int32_t rank;
    ok(gan_dataset_shape(set, &rank, dims, 2));
    ck_assert(gan_dataset_count(set) == 10000 && rank == 2 && dims[0] == 28 && dims[1] == 28);
    float *read = calloc(10000 * PIXELS, sizeof *read);
    ok(gan_dataset_read(set, 0, 10000, read, 10000 * PIXELS));
    double sum = 0, corners = 0;
    float least = 1, most = 0;
    for (int64_t i = 0; i < 10000 * PIXELS; i++) {
        least = fminf(least, read[i]);
        most = fmaxf(most, read[i]);
        sum += (double)read[i];
        corners += i % PIXELS == 0 ? (double)read[i] : 0;
    }
    ck_assert_double_eq_tol(sum / (10000 * PIXELS), 0.1307, 0.002); /* of all 60,000: 0.1307 */
    ck_assert(least == 0 && most == 1 && corners == 0);
    free(read);
}
END_TEST

/* Memory that runs out ---------------------------------------------------------------------------- */

static int32_t make_floats(gan_context *c, gan_dataset **out)
{
    return gan_dataset_from_floats(c, 1, 2, two_by_three, (float[6]){0}, out);
}

static int32_t make_bytes(gan_context *c, gan_dataset **out)
{
    return gan_dataset_from_bytes(c, 1, 2, two_by_three, (uint8_t[6]){0}, out);
}

static int32_t make_callback(gan_context *c, gan_dataset **out)
{
    static teller t = {.bad = -1};
    return gan_dataset_from_callback(c, 6, 1, pair, tell, &t, out);
}

static int32_t make_gaussian(gan_context *c, gan_dataset **out)
{
    return gan_dataset_gaussian(c, 6, 0, 1, 0, out);
}

static int32_t make_ring(gan_context *c, gan_dataset **out)
{
    return gan_dataset_ring(c, 6, 8, 1, 1, 0, out);
}

static int32_t make_grid(gan_context *c, gan_dataset **out)
{
    return gan_dataset_grid(c, 6, 5, 1, 1, 0, out);
}

static int32_t open_raw(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_idx(c, at("raw"), at("labels"), out);
}

static int32_t open_packed(gan_context *c, gan_dataset **out)
{
    return gan_dataset_open_idx(c, at("packed"), at("packed labels"), out);
}

static int32_t make_windows(gan_context *c, gan_dataset **out)
{
    gan_dataset *data = NULL, *slice = NULL;
    *out = NULL;
    int32_t status = make_bytes(c, &data);
    if (status == GAN_OK) {
        status = gan_dataset_slice(data, 0, 1, &slice);
    }
    if (status == GAN_OK) {
        status = gan_dataset_scale(slice, 2, 1, out);
    }
    gan_dataset_free(data);
    gan_dataset_free(slice);
    return status;
}

/* Reads from a data set all that can be read; this needs no memory. */
static void read_all(gan_context *c, gan_dataset *dataset, const heap *used)
{
    float samples[64];
    uint8_t labels[64];
    const int64_t calls = used->calls, count = gan_dataset_count(dataset);
    ck_assert_int_eq(gan_dataset_read(dataset, 0, count, samples, 64), GAN_OK);
    const int32_t status = gan_dataset_read_labels(dataset, 0, count, labels, 64);
    ck_assert(status == GAN_OK || status == GAN_ERROR_STATE);
    ck_assert_int_eq(used->calls, calls);
    gan__cursor *cursor;
    const int32_t made = gan__cursor_create(dataset, 2, 0, true, false, &cursor);
    if (made != GAN_OK) {
        ck_assert_int_eq(made, GAN_ERROR_MEMORY);
        ck_assert_ptr_null(cursor);
        ck_assert_ptr_nonnull(strstr(gan_context_message(c), "out of memory"));
        return;
    }
    const int64_t before = used->calls;
    int64_t got;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(gan__cursor_next(cursor, samples, &got), GAN_OK);
    }
    ck_assert_int_eq(used->calls, before);
    gan__cursor_free(cursor);
}

/* Makes and uses a data set again and again while the first, second, ... allocation fails. */
static void starve(int32_t (*make)(gan_context *, gan_dataset **), int least)
{
    int64_t failures = 0;
    for (int64_t n = 1;; n++) {
        heap used = {.fail_at = n};
        gan_context *c;
        if (gan_context_create_with_allocator(heap_allocate, heap_release, &used, &c) != GAN_OK) {
            continue;
        }
        gan_dataset *made = (gan_dataset *)&used;
        const int32_t status = make(c, &made);
        if (status == GAN_OK) {
            read_all(c, made, &used);
        } else {
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            ck_assert_ptr_null(made);
            ck_assert_ptr_nonnull(strstr(gan_context_message(c), "out of memory"));
            failures++;
        }
        gan_context_free(c); /* the data set keeps what it needs */
        gan_dataset_free(made);
        ck_assert_int_eq(used.live, 0);
        if (used.calls < n) {
            break; /* none failed any more */
        }
    }
    ck_assert_int_ge(failures, least);
}

START_TEST(memory_may_run_out_anywhere)
{
    blob raw = make_idx(2, (uint32_t[]){5, 3}, 15), labels = make_idx(1, (uint32_t[]){5}, 5);
    blob packed = make_gzip(raw), packed_labels = make_gzip(labels);
    write_file("raw", raw.bytes, raw.size);
    write_file("labels", labels.bytes, labels.size);
    write_file("packed", packed.bytes, packed.size);
    write_file("packed labels", packed_labels.bytes, packed_labels.size);
    starve(make_floats, 3);
    starve(make_bytes, 3);
    starve(make_callback, 2);
    starve(make_gaussian, 2);
    starve(make_ring, 2);
    starve(make_grid, 2);
    starve(make_windows, 5);
    starve(open_raw, 6);
    starve(open_packed, 8);
    free(raw.bytes);
    free(labels.bytes);
    free(packed.bytes);
    free(packed_labels.bytes);
}
END_TEST

/* ------------------------------------------------------------------------------------------------- */

static void remove_folder(void)
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
static void add_case(Suite *suite, const char *name, const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, start, finish);
    for (; *tests != NULL; tests++) {
        tcase_add_test(tcase, *tests);
    }
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("dataset");
    add_case(suite, "memory",
             (const TTest *[]){floats_are_delivered_as_given, bytes_are_delivered_over_255,
                               bytes_stay_bytes, slices_and_scales_compose, shapes_are_told,
                               creation_checks_its_arguments, windows_check_their_arguments,
                               reading_checks_its_arguments, NULL});
    add_case(suite, "callback",
             (const TTest *[]){callbacks_deliver, callbacks_that_misbehave_are_reported, NULL});
    add_case(suite, "distributions",
             (const TTest *[]){gaussian_has_its_moments, ring_has_its_modes, grid_has_its_modes,
                               draws_are_pinned, draws_depend_on_seed_and_index_only,
                               distributions_may_be_degenerate, distributions_check_their_arguments,
                               NULL});
    add_case(suite, "order",
             (const TTest *[]){an_epoch_is_a_permutation, permutations_are_pinned,
                               short_batches_can_be_dropped, all_permutations_are_as_likely,
                               bounded_words_are_unbiased, cursors_go_where_they_were,
                               a_failed_batch_can_be_had_again, distributions_draw_anew_each_epoch,
                               cursors_have_limits, NULL});
    add_case(suite, "idx",
             (const TTest *[]){
                 idx_files_are_read, labels_go_with_their_samples, what_is_no_file_is_refused,
                 headers_that_lie_are_refused, other_types_are_named, every_truncation_is_noticed,
                 every_changed_byte_is_survived, gzip_checksums_are_checked,
                 gzip_members_follow_each_other, bombs_do_not_go_off, mnist_is_read, NULL});
    add_case(suite, "starvation", (const TTest *[]){memory_may_run_out_anywhere, NULL});
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_folder();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
