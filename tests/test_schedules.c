/* Numbers that move with the steps: the weights of penalties, the half-life of the average, beta2;
 * and the recipe that moves five of them. */
#include "training.h"

#include "train/trainer.h"

static gan_network *G, *D, *average;
static gan_dataset *data;
static gan_trainer *trainer;
static gan_optimizer *optimizers[2];

static const double pi = 3.14159265358979323846;

static void set(const char *key, double value)
{
    ok(gan_trainer_set_number(trainer, key, value));
}

static double get(const char *key)
{
    double value = -1;
    ok(gan_trainer_get_number(trainer, key, &value));
    return value;
}

static void run(int64_t steps)
{
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
}

/* Batches of 5, 5 and 3 samples. */
static void start(bool simultaneous, uint64_t seed, int32_t threads)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    G = new_generator();
    D = new_discriminator();
    average = new_generator();
    ok(gan_network_initialize(G, seed));
    ok(gan_network_initialize(D, seed + 1));
    ok(gan_network_initialize(average, seed + 2));
    data = new_data(13);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_average(trainer, average));
    set(GAN_BATCH_SIZE, 5);
    if (simultaneous) {
        ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    }
    for (int i = 0; i < 2; i++) {
        ok(gan_optimizer_create(ctx, GAN_SGD, &optimizers[i]));
        ok(gan_optimizer_set_number(optimizers[i], GAN_LEARNING_RATE, 0.05));
    }
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_optimizer_free(optimizers[0]);
    gan_optimizer_free(optimizers[1]);
    gan_network_free(average);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    end_context(ctx, &own);
}

/* The formula of the header. */
static double moved(double from, double to, double n, double steps)
{
    const double t = n < steps ? n / steps : 1;
    return from + (to - from) * (1 - cos(pi * t)) / 2;
}

/* All that a training came to. */
typedef struct {
    numbers g, d, a;
    double metrics[32];
} seen;

static void look(seen *s)
{
    memset(s, 0, sizeof *s);
    s->g = all_of(G);
    s->d = all_of(D);
    s->a = all_of(average);
    metrics_of(trainer, s->metrics);
}

/* ---- Penalties ------------------------------------------------------------------------------- */

static const char *const weights[] = {GAN_R1, GAN_R2, GAN_GRADIENT_PENALTY, GAN_DRAGAN};

START_TEST(the_factor_of_penalties_has_its_formula)
{
    start(false, 1, 1);
    set(GAN_FINAL_PENALTY, 0.1);
    near(gan__trainer_penalty_factor(trainer), 1, 0); /* without schedule_steps */
    trainer->steps = 1000;
    near(gan__trainer_penalty_factor(trainer), 1, 0);
    set(GAN_SCHEDULE_STEPS, 8);
    static const struct {
        int64_t steps;
        double factor; /* 1 - 0.9 (1 - cos(pi t)) / 2 */
    } points[] = {{0, 1},   {2, 0.8681980515339464}, {4, 0.55}, {6, 0.2318019484660536}, {8, 0.1},
                  {9, 0.1}, {1000000, 0.1}};
    for (int i = 0; i < 7; i++) {
        trainer->steps = points[i].steps;
        near(gan__trainer_penalty_factor(trainer), points[i].factor, 1e-15);
    }
    set(GAN_FINAL_PENALTY, 0); /* and it ends at 0 itself */
    near(gan__trainer_penalty_factor(trainer), 0, 0);
    set(GAN_FINAL_PENALTY, 1000);
    near(gan__trainer_penalty_factor(trainer), 1000, 0);
    trainer->steps = 0;
    finish();
}
END_TEST

