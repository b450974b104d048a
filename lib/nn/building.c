/* The building calls: each adds a layer and returns the id of the tensor it makes. */
#include "nn/network.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The masks of a step need a random stream for each layer and application, of 2^16. */
enum { DROPOUTS_MAX = 10000 };

/* A network that is finished stays usable: nothing sticks to it. */
int32_t gan__network_keep_error(gan_network *network, int32_t code)
{
    if (network->output == 0) {
        network->status = code;
        memcpy(network->message, network->context->message, sizeof network->message);
    }
    return code;
}

/* The error that sticks to the network, for a call that passes it on. */
static int32_t pass_on(gan_network *network)
{
    return gan__fail(network->context, network->status, "%s", network->message);
}

int32_t gan__network_refuse(gan_network *network, int32_t code, const char *format, ...)
{
    char reason[GAN__MESSAGE_BYTES - 2 * GAN__NAME_BYTES];
    va_list arguments;
    va_start(arguments, format);
    gan__format(reason, sizeof reason, format, arguments);
    va_end(arguments);
    gan__fail(network->context, code, "network %s: %s", network->name, reason);
    return gan__network_keep_error(network, code);
}

const gan__layer *gan__network_maker(gan_network *network, const char *call, int32_t x,
                                     int32_t *code)
{
    if (network == NULL) {
        *code = GAN_ERROR_ARGUMENT;
        return NULL;
    }
    if (network->status != GAN_OK) {
        *code = pass_on(network);
    } else if (network->output != 0) {
        *code = gan__network_refuse(network, GAN_ERROR_STATE, "%s: the network is finished", call);
    } else if (x < 1 || x > network->layer_count) {
        *code = gan__network_refuse(network, GAN_ERROR_ARGUMENT, "%s: no tensor %d", call, (int)x);
    } else {
        return &network->layers[x - 1];
    }
    return NULL;
}

int32_t gan__network_add_layer(gan_network *network, gan__layer layer)
{
    void *layers = network->layers;
    const int32_t status = gan__grow(network->context, &layers, &network->layer_capacity,
                                     (int64_t)network->layer_count + 1, sizeof *network->layers);
    network->layers = layers;
    if (status != GAN_OK) {
        return gan__network_keep_error(network, status);
    }
    network->layers[network->layer_count++] = layer;
    return network->layer_count;
}

/* A layer that keeps the shape of x. */
static int32_t add_same(gan_network *network, const char *call, gan__layer_kind kind, int32_t x,
                        double a, double b)
{
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    return gan__network_add_layer(
        network, (gan__layer){.kind = kind, .in = {x}, .shape = from->shape, .a = a, .b = b});
}

int32_t gan_network_input(gan_network *network, const char *name, int32_t rank, const int64_t *dims)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (network->status != GAN_OK) {
        return pass_on(network);
    }
    if (network->layer_count > 0) {
        return gan__network_refuse(network, GAN_ERROR_STATE, "input: the network has an input");
    }
    char copy[GAN__NAME_BYTES];
    int64_t elements;
    int32_t status = gan__copy_name(network->context, "input: name", name, copy);
    if (status == GAN_OK) {
        status = gan__check_shape(network->context, "input", rank, dims, &elements);
    }
    if (status != GAN_OK) {
        return gan__network_keep_error(network, status);
    }
    gan__layer layer = {.kind = GAN__LAYER_INPUT, .shape = gan__shape_of(rank, dims)};
    memcpy(layer.name, copy, sizeof copy);
    return gan__network_add_layer(network, layer);
}

/* ---- Transformations ----------------------------------------------------------------------- */

gan__shape gan__transform_shape(const gan__transform *t, gan__part part)
{
    switch (part) {
    case GAN__PART_WEIGHT:
        return t->weight;
    case GAN__PART_BIAS:
        return t->bias;
    case GAN__PART_STATISTICS:
        return t->statistics;
    default:
        return t->spectral ? gan__shape_1(t->weight.dims[t->unit_axis] + t->fan_in)
                           : (gan__shape){0};
    }
}

int32_t gan__transform_tensor(const gan__transform *t, gan__part part)
{
    int32_t index = t->parameter;
    for (gan__part before = 0; before < part; before++) {
        index += gan__transform_shape(t, before).rank > 0;
    }
    return gan__transform_shape(t, part).rank > 0 ? index : -1;
}

