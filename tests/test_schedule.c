/* When the generator moves, and the averaged generator. */
#include "training.h"

static gan_network *G, *D, *average;
static gan_dataset *data;
static gan_trainer *trainer;
static gan_optimizer *g_optimizer, *d_optimizer;

static void start(game how)
{
    ctx = new_context(&own);
    G = new_generator();
    D = new_discriminator();
    ok(gan_network_initialize(G, 3));
    ok(gan_network_initialize(D, 4));
    average = NULL;
    data = new_data(22);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, how.k));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE,
                            how.simultaneous ? GAN_SIMULTANEOUS : GAN_ALTERNATING));
    g_optimizer = new_optimizer(how.kind);
    d_optimizer = new_optimizer(how.kind);
    ok(gan_trainer_set_generator_optimizer(trainer, g_optimizer));
    ok(gan_trainer_set_discriminator_optimizer(trainer, d_optimizer));
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_optimizer_free(g_optimizer);
    gan_optimizer_free(d_optimizer);
    gan_network_free(average);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    end_context(ctx, &own);
}

/* ---- Which steps move the generator -------------------------------------------------------- */

static const char *const g_metrics[] = {GAN_METRIC_G_LOSS, GAN_METRIC_G_GRADIENT,
                                        GAN_METRIC_G_RATE};

/* Makes one step and checks that it moves G or leaves it. */
static void step_moves(bool moves, int32_t k)
{
    const numbers g = all_of(G), d = all_of(D);
    const int64_t before = gan_optimizer_updates(g_optimizer);
    const int64_t d_before = gan_optimizer_updates(d_optimizer);
    double old[3];
    for (int i = 0; i < 3; i++) {
        old[i] = metric_of(trainer, g_metrics[i]);
    }
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    ck_assert_int_eq(is_still(G, &g), !moves);
    ck_assert(!is_still(D, &d));
    ck_assert_int_eq(gan_optimizer_updates(g_optimizer), before + moves);
    ck_assert_int_eq(gan_optimizer_updates(d_optimizer), d_before + k);
    for (int i = 0; i < 3; i++) {
        const double now = metric_of(trainer, g_metrics[i]);
        if (moves) {
            ck_assert(isfinite(now));
        } else {
            ck_assert(memcmp(&now, &old[i], sizeof now) == 0);
        }
    }
    if (moves) { /* two losses do not agree to the last bit by chance */
        ck_assert(metric_of(trainer, GAN_METRIC_G_LOSS) != old[0]);
    }
    ck_assert(isfinite(metric_of(trainer, GAN_METRIC_D_LOSS)));
}

static void check_schedule(game how, int64_t warm_up, int64_t interval)
{
    start(how);
    ok(gan_trainer_set_number(trainer, GAN_WARM_UP, (double)warm_up));
    ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, (double)interval));
    bool moved = false;
    for (int64_t step = 1; step <= 12; step++) {
        const bool moves = step > warm_up && (step - warm_up) % interval == 0;
        step_moves(moves, how.simultaneous ? 1 : how.k);
        moved |= moves;
        ck_assert_int_eq(isnan(metric_of(trainer, GAN_METRIC_G_LOSS)) != 0, !moved);
    }
    finish();
}

static const game games[] = {{1, false, 1}, {4, false, 2}, {0, true, 1},
                             {5, true, 2},  {2, false, 1}, {3, true, 1}};

enum { GAMES = sizeof games / sizeof games[0] };

START_TEST(the_generator_moves_in_the_steps_of_the_schedule_only)
{
    static const int64_t options[][2] = {{0, 1}, {3, 1}, {0, 2}, {4, 3}, {0, 5}, {20, 1}};
    for (int i = 0; i < GAMES; i++) {
        for (int j = 0; j < 6; j++) {
            check_schedule(games[i], options[j][0], options[j][1]);
        }
    }
}
END_TEST

START_TEST(the_schedule_may_change_between_steps)
{
    for (int i = 0; i < GAMES; i++) {
        const int32_t k = games[i].simultaneous ? 1 : games[i].k;
        start(games[i]);
        step_moves(true, k); /* step 1 */
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 3));
        step_moves(false, k); /* 2 */
        step_moves(false, k);
        step_moves(true, k); /* 4 */
        ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 3));
        step_moves(false, k); /* 5, 2 after the warm-up */
        step_moves(true, k);
        step_moves(false, k); /* 7 */
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 0));
        step_moves(false, k); /* 8 */
        step_moves(true, k);
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 9007199254740992.0));
        step_moves(false, k); /* 10 */
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 0));
        ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 1));
        step_moves(true, k); /* 11 */
        finish();
    }
}
END_TEST

