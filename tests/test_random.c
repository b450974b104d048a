/* Random arrays: Philox's published numbers, the distributions, and their independence of batches. */
#include "support.h"

#include "base/normal.h"
#include "kernel/random.h"

#include <stdio.h>

enum { COUNT = 100000 };

/* The vectors published with Random123 for philox4x32-10: counter, key, result. */
START_TEST(philox_known_answers)
{
    static const struct {
        gan__random_key key;
        uint32_t sample, block, result[4];
    } known[] = {
        {{0, 0, 0}, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{UINT64_MAX, 0xffffffffffffu, 0xffff},
         UINT32_MAX,
         UINT32_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x299f31d0a4093822u, 0x734413198a2eu, 0x0370},
         0x85a308d3,
         0x243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const philox4x32_ctr_t words = gan__philox(known[i].key, known[i].sample, known[i].block);
        for (int32_t j = 0; j < 4; j++) {
            ck_assert_uint_eq(words.v[j], known[i].result[j]);
        }
    }
}
END_TEST

static const gan__distribution uniform = {GAN__UNIFORM, 0, 1}, normal = {GAN__NORMAL, 0, 1};

/* The functions that make normal numbers, against those of the C library. */
START_TEST(functions_are_those_of_the_library)
{
    dice d = {8};
    for (int32_t i = 0; i < 200000; i++) {
        const double x = i < 60 ? ldexp(1 + 0.25 * (i % 4), -(i / 4)) : roll_between(&d, 0, 1);
        ck_assert_double_le(fabs(gan__log_of(x) - log(x)), 2e-12 * fabs(log(x)));
        const double u = i < 64 ? i / 64.0 : roll_between(&d, 0, 1);
        double sine, cosine;
        gan__sine_and_cosine(u, &sine, &cosine);
        ck_assert_double_eq_tol(sine, sin(2 * 3.14159265358979323846 * u), 1e-11);
        ck_assert_double_eq_tol(cosine, cos(2 * 3.14159265358979323846 * u), 1e-11);
    }
    ck_assert(gan__log_of(1) == 0);
}
END_TEST

START_TEST(element_is_a_word)
{
    const gan__random_key key = {77, 5, 9};
    float y[303];
    gan__random(uniform, key, 1000, (gan__stack){0}, 303, 0, 303, y);
    for (uint32_t i = 0; i < 303; i++) {
        const uint32_t word = gan__philox(key, 1000, i / 4).v[i % 4];
        ck_assert((double)y[i] == (double)(word >> 8) * 0x1p-24);
    }
    gan__random((gan__distribution){GAN__BERNOULLI, 0.3, 2}, key, 1000, (gan__stack){0}, 303, 0,
                303, y);
    for (uint32_t i = 0; i < 303; i++) {
        const uint32_t word = gan__philox(key, 1000, i / 4).v[i % 4];
        ck_assert(y[i] == ((double)(word >> 8) * 0x1p-24 < 0.3 ? 2.0f : 0.0f));
    }
    gan__random(normal, key, 1000, (gan__stack){0}, 303, 0, 303, y);
    for (uint32_t i = 0; i < 303; i++) { /* Box and Muller: two numbers from two words */
        const philox4x32_ctr_t words = gan__philox(key, 1000, i / 4);
        const uint32_t pair = i % 4 / 2 * 2;
        const double first = (double)(words.v[pair] >> 8) * 0x1p-24;
        const double angle =
            2 * 3.14159265358979323846 * (double)(words.v[pair + 1] >> 8) * 0x1p-24;
        const double radius = sqrt(-2 * log1p(-first));
        ck_assert_double_eq_tol((double)y[i], radius * (i % 2 == 0 ? cos(angle) : sin(angle)),
                                1e-6);
    }
    for (uint32_t width = 1; width <= 5; width++) { /* short rows: sample i is row i */
        float rows[70 * 5];
        gan__random(uniform, key, 0xfffffff0, (gan__stack){0}, width, 0, 70 * width, rows);
        for (uint32_t i = 0; i < 70 * width; i++) {
            const uint32_t element = i % width;
            const uint32_t word =
                gan__philox(key, 0xfffffff0 + i / width, element / 4).v[element % 4];
            ck_assert((double)rows[i] == (double)(word >> 8) * 0x1p-24);
        }
    }
}
END_TEST

