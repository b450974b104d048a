/* The building calls of image layers: their tensors are [channels, height, width]. */
#include "nn/layers.h"

#include <string.h>

/* Two numbers of the caller, or `otherwise` twice. */
static void take_pair(const int64_t *given, int64_t otherwise, int64_t out[2])
{
    for (int32_t i = 0; i < 2; i++) {
        out[i] = given != NULL ? given[i] : otherwise;
    }
}

const gan__layer *gan__image_maker(gan_network *network, const char *call, int32_t x, int32_t *code)
{
    const gan__layer *from = gan__network_maker(network, call, x, code);
    if (from != NULL && from->shape.rank != 3) {
        char text[GAN__SHAPE_TEXT];
        *code = gan__network_refuse(network, GAN_ERROR_SHAPE,
                                    "%s: %s is no image [channels, height, width]", call,
                                    gan__shape_text(from->shape, text));
        return NULL;
    }
    return from;
}

/* Whether a sample of the layer has a usable number of elements. */
static int32_t check_result(gan_network *network, const char *call, const gan__layer *layer)
{
    int64_t elements;
    const int32_t status =
        gan__check_shape(network->context, call, layer->shape.rank, layer->shape.dims, &elements);
    return status == GAN_OK ? GAN_OK : gan__network_keep_error(network, status);
}

int32_t gan__add_plain(gan_network *network, const char *call, gan__layer layer)
{
    GAN__TRY(check_result(network, call, &layer));
    return gan__network_add_layer(network, layer);
}

/* ---- Convolutions -------------------------------------------------------------------------- */

/* What the caller says of a convolution. */
typedef struct {
    const char *call;
    int64_t filters;
    const int64_t *kernel, *stride, *padding;
    int32_t bias;
} filter_bank;

/* Checks the numbers and puts kernel, stride and padding into the layer. */
static int32_t take_filters(gan_network *network, const filter_bank *bank, gan__layer *layer)
{
    if (bank->kernel == NULL) {
        return gan__network_refuse(network, GAN_ERROR_ARGUMENT, "%s: kernel is NULL", bank->call);
    }
    if (bank->filters < 1) {
        return gan__network_refuse(network, GAN_ERROR_RANGE, "%s: %lld filters, at least 1",
                                   bank->call, (long long)bank->filters);
    }
    if (bank->bias < GAN_BIAS_NONE || bank->bias > GAN_BIAS_UNTIED) {
        return gan__network_refuse(network, GAN_ERROR_RANGE, "%s: bias %d is not within %d to %d",
                                   bank->call, (int)bank->bias, GAN_BIAS_NONE, GAN_BIAS_UNTIED);
    }
    take_pair(bank->kernel, 1, layer->size);
    take_pair(bank->stride, 1, layer->stride);
    take_pair(bank->padding, 0, layer->pad);
    for (int32_t i = 0; i < 2; i++) {
        const int64_t kernel = layer->size[i], stride = layer->stride[i], pad = layer->pad[i];
        if (kernel < 1 || stride < 1 || pad < 0 || pad >= kernel) {
            return gan__network_refuse(
                network, GAN_ERROR_RANGE,
                "%s: kernel %lld and stride %lld, at least 1; padding %lld, 0 to kernel - 1",
                bank->call, (long long)kernel, (long long)stride, (long long)pad);
        }
        if (kernel > INT32_MAX) {
            return gan__network_refuse(network, GAN_ERROR_SHAPE, "%s: kernel %lld: too large",
                                       bank->call, (long long)kernel);
        }
    }
    return GAN_OK;
}

/* The size that a convolution makes of `large`, along one axis; -1 if the kernel does not fit. */
static int64_t convolved(const gan__layer *layer, int32_t axis, int64_t large)
{
    const int64_t room = large + 2 * layer->pad[axis] - layer->size[axis];
    return room < 0 ? -1 : room / layer->stride[axis] + 1;
}

/* Whether the engine can convolve images of shape `large` to `small`: it counts the planes and the
 * lines of the matrix of patches in 32 bits. */
static bool within_limits(const gan__layer *layer, gan__shape large, gan__shape small)
{
    const int64_t area = gan__multiply(layer->size[0], layer->size[1]);
    const int64_t rows = area < 0 ? -1 : gan__multiply(large.dims[0], area);
    const int64_t weights = area < 0 ? -1 : gan__multiply(small.dims[0], area);
    if (rows < 1 || rows > INT32_MAX || weights < 1 || weights > INT32_MAX ||
        small.dims[2] > INT32_MAX / rows) {
        return false;
    }
    for (int32_t i = 0; i < 2; i++) {
        if (large.dims[1 + i] > INT32_MAX || large.dims[1 + i] + 2 * layer->pad[i] > INT32_MAX) {
            return false;
        }
    }
    return true;
}

/* Adds a convolution of images of shape `large` to `small`, or the transpose: both have kernels of
 * shape [channels of small, channels of large, kernel]. */
