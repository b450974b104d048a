/* One training step: Algorithm 1 of Goodfellow et al. 2014, and its simultaneous form. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* A step in progress. */
typedef struct {
    gan_trainer *trainer;
    const gan__supply *supply;
    int64_t epoch; /* for the momentum ramp: the one its first batch belongs to */
    bool generator_moves;
    uint64_t tick; /* numbers the runs of random plans through all steps */
    int64_t m;     /* samples of the batch at hand */
    double metrics[GAN__METRIC_COUNT];
    int64_t samples;
} step;

/* Runs a plan on the samples from `first` on. The gradients of the first part stand where those of
 * the batch will, the others aside. */
static void run_plan(const step *s, const gan__plan *plan, int64_t first, real *results)
{
    gan_trainer *t = s->trainer;
    const int64_t given = gan__trainer_conditions(t);
    real weights[GAN__WEIGHT_COUNT];
    const gan__penalties penalties = gan__trainer_penalties(t);
    gan__penalty_weights(&penalties, weights);
    real *slots[GAN__SLOT_COUNT] = {
        [GAN__SLOT_D] = t->d.network->values,
        [GAN__SLOT_G] = t->g.network->values,
        [GAN__SLOT_X] = t->x + first * gan_network_input_elements(t->d.network),
        [GAN__SLOT_Z] = t->z + first * gan_network_input_elements(t->g.network),
        [GAN__SLOT_NUMBERS] = weights,
        [GAN__SLOT_D_GRADIENT] = first == 0 ? t->d.gradient : t->d.part,
        [GAN__SLOT_G_GRADIENT] = first == 0 ? t->g.gradient : t->g.part,
        [GAN__SLOT_RESULTS] = results,
        [GAN__SLOT_CONDITIONS] = given > 0 ? t->y + first * given : NULL,
        [GAN__SLOT_D_STATISTICS] = t->d.statistics,
        [GAN__SLOT_G_STATISTICS] = t->g.statistics,
    };
    gan__plan_run(plan, &(gan__arguments){.slots = slots,
                                          .workspace = t->workspace.values,
                                          .seed = (uint64_t)t->options[GAN__TRAIN_SEED],
                                          .step = s->tick,
                                          .first_sample = (uint64_t)first});
}

/* Adds the gradient of a part, `take` of the batch, to that of the parts before it. */
static void add_part(const step *s, const gan__player *player, double keep, double take)
{
    if (!player->still) {
        gan__mix(player->mix, s->trainer->workspace.values, keep, player->gradient, take,
                 player->part);
    }
}

/* The gradients of this kind on the batch at hand: the mean of its parts, one after the other.
 * results: [GAN__RESULT_COUNT] */
static int32_t differentiate(const step *s, gan__step_kind kind, real *results)
{
    gan_trainer *t = s->trainer;
    const int64_t part = gan__trainer_part(t, s->m);
    double totals[GAN__RESULT_COUNT] = {0};
    for (int64_t first = 0; first < s->m; first += part) {
        const int64_t count = gan__smaller(part, s->m - first);
        const double share = (double)count / (double)s->m;
        gan__batch_plans *plans;
        const gan__plan *plan;
        GAN__TRY(gan__trainer_plans(t, count, &plans));
        GAN__TRY(gan__trainer_gradients(t, plans, kind, &plan));
        memset(results, 0, GAN__RESULT_COUNT * sizeof *results); /* a plan has not all of them */
        run_plan(s, plan, first, results);
        for (int32_t i = 0; i < GAN__RESULT_COUNT; i++) {
            totals[i] += share * (double)results[i];
        }
        const double keep = first == part ? (double)part / (double)s->m : 1;
        if (first > 0 && (kind & GAN__STEP_D) != 0) {
            add_part(s, &t->d, keep, share);
        }
        if (first > 0 && (kind & GAN__STEP_G) != 0) {
            add_part(s, &t->g, keep, share);
        }
    }
    for (int32_t i = 0; i < GAN__RESULT_COUNT; i++) {
        results[i] = (real)totals[i];
    }
    return GAN_OK;
}

