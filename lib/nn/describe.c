#include "nn/describe.h"

#include "base/buffer.h"
#include "io/json.h"

#include <string.h>

const gan__field_text gan__field_texts[GAN__FIELD_COUNT] = {
    [GAN__FIELD_SHAPE] = {"shape", GAN__FORM_SHAPE},
    [GAN__FIELD_UNITS] = {"units", GAN__FORM_WHOLE},
    [GAN__FIELD_PIECES] = {"pieces", GAN__FORM_WHOLE},
    [GAN__FIELD_FILTERS] = {"filters", GAN__FORM_WHOLE},
    [GAN__FIELD_KERNEL] = {"kernel", GAN__FORM_PAIR},
    [GAN__FIELD_STRIDE] = {"stride", GAN__FORM_PAIR},
    [GAN__FIELD_PADDING] = {"padding", GAN__FORM_PAIR},
    [GAN__FIELD_OUTPUT] = {"output", GAN__FORM_PAIR},
    [GAN__FIELD_BIAS] = {"bias", GAN__FORM_BIAS},
    [GAN__FIELD_WINDOW] = {"window", GAN__FORM_PAIR},
    [GAN__FIELD_FACTOR] = {"factor", GAN__FORM_WHOLE},
    [GAN__FIELD_GROUP] = {"group", GAN__FORM_WHOLE},
    [GAN__FIELD_KERNELS] = {"kernels", GAN__FORM_WHOLE},
    [GAN__FIELD_DIMS] = {"dims", GAN__FORM_WHOLE},
    [GAN__FIELD_AXIS] = {"axis", GAN__FORM_WHOLE},
    [GAN__FIELD_AFFINE] = {"affine", GAN__FORM_WHOLE},
    [GAN__FIELD_HEIGHT] = {"height", GAN__FORM_WHOLE},
    [GAN__FIELD_WIDTH] = {"width", GAN__FORM_WHOLE},
    [GAN__FIELD_INCLUDE] = {"include", GAN__FORM_NUMBER},
    [GAN__FIELD_SLOPE] = {"slope", GAN__FORM_NUMBER},
    [GAN__FIELD_SCALE] = {"scale", GAN__FORM_NUMBER},
    [GAN__FIELD_SHIFT] = {"shift", GAN__FORM_NUMBER},
    [GAN__FIELD_EPSILON] = {"epsilon", GAN__FORM_NUMBER},
    [GAN__FIELD_MOMENTUM] = {"momentum", GAN__FORM_NUMBER},
    [GAN__FIELD_NAME] = {"name", GAN__FORM_NAME},
    [GAN__FIELD_INITIALIZER] = {"initializer", GAN__FORM_DRAW},
    [GAN__FIELD_BIAS_START] = {"bias_start", GAN__FORM_NUMBER},
    [GAN__FIELD_MAX_NORM] = {"max_norm", GAN__FORM_NUMBER},
    [GAN__FIELD_WEIGHT_CLIP] = {"weight_clip", GAN__FORM_NUMBER},
    [GAN__FIELD_SPECTRAL_NORM] = {"spectral_norm", GAN__FORM_WHOLE},
    [GAN__FIELD_FROZEN] = {"frozen", GAN__FORM_PARTS},
};

#define CONVOLUTION \
    GAN__FIELD_FILTERS, GAN__FIELD_KERNEL, GAN__FIELD_STRIDE, GAN__FIELD_PADDING, GAN__FIELD_BIAS

