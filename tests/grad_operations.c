/* The gradient of every operation against central differences, first and second order, in double:
 * see gradient.h. Every row of gan__operations must have a case. */
#include "gradient.h"

#include "graph/operations.h"

#include <stdio.h>

/* ---- The cases ------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    gan__op op;
    int32_t (*build)(gan__graph *graph, const int32_t *in);
    double low, high;
    gan__shape inputs[3]; /* rank -1 ends the list */
    bool flat;            /* the gradient is zero */
} test_case;

#define BUILD(name, expression)                                   \
    static int32_t build_##name(gan__graph *g, const int32_t *in) \
    {                                                             \
        (void)g;                                                  \
        return expression;                                        \
    }
#define DIMS(...) ((const int64_t[]){__VA_ARGS__})
#define AXES(...) ((const int32_t[]){__VA_ARGS__})
#define SHAPE(rank, ...) gan__shape_of(rank, DIMS(__VA_ARGS__))
static const gan__distribution draw = {GAN__UNIFORM, 0.5, 2};

BUILD(leaf, in[0])
BUILD(constant, gan__maximum_node(g, in[0], gan__constant(g, COMPARED, gan__node_shape(g, in[0]))))
BUILD(random,
      gan__multiply_nodes(g, in[0], gan__random_node(g, draw, 9, (gan__stack){0}, SHAPE(2, 3, 4))))
BUILD(random_stacked,
      gan__multiply_nodes(g, in[0],
                          gan__random_node(g, draw, 9, (gan__stack){1, 2}, SHAPE(2, 4, 3))))
