/* Layers that look at the whole batch, and those that join tensors: their building calls and their
 * graphs. All are composites of the graph's operations. */
#include "nn/layers.h"

#define SMALLEST_VARIANCE 1e-8

/* Makes sure that something is at least 1. */
static int32_t check_count(gan_network *network, const char *call, const char *what, int64_t count)
{
    return count >= 1 ? GAN_OK
                      : gan__network_refuse(network, GAN_ERROR_RANGE, "%s: %s %lld, at least 1",
                                            call, what, (long long)count);
}

/* ---- Matrices without biases ----------------------------------------------------------------- */

/* Adds a layer with W: [inputs, outputs], which settings of all layers leave out. */
static int32_t add_matrix(gan_network *network, const char *call, int64_t inputs, int64_t outputs,
                          gan__layer layer)
{
    const gan__transform t = {.weight = gan__shape_2(inputs, outputs),
                              .unit_axis = 1,
                              .fan_in = inputs,
                              .fan_out = outputs,
                              .pieces = 1,
                              .apart = true};
    return gan__network_add_weighted(network, call, t, layer);
}

int32_t gan_network_embedding(gan_network *network, int32_t x, int64_t units)
{
    static const char call[] = "embedding";
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(check_count(network, call, "units", units));
    const int64_t inputs = gan__shape_elements(from->shape);
    if (units > INT32_MAX) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %lld inputs, %lld units: too large", call,
                                   (long long)inputs, (long long)units);
    }
    const int32_t id = add_matrix(
        network, call, inputs, units,
        (gan__layer){.kind = GAN__LAYER_EMBEDDING, .in = {x}, .shape = gan__shape_1(units)});
    if (id < 0) {
        return id;
    }
    const int32_t index = network->layers[id - 1].index;
    GAN__TRY(gan__initializer_set(network, index, index, true, GAN_INIT_NORMAL, 0, 1));
    return id;
}

int32_t gan__build_embedding(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in)
{
    return gan__build_transform(network, graph, build, layer, in[0]);
}

/* ---- Layers that look at the whole batch ----------------------------------------------------- */

static int64_t batch_of(const gan__graph *graph, int32_t x)
{
    return gan__node_shape(graph, x).dims[0];
}

static gan__shape shape_3(int64_t a, int64_t b, int64_t c)
{
    return gan__shape_of(3, (int64_t[]){a, b, c});
}

static gan__shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return gan__shape_of(4, (int64_t[]){a, b, c, d});
}

int32_t gan_network_minibatch_deviation(gan_network *network, int32_t x, int64_t group)
{
    static const char call[] = "minibatch_deviation";
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(check_count(network, call, "group", group));
    gan__layer layer = {.kind = GAN__LAYER_MINIBATCH_DEVIATION,
                        .in = {x},
                        .shape = from->shape.rank == 3
                                     ? from->shape
                                     : gan__shape_1(gan__shape_elements(from->shape)),
                        .size = {group}};
    layer.shape.dims[0]++; /* it was within 32 bits */
    return gan__add_plain(network, call, layer);
}

/* The largest divisor of m that is at most `most`. */
static int64_t divisor(int64_t m, int64_t most)
{
    int64_t g = most < m ? most : m;
    while (m % g != 0) {
        g--;
    }
    return g;
}

int32_t gan__build_minibatch_deviation(const gan_network *network, gan__graph *graph,
                                       const gan__build *build, const gan__layer *layer,
                                       const int32_t *in)
{
    (void)network, (void)build;
    const gan__shape x = gan__node_shape(graph, in[0]);
    const int64_t m = x.dims[0], n = gan__shape_elements(x) / m;
    const int64_t g = divisor(m, layer->size[0]), groups = m / g;
    gan__shape own = layer->shape, channel = layer->shape;
    own.dims[0]--;
    channel.dims[0] = 1;
    const gan__shape each = shape_3(groups, 1, n);
    const double share = 1 / (double)g;
    const int32_t samples = gan__reshape(graph, in[0], shape_3(groups, g, n));
    const int32_t mean = gan__affine(graph, gan__sum_to(graph, samples, each), share, 0);
    const int32_t apart = gan__square(graph, gan__subtract(graph, samples, mean));
    const int32_t variance =
        gan__affine(graph, gan__sum_to(graph, apart, each), share, SMALLEST_VARIANCE);
    const int32_t sum =
        gan__sum_to(graph, gan__sqrt(graph, variance), shape_3(groups, 1, 1)); /* over elements */
    const int32_t all = gan__broadcast(graph, gan__affine(graph, sum, 1 / (double)n, 0),
                                       shape_3(groups, g, gan__shape_elements(channel)));
    return gan__concatenate(graph, gan__reshape(graph, in[0], gan__batch_shape(m, own)),
                            gan__reshape(graph, all, gan__batch_shape(m, channel)), 1);
}

