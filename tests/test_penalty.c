/* Penalties and weight clipping, as a user of trainers sees them. Their gradients in general are
 * checked by grad_penalty.c. */
#include "training.h"

static gan_network *G, *D;
static gan_dataset *data;
static gan_trainer *trainer;
static gan_optimizer *optimizers[2];

static const char *const weights[] = {GAN_R1, GAN_R2, GAN_GRADIENT_PENALTY, GAN_DRAGAN};
static const char *const objectives[] = {GAN_MINIMAX, GAN_LEAST_SQUARES,        GAN_WASSERSTEIN,
                                         GAN_HINGE,   GAN_RELATIVISTIC_AVERAGE, GAN_RELATIVISTIC};
static const char *const schedules[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS};

enum { WEIGHTS = 4, OBJECTIVES = 6 };

static void set(const char *key, double value)
{
    ok(gan_trainer_set_number(trainer, key, value));
}

static double metric(const char *name)
{
    return metric_of(trainer, name);
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_optimizer_free(optimizers[0]);
    gan_optimizer_free(optimizers[1]);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    data = NULL;
    end_context(ctx, &own);
}

/* ---- A linear D: closed forms ---------------------------------------------------------------- */

enum { SAMPLES = 4, RATE_PARTS = 8 }; /* learning rate 1/8 */

/* G of one layer and D(x) = w x + b, both by plain gradient descent; G makes zeros. */
static void start_linear(const char *schedule, const float *w)
{
    static const float zeros[NOISE * SIDE];
    ctx = new_context(&own);
    ok(gan_network_create(ctx, "G", &G));
    ok(gan_network_output(G, gan_network_dense(G, input(G, NOISE), SIDE)));
    ok(gan_network_set_parameter(G, "layer0.weight", zeros, NOISE * SIDE));
    ok(gan_network_create(ctx, "D", &D));
    ok(gan_network_output(D, gan_network_dense(D, input(D, SIDE), 1)));
    ok(gan_network_set_parameter(D, "layer0.weight", w, SIDE));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, schedule));
    for (int i = 0; i < 2; i++) {
        ok(gan_optimizer_create(ctx, GAN_SGD, &optimizers[i]));
        ok(gan_optimizer_set_number(optimizers[i], GAN_LEARNING_RATE,
                                    i == 0 ? 0 : 1. / RATE_PARTS));
    }
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
}

/* One step on zeros: d_loss does not depend on w, so what moves it is the penalty. */
static int32_t step_on_zeros(void)
{
    static const float zeros[3 * SAMPLES * SIDE];
    return gan_trainer_step(trainer, SAMPLES, zeros, zeros, zeros);
}

static void get_w(float *w)
{
    ok(gan_network_get_parameter(D, "layer0.weight", w, SIDE));
}

/* The closed forms of value and gradient / w, given |w|. */
typedef struct {
    double value, slope;
} form;

static form closed_form(int key, double norm, bool one_sided, double weight)
{
    if (key < 2) {
        return (form){weight / 2 * norm * norm, weight};
    }
    const double excess = one_sided && norm < 1 ? 0 : norm - 1;
    return (form){weight * excess * excess, 2 * weight * excess / norm};
}

START_TEST(a_linear_discriminator_has_closed_forms)
{
    static const float directions[2][SIDE] = {{0.5f, -1, 2, 0.25f}, {0.125f, 0.25f, -0.25f, 0.5f}};
    for (int key = 0; key < WEIGHTS; key++) {
        for (int i = 0; i < 8; i++) {
            const float *w = directions[i % 2];
            const bool one_sided = i / 2 % 2 == 1;
            const double weight = key < 2 ? 1.5 : 0.75;
            double norm = 0;
            for (int j = 0; j < SIDE; j++) {
                norm += (double)w[j] * (double)w[j];
            }
            norm = sqrt(norm);
            start_linear(schedules[i / 4], w);
            set(weights[key], weight);
            set(GAN_ONE_SIDED, one_sided);
            ok(step_on_zeros());
            const form wanted = closed_form(key, norm, one_sided, weight);
            near(metric(GAN_METRIC_PENALTY), wanted.value, 1e-5);
            near(metric(GAN_METRIC_D_LOSS), log(2), 1e-6); /* without the penalty */
            float now[SIDE], bias;
            get_w(now);
            for (int j = 0; j < SIDE; j++) {
                near(now[j], (double)w[j] * (1 - wanted.slope / RATE_PARTS), 2e-6);
            }
            near(metric(GAN_METRIC_D_GRADIENT), fabs(wanted.slope) * norm, 1e-5);
            ok(gan_network_get_parameter(D, "layer0.bias", &bias, 1));
            near(bias, 0, 1e-7);
            finish();
        }
    }
}
END_TEST

