/* The published protocol of the Parzen score: it is choosing a bandwidth and scoring with it. */
#include "api.h"

enum { ELEMENTS = 5, SAMPLES = 80, VALID = 30, TEST = 40, GRID = 10 };

/* Samples and rows uniform within `spread` of 0. */
typedef struct {
    float samples[SAMPLES * ELEMENTS], validation[VALID * ELEMENTS], test[TEST * ELEMENTS];
} drawn;

typedef struct {
    double sigma, mean, error;
    int32_t edge;
} result;

static void draw_floats(dice *d, int64_t count, double spread, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        out[i] = (float)roll_between(d, -spread, spread);
    }
}

static drawn draw(uint64_t seed, double spread)
{
    dice d = {seed};
    drawn out;
    draw_floats(&d, SAMPLES * ELEMENTS, spread, out.samples);
    draw_floats(&d, VALID * ELEMENTS, spread, out.validation);
    draw_floats(&d, TEST * ELEMENTS, spread, out.test);
    return out;
}

static result protocol(const drawn *d)
{
    result r = {-1, -1, -1, 7};
    ok(gan_parzen_protocol(ctx, ELEMENTS, SAMPLES, d->samples, VALID, d->validation, TEST, d->test,
                           &r.sigma, &r.mean, &r.error, &r.edge));
    return r;
}

START_TEST(it_is_choosing_and_scoring)
{
    ctx = new_context(&own);
    double sigmas[GRID];
    for (int i = 0; i < GRID; i++) {
        sigmas[i] = pow(10, -1 + i / 9.0);
    }
    bool seen[3] = {false};
    for (int k = 0; k < 12; k++) {
        const drawn d = draw((uint64_t)k, 0.05 * pow(1.6, k));
        const result r = protocol(&d);
        int64_t best;
        double mean, error;
        ok(gan_parzen_choose_sigma(ctx, ELEMENTS, SAMPLES, d.samples, VALID, d.validation, GRID,
                                   sigmas, NULL, &best));
        ok(gan_parzen_log_likelihood(ctx, ELEMENTS, SAMPLES, d.samples, TEST, d.test, sigmas[best],
                                     &mean, &error));
        near(r.sigma, sigmas[best], 1e-15);
        near(r.mean, mean, 1e-9 * fabs(mean));
        near(r.error, error, 1e-9 * error);
        ck_assert_int_eq(r.edge, best == 0 ? -1 : best == GRID - 1 ? 1 : 0);
        seen[r.edge + 1] = true;
    }
    need(seen[0] && seen[1] && seen[2]);
    end_context(ctx, &own);
}
END_TEST

