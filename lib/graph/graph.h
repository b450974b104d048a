/* The engine's language: a graph of operations on arrays.
 *
 * A graph is one growing array of nodes. A node is an operation, its inputs and its shape; an input
 * exists before its user, so the order of creation is an order of evaluation. A node is named by
 * its index, an int32_t from 0 up.
 *
 * Errors stick: a builder given a negative id, or a graph in which something failed before, returns
 * the negative status code and adds nothing. So a chain of builders needs no checks; whoever uses
 * the result checks once. The message is in the context.
 *
 * gan__gradient appends nodes made by the same builders, and can be applied to its own result. */
#ifndef GAN_GRAPH_GRAPH_H
#define GAN_GRAPH_GRAPH_H

#include "base/context.h"
#include "kernel/random.h"
#include "kernel/real.h"

enum { GAN__RANK_MAX = GAN_RANK_MAX + 1, GAN__ARITY_MAX = 3 };

typedef struct {
    int32_t rank; /* 0 for a scalar */
    int64_t dims[GAN__RANK_MAX];
} gan__shape;

/* The primitives: closed under differentiation. */
typedef enum {
    /* leaves */
    GAN__LEAF,     /* a part of an array bound when the plan runs: inputs and parameters */
    GAN__CONSTANT, /* one number everywhere */
    GAN__RANDOM,   /* numbers drawn by Philox */
    /* element by element */
    GAN__AFFINE, /* scale a + shift */
    GAN__EXP,
    GAN__LOG,
    GAN__SQRT,
    GAN__RECIPROCAL,
    GAN__TANH,
    GAN__SIGMOID,
    GAN__SOFTPLUS,
    GAN__ADD,
    GAN__SUBTRACT,
    GAN__MULTIPLY,
    GAN__MAXIMUM,
    GAN__GREATER, /* 1 where a > b, else 0; its derivative is 0 */
    /* other looks at the same numbers */
    GAN__RESHAPE,
    GAN__BROADCAST, /* repeats along axes of length 1 */
    GAN__PERMUTE,
    GAN__SLICE,
    GAN__PAD, /* puts a block into zeros: the transpose of slice */
    /* across elements */
    GAN__SUM, /* over axes, which stay with length 1: the transpose of broadcast */
    GAN__MATMUL,
    GAN__MAX_AXIS,    /* maximum over one axis, which stays with length 1 */
    GAN__MAX_SCATTER, /* puts b where a has its maximum, zeros elsewhere */
    GAN__MAX_GATHER,  /* takes b from where a has its maximum */
    GAN__MAX_POOL,    /* the same three over windows of the last two axes, which may overlap */
    GAN__MAX_POOL_SCATTER,
    GAN__MAX_POOL_GATHER,
    /* the three faces of a trilinear form: each differentiates into the other two */
    GAN__CONVOLVE,        /* images by kernels */
    GAN__CONVOLVE_INPUT,  /* its gradient by the images: transposed convolution */
    GAN__CONVOLVE_KERNEL, /* its gradient by the kernels */
    GAN__OP_COUNT
} gan__op;

typedef struct {
    gan__op op;
    int32_t in[GAN__ARITY_MAX]; /* -1 where there is none */
    gan__shape shape;
    union {
        struct {
            int32_t slot;
            int64_t offset; /* in elements */
        } leaf;
        struct {
            double scale, shift; /* a constant is its shift */
        } affine;
        struct {
            gan__distribution distribution;
            uint32_t stream;
            gan__stack stack;
        } random;
        struct {
            bool transpose_a, transpose_b;
        } matmul;
        int32_t axes[GAN__RANK_MAX];   /* permute: output axis i is input axis axes[i] */
        int64_t starts[GAN__RANK_MAX]; /* slice, pad: where the block starts */
        int32_t axis;                  /* the max operations */
        struct {
            int64_t stride[2], pad[2]; /* rows, columns */
            int64_t size[2];           /* of a pooling window */
        } window;                      /* the convolutions and poolings */
    };
} gan__node;

typedef struct {
    gan_context *context; /* borrowed */
    gan__node *nodes;
    int64_t capacity;
    int32_t count;
    int32_t status; /* the first error, or GAN_OK */
} gan__graph;

/* An empty graph; nothing is allocated until the first node. Free it with gan__graph_free. */
gan__graph gan__graph_create(gan_context *context);
void gan__graph_free(gan__graph *graph);

/* A shape from its dimensions, the shape of a node, and their number of elements. */
gan__shape gan__shape_of(int32_t rank, const int64_t *dims);
gan__shape gan__shape_1(int64_t a);
gan__shape gan__shape_2(int64_t a, int64_t b);
gan__shape gan__node_shape(const gan__graph *graph, int32_t x);
int64_t gan__shape_elements(gan__shape shape);
bool gan__shape_equal(gan__shape a, gan__shape b);

/* ---- Leaves -------------------------------------------------------------------------------- */

/* A block of `shape` at `offset` of the array bound to `slot` when the plan runs. */
int32_t gan__leaf(gan__graph *graph, int32_t slot, int64_t offset, gan__shape shape);

int32_t gan__constant(gan__graph *graph, double value, gan__shape shape);

/* Random numbers of shape [rows, ...]: row r is sample r of the run's first sample on, drawn at the
 * run's seed and step. stack: {0} for a plain batch */
int32_t gan__random_node(gan__graph *graph, gan__distribution distribution, uint32_t stream,
                         gan__stack stack, gan__shape shape);

/* ---- Primitives ---------------------------------------------------------------------------- */

