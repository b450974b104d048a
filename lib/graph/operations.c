#include "graph/operations.h"

#include "kernel/gemm.h"
#include "kernel/move.h"
#include "kernel/reduce.h"

#include <string.h>

_Static_assert((int)GAN__VIEW_RANK == (int)GAN__RANK_MAX, "views of every tensor");
_Static_assert((int)GAN__REDUCE_RANK == (int)GAN__RANK_MAX, "sums over every tensor");

static void run_pad(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                    const real *const *x, real *y)
{
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
    gan__view_write(&view, x[0], 0, gan__shape_elements(input_shapes[0]), y);
}

static void run_sum(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                    const real *const *x, real *y)
{
    bool keep[GAN__RANK_MAX];
    for (int32_t i = 0; i < node->shape.rank; i++) {
        keep[i] = node->shape.dims[i] == input_shapes[0].dims[i];
    }
    gan__sum(context, node->shape.rank, input_shapes[0].dims, keep, x[0], y);
}

static void run_matmul(gan_context *context, const gan__node *node, const gan__shape *input_shapes,
                       const real *const *x, real *y)
{
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
                         const gan__shape *input_shapes, const real *const *x, real *y)
{
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum(context, a.outer, a.k, a.inner, x[0], y);
}

static void run_max_scatter(gan_context *context, const gan__node *node,
                            const gan__shape *input_shapes, const real *const *x, real *y)
{
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum_scatter(context, a.outer, a.k, a.inner, x[0], x[1], y);
}

static void run_max_gather(gan_context *context, const gan__node *node,
                           const gan__shape *input_shapes, const real *const *x, real *y)
{
    const around a = around_axis(input_shapes[0], node->axis);
    gan__maximum_gather(context, a.outer, a.k, a.inner, x[0], x[1], y);
}

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

#define LEAF(name, class)                                  \
    {                                                      \
        name, class, 0, gan__shape_given, NULL, NULL, NULL \
    }
#define ELEMENT(name, arity, gradient)                                                         \
    {                                                                                          \
#name, GAN__CLASS_ELEMENT, arity, gan__shape_same, gradient, gan__element_##name, NULL \
    }
#define UNARY(name) ELEMENT(name, 1, gan__gradient_##name)
#define BINARY(name) ELEMENT(name, 2, gan__gradient_##name)
#define LOOK(name, class)                                                    \
    {                                                                        \
#name, class, 1, gan__shape_##name, gan__gradient_##name, NULL, NULL \
    }
#define WHOLE(name, arity)                                                                        \
    {                                                                                             \
#name, GAN__CLASS_WHOLE, arity, gan__shape_##name, gan__gradient_##name, NULL, run_##name \
    }

const gan__operation gan__operations[GAN__OP_COUNT] = {
    [GAN__LEAF] = LEAF("leaf", GAN__CLASS_LEAF),
    [GAN__CONSTANT] = LEAF("constant", GAN__CLASS_FILL),
    [GAN__RANDOM] = LEAF("random", GAN__CLASS_FILL),
    [GAN__AFFINE] = UNARY(affine),
    [GAN__EXP] = UNARY(exp),
    [GAN__LOG] = UNARY(log),
    [GAN__SQRT] = UNARY(sqrt),
    [GAN__RECIPROCAL] = UNARY(reciprocal),
    [GAN__TANH] = UNARY(tanh),
    [GAN__SIGMOID] = UNARY(sigmoid),
    [GAN__SOFTPLUS] = UNARY(softplus),
    [GAN__ADD] = BINARY(add),
    [GAN__SUBTRACT] = BINARY(subtract),
    [GAN__MULTIPLY] = BINARY(multiply),
    [GAN__MAXIMUM] = BINARY(maximum),
    [GAN__GREATER] = ELEMENT(greater, 2, NULL),
    [GAN__RESHAPE] = LOOK(reshape, GAN__CLASS_ALIAS),
    [GAN__BROADCAST] = LOOK(broadcast, GAN__CLASS_VIEW),
    [GAN__PERMUTE] = LOOK(permute, GAN__CLASS_VIEW),
    [GAN__SLICE] = LOOK(slice, GAN__CLASS_VIEW),
    [GAN__PAD] = WHOLE(pad, 1),
    [GAN__SUM] = WHOLE(sum, 1),
    [GAN__MATMUL] = WHOLE(matmul, 2),
    [GAN__MAX_AXIS] = WHOLE(max_axis, 1),
    [GAN__MAX_SCATTER] = WHOLE(max_scatter, 2),
    [GAN__MAX_GATHER] = WHOLE(max_gather, 2),
};
