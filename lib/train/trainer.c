/* The trainer as an object: its life, options, metrics, and the public ways to train. */
#include "train/trainer.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char *const schedules[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS, NULL};
static const char *const objectives[] = {
    [GAN__MINIMAX] = GAN_MINIMAX,
    [GAN__LEAST_SQUARES] = GAN_LEAST_SQUARES,
    [GAN__WASSERSTEIN] = GAN_WASSERSTEIN,
    [GAN__HINGE] = GAN_HINGE,
    [GAN__RELATIVISTIC_AVERAGE] = GAN_RELATIVISTIC_AVERAGE,
    [GAN__RELATIVISTIC] = GAN_RELATIVISTIC,
    [GAN__OBJECTIVE_COUNT] = NULL,
};

enum { BATCH_MAX = 1048576, WEIGHT_MAX = 1000000000 };

static const gan__option options[GAN__TRAIN_OPTION_COUNT] = {
    [GAN__TRAIN_BATCH_SIZE] = {GAN_BATCH_SIZE, NULL, 100, 1, BATCH_MAX, true, "samples of a batch"},
    [GAN__TRAIN_DISCRIMINATOR_STEPS] = {GAN_DISCRIMINATOR_STEPS, NULL, 1, 1, 10000, true,
                                        "updates of D before each of G, when alternating"},
    [GAN__TRAIN_OBJECTIVE] = {GAN_OBJECTIVE, objectives, GAN__MINIMAX, 0, GAN__OBJECTIVE_COUNT - 1,
                              true, "what the players minimise"},
    [GAN__TRAIN_BLEND] = {GAN_BLEND, NULL, 0, 0, 1, false,
                          "share of the saturating loss in G's: 0 non-saturating, 1 minimax"},
    [GAN__TRAIN_HALF] = {GAN_HALF, NULL, 1, 0, 1, true,
                         "1: losses carry the factor 1/2 of the published code, 0: none"},
    [GAN__TRAIN_R1] = {GAN_R1, NULL, 0, 0, WEIGHT_MAX, false,
                       "weight of the squared gradient of D at real samples"},
    [GAN__TRAIN_R2] = {GAN_R2, NULL, 0, 0, WEIGHT_MAX, false,
                       "weight of the squared gradient of D at generated samples"},
    [GAN__TRAIN_GRADIENT_PENALTY] = {GAN_GRADIENT_PENALTY, NULL, 0, 0, WEIGHT_MAX, false,
                                     "weight of keeping D's slope 1 between both"},
    [GAN__TRAIN_DRAGAN] = {GAN_DRAGAN, NULL, 0, 0, WEIGHT_MAX, false,
                           "weight of keeping D's slope 1 around real samples"},
    [GAN__TRAIN_ONE_SIDED] = {GAN_ONE_SIDED, NULL, 0, 0, 1, true,
                              "1: these two penalise slopes above 1 only"},
    [GAN__TRAIN_APPROXIMATE] = {GAN_APPROXIMATE, NULL, 0, 0, 1000, false,
                                "step of the finite differences for r1 and r2; 0: exact"},
    [GAN__TRAIN_PENALTY_INTERVAL] = {GAN_PENALTY_INTERVAL, NULL, 1, 1, 10000, true,
                                     "penalties in every n-th update of D, n times as heavy"},
    [GAN__TRAIN_SEED] = {GAN_SEED, NULL, 0, 0, 9007199254740992.0, true,
                         "of noise, dropout and shuffling"},
    [GAN__TRAIN_SHUFFLE] = {GAN_SHUFFLE, NULL, 1, 0, 1, true, "1: a new permutation each epoch"},
    [GAN__TRAIN_DROP_LAST] = {GAN_DROP_LAST, NULL, 0, 0, 1, true,
                              "1: leave out the short batch at the end of an epoch"},
    [GAN__TRAIN_WARM_UP] = {GAN_WARM_UP, NULL, 0, 0, 9007199254740992.0, true,
                            "steps of the start in which only D moves"},
    [GAN__TRAIN_GENERATOR_INTERVAL] = {GAN_GENERATOR_INTERVAL, NULL, 1, 1, 10000, true,
                                       "G moves in every n-th step after those"},
    [GAN__TRAIN_AVERAGE_DECAY] = {GAN_AVERAGE_DECAY, NULL, 0.999, 0, 1 - DBL_EPSILON / 2, false,
                                  "how much of the averaged generator an update keeps"},
    [GAN__TRAIN_SCHEDULE_STEPS] = {GAN_SCHEDULE_STEPS, NULL, 0, 0, 9007199254740992.0, true,
                                   "steps in which half-life and penalties move, 0: they stay"},
    [GAN__TRAIN_AVERAGE_HALF_LIFE] = {GAN_AVERAGE_HALF_LIFE, NULL, 0, 0, 1e15, false,
                                      "samples that halve what the averaged generator keeps"},
    [GAN__TRAIN_FINAL_AVERAGE_HALF_LIFE] = {GAN_FINAL_AVERAGE_HALF_LIFE, NULL, 0, 0, 1e15, false,
                                            "where that goes, 0: it stays"},
    [GAN__TRAIN_FINAL_PENALTY] = {GAN_FINAL_PENALTY, NULL, 1, 0, 1000, false,
                                  "factor to which the weights of penalties go"},
    [GAN__TRAIN_MICRO_BATCH] = {GAN_MICRO_BATCH, NULL, 0, 0, BATCH_MAX, true,
                                "samples of a part of a batch, 0: in one piece"},
    [GAN__TRAIN_SCHEDULE] = {GAN_SCHEDULE, schedules, GAN__ALTERNATING, 0, GAN__SIMULTANEOUS, true,
                             "order of the updates in a step"},
};

