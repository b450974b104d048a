/* Builders: one for each primitive, and the composites made of them. */
#include "graph/graph.h"
#include "graph/operations.h"

#include <string.h>

enum { NOT_FOLDED = INT32_MIN };

static int32_t unary(gan__graph *graph, gan__op op, int32_t x)
{
    return gan__push(graph, (gan__node){.op = op, .in = {x}});
}

/* Gives x the rank of `shape` by axes of length 1 in front, then repeats it to that shape. */
static int32_t expand(gan__graph *graph, int32_t x, gan__shape shape)
{
    gan__shape own = gan__node_shape(graph, x);
    if (own.rank < shape.rank) {
        gan__shape padded = shape;
        const int32_t missing = shape.rank - own.rank;
        for (int32_t i = 0; i < shape.rank; i++) {
            padded.dims[i] = i < missing ? 1 : own.dims[i - missing];
        }
        x = gan__reshape(graph, x, padded);
    }
    return gan__broadcast(graph, x, shape);
}

static bool is_constant(const gan__graph *graph, int32_t x)
{
    return x >= 0 && x < graph->count && graph->nodes[x].op == GAN__CONSTANT;
}

/* Whether a builder may hand x back as it is: it has this shape already, and nothing failed. */
static bool has_shape(const gan__graph *graph, int32_t x, gan__shape shape)
{
    return graph->status == GAN_OK && x >= 0 && x < graph->count &&
           gan__shape_equal(graph->nodes[x].shape, shape);
}

/* Pushes another look at in[0]. That of a constant is a constant, once its shape is checked. */
static int32_t look(gan__graph *graph, gan__node node)
{
    const int32_t id = gan__push(graph, node);
    if (id >= 0 && is_constant(graph, node.in[0])) {
        const double value = graph->nodes[node.in[0]].affine.shift;
        graph->nodes[id] = (gan__node){.op = GAN__CONSTANT,
                                       .in = {-1, -1, -1},
                                       .shape = graph->nodes[id].shape,
                                       .affine = {.shift = value}};
    }
    return id;
}

/* A sum, difference or product with a constant is an affine function of the other operand. */
static int32_t with_constant(gan__graph *graph, gan__op op, int32_t a, int32_t b)
{
    const int32_t x = is_constant(graph, b) ? a : b;
    const double c = graph->nodes[x == a ? b : a].affine.shift;
    switch (op) {
    case GAN__ADD:
        return gan__affine(graph, x, 1, c);
    case GAN__SUBTRACT:
        return gan__affine(graph, x, 1, -c);
    case GAN__MULTIPLY:
        return gan__affine(graph, x, c, 0);
    default:
        return NOT_FOLDED;
    }
}

static int32_t binary(gan__graph *graph, gan__op op, int32_t a, int32_t b)
{
    const gan__shape left = gan__node_shape(graph, a), right = gan__node_shape(graph, b);
    if (a >= 0 && b >= 0 && !gan__shape_equal(left, right)) {
        const gan__shape longer = left.rank >= right.rank ? left : right;
        gan__shape common = longer;
        for (int32_t i = 1; i <= longer.rank; i++) {
            const int64_t l = i <= left.rank ? left.dims[left.rank - i] : 1;
            const int64_t r = i <= right.rank ? right.dims[right.rank - i] : 1;
            common.dims[longer.rank - i] = l == 1 ? r : l;
        }
        a = expand(graph, a, common);
        b = expand(graph, b, common);
    }
    if (is_constant(graph, b) || (is_constant(graph, a) && op != GAN__SUBTRACT)) {
        const int32_t folded = with_constant(graph, op, a, b);
        if (folded != NOT_FOLDED) {
            return folded;
        }
    }
    return gan__push(graph, (gan__node){.op = op, .in = {a, b}});
}

int32_t gan__leaf(gan__graph *graph, int32_t slot, int64_t offset, gan__shape shape)
{
    return gan__push(graph, (gan__node){.op = GAN__LEAF, .shape = shape, .leaf = {slot, offset}});
}

int32_t gan__constant(gan__graph *graph, double value, gan__shape shape)
{
    return gan__push(graph,
                     (gan__node){.op = GAN__CONSTANT, .shape = shape, .affine = {.shift = value}});
}

int32_t gan__random_node(gan__graph *graph, gan__distribution distribution, uint32_t stream,
                         gan__stack stack, gan__shape shape)
{
    return gan__push(
        graph,
        (gan__node){.op = GAN__RANDOM, .shape = shape, .random = {distribution, stream, stack}});
}

int32_t gan__affine(gan__graph *graph, int32_t x, double scale, double shift)
{
    if (scale == 1 && shift == 0 && has_shape(graph, x, gan__node_shape(graph, x))) {
        return x;
    }
    return gan__push(graph, (gan__node){.op = GAN__AFFINE, .in = {x}, .affine = {scale, shift}});
}

