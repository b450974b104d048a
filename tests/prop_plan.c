/* Random graphs: the fused plan gives the bits of the naive one, for any number of threads, whatever
 * stood in memory before; and both agree with an interpreter in double that carries error bounds.
 *
 *   prop_plan [seed]  repeats one graph */
#include "support.h"

#include "graph/operations.h"
#include "graph/plan.h"
#include "interpret.h"

#include <stdio.h>

enum {
    GRAPHS = 2000,
    LARGE_EACH = 5, /* one graph in so many has large arrays */
    OUTPUTS_MAX = 16,
    LEAF_ELEMENTS = 400000,
    GUARD = 37 /* elements around everything that is written; odd, so that nothing is aligned */
};

/* ---- Making graphs ------------------------------------------------------------------------------ */

typedef struct {
    dice chance;
    gan__graph graph;
    bool large;
    int64_t leaf_end; /* of the leaves' array */
    int32_t steps;
} maker;

static int64_t random_dim(maker *m)
{
    static const int64_t small[] = {1, 2, 3, 4, 5, 7}, large[] = {1, 3, 16, 40, 64, 95, 517};
    return m->large ? large[roll(&m->chance, 7)] : small[roll(&m->chance, 6)];
}

static gan__shape random_shape(maker *m)
{
    gan__shape shape = {.rank = roll(&m->chance, m->large ? 4 : GAN__RANK_MAX + 1)};
    for (int32_t i = 0; i < shape.rank; i++) {
        shape.dims[i] = random_dim(m);
    }
    while (gan__shape_elements(shape) > (m->large ? 60000 : 400)) {
        shape.dims[roll(&m->chance, shape.rank)] = 1;
    }
    return shape;
}

static gan__distribution random_distribution(maker *m)
{
    static const gan__distribution kinds[] = {
        {GAN__UNIFORM, -1, 1}, {GAN__NORMAL, 0, 1}, {GAN__BERNOULLI, 0.6, 1.5}};
    return kinds[roll(&m->chance, 3)];
}

/* A leaf (some share numbers with others), a constant, or random numbers. */
static int32_t new_source(maker *m, gan__shape shape)
{
    const int64_t elements = gan__shape_elements(shape);
    const int32_t face = roll(&m->chance, 8);
    if (face == 0 || m->leaf_end + elements + 3 > LEAF_ELEMENTS) {
        return gan__constant(&m->graph, roll_between(&m->chance, -1, 1), shape);
    }
    if (face == 1) {
        const uint32_t stream = (uint32_t)roll(&m->chance, 4) + 1024;
        const gan__stack stack = {roll(&m->chance, 3), (uint32_t)roll(&m->chance, 3)};
        return gan__random_node(&m->graph, random_distribution(m), stream, stack, shape);
    }
    const int64_t offset = m->leaf_end + roll(&m->chance, 3);
    m->leaf_end = offset + elements;
    return gan__leaf(&m->graph, 0, offset, shape);
}

/* A node made before, the later the likelier. */
static int32_t some_node(maker *m)
{
    const int32_t a = roll(&m->chance, m->graph.count), b = roll(&m->chance, m->graph.count);
    return a > b ? a : b;
}

static gan__shape shape_of(const maker *m, int32_t id)
{
    return gan__node_shape(&m->graph, id);
}

/* A node that can be broadcast together with one of `shape`. */
static int32_t some_operand(maker *m, gan__shape shape)
{
    for (int32_t i = 0; i < 6; i++) {
        const int32_t id = some_node(m);
        if (gan__shape_equal(shape_of(m, id), shape)) {
            return id;
        }
        if (gan__shape_elements(shape_of(m, id)) == gan__shape_elements(shape)) {
            return gan__reshape(&m->graph, id, shape);
        }
    }
    gan__shape own = shape;
    const int32_t missing =
        shape.rank > 0 && roll(&m->chance, 3) == 0 ? roll(&m->chance, shape.rank) : 0;
    own.rank -= missing;
    for (int32_t i = 0; i < own.rank; i++) {
        own.dims[i] = roll(&m->chance, 3) == 0 ? 1 : shape.dims[i + missing];
    }
    return new_source(m, own);
}

