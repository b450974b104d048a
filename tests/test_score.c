/* The score as an object: what it is told, what it knows of itself, what it refuses. */
#include "scores.h"

#include <stdio.h>

static const char *const kinds[] = {GAN_SCORE_FRECHET, GAN_SCORE_KERNEL, GAN_SCORE_NEIGHBOURS,
                                    GAN_SCORE_SLICED_WASSERSTEIN, GAN_SCORE_MODES};

enum { KINDS = 5, K = 3, N = 12 };

static float x[N * K], y[N * K];

static void fill(void)
{
    dice d = {1};
    for (int32_t i = 0; i < N * K; i++) {
        x[i] = (float)roll_normal(&d);
        y[i] = (float)roll_normal(&d);
    }
}

/* A score with all it needs for its values. */
static gan_score *ready(const char *kind)
{
    gan_score *score = new_score(kind, K);
    ok(gan_score_set_number(score, GAN_SCORE_SUBSET_SIZE, 4));
    ok(gan_score_set_number(score, GAN_SCORE_SIMULATIONS, 3));
    if (strcmp(kind, GAN_SCORE_MODES) == 0) {
        const double centres[2 * K] = {0, 0, 0, 1, 1, 1};
        ok(gan_score_set_modes(score, 2, centres, 0.5));
    } else {
        ok(gan_score_add_real(score, N, x));
    }
    ok(gan_score_add_fake(score, N - 1, y));
    return score;
}

static void beginning(void)
{
    begin();
    fill();
}

/* ---- What it is ---------------------------------------------------------------------------- */

START_TEST(kinds_and_names)
{
    beginning();
    for (int32_t i = 0; i < KINDS; i++) {
        ck_assert_str_eq(gan_score_kind_name(i), kinds[i]);
        gan_score *score = ready(kinds[i]);
        ck_assert_str_eq(gan_score_kind(score), kinds[i]);
        ck_assert_str_eq(gan_score_features(score), "test vectors");
        int32_t count = 0;
        const char *name;
        while ((name = gan_score_value_name(score, count)) != NULL) {
            value_of(score, name);
            for (int32_t j = 0; j < count; j++) {
                ck_assert_str_ne(gan_score_value_name(score, j), name);
            }
            count++;
        }
        ck_assert_int_ge(count, 9);
        ck_assert_ptr_null(gan_score_value_name(score, -1));
        near(value_of(score, "elements"), K, 0);
        near(value_of(score, "fake_count"), N - 1, 0);
        near(value_of(score, "fake_used"), N - 1, 0);
        near(value_of(score, "real_count"), i < 4 ? N : 0, 0);
        near(value_of(score, "seed"), 0, 0);
        const double print = value_of(score, "fingerprint");
        ck_assert(print > 0 && print < 9007199254740992.0 && print == floor(print));
        gan_score_free(score);
    }
    ck_assert_ptr_null(gan_score_kind_name(KINDS));
    ck_assert_ptr_null(gan_score_kind_name(-1));
    ck_assert_ptr_null(gan_score_kind(NULL));
    ck_assert_ptr_null(gan_score_features(NULL));
    ck_assert_ptr_null(gan_score_value_name(NULL, 0));
    ck_assert_ptr_null(gan_score_protocol(NULL));
    gan_score_free(NULL);
    gan_score_clear_fake(NULL);
    end();
}
END_TEST

