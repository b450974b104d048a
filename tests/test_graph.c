/* The graph and its plans: errors, shapes, gradients of special cases, slots, memory that fails. */
#include "support.h"

#include "graph/operations.h"
#include "graph/plan.h"

#include <stdio.h>

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})
#define AXES(...) ((const int32_t[]){__VA_ARGS__})
#define SHAPE(rank, ...) gan__shape_of(rank, DIMS(__VA_ARGS__))
#define SCALAR ((gan__shape){0})

/* ---- Errors ------------------------------------------------------------------------------------ */

/* Each makes one mistake; x: [2, 3], y: [4, 5], s: a scalar. */
#define MISTAKE(name, expression)                                                 \
    static int32_t mistake_##name(gan__graph *g, int32_t x, int32_t y, int32_t s) \
    {                                                                             \
        (void)x, (void)y, (void)s;                                                \
        return expression;                                                        \
    }

MISTAKE(leaf, gan__leaf(g, 0, 0, gan__shape_2(3, 0)))
MISTAKE(constant, gan__constant(g, 1, gan__shape_2(-3, 2)))
MISTAKE(huge, gan__leaf(g, 0, 0, SHAPE(3, INT64_C(1) << 31, INT64_C(1) << 31, 2)))
MISTAKE(random, gan__random_node(g, (gan__distribution){0}, 0, (gan__stack){0}, gan__shape_1(0)))
MISTAKE(add, gan__add(g, x, y))
MISTAKE(subtract, gan__subtract(g, x, y))
MISTAKE(multiply, gan__multiply_nodes(g, x, gan__leaf(g, 0, 0, gan__shape_1(2))))
MISTAKE(maximum, gan__maximum_node(g, y, x))
MISTAKE(greater, gan__greater(g, gan__leaf(g, 0, 0, SHAPE(3, 2, 2, 2)), x))
MISTAKE(same, gan__push(g, (gan__node){.op = GAN__ADD, .in = {x, y}}))
MISTAKE(reshape, gan__reshape(g, x, gan__shape_2(2, 4)))
MISTAKE(broadcast, gan__broadcast(g, x, gan__shape_2(4, 3)))
MISTAKE(broadcast_rank, gan__broadcast(g, x, SHAPE(3, 2, 2, 3)))
MISTAKE(reshape_constant, gan__reshape(g, gan__constant(g, 1, gan__shape_1(6)), gan__shape_1(7)))
MISTAKE(broadcast_constant, gan__add(g, x, gan__constant(g, 1, gan__shape_1(2))))
MISTAKE(permute, gan__permute(g, x, AXES(0, 0)))
MISTAKE(permute_range, gan__permute(g, x, AXES(0, 2)))
MISTAKE(permute_negative, gan__permute(g, x, AXES(-1, 0)))
MISTAKE(slice, gan__slice(g, x, DIMS(1, 1), gan__shape_2(1, 3)))
MISTAKE(slice_negative, gan__slice(g, x, DIMS(0, -1), gan__shape_2(2, 2)))
MISTAKE(slice_far, gan__slice(g, x, DIMS(0, INT64_MAX), gan__shape_2(2, 2)))
MISTAKE(slice_moved, gan__slice(g, x, DIMS(0, 1), gan__shape_2(2, 3)))
MISTAKE(pad_moved, gan__pad(g, x, DIMS(1, 0), gan__shape_2(2, 3)))
MISTAKE(slice_rank, gan__slice(g, x, DIMS(0, 0), gan__shape_1(2)))
MISTAKE(pad, gan__pad(g, x, DIMS(0, 3), gan__shape_2(2, 5)))
MISTAKE(pad_small, gan__pad(g, x, DIMS(0, 0), gan__shape_2(2, 2)))
MISTAKE(sum, gan__sum_to(g, x, gan__shape_2(2, 2)))
MISTAKE(sum_rank, gan__sum_to(g, x, gan__shape_1(1)))
MISTAKE(matmul, gan__matmul(g, x, false, y, false))
MISTAKE(matmul_turned, gan__matmul(g, x, true, y, true))
MISTAKE(matmul_rank, gan__matmul(g, x, false, s, false))
MISTAKE(max_axis, gan__max_axis(g, x, 2))
MISTAKE(max_negative, gan__max_axis(g, x, -1))
MISTAKE(max_scalar, gan__max_axis(g, s, 0))
MISTAKE(scatter, gan__max_scatter(g, x, y, 1))
MISTAKE(scatter_axis, gan__max_scatter(g, x, x, 2))
MISTAKE(gather, gan__max_gather(g, x, y, 0))
MISTAKE(gather_axis, gan__max_gather(g, x, x, 5))
MISTAKE(concatenate, gan__concatenate(g, x, y, 0))
MISTAKE(concatenate_axis, gan__concatenate(g, x, x, 2))
MISTAKE(concatenate_rank, gan__concatenate(g, x, s, 0))