/* One training by the schedule, one with the weights set by hand before each step: the same bits. */
START_TEST(a_scheduled_weight_is_one_set_by_hand)
{
    static seen by_schedule, by_hand;
    enum { STEPS = 12, SCHEDULE = 7 };
    for (int i = 0; i < 4 * 3 * 2; i++) {
        const char *key = weights[i % 4];
        const double weight = i % 2 == 0 ? 2 : 0.5, end = i / 4 % 3 == 0   ? 0
                                                          : i / 4 % 3 == 1 ? 0.1
                                                                           : 4;
        for (int hand = 0; hand < 2; hand++) {
            start(i / 12 == 1, 1, 1);
            set(key, weight);
            set(GAN_PENALTY_INTERVAL, 1 + i % 2);
            if (hand == 0) {
                set(GAN_FINAL_PENALTY, end);
                set(GAN_SCHEDULE_STEPS, SCHEDULE);
            }
            for (int n = 0; n < STEPS; n++) {
                if (hand == 1 && moved(1, end, n, SCHEDULE) > 0) {
                    set(key, weight * moved(1, end, n, SCHEDULE));
                } else if (hand == 1) { /* 0 in effect: the plan keeps the penalty */
                    set(key, 1e-60);
                }
                run(1);
            }
            look(hand == 0 ? &by_schedule : &by_hand);
            finish();
        }
        ck_assert(memcmp(&by_schedule, &by_hand, sizeof by_hand) == 0);
        ck_assert(by_hand.metrics[GAN__METRIC_PENALTY] > 0 || end == 0);
    }
}
END_TEST

/* A weight that went to 0 is no weight: the moves are those of a training without the penalty,
 * where D sees both halves of its samples in one pass, with the masks of two. */
START_TEST(a_penalty_may_vanish)
{
    for (int i = 0; i < 4; i++) {
        static seen with, without;
        for (int penalised = 0; penalised < 2; penalised++) {
            start(false, 1, 1);
            set(weights[i], penalised);
            set(GAN_FINAL_PENALTY, 0);
            set(GAN_SCHEDULE_STEPS, 1);
            trainer->steps = 1; /* the schedule is over */
            run(6);
            look(penalised ? &with : &without);
            near(metric_of(trainer, GAN_METRIC_PENALTY), 0, 0);
            finish();
        }
        for (int64_t j = 0; j < with.d.count; j++) {
            near(with.d.values[j], without.d.values[j], 1e-6);
        }
    }
}
END_TEST

START_TEST(weights_that_move_make_no_plans)
{
    for (int i = 0; i < 4 * 2; i++) {
        start(i / 4 == 1, 1, 1);
        set(weights[i % 4], 1);
        set(GAN_FINAL_PENALTY, 0.25);
        set(GAN_SCHEDULE_STEPS, 20);
        run(3); /* batches of both sizes */
        const int64_t calls = own.calls;
        run(20);
        for (int j = 0; j < 6; j++) {
            set(weights[i % 4], 2 + j);
            set(GAN_FINAL_PENALTY, j);
            run(1);
        }
        ck_assert_int_eq(own.calls, calls); /* not one allocation */
        set(weights[(i + 1) % 4], 1);       /* a new penalty */
        run(1);
        ck_assert_int_gt(own.calls, calls);
        const int64_t later = own.calls;
        set(weights[i % 4], 0); /* one less */
        run(1);
        ck_assert_int_gt(own.calls, later);
        finish();
    }
}
END_TEST

/* ---- The average ----------------------------------------------------------------------------- */

/* a <- d a + (1 - d) g, with the numbers that an update is made of. */
static void move_by_hand(numbers *a, const numbers *g, double d)
{
    for (int64_t i = 0; i < a->count; i++) {
        a->values[i] = (float)d * a->values[i] + (float)(1 - d) * g->values[i];
    }
}

/* H by the options, or -1 where average_decay holds. */
static double half_life(double first, double last, double steps, double n)
{
    return last > 0 && steps > 0 ? moved(first, last, n, steps) : first > 0 ? first : -1;
}

