/* Networks as ONNX models: what gan_network_evaluate computes, in operators of opset 17.
 *
 * Every tensor is [N, ...], N being free. What stands between two operators is "between.<n>", a
 * constant "constant.<n>", parameters and inputs have their names. */
#include "nn/network.h"

#include <gan/version.h>

#include "io/file.h"
#include "io/protobuf.h"

#include <stdio.h>
#include <string.h>

enum { IR_VERSION = 8, OPSET = 17 };

/* Fields of the messages, as onnx.proto numbers them. */
enum { MODEL_IR = 1, MODEL_PRODUCER, MODEL_PRODUCER_VERSION, MODEL_GRAPH = 7, MODEL_OPSET };
enum { OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F, ATTRIBUTE_I, ATTRIBUTE_S, ATTRIBUTE_INTS = 8 };
enum { ATTRIBUTE_TYPE = 20, TYPE_F = 1, TYPE_I, TYPE_S, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE, TENSOR_NAME = 8, TENSOR_DATA };
enum { TENSOR_FLOAT = 1, TENSOR_INT64 = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_NAME };

static const int64_t LARGEST = ((int64_t)1 << 31) - (1 << 20); /* bytes that a reader takes */

typedef struct {
    char text[GAN__NAME_BYTES + 16];
} name;

typedef struct {
    const gan_network *network;
    const real *values; /* [elements]: parameters as layers compute with them */
    gan__buffer out;
    int32_t between, constants;
} model;

/* ---- Names --------------------------------------------------------------------------------- */

static name numbered(const char *what, int32_t number)
{
    name n;
    snprintf(n.text, sizeof n.text, "%s.%d", what, (int)number);
    return n;
}

static bool is_input(gan__layer_kind kind)
{
    return kind == GAN__LAYER_INPUT || kind == GAN__LAYER_CONDITION;
}

/* An input keeps the name it has, unless another tensor could have it. */
static bool name_is_free(const gan_network *network, int32_t id)
{
    const char *wanted = network->layers[id - 1].name;
    bool is_free = strchr(wanted, '.') == NULL && strcmp(wanted, "output") != 0;
    for (int32_t i = 1; i < id && is_free; i++) {
        const gan__layer *layer = &network->layers[i - 1];
        is_free = !is_input(layer->kind) || strcmp(layer->name, wanted) != 0;
    }
    return is_free;
}

static name tensor_name(const model *m, int32_t id)
{
    const gan__layer *layer = &m->network->layers[id - 1];
    name n = numbered("tensor", id);
    if (is_input(layer->kind) && name_is_free(m->network, id)) {
        memcpy(n.text, layer->name, sizeof layer->name);
    }
    return n;
}

/* ---- Messages ------------------------------------------------------------------------------ */

/* An attribute of an operator: whichever of the values its type names. */
typedef struct {
    const char *name;
    int32_t type;
    float f;
    int64_t i;
    const char *s;
    const int64_t *ints;
    int32_t count;
} attribute;

static void put_attribute(gan__buffer *out, const attribute *a)
{
    const int64_t begun = gan__proto_begin(out, NODE_ATTRIBUTE);
    gan__proto_text(out, ATTRIBUTE_NAME, a->name);
    if (a->type == TYPE_F) {
        gan__proto_float(out, ATTRIBUTE_F, a->f);
    } else if (a->type == TYPE_I) {
        gan__proto_int(out, ATTRIBUTE_I, a->i);
    } else if (a->type == TYPE_S) {
        gan__proto_text(out, ATTRIBUTE_S, a->s);
    }
    for (int32_t i = 0; i < a->count; i++) {
        gan__proto_int(out, ATTRIBUTE_INTS, a->ints[i]);
    }
    gan__proto_int(out, ATTRIBUTE_TYPE, a->type);
    gan__proto_end(out, begun);
}

/* An operator. in: names, the last one NULL; attributes: the last one without a name, or NULL */
static void put_node(model *m, const char *operator, const char * const * in, const char *output,
                     const attribute *attributes)
{
    const int64_t begun = gan__proto_begin(&m->out, GRAPH_NODE);
    for (; *in != NULL; in++) {
        gan__proto_text(&m->out, NODE_INPUT, *in);
    }
    gan__proto_text(&m->out, NODE_OUTPUT, output);
    gan__proto_text(&m->out, NODE_NAME, output); /* each makes one tensor */
    gan__proto_text(&m->out, NODE_OP, operator);
    for (; attributes != NULL && attributes->name != NULL; attributes++) {
        put_attribute(&m->out, attributes);
    }
    gan__proto_end(&m->out, begun);
}

