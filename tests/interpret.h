/* An interpreter of graphs in double, as plain as can be, that is no part of the library: one loop an
 * operation. Beside each value it carries a bound on what the same computation in float may miss it
 * by, so that results can be compared without guessing a tolerance. Where a comparison is too close
 * to call, the bound covers both ways. */
#ifndef GAN_TESTS_INTERPRET_H
#define GAN_TESTS_INTERPRET_H

#include "support.h"

#include "graph/graph.h"
#include "kernel/random.h"

#define INTERPRET_SEED 99
#define INTERPRET_STEP 7
#define INTERPRET_FIRST 1000
#define HALF_ULP 0x1p-24 /* relative, of a float */
#define TINY 1e-37       /* what may be lost near the denormals */

typedef struct {
    double *value, *bound;
} interpreted;

/* Rounds a result of size |value|: `units` is the error of the function in half ulps. */
static inline void set_value(interpreted *y, int64_t i, double value, double bound, double units)
{
    y->value[i] = value;
    y->bound[i] = fabs(value) < 1e37 && fabs(value) + bound < 1e37
                      ? bound * (1 + 1e-6) + units * HALF_ULP * fabs(value) + TINY
                      : HUGE_VAL;
}

/* Element `index` of a shape as a place along each axis. */
static inline void unravel(gan__shape shape, int64_t index, int64_t *at)
{
    for (int32_t i = shape.rank - 1; i >= 0; i--) {
        at[i] = index % shape.dims[i];
        index /= shape.dims[i];
    }
}

static inline int64_t ravel(gan__shape shape, const int64_t *at)
{
    int64_t index = 0;
    for (int32_t i = 0; i < shape.rank; i++) {
        index = index * shape.dims[i] + at[i];
    }
    return index;
}

static inline void interpret_unary(const gan__node *node, interpreted a, int64_t i, interpreted *y)
{
    const double v = a.value[i], e = a.bound[i], size = fabs(v);
    const double s = node->affine.scale, t = node->affine.shift;
    switch (node->op) {
    case GAN__AFFINE:
        set_value(y, i, s * v + t, fabs(s) * e + HALF_ULP * (2 * fabs(s * v) + fabs(t)), 1.01);
        break;
    case GAN__EXP:
        set_value(y, i, exp(v), exp(v) * expm1(e), 3);
        break;
    case GAN__LOG:
        set_value(y, i, log(v), e < v ? -log1p(-e / v) : HUGE_VAL, 3);
        break;
    case GAN__SQRT:
        set_value(y, i, sqrt(v), e < v ? sqrt(v) - sqrt(v - e) : HUGE_VAL, 1.01);
        break;
    case GAN__RECIPROCAL:
        set_value(y, i, 1 / v, e < size ? e / (size * (size - e)) : HUGE_VAL, 1.01);
        break;
    case GAN__TANH:
        set_value(y, i, tanh(v), e, 4);
        break;
    case GAN__SIGMOID:
        set_value(y, i, 1 / (1 + exp(-v)), e / 4, 6);
        break;
    default:
        set_value(y, i, (v > 0 ? v : 0) + log1p(exp(-size)), e, 8);
        break;
    }
}

static inline void interpret_binary(gan__op op, interpreted a, interpreted b, int64_t i,
                                    interpreted *y)
{
    const double u = a.value[i], v = b.value[i], eu = a.bound[i], ev = b.bound[i];
    switch (op) {
    case GAN__ADD:
        set_value(y, i, u + v, eu + ev, 1.01);
        break;
    case GAN__SUBTRACT:
        set_value(y, i, u - v, eu + ev, 1.01);
        break;
    case GAN__MULTIPLY:
        set_value(y, i, u * v, fabs(u) * ev + fabs(v) * eu + eu * ev, 1.01);
        break;
    case GAN__MAXIMUM:
        set_value(y, i, u > v ? u : v, eu > ev ? eu : ev, 0);
        break;
    default: /* greater: exact numbers compare exactly */
        set_value(y, i, u > v, eu + ev > 0 && !(fabs(u - v) > eu + ev) ? 1 : 0, 0);
        break;
    }
}

/* Reshape, broadcast, permute, slice: which element of the input is element `i`. */
static inline int64_t source_of(const gan__node *node, gan__shape input, int64_t i)
{
    int64_t at[GAN__RANK_MAX] = {0}, from[GAN__RANK_MAX] = {0};
    if (node->op == GAN__RESHAPE) {
        return i;
    }
    unravel(node->shape, i, at);
    for (int32_t k = 0; k < node->shape.rank; k++) {
        if (node->op == GAN__PERMUTE) {
            from[node->axes[k]] = at[k];
        } else if (node->op == GAN__SLICE) {
            from[k] = at[k] + node->starts[k];
        } else {
            from[k] = input.dims[k] == 1 ? 0 : at[k];
        }
    }
    return ravel(input, from);
}

