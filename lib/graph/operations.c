#include "graph/operations.h"

#include "kernel/convolution.h"
#include "kernel/gemm.h"
#include "kernel/move.h"
#include "kernel/pool.h"
#include "kernel/reduce.h"

#include <string.h>

_Static_assert((int)GAN__VIEW_RANK == (int)GAN__RANK_MAX, "views of every tensor");
_Static_assert((int)GAN__REDUCE_RANK == (int)GAN__RANK_MAX, "sums over every tensor");

static void run_pad(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                    const real *const *x, real *scratch, real *y)
{
    (void)scratch;
    (void)context;
    gan__view view = {.rank = node->shape.rank};
    int64_t stride = 1;
    for (int32_t i = view.rank - 1; i >= 0; i--) {
        view.dims[i] = input_shapes[0].dims[i];
        view.strides[i] = stride;
        view.offset += node->starts[i] * stride;
        stride *= node->shape.dims[i];
    }
    gan__view_simplify(&view);
    memset(y, 0, (size_t)gan__shape_elements(node->shape) * sizeof *y);
    gan__view_cursor first;
    gan__view_seek(&view, 0, &first);
    gan__view_write(&view, x[0], &first, gan__shape_elements(input_shapes[0]), y);
}

static void run_sum(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                    const real *const *x, real *scratch, real *y)
{
    (void)scratch;
    bool keep[GAN__RANK_MAX];
    for (int32_t i = 0; i < node->shape.rank; i++) {
        keep[i] = node->shape.dims[i] == input_shapes[0].dims[i];
    }
    gan__sum(context, node->shape.rank, input_shapes[0].dims, keep, x[0], y);
}

static void run_matmul(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                       const real *const *x, real *scratch, real *y)
{
    (void)scratch;
    const bool transpose_a = node->matmul.transpose_a;
    gan__gemm(context, transpose_a, node->matmul.transpose_b, node->shape.dims[0],
              node->shape.dims[1], input_shapes[0].dims[transpose_a ? 0 : 1], x[0], x[1], false, y);
}

/* x seen as [outer, k, inner] around the axis of a max operation. */
typedef struct {
    int64_t outer, k, inner;
} around;

static around around_axis(gan__shape shape, int32_t axis)
{
    around a = {1, shape.dims[axis], 1};
    for (int32_t i = 0; i < shape.rank; i++) {
        if (i < axis) {
            a.outer *= shape.dims[i];
        } else if (i > axis) {
            a.inner *= shape.dims[i];
        }
    }
    return a;
}

static void run_max_axis(gan_context *context, const gan__node *node,
                         const gan__shape *input_shapes, const real *const *x, real *scratch,
                         real *y)
{
    (void)scratch;
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum(context, a.outer, a.k, a.inner, x[0], y);
}

static void run_max_scatter(gan_context *context, const gan__node *node,
                            const gan__shape *input_shapes, const real *const *x, real *scratch,
                            real *y)
{
    (void)scratch;
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum_scatter(context, a.outer, a.k, a.inner, x[0], x[1], y);
}

static void run_max_gather(gan_context *context, const gan__node *node,
                           const gan__shape *input_shapes, const real *const *x, real *scratch,
                           real *y)
{
    (void)scratch;
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum_gather(context, a.outer, a.k, a.inner, x[0], x[1], y);
}

/* The sizes of a pooling of x to y. */
static gan__pooling pooling(const gan__node *node, gan__shape x, gan__shape y)
{
    return (gan__pooling){
        .planes = x.dims[0] * x.dims[1],
        .h = x.dims[2],
        .w = x.dims[3],
        .oh = y.dims[2],
        .ow = y.dims[3],
        .size = {node->window.size[0], node->window.size[1]},
        .stride = {node->window.stride[0], node->window.stride[1]},
    };
}

static void run_max_pool(gan_context *context, const gan__node *node,
                         const gan__shape *input_shapes, const real *const *x, real *scratch,
                         real *y)
{
    (void)scratch;
    const gan__pooling p = pooling(node, input_shapes[0], node->shape);
    gan__pool(context, &p, x[0], y);
}

static void run_max_pool_scatter(gan_context *context, const gan__node *node,
                                 const gan__shape *input_shapes, const real *const *x,
                                 real *scratch, real *y)
{
    (void)scratch;
    const gan__pooling p = pooling(node, input_shapes[0], input_shapes[1]);
    gan__pool_scatter(context, &p, x[0], x[1], y);
}

static void run_max_pool_gather(gan_context *context, const gan__node *node,
                                const gan__shape *input_shapes, const real *const *x, real *scratch,
                                real *y)
{
    (void)scratch;
    const gan__pooling p = pooling(node, input_shapes[0], node->shape);
    gan__pool_gather(context, &p, x[0], x[1], y);
}

/* The sizes of a convolution of x by kernels to y. */
static gan__convolution convolution(const gan__node *node, gan__shape x, gan__shape kernel,
                                    gan__shape y)
{
    return (gan__convolution){
        .n = x.dims[0],
        .c = x.dims[1],
        .h = x.dims[2],
        .w = x.dims[3],
        .o = kernel.dims[0],
        .kh = kernel.dims[2],
        .kw = kernel.dims[3],
        .oh = y.dims[2],
        .ow = y.dims[3],
        .stride = {node->window.stride[0], node->window.stride[1]},
        .pad = {node->window.pad[0], node->window.pad[1]},
    };
}

