/* Scores that keep vectors: kernel distance, nearest neighbours, sliced Wasserstein. */
#include "scores.h"

static void set(gan_score *score, const char *key, double value)
{
    ok(gan_score_set_number(score, key, value));
}

static gan_score *filled(const char *kind, int64_t elements, int64_t n, const float *x, int64_t m,
                         const float *y)
{
    gan_score *score = new_score(kind, elements);
    ok(gan_score_add_real(score, n, x));
    ok(gan_score_add_fake(score, m, y));
    return score;
}

/* ---- Kernel distance ----------------------------------------------------------------------- */

static double kernel_of(int64_t k, const float *a, const float *b)
{
    double product = 0;
    for (int64_t i = 0; i < k; i++) {
        product += (double)a[i] * (double)b[i];
    }
    const double base = product / (double)k + 1;
    return base * base * base;
}

static double discrepancy(int64_t k, int64_t n, const float *x, const float *y)
{
    double within = 0, between = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            within += i == j
                          ? 0
                          : kernel_of(k, x + i * k, x + j * k) + kernel_of(k, y + i * k, y + j * k);
            between += kernel_of(k, x + i * k, y + j * k);
        }
    }
    const double size = (double)n;
    return within / (size * (size - 1)) - 2 * between / (size * size);
}

/* Where a subset is the whole set there is nothing random. */
START_TEST(kernel_against_direct_sums)
{
    begin();
    const float x[] = {1, 0, 2, 1}, y[] = {0, 1, -1, 3};
    gan_score *score = filled(GAN_SCORE_KERNEL, 2, 2, x, 2, y);
    set(score, GAN_SCORE_SUBSET_SIZE, 2);
    /* k = (a.b / 2 + 1)^3: x1.x2 = 2, y1.y2 = 3; x.y = 0, -1, 1, 1 */
    near(value_of(score, "kernel_distance"), 8 + 15.625 - 2 * (1 + 0.125 + 3.375 + 3.375) / 4,
         1e-12);
    ck_assert(value_of(score, "deviation") < 1e-12);
    gan_score_free(score);
    static const int64_t shapes[][2] = {{3, 1}, {60, 17}, {1100, 5}, {50, 300}};
    for (int32_t i = 0; i < 4; i++) {
        const int64_t n = shapes[i][0], k = shapes[i][1];
        dice d = {(uint64_t)i};
        float *a = normals(&d, n * k, 0.2, 1), *b = normals(&d, n * k, 0, 1.2);
        score = filled(GAN_SCORE_KERNEL, k, n, a, n, b);
        set(score, GAN_SCORE_SUBSETS, 2);
        set(score, GAN_SCORE_SUBSET_SIZE, (double)n);
        near(value_of(score, "kernel_distance"), discrepancy(k, n, a, b), 1e-6);
        near(value_of(score, "deviation"), 0, 1e-6);
        gan_score_free(score);
        free(a);
        free(b);
    }
    end();
}
END_TEST

/* Equal distributions: 0 in the mean, below it about as often as above. */
START_TEST(kernel_is_unbiased)
{
    begin();
    enum { N = 60, K = 4, TRIALS = 60 };
    dice d = {2};
    double mean = 0, squares = 0;
    int32_t below = 0;
    for (int32_t i = 0; i < TRIALS; i++) {
        float *x = normals(&d, (int64_t)2 * N * K, 0.5, 1);
        gan_score *score = filled(GAN_SCORE_KERNEL, K, N, x, N, x + (int64_t)N * K);
        set(score, GAN_SCORE_SUBSETS, 5);
        set(score, GAN_SCORE_SUBSET_SIZE, 40);
        const double value = value_of(score, "kernel_distance");
        mean += value / TRIALS;
        squares += value * value / TRIALS;
        below += value < 0;
        double floor_mean, deviation;
        ok(gan_score_floor(score, "kernel_distance", &floor_mean, &deviation));
        ck_assert(floor_mean == 0 && isnan(deviation));
        gan_score_free(score);
        free(x);
    }
    ck_assert(squares > 0);
    near(mean, 0, 3.5 * sqrt(squares / TRIALS));
    ck_assert_msg(below > TRIALS / 5 && below < TRIALS * 9 / 10, "%d below 0", below);
    end();
}
END_TEST