int32_t gan_network_minibatch_discrimination(gan_network *network, int32_t x, int64_t kernels,
                                             int64_t dims)
{
    static const char call[] = "minibatch_discrimination";
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(check_count(network, call, "kernels", kernels));
    GAN__TRY(check_count(network, call, "dims", dims));
    const int64_t inputs = gan__shape_elements(from->shape);
    const int64_t outputs = gan__multiply(kernels, dims);
    const int64_t most = INT32_MAX - inputs;
    if (outputs < 0 || outputs > INT32_MAX || kernels > most) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %lld inputs, %lld kernels of %lld: too large", call,
                                   (long long)inputs, (long long)kernels, (long long)dims);
    }
    return add_matrix(network, call, inputs, outputs,
                      (gan__layer){.kind = GAN__LAYER_MINIBATCH_DISCRIMINATION,
                                   .in = {x},
                                   .shape = gan__shape_1(inputs + kernels),
                                   .size = {kernels, dims}});
}

/* The 1-norms |M_ib - M_jb|: [1, kernels, m, m]. The gradient of one that is 0 is 0, so equal
 * samples do not push each other. matrices: [m, kernels, dims] */
static int32_t distances(gan__graph *graph, int32_t matrices)
{
    const gan__shape whole = gan__node_shape(graph, matrices);
    const int64_t m = whole.dims[0], kernels = whole.dims[1], dims = whole.dims[2];
    const gan__shape pairs = shape_4(dims, kernels, m, m);
    const int32_t rows = gan__permute(graph, matrices, (int32_t[]){2, 1, 0});
    const int32_t i = gan__reshape(graph, rows, shape_4(dims, kernels, m, 1));
    const int32_t j = gan__reshape(graph, gan__negate(graph, rows), shape_4(dims, kernels, 1, m));
    /* a sum, for both of its gradients are one array */
    const int32_t gap =
        gan__add(graph, gan__broadcast(graph, i, pairs), gan__broadcast(graph, j, pairs));
    const int32_t zero = gan__constant(graph, 0, pairs);
    const int32_t sign =
        gan__subtract(graph, gan__greater(graph, gap, zero), gan__greater(graph, zero, gap));
    return gan__sum_to(graph, gan__multiply_nodes(graph, gap, sign), shape_4(1, kernels, m, m));
}

/* 1 for each pair of two samples, 0 for a sample and itself: [1, 1, m, m]. A column of ones in m
 * rows of m + 1, read as rows of m, is the diagonal. */
static int32_t others(gan__graph *graph, int64_t m)
{
    const int32_t ones = gan__constant(graph, 1, gan__shape_2(m, 1));
    const int32_t rows = gan__pad(graph, ones, (int64_t[]){0, 0}, gan__shape_2(m, m + 1));
    const int32_t flat = gan__reshape(graph, rows, gan__shape_1(m * (m + 1)));
    const int32_t same = gan__slice(graph, flat, (int64_t[]){0}, gan__shape_1(m * m));
    return gan__reshape(graph, gan__affine(graph, same, -1, 1), shape_4(1, 1, m, m));
}

/* Own numbers are masked, not subtracted: beside exp(0) = 1 those of distant samples would round
 * off. */
int32_t gan__build_minibatch_discrimination(const gan_network *network, gan__graph *graph,
                                            const gan__build *build, const gan__layer *layer,
                                            const int32_t *in)
{
    const int64_t m = batch_of(graph, in[0]), kernels = layer->size[0], dims = layer->size[1];
    const int32_t products = gan__build_transform(network, graph, build, layer, in[0]);
    const int32_t norms =
        distances(graph, gan__reshape(graph, products, shape_3(m, kernels, dims)));
    const int32_t near =
        gan__multiply_nodes(graph, gan__exp(graph, gan__negate(graph, norms)), others(graph, m));
    const int32_t sums = gan__sum_to(graph, near, shape_4(1, kernels, m, 1));
    const int32_t columns = gan__reshape(graph, sums, gan__shape_2(kernels, m));
    const gan__shape flat = gan__shape_2(m, layer->shape.dims[0] - kernels);
    return gan__concatenate(graph, gan__reshape(graph, in[0], flat),
                            gan__permute(graph, columns, (int32_t[]){1, 0}), 1);
}

/* ---- Joints ---------------------------------------------------------------------------------- */

/* The layers that made x and y, if a call on them may go on; otherwise false and the code. */
static bool two_makers(gan_network *network, const char *call, int32_t x, int32_t y,
                       const gan__layer **first, const gan__layer **second, int32_t *code)
{
    *first = gan__network_maker(network, call, x, code);
    *second = *first != NULL ? gan__network_maker(network, call, y, code) : NULL;
    return *second != NULL;
}

