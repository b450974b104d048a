/* The gradients of layers that look at the whole batch and of joints, as gan__network_build makes
 * them, by their input and their parameters: see gradient.h. Penalties through them, that is the
 * gradient of a gradient by the parameters of a whole discriminator: see grad_penalty.c. */
#include "gradient.h"

#include "nn/network.h"

#include <stdio.h>

enum { PARAMETERS_MAX = 6 };

static int32_t embedding(gan_network *n, int32_t x)
{
    return gan_network_embedding(n, x, 4);
}

static int32_t deviation_1(gan_network *n, int32_t x)
{
    return gan_network_minibatch_deviation(n, x, 1);
}

static int32_t deviation_4(gan_network *n, int32_t x)
{
    return gan_network_minibatch_deviation(n, x, 4);
}

/* The features are let down, so that only the deviation counts. */
static int32_t deviation_alone(gan_network *n, int32_t x)
{
    x = gan_network_minibatch_deviation(n, gan_network_affine(n, x, 2, 0), 3);
    return gan_network_dense(n, x, 2);
}

static int32_t discrimination(gan_network *n, int32_t x)
{
    return gan_network_minibatch_discrimination(n, x, 2, 3);
}

/* More dims than kernels and samples together. */
static int32_t many_dims(gan_network *n, int32_t x)
{
    return gan_network_minibatch_discrimination(n, gan_network_affine(n, x, 0.3, 0), 1, 35);
}

static int32_t residual(gan_network *n, int32_t x)
{
    return gan_network_add(n, x, gan_network_tanh(n, gan_network_dense(n, x, 4)));
}

static int32_t twice(gan_network *n, int32_t x)
{
    return gan_network_add(n, x, x);
}

static int32_t inner_product(gan_network *n, int32_t x)
{
    return gan_network_inner_product(n, x, gan_network_embedding(n, x, 12));
}

static int32_t squared(gan_network *n, int32_t x)
{
    return gan_network_inner_product(n, x, x);
}

static int32_t repeat(gan_network *n, int32_t x)
{
    return gan_network_repeat(n, x, 2, 3);
}

static int32_t shuffle_2(gan_network *n, int32_t x)
{
    return gan_network_pixel_shuffle(n, x, 2);
}

static int32_t shuffle_3(gan_network *n, int32_t x)
{
    return gan_network_pixel_shuffle(n, x, 3);
}

/* Layers on top of each other: so that each one's input depends on parameters, too. */
static int32_t tower(gan_network *n, int32_t x)
{
    x = gan_network_tanh(n, gan_network_embedding(n, x, 4));
    x = gan_network_minibatch_discrimination(n, x, 2, 2);
    x = gan_network_minibatch_deviation(n, gan_network_tanh(n, x), 2);
    return gan_network_inner_product(n, x, gan_network_dense(n, x, 7));
}

