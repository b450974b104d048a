/* Coverage of a known mixture, and the floor that a perfect sampler of as many samples stands on. */
#include "scores.h"

enum { RING = 8, GRID = 25, N = 2500 };

static double ring[2 * RING], grid[2 * GRID];

static void place_modes(void)
{
    for (int32_t i = 0; i < RING; i++) {
        ring[2 * i] = cos(6.283185307179586 * i / RING);
        ring[2 * i + 1] = sin(6.283185307179586 * i / RING);
    }
    for (int32_t i = 0; i < GRID; i++) {
        grid[2 * i] = 2.0 * (i % 5 - 2);
        grid[2 * i + 1] = 2.0 * (i / 5 - 2);
    }
}

static gan_score *modes_of(int64_t modes, const double *centres, double deviation)
{
    place_modes();
    gan_score *score = new_score(GAN_SCORE_MODES, 2);
    ok(gan_score_set_modes(score, modes, centres, deviation));
    return score;
}

/* Samples of a data set of the library, n of them. */
static float *samples_of(gan_dataset *data, int64_t n)
{
    float *x = new_bytes((size_t)(2 * n) * sizeof *x, 0);
    ok(gan_dataset_read(data, 0, n, x, 2 * n));
    gan_dataset_free(data);
    return x;
}

static float *ring_samples(int64_t n, double deviation, uint64_t seed)
{
    gan_dataset *data;
    ok(gan_dataset_ring(ctx, n, RING, 1, deviation, seed, &data));
    return samples_of(data, n);
}

static float *grid_samples(int64_t n, double deviation, uint64_t seed)
{
    gan_dataset *data;
    ok(gan_dataset_grid(ctx, n, 5, 2, deviation, seed, &data));
    return samples_of(data, n);
}

static double floor_of(gan_score *score, const char *name, double *deviation)
{
    double mean = -1;
    ok(gan_score_floor(score, name, &mean, deviation));
    return mean;
}

/* All values within `bands` deviations of their floors. */
static void inside_floor(gan_score *score, double bands)
{
    static const char *const names[] = {"modes",
                                        "share",
                                        "kl",
                                        "deviation_ratio",
                                        "offset",
                                        "least_deviation_ratio",
                                        "greatest_deviation_ratio"};
    for (int32_t i = 0; i < 7; i++) {
        double deviation = -1;
        const double mean = floor_of(score, names[i], &deviation);
        if (!(fabs(value_of(score, names[i]) - mean) <= bands * deviation)) {
            ck_abort_msg("%s is %g, a perfect sampler's %g +- %g", names[i],
                         value_of(score, names[i]), mean, deviation);
        }
    }
}

/* ---- Perfect samplers ---------------------------------------------------------------------- */

static const double inside = 0.98889100346; /* 1 - exp(-9 / 2) */

/* s / sigma of a Gaussian in the plane that is cut at 3 deviations. */
static double cut_ratio(void)
{
    return sqrt(1 - 4.5 * (1 - inside) / inside);
}

START_TEST(perfect_samplers)
{
    begin();
    place_modes();
    for (uint64_t seed = 0; seed < 5; seed++) {
        gan_score *score = modes_of(RING, ring, 0.01);
        float *x = ring_samples(N, 0.01, seed);
        ok(gan_score_add_fake(score, N, x));
        inside_floor(score, 4);
        near(value_of(score, "modes"), RING, 0);
        near(value_of(score, "share"), inside, 4 * sqrt(inside * (1 - inside) / N));
        free(x);
        gan_score_free(score);
        score = modes_of(GRID, grid, 0.05);
        x = grid_samples(N, 0.05, seed);
        ok(gan_score_add_fake(score, N, x));
        inside_floor(score, 4);
        near(value_of(score, "modes"), GRID, 0);
        free(x);
        gan_score_free(score);
    }
    end();
}
END_TEST

/* The floors against formulas: chi-square with 2 degrees of freedom, the bias of a plug-in
 * estimate (m - 1) / 2n, an error of sqrt(pi / 2 / (n / m)) / sigma-hat of the means. */