/* Convolutions of images [2, 3, 5, 6] by kernels, with strides and padding of rows and columns. */
#define LEAF_4(...) gan__leaf(g, 0, 0, SHAPE(4, __VA_ARGS__))
#define CONVOLVE(kernel, stride, pad) gan__convolve_node(g, LEAF_4(2, 3, 5, 6), kernel, stride, pad)
MISTAKE(convolve, gan__convolve_node(g, x, y, DIMS(1, 1), DIMS(0, 0)))
MISTAKE(convolve_image_rank, gan__convolve_node(g, s, LEAF_4(4, 3, 2, 2), DIMS(1, 1), DIMS(0, 0)))
MISTAKE(convolve_channels, CONVOLVE(LEAF_4(4, 2, 3, 3), DIMS(1, 1), DIMS(0, 0)))
MISTAKE(convolve_height, CONVOLVE(LEAF_4(4, 3, 8, 1), DIMS(2, 1), DIMS(1, 0)))
MISTAKE(convolve_width, CONVOLVE(LEAF_4(4, 3, 1, 11), DIMS(1, 3), DIMS(1, 2)))
MISTAKE(convolve_still, CONVOLVE(LEAF_4(4, 3, 2, 2), DIMS(1, 0), DIMS(0, 0)))
MISTAKE(convolve_leap, CONVOLVE(LEAF_4(4, 3, 2, 2), DIMS(INT64_C(1) << 31, 1), DIMS(0, 0)))
MISTAKE(convolve_cropped, CONVOLVE(LEAF_4(4, 3, 2, 2), DIMS(1, 1), DIMS(0, -1)))
MISTAKE(convolve_vast, CONVOLVE(LEAF_4(4, 3, 2, 2), DIMS(1, 1), DIMS(40000, 40000)))
MISTAKE(convolve_farthest, CONVOLVE(LEAF_4(4, 3, 2, 2), DIMS(1, 1), DIMS(INT64_MAX, 0)))

#define CONVOLVE_INPUT(values, kernel, ...) \
    gan__convolve_input_node(g, values, LEAF_4 kernel, DIMS(2, 1), DIMS(1, 0), SHAPE(__VA_ARGS__))
MISTAKE(input_rank, CONVOLVE_INPUT(x, (4, 3, 3, 2), 4, 2, 3, 5, 6))
MISTAKE(input_rank_to, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (4, 3, 3, 2), 3, 2, 3, 5))
MISTAKE(input_empty, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (4, 3, 3, 2), 4, 2, 3, 0, 6))
MISTAKE(input_channels, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (4, 3, 3, 2), 4, 2, 4, 5, 6))
MISTAKE(input_kernels, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (7, 3, 3, 2), 4, 2, 3, 5, 6))
MISTAKE(input_size, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (4, 3, 3, 2), 4, 2, 3, 7, 6))
MISTAKE(input_height, CONVOLVE_INPUT(LEAF_4(2, 4, 3, 5), (4, 3, 9, 2), 4, 2, 3, 5, 6))

#define CONVOLVE_KERNEL(values, ...)                                                 \
    gan__convolve_kernel_node(g, LEAF_4(2, 3, 5, 6), values, DIMS(2, 1), DIMS(1, 0), \
                              SHAPE(__VA_ARGS__))
MISTAKE(kernel_rank, CONVOLVE_KERNEL(x, 4, 4, 3, 3, 2))
MISTAKE(kernel_rank_to, CONVOLVE_KERNEL(LEAF_4(2, 4, 3, 5), 2, 4, 3))
MISTAKE(kernel_empty, CONVOLVE_KERNEL(LEAF_4(2, 4, 3, 5), 4, 0, 3, 3, 2))
MISTAKE(kernel_channels, CONVOLVE_KERNEL(LEAF_4(2, 4, 3, 5), 4, 4, 1, 3, 2))
MISTAKE(kernel_size, CONVOLVE_KERNEL(LEAF_4(2, 4, 3, 5), 4, 4, 3, 3, 3))
MISTAKE(kernel_width, CONVOLVE_KERNEL(LEAF_4(2, 4, 3, 5), 4, 4, 3, 3, 7))

/* An input that is no node, and the gradient, are ARGUMENT errors. */
MISTAKE(no_node, gan__tanh(g, 3))
MISTAKE(negative_node, gan__matmul(g, x, false, -5, false))
MISTAKE(gradient_of_matrix, gan__gradient(g, x, 1, &y, (int32_t[1]){0}))
MISTAKE(gradient_of_nothing, gan__gradient(g, 99, 1, &y, (int32_t[1]){0}))
MISTAKE(gradient_by_nothing, gan__gradient(g, s, 2, AXES(0, 3), (int32_t[2]){0}))
MISTAKE(gradient_by_error, gan__gradient(g, s, 1, AXES(-3), (int32_t[1]){0}))

typedef int32_t (*mistake_fn)(gan__graph *g, int32_t x, int32_t y, int32_t s);

