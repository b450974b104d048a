/* What the tests of whole trainings share: small networks and games, and all that a game consists
 * of as one array of numbers to be compared to the bit. Included once by each test program. */
#ifndef GAN_TESTS_TRAINING_H
#define GAN_TESTS_TRAINING_H

#include "api.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *const kinds[] = {GAN_SGD,     GAN_MOMENTUM, GAN_NESTEROV,
                                    GAN_RMSPROP, GAN_ADAM,     GAN_ADAMW};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* How two players train. */
typedef struct {
    int32_t kind; /* of both optimizers */
    bool simultaneous;
    int32_t k;
} game;

enum { NOISE = 3, SIDE = 4 }; /* elements of a noise sample and of a real one */

static inline int32_t input(gan_network *network, int64_t elements)
{
    return gan_network_input(network, "in", 1, &elements);
}

/* [NOISE] -> [SIDE], with three layers */
static inline gan_network *new_generator(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "G", &made));
    int32_t h = gan_network_tanh(made, gan_network_dense(made, input(made, NOISE), 6));
    h = gan_network_leaky_relu(made, gan_network_dense(made, h, 5), 0.2);
    ok(gan_network_output(made, gan_network_dense(made, h, SIDE)));
    return made;
}

/* [SIDE] -> logit, with three layers, dropout and a constraint */
static inline gan_network *new_discriminator(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "D", &made));
    int32_t x = gan_network_dropout(made, input(made, SIDE), 0.9);
    x = gan_network_maxout(made, x, 4, 3);
    ok(gan_network_set_max_norm(made, x, 0.6));
    x = gan_network_tanh(made, gan_network_dense(made, gan_network_dropout(made, x, 0.8), 6));
    ok(gan_network_set_max_norm(made, 0, 0.6));
    ok(gan_network_output(made, gan_network_dense(made, x, 1)));
    return made;
}

static inline gan_optimizer *new_optimizer(int32_t kind)
{
    gan_optimizer *made;
    ok(gan_optimizer_create(ctx, kinds[kind], &made));
    ok(gan_optimizer_set_number(made, GAN_LEARNING_RATE, kind < 3 ? 0.2 : 0.02));
    ok(gan_optimizer_set_number(made, GAN_MU, 0.7));
    return made;
}

static inline gan_dataset *new_data(int64_t count)
{
    dice d = {11};
    float *values = malloc((size_t)(count * SIDE) * sizeof *values);
    for (int64_t i = 0; i < count * SIDE; i++) {
        values[i] = (float)roll_between(&d, -1, 2);
    }
    gan_dataset *made;
    ok(gan_dataset_from_floats(ctx, count, 1, (int64_t[]){SIDE}, values, &made));
    free(values);
    return made;
}

/* ---- Networks as numbers ------------------------------------------------------------------- */

enum { NUMBERS_MAX = 2048 };

/* All parameters of a network, one tensor after another. */
typedef struct {
    int64_t count;
    float values[NUMBERS_MAX];
} numbers;

static inline int64_t elements_of(const gan_network *network, const char *name)
{
    int64_t dims[5], elements = 1;
    int32_t rank;
    ok(gan_network_parameter_shape(network, name, &rank, dims, 5));
    for (int32_t i = 0; i < rank; i++) {
        elements *= dims[i];
    }
    return elements;
}

static inline numbers all_of(gan_network *network)
{
    numbers n = {0};
    need(gan_network_parameter_elements(network) <= NUMBERS_MAX);
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        ok(gan_network_get_parameter(network, name, n.values + n.count, NUMBERS_MAX - n.count));
        n.count += elements_of(network, name);
    }
    return n;
}

static inline bool same(const numbers *a, const numbers *b)
{
    return a->count == b->count &&
           memcmp(a->values, b->values, (size_t)a->count * sizeof *a->values) == 0;
}

/* Whether the network has these parameters, to the bit. */
static inline bool is_still(gan_network *network, const numbers *before)
{
    const numbers now = all_of(network);
    return same(&now, before);
}

static inline double metric_of(const gan_trainer *trainer, const char *name)
{
    double value = -1e9;
    ok(gan_trainer_metric(trainer, name, &value));
    return value;
}

/* All metrics. values: [32]; returns their number */
static inline int32_t metrics_of(const gan_trainer *trainer, double *values)
{
    int32_t count = 0;
    memset(values, 0, 32 * sizeof *values);
    for (const char *name; (name = gan_trainer_metric_name(count)) != NULL; count++) {
        values[count] = metric_of(trainer, name);
    }
    return count;
}

/* A path in the folder of temporary files that no other run of a test has. */
static inline const char *temporary(const char *name)
{
    static char paths[8][160];
    static int next;
    char *path = paths[next++ % 8];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof paths[0], "%s/gan-%ld-%s", folder != NULL ? folder : "/tmp",
             (long)getpid(), name);
    return path;
}

#endif