/* Subsets have no vector twice: those of n - 1 of n vectors leave one out each. */
START_TEST(kernel_subsets)
{
    begin();
    enum { N = 4 };
    const float x[N] = {0, 1, 2, 5}, y[N] = {3, 3, 3, 3};
    gan_score *score = filled(GAN_SCORE_KERNEL, 1, N, x, N, y);
    set(score, GAN_SCORE_SUBSETS, 1);
    set(score, GAN_SCORE_SUBSET_SIZE, N - 1);
    double possible[N];
    for (int32_t out = 0; out < N; out++) {
        float rest[N - 1];
        for (int32_t i = 0, j = 0; i < N; i++) {
            if (i != out) {
                rest[j++] = x[i];
            }
        }
        possible[out] = discrepancy(1, N - 1, rest, y);
    }
    int32_t seen[N] = {0};
    for (int32_t seed = 0; seed < 60; seed++) {
        gan_score *other = new_score(GAN_SCORE_KERNEL, 1);
        set(other, GAN_SCORE_SEED, seed);
        set(other, GAN_SCORE_SUBSETS, 1);
        set(other, GAN_SCORE_SUBSET_SIZE, N - 1);
        ok(gan_score_add_real(other, N, x));
        ok(gan_score_add_fake(other, N, y));
        const double value = value_of(other, "kernel_distance");
        int32_t found = -1;
        for (int32_t i = 0; i < N; i++) {
            found = fabs(value - possible[i]) < 1e-6 * fabs(possible[i]) ? i : found;
        }
        ck_assert_msg(found >= 0, "seed %d: %g", seed, value);
        seen[found]++;
        gan_score_free(other);
    }
    for (int32_t i = 0; i < N; i++) {
        ck_assert_int_ge(seen[i], 3);
    }
    /* The mean and the spread over many. */
    set(score, GAN_SCORE_SUBSETS, 2000);
    double mean = 0, squares = 0;
    for (int32_t i = 0; i < N; i++) {
        mean += possible[i] / N;
        squares += possible[i] * possible[i] / N;
    }
    const double deviation = sqrt(squares - mean * mean);
    near(value_of(score, "kernel_distance"), mean, 4 * deviation / sqrt(2000));
    near(value_of(score, "deviation"), deviation, 0.05 * deviation);
    gan_score_free(score);
    end();
}
END_TEST

/* ---- Neighbours ---------------------------------------------------------------------------- */

static void check_neighbours(gan_score *score, double precision, double recall, double density,
                             double coverage)
{
    near(value_of(score, "precision"), precision, 1e-15);
    near(value_of(score, "recall"), recall, 1e-15);
    near(value_of(score, "density"), density, 1e-15);
    near(value_of(score, "coverage"), coverage, 1e-15);
}

START_TEST(neighbours_by_hand)
{
    begin();
    /* Radii of the real ones are 1, of the fakes 2, 2, 0.5, 0.5. */
    const float x[] = {0, 1, 2, 3}, y[] = {0.5f, 2.5f, 10, 10.5f};
    gan_score *score = filled(GAN_SCORE_NEIGHBOURS, 1, 4, x, 4, y);
    set(score, GAN_SCORE_K, 1);
    check_neighbours(score, 0.5, 1, 1, 1);
    set(score, GAN_SCORE_K, 2); /* 2, 1, 1, 2 and 9.5, 7.5, 8, 10 by the second neighbours */
    check_neighbours(score, 0.5, 1, 0.5, 1);
    gan_score_free(score);
    /* Fakes at one place: half of the real ones are not covered; as far as the radius is outside. */
    const float p[] = {0, 1, 10, 11}, q[] = {0.25f, 0.5f, 12, 30, 31};
    score = filled(GAN_SCORE_NEIGHBOURS, 1, 4, p, 5, q);
    set(score, GAN_SCORE_K, 1);
    check_neighbours(score, 0.4, 0.75, 4.0 / 5, 0.5);
    gan_score_free(score);
    end();
}
END_TEST

