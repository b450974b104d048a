/* What layers are in ONNX: operators of opset 17. */
#include "nn/onnx.h"

#include <string.h>

typedef gan__onnx_name name;
typedef gan__onnx_model model;
typedef gan__onnx_attribute attribute;

static name largest(model *m, name x, int64_t axis)
{
    return gan__onnx_apply(
        m, "ReduceMax", x, NULL,
        (const attribute[]){{"axes", GAN__ATTRIBUTE_INTS, .ints = &axis, .count = 1},
                            {"keepdims", GAN__ATTRIBUTE_I, .i = 0},
                            {0}});
}

/* A parameter of a transformation, under its own name, in another shape. */
static name parameter_as(model *m, const gan__transform *t, gan__part part, gan__shape shape)
{
    const gan__parameter *p = &m->network->parameters[gan__transform_tensor(t, part)];
    name as;
    memcpy(as.text, p->name, sizeof p->name);
    gan__onnx_floats(m, as.text, shape, m->values + p->offset);
    return as;
}

static name parameter(model *m, const gan__transform *t, gan__part part)
{
    return parameter_as(m, t, part, gan__transform_shape(t, part));
}

/* ---- Layers: each returns the name of what it makes ----------------------------------------- */

static const gan__transform *transform_of(const model *m, const gan__layer *layer)
{
    return &m->network->transforms[layer->index];
}

/* x W + b */
static name transformed(model *m, const gan__layer *layer, name x)
{
    const gan__transform *t = transform_of(m, layer);
    const name flat = gan__onnx_reshaped(m, x, gan__shape_1(t->fan_in)),
               w = parameter(m, t, GAN__PART_WEIGHT);
    const name product = gan__onnx_apply(m, "MatMul", flat, &w, NULL);
    if (t->bias.rank == 0) {
        return product;
    }
    const name b = parameter(m, t, GAN__PART_BIAS);
    return gan__onnx_apply(m, "Add", product, &b, NULL);
}

static name put_dense(model *m, const gan__layer *layer, const name *in)
{
    return transformed(m, layer, in[0]);
}

static name put_maxout(model *m, const gan__layer *layer, const name *in)
{
    const int64_t pieces = transform_of(m, layer)->pieces;
    const name all = transformed(m, layer, in[0]);
    return largest(m, gan__onnx_reshaped(m, all, gan__shape_2(layer->shape.dims[0], pieces)), 2);
}

/* What stays as it is: dropout drops nothing. */
static name put_nothing(model *m, const gan__layer *layer, const name *in)
{
    (void)m, (void)layer;
    return in[0];
}

static name put_element(model *m, const gan__layer *layer, const name *in)
{
    static const char *const operators[GAN__LAYER_COUNT] = {[GAN__LAYER_RELU] = "Relu",
                                                            [GAN__LAYER_TANH] = "Tanh",
                                                            [GAN__LAYER_SIGMOID] = "Sigmoid",
                                                            [GAN__LAYER_SOFTPLUS] = "Softplus"};
    return gan__onnx_apply(m, operators[layer->kind], in[0], NULL, NULL);
}

static name put_leaky_relu(model *m, const gan__layer *layer, const name *in)
{
    return gan__onnx_apply(
        m, "LeakyRelu", in[0], NULL,
        (const attribute[]){{"alpha", GAN__ATTRIBUTE_F, .f = (float)layer->a}, {0}});
}

static name put_affine(model *m, const gan__layer *layer, const name *in)
{
    return gan__onnx_apply_number(m, "Add", gan__onnx_apply_number(m, "Mul", in[0], layer->a),
                                  layer->b);
}

static name put_reshape(model *m, const gan__layer *layer, const name *in)
{
    return gan__onnx_reshaped(m, in[0], layer->shape);
}

static name put_concatenate(model *m, const gan__layer *layer, const name *in)
{
    return gan__onnx_apply(
        m, "Concat", in[0], &in[1],
        (const attribute[]){{"axis", GAN__ATTRIBUTE_I, .i = 1 + layer->index}, {0}});
}

static name put_add(model *m, const gan__layer *layer, const name *in)
{
    (void)layer;
    return gan__onnx_apply(m, "Add", in[0], &in[1], NULL);
}

static name put_inner_product(model *m, const gan__layer *layer, const name *in)
{
    const int64_t elements = gan__shape_elements(m->network->layers[layer->in[0] - 1].shape);
    const name x = gan__onnx_reshaped(m, in[0], gan__shape_1(elements));
    const name y = gan__onnx_reshaped(m, in[1], gan__shape_1(elements));
    const name axis = gan__onnx_whole(m, 1, (const int64_t[]){1});
    return gan__onnx_apply(m, "ReduceSum", gan__onnx_apply(m, "Mul", x, &y, NULL), &axis, NULL);
}

/* ---- Layers of images ---------------------------------------------------------------------- */

