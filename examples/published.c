#include "published.h"

#include "check.h"
#include "player.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NOISE = 100 }; /* elements of z */

/* ---- The models ---------------------------------------------------------------------------- */

/* One layer, from its input to the next layer's dropout. What is 0 is left out. */
struct published_layer {
    /* Builds the layer itself; returns its id. NULL after the last row. */
    int32_t (*build)(gan_network *network, int32_t x, const published_layer *l, int64_t units);
    const char *name; /* of its parameters */
    double include;   /* dropout before it */
    int64_t units;    /* or channels after maxout; 0: as many as a picture has elements */
    int64_t fixed;    /* units or channels that no width factor changes, in place of those */
    int64_t pieces;   /* of maxout */
    int64_t kernel, stride, padding;
    int64_t pool, pool_stride;
    int64_t side; /* units are channels of side x side */
    int32_t (*activation)(gan_network *, int32_t x);
    double range;  /* weights start uniform on -range to range, */
    double sparse; /* or so many of a unit from N(0, 1) and the rest at 0 */
    double bias;
    bool marginals; /* biases start at the logits of the data's means */
    double max_norm;
};

static int32_t dense(gan_network *n, int32_t x, const published_layer *l, int64_t units)
{
    return gan_network_dense(n, x, l->side > 0 ? units * l->side * l->side : units);
}

static int32_t maxout(gan_network *n, int32_t x, const published_layer *l, int64_t units)
{
    return gan_network_maxout(n, x, units, l->pieces);
}

/* Maxout over channels follows. */
static int32_t convolution(gan_network *n, int32_t x, const published_layer *l, int64_t units)
{
    const int64_t kernel[] = {l->kernel, l->kernel}, padding[] = {l->padding, l->padding};
    return gan_network_convolution(n, x, units * l->pieces, kernel, NULL, padding, GAN_BIAS_TIED);
}

static int32_t transposed(gan_network *n, int32_t x, const published_layer *l, int64_t units)
{
    const int64_t kernel[] = {l->kernel, l->kernel}, stride[] = {l->stride, l->stride};
    return gan_network_transposed_convolution(n, x, units, kernel, stride, NULL, NULL,
                                              GAN_BIAS_UNTIED);
}

#define NORM 1.9365 /* the longest column of weights in the models of faces */
#define RELU gan_network_relu
#define SIGMOID gan_network_sigmoid

static const published_layer MNIST_G[] = {
    {dense, .units = 1200, .activation = RELU, .range = 0.05},
    {dense, .units = 1200, .activation = RELU, .range = 0.05},
    {dense, .activation = SIGMOID, .range = 0.05, .marginals = true},
    {.build = NULL},
};
static const published_layer MNIST_D[] = {
    {maxout, .include = 0.8, .units = 240, .pieces = 5, .range = 0.005},
    {maxout, .include = 0.5, .units = 240, .pieces = 5, .range = 0.005},
    {dense, .include = 0.5, .fixed = 1, .range = 0.005},
    {.build = NULL},
};

static const published_layer TFD_PRETRAIN_G[] = {
    {dense, "h0", .units = 8000, .activation = RELU, .range = 0.05, .max_norm = NORM},
    {dense, "h1", .units = 8000, .activation = SIGMOID, .range = 0.05, .bias = -2,
     .max_norm = NORM},
    {dense, "y", .activation = SIGMOID, .sparse = 100, .marginals = true, .max_norm = NORM},
    {.build = NULL},
};
/* Makes what the pretrained generator took for noise. */
static const published_layer TFD_G[] = {
    {dense, "below0", .units = 8000, .activation = RELU, .range = 0.05, .max_norm = NORM},
    {dense, "below1", .fixed = NOISE, .activation = SIGMOID, .range = 0.05, .bias = -2,
     .max_norm = NORM},
    {.build = NULL},
};
static const published_layer TFD_D[] = {
    {maxout, .include = 0.8, .units = 1200, .pieces = 5, .range = 0.005, .max_norm = NORM},
    {maxout, .include = 0.5, .units = 1200, .pieces = 5, .range = 0.005, .max_norm = NORM},
    {dense, .include = 0.5, .fixed = 1, .range = 0.005, .max_norm = NORM},
    {.build = NULL},
};

