/* The Frechet distance: its parts against known matrices, closed forms, another algorithm. */
#include "scores.h"

#include "eval/moments.h"
#include "eval/nuclear.h"

/* ---- The sum of singular values ------------------------------------------------------------ */

static double nuclear(int64_t rows, int64_t columns, const double *a)
{
    double *copy = new_bytes((size_t)(rows * columns) * sizeof *copy, 0);
    double *work = new_bytes((size_t)gan__nuclear_work(rows, columns) * sizeof *work, 0xff);
    memcpy(copy, a, (size_t)(rows * columns) * sizeof *copy);
    const double norm = gan__nuclear_norm(ctx, rows, columns, copy, work);
    free(copy);
    free(work);
    return norm;
}

/* a <- (I - 2 v v^T / |v|^2) a for a random v: the singular values stay. */
static void reflect_left(dice *d, int64_t rows, int64_t columns, double *a)
{
    double v[256], square = 0;
    for (int64_t i = 0; i < rows; i++) {
        v[i] = roll_between(d, -1, 1);
        square += v[i] * v[i];
    }
    for (int64_t j = 0; j < columns; j++) {
        double product = 0;
        for (int64_t i = 0; i < rows; i++) {
            product += v[i] * a[i * columns + j];
        }
        for (int64_t i = 0; i < rows; i++) {
            a[i * columns + j] -= 2 * product / square * v[i];
        }
    }
}

static void transpose(int64_t rows, int64_t columns, const double *a, double *b)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            b[j * rows + i] = a[i * columns + j];
        }
    }
}

/* A matrix with given singular values in a random basis. */
static void check_values(int64_t rows, int64_t columns, const double *values)
{
    static double a[150 * 150], b[150 * 150];
    memset(a, 0, sizeof a);
    dice d = {(uint64_t)(rows * 1000 + columns)};
    double sum = 0, greatest = 0;
    for (int64_t i = 0; i < columns; i++) {
        a[i * columns + i] = values[i];
        sum += fabs(values[i]);
        greatest = fmax(greatest, fabs(values[i]));
    }
    near(nuclear(rows, columns, a), sum, 1e-14 * greatest * (double)columns);
    for (int32_t i = 0; i < 3; i++) {
        reflect_left(&d, rows, columns, a);
        transpose(rows, columns, a, b);
        reflect_left(&d, columns, rows, b);
        transpose(columns, rows, b, a);
    }
    near(nuclear(rows, columns, a), sum, 4e-15 * greatest * (double)(rows + columns));
}

START_TEST(singular_values)
{
    begin();
    static const int64_t shapes[][2] = {{1, 1},   {2, 1},   {2, 2},   {5, 3},    {9, 8},
                                        {40, 40}, {100, 7}, {65, 64}, {150, 150}};
    for (int32_t i = 0; i < 9; i++) {
        double values[150];
        for (int64_t j = 0; j < 150; j++) {
            values[j] = (double)(j + 1);
        }
        check_values(shapes[i][0], shapes[i][1], values);
        for (int64_t j = 0; j < 150; j++) { /* most are 0 */
            values[j] = j % 5 == 0 ? 2 : 0;
        }
        check_values(shapes[i][0], shapes[i][1], values);
        for (int64_t j = 0; j < 150; j++) { /* graded and clustered, very large and small */
            values[j] = pow(10, 150 - (double)(j / 2));
        }
        check_values(shapes[i][0], shapes[i][1], values);
        for (int64_t j = 0; j < 150; j++) {
            values[j] = 1e-160;
        }
        check_values(shapes[i][0], shapes[i][1], values);
    }
    end();
}
END_TEST

START_TEST(known_matrices)
{
    begin();
    double a[30 * 20];
    for (int32_t i = 0; i < 600; i++) {
        a[i] = -1;
    }
    near(nuclear(30, 20, a), sqrt(600), 1e-13);
    memset(a, 0, sizeof a);
    ck_assert(nuclear(30, 20, a) == 0);
    a[7 * 20 + 3] = -4;
    near(nuclear(30, 20, a), 4, 1e-14);
    memset(a, 0, sizeof a);
    for (int32_t i = 0; i + 1 < 20; i++) { /* a shift: 19 values of 1 and a 0 */
        a[i * 20 + i + 1] = 1;
    }
    near(nuclear(20, 20, a), 19, 1e-13);
    const double b[] = {3, 0, 4, 5}; /* sqrt 45 and sqrt 5 */
    near(nuclear(2, 2, b), sqrt(45) + sqrt(5), 1e-14);
    end();
}
END_TEST