static int32_t change(void *user, gan_trainer *t)
{
    (void)user;
    const double step = metric_of(t, GAN_METRIC_STEP);
    ok(gan_trainer_set_number(t, GAN_GENERATOR_INTERVAL, step == 2 ? 2 : 1));
    return 0;
}

START_TEST(the_schedule_may_change_in_a_callback)
{
    for (int i = 0; i < GAMES; i++) {
        start(games[i]);
        ok(gan_trainer_run(trainer, 2, change, NULL)); /* both move G */
        ck_assert_int_eq(gan_optimizer_updates(g_optimizer), 2);
        ok(gan_trainer_run(trainer, 2, change, NULL)); /* 3 does not, 4 does */
        ck_assert_int_eq(gan_optimizer_updates(g_optimizer), 3);
        finish();
    }
}
END_TEST

START_TEST(steps_on_own_data_follow_the_schedule)
{
    float x[2 * 3 * SIDE], z[2 * 3 * NOISE];
    dice d = {5};
    roll_array(&d, 2 * 3 * SIDE, -1, 1, x);
    roll_array(&d, 2 * 3 * NOISE, -1, 1, z);
    for (int i = 0; i < GAMES; i++) {
        start(games[i]);
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 2));
        ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 2));
        for (int step = 1; step <= 7; step++) {
            const numbers before = all_of(G);
            ok(gan_trainer_step(trainer, 3, x, z, games[i].simultaneous ? NULL : z));
            ck_assert_int_eq(is_still(G, &before), !(step > 2 && step % 2 == 0));
        }
        ck_assert_int_eq(gan_optimizer_updates(g_optimizer), 2);
        finish();
    }
}
END_TEST

static void range_of(const char *key, double good, double bad)
{
    double value;
    ok(gan_trainer_set_number(trainer, key, good));
    fails(gan_trainer_set_number(trainer, key, bad), GAN_ERROR_RANGE, key);
    ok(gan_trainer_get_number(trainer, key, &value));
    ck_assert(value == good);
}

START_TEST(options_have_ranges)
{
    start(games[0]);
    range_of(GAN_WARM_UP, 0, -1);
    range_of(GAN_WARM_UP, 9007199254740992.0, 9007199254740994.0);
    range_of(GAN_WARM_UP, 5, 5.5);
    range_of(GAN_GENERATOR_INTERVAL, 1, 0);
    range_of(GAN_GENERATOR_INTERVAL, 10000, 10001);
    range_of(GAN_GENERATOR_INTERVAL, 3, 2.5);
    range_of(GAN_AVERAGE_DECAY, 0, -0x1p-1074);
    range_of(GAN_AVERAGE_DECAY, 1 - 0x1p-53, 1);
    fails(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, NAN), GAN_ERROR_ARGUMENT,
          GAN_AVERAGE_DECAY);
    finish();
}
END_TEST

/* ---- The averaged generator ---------------------------------------------------------------- */

static void set_average(void)
{
    ok(gan_network_clone(G, "average", &average));
    ok(gan_network_initialize(average, 77)); /* where it starts does not matter */
    ok(gan_trainer_set_average(trainer, average));
}

/* The average of n updates in double, and how far rounding may have led from it. */
typedef struct {
    double values[NUMBERS_MAX], slack;
    int64_t updates;
} expected;

static void move_expected(expected *e, double decay)
{
    const numbers g = all_of(G);
    const double n = (double)++e->updates, keep = fmin(decay, (n - 1) / n);
    double largest = 0;
    for (int64_t i = 0; i < g.count; i++) {
        e->values[i] = keep * e->values[i] + (1 - keep) * (double)g.values[i];
        largest = fmax(largest, fmax(fabs(e->values[i]), fabs((double)g.values[i])));
    }
    e->slack = keep * e->slack + 4 * 0x1p-24 * largest;
}

static void check_average(const expected *e)
{
    const numbers a = all_of(average);
    for (int64_t i = 0; i < a.count; i++) {
        near(a.values[i], e->values[i], e->slack);
    }
}

START_TEST(the_average_is_the_mean_at_first_then_exponential)
{
    static const double decays[] = {0.999, 0.75, 0, 0.5};
    for (int i = 0; i < GAMES; i++) {
        for (int j = 0; j < 4; j++) {
            expected e = {0};
            start(games[i]);
            ok(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, decays[j]));
            ok(gan_trainer_set_number(trainer, GAN_WARM_UP, j));
            ok(gan_trainer_run(trainer, j, NULL, NULL));
            set_average();
            for (int64_t step = 0; step < 12; step++) {
                ok(gan_trainer_run(trainer, 1, NULL, NULL));
                move_expected(&e, decays[j]);
                check_average(&e);
                if (step == 0) { /* a copy */
                    const numbers a = all_of(average);
                    ck_assert(is_still(G, &a));
                }
            }
            finish();
        }
    }
}
END_TEST

