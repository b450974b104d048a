/* Normalisations: their building calls, and how they are built into a graph.
 *
 * A tensor is looked at as [m, channels, positions]; what is normalised together is what `kept`,
 * the shape of the means, has length 1 along. */
#include "nn/network.h"

/* ---- Building calls ------------------------------------------------------------------------ */

/* What the caller says of a normalisation. */
typedef struct {
    const char *call;
    gan__layer_kind kind;
    int32_t affine;
    double epsilon, momentum; /* a momentum is there where there are statistics */
} normalisation;

/* The first dimension of an image, the elements of another tensor. */
static int64_t channels_of(gan__shape shape)
{
    return shape.rank == 3 ? shape.dims[0] : gan__shape_elements(shape);
}

static int32_t check_numbers(gan_network *network, const normalisation *n)
{
    if (n->affine != 0 && n->affine != 1) {
        return gan__network_refuse(network, GAN_ERROR_RANGE, "%s: affine %d is not 0 or 1", n->call,
                                   (int)n->affine);
    }
    if (!(n->epsilon > 0 && n->epsilon <= 1)) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "%s: epsilon %g is not within 0 to 1, or is 0", n->call,
                                   n->epsilon);
    }
    if (n->kind == GAN__LAYER_BATCH_NORM && !(n->momentum > 0 && n->momentum <= 1)) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "%s: momentum %g is not within 0 to 1, or is 0", n->call,
                                   n->momentum);
    }
    return GAN_OK;
}

static int32_t add_normalisation(gan_network *network, int32_t x, const normalisation *n)
{
    int32_t code;
    const gan__layer *from = gan__network_maker(network, n->call, x, &code);
    if (from == NULL) {
        return code;
    }
    const gan__shape shape = from->shape;
    if (n->kind == GAN__LAYER_INSTANCE_NORM && shape.rank != 3) {
        char text[GAN__SHAPE_TEXT];
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %s is no image [channels, height, width]", n->call,
                                   gan__shape_text(shape, text));
    }
    GAN__TRY(check_numbers(network, n));
    const gan__layer layer = {
        .kind = n->kind, .in = {x}, .shape = shape, .a = n->epsilon, .b = n->momentum, .index = -1};
    const bool measures = n->kind == GAN__LAYER_BATCH_NORM;
    if (n->affine == 0 && !measures) {
        return gan__network_add_layer(network, layer);
    }
    const int64_t channels = channels_of(shape);
    gan__transform t = {.scales = true, .apart = true, .fan_in = 1, .fan_out = 1, .pieces = 1};
    if (n->affine == 1) {
        t.weight = t.bias = gan__shape_1(channels);
    }
    if (measures) {
        t.statistics = gan__shape_2(2, channels);
    }
    const int32_t id = gan__network_add_weighted(network, n->call, t, layer);
    if (id > 0) {
        const int32_t index = network->layers[id - 1].index;
        gan__initializer_set(network, index, index, true, GAN_INIT_CONSTANT, 1, 0);
    }
    return id;
}

int32_t gan_network_batch_norm(gan_network *network, int32_t x, int32_t affine, double epsilon,
                               double momentum)
{
    const normalisation n = {"batch_norm", GAN__LAYER_BATCH_NORM, affine, epsilon, momentum};
    return add_normalisation(network, x, &n);
}

int32_t gan_network_layer_norm(gan_network *network, int32_t x, int32_t affine, double epsilon)
{
    const normalisation n = {"layer_norm", GAN__LAYER_LAYER_NORM, affine, epsilon, 0};
    return add_normalisation(network, x, &n);
}

int32_t gan_network_instance_norm(gan_network *network, int32_t x, int32_t affine, double epsilon)
{
    const normalisation n = {"instance_norm", GAN__LAYER_INSTANCE_NORM, affine, epsilon, 0};
    return add_normalisation(network, x, &n);
}

/* ---- Graphs -------------------------------------------------------------------------------- */

static gan__shape shape_3(int64_t a, int64_t b, int64_t c)
{
    return gan__shape_of(3, (int64_t[]){a, b, c});
}

/* x: [m, ...] as [m, channels, positions] */
static int32_t lined_up(gan__graph *graph, const gan__layer *layer, int32_t x)
{
    const int64_t m = gan__node_shape(graph, x).dims[0], channels = channels_of(layer->shape);
    return gan__reshape(graph, x,
                        shape_3(m, channels, gan__shape_elements(layer->shape) / channels));
}

/* How many elements of x one of `kept` stands for. */
static double share(const gan__graph *graph, int32_t x, gan__shape kept)
{
    return (double)(gan__shape_elements(gan__node_shape(graph, x)) / gan__shape_elements(kept));
}

static int32_t mean_to(gan__graph *graph, int32_t x, gan__shape kept)
{
    return gan__affine(graph, gan__sum_to(graph, x, kept), 1 / share(graph, x, kept), 0);
}

/* x / sqrt(variance + epsilon) */
static int32_t divided(gan__graph *graph, const gan__layer *layer, int32_t x, int32_t variance)
{
    const int32_t root = gan__sqrt(graph, gan__affine(graph, variance, 1, layer->a));
    return gan__multiply_nodes(graph, x, gan__reciprocal(graph, root));
}

