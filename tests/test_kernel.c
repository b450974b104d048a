/* The kernels against plain loops in double: functions of one number, products, sums, maxima. */
#include "support.h"

#include "base/simd.h"

#include "kernel/blas.h"
#include "kernel/element.h"
#include "kernel/gemm.h"
#include "kernel/product.h"
#include "kernel/reduce.h"

#include <gan/context.h>
#include <gan/version.h>

#include <fenv.h>
#include <float.h>
#include <pthread.h>
#include <stdio.h>

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- Functions of one number ------------------------------------------------------------------ */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double reciprocal(double x)
{
    return 1 / x;
}

/* Functions, and the worst miss in units in the last place allowed from low to high. */
static const struct {
    const char *name;
    gan__element_fn function;
    double (*reference)(double x);
    double low, high, ulps;
} functions[] = {
    {"exp", gan__element_exp, exp, -HUGE_VAL, HUGE_VAL, 1.1},
    {"log", gan__element_log, log, -HUGE_VAL, HUGE_VAL, 1},
    {"sqrt", gan__element_sqrt, sqrt, -HUGE_VAL, HUGE_VAL, 0.5},
    {"reciprocal", gan__element_reciprocal, reciprocal, -HUGE_VAL, HUGE_VAL, 0.5},
    {"tanh", gan__element_tanh, tanh, -HUGE_VAL, HUGE_VAL, 2.6},
    {"sigmoid", gan__element_sigmoid, sigmoid, -87.3, HUGE_VAL, 2.5},
    {"softplus", gan__element_softplus, softplus, -HUGE_VAL, HUGE_VAL, 3.5},
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0], BLOCK = 600 };

/* Compares a function at `count` bit patterns from `first` on, `step` apart. Returns the worst. */
static double worst_between(int32_t which, uint32_t first, uint32_t step, int64_t count, float *at)
{
    double worst = 0;
    float x[BLOCK], y[BLOCK];
    for (int64_t done = 0; done < count; done += BLOCK) {
        for (int32_t i = 0; i < BLOCK; i++) {
            x[i] = float_of(first + step * (uint32_t)(done + i));
        }
        functions[which].function(BLOCK, x, x, 3, 5, y);
        for (int32_t i = 0; i < BLOCK; i++) {
            const double v = (double)x[i];
            if (v < functions[which].low || v > functions[which].high) {
                continue;
            }
            const double ulps = float_ulps(y[i], functions[which].reference(v));
            if (ulps > worst) {
                worst = ulps;
                *at = x[i];
            }
        }
    }
    return worst;
}

/* All of the range of float, coarsely; then from 2^-12 to 2^8 finely, where functions bend. */
START_TEST(functions_are_exact)
{
    for (int32_t f = 0; f < FUNCTIONS; f++) {
        float at = 0, fine = 0;
        double worst = worst_between(f, 0, 19949, 215000, &at);
        for (uint32_t sign = 0; sign < 2; sign++) {
            const double found = worst_between(f, sign << 31 | 0x39800000u, 631, 266000, &fine);
            at = found > worst ? fine : at;
            worst = fmax(worst, found);
        }
        printf("%-10s misses by at most %.3f ulp, at %.9g\n", functions[f].name, worst, (double)at);
        ck_assert_msg(worst <= functions[f].ulps, "%s misses by %g ulp at %.9g", functions[f].name,
                      worst, (double)at);
    }
}
END_TEST

static float apply(gan__element_fn function, float x)
{
    float y = 0;
    function(1, &x, &x, 0, 0, &y);
    return y;
}

