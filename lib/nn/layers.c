/* The table of layers: how each one is built into a graph. */
#include "nn/network.h"

/* Builds a layer. in: the nodes of its inputs, each [m, ...] */
typedef int32_t (*build_fn)(const gan_network *network, gan__graph *graph, const gan__build *build,
                            const gan__layer *layer, const int32_t *in);

static int64_t batch_of(const gan__graph *graph, int32_t x)
{
    return gan__node_shape(graph, x).dims[0];
}

gan__shape gan__batch_shape(int64_t m, gan__shape sample)
{
    gan__shape shape = {.rank = sample.rank + 1, .dims = {m}};
    for (int32_t i = 0; i < sample.rank; i++) {
        shape.dims[i + 1] = sample.dims[i];
    }
    return shape;
}

/* x W + b over the flattened input: [m, outputs] */
static int32_t transform(const gan_network *network, gan__graph *graph, const gan__build *build,
                         const gan__layer *layer, int32_t x)
{
    const gan__transform *t = &network->transforms[layer->index];
    const int32_t weight = build->parameters[2 * layer->index];
    const int32_t bias = build->parameters[2 * layer->index + 1];
    const int32_t flat = gan__reshape(graph, x, gan__shape_2(batch_of(graph, x), t->inputs));
    return gan__add(graph, gan__matmul(graph, flat, false, weight, false), bias);
}

static int32_t build_dense(const gan_network *network, gan__graph *graph, const gan__build *build,
                           const gan__layer *layer, const int32_t *in)
{
    return transform(network, graph, build, layer, in[0]);
}

static int32_t build_maxout(const gan_network *network, gan__graph *graph, const gan__build *build,
                            const gan__layer *layer, const int32_t *in)
{
    const int64_t m = batch_of(graph, in[0]);
    const gan__shape pieces = {
        .rank = 3, .dims = {m, layer->shape.dims[0], network->transforms[layer->index].pieces}};
    const int32_t all = transform(network, graph, build, layer, in[0]);
    const int32_t top = gan__max_axis(graph, gan__reshape(graph, all, pieces), 2);
    return gan__reshape(graph, top, gan__batch_shape(m, layer->shape));
}

static int32_t build_dropout(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in)
{
    (void)network;
    if (!build->training || layer->a == 1) {
        return in[0];
    }
    const gan__distribution mask = {GAN__BERNOULLI, layer->a, 1 / layer->a};
    return gan__multiply_nodes(graph, in[0],
                               gan__random_node(graph, mask, build->stream + (uint32_t)layer->index,
                                                0, gan__node_shape(graph, in[0])));
}

static int32_t build_leaky_relu(const gan_network *network, gan__graph *graph,
                                const gan__build *build, const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build;
    return gan__leaky_relu(graph, in[0], layer->a);
}

static int32_t build_affine(const gan_network *network, gan__graph *graph, const gan__build *build,
                            const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build;
    return gan__affine(graph, in[0], layer->a, layer->b);
}

/* Also the input: gives x the shape the layers expect. */
static int32_t build_reshape(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build;
    return gan__reshape(graph, in[0], gan__batch_shape(batch_of(graph, in[0]), layer->shape));
}

static int32_t build_concatenate(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in)
{
    (void)network, (void)build;
    return gan__concatenate(graph, in[0], in[1], layer->index + 1);
}

#define ELEMENT(name)                                                             \
    static int32_t build_##name(const gan_network *network, gan__graph *graph,    \
                                const gan__build *build, const gan__layer *layer, \
                                const int32_t *in)                                \
    {                                                                             \
        (void)network, (void)build, (void)layer;                                  \
        return gan__##name(graph, in[0]);                                         \
    }

ELEMENT(relu)
ELEMENT(tanh)
ELEMENT(sigmoid)
ELEMENT(softplus)

static const build_fn builders[GAN__LAYER_COUNT] = {
    [GAN__LAYER_INPUT] = build_reshape,     [GAN__LAYER_DENSE] = build_dense,
    [GAN__LAYER_MAXOUT] = build_maxout,     [GAN__LAYER_DROPOUT] = build_dropout,
    [GAN__LAYER_RELU] = build_relu,         [GAN__LAYER_LEAKY_RELU] = build_leaky_relu,
    [GAN__LAYER_TANH] = build_tanh,         [GAN__LAYER_SIGMOID] = build_sigmoid,
    [GAN__LAYER_SOFTPLUS] = build_softplus, [GAN__LAYER_AFFINE] = build_affine,
    [GAN__LAYER_RESHAPE] = build_reshape,   [GAN__LAYER_CONCATENATE] = build_concatenate,
};

void gan__network_leaves(const gan_network *network, gan__graph *graph, int32_t slot,
                         int32_t *nodes)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        nodes[i] =
            gan__leaf(graph, slot, network->parameters[i].offset, network->parameters[i].shape);
    }
}

int32_t gan__network_build(const gan_network *network, gan__graph *graph, const gan__build *build,
                           int32_t x)
{
    int32_t *nodes = gan__allocate(graph->context, network->layer_count, sizeof *nodes);
    if (nodes == NULL) {
        return gan__graph_fail(graph, GAN_ERROR_MEMORY);
    }
    for (int32_t i = 0; i < network->output; i++) {
        const gan__layer *layer = &network->layers[i];
        const int32_t in[2] = {i == 0 ? x : nodes[layer->in[0] - 1],
                               layer->in[1] > 0 ? nodes[layer->in[1] - 1] : -1};
        nodes[i] = in[0] < 0 ? in[0] : builders[layer->kind](network, graph, build, layer, in);
    }
    const int32_t output = nodes[network->output - 1];
    gan__release(graph->context, nodes);
    return output;
}

int32_t gan__network_noise_node(const gan_network *network, gan__graph *graph, uint32_t stream,
                                int64_t m)
{
    return gan__random_node(graph, network->noise, stream, 0,
                            gan__batch_shape(m, network->layers[0].shape));
}