/* What the message must hold: the operation, and the shapes or numbers at fault. */
static const struct {
    mistake_fn make;
    int32_t status;
    const char *texts[3];
} mistakes[] = {
    {mistake_leaf, GAN_ERROR_SHAPE, {"leaf", "[3, 0]"}},
    {mistake_constant, GAN_ERROR_SHAPE, {"constant", "[-3, 2]"}},
    {mistake_huge, GAN_ERROR_SHAPE, {"leaf", "[2147483648, 2147483648, 2]"}},
    {mistake_random, GAN_ERROR_SHAPE, {"random", "[0]"}},
    {mistake_add, GAN_ERROR_SHAPE, {"[2, 3]", "[4, 5]"}},
    {mistake_subtract, GAN_ERROR_SHAPE, {"[2, 3]", "[4, 5]"}},
    {mistake_multiply, GAN_ERROR_SHAPE, {"[1, 2]", "[2, 3]"}},
    {mistake_maximum, GAN_ERROR_SHAPE, {"[4, 5]", "[2, 3]"}},
    {mistake_greater, GAN_ERROR_SHAPE, {"[1, 2, 3]", "[2, 2, 2]"}},
    {mistake_same, GAN_ERROR_SHAPE, {"add", "[2, 3]", "[4, 5]"}},
    {mistake_reshape, GAN_ERROR_SHAPE, {"reshape", "[2, 3]", "[2, 4]"}},
    {mistake_broadcast, GAN_ERROR_SHAPE, {"broadcast", "[2, 3]", "[4, 3]"}},
    {mistake_broadcast_rank, GAN_ERROR_SHAPE, {"broadcast", "[2, 3]", "[2, 2, 3]"}},
    {mistake_reshape_constant, GAN_ERROR_SHAPE, {"reshape", "[6]", "[7]"}},
    {mistake_broadcast_constant, GAN_ERROR_SHAPE, {"broadcast", "[1, 2]", "[2, 3]"}},
    {mistake_permute, GAN_ERROR_SHAPE, {"permute", "axis 1 (0)"}},
    {mistake_permute_range, GAN_ERROR_SHAPE, {"permute", "axis 1 (2)"}},
    {mistake_permute_negative, GAN_ERROR_SHAPE, {"permute", "axis 0 (-1)"}},
    {mistake_slice, GAN_ERROR_SHAPE, {"slice", "[2, 3]", "[1, 3]"}},
    {mistake_slice_negative, GAN_ERROR_SHAPE, {"slice", "[2, 3]", "[2, 2]"}},
    {mistake_slice_far, GAN_ERROR_SHAPE, {"slice", "[2, 3]", "[2, 2]"}},
    {mistake_slice_moved, GAN_ERROR_SHAPE, {"slice", "[2, 3]"}},
    {mistake_pad_moved, GAN_ERROR_SHAPE, {"pad", "[2, 3]"}},
    {mistake_slice_rank, GAN_ERROR_SHAPE, {"slice", "[2, 3]", "[2]"}},
    {mistake_pad, GAN_ERROR_SHAPE, {"pad", "[2, 3]", "[2, 5]"}},
    {mistake_pad_small, GAN_ERROR_SHAPE, {"pad", "[2, 3]", "[2, 2]"}},
    {mistake_sum, GAN_ERROR_SHAPE, {"sum", "[2, 3]", "[2, 2]"}},
    {mistake_sum_rank, GAN_ERROR_SHAPE, {"sum", "[2, 3]", "[1]"}},
    {mistake_matmul, GAN_ERROR_SHAPE, {"matmul", "[2, 3]", "[4, 5]"}},
    {mistake_matmul_turned, GAN_ERROR_SHAPE, {"matmul", "[2, 3]", "[4, 5]"}},
    {mistake_matmul_rank, GAN_ERROR_SHAPE, {"matmul", "[2, 3]", "[]"}},
    {mistake_max_axis, GAN_ERROR_SHAPE, {"max_axis", "axis 2", "rank 2"}},
    {mistake_max_negative, GAN_ERROR_SHAPE, {"max_axis", "axis -1"}},
    {mistake_max_scalar, GAN_ERROR_SHAPE, {"max_axis", "axis 0", "rank 0"}},
    {mistake_scatter, GAN_ERROR_SHAPE, {"max_scatter", "[2, 1]", "[4, 5]"}},
    {mistake_scatter_axis, GAN_ERROR_SHAPE, {"max_scatter", "axis 2"}},
    {mistake_gather, GAN_ERROR_SHAPE, {"max_gather", "[2, 3]", "[4, 5]"}},
    {mistake_gather_axis, GAN_ERROR_SHAPE, {"max_gather", "axis 5"}},
    {mistake_concatenate, GAN_ERROR_SHAPE, {"concatenate", "[2, 3]", "[4, 5]"}},
    {mistake_concatenate_axis, GAN_ERROR_SHAPE, {"concatenate", "axis 2"}},
    {mistake_concatenate_rank, GAN_ERROR_SHAPE, {"concatenate", "[2, 3]", "[]"}},
    {mistake_convolve, GAN_ERROR_SHAPE, {"convolve", "[2, 3]", "[4, 5]"}},
    {mistake_convolve_image_rank, GAN_ERROR_SHAPE, {"convolve", "[]", "[4, 3, 2, 2]"}},
    {mistake_convolve_channels, GAN_ERROR_SHAPE, {"convolve", "[2, 3, 5, 6]", "[4, 2, 3, 3]"}},
    {mistake_convolve_height, GAN_ERROR_SHAPE, {"height 5 with padding 1, kernel 8, stride 2"}},
    {mistake_convolve_width, GAN_ERROR_SHAPE, {"width 6 with padding 2, kernel 11, stride 3"}},
    {mistake_convolve_still, GAN_ERROR_SHAPE, {"convolve", "width 6", "stride 0"}},
    {mistake_convolve_leap, GAN_ERROR_SHAPE, {"convolve", "height 5", "stride 2147483648"}},
    {mistake_convolve_cropped, GAN_ERROR_SHAPE, {"convolve", "width 6", "padding -1"}},
    {mistake_convolve_vast, GAN_ERROR_SHAPE, {"convolve", "[2, 3, 5, 6]", "[4, 3, 2, 2]"}},
    {mistake_convolve_farthest, GAN_ERROR_SHAPE, {"padding 9223372036854775807"}},
    {mistake_input_rank, GAN_ERROR_SHAPE, {"convolve_input", "[2, 3]", "[2, 4, 3, 5]"}},
    {mistake_input_rank_to, GAN_ERROR_SHAPE, {"convolve_input", "[2, 3, 5]", "[4, 3, 3, 2]"}},
    {mistake_input_empty, GAN_ERROR_SHAPE, {"convolve_input", "[2, 3, 0, 6]"}},
    {mistake_input_channels, GAN_ERROR_SHAPE, {"convolve_input", "[2, 4, 5, 6]", "[4, 3, 3, 2]"}},
    {mistake_input_kernels, GAN_ERROR_SHAPE, {"convolve_input", "[2, 4, 3, 5]", "[2, 7, 3, 5]"}},
    {mistake_input_size, GAN_ERROR_SHAPE, {"convolve_input", "[2, 4, 3, 5]", "[2, 4, 4, 5]"}},
    {mistake_input_height, GAN_ERROR_SHAPE, {"height 5 with padding 1, kernel 9, stride 2"}},
    {mistake_kernel_rank, GAN_ERROR_SHAPE, {"convolve_kernel", "[2, 3]", "[2, 4, 3, 5]"}},
    {mistake_kernel_rank_to, GAN_ERROR_SHAPE, {"convolve_kernel", "[2, 3, 5, 6]", "[4, 3]"}},
    {mistake_kernel_empty, GAN_ERROR_SHAPE, {"convolve_kernel", "[0, 3, 3, 2]"}},
    {mistake_kernel_channels, GAN_ERROR_SHAPE, {"convolve_kernel", "[2, 3, 5, 6]", "[4, 1, 3, 2]"}},
    {mistake_kernel_size, GAN_ERROR_SHAPE, {"convolve_kernel", "[2, 4, 3, 5]", "[2, 4, 3, 4]"}},
    {mistake_kernel_width, GAN_ERROR_SHAPE, {"width 6 with padding 0, kernel 7, stride 1"}},
    {mistake_no_node, GAN_ERROR_ARGUMENT, {"tanh", "3"}},
    {mistake_negative_node, GAN_ERROR_ARGUMENT, {"matmul", "-5"}},
    {mistake_gradient_of_matrix, GAN_ERROR_ARGUMENT, {"gradient"}},
    {mistake_gradient_of_nothing, GAN_ERROR_ARGUMENT, {"gradient"}},
    {mistake_gradient_by_nothing, GAN_ERROR_ARGUMENT, {"gradient"}},
    {mistake_gradient_by_error, GAN_ERROR_ARGUMENT, {"gradient"}},
};

