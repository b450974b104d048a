/* Inside a network: a list of layers, and flat parameters with a map of names.
 *
 * A network is a recipe. gan__network_build replays it into a graph for a batch of any size, as
 * often as a graph needs it, over parameters that stand in one array of the caller. */
#ifndef GAN_NN_NETWORK_H
#define GAN_NN_NETWORK_H

#include <gan/network.h>

#include "base/context.h"
#include "graph/graph.h"
#include "graph/plan.h"

typedef enum {
    GAN__LAYER_INPUT,
    GAN__LAYER_DENSE,
    GAN__LAYER_MAXOUT,
    GAN__LAYER_DROPOUT,
    GAN__LAYER_RELU,
    GAN__LAYER_LEAKY_RELU,
    GAN__LAYER_TANH,
    GAN__LAYER_SIGMOID,
    GAN__LAYER_SOFTPLUS,
    GAN__LAYER_AFFINE,
    GAN__LAYER_RESHAPE,
    GAN__LAYER_CONCATENATE,
    GAN__LAYER_CONVOLUTION,
    GAN__LAYER_TRANSPOSED_CONVOLUTION,
    GAN__LAYER_MAX_POOL,
    GAN__LAYER_AVERAGE_POOL,
    GAN__LAYER_MAXOUT_CHANNELS,
    GAN__LAYER_UPSAMPLE_NEAREST,
    GAN__LAYER_UPSAMPLE_BILINEAR,
    GAN__LAYER_CONDITION,
    GAN__LAYER_EMBEDDING,
    GAN__LAYER_BATCH_NORM,
    GAN__LAYER_LAYER_NORM,
    GAN__LAYER_INSTANCE_NORM,
    GAN__LAYER_MINIBATCH_DEVIATION,
    GAN__LAYER_MINIBATCH_DISCRIMINATION,
    GAN__LAYER_ADD,
    GAN__LAYER_INNER_PRODUCT,
    GAN__LAYER_REPEAT,
    GAN__LAYER_PIXEL_SHUFFLE,
    GAN__LAYER_COUNT
} gan__layer_kind;

/* One building call; tensor id t is made by layers[t - 1]. */
typedef struct {
    gan__layer_kind kind;
    int32_t in[2];    /* tensor ids, 0 for none */
    gan__shape shape; /* of one sample */
    double a, b;      /* the numbers of dropout, leaky_relu and affine; epsilon and momentum */
    int32_t index;    /* which transformation (-1: none), which dropout; the axis of concatenate */
    int64_t size[2];  /* of a pooling window; kernels and dims of minibatch_discrimination; [0]: the
                         pieces or the factor of an image layer, the group of minibatch_deviation */
    int64_t start;    /* of a condition in the row of all */
    int64_t stride[2], pad[2];  /* of convolutions; the stride of pooling, too */
    char name[GAN__NAME_BYTES]; /* of an input or a condition */
} gan__layer;

/* Whether layers of this kind have an affine transformation, which `index` then names. */
static inline bool gan__layer_has_weights(gan__layer_kind kind)
{
    return kind == GAN__LAYER_DENSE || kind == GAN__LAYER_MAXOUT ||
           kind == GAN__LAYER_CONVOLUTION || kind == GAN__LAYER_TRANSPOSED_CONVOLUTION ||
           kind == GAN__LAYER_EMBEDDING || kind == GAN__LAYER_MINIBATCH_DISCRIMINATION;
}

/* Whether they may have one that `index` names: normalisations need none. */
static inline bool gan__layer_normalises(gan__layer_kind kind)
{
    return kind == GAN__LAYER_BATCH_NORM || kind == GAN__LAYER_LAYER_NORM ||
           kind == GAN__LAYER_INSTANCE_NORM;
}

/* The index of a layer's transformation, or -1. */
static inline int32_t gan__layer_transform(const gan__layer *layer)
{
    const bool may = gan__layer_has_weights(layer->kind) || gan__layer_normalises(layer->kind);
    return may ? layer->index : -1;
}

