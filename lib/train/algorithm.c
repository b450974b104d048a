/* One training step: Algorithm 1 of Goodfellow et al. 2014, and its simultaneous form. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_alternating(const gan_trainer *trainer)
{
    return trainer->options[GAN__TRAIN_SCHEDULE] == GAN__ALTERNATING;
}

/* k, the number of D's updates in a step. */
static int64_t discriminator_steps(const gan_trainer *trainer)
{
    return is_alternating(trainer) ? (int64_t)trainer->options[GAN__TRAIN_DISCRIMINATOR_STEPS] : 1;
}

static gan__objective objective_of(const gan_trainer *trainer)
{
    return (gan__objective){.half = trainer->options[GAN__TRAIN_HALF] == 1 ? 0.5 : 1,
                            .blend = trainer->options[GAN__TRAIN_BLEND]};
}

/* ---- Preparation --------------------------------------------------------------------------- */

static void forget(gan__batch_plans *plans)
{
    gan__plan_free(plans->d);
    gan__plan_free(plans->g);
    gan__plan_free(plans->both);
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

static int32_t reserve_workspace(gan_trainer *trainer, const gan__plan *plan)
{
    const int64_t size = plan != NULL ? gan__plan_workspace(plan) : 0;
    if (trainer->workspace != NULL && size <= trainer->workspace_size) {
        return GAN_OK;
    }
    real *workspace = gan__allocate(trainer->context, size, sizeof *workspace);
    if (workspace == NULL) {
        return GAN_ERROR_MEMORY;
    }
    gan__release(trainer->context, trainer->workspace);
    trainer->workspace = workspace;
    trainer->workspace_size = size;
    return GAN_OK;
}

static int32_t make_plans(gan_trainer *trainer, int64_t m, gan__batch_plans *plans)
{
    const gan_network *g = trainer->g.network, *d = trainer->d.network;
    const gan__objective objective = objective_of(trainer);
    GAN__TRY(gan__noise_plan(g, GAN__STREAM_NOISE_D, m, &plans->noise_d));
    if (is_alternating(trainer)) {
        GAN__TRY(gan__noise_plan(g, GAN__STREAM_NOISE_G, m, &plans->noise_g));
        GAN__TRY(gan__step_plan(g, d, objective, GAN__STEP_D, m, &plans->d));
        GAN__TRY(gan__step_plan(g, d, objective, GAN__STEP_G, m, &plans->g));
    } else {
        GAN__TRY(gan__step_plan(g, d, objective, GAN__STEP_BOTH, m, &plans->both));
    }
    GAN__TRY(reserve_workspace(trainer, plans->d));
    GAN__TRY(reserve_workspace(trainer, plans->g));
    return reserve_workspace(trainer, plans->both);
}

/* Gives up plans made for another objective or noise prior. */
static void refresh_plans(gan_trainer *trainer)
{
    const gan__objective objective = objective_of(trainer);
    const gan__distribution noise = trainer->g.network->noise;
    if (objective.half != trainer->objective.half || objective.blend != trainer->objective.blend ||
        noise.kind != trainer->noise.kind || noise.a != trainer->noise.a ||
        noise.b != trainer->noise.b) {
        gan__trainer_forget_plans(trainer);
        trainer->objective = objective;
        trainer->noise = noise;
    }
}

int32_t gan__trainer_plans(gan_trainer *trainer, int64_t m, gan__batch_plans **out)
{
    refresh_plans(trainer);
    for (int32_t i = 0; i < GAN__BATCH_SIZES; i++) {
        if (trainer->plans[i].m == m) {
            *out = &trainer->plans[i];
            return GAN_OK;
        }
    }
    gan__batch_plans made = {.m = m};
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

static int32_t prepare_player(gan_trainer *trainer, gan__player *player, bool step_back)
{
    gan_context *context = trainer->context;
    const int64_t elements = player->network->elements;
    if (player->optimizer == NULL) {
        GAN__TRY(gan_optimizer_create(context, GAN_MOMENTUM, &player->optimizer));
    }
    if (elements == 0) {
        return GAN_OK; /* a player that cannot move */
    }
    GAN__TRY(gan__optimizer_bind(player->optimizer, player->network->number, elements, step_back));
    if (player->norm == NULL) {
        GAN__TRY(gan__norm_plan(context, elements, &player->norm));
    }
    GAN__TRY(reserve_workspace(trainer, player->norm));
    if (player->gradient == NULL) {
        player->gradient = gan__allocate(context, elements, sizeof(real));
    }
    if (step_back && player->spare == NULL) {
        player->spare = gan__allocate(context, elements, sizeof(real));
    }
    const bool enough = player->gradient != NULL && (!step_back || player->spare != NULL);
    return enough ? GAN_OK : GAN_ERROR_MEMORY;
}

/* Makes x, z and batch hold m samples. */
static int32_t prepare_buffers(gan_trainer *trainer, int64_t m)
{
    if (m <= trainer->capacity) {
        return GAN_OK;
    }
    gan_context *context = trainer->context;
    const int64_t samples = gan_network_input_elements(trainer->d.network);
    const int64_t noise = gan_network_input_elements(trainer->g.network);
    real *x = gan__allocate(context, m * samples, sizeof *x);
    real *z = gan__allocate(context, m * noise, sizeof *z);
    float *batch = gan__allocate(context, m * samples, sizeof *batch);
    if (x == NULL || z == NULL || batch == NULL) {
        gan__release(context, batch);
        gan__release(context, z);
        gan__release(context, x);
        return GAN_ERROR_MEMORY;
    }
    gan__release(context, trainer->batch);
    gan__release(context, trainer->z);
    gan__release(context, trainer->x);
    trainer->x = x;
    trainer->z = z;
    trainer->batch = batch;
    trainer->capacity = m;
    return GAN_OK;
}

static int32_t prepare_cursor(gan_trainer *trainer)
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

/* Draws the parameters that nobody drew, with a seed for each player: equal ones would draw equal
 * numbers. */
static int32_t draw_parameters(gan_trainer *trainer)
{
    gan_network *g = trainer->g.network;
    const bool drawn_before = g->values != NULL;
    GAN__TRY(gan__network_prepare(g, 0));
    const int32_t status = gan__network_prepare(trainer->d.network, 1);
    if (status != GAN_OK && !drawn_before) {
        gan__release(trainer->context, g->values);
        g->values = NULL;
    }
    return status;
}

int32_t gan__trainer_prepare(gan_trainer *trainer, int64_t m, bool draw)
{
    gan__batch_plans *plans;
    GAN__TRY(prepare_buffers(trainer, m));
    if (draw) {
        GAN__TRY(prepare_cursor(trainer));
    }
    GAN__TRY(gan__trainer_plans(trainer, m, &plans));
    /* D must be able to step back when it moves before G's loss is known to be finite. */
    GAN__TRY(prepare_player(trainer, &trainer->d, is_alternating(trainer)));
    GAN__TRY(prepare_player(trainer, &trainer->g, false));
    return draw_parameters(trainer);
}

/* ---- A step -------------------------------------------------------------------------------- */

/* A step in progress. */
typedef struct {
    gan_trainer *trainer;
    const gan__supply *supply;
    int64_t epoch; /* for the momentum ramp: the one its first batch belongs to */
    uint64_t tick; /* numbers the runs of random plans through all steps */
    int64_t m;     /* samples of the batch at hand */
    gan__batch_plans *plans;
    double metrics[GAN__METRIC_COUNT];
    int64_t samples;
} step;

static void run_plan(const step *s, const gan__plan *plan, real *results)
{
    gan_trainer *t = s->trainer;
    real *slots[GAN__SLOT_COUNT] = {
        [GAN__SLOT_D] = t->d.network->values,
        [GAN__SLOT_G] = t->g.network->values,
        [GAN__SLOT_X] = t->x,
        [GAN__SLOT_Z] = t->z,
        [GAN__SLOT_D_GRADIENT] = t->d.gradient,
        [GAN__SLOT_G_GRADIENT] = t->g.gradient,
        [GAN__SLOT_RESULTS] = results,
    };
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = t->workspace,
                                          .seed = (uint64_t)t->options[GAN__TRAIN_SEED],
                                          .step = s->tick});
}

