/* The objectives: loss and gradient of each at given logits against its formula, written out below
 * in double with nothing of the library in it; and what the option does to a training. */
#include "training.h"

#include "graph/plan.h"
#include "train/objective.h"

enum { M = 7 };

/* ---- The formulas ---------------------------------------------------------------------------- */

static double plus(double x)
{
    return x > 30 ? x : log1p(exp(x));
}

static double positive(double x)
{
    return x > 0 ? x : 0;
}

static double mean_of(const double *x)
{
    double sum = 0;
    for (int i = 0; i < M; i++) {
        sum += x[i] / M;
    }
    return sum;
}

/* D's and G's loss, r being the logits of real and f those of generated samples. */
typedef struct {
    double d, g;
} losses;

static losses minimax(const double *r, const double *f, double h, double b)
{
    losses l = {0, 0};
    for (int i = 0; i < M; i++) {
        l.d += h * (plus(-r[i]) + plus(f[i])) / M;
        l.g += ((1 - b) * plus(-f[i]) - b * h * plus(f[i])) / M;
    }
    return l;
}

static losses published(const double *r, const double *f)
{
    return minimax(r, f, 0.5, 0);
}

static losses printed(const double *r, const double *f)
{
    return minimax(r, f, 1, 1);
}

static losses between(const double *r, const double *f)
{
    return minimax(r, f, 0.5, 0.25);
}

static losses least_squares(const double *r, const double *f)
{
    losses l = {0, 0};
    for (int i = 0; i < M; i++) {
        l.d += ((r[i] - 1) * (r[i] - 1) + f[i] * f[i]) / (2 * M);
        l.g += (f[i] - 1) * (f[i] - 1) / (2 * M);
    }
    return l;
}

static losses wasserstein(const double *r, const double *f)
{
    return (losses){mean_of(f) - mean_of(r), -mean_of(f)};
}

static losses hinge(const double *r, const double *f)
{
    losses l = {0, -mean_of(f)};
    for (int i = 0; i < M; i++) {
        l.d += (positive(1 - r[i]) + positive(1 + f[i])) / M;
    }
    return l;
}

static losses relativistic_average(const double *r, const double *f)
{
    losses l = {0, 0};
    for (int i = 0; i < M; i++) {
        l.d += (plus(mean_of(f) - r[i]) + plus(f[i] - mean_of(r))) / M;
        l.g += (plus(mean_of(r) - f[i]) + plus(r[i] - mean_of(f))) / M;
    }
    return l;
}

static losses relativistic(const double *r, const double *f)
{
    losses l = {0, 0};
    for (int i = 0; i < M; i++) {
        l.d += plus(f[i] - r[i]) / M;
        l.g += plus(r[i] - f[i]) / M;
    }
    return l;
}

static const struct {
    const char *name;
    gan__objective objective;
    losses (*formula)(const double *r, const double *f);
    bool pairs;
} cases[] = {
    {GAN_MINIMAX, {GAN__MINIMAX, 0.5, 0}, published, false},
    {GAN_MINIMAX, {GAN__MINIMAX, 1, 1}, printed, false},
    {GAN_MINIMAX, {GAN__MINIMAX, 0.5, 0.25}, between, false},
    {GAN_LEAST_SQUARES, {GAN__LEAST_SQUARES, 0.5, 0}, least_squares, false},
    {GAN_WASSERSTEIN, {GAN__WASSERSTEIN, 1, 1}, wasserstein, false},
    {GAN_HINGE, {GAN__HINGE, 0.5, 0}, hinge, false},
    {GAN_RELATIVISTIC_AVERAGE, {GAN__RELATIVISTIC_AVERAGE, 0.5, 0}, relativistic_average, true},
    {GAN_RELATIVISTIC, {GAN__RELATIVISTIC, 1, 0.5}, relativistic, true},
};

enum { CASES = sizeof cases / sizeof cases[0] };

/* ---- The graphs ------------------------------------------------------------------------------ */

/* What one run gives. by: gradients, first by the M real logits, then by the M generated ones */
typedef struct {
    real value, d, d_real, d_fake, g, d_by[2 * M], g_by[2 * M];
} result;

