/* Data sets made of others: numbers for each channel, contrast normalisation, and what views make of
 * each other. */
#include "dataset_views.h"

/* ---- Channels ------------------------------------------------------------------------------ */

START_TEST(channels_have_their_numbers)
{
    gan_dataset *data = images_as_bytes(5, 1);
    float *stored = read_all(data);
    ok(gan_dataset_scale_channels(data, 3, scales, shifts, &set));
    float *got = read_all(set);
    for (int i = 0; i < 5 * PIXELS; i++) {
        const int c = i / PLANE % CHANNELS;
        const double byte = round((double)stored[i] * 255);
        /* Rounded once: within half a unit but for the rounding of the doubles. */
        need(float_ulps(got[i], scales[c] * (byte / 255) + shifts[c]) < 0.500001);
    }
    free(stored);
    free(got);
    gan_dataset_free(data);
}
END_TEST

START_TEST(channels_and_scales_are_rounded_once)
{
    /* Each step in float would lose digits: (x + 1e9 - 1e9) * 1e-6 * 1e6. */
    gan_dataset *data = images_as_floats(4, 2, -1, 1);
    const double up[] = {1, 1, 1}, far[] = {1e9, -1e9, 1e8}, back[] = {-1e9, 1e9, -1e8};
    const double small[] = {1e-6, 1e-5, 1e-4}, large[] = {1e6, 1e5, 1e4}, none[] = {0, 0, 0};
    ok(gan_dataset_scale(data, 1, 5, &set));
    become(set, gan_dataset_scale_channels(set, 3, up, far, &made));
    become(set, gan_dataset_scale(set, 3, 1e7, &made));
    become(set, gan_dataset_slice(set, 0, 4, &made));
    become(set, gan_dataset_scale(set, 1 / 3.0, -1e7 / 3, &made));
    become(set, gan_dataset_scale_channels(set, 3, up, back, &made));
    become(set, gan_dataset_scale_channels(set, 3, small, none, &made));
    become(set, gan_dataset_scale_channels(set, 3, large, none, &made));
    become(set, gan_dataset_scale(set, 1, -5, &made));
    float *wanted = read_all(data), *got = read_all(set);
    for (int i = 0; i < 4 * PIXELS; i++) {
        near(got[i], wanted[i], 1e-6);
    }
    free(wanted);
    free(got);
    gan_dataset_free(data);
}
END_TEST

START_TEST(one_channel_is_a_scale)
{
    set = numbered(100);
    gan_dataset *a, *b;
    ok(gan_dataset_scale(set, 0.7, 3, &a));
    ok(gan_dataset_scale_channels(set, 1, (double[]){0.7}, (double[]){3}, &b));
    same(a, b);
    gan_dataset_free(a);
    gan_dataset_free(b);
    ok(gan_dataset_scale_channels(set, 1, (double[]){1}, (double[]){0}, &b)); /* nothing to do */
    same(set, b);
    gan_dataset_free(b);
}
END_TEST