/* The same bits on every machine. */
START_TEST(normal_numbers_are_pinned)
{
    static const float wanted[] = {0x1.cbfd0ap-1f,  -0x1.e354e4p-2f, -0x1.381c36p+1f,
                                   0x1.d14d92p-1f,  0x1.2f64fep-1f,  -0x1.11ac2ep+1f,
                                   -0x1.72d518p+0f, -0x1.0f588ap-4f};
    float y[8];
    gan__random(normal, (gan__random_key){77, 5, 9}, 1000, (gan__stack){0}, 8, 0, 8, y);
    ck_assert(memcmp(y, wanted, sizeof y) == 0);
}
END_TEST

/* Any cut of an array into runs, and any cut of its rows into batches, gives the same numbers. */
START_TEST(cuts_do_not_matter)
{
    static const int64_t columns[] = {1, 3, 4, 7, 300}; /* 300: blocks side by side, and the rest */
    static const gan__distribution kinds[] = {
        {GAN__UNIFORM, -1, 3}, {GAN__NORMAL, 2, 0.5}, {GAN__BERNOULLI, 0.3, 2}};
    enum { ROWS = 73 };
    static float whole[ROWS * 300], pieces[ROWS * 300];
    dice d = {2};
    for (int32_t round = 0; round < 150; round++) {
        const int64_t width = columns[round % 5], n = ROWS * width;
        const gan__distribution kind = kinds[round / 5 % 3];
        const gan__random_key key = {roll_bits(&d), roll_bits(&d) & 0xffffffffffffu, 40};
        const uint64_t first = roll_bits(&d) & 0xffffff;
        gan__random(kind, key, first, (gan__stack){0}, width, 0, n, whole);
        for (int64_t start = 0, count; start < n; start += count) {
            count = 1 + roll(&d, (int32_t)(n - start));
            gan__random(kind, key, first, (gan__stack){0}, width, start, count, pieces + start);
        }
        ck_assert(memcmp(whole, pieces, (size_t)n * sizeof *whole) == 0);
        for (int64_t row = 0, rows; row < ROWS; row += rows) {
            rows = 1 + roll(&d, (int32_t)(ROWS - row));
            gan__random(kind, key, first + (uint64_t)row, (gan__stack){0}, width, 0, rows * width,
                        pieces + row * width);
        }
        ck_assert(memcmp(whole, pieces, (size_t)n * sizeof *whole) == 0);
        /* Two batches of 35 and the start of a third, one behind the other. */
        const gan__stack stacked = {35, (uint32_t)round % 3};
        gan__random(kind, key, first, stacked, width, 0, n, whole);
        for (int64_t start = 0, count; start < n; start += count) {
            count = 1 + roll(&d, (int32_t)(n - start));
            gan__random(kind, key, first, stacked, width, start, count, pieces + start);
        }
        ck_assert(memcmp(whole, pieces, (size_t)n * sizeof *whole) == 0);
        for (int64_t batch = 0; batch < 3; batch++) {
            const gan__random_key own = {key.seed, key.step,
                                         key.stream + (uint32_t)batch * stacked.apart};
            gan__random(kind, own, first, (gan__stack){0}, width, 0, (batch < 2 ? 35 : 3) * width,
                        pieces + batch * 35 * width);
        }
        ck_assert(memcmp(whole, pieces, (size_t)n * sizeof *whole) == 0);
    }
}
END_TEST

/* Changing any part of the key changes the numbers. */
START_TEST(keys_keep_apart)
{
    static const gan__random_key keys[] = {{1, 1, 1},
                                           {2, 1, 1},
                                           {1, 2, 1},
                                           {1, 1, 2},
                                           {1u + (UINT64_C(1) << 32), 1, 1},
                                           {1, 1u + (UINT64_C(1) << 32), 1}};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    float y[KEYS][100];
    for (int32_t i = 0; i < KEYS; i++) {
        gan__random(uniform, keys[i], 0, (gan__stack){0}, 100, 0, 100, y[i]);
        for (int32_t j = 0; j < i; j++) {
            int32_t equal = 0;
            for (int32_t at = 0; at < 100; at++) {
                equal += y[i][at] == y[j][at];
            }
            ck_assert_int_le(equal, 1);
        }
    }
}
END_TEST

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double uniform_share(double x)
{
    return fmin(fmax(x, 0), 1);
}