/* A convolution or its transpose; biases are added, for they may be untied. */
static name put_filters(model *m, const gan__layer *layer, const name *in)
{
    const bool transposed = layer->kind == GAN__LAYER_TRANSPOSED_CONVOLUTION;
    const gan__transform *t = transform_of(m, layer);
    const gan__shape small = m->network->layers[layer->in[0] - 1].shape;
    int64_t more[2] = {0};
    for (int32_t i = 0; transposed && i < 2; i++) {
        more[i] = layer->shape.dims[1 + i] + 2 * layer->pad[i] - layer->size[i] -
                  (small.dims[1 + i] - 1) * layer->stride[i];
    }
    const int64_t pads[] = {layer->pad[0], layer->pad[1], layer->pad[0], layer->pad[1]};
    const attribute attributes[] = {
        {"kernel_shape", GAN__ATTRIBUTE_INTS, .ints = layer->size, .count = 2},
        {"strides", GAN__ATTRIBUTE_INTS, .ints = layer->stride, .count = 2},
        {"pads", GAN__ATTRIBUTE_INTS, .ints = pads, .count = 4},
        {transposed ? "output_padding" : NULL, GAN__ATTRIBUTE_INTS, .ints = more, .count = 2},
        {0}};
    const name w = parameter(m, t, GAN__PART_WEIGHT);
    const name y = gan__onnx_apply(m, transposed ? "ConvTranspose" : "Conv", in[0], &w, attributes);
    if (t->bias.rank == 0) {
        return y;
    }
    const name b = parameter(m, t, GAN__PART_BIAS);
    return gan__onnx_apply(m, "Add", y, &b, NULL);
}

static name put_pool(model *m, const gan__layer *layer, const name *in)
{
    const bool average = layer->kind == GAN__LAYER_AVERAGE_POOL;
    const attribute attributes[] = {
        {"kernel_shape", GAN__ATTRIBUTE_INTS, .ints = layer->size, .count = 2},
        {"strides", GAN__ATTRIBUTE_INTS, .ints = layer->stride, .count = 2},
        {"ceil_mode", GAN__ATTRIBUTE_I, .i = 1}, /* windows over the border are cut */
        {average ? "count_include_pad" : NULL, GAN__ATTRIBUTE_I, .i = 0},
        {0}};
    return gan__onnx_apply(m, average ? "AveragePool" : "MaxPool", in[0], NULL, attributes);
}

static name put_maxout_channels(model *m, const gan__layer *layer, const name *in)
{
    const int64_t *dims = layer->shape.dims;
    const gan__shape pieces =
        gan__shape_of(3, (int64_t[]){dims[0], layer->size[0], dims[1] * dims[2]});
    return gan__onnx_reshaped(m, largest(m, gan__onnx_reshaped(m, in[0], pieces), 2), layer->shape);
}

static name put_upsample(model *m, const gan__layer *layer, const name *in)
{
    const bool nearest = layer->kind == GAN__LAYER_UPSAMPLE_NEAREST;
    const name scales = gan__onnx_numbered("constant", m->constants++);
    const real factor = (real)layer->size[0];
    gan__onnx_floats(m, scales.text, gan__shape_1(4), (real[]){1, 1, factor, factor});
    const name y = gan__onnx_numbered("between", m->between++);
    gan__onnx_node(
        m, "Resize", (const char *const[]){in[0].text, "", scales.text, NULL}, y.text,
        (const attribute[]){{"mode", GAN__ATTRIBUTE_S, .s = nearest ? "nearest" : "linear"},
                            {"coordinate_transformation_mode", GAN__ATTRIBUTE_S,
                             .s = nearest ? "asymmetric" : "half_pixel"},
                            {nearest ? "nearest_mode" : NULL, GAN__ATTRIBUTE_S, .s = "floor"},
                            {0}});
    return y;
}

static name put_repeat(model *m, const gan__layer *layer, const name *in)
{
    const int64_t *dims = layer->shape.dims, whole[] = {1, dims[0], dims[1], dims[2]};
    const name points = gan__onnx_reshaped(m, in[0], gan__shape_of(3, (int64_t[]){dims[0], 1, 1}));
    const name shape = gan__onnx_whole(m, 4, whole);
    return gan__onnx_apply(m, "Expand", points, &shape, NULL);
}

static name put_pixel_shuffle(model *m, const gan__layer *layer, const name *in)
{
    return gan__onnx_apply(m, "DepthToSpace", in[0], NULL,
                           (const attribute[]){{"blocksize", GAN__ATTRIBUTE_I, .i = layer->size[0]},
                                               {"mode", GAN__ATTRIBUTE_S, .s = "CRD"},
                                               {0}});
}

/* ---- Normalisations ------------------------------------------------------------------------ */

/* The first dimension of an image, the elements of another tensor; the rest in *positions. */
static int64_t channels_of(gan__shape shape, int64_t *positions)
{
    const int64_t elements = gan__shape_elements(shape);
    const int64_t channels = shape.rank == 3 ? shape.dims[0] : elements;
    *positions = elements / channels;
    return channels;
}

/* A parameter of a normalisation as [channels, 1], to go with [N, channels, positions]. */
static name column(model *m, const gan__transform *t, gan__part part)
{
    return parameter_as(m, t, part, gan__shape_2(t->bias.dims[0], 1));
}