START_TEST(the_average_follows_updates_of_the_generator_not_steps)
{
    for (int i = 0; i < GAMES; i++) {
        expected e = {0};
        start(games[i]);
        ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 2));
        ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 2));
        set_average();
        for (int step = 1; step <= 12; step++) {
            const numbers before = all_of(average);
            ok(gan_trainer_run(trainer, 1, NULL, NULL));
            if (step > 2 && step % 2 == 0) {
                move_expected(&e, 0.999);
                check_average(&e);
            } else {
                ck_assert(is_still(average, &before));
            }
        }
        /* A generator that is frozen makes no updates. */
        const numbers before = all_of(average);
        ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 1));
        ok(gan_network_set_trainable(G, NULL, 0));
        ok(gan_trainer_run(trainer, 3, NULL, NULL));
        ck_assert(is_still(average, &before));
        ok(gan_network_set_trainable(G, "layer1", 1));
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        move_expected(&e, 0.999);
        check_average(&e);
        finish();
    }
}
END_TEST

START_TEST(the_decay_may_change_between_steps)
{
    expected e = {0};
    start(games[1]);
    set_average();
    for (int step = 0; step < 9; step++) {
        const double decay = step < 4 ? 0.999 : step < 6 ? 0.25 : 0.9;
        ok(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, decay));
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        move_expected(&e, decay);
        check_average(&e);
    }
    finish();
}
END_TEST

START_TEST(training_does_not_depend_on_the_average)
{
    for (int i = 0; i < GAMES; i++) {
        start(games[i]);
        ok(gan_trainer_run(trainer, 12, NULL, NULL));
        const numbers g = all_of(G), d = all_of(D);
        finish();
        start(games[i]);
        set_average();
        float samples[70 * SIDE];
        for (int step = 0; step < 12; step++) { /* sampled between steps, too */
            ok(gan_trainer_run(trainer, 1, NULL, NULL));
            ok(gan_network_sample(average, 5, 70, samples, 70 * SIDE));
        }
        ck_assert(is_still(G, &g));
        ck_assert(is_still(D, &d));
        finish();
    }
}
END_TEST

START_TEST(an_average_is_replaced_and_removed)
{
    start(games[0]);
    set_average();
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    const numbers first = all_of(average);
    gan_network *other;
    ok(gan_network_clone(G, "other", &other));
    ok(gan_trainer_set_average(trainer, other));
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    ck_assert(is_still(average, &first));
    const numbers g = all_of(G);
    ck_assert(is_still(other, &g));              /* its first update: a copy */
    ok(gan_trainer_set_average(trainer, other)); /* the same one begins anew */
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    const numbers again = all_of(other);
    ck_assert(is_still(G, &again));
    ok(gan_trainer_set_average(trainer, NULL));
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    ck_assert(is_still(other, &again));
    ok(gan_trainer_set_average(trainer, NULL));
    gan_network_free(other);
    /* The trainer keeps it alive. */
    ok(gan_trainer_set_average(trainer, average));
    gan_network_free(average);
    average = NULL;
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    finish();
}
END_TEST

static int32_t average_in_callback(void *user, gan_trainer *t)
{
    int32_t *status = user;
    status[0] = gan_trainer_set_average(t, NULL);
    status[1] = gan_trainer_set_average(t, average);
    return 0;
}

START_TEST(what_cannot_be_an_average_is_refused)
{
    start(games[0]);
    set_average();
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    ck_assert_int_eq(gan_trainer_set_average(NULL, average), GAN_ERROR_ARGUMENT);
    fails(gan_trainer_set_average(trainer, G), GAN_ERROR_ARGUMENT, "player");
    fails(gan_trainer_set_average(trainer, D), GAN_ERROR_ARGUMENT, "player");
    gan_network *other;
    ok(gan_network_create(ctx, "other", &other));
    fails(gan_trainer_set_average(trainer, other), GAN_ERROR_STATE, "not finished");
    int32_t h = gan_network_dense(other, input(other, NOISE), 6);
    fails(gan_trainer_set_average(trainer, other), GAN_ERROR_STATE, "not finished");
    ok(gan_network_output(other, h));
    fails(gan_trainer_set_average(trainer, other), GAN_ERROR_SHAPE, "other");
    gan_network_free(other);
    /* The shapes of G and other names. */
    ok(gan_network_create(ctx, "other", &other));
    h = gan_network_dense(other, input(other, NOISE), 6);
    ok(gan_network_set_name(other, h, "first"));
    h = gan_network_dense(other, h, 5);
    ok(gan_network_output(other, gan_network_dense(other, h, SIDE)));
    fails(gan_trainer_set_average(trainer, other), GAN_ERROR_SHAPE, "other");
    gan_network_free(other);
    heap second_heap;
    gan_context *mine = ctx, *second = new_context(&second_heap);
    ctx = second;
    other = new_generator();
    ctx = mine;
    fails(gan_trainer_set_average(trainer, other), GAN_ERROR_ARGUMENT, "context");
    gan_network_free(other);
    end_context(second, &second_heap);
    int32_t status[2];
    ok(gan_trainer_run(trainer, 1, average_in_callback, status));
    ck_assert_int_eq(status[0], GAN_ERROR_STATE);
    ck_assert_int_eq(status[1], GAN_ERROR_STATE);
    /* After all that the average goes on: 4 updates by now. */
    expected e = {0};
    const numbers before = all_of(average);
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    for (int64_t i = 0; i < before.count; i++) {
        e.values[i] = (double)before.values[i];
    }
    e.updates = 3;
    move_expected(&e, 0.999);
    check_average(&e);
    finish();
}
END_TEST