START_TEST(mistakes_name_what_is_wrong_and_stick)
{
    heap own;
    gan_context *context = new_context(&own);
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        gan__graph g = gan__graph_create(context);
        const int32_t x = gan__leaf(&g, 0, 0, gan__shape_2(2, 3));
        const int32_t y = gan__leaf(&g, 0, 6, gan__shape_2(4, 5));
        const int32_t s = gan__leaf(&g, 0, 26, SCALAR);
        ck_assert_msg(mistakes[i].make(&g, x, y, s) == mistakes[i].status, "mistake %d: %d, %s",
                      (int)i, (int)g.status, gan_context_message(context));
        char message[GAN__MESSAGE_BYTES];
        snprintf(message, sizeof message, "%s", gan_context_message(context));
        for (int32_t j = 0; j < 3 && mistakes[i].texts[j] != NULL; j++) {
            ck_assert_msg(strstr(message, mistakes[i].texts[j]) != NULL, "\"%s\" lacks \"%s\"",
                          message, mistakes[i].texts[j]);
        }
        ck_assert_ptr_null(strchr(message, '\n'));

        /* Whatever follows passes the first error on, adds nothing and keeps the message. */
        const int32_t count = g.count, bad = mistakes[i].status;
        ck_assert_int_eq(g.status, bad);
        ck_assert_int_eq(gan__tanh(&g, x), bad);
        ck_assert_int_eq(gan__add(&g, bad, y), bad);
        ck_assert_int_eq(gan__relu(&g, bad), bad);
        ck_assert_int_eq(gan__leaky_relu(&g, bad, 1), bad);
        ck_assert_int_eq(gan__matmul(&g, x, false, y, false), bad);
        ck_assert_int_eq(gan__constant(&g, 1, gan__shape_1(0)), bad);
        ck_assert_int_eq(gan__affine(&g, x, 1, 0), bad);
        ck_assert_int_eq(gan__reshape(&g, x, gan__shape_2(2, 3)), bad);
        ck_assert_int_eq(gan__broadcast(&g, x, gan__shape_2(2, 3)), bad);
        ck_assert_int_eq(gan__sum_to(&g, x, gan__shape_2(2, 3)), bad);
        ck_assert_int_eq(gan__pad(&g, x, DIMS(0, 0), gan__shape_2(2, 3)), bad);
        ck_assert_int_eq(gan__concatenate(&g, x, y, 0), bad);
        ck_assert_int_eq(gan__concatenate(&g, bad, y, 0), bad);
        ck_assert_int_eq(gan__mean_all(&g, bad), bad);
        ck_assert_int_eq(gan__slice(&g, bad, DIMS(0, 0), gan__shape_2(1, 1)), bad);
        ck_assert_int_eq(gan__permute(&g, bad, AXES(1, 0)), bad);
        const int64_t *stride = DIMS(1, 1), *none = DIMS(0, 0);
        const gan__shape image = SHAPE(4, 1, 1, 1, 1);
        ck_assert_int_eq(gan__convolve_node(&g, bad, y, stride, none), bad);
        ck_assert_int_eq(gan__convolve_input_node(&g, x, bad, stride, none, image), bad);
        ck_assert_int_eq(gan__convolve_kernel_node(&g, bad, y, stride, none, image), bad);
        int32_t grad;
        ck_assert_int_eq(gan__gradient(&g, s, 1, &x, &grad), bad);
        gan__plan *plan = (gan__plan *)&g;
        ck_assert_int_eq(gan__plan_create(&g, 1, &(gan__output){x, 1, 0}, GAN__PLAN_FUSED, &plan),
                         bad);
        ck_assert_ptr_null(plan);
        ck_assert_int_eq(g.count, count);
        ck_assert_str_eq(gan_context_message(context), message);
        gan__graph_free(&g);
    }
    end_context(context, &own);
}
END_TEST