static const published_layer CIFAR10_FULL_G[] = {
    {dense, .units = 8000, .activation = RELU, .range = 0.05},
    {dense, .units = 8000, .activation = SIGMOID, .range = 0.05},
    {dense, .range = 0.5},
    {.build = NULL},
};
static const published_layer CIFAR10_FULL_D[] = {
    {maxout, .include = 0.8, .units = 1600, .pieces = 5, .range = 0.005},
    {maxout, .include = 0.5, .units = 1600, .pieces = 5, .range = 0.005},
    {dense, .include = 0.5, .fixed = 1, .range = 0.005},
    {.build = NULL},
};

/* 80 x 10 x 10 are 8000 units; enlarged to 3 x (10 - 1) + 5 = 32 pixels. */
static const published_layer CIFAR10_CONV_G[] = {
    {dense, .units = 8000, .activation = RELU, .range = 0.05},
    {dense, .units = 80, .side = 10, .activation = SIGMOID, .range = 0.05},
    {transposed, .fixed = 3, .kernel = 5, .stride = 3, .range = 0.05},
    {.build = NULL},
};
static const published_layer CIFAR10_CONV_D[] = {
    {convolution, .include = 0.8, .units = 32, .pieces = 2, .kernel = 8, .padding = 4, .pool = 4,
     .pool_stride = 2, .range = 0.005},
    {convolution, .include = 0.5, .units = 32, .pieces = 2, .kernel = 8, .padding = 3, .pool = 4,
     .pool_stride = 2, .range = 0.005},
    {convolution, .include = 0.5, .units = 192, .pieces = 2, .kernel = 5, .padding = 3, .pool = 2,
     .pool_stride = 2, .range = 0.005},
    {maxout, .include = 0.5, .units = 500, .pieces = 5, .range = 0.005},
    {dense, .include = 0.5, .fixed = 1, .range = 0.005},
    {.build = NULL},
};

static const published MODELS[] = {
    {"mnist", PICTURES_DIGITS, MNIST_G, MNIST_D, NULL, 1.7320508075688772, 0.1, 100, 50},
    {"tfd-pretrain", PICTURES_FACES, TFD_PRETRAIN_G, TFD_D, NULL, 0, 0.05, 100, 50},
    {"tfd", PICTURES_FACES, TFD_G, TFD_D, "tfd-pretrain", 0, 0.05, 100, 22},
    {"cifar10-full", PICTURES_CIFAR10, CIFAR10_FULL_G, CIFAR10_FULL_D, NULL, 0, 0.025, 100, 50},
    {"cifar10-conv", PICTURES_CIFAR10, CIFAR10_CONV_G, CIFAR10_CONV_D, NULL, 0, 0.004, 128, 50},
};
const char *const PUBLISHED_NAMES[] = {"mnist",        "tfd-pretrain", "tfd",
                                       "cifar10-full", "cifar10-conv", NULL};

const published *published_find(const char *name)
{
    const published *p = MODELS;
    while (strcmp(p->name, name) != 0) {
        p++; /* it is one of PUBLISHED_NAMES */
    }
    return p;
}

/* ---- The players --------------------------------------------------------------------------- */

static int64_t elements_of(gan_context *context, const gan_network *n, int32_t x)
{
    int64_t dims[GAN_RANK_MAX] = {0}, elements = 1;
    int32_t rank = 0;
    check(context, gan_network_tensor_shape(n, x, &rank, dims, GAN_RANK_MAX));
    for (int32_t i = 0; i < rank; i++) {
        elements *= dims[i];
    }
    return elements;
}

/* Where a layer's parameters start. A unit that reads `narrowed` times the published number of
 * inputs has weights larger by the root of that, so that its sum is as large as published: without
 * it a narrow D hardly moves for epochs. */
static void set_start(gan_context *context, gan_network *n, int32_t layer, int64_t inputs,
                      double narrowed, const published_layer *l)
{
    double range = l->range / sqrt(narrowed);
    if (l->name != NULL) {
        check(context, gan_network_set_name(n, layer, l->name));
    }
    if (l->sparse > 0) {
        double weights = fmin(l->sparse, (double)inputs);
        check(context, gan_network_set_initializer(n, layer, GAN_INIT_SPARSE, weights, 1));
    } else {
        check(context, gan_network_set_initializer(n, layer, GAN_INIT_UNIFORM, -range, range));
    }
    check(context, gan_network_set_bias(n, layer, l->bias));
    check(context, gan_network_set_max_norm(n, layer, l->max_norm));
}

