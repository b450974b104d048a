/* The averaged generator: a network of its own that follows G's parameters. */
#include "train/trainer.h"

#include <math.h>

int32_t gan_trainer_set_average(gan_trainer *trainer, gan_network *average)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    gan_context *context = trainer->context;
    const gan_network *g = trainer->g.network;
    if (trainer->busy) {
        return gan__fail(context, GAN_ERROR_STATE, "set_average: called from a callback of a run");
    }
    if (average != NULL) {
        const bool plays = average == g || average == trainer->d.network;
        if (plays || average->context != context) {
            return gan__fail(context, GAN_ERROR_ARGUMENT, "set_average: %s is %s", average->name,
                             plays ? "a player" : "of another context");
        }
        GAN__TRY(gan__network_ready(average));
        if (!gan__network_alike(average, g)) {
            return gan__fail(context, GAN_ERROR_SHAPE,
                             "set_average: %s has not the parameters of %s, by name and shape",
                             average->name, g->name);
        }
        gan__network_retain(average);
    }
    gan_network_free(trainer->average.network);
    trainer->average.network = average;
    trainer->average.updates = 0;
    return GAN_OK;
}

int32_t gan__trainer_prepare_average(gan_trainer *trainer)
{
    gan__average *average = &trainer->average;
    const int64_t elements = trainer->g.network->elements;
    if (average->network == NULL) {
        return GAN_OK;
    }
    if (average->elements != elements) {
        gan__plan_free(average->plan);
        average->plan = NULL;
        average->elements = elements;
    }
    if (average->network->elements != elements) { /* a setting may have changed since they met */
        return gan__fail(trainer->context, GAN_ERROR_SHAPE,
                         "trainer: %s has %lld parameters, its average %s %lld",
                         trainer->g.network->name, (long long)elements, average->network->name,
                         (long long)average->network->elements);
    }
    if (average->plan == NULL && elements > 0) {
        GAN__TRY(gan__mix_plan(trainer->context, elements, &average->plan));
    }
    GAN__TRY(gan__workspace_reserve(trainer->context, &trainer->workspace, average->plan));
    return gan__network_prepare(average->network, 0);
}

void gan__trainer_move_average(gan_trainer *trainer, int64_t m)
{
    gan__average *average = &trainer->average;
    if (average->network == NULL || average->plan == NULL) {
        return;
    }
    const double n = (double)++average->updates;
    const double keep = fmin(gan__trainer_average_decay(trainer, m), (n - 1) / n);
    gan__mix(average->plan, trainer->workspace.values, keep, average->network->values, 1 - keep,
             trainer->g.network->values);
}