START_TEST(the_interval_makes_penalties_rare_and_heavy)
{
    static const float start_w[SIDE] = {0.5f, -1, 2, 0.25f}; /* stays a multiple w[2] / 2 of this */
    const double unit = sqrt(0.25 + 1 + 4 + 0.0625) / 2;
    for (int i = 0; i < 2 * WEIGHTS; i++) {
        const int key = i / 2, simultaneous = i % 2, k = simultaneous ? 1 : 3, n = 4;
        start_linear(schedules[simultaneous], start_w);
        set(GAN_DISCRIMINATOR_STEPS, 3);
        set(GAN_PENALTY_INTERVAL, n);
        set(weights[key], 0.25);
        double w = 2, value = NAN;
        for (int step = 0, update = 0; step < 9; step++) {
            for (int j = 0; j < k; j++, update++) {
                if (update % n == 0) {
                    const form f = closed_form(key, w * unit, false, n * 0.25);
                    value = f.value;
                    w -= f.slope * w / RATE_PARTS;
                }
            }
            ok(step_on_zeros());
            float now[SIDE];
            get_w(now);
            near(now[2], w, 1e-5);
            near(metric(GAN_METRIC_PENALTY), value, 1e-5);
        }
        finish();
    }
}
END_TEST

START_TEST(a_penalty_that_is_not_finite_stops_the_step)
{
    const float huge[SIDE] = {1e19f, 1e19f, -1e19f, 3e19f};
    for (int key = 0; key < WEIGHTS; key++) {
        start_linear(GAN_ALTERNATING, huge);
        ok(step_on_zeros());
        const numbers g = all_of(G), d = all_of(D);
        set(weights[key], 10);
        fails(step_on_zeros(), GAN_ERROR_NUMERIC, "discriminator: penalty");
        need(is_still(G, &g) && is_still(D, &d));
        near(metric(GAN_METRIC_STEP), 1, 0);
        near(metric(GAN_METRIC_PENALTY), 0, 0);
        set(weights[key], 0);
        ok(step_on_zeros());
        near(metric(GAN_METRIC_STEP), 2, 0);
        finish();
    }
}
END_TEST

START_TEST(a_flat_discriminator_has_finite_gradients)
{
    const float flat[SIDE] = {0};
    for (int key = 0; key < WEIGHTS; key++) {
        start_linear(GAN_SIMULTANEOUS, flat);
        set(weights[key], 10);
        ok(step_on_zeros());
        near(metric(GAN_METRIC_PENALTY), key < 2 ? 0 : 10, 1e-4);
        float w[SIDE];
        get_w(w);
        for (int i = 0; i < SIDE; i++) {
            near(w[i], 0, 0);
        }
        finish();
    }
}
END_TEST

/* ---- Finite differences ---------------------------------------------------------------------- */

enum { MANY = 4096 };

/* The penalty of a smooth D at MANY samples, exact or by differences. */
static double smooth_penalty(const char *key, double sigma)
{
    static float x[MANY * SIDE], z[MANY * NOISE];
    dice chance = {5};
    for (int i = 0; i < MANY * SIDE; i++) {
        x[i] = (float)roll_between(&chance, -1, 1);
    }
    for (int i = 0; i < MANY * NOISE; i++) {
        z[i] = (float)roll_between(&chance, -1, 1);
    }
    ctx = new_context(&own);
    G = new_generator();
    ok(gan_network_create(ctx, "D", &D));
    int32_t h = gan_network_dropout(D, input(D, SIDE), 0.8);
    h = gan_network_tanh(D, gan_network_dense(D, h, 8));
    ok(gan_network_output(D, gan_network_dense(D, h, 1)));
    ok(gan_network_initialize(D, 4));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    set(key, 2);
    set(GAN_APPROXIMATE, sigma);
    ok(gan_trainer_step(trainer, MANY, x, z, NULL));
    const double penalty = metric(GAN_METRIC_PENALTY);
    optimizers[0] = optimizers[1] = NULL;
    finish();
    return penalty;
}

