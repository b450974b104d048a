/* What training needs before a step can run: buffers, optimizers, plans, parameters. All of it is
 * made once and found again by later calls. */
#include "train/trainer.h"

bool gan__trainer_alternates(const gan_trainer *trainer)
{
    return trainer->options[GAN__TRAIN_SCHEDULE] == GAN__ALTERNATING;
}

int64_t gan__trainer_d_steps(const gan_trainer *trainer)
{
    return gan__trainer_alternates(trainer)
               ? (int64_t)trainer->options[GAN__TRAIN_DISCRIMINATOR_STEPS]
               : 1;
}

gan__penalties gan__trainer_penalties(const gan_trainer *trainer)
{
    const double *o = trainer->options;
    return (gan__penalties){.r1 = o[GAN__TRAIN_R1],
                            .r2 = o[GAN__TRAIN_R2],
                            .interpolated = o[GAN__TRAIN_GRADIENT_PENALTY],
                            .dragan = o[GAN__TRAIN_DRAGAN],
                            .one_sided = o[GAN__TRAIN_ONE_SIDED] == 1,
                            .sigma = o[GAN__TRAIN_APPROXIMATE],
                            .factor = o[GAN__TRAIN_PENALTY_INTERVAL] *
                                      gan__trainer_penalty_factor(trainer)};
}

bool gan__trainer_penalises(const gan_trainer *trainer)
{
    const gan__penalties penalties = gan__trainer_penalties(trainer);
    return gan__penalties_any(&penalties);
}

/* D's updates are counted through all steps, so that a training in a file goes on with its turn. */
gan__step_kind gan__trainer_d_kind(const gan_trainer *trainer, int64_t index)
{
    const uint64_t k = (uint64_t)gan__trainer_d_steps(trainer);
    const uint64_t update = (uint64_t)trainer->steps * k + (uint64_t)index;
    const bool due = update % (uint64_t)trainer->options[GAN__TRAIN_PENALTY_INTERVAL] == 0;
    return due && gan__trainer_penalises(trainer) ? GAN__STEP_D | GAN__STEP_PENALTY : GAN__STEP_D;
}

static gan__losses losses_of(const gan_trainer *trainer)
{
    const double *o = trainer->options;
    return (gan__losses){{.kind = (gan__objective_kind)o[GAN__TRAIN_OBJECTIVE],
                          .half = o[GAN__TRAIN_HALF] == 1 ? 0.5 : 1,
                          .blend = o[GAN__TRAIN_BLEND]},
                         gan__trainer_penalties(trainer)};
}

static void forget(gan__batch_plans *plans)
{
    for (int32_t i = 0; i < GAN__STEP_KINDS; i++) {
        gan__plan_free(plans->gradients[i]);
    }
    gan__plan_free(plans->noise_d);
    gan__plan_free(plans->noise_g);
    *plans = (gan__batch_plans){0};
}

void gan__trainer_forget_plans(gan_trainer *trainer)
{
    for (int32_t i = 0; i < GAN__BATCH_SIZES; i++) {
        forget(&trainer->plans[i]);
    }
}

/* The plan of gradients of this kind, made if there is none yet. */
int32_t gan__trainer_gradients(gan_trainer *trainer, gan__batch_plans *plans, gan__step_kind kind,
                               const gan__plan **out)
{
    gan__plan **plan = &plans->gradients[kind];
    if (*plan == NULL) {
        gan__plan *made = NULL;
        const gan__losses losses = losses_of(trainer);
        GAN__TRY(
            gan__step_plan(trainer->g.network, trainer->d.network, &losses, kind, plans->m, &made));
        const int32_t status = gan__workspace_reserve(trainer->context, &trainer->workspace, made);
        if (status != GAN_OK) {
            gan__plan_free(made);
            return status;
        }
        *plan = made;
    }
    *out = *plan;
    return GAN_OK;
}

static int32_t make_plans(gan_trainer *trainer, int64_t m, gan__batch_plans *plans)
{
    const gan_network *g = trainer->g.network;
    plans->m = m;
    GAN__TRY(gan__noise_plan(g, GAN__STREAM_NOISE_D, m, &plans->noise_d));
    return gan__trainer_alternates(trainer)
               ? gan__noise_plan(g, GAN__STREAM_NOISE_G, m, &plans->noise_g)
               : GAN_OK;
}

