/* Gradients in parts against those of the whole batch, in double, through the trainer: every
 * objective with every penalty that is allowed, in both schedules, with dropout, for parts that
 * divide the batch and parts that do not; and trainings that run on with drawn noise. */
#include "training.h"

#include "train/trainer.h"

#define WORST_ERROR 1e-12

enum { M = 10 };

static const char *const objectives[] = {GAN_MINIMAX, GAN_LEAST_SQUARES, GAN_WASSERSTEIN, GAN_HINGE,
                                         GAN_RELATIVISTIC};
static const char *const schedules[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS};

typedef struct {
    double r1, r2, gradient_penalty;
    int32_t one_sided;
    double approximate;
} penalties;

static const penalties cases[] = {
    {0, 0, 0, 0, 0}, {1.5, 0, 0, 0, 0}, {0, 0.5, 0, 0, 0},   {0, 0, 2, 0, 0},
    {0, 0, 2, 1, 0}, {1, 1, 0, 0, 0.1}, {0.3, 0.7, 2, 0, 0},
};

enum { OBJECTIVES = 5, CASES = sizeof cases / sizeof cases[0] };

/* ---- One game, in one piece or in parts ------------------------------------------------------- */

typedef struct {
    gan_network *g, *d;
    gan_optimizer *optimizers[2];
    gan_trainer *trainer;
} play;

static gan_network *dropping_generator(void)
{
    gan_network *made;
    ok(gan_network_create(ctx, "G", &made));
    int32_t h = gan_network_tanh(made, gan_network_dense(made, input(made, NOISE), 6));
    h = gan_network_dropout(made, h, 0.7);
    ok(gan_network_output(made, gan_network_dense(made, h, SIDE)));
    return made;
}

static play begin(const char *objective, const char *schedule, const penalties *p, double rate,
                  gan_dataset *data, int64_t micro_batch)
{
    play t = {.g = dropping_generator(), .d = new_discriminator()};
    ok(gan_network_initialize(t.g, 3));
    ok(gan_network_initialize(t.d, 4));
    ok(gan_trainer_create(t.g, t.d, data, &t.trainer));
    for (int32_t i = 0; i < 2; i++) {
        ok(gan_optimizer_create(ctx, GAN_SGD, &t.optimizers[i]));
        ok(gan_optimizer_set_number(t.optimizers[i], GAN_LEARNING_RATE, rate));
    }
    ok(gan_trainer_set_generator_optimizer(t.trainer, t.optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(t.trainer, t.optimizers[1]));
    ok(gan_trainer_set_text(t.trainer, GAN_OBJECTIVE, objective));
    ok(gan_trainer_set_text(t.trainer, GAN_SCHEDULE, schedule));
    ok(gan_trainer_set_number(t.trainer, GAN_BATCH_SIZE, M));
    ok(gan_trainer_set_number(t.trainer, GAN_SEED, 8));
    ok(gan_trainer_set_number(t.trainer, GAN_BLEND, 0.25));
    ok(gan_trainer_set_number(t.trainer, GAN_R1, p->r1));
    ok(gan_trainer_set_number(t.trainer, GAN_R2, p->r2));
    ok(gan_trainer_set_number(t.trainer, GAN_GRADIENT_PENALTY, p->gradient_penalty));
    ok(gan_trainer_set_number(t.trainer, GAN_ONE_SIDED, p->one_sided));
    ok(gan_trainer_set_number(t.trainer, GAN_APPROXIMATE, p->approximate));
    ok(gan_trainer_set_number(t.trainer, GAN_MICRO_BATCH, (double)micro_batch));
    return t;
}

static void end(play *t)
{
    gan_trainer_free(t->trainer);
    gan_optimizer_free(t->optimizers[0]);
    gan_optimizer_free(t->optimizers[1]);
    gan_network_free(t->g);
    gan_network_free(t->d);
}

static double worst;

/* Checks n numbers, to the size of the largest. */
static void agree(const char *what, int64_t n, const real *parts, const real *whole, double most)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(whole[i]));
    }
    ck_assert_msg(largest > 1e-4, "%s: the largest is %g", what, largest);
    for (int64_t i = 0; i < n; i++) {
        const double error = fabs(parts[i] - whole[i]) / largest;
        ck_assert_msg(error < most, "%s: element %lld: %.15g in parts, %.15g in one piece", what,
                      (long long)i, parts[i], whole[i]);
        worst = fmax(worst, error);
    }
}