/* The affine transformation of a layer, with its settings.
 *                           W                                     b, if any
 *   dense, maxout           [inputs, units * pieces]              [units * pieces]
 *   embedding               [inputs, units]
 *   minibatch_discrimination [inputs, kernels * dims]
 *   convolution             [filters, channels, height, width]    [filters, 1, 1] or
 *   transposed_convolution  [channels, filters, height, width]    [filters, height', width']
 *   normalisations          [channels], the scale, if any         [channels], the shift
 * Its tensors follow each other: W, b, statistics, direction, as far as there are such. */
typedef struct {
    char name[GAN__NAME_BYTES];
    gan__shape weight,
        bias;              /* of rank 0: none; every weight but that of a normalisation is there */
    gan__shape statistics; /* of batch normalisation: [2, channels]; else of rank 0 */
    bool scales;           /* W and b are a scale and a shift */
    bool spectral;         /* whether W is divided by its norm, and has a direction */
    int32_t unit_axis;     /* the axis of W over units, pieces or filters */
    int32_t parameter;     /* index of its first tensor among the network's */
    int64_t fan_in, fan_out; /* fan_in is also the number of weights that lead to a unit */
    int64_t pieces;          /* of a maxout unit; 1 otherwise */
    int64_t offset;          /* of its first tensor among the parameters */
    int32_t initializer;     /* index of its kind */
    double a, b;             /* its numbers */
    double start;            /* of every bias */
    real *biases;            /* [elements of b] where each bias starts by itself, or NULL */
    double max_norm;         /* of the weights that lead to a unit; 0 for no limit */
    double clip;             /* of each weight and bias; 0 for no limit */
    bool apart;              /* settings of "all layers" leave it out */
} gan__transform;

/* How many biases a transformation has: 0 for none. */
static inline int64_t gan__bias_elements(const gan__transform *t)
{
    return t->bias.rank > 0 ? gan__shape_elements(t->bias) : 0;
}

/* A named tensor of a transformation. Statistics and directions are kept as parameters are, but
 * have no gradient. */
typedef struct {
    char name[GAN__NAME_BYTES + 12];
    gan__shape shape;
    int64_t offset;
    bool frozen;
    bool statistic; /* has no gradient */
} gan__parameter;

/* The tensors a transformation can have, in their order. */
typedef enum {
    GAN__PART_WEIGHT,
    GAN__PART_BIAS,
    GAN__PART_STATISTICS,
    GAN__PART_DIRECTION,
    GAN__PARTS
} gan__part;

/* The shape of such a tensor: of rank 0 if the transformation has none. */
gan__shape gan__transform_shape(const gan__transform *t, gan__part part);

/* The index of such a tensor among the network's parameters, or -1. */
int32_t gan__transform_tensor(const gan__transform *t, gan__part part);

/* A stretch of the parameters. */
typedef struct {
    int64_t offset, count;
} gan__range;

struct gan_network {
    gan_context *context;
    int64_t references;
    int64_t number; /* from 1, in order of creation: unlike an address, never used again */
    char name[GAN__NAME_BYTES];
    int32_t status; /* the first error of the building calls */
    char message[GAN__MESSAGE_BYTES];

    gan__layer *layers;
    int64_t layer_capacity;
    int32_t layer_count, output, dropouts;
    int64_t conditions; /* elements of all conditions of a sample */
    gan__transform *transforms;
    int64_t transform_capacity;
    int32_t transform_count;
    gan__parameter *parameters;
    int64_t parameter_capacity;
    int32_t parameter_count;
    int64_t freezes; /* how often it changed what is trained */

    real *values; /* all parameters, or NULL until they are initialised */
    int64_t elements;
    gan__distribution noise;

