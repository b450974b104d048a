/* The gradient of a step's d_loss and penalty by D's parameters against central differences, in
 * double: through the normalisations, whose samples depend on each other in a batch, and through
 * spectral norms. See grad_penalty.c. */
#include "support.h"

#include "train/step.h"

#include <stdio.h>

#define STEP 1e-4
#define WORST_ERROR 1e-6

enum { M = 4, NOISE = 2 };

static const int64_t flat[] = {4}, image[] = {1, 3, 3};

/* ---- Discriminators -------------------------------------------------------------------------- */

static int32_t batch(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_tanh(n, gan_network_batch_norm(n, gan_network_dense(n, x, 3), 1, 0.05, 0.1));
    x = gan_network_softplus(n, gan_network_dense(n, x, 3));
    /* not linear from here on: the sum of what is normalised is 0 whatever the samples are */
    x = gan_network_tanh(n, gan_network_batch_norm(n, x, 0, 0.05, 0.1));
    return gan_network_dense(n, x, 1);
}

static int32_t batch_of_images(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 3, image);
    x = gan_network_convolution(n, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_NONE);
    x = gan_network_leaky_relu(n, gan_network_batch_norm(n, x, 1, 0.05, 0.1), 0.2);
    return gan_network_dense(n, gan_network_tanh(n, gan_network_dense(n, x, 3)), 1);
}

static int32_t single(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 3, image);
    x = gan_network_convolution(n, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_tanh(n, gan_network_instance_norm(n, x, 1, 0.05));
    x = gan_network_layer_norm(n, gan_network_dense(n, x, 3), 1, 0.05);
    return gan_network_dense(n, gan_network_tanh(n, x), 1);
}

static int32_t spectral(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_tanh(n, gan_network_maxout(n, x, 3, 2));
    x = gan_network_dense(n, gan_network_softplus(n, gan_network_dense(n, x, 3)), 1);
    ck_assert_int_eq(gan_network_set_spectral_norm(n, 0, 1), GAN_OK);
    return x;
}

static int32_t spectral_images(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 3, image);
    x = gan_network_convolution(n, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_tanh(n, gan_network_batch_norm(n, x, 1, 0.05, 0.1));
    x = gan_network_transposed_convolution(n, x, 2, (int64_t[]){2, 1}, NULL, NULL, NULL,
                                           GAN_BIAS_TIED);
    x = gan_network_dense(n, gan_network_tanh(n, x), 1);
    ck_assert_int_eq(gan_network_set_spectral_norm(n, 0, 1), GAN_OK);
    return x;
}

static const struct {
    const char *name;
    int32_t (*build)(gan_network *n);
    int32_t rank;
    const int64_t *dims;
    bool frozen; /* its statistics */
} nets[] = {
    {"batch norm", batch, 1, flat, false},
    {"batch norm, frozen", batch, 1, flat, true},
    {"batch norm of images", batch_of_images, 3, image, false},
    {"layer and instance norm", single, 3, image, false},
    {"spectral norm", spectral, 1, flat, false},
    {"spectral and batch norm of images", spectral_images, 3, image, false},
};

enum { NETS = sizeof nets / sizeof nets[0] };

static const struct {
    const char *name;
    gan__penalties penalties;
} cases[] = {
    {"r1", {.r1 = 3, .factor = 1}},
    {"r2", {.r2 = 2, .factor = 1}},
    {"interpolated", {.interpolated = 1.5, .factor = 1}},
    {"dragan", {.dragan = 2.5, .factor = 2}},
    {"differences", {.r1 = 3, .r2 = 1, .sigma = 0.01, .factor = 1}},
    {"all", {.r1 = 1, .r2 = 2, .interpolated = 3, .dragan = 1, .factor = 4}},
};

enum { CASES = sizeof cases / sizeof cases[0] };

/* ---- One step -------------------------------------------------------------------------------- */

typedef struct {
    gan_network *g, *d;
    gan__plan *plan;
    real *slots[GAN__SLOT_COUNT];
    real *workspace;
} game;

