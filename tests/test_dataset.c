/* Data sets: what they deliver, to the bit. */
#include "dataset_support.h"

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

int main(void)
{
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
    return run_cases(suite);
}