    /* Inference, made when first needed. */
    gan__plan *forward_plan, *noise_plan, *constraint_plan, *direction_plan;
    gan__plan *other_plan; /* makes the tensor `other`, the last one asked for that is no output */
    int32_t other;
    int64_t constraint_freezes; /* the value of `freezes` that the constraint and direction plans
                                   are for, or -1 */
    real *input, *given, *result, *other_result, *workspace; /* given: the conditions */
    int64_t workspace_size;
};

/* Builds a layer. in: the nodes of its inputs, each [m, ...] */
typedef struct gan__build gan__build;
typedef int32_t (*gan__build_fn)(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in);

/* How a network is built into a graph. */
struct gan__build {
    const int32_t *parameters; /* the nodes of its parameter tensors */
    bool training;             /* whether dropout drops, and batch norm looks at the batch */
    bool measuring;            /* whether it does where its statistics are frozen, too */
    uint32_t stream;           /* random stream of the first dropout; the others follow */
    gan__stack stack;          /* of the batches that the samples are, for their dropout masks */
    const int32_t *conditions; /* the node of the conditions: [m, elements]; NULL: none */
    int32_t tensor;            /* the one to be made; 0: the output */
    int32_t *statistics;       /* NULL, or [parameter_count]: receives the nodes of the statistics
                                  after this batch, or, measuring, of the batch */
};

/* Numbers of the caller, always floats, to those of the engine, and back. x, y: [n] */
static inline void gan__from_floats(int64_t n, const float *x, real *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = (real)x[i];
    }
}

static inline void gan__to_floats(int64_t n, const real *x, float *y)
{
    for (int64_t i = 0; i < n; i++) {
        y[i] = (float)x[i];
    }
}

gan_network *gan__network_retain(gan_network *network);

/* OK if the network is finished; otherwise its first error, or STATE. */
int32_t gan__network_ready(gan_network *network);

/* Ready, and the parameters are drawn: with this seed if nobody did. Errors also: MEMORY. */
int32_t gan__network_prepare(gan_network *network, uint64_t seed);

/* Takes a draw back when the call that made it fails: its settings can be changed again.
 *   before  whether the parameters were drawn before that call */
void gan__network_undraw(gan_network *network, bool before);

/* Appends a leaf for each parameter tensor, of the array bound to `slot`.
 * nodes: [parameter_count] */
void gan__network_leaves(const gan_network *network, gan__graph *graph, int32_t slot,
                         int32_t *nodes);

/* Appends the network applied to x: [m, ...]; returns its output [m, ...], or the tensor that
 * `build` names, or the graph's error. A network with conditions needs the node of theirs. */
int32_t gan__network_build(const gan_network *network, gan__graph *graph, const gan__build *build,
                           int32_t x);

/* Adds a condition, the next slice of the row of all. Returns the id of its tensor. Errors: SHAPE
 * (all are too large together), MEMORY. */
int32_t gan__network_add_condition(gan_network *network, const char *call, const char *name,
                                   gan__shape shape);

/* The builder of a condition. */
int32_t gan__build_condition(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in);

/* Appends m samples of noise from the network's prior: [m, input shape]. */
int32_t gan__network_noise_node(const gan_network *network, gan__graph *graph, uint32_t stream,
                                int64_t m);

/* Draws all parameters into values: [elements], then applies the constraints. */
int32_t gan__network_draw(gan_network *network, uint64_t seed, real *values);

/* Checks a GAN_INIT_ kind and its numbers for every transformation from first to last, those that
 * stand apart only if asked to, and sets it. */
int32_t gan__initializer_set(gan_network *network, int32_t first, int32_t last, bool apart,
                             const char *kind, double a, double b);

/* The name of an initializer by its index, or NULL where there is no more. */
const char *gan__initializer_name(int32_t index);

/* How many numbers the statistics of all batch norms have together. */
int64_t gan__network_statistics(const gan_network *network);