START_TEST(channels_check_their_arguments)
{
    gan_dataset *data = images_as_bytes(3, 1);
    create_fails(gan_dataset_scale_channels(NULL, 3, scales, shifts, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_scale_channels(data, 3, scales, shifts, NULL), GAN_ERROR_ARGUMENT, "out is");
    create_fails(gan_dataset_scale_channels(data, 3, NULL, shifts, &set), GAN_ERROR_ARGUMENT,
                 "scales is NULL");
    create_fails(gan_dataset_scale_channels(data, 3, scales, NULL, &set), GAN_ERROR_ARGUMENT,
                 "shifts is NULL");
    const int64_t others[] = {2, 4, 0, -1, INT64_MAX};
    for (int i = 0; i < 5; i++) {
        create_fails(gan_dataset_scale_channels(data, others[i], scales, shifts, &set),
                     GAN_ERROR_SHAPE, "channels, its samples have 3");
    }
    for (int i = 0; i < 3; i++) {
        double bad[] = {1, 1, 1};
        bad[i] = NAN;
        create_fails(gan_dataset_scale_channels(data, 3, bad, shifts, &set), GAN_ERROR_ARGUMENT,
                     "scale is NaN");
        create_fails(gan_dataset_scale_channels(data, 3, scales, bad, &set), GAN_ERROR_ARGUMENT,
                     "shift is NaN");
        bad[i] = -INFINITY;
        create_fails(gan_dataset_scale_channels(data, 3, bad, shifts, &set), GAN_ERROR_RANGE,
                     "-inf");
        create_fails(gan_dataset_scale_channels(data, 3, scales, bad, &set), GAN_ERROR_RANGE,
                     "-inf");
        bad[i] = 1e308;
        gan_dataset *huge;
        ok(gan_dataset_scale_channels(data, 3, bad, shifts, &huge));
        create_fails(gan_dataset_scale_channels(huge, 3, bad, shifts, &set), GAN_ERROR_RANGE,
                     "not finite with those it has");
        float read[PIXELS];
        char text[64];
        snprintf(text, sizeof text, "element %d of sample 1 is no finite float", i * PLANE);
        fails(gan_dataset_read(huge, 1, 1, read, PIXELS), GAN_ERROR_NUMERIC, text);
        ok(gan_dataset_scale(huge, 1e10, 0, &set)); /* infinite with the channel's: at reading */
        fails(gan_dataset_read(set, 1, 1, read, PIXELS), GAN_ERROR_NUMERIC, text);
        gan_dataset_free(set);
        set = NULL;
        gan_dataset_free(huge);
    }
    gan_dataset_free(data);
}
END_TEST

/* ---- Contrast ------------------------------------------------------------------------------ */

/* What contrast normalisation makes of one sample. x, y: [n] */
static void normalise(int n, const float *x, double scale, double bias, double *y)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        mean += (double)x[i] / n;
    }
    for (int i = 0; i < n; i++) {
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    }
    double divisor = sqrt(bias + squares) / scale;
    divisor = divisor < 1e-8 ? 1 : divisor;
    for (int i = 0; i < n; i++) {
        y[i] = ((double)x[i] - mean) / divisor;
    }
}