/* Noise for m samples: the caller's, from sample `first` on, or drawn. */
static void take_noise(const step *s, const float *z, int64_t first, const gan__plan *plan)
{
    gan_trainer *t = s->trainer;
    if (z != NULL) {
        const int64_t elements = gan_network_input_elements(t->g.network);
        gan__from_floats(s->m * elements, z + first * elements, t->z);
    } else {
        run_plan(s, plan, NULL);
    }
}

/* Data and noise of D's update number `index`. */
static int32_t take_batch(step *s, int64_t index)
{
    gan_trainer *t = s->trainer;
    const int64_t elements = gan_network_input_elements(t->d.network);
    const float *x = t->batch;
    if (s->supply->x != NULL) {
        s->m = s->supply->m;
        x = s->supply->x + index * s->m * elements;
    } else {
        GAN__TRY(gan__cursor_next(t->cursor, t->batch, &s->m));
    }
    GAN__TRY(gan__trainer_plans(t, s->m, &s->plans));
    gan__from_floats(s->m * elements, x, t->x);
    take_noise(s, s->supply->z_d, index * s->m, s->plans->noise_d);
    s->samples += s->m;
    return GAN_OK;
}

static int32_t not_finite(const step *s, const gan__player *player, const char *what)
{
    return gan__fail(s->trainer->context, GAN_ERROR_NUMERIC,
                     "step %lld: %s: %s is not finite; the parameters are those before this step",
                     (long long)(s->trainer->steps + 1), player->name, what);
}