static int32_t make_unary(maker *m, int32_t x)
{
    gan__graph *g = &m->graph;
    switch (roll(&m->chance, 11)) {
    case 0:
        return gan__affine(g, x, roll_between(&m->chance, -2, 2), roll_between(&m->chance, -1, 1));
    case 1:
        return gan__exp(g, gan__tanh(g, x));
    case 2:
        return gan__log(g, gan__affine(g, gan__softplus(g, x), 1, 0.1));
    case 3:
        return gan__sqrt(g, gan__affine(g, gan__square(g, x), 1, 0.2));
    case 4:
        return gan__reciprocal(g, gan__affine(g, gan__sigmoid(g, x), 1, 0.3));
    case 5:
        return gan__relu(g, x);
    case 6:
        return gan__leaky_relu(g, x, 0.2);
    case 7:
        return gan__softplus(g, x);
    case 8:
        return gan__sigmoid(g, gan__negate(g, x));
    default:
        return gan__tanh(g, x);
    }
}

static int32_t make_binary(maker *m, int32_t x)
{
    static int32_t (*const builders[])(gan__graph *, int32_t, int32_t) = {
        gan__add,          gan__subtract, gan__multiply_nodes, gan__maximum_node,
        gan__minimum_node, gan__greater,  gan__multiply_nodes};
    const int32_t y = roll(&m->chance, 8) == 0 ? x : some_operand(m, shape_of(m, x));
    const int32_t which = roll(&m->chance, 7);
    return roll(&m->chance, 2) == 0 ? builders[which](&m->graph, x, y)
                                    : builders[which](&m->graph, y, x);
}

static int32_t make_sum(maker *m, int32_t x)
{
    gan__shape to = shape_of(m, x);
    const bool all = roll(&m->chance, 4) == 0;
    for (int32_t i = 0; i < to.rank; i++) {
        to.dims[i] = all || roll(&m->chance, 2) == 0 ? 1 : to.dims[i];
    }
    const double share =
        (double)gan__shape_elements(to) / (double)gan__shape_elements(shape_of(m, x));
    return gan__affine(&m->graph, gan__sum_to(&m->graph, x, to), share, 0);
}

static int32_t make_broadcast(maker *m, int32_t x)
{
    gan__shape to = shape_of(m, x);
    for (int32_t i = 0; i < to.rank; i++) {
        const bool repeat = to.dims[i] == 1 && gan__shape_elements(to) < (m->large ? 10000 : 100);
        to.dims[i] = repeat ? random_dim(m) : to.dims[i];
    }
    return gan__broadcast(&m->graph, x, to);
}

static int32_t make_permute(maker *m, int32_t x)
{
    int32_t axes[GAN__RANK_MAX];
    for (int32_t i = 0; i < shape_of(m, x).rank; i++) {
        const int32_t other = roll(&m->chance, i + 1);
        axes[i] = axes[other];
        axes[other] = i;
    }
    return gan__permute(&m->graph, x, axes);
}

static int32_t make_block(maker *m, int32_t x)
{
    gan__shape to = shape_of(m, x);
    int64_t starts[GAN__RANK_MAX] = {0};
    const bool pad = roll(&m->chance, 2) == 0 && gan__shape_elements(to) < (m->large ? 20000 : 200);
    for (int32_t i = 0; i < to.rank; i++) {
        if (roll(&m->chance, 2) == 0) {
            continue;
        }
        if (pad) {
            starts[i] = roll(&m->chance, 2);
            to.dims[i] += starts[i] + roll(&m->chance, 2);
        } else {
            starts[i] = roll(&m->chance, (int32_t)to.dims[i]);
            to.dims[i] = 1 + roll(&m->chance, (int32_t)(to.dims[i] - starts[i]));
        }
    }
    return pad ? gan__pad(&m->graph, x, starts, to) : gan__slice(&m->graph, x, starts, to);
}

