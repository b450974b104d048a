/* The gradients of image layers, as gan__network_build makes them, by their input and their
 * parameters: see gradient.h. What is a composite of operations is checked as a whole. */
#include "gradient.h"

#include "nn/network.h"

#include <stdio.h>

enum { BATCHES = 2, PARAMETERS_MAX = 4 }; /* batches of one sample, and of two */

#define PAIR(a, b) ((const int64_t[]){a, b})

/* Strides and padding of rows and columns; of a transposed convolution also the size it makes. */
#define CONVOLUTION(name, filters, kernel, stride, padding, bias)                     \
    static int32_t name(gan_network *n, int32_t x)                                    \
    {                                                                                 \
        return gan_network_convolution(n, x, filters, kernel, stride, padding, bias); \
    }
#define TRANSPOSED(name, filters, kernel, stride, padding, output, bias)                          \
    static int32_t name(gan_network *n, int32_t x)                                                \
    {                                                                                             \
        return gan_network_transposed_convolution(n, x, filters, kernel, stride, padding, output, \
                                                  bias);                                          \
    }

CONVOLUTION(convolution, 2, PAIR(2, 3), PAIR(2, 1), PAIR(1, 0), GAN_BIAS_TIED)
CONVOLUTION(untied_convolution, 3, PAIR(3, 2), NULL, NULL, GAN_BIAS_UNTIED)
CONVOLUTION(convolution_1, 2, PAIR(1, 1), NULL, NULL, GAN_BIAS_TIED)
CONVOLUTION(convolution_1_apart, 2, PAIR(1, 1), PAIR(3, 2), NULL, GAN_BIAS_NONE)
CONVOLUTION(convolution_apart, 2, PAIR(2, 2), PAIR(3, 4), PAIR(1, 1), GAN_BIAS_UNTIED)
CONVOLUTION(convolution_uneven, 2, PAIR(3, 2), PAIR(2, 3), PAIR(2, 0), GAN_BIAS_TIED)
CONVOLUTION(convolution_odd, 1, PAIR(3, 3), PAIR(2, 2), PAIR(1, 1), GAN_BIAS_TIED)
CONVOLUTION(convolution_of_all, 3, PAIR(3, 5), NULL, NULL, GAN_BIAS_TIED)
TRANSPOSED(transposed_convolution, 3, PAIR(2, 3), PAIR(2, 2), PAIR(0, 1), PAIR(7, 6), GAN_BIAS_TIED)
TRANSPOSED(untied_transposed_convolution, 1, PAIR(2, 2), NULL, NULL, NULL, GAN_BIAS_UNTIED)
TRANSPOSED(transposed_1, 2, PAIR(1, 1), NULL, NULL, NULL, GAN_BIAS_TIED)
TRANSPOSED(transposed_1_apart, 2, PAIR(1, 1), PAIR(2, 3), NULL, NULL, GAN_BIAS_NONE)
TRANSPOSED(transposed_apart, 2, PAIR(2, 1), PAIR(3, 2), NULL, PAIR(10, 4), GAN_BIAS_UNTIED)
TRANSPOSED(transposed_apart_cut, 2, PAIR(2, 2), PAIR(3, 4), PAIR(1, 1), PAIR(7, 6), GAN_BIAS_TIED)
TRANSPOSED(transposed_uneven, 1, PAIR(3, 2), PAIR(1, 3), PAIR(2, 0), NULL, GAN_BIAS_NONE)
TRANSPOSED(transposed_odd, 2, PAIR(3, 3), PAIR(2, 2), PAIR(1, 1), NULL, GAN_BIAS_TIED)

static int32_t max_pool(gan_network *n, int32_t x)
{
    return gan_network_max_pool(n, x, (int64_t[]){2, 3}, (int64_t[]){2, 2});
}

static int32_t average_pool(gan_network *n, int32_t x)
{
    return gan_network_average_pool(n, x, (int64_t[]){2, 2}, (int64_t[]){1, 1});
}

static int32_t average_pool_cut(gan_network *n, int32_t x)
{
    return gan_network_average_pool(n, x, (int64_t[]){2, 3}, (int64_t[]){2, 2});
}

static int32_t average_pool_apart(gan_network *n, int32_t x)
{
    return gan_network_average_pool(n, x, (int64_t[]){1, 2}, (int64_t[]){2, 3});
}

static int32_t average_of_all(gan_network *n, int32_t x)
{
    return gan_network_average_pool(n, x, (int64_t[]){9, 9}, NULL);
}

static int32_t maxout_pairs(gan_network *n, int32_t x)
{
    return gan_network_maxout_channels(n, x, 2);
}

static int32_t maxout_triples(gan_network *n, int32_t x)
{
    return gan_network_maxout_channels(n, x, 3);
}

static int32_t nearest(gan_network *n, int32_t x)
{
    return gan_network_upsample(n, x, 3, GAN_UPSAMPLE_NEAREST);
}

