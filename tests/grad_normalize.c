/* The gradients of normalisations, as gan__network_build makes them, by their input and their
 * parameters: see gradient.h. Statistics and directions are fixed numbers by chance here. */
#include "gradient.h"

#include "nn/network.h"

#include <stdio.h>

enum { PARAMETERS_MAX = 8 };

static int32_t batch(gan_network *n, int32_t x)
{
    return gan_network_batch_norm(n, x, 1, 1e-2, 0.1);
}

static int32_t plain_batch(gan_network *n, int32_t x)
{
    return gan_network_batch_norm(n, x, 0, 1e-2, 0.1);
}

static int32_t layer(gan_network *n, int32_t x)
{
    return gan_network_layer_norm(n, x, 1, 1e-2);
}

static int32_t plain_layer(gan_network *n, int32_t x)
{
    return gan_network_layer_norm(n, x, 0, 1e-2);
}

static int32_t instance(gan_network *n, int32_t x)
{
    return gan_network_instance_norm(n, x, 1, 1e-2);
}

static int32_t plain_instance(gan_network *n, int32_t x)
{
    return gan_network_instance_norm(n, x, 0, 1e-2);
}

static int32_t spectral(gan_network *n, int32_t x)
{
    ck_assert_int_eq(gan_network_set_spectral_norm(n, x, 1), GAN_OK);
    return x;
}

static int32_t dense(gan_network *n, int32_t x)
{
    return spectral(n, gan_network_dense(n, x, 3));
}

static int32_t maxout(gan_network *n, int32_t x)
{
    return spectral(n, gan_network_maxout(n, x, 2, 3));
}

static int32_t convolution(gan_network *n, int32_t x)
{
    return spectral(n,
                    gan_network_convolution(n, x, 3, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED));
}

static int32_t transposed(gan_network *n, int32_t x)
{
    return spectral(n, gan_network_transposed_convolution(n, x, 3, (int64_t[]){2, 1}, NULL, NULL,
                                                          NULL, GAN_BIAS_NONE));
}

/* One on top of another: so that what is normalised depends on parameters. */
static int32_t tower(gan_network *n, int32_t x)
{
    x = gan_network_tanh(n, gan_network_batch_norm(n, convolution(n, x), 1, 1e-2, 0.5));
    return gan_network_layer_norm(n, gan_network_dense(n, x, 3), 0, 1e-2);
}

static const struct {
    const char *name;
    int32_t (*add)(gan_network *network, int32_t x);
    int64_t m;
    int32_t rank;
    int64_t dims[3];
} cases[] = {
    {"batch norm of images", batch, 3, 3, {2, 2, 3}},
    {"batch norm of one image", batch, 1, 3, {2, 3, 1}},
    {"batch norm of vectors", batch, 4, 1, {3}},
    {"batch norm of matrices", plain_batch, 3, 2, {2, 2}},
    {"batch norm without parameters", plain_batch, 2, 3, {3, 1, 3}},
    {"layer norm of images", layer, 2, 3, {2, 2, 2}},
    {"layer norm of vectors", plain_layer, 3, 1, {5}},
    {"instance norm", instance, 2, 3, {2, 2, 3}},
    {"instance norm without parameters", plain_instance, 3, 3, {1, 3, 1}},
    {"spectral norm of dense", dense, 2, 1, {4}},
    {"spectral norm of maxout", maxout, 2, 1, {3}},
    {"spectral norm of convolution", convolution, 2, 3, {2, 3, 3}},
    {"spectral norm of transposed convolution", transposed, 2, 3, {2, 2, 2}},
    {"tower", tower, 3, 3, {1, 3, 3}},
};

/* One case; batch norm by the batch or by running statistics, in training or not. */
static void check_case(gan_context *context, size_t i, bool training, bool frozen)
{
    gan_network *network;
    ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
    const int32_t input = gan_network_input(network, "x", cases[i].rank, cases[i].dims);
    ck_assert_msg(gan_network_output(network, cases[i].add(network, input)) == GAN_OK, "%s: %s",
                  cases[i].name, gan_context_message(context));
    function f = function_create(context, -1, 1);
    f.chance.state = i;
    const gan__shape sample = gan__shape_of(cases[i].rank, cases[i].dims);
    const int32_t x = add_input(&f, gan__batch_shape(cases[i].m, sample));
    const gan__distribution fixed = {GAN__UNIFORM, 0.4, 1.6};
    int32_t parameters[PARAMETERS_MAX];
    ck_assert_int_le(network->parameter_count, PARAMETERS_MAX);
    for (int32_t j = 0; j < network->parameter_count; j++) {
        gan__parameter *p = &network->parameters[j];
        parameters[j] = p->statistic ? gan__random_node(&f.graph, fixed, 70 + (uint32_t)j,
                                                        (gan__stack){0}, p->shape)
                                     : add_input(&f, p->shape);
        p->frozen = p->statistic && frozen;
    }
    const gan__build build = {.parameters = parameters, .training = training};
    check_orders(&f, gan__network_build(network, &f.graph, &build, x), cases[i].name, false);
    function_free(&f);
    gan_network_free(network);
}

START_TEST(every_normalisation)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(context, i, true, false);
        check_case(context, i, true, true);
        check_case(context, i, false, false);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status = RUN_TESTS("gradients of normalisations", every_normalisation);
    printf("the worst relative error of a gradient is %.2g\n", worst_of_all);
    return status;
}