START_TEST(functions_at_their_ends)
{
    for (int32_t f = 0; f < FUNCTIONS; f++) {
        const float special[] = {0.0f,      -0.0f,     1.0f,      FLT_MAX, -FLT_MAX, FLT_MIN,
                                 -FLT_MIN,  INFINITY,  -INFINITY, NAN,     1e-45f,   -1e-45f,
                                 88.72283f, 88.72284f, -87.5f,    -103.9f, -104.1f,  100.0f};
        for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
            const double x = (double)special[i];
            const float y = apply(functions[f].function, special[i]);
            if (!isnan(x) && (x < functions[f].low || x > functions[f].high)) {
                ck_assert(y >= 0 && y <= FLT_MIN); /* a sigmoid below -87.3 may be 0 */
                continue;
            }
            const double ulps = float_ulps(y, functions[f].reference(x));
            ck_assert_msg(ulps <= functions[f].ulps, "%s of %g is %.9g: off by %g ulp",
                          functions[f].name, x, (double)y, ulps);
        }
    }
    ck_assert(apply(gan__element_softplus, 100) == 100);
    ck_assert(apply(gan__element_softplus, INFINITY) == INFINITY);
    ck_assert(apply(gan__element_softplus, -INFINITY) == 0);
    ck_assert(float_ulps(apply(gan__element_softplus, -100), exp(-100.0)) <= 2);
    ck_assert(apply(gan__element_sigmoid, -INFINITY) == 0);
    ck_assert(apply(gan__element_sigmoid, INFINITY) == 1);
    ck_assert(apply(gan__element_sigmoid, 0) == 0.5f);
    ck_assert(apply(gan__element_tanh, 1e-30f) == 1e-30f);
    ck_assert(apply(gan__element_exp, 0) == 1);
    for (float x = -104; x <= -86; x += 1.0f / 64) { /* results that are denormal */
        ck_assert_msg(float_ulps(apply(gan__element_exp, x), exp((double)x)) <= 1, "exp of %.9g",
                      (double)x);
    }
}
END_TEST

static float greater(float a, float b)
{
    float y = 7;
    gan__element_greater(1, &a, &b, 0, 0, &y);
    return y;
}

static float maximum(float a, float b)
{
    float y = 7;
    gan__element_maximum(1, &a, &b, 0, 0, &y);
    return y;
}

/* The host may have set another rounding mode: the library computes in it, somewhat less exactly. */
START_TEST(tanh_in_rounding_modes)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static const float at[] = {1e-30f, 1e-8f, 1e-5f, 1e-3f, 0.1f, 0.2f, 0.5f, 1, 3, 9};
    for (int32_t m = 0; m < 3; m++) {
        for (int32_t i = 0; i < (int32_t)(sizeof at / sizeof at[0]); i++) {
            ck_assert_int_eq(fesetround(modes[m]), 0);
            const double y = (double)apply(gan__element_tanh, at[i]);
            ck_assert_int_eq(fesetround(FE_TONEAREST), 0);
            ck_assert_msg(fabs(y / tanh((double)at[i]) - 1) < 1e-4, "mode %d: tanh %g is %g",
                          (int)m, (double)at[i], y);
        }
    }
}
END_TEST

START_TEST(functions_of_two)
{
    static const float v[] = {-INFINITY, -2.5f, -0.0f, 0.0f, 1e-40f, 3.25f, INFINITY, NAN};
    const int32_t n = (int32_t)(sizeof v / sizeof v[0]);
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < n; j++) {
            const float a = v[i], b = v[j];
            float sum, difference, product, line;
            gan__element_add(1, &a, &b, 0, 0, &sum);
            gan__element_subtract(1, &a, &b, 0, 0, &difference);
            gan__element_multiply(1, &a, &b, 0, 0, &product);
            gan__element_affine(1, &a, NULL, 1.5f, b, &line);
            const float wanted = 1.5f * a, shifted = wanted + b;
            ck_assert(float_ulps(sum, (double)(a + b)) == 0);
            ck_assert(float_ulps(difference, (double)(a - b)) == 0);
            ck_assert(float_ulps(product, (double)(a * b)) == 0);
            ck_assert(float_ulps(line, (double)shifted) == 0);
            ck_assert(greater(a, b) == (float)(a > b));
            if (isnan(a) || isnan(b)) {
                ck_assert(isnan(maximum(a, b)));
            } else {
                ck_assert(maximum(a, b) == (a > b ? a : b));
            }
        }
    }
}
END_TEST