START_TEST(floors)
{
    begin();
    place_modes();
    gan_score *score = modes_of(GRID, grid, 0.05);
    float *x = grid_samples(N, 0.05, 1);
    ok(gan_score_add_fake(score, N, x));
    ok(gan_score_set_number(score, GAN_SCORE_SIMULATIONS, 400));
    double deviation;
    near(floor_of(score, "modes", &deviation), GRID, 0);
    ck_assert(deviation == 0);
    near(floor_of(score, "share", &deviation), inside, 4 * deviation / 20);
    near(deviation, sqrt(inside * (1 - inside) / N), 0.2 * deviation);
    near(floor_of(score, "kl", &deviation), 24.0 / (2 * N * inside), 4 * deviation / 20 + 1e-5);
    near(deviation, sqrt(2 * 24.0) / (2 * N), 0.2 * deviation);
    near(floor_of(score, "deviation_ratio", &deviation), cut_ratio(), 4 * deviation / 20 + 2e-3);
    near(floor_of(score, "offset", &deviation), cut_ratio() * sqrt(1.5707963 * GRID / N),
         4 * deviation / 20 + 2e-3);
    const double first = floor_of(score, "kl", NULL);
    ok(gan_score_set_number(score, GAN_SCORE_SIMULATIONS, 399));
    ck_assert(floor_of(score, "kl", NULL) != first); /* not what was kept */
    ok(gan_score_set_number(score, GAN_SCORE_SIMULATIONS, 400));
    ck_assert(floor_of(score, "kl", NULL) == first);
    fails(gan_score_floor(score, "seed", &deviation, NULL), GAN_ERROR_UNSUPPORTED, "seed");
    gan_score_free(score);
    free(x);
    end();
}
END_TEST

/* ---- Samplers with faults ------------------------------------------------------------------ */

/* A share above 98.9 % says that modes are too narrow, and so does the ratio. */
START_TEST(narrow_modes)
{
    begin();
    place_modes();
    gan_score *score = modes_of(RING, ring, 0.01);
    float *x = ring_samples(N, 0.005, 3);
    ok(gan_score_add_fake(score, N, x));
    double deviation;
    const double share = floor_of(score, "share", &deviation);
    ck_assert(value_of(score, "share") > share + 4 * deviation);
    ck_assert(value_of(score, "share") > 0.9995);
    near(value_of(score, "deviation_ratio"), 0.5, 0.02);
    const double ratio = floor_of(score, "greatest_deviation_ratio", &deviation);
    ck_assert(value_of(score, "greatest_deviation_ratio") < ratio - 4 * deviation);
    gan_score_free(score);
    free(x);
    /* Too wide: fewer are good, and those fill the disk: s / sigma = sqrt(9 / 4). */
    score = modes_of(RING, ring, 0.01);
    x = ring_samples(N, 0.05, 3);
    ok(gan_score_add_fake(score, N, x));
    near(value_of(score, "share"), 1 - exp(-9 / 2.0 / 25), 0.03);
    near(value_of(score, "deviation_ratio"), 1.5, 0.05);
    gan_score_free(score);
    free(x);
    end();
}
END_TEST

START_TEST(missing_modes)
{
    begin();
    place_modes();
    gan_score *score = modes_of(GRID, grid, 0.05);
    float *x = grid_samples(N, 0.05, 4);
    int64_t kept = 0;
    for (int64_t i = 0; i < N; i++) { /* without the 5 modes of the last column */
        if (x[2 * i] < 3) {
            memmove(x + 2 * kept++, x + 2 * i, 2 * sizeof *x);
        }
    }
    ok(gan_score_add_fake(score, kept, x));
    near(value_of(score, "modes"), 20, 0);
    near(value_of(score, "kl"), log(25.0 / 20), 0.01);
    int64_t total = 0;
    for (int64_t i = 0; i < GRID; i++) {
        int64_t count = -1, good = -1;
        double ratio = -1, offset = -1;
        ok(gan_score_mode(score, i, &count, &good, &ratio, &offset));
        total += count;
        if (i % 5 == 4) {
            ck_assert(count == 0 && good == 0 && isnan(ratio) && isnan(offset));
        } else {
            ck_assert(count > 50 && good > 0.9 * (double)count && good <= count);
            near(ratio, cut_ratio(), 0.2);
            near(offset, 0, 0.4);
        }
    }
    ck_assert_int_eq(total, kept);
    ok(gan_score_mode(score, 0, NULL, NULL, NULL, NULL));
    gan_score_free(score);
    free(x);
    end();
}
END_TEST