/* What follows the layer itself. */
static int32_t finish_layer(gan_network *n, int32_t x, const published_layer *l, int64_t units)
{
    if (l->activation != NULL) {
        x = l->activation(n, x);
    }
    if (l->side > 0) {
        x = gan_network_reshape(n, x, 3, (int64_t[]){units, l->side, l->side});
    }
    if (l->build == convolution) {
        x = gan_network_maxout_channels(n, x, l->pieces);
    }
    if (l->pool > 0) {
        x = gan_network_max_pool(n, x, (int64_t[]){l->pool, l->pool},
                                 (int64_t[]){l->pool_stride, l->pool_stride});
    }
    return x;
}

/* Builds all layers of a player on x; returns what the last one makes. */
static int32_t build(gan_context *context, gan_network *n, int32_t x, const published_layer *l,
                     double width, gan_dataset *train)
{
    double narrowed = 1;
    for (; l->build != NULL; l++) {
        int64_t scaled = llround((double)l->units * width);
        int64_t units = l->fixed > 0   ? l->fixed
                        : l->units > 0 ? (scaled > 1 ? scaled : 1)
                                       : gan_dataset_elements(train);
        if (l->include > 0) {
            x = gan_network_dropout(n, x, l->include);
        }
        int64_t inputs = elements_of(context, n, x);
        int32_t layer = l->build(n, x, l, units);
        check(context, layer < 0 ? layer : GAN_OK);
        set_start(context, n, layer, inputs, narrowed, l);
        narrowed = l->fixed > 0 || l->units == 0 ? 1 : width;
        if (l->marginals) {
            check(context, gan_network_set_bias_from_marginals(n, layer, train));
        }
        x = finish_layer(n, layer, l, units);
    }
    return x;
}

gan_network *published_generator(gan_context *context, const published *p, double width,
                                 gan_dataset *train, const gan_network *above)
{
    gan_network *G = NULL;
    check(context, gan_network_create(context, "G", &G));
    int32_t x = gan_network_input(G, "z", 1, (int64_t[]){NOISE});
    x = build(context, G, x, p->generator, width, train);
    if (above != NULL) {
        x = gan_network_append(G, x, above);
    }
    check(context, gan_network_output(G, x));
    if (p->noise > 0) {
        check(context, gan_network_set_noise(G, GAN_NOISE_UNIFORM, -p->noise, p->noise));
    }
    return G;
}

gan_network *published_discriminator(gan_context *context, const published *p, double width,
                                     gan_dataset *train)
{
    int64_t dims[GAN_RANK_MAX] = {0};
    int32_t rank = 0;
    check(context, gan_dataset_shape(train, &rank, dims, GAN_RANK_MAX));
    gan_network *D = NULL;
    check(context, gan_network_create(context, "D", &D));
    int32_t x = gan_network_input(D, "x", rank, dims);
    x = build(context, D, x, p->discriminator, width, train);
    check(context, gan_network_output(D, x));
    return D;
}

/* ---- The training -------------------------------------------------------------------------- */

static gan_optimizer *make_optimizer(gan_context *context, const published *p, double momentum)
{
    player settings = {
        GAN_MOMENTUM,
        GAN_EXPONENTIAL,
        .learning_rate = p->learning_rate,
        .decay = 1.000004,
        .final_learning_rate = 1e-6,
        .momentum = 0.5,
        .final_momentum = 0.7,
        .momentum_epochs = 250,
    };
    if (momentum > 0) {
        settings.momentum = settings.final_momentum = momentum;
    }
    return player_optimizer(context, &settings, 0);
}

gan_trainer *published_trainer(gan_context *context, const published *p, gan_network *G,
                               gan_network *D, gan_dataset *train, const char *schedule,
                               double momentum, int64_t batch, int64_t seed)
{
    gan_trainer *trainer = NULL;
    check(context, gan_trainer_create(G, D, train, &trainer));
    check(context, gan_trainer_set_text(trainer, GAN_SCHEDULE, schedule));
    check(context, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)batch));
    check(context, gan_trainer_set_number(trainer, GAN_SEED, (double)seed));
    gan_optimizer *for_d = make_optimizer(context, p, momentum);
    gan_optimizer *for_g = make_optimizer(context, p, momentum);
    check(context, gan_trainer_set_discriminator_optimizer(trainer, for_d));
    check(context, gan_trainer_set_generator_optimizer(trainer, for_g));
    gan_optimizer_free(for_d); /* the trainer keeps them alive */
    gan_optimizer_free(for_g);
    return trainer;
}