static gan_network *build_generator(gan_context *context, int32_t rank, const int64_t *dims)
{
    gan_network *made;
    const int64_t noise = NOISE;
    const int64_t elements = gan__shape_elements(gan__shape_of(rank, dims));
    ck_assert_int_eq(gan_network_create(context, "G", &made), GAN_OK);
    int32_t x = gan_network_input(made, "z", 1, &noise);
    x = gan_network_batch_norm(made, gan_network_dense(made, x, 3), 1, 0.05, 0.1);
    x = gan_network_dense(made, gan_network_tanh(made, x), elements);
    ck_assert_int_eq(gan_network_output(made, x), GAN_OK);
    return made;
}

/* Running variances are positive. */
static void lift_statistics(const gan_network *network, real *values)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *p = &network->parameters[i];
        for (int64_t j = 0; p->statistic && j < gan__shape_elements(p->shape); j++) {
            values[p->offset + j] = 0.3 + fabs(values[p->offset + j]);
        }
    }
}

static game begin(gan_context *context, int32_t net, const gan__losses *losses, gan__step_kind kind)
{
    game t = {.g = build_generator(context, nets[net].rank, nets[net].dims)};
    dice chance = {(uint64_t)net + 40};
    ck_assert_int_eq(gan_network_create(context, "D", &t.d), GAN_OK);
    ck_assert_msg(gan_network_output(t.d, nets[net].build(t.d)) == GAN_OK, "%s",
                  gan_context_message(context));
    for (int32_t i = 0; i < t.d->parameter_count; i++) {
        t.d->parameters[i].frozen = nets[net].frozen && t.d->parameters[i].statistic;
    }
    ck_assert_msg(gan__step_plan(t.g, t.d, losses, kind, M, &t.plan) == GAN_OK, "%s",
                  gan_context_message(context));
    const int64_t sizes[GAN__SLOT_COUNT] = {
        [GAN__SLOT_D] = t.d->elements,
        [GAN__SLOT_G] = t.g->elements,
        [GAN__SLOT_X] = M * gan_network_input_elements(t.d),
        [GAN__SLOT_Z] = M * NOISE,
        [GAN__SLOT_NUMBERS] = GAN__WEIGHT_COUNT,
        [GAN__SLOT_D_GRADIENT] = t.d->elements,
        [GAN__SLOT_G_GRADIENT] = t.g->elements,
        [GAN__SLOT_RESULTS] = GAN__RESULT_COUNT,
        [GAN__SLOT_D_STATISTICS] = gan__network_statistics(t.d),
        [GAN__SLOT_G_STATISTICS] = gan__network_statistics(t.g),
    };
    for (int32_t i = 0; i < GAN__SLOT_COUNT; i++) {
        t.slots[i] = new_reals(sizes[i]);
        const double range = i == GAN__SLOT_D ? 2 : 1; /* so that some slopes are above 1 */
        roll_array(&chance, sizes[i], -range, range, t.slots[i]);
    }
    lift_statistics(t.d, t.slots[GAN__SLOT_D]);
    lift_statistics(t.g, t.slots[GAN__SLOT_G]);
    gan__penalty_weights(&losses->penalties, t.slots[GAN__SLOT_NUMBERS]);
    t.workspace = new_reals(gan__plan_workspace(t.plan));
    return t;
}

static void end(game *t)
{
    for (int32_t i = 0; i < GAN__SLOT_COUNT; i++) {
        free(t->slots[i]);
    }
    free(t->workspace);
    gan__plan_free(t->plan);
    gan_network_free(t->d);
    gan_network_free(t->g);
}

/* d_loss + penalty */
static double run(const game *t)
{
    gan__plan_run(t->plan, &(gan__arguments){
                               .slots = t->slots, .workspace = t->workspace, .seed = 9, .step = 2});
    return t->slots[GAN__SLOT_RESULTS][GAN__RESULT_D_LOSS] +
           t->slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY];
}