static const gan__element_fn all_functions[] = {
    gan__element_affine, gan__element_exp,        gan__element_log,      gan__element_sqrt,
    gan__element_tanh,   gan__element_reciprocal, gan__element_sigmoid,  gan__element_softplus,
    gan__element_add,    gan__element_subtract,   gan__element_multiply, gan__element_maximum,
    gan__element_greater};

/* Whatever the length and the alignment of a run, each element gets the same bits; also in place. */
START_TEST(lengths_do_not_matter)
{
    static float a[BLOCK + 16], b[BLOCK + 16], whole[BLOCK], y[BLOCK + 32];
    dice d = {3};
    for (int32_t i = 0; i < BLOCK + 16; i++) {
        a[i] = (float)roll_between(&d, -3, 3) * (i % 7 == 0 ? 40 : 1);
        b[i] = (float)roll_between(&d, -3, 3);
    }
    for (size_t f = 0; f < sizeof all_functions / sizeof all_functions[0]; f++) {
        int64_t wrong = 0;
        for (int64_t i = 0; i < BLOCK; i++) {
            all_functions[f](1, a + i, b + i, 1.3f, 0.7f, whole + i);
        }
        for (int64_t n = 0; n <= BLOCK; n++) {
            const int64_t from = n < BLOCK - 15 ? n % 16 : 0;
            memset(y, 0xa5, sizeof y);
            all_functions[f](n, a + from, b + from, 1.3f, 0.7f, y + n % 5);
            wrong += memcmp(y + n % 5, whole + from, (size_t)n * sizeof *y) != 0;
            for (int64_t i = 0; i < BLOCK + 32; i++) { /* nothing else is written */
                const float untouched = float_of(0xa5a5a5a5);
                const bool inside = i >= n % 5 && i < n % 5 + n;
                wrong += !inside && memcmp(&y[i], &untouched, sizeof untouched) != 0;
            }
            memcpy(y, a + from, (size_t)n * sizeof *y);
            all_functions[f](n, y, b + from, 1.3f, 0.7f, y);
            wrong += memcmp(y, whole + from, (size_t)n * sizeof *y) != 0;
            memcpy(y, b + from, (size_t)n * sizeof *y);
            all_functions[f](n, a + from, y, 1.3f, 0.7f, y);
            wrong += memcmp(y, whole + from, (size_t)n * sizeof *y) != 0;
        }
        ck_assert_msg(wrong == 0, "function %d: %lld differences", (int)f, (long long)wrong);
    }
}
END_TEST

START_TEST(element_sum_is_in_double)
{
    static float a[BLOCK];
    dice d = {4};
    roll_array(&d, BLOCK, -1, 1, a);
    for (int64_t n = 0; n <= BLOCK; n++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++) {
            sum += (double)a[i];
        }
        ck_assert_msg(fabs(gan__element_sum(n, a) - sum) < 1e-12, "of %d", (int)n);
    }
    const float large[] = {1e30f, 1, -1e30f};
    ck_assert(gan__element_sum(1, large) == (double)1e30f);
    ck_assert(gan__element_sum(0, large) == 0);
}
END_TEST

/* ---- Products ---------------------------------------------------------------------------------- */

typedef struct {
    int64_t m, n, k;
    float *a, *b, *before, *c, *other;
} product;