static int32_t bilinear_2(gan_network *n, int32_t x)
{
    return gan_network_upsample(n, x, 2, GAN_UPSAMPLE_BILINEAR);
}

static int32_t bilinear_3(gan_network *n, int32_t x)
{
    return gan_network_upsample(n, x, 3, GAN_UPSAMPLE_BILINEAR);
}

static int32_t bilinear_1(gan_network *n, int32_t x)
{
    return gan_network_upsample(n, x, 1, GAN_UPSAMPLE_BILINEAR);
}

/* Layers on top of each other: so that each one's input depends on parameters, too. */
static int32_t tower(gan_network *n, int32_t x)
{
    x = gan_network_convolution(n, x, 4, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_maxout_channels(n, x, 2);
    x = gan_network_upsample(n, gan_network_tanh(n, x), 2, GAN_UPSAMPLE_BILINEAR);
    x = gan_network_average_pool(n, x, (int64_t[]){3, 2}, (int64_t[]){2, 2});
    return gan_network_convolution(n, x, 1, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_NONE);
}

static const struct {
    const char *name;
    int32_t (*add)(gan_network *network, int32_t x);
    int64_t c, h, w;
} cases[] = {
    {"convolution", convolution, 2, 4, 4},
    {"untied convolution", untied_convolution, 2, 4, 3},
    {"convolution, kernel 1", convolution_1, 3, 2, 3},
    {"convolution, kernel 1, apart", convolution_1_apart, 2, 4, 5},
    {"convolution, stride over kernel", convolution_apart, 2, 5, 7},
    {"convolution, uneven", convolution_uneven, 2, 5, 7},
    {"convolution, odd sizes", convolution_odd, 2, 7, 5},
    {"convolution, kernel is image", convolution_of_all, 2, 3, 5},
    {"transposed convolution", transposed_convolution, 2, 3, 3},
    {"untied transposed convolution", untied_transposed_convolution, 2, 2, 3},
    {"transposed convolution, kernel 1", transposed_1, 3, 2, 3},
    {"transposed convolution, kernel 1, apart", transposed_1_apart, 2, 3, 2},
    {"transposed convolution, stride over kernel", transposed_apart, 2, 3, 2},
    {"transposed convolution, stride over kernel, padded", transposed_apart_cut, 2, 3, 2},
    {"transposed convolution, uneven", transposed_uneven, 2, 5, 3},
    {"transposed convolution, odd sizes", transposed_odd, 2, 3, 5},
    {"transposed convolution, one element", transposed_odd, 2, 1, 1},
    {"max pool", max_pool, 2, 5, 4},
    {"average pool", average_pool, 2, 3, 4},
    {"average pool, cut", average_pool_cut, 2, 5, 6},
    {"average pool, apart", average_pool_apart, 1, 4, 7},
    {"average of all", average_of_all, 2, 3, 2},
    {"maxout of pairs", maxout_pairs, 4, 2, 3},
    {"maxout of triples", maxout_triples, 3, 3, 2},
    {"nearest", nearest, 2, 2, 3},
    {"bilinear by 1", bilinear_1, 1, 2, 2},
    {"bilinear by 2", bilinear_2, 2, 3, 4},
    {"bilinear by 3", bilinear_3, 2, 4, 3},
    {"bilinear of a row", bilinear_2, 2, 1, 5},
    {"bilinear of a column", bilinear_3, 1, 5, 1},
    {"bilinear of a point", bilinear_2, 2, 1, 1},
    {"tower", tower, 2, 4, 4},
};

START_TEST(every_layer)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t at = 0; at < BATCHES * (sizeof cases / sizeof cases[0]); at++) {
        const size_t i = at / BATCHES;
        const int64_t m = (int64_t)(at % BATCHES) + 1;
        char name[80];
        snprintf(name, sizeof name, "%s, batch %d", cases[i].name, (int)m);
        gan_network *network;
        const int64_t dims[] = {cases[i].c, cases[i].h, cases[i].w};
        ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
        const int32_t input = gan_network_input(network, "x", 3, dims);
        ck_assert_msg(gan_network_output(network, cases[i].add(network, input)) == GAN_OK, "%s: %s",
                      name, gan_context_message(context));
        function f = function_create(context, -1, 1);
        f.chance.state = at;
        const int32_t x = add_input(&f, gan__batch_shape(m, gan__shape_of(3, dims)));
        int32_t parameters[PARAMETERS_MAX];
        ck_assert_int_le(network->parameter_count, PARAMETERS_MAX);
        for (int32_t j = 0; j < network->parameter_count; j++) {
            parameters[j] = add_input(&f, network->parameters[j].shape);
        }
        const gan__build build = {.parameters = parameters};
        const int32_t y = gan__network_build(network, &f.graph, &build, x);
        check_orders(&f, y, name, false);
        function_free(&f);
        gan_network_free(network);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status = RUN_TESTS("gradients of layers", every_layer);
    printf("the worst relative error of a gradient is %.2g\n", worst_of_all);
    return status;
}
