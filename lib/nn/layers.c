/* The table of layers: how each one is built into a graph. */
#include "nn/layers.h"

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

/* y: [m, outputs] or [m, filters, h, w]; the biases, if any, repeat over the batch, and tied ones
 * over the positions, too */
static int32_t add_biases(gan__graph *graph, const gan__build *build, const gan__transform *t,
                          int32_t y)
{
    return t->bias.rank > 0 ? gan__add(graph, y, build->parameters[t->parameter + 1]) : y;
}

int32_t gan__build_transform(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, int32_t x)
{
    const gan__transform *t = &network->transforms[layer->index];
    const int32_t weight = build->parameters[t->parameter];
    const int32_t flat = gan__reshape(graph, x, gan__shape_2(batch_of(graph, x), t->fan_in));
    const int32_t product = gan__matmul(graph, flat, false, weight, false);
    return add_biases(graph, build, t, product);
}

static int32_t build_dense(const gan_network *network, gan__graph *graph, const gan__build *build,
                           const gan__layer *layer, const int32_t *in)
{
    return gan__build_transform(network, graph, build, layer, in[0]);
}

static int32_t build_maxout(const gan_network *network, gan__graph *graph, const gan__build *build,
                            const gan__layer *layer, const int32_t *in)
{
    const int64_t m = batch_of(graph, in[0]);
    const gan__shape pieces = {
        .rank = 3, .dims = {m, layer->shape.dims[0], network->transforms[layer->index].pieces}};
    const int32_t all = gan__build_transform(network, graph, build, layer, in[0]);
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
                                                build->stack, gan__node_shape(graph, in[0])));
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

/* ---- Images -------------------------------------------------------------------------------- */

static gan__shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return gan__shape_of(4, (int64_t[]){a, b, c, d});
}

static int32_t build_convolution(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in)
{
    const gan__transform *t = &network->transforms[layer->index];
    const int32_t kernel = build->parameters[t->parameter];
    return add_biases(graph, build, t,
                      gan__convolve_node(graph, in[0], kernel, layer->stride, layer->pad));
}

static int32_t build_transposed_convolution(const gan_network *network, gan__graph *graph,
                                            const gan__build *build, const gan__layer *layer,
                                            const int32_t *in)
{
    const gan__transform *t = &network->transforms[layer->index];
    const int32_t kernel = build->parameters[t->parameter];
    const gan__shape shape = gan__batch_shape(batch_of(graph, in[0]), layer->shape);
    return add_biases(
        graph, build, t,
        gan__convolve_input_node(graph, in[0], kernel, layer->stride, layer->pad, shape));
}

static int32_t build_max_pool(const gan_network *network, gan__graph *graph,
                              const gan__build *build, const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build;
    return gan__max_pool(graph, in[0], layer->size, layer->stride);
}

/* The sums over the windows of x: [n, 1, h, w]: [n, 1, h', w']. Zeros stand behind the border as
 * far as the last windows reach over it. */
static int32_t window_sums(gan__graph *graph, const gan__layer *layer, int32_t x)
{
    gan__shape whole = gan__node_shape(graph, x);
    for (int32_t i = 0; i < 2; i++) {
        const int64_t end = (layer->shape.dims[1 + i] - 1) * layer->stride[i] + layer->size[i];
        whole.dims[2 + i] = whole.dims[2 + i] > end ? whole.dims[2 + i] : end;
    }
    const int32_t ones = gan__constant(graph, 1, shape_4(1, 1, layer->size[0], layer->size[1]));
    const int32_t padded = gan__pad(graph, x, (int64_t[4]){0}, whole);
    return gan__convolve_node(graph, padded, ones, layer->stride, (int64_t[2]){0});
}

/* The sums over windows, divided by the elements they have: the sums over an image of ones. */
static int32_t build_average_pool(const gan_network *network, gan__graph *graph,
                                  const gan__build *build, const gan__layer *layer,
                                  const int32_t *in)
{
    (void)network, (void)build;
    const gan__shape x = gan__node_shape(graph, in[0]);
    const int64_t m = x.dims[0], h = x.dims[2], w = x.dims[3];
    const int32_t planes = gan__reshape(graph, in[0], shape_4(m * x.dims[1], 1, h, w));
    const int32_t counts = window_sums(graph, layer, gan__constant(graph, 1, shape_4(1, 1, h, w)));
    const int32_t means = gan__divide(graph, window_sums(graph, layer, planes), counts);
    return gan__reshape(graph, means, gan__batch_shape(m, layer->shape));
}

