/* All options at once, for a user who knows nothing of them: the recipe of Huang et al. 2024. */
#include "train/trainer.h"

#include <math.h>

enum { ELEMENTS_OF_UNIT_GAMMA = 6144 }; /* docs/guide.md says where it comes from */

static const double least_gamma = 0.1, most_gamma = 1e9;

static double recommended(int64_t elements)
{
    const double gamma = (double)elements / ELEMENTS_OF_UNIT_GAMMA;
    return fmin(fmax(gamma, least_gamma), most_gamma);
}

int32_t gan_recommended_penalty(int64_t elements, double *gamma)
{
    if (gamma == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (elements < 1) {
        return GAN_ERROR_RANGE;
    }
    *gamma = recommended(elements);
    return GAN_OK;
}

/* Adam without momentum, whose rate and beta2 move within `steps` updates. */
static int32_t make_optimizer(gan_context *context, int64_t steps, gan_optimizer **out)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {GAN_LEARNING_RATE, 2e-4},
        {GAN_FINAL_LEARNING_RATE, 5e-5},
        {GAN_BETA1, 0},
        {GAN_BETA2, 0.9},
        {GAN_FINAL_BETA2, 0.99},
        {GAN_SCHEDULE_STEPS, (double)steps},
    };
    GAN__TRY(gan_optimizer_create(context, GAN_ADAM, out));
    int32_t status = gan_optimizer_set_text(*out, GAN_LEARNING_RATE_SCHEDULE, GAN_COSINE);
    for (size_t i = 0; status == GAN_OK && i < sizeof numbers / sizeof numbers[0]; i++) {
        status = gan_optimizer_set_number(*out, numbers[i].key, numbers[i].value);
    }
    if (status != GAN_OK) {
        gan_optimizer_free(*out);
        *out = NULL;
    }
    return status;
}

static int32_t check(const gan_trainer *trainer, int64_t steps, double penalty)
{
    gan_context *context = trainer->context;
    if (isnan(penalty)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "use_recipe: penalty is NaN");
    }
    if (steps < 1 || steps > INT64_C(1) << 53) {
        return gan__fail(context, GAN_ERROR_RANGE,
                         "use_recipe: steps is %lld, not within 1 to 2^53", (long long)steps);
    }
    if (penalty > most_gamma) {
        return gan__fail(context, GAN_ERROR_RANGE, "use_recipe: penalty is %g, at most %g", penalty,
                         most_gamma);
    }
    if (trainer->started || trainer->busy) {
        return gan__fail(context, GAN_ERROR_STATE, "use_recipe: %s",
                         trainer->busy ? "called from a callback of a run"
                                       : "the trainer has made a step");
    }
    return GAN_OK;
}

static void set_options(gan_trainer *trainer, int64_t steps, double gamma)
{
    double *o = trainer->options;
    const double samples = (double)steps * o[GAN__TRAIN_BATCH_SIZE];
    o[GAN__TRAIN_SCHEDULE] = GAN__ALTERNATING;
    o[GAN__TRAIN_DISCRIMINATOR_STEPS] = 1;
    o[GAN__TRAIN_OBJECTIVE] = GAN__RELATIVISTIC;
    o[GAN__TRAIN_R1] = o[GAN__TRAIN_R2] = gamma;
    o[GAN__TRAIN_PENALTY_INTERVAL] = 1;
    o[GAN__TRAIN_SCHEDULE_STEPS] = (double)steps;
    o[GAN__TRAIN_FINAL_PENALTY] = 0.1;
    o[GAN__TRAIN_AVERAGE_HALF_LIFE] = 0;
    o[GAN__TRAIN_FINAL_AVERAGE_HALF_LIFE] = fmin(500000, samples / 10);
}

int32_t gan_trainer_use_recipe(gan_trainer *trainer, int64_t steps, double penalty)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(check(trainer, steps, penalty));
    gan_optimizer *for_g = NULL, *for_d = NULL;
    int32_t status = make_optimizer(trainer->context, steps, &for_g);
    if (status == GAN_OK) {
        status = make_optimizer(trainer->context, steps, &for_d);
    }
    if (status == GAN_OK) { /* what follows cannot fail: the trainer has not started */
        gan__trainer_forget_preparation(trainer);
        gan_trainer_set_generator_optimizer(trainer, for_g);
        gan_trainer_set_discriminator_optimizer(trainer, for_d);
        const int64_t elements = gan_network_input_elements(trainer->d.network);
        set_options(trainer, steps, penalty < 0 ? recommended(elements) : penalty);
    }
    gan_optimizer_free(for_d);
    gan_optimizer_free(for_g);
    return status;
}