/* Gives up plans made for other losses or another noise prior. */
static void refresh_plans(gan_trainer *trainer)
{
    const gan__losses losses = losses_of(trainer);
    const gan__distribution noise = trainer->g.network->noise;
    if (!gan__losses_alike(&losses, &trainer->losses) || noise.kind != trainer->noise.kind ||
        noise.a != trainer->noise.a || noise.b != trainer->noise.b) {
        gan__trainer_forget_plans(trainer);
        trainer->losses = losses;
        trainer->noise = noise;
    }
}

/* The plans for batches of m samples; those of gradients are made when needed. */
int32_t gan__trainer_plans(gan_trainer *trainer, int64_t m, gan__batch_plans **out)
{
    refresh_plans(trainer);
    for (int32_t i = 0; i < GAN__BATCH_SIZES; i++) {
        if (trainer->plans[i].m == m) {
            *out = &trainer->plans[i];
            return GAN_OK;
        }
    }
    gan__batch_plans made = {0};
    const int32_t status = make_plans(trainer, m, &made);
    if (status != GAN_OK) {
        forget(&made);
        return status;
    }
    *out = &trainer->plans[trainer->oldest];
    trainer->oldest = (trainer->oldest + 1) % GAN__BATCH_SIZES;
    forget(*out);
    **out = made;
    return GAN_OK;
}

/* Whether G moves in the step to come, or D alone. */
bool gan__trainer_generator_moves(const gan_trainer *trainer)
{
    const int64_t since = trainer->steps - (int64_t)trainer->options[GAN__TRAIN_WARM_UP] + 1;
    return since > 0 && since % (int64_t)trainer->options[GAN__TRAIN_GENERATOR_INTERVAL] == 0;
}

/* The plans of the step to come for batches, or parts of them, of m samples. */
static int32_t prepare_size(gan_trainer *trainer, int64_t m)
{
    const bool moves = gan__trainer_generator_moves(trainer);
    gan__batch_plans *plans;
    const gan__plan *plan;
    GAN__TRY(gan__trainer_plans(trainer, m, &plans));
    if (!gan__trainer_alternates(trainer)) {
        const gan__step_kind kind = gan__trainer_d_kind(trainer, 0);
        return gan__trainer_gradients(trainer, plans, moves ? kind | GAN__STEP_G : kind, &plan);
    }
    for (int64_t i = 0; i < gan__trainer_d_steps(trainer); i++) {
        GAN__TRY(gan__trainer_gradients(trainer, plans, gan__trainer_d_kind(trainer, i), &plan));
    }
    return moves ? gan__trainer_gradients(trainer, plans, GAN__STEP_G, &plan) : GAN_OK;
}

/* Makes the plans of the step to come, so that only a later change can make a step fail. */
static int32_t prepare_plans(gan_trainer *trainer, int64_t m)
{
    const int64_t part = gan__trainer_part(trainer, m), rest = m % part;
    GAN__TRY(prepare_size(trainer, part));
    return rest > 0 ? prepare_size(trainer, rest) : GAN_OK;
}

static int32_t prepare_player(gan_trainer *trainer, gan__player *player, bool step_back)
{
    const gan__player_needs needs = {step_back, trainer->options[GAN__TRAIN_MICRO_BATCH] > 0};
    bool changed = false;
    const int32_t status = gan__player_prepare(player, needs, &trainer->workspace, &changed);
    if (changed) {
        gan__trainer_forget_plans(trainer); /* they make other gradients */
    }
    return status;
}

/* D must be able to step back when it moves before G's loss is known to be finite. */
int32_t gan__trainer_players(gan_trainer *trainer)
{
    GAN__TRY(prepare_player(trainer, &trainer->d, gan__trainer_alternates(trainer)));
    return prepare_player(trainer, &trainer->g, false);
}

