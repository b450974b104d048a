#include "mixture.h"

#include "check.h"
#include "player.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_SIDE = 5, EPOCH = 100000, LAYERS = 3, UNITS = 64, SHARP_UNITS = 192, NOISE = 4 };

static const double SPACING = 2; /* of the grid */
static const double TURN = 6.28318530717958647693;

const char *const MIXTURE_NAMES[MIXTURE_FIGURES] = {
    "modes", "share", "deviation_ratio", "kl", "least_deviation_ratio", "greatest_deviation_ratio",
    "offset"};

/* Published rows: Lin et al. 2018, PacGAN, Table 1. A second update of D in each step rids the grid
 * of samples between its modes; the ring has few enough without it, and wide modes without a sharp
 * D. */
static const mixture MIXTURES[] = {
    {.name = "ring",
     .modes = 8,
     .reach = 1,
     .deviation = 0.01,
     .steps = 80000,
     .falling = 40000,
     .fading = 64000,
     .d_steps = 1,
     .penalty = 0.0125,
     .steepness = 4,
     .g_end = 1e-5,
     .published = {{"GAN", 6.3, 0.5, 98.2, 0.45},
                   {"ALI", 6.6, 0.3, 97.6, 0.36},
                   {"PacGAN2", 7.9, 0.1, 95.6, 0.07},
                   {"PacGAN4", 7.8, 0.1, 95.9, 0.07}}},
    {.name = "grid",
     .modes = GRID_SIDE * GRID_SIDE,
     .reach = 4,
     .deviation = 0.05,
     .steps = 60000,
     .falling = 50000,
     .fading = 60000,
     .d_steps = 2,
     .penalty = 0.2,
     .steepness = 8,
     .sharp = true,
     .g_end = 2e-5,
     .published = {{"GAN", 17.3, 0.8, 94.8, 0.70},
                   {"ALI", 24.1, 0.4, 95.7, 0.14},
                   {"PacGAN2", 23.8, 0.7, 91.3, 0.13},
                   {"PacGAN4", 24.8, 0.2, 93.6, 0.04}}},
};

const mixture *mixture_find(const char *name)
{
    for (size_t i = 0; i < sizeof MIXTURES / sizeof MIXTURES[0]; i++) {
        if (strcmp(MIXTURES[i].name, name) == 0) {
            return &MIXTURES[i];
        }
    }
    fail("no mixture is called %s", name);
}

static bool is_ring(const mixture *m)
{
    return m == &MIXTURES[0];
}

void mixture_centres(const mixture *m, double *centres)
{
    for (int i = 0; i < m->modes; i++) {
        const double angle = TURN * i / m->modes;
        centres[2 * i] = is_ring(m) ? m->reach * cos(angle) : SPACING * (i / GRID_SIDE) - m->reach;
        centres[2 * i + 1] =
            is_ring(m) ? m->reach * sin(angle) : SPACING * (i % GRID_SIDE) - m->reach;
    }
}

gan_dataset *mixture_data(gan_context *context, const mixture *m, uint64_t seed)
{
    gan_dataset *data = NULL;
    if (is_ring(m)) {
        check(context,
              gan_dataset_ring(context, EPOCH, m->modes, m->reach, m->deviation, seed, &data));
    } else {
        check(context,
              gan_dataset_grid(context, EPOCH, GRID_SIDE, SPACING, m->deviation, seed, &data));
    }
    return data;
}

/* ---- The score ------------------------------------------------------------------------------ */

gan_score *mixture_score(gan_context *context, const mixture *m)
{
    double centres[2 * MIXTURE_MODES_MAX];
    gan_score *score = NULL;
    mixture_centres(m, centres);
    check(context, gan_score_create(context, GAN_SCORE_MODES, 2, "points of the plane", &score));
    check(context, gan_score_set_modes(score, m->modes, centres, m->deviation));
    return score;
}

mixture_figures mixture_measure(gan_context *context, gan_score *score, gan_network *G,
                                int64_t samples, uint64_t seed)
{
    mixture_figures f;
    float *x = allocate((size_t)(2 * samples), sizeof *x);
    check(context, gan_network_sample(G, seed, samples, x, 2 * samples));
    gan_score_clear_fake(score);
    check(context, gan_score_add_fake(score, samples, x));
    for (int i = 0; i < MIXTURE_FIGURES; i++) {
        check(context, gan_score_value(score, MIXTURE_NAMES[i], &f.value[i]));
    }
    free(x);
    return f;
}