START_TEST(the_half_life_has_its_formula)
{
    static const struct {
        double first, last, steps;
    } cases[] = {{0, 0, 0},   {20, 0, 0},  {20, 0, 6}, {0, 40, 6},
                 {3, 400, 6}, {400, 3, 6}, {0, 40, 0}, {1e15, 0, 0}};
    for (int i = 0; i < 8 * 2; i++) {
        const double first = cases[i / 2].first, last = cases[i / 2].last,
                     steps = cases[i / 2].steps;
        start(i % 2 == 1, 1, 1);
        set(GAN_AVERAGE_DECAY, 0.75);
        set(GAN_AVERAGE_HALF_LIFE, first);
        set(GAN_FINAL_AVERAGE_HALF_LIFE, last);
        set(GAN_SCHEDULE_STEPS, steps);
        numbers a = all_of(average);
        for (int n = 0; n < 15; n++) {
            const int m = n % 3 == 2 ? 3 : 5; /* the short batch counts by its size */
            const double h = half_life(first, last, steps, n);
            const double d = h < 0 ? 0.75 : h > 0 ? exp2(-m / h) : 0;
            run(1);
            const numbers g = all_of(G), now = all_of(average);
            move_by_hand(&a, &g, fmin(d, (double)n / (n + 1)));
            for (int64_t j = 0; j < a.count; j++) {
                near(now.values[j], a.values[j], 2e-6);
            }
            ck_assert(h != 0 || memcmp(now.values, g.values, sizeof g.values) == 0);
            a = now;
        }
        finish();
    }
}
END_TEST

START_TEST(a_half_life_of_m_samples_keeps_half)
{
    start(false, 1, 1);
    float x[8 * SIDE] = {0.5f}, z[8 * NOISE] = {0.25f};
    set(GAN_AVERAGE_HALF_LIFE, 8);
    for (int i = 0; i < 4; i++) {
        ok(gan_trainer_step(trainer, 8, x, z, z));
    }
    near(gan__trainer_average_decay(trainer, 8), 0.5, 0);
    const numbers before = all_of(average);
    ok(gan_trainer_step(trainer, 8, x, z, z)); /* the step's m, not the option's 5 */
    const numbers g = all_of(G), after = all_of(average);
    for (int64_t i = 0; i < g.count; i++) {
        near(after.values[i], 0.5 * (double)before.values[i] + 0.5 * (double)g.values[i], 1e-7);
    }
    finish();
}
END_TEST

/* ---- beta2 ----------------------------------------------------------------------------------- */

START_TEST(beta2_goes_to_its_end)
{
    static const char *const by[] = {GAN_LINEAR, GAN_COSINE, GAN_CONSTANT, GAN_EXPONENTIAL};
    enum { N = 3, STEPS = 10 };
    ctx = new_context(&own);
    for (int i = 0; i < 4 * 2 * 2; i++) {
        const double last = i / 4 % 2 == 0 ? 0.99 : 0; /* 0: it stays */
        gan_optimizer *adam;
        ok(gan_optimizer_create(ctx, i / 8 == 0 ? GAN_ADAM : GAN_ADAMW, &adam));
        ok(gan_optimizer_set_text(adam, GAN_LEARNING_RATE_SCHEDULE, by[i % 4]));
        ok(gan_optimizer_set_number(adam, GAN_LEARNING_RATE, 0.125));
        ok(gan_optimizer_set_number(adam, GAN_FINAL_LEARNING_RATE, 0.125)); /* it does not move */
        ok(gan_optimizer_set_number(adam, GAN_SCHEDULE_STEPS, STEPS));
        ok(gan_optimizer_set_number(adam, GAN_BETA1, 0.25));
        ok(gan_optimizer_set_number(adam, GAN_BETA2, 0.5));
        ok(gan_optimizer_set_number(adam, GAN_FINAL_BETA2, last));
        ok(gan_optimizer_set_number(adam, GAN_WEIGHT_DECAY, 0));
        ok(gan__optimizer_bind(adam, 1, N, false));
        real w[N] = {1, -2, 0.5};
        double v[N] = {1, -2, 0.5}, m[N] = {0}, s[N] = {0};
        for (int u = 0; u < 2 * STEPS; u++) {
            const double line = fmin(u / (double)STEPS, 1);
            const double part = i % 4 == 0 ? line : i % 4 == 1 ? (1 - cos(pi * line)) / 2 : 0;
            const double beta2 = last == 0 ? 0.5 : 0.5 + (last - 0.5) * part;
            real g[N];
            for (int j = 0; j < N; j++) {
                g[j] = (real)(sin(u * 1.7 + j) * (j + 1));
                m[j] = 0.25 * m[j] + 0.75 * (double)g[j];
                s[j] = beta2 * s[j] + (1 - beta2) * (double)g[j] * (double)g[j];
                v[j] -= 0.125 * m[j] / (1 - pow(0.25, u + 1)) /
                        (sqrt(s[j] / (1 - pow(beta2, u + 1))) + 1e-8);
            }
            gan__optimizer_update(adam, 0, w, g, w);
            for (int j = 0; j < N; j++) {
                near(w[j], v[j], 1e-5);
            }
        }
        gan_optimizer_free(adam);
    }
    end_context(ctx, &own);
}
END_TEST