static void metrics_agree(const play *parts, const play *whole, double most)
{
    double a[32], b[32];
    const int32_t count = metrics_of(parts->trainer, a);
    metrics_of(whole->trainer, b);
    for (int32_t i = 0; i < count; i++) {
        near(a[i], b[i], most * fmax(1, fabs(b[i])));
    }
}

static void step(const play *t)
{
    static float x[M * SIDE], z[2][M * NOISE];
    dice chance = {77};
    for (int32_t i = 0; i < M * SIDE; i++) {
        x[i] = (float)roll_between(&chance, -1, 1);
    }
    for (int32_t i = 0; i < 2 * M * NOISE; i++) {
        z[i / (M * NOISE)][i % (M * NOISE)] = (float)roll_between(&chance, -1, 1);
    }
    ok(gan_trainer_step(t->trainer, M, x, z[0], z[1]));
}

START_TEST(gradients_of_parts_are_those_of_the_batch)
{
    static const int64_t sizes[] = {1, 3, 5, 9};
    ctx = new_context(&own);
    for (int32_t i = 0; i < OBJECTIVES * CASES * 2; i++) {
        const char *objective = objectives[i % OBJECTIVES];
        const char *schedule = schedules[i / OBJECTIVES % 2];
        const penalties *p = &cases[i / OBJECTIVES / 2];
        play whole = begin(objective, schedule, p, 0, NULL, 0);
        step(&whole);
        for (int32_t j = 0; j < 4; j++) {
            play parts = begin(objective, schedule, p, 0, NULL, sizes[j]);
            step(&parts);
            agree("D", whole.d->elements, parts.trainer->d.gradient, whole.trainer->d.gradient,
                  WORST_ERROR);
            agree("G", whole.g->elements, parts.trainer->g.gradient, whole.trainer->g.gradient,
                  WORST_ERROR);
            metrics_agree(&parts, &whole, WORST_ERROR);
            end(&parts);
        }
        end(&whole);
    }
    end_context(ctx, &own);
}
END_TEST

/* 23 samples: batches of 10, 10 and 3, so that parts of four sizes come and go. */
START_TEST(trainings_in_parts_draw_what_whole_ones_draw)
{
    ctx = new_context(&own);
    gan_dataset *data = new_data(23);
    for (int32_t i = 0; i < CASES * 2; i++) {
        const penalties *p = &cases[i / 2];
        play whole = begin(GAN_RELATIVISTIC, schedules[i % 2], p, 0.05, data, 0);
        play parts = begin(GAN_RELATIVISTIC, schedules[i % 2], p, 0.05, data, i % 3 == 0 ? 2 : 4);
        for (int32_t j = 0; j < 12; j++) {
            ok(gan_trainer_run(whole.trainer, 1, NULL, NULL));
            ok(gan_trainer_run(parts.trainer, 1, NULL, NULL));
            agree("D", whole.d->elements, parts.d->values, whole.d->values, 1e-10);
            agree("G", whole.g->elements, parts.g->values, whole.g->values, 1e-10);
            metrics_agree(&parts, &whole, 1e-9);
        }
        end(&whole);
        end(&parts);
    }
    gan_dataset_free(data);
    end_context(ctx, &own);
}
END_TEST

/* What is frozen stays, and has no share in the norm of a gradient, whenever it was frozen. */
START_TEST(parts_leave_out_what_is_frozen)
{
    ctx = new_context(&own);
    gan_dataset *data = new_data(23);
    for (int32_t i = 0; i < 2; i++) {
        play whole = begin(GAN_MINIMAX, schedules[i], &cases[1], 0.05, data, 0);
        play parts = begin(GAN_MINIMAX, schedules[i], &cases[1], 0.05, data, 3);
        for (int32_t j = 0; j < 6; j++) {
            const play *both[] = {&whole, &parts};
            for (int32_t k = 0; k < 2; k++) {
                ok(gan_network_set_trainable(both[k]->d, "layer1.weight", j % 2));
                ok(gan_network_set_trainable(both[k]->g, "layer0", j > 3));
                ok(gan_trainer_run(both[k]->trainer, 1, NULL, NULL));
            }
            agree("D", whole.d->elements, parts.d->values, whole.d->values, 1e-10);
            agree("G", whole.g->elements, parts.g->values, whole.g->values, 1e-10);
            metrics_agree(&parts, &whole, 1e-9);
        }
        end(&whole);
        end(&parts);
    }
    gan_dataset_free(data);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    const int status =
        RUN_TESTS("gradients in parts", gradients_of_parts_are_those_of_the_batch,
                  trainings_in_parts_draw_what_whole_ones_draw, parts_leave_out_what_is_frozen);
    printf("the worst relative error is %.2g\n", worst);
    return status;
}