START_TEST(shapes_are_told)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    char text[GAN__SHAPE_TEXT];
    ck_assert_str_eq(gan__shape_text(SCALAR, text), "[]");
    ck_assert_str_eq(gan__shape_text(gan__shape_1(7), text), "[7]");
    const int64_t most = INT64_MIN;
    ck_assert_uint_eq(strlen(gan__shape_text(SHAPE(6, most, most, most, most, most, most), text)),
                      6 * 20 + 5 * 2 + 2);
    ck_assert_int_eq(gan__shape_elements(SCALAR), 1);
    ck_assert_int_eq(gan__shape_elements(SHAPE(3, 2, 3, 4)), 24);
    ck_assert(gan__shape_equal(SHAPE(2, 3, 4), gan__shape_2(3, 4)));
    ck_assert(!gan__shape_equal(gan__shape_1(3), gan__shape_2(3, 1)));
    ck_assert(!gan__shape_equal(gan__shape_2(4, 3), gan__shape_2(3, 4)));

    const int32_t x = gan__leaf(&g, 0, 0, SHAPE(3, 2, 1, 4)),
                  y = gan__leaf(&g, 0, 0, gan__shape_2(3, 1));
    ck_assert(gan__shape_equal(gan__node_shape(&g, gan__add(&g, x, y)), SHAPE(3, 2, 3, 4)));
    ck_assert(gan__shape_equal(gan__node_shape(&g, gan__max_axis(&g, x, 2)), SHAPE(3, 2, 1, 1)));
    ck_assert(gan__shape_equal(gan__node_shape(&g, gan__sum_all(&g, x)), SCALAR));
    const int32_t images = gan__leaf(&g, 0, 0, SHAPE(4, 2, 3, 7, 6)),
                  kernels = gan__leaf(&g, 0, 0, SHAPE(4, 5, 3, 4, 2));
    const int32_t values = gan__convolve_node(&g, images, kernels, DIMS(2, 1), DIMS(1, 0));
    ck_assert(gan__shape_equal(gan__node_shape(&g, values), SHAPE(4, 2, 5, 3, 5)));
    for (int64_t h = 6; h <= 7; h++) { /* both give 3 rows */
        const gan__shape shape = SHAPE(4, 2, 3, h, 6);
        const int32_t back =
            gan__convolve_input_node(&g, values, kernels, DIMS(2, 1), DIMS(1, 0), shape);
        ck_assert(gan__shape_equal(gan__node_shape(&g, back), shape));
    }
    for (int64_t kh = 4; kh <= 5; kh++) {
        const gan__shape shape = SHAPE(4, 5, 3, kh, 2);
        const int32_t by_kernel =
            gan__convolve_kernel_node(&g, images, values, DIMS(2, 1), DIMS(1, 0), shape);
        ck_assert(gan__shape_equal(gan__node_shape(&g, by_kernel), shape));
    }
    ck_assert_int_eq(gan__node_shape(&g, -1).rank, 0);
    ck_assert_int_eq(gan__node_shape(&g, g.count).rank, 0);
    gan__graph_free(&g);
    ck_assert_int_eq(g.count, 0);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