/* The same for a node of the three, whichever of x, kernel and y it makes. */
static gan__convolution convolution_of(const gan__node *node, const gan__shape *inputs)
{
    switch (node->op) {
    case GAN__CONVOLVE:
        return convolution(node, inputs[0], inputs[1], node->shape);
    case GAN__CONVOLVE_INPUT:
        return convolution(node, node->shape, inputs[1], inputs[0]);
    default:
        return convolution(node, inputs[0], node->shape, inputs[1]);
    }
}

static int64_t convolution_scratch(const gan__node *node, const gan__shape *input_shapes)
{
    const gan__convolution c = convolution_of(node, input_shapes);
    return gan__convolution_scratch(&c);
}

#define RUN_CONVOLUTION(name)                                                                   \
    static void run_##name(gan_context *context, const gan__node *node,                         \
                           const gan__shape *input_shapes, const real *const *x, real *scratch, \
                           real *y)                                                             \
    {                                                                                           \
        const gan__convolution c = convolution_of(node, input_shapes);                          \
        gan__##name(context, &c, x[0], x[1], scratch, y);                                       \
    }

RUN_CONVOLUTION(convolve)
RUN_CONVOLUTION(convolve_input)
RUN_CONVOLUTION(convolve_kernel)

gan__view gan__view_of(const gan__node *node, gan__shape input)
{
    gan__view view = {.rank = node->shape.rank};
    int64_t strides[GAN__RANK_MAX];
    int64_t stride = 1;
    for (int32_t i = input.rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= input.dims[i];
    }
    for (int32_t i = 0; i < view.rank; i++) {
        view.dims[i] = node->shape.dims[i];
        if (node->op == GAN__PERMUTE) {
            view.strides[i] = strides[node->axes[i]];
        } else if (node->op == GAN__SLICE) {
            view.strides[i] = strides[i];
            view.offset += node->starts[i] * strides[i];
        } else {
            view.strides[i] = input.dims[i] == 1 ? 0 : strides[i];
        }
    }
    gan__view_simplify(&view);
    return view;
}

/* clang-format off */
#define LEAF(title, kind) {.name = title, .class = kind, .shape = gan__shape_given}
#define ELEMENT(title, inputs)                                                      \
    {.name = #title, .class = GAN__CLASS_ELEMENT, .arity = inputs,                  \
     .shape = gan__shape_same, .gradient = gan__gradient_##title,                   \
     .element = gan__element_##title}
#define LOOK(title, kind)                                                           \
    {.name = #title, .class = kind, .arity = 1,                                     \
     .shape = gan__shape_##title, .gradient = gan__gradient_##title}
#define WHOLE(title, inputs, needs)                                                 \
    {.name = #title, .class = GAN__CLASS_WHOLE, .arity = inputs,                    \
     .shape = gan__shape_##title, .gradient = gan__gradient_##title,                \
     .whole = run_##title, .scratch = needs}
/* clang-format on */

/* The derivative of greater is zero. */
#define gan__gradient_greater NULL

const gan__operation gan__operations[GAN__OP_COUNT] = {
    [GAN__LEAF] = LEAF("leaf", GAN__CLASS_LEAF),
    [GAN__CONSTANT] = LEAF("constant", GAN__CLASS_FILL),
    [GAN__RANDOM] = LEAF("random", GAN__CLASS_FILL),
    [GAN__AFFINE] = ELEMENT(affine, 1),
    [GAN__EXP] = ELEMENT(exp, 1),
    [GAN__LOG] = ELEMENT(log, 1),
    [GAN__SQRT] = ELEMENT(sqrt, 1),
    [GAN__RECIPROCAL] = ELEMENT(reciprocal, 1),
    [GAN__TANH] = ELEMENT(tanh, 1),
    [GAN__SIGMOID] = ELEMENT(sigmoid, 1),
    [GAN__SOFTPLUS] = ELEMENT(softplus, 1),
    [GAN__ADD] = ELEMENT(add, 2),
    [GAN__SUBTRACT] = ELEMENT(subtract, 2),
    [GAN__MULTIPLY] = ELEMENT(multiply, 2),
    [GAN__MAXIMUM] = ELEMENT(maximum, 2),
    [GAN__GREATER] = ELEMENT(greater, 2),
    [GAN__RESHAPE] = LOOK(reshape, GAN__CLASS_ALIAS),
    [GAN__BROADCAST] = LOOK(broadcast, GAN__CLASS_VIEW),
    [GAN__PERMUTE] = LOOK(permute, GAN__CLASS_VIEW),
    [GAN__SLICE] = LOOK(slice, GAN__CLASS_VIEW),
    [GAN__PAD] = WHOLE(pad, 1, NULL),
    [GAN__SUM] = WHOLE(sum, 1, NULL),
    [GAN__MATMUL] = WHOLE(matmul, 2, NULL),
    [GAN__MAX_AXIS] = WHOLE(max_axis, 1, NULL),
    [GAN__MAX_SCATTER] = WHOLE(max_scatter, 2, NULL),
    [GAN__MAX_GATHER] = WHOLE(max_gather, 2, NULL),
    [GAN__MAX_POOL] = WHOLE(max_pool, 1, NULL),
    [GAN__MAX_POOL_SCATTER] = WHOLE(max_pool_scatter, 2, NULL),
    [GAN__MAX_POOL_GATHER] = WHOLE(max_pool_gather, 2, NULL),
    [GAN__CONVOLVE] = WHOLE(convolve, 2, convolution_scratch),
    [GAN__CONVOLVE_INPUT] = WHOLE(convolve_input, 2, convolution_scratch),
    [GAN__CONVOLVE_KERNEL] = WHOLE(convolve_kernel, 2, convolution_scratch),
};
