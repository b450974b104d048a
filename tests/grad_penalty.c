/* The gradient of a step's d_loss and penalty by D's parameters, as gan__step_plan makes it, against
 * central differences, in double: through dense, maxout and convolution layers, joints and layers
 * that look at the whole batch, with dropout and without, with conditions, for each penalty and for
 * all together. */
#include "support.h"

#include "train/step.h"

#include <stdio.h>

#define STEP 1e-4
#define WORST_ERROR 1e-6

enum { M = 3, NOISE = 2 };

/* ---- Discriminators -------------------------------------------------------------------------- */

static const int64_t flat[] = {5}, image[] = {2, 4, 4};

static int32_t smooth(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_tanh(n, gan_network_dense(n, x, 4));
    x = gan_network_softplus(n, gan_network_dense(n, x, 3));
    return gan_network_dense(n, x, 1);
}

static int32_t kinked(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_leaky_relu(n, gan_network_dense(n, x, 6), 0.2);
    x = gan_network_tanh(n, gan_network_dense(n, x, 4));
    return gan_network_dense(n, x, 1);
}

static int32_t maxout(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_tanh(n, gan_network_maxout(n, x, 4, 3));
    return gan_network_dense(n, gan_network_maxout(n, x, 3, 2), 1);
}

static int32_t dropping(gan_network *n)
{
    int32_t x = gan_network_dropout(n, gan_network_input(n, "x", 1, flat), 0.8);
    x = gan_network_dropout(n, gan_network_tanh(n, gan_network_maxout(n, x, 6, 2)), 0.5);
    return gan_network_dense(n, x, 1);
}

static int32_t convolution(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 3, image);
    x = gan_network_convolution(n, x, 3, (int64_t[]){3, 2}, (int64_t[]){1, 1}, (int64_t[]){1, 0},
                                GAN_BIAS_TIED);
    x = gan_network_average_pool(n, gan_network_tanh(n, x), (int64_t[]){2, 2}, (int64_t[]){2, 2});
    x = gan_network_convolution(n, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_UNTIED);
    return gan_network_dense(n, gan_network_leaky_relu(n, x, 0.1), 1);
}

static int32_t pooled(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 3, image);
    x = gan_network_convolution(n, x, 4, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
    x = gan_network_max_pool(n, gan_network_maxout_channels(n, x, 2), (int64_t[]){2, 2},
                             (int64_t[]){1, 1});
    x = gan_network_dropout(n, gan_network_tanh(n, x), 0.7);
    return gan_network_dense(n, x, 1);
}

/* Residual, and with the two layers that look at the whole batch. */
static int32_t batch_wide(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    x = gan_network_add(n, x, gan_network_tanh(n, gan_network_dense(n, x, 5)));
    x = gan_network_minibatch_discrimination(n, x, 2, 3);
    x = gan_network_minibatch_deviation(n, gan_network_tanh(n, gan_network_dense(n, x, 4)), 4);
    return gan_network_dense(n, x, 1);
}

/* A residual block of images, the deviation as a channel, and a projection. */
static int32_t projection(gan_network *n)
{
    const int32_t x = gan_network_input(n, "x", 3, image);
    const int32_t shuffled =
        gan_network_pixel_shuffle(n, gan_network_repeat(n, gan_network_dense(n, x, 8), 2, 2), 2);
    const int32_t sum = gan_network_tanh(n, gan_network_add(n, x, shuffled));
    int32_t h = gan_network_minibatch_deviation(n, sum, 3);
    h = gan_network_convolution(n, h, 2, (int64_t[]){3, 3}, NULL, NULL, GAN_BIAS_TIED);
    h = gan_network_tanh(n, h);
    const int32_t class = gan_network_embedding(n, gan_network_dense(n, x, 2), 8);
    return gan_network_add(n, gan_network_dense(n, h, 1), gan_network_inner_product(n, h, class));
}