/* scale y + shift, if there are such, in the layer's shape. y: [m, channels, positions] */
static int32_t finished(const gan_network *network, gan__graph *graph, const gan__build *build,
                        const gan__layer *layer, int32_t y)
{
    if (y < 0) {
        return y;
    }
    const int64_t m = gan__node_shape(graph, y).dims[0];
    const gan__transform *t = layer->index >= 0 ? &network->transforms[layer->index] : NULL;
    if (t != NULL && t->weight.rank > 0) {
        const gan__shape each = shape_3(1, channels_of(layer->shape), 1);
        const int32_t *tensors = &build->parameters[t->parameter];
        y = gan__multiply_nodes(graph, y, gan__reshape(graph, tensors[0], each));
        y = gan__add(graph, y, gan__reshape(graph, tensors[1], each));
    }
    return gan__reshape(graph, y, gan__batch_shape(m, layer->shape));
}

/* By the numbers at hand. kept: the shape of the means of x: [m, channels, positions] */
static int32_t normalised(const gan_network *network, gan__graph *graph, const gan__build *build,
                          const gan__layer *layer, int32_t x, gan__shape kept)
{
    const int32_t off = gan__subtract(graph, x, mean_to(graph, x, kept));
    const int32_t variance = mean_to(graph, gan__square(graph, off), kept);
    return finished(network, graph, build, layer, divided(graph, layer, off, variance));
}

int32_t gan__build_layer_norm(const gan_network *network, gan__graph *graph,
                              const gan__build *build, const gan__layer *layer, const int32_t *in)
{
    const int32_t x = lined_up(graph, layer, in[0]);
    return x < 0 ? x
                 : normalised(network, graph, build, layer, x,
                              shape_3(gan__node_shape(graph, x).dims[0], 1, 1));
}

int32_t gan__build_instance_norm(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in)
{
    const int32_t x = lined_up(graph, layer, in[0]);
    return x < 0 ? x
                 : normalised(network, graph, build, layer, x,
                              shape_3(gan__node_shape(graph, x).dims[0], layer->shape.dims[0], 1));
}

/* ---- Batch norm ---------------------------------------------------------------------------- */

int64_t gan__network_statistics(const gan_network *network)
{
    int64_t numbers = 0;
    for (int32_t i = 0; i < network->transform_count; i++) {
        const gan__shape shape = network->transforms[i].statistics;
        numbers += shape.rank > 0 ? gan__shape_elements(shape) : 0;
    }
    return numbers;
}

/* What follows the running statistics `old`: [2, channels]; measuring, only what is seen. The
 * variance of n numbers comes divided by n. */
static int32_t next_statistics(gan__graph *graph, const gan__build *build, const gan__layer *layer,
                               int32_t old, int32_t mean, int32_t variance, double n)
{
    const gan__shape row = gan__shape_2(1, channels_of(layer->shape));
    const int32_t unbiased = n > 1 ? gan__affine(graph, variance, n / (n - 1), 0) : variance;
    const int32_t seen = gan__concatenate(graph, gan__reshape(graph, mean, row),
                                          gan__reshape(graph, unbiased, row), 0);
    return build->measuring ? seen
                            : gan__add(graph, gan__affine(graph, old, 1 - layer->b, 0),
                                       gan__affine(graph, seen, layer->b, 0));
}

/* Row 0 or 1 of the running statistics, as [1, channels, 1]. */
static int32_t running(gan__graph *graph, int32_t statistics, int64_t row, int64_t channels)
{
    return gan__reshape(
        graph, gan__slice(graph, statistics, (int64_t[]){row, 0}, gan__shape_2(1, channels)),
        shape_3(1, channels, 1));
}

int32_t gan__build_batch_norm(const gan_network *network, gan__graph *graph,
                              const gan__build *build, const gan__layer *layer, const int32_t *in)
{
    const int32_t at =
        gan__transform_tensor(&network->transforms[layer->index], GAN__PART_STATISTICS);
    const int32_t statistics = build->parameters[at];
    const int64_t channels = channels_of(layer->shape);
    const int32_t x = lined_up(graph, layer, in[0]);
    if (x < 0) {
        return x;
    }
    const bool by_batch = build->measuring || (build->training && !network->parameters[at].frozen);
    if (!by_batch) {
        const int32_t off = gan__subtract(graph, x, running(graph, statistics, 0, channels));
        return finished(network, graph, build, layer,
                        divided(graph, layer, off, running(graph, statistics, 1, channels)));
    }
    const gan__shape kept = shape_3(1, channels, 1);
    const int32_t mean = mean_to(graph, x, kept);
    const int32_t off = gan__subtract(graph, x, mean);
    const int32_t variance = mean_to(graph, gan__square(graph, off), kept);
    if (build->statistics != NULL) {
        build->statistics[at] =
            next_statistics(graph, build, layer, statistics, mean, variance, share(graph, x, kept));
    }
    return finished(network, graph, build, layer, divided(graph, layer, off, variance));
}
