/* Shape rules: what each operation accepts, and the shape of what it makes. */
#include "graph/operations.h"

/* The error of an operation whose inputs do not fit: names both shapes. */
static int32_t misfit(gan__graph *graph, const gan__node *node, gan__shape a, gan__shape b,
                      const char *rule)
{
    char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
    return gan__fail(graph->context, GAN_ERROR_SHAPE, "%s: %s and %s: %s",
                     gan__operations[node->op].name, gan__shape_text(a, left),
                     gan__shape_text(b, right), rule);
}

static gan__shape input(const gan__graph *graph, const gan__node *node, int32_t i)
{
    return graph->nodes[node->in[i]].shape;
}

int32_t gan__shape_given(gan__graph *graph, gan__node *node)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < node->shape.rank; i++) {
        const int64_t dim = node->shape.dims[i];
        elements = dim < 1 ? -1 : gan__multiply(elements, dim);
        if (elements < 0 || elements > INT64_MAX / (int64_t)sizeof(real)) {
            char text[GAN__SHAPE_TEXT];
            return gan__fail(graph->context, GAN_ERROR_SHAPE, "%s: %s has no usable size",
                             gan__operations[node->op].name, gan__shape_text(node->shape, text));
        }
    }
    return GAN_OK;
}

int32_t gan__shape_same(gan__graph *graph, gan__node *node)
{
    node->shape = input(graph, node, 0);
    if (node->in[1] >= 0 && !gan__shape_equal(node->shape, input(graph, node, 1))) {
        return misfit(graph, node, node->shape, input(graph, node, 1), "must be the same");
    }
    return GAN_OK;
}

int32_t gan__shape_reshape(gan__graph *graph, gan__node *node)
{
    GAN__TRY(gan__shape_given(graph, node));
    if (gan__shape_elements(node->shape) != gan__shape_elements(input(graph, node, 0))) {
        return misfit(graph, node, input(graph, node, 0), node->shape,
                      "must have as many elements");
    }
    return GAN_OK;
}

int32_t gan__shape_broadcast(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0);
    GAN__TRY(gan__shape_given(graph, node));
    bool fits = x.rank == node->shape.rank;
    for (int32_t i = 0; fits && i < x.rank; i++) {
        fits = x.dims[i] == node->shape.dims[i] || x.dims[i] == 1;
    }
    return fits ? GAN_OK
                : misfit(graph, node, x, node->shape, "dimensions must be equal, or 1 to repeat");
}

int32_t gan__shape_permute(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0);
    uint32_t seen = 0;
    node->shape = x;
    for (int32_t i = 0; i < x.rank; i++) {
        const int32_t axis = node->axes[i];
        if (axis < 0 || axis >= x.rank || (seen >> axis & 1) != 0) {
            return gan__fail(graph->context, GAN_ERROR_SHAPE,
                             "permute: axis %d (%d) is no permutation of %d axes", (int)i,
                             (int)axis, (int)x.rank);
        }
        seen |= (uint32_t)1 << axis;
        node->shape.dims[i] = x.dims[axis];
    }
    return GAN_OK;
}

/* Whether a block stands within a larger array. */
static bool within(gan__shape block, gan__shape whole, const int64_t *starts)
{
    if (block.rank != whole.rank) {
        return false;
    }
    for (int32_t i = 0; i < block.rank; i++) {
        if (starts[i] < 0 || block.dims[i] > whole.dims[i] ||
            starts[i] > whole.dims[i] - block.dims[i]) {
            return false;
        }
    }
    return true;
}

int32_t gan__shape_slice(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0);
    GAN__TRY(gan__shape_given(graph, node));
    return within(node->shape, x, node->starts)
               ? GAN_OK
               : misfit(graph, node, x, node->shape, "the block must stand within");
}

int32_t gan__shape_pad(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0);
    GAN__TRY(gan__shape_given(graph, node));
    return within(x, node->shape, node->starts)
               ? GAN_OK
               : misfit(graph, node, x, node->shape, "the block must stand within");
}

