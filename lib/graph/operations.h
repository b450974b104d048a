/* The table of operations: adding one is one row here, a shape rule, a gradient rule, a kernel. */
#ifndef GAN_GRAPH_OPERATIONS_H
#define GAN_GRAPH_OPERATIONS_H

#include "graph/graph.h"
#include "kernel/element.h"
#include "kernel/move.h"

/* How the planner treats an operation. */
typedef enum {
    GAN__CLASS_LEAF,    /* stands in an array of the caller: no work */
    GAN__CLASS_FILL,    /* made in place, block by block, from nothing */
    GAN__CLASS_ELEMENT, /* element by element: joins fused groups */
    GAN__CLASS_VIEW,    /* a strided read of its input: joins groups too, of another unit */
    GAN__CLASS_ALIAS,   /* the same numbers in the same order: no work */
    GAN__CLASS_WHOLE    /* needs whole inputs: a unit of its own */
} gan__class;

/* Sets node->shape from its inputs and attributes, or returns an error with a message. */
typedef int32_t (*gan__shape_rule)(gan__graph *graph, gan__node *node);

/* The share of the gradient that goes to input `input` of node `id`, g being the gradient by the
 * node itself; a node id. */
typedef int32_t (*gan__gradient_rule)(gan__graph *graph, int32_t id, int32_t g, int32_t input);

/* Computes a node of class WHOLE. x: its inputs; scratch: as much as gan__scratch_fn says; y: its
 * result */
typedef void (*gan__whole_fn)(gan_context *context, const gan__node *node,
                              const gan__shape *input_shapes, const real *const *x, real *scratch,
                              real *y);

/* How many elements of scratch that takes. */
typedef int64_t (*gan__scratch_fn)(const gan__node *node, const gan__shape *input_shapes);

typedef struct {
    const char *name;
    gan__class class;
    int32_t arity;
    gan__shape_rule shape;
    gan__gradient_rule gradient; /* NULL: the derivative is zero */
    gan__element_fn element;     /* class ELEMENT */
    gan__whole_fn whole;         /* class WHOLE */
    gan__scratch_fn scratch;     /* class WHOLE; NULL for none */
} gan__operation;

extern const gan__operation gan__operations[GAN__OP_COUNT];

/* Shape rules (shapes.c). */
int32_t gan__shape_given(gan__graph *graph, gan__node *node);
int32_t gan__shape_same(gan__graph *graph, gan__node *node);
int32_t gan__shape_reshape(gan__graph *graph, gan__node *node);
int32_t gan__shape_broadcast(gan__graph *graph, gan__node *node);
int32_t gan__shape_permute(gan__graph *graph, gan__node *node);
int32_t gan__shape_slice(gan__graph *graph, gan__node *node);
int32_t gan__shape_pad(gan__graph *graph, gan__node *node);
int32_t gan__shape_sum(gan__graph *graph, gan__node *node);
int32_t gan__shape_matmul(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_axis(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_scatter(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_gather(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_pool(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_pool_scatter(gan__graph *graph, gan__node *node);
int32_t gan__shape_max_pool_gather(gan__graph *graph, gan__node *node);
int32_t gan__shape_convolve(gan__graph *graph, gan__node *node);
int32_t gan__shape_convolve_input(gan__graph *graph, gan__node *node);
int32_t gan__shape_convolve_kernel(gan__graph *graph, gan__node *node);

/* Gradient rules (gradient.c). */
int32_t gan__gradient_affine(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_exp(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_log(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_sqrt(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_reciprocal(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_tanh(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_sigmoid(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_softplus(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_add(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_subtract(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_multiply(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_maximum(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_reshape(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_broadcast(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_permute(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_slice(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_pad(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_sum(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_matmul(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_axis(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_scatter(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_gather(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_pool(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_pool_scatter(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_max_pool_gather(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_convolve(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_convolve_input(gan__graph *graph, int32_t id, int32_t g, int32_t input);
int32_t gan__gradient_convolve_kernel(gan__graph *graph, int32_t id, int32_t g, int32_t input);

/* Where the elements of a VIEW node stand in its input. */
gan__view gan__view_of(const gan__node *node, gan__shape input);

#endif
