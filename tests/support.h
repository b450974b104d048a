/* What the tests of the engine share. Included once by each test program; everything is static. */
#ifndef GAN_TESTS_SUPPORT_H
#define GAN_TESTS_SUPPORT_H

#ifdef GAN_TESTS_PUBLIC /* a program that links the shared library */
#include <gan/gan.h>
typedef float real;
#else
#include "base/context.h"
#include "kernel/real.h"
#endif

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before a function of a test that computes what is expected, from what no other thread touches: the
 * thread sanitizer need not watch its loops, which would take most of the time. */
#if defined(__clang__)
#define UNWATCHED __attribute__((no_sanitize("thread")))
#else
#define UNWATCHED __attribute__((no_sanitize_thread))
#endif

/* ---- A heap that counts, hands out dirty memory, and fails when told to ---------------------- */

typedef struct {
    int64_t live;    /* blocks not yet released */
    int64_t calls;   /* allocations asked for */
    int64_t fail_at; /* the call that fails, counted from 1; 0: none */
    bool for_good;   /* and all after it */
} heap;

static inline void *heap_allocate(void *user, size_t size)
{
    heap *own = user;
    const int64_t call = ++own->calls;
    if (call == own->fail_at || (own->for_good && own->fail_at > 0 && call > own->fail_at)) {
        return NULL;
    }
    void *memory = malloc(size);
    if (memory != NULL) {
        memset(memory, 0xa5, size);
        own->live++;
    }
    return memory;
}

static inline void heap_release(void *user, void *memory)
{
    heap *own = user;
    own->live--;
    free(memory);
}

/* Who makes the products of new contexts; run_tests_for_products changes it. */
static const char *products_of_tests = GAN_PRODUCTS_AUTO;

static inline gan_context *new_context(heap *own)
{
    gan_context *context;
    *own = (heap){0};
    ck_assert_int_eq(gan_context_create_with_allocator(heap_allocate, heap_release, own, &context),
                     GAN_OK);
    ck_assert_int_eq(gan_context_set_products(context, products_of_tests), GAN_OK);
    return context;
}

/* Frees the context and checks that nothing made from it is left. */
static inline void end_context(gan_context *context, const heap *own)
{
    int64_t now;
    ck_assert_int_eq(gan_context_memory(context, &now, NULL), GAN_OK);
    gan_context_free(context);
    ck_assert_msg(own->live == 0, "%lld blocks (%lld bytes) were not released",
                  (long long)own->live, (long long)now);
}

/* ---- Numbers by chance, the same on every machine (splitmix64, Steele et al. 2014) ------------ */

typedef struct {
    uint64_t state;
} dice;

static inline uint64_t roll_bits(dice *d)
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to n - 1 */
static inline int32_t roll(dice *d, int32_t n)
{
    return (int32_t)(roll_bits(d) % (uint64_t)n);
}

static inline double roll_between(dice *d, double low, double high)
{
    return low + (high - low) * (double)(roll_bits(d) >> 11) * 0x1p-53;
}

static inline void roll_array(dice *d, int64_t n, double low, double high, real *out)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = (real)roll_between(d, low, high);
    }
}

/* ---- Memory and numbers ---------------------------------------------------------------------- */

/* Memory aligned to 64 bytes, every byte `fill`; free releases it. */
static inline void *new_bytes(size_t size, int fill)
{
    void *memory = aligned_alloc(64, (size + 127) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    memset(memory, fill, (size + 127) / 64 * 64);
    return memory;
}

static inline real *new_reals(int64_t n)
{
    return new_bytes((size_t)n * sizeof(real), 0);
}

/* By how many units in the last place of a float `got` misses `wanted`, denormals included; what
 * rounds to infinity must be infinite. */
static inline double float_ulps(float got, double wanted)
{
    if (isnan(wanted) || isnan(got)) {
        return isnan(wanted) && isnan(got) ? 0 : HUGE_VAL;
    }
    const float nearest = (float)wanted;
    if (isinf(nearest) || isinf(got)) {
        return nearest == got ? 0 : HUGE_VAL;
    }
    int exponent;
    frexp((double)nearest, &exponent);
    const double ulp = ldexp(1.0, exponent - 24 < -149 || nearest == 0 ? -149 : exponent - 24);
    return fabs((double)got - wanted) / ulp;
}

/* ---- Running --------------------------------------------------------------------------------- */

/* before, after: called around each test, or NULL */
static inline int run_tests(const char *name, SFun before, SFun after, int count,
                            const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 600);
    tcase_add_checked_fixture(all, before, after);
    for (int i = 0; i < count; i++) {
        tcase_add_test(all, tests[i]);
    }
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Runs them with products of our own, where the processor can, and with those of the BLAS. */
static inline int run_tests_for_products(const char *name, int count, const TTest *const *tests)
{
    static const char *const all[] = {GAN_PRODUCTS_AUTO, GAN_PRODUCTS_BLAS};
    int failed = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char both[64];
        products_of_tests = all[i];
        snprintf(both, sizeof both, "%s, products: %s", name, all[i]);
        failed |= run_tests(both, NULL, NULL, count, tests);
    }
    products_of_tests = GAN_PRODUCTS_AUTO;
    return failed;
}

/* Runs the tests named, made by START_TEST. */
#define RUN_TESTS(name, ...) RUN_TESTS_BETWEEN(name, NULL, NULL, __VA_ARGS__)

/* The same for each who can make products. */
#define RUN_TESTS_FOR_PRODUCTS(name, ...)                                                         \
    run_tests_for_products(name,                                                                  \
                           (int)(sizeof((const TTest *[]){__VA_ARGS__}) / sizeof(const TTest *)), \
                           (const TTest *[]){__VA_ARGS__})

/* The same, with functions that are called before and after each. */
#define RUN_TESTS_BETWEEN(name, before, after, ...)                                  \
    run_tests(name, before, after,                                                   \
              (int)(sizeof((const TTest *[]){__VA_ARGS__}) / sizeof(const TTest *)), \
              (const TTest *[]){__VA_ARGS__})

#endif