/* The start of a constant tensor; its bytes come next. */
static int64_t begin_tensor(model *m, const char *as, int32_t type, gan__shape shape)
{
    const int64_t begun = gan__proto_begin(&m->out, GRAPH_INITIALIZER);
    for (int32_t i = 0; i < shape.rank; i++) {
        gan__proto_int(&m->out, TENSOR_DIMS, shape.dims[i]);
    }
    gan__proto_int(&m->out, TENSOR_TYPE, type);
    gan__proto_text(&m->out, TENSOR_NAME, as);
    return begun;
}

static void put_floats(model *m, const char *as, gan__shape shape, const real *values)
{
    const int64_t begun = begin_tensor(m, as, TENSOR_FLOAT, shape);
    const int64_t elements = gan__shape_elements(shape);
    const int64_t bytes = gan__proto_begin(&m->out, TENSOR_DATA);
    char *room = gan__buffer_room(&m->out, (size_t)elements * sizeof(float));
    for (int64_t i = 0; i < elements && room != NULL; i++) {
        const float value = (float)values[i];
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        gan__put_bits32(room + 4 * i, bits);
    }
    gan__proto_end(&m->out, bytes);
    gan__proto_end(&m->out, begun);
}

/* A constant of whole numbers; returns its name. */
static name put_whole(model *m, int32_t count, const int64_t *values)
{
    const name as = numbered("constant", m->constants++);
    const int64_t begun = begin_tensor(m, as.text, TENSOR_INT64, gan__shape_1(count));
    const int64_t bytes = gan__proto_begin(&m->out, TENSOR_DATA);
    char *room = gan__buffer_room(&m->out, (size_t)count * 8);
    for (int32_t i = 0; i < count && room != NULL; i++) {
        gan__put_bits64(room + 8 * i, (uint64_t)values[i]);
    }
    gan__proto_end(&m->out, bytes);
    gan__proto_end(&m->out, begun);
    return as;
}

/* A constant number for all elements; returns its name. */
static name put_number(model *m, double value)
{
    const name as = numbered("constant", m->constants++);
    put_floats(m, as.text, (gan__shape){0}, &(real){(real)value});
    return as;
}

/* An input or output: [N, shape] */
static void put_value(model *m, uint32_t field, const char *as, gan__shape shape)
{
    const int64_t value = gan__proto_begin(&m->out, field);
    gan__proto_text(&m->out, VALUE_NAME, as);
    const int64_t type = gan__proto_begin(&m->out, VALUE_TYPE);
    const int64_t tensor = gan__proto_begin(&m->out, TYPE_TENSOR);
    gan__proto_int(&m->out, TENSOR_ELEMENT, TENSOR_FLOAT);
    const int64_t dims = gan__proto_begin(&m->out, TENSOR_SHAPE);
    for (int32_t i = -1; i < shape.rank; i++) {
        const int64_t dim = gan__proto_begin(&m->out, SHAPE_DIM);
        if (i < 0) {
            gan__proto_text(&m->out, DIM_NAME, "N");
        } else {
            gan__proto_int(&m->out, DIM_VALUE, shape.dims[i]);
        }
        gan__proto_end(&m->out, dim);
    }
    gan__proto_end(&m->out, dims);
    gan__proto_end(&m->out, tensor);
    gan__proto_end(&m->out, type);
    gan__proto_end(&m->out, value);
}

/* ---- Operators in a row -------------------------------------------------------------------- */

/* Applies an operator to one or two tensors; returns the name of what it makes. b: NULL for one */
static name apply(model *m, const char *operator, name a, const name *b,
                  const attribute *attributes)
{
    const name y = numbered("between", m->between++);
    put_node(m, operator,(const char *const[]){a.text, b != NULL ? b->text : NULL, NULL}, y.text,
             attributes);
    return y;
}

static name apply_to_number(model *m, const char *operator, name a, double b)
{
    const name number = put_number(m, b);
    return apply(m, operator, a, &number, NULL);
}

/* [N, shape] */
static name reshaped(model *m, name x, gan__shape shape)
{
    int64_t dims[1 + GAN__RANK_MAX] = {-1};
    memcpy(dims + 1, shape.dims, (size_t)shape.rank * sizeof *dims);
    const name constant = put_whole(m, 1 + shape.rank, dims);
    return apply(m, "Reshape", x, &constant, NULL);
}

static name largest(model *m, name x, int64_t axis)
{
    return apply(m, "ReduceMax", x, NULL,
                 (const attribute[]){{"axes", TYPE_INTS, .ints = &axis, .count = 1},
                                     {"keepdims", TYPE_I, .i = 0},
                                     {0}});
}

