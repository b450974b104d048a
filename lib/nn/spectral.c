/* Spectral normalisation: W divided by an estimate of its largest singular value, and the power
 * iteration that improves the estimate. */
#include "nn/network.h"

#include <string.h>

/* W as a matrix [units, weights that lead to a unit] */
typedef struct {
    int32_t node;
    bool transposed;
} matrix;

static int64_t units_of(const gan__transform *t)
{
    return t->weight.dims[t->unit_axis];
}

static matrix matrix_of(gan__graph *graph, const gan__transform *t, int32_t w)
{
    if (t->weight.rank == 2 && t->unit_axis == 1) {
        return (matrix){w, true}; /* without moving a number */
    }
    int32_t axes[GAN__RANK_MAX] = {t->unit_axis}, count = 1;
    for (int32_t i = 0; i < t->weight.rank; i++) {
        if (i != t->unit_axis) {
            axes[count++] = i;
        }
    }
    const int32_t first = t->unit_axis == 0 ? w : gan__permute(graph, w, axes);
    return (matrix){gan__reshape(graph, first, gan__shape_2(units_of(t), t->fan_in)), false};
}

/* W x or W' x of a column x */
static int32_t product(gan__graph *graph, matrix w, bool transpose, int32_t x)
{
    return gan__matmul(graph, w.node, w.transposed != transpose, x, false);
}

/* 1 where x is 0, else 0; of derivative 0 */
static int32_t is_zero(gan__graph *graph, int32_t x)
{
    const int32_t zero = gan__constant(graph, 0, (gan__shape){0});
    return gan__affine(graph, gan__greater(graph, gan__square(graph, x), zero), -1, 1);
}

/* ---- The weights in use -------------------------------------------------------------------- */

/* W / sigma, sigma = u' W v / (|u| |v|); W itself where sigma is 0. direction: u, then v */
static int32_t divided(gan__graph *graph, const gan__transform *t, int32_t w, int32_t direction)
{
    const int64_t units = units_of(t);
    const int32_t u =
        gan__reshape(graph, gan__slice(graph, direction, (int64_t[]){0}, gan__shape_1(units)),
                     gan__shape_2(units, 1));
    const int32_t v = gan__reshape(
        graph, gan__slice(graph, direction, (int64_t[]){units}, gan__shape_1(t->fan_in)),
        gan__shape_2(t->fan_in, 1));
    const int32_t wv = product(graph, matrix_of(graph, t, w), false, v);
    const int32_t along = gan__sum_all(graph, gan__multiply_nodes(graph, u, wv));
    const int32_t lengths =
        gan__multiply_nodes(graph, gan__sqrt(graph, gan__sum_all(graph, gan__square(graph, u))),
                            gan__sqrt(graph, gan__sum_all(graph, gan__square(graph, v))));
    const int32_t sigma =
        gan__divide(graph, along, gan__add(graph, lengths, is_zero(graph, lengths)));
    return gan__divide(graph, w, gan__add(graph, sigma, is_zero(graph, sigma)));
}

void gan__network_spectral_weights(const gan_network *network, gan__graph *graph,
                                   const int32_t *parameters, int32_t *used)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        used[i] = parameters[i];
    }
    for (int32_t i = 0; i < network->transform_count; i++) {
        const gan__transform *t = &network->transforms[i];
        const int32_t direction = gan__transform_tensor(t, GAN__PART_DIRECTION);
        if (direction >= 0) {
            used[t->parameter] = divided(graph, t, parameters[t->parameter], parameters[direction]);
        }
    }
}

