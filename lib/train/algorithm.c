/* One training step: Algorithm 1 of Goodfellow et al. 2014, and its simultaneous form. */
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A step in progress. */
typedef struct {
    gan_trainer *trainer;
    const gan__supply *supply;
    int64_t epoch; /* for the momentum ramp: the one its first batch belongs to */
    bool generator_moves;
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
        [GAN__SLOT_CONDITIONS] = t->y,
    };
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = t->workspace,
                                          .seed = (uint64_t)t->options[GAN__TRAIN_SEED],
                                          .step = s->tick});
}

/* The gradients of this kind on the batch at hand. results: [GAN__RESULT_COUNT] */
static int32_t differentiate(const step *s, gan__step_kind kind, real *results)
{
    const gan__plan *plan;
    GAN__TRY(gan__trainer_gradients(s->trainer, s->plans, kind, &plan));
    run_plan(s, plan, results);
    return GAN_OK;
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

/* Data, conditions and noise of D's update number `index`. The conditions stay for G's update. */
static int32_t take_batch(step *s, int64_t index)
{
    gan_trainer *t = s->trainer;
    const int64_t elements = gan_network_input_elements(t->d.network);
    const int64_t given = gan__trainer_conditions(t);
    const float *x = t->batch, *y = t->rows;
    if (s->supply->x != NULL) {
        s->m = s->supply->m;
        x = s->supply->x + index * s->m * elements;
        y = given > 0 ? s->supply->conditions + index * s->m * given : NULL;
    } else {
        GAN__TRY(gan__cursor_next_beside(t->cursor, t->batch, t->conditions, t->rows, &s->m));
    }
    GAN__TRY(gan__trainer_players(t)); /* a callback may have frozen parameters */
    GAN__TRY(gan__trainer_plans(t, s->m, &s->plans));
    gan__from_floats(s->m * elements, x, t->x);
    gan__from_floats(s->m * given, y, t->y);
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
    if (player->still) {
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

static int32_t check_d(step *s, gan__step_kind kind, const real *results)
{
    const gan__player *d = &s->trainer->d;
    s->metrics[GAN__METRIC_VALUE] = (double)results[GAN__RESULT_VALUE];
    s->metrics[GAN__METRIC_D_LOSS] = (double)results[GAN__RESULT_D_LOSS];
    s->metrics[GAN__METRIC_D_REAL] = (double)results[GAN__RESULT_D_REAL];
    s->metrics[GAN__METRIC_D_FAKE] = (double)results[GAN__RESULT_D_FAKE];
    if ((kind & GAN__STEP_PENALTY) != 0) {
        s->metrics[GAN__METRIC_PENALTY] = (double)results[GAN__RESULT_PENALTY];
        if (isfinite(s->metrics[GAN__METRIC_D_LOSS]) &&
            !isfinite(s->metrics[GAN__METRIC_PENALTY])) {
            return not_finite(s, d, "penalty");
        }
    } else if (!gan__trainer_penalises(s->trainer)) {
        s->metrics[GAN__METRIC_PENALTY] = 0;
    }
    return check_player(s, d, "d_loss", s->metrics[GAN__METRIC_D_LOSS], GAN__METRIC_D_GRADIENT);
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
    if (player->still) {
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

static void move_generator(step *s)
{
    update(s, &s->trainer->g, GAN__METRIC_G_RATE);
    if (!s->trainer->g.still) {
        gan__trainer_move_average(s->trainer);
    }
}

/* Algorithm 1: k times {data, noise, D's update}, then new noise and G's update against the updated
 * D. */
static int32_t alternate(step *s)
{
    gan_trainer *t = s->trainer;
    real results[GAN__RESULT_COUNT];
    for (int64_t i = 0; i < gan__trainer_d_steps(t); i++) {
        const gan__step_kind kind = gan__trainer_d_kind(t, i);
        GAN__TRY(take_batch(s, i));
        GAN__TRY(differentiate(s, kind, results));
        GAN__TRY(check_d(s, kind, results));
        update(s, &t->d, GAN__METRIC_D_RATE);
        s->tick++;
    }
    if (!s->generator_moves) {
        return GAN_OK;
    }
    take_noise(s, s->supply->z_g, 0, s->plans->noise_g);
    GAN__TRY(differentiate(s, GAN__STEP_G, results));
    GAN__TRY(check_g(s, results));
    move_generator(s);
    return GAN_OK;
}

/* What the published code ran: both gradients at the old parameters, on one draw of noise and
 * masks.
 */
static int32_t move_together(step *s)
{
    gan_trainer *t = s->trainer;
    real results[GAN__RESULT_COUNT];
    const gan__step_kind kind = gan__trainer_d_kind(t, 0);
    GAN__TRY(take_batch(s, 0));
    GAN__TRY(differentiate(s, s->generator_moves ? kind | GAN__STEP_G : kind, results));
    GAN__TRY(check_d(s, kind, results));
    if (s->generator_moves) {
        GAN__TRY(check_g(s, results));
        move_generator(s);
    }
    update(s, &t->d, GAN__METRIC_D_RATE);
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
    s.generator_moves = gan__trainer_generator_moves(trainer);
    memcpy(s.metrics, trainer->metrics, sizeof s.metrics); /* G's stay where only D moves */
    s.tick = (uint64_t)trainer->steps * (uint64_t)(gan__trainer_d_steps(trainer) + 1);
    begin(&trainer->d);
    begin(&trainer->g);
    const int32_t status = gan__trainer_alternates(trainer) ? alternate(&s) : move_together(&s);
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
