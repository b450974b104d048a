/* Gradients of networks with conditions, in double: by the input, the conditions and the parameters
 * to second order, see gradient.h; and those of G's and D's losses in a step of two players with
 * conditions. Penalties with conditions: grad_penalty.c. */
#include "gradient.h"

#include "train/step.h"

#include <stdio.h>

enum { BATCH = 3, PARAMETERS_MAX = 8 };

static const int64_t two[] = {2}, three[] = {3}, image[] = {2, 2, 2}, plane[] = {1, 2, 2};

/* ---- Layers ---------------------------------------------------------------------------------- */

static int32_t joined(gan_network *n, int32_t x)
{
    const int32_t y = gan_network_condition(n, "y", 1, two);
    return gan_network_tanh(n, gan_network_dense(n, gan_network_concatenate(n, x, y, 0), 3));
}

/* Two conditions, the second one first; the first is used twice. */
static int32_t crossed(gan_network *n, int32_t x)
{
    const int32_t a = gan_network_condition(n, "a", 1, three);
    const int32_t b = gan_network_condition(n, "b", 1, two);
    x = gan_network_dense(n, gan_network_concatenate(n, gan_network_dense(n, b, 2), x, 0), 3);
    return gan_network_concatenate(n, gan_network_concatenate(n, a, x, 0), a, 0);
}

static int32_t alone(gan_network *n, int32_t x)
{
    (void)x;
    return gan_network_affine(n, gan_network_condition(n, "y", 1, three), 2, 1);
}

/* A picture as a further channel. */
static int32_t pictures(gan_network *n, int32_t x)
{
    x = gan_network_concatenate(n, gan_network_reshape(n, x, 3, image),
                                gan_network_condition(n, "picture", 3, plane), 0);
    return gan_network_convolution(n, x, 2, (int64_t[]){2, 2}, NULL, NULL, GAN_BIAS_TIED);
}

static const struct {
    const char *name;
    int32_t (*add)(gan_network *n, int32_t x);
    int64_t inputs;
} cases[] = {
    {"joined", joined, 3}, {"crossed", crossed, 2}, {"alone", alone, 1}, {"pictures", pictures, 8}};

START_TEST(every_layer)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gan_network *network;
        ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
        const int32_t input = gan_network_input(network, "x", 1, &cases[i].inputs);
        ck_assert_msg(gan_network_output(network, cases[i].add(network, input)) == GAN_OK, "%s: %s",
                      cases[i].name, gan_context_message(context));
        function f = function_create(context, -1, 1);
        f.chance.state = i;
        const int32_t x = add_input(&f, gan__shape_2(BATCH, cases[i].inputs));
        const int32_t rows = add_input(&f, gan__shape_2(BATCH, network->conditions));
        int32_t parameters[PARAMETERS_MAX];
        ck_assert_int_le(network->parameter_count, PARAMETERS_MAX);
        for (int32_t j = 0; j < network->parameter_count; j++) {
            parameters[j] = add_input(&f, network->parameters[j].shape);
        }
        const gan__build build = {.parameters = parameters, .conditions = &rows};
        const int32_t y = gan__network_build(network, &f.graph, &build, x);
        check_orders(&f, y, cases[i].name, false);
        function_free(&f);
        gan_network_free(network);
    }
    end_context(context, &own);
}
END_TEST

/* Without rows there is no such network: an error, no crash. */
START_TEST(rows_are_needed)
{
    heap own;
    gan_context *context = new_context(&own);
    gan_network *network;
    ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
    const int32_t input = gan_network_input(network, "x", 1, three);
    ck_assert_int_eq(gan_network_output(network, joined(network, input)), GAN_OK);
    gan__graph graph = gan__graph_create(context);
    int32_t leaves[2], rows = -1;
    gan__network_leaves(network, &graph, 0, leaves);
    gan__build build = {.parameters = leaves};
    const int32_t x = gan__leaf(&graph, 1, 0, gan__shape_2(BATCH, 3));
    ck_assert_int_eq(gan__network_build(network, &graph, &build, x), GAN_ERROR_ARGUMENT);
    gan__graph_free(&graph);
    graph = gan__graph_create(context);
    build.conditions = &rows;
    gan__network_leaves(network, &graph, 0, leaves);
    ck_assert_int_eq(gan__network_build(network, &graph, &build,
                                        gan__leaf(&graph, 1, 0, gan__shape_2(BATCH, 3))),
                     GAN_ERROR_ARGUMENT);
    gan__graph_free(&graph);
    gan_network_free(network);
    end_context(context, &own);
}
END_TEST

/* ---- A step ---------------------------------------------------------------------------------- */

enum { NOISE = 2, SIDE = 3, CLASSES = 2 };