/* Noise for m samples: the caller's, from sample `first` on, or drawn for this kind's update. */
static int32_t take_noise(const step *s, const float *z, int64_t first, gan__step_kind kind)
{
    gan_trainer *t = s->trainer;
    if (z != NULL) {
        const int64_t elements = gan_network_input_elements(t->g.network);
        gan__from_floats(s->m * elements, z + first * elements, t->z);
        return GAN_OK;
    }
    const int64_t part = gan__trainer_part(t, s->m);
    for (int64_t i = 0; i < s->m; i += part) {
        gan__batch_plans *plans;
        GAN__TRY(gan__trainer_plans(t, gan__smaller(part, s->m - i), &plans));
        run_plan(s, kind == GAN__STEP_D ? plans->noise_d : plans->noise_g, i, NULL);
    }
    return GAN_OK;
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
    GAN__TRY(gan__trainer_check_parts(t, s->m));
    GAN__TRY(gan__trainer_players(t)); /* a callback may have frozen parameters */
    gan__from_floats(s->m * elements, x, t->x);
    gan__from_floats(s->m * given, y, t->y);
    s->samples += s->m;
    return take_noise(s, s->supply->z_d, index * s->m, GAN__STEP_D);
}

/* The number of the step at hand. */
static int64_t number(const step *s)
{
    return s->trainer->steps + 1;
}

static int32_t check_d(step *s, gan__step_kind kind, const real *results)
{
    gan__player *d = &s->trainer->d;
    s->metrics[GAN__METRIC_VALUE] = (double)results[GAN__RESULT_VALUE];
    s->metrics[GAN__METRIC_D_LOSS] = (double)results[GAN__RESULT_D_LOSS];
    s->metrics[GAN__METRIC_D_REAL] = (double)results[GAN__RESULT_D_REAL];
    s->metrics[GAN__METRIC_D_FAKE] = (double)results[GAN__RESULT_D_FAKE];
    if ((kind & GAN__STEP_PENALTY) != 0) {
        s->metrics[GAN__METRIC_PENALTY] = (double)results[GAN__RESULT_PENALTY];
        if (isfinite(s->metrics[GAN__METRIC_D_LOSS]) &&
            !isfinite(s->metrics[GAN__METRIC_PENALTY])) {
            return gan__player_not_finite(d, number(s), "penalty");
        }
    } else if (!gan__trainer_penalises(s->trainer)) {
        s->metrics[GAN__METRIC_PENALTY] = 0;
    }
    return gan__player_check(d, number(s), "d_loss", s->metrics[GAN__METRIC_D_LOSS],
                             &s->trainer->workspace, &s->metrics[GAN__METRIC_D_GRADIENT]);
}

static int32_t check_g(step *s, const real *results)
{
    s->metrics[GAN__METRIC_G_LOSS] = (double)results[GAN__RESULT_G_LOSS];
    return gan__player_check(&s->trainer->g, number(s), "g_loss", s->metrics[GAN__METRIC_G_LOSS],
                             &s->trainer->workspace, &s->metrics[GAN__METRIC_G_GRADIENT]);
}

/* Moves a player down its gradient, if it trains anything. */
static void update(step *s, gan__player *player, gan__metric rate_metric)
{
    if (!player->still) {
        gan__player_update(player, s->epoch);
        s->metrics[rate_metric] = player->optimizer->rate;
    }
}

static void move_generator(step *s)
{
    update(s, &s->trainer->g, GAN__METRIC_G_RATE);
    if (!s->trainer->g.still) {
        gan__trainer_move_average(s->trainer, s->m);
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
    GAN__TRY(take_noise(s, s->supply->z_g, 0, GAN__STEP_G));
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
    gan__player_begin(&trainer->d);
    gan__player_begin(&trainer->g);
    const int32_t status = gan__trainer_alternates(trainer) ? alternate(&s) : move_together(&s);
    if (status != GAN_OK) {
        gan__player_rollback(&trainer->d);
        gan__player_rollback(&trainer->g);
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