/* A parameter of a transformation, under its own name, in another shape. */
static name parameter_as(model *m, const gan__transform *t, gan__part part, gan__shape shape)
{
    const gan__parameter *p = &m->network->parameters[gan__transform_tensor(t, part)];
    name as;
    memcpy(as.text, p->name, sizeof p->name);
    put_floats(m, as.text, shape, m->values + p->offset);
    return as;
}

static name parameter(model *m, const gan__transform *t, gan__part part)
{
    return parameter_as(m, t, part, gan__transform_shape(t, part));
}

/* ---- Layers: each returns the name of what it makes ----------------------------------------- */

typedef name (*layer_fn)(model *m, const gan__layer *layer, const name *in);

static const gan__transform *transform_of(const model *m, const gan__layer *layer)
{
    return &m->network->transforms[layer->index];
}

/* x W + b */
static name transformed(model *m, const gan__layer *layer, name x)
{
    const gan__transform *t = transform_of(m, layer);
    const name flat = reshaped(m, x, gan__shape_1(t->fan_in)),
               w = parameter(m, t, GAN__PART_WEIGHT);
    const name product = apply(m, "MatMul", flat, &w, NULL);
    if (t->bias.rank == 0) {
        return product;
    }
    const name b = parameter(m, t, GAN__PART_BIAS);
    return apply(m, "Add", product, &b, NULL);
}

static name put_dense(model *m, const gan__layer *layer, const name *in)
{
    return transformed(m, layer, in[0]);
}

static name put_maxout(model *m, const gan__layer *layer, const name *in)
{
    const int64_t pieces = transform_of(m, layer)->pieces;
    const name all = transformed(m, layer, in[0]);
    return largest(m, reshaped(m, all, gan__shape_2(layer->shape.dims[0], pieces)), 2);
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
    return apply(m, operators[layer->kind], in[0], NULL, NULL);
}

static name put_leaky_relu(model *m, const gan__layer *layer, const name *in)
{
    return apply(m, "LeakyRelu", in[0], NULL,
                 (const attribute[]){{"alpha", TYPE_F, .f = (float)layer->a}, {0}});
}

static name put_affine(model *m, const gan__layer *layer, const name *in)
{
    return apply_to_number(m, "Add", apply_to_number(m, "Mul", in[0], layer->a), layer->b);
}

static name put_reshape(model *m, const gan__layer *layer, const name *in)
{
    return reshaped(m, in[0], layer->shape);
}

static name put_concatenate(model *m, const gan__layer *layer, const name *in)
{
    return apply(m, "Concat", in[0], &in[1],
                 (const attribute[]){{"axis", TYPE_I, .i = 1 + layer->index}, {0}});
}

static name put_add(model *m, const gan__layer *layer, const name *in)
{
    (void)layer;
    return apply(m, "Add", in[0], &in[1], NULL);
}

static name put_inner_product(model *m, const gan__layer *layer, const name *in)
{
    const int64_t elements = gan__shape_elements(m->network->layers[layer->in[0] - 1].shape);
    const name x = reshaped(m, in[0], gan__shape_1(elements));
    const name y = reshaped(m, in[1], gan__shape_1(elements));
    const name axis = put_whole(m, 1, (const int64_t[]){1});
    return apply(m, "ReduceSum", apply(m, "Mul", x, &y, NULL), &axis, NULL);
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
        {"kernel_shape", TYPE_INTS, .ints = layer->size, .count = 2},
        {"strides", TYPE_INTS, .ints = layer->stride, .count = 2},
        {"pads", TYPE_INTS, .ints = pads, .count = 4},
        {transposed ? "output_padding" : NULL, TYPE_INTS, .ints = more, .count = 2},
        {0}};
    const name w = parameter(m, t, GAN__PART_WEIGHT);
    const name y = apply(m, transposed ? "ConvTranspose" : "Conv", in[0], &w, attributes);
    if (t->bias.rank == 0) {
        return y;
    }
    const name b = parameter(m, t, GAN__PART_BIAS);
    return apply(m, "Add", y, &b, NULL);
}

static name put_pool(model *m, const gan__layer *layer, const name *in)
{
    const bool average = layer->kind == GAN__LAYER_AVERAGE_POOL;
    const attribute attributes[] = {
        {"kernel_shape", TYPE_INTS, .ints = layer->size, .count = 2},
        {"strides", TYPE_INTS, .ints = layer->stride, .count = 2},
        {"ceil_mode", TYPE_I, .i = 1}, /* windows over the border are cut */
        {average ? "count_include_pad" : NULL, TYPE_I, .i = 0},
        {0}};
    return apply(m, average ? "AveragePool" : "MaxPool", in[0], NULL, attributes);
}

