/* Conditions of a training: who has some, and where they come from. */
#include "train/trainer.h"

int64_t gan__trainer_conditions(const gan_trainer *trainer)
{
    return gan__common_conditions(trainer->g.network, trainer->d.network);
}

int32_t gan__trainer_check_pair(const gan_network *g, const gan_network *d)
{
    if (g->conditions == 0 || d->conditions == 0 || g->conditions == d->conditions) {
        return GAN_OK;
    }
    return gan__fail(g->context, GAN_ERROR_SHAPE,
                     "trainer_create: conditions have %lld elements in %s, %lld in %s",
                     (long long)g->conditions, g->name, (long long)d->conditions, d->name);
}

int32_t gan__trainer_check_source(gan_trainer *trainer, const char *call)
{
    const int64_t elements = gan__trainer_conditions(trainer);
    if (elements == 0 || trainer->conditions != NULL) {
        return GAN_OK;
    }
    return gan__fail(trainer->context, GAN_ERROR_STATE,
                     "%s: %s has conditions, the trainer none: gan_trainer_set_conditions", call,
                     trainer->g.network->conditions > 0 ? trainer->g.network->name
                                                        : trainer->d.network->name);
}

int32_t gan__trainer_check_rows(gan_trainer *trainer, const char *call, bool taken,
                                const float *conditions)
{
    const int64_t elements = gan__trainer_conditions(trainer);
    if ((conditions != NULL) == (elements > 0)) {
        return GAN_OK;
    }
    if (elements == 0) {
        return gan__fail(trainer->context, GAN_ERROR_ARGUMENT,
                         "%s: conditions given, neither network has any", call);
    }
    return gan__fail(trainer->context, GAN_ERROR_ARGUMENT,
                     taken ? "%s: conditions is NULL, they have %lld elements"
                           : "%s: the networks have conditions of %lld elements: "
                             "gan_trainer_step_conditional",
                     call, (long long)elements);
}

/* Whether `conditions` are some for the data and the players. */
static int32_t check_fit(const gan_trainer *trainer, const gan_dataset *conditions)
{
    gan_context *context = trainer->context;
    const int64_t wanted = gan__trainer_conditions(trainer);
    const int64_t given = gan_dataset_elements(conditions);
    if (conditions->context != context) {
        return gan__fail(context, GAN_ERROR_ARGUMENT,
                         "set_conditions: conditions are of another context");
    }
    if (trainer->data == NULL) {
        return gan__fail(context, GAN_ERROR_STATE, "set_conditions: the trainer has no data");
    }
    if (wanted == 0) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "set_conditions: neither %s nor %s has conditions",
                         trainer->g.network->name, trainer->d.network->name);
    }
    if (given != wanted) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "set_conditions: samples have %lld elements, conditions of %s %lld",
                         (long long)given,
                         trainer->g.network->conditions > 0 ? trainer->g.network->name
                                                            : trainer->d.network->name,
                         (long long)wanted);
    }
    if (gan_dataset_count(conditions) != gan_dataset_count(trainer->data)) {
        return gan__fail(
            context, GAN_ERROR_SHAPE, "set_conditions: %lld conditions for %lld samples",
            (long long)gan_dataset_count(conditions), (long long)gan_dataset_count(trainer->data));
    }
    return GAN_OK;
}

int32_t gan_trainer_set_conditions(gan_trainer *trainer, gan_dataset *conditions)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (trainer->busy || trainer->started) {
        return gan__fail(trainer->context, GAN_ERROR_STATE, "set_conditions: %s",
                         trainer->busy ? "called from a callback of a run"
                                       : "they are fixed by the first step");
    }
    if (conditions != NULL) {
        GAN__TRY(check_fit(trainer, conditions));
        gan__dataset_retain(conditions);
    }
    gan_dataset_free(trainer->conditions);
    trainer->conditions = conditions;
    return GAN_OK;
}
