/* Gradients against central differences, first and second order, in double.
 *
 * For a function y(x) the scalar is s = sum w tanh(y / 2), w random. First order: ds/dx. Second: the
 * gradient of sum (ds/dx)^2, which needs the derivative of each rule of the gradient. Inputs keep
 * away from kinks and ties. Included once by each test program; everything is static. */
#ifndef GAN_TESTS_GRADIENT_H
#define GAN_TESTS_GRADIENT_H

#include "support.h"

#include "graph/graph.h"
#include "graph/plan.h"

#define WORST_ERROR 1e-6
#define STEP 5e-4    /* of the differences */
#define COMPARED 0.1 /* a constant that a case compares with */

enum { INPUTS_MAX = 8, ELEMENTS_MAX = 512 };

/* ---- Running a scalar and its gradient ------------------------------------------------------- */

/* A scalar function of some inputs, all in slot 0, one after the other. */
typedef struct {
    gan_context *context;
    gan__graph graph;
    dice chance;
    int32_t count, inputs[INPUTS_MAX];
    int64_t starts[INPUTS_MAX + 1];
    real *values;
    double low, high; /* where inputs are drawn */
} function;

static inline function function_create(gan_context *context, double low, double high)
{
    function f = {
        .context = context, .graph = gan__graph_create(context), .low = low, .high = high};
    f.values = new_reals(ELEMENTS_MAX);
    return f;
}

static void function_free(function *f)
{
    gan__graph_free(&f->graph);
    free(f->values);
}

/* Draws input `at` so that it keeps away from those before it and from the constants the cases
 * compare with: no step of a difference then passes a kink. */
static double draw_apart(function *f, int64_t at)
{
    for (;;) {
        const double x = roll_between(&f->chance, f->low, f->high);
        double nearest = fmin(fabs(x), fabs(x - COMPARED));
        for (int64_t i = 0; i < at; i++) {
            nearest = fmin(nearest, fabs(x - f->values[i]));
        }
        if (nearest > 4 * STEP) {
            return x;
        }
    }
}

static int32_t add_input(function *f, gan__shape shape)
{
    const int64_t start = f->starts[f->count], n = gan__shape_elements(shape);
    ck_assert_int_lt(f->count, INPUTS_MAX);
    ck_assert_int_le(start + n, ELEMENTS_MAX);
    for (int64_t i = start; i < start + n; i++) {
        f->values[i] = draw_apart(f, i);
    }
    const int32_t id = gan__leaf(&f->graph, 0, start, shape);
    f->starts[f->count + 1] = start + n;
    f->inputs[f->count++] = id;
    return id;
}

/* sum w tanh(y / 2), the weights w being numbers by chance that are no inputs */
static int32_t weigh(gan__graph *graph, int32_t y, uint32_t stream)
{
    const gan__distribution uniform = {GAN__UNIFORM, 0.5, 1.5};
    const int32_t w =
        gan__random_node(graph, uniform, stream, (gan__stack){0}, gan__node_shape(graph, y));
    const int32_t bent = gan__tanh(graph, gan__affine(graph, y, 0.5, 0));
    return gan__sum_all(graph, gan__multiply_nodes(graph, w, bent));
}

/* sum of squares of the gradient of s by all inputs */
static int32_t squared_gradient(function *f, int32_t s)
{
    int32_t grads[INPUTS_MAX];
    ck_assert_int_eq(gan__gradient(&f->graph, s, f->count, f->inputs, grads), GAN_OK);
    int32_t sum = gan__constant(&f->graph, 0, (gan__shape){0});
    for (int32_t i = 0; i < f->count; i++) {
        sum = gan__add(&f->graph, sum, gan__sum_all(&f->graph, gan__square(&f->graph, grads[i])));
    }
    return sum;
}

typedef struct {
    gan__plan *plan;
    real *workspace;
    int64_t elements; /* of the result */
} runner;