static name put_maxout_channels(model *m, const gan__layer *layer, const name *in)
{
    const int64_t *dims = layer->shape.dims;
    const gan__shape pieces =
        gan__shape_of(3, (int64_t[]){dims[0], layer->size[0], dims[1] * dims[2]});
    return reshaped(m, largest(m, reshaped(m, in[0], pieces), 2), layer->shape);
}

static name put_upsample(model *m, const gan__layer *layer, const name *in)
{
    const bool nearest = layer->kind == GAN__LAYER_UPSAMPLE_NEAREST;
    const name scales = numbered("constant", m->constants++);
    const real factor = (real)layer->size[0];
    put_floats(m, scales.text, gan__shape_1(4), (real[]){1, 1, factor, factor});
    const name y = numbered("between", m->between++);
    put_node(m, "Resize", (const char *const[]){in[0].text, "", scales.text, NULL}, y.text,
             (const attribute[]){{"mode", TYPE_S, .s = nearest ? "nearest" : "linear"},
                                 {"coordinate_transformation_mode", TYPE_S,
                                  .s = nearest ? "asymmetric" : "half_pixel"},
                                 {nearest ? "nearest_mode" : NULL, TYPE_S, .s = "floor"},
                                 {0}});
    return y;
}

static name put_repeat(model *m, const gan__layer *layer, const name *in)
{
    const int64_t *dims = layer->shape.dims, whole[] = {1, dims[0], dims[1], dims[2]};
    const name points = reshaped(m, in[0], gan__shape_of(3, (int64_t[]){dims[0], 1, 1}));
    const name shape = put_whole(m, 4, whole);
    return apply(m, "Expand", points, &shape, NULL);
}