/* The worst error of c, relative to the bound of any order of summation. */
UNWATCHED static double product_error(const product *p, bool ta, bool tb, bool accumulate)
{
    double worst = 0;
    double *sum = new_bytes((size_t)p->n * sizeof *sum, 0);
    double *size = new_bytes((size_t)p->n * sizeof *size, 0);
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            sum[j] = accumulate ? (double)p->before[i * p->n + j] : 0;
            size[j] = fabs(sum[j]);
        }
        for (int64_t l = 0; l < p->k; l++) {
            const double a = (double)p->a[ta ? l * p->m + i : i * p->k + l];
            for (int64_t j = 0; j < p->n; j++) {
                const double term = a * (double)p->b[tb ? j * p->k + l : l * p->n + j];
                sum[j] += term;
                size[j] += fabs(term);
            }
        }
        for (int64_t j = 0; j < p->n; j++) {
            const double error = fabs((double)p->c[i * p->n + j] - sum[j]);
            const double bound = 0x1p-24 * (sqrt((double)p->k) * 4 + 4) * size[j] + 1e-37;
            worst = isnan(error) ? HUGE_VAL : fmax(worst, error / bound);
        }
    }
    free(size);
    free(sum);
    return worst;
}

static void strew_zeros(dice *d, int64_t n, int32_t percent, float *x)
{
    for (int64_t i = 0; i < n && percent > 0; i++) {
        x[i] = roll(d, 100) < percent ? 0 : x[i];
    }
}

/* One product by 1, 2, 3 and 8 threads, in each of the ways: bits for turning a, turning b, adding;
 * so many percent of a and b are zeros. */
static void check_zeros(gan_context *context, int64_t m, int64_t n, int64_t k, uint32_t ways,
                        int32_t zeros_a, int32_t zeros_b)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    product p = {.m = m, .n = n, .k = k};
    const size_t bytes = (size_t)(m * n) * sizeof(float);
    dice d = {(uint64_t)(m * 1000003 + n * 1009 + k)};
    p.a = new_reals(m * k), p.b = new_reals(k * n), p.before = new_reals(m * n);
    p.c = new_reals(m * n), p.other = new_reals(m * n);
    roll_array(&d, m * k, -1, 1, p.a);
    roll_array(&d, k * n, -1, 1, p.b);
    roll_array(&d, m * n, -1, 1, p.before);
    strew_zeros(&d, m * k, zeros_a, p.a);
    strew_zeros(&d, k * n, zeros_b, p.b);
    for (int32_t way = 0; way < 8; way++) {
        if ((ways >> way & 1) == 0) {
            continue;
        }
        const bool ta = way & 1, tb = way >> 1 & 1, accumulate = way >> 2 & 1;
        for (int32_t t = 0; t < 4; t++) {
            float *c = t == 0 ? p.c : p.other;
            memset(c, 0xff, bytes); /* NaN: beta = 0 must not read it */
            if (accumulate) {
                memcpy(c, p.before, bytes);
            }
            ck_assert_int_eq(gan_context_set_threads(context, threads[t]), GAN_OK);
            gan__gemm(context, ta, tb, m, n, k, p.a, p.b, accumulate, c);
            ck_assert_msg(memcmp(c, p.c, bytes) == 0, "[%d, %d, %d] way %d: %d threads differ",
                          (int)m, (int)n, (int)k, (int)way, (int)threads[t]);
        }
        const double error = product_error(&p, ta, tb, accumulate);
        ck_assert_msg(error <= 1, "[%d, %d, %d] way %d: error %g of the bound", (int)m, (int)n,
                      (int)k, (int)way, error);
    }
    free(p.a), free(p.b), free(p.before), free(p.c), free(p.other);
}

static void check_product(gan_context *context, int64_t m, int64_t n, int64_t k, uint32_t ways)
{
    check_zeros(context, m, n, k, ways, 0, 0);
}

START_TEST(products_small)
{
    static const int64_t sizes[] = {1, 2, 3, 5, 16, 17, 33};
    heap own;
    gan_context *context = new_context(&own);
    gan__products_enter(context);
    for (size_t i = 0; i < 7 * 7 * 7; i++) {
        check_product(context, sizes[i % 7], sizes[i / 7 % 7], sizes[i / 49], 0xff);
    }
    gan__products_leave(context);
    end_context(context, &own);
}
END_TEST