static int32_t add_filters(gan_network *network, const filter_bank *bank, gan__layer layer,
                           gan__shape large, gan__shape small)
{
    const bool transposed = layer.kind == GAN__LAYER_TRANSPOSED_CONVOLUTION;
    layer.shape = transposed ? large : small;
    GAN__TRY(check_result(network, bank->call, &layer));
    if (!within_limits(&layer, large, small)) {
        char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: kernel [%lld, %lld] between %s and %s: too large",
                                   bank->call, (long long)layer.size[0], (long long)layer.size[1],
                                   gan__shape_text(large, left), gan__shape_text(small, right));
    }
    for (int32_t i = 0; i < 2; i++) {
        /* a longer stride does the same as one that leaves the image: a single step */
        const int64_t room = large.dims[1 + i] + 2 * layer.pad[i] - layer.size[i];
        layer.stride[i] = layer.stride[i] > room ? room + 1 : layer.stride[i];
    }
    const int64_t area = layer.size[0] * layer.size[1];
    gan__transform t = {
        .weight = {.rank = 4, .dims = {small.dims[0], large.dims[0], layer.size[0], layer.size[1]}},
        .unit_axis = transposed ? 1 : 0,
        .fan_in = area * (transposed ? small : large).dims[0],
        .fan_out = area * bank->filters,
        .pieces = 1};
    if (bank->bias == GAN_BIAS_UNTIED) {
        t.bias = layer.shape;
    } else if (bank->bias == GAN_BIAS_TIED) {
        t.bias = gan__shape_of(3, (int64_t[]){bank->filters, 1, 1});
    }
    return gan__network_add_weighted(network, bank->call, t, layer);
}

int32_t gan_network_convolution(gan_network *network, int32_t x, int64_t filters,
                                const int64_t *kernel, const int64_t *stride,
                                const int64_t *padding, int32_t bias)
{
    const filter_bank bank = {"convolution", filters, kernel, stride, padding, bias};
    gan__layer layer = {.kind = GAN__LAYER_CONVOLUTION, .in = {x}};
    int32_t code;
    const gan__layer *from = gan__image_maker(network, bank.call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(take_filters(network, &bank, &layer));
    gan__shape small = {.rank = 3, .dims = {filters}};
    for (int32_t i = 0; i < 2; i++) {
        small.dims[1 + i] = convolved(&layer, i, from->shape.dims[1 + i]);
        if (small.dims[1 + i] < 1) {
            return gan__network_refuse(
                network, GAN_ERROR_SHAPE, "convolution: %s %lld with padding %lld, kernel %lld",
                i == 0 ? "height" : "width", (long long)from->shape.dims[1 + i],
                (long long)layer.pad[i], (long long)layer.size[i]);
        }
    }
    return add_filters(network, &bank, layer, from->shape, small);
}

/* The smallest size from which the convolution makes `small`: below 1 if there is none, over
 * INT32_MAX if it is too large. */
static int64_t smallest_origin(const gan__layer *layer, int32_t axis, int64_t small)
{
    const int64_t steps = gan__multiply(layer->stride[axis], small - 1);
    return steps < 0 || steps > INT32_MAX ? INT64_MAX
                                          : steps + layer->size[axis] - 2 * layer->pad[axis];
}

int32_t gan_network_transposed_convolution(gan_network *network, int32_t x, int64_t filters,
                                           const int64_t *kernel, const int64_t *stride,
                                           const int64_t *padding, const int64_t *output,
                                           int32_t bias)
{
    const filter_bank bank = {"transposed_convolution", filters, kernel, stride, padding, bias};
    gan__layer layer = {.kind = GAN__LAYER_TRANSPOSED_CONVOLUTION, .in = {x}};
    int32_t code;
    const gan__layer *from = gan__image_maker(network, bank.call, x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(take_filters(network, &bank, &layer));
    if (output != NULL && (output[0] < 1 || output[1] < 1)) {
        return gan__network_refuse(network, GAN_ERROR_RANGE, "%s: output [%lld, %lld], at least 1",
                                   bank.call, (long long)output[0], (long long)output[1]);
    }
    gan__shape large = {.rank = 3, .dims = {filters}};
    for (int32_t i = 0; i < 2; i++) {
        const int64_t small = from->shape.dims[1 + i];
        const int64_t size = output != NULL ? output[i] : smallest_origin(&layer, i, small);
        if (size > INT32_MAX) {
            return gan__network_refuse(network, GAN_ERROR_SHAPE, "%s: output %s over %d: too large",
                                       bank.call, i == 0 ? "height" : "width", INT32_MAX);
        }
        if (size < 1 || convolved(&layer, i, size) != small) {
            return gan__network_refuse(
                network, GAN_ERROR_SHAPE,
                "%s: no convolution with kernel %lld, stride %lld and padding %lld takes %s %lld "
                "to %lld",
                bank.call, (long long)layer.size[i], (long long)layer.stride[i],
                (long long)layer.pad[i], i == 0 ? "height" : "width", (long long)size,
                (long long)small);
        }
        large.dims[1 + i] = size;
    }
    return add_filters(network, &bank, layer, large, from->shape);
}

/* ---- Pooling ------------------------------------------------------------------------------- */

/* Whether the engine can add up the windows: see within_limits. */
static bool can_add_up(const gan__layer *layer)
{
    const int64_t area = layer->size[0] * layer->size[1]; /* at most that of the image */
    bool fits = layer->shape.dims[2] <= INT32_MAX / area;
    for (int32_t i = 0; i < 2; i++) {
        fits &= (layer->shape.dims[1 + i] - 1) * layer->stride[i] + layer->size[i] <= INT32_MAX;
    }
    return fits;
}

static int32_t add_pool(gan_network *network, gan__layer_kind kind, const char *call, int32_t x,
                        const int64_t *window, const int64_t *stride)
{
    int32_t code;
    const gan__layer *from = gan__image_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    if (window == NULL) {
        return gan__network_refuse(network, GAN_ERROR_ARGUMENT, "%s: window is NULL", call);
    }
    gan__layer layer = {.kind = kind, .in = {x}, .shape = from->shape};
    take_pair(window, 1, layer.size);
    take_pair(stride != NULL ? stride : window, 1, layer.stride);
    for (int32_t i = 0; i < 2; i++) {
        const int64_t size = from->shape.dims[1 + i];
        if (layer.size[i] < 1 || layer.stride[i] < 1) {
            return gan__network_refuse(network, GAN_ERROR_RANGE,
                                       "%s: window %lld and stride %lld, at least 1", call,
                                       (long long)layer.size[i], (long long)layer.stride[i]);
        }
        layer.size[i] = layer.size[i] < size ? layer.size[i] : size;
        layer.stride[i] = layer.stride[i] < size ? layer.stride[i] : size;
        layer.shape.dims[1 + i] = gan__window_count(size, layer.size[i], layer.stride[i]);
    }
    if (kind == GAN__LAYER_AVERAGE_POOL && !can_add_up(&layer)) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE, "%s: window [%lld, %lld]: too large",
                                   call, (long long)layer.size[0], (long long)layer.size[1]);
    }
    return gan__add_plain(network, call, layer);
}

