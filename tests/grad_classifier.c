/* The cross entropy of a classifier in double: against differences in both orders, for logits of
 * any size, and the gradient of a whole classifier by its parameters. */
#include "gradient.h"

#include "train/objective.h"
#include "train/step.h"

enum { M = 3, CLASSES = 4, INPUTS = 2 };

START_TEST(both_orders)
{
    heap own;
    gan_context *context = new_context(&own);
    function f = function_create(context, -2, 2);
    f.chance.state = 3;
    const int32_t logits = add_input(&f, gan__shape_2(M, CLASSES));
    const int32_t targets = add_input(&f, gan__shape_2(M, CLASSES));
    check_orders(&f, gan__cross_entropy(&f.graph, logits, targets), "cross entropy", false);
    function_free(&f);
    end_context(context, &own);
}
END_TEST

/* The loss and its gradient by the logits for one sample of three classes. out: [4] */
static void lose(const double *logits, const double *targets, real *out)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph graph = gan__graph_create(context);
    const int32_t l = gan__leaf(&graph, 0, 0, gan__shape_2(1, 3));
    const int32_t t = gan__leaf(&graph, 1, 0, gan__shape_2(1, 3));
    const int32_t loss = gan__cross_entropy(&graph, l, t);
    int32_t gradient;
    ck_assert_int_eq(gan__gradient(&graph, loss, 1, &l, &gradient), GAN_OK);
    gan__plan *plan;
    const gan__output outputs[] = {{loss, 2, 0}, {gradient, 2, 1}};
    ck_assert_int_eq(gan__plan_create(&graph, 2, outputs, GAN__PLAN_FUSED, &plan), GAN_OK);
    real x[3], y[3], *workspace = new_reals(gan__plan_workspace(plan));
    for (int32_t i = 0; i < 3; i++) {
        x[i] = (real)logits[i];
        y[i] = (real)targets[i];
    }
    gan__plan_run(plan, &(gan__arguments){.slots = (real *[]){x, y, out}, .workspace = workspace});
    free(workspace);
    gan__plan_free(plan);
    gan__graph_free(&graph);
    end_context(context, &own);
}

/* No exponential overflows, and none of what matters underflows. */
START_TEST(logits_of_any_size)
{
    real out[4];
    lose((const double[]){1e6, 0, -1e6}, (const double[]){0, 1, 0}, out);
    ck_assert(fabs(out[0] - 1e6) < 1e-6 && out[1] == 1 && out[2] == -1 && out[3] == 0);
    lose((const double[]){1e6, 0, -1e6}, (const double[]){1, 0, 0}, out);
    ck_assert(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == 0);
    lose((const double[]){-700, -700, -700}, (const double[]){0, 0, 1}, out);
    ck_assert(fabs(out[0] - log(3)) < 1e-12 && fabs(out[1] - 1.0 / 3) < 1e-12 &&
              fabs(out[3] + 2.0 / 3) < 1e-12);
    /* Targets are weights. */
    lose((const double[]){0, log(2), 0}, (const double[]){0, 3, 0}, out);
    ck_assert(fabs(out[0] - 3 * log(2)) < 1e-12);
}
END_TEST

/* ---- A whole classifier ----------------------------------------------------------------------- */

static double loss_of(const gan__plan *plan, real *values, real *x, real *t, real *gradient)
{
    real results[1 + M * CLASSES], statistics[1], *workspace = new_reals(gan__plan_workspace(plan));
    real *slots[GAN__SLOT_COUNT] = {[GAN__SLOT_D] = values,
                                    [GAN__SLOT_X] = x,
                                    [GAN__SLOT_CONDITIONS] = t,
                                    [GAN__SLOT_D_GRADIENT] = gradient,
                                    [GAN__SLOT_D_STATISTICS] = statistics,
                                    [GAN__SLOT_RESULTS] = results};
    gan__plan_run(plan, &(gan__arguments){.slots = slots, .workspace = workspace, .seed = 4});
    free(workspace);
    return results[0];
}

START_TEST(gradient_of_a_classifier)
{
    heap own;
    gan_context *context = new_context(&own);
    gan_network *network;
    ck_assert_int_eq(gan_network_create(context, "N", &network), GAN_OK);
    int32_t h = gan_network_input(network, "x", 1, (int64_t[]){INPUTS});
    h = gan_network_dropout(network, gan_network_tanh(network, gan_network_dense(network, h, 5)),
                            0.6);
    h = gan_network_dense(network, h, CLASSES);
    h = gan_network_reshape(network, h, 2, (int64_t[]){2, 2}); /* logits of any shape */
    ck_assert_int_eq(gan_network_output(network, h), GAN_OK);
    gan__plan *plan;
    ck_assert_int_eq(gan__classifier_plan(network, M, &plan), GAN_OK);
    const int64_t n = network->elements;
    real *values = new_reals(n), *exact = new_reals(n), *other = new_reals(n);
    real x[M * INPUTS], t[M * CLASSES] = {0};
    dice d = {8};
    roll_array(&d, n, -1, 1, values);
    roll_array(&d, M * INPUTS, -1, 1, x);
    for (int32_t i = 0; i < M; i++) {
        t[i * CLASSES + i] = 1;
    }
    ck_assert(loss_of(plan, values, x, t, exact) > 0.1);
    double worst = 0, largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const double before = values[i], step = 1e-5;
        values[i] = before + step;
        const double above = loss_of(plan, values, x, t, other);
        values[i] = before - step;
        const double below = loss_of(plan, values, x, t, other);
        values[i] = before;
        worst = fmax(worst, fabs((above - below) / (2 * step) - exact[i]));
        largest = fmax(largest, fabs(exact[i]));
    }
    ck_assert_msg(worst < 1e-8, "error %g", worst);
    ck_assert(largest > 0.05);
    free(other);
    free(exact);
    free(values);
    gan__plan_free(plan);
    gan_network_free(network);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS("classifier_gradient", both_orders, logits_of_any_size,
                     gradient_of_a_classifier);
}