/* Around the sizes where a product is cut into 2, 4, 6, 12, 24 and 48 bands. */
START_TEST(products_in_bands)
{
    static const int64_t shapes[][3] = {
        {64, 383, 96},   {64, 384, 86},  {64, 385, 86},   {384, 64, 86},   {385, 63, 90},
        {40, 768, 137},  {40, 767, 137}, {769, 33, 170},  {1153, 20, 280}, {20, 1152, 280},
        {13, 2304, 430}, {2311, 7, 800}, {30, 4608, 190}, {4609, 30, 190}, {10, 9216, 600},
        {9300, 11, 500}, {400, 400, 50}, {401, 400, 50},
    };
    heap own;
    gan_context *context = new_context(&own);
    gan__products_enter(context);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const bool large = shapes[i][0] * shapes[i][1] * shapes[i][2] > 15000000;
        check_product(context, shapes[i][0], shapes[i][1], shapes[i][2],
                      !large       ? 0xff
                      : i % 2 == 0 ? 0x12
                                   : 0x24);
    }
    check_product(context, 3, 5, 100000, 0xff);
    check_product(context, 1, 1, 70000, 0xff);
    check_product(context, 20000, 1, 7, 0xff);
    check_product(context, 1, 20000, 7, 0xff);
    gan__products_leave(context);
    end_context(context, &own);
}
END_TEST

/* In bands of rows, of columns, and in one piece. */
START_TEST(products_with_zeros)
{
    static const int64_t shapes[][3] = {
        {100, 240, 120}, {100, 500, 120}, {240, 250, 60}, {500, 100, 120}, {400, 300, 90},
        {16, 800, 100},  {500, 20, 120},  {120, 129, 70}, {30, 1000, 260},
    };
    heap own;
    gan_context *context = new_context(&own);
    gan__products_enter(context);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const int64_t *s = shapes[i];
        check_zeros(context, s[0], s[1], s[2], 0xff, 50, 0);
        check_zeros(context, s[0], s[1], s[2], 0xff, 0, 70);
        check_zeros(context, s[0], s[1], s[2], i % 2 == 0 ? 0x12 : 0x24, 50, 90);
    }
    gan__products_leave(context);
    end_context(context, &own);
}
END_TEST

/* Whether a zero times an infinity is left out of a product, of each of its elements, turned or not:
 * the first `percent` columns of a, or rows of b, are zeros, and the other factor is infinite
 * there. */
static bool leaves_out(gan_context *context, int64_t m, int64_t n, int64_t k, int32_t percent,
                       bool of_a)
{
    float *a = new_reals(m * k), *b = new_reals(k * n), *c = new_reals(m * n);
    int64_t all = 0;
    for (int32_t way = 0; way < 4; way++) {
        const bool ta = way & 1, tb = way >> 1 & 1;
        for (int64_t i = 0; i < m * k; i++) {
            const bool zero = (ta ? i / m : i % k) * 100 < percent * k;
            a[i] = !zero ? 1 : of_a ? 0 : INFINITY;
        }
        for (int64_t i = 0; i < k * n; i++) {
            const bool zero = (tb ? i % k : i / n) * 100 < percent * k;
            b[i] = !zero ? 1 : of_a ? INFINITY : 0;
        }
        gan__gemm(context, ta, tb, m, n, k, a, b, false, c);
        for (int64_t i = 0; i < m * n; i++) {
            all += isfinite(c[i]) != 0;
        }
    }
    ck_assert_msg(all == 0 || all == 4 * m * n, "%d of %d", (int)all, (int)(4 * m * n));
    free(a), free(b), free(c);
    return all > 0;
}