static int32_t no_number(void *user, int64_t index, float *values)
{
    for (int i = 0; i < SIDE; i++) {
        values[i] = (float)index;
    }
    return *(int32_t *)user;
}

START_TEST(a_failed_step_leaves_the_average)
{
    for (int i = 0; i < GAMES; i++) {
        start(games[i]);
        gan_trainer_free(trainer);
        gan_dataset_free(data);
        int32_t answer = 0;
        ok(gan_dataset_from_callback(ctx, 22, 1, (int64_t[]){SIDE}, no_number, &answer, &data));
        ok(gan_trainer_create(G, D, data, &trainer));
        set_average();
        ok(gan_trainer_run(trainer, 3, NULL, NULL));
        const numbers before = all_of(average), g = all_of(G), d = all_of(D);
        answer = 1;
        ck_assert_int_eq(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STOPPED);
        ck_assert(is_still(average, &before));
        ck_assert(is_still(G, &g));
        ck_assert(is_still(D, &d));
        answer = 0;
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        ck_assert(!is_still(average, &before));
        finish();
    }
}
END_TEST

/* Wide enough for work to be split among threads. */
static uint64_t wide_average(int32_t threads)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    ok(gan_network_create(ctx, "G", &G));
    ok(gan_network_create(ctx, "D", &D));
    const int32_t h = gan_network_relu(G, gan_network_dense(G, input(G, 40), 700));
    ok(gan_network_output(G, gan_network_dense(G, h, 60)));
    ok(gan_network_output(D, gan_network_dense(D, input(D, 60), 1)));
    gan_network *mean;
    ok(gan_network_clone(G, "mean", &mean));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_set_average(trainer, mean));
    static float x[32 * 60], z[32 * 40];
    dice d = {9};
    for (int step = 0; step < 6; step++) {
        roll_array(&d, 32 * 60, -1, 1, x);
        roll_array(&d, 32 * 40, -1, 1, z);
        ok(gan_trainer_step(trainer, 32, x, z, z));
    }
    static float values[70 * 700];
    uint64_t digest = 0xcbf29ce484222325u;
    for (int32_t i = 0; i < gan_network_parameter_count(mean); i++) {
        const char *name = gan_network_parameter_name(mean, i);
        ok(gan_network_get_parameter(mean, name, values, 70 * 700));
        const unsigned char *bytes = (const unsigned char *)values;
        for (size_t j = 0; j < (size_t)elements_of(mean, name) * sizeof *values; j++) {
            digest = (digest ^ bytes[j]) * 0x100000001b3u; /* FNV-1a */
        }
    }
    gan_network_free(mean);
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    end_context(ctx, &own);
    return digest;
}

START_TEST(the_average_has_the_same_bits_on_any_number_of_threads)
{
    const uint64_t one = wide_average(1);
    ck_assert_uint_eq(wide_average(2), one);
    ck_assert_uint_eq(wide_average(3), one);
    ck_assert_uint_eq(wide_average(8), one);
}
END_TEST

int main(void)
{
    return RUN_TESTS("schedule", the_generator_moves_in_the_steps_of_the_schedule_only,
                     the_schedule_may_change_between_steps, the_schedule_may_change_in_a_callback,
                     steps_on_own_data_follow_the_schedule, options_have_ranges,
                     the_average_is_the_mean_at_first_then_exponential,
                     the_average_follows_updates_of_the_generator_not_steps,
                     the_decay_may_change_between_steps, training_does_not_depend_on_the_average,
                     an_average_is_replaced_and_removed, what_cannot_be_an_average_is_refused,
                     a_failed_step_leaves_the_average,
                     the_average_has_the_same_bits_on_any_number_of_threads);
}