const gan__call_text gan__call_texts[GAN__LAYER_COUNT] = {
    [GAN__LAYER_INPUT] = {"input", 0, {GAN__FIELD_NAME, GAN__FIELD_SHAPE}},
    [GAN__LAYER_DENSE] = {"dense", 1, {GAN__FIELD_UNITS}},
    [GAN__LAYER_MAXOUT] = {"maxout", 1, {GAN__FIELD_UNITS, GAN__FIELD_PIECES}},
    [GAN__LAYER_DROPOUT] = {"dropout", 1, {GAN__FIELD_INCLUDE}},
    [GAN__LAYER_RELU] = {"relu", 1, {0}},
    [GAN__LAYER_LEAKY_RELU] = {"leaky_relu", 1, {GAN__FIELD_SLOPE}},
    [GAN__LAYER_TANH] = {"tanh", 1, {0}},
    [GAN__LAYER_SIGMOID] = {"sigmoid", 1, {0}},
    [GAN__LAYER_SOFTPLUS] = {"softplus", 1, {0}},
    [GAN__LAYER_AFFINE] = {"affine", 1, {GAN__FIELD_SCALE, GAN__FIELD_SHIFT}},
    [GAN__LAYER_RESHAPE] = {"reshape", 1, {GAN__FIELD_SHAPE}},
    [GAN__LAYER_CONCATENATE] = {"concatenate", 2, {GAN__FIELD_AXIS}},
    [GAN__LAYER_CONVOLUTION] = {"convolution", 1, {CONVOLUTION}},
    [GAN__LAYER_TRANSPOSED_CONVOLUTION] = {"transposed_convolution",
                                           1,
                                           {CONVOLUTION, GAN__FIELD_OUTPUT}},
    [GAN__LAYER_MAX_POOL] = {"max_pool", 1, {GAN__FIELD_WINDOW, GAN__FIELD_STRIDE}},
    [GAN__LAYER_AVERAGE_POOL] = {"average_pool", 1, {GAN__FIELD_WINDOW, GAN__FIELD_STRIDE}},
    [GAN__LAYER_MAXOUT_CHANNELS] = {"maxout_channels", 1, {GAN__FIELD_PIECES}},
    [GAN__LAYER_UPSAMPLE_NEAREST] = {"upsample_nearest", 1, {GAN__FIELD_FACTOR}},
    [GAN__LAYER_UPSAMPLE_BILINEAR] = {"upsample_bilinear", 1, {GAN__FIELD_FACTOR}},
    [GAN__LAYER_CONDITION] = {"condition", 0, {GAN__FIELD_NAME, GAN__FIELD_SHAPE}},
    [GAN__LAYER_EMBEDDING] = {"embedding", 1, {GAN__FIELD_UNITS}},
    [GAN__LAYER_BATCH_NORM] = {"batch_norm",
                               1,
                               {GAN__FIELD_AFFINE, GAN__FIELD_EPSILON, GAN__FIELD_MOMENTUM}},
    [GAN__LAYER_LAYER_NORM] = {"layer_norm", 1, {GAN__FIELD_AFFINE, GAN__FIELD_EPSILON}},
    [GAN__LAYER_INSTANCE_NORM] = {"instance_norm", 1, {GAN__FIELD_AFFINE, GAN__FIELD_EPSILON}},
    [GAN__LAYER_MINIBATCH_DEVIATION] = {"minibatch_deviation", 1, {GAN__FIELD_GROUP}},
    [GAN__LAYER_MINIBATCH_DISCRIMINATION] = {"minibatch_discrimination",
                                             1,
                                             {GAN__FIELD_KERNELS, GAN__FIELD_DIMS}},
    [GAN__LAYER_ADD] = {"add", 2, {0}},
    [GAN__LAYER_INNER_PRODUCT] = {"inner_product", 2, {0}},
    [GAN__LAYER_REPEAT] = {"repeat", 1, {GAN__FIELD_HEIGHT, GAN__FIELD_WIDTH}},
    [GAN__LAYER_PIXEL_SHUFFLE] = {"pixel_shuffle", 1, {GAN__FIELD_FACTOR}},
};

const char *const gan__bias_texts[] = {
    [GAN_BIAS_NONE] = "none", [GAN_BIAS_TIED] = "tied", [GAN_BIAS_UNTIED] = "untied"};

const char *const gan__part_texts[GAN__PARTS] = {[GAN__PART_WEIGHT] = "weight",
                                                 [GAN__PART_BIAS] = "bias",
                                                 [GAN__PART_STATISTICS] = "statistics",
                                                 [GAN__PART_DIRECTION] = "direction"};

/* ---- What was said of a layer -------------------------------------------------------------- */

static gan__value whole(int64_t a)
{
    return (gan__value){.whole = {a}};
}

static gan__value pair(const int64_t two[2])
{
    return (gan__value){.whole = {two[0], two[1]}};
}

static gan__value number(double a)
{
    return (gan__value){.number = {a}};
}