/* ---- The recipe ------------------------------------------------------------------------------ */

START_TEST(penalties_are_recommended_by_elements)
{
    static const struct {
        int64_t elements;
        double gamma;
    } cases[] = {{1, 0.1},  {2, 0.1},   {614, 0.1},   {3072, 0.5},
                 {6144, 1}, {12288, 2}, {196608, 32}, {INT64_MAX, 1e9}};
    ctx = new_context(&own);
    for (int i = 0; i < 8; i++) {
        double gamma = -1;
        ok(gan_recommended_penalty(cases[i].elements, &gamma));
        near(gamma, cases[i].gamma, 1e-12);
    }
    double gamma = -1;
    ck_assert_int_eq(gan_recommended_penalty(0, &gamma), GAN_ERROR_RANGE);
    ck_assert_int_eq(gan_recommended_penalty(-5, &gamma), GAN_ERROR_RANGE);
    ck_assert_int_eq(gan_recommended_penalty(5, NULL), GAN_ERROR_ARGUMENT);
    near(gamma, -1, 0);
    end_context(ctx, &own);
}
END_TEST

enum { OPTIONS_MAX = 40 };

static int32_t read_options(double *values, const char **texts)
{
    int32_t i = 0;
    const char *name, *const *choices;
    for (; gan_trainer_describe_option(i, &name, &choices, NULL, NULL, NULL) == GAN_OK; i++) {
        need(i < OPTIONS_MAX);
        if (choices == NULL) {
            values[i] = get(name);
        } else {
            ok(gan_trainer_get_text(trainer, name, &texts[i]));
        }
    }
    return i;
}

static void is_recipes(const gan_optimizer *optimizer, double steps)
{
    static const struct {
        const char *key;
        double value;
    } wanted[] = {{GAN_LEARNING_RATE, 2e-4}, {GAN_FINAL_LEARNING_RATE, 5e-5}, {GAN_BETA1, 0},
                  {GAN_BETA2, 0.9},          {GAN_FINAL_BETA2, 0.99},         {GAN_EPSILON, 1e-8}};
    double value;
    const char *text;
    ck_assert_str_eq(optimizer->rule->name, GAN_ADAM);
    for (int i = 0; i < 6; i++) {
        ok(gan_optimizer_get_number(optimizer, wanted[i].key, &value));
        near(value, wanted[i].value, 0);
    }
    ok(gan_optimizer_get_number(optimizer, GAN_SCHEDULE_STEPS, &value));
    near(value, steps, 0);
    ok(gan_optimizer_get_text(optimizer, GAN_LEARNING_RATE_SCHEDULE, &text));
    ck_assert_str_eq(text, GAN_COSINE);
}