static gan_network *player(gan_context *context, int64_t inputs, bool conditional, int64_t outputs)
{
    gan_network *n;
    ck_assert_int_eq(gan_network_create(context, "N", &n), GAN_OK);
    int32_t h = gan_network_input(n, "x", 1, &inputs);
    if (conditional) {
        h = gan_network_concatenate(n, gan_network_condition(n, "y", 1, two), h, 0);
    }
    h = gan_network_tanh(n, gan_network_dropout(n, gan_network_dense(n, h, 4), 0.8));
    ck_assert_int_eq(gan_network_output(n, gan_network_dense(n, h, outputs)), GAN_OK);
    return n;
}

typedef struct {
    gan__plan *plan;
    real *slots[GAN__SLOT_COUNT];
    real *workspace;
} game;

static double run(const game *t, int32_t result)
{
    gan__plan_run(t->plan, &(gan__arguments){
                               .slots = t->slots, .workspace = t->workspace, .seed = 9, .step = 2});
    return t->slots[GAN__SLOT_RESULTS][result];
}

/* The gradient in one slot against central differences of one loss by the numbers of another. */
static void check_slot(const game *t, int32_t by, int64_t n, int32_t gradient, int32_t result)
{
    static const double at[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    run(t, result);
    real *exact = new_reals(n);
    memcpy(exact, t->slots[gradient], (size_t)n * sizeof *exact);
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        real *w = t->slots[by];
        const real x = w[i];
        double sum = 0;
        for (int32_t j = 0; j < 4; j++) {
            w[i] = x + at[j] * 1e-4;
            sum += weight[j] * run(t, result);
        }
        w[i] = x;
        sum /= 12 * 1e-4;
        largest = fmax(largest, fabs(sum));
        ck_assert_msg(fabs(exact[i] - sum) < 1e-8, "slot %d, element %lld: %.12g, not %.12g", by,
                      (long long)i, exact[i], sum);
    }
    ck_assert_double_gt(largest, 1e-3);
    free(exact);
}

START_TEST(steps_with_conditions)
{
    heap own;
    gan_context *context = new_context(&own);
    const gan__losses losses = {{GAN__RELATIVISTIC, 0.5, 0}, {.factor = 1}};
    for (int32_t who = 1; who < 4; who++) { /* 1: G, 2: D, 3: both */
        gan_network *g = player(context, NOISE, who & 1, SIDE);
        gan_network *d = player(context, SIDE, who >> 1 & 1, 1);
        dice chance = {(uint64_t)who};
        game t;
        ck_assert_int_eq(gan__common_conditions(g, d), CLASSES);
        ck_assert_msg(gan__step_plan(g, d, &losses, GAN__STEP_BOTH, BATCH, &t.plan) == GAN_OK, "%s",
                      gan_context_message(context));
        const int64_t sizes[GAN__SLOT_COUNT] = {
            [GAN__SLOT_D] = d->elements,
            [GAN__SLOT_G] = g->elements,
            [GAN__SLOT_X] = BATCH * SIDE,
            [GAN__SLOT_Z] = BATCH * NOISE,
            [GAN__SLOT_D_GRADIENT] = d->elements,
            [GAN__SLOT_G_GRADIENT] = g->elements,
            [GAN__SLOT_RESULTS] = GAN__RESULT_COUNT,
            [GAN__SLOT_CONDITIONS] = BATCH * CLASSES,
        };
        for (int32_t i = 0; i < GAN__SLOT_COUNT; i++) {
            t.slots[i] = new_reals(sizes[i]);
            roll_array(&chance, sizes[i], -1, 1, t.slots[i]);
        }
        t.workspace = new_reals(gan__plan_workspace(t.plan));
        check_slot(&t, GAN__SLOT_D, d->elements, GAN__SLOT_D_GRADIENT, GAN__RESULT_D_LOSS);
        check_slot(&t, GAN__SLOT_G, g->elements, GAN__SLOT_G_GRADIENT, GAN__RESULT_G_LOSS);
        const double loss = run(&t, GAN__RESULT_D_LOSS);
        t.slots[GAN__SLOT_CONDITIONS][1] += 1;
        ck_assert(run(&t, GAN__RESULT_D_LOSS) != loss);
        for (int32_t i = 0; i < GAN__SLOT_COUNT; i++) {
            free(t.slots[i]);
        }
        free(t.workspace);
        gan__plan_free(t.plan);
        gan_network_free(d);
        gan_network_free(g);
    }
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status =
        RUN_TESTS("gradients by conditions", every_layer, rows_are_needed, steps_with_conditions);
    printf("the worst relative error of a gradient is %.2g\n", worst_of_all);
    return status;
}