static name put_pixel_shuffle(model *m, const gan__layer *layer, const name *in)
{
    return apply(m, "DepthToSpace", in[0], NULL,
                 (const attribute[]){{"blocksize", TYPE_I, .i = layer->size[0]},
                                     {"mode", TYPE_S, .s = "CRD"},
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
        x = apply(m, "Mul", x, &scale, NULL);
        x = apply(m, "Add", x, &shift, NULL);
    }
    return reshaped(m, x, layer->shape);
}

/* By running statistics: [2, channels] */
static name put_batch_norm(model *m, const gan__layer *layer, const name *in)
{
    int64_t positions;
    const int64_t channels = channels_of(layer->shape, &positions);
    const gan__transform *t = transform_of(m, layer);
    const gan__parameter *p =
        &m->network->parameters[gan__transform_tensor(t, GAN__PART_STATISTICS)];
    const name mean = numbered("constant", m->constants++);
    const name variance = numbered("constant", m->constants++);
    const gan__shape one = gan__shape_2(channels, 1);
    put_floats(m, mean.text, one, m->values + p->offset);
    put_floats(m, variance.text, one, m->values + p->offset + channels);
    const name x = reshaped(m, in[0], gan__shape_2(channels, positions));
    const name off = apply(m, "Sub", x, &mean, NULL);
    const name root = apply(m, "Sqrt", apply_to_number(m, "Add", variance, layer->a), NULL, NULL);
    return finished(m, layer, apply(m, "Div", off, &root, NULL));
}

static name mean_of(model *m, name x, int32_t count, const int64_t *axes)
{
    return apply(m, "ReduceMean", x, NULL,
                 (const attribute[]){{"axes", TYPE_INTS, .ints = axes, .count = count}, {0}});
}

/* By the numbers at hand: of a sample, or of each of its channels. */
static name put_own_norm(model *m, const gan__layer *layer, const name *in)
{
    int64_t positions;
    const int64_t channels = channels_of(layer->shape, &positions), axes[] = {2, 1};
    const int32_t count = layer->kind == GAN__LAYER_LAYER_NORM ? 2 : 1;
    const name x = reshaped(m, in[0], gan__shape_2(channels, positions));
    const name mean = mean_of(m, x, count, axes), off = apply(m, "Sub", x, &mean, NULL);
    const name variance = mean_of(m, apply(m, "Mul", off, &off, NULL), count, axes);
    const name root = apply(m, "Sqrt", apply_to_number(m, "Add", variance, layer->a), NULL, NULL);
    return finished(m, layer, apply(m, "Div", off, &root, NULL));
}

/* ---- The model ----------------------------------------------------------------------------- */

/* Those that look at the whole batch have none. */
static const layer_fn layers[GAN__LAYER_COUNT] = {
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

/* Marks the layers that the output needs. needed: [layer_count], of zeros */
static void mark(const gan_network *network, bool *needed)
{
    needed[network->output - 1] = true;
    for (int32_t i = network->output - 1; i >= 0; i--) {
        for (int32_t k = 0; k < 2 && needed[i]; k++) {
            const int32_t in = network->layers[i].in[k];
            if (in > 0) {
                needed[in - 1] = true;
            }
        }
    }
}

/* Writes the layers. made: [layer_count], receives what each one makes */
static int32_t put_layers(model *m, const bool *needed, name *made)
{
    const gan_network *network = m->network;
    for (int32_t i = 0; i < network->output; i++) {
        const gan__layer *layer = &network->layers[i];
        if (is_input(layer->kind)) {
            made[i] = tensor_name(m, i + 1);
            put_value(m, GRAPH_INPUT, made[i].text, layer->shape);
        } else if (needed[i] && layers[layer->kind] == NULL) {
            return gan__fail(network->context, GAN_ERROR_UNSUPPORTED,
                             "network %s: export: tensor %d depends on the whole batch, for which "
                             "ONNX has no operator",
                             network->name, (int)i + 1);
        } else if (needed[i]) {
            name in[2] = {made[layer->in[0] - 1]};
            if (layer->in[1] > 0) {
                in[1] = made[layer->in[1] - 1];
            }
            made[i] = layers[layer->kind](m, layer, in);
        }
    }
    return GAN_OK;
}

static int32_t put_model(model *m, const bool *needed, name *made)
{
    const gan_network *network = m->network;
    gan__proto_int(&m->out, MODEL_IR, IR_VERSION);
    gan__proto_text(&m->out, MODEL_PRODUCER, "libgan");
    gan__proto_text(&m->out, MODEL_PRODUCER_VERSION, gan_version_text());
    const int64_t opset = gan__proto_begin(&m->out, MODEL_OPSET);
    gan__proto_int(&m->out, OPSET_VERSION, OPSET);
    gan__proto_end(&m->out, opset);
    const int64_t graph = gan__proto_begin(&m->out, MODEL_GRAPH);
    gan__proto_text(&m->out, GRAPH_NAME, network->name);
    GAN__TRY(put_layers(m, needed, made));
    put_node(m, "Identity", (const char *const[]){made[network->output - 1].text, NULL}, "output",
             NULL);
    put_value(m, GRAPH_OUTPUT, "output", network->layers[network->output - 1].shape);
    gan__proto_end(&m->out, graph);
    return m->out.status;
}

static int32_t write_file(gan_context *context, const gan__buffer *out, const char *path)
{
    gan__sink sink;
    int32_t status = gan__sink_open(context, path, &sink);
    if (status == GAN_OK) {
        status = gan__sink_write(&sink, out->bytes, out->size);
    }
    if (status == GAN_OK) {
        status = gan__sink_commit(&sink);
    }
    gan__sink_close(&sink);
    return status;
}

/* Exports the network, whose parameters are `values` as layers compute with them. */
static int32_t export_model(gan_network *network, const real *values, const char *path)
{
    gan_context *context = network->context;
    model m = {.network = network, .values = values, .out = {.context = context}};
    bool *needed = gan__allocate(context, network->layer_count, sizeof *needed);
    name *made = gan__allocate(context, network->layer_count, sizeof *made);
    int32_t status = GAN_ERROR_MEMORY;
    if (needed != NULL && made != NULL) {
        mark(network, needed);
        status = put_model(&m, needed, made);
    }
    if (status == GAN_OK && m.out.size > LARGEST) {
        status = gan__fail(context, GAN_ERROR_UNSUPPORTED,
                           "network %s: export: %lld bytes, a reader of ONNX takes %lld",
                           network->name, (long long)m.out.size, (long long)LARGEST);
    }
    if (status == GAN_OK) {
        status = write_file(context, &m.out, path);
    }
    gan__buffer_free(&m.out);
    gan__release(context, made);
    gan__release(context, needed);
    return status;
}

int32_t gan_network_export_onnx(gan_network *network, const char *path)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    const bool drawn = network->values != NULL;
    GAN__TRY(gan__network_prepare(network, 0));
    real *values = gan__allocate(context, network->elements, sizeof *values);
    int32_t status = values != NULL ? gan__network_effective(network, values) : GAN_ERROR_MEMORY;
    if (status == GAN_OK) {
        status = export_model(network, values, path);
    }
    gan__release(context, values);
    if (status != GAN_OK) {
        gan__network_undraw(network, drawn);
    }
    return status;
}