/* A condition that is no part of a penalty's slope. */
static int32_t conditional(gan_network *n)
{
    int32_t x = gan_network_input(n, "x", 1, flat);
    const int32_t a = gan_network_condition(n, "a", 1, (int64_t[]){2});
    const int32_t b = gan_network_condition(n, "b", 1, (int64_t[]){3});
    x = gan_network_tanh(n, gan_network_dense(n, gan_network_concatenate(n, x, b, 0), 4));
    x = gan_network_dropout(n, gan_network_concatenate(n, x, a, 0), 0.8);
    return gan_network_dense(n, gan_network_tanh(n, gan_network_dense(n, x, 5)), 1);
}

static const struct {
    const char *name;
    int32_t (*build)(gan_network *n);
    int32_t rank;
    const int64_t *dims;
} nets[] = {
    {"smooth", smooth, 1, flat},
    {"kinked", kinked, 1, flat},
    {"maxout", maxout, 1, flat},
    {"dropping", dropping, 1, flat},
    {"convolution", convolution, 3, image},
    {"pooled", pooled, 3, image},
    {"batch-wide", batch_wide, 1, flat},
    {"projection", projection, 3, image},
    {"conditional", conditional, 1, flat},
};

enum { NETS = sizeof nets / sizeof nets[0] };

/* ---- Penalties ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    gan__penalties penalties;
} cases[] = {
    {"r1", {.r1 = 3, .factor = 1}},
    {"r2", {.r2 = 2, .factor = 1}},
    {"interpolated", {.interpolated = 1.5, .factor = 1}},
    {"one-sided", {.interpolated = 2, .one_sided = true, .factor = 1}},
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
    int64_t elements = 1;
    for (int32_t i = 0; i < rank; i++) {
        elements *= dims[i];
    }
    ck_assert_int_eq(gan_network_create(context, "G", &made), GAN_OK);
    int32_t x = gan_network_input(made, "z", 1, &noise);
    x = gan_network_tanh(made, gan_network_dense(made, x, 3));
    ck_assert_int_eq(gan_network_output(made, gan_network_dense(made, x, elements)), GAN_OK);
    return made;
}

static game begin(gan_context *context, int32_t net, const gan__losses *losses, gan__step_kind kind)
{
    game t = {.g = build_generator(context, nets[net].rank, nets[net].dims)};
    dice chance = {(uint64_t)net + 40};
    ck_assert_int_eq(gan_network_create(context, "D", &t.d), GAN_OK);
    ck_assert_msg(gan_network_output(t.d, nets[net].build(t.d)) == GAN_OK, "%s",
                  gan_context_message(context));
    ck_assert_msg(gan__step_plan(t.g, t.d, losses, kind, M, &t.plan) == GAN_OK, "%s",
                  gan_context_message(context));
    const int64_t data = gan_network_input_elements(t.d);
    const int64_t sizes[GAN__SLOT_COUNT] = {
        [GAN__SLOT_D] = t.d->elements,
        [GAN__SLOT_G] = t.g->elements,
        [GAN__SLOT_X] = M * data,
        [GAN__SLOT_Z] = M * NOISE,
        [GAN__SLOT_D_GRADIENT] = t.d->elements,
        [GAN__SLOT_G_GRADIENT] = t.g->elements,
        [GAN__SLOT_RESULTS] = GAN__RESULT_COUNT,
        [GAN__SLOT_CONDITIONS] = M * gan_network_condition_elements(t.d),
    };
    for (int32_t i = 0; i < GAN__SLOT_COUNT; i++) {
        t.slots[i] = new_reals(sizes[i]);
        const double range = i == GAN__SLOT_D ? 2 : 1; /* so that some slopes are above 1 */
        roll_array(&chance, sizes[i], -range, range, t.slots[i]);
    }
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
        differences[i] = central(&t, GAN__SLOT_D, i);
        largest = fmax(largest, fabs(differences[i]));
    }
    ck_assert_double_gt(largest, 1e-2);
    for (int64_t i = 0; i < n; i++) {
        const double error =
            fabs(exact[i] - differences[i]) / fmax(fabs(differences[i]), largest / 100);
        ck_assert_msg(error < WORST_ERROR, "%s, %s: element %lld: %.12g, by differences %.12g",
                      nets[net].name, cases[c].name, (long long)i, exact[i], differences[i]);
        worst = fmax(worst, error);
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
    check_gradient(context, 3, CASES - 1, GAN__STEP_BOTH | GAN__STEP_PENALTY);
    end_context(context, &own);
}
END_TEST