/* ---- Factors and moments ------------------------------------------------------------------- */

static void check_factor(int64_t n, int64_t rank, double scale)
{
    double *b = new_bytes((size_t)(n * n) * sizeof *b, 0);
    double *c = new_bytes((size_t)(n * n) * sizeof *c, 0);
    double *copy = new_bytes((size_t)(n * n) * sizeof *c, 0);
    double *f = new_bytes((size_t)(n * n) * sizeof *f, 0);
    dice d = {(uint64_t)(n + rank)};
    for (int64_t i = 0; i < rank * n; i++) {
        b[i] = scale * roll_between(&d, -1, 1);
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            for (int64_t k = 0; k < rank; k++) {
                c[i * n + j] += b[k * n + i] * b[k * n + j];
            }
        }
    }
    memcpy(copy, c, (size_t)(n * n) * sizeof *c);
    for (int64_t i = 0; i < n; i++) { /* what is below the diagonal is not read */
        for (int64_t j = 0; j < i; j++) {
            copy[i * n + j] = NAN;
        }
    }
    ck_assert_int_eq(gan__factor(ctx, n, copy, f), rank);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < rank; k++) {
                sum += f[k * n + i] * f[k * n + j];
            }
            near(sum, c[i * n + j], 1e-14 * scale * scale * (double)n);
        }
    }
    free(b);
    free(c);
    free(copy);
    free(f);
}

START_TEST(factors)
{
    begin();
    check_factor(8, 8, 1);
    check_factor(8, 0, 1);
    check_factor(8, 1, 1e100);
    check_factor(64, 64, 1e-100);
    check_factor(200, 17, 3);
    end();
}
END_TEST

START_TEST(moments_far_from_zero)
{
    begin();
    enum { N = 700, K = 11, P = 16 };
    dice d = {4};
    float *x = normals(&d, (int64_t)N * K, 0, 1);
    for (int64_t i = 0; i < N * K; i++) { /* far off, drifting, exact in a float */
        x[i] = (float)((double)(1 << 20) + (double)(i / K) + roll(&d, 9));
    }
    gan__moments m = {0};
    ok(gan__moments_reserve(ctx, K, &m));
    double mean[P], covariance[P * P], wanted[K] = {0};
    for (int64_t n = 2; n <= N; n += n < 300 ? 127 : 318) {
        gan__moments_clear(&m);
        gan__moments_add(ctx, &m, n, x);
        gan__moments_finish(ctx, &m, mean, covariance);
        for (int64_t j = 0; j < K; j++) {
            wanted[j] = 0;
            for (int64_t i = 0; i < n; i++) {
                wanted[j] += (double)x[i * K + j] / (double)n;
            }
            near(mean[j], wanted[j], 1e-8);
        }
        for (int64_t j = 0; j < P; j++) {
            for (int64_t k = j; k < P; k++) {
                double sum = 0;
                for (int64_t i = 0; i < n && k < K; i++) {
                    sum += ((double)x[i * K + j] - mean[j]) * ((double)x[i * K + k] - mean[k]);
                }
                sum /= (double)(n - 1);
                near(covariance[j * P + k], sum, 1e-12 * fabs(sum) + 1e-12);
            }
        }
    }
    gan__moments_free(ctx, &m);
    free(x);
    end();
}
END_TEST

/* ---- Closed forms -------------------------------------------------------------------------- */

static double frechet(int64_t elements, int64_t n, const float *x, int64_t m, const float *y)
{
    return score_of(GAN_SCORE_FRECHET, elements, n, x, m, y);
}

