/* The gradient: reverse accumulation that appends nodes. */
#include "graph/graph.h"
#include "graph/operations.h"

/* ---- Rules: g is the gradient by node `id`; each returns the share of one input ------------- */

static const gan__node *node_of(const gan__graph *graph, int32_t id)
{
    return &graph->nodes[id];
}

static int32_t times(gan__graph *graph, int32_t a, int32_t b)
{
    return gan__multiply_nodes(graph, a, b);
}

int32_t gan__gradient_affine(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return gan__affine(graph, g, node_of(graph, id)->affine.scale, 0);
}

int32_t gan__gradient_exp(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return times(graph, g, id);
}

int32_t gan__gradient_log(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return gan__divide(graph, g, node_of(graph, id)->in[input]);
}

/* 1 / (2 sqrt x) */
int32_t gan__gradient_sqrt(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return gan__affine(graph, gan__divide(graph, g, id), 0.5, 0);
}

/* -1 / x^2 */
int32_t gan__gradient_reciprocal(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return gan__negate(graph, times(graph, g, gan__square(graph, id)));
}

/* 1 - tanh^2 */
int32_t gan__gradient_tanh(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return times(graph, g, gan__affine(graph, gan__square(graph, id), -1, 1));
}

/* s (1 - s) */
int32_t gan__gradient_sigmoid(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    return times(graph, g, times(graph, id, gan__affine(graph, id, -1, 1)));
}

int32_t gan__gradient_softplus(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return times(graph, g, gan__sigmoid(graph, node_of(graph, id)->in[input]));
}

int32_t gan__gradient_add(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)graph, (void)id, (void)input;
    return g;
}

int32_t gan__gradient_subtract(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)id;
    return input == 0 ? g : gan__negate(graph, g);
}

int32_t gan__gradient_multiply(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return times(graph, g, node_of(graph, id)->in[1 - input]);
}

/* All to the greater one; of equals, to b. */
int32_t gan__gradient_maximum(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const int32_t a = node_of(graph, id)->in[0], b = node_of(graph, id)->in[1];
    const int32_t first = gan__greater(graph, a, b);
    return times(graph, g, input == 0 ? first : gan__affine(graph, first, -1, 1));
}

int32_t gan__gradient_reshape(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return gan__reshape(graph, g, gan__node_shape(graph, node_of(graph, id)->in[input]));
}

int32_t gan__gradient_broadcast(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return gan__sum_to(graph, g, gan__node_shape(graph, node_of(graph, id)->in[input]));
}

int32_t gan__gradient_permute(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    (void)input;
    int32_t inverse[GAN__RANK_MAX];
    for (int32_t i = 0; i < node_of(graph, id)->shape.rank; i++) {
        inverse[node_of(graph, id)->axes[i]] = i;
    }
    return gan__permute(graph, g, inverse);
}

int32_t gan__gradient_slice(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node slice = *node_of(graph, id);
    return gan__pad(graph, g, slice.starts, gan__node_shape(graph, slice.in[input]));
}

int32_t gan__gradient_pad(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node pad = *node_of(graph, id);
    return gan__slice(graph, g, pad.starts, gan__node_shape(graph, pad.in[input]));
}

int32_t gan__gradient_sum(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    return gan__broadcast(graph, g, gan__node_shape(graph, node_of(graph, id)->in[input]));
}

/* For c = op(a) op(b): op(a)' = g op(b)^T and op(b)' = op(a)^T g, turned to the layout of the
 * stored a and b. */
int32_t gan__gradient_matmul(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node product = *node_of(graph, id);
    const bool ta = product.matmul.transpose_a, tb = product.matmul.transpose_b;
    const int32_t a = product.in[0], b = product.in[1];
    if (input == 0) {
        return ta ? gan__matmul(graph, b, tb, g, true) : gan__matmul(graph, g, false, b, !tb);
    }
    return tb ? gan__matmul(graph, g, true, a, ta) : gan__matmul(graph, a, !ta, g, false);
}

int32_t gan__gradient_max_axis(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node max = *node_of(graph, id);
    return gan__max_scatter(graph, max.in[input], g, max.axis);
}

/* The place of the maximum is a step function of a: only b has a share. */
int32_t gan__gradient_max_scatter(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node scatter = *node_of(graph, id);
    return input == 0 ? -1 : gan__max_gather(graph, scatter.in[0], g, scatter.axis);
}

int32_t gan__gradient_max_gather(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node gather = *node_of(graph, id);
    return input == 0 ? -1 : gan__max_scatter(graph, gather.in[0], g, gather.axis);
}

/* The same for windows. */
int32_t gan__gradient_max_pool(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node pool = *node_of(graph, id);
    return gan__max_pool_scatter(graph, pool.in[input], g, pool.window.size, pool.window.stride);
}

int32_t gan__gradient_max_pool_scatter(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node scatter = *node_of(graph, id);
    return input == 0 ? -1
                      : gan__max_pool_gather(graph, scatter.in[0], g, scatter.window.size,
                                             scatter.window.stride);
}

int32_t gan__gradient_max_pool_gather(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node gather = *node_of(graph, id);
    return input == 0 ? -1
                      : gan__max_pool_scatter(graph, gather.in[0], g, gather.window.size,
                                              gather.window.stride);
}