static inline void interpret_pad(const gan__node *node, gan__shape input, interpreted a,
                                 interpreted *y)
{
    for (int64_t i = 0; i < gan__shape_elements(input); i++) {
        int64_t at[GAN__RANK_MAX];
        unravel(input, i, at);
        for (int32_t k = 0; k < input.rank; k++) {
            at[k] += node->starts[k];
        }
        y->value[ravel(node->shape, at)] = a.value[i];
        y->bound[ravel(node->shape, at)] = a.bound[i];
    }
}

static inline void interpret_sum(const gan__node *node, gan__shape input, interpreted a,
                                 interpreted *y)
{
    for (int64_t i = 0; i < gan__shape_elements(input); i++) {
        int64_t at[GAN__RANK_MAX];
        unravel(input, i, at);
        for (int32_t k = 0; k < input.rank; k++) {
            at[k] = node->shape.dims[k] == 1 ? 0 : at[k];
        }
        y->value[ravel(node->shape, at)] += a.value[i];
        y->bound[ravel(node->shape, at)] += a.bound[i] + 1e-12 * fabs(a.value[i]);
    }
    for (int64_t i = 0; i < gan__shape_elements(node->shape); i++) {
        set_value(y, i, y->value[i], y->bound[i], 1.01);
    }
}

static inline void interpret_product(const gan__node *node, gan__shape left, interpreted a,
                                     interpreted b, interpreted *y)
{
    const int64_t m = node->shape.dims[0], n = node->shape.dims[1];
    const bool ta = node->matmul.transpose_a, tb = node->matmul.transpose_b;
    const int64_t inner = left.dims[ta ? 0 : 1];
    for (int64_t i = 0; i < m * n; i++) {
        double sum = 0, bound = 0, size = 0;
        for (int64_t k = 0; k < inner; k++) {
            const int64_t p = ta ? k * m + i / n : i / n * inner + k;
            const int64_t q = tb ? i % n * inner + k : k * n + i % n;
            const double u = fabs(a.value[p]), v = fabs(b.value[q]);
            sum += a.value[p] * b.value[q];
            size += u * v;
            bound += u * b.bound[q] + v * a.bound[p] + a.bound[p] * b.bound[q];
        }
        set_value(y, i, sum, bound + (double)(inner + 1) * HALF_ULP * size, 1);
    }
}

/* The three convolutions: each adds, over all indices, the product of two of images, kernels and
 * results to the third. What meets padding is a product with 0: nonsense times 0 is nonsense. */
static inline void interpret_convolution(const gan__node *node, gan__shape left, gan__shape right,
                                         interpreted a, interpreted b, interpreted *y)
{
    enum { IMAGE, KERNEL, RESULT };
    static const int32_t roles[][3] = {
        {IMAGE, KERNEL, RESULT}, {RESULT, KERNEL, IMAGE}, {IMAGE, RESULT, KERNEL}};
    const int32_t *role = roles[node->op - GAN__CONVOLVE]; /* of the inputs and of y */
    gan__shape shapes[3];
    shapes[role[0]] = left;
    shapes[role[1]] = right;
    shapes[role[2]] = node->shape;
    const int64_t *x = shapes[IMAGE].dims, *k = shapes[KERNEL].dims, *g = shapes[RESULT].dims;
    const int64_t *stride = node->window.stride, *pad = node->window.pad;
    const int64_t terms[] = {k[0] * k[2] * k[3], x[0] * g[2] * g[3], k[1] * k[2] * k[3]};
    const double error = (double)(terms[role[2]] + 1) * HALF_ULP;
    const gan__shape all = {6, {g[0], g[1], g[2], g[3], k[1], k[2]}};
    for (int64_t i = 0; i < gan__shape_elements(all) * k[3]; i++) {
        int64_t at[6];
        unravel(all, i / k[3], at);
        const int64_t row = at[2] * stride[0] + at[5] - pad[0];
        const int64_t column = at[3] * stride[1] + i % k[3] - pad[1];
        const bool inside = row >= 0 && row < x[2] && column >= 0 && column < x[3];
        const int64_t index[] = {
            inside ? ravel(shapes[IMAGE], (int64_t[]){at[0], at[4], row, column}) : -1,
            ravel(shapes[KERNEL], (int64_t[]){at[1], at[4], at[5], i % k[3]}),
            ravel(shapes[RESULT], at)};
        const int64_t p = index[role[0]], q = index[role[1]], to = index[role[2]];
        if (to >= 0) {
            const double u = p < 0 ? 0 : a.value[p], e = p < 0 ? 0 : a.bound[p];
            const double v = b.value[q], f = b.bound[q];
            y->value[to] += u * v;
            y->bound[to] += fabs(u) * f + fabs(v) * e + e * f + error * fabs(u * v);
        }
    }
    for (int64_t i = 0; i < gan__shape_elements(node->shape); i++) {
        set_value(y, i, y->value[i], y->bound[i], 1);
    }
}