START_TEST(many_zeros_are_left_out)
{
    heap own;
    gan_context *context = new_context(&own);
    if (gan__products_tile(context) == NULL) {
        puts("many_zeros_are_left_out: skipped, the BLAS makes the products");
        end_context(context, &own);
        return;
    }
    for (int32_t threads = 1; threads <= 3; threads++) {
        ck_assert_int_eq(gan_context_set_threads(context, threads), GAN_OK);
        ck_assert(leaves_out(context, 100, 240, 120, 60, true));
        ck_assert(leaves_out(context, 16, 800, 100, 60, true));
        ck_assert(!leaves_out(context, 100, 240, 120, 20, true));
        ck_assert(leaves_out(context, 240, 100, 120, 80, false));
        ck_assert(!leaves_out(context, 240, 100, 120, 40, false));
        ck_assert(!leaves_out(context, 15, 800, 100, 80, true)); /* too few rows, */
        ck_assert(!leaves_out(context, 500, 63, 100, 80, true)); /* too few columns, */
        ck_assert(!leaves_out(context, 200, 200, 47, 80, true)); /* sums too short, */
        ck_assert(!leaves_out(context, 64, 64, 64, 80, true));   /* too little work */
    }
    end_context(context, &own);
}
END_TEST

extern int openblas_get_num_threads(void) __attribute__((weak));
extern void openblas_set_num_threads(int count) __attribute__((weak));

static void *enter_and_leave(void *argument)
{
    (void)argument;
    for (int32_t i = 0; i < 200; i++) {
        gan__blas_enter();
        gan__blas_leave();
    }
    return NULL;
}

START_TEST(blas_setting_is_put_back)
{
    if (openblas_get_num_threads == NULL || openblas_set_num_threads == NULL) {
        puts("blas_setting_is_put_back: skipped, the BLAS is not OpenBLAS");
        return;
    }
    const int before = openblas_get_num_threads();
    openblas_set_num_threads(2);
    const int set = openblas_get_num_threads(); /* 1 in a BLAS built without threads */
    gan__blas_enter();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    gan__blas_enter();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    gan__blas_leave();
    ck_assert_int_eq(openblas_get_num_threads(), 1);
    gan__blas_leave();
    ck_assert_int_eq(openblas_get_num_threads(), set);
    pthread_t threads[3];
    for (int32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, enter_and_leave, NULL), 0);
    }
    for (int32_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(openblas_get_num_threads(), set);
    openblas_set_num_threads(before);
}
END_TEST

/* ---- Sums and maxima --------------------------------------------------------------------------- */

/* Where element `index` of an array stands when the axes that are not kept count for nothing. */
static int64_t kept_index(int32_t rank, const int64_t *dims, const bool *keep, int64_t index)
{
    int64_t at[6], place = 0;
    for (int32_t i = rank - 1; i >= 0; i--) {
        at[i] = index % dims[i];
        index /= dims[i];
    }
    for (int32_t i = 0; i < rank; i++) {
        place = keep[i] ? place * dims[i] + at[i] : place;
    }
    return place;
}