BUILD(affine, gan__affine(g, in[0], -1.7, 0.4))
BUILD(affine_zero, gan__affine(g, in[0], 0, 0.4))
BUILD(exp, gan__exp(g, in[0]))
BUILD(log, gan__log(g, in[0]))
BUILD(sqrt, gan__sqrt(g, in[0]))
BUILD(reciprocal, gan__reciprocal(g, in[0]))
BUILD(tanh, gan__tanh(g, in[0]))
BUILD(sigmoid, gan__sigmoid(g, in[0]))
BUILD(softplus, gan__softplus(g, in[0]))
BUILD(add, gan__add(g, in[0], in[1]))
BUILD(add_self, gan__add(g, in[0], in[0]))
BUILD(add_constant, gan__tanh(g, gan__add(g, gan__constant(g, 2, SHAPE(1, 3)), in[0])))
BUILD(subtract, gan__subtract(g, in[0], in[1]))
BUILD(subtract_self, gan__add(g, gan__subtract(g, in[0], in[0]), in[0]))
BUILD(subtract_constant, gan__tanh(g, gan__subtract(g, in[0], gan__constant(g, 2, SHAPE(1, 3)))))
BUILD(constant_subtract, gan__tanh(g, gan__subtract(g, gan__constant(g, 2, SHAPE(1, 3)), in[0])))
BUILD(multiply, gan__multiply_nodes(g, in[0], in[1]))
BUILD(multiply_self, gan__multiply_nodes(g, in[0], in[0]))
BUILD(multiply_constant, gan__multiply_nodes(g, gan__constant(g, 3, SHAPE(1, 3)), in[0]))
BUILD(maximum, gan__maximum_node(g, in[0], in[1]))
BUILD(greater, gan__greater(g, in[0], in[1]))
BUILD(greater_gate, gan__multiply_nodes(g, in[0], gan__greater(g, in[0], in[1])))
BUILD(reshape, gan__reshape(g, in[0], SHAPE(2, 4, 6)))
BUILD(reshape_scalar, gan__reshape(g, in[0], SHAPE(3, 1, 1, 1)))
BUILD(reshape_to_scalar, gan__reshape(g, in[0], (gan__shape){0}))
BUILD(broadcast_first, gan__broadcast(g, in[0], SHAPE(2, 4, 3)))
BUILD(broadcast_last, gan__broadcast(g, in[0], SHAPE(2, 3, 4)))
BUILD(broadcast_both, gan__broadcast(g, in[0], SHAPE(3, 2, 3, 4)))
BUILD(broadcast_six, gan__broadcast(g, in[0], SHAPE(6, 2, 2, 3, 2, 2, 2)))
BUILD(permute_two, gan__permute(g, in[0], AXES(1, 0)))
BUILD(permute_same, gan__permute(g, in[0], AXES(0, 1)))
BUILD(permute_turn, gan__permute(g, in[0], AXES(2, 0, 1)))
BUILD(permute_six, gan__permute(g, in[0], AXES(5, 3, 0, 2, 4, 1)))
BUILD(permute_scalar, gan__permute(g, in[0], AXES(0)))
BUILD(slice_first, gan__slice(g, in[0], DIMS(1, 0), SHAPE(2, 2, 4)))
BUILD(slice_last, gan__slice(g, in[0], DIMS(0, 1), SHAPE(2, 3, 2)))
BUILD(slice_one, gan__slice(g, in[0], DIMS(2, 3), SHAPE(2, 1, 1)))
BUILD(slice_six, gan__slice(g, in[0], DIMS(1, 0, 1, 0, 1, 0), SHAPE(6, 1, 2, 2, 1, 1, 1)))
BUILD(pad_first, gan__pad(g, in[0], DIMS(1, 0), SHAPE(2, 5, 4)))
BUILD(pad_last, gan__pad(g, in[0], DIMS(0, 2), SHAPE(2, 3, 7)))
BUILD(pad_both, gan__pad(g, in[0], DIMS(1, 1), SHAPE(2, 5, 6)))
BUILD(pad_one, gan__pad(g, in[0], DIMS(2), SHAPE(1, 4)))
BUILD(pad_six, gan__pad(g, in[0], DIMS(0, 1, 0, 0, 1, 0), SHAPE(6, 2, 2, 1, 2, 3, 1)))
BUILD(matmul, gan__matmul(g, in[0], false, in[1], false))
BUILD(matmul_ta, gan__matmul(g, in[0], true, in[1], false))
BUILD(matmul_tb, gan__matmul(g, in[0], false, in[1], true))
BUILD(matmul_tab, gan__matmul(g, in[0], true, in[1], true))
BUILD(matmul_self, gan__matmul(g, in[0], false, in[0], false))
BUILD(matmul_gram, gan__matmul(g, in[0], true, in[0], false))
BUILD(max_0, gan__max_axis(g, in[0], 0))
BUILD(max_1, gan__max_axis(g, in[0], 1))
BUILD(max_2, gan__max_axis(g, in[0], 2))
BUILD(max_5, gan__max_axis(g, in[0], 5))
BUILD(scatter_0, gan__max_scatter(g, in[0], in[1], 0))
BUILD(scatter_1, gan__max_scatter(g, in[0], in[1], 1))
BUILD(scatter_2, gan__max_scatter(g, in[0], in[1], 2))
BUILD(gather_0, gan__max_gather(g, in[0], in[1], 0))
BUILD(gather_1, gan__max_gather(g, in[0], in[1], 1))
BUILD(gather_2, gan__max_gather(g, in[0], in[1], 2))
BUILD(gather_self, gan__max_gather(g, in[0], gan__tanh(g, in[0]), 1))

/* The convolution of images [n, 2, h, w] with kernels [3, 2, kh, kw], strides sy and sx and padding
 * py and px, and its gradients by either, which are operations, too. */
#define CONVOLVE(name, n, h, w, kh, kw, sy, sx, py, px)                                         \
    BUILD(convolve_##name, gan__convolve_node(g, in[0], in[1], DIMS(sy, sx), DIMS(py, px)))     \
    BUILD(input_##name, gan__convolve_input_node(g, in[0], in[1], DIMS(sy, sx), DIMS(py, px),   \
                                                 SHAPE(4, n, 2, h, w)))                         \
    BUILD(kernel_##name, gan__convolve_kernel_node(g, in[0], in[1], DIMS(sy, sx), DIMS(py, px), \
                                                   SHAPE(4, 3, 2, kh, kw)))
CONVOLVE(plain, 2, 5, 4, 3, 2, 1, 1, 0, 0)
CONVOLVE(padded, 2, 5, 4, 3, 3, 1, 1, 1, 2)
CONVOLVE(strided, 2, 5, 4, 4, 4, 2, 2, 1, 1)
CONVOLVE(apart, 2, 5, 4, 1, 1, 3, 2, 0, 0)
CONVOLVE(uneven, 2, 4, 6, 2, 3, 1, 2, 1, 2)
CONVOLVE(one, 1, 1, 1, 1, 1, 1, 1, 0, 0)
CONVOLVE(one_kernel_1, 1, 3, 4, 1, 1, 1, 1, 0, 0)
CONVOLVE(one_plain, 1, 5, 4, 3, 2, 1, 1, 0, 0)
CONVOLVE(one_whole, 1, 3, 5, 3, 5, 1, 1, 0, 0)
CONVOLVE(one_odd, 1, 7, 5, 3, 3, 2, 2, 1, 1)
CONVOLVE(one_apart, 1, 5, 7, 2, 2, 3, 4, 1, 1)
CONVOLVE(one_uneven, 1, 5, 7, 3, 2, 2, 3, 2, 0)