static void check_equal_sets(int64_t n, int64_t k, double mean, double deviation)
{
    dice d = {(uint64_t)(n + k)};
    float *x = normals(&d, n * k, mean, deviation);
    float *y = new_bytes((size_t)(n * k) * sizeof *y, 0);
    for (int64_t i = 0; i < n; i++) {
        memcpy(y + (n - 1 - i) * k, x + i * k, (size_t)k * sizeof *x);
    }
    gan_score *score = filled(GAN_SCORE_NEIGHBOURS, k, n, x, n, y);
    check_neighbours(score, 1, 1, 1, 1);
    set(score, GAN_SCORE_K, 100);
    check_neighbours(score, 1, 1, 1, 1);
    gan_score_free(score);
    free(x);
    free(y);
}

START_TEST(neighbours_of_equal_sets)
{
    begin();
    check_equal_sets(101, 3, 0, 1);
    check_equal_sets(700, 50, 1e4, 1); /* many blocks; far from zero */
    check_equal_sets(1100, 784, 0.5, 1e-3);
    end();
}
END_TEST

static double distance(int64_t k, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t i = 0; i < k; i++) {
        const double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return sum;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *radii_of(int64_t k, int64_t n, const float *x, int32_t neighbour)
{
    double *radii = new_bytes((size_t)n * sizeof *radii, 0);
    double *all = new_bytes((size_t)n * sizeof *all, 0);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            all[j] = i == j ? -1 : distance(k, x + i * k, x + j * k);
        }
        qsort(all, (size_t)n, sizeof *all, compare);
        radii[i] = all[neighbour];
    }
    free(all);
    return radii;
}

static void check_direct(int64_t k, int64_t n, const float *x, int64_t m, const float *y,
                         int32_t neighbour)
{
    double *rx = radii_of(k, n, x, neighbour), *ry = radii_of(k, m, y, neighbour);
    double precise = 0, recalled = 0, density = 0, covered = 0;
    for (int64_t j = 0; j < m; j++) {
        int32_t within = 0;
        for (int64_t i = 0; i < n; i++) {
            within += distance(k, x + i * k, y + j * k) < rx[i];
        }
        density += within;
        precise += within > 0;
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t near = 0, made = 0;
        for (int64_t j = 0; j < m; j++) {
            const double square = distance(k, x + i * k, y + j * k);
            near += square < rx[i];
            made += square < ry[j];
        }
        covered += near > 0;
        recalled += made > 0;
    }
    gan_score *score = filled(GAN_SCORE_NEIGHBOURS, k, n, x, m, y);
    set(score, GAN_SCORE_K, neighbour);
    check_neighbours(score, precise / (double)m, recalled / (double)n,
                     density / ((double)neighbour * (double)m), covered / (double)n);
    gan_score_free(score);
    free(rx);
    free(ry);
}

START_TEST(neighbours_against_direct_sums)
{
    begin();
    static const int64_t shapes[][3] = {{40, 30, 2}, {700, 1300, 3}, {1300, 520, 30}, {9, 8, 1}};
    for (int32_t i = 0; i < 4; i++) {
        const int64_t n = shapes[i][0], m = shapes[i][1], k = shapes[i][2];
        for (int32_t far = 0; far < 2; far++) {
            dice d = {(uint64_t)(10 * i + far)};
            float *x = normals(&d, n * k, far * 1e3, 1), *y = normals(&d, m * k, far * 1e3, 1.1);
            if (far != 0) { /* clusters of 10 in places 10^3 apart, products in float see nothing */
                for (int64_t j = 0; j < n * k; j++) {
                    x[j] = (float)(j / k % 10) * 1e3f + (x[j] - 1e3f) * 1e-2f;
                }
                for (int64_t j = 0; j < m * k; j++) {
                    y[j] = (float)(j / k % 7) * 1e3f + (y[j] - 1e3f) * 1e-2f;
                }
            }
            check_direct(k, n, x, m, y, i == 0 ? 1 : 5);
            free(x);
            free(y);
        }
    }
    end();
}
END_TEST