/* Runs a plan of W / sigma from the parameters to their copy. count: of the spectral norms */
static int32_t divide_weights(const gan_network *network, int32_t count, real *values)
{
    gan_context *context = network->context;
    int32_t *nodes = gan__allocate(context, 2 * (int64_t)network->parameter_count, sizeof *nodes);
    gan__output *outputs = gan__allocate(context, count, sizeof *outputs);
    gan__graph graph = gan__graph_create(context);
    gan__plan *plan = NULL;
    real *workspace = NULL;
    int32_t status = nodes != NULL && outputs != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        int32_t *used = nodes + network->parameter_count, made = 0;
        gan__network_leaves(network, &graph, 0, nodes);
        gan__network_spectral_weights(network, &graph, nodes, used);
        for (int32_t i = 0; i < network->transform_count; i++) {
            const gan__transform *t = &network->transforms[i];
            if (t->spectral) {
                outputs[made++] = (gan__output){used[t->parameter], 1, t->offset};
            }
        }
        status = gan__plan_create(&graph, count, outputs, GAN__PLAN_FUSED, &plan);
    }
    if (status == GAN_OK) {
        workspace = gan__allocate(context, gan__plan_workspace(plan), sizeof *workspace);
        status = workspace != NULL ? GAN_OK : GAN_ERROR_MEMORY;
    }
    if (status == GAN_OK) {
        gan__plan_run(plan, &(gan__arguments){.slots = (real *[]){network->values, values},
                                              .workspace = workspace});
    }
    gan__release(context, workspace);
    gan__plan_free(plan);
    gan__graph_free(&graph);
    gan__release(context, outputs);
    gan__release(context, nodes);
    return status;
}

int32_t gan__network_effective(const gan_network *network, real *values)
{
    memcpy(values, network->values, (size_t)network->elements * sizeof *values);
    int32_t count = 0;
    for (int32_t i = 0; i < network->transform_count; i++) {
        count += network->transforms[i].spectral;
    }
    return count > 0 ? divide_weights(network, count, values) : GAN_OK;
}

/* ---- Power iteration ----------------------------------------------------------------------- */

enum { SLOT_BEFORE, SLOT_AFTER }; /* bound to one array */

/* x / |x|, or what was there before where x is 0 */
static int32_t unit_vector(gan__graph *graph, int32_t x, int32_t before)
{
    const int32_t length = gan__sqrt(graph, gan__sum_all(graph, gan__square(graph, x)));
    const int32_t none = is_zero(graph, length);
    const int32_t unit = gan__divide(graph, x, gan__add(graph, length, none));
    return gan__add(graph, unit, gan__multiply_nodes(graph, none, before));
}

/* v = W' u / |W' u|, u = W v / |W v|. The first product has read u before it is written. */
static void add_round(const gan_network *network, const gan__transform *t, gan__graph *graph,
                      gan__output *outputs)
{
    const int32_t direction = gan__transform_tensor(t, GAN__PART_DIRECTION);
    const int64_t units = units_of(t), at = network->parameters[direction].offset;
    const int32_t w = gan__leaf(graph, SLOT_BEFORE, t->offset, t->weight);
    const int32_t u = gan__leaf(graph, SLOT_BEFORE, at, gan__shape_2(units, 1));
    const int32_t v = gan__leaf(graph, SLOT_BEFORE, at + units, gan__shape_2(t->fan_in, 1));
    const matrix m = matrix_of(graph, t, w);
    const int32_t new_v = unit_vector(graph, product(graph, m, true, u), v);
    const int32_t new_u = unit_vector(graph, product(graph, m, false, new_v), u);
    outputs[0] = (gan__output){new_v, SLOT_AFTER, at + units};
    outputs[1] = (gan__output){new_u, SLOT_AFTER, at};
}

int32_t gan__direction_plan(const gan_network *network, bool all, gan__plan **out)
{
    gan_context *context = network->context;
    *out = NULL;
    gan__output *outputs =
        gan__allocate(context, 2 * (int64_t)network->transform_count, sizeof *outputs);
    if (outputs == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__graph graph = gan__graph_create(context);
    int32_t count = 0, status = GAN_OK;
    for (int32_t i = 0; i < network->transform_count; i++) {
        const gan__transform *t = &network->transforms[i];
        const int32_t direction = gan__transform_tensor(t, GAN__PART_DIRECTION);
        const bool frozen = direction >= 0 && (network->parameters[direction].frozen ||
                                               network->parameters[t->parameter].frozen);
        if (direction >= 0 && (all || !frozen)) {
            add_round(network, t, &graph, outputs + count);
            count += 2;
        }
    }
    if (count > 0) {
        status = gan__plan_create(&graph, count, outputs, GAN__PLAN_FUSED, out);
    }
    gan__graph_free(&graph);
    gan__release(context, outputs);
    return status;
}