/* x as a matrix, times another or itself. */
static int32_t make_product(maker *m, int32_t x)
{
    const gan__shape own = shape_of(m, x);
    gan__shape matrix = gan__shape_2(1, 1);
    const int32_t split = roll(&m->chance, own.rank + 1);
    for (int32_t i = 0; i < own.rank; i++) {
        matrix.dims[i < split ? 0 : 1] *= own.dims[i];
    }
    const bool ta = roll(&m->chance, 2) == 0, tb = roll(&m->chance, 2) == 0;
    const int64_t rows = matrix.dims[ta ? 1 : 0], inner = matrix.dims[ta ? 0 : 1];
    x = gan__reshape(&m->graph, x, matrix);
    int32_t y = x;
    int64_t other = rows;
    bool by_itself = roll(&m->chance, 5) == 0 && rows < 100;
    if (!by_itself) {
        other = rows < 400 ? random_dim(m) : 1 + roll(&m->chance, 1 + (int32_t)(60000 / rows));
        other = inner * other > LEAF_ELEMENTS ? 1 : other; /* or it would outweigh all graphs */
        y = new_source(m, tb ? gan__shape_2(other, inner) : gan__shape_2(inner, other));
    }
    y = gan__matmul(&m->graph, x, ta, y, by_itself ? !ta : tb);
    return gan__affine(&m->graph, y, 1 / sqrt((double)inner), 0);
}

static int32_t make_maximum(maker *m, int32_t x)
{
    const gan__shape own = shape_of(m, x);
    if (own.rank == 0) {
        return x;
    }
    const int32_t axis = roll(&m->chance, own.rank);
    const int32_t top = gan__max_axis(&m->graph, x, axis);
    switch (roll(&m->chance, 3)) {
    case 0:
        return gan__max_scatter(&m->graph, x, gan__tanh(&m->graph, top), axis);
    case 1:
        return gan__max_gather(&m->graph, x, gan__multiply_nodes(&m->graph, x, x), axis);
    default:
        return top;
    }
}

/* x as images [n, c, h, w], or what else a convolution has four axes of. */
static int32_t as_images(maker *m, int32_t x)
{
    const gan__shape own = shape_of(m, x);
    gan__shape images = {4, {1, 1, 1, 1}};
    int32_t axis = own.rank < 4 ? roll(&m->chance, 5 - own.rank) : 0;
    for (int32_t i = 0; i < own.rank; i++) {
        images.dims[axis] *= own.dims[i];
        axis += axis < 3 && (own.rank <= 4 || roll(&m->chance, 3) > 0);
    }
    return gan__reshape(&m->graph, x, images);
}

/* Maxima of windows that overlap, stand apart or are larger than the images. */
static int32_t make_pooling(maker *m, int32_t x)
{
    gan__graph *g = &m->graph;
    x = as_images(m, x);
    int64_t window[2], stride[2];
    for (int32_t i = 0; i < 2; i++) {
        window[i] = 1 + roll(&m->chance, 4);
        stride[i] = 1 + roll(&m->chance, 5);
    }
    const int32_t top = gan__max_pool(g, x, window, stride);
    switch (roll(&m->chance, 3)) {
    case 0:
        return gan__max_pool_scatter(g, x, gan__affine(g, gan__tanh(g, top), 0.5, 0), window,
                                     stride);
    case 1:
        return gan__max_pool_gather(g, x, gan__multiply_nodes(g, x, x), window, stride);
    default:
        return top;
    }
}

typedef enum { AS_IMAGES, AS_RESULTS, AS_KERNELS, BY_KERNELS, FACES } face;

/* A convolution around one of its arrays, which is there already. */
typedef struct {
    gan__shape image, kernel, result;
    int64_t stride[2], pad[2];
} window;

static void choose_window(maker *m, face which, int64_t length, int32_t axis, window *w)
{
    int64_t image = length, kernel = 1 + roll(&m->chance, 4), pad = roll(&m->chance, 3);
    const int64_t stride = 1 + roll(&m->chance, 3);
    if (which == AS_RESULTS) {
        const int64_t span = (length - 1) * stride + kernel;
        pad = span > 2 * pad ? pad : 0;
        image = span - 2 * pad + roll(&m->chance, (int32_t)stride);
    } else if (which == AS_KERNELS) {
        kernel = length;
        pad = length > 2 * pad ? pad : 0;
        image = length - 2 * pad + roll(&m->chance, 4);
    } else if (kernel > length + 2 * pad) {
        kernel = length + 2 * pad;
    }
    w->image.dims[2 + axis] = image;
    w->kernel.dims[2 + axis] = kernel;
    w->result.dims[2 + axis] = (image + 2 * pad - kernel) / stride + 1;
    w->stride[axis] = stride;
    w->pad[axis] = pad;
}