/* scale x + shift in the layer's shape, if there are such. x: [N, channels, positions] */
static name finished(model *m, const gan__layer *layer, name x)
{
    const gan__transform *t = layer->index >= 0 ? transform_of(m, layer) : NULL;
    if (t != NULL && t->weight.rank > 0) {
        const name scale = column(m, t, GAN__PART_WEIGHT), shift = column(m, t, GAN__PART_BIAS);
        x = gan__onnx_apply(m, "Mul", x, &scale, NULL);
        x = gan__onnx_apply(m, "Add", x, &shift, NULL);
    }
    return gan__onnx_reshaped(m, x, layer->shape);
}

/* By running statistics: [2, channels] */
static name put_batch_norm(model *m, const gan__layer *layer, const name *in)
{
    int64_t positions;
    const int64_t channels = channels_of(layer->shape, &positions);
    const gan__transform *t = transform_of(m, layer);
    const gan__parameter *p =
        &m->network->parameters[gan__transform_tensor(t, GAN__PART_STATISTICS)];
    const name mean = gan__onnx_numbered("constant", m->constants++);
    const name variance = gan__onnx_numbered("constant", m->constants++);
    const gan__shape one = gan__shape_2(channels, 1);
    gan__onnx_floats(m, mean.text, one, m->values + p->offset);
    gan__onnx_floats(m, variance.text, one, m->values + p->offset + channels);
    const name x = gan__onnx_reshaped(m, in[0], gan__shape_2(channels, positions));
    const name off = gan__onnx_apply(m, "Sub", x, &mean, NULL);
    const name root = gan__onnx_apply(
        m, "Sqrt", gan__onnx_apply_number(m, "Add", variance, layer->a), NULL, NULL);
    return finished(m, layer, gan__onnx_apply(m, "Div", off, &root, NULL));
}

static name mean_of(model *m, name x, int32_t count, const int64_t *axes)
{
    return gan__onnx_apply(
        m, "ReduceMean", x, NULL,
        (const attribute[]){{"axes", GAN__ATTRIBUTE_INTS, .ints = axes, .count = count}, {0}});
}

/* By the numbers at hand: of a sample, or of each of its channels. */
static name put_own_norm(model *m, const gan__layer *layer, const name *in)
{
    int64_t positions;
    const int64_t channels = channels_of(layer->shape, &positions), axes[] = {2, 1};
    const int32_t count = layer->kind == GAN__LAYER_LAYER_NORM ? 2 : 1;
    const name x = gan__onnx_reshaped(m, in[0], gan__shape_2(channels, positions));
    const name mean = mean_of(m, x, count, axes), off = gan__onnx_apply(m, "Sub", x, &mean, NULL);
    const name variance = mean_of(m, gan__onnx_apply(m, "Mul", off, &off, NULL), count, axes);
    const name root = gan__onnx_apply(
        m, "Sqrt", gan__onnx_apply_number(m, "Add", variance, layer->a), NULL, NULL);
    return finished(m, layer, gan__onnx_apply(m, "Div", off, &root, NULL));
}

/* ---- All of them --- */

const gan__onnx_layer_fn gan__onnx_layers[GAN__LAYER_COUNT] = {
    [GAN__LAYER_DENSE] = put_dense,
    [GAN__LAYER_MAXOUT] = put_maxout,
    [GAN__LAYER_DROPOUT] = put_nothing,
    [GAN__LAYER_RELU] = put_element,
    [GAN__LAYER_LEAKY_RELU] = put_leaky_relu,
    [GAN__LAYER_TANH] = put_element,
    [GAN__LAYER_SIGMOID] = put_element,
    [GAN__LAYER_SOFTPLUS] = put_element,
    [GAN__LAYER_AFFINE] = put_affine,
    [GAN__LAYER_RESHAPE] = put_reshape,
    [GAN__LAYER_CONCATENATE] = put_concatenate,
    [GAN__LAYER_CONVOLUTION] = put_filters,
    [GAN__LAYER_TRANSPOSED_CONVOLUTION] = put_filters,
    [GAN__LAYER_MAX_POOL] = put_pool,
    [GAN__LAYER_AVERAGE_POOL] = put_pool,
    [GAN__LAYER_MAXOUT_CHANNELS] = put_maxout_channels,
    [GAN__LAYER_UPSAMPLE_NEAREST] = put_upsample,
    [GAN__LAYER_UPSAMPLE_BILINEAR] = put_upsample,
    [GAN__LAYER_EMBEDDING] = put_dense,
    [GAN__LAYER_BATCH_NORM] = put_batch_norm,
    [GAN__LAYER_LAYER_NORM] = put_own_norm,
    [GAN__LAYER_INSTANCE_NORM] = put_own_norm,
    [GAN__LAYER_ADD] = put_add,
    [GAN__LAYER_INNER_PRODUCT] = put_inner_product,
    [GAN__LAYER_REPEAT] = put_repeat,
    [GAN__LAYER_PIXEL_SHUFFLE] = put_pixel_shuffle,
};