/* Equal distributions come to the floors in the mean. */
START_TEST(neighbours_floor)
{
    begin();
    enum { N = 200, M = 100, K = 3, TRIALS = 60 };
    dice d = {3};
    double density = 0, coverage = 0, density_squares = 0, coverage_squares = 0;
    double density_floor = 0, coverage_floor = 0;
    for (int32_t i = 0; i < TRIALS; i++) {
        float *x = normals(&d, (int64_t)(N + M) * K, 0, 1);
        gan_score *score = filled(GAN_SCORE_NEIGHBOURS, K, N, x, M, x + (int64_t)N * K);
        const double a = value_of(score, "density"), b = value_of(score, "coverage");
        density += a / TRIALS;
        coverage += b / TRIALS;
        density_squares += a * a / TRIALS;
        coverage_squares += b * b / TRIALS;
        double spread;
        ok(gan_score_floor(score, "density", &density_floor, &spread));
        ck_assert(isnan(spread));
        ok(gan_score_floor(score, "coverage", &coverage_floor, NULL));
        fails(gan_score_floor(score, "recall", &spread, NULL), GAN_ERROR_UNSUPPORTED, "recall");
        gan_score_free(score);
        free(x);
    }
    near(density_floor, 1, 0);
    near(coverage_floor, 1 - 199.0 / 299 * 198.0 / 298 * 197.0 / 297 * 196.0 / 296 * 195.0 / 295,
         1e-14);
    near(density, 1, 4 * sqrt((density_squares - density * density) / TRIALS));
    near(coverage, coverage_floor, 4 * sqrt((coverage_squares - coverage * coverage) / TRIALS));
    end();
}
END_TEST

/* ---- Sliced Wasserstein -------------------------------------------------------------------- */

START_TEST(sliced_on_a_line)
{
    begin();
    enum { N = 300 };
    dice d = {4};
    float x[N], y[N];
    for (int32_t i = 0; i < N; i++) {
        x[i] = (float)roll(&d, 1000);
        y[(i + 77) % N] = x[i] - 3;
    }
    gan_score *score = filled(GAN_SCORE_SLICED_WASSERSTEIN, 1, N, x, N, y);
    near(value_of(score, "sliced_wasserstein"), 3, 1e-4);
    near(value_of(score, "sliced_wasserstein_2"), 3, 1e-4);
    near(value_of(score, "greatest"), 3, 1e-4);
    near(value_of(score, "standard_error"), 0, 1e-5);
    gan_score_free(score);
    /* Unequal counts: the quantiles differ by 1/2 between 1/3 and 2/3. */
    const float two[] = {1, 0}, three[] = {0.5f, 1, 0}, one[] = {0.5f};
    score = filled(GAN_SCORE_SLICED_WASSERSTEIN, 1, 2, two, 3, three);
    near(value_of(score, "sliced_wasserstein"), 1.0 / 6, 1e-7);
    near(value_of(score, "sliced_wasserstein_2"), sqrt(1.0 / 12), 1e-7);
    gan_score_free(score);
    score = filled(GAN_SCORE_SLICED_WASSERSTEIN, 1, 1, one, 2, two);
    near(value_of(score, "sliced_wasserstein"), 0.5, 1e-7);
    set(score, GAN_SCORE_PROJECTIONS, 1);
    near(value_of(score, "sliced_wasserstein"), 0.5, 1e-7);
    ck_assert(value_of(score, "standard_error") == 0);
    gan_score_free(score);
    end();
}
END_TEST