void gan__transform_name(gan_network *network, int32_t index, const char *name)
{
    gan__transform *t = &network->transforms[index];
    if (t->name != name) {
        snprintf(t->name, sizeof t->name, "%s", name);
    }
    const char *const names[GAN__PARTS] = {
        [GAN__PART_WEIGHT] = t->scales ? "scale" : "weight",
        [GAN__PART_BIAS] = t->scales ? "shift" : "bias",
        [GAN__PART_STATISTICS] = "statistics",
        [GAN__PART_DIRECTION] = "direction",
    };
    for (gan__part part = 0; part < GAN__PARTS; part++) {
        const int32_t at = gan__transform_tensor(t, part);
        if (at >= 0) {
            gan__parameter *parameter = &network->parameters[at];
            snprintf(parameter->name, sizeof parameter->name, "%s.%s", t->name, names[part]);
        }
    }
}

/* Names a new transformation "layer<n>", with the first free n from its place on. */
static void name_by_place(gan_network *network, int32_t index)
{
    char name[GAN__NAME_BYTES];
    int32_t n = index;
    bool taken = true;
    while (taken) {
        snprintf(name, sizeof name, "layer%d", (int)n++);
        taken = false;
        for (int32_t i = 0; i < index; i++) {
            taken |= strcmp(network->transforms[i].name, name) == 0;
        }
    }
    gan__transform_name(network, index, name);
}

/* The elements of a shape whose dimensions are not negative, or -1 if they are too many. */
static int64_t count_elements(gan__shape shape)
{
    int64_t elements = 1;
    for (int32_t i = 0; i < shape.rank && elements >= 0; i++) {
        elements = gan__multiply(elements, shape.dims[i]);
    }
    return elements;
}

int32_t gan__network_grow_parameters(gan_network *network, int64_t more)
{
    void *parameters = network->parameters;
    const int32_t status =
        gan__grow(network->context, &parameters, &network->parameter_capacity,
                  (int64_t)network->parameter_count + more, sizeof *network->parameters);
    network->parameters = parameters;
    return status;
}

/* Makes room for a transformation and its parameter tensors. */
static int32_t grow_lists(gan_network *network)
{
    void *transforms = network->transforms;
    const int32_t status =
        gan__grow(network->context, &transforms, &network->transform_capacity,
                  (int64_t)network->transform_count + 1, sizeof *network->transforms);
    network->transforms = transforms;
    return status == GAN_OK ? gan__network_grow_parameters(network, GAN__PARTS) : status;
}

/* Lists the tensors of a new transformation, the last one so far. */
static void add_tensors(gan_network *network, gan__transform *t)
{
    t->parameter = network->parameter_count;
    t->offset = network->elements;
    for (gan__part part = 0; part < GAN__PARTS; part++) {
        const gan__shape shape = gan__transform_shape(t, part);
        if (shape.rank > 0) {
            const bool statistic = part >= GAN__PART_STATISTICS;
            network->parameters[network->parameter_count++] = (gan__parameter){
                .shape = shape, .offset = network->elements, .statistic = statistic};
            network->elements += gan__shape_elements(shape);
            network->freezes += statistic; /* it is not trained */
        }
    }
}

/* Gives every tensor its place again. */
static void renumber(gan_network *network)
{
    network->elements = 0;
    int32_t next = 0;
    for (int32_t i = 0; i < network->transform_count; i++) {
        gan__transform *t = &network->transforms[i];
        t->parameter = next;
        t->offset = network->elements;
        for (gan__part part = 0; part < GAN__PARTS; part++) {
            const gan__shape shape = gan__transform_shape(t, part);
            if (shape.rank > 0) {
                network->parameters[next++].offset = network->elements;
                network->elements += gan__shape_elements(shape);
            }
        }
    }
}

void gan__transform_set_spectral(gan_network *network, int32_t index, bool on)
{
    gan__transform *t = &network->transforms[index];
    if (t->spectral == on) {
        return;
    }
    t->spectral = true;
    const int32_t at = gan__transform_tensor(t, GAN__PART_DIRECTION);
    gan__parameter *place = &network->parameters[at];
    if (on) {
        memmove(place + 1, place, (size_t)(network->parameter_count - at) * sizeof *place);
        *place = (gan__parameter){.shape = gan__transform_shape(t, GAN__PART_DIRECTION),
                                  .statistic = true};
        network->parameter_count++;
    } else {
        network->parameter_count--;
        memmove(place, place + 1, (size_t)(network->parameter_count - at) * sizeof *place);
    }
    t->spectral = on;
    network->freezes++;
    renumber(network);
    gan__transform_name(network, index, t->name);
}