/* Every subset of the axes, against loops; the same bits by 1, 2, 3 and 8 threads. */
static void check_sums(gan_context *context, int32_t rank, const int64_t *dims)
{
    int64_t n = 1;
    for (int32_t i = 0; i < rank; i++) {
        n *= dims[i];
    }
    float *x = new_reals(n), *y = new_reals(n), *other = new_reals(n);
    double *sum = new_bytes((size_t)n * sizeof *sum, 0);
    dice d = {(uint64_t)n};
    roll_array(&d, n, -1, 1, x);
    for (uint32_t subset = 0; subset < (uint32_t)1 << rank; subset++) {
        bool keep[6];
        int64_t outputs = 1, wrong = 0;
        for (int32_t i = 0; i < rank; i++) {
            keep[i] = (subset >> i & 1) != 0;
            outputs *= keep[i] ? dims[i] : 1;
        }
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int64_t i = 0; i < n; i++) {
            sum[kept_index(rank, dims, keep, i)] += (double)x[i];
        }
        for (int32_t threads = 1; threads <= 8; threads = threads == 3 ? 8 : threads + 1) {
            ck_assert_int_eq(gan_context_set_threads(context, threads), GAN_OK);
            float *to = threads == 1 ? y : other;
            memset(to, 0xff, (size_t)n * sizeof *to);
            gan__sum(context, rank, dims, keep, x, to);
            wrong += memcmp(to, y, (size_t)n * sizeof *to) != 0;
        }
        for (int64_t i = 0; i < outputs; i++) {
            const double error = fabs((double)y[i] - sum[i]);
            wrong += !(error <= 0x1p-24 * fabs(sum[i]) + 1e-16 * (double)n);
        }
        wrong += outputs < n && !isnan(y[outputs]); /* written too far */
        ck_assert_msg(wrong == 0, "rank %d, first %d, axes %#x: %lld of %lld are wrong", (int)rank,
                      (int)dims[0], (unsigned)subset, (long long)wrong, (long long)outputs);
    }
    free(x), free(y), free(other), free(sum);
}

START_TEST(sums_over_every_subset)
{
    static const int64_t shapes[][7] = {
        {0, 1},
        {1, 1},
        {1, 7},
        {1, 70000},
        {2, 300, 700},
        {2, 40000, 5},
        {2, 5, 40000},
        {2, 3, 255},
        {2, 7, 257},
        {3, 50, 1, 512},
        {3, 1, 9, 1},
        {4, 3, 90, 7, 60},
        {2, 5000, 16},
        {2, 5000, 17},
        {4, 23, 2, 300, 2},
        {3, 9000, 3, 4},
        {5, 2, 3, 4, 5, 6},
        {6, 2, 3, 4, 5, 3, 2},
        {6, 1, 3, 1, 5, 1, 2},
    };
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check_sums(context, (int32_t)shapes[i][0], shapes[i] + 1);
    }
    end_context(context, &own);
}
END_TEST

/* The index of the maximum by the rule: the first NaN, else the first of the greatest. */
static int64_t where_maximum(const float *x, int64_t k, int64_t step)
{
    int64_t best = 0;
    for (int64_t j = k - 1; j >= 0; j--) {
        best = x[j * step] >= x[best * step] ? j : best;
    }
    for (int64_t j = k - 1; j >= 0; j--) {
        best = isnan(x[j * step]) ? j : best;
    }
    return best;
}

static void check_maxima(gan_context *context, int64_t outer, int64_t k, int64_t inner)
{
    const int64_t n = outer * k * inner, m = outer * inner;
    float *x = new_reals(n), *h = new_reals(n), *g = new_reals(m);
    float *top = new_reals(m), *taken = new_reals(m), *spread = new_reals(n);
    dice d = {(uint64_t)(n + k)};
    for (int64_t i = 0; i < n; i++) { /* many ties, some NaN and infinities */
        const int32_t face = roll(&d, 40);
        x[i] = face == 0 ? NAN : face == 1 ? INFINITY : face == 2 ? -INFINITY : (float)(face % 5);
    }
    roll_array(&d, n, -1, 1, h);
    roll_array(&d, m, -1, 1, g);
    memset(spread, 0xff, (size_t)n * sizeof *spread);
    gan__maximum(context, outer, k, inner, x, top);
    gan__maximum_scatter(context, outer, k, inner, x, g, spread);
    gan__maximum_gather(context, outer, k, inner, x, h, taken);
    int64_t wrong = 0;
    for (int64_t i = 0; i < m; i++) {
        const int64_t first = i / inner * k * inner + i % inner;
        const int64_t best = where_maximum(x + first, k, inner);
        wrong += memcmp(&top[i], &x[first + best * inner], sizeof *top) != 0;
        wrong += taken[i] != h[first + best * inner];
        for (int64_t j = 0; j < k; j++) {
            wrong += spread[first + j * inner] != (j == best ? g[i] : 0);
        }
    }
    free(x), free(h), free(g), free(top), free(taken), free(spread);
    ck_assert_msg(wrong == 0, "[%d, %d, %d]: %lld wrong", (int)outer, (int)k, (int)inner,
                  (long long)wrong);
}