/* The three poolings of windows ky x kx that stand sy and sx apart. */
#define POOL(name, ky, kx, sy, sx)                                                                 \
    BUILD(pool_##name, gan__max_pool(g, in[0], DIMS(ky, kx), DIMS(sy, sx)))                        \
    BUILD(pool_scatter_##name, gan__max_pool_scatter(g, in[0], in[1], DIMS(ky, kx), DIMS(sy, sx))) \
    BUILD(pool_gather_##name, gan__max_pool_gather(g, in[0], in[1], DIMS(ky, kx), DIMS(sy, sx)))
POOL(one, 1, 1, 1, 1)
POOL(two, 2, 2, 2, 2)
POOL(three, 3, 3, 2, 2)
POOL(four, 4, 4, 2, 2)
POOL(apart, 2, 1, 3, 2)
POOL(oblong, 2, 3, 1, 2)
POOL(vast, 7, 9, 2, 1)
BUILD(pool_gather_self, gan__max_pool_gather(g, in[0], gan__tanh(g, in[0]), DIMS(3, 3), DIMS(2, 2)))
BUILD(pool_twice,
      gan__max_pool(g, gan__max_pool(g, in[0], DIMS(2, 2), DIMS(1, 1)), DIMS(3, 2), DIMS(2, 2)))
BUILD(negate, gan__negate(g, in[0]))
BUILD(square, gan__square(g, in[0]))
BUILD(divide, gan__divide(g, in[0], in[1]))
BUILD(minimum, gan__minimum_node(g, in[0], in[1]))
BUILD(relu, gan__relu(g, in[0]))
BUILD(leaky, gan__leaky_relu(g, in[0], 0.2))
BUILD(concatenate_0, gan__concatenate(g, in[0], in[1], 0))
BUILD(concatenate_1, gan__concatenate(g, in[0], in[1], 1))
BUILD(concatenate_2, gan__concatenate(g, in[0], in[1], 2))
BUILD(sum_all, gan__sum_all(g, in[0]))
BUILD(mean_all, gan__mean_all(g, in[0]))

/* clang-format off */
#define END {-1, {0}}
#define ONE(rank, ...) {{rank, {__VA_ARGS__}}, END, END}
#define S0 {0, {0}}
#define S3 {1, {3}}
#define S24 {2, {2, 4}}
#define S34 {2, {3, 4}}
#define S43 {2, {4, 3}}
#define S234 {3, {2, 3, 4}}
#define S6 {6, {2, 2, 3, 2, 2, 1}}
#define CASE(name, op, low, high, ...) {#name, op, build_##name, low, high, {__VA_ARGS__}, false}
#define CONVOLVED(name, n, h, w, kh, kw, oh, ow)                                                        \
    CASE(convolve_##name, GAN__CONVOLVE, -1, 1, {4, {n, 2, h, w}}, {4, {3, 2, kh, kw}}, END),           \
    CASE(input_##name, GAN__CONVOLVE_INPUT, -1, 1, {4, {n, 3, oh, ow}}, {4, {3, 2, kh, kw}}, END),      \
    CASE(kernel_##name, GAN__CONVOLVE_KERNEL, -1, 1, {4, {n, 2, h, w}}, {4, {n, 3, oh, ow}}, END)
#define POOLED(name, n, c, h, w, oh, ow)                                                         \
    CASE(pool_##name, GAN__MAX_POOL, -1, 1, {4, {n, c, h, w}}, END, END),                        \
    CASE(pool_scatter_##name, GAN__MAX_POOL_SCATTER, -1, 1, {4, {n, c, h, w}}, {4, {n, c, oh, ow}}, END), \
    CASE(pool_gather_##name, GAN__MAX_POOL_GATHER, -1, 1, {4, {n, c, h, w}}, {4, {n, c, h, w}}, END)
/* clang-format on */

static const test_case cases[] = {
    CASE(leaf, GAN__LEAF, -1, 1, S6, END, END),
    CASE(constant, GAN__CONSTANT, -1, 1, S34, END, END),
    CASE(random, GAN__RANDOM, -1, 1, S34, END, END),
    CASE(random_stacked, GAN__RANDOM, -1, 1, S43, END, END),
    CASE(affine, GAN__AFFINE, -1, 1, S234, END, END),
    {"affine by zero", GAN__AFFINE, build_affine_zero, -1, 1, ONE(1, 3), true},
    CASE(exp, GAN__EXP, -1, 1, S34, END, END),
    CASE(log, GAN__LOG, 0.5, 3, S34, END, END),
    CASE(sqrt, GAN__SQRT, 0.5, 3, S34, END, END),
    CASE(reciprocal, GAN__RECIPROCAL, -3, -0.5, S34, END, END),
    CASE(tanh, GAN__TANH, -2, 2, S34, END, END),
    CASE(sigmoid, GAN__SIGMOID, -3, 3, S34, END, END),
    CASE(softplus, GAN__SOFTPLUS, -3, 3, S34, END, END),
    CASE(exp, GAN__EXP, -1, 1, S0, END, END),
    CASE(add, GAN__ADD, -1, 1, S234, S234, END),
    CASE(add, GAN__ADD, -1, 1, S234, {2, {3, 1}}, END),
    CASE(add, GAN__ADD, -1, 1, S0, S34, END),
    CASE(add_self, GAN__ADD, -1, 1, S34, END, END),
    CASE(add_constant, GAN__AFFINE, -1, 1, S3, END, END),
    CASE(subtract, GAN__SUBTRACT, -1, 1, S6, S6, END),
    CASE(subtract, GAN__SUBTRACT, -1, 1, {3, {2, 1, 4}}, {2, {3, 1}}, END),
    CASE(subtract_self, GAN__SUBTRACT, -1, 1, S34, END, END),
    CASE(subtract_constant, GAN__AFFINE, -1, 1, S3, END, END),
    CASE(constant_subtract, GAN__SUBTRACT, -1, 1, S3, END, END),
    CASE(multiply, GAN__MULTIPLY, -1, 1, S234, S234, END),
    CASE(multiply, GAN__MULTIPLY, -1, 1, {1, {4}}, {3, {2, 3, 1}}, END),
    CASE(multiply, GAN__MULTIPLY, -1, 1, S6, S0, END),
    CASE(multiply_self, GAN__MULTIPLY, -1, 1, S34, END, END),
    CASE(multiply_constant, GAN__AFFINE, -1, 1, S3, END, END),
    CASE(maximum, GAN__MAXIMUM, -1, 1, S234, S234, END),
    CASE(maximum, GAN__MAXIMUM, -1, 1, S234, {2, {3, 1}}, END),
    CASE(maximum, GAN__MAXIMUM, -1, 1, S0, S34, END),
    {"greater", GAN__GREATER, build_greater, -1, 1, {S34, S34, END}, true},
    CASE(greater_gate, GAN__GREATER, -1, 1, S234, {1, {4}}, END),
    CASE(reshape, GAN__RESHAPE, -1, 1, S234, END, END),
    CASE(reshape_scalar, GAN__RESHAPE, -1, 1, S0, END, END),
    CASE(reshape_to_scalar, GAN__RESHAPE, -1, 1, {6, {1, 1, 1, 1, 1, 1}}, END, END),
    CASE(broadcast_first, GAN__BROADCAST, -1, 1, {2, {1, 3}}, END, END),
    CASE(broadcast_last, GAN__BROADCAST, -1, 1, {2, {3, 1}}, END, END),
    CASE(broadcast_both, GAN__BROADCAST, -1, 1, {3, {1, 3, 1}}, END, END),
    CASE(broadcast_six, GAN__BROADCAST, -1, 1, {6, {2, 1, 3, 1, 1, 2}}, END, END),
    CASE(permute_two, GAN__PERMUTE, -1, 1, S34, END, END),
    CASE(permute_same, GAN__PERMUTE, -1, 1, S34, END, END),
    CASE(permute_turn, GAN__PERMUTE, -1, 1, S234, END, END),
    CASE(permute_six, GAN__PERMUTE, -1, 1, {6, {2, 3, 1, 2, 2, 2}}, END, END),
    CASE(permute_scalar, GAN__PERMUTE, -1, 1, S0, END, END),
    CASE(slice_first, GAN__SLICE, -1, 1, S34, END, END),
    CASE(slice_last, GAN__SLICE, -1, 1, S34, END, END),
    CASE(slice_one, GAN__SLICE, -1, 1, S34, END, END),
    CASE(slice_six, GAN__SLICE, -1, 1, S6, END, END),
    CASE(pad_first, GAN__PAD, -1, 1, S34, END, END),
    CASE(pad_last, GAN__PAD, -1, 1, S34, END, END),
    CASE(pad_both, GAN__PAD, -1, 1, S34, END, END),
    CASE(pad_one, GAN__PAD, -1, 1, {1, {1}}, END, END),
    CASE(pad_six, GAN__PAD, -1, 1, {6, {2, 1, 1, 2, 2, 1}}, END, END),
    CASE(matmul, GAN__MATMUL, -1, 1, S34, {2, {4, 5}}, END),
    CASE(matmul_ta, GAN__MATMUL, -1, 1, S43, {2, {4, 5}}, END),
    CASE(matmul_tb, GAN__MATMUL, -1, 1, S34, {2, {5, 4}}, END),
    CASE(matmul_tab, GAN__MATMUL, -1, 1, S43, {2, {5, 4}}, END),
    CASE(matmul, GAN__MATMUL, -1, 1, {2, {1, 1}}, {2, {1, 6}}, END),
    CASE(matmul_tb, GAN__MATMUL, -1, 1, {2, {6, 1}}, {2, {2, 1}}, END),
    CASE(matmul_self, GAN__MATMUL, -1, 1, {2, {3, 3}}, END, END),
    CASE(matmul_gram, GAN__MATMUL, -1, 1, S34, END, END),
    CASE(max_0, GAN__MAX_AXIS, -1, 1, S234, END, END),
    CASE(max_1, GAN__MAX_AXIS, -1, 1, S234, END, END),
    CASE(max_2, GAN__MAX_AXIS, -1, 1, S234, END, END),
    CASE(max_1, GAN__MAX_AXIS, -1, 1, {2, {5, 1}}, END, END),
    CASE(max_5, GAN__MAX_AXIS, -1, 1, {6, {2, 1, 2, 1, 2, 3}}, END, END),
    CASE(scatter_0, GAN__MAX_SCATTER, -1, 1, S234, {3, {1, 3, 4}}, END),
    CASE(scatter_1, GAN__MAX_SCATTER, -1, 1, S234, {3, {2, 1, 4}}, END),
    CASE(scatter_2, GAN__MAX_SCATTER, -1, 1, S234, {3, {2, 3, 1}}, END),
    CASE(gather_0, GAN__MAX_GATHER, -1, 1, S234, S234, END),
    CASE(gather_1, GAN__MAX_GATHER, -1, 1, S234, S234, END),
    CASE(gather_2, GAN__MAX_GATHER, -1, 1, S234, S234, END),
    CASE(gather_self, GAN__MAX_GATHER, -1, 1, S34, END, END),
    CONVOLVED(plain, 2, 5, 4, 3, 2, 3, 3),
    CONVOLVED(padded, 2, 5, 4, 3, 3, 5, 6),
    CONVOLVED(strided, 2, 5, 4, 4, 4, 2, 2),
    CONVOLVED(apart, 2, 5, 4, 1, 1, 2, 2),
    CONVOLVED(uneven, 2, 4, 6, 2, 3, 5, 4),
    CONVOLVED(one, 1, 1, 1, 1, 1, 1, 1),
    CONVOLVED(one_kernel_1, 1, 3, 4, 1, 1, 3, 4),
    CONVOLVED(one_plain, 1, 5, 4, 3, 2, 3, 3),
    CONVOLVED(one_whole, 1, 3, 5, 3, 5, 1, 1),
    CONVOLVED(one_odd, 1, 7, 5, 3, 3, 4, 3),
    CONVOLVED(one_apart, 1, 5, 7, 2, 2, 2, 2),
    CONVOLVED(one_uneven, 1, 5, 7, 3, 2, 4, 2),
    POOLED(one, 2, 1, 3, 4, 3, 4),
    POOLED(one, 1, 1, 1, 1, 1, 1),
    POOLED(two, 1, 2, 5, 3, 3, 2),
    POOLED(two, 2, 2, 4, 4, 2, 2),
    POOLED(three, 1, 2, 7, 6, 3, 3),
    POOLED(three, 2, 1, 4, 7, 2, 3),
    POOLED(four, 1, 1, 9, 7, 4, 3),
    POOLED(four, 2, 1, 6, 5, 2, 2),
    POOLED(apart, 2, 2, 5, 5, 2, 3),
    POOLED(apart, 1, 3, 7, 4, 3, 2),
    POOLED(oblong, 2, 1, 4, 6, 3, 3),
    POOLED(vast, 2, 2, 3, 4, 1, 1),
    POOLED(vast, 1, 1, 8, 4, 2, 1),
    CASE(pool_gather_self, GAN__MAX_POOL_GATHER, -1, 1, {4, {1, 2, 5, 6}}, END, END),
    CASE(pool_twice, GAN__MAX_POOL, -1, 1, {4, {1, 2, 6, 5}}, END, END),
    CASE(negate, GAN__AFFINE, -1, 1, S34, END, END),
    CASE(square, GAN__MULTIPLY, -1, 1, S34, END, END),
    CASE(divide, GAN__RECIPROCAL, 0.5, 2, S34, {1, {4}}, END),
    CASE(minimum, GAN__MAXIMUM, -1, 1, S234, {2, {3, 1}}, END),
    CASE(relu, GAN__MAXIMUM, -1, 1, S234, END, END),
    CASE(leaky, GAN__MAXIMUM, -1, 1, S234, END, END),
    CASE(concatenate_0, GAN__PAD, -1, 1, S24, S34, END),
    CASE(concatenate_1, GAN__PAD, -1, 1, S34, {2, {3, 1}}, END),
    CASE(concatenate_2, GAN__PAD, -1, 1, S234, {3, {2, 3, 2}}, END),
    CASE(sum_all, GAN__SUM, -0.2, 0.2, S6, END, END),
    CASE(mean_all, GAN__SUM, 1, 4, S34, END, END),
    CASE(mean_all, GAN__AFFINE, 1, 4, {1, {2}}, END, END),
};

enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(every_operation)
{
    bool covered[GAN__OP_COUNT] = {false};
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t i = 0; i < CASES; i++) {
        const test_case *c = &cases[i];
        function f = function_create(context, c->low, c->high);
        f.chance.state = (uint64_t)i;
        for (int32_t j = 0; j < 3 && c->inputs[j].rank >= 0; j++) {
            add_input(&f, c->inputs[j]);
        }
        const int32_t y = c->build(&f.graph, f.inputs);
        bool made = false;
        for (int32_t id = 0; id < f.graph.count; id++) {
            made |= f.graph.nodes[id].op == c->op;
        }
        ck_assert_msg(made, "%s does not make the operation it is for", c->name);
        covered[c->op] = true;
        check_orders(&f, y, c->name, c->flat);
        function_free(&f);
    }
    covered[GAN__SUM] = true; /* sums_over_every_subset */
    for (int32_t op = 0; op < GAN__OP_COUNT; op++) {
        ck_assert_msg(gan__operations[op].name != NULL, "operation %d has no row", (int)op);
        ck_assert_msg(covered[op], "%s has no case", gan__operations[op].name);
    }
    end_context(context, &own);
}
END_TEST

/* All subsets of the axes, for each rank from 0 to 6. */
START_TEST(sums_over_every_subset)
{
    static const int64_t dims[GAN__RANK_MAX] = {2, 3, 1, 2, 2, 2};
    heap own;
    gan_context *context = new_context(&own);
    for (int32_t rank = 0; rank <= GAN__RANK_MAX; rank++) {
        for (uint32_t summed = 0; summed < (uint32_t)1 << rank; summed++) {
            function f = function_create(context, -0.5, 0.5);
            f.chance.state = summed;
            gan__shape to = gan__shape_of(rank, dims);
            const int32_t x = add_input(&f, to);
            char name[64];
            snprintf(name, sizeof name, "sum, rank %d, axes %#x", (int)rank, (unsigned)summed);
            for (int32_t i = 0; i < rank; i++) {
                to.dims[i] = summed >> i & 1 ? 1 : dims[i];
            }
            check_orders(&f, gan__sum_to(&f.graph, x, to), name, false);
            function_free(&f);
        }
    }
    end_context(context, &own);
}
END_TEST

/* ---- A penalty on the gradient of a discriminator -------------------------------------------- */

static int32_t dense(function *f, int32_t x, int64_t units)
{
    const int64_t width = gan__node_shape(&f->graph, x).dims[1];
    const int32_t w = add_input(f, gan__shape_2(width, units));
    const int32_t b = add_input(f, gan__shape_1(units));
    return gan__add(&f->graph, gan__matmul(&f->graph, x, false, w, false), b);
}

/* Logits of a batch. x: [5, 4] -> [5, 1] */
static int32_t discriminator(function *f, int32_t x)
{
    gan__graph *g = &f->graph;
    int32_t h = gan__leaky_relu(g, dense(f, x, 6), 0.2);
    h = gan__tanh(g, dense(f, h, 6));
    h = gan__max_axis(g, gan__reshape(g, dense(f, h, 6), SHAPE(3, 5, 3, 2)), 2); /* maxout */
    return dense(f, gan__reshape(g, h, gan__shape_2(5, 3)), 1);
}

/* mean softplus(-D(x)) + 10/2 mean_i |grad_x_i D(x_i)|^2, by all weights, by grad of grad: R1. */
START_TEST(gradient_penalty)
{
    heap own;
    gan_context *context = new_context(&own);
    function f = function_create(context, -1, 1);
    gan__graph *g = &f.graph;
    const gan__distribution normal = {GAN__NORMAL, 0, 1};
    const int32_t x = gan__random_node(g, normal, 3, (gan__stack){0}, gan__shape_2(5, 4));
    const int32_t logits = discriminator(&f, x);
    const int32_t loss = gan__mean_all(g, gan__softplus(g, gan__negate(g, logits)));
    int32_t by_x;
    ck_assert_int_eq(gan__gradient(g, gan__sum_all(g, logits), 1, &x, &by_x), GAN_OK);
    const int32_t penalty = gan__affine(g, gan__sum_all(g, gan__square(g, by_x)), 10.0 / 2 / 5, 0);
    double largest;
    const double error = worst_error(&f, gan__add(g, loss, penalty), &largest);
    ck_assert_double_gt(largest, 0.1);
    ck_assert_msg(error < WORST_ERROR, "R1: error %g", error);
    worst_of_all = fmax(worst_of_all, error);

    /* The norm itself, as in WGAN-GP: mean_i (|grad| - 1)^2. */
    const int32_t squares = gan__sum_to(g, gan__square(g, by_x), gan__shape_2(5, 1));
    const int32_t over = gan__affine(g, gan__sqrt(g, squares), 1, -1);
    const double norm = worst_error(&f, gan__mean_all(g, gan__square(g, over)), &largest);
    ck_assert_double_gt(largest, 0.1);
    ck_assert_msg(norm < WORST_ERROR, "gradient norm: error %g", norm);
    worst_of_all = fmax(worst_of_all, norm);
    function_free(&f);
    end_context(context, &own);
}
END_TEST

/* The gradient by a node in the middle, by two nodes of which one depends on the other, by itself. */
START_TEST(gradient_by_inner_nodes)
{
    heap own;
    gan_context *context = new_context(&own);
    function f = function_create(context, -1, 1);
    gan__graph *g = &f.graph;
    const int32_t x = add_input(&f, gan__shape_1(3));
    const int32_t h = gan__exp(g, x), y = gan__multiply_nodes(g, h, x);
    const int32_t s = gan__sum_all(g, gan__square(g, y));
    const int32_t wrt[] = {y, h, x, s};
    int32_t grads[4];
    ck_assert_int_eq(gan__gradient(g, s, 4, wrt, grads), GAN_OK);
    runner r = runner_create(&f, 4, grads);
    real out[10];
    runner_run(&r, &f, out);
    for (int32_t i = 0; i < 3; i++) {
        const double v = f.values[i], e = exp(v);
        ck_assert_double_eq_tol(out[i], 2 * e * v, 1e-12);                   /* by y */
        ck_assert_double_eq_tol(out[3 + i], 2 * e * v * v, 1e-12);           /* by h */
        ck_assert_double_eq_tol(out[6 + i], 2 * e * e * v * (1 + v), 1e-12); /* by x */
    }
    ck_assert(out[9] == 1); /* by itself */
    runner_free(&r);
    function_free(&f);
    end_context(context, &own);
}
END_TEST

int main(void)
{
    const int status = RUN_TESTS("gradients", every_operation, sums_over_every_subset,
                                 gradient_penalty, gradient_by_inner_nodes);
    printf("the worst relative error of a gradient is %.2g\n", worst_of_all);
    return status;
}
