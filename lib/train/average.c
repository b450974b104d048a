/* The averaged generator: a network of its own that follows G's parameters. */
#include "train/trainer.h"

#include <math.h>

enum { SLOT_AVERAGE, SLOT_G, SLOT_NUMBERS, SLOT_NEW };

enum { NUMBER_KEEP, NUMBER_TAKE, NUMBER_COUNT };

static int32_t number(gan__graph *graph, int32_t index)
{
    return gan__leaf(graph, SLOT_NUMBERS, index, gan__shape_1(1));
}

/* keep a + take g, one fused pass in place */
static int32_t plan_average(gan_context *context, int64_t elements, gan__plan **out)
{
    const gan__shape flat = gan__shape_1(elements);
    gan__graph graph = gan__graph_create(context);
    const int32_t kept = gan__multiply_nodes(&graph, gan__leaf(&graph, SLOT_AVERAGE, 0, flat),
                                             number(&graph, NUMBER_KEEP));
    const int32_t taken = gan__multiply_nodes(&graph, gan__leaf(&graph, SLOT_G, 0, flat),
                                              number(&graph, NUMBER_TAKE));
    const gan__output output = {gan__add(&graph, kept, taken), SLOT_NEW, 0};
    const int32_t status = gan__plan_create(&graph, 1, &output, GAN__PLAN_FUSED, out);
    gan__graph_free(&graph);
    return status;
}

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
        GAN__TRY(plan_average(trainer->context, elements, &average->plan));
    }
    GAN__TRY(gan__trainer_reserve(trainer, average->plan));
    return gan__network_prepare(average->network, 0);
}

void gan__trainer_move_average(gan_trainer *trainer)
{
    gan__average *average = &trainer->average;
    if (average->network == NULL || average->plan == NULL) {
        return;
    }
    const double n = (double)++average->updates;
    const double keep = fmin(trainer->options[GAN__TRAIN_AVERAGE_DECAY], (n - 1) / n);
    real numbers[NUMBER_COUNT] = {(real)keep, (real)(1 - keep)};
    real *values = average->network->values;
    gan__plan_run(
        average->plan,
        &(gan__arguments){.slots = (real *[]){values, trainer->g.network->values, numbers, values},
                          .workspace = trainer->workspace});
}