static double normal_share(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

/* The greatest distance of the empirical from the true distribution function, times sqrt n. */
static double kolmogorov(float *y, double (*share)(double x))
{
    double worst = 0;
    qsort(y, COUNT, sizeof *y, by_value);
    for (int32_t i = 0; i < COUNT; i++) {
        const double wanted = share((double)y[i]);
        worst = fmax(worst, fabs(wanted - (double)i / COUNT));
        worst = fmax(worst, fabs(wanted - (i + 1.0) / COUNT));
    }
    return worst * sqrt((double)COUNT);
}

static double moment(const float *y, int32_t power, double mean)
{
    double sum = 0;
    for (int32_t i = 0; i < COUNT; i++) {
        sum += pow((double)y[i] - mean, power);
    }
    return sum / COUNT;
}

/* With samples as rows and with elements as columns; bounds are about 4 standard errors, and 1 in
 * 1000 for Kolmogorov's. */
START_TEST(distributions)
{
    float *y = new_reals(COUNT);
    for (int64_t columns = 1; columns <= COUNT; columns *= COUNT) {
        const gan__random_key key = {12, 3, 4};
        gan__random(uniform, key, 0, (gan__stack){0}, columns, 0, COUNT, y);
        ck_assert_double_lt(fabs(moment(y, 1, 0) - 0.5), 4 / sqrt(12.0 * COUNT));
        ck_assert_double_lt(fabs(moment(y, 2, 0.5) - 1.0 / 12), 4 * 0.0745 / sqrt(COUNT));
        ck_assert_double_lt(kolmogorov(y, uniform_share), 1.95);
        ck_assert(y[0] >= 0 && y[COUNT - 1] < 1);
        gan__random(normal, key, 0, (gan__stack){0}, columns, 0, COUNT, y);
        ck_assert_double_lt(fabs(moment(y, 1, 0)), 4 / sqrt(COUNT));
        ck_assert_double_lt(fabs(moment(y, 2, 0) - 1), 4 * sqrt(2.0 / COUNT));
        ck_assert_double_lt(fabs(moment(y, 3, 0)), 4 * sqrt(15.0 / COUNT));
        ck_assert_double_lt(fabs(moment(y, 4, 0) - 3), 4 * sqrt(96.0 / COUNT));
        double neighbours = 0; /* covariance of the two numbers of one pair */
        for (int32_t i = 0; i + 1 < COUNT; i += 2) {
            neighbours += (double)y[i] * (double)y[i + 1];
        }
        ck_assert_double_lt(fabs(neighbours) / (COUNT / 2), 4 / sqrt(COUNT / 2.0));
        ck_assert_double_lt(kolmogorov(y, normal_share), 1.95);
        const gan__distribution shifted = {GAN__NORMAL, -3, 0.25};
        gan__random(shifted, key, 0, (gan__stack){0}, columns, 0, COUNT, y);
        ck_assert_double_lt(fabs(moment(y, 1, 0) + 3), 4 * 0.25 / sqrt(COUNT));
        ck_assert_double_lt(fabs(sqrt(moment(y, 2, -3)) - 0.25), 4 * 0.25 / sqrt(2.0 * COUNT));
    }
    free(y);
}
END_TEST

START_TEST(bernoulli)
{
    static const double shares[] = {0, 0.2, 0.5, 0.8, 1};
    float *y = new_reals(COUNT);
    for (int32_t i = 0; i < 5; i++) {
        const gan__distribution kind = {GAN__BERNOULLI, shares[i], 1.25};
        int32_t ones = 0, others = 0;
        gan__random(kind, (gan__random_key){4, 0, 1}, 7, (gan__stack){0}, 100, 0, COUNT, y);
        for (int32_t j = 0; j < COUNT; j++) {
            ones += y[j] == 1.25f;
            others += y[j] != 1.25f && y[j] != 0;
        }
        ck_assert_int_eq(others, 0);
        const double deviation = sqrt(shares[i] * (1 - shares[i]) * COUNT);
        ck_assert_double_le(fabs(ones - shares[i] * COUNT), 4 * deviation);
    }
    free(y);
}
END_TEST

int main(void)
{
    return RUN_TESTS("random", functions_are_those_of_the_library, normal_numbers_are_pinned,
                     philox_known_answers, element_is_a_word, cuts_do_not_matter, keys_keep_apart,
                     distributions, bernoulli);
}