/* x as images, as their gradient, or as kernels, with others made for it. */
static int32_t make_convolution(maker *m, int32_t x)
{
    gan__graph *g = &m->graph;
    if (gan__shape_elements(shape_of(m, x)) > (m->large ? 8000 : 200)) {
        return x;
    }
    x = as_images(m, x);
    const gan__shape own = shape_of(m, x);
    const face which = (face)roll(&m->chance, FACES);
    const int64_t a = own.dims[0], b = own.dims[1], others = 1 + roll(&m->chance, 4);
    window w = {.image = {4, {a, b}}, .kernel = {4, {others, b}}, .result = {4, {a, others}}};
    if (which == AS_RESULTS) {
        w = (window){.image = {4, {a, others}}, .kernel = {4, {b, others}}, .result = own};
    } else if (which == AS_KERNELS) {
        w = (window){.image = {4, {others, b}}, .kernel = own, .result = {4, {others, a}}};
    }
    choose_window(m, which, own.dims[2], 0, &w);
    choose_window(m, which, own.dims[3], 1, &w);
    int32_t y;
    if (which == AS_IMAGES) {
        y = gan__convolve_node(g, x, new_source(m, w.kernel), w.stride, w.pad);
    } else if (which == AS_RESULTS) {
        y = gan__convolve_input_node(g, x, new_source(m, w.kernel), w.stride, w.pad, w.image);
    } else if (which == AS_KERNELS) {
        y = gan__convolve_node(g, new_source(m, w.image), x, w.stride, w.pad);
    } else {
        y = gan__convolve_kernel_node(g, x, new_source(m, w.result), w.stride, w.pad, w.kernel);
    }
    return gan__affine(g, y, 1 / sqrt((double)gan__shape_elements(own)), 0);
}

static int32_t make_reshape(maker *m, int32_t x)
{
    return gan__reshape(&m->graph, x, gan__shape_1(gan__shape_elements(shape_of(m, x))));
}

static int32_t make_source(maker *m, int32_t x)
{
    (void)x;
    return new_source(m, random_shape(m));
}

static int32_t make_concatenation(maker *m, int32_t x)
{
    const int32_t rank = shape_of(m, x).rank;
    return rank == 0 || gan__shape_elements(shape_of(m, x)) > 20000
               ? x
               : gan__concatenate(&m->graph, x, x, roll(&m->chance, rank));
}

/* The gradient of some scalar by some nodes, at times of the square of a gradient. */
static void make_gradients(maker *m)
{
    gan__graph *g = &m->graph;
    int32_t y = gan__mean_all(g, gan__tanh(g, some_node(m)));
    for (int32_t order = 1 + roll(&m->chance, 2); order > 0; order--) {
        int32_t wrt[3], grads[3];
        for (int32_t i = 0; i < 3; i++) {
            wrt[i] = roll(&m->chance, y);
        }
        ck_assert_int_eq(gan__gradient(g, y, 3, wrt, grads), GAN_OK);
        y = gan__sum_all(g, gan__square(g, gan__tanh(g, grads[0])));
    }
}

static void make_graph(maker *m)
{
    static int32_t (*const makers[])(maker *, int32_t) = {
        make_unary,         make_unary,       make_unary,   make_binary,  make_binary,
        make_binary,        make_binary,      make_sum,     make_product, make_maximum,
        make_reshape,       make_broadcast,   make_permute, make_block,   make_source,
        make_concatenation, make_convolution, make_pooling};
    const int32_t sources = 1 + roll(&m->chance, 4);
    for (int32_t i = 0; i < sources; i++) {
        make_source(m, 0);
    }
    const int32_t steps = m->large ? 3 + roll(&m->chance, 12) : 1 + roll(&m->chance, 40);
    int32_t last = some_node(m);
    for (int32_t i = 0; i < steps; i++) { /* chains, with side branches */
        const int32_t x = roll(&m->chance, 3) == 0 ? some_node(m) : last;
        last = makers[roll(&m->chance, 18)](m, x);
        ck_assert_msg(last >= 0, "%s", gan_context_message(m->graph.context));
    }
    if (roll(&m->chance, 3) == 0) {
        make_gradients(m);
    }
}

/* ---- Running them ------------------------------------------------------------------------------ */

typedef struct {
    int32_t count;
    gan__output outputs[OUTPUTS_MAX]; /* in slots 1 and 2 in turn */
    int64_t size[2];                  /* of the slots */
    int64_t elements[OUTPUTS_MAX];
} results;