static const gan__option_table table = {"trainer", options, GAN__TRAIN_OPTION_COUNT};

static const char *const metric_names[GAN__METRIC_COUNT] = {
    [GAN__METRIC_VALUE] = GAN_METRIC_VALUE,
    [GAN__METRIC_D_LOSS] = GAN_METRIC_D_LOSS,
    [GAN__METRIC_G_LOSS] = GAN_METRIC_G_LOSS,
    [GAN__METRIC_D_REAL] = GAN_METRIC_D_REAL,
    [GAN__METRIC_D_FAKE] = GAN_METRIC_D_FAKE,
    [GAN__METRIC_PENALTY] = GAN_METRIC_PENALTY,
    [GAN__METRIC_D_GRADIENT] = GAN_METRIC_D_GRADIENT,
    [GAN__METRIC_G_GRADIENT] = GAN_METRIC_G_GRADIENT,
    [GAN__METRIC_D_RATE] = GAN_METRIC_D_RATE,
    [GAN__METRIC_G_RATE] = GAN_METRIC_G_RATE,
    [GAN__METRIC_STEP] = GAN_METRIC_STEP,
    [GAN__METRIC_EPOCH] = GAN_METRIC_EPOCH,
    [GAN__METRIC_SAMPLES] = GAN_METRIC_SAMPLES,
};

/* ---- Life ---------------------------------------------------------------------------------- */

/* Whether the two networks and the data fit together. */
static int32_t check_fit(const gan_network *g, const gan_network *d, const gan_dataset *data)
{
    gan_context *context = g->context;
    const int64_t made = gan_network_output_elements(g), read = gan_network_input_elements(d);
    if (made != read) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "trainer_create: %s makes %lld elements, %s reads %lld", g->name,
                         (long long)made, d->name, (long long)read);
    }
    if (data != NULL && gan_dataset_elements(data) != read) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "trainer_create: samples have %lld elements, %s reads %lld",
                         (long long)gan_dataset_elements(data), d->name, (long long)read);
    }
    if (gan_network_output_elements(d) != 1) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "trainer_create: %s has %lld outputs, a discriminator has one logit",
                         d->name, (long long)gan_network_output_elements(d));
    }
    GAN__TRY(gan__trainer_check_pair(g, d));
    const gan__layer *last = &d->layers[d->output - 1];
    while (last->kind == GAN__LAYER_RESHAPE || last->kind == GAN__LAYER_DROPOUT) {
        last = &d->layers[last->in[0] - 1];
    }
    if (last->kind == GAN__LAYER_SIGMOID) {
        return gan__fail(context, GAN_ERROR_SHAPE,
                         "trainer_create: %s ends in a sigmoid; its output must be the logit",
                         d->name);
    }
    return GAN_OK;
}