START_TEST(finite_differences_approach_the_exact_penalties)
{
    for (int key = 0; key < 2; key++) {
        const double exact = smooth_penalty(weights[key], 0);
        const double small = smooth_penalty(weights[key], 0.01);
        /* a mean of MANY squares of normal numbers, with deviation sqrt(2) each */
        need(exact > 0.01 && small != exact);
        near(small / exact, 1, 5 * sqrt(2.0 / MANY) + 0.01);
        /* the same directions, in shorter steps: they converge */
        const double far = fabs(smooth_penalty(weights[key], 1) - small);
        const double close = fabs(smooth_penalty(weights[key], 0.1) - small);
        need(close < far / 4);
        near(smooth_penalty(weights[key], 0.02) / small, 1, 2e-3);
    }
}
END_TEST

/* ---- Whole trainings ------------------------------------------------------------------------- */

static void start(const char *schedule, const char *objective, int32_t threads, uint64_t seed)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    G = new_generator();
    D = new_discriminator();
    ok(gan_network_initialize(G, seed));
    ok(gan_network_initialize(D, seed + 1));
    data = new_data(23);
    ok(gan_trainer_create(G, D, data, &trainer));
    for (int i = 0; i < 2; i++) {
        optimizers[i] = new_optimizer(4);
    }
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, schedule));
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, objective));
    set(GAN_BATCH_SIZE, 7);
    set(GAN_DISCRIMINATOR_STEPS, 2);
    set(GAN_SEED, 3);
}

static void set_all(void)
{
    for (int i = 0; i < WEIGHTS; i++) {
        set(weights[i], 0.5 + i);
    }
    set(GAN_PENALTY_INTERVAL, 3);
}

static void run(int64_t steps)
{
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
}

START_TEST(each_penalty_moves_d_and_only_d)
{
    for (int key = -1; key < 2 * WEIGHTS; key++) {
        static numbers g, d;
        static double metrics[2][32];
        start(GAN_SIMULTANEOUS, GAN_MINIMAX, 1, 1);
        if (key >= 0) {
            set(weights[key % WEIGHTS], 2);
            set(GAN_APPROXIMATE, key / WEIGHTS * 0.1);
        }
        run(1);
        if (key < 0) {
            g = all_of(G);
            d = all_of(D);
            metrics_of(trainer, metrics[0]);
            near(metric(GAN_METRIC_PENALTY), 0, 0);
        } else {
            need(is_still(G, &g) && !is_still(D, &d));
            need(metric(GAN_METRIC_PENALTY) > 0);
            const int32_t count = metrics_of(trainer, metrics[1]);
            for (int32_t i = 0; i < count; i++) {
                const char *name = gan_trainer_metric_name(i);
                const bool other = strcmp(name, GAN_METRIC_PENALTY) == 0 ||
                                   strcmp(name, GAN_METRIC_D_GRADIENT) == 0;
                ck_assert_int_eq(metrics[0][i] == metrics[1][i], !other);
            }
        }
        finish();
    }
}
END_TEST

/* Where six steps end, r1 being set to each of these before a step. */
static numbers with_weights(const double *r1)
{
    start(GAN_ALTERNATING, GAN_HINGE, 1, 1);
    for (int i = 0; i < 6; i++) {
        set(GAN_R1, r1[i]);
        run(1);
    }
    const numbers d = all_of(D);
    finish();
    return d;
}

START_TEST(penalties_may_change_between_steps)
{
    static numbers never, early, late, again;
    never = with_weights((double[]){0, 0, 0, 0, 0, 0});
    early = with_weights((double[]){2, 2, 0, 0, 0, 0});
    late = with_weights((double[]){0, 0, 0, 0, 2, 1});
    again = with_weights((double[]){2, 2, 0, 0, 0, 0});
    need(!same(&never, &early) && !same(&never, &late) && !same(&early, &late));
    need(same(&early, &again));
}
END_TEST

