#include "dcgan.h"

#include "check.h"
#include "player.h"

#include <stddef.h>
#include <string.h>

enum {
    NOISE = 100, /* elements of z */
    DENSE = 8,   /* units of a conditional model's dense layer, times the filters */
    RECALIBRATION_BATCHES = 100,
    RECALIBRATION_SIZE = 64
};

static const double WEIGHTS = 0.02; /* their deviation at the start */

const char *const DCGAN_NAMES[] = {"fashion", "cifar10", "digits", "conditional", NULL};

static const dcgan_model MODELS[] = {
    {"fashion", LABELLED_FASHION, false, 1, 28, 7, 2, 3, 4, 20},
    {"cifar10", LABELLED_CIFAR10, false, 3, 32, 4, 3, 3, 4, 25},
    {"digits", LABELLED_DIGITS, false, 1, 28, 7, 2, 3, 4, 20},
    {"conditional", LABELLED_DIGITS, true, 1, 28, 7, 2, 2, 5, 25},
};

const dcgan_model *dcgan_find(const char *name)
{
    for (size_t i = 0; i < sizeof MODELS / sizeof MODELS[0]; i++) {
        if (strcmp(MODELS[i].name, name) == 0) {
            return &MODELS[i];
        }
    }
    fail("no model is called %s", name);
}

/* ---- Layers -------------------------------------------------------------------------------- */

/* A network that is being built. Its layers have no biases, as in the published code. */
typedef struct {
    gan_context *context;
    const dcgan_model *model;
    gan_network *network;
    int32_t classes; /* the condition, [LABELLED_CLASSES]; 0 for none */
} builder;

/* Starts the weights of a layer at N(mean, WEIGHTS). */
static int32_t start(const builder *b, int32_t layer, double mean)
{
    check(b->context, layer < 0 ? layer : GAN_OK);
    check(b->context,
          gan_network_set_initializer(b->network, layer, GAN_INIT_NORMAL, mean, WEIGHTS));
    return layer;
}

/* A dense layer without biases. */
static int32_t dense(const builder *b, int32_t x, int64_t units)
{
    return start(b, gan_network_embedding(b->network, x, units), 0);
}

/* Without scale and shift in the conditional model, which the paper found better. */
static int32_t normalise(const builder *b, int32_t x)
{
    const bool affine = !b->model->conditional;
    const int32_t y = gan_network_batch_norm(b->network, x, affine, 1e-5, 0.1);
    return affine ? start(b, y, 1) : y;
}

/* Halves height and width; x: [channels, height, width] */
static int32_t shrink(const builder *b, int32_t x, int64_t maps)
{
    const int64_t kernel[] = {b->model->kernel, b->model->kernel}, stride[] = {2, 2};
    const int64_t padding[] = {(b->model->kernel - 1) / 2, (b->model->kernel - 1) / 2};
    return start(
        b, gan_network_convolution(b->network, x, maps, kernel, stride, padding, GAN_BIAS_NONE), 0);
}

/* The shape of x; returns its rank. */
static int32_t shape_of(const builder *b, int32_t x, int64_t *dims)
{
    int32_t rank = 0;
    check(b->context, gan_network_tensor_shape(b->network, x, &rank, dims, GAN_RANK_MAX));
    return rank;
}

/* Doubles height and width. */
static int32_t enlarge(const builder *b, int32_t x, int64_t maps)
{
    int64_t dims[GAN_RANK_MAX] = {0};
    shape_of(b, x, dims);
    const int64_t kernel[] = {b->model->kernel, b->model->kernel}, stride[] = {2, 2};
    const int64_t padding[] = {(b->model->kernel - 1) / 2, (b->model->kernel - 1) / 2};
    const int64_t size[] = {2 * dims[1], 2 * dims[2]};
    return start(b,
                 gan_network_transposed_convolution(b->network, x, maps, kernel, stride, padding,
                                                    size, GAN_BIAS_NONE),
                 0);
}

/* Puts the class beside x: as constant maps beside an image. x itself where there are none. */
static int32_t with_class(const builder *b, int32_t x)
{
    if (b->classes == 0) {
        return x;
    }
    int64_t dims[GAN_RANK_MAX] = {0};
    int32_t y = b->classes;
    if (shape_of(b, x, dims) == 3) {
        y = gan_network_repeat(b->network, y, dims[1], dims[2]);
    }
    return gan_network_concatenate(b->network, x, y, 0);
}

/* The largest of each map in 4 x 4 parts. */
static int32_t pool(const builder *b, int32_t x)
{
    int64_t dims[GAN_RANK_MAX] = {0};
    shape_of(b, x, dims);
    const int64_t side = (dims[1] + DCGAN_FEATURE_SIDE - 1) / DCGAN_FEATURE_SIDE;
    return gan_network_max_pool(b->network, x, (int64_t[]){side, side}, NULL);
}

static int32_t flatten(const builder *b, int32_t x)
{
    int64_t dims[GAN_RANK_MAX] = {0}, elements = 1;
    for (int32_t i = shape_of(b, x, dims); i > 0; i--) {
        elements *= dims[i - 1];
    }
    return gan_network_reshape(b->network, x, 1, &elements);
}

