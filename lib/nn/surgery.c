/* Networks made of networks: appending, cloning, carrying parameters over, freezing them. */
#include "nn/network.h"

#include <string.h>

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
        if (p->frozen) {
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

/* The namesake of a parameter, or NULL. */
static const gan__parameter *namesake(const gan_network *network, const char *name)
{
    for (int32_t i = 0; i < network->parameter_count; i++) {
        if (strcmp(network->parameters[i].name, name) == 0) {
            return &network->parameters[i];
        }
    }
    return NULL;
}

/* Whether all namesakes have one shape. */
static int32_t check_namesakes(const gan_network *to, const gan_network *from)
{
    for (int32_t i = 0; i < from->parameter_count; i++) {
        const gan__parameter *p = &from->parameters[i], *q = namesake(to, p->name);
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
    GAN__TRY(gan__network_prepare(from, 0));
    GAN__TRY(gan__network_prepare(to, 0));
    int32_t count = 0;
    for (int32_t i = 0; i < from->parameter_count; i++) {
        const gan__parameter *p = &from->parameters[i], *q = namesake(to, p->name);
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
