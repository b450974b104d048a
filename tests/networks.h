/* Networks that have every layer between them. Included once by each test program. */
#ifndef GAN_TESTS_NETWORKS_H
#define GAN_TESTS_NETWORKS_H

#include "api.h"

static inline int32_t name_layer(gan_network *n, int32_t layer, const char *name)
{
    ok(gan_network_set_name(n, layer, name));
    return layer;
}

/* [6], a class of 3 -> [1, 16, 16] */
static inline gan_network *pictures(void)
{
    gan_network *n;
    ok(gan_network_create(ctx, "pictures \"G\"", &n));
    int32_t x = gan_network_input(n, "z\xc3\xa9", 1, (int64_t[]){6});
    const int32_t y = gan_network_condition(n, "class", 1, (int64_t[]){3});
    const int32_t e = name_layer(n, gan_network_embedding(n, y, 4), "classes");
    x = gan_network_dense(n, gan_network_concatenate(n, x, e, 0), 32);
    ok(gan_network_set_initializer(n, x, GAN_INIT_NORMAL, 0.1, 1.0 / 3));
    ok(gan_network_set_bias(n, x, -0.7));
    x = gan_network_relu(n, gan_network_batch_norm(n, x, 1, 1e-5, 0.1));
    x = gan_network_reshape(n, x, 3, (int64_t[]){2, 4, 4});
    x = gan_network_transposed_convolution(n, x, 3, (int64_t[]){4, 4}, (int64_t[]){2, 2},
                                           (int64_t[]){1, 1}, (int64_t[]){8, 8}, GAN_BIAS_TIED);
    name_layer(n, x, "up");
    ok(gan_network_set_max_norm(n, x, 0.9));
    x = gan_network_leaky_relu(n, gan_network_instance_norm(n, x, 1, 1e-3), 0.2);
    x = gan_network_concatenate(n, x, gan_network_repeat(n, e, 8, 8), 0); /* [7, 8, 8] */
    x = gan_network_convolution(n, x, 8, (int64_t[]){3, 3}, NULL, (int64_t[]){1, 1},
                                GAN_BIAS_UNTIED);
    ok(gan_network_set_spectral_norm(n, x, 1));
    x = gan_network_maxout_channels(n, x, 2);
    x = gan_network_upsample(n, x, 2, GAN_UPSAMPLE_BILINEAR);
    x = gan_network_max_pool(n, x, (int64_t[]){3, 2}, (int64_t[]){2, 2});
    x = gan_network_pixel_shuffle(n, x, 2); /* [1, 16, 16] */
    x = gan_network_upsample(n, x, 2, GAN_UPSAMPLE_NEAREST);
    x = gan_network_average_pool(n, x, (int64_t[]){2, 2}, NULL);
    x = gan_network_convolution(n, x, 1, (int64_t[]){16, 16}, (int64_t[]){40, 3}, (int64_t[]){8, 8},
                                GAN_BIAS_NONE);
    x = gan_network_tanh(n, gan_network_affine(n, x, 0.1, -2));
    ok(gan_network_output(n, x));
    ok(gan_network_set_noise(n, GAN_NOISE_UNIFORM, -0.3, 1.7));
    ok(gan_network_initialize(n, 5));
    ok(gan_network_set_trainable(n, "up", 0));
    ok(gan_network_set_trainable(n, "classes.weight", 0));
    return n;
}

/* [2, 5] -> logit; a layer stands beyond the output */
static inline gan_network *critic(void)
{
    gan_network *n;
    ok(gan_network_create(ctx, "D", &n));
    int32_t x = gan_network_input(n, "x", 2, (int64_t[]){2, 5});
    x = gan_network_dropout(n, gan_network_layer_norm(n, x, 0, 1e-6), 0.8);
    const int32_t h = gan_network_maxout(n, x, 6, 3);
    ok(gan_network_set_weight_clip(n, h, 0.05));
    x = gan_network_minibatch_deviation(n, gan_network_softplus(n, h), 4);
    x = gan_network_minibatch_discrimination(n, x, 3, 2);
    x = gan_network_add(n, gan_network_dense(n, x, 6), h);
    const int32_t output = gan_network_inner_product(n, gan_network_sigmoid(n, x), h);
    gan_network_batch_norm(n, x, 0, 1e-4, 0.5);
    ok(gan_network_output(n, output));
    ok(gan_network_initialize(n, 6));
    return n;
}

#endif