int32_t gan__exp(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__EXP, x);
}

int32_t gan__log(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__LOG, x);
}

int32_t gan__sqrt(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__SQRT, x);
}

int32_t gan__reciprocal(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__RECIPROCAL, x);
}

int32_t gan__tanh(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__TANH, x);
}

int32_t gan__sigmoid(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__SIGMOID, x);
}

int32_t gan__softplus(gan__graph *graph, int32_t x)
{
    return unary(graph, GAN__SOFTPLUS, x);
}

int32_t gan__add(gan__graph *graph, int32_t a, int32_t b)
{
    return binary(graph, GAN__ADD, a, b);
}

int32_t gan__subtract(gan__graph *graph, int32_t a, int32_t b)
{
    return binary(graph, GAN__SUBTRACT, a, b);
}

int32_t gan__multiply_nodes(gan__graph *graph, int32_t a, int32_t b)
{
    return binary(graph, GAN__MULTIPLY, a, b);
}

int32_t gan__maximum_node(gan__graph *graph, int32_t a, int32_t b)
{
    return binary(graph, GAN__MAXIMUM, a, b);
}

int32_t gan__greater(gan__graph *graph, int32_t a, int32_t b)
{
    return binary(graph, GAN__GREATER, a, b);
}

int32_t gan__reshape(gan__graph *graph, int32_t x, gan__shape shape)
{
    if (has_shape(graph, x, shape)) {
        return x;
    }
    return look(graph, (gan__node){.op = GAN__RESHAPE, .in = {x}, .shape = shape});
}

int32_t gan__broadcast(gan__graph *graph, int32_t x, gan__shape shape)
{
    if (has_shape(graph, x, shape)) {
        return x;
    }
    return look(graph, (gan__node){.op = GAN__BROADCAST, .in = {x}, .shape = shape});
}

int32_t gan__permute(gan__graph *graph, int32_t x, const int32_t *axes)
{
    gan__node node = {.op = GAN__PERMUTE, .in = {x}};
    memcpy(node.axes, axes, (size_t)gan__node_shape(graph, x).rank * sizeof *axes);
    return gan__push(graph, node);
}

static int32_t block(gan__graph *graph, gan__op op, int32_t x, const int64_t *starts,
                     gan__shape shape)
{
    gan__node node = {.op = op, .in = {x}, .shape = shape};
    const int32_t rank = gan__node_shape(graph, x).rank;
    memcpy(node.starts, starts, (size_t)rank * sizeof *starts);
    bool moved = false;
    for (int32_t i = 0; i < rank; i++) {
        moved |= starts[i] != 0;
    }
    return !moved && has_shape(graph, x, shape) ? x : gan__push(graph, node);
}

int32_t gan__slice(gan__graph *graph, int32_t x, const int64_t *starts, gan__shape shape)
{
    return block(graph, GAN__SLICE, x, starts, shape);
}

int32_t gan__pad(gan__graph *graph, int32_t x, const int64_t *starts, gan__shape shape)
{
    return block(graph, GAN__PAD, x, starts, shape);
}

int32_t gan__sum_to(gan__graph *graph, int32_t x, gan__shape shape)
{
    if (has_shape(graph, x, shape)) {
        return x;
    }
    return gan__push(graph, (gan__node){.op = GAN__SUM, .in = {x}, .shape = shape});
}

int32_t gan__matmul(gan__graph *graph, int32_t a, bool transpose_a, int32_t b, bool transpose_b)
{
    return gan__push(
        graph, (gan__node){.op = GAN__MATMUL, .in = {a, b}, .matmul = {transpose_a, transpose_b}});
}

int32_t gan__max_axis(gan__graph *graph, int32_t x, int32_t axis)
{
    return gan__push(graph, (gan__node){.op = GAN__MAX_AXIS, .in = {x}, .axis = axis});
}

int32_t gan__max_scatter(gan__graph *graph, int32_t x, int32_t g, int32_t axis)
{
    return gan__push(graph, (gan__node){.op = GAN__MAX_SCATTER, .in = {x, g}, .axis = axis});
}

int32_t gan__max_gather(gan__graph *graph, int32_t x, int32_t h, int32_t axis)
{
    return gan__push(graph, (gan__node){.op = GAN__MAX_GATHER, .in = {x, h}, .axis = axis});
}

static int32_t pooling(gan__graph *graph, gan__op op, int32_t x, int32_t other,
                       const int64_t *window, const int64_t *stride)
{
    gan__node node = {.op = op, .in = {x, other}};
    memcpy(node.window.size, window, sizeof node.window.size);
    memcpy(node.window.stride, stride, sizeof node.window.stride);
    return gan__push(graph, node);
}

int32_t gan__max_pool(gan__graph *graph, int32_t x, const int64_t *window, const int64_t *stride)
{
    return pooling(graph, GAN__MAX_POOL, x, -1, window, stride);
}