int32_t gan_network_max_pool(gan_network *network, int32_t x, const int64_t *window,
                             const int64_t *stride)
{
    return add_pool(network, GAN__LAYER_MAX_POOL, "max_pool", x, window, stride);
}

int32_t gan_network_average_pool(gan_network *network, int32_t x, const int64_t *window,
                                 const int64_t *stride)
{
    return add_pool(network, GAN__LAYER_AVERAGE_POOL, "average_pool", x, window, stride);
}

/* ---- Others -------------------------------------------------------------------------------- */

int32_t gan_network_maxout_channels(gan_network *network, int32_t x, int64_t pieces)
{
    int32_t code;
    const gan__layer *from = gan__image_maker(network, "maxout_channels", x, &code);
    if (from == NULL) {
        return code;
    }
    if (pieces < 1) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "maxout_channels: %lld pieces, at least 1", (long long)pieces);
    }
    gan__layer layer = {
        .kind = GAN__LAYER_MAXOUT_CHANNELS, .in = {x}, .shape = from->shape, .size = {pieces}};
    if (layer.shape.dims[0] % pieces != 0) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "maxout_channels: %lld channels are no multiple of %lld pieces",
                                   (long long)layer.shape.dims[0], (long long)pieces);
    }
    layer.shape.dims[0] /= pieces;
    return gan__add_plain(network, "maxout_channels", layer);
}

int32_t gan_network_upsample(gan_network *network, int32_t x, int64_t factor, const char *kind)
{
    int32_t code;
    const gan__layer *from = gan__image_maker(network, "upsample", x, &code);
    if (from == NULL) {
        return code;
    }
    if (kind == NULL) {
        return gan__network_refuse(network, GAN_ERROR_ARGUMENT, "upsample: kind is NULL");
    }
    const bool nearest = strcmp(kind, GAN_UPSAMPLE_NEAREST) == 0;
    if (!nearest && strcmp(kind, GAN_UPSAMPLE_BILINEAR) != 0) {
        return gan__network_refuse(network, GAN_ERROR_KEY, "upsample: no kind \"%.64s\"", kind);
    }
    if (factor < 1 || factor > GAN__FACTOR_MAX) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "upsample: factor %lld is not within 1 to %d", (long long)factor,
                                   GAN__FACTOR_MAX);
    }
    gan__layer layer = {.kind =
                            nearest ? GAN__LAYER_UPSAMPLE_NEAREST : GAN__LAYER_UPSAMPLE_BILINEAR,
                        .in = {x},
                        .shape = from->shape,
                        .size = {factor}};
    layer.shape.dims[1] *= factor; /* both were within 32 bits */
    layer.shape.dims[2] *= factor;
    return gan__add_plain(network, "upsample", layer);
}