/* Some nodes, among them the last, leaves, reshapes, and at times one twice. */
static results choose_outputs(maker *m)
{
    results r = {.count = 1 + roll(&m->chance, 6), .size = {GUARD, GUARD}};
    for (int32_t i = 0; i < r.count; i++) {
        int32_t id = i == 0 ? m->graph.count - 1 : some_node(m);
        if (i > 0 && roll(&m->chance, 5) == 0) {
            id = r.outputs[i - 1].node;
        } else if (roll(&m->chance, 10) == 0) {
            id = make_reshape(m, id);
        } else if (roll(&m->chance, 10) == 0) {
            id = roll(&m->chance, m->graph.count < 4 ? m->graph.count : 4);
        }
        const int32_t slot = i % 2;
        r.elements[i] = gan__shape_elements(shape_of(m, id));
        r.outputs[i] = (gan__output){id, slot + 1, r.size[slot]};
        r.size[slot] += r.elements[i] + GUARD;
    }
    return r;
}

/* The arrays of one run: leaves, the two output slots, the workspace. All but the leaves are filled
 * with a byte before. */
typedef struct {
    real *slots[3], *workspace;
    int64_t workspace_size;
    int fill;
} arrays;

static arrays run_plan(const gan__plan *plan, const results *r, real *leaves, int fill)
{
    arrays a = {.slots = {leaves}, .workspace_size = gan__plan_workspace(plan), .fill = fill};
    for (int32_t i = 0; i < 2; i++) {
        a.slots[i + 1] = new_bytes((size_t)r->size[i] * sizeof(real), fill);
    }
    a.workspace = new_bytes((size_t)(a.workspace_size + GUARD) * sizeof(real), fill);
    const gan__arguments arguments = {a.slots, a.workspace, INTERPRET_SEED, INTERPRET_STEP,
                                      INTERPRET_FIRST};
    gan__plan_run(plan, &arguments);
    return a;
}

static void free_arrays(arrays *a)
{
    free(a->slots[1]);
    free(a->slots[2]);
    free(a->workspace);
}

static bool all_bytes(const void *memory, size_t count, int fill)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != fill) {
            return false;
        }
    }
    return true;
}

/* Whether nothing was written around the outputs or after the workspace. */
static bool guards_stand(const arrays *a, const results *r)
{
    const size_t guard = GUARD * sizeof(real);
    bool stand = all_bytes(a->workspace + a->workspace_size, guard, a->fill) &&
                 all_bytes(a->slots[1], guard, a->fill) && all_bytes(a->slots[2], guard, a->fill);
    for (int32_t i = 0; i < r->count; i++) {
        const gan__output *output = &r->outputs[i];
        stand &=
            all_bytes(a->slots[output->slot] + output->offset + r->elements[i], guard, a->fill);
    }
    return stand;
}

static bool same_outputs(const arrays *a, const arrays *b, const results *r)
{
    bool same = true;
    for (int32_t i = 0; i < r->count; i++) {
        const gan__output *output = &r->outputs[i];
        same &=
            memcmp(a->slots[output->slot] + output->offset, b->slots[output->slot] + output->offset,
                   (size_t)r->elements[i] * sizeof(real)) == 0;
    }
    return same;
}

typedef struct {
    int64_t naive, fused;        /* elements of workspace */
    int64_t compared, undecided; /* numbers; undecided: the bound is not finite */
    int64_t seen[GAN__OP_COUNT];
    int32_t graphs, nodes_most;
} totals;

/* Compares the outputs with the interpreter. Returns how many are outside their bound. */
static int64_t interpreted_misses(const gan__graph *graph, int32_t nodes, const arrays *a,
                                  const results *r, totals *sum)
{
    interpreted *values = interpret(graph, nodes, a->slots[0]);
    int64_t misses = 0;
    for (int32_t i = 0; i < r->count; i++) {
        const gan__output *output = &r->outputs[i];
        const interpreted *wanted = &values[output->node];
        for (int64_t j = 0; j < r->elements[i]; j++) {
            const double got = (double)a->slots[output->slot][output->offset + j];
            sum->compared++;
            if (!isfinite(wanted->bound[j])) {
                sum->undecided++;
            } else if (!(fabs(got - wanted->value[j]) <= wanted->bound[j])) {
                misses++;
            }
        }
    }
    interpret_free(values, nodes);
    return misses;
}