/* With one sample at 0 the best bandwidth is the root of the mean square of an element. */
START_TEST(the_edges_are_told)
{
    ctx = new_context(&own);
    const float sample[] = {0, 0};
    const struct {
        float at;
        double sigma;
        int32_t edge;
    } cases[] = {{0.001f, 0.1, -1},
                 {0.1f, 0.1, -1},
                 {0.12915497f, 0.12915496650148839, 0},
                 {0.35938137f, 0.35938136638046275, 0},
                 {0.77426368f, 0.77426368268112700, 0},
                 {1, 1, 1},
                 {50, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const float rows[] = {cases[i].at, -cases[i].at, -cases[i].at, -cases[i].at};
        const float test[] = {0, 0, 0, 0, 1, 0}; /* not what chooses */
        double sigma, mean, error;
        int32_t edge;
        ok(gan_parzen_protocol(ctx, 2, 1, sample, 2, rows, 3, test, &sigma, &mean, &error, &edge));
        near(sigma, cases[i].sigma, 1e-15);
        ck_assert_int_eq(edge, cases[i].edge);
        /* The log-likelihoods are c, c and c - h: their population deviation is h sqrt(2) / 3. */
        const double h = 1 / (2 * sigma * sigma), c = -2 * log(sigma) - 1.8378770664093454836;
        near(mean, c - h / 3, 1e-6 * (1 + h));
        near(error, h * sqrt(2.0) / 3 / sqrt(3.0), 1e-6 * h);
    }
    end_context(ctx, &own);
}
END_TEST

START_TEST(what_is_not_wanted_may_be_null)
{
    ctx = new_context(&own);
    const drawn d = draw(3, 1);
    const result r = protocol(&d);
    double sigma, mean;
    ok(gan_parzen_protocol(ctx, ELEMENTS, SAMPLES, d.samples, VALID, d.validation, TEST, d.test,
                           &sigma, &mean, NULL, NULL));
    need(sigma == r.sigma && mean == r.mean);
    end_context(ctx, &own);
}
END_TEST

START_TEST(misuse_is_refused)
{
    ctx = new_context(&own);
    const float x[] = {1, 2, 3, 4}, nan[] = {1, 2, NAN, 4}, infinite[] = {1, 2, 3, INFINITY};
    double sigma = 7, mean = 7, error = 7;
    int32_t edge = 7;
#define call(n, ns, s, nv, v, nt, t) \
    gan_parzen_protocol(ctx, n, ns, s, nv, v, nt, t, &sigma, &mean, &error, &edge)
    ck_assert_int_eq(gan_parzen_protocol(NULL, 2, 2, x, 2, x, 2, x, &sigma, &mean, &error, &edge),
                     GAN_ERROR_ARGUMENT);
    fails(gan_parzen_protocol(ctx, 2, 2, x, 2, x, 2, x, NULL, &mean, &error, &edge),
          GAN_ERROR_ARGUMENT, "sigma is NULL");
    fails(gan_parzen_protocol(ctx, 2, 2, x, 2, x, 2, x, &sigma, NULL, &error, &edge),
          GAN_ERROR_ARGUMENT, "mean is NULL");
    fails(call(2, 2, NULL, 2, x, 2, x), GAN_ERROR_ARGUMENT, "samples is NULL");
    fails(call(2, 2, x, 2, NULL, 2, x), GAN_ERROR_ARGUMENT, "validation is NULL");
    fails(call(2, 2, x, 2, x, 2, NULL), GAN_ERROR_ARGUMENT, "test is NULL");
    fails(call(0, 2, x, 2, x, 2, x), GAN_ERROR_RANGE, "elements is 0");
    fails(call(INT64_C(1) << 31, 2, x, 2, x, 2, x), GAN_ERROR_RANGE, "2147483648 elements");
    fails(call(2, 0, x, 2, x, 2, x), GAN_ERROR_RANGE, "sample_count is 0");
    fails(call(2, 2, x, -1, x, 2, x), GAN_ERROR_RANGE, "validation_count is -1");
    fails(call(2, 2, x, 2, x, 0, x), GAN_ERROR_RANGE, "test_count is 0");
    fails(call(2, 2, x, INT64_MAX, x, 2, x), GAN_ERROR_RANGE, "9223372036854775807 rows");
    fails(call(2, 2, x, 2, x, INT64_MAX, x), GAN_ERROR_RANGE, "9223372036854775807 rows");
    fails(call(2, 2, nan, 2, x, 2, x), GAN_ERROR_NUMERIC, "element 0 of sample 1 is NaN");
    fails(call(2, 2, x, 2, nan, 2, x), GAN_ERROR_NUMERIC, "element 0 of row 1 is NaN");
    fails(call(2, 2, x, 2, x, 2, infinite), GAN_ERROR_NUMERIC,
          "element 1 of test row 1 is infinite");
#undef call
    need(sigma == 7 && mean == 7 && error == 7 && edge == 7);
    end_context(ctx, &own);
}
END_TEST

START_TEST(memory_may_run_out_anywhere)
{
    ctx = new_context(&own);
    const drawn d = draw(4, 1);
    const int64_t live = own.live;
    int64_t failures = 0;
    result r = {7, 7, 7, 7};
    for (;; failures++) {
        own.calls = 0;
        own.fail_at = failures + 1;
        const int32_t status =
            gan_parzen_protocol(ctx, ELEMENTS, SAMPLES, d.samples, VALID, d.validation, TEST,
                                d.test, &r.sigma, &r.mean, &r.error, &r.edge);
        ck_assert_int_eq(own.live, live);
        if (status == GAN_OK) {
            break;
        }
        fails(status, GAN_ERROR_MEMORY, "out of memory");
        need(r.sigma == 7 && r.mean == 7 && r.error == 7 && r.edge == 7);
    }
    ck_assert_int_ge(failures, 22); /* of both halves */
    need(r.sigma != 7 && r.mean != 7 && r.error != 7 && r.edge != 7);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("parzen protocol", it_is_choosing_and_scoring, the_edges_are_told,
                     what_is_not_wanted_may_be_null, misuse_is_refused,
                     memory_may_run_out_anywhere);
}