START_TEST(threads_change_no_bit)
{
    static const int32_t threads[] = {1, 2, 3, 8};
    for (int o = 0; o < OBJECTIVES; o++) {
        for (int s = 0; s < 2; s++) {
            static numbers g, d;
            for (int i = 0; i < 4; i++) {
                start(schedules[s], objectives[o], threads[i], 1);
                set_all();
                set(GAN_APPROXIMATE, o % 2 * 0.05);
                run(12);
                if (i == 0) {
                    g = all_of(G);
                    d = all_of(D);
                }
                need(is_still(G, &g) && is_still(D, &d));
                finish();
            }
        }
    }
}
END_TEST

START_TEST(trainings_in_files_go_on_to_the_bit)
{
    const char *path = temporary("penalties");
    for (int i = 0; i < 2 * OBJECTIVES; i++) {
        static numbers g, d;
        static double before[32], after[32];
        const char *schedule = schedules[i % 2], *objective = objectives[i / 2];
        start(schedule, objective, 1, 1);
        set_all();
        set(GAN_APPROXIMATE, i % 3 == 0 ? 0.1 : 0);
        run(4); /* within the interval */
        ok(gan_trainer_save(trainer, path));
        run(7);
        g = all_of(G);
        d = all_of(D);
        metrics_of(trainer, before);
        finish();
        start(schedule, objective, 1, 77);
        set_all();
        set(GAN_APPROXIMATE, i % 3 == 0 ? 0.1 : 0);
        ok(gan_trainer_load(trainer, path));
        run(7);
        need(is_still(G, &g) && is_still(D, &d));
        metrics_of(trainer, after);
        ck_assert(memcmp(before, after, sizeof before) == 0);
        finish();
    }
    remove(path);
}
END_TEST

/* Whichever allocation fails, nothing moves; the next step is the one it would have been. */
START_TEST(a_step_without_memory_changes_nothing)
{
    static numbers g, d, g_moved, d_moved;
    for (int simultaneous = 0; simultaneous < 2; simultaneous++) {
        start(schedules[simultaneous], GAN_RELATIVISTIC, 1, 1);
        set_all();
        run(1);
        g_moved = all_of(G);
        d_moved = all_of(D);
        finish();
        start(schedules[simultaneous], GAN_RELATIVISTIC, 1, 1);
        set_all();
        g = all_of(G);
        d = all_of(D);
        int64_t failed = 0;
        for (;;) {
            own.calls = 0;
            own.fail_at = failed + 1;
            const int32_t status = gan_trainer_run(trainer, 1, NULL, NULL);
            own.fail_at = 0;
            if (status == GAN_OK) {
                break;
            }
            ck_assert_int_eq(status, GAN_ERROR_MEMORY);
            need(is_still(G, &g) && is_still(D, &d));
            failed++;
        }
        ck_assert_int_gt(failed, 20);
        need(is_still(G, &g_moved) && is_still(D, &d_moved));
        finish();
    }
}
END_TEST

/* ---- Weight clipping ------------------------------------------------------------------------- */

/* The largest |w| of a layer's weights and biases. */
static double largest(gan_network *network, const char *layer)
{
    double most = 0;
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        if (strncmp(name, layer, strlen(layer)) == 0) {
            static float values[NUMBERS_MAX];
            ok(gan_network_get_parameter(network, name, values, NUMBERS_MAX));
            for (int64_t j = 0; j < elements_of(network, name); j++) {
                most = fmax(most, fabs((double)values[j]));
            }
        }
    }
    return most;
}

/* A critic of three layers, a convolution without biases first; clip: of layer `which`, 0 for all
 */
static gan_network *new_critic(int which, double clip)
{
    gan_network *made;
    ok(gan_network_create(ctx, "D", &made));
    int32_t layers[3], x = gan_network_reshape(made, input(made, SIDE), 3, (int64_t[]){1, 2, 2});
    layers[0] = gan_network_convolution(made, x, 3, (int64_t[]){2, 1}, NULL, NULL, GAN_BIAS_NONE);
    layers[1] = gan_network_dense(made, gan_network_tanh(made, layers[0]), 6);
    layers[2] = gan_network_dense(made, gan_network_leaky_relu(made, layers[1], 0.2), 1);
    ok(gan_network_set_bias(made, layers[1], 0.5));
    ok(gan_network_set_max_norm(made, layers[1], 0.9));
    ok(gan_network_set_weight_clip(made, which == 0 ? 0 : layers[which - 1], clip));
    ok(gan_network_output(made, layers[2]));
    return made;
}