/* ---- Running ----------------------------------------------------------------------------------- */

static gan__plan *plan_of(gan__graph *g, int32_t count, const gan__output *outputs)
{
    gan__plan *plan;
    ck_assert_msg(gan__plan_create(g, count, outputs, GAN__PLAN_FUSED, &plan) == GAN_OK, "%s",
                  gan_context_message(g->context));
    return plan;
}

/* Runs a plan once in a workspace full of NaN. */
static void run_once(const gan__plan *plan, real *const *slots, uint64_t first_sample)
{
    real *workspace = new_bytes((size_t)gan__plan_workspace(plan) * sizeof(real), 0xff);
    gan__plan_run(plan, &(gan__arguments){slots, workspace, 3, 4, first_sample});
    free(workspace);
}

/* Frees the graph, plans its nodes one after the other into slot 1, and runs. */
static void run_nodes(gan__graph *g, int32_t count, const int32_t *nodes, real *in, real *out)
{
    gan__output outputs[8];
    int64_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        outputs[i] = (gan__output){nodes[i], 1, at};
        at += gan__shape_elements(gan__node_shape(g, nodes[i]));
    }
    gan__plan *plan = plan_of(g, count, outputs);
    gan__graph_free(g);
    run_once(plan, (real *[]){in, out}, 0);
    gan__plan_free(plan);
}

START_TEST(gradients_that_are_zero)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__leaf(&g, 0, 0, gan__shape_1(3)),
                  apart = gan__leaf(&g, 0, 0, gan__shape_1(2));
    const int32_t step = gan__greater(&g, x, gan__tanh(&g, x));
    const int32_t s = gan__sum_all(&g, gan__multiply_nodes(&g, step, gan__constant(&g, 2, SCALAR)));
    const int32_t later = gan__exp(&g, x);
    int32_t grads[5];
    ck_assert_int_eq(gan__gradient(&g, s, 5, (int32_t[]){x, apart, later, s, step}, grads), GAN_OK);
    for (int32_t i = 0; i < 5; i++) {
        const int32_t wrt[] = {x, apart, later, s, step};
        ck_assert(gan__shape_equal(gan__node_shape(&g, grads[i]), gan__node_shape(&g, wrt[i])));
    }
    real in[3] = {1, 2, -3}, out[12];
    run_nodes(&g, 5, grads, in, out);
    for (int32_t i = 0; i < 12; i++) {
        ck_assert(out[i] == (i < 8 ? 0 : i == 8 ? 1 : 2));
    }
    end_context(context, &own);
}
END_TEST

START_TEST(gradient_by_nothing_is_nothing)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const int32_t s = gan__constant(&g, 2, SCALAR);
    ck_assert_int_eq(gan__gradient(&g, s, 0, NULL, NULL), GAN_OK);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