/* logits: [2 M], real ones first */
static void evaluate(gan__objective objective, const double *logits, result *out)
{
    gan__graph graph = gan__graph_create(ctx);
    const gan__shape shape = gan__shape_2(M, 1);
    const int32_t wrt[] = {gan__leaf(&graph, 0, 0, shape), gan__leaf(&graph, 0, M, shape)};
    const gan__d_side d = gan__objective_d(&graph, objective, wrt[0], wrt[1]);
    const int32_t g =
        gan__objective_g(&graph, objective, gan__objective_pairs(objective) ? wrt[0] : -1, wrt[1]);
    int32_t d_by[2], g_by[2];
    ok(gan__gradient(&graph, d.loss, 2, wrt, d_by));
    ok(gan__gradient(&graph, g, 2, wrt, g_by));
    const gan__output outputs[] = {
        {d.value, 1, 0},
        {d.loss, 1, 1},
        {d.d_real, 1, 2},
        {d.d_fake, 1, 3},
        {g, 1, 4},
        {d_by[0], 1, 5},
        {d_by[1], 1, 5 + M},
        {g_by[0], 1, 5 + 2 * M},
        {g_by[1], 1, 5 + 3 * M},
    };
    gan__plan *plan;
    ok(gan__plan_create(&graph, 9, outputs, GAN__PLAN_FUSED, &plan));
    real in[2 * M], all[5 + 4 * M], *workspace = new_reals(gan__plan_workspace(plan));
    for (int i = 0; i < 2 * M; i++) {
        in[i] = (real)logits[i];
    }
    gan__plan_run(plan, &(gan__arguments){.slots = (real *[]){in, all}, .workspace = workspace});
    memcpy(&out->value, all, sizeof *out);
    free(workspace);
    gan__plan_free(plan);
    gan__graph_free(&graph);
}

static double sigma(double x)
{
    return 1 / (1 + exp(-x));
}

START_TEST(losses_and_gradients_are_those_of_the_formulas)
{
    ctx = new_context(&own);
    dice chance = {3};
    for (int c = 0; c < CASES; c++) {
        double l[2 * M], v = 0, d_real = 0, d_fake = 0;
        for (int i = 0; i < 2 * M; i++) {
            do { /* away from the hinge's kinks */
                l[i] = (double)(float)roll_between(&chance, -3, 3);
            } while (fabs(fabs(l[i]) - 1) < 0.01);
            v -= plus(i < M ? -l[i] : l[i]) / M;
            *(i < M ? &d_real : &d_fake) += sigma(l[i]) / M;
        }
        result r;
        evaluate(cases[c].objective, l, &r);
        const losses wanted = cases[c].formula(l, l + M);
        near(r.d, wanted.d, 2e-6);
        near(r.g, wanted.g, 2e-6);
        near(r.value, v, 2e-6);
        near(r.d_real, d_real, 1e-6);
        near(r.d_fake, d_fake, 1e-6);
        bool reads_real = false;
        for (int i = 0; i < 2 * M; i++) {
            const double at = l[i], step = 1e-4;
            l[i] = at + step;
            const losses up = cases[c].formula(l, l + M);
            l[i] = at - step;
            const losses down = cases[c].formula(l, l + M);
            l[i] = at;
            near(r.d_by[i], (up.d - down.d) / (2 * step), 1e-6);
            near(r.g_by[i], (up.g - down.g) / (2 * step), 1e-6);
            reads_real = reads_real || (i < M && r.g_by[i] != 0);
        }
        ck_assert_int_eq(reads_real, cases[c].pairs);
        ck_assert_int_eq(gan__objective_pairs(cases[c].objective), cases[c].pairs);
    }
    end_context(ctx, &own);
}
END_TEST

START_TEST(large_logits_stay_finite)
{
    ctx = new_context(&own);
    for (int c = 0; c < CASES; c++) {
        for (double size = -1e4; size <= 1e4; size += 2e4) {
            double l[2 * M];
            for (int i = 0; i < 2 * M; i++) {
                l[i] = i < M ? size : -size;
            }
            result r;
            evaluate(cases[c].objective, l, &r);
            const losses wanted = cases[c].formula(l, l + M);
            near(r.d, wanted.d, 1e-5 * fabs(wanted.d));
            near(r.g, wanted.g, 1e-5 * fabs(wanted.g));
        }
    }
    end_context(ctx, &own);
}
END_TEST

/* ---- The option ------------------------------------------------------------------------------ */

static gan_network *G, *D;
static gan_dataset *data;
static gan_trainer *trainer;

static void start(const char *schedule)
{
    ctx = new_context(&own);
    G = new_generator();
    D = new_discriminator();
    data = new_data(20);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, schedule));
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    end_context(ctx, &own);
}

static const char *const names[] = {GAN_MINIMAX, GAN_LEAST_SQUARES,        GAN_WASSERSTEIN,
                                    GAN_HINGE,   GAN_RELATIVISTIC_AVERAGE, GAN_RELATIVISTIC};
static const char *const schedules[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS};

enum { NAMES = sizeof names / sizeof names[0] };