void mixture_log(metrics *log, const char *prefix, const mixture_figures *figures)
{
    char key[64];
    for (int i = 0; i < MIXTURE_FIGURES; i++) {
        snprintf(key, sizeof key, "%s%s", prefix, MIXTURE_NAMES[i]);
        metrics_number(log, key, figures->value[i]);
    }
}

mixture_figures mixture_floor(gan_context *context, gan_score *score, mixture_figures *deviation)
{
    mixture_figures f;
    for (int i = 0; i < MIXTURE_FIGURES; i++) {
        check(context, gan_score_floor(score, MIXTURE_NAMES[i], &f.value[i], &deviation->value[i]));
    }
    return f;
}

/* ---- The players ----------------------------------------------------------------------------- */

static gan_network *begin(gan_context *context, const char *name)
{
    gan_network *n = NULL;
    check(context, gan_network_create(context, name, &n));
    return n;
}

/* Sets half the rows of a weight that z is multiplied with to 0, and the others to what keeps the
 * size of what passes through.
 *   half  the rows that stay: 0 the first ones, 1 the last ones */
static void see_half(gan_context *context, gan_network *n, const char *weight, int units, int half)
{
    const int each = NOISE / 2 * units;
    float *w = allocate((size_t)(2 * each), sizeof *w);
    check(context, gan_network_get_parameter(n, weight, w, 2 * each));
    for (int i = 0; i < 2 * each; i++) {
        w[i] *= i / each == half ? sqrtf(2) : 0;
    }
    check(context, gan_network_set_parameter(n, weight, w, 2 * each));
    free(w);
}

/* The map from one Gaussian to many must be steep between them, and what spreads the samples of a
 * mode need not be: a linear path beside the layers does that for all modes at once. On the grid,
 * the layers at first see one half of z and the path the other, so that what chooses the mode does
 * not narrow it. */
gan_network *mixture_generator(gan_context *context, const mixture *m, uint64_t seed)
{
    const double steepness = 5;
    gan_network *n = begin(context, "G");
    const int32_t z = gan_network_input(n, "z", 1, (int64_t[]){NOISE});
    int32_t h = gan_network_dense(n, gan_network_affine(n, z, steepness, 0), UNITS);
    check(context, gan_network_set_name(n, h, "choice"));
    h = gan_network_relu(n, h);
    for (int i = 1; i < LAYERS; i++) {
        h = gan_network_relu(n, gan_network_dense(n, h, UNITS));
    }
    h = gan_network_dense(n, h, 2);
    const int32_t path = gan_network_dense(n, z, 2);
    check(context, gan_network_set_name(n, path, "spread"));
    check(context, gan_network_set_noise(n, GAN_NOISE_NORMAL, 0, 1));
    check(context, gan_network_output(n, gan_network_add(n, h, path)));
    check(context, gan_network_set_initializer(n, 0, GAN_INIT_HE_NORMAL, 1, 0));
    check(context, gan_network_set_initializer(n, h, GAN_INIT_GLOROT_NORMAL, 1, 0));
    check(context, gan_network_set_initializer(n, path, GAN_INIT_NORMAL, 0, m->deviation));
    check(context, gan_network_initialize(n, seed));
    if (m->sharp) {
        see_half(context, n, "choice.weight", UNITS, 0);
        see_half(context, n, "spread.weight", 2, 1);
    }
    return n;
}

/* Element i of a sequence that covers [0, 1) evenly, and the square with that of another step;
 * Roberts 2018. */
static double even(int i, double step)
{
    const double x = 0.5 + i * step;
    return x - floor(x);
}

/* Moves the units of D's first layer so that they pass 0 at points all over the data. */
static void scatter(gan_context *context, const mixture *m, gan_network *n)
{
    /* Half the side of a square around the data, as the layer sees it. */
    const double half = 1.1 * m->reach * m->steepness;
    float w[2 * SHARP_UNITS], bias[SHARP_UNITS];
    check(context, gan_network_get_parameter(n, "first.weight", w, 2 * SHARP_UNITS));
    for (int i = 0; i < SHARP_UNITS; i++) {
        const double x = half * (2 * even(i, 0.7548776662466927) - 1);
        const double y = half * (2 * even(i, 0.5698402909980532) - 1);
        bias[i] = (float)-((double)w[i] * x + (double)w[SHARP_UNITS + i] * y);
    }
    check(context, gan_network_set_parameter(n, "first.bias", bias, SHARP_UNITS));
}