/* Names the first tensor of the gradient that is not finite. */
static int32_t bad_gradient(const step *s, const gan__player *player)
{
    const gan_network *network = player->network;
    for (int32_t i = 0; i < network->parameter_count; i++) {
        const gan__parameter *parameter = &network->parameters[i];
        const real *g = player->gradient + parameter->offset;
        for (int64_t j = 0; j < gan__shape_elements(parameter->shape); j++) {
            if (!isfinite(g[j])) {
                char what[sizeof parameter->name + 32];
                snprintf(what, sizeof what, "the gradient of %s", parameter->name);
                return not_finite(s, player, what);
            }
        }
    }
    return not_finite(s, player, "the gradient's norm");
}

/* Checks a player's loss and gradient, and notes the gradient's norm. */
static int32_t check_player(step *s, const gan__player *player, const char *loss_name, double loss,
                            gan__metric norm_metric)
{
    if (!isfinite(loss)) {
        return not_finite(s, player, loss_name);
    }
    if (player->network->elements == 0) {
        s->metrics[norm_metric] = 0;
        return GAN_OK;
    }
    real squares;
    gan__plan_run(player->norm, &(gan__arguments){.slots = (real *[]){player->gradient, &squares},
                                                  .workspace = s->trainer->workspace});
    if (!isfinite(squares)) {
        return bad_gradient(s, player);
    }
    s->metrics[norm_metric] = sqrt((double)squares);
    return GAN_OK;
}

static int32_t check_d(step *s, const real *results)
{
    s->metrics[GAN__METRIC_VALUE] = (double)results[GAN__RESULT_VALUE];
    s->metrics[GAN__METRIC_D_LOSS] = (double)results[GAN__RESULT_D_LOSS];
    s->metrics[GAN__METRIC_D_REAL] = (double)results[GAN__RESULT_D_REAL];
    s->metrics[GAN__METRIC_D_FAKE] = (double)results[GAN__RESULT_D_FAKE];
    return check_player(s, &s->trainer->d, "d_loss", s->metrics[GAN__METRIC_D_LOSS],
                        GAN__METRIC_D_GRADIENT);
}

static int32_t check_g(step *s, const real *results)
{
    s->metrics[GAN__METRIC_G_LOSS] = (double)results[GAN__RESULT_G_LOSS];
    return check_player(s, &s->trainer->g, "g_loss", s->metrics[GAN__METRIC_G_LOSS],
                        GAN__METRIC_G_GRADIENT);
}