int32_t gan_trainer_create(gan_network *generator, gan_network *discriminator, gan_dataset *data,
                           gan_trainer **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    gan_context *context = generator != NULL ? generator->context : NULL;
    if (generator == NULL || discriminator == NULL || out == NULL) {
        return gan__fail(context != NULL || discriminator == NULL ? context
                                                                  : discriminator->context,
                         GAN_ERROR_ARGUMENT, "trainer_create: %s is NULL",
                         generator == NULL       ? "generator"
                         : discriminator == NULL ? "discriminator"
                                                 : "out");
    }
    if (generator == discriminator || discriminator->context != context ||
        (data != NULL && data->context != context)) {
        return gan__fail(context, GAN_ERROR_ARGUMENT, "trainer_create: %s",
                         generator == discriminator
                             ? "generator and discriminator are one network"
                             : "networks and data are of different contexts");
    }
    GAN__TRY(gan__network_ready(generator));
    GAN__TRY(gan__network_ready(discriminator));
    GAN__TRY(check_fit(generator, discriminator, data));
    gan_trainer *trainer = gan__allocate(context, 1, sizeof *trainer);
    if (trainer == NULL) {
        return GAN_ERROR_MEMORY;
    }
    trainer->context = gan__context_retain(context);
    trainer->references = 1;
    trainer->data = data != NULL ? gan__dataset_retain(data) : NULL;
    trainer->d =
        (gan__player){.name = "discriminator", .network = gan__network_retain(discriminator)};
    trainer->g = (gan__player){.name = "generator", .network = gan__network_retain(generator)};
    gan__options_reset(&table, trainer->options);
    for (int32_t i = 0; i < GAN__METRIC_STEP; i++) {
        trainer->metrics[i] = NAN;
    }
    *out = trainer;
    return GAN_OK;
}

gan_trainer *gan__trainer_retain(gan_trainer *trainer)
{
    trainer->references++;
    return trainer;
}

void gan_trainer_free(gan_trainer *trainer)
{
    if (trainer == NULL || --trainer->references > 0) {
        return;
    }
    gan_context *context = trainer->context;
    gan__trainer_forget_plans(trainer);
    gan__plan_free(trainer->average.plan);
    gan_network_free(trainer->average.network);
    gan__cursor_free(trainer->cursor);
    gan__release(context, trainer->workspace.values);
    gan__release(context, trainer->rows);
    gan__release(context, trainer->batch);
    gan__release(context, trainer->y);
    gan__release(context, trainer->z);
    gan__release(context, trainer->x);
    gan__player_free(context, &trainer->g);
    gan__player_free(context, &trainer->d);
    gan_dataset_free(trainer->conditions);
    gan_dataset_free(trainer->data);
    gan__release(context, trainer);
    gan__context_release(context);
}

/* ---- Options ------------------------------------------------------------------------------- */

static int32_t set_optimizer(gan_trainer *trainer, gan__player *player, gan_optimizer *optimizer)
{
    const gan__player *other = player == &trainer->d ? &trainer->g : &trainer->d;
    return gan__player_set_optimizer(player, "trainer", optimizer,
                                     trainer->started || trainer->busy, other->optimizer);
}

