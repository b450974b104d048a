/* Conditions: further inputs of a network. Those of one sample stand one after another in a row;
 * each layer of this kind is a slice of it.
 *
 * A row, rather than an array for each condition, lets a data set deliver all of them and a trainer
 * bind all of them without knowing how many there are. */
#include "nn/network.h"

#include <stdio.h>

int64_t gan_network_condition_elements(const gan_network *network)
{
    return network != NULL ? network->conditions : 0;
}

int32_t gan__network_add_condition(gan_network *network, const char *call, const char *name,
                                   gan__shape shape)
{
    const int64_t elements = gan__shape_elements(shape);
    if (elements > INT32_MAX - network->conditions) {
        return gan__network_refuse(network, GAN_ERROR_SHAPE,
                                   "%s: %lld more elements of conditions than %lld: too large",
                                   call, (long long)elements, (long long)network->conditions);
    }
    gan__layer layer = {.kind = GAN__LAYER_CONDITION, .shape = shape, .start = network->conditions};
    snprintf(layer.name, sizeof layer.name, "%s", name);
    const int32_t id = gan__network_add_layer(network, layer);
    if (id > 0) {
        network->conditions += elements;
    }
    return id;
}

int32_t gan_network_condition(gan_network *network, const char *name, int32_t rank,
                              const int64_t *dims)
{
    if (network != NULL && network->status == GAN_OK && network->layer_count == 0) {
        return gan__network_refuse(network, GAN_ERROR_STATE,
                                   "condition: gan_network_input comes first");
    }
    int32_t code;
    if (gan__network_maker(network, "condition", 1, &code) == NULL) {
        return code;
    }
    char copy[GAN__NAME_BYTES];
    int64_t elements;
    int32_t status = gan__copy_name(network->context, "condition: name", name, copy);
    if (status == GAN_OK) {
        status = gan__check_shape(network->context, "condition", rank, dims, &elements);
    }
    return status == GAN_OK
               ? gan__network_add_condition(network, "condition", copy, gan__shape_of(rank, dims))
               : gan__network_keep_error(network, status);
}

int32_t gan__build_condition(const gan_network *network, gan__graph *graph, const gan__build *build,
                             const gan__layer *layer, const int32_t *in)
{
    (void)network, (void)in;
    if (build->conditions == NULL || *build->conditions < 0) {
        return gan__graph_fail(graph, GAN_ERROR_ARGUMENT); /* or what failed before */
    }
    const int32_t rows = *build->conditions;
    const int64_t m = gan__node_shape(graph, rows).dims[0], starts[2] = {0, layer->start};
    const gan__shape slice = gan__shape_2(m, gan__shape_elements(layer->shape));
    return gan__reshape(graph, gan__slice(graph, rows, starts, slice),
                        gan__batch_shape(m, layer->shape));
}