static int32_t bias_kind(gan__shape bias, gan__shape output)
{
    if (bias.rank == 0) {
        return GAN_BIAS_NONE;
    }
    return gan__shape_equal(bias, output) ? GAN_BIAS_UNTIED : GAN_BIAS_TIED;
}

/* The arguments that a layer was made with, whichever of them its kind has. t: its transformation,
 * of zeros if there is none */
static void take_arguments(const gan__layer *layer, const gan__transform *t, gan__value *values)
{
    const int64_t *dims = layer->shape.dims;
    values[GAN__FIELD_UNITS] = whole(dims[0]);
    values[GAN__FIELD_PIECES] = whole(t->weight.rank > 0 ? t->pieces : layer->size[0]);
    values[GAN__FIELD_FILTERS] = whole(dims[0]);
    values[GAN__FIELD_KERNEL] = values[GAN__FIELD_WINDOW] = pair(layer->size);
    values[GAN__FIELD_STRIDE] = pair(layer->stride);
    values[GAN__FIELD_PADDING] = pair(layer->pad);
    values[GAN__FIELD_OUTPUT] = pair(&dims[1]);
    values[GAN__FIELD_BIAS] = whole(bias_kind(t->bias, layer->shape));
    values[GAN__FIELD_FACTOR] = values[GAN__FIELD_GROUP] = whole(layer->size[0]);
    values[GAN__FIELD_KERNELS] = whole(layer->size[0]);
    values[GAN__FIELD_DIMS] = whole(layer->size[1]);
    values[GAN__FIELD_AXIS] = whole(layer->index);
    values[GAN__FIELD_AFFINE] = whole(t->weight.rank > 0);
    values[GAN__FIELD_HEIGHT] = whole(dims[1]);
    values[GAN__FIELD_WIDTH] = whole(dims[2]);
    values[GAN__FIELD_INCLUDE] = values[GAN__FIELD_SLOPE] = number(layer->a);
    values[GAN__FIELD_SCALE] = values[GAN__FIELD_EPSILON] = number(layer->a);
    values[GAN__FIELD_SHIFT] = values[GAN__FIELD_MOMENTUM] = number(layer->b);
}

/* The settings of a layer's parameters. */
static void take_settings(const gan_network *network, const gan__transform *t, gan__value *values)
{
    values[GAN__FIELD_INITIALIZER] =
        (gan__value){.whole = {t->initializer}, .number = {t->a, t->b}};
    values[GAN__FIELD_BIAS_START] = number(t->start);
    values[GAN__FIELD_MAX_NORM] = number(t->max_norm);
    values[GAN__FIELD_WEIGHT_CLIP] = number(t->clip);
    values[GAN__FIELD_SPECTRAL_NORM] = whole(t->spectral);
    for (gan__part part = 0; part < GAN__PARTS; part++) {
        const int32_t at = gan__transform_tensor(t, part);
        const bool frozen = at >= 0 && network->parameters[at].frozen;
        values[GAN__FIELD_FROZEN].whole[0] |= (int64_t)frozen << part;
    }
}