/* The penalty's values, from gradients of D by its input that are differences themselves. */
START_TEST(penalties_are_those_of_the_formulas)
{
    heap own;
    gan_context *context = new_context(&own);
    const gan__losses losses = {{GAN__MINIMAX, 0.5, 0}, {.r1 = 3, .factor = 2}};
    for (int32_t net = 0; net < NETS; net++) {
        game t = begin(context, net, &losses, GAN__STEP_D | GAN__STEP_PENALTY);
        const gan__losses critic = {{GAN__WASSERSTEIN, 1, 0}, {.r1 = 1, .factor = 1}};
        gan__plan *slope_plan; /* its d_loss is mean f - mean r: a sum over real logits */
        ck_assert_int_eq(gan__step_plan(t.g, t.d, &critic, GAN__STEP_D, M, &slope_plan), GAN_OK);
        run(&t);
        const double penalty = t.slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY];
        gan__plan *own_plan = t.plan;
        free(t.workspace);
        t.plan = slope_plan;
        t.workspace = new_reals(gan__plan_workspace(slope_plan));
        t.slots[GAN__SLOT_RESULTS][GAN__RESULT_PENALTY] = 0; /* not written by this plan */
        double sum = 0;
        for (int64_t i = 0; i < M * gan_network_input_elements(t.d); i++) {
            const double slope = M * central(&t, GAN__SLOT_X, i); /* of one sample's logit */
            sum += slope * slope;
        }
        const double wanted = 2 * 3.0 / 2 * sum / M;
        ck_assert_msg(fabs(penalty - wanted) < 1e-7 * wanted, "%s: r1 is %.12g, not %.12g",
                      nets[net].name, penalty, wanted);
        gan__plan_free(own_plan);
        end(&t);
    }
    end_context(context, &own);
}
END_TEST

/* No gradient of G's changes by a penalty, to the bit. */
START_TEST(penalties_leave_g_alone)
{
    heap own;
    gan_context *context = new_context(&own);
    const gan__losses losses = {{GAN__RELATIVISTIC, 0.5, 0}, cases[CASES - 1].penalties};
    for (int32_t net = 0; net < NETS; net++) {
        game with = begin(context, net, &losses, GAN__STEP_BOTH | GAN__STEP_PENALTY);
        game without = begin(context, net, &losses, GAN__STEP_BOTH);
        run(&with);
        run(&without);
        ck_assert(memcmp(with.slots[GAN__SLOT_G_GRADIENT], without.slots[GAN__SLOT_G_GRADIENT],
                         (size_t)with.g->elements * sizeof(real)) == 0);
        ck_assert(memcmp(with.slots[GAN__SLOT_D_GRADIENT], without.slots[GAN__SLOT_D_GRADIENT],
                         (size_t)with.d->elements * sizeof(real)) != 0);
        for (int32_t i = 0; i < GAN__RESULT_PENALTY; i++) {
            ck_assert(with.slots[GAN__SLOT_RESULTS][i] == without.slots[GAN__SLOT_RESULTS][i]);
        }
        end(&with);
        end(&without);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status =
        RUN_TESTS("gradients of penalties", gradients_of_penalties_agree_with_differences,
                  penalties_are_those_of_the_formulas, penalties_leave_g_alone);
    printf("the worst relative error of a gradient is %.2g\n", worst);
    return status;
}