int32_t gan__shape_sum(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0);
    GAN__TRY(gan__shape_given(graph, node));
    bool fits = x.rank == node->shape.rank;
    for (int32_t i = 0; fits && i < x.rank; i++) {
        fits = node->shape.dims[i] == x.dims[i] || node->shape.dims[i] == 1;
    }
    return fits ? GAN_OK : misfit(graph, node, x, node->shape, "dimensions must be equal, or 1");
}

int32_t gan__shape_matmul(gan__graph *graph, gan__node *node)
{
    const gan__shape a = input(graph, node, 0), b = input(graph, node, 1);
    if (a.rank != 2 || b.rank != 2) {
        return misfit(graph, node, a, b, "must be matrices");
    }
    const int32_t ta = node->matmul.transpose_a, tb = node->matmul.transpose_b;
    if (a.dims[ta ? 0 : 1] != b.dims[tb ? 1 : 0]) {
        return misfit(graph, node, a, b, "inner dimensions differ");
    }
    node->shape = gan__shape_2(a.dims[ta ? 1 : 0], b.dims[tb ? 0 : 1]);
    for (int32_t i = 0; i < 2; i++) {
        if (a.dims[i] > INT32_MAX || b.dims[i] > INT32_MAX) {
            return misfit(graph, node, a, b, "a dimension is over 2^31 - 1");
        }
    }
    return gan__shape_given(graph, node);
}

static int32_t check_axis(gan__graph *graph, const gan__node *node, gan__shape x)
{
    if (node->axis < 0 || node->axis >= x.rank || x.dims[node->axis] > INT32_MAX) {
        return gan__fail(graph->context, GAN_ERROR_SHAPE, "%s: axis %d of a tensor of rank %d",
                         gan__operations[node->op].name, (int)node->axis, (int)x.rank);
    }
    return GAN_OK;
}

int32_t gan__shape_max_axis(gan__graph *graph, gan__node *node)
{
    node->shape = input(graph, node, 0);
    GAN__TRY(check_axis(graph, node, node->shape));
    node->shape.dims[node->axis] = 1;
    return GAN_OK;
}

int32_t gan__shape_max_scatter(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0), g = input(graph, node, 1);
    GAN__TRY(check_axis(graph, node, x));
    gan__shape reduced = x;
    reduced.dims[node->axis] = 1;
    node->shape = x;
    return gan__shape_equal(reduced, g) ? GAN_OK
                                        : misfit(graph, node, reduced, g, "must be the same");
}

int32_t gan__shape_max_gather(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0), h = input(graph, node, 1);
    GAN__TRY(check_axis(graph, node, x));
    node->shape = x;
    node->shape.dims[node->axis] = 1;
    return gan__shape_equal(x, h) ? GAN_OK : misfit(graph, node, x, h, "must be the same");
}

/* ---- Poolings ------------------------------------------------------------------------------ */

int64_t gan__window_count(int64_t length, int64_t size, int64_t stride)
{
    if (size >= length) {
        return 1;
    }
    const int64_t steps = (length - size + stride - 1) / stride;
    return steps * stride < length ? steps + 1 : steps;
}

/* The shape of the maxima of x, if it can be pooled. */
static int32_t pooled(gan__graph *graph, const gan__node *node, gan__shape x, gan__shape *y)
{
    const char *name = gan__operations[node->op].name;
    char text[GAN__SHAPE_TEXT];
    if (x.rank != 4) {
        return gan__fail(graph->context, GAN_ERROR_SHAPE, "%s: %s: must be images [n, c, h, w]",
                         name, gan__shape_text(x, text));
    }
    *y = x;
    for (int32_t i = 0; i < 2; i++) {
        const int64_t size = node->window.size[i], stride = node->window.stride[i];
        if (size < 1 || size > INT32_MAX || stride < 1 || stride > INT32_MAX) {
            return gan__fail(graph->context, GAN_ERROR_SHAPE,
                             "%s: %s %lld with window %lld, stride %lld: must be 1 to 2^31 - 1",
                             name, i == 0 ? "height" : "width", (long long)x.dims[2 + i],
                             (long long)size, (long long)stride);
        }
        y->dims[2 + i] = gan__window_count(x.dims[2 + i], size, stride);
    }
    /* the places of maxima are counted in 32 bits */
    if (x.dims[2] > INT32_MAX / x.dims[3]) {
        return gan__fail(graph->context, GAN_ERROR_SHAPE,
                         "%s: %s: over 2^31 - 1 elements in a plane", name,
                         gan__shape_text(x, text));
    }
    return GAN_OK;
}