int32_t gan__network_add_weighted(gan_network *network, const char *call, gan__transform t,
                                  gan__layer layer)
{
    int64_t room = INT64_MAX / (int64_t)sizeof(real) - network->elements;
    for (gan__part part = 0; part < GAN__PARTS && room >= 0; part++) {
        const gan__shape shape = gan__transform_shape(&t, part);
        const int64_t elements = shape.rank > 0 ? count_elements(shape) : 0;
        room = elements < 0 ? -1 : room - elements;
    }
    if (room < 0) {
        char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
        return gan__network_refuse(network, GAN_ERROR_SHAPE, "%s: weights %s, biases %s: too large",
                                   call, gan__shape_text(t.weight, left),
                                   gan__shape_text(t.bias, right));
    }
    const int32_t status = grow_lists(network);
    if (status != GAN_OK) {
        return gan__network_keep_error(network, status);
    }
    /* The layer first, for that may fail: then nothing of the transformation stands. */
    layer.index = network->transform_count;
    const int32_t id = gan__network_add_layer(network, layer);
    if (id < 0) {
        return id;
    }
    t.a = 1;
    add_tensors(network, &t);
    network->transforms[network->transform_count++] = t;
    name_by_place(network, layer.index);
    return id;
}

static int32_t add_affine_layer(gan_network *network, gan__layer_kind kind, const char *call,
                                int32_t x, int64_t units, int64_t pieces)
{
    int32_t code;
    const gan__layer *from = gan__network_maker(network, call, x, &code);
    if (from == NULL) {
        return code;
    }
    if (units < 1 || pieces < 1) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "%s: %lld units of %lld pieces, at least 1", call,
                                   (long long)units, (long long)pieces);
    }
    const int64_t inputs = gan__shape_elements(from->shape);
    const int64_t outputs = gan__multiply(units, pieces);
    if (outputs < 0 || outputs > INT32_MAX) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %lld inputs, %lld units of %lld pieces: too large", call,
                                   (long long)inputs, (long long)units, (long long)pieces);
    }
    const gan__transform t = {.weight = gan__shape_2(inputs, outputs),
                              .bias = gan__shape_1(outputs),
                              .unit_axis = 1,
                              .fan_in = inputs,
                              .fan_out = outputs,
                              .pieces = pieces};
    return gan__network_add_weighted(
        network, call, t, (gan__layer){.kind = kind, .in = {x}, .shape = gan__shape_1(units)});
}

int32_t gan_network_dense(gan_network *network, int32_t x, int64_t units)
{
    return add_affine_layer(network, GAN__LAYER_DENSE, "dense", x, units, 1);
}

int32_t gan_network_maxout(gan_network *network, int32_t x, int64_t units, int64_t pieces)
{
    return add_affine_layer(network, GAN__LAYER_MAXOUT, "maxout", x, units, pieces);
}

/* ---- Layers without parameters ------------------------------------------------------------- */

int32_t gan_network_dropout(gan_network *network, int32_t x, double include)
{
    if (network != NULL && network->status == GAN_OK && !(include >= 0x1p-24 && include <= 1)) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "dropout: include %g is not within 2^-24 to 1", include);
    }
    if (network != NULL && network->status == GAN_OK && network->dropouts == DROPOUTS_MAX) {
        return gan__network_refuse(network, GAN_ERROR_RANGE, "dropout: more than %d such layers",
                                   DROPOUTS_MAX);
    }
    const int32_t id = add_same(network, "dropout", GAN__LAYER_DROPOUT, x, include, 0);
    if (id > 0) {
        network->layers[id - 1].index = network->dropouts++;
    }
    return id;
}

int32_t gan_network_relu(gan_network *network, int32_t x)
{
    return add_same(network, "relu", GAN__LAYER_RELU, x, 0, 0);
}

int32_t gan_network_tanh(gan_network *network, int32_t x)
{
    return add_same(network, "tanh", GAN__LAYER_TANH, x, 0, 0);
}