START_TEST(options)
{
    beginning();
    gan_score *score = new_score(GAN_SCORE_KERNEL, K);
    static const char *const keys[] = {
        GAN_SCORE_SEED,        GAN_SCORE_SAMPLES, GAN_SCORE_SUBSETS,
        GAN_SCORE_SUBSET_SIZE, GAN_SCORE_K,       GAN_SCORE_PROJECTIONS,
        GAN_SCORE_THRESHOLD,   GAN_SCORE_MINIMUM, GAN_SCORE_SIMULATIONS};
    static const double initial[] = {0, 10000, 100, 1000, 5, 1000, 3, 1, 100};
    for (int32_t i = 0; i < 9; i++) {
        const char *name, *help;
        const char *const *choices;
        double least, most, value;
        ok(gan_score_describe_option(i, &name, &choices, &least, &most, &help));
        ck_assert_str_eq(name, keys[i]);
        ck_assert(choices == NULL && strlen(help) > 5);
        ok(gan_score_get_number(score, name, &value));
        ck_assert(value == initial[i]);
        ok(gan_score_set_number(score, name, most));
        fails(gan_score_set_number(score, name, most * 2), GAN_ERROR_RANGE, name);
        fails(gan_score_set_number(score, name, least - 1), GAN_ERROR_RANGE, name);
        fails(gan_score_set_number(score, name, NAN), GAN_ERROR_ARGUMENT, "NaN");
        ok(gan_score_get_number(score, name, &value));
        ck_assert(value == most);
        ok(gan_score_set_number(score, name, least));
    }
    ck_assert_int_eq(gan_score_describe_option(9, NULL, NULL, NULL, NULL, NULL), GAN_ERROR_RANGE);
    double value;
    fails(gan_score_set_number(score, "degree", 1), GAN_ERROR_KEY, "degree");
    fails(gan_score_get_number(score, "degree", &value), GAN_ERROR_KEY, "degree");
    fails(gan_score_set_number(score, NULL, 1), GAN_ERROR_ARGUMENT, "NULL");
    fails(gan_score_get_number(score, "k", NULL), GAN_ERROR_ARGUMENT, "NULL");
    fails(gan_score_set_number(score, "k", 2.5), GAN_ERROR_RANGE, "2.5");
    ck_assert_int_eq(gan_score_set_number(NULL, "k", 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_score_get_number(NULL, "k", &value), GAN_ERROR_ARGUMENT);
    ok(gan_score_add_fake(score, 1, x));
    static const char *const settled[] = {GAN_SCORE_SEED, GAN_SCORE_SAMPLES, GAN_SCORE_THRESHOLD};
    for (int32_t i = 0; i < 3; i++) {
        double before;
        ok(gan_score_get_number(score, settled[i], &before));
        fails(gan_score_set_number(score, settled[i], 5), GAN_ERROR_STATE, settled[i]);
        ok(gan_score_get_number(score, settled[i], &value));
        ck_assert(value == before);
    }
    ok(gan_score_set_number(score, GAN_SCORE_K, 7));
    gan_score_clear_fake(score);
    ok(gan_score_set_number(score, GAN_SCORE_SEED, 5));
    near(value_of(score, "seed"), 5, 0);
    gan_score_free(score);
    end();
}
END_TEST

/* ---- What it refuses ----------------------------------------------------------------------- */

START_TEST(bad_creation)
{
    beginning();
    gan_score *score = (gan_score *)(void *)x;
    fails(gan_score_create(ctx, "inception", K, "f", &score), GAN_ERROR_KEY, "inception");
    ck_assert_ptr_null(score);
    fails(gan_score_create(ctx, NULL, K, "f", &score), GAN_ERROR_ARGUMENT, "kind is NULL");
    fails(gan_score_create(ctx, kinds[0], K, NULL, &score), GAN_ERROR_ARGUMENT, "features");
    fails(gan_score_create(ctx, kinds[0], K, "", &score), GAN_ERROR_ARGUMENT, "features");
    fails(gan_score_create(ctx, kinds[0], K, "a\nb", &score), GAN_ERROR_ARGUMENT, "byte 1");
    fails(gan_score_create(ctx, kinds[0], K, "f", NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    fails(gan_score_create(ctx, kinds[0], 0, "f", &score), GAN_ERROR_RANGE, "elements is 0");
    fails(gan_score_create(ctx, kinds[0], 32769, "f", &score), GAN_ERROR_RANGE, "32769");
    fails(gan_score_create(ctx, kinds[1], INT64_C(1) << 31, "f", &score), GAN_ERROR_RANGE,
          "2147483648");
    ck_assert_ptr_null(score);
    ck_assert_int_eq(gan_score_create(NULL, kinds[0], K, "f", &score), GAN_ERROR_ARGUMENT);
    char name[80];
    memset(name, 'a', sizeof name);
    name[64] = '\0';
    fails(gan_score_create(ctx, kinds[0], K, name, &score), GAN_ERROR_ARGUMENT, "features");
    name[63] = '\0';
    ok(gan_score_create(ctx, kinds[3], INT32_MAX, name, &score));
    ck_assert(strstr(gan_score_protocol(score), name) != NULL);
    gan_score_free(score);
    end();
}
END_TEST

/* Bad vectors are refused, and everything is as if they had not been offered. */
START_TEST(bad_vectors)
{
    beginning();
    for (int32_t i = 0; i < KINDS; i++) {
        gan_score *wanted = ready(kinds[i]), *score = ready(kinds[i]);
        static const float bad[] = {NAN, INFINITY, -INFINITY};
        for (int32_t j = 0; j < 3; j++) {
            float z[N * K];
            memcpy(z, y, sizeof z);
            z[7 * K + 2] = bad[j];
            fails(gan_score_add_fake(score, N, z), GAN_ERROR_NUMERIC,
                  j == 0 ? "element 2 of fake vector 7 is NaN"
                         : "element 2 of fake vector 7 is infinite");
            fails(gan_score_add_real(score, N, z), GAN_ERROR_NUMERIC, "of real vector 7");
        }
        fails(gan_score_add_fake(score, 0, y), GAN_ERROR_RANGE, "n is 0");
        fails(gan_score_add_fake(score, INT64_MAX, y), GAN_ERROR_RANGE, "9223372036854775807");
        fails(gan_score_add_fake(score, 1, NULL), GAN_ERROR_ARGUMENT, "x is NULL");
        ck_assert_int_eq(gan_score_add_fake(NULL, 1, y), GAN_ERROR_ARGUMENT);
        ck_assert_int_eq(gan_score_add_real(NULL, 1, y), GAN_ERROR_ARGUMENT);
        ck_assert_str_eq(gan_score_protocol(score), gan_score_protocol(wanted));
        const char *name;
        for (int32_t j = 0; (name = gan_score_value_name(score, j)) != NULL; j++) {
            const double a = value_of(score, name), b = value_of(wanted, name);
            ck_assert(memcmp(&a, &b, sizeof a) == 0);
        }
        gan_score_free(score);
        gan_score_free(wanted);
    }
    end();
}
END_TEST

START_TEST(bad_questions)
{
    beginning();
    gan_score *score = ready(GAN_SCORE_FRECHET);
    double value = 3, deviation = 4;
    fails(gan_score_value(score, "fid", &value), GAN_ERROR_KEY, "fid");
    fails(gan_score_value(score, NULL, &value), GAN_ERROR_ARGUMENT, "name is NULL");
    fails(gan_score_value(score, "frechet", NULL), GAN_ERROR_ARGUMENT, "value is NULL");
    fails(gan_score_floor(score, "frechet", &value, &deviation), GAN_ERROR_UNSUPPORTED, "frechet");
    fails(gan_score_floor(score, "fid", &value, &deviation), GAN_ERROR_KEY, "fid");
    fails(gan_score_floor(score, NULL, &value, &deviation), GAN_ERROR_ARGUMENT, "name is NULL");
    ck_assert_int_eq(gan_score_value(NULL, "frechet", &value), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_score_floor(NULL, "frechet", &value, NULL), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_score_mode(NULL, 0, NULL, NULL, NULL, NULL), GAN_ERROR_ARGUMENT);
    fails(gan_score_mode(score, 0, NULL, NULL, NULL, NULL), GAN_ERROR_STATE, "no modes");
    const double centre[K] = {0};
    fails(gan_score_set_modes(score, 1, centre, 1), GAN_ERROR_STATE, "frechet");
    ck_assert(value == 3 && deviation == 4);
    gan_score_free(score);
    end();
}
END_TEST

START_TEST(bad_modes)
{
    beginning();
    gan_score *score = new_score(GAN_SCORE_MODES, K);
    double centres[2 * K] = {0}, value;
    fails(gan_score_add_fake(score, 1, y), GAN_ERROR_STATE, "no modes are set");
    fails(gan_score_value(score, "kl", &value), GAN_ERROR_STATE, "0 fake vectors");
    fails(gan_score_floor(score, "kl", &value, NULL), GAN_ERROR_STATE, "0 fake vectors");
    fails(gan_score_set_modes(score, 0, centres, 1), GAN_ERROR_RANGE, "modes is 0");
    fails(gan_score_set_modes(score, (1 << 20) + 1, centres, 1), GAN_ERROR_RANGE, "1048577");
    fails(gan_score_set_modes(score, 2, NULL, 1), GAN_ERROR_ARGUMENT, "centres is NULL");
    fails(gan_score_set_modes(score, 2, centres, 0), GAN_ERROR_RANGE, "deviation is 0");
    fails(gan_score_set_modes(score, 2, centres, 2e30), GAN_ERROR_RANGE, "deviation");
    fails(gan_score_set_modes(score, 2, centres, NAN), GAN_ERROR_ARGUMENT, "deviation");
    centres[4] = -INFINITY;
    fails(gan_score_set_modes(score, 2, centres, 1), GAN_ERROR_RANGE, "element 1 of centre 1");
    centres[4] = NAN;
    fails(gan_score_set_modes(score, 2, centres, 1), GAN_ERROR_ARGUMENT, "element 1 of centre 1");
    centres[4] = 1;
    ck_assert_int_eq(gan_score_set_modes(NULL, 2, centres, 1), GAN_ERROR_ARGUMENT);
    ok(gan_score_set_modes(score, 2, centres, 1));
    ok(gan_score_set_modes(score, 1, centres, 1)); /* in its place */
    fails(gan_score_add_real(score, 1, x), GAN_ERROR_STATE, "real samples");
    ok(gan_score_add_fake(score, 1, y));
    fails(gan_score_set_modes(score, 2, centres, 1), GAN_ERROR_STATE, "the mixture cannot change");
    gan_score_clear_fake(score);
    ok(gan_score_set_modes(score, 2, centres, 1));
    gan_score_free(score);
    end();
}
END_TEST

/* ---- What must not be compared ------------------------------------------------------------- */

static void cannot_compare(gan_score *a, gan_score *b, const char *why)
{
    fails(gan_score_comparable(a, b), GAN_ERROR_STATE, why);
    ck_assert(strstr(gan_context_message(ctx), "cannot be compared") != NULL);
    ck_assert_int_eq(gan_score_comparable(b, a), GAN_ERROR_STATE);
    char line[1024];
    snprintf(line, sizeof line, "%s", gan_score_protocol(a));
    ck_assert_str_ne(line, gan_score_protocol(b));
    gan_score_free(b);
}

START_TEST(comparable)
{
    beginning();
    for (int32_t i = 0; i < KINDS; i++) {
        gan_score *a = ready(kinds[i]), *b = ready(kinds[i]);
        ok(gan_score_comparable(a, b));
        ck_assert_str_eq(gan_score_protocol(a), gan_score_protocol(b));
        gan_score_clear_fake(b); /* other samples of another model: what it is for */
        ok(gan_score_add_fake(b, N - 1, y + K));
        ok(gan_score_comparable(a, b));
        ck_assert_str_eq(gan_score_protocol(a), gan_score_protocol(b));
        ok(gan_score_add_fake(b, 1, y));
        cannot_compare(a, b, "fake_count is 11 and 12");
        cannot_compare(a, ready(kinds[(i + 1) % KINDS]), "kind is \"");
        ok(gan_score_create(ctx, kinds[i], K, "other vectors", &b));
        cannot_compare(a, b, "features is \"test vectors\" and \"other vectors\"");
        cannot_compare(a, new_score(kinds[i], K + 1), "elements is 3 and 4");
        ck_assert_int_eq(gan_score_comparable(a, NULL), GAN_ERROR_ARGUMENT);
        ck_assert_int_eq(gan_score_comparable(NULL, a), GAN_ERROR_ARGUMENT);
        gan_score_free(a);
    }
    end();
}
END_TEST

/* Options count where the kind reads them, the real vectors in any order. */
START_TEST(comparable_options_and_vectors)
{
    beginning();
    gan_score *a = ready(GAN_SCORE_NEIGHBOURS), *b = ready(GAN_SCORE_NEIGHBOURS);
    ok(gan_score_set_number(b, GAN_SCORE_PROJECTIONS, 7));
    ok(gan_score_comparable(a, b));
    ok(gan_score_set_number(b, GAN_SCORE_K, 3));
    cannot_compare(a, b, "k is 5 and 3");
    ck_assert(strstr(gan_score_protocol(a), "; k 5") != NULL);
    ck_assert(strstr(gan_score_protocol(a), "projections") == NULL);
    b = new_score(GAN_SCORE_NEIGHBOURS, K);
    ok(gan_score_set_number(b, GAN_SCORE_SEED, 3));
    ok(gan_score_add_real(b, N, x));
    ok(gan_score_add_fake(b, N - 1, y));
    cannot_compare(a, b, "seed is 0 and 3");
    gan_score_free(a);

    a = ready(GAN_SCORE_FRECHET);
    b = new_score(GAN_SCORE_FRECHET, K);
    ok(gan_score_set_number(b, GAN_SCORE_SEED, 3)); /* which is not read */
    ok(gan_score_add_fake(b, N - 1, y));
    for (int32_t i = N; i-- > 0;) {
        ok(gan_score_add_real(b, 1, x + i * K));
    }
    ok(gan_score_comparable(a, b));
    const float zero[K] = {0, 0, 0}, minus_zero[K] = {-0.0f, 0, -0.0f}; /* one number */
    ok(gan_score_add_real(a, 1, zero));
    ok(gan_score_add_real(b, 1, minus_zero));
    ok(gan_score_comparable(a, b));
    gan_score_free(b);
    gan_score_free(a);
    a = ready(GAN_SCORE_FRECHET);
    float z[N * K];
    memcpy(z, x, sizeof z);
    z[4] = nextafterf(z[4], 10);
    b = new_score(GAN_SCORE_FRECHET, K);
    ok(gan_score_add_real(b, N, z));
    ok(gan_score_add_fake(b, N - 1, y));
    cannot_compare(a, b, "fingerprint");
    gan_score_free(a);

    const double centres[K] = {1, 2, 3}, other[K] = {1, 2, 4};
    a = new_score(GAN_SCORE_MODES, K);
    b = new_score(GAN_SCORE_MODES, K);
    ok(gan_score_set_modes(a, 1, centres, 1));
    ok(gan_score_set_modes(b, 1, centres, 1));
    ok(gan_score_comparable(a, b));
    ok(gan_score_set_modes(b, 1, centres, 1.5));
    ck_assert_int_eq(gan_score_comparable(a, b), GAN_ERROR_STATE);
    ok(gan_score_set_modes(b, 1, other, 1));
    cannot_compare(a, b, "fingerprint");
    gan_score_free(a);
    end();
}
END_TEST

/* Two contexts, and a score that outlives its own. */
START_TEST(contexts)
{
    beginning();
    heap second;
    gan_context *other = new_context(&second);
    gan_score *a = ready(GAN_SCORE_FRECHET), *b;
    ok(gan_score_create(other, GAN_SCORE_FRECHET, K, "test vectors", &b));
    gan_context_free(other);
    ok(gan_score_add_real(b, N, x));
    ok(gan_score_add_fake(b, N - 1, y));
    ok(gan_score_comparable(a, b));
    ck_assert(value_of(a, "frechet") == value_of(b, "frechet"));
    gan_score_free(b);
    ck_assert(second.live == 0);
    gan_score_free(a);
    end();
}
END_TEST

/* Real vectors once, one model after another. */
START_TEST(one_model_after_another)
{
    beginning();
    for (int32_t i = 0; i < KINDS; i++) {
        gan_score *score = ready(kinds[i]);
        double before[VALUES_MAX] = {0};
        for (int32_t j = 0; gan_score_value_name(score, j) != NULL; j++) {
            before[j] = value_of(score, gan_score_value_name(score, j));
        }
        ok(gan_score_add_fake(score, 1, x));
        near(value_of(score, "fake_count"), N, 0);
        gan_score_clear_fake(score);
        near(value_of(score, "fake_count"), 0, 0);
        near(value_of(score, "fake_used"), 0, 0);
        double value;
        fails(gan_score_value(score, gan_score_value_name(score, 0), &value), GAN_ERROR_STATE,
              "0 fake vectors");
        ok(gan_score_add_fake(score, N - 1, y));
        for (int32_t j = 0; gan_score_value_name(score, j) != NULL; j++) {
            value = value_of(score, gan_score_value_name(score, j));
            ck_assert(memcmp(&value, &before[j], sizeof value) == 0);
        }
        gan_score_free(score);
    }
    end();
}
END_TEST

/* ---- Memory -------------------------------------------------------------------------------- */

enum { FEW = 3000, MANY = 200000, KEPT = 1000, NARROW = 24, WIDE = 300 };

/* What gan/score.h says of the memory of a kind for KEPT vectors of d elements of each set. */
static int64_t promised(int32_t kind, int64_t d)
{
    const int64_t kib = 1024, kept = 2 * KEPT * 4 * d;
    const int64_t promises[KINDS] = {
        16 * d * d + 3 * kib * d + 40 * d * d, kept + 8 * kib * d + 5 * kib * kib,
        kept + 6 * kib * d + 3 * kib * kib, kept + 2 * KEPT * 512 + 6 * kib * d + 300 * kib,
        16 * 2 * (2 * d + 4) + 16 * kib};
    return promises[kind];
}

static gan_score *small_score(int32_t kind, int64_t elements)
{
    static const double centres[2 * WIDE];
    gan_score *score = new_score(kinds[kind], elements);
    ok(gan_score_set_number(score, GAN_SCORE_SAMPLES, KEPT));
    ok(gan_score_set_number(score, GAN_SCORE_SUBSETS, 2));
    ok(gan_score_set_number(score, GAN_SCORE_PROJECTIONS, 10));
    if (strcmp(kinds[kind], GAN_SCORE_MODES) == 0) {
        ok(gan_score_set_modes(score, 2, centres, 1));
    }
    return score;
}

/* The most memory that a score takes whose sets come in pieces of `piece` vectors, in turn, values
 * being asked for on the way, too.
 *   x  [n, elements] */
static int64_t peak_of(int32_t kind, int64_t elements, int64_t n, int64_t piece,
                       const float *values)
{
    const int64_t object = 4096; /* and the context's own */
    int64_t now, peak;
    begin();
    ok(gan_context_set_threads(ctx, 2));
    gan_score *score = small_score(kind, elements);
    for (int64_t i = 0; i < n; i += piece) {
        if (strcmp(kinds[kind], GAN_SCORE_MODES) != 0) {
            ok(gan_score_add_real(score, piece, values + i * elements));
        }
        ok(gan_score_add_fake(score, piece, values + i * elements));
        for (int32_t j = 0; j < 2 && (i + piece == FEW || i + piece == n); j++) {
            ok(gan_score_set_number(score, GAN_SCORE_K, 5)); /* has it computed anew */
            value_of(score, gan_score_value_name(score, 0));
        }
    }
    near(value_of(score, "fake_count"), (double)n, 0);
    ok(gan_context_memory(ctx, &now, &peak));
    ck_assert_int_le(peak, promised(kind, elements) + object);
    if (kind > 0 && kind < 4) { /* between computations the vectors kept are all */
        ck_assert_int_le(now, 2 * KEPT * 4 * elements + object);
    }
    gan_score_free(score);
    end();
    return peak;
}

/* As much as the header says, and for many times as many vectors not a byte more. */
START_TEST(memory_is_bounded)
{
    dice d = {4};
    float *values = new_bytes((size_t)MANY * NARROW * sizeof *values, 0);
    roll_array(&d, (int64_t)MANY * NARROW, -1, 1, values);
    for (int32_t i = 0; i < KINDS; i++) {
        static const int64_t pieces[] = {25, 100, FEW};
        for (int32_t j = 0; j < 3; j++) {
            const int64_t more = j < 2 ? MANY : MANY / FEW * FEW;
            const int64_t few = peak_of(i, NARROW, FEW, pieces[j], values);
            ck_assert_int_eq(peak_of(i, NARROW, more, pieces[j], values), few);
        }
        peak_of(i, WIDE, FEW, 25, values);
    }
    free(values);
}
END_TEST

int main(void)
{
    return RUN_TESTS("score", kinds_and_names, options, bad_creation, bad_vectors, bad_questions,
                     bad_modes, comparable, comparable_options_and_vectors, contexts,
                     one_model_after_another, memory_is_bounded);
}