/* Points that are all moved by v: W_1 = W_2 = |v.theta|, in three dimensions |v| / 2 and
 * |v| / sqrt 3 in the mean. */
START_TEST(sliced_of_shifted_points)
{
    begin();
    enum { N = 1500, K = 3 };
    dice d = {5};
    float *x = normals(&d, (int64_t)N * K, 5, 1), *y = normals(&d, (int64_t)N * K, 0, 0);
    const float v[K] = {2, -1, 2};
    for (int32_t i = 0; i < N * K; i++) {
        y[i] = x[i] + v[i % K];
    }
    gan_score *score = filled(GAN_SCORE_SLICED_WASSERSTEIN, K, N, x, N, y);
    set(score, GAN_SCORE_PROJECTIONS, 4000);
    const double error = value_of(score, "standard_error");
    near(error, 3 / sqrt(12) / sqrt(4000), 0.1 * error); /* |cos| is uniform on a sphere in R^3 */
    near(value_of(score, "sliced_wasserstein"), 1.5, 4 * error);
    near(value_of(score, "sliced_wasserstein_2"), sqrt(3), 4 * error);
    near(value_of(score, "greatest"), 3, 0.01);
    ck_assert(value_of(score, "greatest") < 3.0001);
    gan_score_free(score);
    score = filled(GAN_SCORE_SLICED_WASSERSTEIN, K, N, x, N, x);
    near(value_of(score, "greatest"), 0, 1e-5);
    gan_score_free(score);
    free(x);
    free(y);
    end();
}
END_TEST

/* ---- All three ----------------------------------------------------------------------------- */

static void prepare_small(gan_score *score)
{
    set(score, GAN_SCORE_SAMPLES, 90); /* fewer than there are */
    set(score, GAN_SCORE_SUBSET_SIZE, 80);
    set(score, GAN_SCORE_SUBSETS, 3);
    set(score, GAN_SCORE_PROJECTIONS, 100);
    set(score, GAN_SCORE_SEED, 12345);
}

static void prepare_whole(gan_score *score)
{
    prepare_small(score);
    set(score, GAN_SCORE_SAMPLES, 2000);
    set(score, GAN_SCORE_SUBSET_SIZE, 500);
}

START_TEST(cuts_and_threads)
{
    begin();
    enum { N = 600, K = 70 };
    dice d = {6};
    float *x = normals(&d, (int64_t)N * K, 0, 1), *y = normals(&d, (int64_t)N * K, 0.1, 1);
    static const char *const kinds[] = {GAN_SCORE_KERNEL, GAN_SCORE_NEIGHBOURS,
                                        GAN_SCORE_SLICED_WASSERSTEIN};
    for (int32_t i = 0; i < 3; i++) {
        same_bits(kinds[i], K, N, x, N - 33, y, prepare_small);
        same_bits(kinds[i], K, N, x, N - 33, y, prepare_whole);
    }
    free(x);
    free(y);
    end();
}
END_TEST

