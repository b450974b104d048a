/* Which networks look at a whole batch: what they make of a sample depends on the other samples. */
#include "nn/network.h"

static const bool coupling_kinds[GAN__LAYER_COUNT] = {
    [GAN__LAYER_MINIBATCH_DEVIATION] = true,
    [GAN__LAYER_MINIBATCH_DISCRIMINATION] = true,
};

/* Batch norm whose statistics are frozen reads no other sample. */
static bool layer_couples(const gan_network *network, const gan__layer *layer)
{
    if (layer->kind != GAN__LAYER_BATCH_NORM) {
        return coupling_kinds[layer->kind];
    }
    const gan__transform *t = &network->transforms[layer->index];
    return !network->parameters[gan__transform_tensor(t, GAN__PART_STATISTICS)].frozen;
}

bool gan__network_couples(const gan_network *network)
{
    for (int32_t i = 0; i < network->layer_count; i++) {
        if (layer_couples(network, &network->layers[i])) {
            return true;
        }
    }
    return false;
}