/* Exchanges a player's parameters with the spare ones. */
static void swap_values(gan__player *player)
{
    real *values = player->network->values;
    player->network->values = player->spare;
    player->spare = values;
}

/* Moves a player down its gradient; the first time in a step aside, if it may have to step back. */
static void update(step *s, gan__player *player, gan__metric rate_metric)
{
    if (player->network->elements == 0) {
        return;
    }
    const bool aside = player->spare != NULL && !player->moved;
    real *w = player->network->values;
    gan__optimizer_update(player->optimizer, s->epoch, w, player->gradient,
                          aside ? player->spare : w);
    if (aside) {
        swap_values(player);
        player->moved = true;
    }
    gan__network_constrain(player->network, player->network->values);
    s->metrics[rate_metric] = player->optimizer->rate;
}

/* Algorithm 1: k times {data, noise, D's update}, then new noise and G's update against the updated
 * D. */
static int32_t alternate(step *s)
{
    gan_trainer *t = s->trainer;
    real results[GAN__RESULT_COUNT];
    for (int64_t i = 0; i < discriminator_steps(t); i++) {
        GAN__TRY(take_batch(s, i));
        run_plan(s, s->plans->d, results);
        GAN__TRY(check_d(s, results));
        update(s, &t->d, GAN__METRIC_D_RATE);
        s->tick++;
    }
    take_noise(s, s->supply->z_g, 0, s->plans->noise_g);
    run_plan(s, s->plans->g, results);
    GAN__TRY(check_g(s, results));
    update(s, &t->g, GAN__METRIC_G_RATE);
    return GAN_OK;
}

/* What the published code ran: both gradients at the old parameters, on one draw of noise and
 * masks.
 */
static int32_t move_together(step *s)
{
    gan_trainer *t = s->trainer;
    real results[GAN__RESULT_COUNT];
    GAN__TRY(take_batch(s, 0));
    run_plan(s, s->plans->both, results);
    GAN__TRY(check_d(s, results));
    GAN__TRY(check_g(s, results));
    update(s, &t->d, GAN__METRIC_D_RATE);
    update(s, &t->g, GAN__METRIC_G_RATE);
    return GAN_OK;
}

static void begin(gan__player *player)
{
    player->moved = false;
    gan__optimizer_begin(player->optimizer);
}

static void roll_back(gan__player *player)
{
    if (player->moved) {
        swap_values(player);
    }
    gan__optimizer_rollback(player->optimizer);
}

int32_t gan__trainer_step(gan_trainer *trainer, const gan__supply *supply)
{
    step s = {.trainer = trainer, .supply = supply};
    gan__cursor *cursor = supply->x == NULL ? trainer->cursor : NULL;
    int64_t epoch = 0, position = 0;
    if (cursor != NULL) {
        gan__cursor_tell(cursor, &epoch, &position);
    }
    s.epoch = trainer->cursor != NULL ? trainer->cursor->epoch : 0;
    s.tick = (uint64_t)trainer->steps * (uint64_t)(discriminator_steps(trainer) + 1);
    begin(&trainer->d);
    begin(&trainer->g);
    const int32_t status = is_alternating(trainer) ? alternate(&s) : move_together(&s);
    if (status != GAN_OK) {
        roll_back(&trainer->d);
        roll_back(&trainer->g);
        if (cursor != NULL) {
            gan__cursor_seek(cursor, epoch, position);
        }
        return status;
    }
    trainer->started = true;
    trainer->steps++;
    trainer->samples += s.samples;
    s.metrics[GAN__METRIC_STEP] = (double)trainer->steps;
    s.metrics[GAN__METRIC_EPOCH] = trainer->cursor != NULL ? (double)trainer->cursor->epoch : 0;
    s.metrics[GAN__METRIC_SAMPLES] = (double)trainer->samples;
    memcpy(trainer->metrics, s.metrics, sizeof s.metrics);
    return GAN_OK;
}