/* ---- Players ------------------------------------------------------------------------------- */

static builder begin(gan_context *context, const dcgan_model *model, const char *name)
{
    builder b = {.context = context, .model = model};
    check(context, gan_network_create(context, name, &b.network));
    return b;
}

static void add_class(builder *b)
{
    if (b->model->conditional) {
        b->classes = gan_network_condition(b->network, "class", 1, (int64_t[]){LABELLED_CLASSES});
    }
}

dcgan_player dcgan_generator(gan_context *context, const dcgan_model *model, int64_t filters)
{
    builder b = begin(context, model, "G");
    gan_network *n = b.network;
    int32_t x = gan_network_input(n, "z", 1, (int64_t[]){NOISE});
    add_class(&b);
    if (model->conditional) {
        x = dense(&b, with_class(&b, x), DENSE * filters);
        x = gan_network_relu(n, normalise(&b, x));
    }
    const int64_t maps = filters << (model->g_layers - 1);
    x = dense(&b, with_class(&b, x), maps * model->base * model->base);
    x = gan_network_relu(n, normalise(&b, x));
    x = gan_network_reshape(n, x, 3, (int64_t[]){maps, model->base, model->base});
    for (int i = model->g_layers - 2; i >= 0; i--) {
        x = enlarge(&b, with_class(&b, x), filters << i);
        x = gan_network_relu(n, normalise(&b, x));
    }
    x = enlarge(&b, with_class(&b, x), model->channels);
    x = model->conditional ? gan_network_sigmoid(n, x) : gan_network_tanh(n, x);
    check(context, gan_network_output(n, x));
    check(context, gan_network_set_noise(n, GAN_NOISE_UNIFORM, -1, 1));
    return (dcgan_player){.network = n, .output = x};
}

dcgan_player dcgan_discriminator(gan_context *context, const dcgan_model *model, int64_t filters)
{
    const double slope = 0.2;
    builder b = begin(context, model, "D");
    gan_network *n = b.network;
    dcgan_player D = {.network = n, .layers = model->d_layers};
    const int64_t dims[] = {model->channels, model->side, model->side};
    int32_t x = gan_network_input(n, "x", 3, dims);
    add_class(&b);
    for (int i = 0; i < model->d_layers; i++) {
        x = shrink(&b, with_class(&b, x), filters << i);
        x = gan_network_leaky_relu(n, i > 0 ? normalise(&b, x) : x, slope);
        D.features[i] = pool(&b, x); /* no part of the logit */
    }
    if (model->conditional) {
        x = dense(&b, with_class(&b, flatten(&b, x)), DENSE * filters);
        x = gan_network_leaky_relu(n, normalise(&b, x), slope);
        x = with_class(&b, x);
    }
    D.output = dense(&b, x, 1);
    check(context, gan_network_output(n, D.output));
    return D;
}

dcgan_player dcgan_copy_generator(gan_context *context, const dcgan_model *model, int64_t filters,
                                  const dcgan_player *other)
{
    dcgan_player G = dcgan_generator(context, model, filters);
    check(context, gan_network_copy_parameters(G.network, other->network, NULL));
    return G;
}

dcgan_player dcgan_copy_discriminator(gan_context *context, const dcgan_model *model,
                                      int64_t filters, const dcgan_player *other)
{
    dcgan_player D = dcgan_discriminator(context, model, filters);
    check(context, gan_network_copy_parameters(D.network, other->network, NULL));
    return D;
}

/* ---- The training -------------------------------------------------------------------------- */

gan_trainer *dcgan_trainer(gan_context *context, const dcgan_player *G, const dcgan_player *D,
                           gan_dataset *train, gan_dataset *conditions, int64_t batch, int64_t seed)
{
    const player adam = {GAN_ADAM, .learning_rate = 2e-4, .beta1 = 0.5, .beta2 = 0.999};
    gan_trainer *trainer = NULL;
    check(context, gan_trainer_create(G->network, D->network, train, &trainer));
    check(context, gan_trainer_set_conditions(trainer, conditions));
    check(context, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)batch));
    check(context, gan_trainer_set_number(trainer, GAN_SEED, (double)seed));
    /* A short batch has poor statistics. */
    check(context, gan_trainer_set_number(trainer, GAN_DROP_LAST, 1));
    gan_optimizer *for_d = player_optimizer(context, &adam, 0);
    gan_optimizer *for_g = player_optimizer(context, &adam, 0);
    check(context, gan_trainer_set_discriminator_optimizer(trainer, for_d));
    check(context, gan_trainer_set_generator_optimizer(trainer, for_g));
    gan_optimizer_free(for_d); /* the trainer keeps them alive */
    gan_optimizer_free(for_g);
    return trainer;
}

void dcgan_recalibrate(gan_context *context, const dcgan_player *p, gan_dataset *data,
                       gan_dataset *conditions, uint64_t seed)
{
    check(context, gan_network_recalibrate(p->network, RECALIBRATION_BATCHES, RECALIBRATION_SIZE,
                                           data, conditions, seed));
}