/* Every vector is as likely to be kept, wherever it came: the mean of those kept of 0, 1, 2, ... */
START_TEST(random_subset_of_a_stream)
{
    begin();
    enum { N = 3000, LIMIT = 50, TRIALS = 40 };
    float *x = new_bytes(N * sizeof *x, 0);
    const float zero[2] = {0, 0};
    for (int32_t i = 0; i < N; i++) {
        x[i] = (float)i / N;
    }
    double mean = 0, other = 0;
    for (int32_t seed = 0; seed < TRIALS; seed++) { /* W_1 to 0 is the mean */
        gan_score *score = new_score(GAN_SCORE_SLICED_WASSERSTEIN, 1);
        set(score, GAN_SCORE_SAMPLES, LIMIT);
        set(score, GAN_SCORE_SEED, seed);
        ok(gan_score_add_real(score, N, x));
        ok(gan_score_add_fake(score, 2, zero));
        mean += value_of(score, "sliced_wasserstein") / TRIALS;
        near(value_of(score, "real_count"), N, 0);
        near(value_of(score, "real_used"), LIMIT, 0);
        near(value_of(score, "fake_used"), 2, 0);
        gan_score_free(score);
        score = new_score(GAN_SCORE_SLICED_WASSERSTEIN, 1);
        set(score, GAN_SCORE_SAMPLES, LIMIT);
        set(score, GAN_SCORE_SEED, seed);
        ok(gan_score_add_real(score, 1, zero));
        ok(gan_score_add_fake(score, N, x));
        other += value_of(score, "sliced_wasserstein") / TRIALS;
        gan_score_free(score);
    }
    const double error = sqrt(1.0 / 12 / LIMIT / TRIALS);
    near(mean, 0.5, 4 * error);
    near(other, 0.5, 4 * error);
    ck_assert(mean != other);
    free(x);
    end();
}
END_TEST

START_TEST(extreme_sizes)
{
    begin();
    enum { N = 8, K = 3 };
    dice d = {7};
    static const double sizes[] = {1e38, 1e-38, 1e-44};
    for (int32_t s = 0; s < 3; s++) {
        float x[N * K], y[N * K];
        for (int32_t i = 0; i < N * K; i++) {
            x[i] = (float)(sizes[s] * roll_between(&d, 0, 3));
            y[i] = (float)(sizes[s] * roll_between(&d, 0, 3));
        }
        gan_score *score = filled(GAN_SCORE_NEIGHBOURS, K, N, x, N, x);
        set(score, GAN_SCORE_K, 2);
        ck_assert(value_of(score, "precision") > (s < 2 ? 0.99 : -1));
        gan_score_free(score);
        score = filled(GAN_SCORE_SLICED_WASSERSTEIN, K, N, x, N, y);
        ck_assert(value_of(score, "sliced_wasserstein") < 5 * sizes[s]);
        ck_assert(value_of(score, "sliced_wasserstein") > 0);
        gan_score_free(score);
        score = filled(GAN_SCORE_KERNEL, K, N, x, N, y);
        set(score, GAN_SCORE_SUBSET_SIZE, N);
        double value = 7;
        if (s == 0) { /* the square of a sixth power */
            fails(gan_score_value(score, "kernel_distance", &value), GAN_ERROR_NUMERIC,
                  "deviation is infinite");
            ck_assert(value == 7);
        } else {
            near(value_of(score, "kernel_distance"), 0, 1e-12);
        }
        gan_score_free(score);
    }
    end();
}
END_TEST

START_TEST(too_few_vectors)
{
    begin();
    const float x[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    double value;
    gan_score *score = filled(GAN_SCORE_KERNEL, 1, 8, x, 8, x);
    fails(gan_score_value(score, "deviation", &value), GAN_ERROR_STATE,
          "8 real vectors, at least 1000");
    set(score, GAN_SCORE_SUBSET_SIZE, 8);
    ok(gan_score_value(score, "deviation", &value));
    gan_score_free(score);
    score = filled(GAN_SCORE_NEIGHBOURS, 1, 8, x, 5, x);
    fails(gan_score_value(score, "recall", &value), GAN_ERROR_STATE, "5 fake vectors, at least 6");
    gan_score_free(score);
    score = new_score(GAN_SCORE_SLICED_WASSERSTEIN, 1);
    fails(gan_score_value(score, "greatest", &value), GAN_ERROR_STATE,
          "0 real vectors, at least 1");
    gan_score_free(score);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("score_sets", kernel_against_direct_sums, kernel_is_unbiased, kernel_subsets,
                     neighbours_by_hand, neighbours_of_equal_sets, neighbours_against_direct_sums,
                     neighbours_floor, sliced_on_a_line, sliced_of_shifted_points, cuts_and_threads,
                     random_subset_of_a_stream, extreme_sizes, too_few_vectors);
}