static int32_t build_maxout_channels(const gan_network *network, gan__graph *graph,
                                     const gan__build *build, const gan__layer *layer,
                                     const int32_t *in)
{
    (void)network, (void)build;
    const int64_t m = batch_of(graph, in[0]), *dims = layer->shape.dims;
    const gan__shape pieces = shape_4(m, dims[0], layer->size[0], dims[1] * dims[2]);
    const int32_t top = gan__max_axis(graph, gan__reshape(graph, in[0], pieces), 2);
    return gan__reshape(graph, top, gan__batch_shape(m, layer->shape));
}

static int32_t build_upsample_nearest(const gan_network *network, gan__graph *graph,
                                      const gan__build *build, const gan__layer *layer,
                                      const int32_t *in)
{
    (void)network, (void)build;
    const gan__shape x = gan__node_shape(graph, in[0]);
    const int64_t m = x.dims[0], lines = m * x.dims[1] * x.dims[2], w = x.dims[3];
    const int64_t factor = layer->size[0];
    const int32_t single = gan__reshape(graph, in[0], shape_4(lines, 1, w, 1));
    const int32_t blocks = gan__broadcast(graph, single, shape_4(lines, factor, w, factor));
    return gan__reshape(graph, blocks, gan__batch_shape(m, layer->shape));
}

/* How far the centres of `factor` equal parts of an element stand from its centre, in elements:
 * (p + 1/2) / factor - 1/2 for part p: [1, 1, factor, 1]. The graph has no constants but of one
 * number; a row of ones convolved with itself counts 1, 2, ... factor. */
static int32_t part_centres(gan__graph *graph, int64_t factor)
{
    const gan__shape row = shape_4(1, 1, 1, factor);
    const int32_t ones = gan__constant(graph, 1, row);
    const int32_t counts =
        gan__convolve_node(graph, ones, ones, (int64_t[]){1, 1}, (int64_t[]){0, factor - 1});
    const int32_t rising = gan__slice(graph, counts, (int64_t[4]){0}, row);
    const int32_t apart = gan__affine(graph, rising, 1, -0.5 * (double)(factor + 1));
    return gan__reshape(graph, gan__affine(graph, apart, 1 / (double)factor, 0),
                        shape_4(1, 1, factor, 1));
}

/* Enlarges x: [n, size, inner] along its middle axis to [n, size factor, inner]. Each part of an
 * element goes its distance from the centre towards the neighbour on that side, if there is one. */
static int32_t interpolate(gan__graph *graph, int32_t x, int64_t n, int64_t size, int64_t inner,
                           int64_t factor)
{
    const gan__shape whole = shape_4(n, size, 1, inner), gaps = shape_4(n, size - 1, 1, inner);
    const int64_t first[4] = {0}, second[4] = {0, 1};
    int32_t y = gan__reshape(graph, x, whole);
    if (size > 1) {
        const int32_t steps = gan__subtract(graph, gan__slice(graph, y, second, gaps),
                                            gan__slice(graph, y, first, gaps));
        const int32_t along = part_centres(graph, factor);
        const int32_t zero = gan__constant(graph, 0, shape_4(1, 1, factor, 1));
        const int32_t ahead = gan__multiply_nodes(graph, gan__maximum_node(graph, along, zero),
                                                  gan__pad(graph, steps, first, whole));
        const int32_t back = gan__multiply_nodes(graph, gan__minimum_node(graph, along, zero),
                                                 gan__pad(graph, steps, second, whole));
        y = gan__add(graph, gan__add(graph, y, ahead), back);
    }
    return gan__broadcast(graph, y, shape_4(n, size, factor, inner));
}

static int32_t build_upsample_bilinear(const gan_network *network, gan__graph *graph,
                                       const gan__build *build, const gan__layer *layer,
                                       const int32_t *in)
{
    (void)network, (void)build;
    const gan__shape x = gan__node_shape(graph, in[0]);
    const int64_t m = x.dims[0], planes = m * x.dims[1], factor = layer->size[0];
    if (factor == 1) {
        return in[0];
    }
    const int32_t tall = interpolate(graph, in[0], planes, x.dims[2], x.dims[3], factor);
    const int32_t both =
        interpolate(graph, tall, planes * x.dims[2] * factor, x.dims[3], 1, factor);
    return gan__reshape(graph, both, gan__batch_shape(m, layer->shape));
}