static int32_t image_tower(gan_network *n, int32_t x)
{
    x = gan_network_convolution(n, x, 4, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_pixel_shuffle(n, gan_network_tanh(n, x), 2);
    x = gan_network_minibatch_deviation(n, x, 8);
    const int32_t y = gan_network_repeat(n, gan_network_dense(n, x, 2), 2, 2);
    return gan_network_add(n, gan_network_tanh(n, y), y);
}

static const struct {
    const char *name;
    int32_t (*add)(gan_network *network, int32_t x);
    int64_t m;
    gan__shape shape;
} cases[] = {
    {"embedding", embedding, 3, {3, {2, 3, 1}}},
    {"deviation of a sample", deviation_4, 1, {1, {5}}},
    {"deviation of single samples", deviation_1, 3, {1, {4}}},
    {"deviation of 4", deviation_4, 4, {1, {4}}},
    {"deviation of 3 of 6", deviation_4, 6, {2, {2, 3}}},
    {"deviation of images", deviation_4, 8, {3, {2, 2, 1}}},
    {"deviation, alone", deviation_alone, 6, {1, {3}}},
    {"discrimination", discrimination, 4, {1, {5}}},
    {"discrimination of images", discrimination, 3, {3, {2, 2, 1}}},
    {"discrimination of a sample", discrimination, 1, {1, {5}}},
    {"discrimination of two", many_dims, 2, {1, {3}}},
    {"discrimination, many dims", many_dims, 3, {1, {3}}},
    {"residual", residual, 3, {1, {4}}},
    {"twice", twice, 2, {3, {2, 2, 3}}},
    {"inner product", inner_product, 2, {3, {3, 2, 2}}},
    {"squared", squared, 3, {2, {3, 2}}},
    {"repeat", repeat, 2, {2, {2, 3}}},
    {"repeat one", repeat, 1, {1, {1}}},
    {"shuffle by 2", shuffle_2, 2, {3, {8, 2, 3}}},
    {"shuffle by 3", shuffle_3, 1, {3, {9, 2, 1}}},
    {"tower", tower, 4, {1, {5}}},
    {"image tower", image_tower, 4, {3, {2, 2, 2}}},
};

START_TEST(every_layer)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_network *network;
        const gan__shape shape = cases[i].shape;
        ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
        const int32_t input = gan_network_input(network, "x", shape.rank, shape.dims);
        ck_assert_msg(gan_network_output(network, cases[i].add(network, input)) == GAN_OK, "%s: %s",
                      cases[i].name, gan_context_message(context));
        function f = function_create(context, -1, 1);
        f.chance.state = i;
        const int32_t x = add_input(&f, gan__batch_shape(cases[i].m, shape));
        int32_t parameters[PARAMETERS_MAX];
        ck_assert_int_le(network->parameter_count, PARAMETERS_MAX);
        for (int32_t j = 0; j < network->parameter_count; j++) {
            parameters[j] = add_input(&f, network->parameters[j].shape);
        }
        const gan__build build = {.parameters = parameters};
        const int32_t y = gan__network_build(network, &f.graph, &build, x);
        check_orders(&f, y, cases[i].name, false);
        function_free(&f);
        gan_network_free(network);
    }
    end_context(context, &own);
}
END_TEST

/* Equal samples do not push each other: the gradient of a distance of 0 is 0. */
START_TEST(equal_samples)
{
    enum { M = 3, N = 2 };
    heap own;
    gan_context *context = new_context(&own);
    gan_network *network;
    ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
    const int32_t input = gan_network_input(network, "x", 1, (int64_t[]){N});
    ck_assert_int_eq(gan_network_output(network, discrimination(network, input)), GAN_OK);
    function f = function_create(context, -1, 1);
    const int32_t x = add_input(&f, gan__shape_2(M, N));
    const int32_t t = add_input(&f, network->parameters[0].shape);
    memcpy(f.values + N, f.values, N * sizeof *f.values); /* the first two are equal */
    const gan__build build = {.parameters = &t};
    const int32_t y = gan__network_build(network, &f.graph, &build, x);
    /* of the first one's kernels: 1 for the second sample, and exp(-|...|) for the third */
    const int32_t own_sum =
        gan__sum_all(&f.graph, gan__slice(&f.graph, y, (int64_t[]){0, N}, gan__shape_2(1, 2)));
    int32_t slope;
    ck_assert_int_eq(gan__gradient(&f.graph, own_sum, 1, &x, &slope), GAN_OK);
    runner both = runner_create(&f, 2, (int32_t[]){own_sum, slope});
    real out[1 + M * N];
    runner_run(&both, &f, out);
    ck_assert_double_gt(out[0], 2);
    ck_assert_double_lt(out[0], 4);
    for (int32_t i = 0; i < N; i++) {
        ck_assert_double_gt(fabs(out[1 + i]), 1e-3);
        ck_assert_double_eq(out[1 + N + i], 0);
        ck_assert_double_lt(fabs(out[1 + i] + out[1 + 2 * N + i]), 1e-12);
    }
    runner_free(&both);
    function_free(&f);
    gan_network_free(network);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status = RUN_TESTS("gradients of joints", every_layer, equal_samples);
    printf("the worst relative error of a gradient is %.2g\n", worst_of_all);
    return status;
}