/* T(x, k, g) is linear in each of x, k and g: a derivative of one face is another face. In the
 * comments h is the gradient that arrives. */

/* y = T(x, k, .): by x T(., k, h), by k T(x, ., h) */
int32_t gan__gradient_convolve(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node n = *node_of(graph, id);
    const int64_t *stride = n.window.stride, *pad = n.window.pad;
    const gan__shape shape = gan__node_shape(graph, n.in[input]);
    return input == 0 ? gan__convolve_input_node(graph, g, n.in[1], stride, pad, shape)
                      : gan__convolve_kernel_node(graph, n.in[0], g, stride, pad, shape);
}

/* x' = T(., k, g): by g T(h, k, .), by k T(h, ., g) */
int32_t gan__gradient_convolve_input(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node n = *node_of(graph, id);
    const int64_t *stride = n.window.stride, *pad = n.window.pad;
    return input == 0 ? gan__convolve_node(graph, g, n.in[1], stride, pad)
                      : gan__convolve_kernel_node(graph, g, n.in[0], stride, pad,
                                                  gan__node_shape(graph, n.in[1]));
}

/* k' = T(x, ., g): by x T(., h, g), by g T(x, h, .) */
int32_t gan__gradient_convolve_kernel(gan__graph *graph, int32_t id, int32_t g, int32_t input)
{
    const gan__node n = *node_of(graph, id);
    const int64_t *stride = n.window.stride, *pad = n.window.pad;
    return input == 0 ? gan__convolve_input_node(graph, n.in[1], g, stride, pad,
                                                 gan__node_shape(graph, n.in[0]))
                      : gan__convolve_node(graph, n.in[0], g, stride, pad);
}

/* ---- The sweep ----------------------------------------------------------------------------- */

/* Marks the nodes up to y that depend on one of wrt. */
static void mark_dependent(const gan__graph *graph, int32_t y, int32_t count, const int32_t *wrt,
                           bool *dependent)
{
    for (int32_t i = 0; i < count; i++) {
        dependent[wrt[i]] = true;
    }
    for (int32_t id = 0; id <= y; id++) {
        for (int32_t i = 0; i < GAN__ARITY_MAX && node_of(graph, id)->in[i] >= 0; i++) {
            dependent[id] |= dependent[node_of(graph, id)->in[i]];
        }
    }
}

/* Adds the shares of one node's inputs to their gradients. grads: one id a node, -1 for zero */
static void propagate(gan__graph *graph, int32_t id, const bool *dependent, int32_t *grads)
{
    const gan__operation *operation = &gan__operations[node_of(graph, id)->op];
    for (int32_t i = 0; i < operation->arity && operation->gradient != NULL; i++) {
        const int32_t in = node_of(graph, id)->in[i];
        if (!dependent[in]) {
            continue;
        }
        const int32_t share = operation->gradient(graph, id, grads[id], i);
        if (share >= 0) {
            grads[in] = grads[in] < 0 ? share : gan__add(graph, grads[in], share);
        }
    }
}

static int32_t sweep(gan__graph *graph, int32_t y, int32_t count, const int32_t *wrt, int32_t *out,
                     bool *dependent, int32_t *grads)
{
    mark_dependent(graph, y, count, wrt, dependent);
    for (int32_t id = 0; id <= y; id++) {
        grads[id] = -1;
    }
    grads[y] = gan__constant(graph, 1, gan__node_shape(graph, y));
    for (int32_t id = y; id >= 0 && graph->status == GAN_OK; id--) {
        if (dependent[id] && grads[id] >= 0) {
            propagate(graph, id, dependent, grads);
        }
    }
    for (int32_t i = 0; i < count; i++) {
        const bool none = wrt[i] > y || grads[wrt[i]] < 0;
        out[i] = none ? gan__constant(graph, 0, gan__node_shape(graph, wrt[i])) : grads[wrt[i]];
    }
    return graph->status;
}

int32_t gan__gradient(gan__graph *graph, int32_t y, int32_t count, const int32_t *wrt, int32_t *out)
{
    if (graph->status != GAN_OK) {
        return graph->status;
    }
    bool valid = y >= 0 && y < graph->count && node_of(graph, y)->shape.rank == 0;
    int32_t last = y;
    for (int32_t i = 0; valid && i < count; i++) {
        valid = wrt[i] >= 0 && wrt[i] < graph->count;
        last = wrt[i] > last ? wrt[i] : last;
    }
    if (!valid) {
        return gan__graph_fail(graph, gan__fail(graph->context, GAN_ERROR_ARGUMENT,
                                                "gradient: of a scalar, by tensors of the graph"));
    }
    bool *dependent = gan__allocate(graph->context, (int64_t)last + 1, sizeof *dependent);
    int32_t *grads = gan__allocate(graph->context, (int64_t)last + 1, sizeof *grads);
    int32_t status = GAN_ERROR_MEMORY;
    if (dependent != NULL && grads != NULL) {
        status = sweep(graph, y, count, wrt, out, dependent, grads);
    }
    gan__release(graph->context, grads);
    gan__release(graph->context, dependent);
    return status == GAN_OK ? GAN_OK : gan__graph_fail(graph, status);
}