START_TEST(the_option_can_be_read_and_described)
{
    const char *text, *name, *const *choices;
    start(GAN_ALTERNATING);
    ok(gan_trainer_get_text(trainer, GAN_OBJECTIVE, &text));
    ck_assert_str_eq(text, GAN_MINIMAX);
    int32_t described = 0;
    for (int32_t i = 0; gan_trainer_describe_option(i, &name, &choices, NULL, NULL, NULL) == GAN_OK;
         i++) {
        for (int j = 0; strcmp(name, GAN_OBJECTIVE) == 0 && choices[j] != NULL; j++) {
            ck_assert_str_eq(choices[j], names[j]);
            described++;
        }
    }
    ck_assert_int_eq(described, NAMES);
    fails(gan_trainer_set_text(trainer, GAN_OBJECTIVE, "energy"), GAN_ERROR_KEY, "energy");
    fails(gan_trainer_set_number(trainer, GAN_OBJECTIVE, 1), GAN_ERROR_KEY, GAN_OBJECTIVE);
    finish();
}
END_TEST

/* Where a training of six steps ends, the objective being set before step i to names[plan[i]];
 * -1: not set. */
static void train(const char *schedule, const int *plan, numbers *g, numbers *d)
{
    start(schedule);
    for (int i = 0; i < 6; i++) {
        if (plan[i] >= 0) {
            ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, names[plan[i]]));
        }
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
    }
    *g = all_of(G);
    *d = all_of(D);
    finish();
}

START_TEST(each_objective_trains_in_its_own_way)
{
    static numbers g[NAMES], d[NAMES], default_g, default_d;
    for (int s = 0; s < 2; s++) {
        train(schedules[s], (int[]){-1, -1, -1, -1, -1, -1}, &default_g, &default_d);
        for (int i = 0; i < NAMES; i++) {
            train(schedules[s], (int[]){i, i, i, i, i, i}, &g[i], &d[i]);
            for (int j = 0; j < i; j++) {
                ck_assert(!same(&g[i], &g[j]) && !same(&d[i], &d[j]));
            }
        }
        ck_assert(same(&g[0], &default_g) && same(&d[0], &default_d));
    }
}
END_TEST

START_TEST(the_objective_may_change_between_steps)
{
    static numbers g, d, g_once, d_once;
    for (int s = 0; s < 2; s++) {
        train(schedules[s], (int[]){5, -1, 2, -1, 0, -1}, &g, &d);
        train(schedules[s], (int[]){5, 5, 2, 2, 0, 0}, &g_once, &d_once);
        ck_assert(same(&g, &g_once) && same(&d, &d_once));
        train(schedules[s], (int[]){5, 5, 2, 2, 2, 2}, &g_once, &d_once);
        ck_assert(!same(&g, &g_once) && !same(&d, &d_once));
    }
}
END_TEST

/* One step of the caller's, D frozen, so that real samples can reach G by its loss alone. */
static void frozen_step(const char *schedule, const char *objective, float shift, numbers *g)
{
    float x[2 * 3 * SIDE], z_d[2 * 3 * NOISE], z_g[3 * NOISE];
    dice chance = {8};
    start(schedule);
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, objective));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, 2));
    const int32_t k = strcmp(schedule, GAN_ALTERNATING) == 0 ? 2 : 1;
    for (int i = 0; i < 2 * 3 * SIDE; i++) {
        x[i] = (float)roll_between(&chance, -1, 1);
    }
    for (int i = (k - 1) * 3 * SIDE; i < k * 3 * SIDE; i++) { /* the last batch */
        x[i] += shift;
    }
    for (int i = 0; i < 2 * 3 * NOISE; i++) {
        z_d[i] = (float)roll_between(&chance, -1, 1);
    }
    for (int i = 0; i < 3 * NOISE; i++) {
        z_g[i] = (float)roll_between(&chance, -1, 1);
    }
    for (int32_t i = 0; i < gan_network_parameter_count(D); i++) {
        ok(gan_network_set_trainable(D, gan_network_parameter_name(D, i), 0));
    }
    ok(gan_trainer_step(trainer, 3, x, z_d, k == 2 ? z_g : NULL));
    *g = all_of(G);
    finish();
}

START_TEST(real_samples_reach_only_the_relativistic_losses_of_g)
{
    static numbers one, other;
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < NAMES; i++) {
            frozen_step(schedules[s], names[i], 0, &one);
            frozen_step(schedules[s], names[i], 0.5f, &other);
            ck_assert_int_eq(same(&one, &other), i < 4);
        }
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS("objectives", losses_and_gradients_are_those_of_the_formulas,
                     large_logits_stay_finite, the_option_can_be_read_and_described,
                     each_objective_trains_in_its_own_way, the_objective_may_change_between_steps,
                     real_samples_reach_only_the_relativistic_losses_of_g);
}
