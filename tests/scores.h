/* What the tests of scores share. Included once by each test program, after api.h. */
#ifndef GAN_TESTS_SCORES_H
#define GAN_TESTS_SCORES_H

#include "api.h"

static void begin(void)
{
    ctx = new_context(&own);
}

static void end(void)
{
    end_context(ctx, &own);
    ctx = NULL;
}

static inline gan_score *new_score(const char *kind, int64_t elements)
{
    gan_score *score;
    ok(gan_score_create(ctx, kind, elements, "test vectors", &score));
    return score;
}

static inline double value_of(gan_score *score, const char *name)
{
    double value = -1;
    ok(gan_score_value(score, name, &value));
    return value;
}

/* The first value of a kind for two sets. */
static inline double score_of(const char *kind, int64_t elements, int64_t n, const float *x,
                              int64_t m, const float *y)
{
    gan_score *score = new_score(kind, elements);
    ok(gan_score_add_real(score, n, x));
    ok(gan_score_add_fake(score, m, y));
    const double value = value_of(score, gan_score_value_name(score, 0));
    gan_score_free(score);
    return value;
}

static inline double roll_normal(dice *d)
{
    const double u = 1 - roll_between(d, 0, 1), v = roll_between(d, 0, 1);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static inline float *normals(dice *d, int64_t count, double mean, double deviation)
{
    float *x = new_bytes((size_t)count * sizeof *x, 0);
    for (int64_t i = 0; i < count; i++) {
        x[i] = (float)(mean + deviation * roll_normal(d));
    }
    return x;
}

enum { VALUES_MAX = 16 };

/* All values of a score whose vectors come in pieces of `cut`, the two sets in turn. */
static inline void values_of_cut(const char *kind, int64_t elements, int64_t n, const float *x,
                                 int64_t m, const float *y, int64_t cut, int32_t threads,
                                 void (*prepare)(gan_score *), double values[VALUES_MAX])
{
    ok(gan_context_set_threads(ctx, threads));
    gan_score *score = new_score(kind, elements);
    prepare(score);
    for (int64_t i = 0; i < n || i < m; i += cut) {
        if (i < n && x != NULL) {
            ok(gan_score_add_real(score, n - i < cut ? n - i : cut, x + i * elements));
        }
        if (i < m) {
            ok(gan_score_add_fake(score, m - i < cut ? m - i : cut, y + i * elements));
        }
    }
    memset(values, 0, VALUES_MAX * sizeof *values);
    for (int32_t i = 0; gan_score_value_name(score, i) != NULL; i++) {
        values[i] = value_of(score, gan_score_value_name(score, i));
    }
    gan_score_free(score);
}

/* The same bits however the vectors are cut and whatever the number of threads. x may be NULL */
static inline void same_bits(const char *kind, int64_t elements, int64_t n, const float *x,
                             int64_t m, const float *y, void (*prepare)(gan_score *))
{
    static const int64_t cuts[] = {1, 7, 128, 300};
    double wanted[VALUES_MAX], values[VALUES_MAX];
    values_of_cut(kind, elements, n, x, m, y, n + m, 1, prepare, wanted);
    for (int32_t i = 0; i < 4; i++) {
        values_of_cut(kind, elements, n, x, m, y, cuts[i], i + 1, prepare, values);
        if (memcmp(values, wanted, sizeof wanted) != 0) {
            ck_abort_msg("%s in pieces of %lld on %d threads: %.17g, not %.17g", kind,
                         (long long)cuts[i], i + 1, values[0], wanted[0]);
        }
    }
}

#endif