int32_t gan_trainer_set_generator_optimizer(gan_trainer *trainer, gan_optimizer *optimizer)
{
    return trainer == NULL ? GAN_ERROR_ARGUMENT : set_optimizer(trainer, &trainer->g, optimizer);
}

int32_t gan_trainer_set_discriminator_optimizer(gan_trainer *trainer, gan_optimizer *optimizer)
{
    return trainer == NULL ? GAN_ERROR_ARGUMENT : set_optimizer(trainer, &trainer->d, optimizer);
}

/* What the first step fixes; the others may change between steps. */
static bool is_fixed(int32_t option)
{
    return option <= GAN__TRAIN_LAST_FIXED;
}

static int32_t check_not_fixed(gan_trainer *trainer, const char *key)
{
    int32_t index;
    GAN__TRY(gan__option_find(trainer->context, &table, key, &index));
    if ((trainer->started || trainer->busy) && is_fixed(index)) {
        return gan__fail(trainer->context, GAN_ERROR_STATE,
                         "trainer: %s is fixed by the first step", key);
    }
    return GAN_OK;
}

/* What was prepared for other options, before the first step. */
void gan__trainer_forget_preparation(gan_trainer *trainer)
{
    if (!trainer->started && !trainer->busy) {
        gan__trainer_forget_plans(trainer);
        gan__cursor_free(trainer->cursor);
        trainer->cursor = NULL;
    }
}

int32_t gan_trainer_set_number(gan_trainer *trainer, const char *key, double value)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(check_not_fixed(trainer, key));
    gan__trainer_forget_preparation(trainer);
    return gan__option_set_number(trainer->context, &table, trainer->options, key, value);
}

int32_t gan_trainer_set_text(gan_trainer *trainer, const char *key, const char *value)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(check_not_fixed(trainer, key));
    gan__trainer_forget_preparation(trainer);
    return gan__option_set_text(trainer->context, &table, trainer->options, key, value);
}

int32_t gan_trainer_get_number(const gan_trainer *trainer, const char *key, double *value)
{
    return trainer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_get_number(trainer->context, &table, trainer->options, key, value);
}

int32_t gan_trainer_get_text(const gan_trainer *trainer, const char *key, const char **value)
{
    return trainer == NULL
               ? GAN_ERROR_ARGUMENT
               : gan__option_get_text(trainer->context, &table, trainer->options, key, value);
}

int32_t gan_trainer_describe_option(int32_t index, const char **name, const char *const **choices,
                                    double *minimum, double *maximum, const char **help)
{
    return gan__option_describe(&table, index, name, choices, minimum, maximum, help);
}

/* ---- Training ------------------------------------------------------------------------------ */

static int32_t check_idle(gan_trainer *trainer, const char *call)
{
    return trainer->busy ? gan__fail(trainer->context, GAN_ERROR_STATE,
                                     "%s: called from a callback of a run", call)
                         : GAN_OK;
}

/* Makes steps until the count or the epoch is reached. */
static int32_t run(gan_trainer *trainer, int64_t steps, int64_t epoch, gan_step_fn on_step,
                   void *user)
{
    for (int64_t i = 0; i < steps && trainer->cursor->epoch < epoch; i++) {
        trainer->busy = trainer->stepping = true;
        const int32_t status = gan__trainer_step(trainer, &(gan__supply){0});
        trainer->stepping = false;
        const int32_t answer = status == GAN_OK && on_step != NULL ? on_step(user, trainer) : 0;
        trainer->busy = false;
        GAN__TRY(status);
        if (answer != 0) {
            return gan__fail(trainer->context, GAN_ERROR_STOPPED,
                             "run: stopped by the callback (%d) after step %lld", (int)answer,
                             (long long)trainer->steps);
        }
    }
    return GAN_OK;
}