/* Leaky ReLUs alone hardly see how wide a mode is; steps of tanh, not much wider than the modes,
 * do. */
gan_network *mixture_discriminator(gan_context *context, const mixture *m, uint64_t seed)
{
    const double slope = 0.2;
    gan_network *n = begin(context, "D");
    int32_t h = gan_network_input(n, "x", 1, (int64_t[]){2});
    h = gan_network_affine(n, h, m->steepness, 0);
    h = gan_network_dense(n, h, m->sharp ? SHARP_UNITS : UNITS);
    check(context, gan_network_set_name(n, h, "first"));
    h = m->sharp ? gan_network_tanh(n, h) : gan_network_leaky_relu(n, h, slope);
    for (int i = 1; i < LAYERS; i++) {
        h = gan_network_leaky_relu(n, gan_network_dense(n, h, UNITS), slope);
    }
    h = gan_network_dense(n, h, 1);
    check(context, gan_network_output(n, h));
    check(context, gan_network_set_initializer(n, 0, GAN_INIT_HE_NORMAL, 1, 0));
    check(context, gan_network_set_initializer(n, h, GAN_INIT_GLOROT_NORMAL, 1, 0));
    check(context, gan_network_initialize(n, seed));
    if (m->sharp) {
        scatter(context, m, n);
    }
    return n;
}

/* An optimizer whose rate falls by equal factors for so many updates, and then stays: high rates
 * cut the bridges between modes but leave modes narrow, which widen while rates are low. */
static gan_optimizer *make_optimizer(gan_context *context, double last, int64_t updates)
{
    const double first = 4e-3;
    const player adam = {GAN_ADAM,
                         GAN_EXPONENTIAL,
                         .learning_rate = first,
                         .decay = pow(first / last, 1 / (double)updates),
                         .final_learning_rate = last,
                         .beta2 = 0.99};
    gan_optimizer *optimizer = player_optimizer(context, &adam, 0);
    check(context, gan_optimizer_set_number(optimizer, GAN_BETA1, 0));
    return optimizer;
}

/* As many of `steps` as `part` is of the benchmark's own, at least one. */
static int64_t part_of(int64_t part, const mixture *m, int64_t steps)
{
    const int64_t scaled = (int64_t)((double)part / (double)m->steps * (double)steps + 0.5);
    return scaled > 0 ? scaled : 1;
}

/* The recipe's own numbers are for pictures. Modes so narrow beside their distance want a penalty
 * that ends at a thousandth, not at a tenth, and networks so small stand twenty times the rate. */
gan_trainer *mixture_trainer(gan_context *context, const mixture *m, gan_network *G, gan_network *D,
                             gan_dataset *data, int64_t steps, int64_t batch, uint64_t seed)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {{GAN_DISCRIMINATOR_STEPS, m->d_steps},
                   {GAN_FINAL_PENALTY, 0.001},
                   {GAN_SCHEDULE_STEPS, (double)part_of(m->fading, m, steps)},
                   {GAN_FINAL_AVERAGE_HALF_LIFE, 100000}};
    gan_trainer *trainer = NULL;
    check(context, gan_trainer_create(G, D, data, &trainer));
    check(context, gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)batch));
    check(context, gan_trainer_set_number(trainer, GAN_SEED, (double)seed));
    check(context, gan_trainer_use_recipe(trainer, steps, m->penalty));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        check(context, gan_trainer_set_number(trainer, numbers[i].key, numbers[i].value));
    }
    const int64_t falling = part_of(m->falling, m, steps);
    gan_optimizer *for_d = make_optimizer(context, 1e-4, falling);
    gan_optimizer *for_g = make_optimizer(context, m->g_end, falling);
    check(context, gan_trainer_set_discriminator_optimizer(trainer, for_d));
    check(context, gan_trainer_set_generator_optimizer(trainer, for_g));
    gan_optimizer_free(for_d);
    gan_optimizer_free(for_g);
    return trainer;
}