int32_t gan_network_add(gan_network *network, int32_t x, int32_t y)
{
    int32_t code;
    const gan__layer *first, *second;
    if (!two_makers(network, "add", x, y, &first, &second, &code)) {
        return code;
    }
    if (!gan__shape_equal(first->shape, second->shape)) {
        char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
        return gan__network_refuse(network, GAN_ERROR_SHAPE, "add: %s and %s: must be the same",
                                   gan__shape_text(first->shape, left),
                                   gan__shape_text(second->shape, right));
    }
    return gan__network_add_layer(
        network, (gan__layer){.kind = GAN__LAYER_ADD, .in = {x, y}, .shape = first->shape});
}

int32_t gan__build_add(const gan_network *network, gan__graph *graph, const gan__build *build,
                       const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build, (void)layer;
    return gan__add(graph, in[0], in[1]);
}

int32_t gan_network_inner_product(gan_network *network, int32_t x, int32_t y)
{
    int32_t code;
    const gan__layer *first, *second;
    if (!two_makers(network, "inner_product", x, y, &first, &second, &code)) {
        return code;
    }
    if (gan__shape_elements(first->shape) != gan__shape_elements(second->shape)) {
        char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
        return gan__network_refuse(
            network, GAN_ERROR_SHAPE, "inner_product: %s and %s: not as many elements",
            gan__shape_text(first->shape, left), gan__shape_text(second->shape, right));
    }
    return gan__network_add_layer(
        network,
        (gan__layer){.kind = GAN__LAYER_INNER_PRODUCT, .in = {x, y}, .shape = gan__shape_1(1)});
}

int32_t gan__build_inner_product(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in)
{
    (void)network, (void)build, (void)layer;
    const int64_t m = batch_of(graph, in[0]);
    const int64_t n = gan__shape_elements(gan__node_shape(graph, in[0])) / m;
    const gan__shape flat = gan__shape_2(m, n);
    const int32_t products = gan__multiply_nodes(graph, gan__reshape(graph, in[0], flat),
                                                 gan__reshape(graph, in[1], flat));
    return gan__sum_to(graph, products, gan__shape_2(m, 1));
}

int32_t gan_network_repeat(gan_network *network, int32_t x, int64_t height, int64_t width)
{
    static const char call[] = "repeat";
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(check_count(network, call, "height", height));
    GAN__TRY(check_count(network, call, "width", width));
    return gan__add_plain(
        network, call,
        (gan__layer){.kind = GAN__LAYER_REPEAT,
                     .in = {x},
                     .shape = shape_3(gan__shape_elements(from->shape), height, width)});
}

int32_t gan__build_repeat(const gan_network *network, gan__graph *graph, const gan__build *build,
                          const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)build;
    const int64_t m = batch_of(graph, in[0]);
    const int32_t points = gan__reshape(graph, in[0], shape_4(m, layer->shape.dims[0], 1, 1));
    return gan__broadcast(graph, points, gan__batch_shape(m, layer->shape));
}

int32_t gan_network_pixel_shuffle(gan_network *network, int32_t x, int64_t factor)
{
    static const char call[] = "pixel_shuffle";
    int32_t code;
    const gan__layer *from = gan__image_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    if (factor < 1 || factor > GAN__FACTOR_MAX) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "%s: factor %lld is not within 1 to %d", call, (long long)factor,
                                   GAN__FACTOR_MAX);
    }
    gan__layer layer = {
        .kind = GAN__LAYER_PIXEL_SHUFFLE, .in = {x}, .shape = from->shape, .size = {factor}};
    const int64_t parts = factor * factor;
    if (layer.shape.dims[0] % parts != 0) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %lld channels are no multiple of %lld^2", call,
                                   (long long)layer.shape.dims[0], (long long)factor);
    }
    layer.shape.dims[0] /= parts; /* the number of elements stays */
    layer.shape.dims[1] *= factor;
    layer.shape.dims[2] *= factor;
    return gan__network_add_layer(network, layer);
}

/* x: [m, c factor factor, h, w] */
int32_t gan__build_pixel_shuffle(const gan_network *network, gan__graph *graph,
                                 const gan__build *build, const gan__layer *layer,
                                 const int32_t *in)
{
    (void)network, (void)build;
    const gan__shape x = gan__node_shape(graph, in[0]);
    const int64_t m = x.dims[0], f = layer->size[0];
    const gan__shape parts = {.rank = 5,
                              .dims = {m * layer->shape.dims[0], f, f, x.dims[2], x.dims[3]}};
    const int32_t lines = gan__permute(graph, gan__reshape(graph, in[0], parts),
                                       (int32_t[]){0, 3, 1, 4, 2}); /* [m c, h, f, w, f] */
    return gan__reshape(graph, lines, gan__batch_shape(m, layer->shape));
}