/* The 2 k points mean +- a_i e_i have covariance diag(2 a_i^2 / (2 k - 1)). */
static void cross(int64_t k, double mean, const double *a, float *x)
{
    for (int64_t i = 0; i < 2 * k * k; i++) {
        x[i] = (float)mean;
    }
    for (int64_t i = 0; i < k; i++) {
        x[2 * i * k + i] += (float)a[i];
        x[(2 * i + 1) * k + i] -= (float)a[i];
    }
}

START_TEST(diagonal_covariances)
{
    begin();
    enum { K = 9 };
    const double a[K] = {1, 2, 3, 0, 0.5, 4, 0, 1.25, 8}, b[K] = {1, 0, 5, 2, 0.25, 4, 0, 3, 1};
    float x[2 * K * K], y[2 * K * K];
    cross(K, 0, a, x);
    cross(K, 0.5, b, y);
    double wanted = 0;
    for (int32_t i = 0; i < K; i++) {
        wanted += (a[i] - b[i]) * (a[i] - b[i]) * 2 / (2 * K - 1);
    }
    gan_score *score = new_score(GAN_SCORE_FRECHET, K);
    ok(gan_score_add_real(score, (int64_t)2 * K, x));
    ok(gan_score_add_fake(score, (int64_t)2 * K, y));
    near(value_of(score, "mean_term"), K * 0.25, 1e-13);
    near(value_of(score, "covariance_term"), wanted, 1e-13 * 30);
    near(value_of(score, "frechet"), K * 0.25 + wanted, 1e-13 * 30);
    gan_score_free(score);
    near(frechet(K, 2 * K, y, 2 * K, x), K * 0.25 + wanted, 1e-13 * 30);
    end();
}
END_TEST

/* tr (A B)^(1/2) = (tr A B + 2 (det A det B)^(1/2))^(1/2) for 2 x 2. */
START_TEST(two_by_two)
{
    begin();
    const float x[] = {1, 2, -1, -2, 3, 0.5f, -3, -0.5f}, y[] = {0.5f, -2, -0.5f, 2, 1, 1, -1, -1};
    double c[2][4];
    for (int32_t s = 0; s < 2; s++) {
        const float *p = s == 0 ? x : y;
        for (int32_t i = 0; i < 4; i++) {
            c[s][i] = 0;
            for (int32_t k = 0; k < 4; k++) {
                c[s][i] += (double)p[2 * k + i / 2] * (double)p[2 * k + i % 2] / 3;
            }
        }
    }
    const double trace = c[0][0] * c[1][0] + 2 * c[0][1] * c[1][1] + c[0][3] * c[1][3];
    const double dets =
        (c[0][0] * c[0][3] - c[0][1] * c[0][2]) * (c[1][0] * c[1][3] - c[1][1] * c[1][2]);
    const double wanted = c[0][0] + c[0][3] + c[1][0] + c[1][3] - 2 * sqrt(trace + 2 * sqrt(dets));
    near(frechet(2, 4, x, 4, y), wanted, 1e-13);
    end();
}
END_TEST

/* +-u and +-w have covariances 2 u u^T and 2 w w^T: 2 (|u|^2 + |w|^2 - 2 |u.w|). */
START_TEST(fewer_samples_than_elements)
{
    begin();
    enum { K = 100 };
    static float x[2 * K], y[2 * K];
    dice d = {5};
    double uu = 0, ww = 0, uw = 0;
    for (int32_t i = 0; i < K; i++) {
        x[i] = (float)roll_between(&d, -1, 1);
        y[i] = (float)roll_between(&d, -1, 1);
        x[K + i] = -x[i];
        y[K + i] = -y[i];
        uu += (double)x[i] * (double)x[i];
        ww += (double)y[i] * (double)y[i];
        uw += (double)x[i] * (double)y[i];
    }
    near(frechet(K, 2, x, 2, y), 2 * (uu + ww - 2 * fabs(uw)), 1e-12 * (uu + ww));
    const float p[] = {1, 0, -1, 0}, q[] = {0, 1, 0, -1}; /* at right angles */
    near(frechet(2, 2, p, 2, q), 4, 1e-13);
    const float one[] = {3, 3}, two[] = {5, 5, 5}; /* no variance at all */
    near(frechet(1, 2, one, 3, two), 4, 1e-14);
    end();
}
END_TEST