START_TEST(slots_that_are_read_are_not_written)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__leaf(&g, 0, 0, gan__shape_1(3)),
                  y = gan__leaf(&g, 2, 0, gan__shape_1(3));
    const int32_t z = gan__tanh(&g, x);
    gan__plan *plan;
    const struct {
        int32_t node, slot, status;
    } cases[] = {{z, 0, GAN_ERROR_UNSUPPORTED},
                 {x, 0, GAN_ERROR_UNSUPPORTED},
                 {z, 2, GAN_OK}, /* y is not read by this plan */
                 {z, 1, GAN_OK},
                 {gan__add(&g, z, y), 2, GAN_ERROR_UNSUPPORTED},
                 {-1, 1, GAN_ERROR_ARGUMENT},
                 {1000, 1, GAN_ERROR_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const gan__output output = {cases[i].node, cases[i].slot, 0};
        ck_assert_int_eq(gan__plan_create(&g, 1, &output, GAN__PLAN_FUSED, &plan), cases[i].status);
        ck_assert_int_eq(plan != NULL, cases[i].status == GAN_OK);
        if (cases[i].status == GAN_ERROR_UNSUPPORTED) {
            char slot[16];
            snprintf(slot, sizeof slot, "slot %d", (int)cases[i].slot);
            ck_assert_ptr_nonnull(strstr(gan_context_message(context), slot));
        }
        gan__plan_free(plan);
        ck_assert_int_eq(g.status, GAN_OK); /* a plan that is refused leaves the graph usable */
    }
    gan__plan_free(NULL);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

START_TEST(plan_without_outputs_does_nothing)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    gan__plan *plan = plan_of(&g, 0, NULL);
    ck_assert_int_eq(gan__plan_workspace(plan), 0);
    ck_assert_int_eq(gan__plan_products(plan), 0);
    run_once(plan, NULL, 0);
    gan__plan_free(plan);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

/* A momentum update: slots 0 and 3 are the parameters, 1 and 4 the velocity, 2 the gradient. */
START_TEST(update_in_place)
{
    enum { N = 70001 };
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const gan__shape shape = gan__shape_1(N);
    const int32_t p = gan__leaf(&g, 0, 0, shape), v = gan__leaf(&g, 1, 0, shape);
    const int32_t grad = gan__leaf(&g, 2, 0, shape), rate = gan__leaf(&g, 2, N, gan__shape_1(1));
    const int32_t scaled = gan__multiply_nodes(&g, grad, rate);
    const int32_t faster = gan__subtract(&g, gan__affine(&g, v, 0.5, 0), scaled);
    const gan__output outputs[] = {{gan__add(&g, p, faster), 3, 0}, {faster, 4, 0}};
    gan__plan *plan = plan_of(&g, 2, outputs);
    ck_assert_int_eq(gan__plan_workspace(plan), 0); /* a single fused group */
    gan__graph_free(&g);
    real *arrays = new_reals(3 * N + 1), *wanted = new_reals(2 * N);
    dice d = {5};
    roll_array(&d, 3 * N + 1, -1, 1, arrays);
    memcpy(wanted, arrays, 2 * N * sizeof *wanted);
    for (int32_t threads = 1; threads <= 3; threads++) {
        for (int32_t i = 0; i < N; i++) {
            const real half = (real)0.5 * wanted[N + i], change = arrays[2 * N + i] * arrays[3 * N];
            wanted[N + i] = half - change;
            wanted[i] += wanted[N + i];
        }
        ck_assert_int_eq(gan_context_set_threads(context, threads), GAN_OK);
        run_once(plan, (real *[]){arrays, arrays + N, arrays + 2 * N, arrays, arrays + N}, 0);
        ck_assert(memcmp(arrays, wanted, 2 * N * sizeof *wanted) == 0);
    }
    free(arrays);
    free(wanted);
    gan__plan_free(plan);
    end_context(context, &own);
}
END_TEST

START_TEST(products_are_counted)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const int32_t a = gan__leaf(&g, 0, 0, gan__shape_2(5, 7)),
                  b = gan__leaf(&g, 0, 0, gan__shape_2(7, 3));
    const int32_t c = gan__matmul(&g, a, false, b, false);
    const int32_t unused = gan__matmul(&g, b, true, a, true),
                  gram = gan__matmul(&g, a, true, a, false);
    ck_assert_int_ge(unused, 0);
    gan__plan *plan = plan_of(&g, 2, (gan__output[]){{c, 1, 0}, {gram, 2, 0}});
    ck_assert_int_eq(gan__plan_products(plan), 5 * 7 * 3 + 7 * 7 * 5);
    gan__plan_free(plan);
    int32_t grads[2];
    ck_assert_int_eq(gan__gradient(&g, gan__sum_all(&g, c), 2, (int32_t[]){a, b}, grads), GAN_OK);
    plan = plan_of(&g, 2, (gan__output[]){{grads[0], 1, 0}, {grads[1], 2, 0}});
    ck_assert_int_eq(gan__plan_products(plan), 2 * 5 * 7 * 3); /* not the product itself */
    gan__plan_free(plan);
    gan__graph_free(&g);
    end_context(context, &own);
}
END_TEST

/* ---- Random nodes ------------------------------------------------------------------------------ */

static const gan__distribution normal = {GAN__NORMAL, 0, 1};

/* `rows` rows of 700 numbers, bent; row 0 is sample `first`. */
static void draw_rows(gan_context *context, int64_t rows, uint32_t stream, gan__stack stack,
                      uint64_t first, real *out)
{
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__random_node(&g, normal, stream, stack, SHAPE(3, rows, 7, 100));
    gan__plan *plan = plan_of(&g, 1, &(gan__output){gan__tanh(&g, x), 0, 0});
    gan__graph_free(&g);
    run_once(plan, (real *[]){out}, first);
    gan__plan_free(plan);
}

