/* Networks made of networks: appending, cloning, carrying parameters over, freezing them. */
#include "nn/network.h"

#include <string.h>

/* ---- Layers of another network ------------------------------------------------------------- */

static bool has_layer(const gan_network *network, const char *name)
{
    for (int32_t i = 0; i < network->transform_count; i++) {
        if (strcmp(network->transforms[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Checks that `other` can be appended to x, which `from` made. */
static int32_t check_append(gan_network *network, const gan__layer *from, const gan_network *other)
{
    if (other == NULL || other->context != network->context) {
        return gan__network_refuse(network, GAN_ERROR_ARGUMENT, "append: the other network is %s",
                                   other == NULL ? "NULL" : "of another context");
    }
    if (other->output == 0) {
        return gan__network_refuse(network, GAN_ERROR_STATE, "append: %s is not finished",
                                   other->name);
    }
    const gan__shape input = other->layers[0].shape;
    char here[GAN__SHAPE_TEXT], there[GAN__SHAPE_TEXT];
    if (gan__shape_elements(from->shape) != gan__shape_elements(input)) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE, "append: %s reads %s, given %s",
                                   other->name, gan__shape_text(input, there),
                                   gan__shape_text(from->shape, here));
    }
    for (int32_t i = 0; i < other->transform_count; i++) {
        if (has_layer(network, other->transforms[i].name)) {
            return gan__network_refuse(network, GAN_ERROR_ARGUMENT,
                                       "append: both networks have a layer \"%s\", rename one",
                                       other->transforms[i].name);
        }
    }
    return GAN_OK;
}

/* Copies the name and the settings of a layer with parameters. */
static int32_t copy_settings(gan_network *network, int32_t index, const gan__transform *from)
{
    gan__transform *t = &network->transforms[index];
    const int64_t biases = gan__bias_elements(from);
    if (from->biases != NULL) {
        t->biases = gan__allocate(network->context, biases, sizeof *t->biases);
        if (t->biases == NULL) {
            return gan__network_keep_error(network, GAN_ERROR_MEMORY);
        }
        memcpy(t->biases, from->biases, (size_t)biases * sizeof *t->biases);
    }
    t->initializer = from->initializer;
    t->a = from->a;
    t->b = from->b;
    t->start = from->start;
    t->max_norm = from->max_norm;
    t->clip = from->clip;
    gan__transform_name(network, index, from->name);
    return GAN_OK;
}

/* Adds a layer of another network, whose inputs already are those here; returns its tensor. */
static int32_t copy_layer(gan_network *network, const gan_network *other, gan__layer layer)
{
    if (layer.kind == GAN__LAYER_DROPOUT) {
        return gan_network_dropout(network, layer.in[0], layer.a);
    }
    if (layer.kind == GAN__LAYER_CONDITION) {
        return gan__network_add_condition(network, "append", layer.name, layer.shape);
    }
    if (gan__layer_transform(&layer) < 0) {
        return gan__network_add_layer(network, layer);
    }
    const gan__transform *from = &other->transforms[layer.index];
    gan__transform t = *from;
    t.biases = NULL;
    const int32_t id = gan__network_add_weighted(network, "append", t, layer);
    if (id < 0) {
        return id;
    }
    const int32_t status = copy_settings(network, network->layers[id - 1].index, from);
    return status == GAN_OK ? id : status;
}

int32_t gan_network_append(gan_network *network, int32_t x, const gan_network *other)
{
    int32_t code;
    const gan__layer *from = gan__network_maker(network, "append", x, &code);
    if (from == NULL) {
        return code;
    }
    GAN__TRY(check_append(network, from, other));
    int32_t *ids = gan__allocate(network->context, other->layer_count, sizeof *ids);
    if (ids == NULL) {
        return gan__network_keep_error(network, GAN_ERROR_MEMORY);
    }
    gan__layer first = {.kind = GAN__LAYER_RESHAPE, .in = {x}, .shape = other->layers[0].shape};
    ids[0] =
        gan__shape_equal(from->shape, first.shape) ? x : gan__network_add_layer(network, first);
    code = ids[0];
    for (int32_t i = 1; i < other->layer_count && code > 0; i++) {
        gan__layer layer = other->layers[i];
        for (int32_t k = 0; k < 2; k++) {
            layer.in[k] = layer.in[k] > 0 ? ids[layer.in[k] - 1] : 0;
        }
        code = ids[i] = copy_layer(network, other, layer);
    }
    if (code > 0) {
        code = ids[other->output - 1];
    }
    gan__release(network->context, ids);
    return code;
}

/* Makes the clone's layers, prior and parameters. */
static int32_t copy_network(gan_network *clone, const gan_network *network)
{
    const gan__layer *input = &network->layers[0];
    const int32_t x = gan_network_input(clone, input->name, input->shape.rank, input->shape.dims);
    GAN__TRY(gan_network_output(clone, gan_network_append(clone, x, network)));
    clone->noise = network->noise;
    if (network->values == NULL) {
        return GAN_OK;
    }
    GAN__TRY(gan__network_prepare(clone, 0));
    memcpy(clone->values, network->values, (size_t)network->elements * sizeof *clone->values);
    return GAN_OK;
}

int32_t gan_network_clone(gan_network *network, const char *name, gan_network **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (network == NULL || out == NULL) {
        return gan__fail(network != NULL ? network->context : NULL, GAN_ERROR_ARGUMENT,
                         "clone: %s is NULL", network == NULL ? "network" : "out");
    }
    GAN__TRY(gan__network_ready(network));
    gan_network *clone;
    GAN__TRY(gan_network_create(network->context, name, &clone));
    const int32_t status = copy_network(clone, network);
    if (status != GAN_OK) {
        gan_network_free(clone);
        return status;
    }
    *out = clone;
    return GAN_OK;
}

/* ---- Trainable parameters ------------------------------------------------------------------ */

/* Whether `name` means this parameter: itself, its layer, or all. */
static bool is_meant(const gan__parameter *parameter, const char *name)
{
    const char *dot = strrchr(parameter->name, '.');
    const size_t layer = (size_t)(dot - parameter->name);
    return name == NULL || strcmp(parameter->name, name) == 0 ||
           (strlen(name) == layer && strncmp(parameter->name, name, layer) == 0);
}

int32_t gan_network_set_trainable(gan_network *network, const char *name, int32_t trainable)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = network->context;
    GAN__TRY(gan__network_ready(network));
    if (trainable != 0 && trainable != 1) {
        return gan__fail(context, GAN_ERROR_RANGE, "network %s: set_trainable: %d is not 0 or 1",
                         network->name, (int)trainable);
    }
    bool found = name == NULL;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        gan__parameter *parameter = &network->parameters[i];
        if (is_meant(parameter, name)) {
            found = true;
            network->freezes += parameter->frozen == (trainable == 1);
            parameter->frozen = trainable == 0;
        }
    }
    return found ? GAN_OK
                 : gan__fail(context, GAN_ERROR_KEY,
                             "network %s: set_trainable: no parameter or layer \"%.64s\"",
                             network->name, name);
}

int32_t gan_network_get_trainable(const gan_network *network, const char *name, int32_t *trainable)
{
    if (network == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    const gan__parameter *parameter;
    GAN__TRY(gan__network_find(network, name, &parameter));
    if (trainable == NULL) {
        return gan__fail(network->context, GAN_ERROR_ARGUMENT,
                         "network %s: get_trainable: trainable is NULL", network->name);
    }
    *trainable = !parameter->frozen;
    return GAN_OK;
}

int32_t gan__network_trainable(const gan_network *network, gan__range *ranges)
{
    int32_t count = 0;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *p = &network->parameters[i];
        const int64_t elements = gan__shape_elements(p->shape);
        if (p->frozen || p->statistic) {
            continue;
        }
        if (count > 0 && ranges[count - 1].offset + ranges[count - 1].count == p->offset) {
            ranges[count - 1].count += elements;
        } else {
            ranges[count++] = (gan__range){p->offset, elements};
        }
    }
    return count;
}

/* ---- Parameters of two networks ------------------------------------------------------------ */

bool gan__network_alike(const gan_network *a, const gan_network *b)
{
    bool alike = a->parameter_count == b->parameter_count;
    for (int32_t i = 0; alike && i < a->parameter_count; i++) {
        const gan__parameter *p = &a->parameters[i], *q = &b->parameters[i];
        alike = strcmp(p->name, q->name) == 0 && gan__shape_equal(p->shape, q->shape);
    }
    return alike;
}

/* Whether all namesakes have one shape. */
static int32_t check_namesakes(const gan_network *to, const gan_network *from)
{
    for (int32_t i = 0; i < from->parameter_count; i++) {
        const gan__parameter *p = &from->parameters[i], *q = gan__network_namesake(to, p->name);
        char here[GAN__SHAPE_TEXT], there[GAN__SHAPE_TEXT];
        if (q != NULL && !gan__shape_equal(p->shape, q->shape)) {
            return gan__fail(to->context, GAN_ERROR_SHAPE,
                             "copy_parameters: %s is %s in %s, %s in %s", p->name,
                             gan__shape_text(p->shape, there), from->name,
                             gan__shape_text(q->shape, here), to->name);
        }
    }
    return GAN_OK;
}

int32_t gan_network_copy_parameters(gan_network *to, gan_network *from, int32_t *copied)
{
    if (to == NULL || from == NULL || to == from || to->context != from->context) {
        return gan__fail(to != NULL     ? to->context
                         : from != NULL ? from->context
                                        : NULL,
                         GAN_ERROR_ARGUMENT, "copy_parameters: %s",
                         to == NULL     ? "to is NULL"
                         : from == NULL ? "from is NULL"
                         : to == from   ? "to and from are one network"
                                        : "networks of different contexts");
    }
    GAN__TRY(gan__network_ready(to));
    GAN__TRY(gan__network_ready(from));
    GAN__TRY(check_namesakes(to, from));
    const bool drawn = from->values != NULL;
    GAN__TRY(gan__network_prepare(from, 0));
    const int32_t status = gan__network_prepare(to, 0);
    if (status != GAN_OK) {
        gan__network_undraw(from, drawn);
        return status;
    }
    int32_t count = 0;
    for (int32_t i = 0; i < from->parameter_count; i++) {
        const gan__parameter *p = &from->parameters[i], *q = gan__network_namesake(to, p->name);
        if (q != NULL) {
            memcpy(to->values + q->offset, from->values + p->offset,
                   (size_t)gan__shape_elements(p->shape) * sizeof *to->values);
            count++;
        }
    }
    if (copied != NULL) {
        *copied = count;
    }
    return GAN_OK;
}