static int32_t prepare_run(gan_trainer *trainer, const char *call, int64_t count)
{
    GAN__TRY(check_idle(trainer, call));
    if (count < 0) {
        return gan__fail(trainer->context, GAN_ERROR_RANGE, "%s: %lld, at least 0", call,
                         (long long)count);
    }
    if (trainer->data == NULL) {
        return gan__fail(trainer->context, GAN_ERROR_STATE, "%s: the trainer has no data", call);
    }
    GAN__TRY(gan__trainer_check_source(trainer, call));
    const int64_t wanted = (int64_t)trainer->options[GAN__TRAIN_BATCH_SIZE];
    const int64_t samples = gan_dataset_count(trainer->data);
    return gan__trainer_prepare(trainer, wanted < samples ? wanted : samples, true);
}

int32_t gan_trainer_run(gan_trainer *trainer, int64_t steps, gan_step_fn on_step, void *user)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(prepare_run(trainer, "trainer_run", steps));
    return run(trainer, steps, INT64_MAX, on_step, user);
}

int32_t gan_trainer_run_epochs(gan_trainer *trainer, int64_t epochs, gan_step_fn on_step,
                               void *user)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    GAN__TRY(prepare_run(trainer, "trainer_run_epochs", epochs));
    const int64_t now = trainer->cursor->epoch;
    return run(trainer, INT64_MAX, epochs > INT64_MAX - now ? INT64_MAX : now + epochs, on_step,
               user);
}

/* taken: whether the call takes conditions */
static int32_t step(gan_trainer *trainer, const char *call, bool taken, const gan__supply *supply)
{
    const int64_t m = supply->m;
    const bool alternating = trainer->options[GAN__TRAIN_SCHEDULE] == GAN__ALTERNATING;
    GAN__TRY(check_idle(trainer, call));
    if (m < 1 || m > BATCH_MAX) {
        return gan__fail(trainer->context, GAN_ERROR_RANGE, "%s: m is %lld, not within 1 to %d",
                         call, (long long)m, BATCH_MAX);
    }
    if (supply->x == NULL || supply->z_d == NULL || (supply->z_g == NULL && alternating)) {
        return gan__fail(trainer->context, GAN_ERROR_ARGUMENT, "%s: %s is NULL", call,
                         supply->x == NULL     ? "x"
                         : supply->z_d == NULL ? "z_d"
                                               : "z_g");
    }
    GAN__TRY(gan__trainer_check_rows(trainer, call, taken, supply->conditions));
    GAN__TRY(gan__trainer_prepare(trainer, m, false));
    return gan__trainer_step(trainer, supply);
}

int32_t gan_trainer_step(gan_trainer *trainer, int64_t m, const float *x, const float *z_d,
                         const float *z_g)
{
    return trainer == NULL
               ? GAN_ERROR_ARGUMENT
               : step(trainer, "trainer_step", false, &(gan__supply){m, x, z_d, z_g, NULL});
}

int32_t gan_trainer_step_conditional(gan_trainer *trainer, int64_t m, const float *x,
                                     const float *conditions, const float *z_d, const float *z_g)
{
    return trainer == NULL ? GAN_ERROR_ARGUMENT
                           : step(trainer, "trainer_step_conditional", true,
                                  &(gan__supply){m, x, z_d, z_g, conditions});
}

int32_t gan_trainer_metric(const gan_trainer *trainer, const char *name, double *value)
{
    if (trainer == NULL) {
        return GAN_ERROR_ARGUMENT;
    }
    if (name == NULL || value == NULL) {
        return gan__fail(trainer->context, GAN_ERROR_ARGUMENT, "trainer_metric: %s is NULL",
                         name == NULL ? "name" : "value");
    }
    for (int32_t i = 0; i < GAN__METRIC_COUNT; i++) {
        if (strcmp(name, metric_names[i]) == 0) {
            *value = trainer->metrics[i];
            return GAN_OK;
        }
    }
    return gan__fail(trainer->context, GAN_ERROR_KEY, "trainer_metric: no metric \"%.64s\"", name);
}

const char *gan_trainer_metric_name(int32_t index)
{
    return index >= 0 && index < GAN__METRIC_COUNT ? metric_names[index] : NULL;
}