START_TEST(rows_do_not_depend_on_batches)
{
    enum { ROWS = 40, WIDTH = 700, BYTES = ROWS * WIDTH * (int)sizeof(real) };
    heap own;
    gan_context *context = new_context(&own);
    real *whole = new_reals(ROWS * WIDTH), *pieces = new_reals(ROWS * WIDTH);
    draw_rows(context, ROWS, 11, (gan__stack){0}, 500, whole);
    for (int64_t row = 0, rows = 1; row < ROWS; row += rows, rows = rows % 7 + 2) {
        rows = row + rows > ROWS ? ROWS - row : rows;
        draw_rows(context, rows, 11, (gan__stack){0}, 500 + (uint64_t)row, pieces + row * WIDTH);
    }
    ck_assert(memcmp(whole, pieces, BYTES) == 0);
    ck_assert_int_eq(gan_context_set_threads(context, 5), GAN_OK);
    draw_rows(context, ROWS, 11, (gan__stack){0}, 500, pieces);
    ck_assert(memcmp(whole, pieces, BYTES) == 0);

    draw_rows(context, ROWS, 11, (gan__stack){ROWS / 2, 3}, 500, whole); /* two stacked batches */
    draw_rows(context, ROWS / 2, 11, (gan__stack){0}, 500, pieces);
    draw_rows(context, ROWS / 2, 14, (gan__stack){0}, 500, pieces + ROWS / 2 * WIDTH);
    ck_assert(memcmp(whole, pieces, BYTES) == 0);
    free(whole);
    free(pieces);
    end_context(context, &own);
}
END_TEST

/* Random numbers are drawn once a run, whoever reads them. */
START_TEST(readers_see_the_same_numbers)
{
    heap own;
    gan_context *context = new_context(&own);
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__random_node(&g, normal, 1, (gan__stack){0}, gan__shape_2(6, 5));
    const int32_t turned = gan__permute(&g, gan__permute(&g, x, AXES(1, 0)), AXES(1, 0));
    const int32_t nodes[] = {x, gan__reshape(&g, x, gan__shape_1(30)), turned,
                             gan__subtract(&g, gan__add(&g, x, turned), x)};
    real out[120];
    run_nodes(&g, 4, nodes, NULL, out);
    ck_assert(memcmp(out, out + 30, 30 * sizeof *out) == 0);
    ck_assert(memcmp(out, out + 60, 30 * sizeof *out) == 0);
    for (int32_t i = 0; i < 30; i++) {
        ck_assert(out[i] != 0 && fabs((double)(out[i] - out[90 + i])) < 1e-6);
    }
    end_context(context, &own);
}
END_TEST

/* ---- Memory that fails ------------------------------------------------------------------------- */

/* A small discriminator with a penalty on its gradient, its gradient, and a plan of that. */
static int32_t build_all(gan_context *context, gan__plan_mode mode, gan__plan **plan)
{
    gan__graph g = gan__graph_create(context);
    const int32_t x = gan__random_node(&g, normal, 1, (gan__stack){0}, gan__shape_2(4, 3));
    const int32_t w = gan__leaf(&g, 0, 0, gan__shape_2(3, 6)),
                  b = gan__leaf(&g, 0, 18, gan__shape_1(6));
    int32_t h = gan__leaky_relu(&g, gan__add(&g, gan__matmul(&g, x, false, w, false), b), 0.2);
    h = gan__max_axis(&g, gan__reshape(&g, h, SHAPE(3, 4, 3, 2)), 2);
    h = gan__concatenate(&g, h, gan__tanh(&g, h), 1);
    const int32_t loss = gan__mean_all(&g, gan__softplus(&g, h));
    int32_t by_x, grads[2] = {0};
    int32_t status = gan__gradient(&g, loss, 1, &x, &by_x);
    if (status == GAN_OK) {
        const int32_t total = gan__add(&g, loss, gan__sum_all(&g, gan__square(&g, by_x)));
        status = gan__gradient(&g, total, 2, (int32_t[]){w, b}, grads);
    }
    const gan__output outputs[] = {{grads[0], 1, 0}, {grads[1], 1, 18}, {loss, 1, 24}, {w, 1, 25}};
    const int32_t planned = gan__plan_create(&g, 4, outputs, mode, plan);
    ck_assert(status == GAN_OK || planned == status);
    gan__graph_free(&g);
    return planned;
}

START_TEST(every_allocation_may_fail)
{
    for (int32_t mode = GAN__PLAN_FUSED; mode <= GAN__PLAN_NAIVE; mode++) {
        heap own;
        gan_context *context = new_context(&own);
        gan__plan *plan = NULL;
        int64_t failures = 0;
        for (;; failures++) {
            own.calls = 0;
            own.fail_at = failures + 1;
            plan = (gan__plan *)&own;
            const int32_t status = build_all(context, (gan__plan_mode)mode, &plan);
            if (status == GAN_OK) {
                break;
            }
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            ck_assert_ptr_null(plan);
            ck_assert_ptr_nonnull(strstr(gan_context_message(context), "out of memory"));
            ck_assert_int_eq(own.live, 1);
        }
        ck_assert_int_ge(failures, 15);
        gan__plan_free(plan);
        end_context(context, &own);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("graph", mistakes_name_what_is_wrong_and_stick, shapes_are_told,
                     gradients_that_are_zero, gradient_by_nothing_is_nothing,
                     slots_that_are_read_are_not_written, plan_without_outputs_does_nothing,
                     update_in_place, products_are_counted, rows_do_not_depend_on_batches,
                     readers_see_the_same_numbers, every_allocation_may_fail);
}