static void start_clipped(int which, double clip, bool clone)
{
    ctx = new_context(&own);
    G = new_generator();
    D = new_critic(which, clip);
    if (clone) {
        gan_network *first = D;
        ok(gan_network_clone(first, "D", &D));
        gan_network_free(first);
    }
    ok(gan_network_initialize(D, 3));
    data = new_data(23);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_WASSERSTEIN));
    optimizers[0] = optimizers[1] = NULL;
}

static const char *const layers[] = {"layer", "layer0", "layer1", "layer2"};

START_TEST(clipped_layers_stay_within_their_limit)
{
    static numbers as_before;
    const float limit = 0.05f;
    for (int which = 0; which < 4; which++) {
        start_clipped(which, (double)limit, false);
        for (int i = 0; i < 6; i++) {
            near(largest(D, layers[which]), limit, 1e-9); /* some reach it */
            for (int other = 1; other < 4 && which != 0; other++) {
                need(other == which || largest(D, layers[other]) > 2 * (double)limit);
            }
            run(1);
        }
        as_before = all_of(D);
        finish();
        start_clipped(which, (double)limit, true); /* a clone has the limit, too */
        run(6);
        need(is_still(D, &as_before));
        finish();
    }
}
END_TEST

START_TEST(a_limit_of_0_and_one_out_of_reach_are_none)
{
    static numbers none, wide;
    start_clipped(0, 0, false);
    run(5);
    need(largest(D, "layer") > 0.3);
    none = all_of(D);
    finish();
    start_clipped(0, 1e6, false);
    run(5);
    wide = all_of(D);
    finish();
    need(same(&none, &wide));
}
END_TEST

START_TEST(frozen_parameters_are_not_clipped)
{
    const float w[6] = {2, -3, 4, -5, 6, 0.01f};
    start_clipped(0, 0.05, false);
    ok(gan_network_set_parameter(D, "layer2.weight", w, 6)); /* until the next update */
    ok(gan_network_set_parameter(D, "layer1.bias", w, 6));
    ok(gan_network_set_trainable(D, "layer2.weight", 0));
    ok(gan_network_set_trainable(D, "layer1.bias", 0));
    run(2);
    float now[6];
    ok(gan_network_get_parameter(D, "layer2.weight", now, 6));
    ck_assert(memcmp(now, w, sizeof w) == 0);
    ok(gan_network_get_parameter(D, "layer1.bias", now, 6));
    ck_assert(memcmp(now, w, sizeof w) == 0);
    need(largest(D, "layer1.weight") <= (double)0.05f);
    ok(gan_network_set_trainable(D, "layer2.weight", 1));
    run(1);
    near(largest(D, "layer2"), 0.05, 1e-8);
    finish();
}
END_TEST

START_TEST(impossible_limits_are_refused)
{
    ctx = new_context(&own);
    ok(gan_network_create(ctx, "D", &D));
    const int32_t x = input(D, SIDE), h = gan_network_dense(D, x, 1);
    const double bad[] = {NAN, INFINITY, -INFINITY, -0.01, 1e39};
    for (int i = 0; i < 5; i++) {
        fails(gan_network_set_weight_clip(D, h, bad[i]), GAN_ERROR_RANGE, "set_weight_clip");
    }
    fails(gan_network_set_weight_clip(D, x, 1), GAN_ERROR_ARGUMENT, "set_weight_clip");
    fails(gan_network_set_weight_clip(D, 77, 1), GAN_ERROR_ARGUMENT, "set_weight_clip");
    ok(gan_network_output(D, h));
    ok(gan_network_initialize(D, 1));
    fails(gan_network_set_weight_clip(D, h, 1), GAN_ERROR_STATE, "already");
    gan_network_free(D);
    end_context(ctx, &own);
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "penalties", a_linear_discriminator_has_closed_forms,
        the_interval_makes_penalties_rare_and_heavy, a_penalty_that_is_not_finite_stops_the_step,
        a_flat_discriminator_has_finite_gradients, finite_differences_approach_the_exact_penalties,
        each_penalty_moves_d_and_only_d, penalties_may_change_between_steps, threads_change_no_bit,
        trainings_in_files_go_on_to_the_bit, a_step_without_memory_changes_nothing,
        clipped_layers_stay_within_their_limit, a_limit_of_0_and_one_out_of_reach_are_none,
        frozen_parameters_are_not_clipped, impossible_limits_are_refused);
}