int32_t gan_network_sigmoid(gan_network *network, int32_t x)
{
    return add_same(network, "sigmoid", GAN__LAYER_SIGMOID, x, 0, 0);
}

int32_t gan_network_softplus(gan_network *network, int32_t x)
{
    return add_same(network, "softplus", GAN__LAYER_SOFTPLUS, x, 0, 0);
}

int32_t gan_network_leaky_relu(gan_network *network, int32_t x, double slope)
{
    if (network != NULL && network->status == GAN_OK && !(slope >= 0 && slope <= 1)) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "leaky_relu: slope %g is not within [0, 1]", slope);
    }
    return add_same(network, "leaky_relu", GAN__LAYER_LEAKY_RELU, x, slope, 0);
}

int32_t gan_network_affine(gan_network *network, int32_t x, double scale, double shift)
{
    if (network != NULL && network->status == GAN_OK &&
        !(gan__is_float(scale) && gan__is_float(shift))) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "affine: scale %g or shift %g is not finite", scale, shift);
    }
    return add_same(network, "affine", GAN__LAYER_AFFINE, x, scale, shift);
}

int32_t gan_network_reshape(gan_network *network, int32_t x, int32_t rank, const int64_t *dims)
{
    int32_t code;
    const gan__layer *from = gan__network_maker(network, "reshape", x, &code);
    if (from == NULL) {
        return code;
    }
    int64_t elements;
    const int32_t status = gan__check_shape(network->context, "reshape", rank, dims, &elements);
    if (status != GAN_OK) {
        return gan__network_keep_error(network, status);
    }
    const gan__shape shape = gan__shape_of(rank, dims);
    if (elements != gan__shape_elements(from->shape)) {
        char before[GAN__SHAPE_TEXT], after[GAN__SHAPE_TEXT];
        return gan__network_refuse(
            network, GAN_ERROR_SHAPE, "reshape: %s to %s: not as many elements",
            gan__shape_text(from->shape, before), gan__shape_text(shape, after));
    }
    return gan__network_add_layer(
        network, (gan__layer){.kind = GAN__LAYER_RESHAPE, .in = {x}, .shape = shape});
}

int32_t gan_network_concatenate(gan_network *network, int32_t x, int32_t y, int32_t axis)
{
    int32_t code;
    const gan__layer *first = gan__network_maker(network, "concatenate", x, &code);
    const gan__layer *second =
        first != NULL ? gan__network_maker(network, "concatenate", y, &code) : NULL;
    if (second == NULL) {
        return code;
    }
    gan__shape shape = first->shape;
    if (axis < 0 || axis >= shape.rank) {
        return gan__network_refuse(network, GAN_ERROR_RANGE,
                                   "concatenate: axis %d of a tensor of rank %d", (int)axis,
                                   (int)shape.rank);
    }
    bool fits = second->shape.rank == shape.rank;
    for (int32_t i = 0; fits && i < shape.rank; i++) {
        fits = i == axis || second->shape.dims[i] == shape.dims[i];
    }
    char left[GAN__SHAPE_TEXT], right[GAN__SHAPE_TEXT];
    if (!fits) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE, "concatenate: %s and %s along axis %d",
                                   gan__shape_text(first->shape, left),
                                   gan__shape_text(second->shape, right), (int)axis);
    }
    shape.dims[axis] += second->shape.dims[axis];
    int64_t elements;
    const int32_t status =
        gan__check_shape(network->context, "concatenate", shape.rank, shape.dims, &elements);
    if (status != GAN_OK) {
        return gan__network_keep_error(network, status);
    }
    return gan__network_add_layer(
        network,
        (gan__layer){.kind = GAN__LAYER_CONCATENATE, .in = {x, y}, .shape = shape, .index = axis});
}

int32_t gan_network_output(gan_network *network, int32_t x)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (network->status != GAN_OK) {
        return pass_on(network);
    }
    if (network->output != 0) {
        return gan__fail(network->context, GAN_ERROR_STATE, "network %s: output: already finished",
                         network->name);
    }
    if (network->layer_count == 0) {
        return gan__fail(network->context, GAN_ERROR_STATE, "network %s: output: no input",
                         network->name);
    }
    if (x < 1 || x > network->layer_count) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT, "network %s: output: no tensor %d",
                         network->name, (int)x);
    }
    network->output = x;
    return GAN_OK;
}