START_TEST(the_recipe_sets_what_it_says)
{
    static const struct {
        const char *key;
        double value;
    } wanted[] = {{GAN_DISCRIMINATOR_STEPS, 1},
                  {GAN_PENALTY_INTERVAL, 1},
                  {GAN_SCHEDULE_STEPS, 1000},
                  {GAN_FINAL_PENALTY, 0.1},
                  {GAN_AVERAGE_HALF_LIFE, 0},
                  {GAN_FINAL_AVERAGE_HALF_LIFE, 500}, /* 1000 batches of 5, by 10 */
                  {GAN_R1, 0.1},
                  {GAN_R2, 0.1}};
    double before[OPTIONS_MAX], after[OPTIONS_MAX];
    const char *texts[OPTIONS_MAX] = {0}, *name, *const * choices;
    for (int other = 0; other < 2; other++) {
        start(other, 1, 1);
        if (other) { /* what it changes, from elsewhere */
            for (int i = 0; i < 8; i++) {
                set(wanted[i].key, 3);
            }
            set(GAN_SEED, 9);
            set(GAN_WARM_UP, 4);
            set(GAN_ONE_SIDED, 1);
        }
        read_options(before, texts);
        ok(gan_trainer_use_recipe(trainer, 1000, -1));
        const int32_t count = read_options(after, texts);
        for (int32_t i = 0; i < count; i++) {
            ok(gan_trainer_describe_option(i, &name, &choices, NULL, NULL, NULL));
            double value = before[i];
            for (int j = 0; j < 8; j++) {
                value = strcmp(name, wanted[j].key) == 0 ? wanted[j].value : value;
            }
            if (choices == NULL) {
                near(after[i], value, 0);
            } else {
                ck_assert_str_eq(texts[i], strcmp(name, GAN_SCHEDULE) == 0 ? GAN_ALTERNATING
                                                                           : GAN_RELATIVISTIC);
            }
        }
        ck_assert(trainer->g.optimizer != trainer->d.optimizer);
        ck_assert(trainer->g.optimizer != optimizers[0] && trainer->d.optimizer != optimizers[1]);
        is_recipes(trainer->g.optimizer, 1000);
        is_recipes(trainer->d.optimizer, 1000);
        ok(gan_trainer_use_recipe(trainer, INT64_C(1) << 53, 7.5)); /* again, before the start */
        near(get(GAN_R1), 7.5, 0);
        near(get(GAN_R2), 7.5, 0);
        near(get(GAN_FINAL_AVERAGE_HALF_LIFE), 500000, 0);
        ok(gan_trainer_use_recipe(trainer, 1, 0));
        near(get(GAN_R1), 0, 0);
        near(get(GAN_FINAL_AVERAGE_HALF_LIFE), 0.5, 0);
        run(4);
        finish();
    }
}
END_TEST

static int32_t use_in_callback(void *user, gan_trainer *t)
{
    (void)user;
    fails(gan_trainer_use_recipe(t, 10, -1), GAN_ERROR_STATE, "callback");
    return 0;
}

START_TEST(the_recipe_refuses)
{
    start(false, 1, 1);
    double before[OPTIONS_MAX] = {0}, after[OPTIONS_MAX] = {0};
    const char *texts[OPTIONS_MAX] = {0}, *same_texts[OPTIONS_MAX] = {0};
    read_options(before, texts);
    ck_assert_int_eq(gan_trainer_use_recipe(NULL, 10, -1), GAN_ERROR_ARGUMENT);
    fails(gan_trainer_use_recipe(trainer, 10, NAN), GAN_ERROR_ARGUMENT, "NaN");
    fails(gan_trainer_use_recipe(trainer, 0, -1), GAN_ERROR_RANGE, "steps is 0");
    fails(gan_trainer_use_recipe(trainer, (INT64_C(1) << 53) + 1, 1), GAN_ERROR_RANGE, "2^53");
    fails(gan_trainer_use_recipe(trainer, 10, 1.1e9), GAN_ERROR_RANGE, "penalty");
    fails(gan_trainer_use_recipe(trainer, 10, INFINITY), GAN_ERROR_RANGE, "penalty");
    ok(gan_trainer_run(trainer, 1, use_in_callback, NULL));
    fails(gan_trainer_use_recipe(trainer, 10, -1), GAN_ERROR_STATE, "has made a step");
    read_options(after, same_texts);
    ck_assert(memcmp(before, after, sizeof before) == 0);
    ck_assert(memcmp(texts, same_texts, sizeof texts) == 0);
    ck_assert(trainer->g.optimizer == optimizers[0] && trainer->d.optimizer == optimizers[1]);
    finish();
}
END_TEST