/* By central differences of fourth order. */
static double central(const game *t, int32_t slot, int64_t i)
{
    static const double at[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    real *w = t->slots[slot];
    const double x = w[i];
    double sum = 0;
    for (int32_t j = 0; j < 4; j++) {
        w[i] = x + at[j] * STEP;
        sum += weight[j] * run(t);
    }
    w[i] = x;
    return sum / (12 * STEP);
}

static double worst;

static bool is_trained(const gan_network *network, int64_t element)
{
    bool trained = false;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *p = &network->parameters[i];
        trained = p->offset <= element ? !p->statistic : trained;
    }
    return trained;
}

static void check_gradient(gan_context *context, int32_t net, int32_t c, gan__step_kind kind)
{
    const gan__losses losses = {{GAN__MINIMAX, 0.5, 0}, cases[c].penalties};
    game t = begin(context, net, &losses, kind);
    const double loss = run(&t);
    const double penalty = t.slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY];
    ck_assert_msg(isfinite(loss) && penalty > 1e-5, "%s, %s: penalty %g", nets[net].name,
                  cases[c].name, penalty);
    const int64_t n = t.d->elements;
    real *exact = new_reals(n), *differences = new_reals(n);
    memcpy(exact, t.slots[GAN__SLOT_D_GRADIENT], (size_t)n * sizeof *exact);
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        differences[i] = is_trained(t.d, i) ? central(&t, GAN__SLOT_D, i) : 0;
        largest = fmax(largest, fabs(differences[i]));
    }
    ck_assert_double_gt(largest, 1e-2);
    for (int64_t i = 0; i < n; i++) {
        const double error =
            fabs(exact[i] - differences[i]) / fmax(fabs(differences[i]), largest / 100);
        if (is_trained(t.d, i)) {
            ck_assert_msg(error < WORST_ERROR, "%s, %s: element %lld: %.12g, by differences %.12g",
                          nets[net].name, cases[c].name, (long long)i, exact[i], differences[i]);
            worst = fmax(worst, error);
        }
    }
    free(differences);
    free(exact);
    end(&t);
}

START_TEST(gradients_of_penalties_agree_with_differences)
{
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t net = 0; net < NETS; net++) {
        for (int32_t c = 0; c < CASES; c++) {
            check_gradient(context, net, c, GAN__STEP_D | GAN__STEP_PENALTY);
        }
    }
    check_gradient(context, 0, CASES - 1, GAN__STEP_BOTH | GAN__STEP_PENALTY);
    end_context(context, &own);
}
END_TEST

/* R1 from gradients of the sum of D's logits by its input that are differences themselves. */
START_TEST(r1_is_that_of_the_sum_of_logits)
{
    heap own;
    gan_context *context = new_context(&own);
    const gan__losses losses = {{GAN__MINIMAX, 0.5, 0}, {.r1 = 3, .factor = 2}};
    const gan__losses critic = {{GAN__WASSERSTEIN, 1, 0}, {.r1 = 1, .factor = 1}};
    for (int32_t net = 0; net < NETS; net++) {
        game t = begin(context, net, &losses, GAN__STEP_D | GAN__STEP_PENALTY);
        gan__plan *slope_plan; /* its d_loss is mean f - mean r: a sum over real logits */
        ck_assert_int_eq(gan__step_plan(t.g, t.d, &critic, GAN__STEP_D, M, &slope_plan), GAN_OK);
        run(&t);
        const double penalty = t.slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY];
        gan__plan_free(t.plan);
        free(t.workspace);
        t.plan = slope_plan;
        t.workspace = new_reals(gan__plan_workspace(slope_plan));
        t.slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY] = 0; /* not written by this plan */
        double sum = 0;
        for (int64_t i = 0; i < M * gan_network_input_elements(t.d); i++) {
            const double slope = M * central(&t, GAN__SLOT_X, i);
            sum += slope * slope;
        }
        const double wanted = 2 * 3.0 / 2 * sum / M;
        ck_assert_msg(fabs(penalty - wanted) < 1e-7 * wanted, "%s: r1 is %.12g, not %.12g",
                      nets[net].name, penalty, wanted);
        end(&t);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status =
        RUN_TESTS("penalties with normalisations", gradients_of_penalties_agree_with_differences,
                  r1_is_that_of_the_sum_of_logits);
    printf("the worst relative error of a gradient is %.2g\n", worst);
    return status;
}