/* Equal sets, in another order, many and few, some elements constant. */
START_TEST(equal_sets)
{
    begin();
    enum { N = 400, K = 120 };
    dice d = {6};
    float *x = normals(&d, (int64_t)N * K, 3, 2), *y = new_bytes((size_t)N * K * sizeof *y, 0);
    for (int64_t i = 0; i < N * K; i++) {
        x[i] = i % K % 10 == 0 ? 1 : x[i] * (float)(1 + i % K);
    }
    for (int64_t i = 0; i < N; i++) {
        memcpy(y + (N - 1 - i) * K, x + i * K, K * sizeof *x);
    }
    const double traces = 4.0 * K * K * K / 3;
    near(frechet(K, N, x, N, y), 0, 1e-8 * traces);
    near(frechet(K, 50, x, 50, y + (int64_t)(N - 50) * K), 0, 1e-8 * traces);
    ck_assert(frechet(K, N, x, N, x) < 1e-12 * traces);
    free(x);
    free(y);
    end();
}
END_TEST

/* ---- Another algorithm --------------------------------------------------------------------- */

enum { M = 20 };

/* Cyclic Jacobi: eigenvalues in the diagonal of a, eigenvectors in the columns of v. */
static void jacobi(double a[M][M], double v[M][M])
{
    for (int32_t i = 0; i < M * M; i++) {
        v[i / M][i % M] = i / M == i % M;
    }
    for (int32_t sweep = 0; sweep < 30; sweep++) {
        for (int32_t p = 0; p < M; p++) {
            for (int32_t q = p + 1; q < M; q++) {
                const double angle = 0.5 * atan2(2 * a[p][q], a[q][q] - a[p][p]);
                const double c = cos(angle), s = sin(angle);
                for (int32_t k = 0; k < M; k++) {
                    const double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                }
                for (int32_t k = 0; k < M; k++) {
                    const double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                }
                for (int32_t k = 0; k < M; k++) {
                    const double x = v[k][p], y = v[k][q];
                    v[k][p] = c * x - s * y;
                    v[k][q] = s * x + c * y;
                }
            }
        }
    }
}

static void covariance_of(int64_t n, const float *x, double mean[M], double c[M][M])
{
    memset(c, 0, sizeof(double[M][M]));
    for (int32_t j = 0; j < M; j++) {
        mean[j] = 0;
        for (int64_t i = 0; i < n; i++) {
            mean[j] += (double)x[i * M + j] / (double)n;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < M * M; j++) {
            c[j / M][j % M] += ((double)x[i * M + j / M] - mean[j / M]) *
                               ((double)x[i * M + j % M] - mean[j % M]) / (double)(n - 1);
        }
    }
}

/* tr (A^(1/2) B A^(1/2))^(1/2), the root from eigenvectors. */
static double cross_trace(double a[M][M], double b[M][M])
{
    static double v[M][M], root[M][M], left[M][M], c[M][M];
    jacobi(a, v);
    for (int32_t i = 0; i < M; i++) {
        for (int32_t j = 0; j < M; j++) {
            root[i][j] = 0;
            for (int32_t k = 0; k < M; k++) {
                root[i][j] += v[i][k] * sqrt(fmax(a[k][k], 0)) * v[j][k];
            }
        }
    }
    memset(left, 0, sizeof left);
    memset(c, 0, sizeof c);
    for (int32_t i = 0; i < M * M; i++) {
        for (int32_t k = 0; k < M; k++) {
            left[i / M][i % M] += root[i / M][k] * b[k][i % M];
        }
    }
    for (int32_t i = 0; i < M * M; i++) {
        for (int32_t k = 0; k < M; k++) {
            c[i / M][i % M] += left[i / M][k] * root[k][i % M];
        }
    }
    jacobi(c, v);
    double sum = 0;
    for (int32_t i = 0; i < M; i++) {
        sum += sqrt(fmax(c[i][i], 0));
    }
    return sum;
}