/* The three operations on a maximum. b: unused, g or h */
static inline void interpret_maximum(const gan__node *node, gan__shape x, interpreted a,
                                     interpreted b, interpreted *y)
{
    int64_t inner = 1;
    for (int32_t i = node->axis + 1; i < x.rank; i++) {
        inner *= x.dims[i];
    }
    const int64_t k = x.dims[node->axis], outputs = gan__shape_elements(x) / k;
    for (int64_t i = 0; i < outputs; i++) {
        const int64_t first = i / inner * k * inner + i % inner;
        int64_t best = first;
        double widest = 0, spread = 0;
        for (int64_t j = first; j < first + k * inner; j += inner) {
            best = a.value[j] > a.value[best] ? j : best;
            widest = fmax(widest, a.bound[j]);
        }
        for (int64_t j = first; j < first + k * inner; j += inner) {
            const double doubt = a.bound[j] + a.bound[best];
            const bool maybe = j != best && doubt > 0 && !(a.value[best] - a.value[j] > doubt);
            if (node->op == GAN__MAX_SCATTER) {
                y->value[j] = j == best ? b.value[i] : 0;
                y->bound[j] = maybe ? fabs(b.value[i]) + b.bound[i] : j == best ? b.bound[i] : 0;
                spread = maybe ? fabs(b.value[i]) + b.bound[i] : spread;
            } else if (node->op == GAN__MAX_GATHER && maybe) {
                spread = fmax(spread, fabs(b.value[j] - b.value[best]) + b.bound[j]);
            }
        }
        if (node->op == GAN__MAX_SCATTER) {
            y->bound[best] = fmax(y->bound[best], spread);
        } else if (node->op == GAN__MAX_GATHER) {
            y->value[i] = b.value[best];
            y->bound[i] = b.bound[best] + spread;
        } else {
            y->value[i] = a.value[best];
            y->bound[i] = widest;
        }
    }
}

/* Element k of the window at result `at`, row by row: its index in x, or -1 if it is outside. */
static inline int64_t in_window(const gan__node *node, gan__shape x, const int64_t *at, int64_t k)
{
    const int64_t row = at[2] * node->window.stride[0] + k / node->window.size[1];
    const int64_t column = at[3] * node->window.stride[1] + k % node->window.size[1];
    const bool inside = row < x.dims[2] && column < x.dims[3];
    return inside ? ravel(x, (int64_t[]){at[0], at[1], row, column}) : -1;
}

/* The three operations on maxima of windows. b: unused, g or h */
static inline void interpret_pooling(const gan__node *node, gan__shape x, gan__shape result,
                                     interpreted a, interpreted b, interpreted *y)
{
    const bool scatters = node->op == GAN__MAX_POOL_SCATTER;
    const bool gathers = node->op == GAN__MAX_POOL_GATHER;
    const int64_t candidates = node->window.size[0] * node->window.size[1]; /* >= terms of a sum */
    for (int64_t i = 0; i < gan__shape_elements(result); i++) {
        int64_t at[4];
        unravel(result, i, at);
        int64_t best = in_window(node, x, at, 0);
        double widest = 0, spread = 0;
        for (int64_t k = 0; k < candidates; k++) {
            const int64_t j = in_window(node, x, at, k);
            best = j >= 0 && a.value[j] > a.value[best] ? j : best;
            widest = j >= 0 ? fmax(widest, a.bound[j]) : widest;
        }
        for (int64_t k = 0; k < candidates; k++) { /* which may be the best one as well? */
            const int64_t j = in_window(node, x, at, k);
            const double doubt = j >= 0 ? a.bound[j] + a.bound[best] : 0;
            const bool maybe = j != best && doubt > 0 && !(a.value[best] - a.value[j] > doubt);
            if (scatters && maybe) {
                spread = fabs(b.value[i]) + b.bound[i];
                y->bound[j] += spread;
            } else if (gathers && maybe) {
                spread = fmax(spread, fabs(b.value[j] - b.value[best]) + b.bound[j]);
            }
        }
        if (scatters) {
            y->value[best] += b.value[i];
            y->bound[best] += fmax(b.bound[i], spread);
            y->bound[best] += (double)candidates * HALF_ULP * fabs(b.value[i]);
        } else {
            y->value[i] = gathers ? b.value[best] : a.value[best];
            y->bound[i] = gathers ? b.bound[best] + spread : widest;
        }
    }
    for (int64_t i = 0; i < gan__shape_elements(x) && scatters; i++) {
        set_value(y, i, y->value[i], y->bound[i], 1);
    }
}