static gan__call take_call(const gan_network *network, const gan__layer *layer)
{
    static const gan__transform none;
    const int32_t index = gan__layer_transform(layer);
    const gan__transform *t = index >= 0 ? &network->transforms[index] : &none;
    gan__call call = {
        .kind = layer->kind, .in = {layer->in[0], layer->in[1]}, .shape = layer->shape};
    memcpy(call.name, index >= 0 ? t->name : layer->name, sizeof call.name);
    take_arguments(layer, t, call.values);
    if (index >= 0) {
        take_settings(network, t, call.values);
    }
    return call;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void put_string(gan__buffer *w, const char *string)
{
    gan__buffer_text(w, "\"");
    for (; *string != '\0'; string++) {
        char escape[7];
        if (gan__json_escape(*string, escape)) {
            gan__buffer_text(w, escape);
        } else {
            gan__buffer_put(w, string, 1);
        }
    }
    gan__buffer_text(w, "\"");
}

static void put_shape(gan__buffer *w, gan__shape shape)
{
    for (int32_t i = 0; i < shape.rank; i++) {
        gan__buffer_print(w, "%s%lld", i == 0 ? "[" : ", ", (long long)shape.dims[i]);
    }
    gan__buffer_text(w, "]");
}

static void put_parts(gan__buffer *w, int64_t bits)
{
    const char *before = "[";
    for (gan__part part = 0; part < GAN__PARTS; part++) {
        if ((bits >> part & 1) != 0) {
            gan__buffer_print(w, "%s\"%s\"", before, gan__part_texts[part]);
            before = ", ";
        }
    }
    gan__buffer_text(w, "]");
}

/* Seventeen digits name a double exactly. */
static void put_field(gan__buffer *w, const gan__call *call, gan__field field)
{
    const gan__field_text *text = &gan__field_texts[field];
    const gan__value *value = &call->values[field];
    gan__buffer_print(w, ", \"%s\": ", text->key);
    switch (text->form) {
    case GAN__FORM_WHOLE:
        gan__buffer_print(w, "%lld", (long long)value->whole[0]);
        break;
    case GAN__FORM_PAIR:
        gan__buffer_print(w, "[%lld, %lld]", (long long)value->whole[0],
                          (long long)value->whole[1]);
        break;
    case GAN__FORM_NUMBER:
        gan__buffer_print(w, "%.17g", value->number[0]);
        break;
    case GAN__FORM_SHAPE:
        put_shape(w, call->shape);
        break;
    case GAN__FORM_NAME:
        put_string(w, call->name);
        break;
    case GAN__FORM_BIAS:
        gan__buffer_print(w, "\"%s\"", gan__bias_texts[value->whole[0]]);
        break;
    case GAN__FORM_DRAW:
        gan__buffer_print(w, "[\"%s\", %.17g, %.17g]",
                          gan__initializer_name((int32_t)value->whole[0]), value->number[0],
                          value->number[1]);
        break;
    case GAN__FORM_PARTS:
        put_parts(w, value->whole[0]);
        break;
    }
}

/* Whether a setting says something: they start at 0. */
static bool is_set(const gan__value *value)
{
    return value->whole[0] != 0 || value->number[0] != 0;
}

static void put_call(gan__buffer *w, const gan__call *call)
{
    const gan__call_text *text = &gan__call_texts[call->kind];
    gan__buffer_print(w, "\n{\"call\": \"%s\"", text->name);
    if (text->inputs > 0) {
        gan__buffer_print(w, text->inputs == 1 ? ", \"of\": [%d]" : ", \"of\": [%d, %d]",
                          (int)call->in[0], (int)call->in[1]);
    }
    for (int32_t i = 0; i < GAN__CALL_FIELDS && text->fields[i] != GAN__FIELD_NONE; i++) {
        put_field(w, call, text->fields[i]);
    }
}

static void put_layer(gan__buffer *w, const gan_network *network, const gan__layer *layer)
{
    const gan__call call = take_call(network, layer);
    put_call(w, &call);
    const int32_t index = gan__layer_transform(layer);
    if (index >= 0) {
        const gan__transform *t = &network->transforms[index];
        put_field(w, &call, GAN__FIELD_NAME);
        if (t->weight.rank > 0) {
            put_field(w, &call, GAN__FIELD_INITIALIZER);
        }
        for (gan__field f = GAN__FIELD_INITIALIZER + 1; f < GAN__FIELD_COUNT; f++) {
            if (is_set(&call.values[f])) {
                put_field(w, &call, f);
            }
        }
    }
    gan__buffer_text(w, "}");
}

int32_t gan__network_describe(const gan_network *network, char **text)
{
    gan__buffer w = {.context = network->context};
    gan__buffer_text(&w, "{\"name\": ");
    put_string(&w, network->name);
    gan__buffer_print(&w, ", \"noise\": [\"%s\", %.17g, %.17g], \"layers\": [",
                      network->noise.kind == GAN__UNIFORM ? GAN_NOISE_UNIFORM : GAN_NOISE_NORMAL,
                      network->noise.a, network->noise.b);
    for (int32_t i = 0; i < network->layer_count; i++) {
        gan__buffer_text(&w, i > 0 ? "," : "");
        put_layer(&w, network, &network->layers[i]);
    }
    gan__buffer_print(&w, "], \"output\": %d}", (int)network->output);
    const int32_t status = w.status;
    if (status != GAN_OK) {
        gan__buffer_free(&w);
    }
    *text = w.bytes;
    return status;
}