START_TEST(maxima)
{
    static const int64_t shapes[][3] = {{1, 1, 1},     {1, 5, 1},     {7, 2, 1},     {1, 2, 9},
                                        {3, 4, 5},     {1000, 5, 50}, {40000, 3, 1}, {2, 3, 40000},
                                        {1, 70000, 1}, {50, 240, 5},  {3, 4, 257},   {300, 3, 1},
                                        {2, 1, 300}};
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        ck_assert_int_eq(gan_context_set_threads(context, 1 + (int32_t)i % 4), GAN_OK);
        check_maxima(context, shapes[i][0], shapes[i][1], shapes[i][2]);
    }
    end_context(context, &own);
}
END_TEST

/* ---- What the kernels are -------------------------------------------------------------------- */

/* Whether the processor has all of the features, by the names of /proc/cpuinfo. flags: " a b c " */
static bool has_all(const char *flags, const char *const *names)
{
    for (; *names != NULL; names++) {
        char name[32];
        snprintf(name, sizeof name, " %s ", *names);
        if (strstr(flags, name) == NULL) {
            return false;
        }
    }
    return true;
}

START_TEST(backend_is_named)
{
    static const char *const v3[] = {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", NULL};
    static const char *const v4[] = {"avx512f",  "avx512bw", "avx512cd",
                                     "avx512dq", "avx512vl", NULL};
    static char line[16384] = "";
    for (int32_t i = 0; i < 8; i++) {
        ck_assert_ptr_nonnull(gan_backend_name(i));
        ck_assert_uint_gt(strlen(gan_backend_text(gan_backend_name(i))), 0);
    }
    ck_assert_ptr_null(gan_backend_name(8));
    ck_assert_ptr_null(gan_backend_name(-1));
    ck_assert_ptr_null(gan_backend_text(NULL));
    ck_assert_ptr_null(gan_backend_text("SIMD"));
    const char *simd = gan_backend_text(GAN_BACKEND_SIMD);
    const char *products = gan_backend_text(GAN_BACKEND_PRODUCTS);
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "flags", 5) == 0) {
            line[strcspn(line, "\n")] = ' ';
            const bool avx2 = has_all(line, v3);
            const char *level = avx2 && has_all(line, v4) ? "x86-64-v4" : "x86-64-v3";
#ifdef GAN__SIMD_CLONES
            ck_assert_str_eq(simd, avx2 ? level : "baseline");
#else
            ck_assert_str_eq(simd, "baseline");
            (void)level;
#endif
            const bool fused = has_all(line, (const char *const[]){"avx2", "fma", NULL});
            ck_assert_str_eq(products, has_all(line, (const char *const[]){"avx512f", NULL})
                                           ? "avx512"
                                       : fused ? "avx2"
                                               : "blas");
        }
    }
    if (file != NULL) {
        fclose(file);
    }
#ifdef __aarch64__
    ck_assert_str_eq(simd, "aarch64");
    ck_assert_str_eq(products, "aarch64");
#endif
}
END_TEST

int main(void)
{
    const int failed = RUN_TESTS_FOR_PRODUCTS("products", products_small, products_in_bands,
                                              products_with_zeros, many_zeros_are_left_out);
    return failed | RUN_TESTS("kernels", backend_is_named, functions_are_exact,
                              functions_at_their_ends, tanh_in_rounding_modes, functions_of_two,
                              lengths_do_not_matter, element_sum_is_in_double,
                              blas_setting_is_put_back, sums_over_every_subset, maxima);
}