int32_t gan__shape_max_pool(gan__graph *graph, gan__node *node)
{
    return pooled(graph, node, input(graph, node, 0), &node->shape);
}

int32_t gan__shape_max_pool_scatter(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0), g = input(graph, node, 1);
    gan__shape y;
    GAN__TRY(pooled(graph, node, x, &y));
    node->shape = x;
    return gan__shape_equal(y, g) ? GAN_OK : misfit(graph, node, y, g, "must be the same");
}

int32_t gan__shape_max_pool_gather(gan__graph *graph, gan__node *node)
{
    const gan__shape x = input(graph, node, 0), h = input(graph, node, 1);
    GAN__TRY(pooled(graph, node, x, &node->shape));
    return gan__shape_equal(x, h) ? GAN_OK : misfit(graph, node, x, h, "must be the same");
}

/* ---- Convolutions -------------------------------------------------------------------------- */

/* The convolution's result from x and kernel, if they fit. */
static int32_t convolved(gan__graph *graph, const gan__node *node, gan__shape x, gan__shape kernel,
                         gan__shape *y)
{
    if (x.rank != 4 || kernel.rank != 4 || x.dims[1] != kernel.dims[1]) {
        return misfit(graph, node, x, kernel,
                      "must be images [n, c, h, w] and kernels [o, c, kh, kw] of as many channels");
    }
    *y = (gan__shape){.rank = 4, .dims = {x.dims[0], kernel.dims[0]}};
    for (int32_t i = 0; i < 2; i++) {
        const int64_t stride = node->window.stride[i], pad = node->window.pad[i];
        const bool sane = stride >= 1 && stride <= INT32_MAX && pad >= 0 && pad <= INT32_MAX;
        const int64_t room = sane ? x.dims[2 + i] + 2 * pad - kernel.dims[2 + i] : -1;
        if (room < 0 || x.dims[2 + i] > INT32_MAX) {
            return gan__fail(graph->context, GAN_ERROR_SHAPE,
                             "%s: %s %lld with padding %lld, kernel %lld, stride %lld",
                             gan__operations[node->op].name, i == 0 ? "height" : "width",
                             (long long)x.dims[2 + i], (long long)pad,
                             (long long)kernel.dims[2 + i], (long long)stride);
        }
        y->dims[2 + i] = room / stride + 1;
    }
    /* the numbers that the products of matrices and the patch matrices are made with */
    const int64_t rows = gan__shape_elements(kernel) / kernel.dims[0];
    if (kernel.dims[0] > INT32_MAX || rows > INT32_MAX || y->dims[2] > INT32_MAX ||
        y->dims[3] > INT32_MAX / rows || y->dims[2] * y->dims[3] > INT32_MAX) {
        return misfit(graph, node, x, kernel, "over 2^31 - 1 elements in a plane or a patch line");
    }
    return GAN_OK;
}

int32_t gan__shape_convolve(gan__graph *graph, gan__node *node)
{
    GAN__TRY(convolved(graph, node, input(graph, node, 0), input(graph, node, 1), &node->shape));
    return gan__shape_given(graph, node);
}

int32_t gan__shape_convolve_input(gan__graph *graph, gan__node *node)
{
    gan__shape y;
    GAN__TRY(gan__shape_given(graph, node));
    GAN__TRY(convolved(graph, node, node->shape, input(graph, node, 1), &y));
    return gan__shape_equal(y, input(graph, node, 0))
               ? GAN_OK
               : misfit(graph, node, input(graph, node, 0), y, "must be the same");
}

int32_t gan__shape_convolve_kernel(gan__graph *graph, gan__node *node)
{
    gan__shape y;
    GAN__TRY(gan__shape_given(graph, node));
    GAN__TRY(convolved(graph, node, input(graph, node, 0), node->shape, &y));
    return gan__shape_equal(y, input(graph, node, 1))
               ? GAN_OK
               : misfit(graph, node, input(graph, node, 1), y, "must be the same");
}