int32_t gan__max_pool_scatter(gan__graph *graph, int32_t x, int32_t g, const int64_t *window,
                              const int64_t *stride)
{
    return pooling(graph, GAN__MAX_POOL_SCATTER, x, g, window, stride);
}

int32_t gan__max_pool_gather(gan__graph *graph, int32_t x, int32_t h, const int64_t *window,
                             const int64_t *stride)
{
    return pooling(graph, GAN__MAX_POOL_GATHER, x, h, window, stride);
}

static int32_t convolution(gan__graph *graph, gan__op op, int32_t a, int32_t b,
                           const int64_t *stride, const int64_t *pad, gan__shape shape)
{
    gan__node node = {.op = op, .in = {a, b}, .shape = shape};
    memcpy(node.window.stride, stride, sizeof node.window.stride);
    memcpy(node.window.pad, pad, sizeof node.window.pad);
    return gan__push(graph, node);
}

int32_t gan__convolve_node(gan__graph *graph, int32_t x, int32_t kernel, const int64_t *stride,
                           const int64_t *pad)
{
    return convolution(graph, GAN__CONVOLVE, x, kernel, stride, pad, (gan__shape){0});
}

int32_t gan__convolve_input_node(gan__graph *graph, int32_t g, int32_t kernel,
                                 const int64_t *stride, const int64_t *pad, gan__shape shape)
{
    return convolution(graph, GAN__CONVOLVE_INPUT, g, kernel, stride, pad, shape);
}

int32_t gan__convolve_kernel_node(gan__graph *graph, int32_t x, int32_t g, const int64_t *stride,
                                  const int64_t *pad, gan__shape shape)
{
    return convolution(graph, GAN__CONVOLVE_KERNEL, x, g, stride, pad, shape);
}

int32_t gan__negate(gan__graph *graph, int32_t x)
{
    return gan__affine(graph, x, -1, 0);
}

int32_t gan__square(gan__graph *graph, int32_t x)
{
    return gan__multiply_nodes(graph, x, x);
}

int32_t gan__divide(gan__graph *graph, int32_t a, int32_t b)
{
    return gan__multiply_nodes(graph, a, gan__reciprocal(graph, b));
}

int32_t gan__minimum_node(gan__graph *graph, int32_t a, int32_t b)
{
    return gan__negate(graph,
                       gan__maximum_node(graph, gan__negate(graph, a), gan__negate(graph, b)));
}

static int32_t zero_like(gan__graph *graph, int32_t x)
{
    return x < 0 ? x : gan__constant(graph, 0, gan__node_shape(graph, x));
}

int32_t gan__relu(gan__graph *graph, int32_t x)
{
    return gan__maximum_node(graph, x, zero_like(graph, x));
}

int32_t gan__leaky_relu(gan__graph *graph, int32_t x, double slope)
{
    /* Not 0 x: that is no number where x is infinite. */
    return slope == 0 ? gan__relu(graph, x)
                      : gan__maximum_node(graph, x, gan__affine(graph, x, slope, 0));
}

int32_t gan__concatenate(gan__graph *graph, int32_t a, int32_t b, int32_t axis)
{
    const gan__shape left = gan__node_shape(graph, a), right = gan__node_shape(graph, b);
    if (graph->status != GAN_OK || a < 0 || b < 0) {
        return graph->status != GAN_OK ? graph->status : a < 0 ? a : b;
    }
    bool fits = left.rank == right.rank && axis >= 0 && axis < left.rank;
    for (int32_t i = 0; fits && i < left.rank; i++) {
        fits = i == axis || left.dims[i] == right.dims[i];
    }
    if (!fits) {
        char first[GAN__SHAPE_TEXT], second[GAN__SHAPE_TEXT];
        return gan__graph_fail(graph, gan__fail(graph->context, GAN_ERROR_SHAPE,
                                                "concatenate: %s and %s do not fit along axis %d",
                                                gan__shape_text(left, first),
                                                gan__shape_text(right, second), (int)axis));
    }
    gan__shape whole = left;
    whole.dims[axis] += right.dims[axis];
    int64_t starts[GAN__RANK_MAX] = {0};
    const int32_t first = gan__pad(graph, a, starts, whole);
    starts[axis] = left.dims[axis];
    return gan__add(graph, first, gan__pad(graph, b, starts, whole));
}

int32_t gan__sum_all(gan__graph *graph, int32_t x)
{
    gan__shape ones = gan__node_shape(graph, x);
    for (int32_t i = 0; i < ones.rank; i++) {
        ones.dims[i] = 1;
    }
    return gan__reshape(graph, gan__sum_to(graph, x, ones), (gan__shape){0});
}

int32_t gan__mean_all(gan__graph *graph, int32_t x)
{
    const double elements = (double)gan__shape_elements(gan__node_shape(graph, x));
    return gan__affine(graph, gan__sum_all(graph, x), 1 / elements, 0);
}