/* A plan that puts the nodes one after the other into slot 1. */
static runner runner_create(function *f, int32_t count, const int32_t *nodes)
{
    gan__output outputs[INPUTS_MAX];
    runner r = {0};
    for (int32_t i = 0; i < count; i++) {
        outputs[i] = (gan__output){nodes[i], 1, r.elements};
        r.elements += gan__shape_elements(gan__node_shape(&f->graph, nodes[i]));
    }
    ck_assert_msg(gan__plan_create(&f->graph, count, outputs, GAN__PLAN_FUSED, &r.plan) == GAN_OK,
                  "%s", gan_context_message(f->context));
    r.workspace = new_reals(gan__plan_workspace(r.plan));
    return r;
}

static void runner_run(const runner *r, const function *f, real *out)
{
    const gan__arguments arguments = {
        .slots = (real *[]){f->values, out}, .workspace = r->workspace, .seed = 5};
    gan__plan_run(r->plan, &arguments);
}

static void runner_free(runner *r)
{
    gan__plan_free(r->plan);
    free(r->workspace);
}

/* ds/dx[i] by central differences of fourth order. */
static double central(const runner *r, function *f, int64_t i)
{
    static const double at[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    const double x = f->values[i];
    double sum = 0;
    for (int32_t j = 0; j < 4; j++) {
        real s;
        f->values[i] = x + at[j] * STEP;
        runner_run(r, f, &s);
        sum += weight[j] * s;
    }
    f->values[i] = x;
    return sum / (12 * STEP);
}

/* The worst error of the gradient of scalar s by all inputs, relative to each element or to a
 * hundredth of the largest, whichever is larger. *largest: the largest element */
static double worst_error(function *f, int32_t s, double *largest)
{
    int32_t grads[INPUTS_MAX];
    ck_assert_int_eq(gan__gradient(&f->graph, s, f->count, f->inputs, grads), GAN_OK);
    for (int32_t i = 0; i < f->count; i++) {
        ck_assert(gan__shape_equal(gan__node_shape(&f->graph, grads[i]),
                                   gan__node_shape(&f->graph, f->inputs[i])));
    }
    runner value = runner_create(f, 1, &s);
    runner gradient = runner_create(f, f->count, grads);
    const int64_t n = f->starts[f->count];
    ck_assert_int_eq(gradient.elements, n);
    real *exact = new_reals(n), *differences = new_reals(n);
    runner_run(&gradient, f, exact);
    *largest = 0;
    for (int64_t i = 0; i < n; i++) {
        differences[i] = central(&value, f, i);
        *largest = fmax(*largest, fabs(differences[i]));
    }
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        const double error = fabs(exact[i] - differences[i]);
        const double relative = error / fmax(fabs(differences[i]), fmax(*largest / 100, 1e-6));
        worst = fmax(worst, isnan(relative) ? 1 : relative);
    }
    free(differences);
    free(exact);
    runner_free(&gradient);
    runner_free(&value);
    return worst;
}

/* ---- Both orders ---------------------------------------------------------------------------- */

static double worst_of_all;

/* Checks both orders for the function whose result is y; flat: whose gradient is zero. */
static inline void check_orders(function *f, int32_t y, const char *name, bool flat)
{
    ck_assert_msg(y >= 0, "%s: %s", name, gan_context_message(f->context));
    const int32_t s = weigh(&f->graph, y, 1);
    double largest, slope;
    const double first = worst_error(f, s, &largest);
    const double second = worst_error(f, squared_gradient(f, s), &slope);
    ck_assert_msg(first < WORST_ERROR, "%s: first order: error %g", name, first);
    ck_assert_msg(second < WORST_ERROR, "%s: second order: error %g", name, second);
    ck_assert_msg(flat ? largest < 1e-10 : largest > 1e-3, "%s: the largest slope is %g", name,
                  largest);
    ck_assert_msg(flat ? slope < 1e-10 : slope > 1e-5, "%s: the largest second slope is %g", name,
                  slope);
    worst_of_all = flat ? worst_of_all : fmax(worst_of_all, fmax(first, second));
}

#endif