START_TEST(against_eigenvectors)
{
    begin();
    enum { N = 300 };
    dice d = {8};
    float *x = normals(&d, (int64_t)N * M, 0, 1), *y = normals(&d, (int64_t)N * M, 0.2, 1.5);
    for (int64_t i = 0; i < N * M; i++) { /* correlated */
        x[i] += i % M > 0 ? 0.7f * x[i - 1] : 0;
        y[i] += i % M > 2 ? 0.9f * y[i - 3] : 0;
    }
    static double a[M][M], b[M][M], mean_x[M], mean_y[M];
    covariance_of(N, x, mean_x, a);
    covariance_of(N - 50, y, mean_y, b);
    double wanted = 0;
    for (int32_t i = 0; i < M; i++) {
        wanted += a[i][i] + b[i][i] + (mean_x[i] - mean_y[i]) * (mean_x[i] - mean_y[i]);
    }
    wanted -= 2 * cross_trace(a, b);
    ck_assert(wanted > 1);
    near(frechet(M, N, x, N - 50, y), wanted, 1e-11 * wanted);
    free(x);
    free(y);
    end();
}
END_TEST

/* Samples of two Gaussians come near the distance of the Gaussians: 9 + (2 - 1)^2. */
START_TEST(gaussians)
{
    begin();
    enum { N = 40000 };
    dice d = {9};
    float *x = normals(&d, N, 0, 1), *y = normals(&d, N, 3, 2);
    near(frechet(1, N, x, N, y), 10, 0.3);
    free(x);
    free(y);
    end();
}
END_TEST

static void prepare_nothing(gan_score *score)
{
    (void)score;
}

START_TEST(cuts_and_threads)
{
    begin();
    enum { N = 700, K = 130 };
    dice d = {10};
    float *x = normals(&d, (int64_t)N * K, 1, 1), *y = normals(&d, (int64_t)N * K, 1, 2);
    same_bits(GAN_SCORE_FRECHET, K, N, x, N - 33, y, prepare_nothing);
    free(x);
    free(y);
    end();
}
END_TEST

/* A value in between does not change what comes after. */
START_TEST(adding_after_a_value)
{
    begin();
    enum { N = 300, K = 5 };
    dice d = {11};
    float *x = normals(&d, (int64_t)N * K, 1, 1), *y = normals(&d, (int64_t)N * K, 1, 2);
    const double wanted = frechet(K, N, x, N, y), first = frechet(K, 100, x, 200, y);
    gan_score *score = new_score(GAN_SCORE_FRECHET, K);
    ok(gan_score_add_real(score, 100, x));
    ok(gan_score_add_fake(score, 200, y));
    ck_assert(value_of(score, "frechet") == first);
    ok(gan_score_add_real(score, N - 100, x + (int64_t)100 * K));
    ok(gan_score_add_fake(score, N - 200, y + (int64_t)200 * K));
    ck_assert(value_of(score, "frechet") == wanted);
    gan_score_clear_fake(score);
    double value = 5;
    fails(gan_score_value(score, "frechet", &value), GAN_ERROR_STATE, "0 fake vectors, at least 2");
    ck_assert(value == 5);
    ok(gan_score_add_fake(score, N, y));
    ck_assert(value_of(score, "frechet") == wanted);
    gan_score_free(score);
    free(x);
    free(y);
    end();
}
END_TEST

/* Sizes of floats from end to end. */
START_TEST(extreme_sizes)
{
    begin();
    const float x[] = {1e38f, -1e38f, 3e38f, 0}, y[] = {1e-38f, 1e-44f, 0, 0};
    const double huge = frechet(2, 2, x, 2, y);
    ck_assert(isfinite(huge) && huge > 1e76);
    ck_assert(frechet(2, 2, y, 2, y) < 1e-76);
    near(frechet(2, 2, x, 2, x) / 1e76, 0, 1e-12);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("score_frechet", singular_values, known_matrices, factors,
                     moments_far_from_zero, diagonal_covariances, two_by_two,
                     fewer_samples_than_elements, equal_sets, against_eigenvectors, gaussians,
                     cuts_and_threads, adding_after_a_value, extreme_sizes);
}