int32_t gan__affine(gan__graph *graph, int32_t x, double scale, double shift);
int32_t gan__exp(gan__graph *graph, int32_t x);
int32_t gan__log(gan__graph *graph, int32_t x);
int32_t gan__sqrt(gan__graph *graph, int32_t x);
int32_t gan__reciprocal(gan__graph *graph, int32_t x);
int32_t gan__tanh(gan__graph *graph, int32_t x);
int32_t gan__sigmoid(gan__graph *graph, int32_t x);
int32_t gan__softplus(gan__graph *graph, int32_t x);

/* Binary operations broadcast: an axis of length 1, or one that is missing in front, repeats. */
int32_t gan__add(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__subtract(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__multiply_nodes(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__maximum_node(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__greater(gan__graph *graph, int32_t a, int32_t b);

int32_t gan__reshape(gan__graph *graph, int32_t x, gan__shape shape);
int32_t gan__broadcast(gan__graph *graph, int32_t x, gan__shape shape);
/* Output axis i is input axis axes[i]. axes: [rank of x], a permutation */
int32_t gan__permute(gan__graph *graph, int32_t x, const int32_t *axes);
/* The block of `shape` that starts at starts: [rank of x] */
int32_t gan__slice(gan__graph *graph, int32_t x, const int64_t *starts, gan__shape shape);
/* Zeros of `shape`, with x put at starts: [rank of x] */
int32_t gan__pad(gan__graph *graph, int32_t x, const int64_t *starts, gan__shape shape);

/* The sum over every axis on which `shape` (of x's rank) has length 1. */
int32_t gan__sum_to(gan__graph *graph, int32_t x, gan__shape shape);
/* op(a) op(b) of two matrices; op transposes if asked to. */
int32_t gan__matmul(gan__graph *graph, int32_t a, bool transpose_a, int32_t b, bool transpose_b);
/* The maximum over one axis; the first of equals. */
int32_t gan__max_axis(gan__graph *graph, int32_t x, int32_t axis);
int32_t gan__max_scatter(gan__graph *graph, int32_t x, int32_t g, int32_t axis);
int32_t gan__max_gather(gan__graph *graph, int32_t x, int32_t h, int32_t axis);

/* The maximum of each window of x: [n, c, h, w]; the first of equals. Windows at the border are
 * cut: the result is [n, c, ceil((h - window) / stride) + 1, ...], without a last window that would
 * start outside, and at least 1. window, stride: of rows and of columns, at least 1 */
int32_t gan__max_pool(gan__graph *graph, int32_t x, const int64_t *window, const int64_t *stride);
/* How many windows that is along one axis. length, size, stride: at least 1 */
int64_t gan__window_count(int64_t length, int64_t size, int64_t stride);
/* Adds each element of g, of the result's shape, where x has the maximum of its window: x's shape.
 */
int32_t gan__max_pool_scatter(gan__graph *graph, int32_t x, int32_t g, const int64_t *window,
                              const int64_t *stride);
/* Takes h, of x's shape, from where x has the maximum of each window. */
int32_t gan__max_pool_gather(gan__graph *graph, int32_t x, int32_t h, const int64_t *window,
                             const int64_t *stride);

/* Convolution of x: [n, c, h, w] by kernels: [o, c, kh, kw], with `pad` zeros around x: the result
 * is [n, o, (h + 2 pad - kh) / stride + 1, ...], rounded down. stride, pad: of rows and of
 * columns */
int32_t gan__convolve_node(gan__graph *graph, int32_t x, int32_t kernel, const int64_t *stride,
                           const int64_t *pad);
/* The transpose: from g of the convolution's shape to `shape`, that of x. */
int32_t gan__convolve_input_node(gan__graph *graph, int32_t g, int32_t kernel,
                                 const int64_t *stride, const int64_t *pad, gan__shape shape);
/* The gradient by the kernels, of `shape`, from x and g. */
int32_t gan__convolve_kernel_node(gan__graph *graph, int32_t x, int32_t g, const int64_t *stride,
                                  const int64_t *pad, gan__shape shape);

/* ---- Composites ---------------------------------------------------------------------------- */

int32_t gan__negate(gan__graph *graph, int32_t x);
int32_t gan__square(gan__graph *graph, int32_t x);
int32_t gan__divide(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__minimum_node(gan__graph *graph, int32_t a, int32_t b);
int32_t gan__relu(gan__graph *graph, int32_t x);
/* max(x, 0) + slope min(x, 0), slope in [0, 1] */
int32_t gan__leaky_relu(gan__graph *graph, int32_t x, double slope);
int32_t gan__concatenate(gan__graph *graph, int32_t a, int32_t b, int32_t axis);
/* The sum and the mean of all elements, as a scalar (rank 0). */
int32_t gan__sum_all(gan__graph *graph, int32_t x);
int32_t gan__mean_all(gan__graph *graph, int32_t x);

/* ---- Gradient ------------------------------------------------------------------------------ */

/* Appends the gradient of the scalar y by each of `count` nodes: out[i] has the shape of wrt[i],
 * zeros where y does not depend on it. Returns the status. */
int32_t gan__gradient(gan__graph *graph, int32_t y, int32_t count, const int32_t *wrt,
                      int32_t *out);

/* ---- For the floor itself ------------------------------------------------------------------ */

/* Appends a node whose op, in and attributes are set: checks it by its shape rule, and sets the
 * shape. Returns its id or the status. */
int32_t gan__push(gan__graph *graph, gan__node node);

/* Makes `status` the graph's error, if it has none yet, and returns the graph's error. */
int32_t gan__graph_fail(gan__graph *graph, int32_t status);

/* Writes a shape as "[2, 3]" to text. */
enum { GAN__SHAPE_TEXT = 160 };
const char *gan__shape_text(gan__shape shape, char text[GAN__SHAPE_TEXT]);

#endif