START_TEST(contrast_is_that_of_the_formula)
{
    enum { N = 7 };
    const struct {
        double low, high, scale, bias;
    } cases[] = {{0, 1, 55, 0},        {0, 1, 1, 0},      {0, 1, 1, 10},
                 {-1e5, 3e5, 55, 1e4}, {3, 3.1, 1e-3, 2}, {-1, 1, 1e30, 1e30},
                 {-3e38, 3e38, 2, 0},  {0, 1e-20, 1, 0},  {0, 1, 1e10, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        gan_dataset *data = images_as_floats(N, k, cases[k].low, cases[k].high);
        ok(gan_dataset_normalize_contrast(data, cases[k].scale, cases[k].bias, &set));
        float *x = read_all(data), *y = read_all(set);
        for (int i = 0; i < N; i++) {
            double wanted[PIXELS], norm = 0;
            normalise(PIXELS, x + i * PIXELS, cases[k].scale, cases[k].bias, wanted);
            for (int j = 0; j < PIXELS; j++) {
                const double got = (double)y[i * PIXELS + j];
                near(got, wanted[j], 1e-6 * fabs(wanted[j]) + 1e-13 * cases[k].scale);
                norm += got * got;
            }
            if (k < 2) {
                near(sqrt(norm), cases[k].scale, 1e-6 * cases[k].scale);
            }
        }
        free(x);
        free(y);
        gan_dataset_free(data);
        gan_dataset_free(set);
        set = NULL;
    }
}
END_TEST

START_TEST(constant_samples_become_zero)
{
    float values[4 * PIXELS];
    const float levels[] = {0, 1, -0.1f, 1e20f};
    for (int i = 0; i < 4 * PIXELS; i++) {
        values[i] = levels[i / PIXELS];
    }
    gan_dataset *data;
    ok(gan_dataset_from_floats(ctx, 4, 3, image, values, &data));
    ok(gan_dataset_normalize_contrast(data, 55, 0, &set));
    ok(gan_dataset_read(set, 0, 4, values, 4 * PIXELS));
    for (int i = 0; i < 3 * PIXELS; i++) {
        near(values[i], 0, 1e-15);
    }
    gan_dataset_free(data);
    gan_dataset_free(set);
    /* The divisor is compared as it divides, scale and all, and the scale then goes with it. */
    const float faint[] = {0, 1e-6f}; /* its norm is 1e-6 / sqrt 2 */
    ok(gan_dataset_from_floats(ctx, 1, 1, pair, faint, &data));
    ok(gan_dataset_normalize_contrast(data, 70, 0, &set));
    ok(gan_dataset_read(set, 0, 1, values, 2));
    near(values[1], 70 / sqrt(2), 1e-4);
    become(set, gan_dataset_normalize_contrast(data, 71, 0, &made));
    ok(gan_dataset_read(set, 0, 1, values, 2));
    near(values[1], 0.5e-6, 1e-12);
    gan_dataset_free(data);
    gan_dataset_free(set);
    set = numbered(4); /* of one element: always constant */
    become(set, gan_dataset_normalize_contrast(set, 55, 0, &made));
    ok(gan_dataset_read(set, 0, 4, values, 4));
    need(values[0] == 0 && values[1] == 0 && values[2] == 0 && values[3] == 0);
}
END_TEST

START_TEST(contrast_checks_its_arguments)
{
    gan_dataset *data = images_as_bytes(3, 1);
    create_fails(gan_dataset_normalize_contrast(NULL, 1, 0, &set), GAN_ERROR_ARGUMENT, "");
    fails(gan_dataset_normalize_contrast(data, 1, 0, NULL), GAN_ERROR_ARGUMENT, "out is NULL");
    const struct {
        double scale, bias;
        int32_t code;
        const char *text;
    } cases[] = {{NAN, 0, GAN_ERROR_ARGUMENT, "scale is NaN"},
                 {1, NAN, GAN_ERROR_ARGUMENT, "bias is NaN"},
                 {0, 0, GAN_ERROR_RANGE, "scale is 0"},
                 {-1, 0, GAN_ERROR_RANGE, "scale is -1, not"},
                 {1.1e30, 0, GAN_ERROR_RANGE, "scale is 1.1e+30, not"},
                 {INFINITY, 0, GAN_ERROR_RANGE, "scale is inf"},
                 {1, -1e-9, GAN_ERROR_RANGE, "bias is -1e-09, not"},
                 {1, 2e30, GAN_ERROR_RANGE, "bias is 2e+30, not"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        create_fails(gan_dataset_normalize_contrast(data, cases[i].scale, cases[i].bias, &set),
                     cases[i].code, cases[i].text);
    }
    gan_dataset_free(data);
}
END_TEST

/* ---- Views of views ------------------------------------------------------------------------ */

START_TEST(views_compose_in_any_order)
{
    dice d = {5};
    for (int round = 0; round < 200; round++) {
        /* The reference keeps the delivered numbers, as a data set of floats. */
        gan_dataset *view = images_as_bytes(6, (uint64_t)round);
        for (int step = 0; step < 6; step++) {
            const int64_t count = gan_dataset_count(view);
            float *x = read_all(view);
            double *wanted = malloc((size_t)(2 * count * PIXELS) * sizeof *wanted);
            int64_t start = 0, end = count;
            for (int64_t i = 0; i < count * PIXELS; i++) {
                wanted[i] = (double)x[i];
            }
            const int kind = roll(&d, 5);
            if (kind == 0) {
                start = roll(&d, (int32_t)count);
                end = start + 1 + roll(&d, (int32_t)(count - start));
                become(view, gan_dataset_slice(view, start, end - start, &made));
            } else if (kind == 1) {
                become(view, gan_dataset_scale(view, -1.5, 0.25, &made));
                for (int64_t i = 0; i < count * PIXELS; i++) {
                    wanted[i] = -1.5 * (double)x[i] + 0.25;
                }
            } else if (kind == 2) {
                become(view, gan_dataset_scale_channels(view, 3, scales, shifts, &made));
                for (int64_t i = 0; i < count * PIXELS; i++) {
                    const int64_t c = i / PLANE % CHANNELS;
                    wanted[i] = scales[c] * (double)x[i] + shifts[c];
                }
            } else if (kind == 3) {
                become(view, gan_dataset_normalize_contrast(view, 5, 0.5, &made));
                for (int64_t i = 0; i < count; i++) {
                    normalise(PIXELS, x + i * PIXELS, 5, 0.5, wanted + i * PIXELS);
                }
            } else {
                become(view, gan_dataset_join(view, view, &made));
                memcpy(wanted + count * PIXELS, wanted, (size_t)(count * PIXELS) * sizeof *wanted);
                end = 2 * count;
            }
            free(x);
            need(gan_dataset_count(view) == end - start);
            x = read_all(view);
            for (int64_t i = 0; i < (end - start) * PIXELS; i++) {
                const double w = wanted[start * PIXELS + i];
                near(x[i], w, 1e-5 * (1 + fabs(w)));
            }
            free(x);
            free(wanted);
        }
        same(view, view);
        gan_dataset_free(view);
    }
}
END_TEST

START_TEST(bytes_stay_bytes)
{
    enum { N = 1000 };
    gan_dataset *data = images_as_bytes(N, 3);
    int64_t before, after;
    ok(gan_context_memory(ctx, &before, NULL));
    ok(gan_dataset_join(data, data, &set));
    become(set, gan_dataset_scale_channels(set, 3, scales, shifts, &made));
    become(set, gan_dataset_normalize_contrast(set, 55, 0, &made));
    become(set, gan_dataset_scale(set, 2, 0, &made));
    float *values = read_all(set);
    ok(gan_context_memory(ctx, &after, NULL));
    ck_assert_int_lt(after - before, 2500);
    const int64_t calls = own.calls; /* and reading allocates nothing */
    ok(gan_dataset_read(set, 0, 2 * N, values, 2 * N * PIXELS));
    need(own.calls == calls);
    free(values);
    gan_dataset_free(data);
}
END_TEST

START_TEST(callbacks_are_viewed)
{
    teller t = {.bad = 12, .answer = 5};
    gan_dataset *data, *slice;
    ok(gan_dataset_from_callback(ctx, 20, 1, pair, tell, &t, &data));
    ok(gan_dataset_slice(data, 10, 4, &slice));
    ok(gan_dataset_join(slice, data, &set));
    become(set, gan_dataset_scale_channels(set, 2, (double[]){1, 4}, (double[]){0, 0}, &made));
    float read[8];
    ok(gan_dataset_read(set, 3, 2, read, 8)); /* the end of the slice, the start of all */
    need(read[0] == 13 && read[1] == 26 && read[2] == 0 && read[3] == 0);
    need(t.calls == 2);
    fails(gan_dataset_read(set, 1, 3, read, 8), GAN_ERROR_STOPPED, "returned 5 for sample 12");
    become(set, gan_dataset_normalize_contrast(set, 1, 0, &made));
    fails(gan_dataset_read(set, 1, 3, read, 8), GAN_ERROR_STOPPED, "returned 5 for sample 12");
    ok(gan_dataset_read(set, 15, 1, read, 8));
    near(read[0], -sqrt(0.5), 1e-7);
    near(read[1], sqrt(0.5), 1e-7);
    gan_dataset_free(slice);
    gan_dataset_free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dataset views");
    add_case(suite, "channels",
             (const TTest *[]){channels_have_their_numbers, channels_and_scales_are_rounded_once,
                               one_channel_is_a_scale, channels_check_their_arguments, NULL});
    add_case(suite, "contrast",
             (const TTest *[]){contrast_is_that_of_the_formula, constant_samples_become_zero,
                               contrast_checks_its_arguments, NULL});
    add_case(suite, "views",
             (const TTest *[]){views_compose_in_any_order, bytes_stay_bytes, callbacks_are_viewed,
                               NULL});
    return run_cases(suite);
}