/* dense layers: 2 or more inputs -> 32 -> 32 -> outputs */
static gan_network *plain(const char *name, int64_t inputs, int64_t outputs)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    int32_t h = input(made, inputs);
    for (int i = 0; i < 2; i++) {
        h = gan_network_leaky_relu(made, gan_network_dense(made, h, 32), 0.2);
    }
    ok(gan_network_output(made, gan_network_dense(made, h, outputs)));
    return made;
}

START_TEST(the_recipe_trains_on_a_ring)
{
    enum { STEPS = 300 };
    ctx = new_context(&own);
    G = plain("G", 8, 2);
    D = plain("D", 2, 1);
    ok(gan_network_clone(G, "average", &average));
    ok(gan_dataset_ring(ctx, 512, 8, 2, 0.02, 3, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_average(trainer, average));
    set(GAN_BATCH_SIZE, 32);
    ok(gan_trainer_use_recipe(trainer, STEPS, -1));
    run(0);
    const numbers first = all_of(average);
    run(1);
    ck_assert(is_still(average, (const numbers[]){all_of(G)})); /* H starts at 0 */
    near(metric_of(trainer, GAN_METRIC_D_RATE), 2e-4, 1e-12);
    run(STEPS);
    near(metric_of(trainer, GAN_METRIC_D_RATE), 5e-5, 1e-12);
    near(metric_of(trainer, GAN_METRIC_G_RATE), 5e-5, 1e-12);
    near(gan__trainer_penalty_factor(trainer), 0.1, 1e-15);
    near(gan__trainer_average_decay(trainer, 32), exp2(-32 / (STEPS * 32 / 10.)), 1e-12);
    ck_assert(!is_still(average, &first) && !is_still(average, (const numbers[]){all_of(G)}));
    ck_assert(metric_of(trainer, GAN_METRIC_PENALTY) > 0);
    optimizers[0] = optimizers[1] = NULL;
    finish();
}
END_TEST

/* ---- All of it, on other numbers of threads and from a file ---------------------------------- */

static void start_recipe(uint64_t seed, int32_t threads, int32_t micro_batch)
{
    start(false, seed, threads);
    ok(gan_trainer_use_recipe(trainer, 12, 0.5));
    set(GAN_MICRO_BATCH, micro_batch);
}

START_TEST(scheduled_trainings_go_on_to_the_bit)
{
    static seen wanted, middle, now;
    const char *path = temporary("schedules");
    for (int32_t micro_batch = 0; micro_batch < 4; micro_batch++) {
        start_recipe(1, 1, micro_batch);
        run(16);
        look(&wanted);
        finish();
        start_recipe(1, 1, micro_batch);
        run(5);
        look(&middle);
        ok(gan_trainer_save(trainer, path));
        finish();
        for (int32_t threads = 1; threads <= 3; threads++) {
            start_recipe(30, threads, micro_batch);
            ok(gan_trainer_load(trainer, path));
            look(&now);
            ck_assert(memcmp(&now, &middle, sizeof now) == 0);
            run(11);
            look(&now);
            ck_assert(memcmp(&now, &wanted, sizeof now) == 0);
            finish();
        }
        ck_assert(memcmp(&middle, &wanted, sizeof middle) != 0);
    }
    remove(path);
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "schedules", the_factor_of_penalties_has_its_formula, a_scheduled_weight_is_one_set_by_hand,
        a_penalty_may_vanish, weights_that_move_make_no_plans, the_half_life_has_its_formula,
        a_half_life_of_m_samples_keeps_half, beta2_goes_to_its_end,
        penalties_are_recommended_by_elements, the_recipe_sets_what_it_says, the_recipe_refuses,
        the_recipe_trains_on_a_ring, scheduled_trainings_go_on_to_the_bit);
}
