/* The models of examples/published.c against the code that Goodfellow et al. published in 2014
 * (github.com/goodfeli/adversarial: mnist.yaml, tfd_pretrain/pretrain.yaml and train.yaml,
 * cifar10_fully_connected.yaml, cifar10_convolutional.yaml): every layer with its shape and its
 * settings, how many parameters there are and how they start, and how the players are trained. */
#include "api.h"

#include "../examples/published.h"

#include "train/trainer.h"

#include <stdbool.h>
#include <stdio.h>

enum { PICTURES = 4, FULL_LINE = 400 };

static gan_dataset *data;

static void start(void)
{
    ctx = new_context(&own);
    data = NULL; /* a test that failed left its own */
}

/* Pictures of a model's kind. Element 0 is always 0, element 1 always 1, element 2 has the mean
 * 1/4, all others are 1/2. */
static void show(const published *p)
{
    const int64_t dims[][3] = {[PICTURES_DIGITS] = {28, 28},
                               [PICTURES_FACES] = {48, 48},
                               [PICTURES_CIFAR10] = {3, 32, 32}};
    const int32_t rank = p->data == PICTURES_CIFAR10 ? 3 : 2;
    const int64_t elements = rank == 3 ? 3072 : dims[p->data][0] * dims[p->data][1];
    float *values = calloc((size_t)(PICTURES * elements), sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (int64_t i = 0; i < PICTURES * elements; i++) {
        const int64_t at = i % elements;
        values[i] = at > 2 ? 0.5f : at == 2 ? (float)(i < elements) : (float)at;
    }
    gan_dataset_free(data);
    ok(gan_dataset_from_floats(ctx, PICTURES, rank, dims[p->data], values, &data));
    free(values);
}

static void finish(void)
{
    gan_dataset_free(data);
    end_context(ctx, &own);
}

/* A generator, on that of the model above if there is one. */
static gan_network *make_generator(const published *p, double width)
{
    gan_network *above = p->above != NULL ? make_generator(published_find(p->above), width) : NULL;
    gan_network *G = published_generator(ctx, p, width, data, above);
    gan_network_free(above);
    return G;
}

/* ---- Every layer ----------------------------------------------------------------------------- */

/* What gan_network_describe says of one network, a line for each layer: its shape, then the words
 * and numbers of the description. The first line is the network's own. */
static const char *const mnist_g[] = {
    "name G noise uniform -1.732050808 1.732050808",
    "100 input name z shape 100",
    "1200 dense of 1 units 1200 name layer0 initializer uniform -0.05 0.05",
    "1200 relu of 2",
    "1200 dense of 3 units 1200 name layer1 initializer uniform -0.05 0.05",
    "1200 relu of 4",
    "784 dense of 5 units 784 name layer2 initializer uniform -0.05 0.05",
    "784 sigmoid of 6 output 7",
    NULL,
};
static const char *const mnist_d[] = {
    "name D noise normal 0 1",
    "28x28 input name x shape 28 28",
    "28x28 dropout of 1 include 0.8",
    "240 maxout of 2 units 240 pieces 5 name layer0 initializer uniform -0.005 0.005",
    "240 dropout of 3 include 0.5",
    "240 maxout of 4 units 240 pieces 5 name layer1 initializer uniform -0.005 0.005",
    "240 dropout of 5 include 0.5",
    "1 dense of 6 units 1 name layer2 initializer uniform -0.005 0.005 output 7",
    NULL,
};
static const char *const tfd_pretrain_g[] = {
    "name G noise normal 0 1",
    "100 input name z shape 100",
    "8000 dense of 1 units 8000 name h0 initializer uniform -0.05 0.05 max_norm 1.9365",
    "8000 relu of 2",
    "8000 dense of 3 units 8000 name h1 initializer uniform -0.05 0.05 bias_start -2 "
    "max_norm 1.9365",
    "8000 sigmoid of 4",
    "2304 dense of 5 units 2304 name y initializer sparse 100 1 max_norm 1.9365",
    "2304 sigmoid of 6 output 7",
    NULL,
};
static const char *const tfd_g[] = {
    "name G noise normal 0 1",
    "100 input name z shape 100",
    "8000 dense of 1 units 8000 name below0 initializer uniform -0.05 0.05 max_norm 1.9365",
    "8000 relu of 2",
    "100 dense of 3 units 100 name below1 initializer uniform -0.05 0.05 bias_start -2 "
    "max_norm 1.9365",
    "100 sigmoid of 4",
    "8000 dense of 5 units 8000 name h0 initializer uniform -0.05 0.05 max_norm 1.9365",
    "8000 relu of 6",
    "8000 dense of 7 units 8000 name h1 initializer uniform -0.05 0.05 bias_start -2 "
    "max_norm 1.9365",
    "8000 sigmoid of 8",
    "2304 dense of 9 units 2304 name y initializer sparse 100 1 max_norm 1.9365",
    "2304 sigmoid of 10 output 11",
    NULL,
};
static const char *const tfd_d[] = {
    "name D noise normal 0 1",
    "48x48 input name x shape 48 48",
    "48x48 dropout of 1 include 0.8",
    "1200 maxout of 2 units 1200 pieces 5 name layer0 initializer uniform -0.005 0.005 "
    "max_norm 1.9365",
    "1200 dropout of 3 include 0.5",
    "1200 maxout of 4 units 1200 pieces 5 name layer1 initializer uniform -0.005 0.005 "
    "max_norm 1.9365",
    "1200 dropout of 5 include 0.5",
    "1 dense of 6 units 1 name layer2 initializer uniform -0.005 0.005 max_norm 1.9365 output 7",
    NULL,
};
static const char *const cifar10_full_g[] = {
    "name G noise normal 0 1",
    "100 input name z shape 100",
    "8000 dense of 1 units 8000 name layer0 initializer uniform -0.05 0.05",
    "8000 relu of 2",
    "8000 dense of 3 units 8000 name layer1 initializer uniform -0.05 0.05",
    "8000 sigmoid of 4",
    "3072 dense of 5 units 3072 name layer2 initializer uniform -0.5 0.5 output 6",
    NULL,
};
static const char *const cifar10_full_d[] = {
    "name D noise normal 0 1",
    "3x32x32 input name x shape 3 32 32",
    "3x32x32 dropout of 1 include 0.8",
    "1600 maxout of 2 units 1600 pieces 5 name layer0 initializer uniform -0.005 0.005",
    "1600 dropout of 3 include 0.5",
    "1600 maxout of 4 units 1600 pieces 5 name layer1 initializer uniform -0.005 0.005",
    "1600 dropout of 5 include 0.5",
    "1 dense of 6 units 1 name layer2 initializer uniform -0.005 0.005 output 7",
    NULL,
};
static const char *const cifar10_conv_g[] = {
    "name G noise normal 0 1",
    "100 input name z shape 100",
    "8000 dense of 1 units 8000 name layer0 initializer uniform -0.05 0.05",
    "8000 relu of 2",
    "8000 dense of 3 units 8000 name layer1 initializer uniform -0.05 0.05",
    "8000 sigmoid of 4",
    "80x10x10 reshape of 5 shape 80 10 10",
    "3x32x32 transposed_convolution of 6 filters 3 kernel 5 5 stride 3 3 padding 0 0 bias untied "
    "output 32 32 name layer2 initializer uniform -0.05 0.05 output 7",
    NULL,
};
static const char *const cifar10_conv_d[] = {
    "name D noise normal 0 1",
    "3x32x32 input name x shape 3 32 32",
    "3x32x32 dropout of 1 include 0.8",
    "64x33x33 convolution of 2 filters 64 kernel 8 8 stride 1 1 padding 4 4 bias tied "
    "name layer0 initializer uniform -0.005 0.005",
    "32x33x33 maxout_channels of 3 pieces 2",
    "32x16x16 max_pool of 4 window 4 4 stride 2 2",
    "32x16x16 dropout of 5 include 0.5",
    "64x15x15 convolution of 6 filters 64 kernel 8 8 stride 1 1 padding 3 3 bias tied "
    "name layer1 initializer uniform -0.005 0.005",
    "32x15x15 maxout_channels of 7 pieces 2",
    "32x7x7 max_pool of 8 window 4 4 stride 2 2",
    "32x7x7 dropout of 9 include 0.5",
    "384x9x9 convolution of 10 filters 384 kernel 5 5 stride 1 1 padding 3 3 bias tied "
    "name layer2 initializer uniform -0.005 0.005",
    "192x9x9 maxout_channels of 11 pieces 2",
    "192x5x5 max_pool of 12 window 2 2 stride 2 2",
    "192x5x5 dropout of 13 include 0.5",
    "500 maxout of 14 units 500 pieces 5 name layer3 initializer uniform -0.005 0.005",
    "500 dropout of 15 include 0.5",
    "1 dense of 16 units 1 name layer4 initializer uniform -0.005 0.005 output 17",
    NULL,
};

static const struct {
    const char *name;
    const char *const *generator, *const *discriminator;
    int64_t g_parameters, d_parameters;
    double learning_rate;
    int64_t batch, epochs;
} models[] = {
    /* The code states epochs for faces only, the others ran until they were stopped. */
    {"mnist", mnist_g, mnist_d, 2503984, 1231441, 0.1, 100, 50},
    {"tfd-pretrain", tfd_pretrain_g, tfd_d, 83250304, 21037201, 0.05, 100, 50},
    {"tfd", tfd_g, tfd_d, 84858404, 21037201, 0.05, 100, 22},
    {"cifar10-full", cifar10_full_g, cifar10_full_d, 89395072, 37393601, 0.025, 100, 50},
    {"cifar10-conv", cifar10_conv_g, cifar10_conv_d, 64825072, 12454073, 0.004, 128, 50},
};

enum { MODELS = sizeof models / sizeof models[0] };

/* Appends the shape of tensor `id` to a line. */
static void put_shape(const gan_network *network, int32_t id, char *line)
{
    int64_t dims[GAN_RANK_MAX];
    int32_t rank;
    ok(gan_network_tensor_shape(network, id, &rank, dims, GAN_RANK_MAX));
    for (int32_t i = 0; i < rank; i++) {
        const size_t length = strlen(line);
        snprintf(line + length, FULL_LINE - length, i > 0 ? "x%lld" : "%lld", (long long)dims[i]);
    }
}

/* Appends the words and numbers of one line of a description: numbers in ten digits, without the
 * two words that stand everywhere. Writes over `text`. */
static void put_words(char *text, char *line)
{
    static const char between[] = "{}[]:,\" ";
    for (char *word = strtok(text, between); word != NULL; word = strtok(NULL, between)) {
        if (strcmp(word, "call") == 0 || strcmp(word, "layers") == 0) {
            continue;
        }
        const size_t length = strlen(line);
        const char *space = length > 0 ? " " : "";
        char *end;
        const double value = strtod(word, &end);
        if (*end == '\0') {
            snprintf(line + length, FULL_LINE - length, "%s%.10g", space, value);
        } else {
            snprintf(line + length, FULL_LINE - length, "%s%s", space, word);
        }
    }
}

/* Whether the network is what the lines say, no more and no less. */
static void check_layers(gan_network *network, const char *const *wanted)
{
    char text[8192];
    int64_t size;
    ok(gan_network_describe(network, text, sizeof text, &size));
    char *next = text;
    for (int32_t id = 0; next != NULL; id++) {
        char line[FULL_LINE] = "", *at = next, *end = strchr(at, '\n');
        next = end != NULL ? end + 1 : NULL;
        if (end != NULL) {
            *end = '\0';
        }
        if (id > 0) {
            put_shape(network, id, line);
        }
        put_words(at, line);
        if (wanted[id] == NULL || strcmp(line, wanted[id]) != 0) {
            ck_abort_msg("\"%s\" is not \"%s\"", line, wanted[id] != NULL ? wanted[id] : "");
        }
        need(next != NULL || wanted[id + 1] == NULL);
    }
}

/* At the published width, without drawing a parameter. */
START_TEST(every_layer_is_as_published)
{
    start();
    for (int i = 0; i < MODELS; i++) {
        const published *p = published_find(models[i].name);
        show(p);
        gan_network *G = make_generator(p, 1), *D = published_discriminator(ctx, p, 1, data);
        check_layers(G, models[i].generator);
        check_layers(D, models[i].discriminator);
        ck_assert_int_eq(gan_network_parameter_elements(G), models[i].g_parameters);
        ck_assert_int_eq(gan_network_parameter_elements(D), models[i].d_parameters);
        gan_network_free(D);
        gan_network_free(G);
    }
    finish();
}
END_TEST

START_TEST(every_model_has_a_name)
{
    for (int i = 0; i < MODELS; i++) {
        ck_assert_str_eq(PUBLISHED_NAMES[i], models[i].name);
        ck_assert_str_eq(published_find(models[i].name)->name, models[i].name);
    }
    ck_assert_ptr_null(PUBLISHED_NAMES[MODELS]);
}
END_TEST

/* ---- How parameters start -------------------------------------------------------------------- */

/* The parameters "layer.part", which are `count`. The caller frees them. */
static float *get(gan_network *network, const char *layer, const char *part, int64_t count)
{
    char name[32];
    int64_t dims[GAN_RANK_MAX], elements = 1;
    int32_t rank;
    snprintf(name, sizeof name, "%s.%s", layer, part);
    ok(gan_network_parameter_shape(network, name, &rank, dims, GAN_RANK_MAX));
    for (int32_t i = 0; i < rank; i++) {
        elements *= dims[i];
    }
    ck_assert_int_eq(elements, count);
    float *values = malloc((size_t)count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    ok(gan_network_get_parameter(network, name, values, count));
    return values;
}

static void biases_are(gan_network *network, const char *layer, int64_t count, double value)
{
    float *b = get(network, layer, "bias", count);
    for (int64_t i = 0; i < count; i++) {
        need((double)b[i] == value);
    }
    free(b);
}

static void weights_are_uniform(gan_network *network, const char *layer, int64_t count,
                                double range)
{
    float *w = get(network, layer, "weight", count);
    double least = 0, most = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        least = fmin(least, (double)w[i]);
        most = fmax(most, (double)w[i]);
        squares += (double)w[i] * (double)w[i];
    }
    const double deviation = range / sqrt(3);
    ck_assert_double_ge(least, -range * (1 + 1e-6));
    ck_assert_double_le(most, range * (1 + 1e-6));
    near(most - least, 2 * range, range * 60 / (double)count);
    near(sqrt(squares / (double)count), deviation, 4 * deviation / sqrt((double)count));
    free(w);
}

/* Weights [inputs, units] of which so many lead to each unit, and whose columns are as long as they
 * may be. */
static void columns_are_full(gan_network *network, const char *layer, int64_t inputs, int64_t units,
                             int weights)
{
    float *w = get(network, layer, "weight", inputs * units);
    for (int64_t j = 0; j < units; j++) {
        double squares = 0;
        int found = 0;
        for (int64_t i = 0; i < inputs; i++) {
            const double value = (double)w[i * units + j];
            found += value != 0;
            squares += value * value;
        }
        ck_assert_int_eq(found, weights);
        near(sqrt(squares), 1.9365, 1e-5);
    }
    free(w);
}

/* Biases at the logits of the pictures' means, which are clipped to 1e-7 and 1 - 1e-7. */
static void biases_are_marginals(gan_network *network, const char *layer, int64_t count)
{
    float *b = get(network, layer, "bias", count);
    near(b[0], -16.118095651, 1e-5);
    near(b[1], 16.118095651, 1e-5);
    near(b[2], -1.098612289, 1e-6);
    for (int64_t i = 3; i < count; i++) {
        near(b[i], 0, 1e-7);
    }
    free(b);
}

START_TEST(digits_start_as_published)
{
    const published *p = published_find("mnist");
    start();
    show(p);
    gan_network *G = make_generator(p, 1), *D = published_discriminator(ctx, p, 1, data);
    ok(gan_network_initialize(G, 4));
    ok(gan_network_initialize(D, 5));
    weights_are_uniform(G, "layer0", 100 * 1200, 0.05);
    weights_are_uniform(G, "layer1", 1200 * 1200, 0.05);
    weights_are_uniform(G, "layer2", 1200 * 784, 0.05);
    biases_are(G, "layer0", 1200, 0);
    biases_are(G, "layer1", 1200, 0);
    biases_are_marginals(G, "layer2", 784);
    weights_are_uniform(D, "layer0", 784 * 1200, 0.005);
    weights_are_uniform(D, "layer1", 240 * 1200, 0.005);
    weights_are_uniform(D, "layer2", 240, 0.005);
    biases_are(D, "layer0", 1200, 0);
    biases_are(D, "layer1", 1200, 0);
    biases_are(D, "layer2", 1, 0);
    gan_network_free(D);
    gan_network_free(G);

    G = make_generator(p, 1e-6); /* one unit in each hidden layer */
    ck_assert_int_eq(gan_network_parameter_elements(G), 100 + 1 + 1 + 1 + 784 + 784);
    gan_network_free(G);
    finish();
}
END_TEST

/* A sixteenth as wide: what reads fewer units starts four times as wide, so that its sums are those
 * published. */
START_TEST(faces_start_as_published)
{
    const published *p = published_find("tfd");
    start();
    show(p);
    gan_network *above = make_generator(published_find("tfd-pretrain"), 1.0 / 16);
    gan_network *G = published_generator(ctx, p, 1.0 / 16, data, above);
    gan_network *D = published_discriminator(ctx, p, 1.0 / 16, data);
    ok(gan_network_initialize(above, 3));
    ok(gan_network_initialize(G, 4));
    ok(gan_network_initialize(D, 5));
    weights_are_uniform(G, "below0", 100 * 500, 0.05);
    columns_are_full(G, "below1", 500, 100, 500);
    weights_are_uniform(G, "h0", 100 * 500, 0.05);
    columns_are_full(G, "h1", 500, 500, 500);
    columns_are_full(G, "y", 500, 2304, 100);
    biases_are(G, "below0", 500, 0);
    biases_are(G, "below1", 100, -2);
    biases_are(G, "h0", 500, 0);
    biases_are(G, "h1", 500, -2);
    biases_are_marginals(G, "y", 2304);
    weights_are_uniform(D, "layer0", 2304 * 375, 0.005);
    weights_are_uniform(D, "layer1", 75 * 375, 0.02);
    weights_are_uniform(D, "layer2", 75, 0.02);
    biases_are(D, "layer0", 375, 0);

    /* All that was learned above finds its place. */
    int32_t copied = 0;
    ok(gan_network_copy_parameters(G, above, &copied));
    ck_assert_int_eq(copied, gan_network_parameter_count(above));
    gan_network_free(D);
    gan_network_free(G);
    gan_network_free(above);

    /* Where there are fewer inputs than weights, all are. */
    G = make_generator(published_find("tfd-pretrain"), 0.01);
    columns_are_full(G, "y", 80, 2304, 80);
    gan_network_free(G);
    finish();
}
END_TEST

START_TEST(cifar10_starts_as_published)
{
    const published *full = published_find("cifar10-full"), *conv = published_find("cifar10-conv");
    start();
    show(full);
    gan_network *G = make_generator(full, 1.0 / 16);
    ok(gan_network_initialize(G, 4));
    weights_are_uniform(G, "layer1", 500 * 500, 0.2);
    weights_are_uniform(G, "layer2", 500 * 3072, 2);
    biases_are(G, "layer1", 500, 0);
    biases_are(G, "layer2", 3072, 0);
    gan_network_free(G);

    G = make_generator(conv, 1.0 / 16);
    gan_network *D = published_discriminator(ctx, conv, 1.0 / 16, data);
    ok(gan_network_initialize(G, 4));
    ok(gan_network_initialize(D, 5));
    weights_are_uniform(G, "layer1", 500 * 500, 0.2);
    weights_are_uniform(G, "layer2", 5 * 3 * 25, 0.2);
    biases_are(G, "layer1", 500, 0);
    biases_are(G, "layer2", 3072, 0);
    weights_are_uniform(D, "layer0", 4 * 3 * 64, 0.005);
    weights_are_uniform(D, "layer1", 4 * 2 * 64, 0.02);
    weights_are_uniform(D, "layer2", 24 * 2 * 25, 0.02);
    weights_are_uniform(D, "layer3", 12 * 25 * 155, 0.02);
    weights_are_uniform(D, "layer4", 31, 0.02);
    biases_are(D, "layer0", 4, 0);
    biases_are(D, "layer2", 24, 0);
    gan_network_free(D);
    gan_network_free(G);
    finish();
}
END_TEST

/* ---- How the players are trained ------------------------------------------------------------- */

typedef struct {
    const char *key;
    double value;
} setting;

/* The value wanted of an option: that of the settings, or its default. Rows end without a key. */
static double wanted_of(const setting *settings, const char *key, double otherwise)
{
    for (; settings->key != NULL; settings++) {
        if (strcmp(settings->key, key) == 0) {
            return settings->value;
        }
    }
    return otherwise;
}

static void check_optimizer(const gan_optimizer *optimizer, const setting *settings)
{
    gan_optimizer *fresh;
    const char *name, *const *choices, *text;
    ck_assert_str_eq(optimizer->rule->name, GAN_MOMENTUM);
    ok(gan_optimizer_create(ctx, GAN_MOMENTUM, &fresh));
    for (int32_t i = 0;
         gan_optimizer_describe_option(i, &name, &choices, NULL, NULL, NULL) == GAN_OK; i++) {
        double value, otherwise;
        if (choices == NULL) {
            ok(gan_optimizer_get_number(optimizer, name, &value));
            ok(gan_optimizer_get_number(fresh, name, &otherwise));
            near(value, wanted_of(settings, name, otherwise), 0);
        }
    }
    ok(gan_optimizer_get_text(optimizer, GAN_LEARNING_RATE_SCHEDULE, &text));
    ck_assert_str_eq(text, GAN_EXPONENTIAL);
    gan_optimizer_free(fresh);
}

/* Every option of the trainer that is a number. */
static void check_trainer(const gan_trainer *trainer, int64_t batch, int64_t seed)
{
    const setting settings[] = {{GAN_BATCH_SIZE, (double)batch},
                                {GAN_SEED, (double)seed},
                                {GAN_DISCRIMINATOR_STEPS, 1},
                                {GAN_HALF, 1},
                                {GAN_SHUFFLE, 1},
                                {GAN_PENALTY_INTERVAL, 1},
                                {GAN_GENERATOR_INTERVAL, 1},
                                {GAN_AVERAGE_DECAY, 0.999},
                                {GAN_FINAL_PENALTY, 1},
                                {NULL, 0}};
    const char *name, *const *choices, *text;
    for (int32_t i = 0; gan_trainer_describe_option(i, &name, &choices, NULL, NULL, NULL) == GAN_OK;
         i++) {
        double value;
        if (choices == NULL) {
            ok(gan_trainer_get_number(trainer, name, &value));
            near(value, wanted_of(settings, name, 0), 0);
        }
    }
    ok(gan_trainer_get_text(trainer, GAN_OBJECTIVE, &text));
    ck_assert_str_eq(text, GAN_MINIMAX);
}

START_TEST(players_are_trained_as_published)
{
    start();
    for (int i = 0; i < MODELS; i++) {
        const published *p = published_find(models[i].name);
        ck_assert_int_eq(p->batch, models[i].batch);
        ck_assert_int_eq(p->epochs, models[i].epochs);
        show(p);
        for (int own_momentum = 0; own_momentum < 2; own_momentum++) {
            const setting settings[] = {{GAN_LEARNING_RATE, models[i].learning_rate},
                                        {GAN_DECAY, 1.000004},
                                        {GAN_FINAL_LEARNING_RATE, 1e-6},
                                        {GAN_MU, own_momentum ? 0.8 : 0.5},
                                        {GAN_FINAL_MU, own_momentum ? 0.8 : 0.7},
                                        {GAN_MU_EPOCHS, 250},
                                        {NULL, 0}};
            const char *schedule = own_momentum ? GAN_ALTERNATING : GAN_SIMULTANEOUS, *text;
            gan_network *G = make_generator(p, 1), *D = published_discriminator(ctx, p, 1, data);
            gan_trainer *trainer = published_trainer(ctx, p, G, D, data, schedule,
                                                     own_momentum ? 0.8 : 0, p->batch, 7 + i);
            check_trainer(trainer, models[i].batch, 7 + i);
            ok(gan_trainer_get_text(trainer, GAN_SCHEDULE, &text));
            ck_assert_str_eq(text, schedule);
            check_optimizer(trainer->d.optimizer, settings);
            check_optimizer(trainer->g.optimizer, settings);
            need(trainer->d.optimizer != trainer->g.optimizer);
            need(trainer->data == data);
            gan_trainer_free(trainer);
            gan_network_free(D);
            gan_network_free(G);
        }
    }
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("published", every_layer_is_as_published, every_model_has_a_name,
                     digits_start_as_published, faces_start_as_published,
                     cifar10_starts_as_published, players_are_trained_as_published);
}