static void check_graph(gan_context *context, uint64_t seed, real *leaves, totals *sum)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    maker m = {.chance = {seed * 7919 + 1},
               .graph = gan__graph_create(context),
               .large = seed % LARGE_EACH == 0};
    make_graph(&m);
    const results r = choose_outputs(&m);
    const int32_t nodes = m.graph.count;
    gan__plan *naive, *fused;
    ck_assert_int_eq(gan_context_set_threads(context, 1), GAN_OK);
    ck_assert_msg(gan__plan_create(&m.graph, r.count, r.outputs, GAN__PLAN_NAIVE, &naive) == GAN_OK,
                  "seed %d: %s", (int)seed, gan_context_message(context));
    ck_assert_msg(gan__plan_create(&m.graph, r.count, r.outputs, GAN__PLAN_FUSED, &fused) == GAN_OK,
                  "seed %d: %s", (int)seed, gan_context_message(context));
    arrays wanted = run_plan(naive, &r, leaves, 0xa5);
    ck_assert_msg(guards_stand(&wanted, &r), "seed %d: naive writes too far", (int)seed);
    const int64_t misses = interpreted_misses(&m.graph, nodes, &wanted, &r, sum);
    ck_assert_msg(misses == 0, "seed %d: %lld numbers are wrong", (int)seed, (long long)misses);
    sum->naive += gan__plan_workspace(naive);
    sum->fused += gan__plan_workspace(fused);
    sum->graphs++;
    sum->nodes_most = nodes > sum->nodes_most ? nodes : sum->nodes_most;
    for (int32_t i = 0; i < nodes; i++) {
        sum->seen[m.graph.nodes[i].op]++;
    }
    gan__graph_free(&m.graph);
    gan__plan_free(naive);
    for (int32_t i = 0; i < (m.large ? 4 : 2); i++) { /* small ones seldom reach the threads */
        const int32_t count = threads[m.large ? i : i * 3];
        ck_assert_int_eq(gan_context_set_threads(context, count), GAN_OK);
        arrays got = run_plan(fused, &r, leaves, i % 2 == 0 ? 0xff : 0x5a); /* 0xff: NaN */
        ck_assert_msg(guards_stand(&got, &r), "seed %d, %d threads: fused writes too far",
                      (int)seed, (int)count);
        ck_assert_msg(same_outputs(&got, &wanted, &r), "seed %d, %d threads: fused differs",
                      (int)seed, (int)count);
        free_arrays(&got);
    }
    gan__plan_free(fused);
    free_arrays(&wanted);
}

static uint64_t only_seed;

START_TEST(fused_is_naive)
{
    heap own;
    gan_context *context = new_context(&own);
    totals sum = {0};
    dice d = {11};
    real *leaves = new_reals(LEAF_ELEMENTS), *before = new_reals(LEAF_ELEMENTS);
    roll_array(&d, LEAF_ELEMENTS, -1, 1, leaves);
    memcpy(before, leaves, LEAF_ELEMENTS * sizeof *leaves);
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        if (only_seed == 0 || only_seed == seed) {
            check_graph(context, seed, leaves, &sum);
        }
    }
    ck_assert(memcmp(leaves, before, LEAF_ELEMENTS * sizeof *leaves) == 0);
    free(before);
    free(leaves);
    printf("%d graphs of up to %d nodes; workspace shrinks by %.1f; %.2f %% of %lld numbers "
           "undecided\n",
           (int)sum.graphs, (int)sum.nodes_most, (double)sum.naive / (double)sum.fused,
           100 * (double)sum.undecided / (double)sum.compared, (long long)sum.compared);
    if (only_seed == 0) {
        ck_assert(sum.fused * 3 < sum.naive * 2);
        ck_assert(sum.undecided * 10 < sum.compared);
        for (int32_t i = 0; i < GAN__OP_COUNT; i++) {
            ck_assert_msg(sum.seen[i] >= 100, "%s occurs %d times", gan__operations[i].name,
                          (int)sum.seen[i]);
        }
    }
    end_context(context, &own);
}
END_TEST

int main(int count, char **arguments)
{
    only_seed = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    return RUN_TESTS("plans", fused_is_naive);
}