static inline void interpret_source(const gan__node *node, const real *leaves, interpreted *y)
{
    const int64_t n = gan__shape_elements(node->shape);
    const int64_t columns = node->shape.rank > 0 ? n / node->shape.dims[0] : 1;
    for (int64_t i = 0; i < n; i++) {
        real x = 0;
        if (node->op == GAN__LEAF) {
            x = leaves[node->leaf.offset + i];
        } else if (node->op == GAN__CONSTANT) {
            x = (real)node->affine.shift;
        } else {
            const gan__stack stack = node->random.stack;
            const int64_t row = i / columns, batch = stack.rows > 0 ? row / stack.rows : 0;
            const gan__random_key key = {INTERPRET_SEED, INTERPRET_STEP,
                                         node->random.stream + (uint32_t)batch * stack.apart};
            gan__random(node->random.distribution, key,
                        (uint64_t)(INTERPRET_FIRST + row - batch * stack.rows), (gan__stack){0},
                        columns, i % columns, 1, &x);
        }
        y->value[i] = (double)x;
    }
}

static inline void interpret_node(const gan__graph *graph, int32_t id, const real *leaves,
                                  interpreted *all)
{
    const gan__node *node = &graph->nodes[id];
    const interpreted none = {NULL, NULL};
    const interpreted a = node->in[0] >= 0 ? all[node->in[0]] : none;
    const interpreted b = node->in[1] >= 0 ? all[node->in[1]] : none;
    const gan__shape input = gan__node_shape(graph, node->in[0]);
    interpreted *y = &all[id];
    if (node->op < GAN__AFFINE) {
        interpret_source(node, leaves, y);
    } else if (node->op == GAN__PAD) {
        interpret_pad(node, input, a, y);
    } else if (node->op == GAN__SUM) {
        interpret_sum(node, input, a, y);
    } else if (node->op == GAN__MATMUL) {
        interpret_product(node, input, a, b, y);
    } else if (node->op >= GAN__CONVOLVE) {
        interpret_convolution(node, input, gan__node_shape(graph, node->in[1]), a, b, y);
    } else if (node->op >= GAN__MAX_POOL) {
        const bool scatters = node->op == GAN__MAX_POOL_SCATTER;
        const gan__shape result = scatters ? gan__node_shape(graph, node->in[1]) : node->shape;
        interpret_pooling(node, input, result, a, b, y);
    } else if (node->op > GAN__MATMUL) {
        interpret_maximum(node, input, a, b, y);
    }
    for (int64_t i = 0; i < gan__shape_elements(node->shape) && node->op >= GAN__AFFINE; i++) {
        if (node->op < GAN__ADD) {
            interpret_unary(node, a, i, y);
        } else if (node->op < GAN__RESHAPE) {
            interpret_binary(node->op, a, b, i, y);
        } else if (node->op < GAN__PAD) {
            const int64_t from = source_of(node, input, i);
            y->value[i] = a.value[from];
            y->bound[i] = a.bound[from];
        }
    }
}

/* The values of the first `count` nodes; interpret_free releases them. */
static inline interpreted *interpret(const gan__graph *graph, int32_t count, const real *leaves)
{
    interpreted *all = new_bytes((size_t)count * sizeof *all, 0);
    for (int32_t id = 0; id < count; id++) {
        const size_t bytes = (size_t)gan__shape_elements(graph->nodes[id].shape) * sizeof(double);
        all[id] = (interpreted){new_bytes(bytes, 0), new_bytes(bytes, 0)};
        interpret_node(graph, id, leaves, all);
    }
    return all;
}

static inline void interpret_free(interpreted *all, int32_t count)
{
    for (int32_t id = 0; id < count; id++) {
        free(all[id].value);
        free(all[id].bound);
    }
    free(all);
}

#endif