/* ---- The table ----------------------------------------------------------------------------- */

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

static const gan__build_fn builders[GAN__LAYER_COUNT] = {
    [GAN__LAYER_INPUT] = build_reshape,
    [GAN__LAYER_DENSE] = build_dense,
    [GAN__LAYER_MAXOUT] = build_maxout,
    [GAN__LAYER_DROPOUT] = build_dropout,
    [GAN__LAYER_RELU] = build_relu,
    [GAN__LAYER_LEAKY_RELU] = build_leaky_relu,
    [GAN__LAYER_TANH] = build_tanh,
    [GAN__LAYER_SIGMOID] = build_sigmoid,
    [GAN__LAYER_SOFTPLUS] = build_softplus,
    [GAN__LAYER_AFFINE] = build_affine,
    [GAN__LAYER_RESHAPE] = build_reshape,
    [GAN__LAYER_CONCATENATE] = build_concatenate,
    [GAN__LAYER_CONVOLUTION] = build_convolution,
    [GAN__LAYER_TRANSPOSED_CONVOLUTION] = build_transposed_convolution,
    [GAN__LAYER_MAX_POOL] = build_max_pool,
    [GAN__LAYER_AVERAGE_POOL] = build_average_pool,
    [GAN__LAYER_MAXOUT_CHANNELS] = build_maxout_channels,
    [GAN__LAYER_UPSAMPLE_NEAREST] = build_upsample_nearest,
    [GAN__LAYER_UPSAMPLE_BILINEAR] = build_upsample_bilinear,
    [GAN__LAYER_EMBEDDING] = gan__build_embedding,
    [GAN__LAYER_MINIBATCH_DEVIATION] = gan__build_minibatch_deviation,
    [GAN__LAYER_MINIBATCH_DISCRIMINATION] = gan__build_minibatch_discrimination,
    [GAN__LAYER_ADD] = gan__build_add,
    [GAN__LAYER_INNER_PRODUCT] = gan__build_inner_product,
    [GAN__LAYER_REPEAT] = gan__build_repeat,
    [GAN__LAYER_PIXEL_SHUFFLE] = gan__build_pixel_shuffle,
    [GAN__LAYER_CONDITION] = gan__build_condition,
    [GAN__LAYER_BATCH_NORM] = gan__build_batch_norm,
    [GAN__LAYER_LAYER_NORM] = gan__build_layer_norm,
    [GAN__LAYER_INSTANCE_NORM] = gan__build_instance_norm,
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
    int32_t *used = gan__allocate(graph->context, network->parameter_count, sizeof *used);
    if (nodes == NULL || used == NULL) {
        gan__release(graph->context, used);
        gan__release(graph->context, nodes);
        return gan__graph_fail(graph, GAN_ERROR_MEMORY);
    }
    gan__network_spectral_weights(network, graph, build->parameters, used);
    gan__build own = *build;
    own.parameters = used;
    build = &own;
    /* Statistics are measured beyond the output, too: other tensors can be evaluated. */
    const int32_t last = build->tensor > 0 ? build->tensor : network->output;
    const int32_t count = build->measuring ? network->layer_count : last;
    for (int32_t i = 0; i < count; i++) {
        const gan__layer *layer = &network->layers[i];
        const int32_t in[2] = {layer->in[0] > 0 ? nodes[layer->in[0] - 1] : x,
                               layer->in[1] > 0 ? nodes[layer->in[1] - 1] : -1};
        nodes[i] = in[0] < 0 ? in[0] : builders[layer->kind](network, graph, build, layer, in);
    }
    const int32_t output = nodes[last - 1];
    gan__release(graph->context, used);
    gan__release(graph->context, nodes);
    return output;
}

int32_t gan__network_noise_node(const gan_network *network, gan__graph *graph, uint32_t stream,
                                int64_t m)
{
    return gan__random_node(graph, network->noise, stream, (gan__stack){0},
                            gan__batch_shape(m, network->layers[0].shape));
}