/* Makes x, z, y, batch and rows hold m samples. */
static int32_t prepare_buffers(gan_trainer *trainer, int64_t m)
{
    if (m <= trainer->capacity) {
        return GAN_OK;
    }
    gan_context *context = trainer->context;
    const int64_t samples = gan_network_input_elements(trainer->d.network);
    const int64_t noise = gan_network_input_elements(trainer->g.network);
    const int64_t given = gan__trainer_conditions(trainer);
    real *x = gan__allocate(context, m * samples, sizeof *x);
    real *z = gan__allocate(context, m * noise, sizeof *z);
    real *y = given > 0 ? gan__allocate(context, m * given, sizeof *y) : NULL;
    float *batch = gan__allocate(context, m * samples, sizeof *batch);
    float *rows = given > 0 ? gan__allocate(context, m * given, sizeof *rows) : NULL;
    const bool enough = x != NULL && z != NULL && batch != NULL;
    if (!enough || (given > 0 && (y == NULL || rows == NULL))) {
        gan__release(context, rows);
        gan__release(context, y);
        gan__release(context, batch);
        gan__release(context, z);
        gan__release(context, x);
        return GAN_ERROR_MEMORY;
    }
    gan__release(context, trainer->rows);
    gan__release(context, trainer->y);
    gan__release(context, trainer->batch);
    gan__release(context, trainer->z);
    gan__release(context, trainer->x);
    trainer->x = x;
    trainer->z = z;
    trainer->y = y;
    trainer->batch = batch;
    trainer->rows = rows;
    trainer->capacity = m;
    return GAN_OK;
}

int32_t gan__trainer_cursor(gan_trainer *trainer)
{
    if (trainer->cursor != NULL) {
        return GAN_OK;
    }
    const double *o = trainer->options;
    GAN__TRY(gan__cursor_create(trainer->data, (int64_t)o[GAN__TRAIN_BATCH_SIZE],
                                (uint64_t)o[GAN__TRAIN_SEED], o[GAN__TRAIN_SHUFFLE] == 1,
                                o[GAN__TRAIN_DROP_LAST] == 1, &trainer->cursor));
    if (gan__cursor_batches_per_epoch(trainer->cursor) == 0) {
        gan__cursor_free(trainer->cursor);
        trainer->cursor = NULL;
        return gan__fail(trainer->context, GAN_ERROR_STATE,
                         "trainer: drop_last with %lld samples and batches of %lld leaves none",
                         (long long)gan_dataset_count(trainer->data),
                         (long long)o[GAN__TRAIN_BATCH_SIZE]);
    }
    return GAN_OK;
}

gan__drawn gan__trainer_drawn(const gan_trainer *trainer)
{
    const gan_network *average = trainer->average.network;
    return (gan__drawn){.g = trainer->g.network->values != NULL,
                        .d = trainer->d.network->values != NULL,
                        .average = average == NULL || average->values != NULL};
}

void gan__trainer_undraw(gan_trainer *trainer, gan__drawn before)
{
    gan__network_undraw(trainer->g.network, before.g);
    gan__network_undraw(trainer->d.network, before.d);
    if (trainer->average.network != NULL) {
        gan__network_undraw(trainer->average.network, before.average);
    }
}

/* A seed for each player: equal ones would draw equal numbers. */
int32_t gan__trainer_draw(gan_trainer *trainer)
{
    const gan__drawn before = gan__trainer_drawn(trainer);
    int32_t status = gan__network_prepare(trainer->g.network, 0);
    if (status == GAN_OK) {
        status = gan__network_prepare(trainer->d.network, 1);
    }
    if (status == GAN_OK) {
        status = gan__trainer_prepare_average(trainer);
    }
    if (status != GAN_OK) {
        gan__trainer_undraw(trainer, before);
    }
    return status;
}

int32_t gan__trainer_prepare(gan_trainer *trainer, int64_t m, bool draw)
{
    GAN__TRY(gan__trainer_check_parts(trainer, m));
    GAN__TRY(prepare_buffers(trainer, m));
    if (draw) {
        GAN__TRY(gan__trainer_cursor(trainer));
    }
    GAN__TRY(gan__trainer_players(trainer));
    GAN__TRY(prepare_plans(trainer, m));
    return gan__trainer_draw(trainer);
}