/* Every number by hand. */
START_TEST(by_hand)
{
    begin();
    const double centres[] = {0, 10, 20};
    gan_score *score = new_score(GAN_SCORE_MODES, 1);
    ok(gan_score_set_modes(score, 3, centres, 0.5));
    /* Good at 0: 1, 0, -0.5; at 10: 10.25. Not: 1.5 (at 3 deviations), 5 (nearest 0), 100. */
    const float x[] = {1, 0, -0.5f, 10.25f, 1.5f, 5, 100};
    ok(gan_score_add_fake(score, 7, x));
    near(value_of(score, "modes"), 2, 0);
    near(value_of(score, "share"), 4.0 / 7, 1e-15);
    near(value_of(score, "kl"), 0.75 * log(0.75 * 3) + 0.25 * log(0.25 * 3), 1e-15);
    /* mean 1/6, s^2 = (25/36 + 1/36 + 16/36) / 2 */
    const double ratio = sqrt(42.0 / 72) / 0.5;
    near(value_of(score, "deviation_ratio"), ratio, 1e-14);
    near(value_of(score, "least_deviation_ratio"), ratio, 1e-14);
    near(value_of(score, "greatest_deviation_ratio"), ratio, 1e-14);
    near(value_of(score, "offset"), (1.0 / 3 + 0.5) / 2, 1e-14);
    ok(gan_score_set_number(score, GAN_SCORE_MINIMUM, 2));
    near(value_of(score, "modes"), 1, 0);
    ok(gan_score_set_number(score, GAN_SCORE_MINIMUM, 4));
    near(value_of(score, "modes"), 0, 0);
    int64_t count, good;
    ok(gan_score_mode(score, 0, &count, &good, NULL, NULL));
    ck_assert(count == 5 && good == 3);
    ok(gan_score_mode(score, 2, &count, &good, NULL, NULL));
    ck_assert(count == 1 && good == 0);
    fails(gan_score_mode(score, 3, &count, NULL, NULL, NULL), GAN_ERROR_RANGE, "mode is 3");
    fails(gan_score_mode(score, -1, &count, NULL, NULL, NULL), GAN_ERROR_RANGE, "mode is -1");
    /* No good sample at all. */
    gan_score_clear_fake(score);
    ok(gan_score_mode(score, 0, &count, &good, NULL, NULL));
    ck_assert(count == 0 && good == 0);
    ok(gan_score_set_number(score, GAN_SCORE_THRESHOLD, 4));
    ok(gan_score_add_fake(score, 1, x + 6));
    near(value_of(score, "share"), 0, 0);
    ck_assert(isnan(value_of(score, "kl")) && isnan(value_of(score, "offset")));
    ck_assert(isnan(value_of(score, "deviation_ratio")));
    ck_assert(isnan(value_of(score, "least_deviation_ratio")));
    gan_score_clear_fake(score);
    ok(gan_score_add_fake(score, 7, x));
    near(value_of(score, "share"), 5.0 / 7, 1e-15); /* 1.5 is within 4 */
    gan_score_free(score);
    end();
}
END_TEST

/* Modes that overlap: samples count for the nearest centre, and the floor does the same. */
START_TEST(overlapping_modes)
{
    begin();
    place_modes();
    gan_score *score = modes_of(RING, ring, 0.4);
    float *x = ring_samples(N, 0.4, 5);
    ok(gan_score_add_fake(score, N, x));
    ck_assert(value_of(score, "share") > 0.99);
    inside_floor(score, 4);
    gan_score_free(score);
    free(x);
    end();
}
END_TEST

/* In many dimensions, one mode: a single Gaussian. */
START_TEST(many_elements)
{
    begin();
    enum { K = 33, COUNT = 400 };
    const double centre[K] = {5};
    dice d = {6};
    float *x = normals(&d, (int64_t)COUNT * K, 0, 2);
    for (int32_t i = 0; i < COUNT; i++) {
        x[i * K] += 5;
    }
    gan_score *score = new_score(GAN_SCORE_MODES, K);
    ok(gan_score_set_number(score, GAN_SCORE_THRESHOLD, 8));
    ok(gan_score_set_modes(score, 1, centre, 2));
    ok(gan_score_add_fake(score, COUNT, x));
    near(value_of(score, "modes"), 1, 0);
    near(value_of(score, "kl"), 0, 0);
    near(value_of(score, "deviation_ratio"), 1, 0.03);
    double deviation;
    near(value_of(score, "deviation_ratio"), floor_of(score, "deviation_ratio", &deviation),
         4 * deviation);
    gan_score_free(score);
    free(x);
    end();
}
END_TEST

static void prepare_grid(gan_score *score)
{
    ok(gan_score_set_modes(score, GRID, grid, 0.05));
}

START_TEST(cuts_and_threads)
{
    begin();
    place_modes();
    float *x = grid_samples(20000, 0.08, 7);
    same_bits(GAN_SCORE_MODES, 2, 0, NULL, 20000, x, prepare_grid);
    double found[2] = {0, 0};
    for (int32_t i = 0; i < 2; i++) {
        ok(gan_context_set_threads(ctx, 1 + 2 * i));
        gan_score *score = modes_of(GRID, grid, 0.05);
        ok(gan_score_set_number(score, GAN_SCORE_SIMULATIONS, 5));
        ok(gan_score_add_fake(score, 20000, x));
        found[i] = floor_of(score, "kl", NULL);
        gan_score_free(score);
    }
    ck_assert(found[0] == found[1] && found[0] > 0);
    free(x);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("score_modes", perfect_samplers, floors, narrow_modes, missing_modes, by_hand,
                     overlapping_modes, many_elements, cuts_and_threads);
}