/* The trainable parameters, without statistics, neighbours joined. ranges: [parameter_count];
 * returns their number. */
int32_t gan__network_trainable(const gan_network *network, gan__range *ranges);

/* Whether two networks have the same parameters, by name and shape. */
bool gan__network_alike(const gan_network *a, const gan_network *b);

/* Whether, in training, the outputs for a sample depend on the other samples of its batch. */
bool gan__network_couples(const gan_network *network);

/* Makes what gan__network_constrain needs, so that it cannot fail. With `all`, frozen parameters
 * are constrained too; without, this is cheap where the plan is there. */
int32_t gan__network_prepare_constraints(gan_network *network, bool all);

/* Applies the constraints to values: [elements], in place. */
void gan__network_constrain(gan_network *network, real *values);

/* Makes the network's workspace hold at least `size` elements. */
int32_t gan__network_reserve(gan_network *network, int64_t size);

/* The parameter tensor of that name, or NULL. */
const gan__parameter *gan__network_namesake(const gan_network *network, const char *name);

/* The same for a name of the caller's. Errors: ARGUMENT (NULL), KEY. */
int32_t gan__network_find(const gan_network *network, const char *name,
                          const gan__parameter **parameter);

/* Names a transformation and its parameter tensors. */
void gan__transform_name(gan_network *network, int32_t index, const char *name);

/* ---- What building calls are made of: each error sticks to the network ---------------------- */

/* The layer that made tensor x, if a call on it may go on; otherwise NULL and the code. */
const gan__layer *gan__network_maker(gan_network *network, const char *call, int32_t x,
                                     int32_t *code);

/* Makes the context's error stick to the network; returns it. */
int32_t gan__network_keep_error(gan_network *network, int32_t code);

/* Fails with a message, which sticks to the network; returns the code. */
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 3, 4)))
#endif
int32_t
gan__network_refuse(gan_network *network, int32_t code, const char *format, ...);

/* Adds a layer; returns the id of its tensor, or MEMORY. */
int32_t gan__network_add_layer(gan_network *network, gan__layer layer);

/* Puts a transformation's direction into the list of parameters, or takes it out. Room for one more
 * must be there: gan__network_grow_parameters. */
void gan__transform_set_spectral(gan_network *network, int32_t index, bool on);
int32_t gan__network_grow_parameters(gan_network *network, int64_t more);

/* Adds a transformation with the shapes, kind, unit axis, fans and pieces of t, and its layer,
 * whose index it sets. Returns the id of the layer's tensor. Errors: SHAPE (too large), MEMORY. */
int32_t gan__network_add_weighted(gan_network *network, const char *call, gan__transform t,
                                  gan__layer layer);

/* The builders of normalisations. */
int32_t gan__build_batch_norm(const gan_network *network, gan__graph *graph,
                              const gan__build *build, const gan__layer *layer, const int32_t *in);
int32_t gan__build_layer_norm(const gan_network *network, gan__graph *graph,
                              const gan__build *build, const gan__layer *layer, const int32_t *in);
int32_t gan__build_instance_norm(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in);

/* The parameters that layers compute with: W / sigma in the place of W where there is a spectral
 * norm. used: [parameter_count] */
void gan__network_spectral_weights(const gan_network *network, gan__graph *graph,
                                   const int32_t *parameters, int32_t *used);

/* The parameters as layers compute with them: W / sigma where there is a spectral norm.
 * values: [elements]. Errors: MEMORY. */
int32_t gan__network_effective(const gan_network *network, real *values);

/* Plans a round of power iteration for each spectral norm, from slot 0 to slot 1, which are bound
 * to one array; *out is NULL if there is none. With `all`, frozen ones too. */
int32_t gan__direction_plan(const gan_network *network, bool all, gan__plan **out);

/* The shape of a batch: m in front of one sample's shape. */
gan__shape gan__batch_shape(int64_t m, gan__shape sample);

#endif
