/* Training with conditions: against a training of networks of one input whose numbers the caller
 * has joined, against values by hand, and through all that a training may meet. */
#include "training.h"

#include "data/dataset.h"

enum { CLASSES = 2, M = 5, K = 2 };

static gan_network *G, *D;
static gan_dataset *data, *given;
static gan_trainer *trainer;

static void start(void)
{
    ctx = new_context(&own);
}

static void free_all(void)
{
    gan_trainer_free(trainer);
    gan_dataset_free(given);
    gan_dataset_free(data);
    gan_network_free(D);
    gan_network_free(G);
    trainer = NULL;
    given = data = NULL;
    D = G = NULL;
}

static void finish(void)
{
    free_all();
    end_context(ctx, &own);
}

static gan_network *begin(const char *name)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    return made;
}

static int32_t condition(gan_network *n, int64_t elements)
{
    return gan_network_condition(n, "y", 1, &elements);
}

static void roll_floats(uint64_t seed, int64_t n, float *out)
{
    dice d = {seed};
    for (int64_t i = 0; i < n; i++) {
        out[i] = (float)roll_between(&d, -1, 2);
    }
}

static gan_dataset *floats_of(int64_t count, int64_t elements, const float *values)
{
    gan_dataset *made;
    ok(gan_dataset_from_floats(ctx, count, 1, &elements, values, &made));
    return made;
}

static gan_dataset *random_floats(int64_t count, int64_t elements, uint64_t seed)
{
    float *values = malloc((size_t)(count * elements) * sizeof *values);
    roll_floats(seed, count * elements, values);
    gan_dataset *made = floats_of(count, elements, values);
    free(values);
    return made;
}

static double metric(const char *name)
{
    return metric_of(trainer, name);
}

static void set(const char *key, double value)
{
    ok(gan_trainer_set_number(trainer, key, value));
}

/* Two players with weights of a few layers; `conditional` says which have conditions. */
static void make_players(bool g, bool d)
{
    G = begin("G");
    int32_t h = input(G, NOISE);
    h = g ? gan_network_concatenate(G, h, condition(G, CLASSES), 0) : h;
    h = gan_network_tanh(G, gan_network_dense(G, h, 6));
    ok(gan_network_output(G, gan_network_dense(G, h, SIDE)));
    D = begin("D");
    h = input(D, SIDE);
    h = d ? gan_network_concatenate(D, h, condition(D, CLASSES), 0) : h;
    h = gan_network_dropout(D, gan_network_maxout(D, h, 4, 3), 0.8);
    ok(gan_network_output(D, gan_network_dense(D, gan_network_tanh(D, h), 1)));
    ok(gan_network_initialize(G, 1));
    ok(gan_network_initialize(D, 2));
}

/* ---- The same numbers joined by the caller ------------------------------------------------- */

/* What gan_network_condition does, by a layer that picks the condition out of one input. */
static int32_t pick(gan_network *n, int32_t in)
{
    const int32_t picked = gan_network_dense(n, in, CLASSES);
    ok(gan_network_set_name(n, picked, "pick"));
    return picked;
}

/* Players of one input each, [z, y] and [x, y], that compute the same. */
static void make_joined(gan_network *like_g, gan_network *like_d, gan_network **g, gan_network **d)
{
    float picking[(NOISE + CLASSES) * CLASSES] = {0};
    *g = begin("G'");
    const int32_t in = input(*g, NOISE + CLASSES);
    int32_t h = gan_network_dense(*g, in, 6);
    ok(gan_network_set_name(*g, h, "layer0"));
    h = gan_network_dense(*g, gan_network_tanh(*g, h), SIDE);
    ok(gan_network_set_name(*g, h, "layer1"));
    ok(gan_network_output(*g, gan_network_concatenate(*g, h, pick(*g, in), 0)));
    for (int32_t i = 0; i < CLASSES; i++) {
        picking[(NOISE + i) * CLASSES + i] = 1;
    }
    ok(gan_network_set_parameter(*g, "pick.weight", picking, (NOISE + CLASSES) * CLASSES));
    ok(gan_network_set_trainable(*g, "pick", 0));
    *d = begin("D'");
    h = gan_network_maxout(*d, input(*d, SIDE + CLASSES), 4, 3);
    h = gan_network_tanh(*d, gan_network_dropout(*d, h, 0.8));
    ok(gan_network_output(*d, gan_network_dense(*d, h, 1)));
    ok(gan_network_copy_parameters(*g, like_g, NULL));
    ok(gan_network_copy_parameters(*d, like_d, NULL));
}

/* joined: [n, a + b] from left: [n, a] and right: [n, b] */
static void join_rows(int64_t n, int64_t a, const float *left, int64_t b, const float *right,
                      float *joined)
{
    for (int64_t i = 0; i < n; i++) {
        memcpy(joined + i * (a + b), left + i * a, (size_t)a * sizeof *left);
        memcpy(joined + i * (a + b) + a, right + i * b, (size_t)b * sizeof *right);
    }
}

static void near_parameters(gan_network *n, gan_network *like)
{
    for (int32_t i = 0; i < gan_network_parameter_count(n); i++) {
        float a[512], b[512];
        const char *name = gan_network_parameter_name(n, i);
        ok(gan_network_get_parameter(n, name, a, 512));
        ok(gan_network_get_parameter(like, name, b, 512));
        for (int64_t j = 0; j < elements_of(n, name); j++) {
            near(a[j], b[j], 2e-6);
        }
    }
}

static void steps_agree(const char *schedule, const char *objective)
{
    enum { ROWS = K * M };
    static float x[ROWS * SIDE], y[ROWS * CLASSES], z[(ROWS + M) * NOISE];
    static float xy[ROWS * (SIDE + CLASSES)], zy[(ROWS + M) * (NOISE + CLASSES)];
    gan_network *g, *d;
    gan_trainer *other;
    make_players(true, true);
    make_joined(G, D, &g, &d);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_create(g, d, NULL, &other));
    const bool alternating = strcmp(schedule, GAN_ALTERNATING) == 0;
    gan_trainer *const both[] = {trainer, other};
    const numbers before = all_of(G);
    for (int32_t i = 0; i < 2; i++) {
        ok(gan_trainer_set_number(both[i], GAN_DISCRIMINATOR_STEPS, K));
        ok(gan_trainer_set_text(both[i], GAN_SCHEDULE, schedule));
        ok(gan_trainer_set_text(both[i], GAN_OBJECTIVE, objective));
    }
    for (uint64_t s = 0; s < 6; s++) {
        const int64_t rows = alternating ? ROWS : M;
        roll_floats(3 * s + 1, rows * SIDE, x);
        roll_floats(3 * s + 2, rows * CLASSES, y);
        roll_floats(3 * s + 3, (rows + M) * NOISE, z);
        join_rows(rows, SIDE, x, CLASSES, y, xy);
        join_rows(rows, NOISE, z, CLASSES, y, zy);
        /* G's update: new noise, the conditions of D's last */
        float *z_g = z + rows * NOISE, *zy_g = zy + rows * (NOISE + CLASSES);
        join_rows(M, NOISE, z_g, CLASSES, y + (rows - M) * CLASSES, zy_g);
        ok(gan_trainer_step_conditional(trainer, M, x, y, z, alternating ? z_g : NULL));
        ok(gan_trainer_step_conditional(other, M, xy, NULL, zy, alternating ? zy_g : NULL));
        static const char *const names[] = {
            GAN_METRIC_D_LOSS, GAN_METRIC_G_LOSS,     GAN_METRIC_VALUE,     GAN_METRIC_D_REAL,
            GAN_METRIC_D_FAKE, GAN_METRIC_D_GRADIENT, GAN_METRIC_G_GRADIENT};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            near(metric(names[i]), metric_of(other, names[i]), 3e-6);
        }
        near_parameters(G, g);
        near_parameters(D, d);
    }
    const numbers after = all_of(G);
    ck_assert(!same(&before, &after));
    gan_trainer_free(other);
    gan_network_free(d);
    gan_network_free(g);
    free_all();
}

START_TEST(steps_are_those_of_joined_inputs)
{
    start();
    steps_agree(GAN_ALTERNATING, GAN_MINIMAX);
    steps_agree(GAN_SIMULTANEOUS, GAN_MINIMAX);
    steps_agree(GAN_ALTERNATING, GAN_RELATIVISTIC);
    steps_agree(GAN_SIMULTANEOUS, GAN_RELATIVISTIC_AVERAGE);
    finish();
}
END_TEST

/* ---- Values by hand ------------------------------------------------------------------------ */

/* G(z | y) = y and D(x | y) = gain (x - y), if `sees`, otherwise D(x) = x; nothing moves. */
static void make_copier(bool sees, float gain)
{
    static const float zeros[2];
    G = begin("G");
    input(G, 1);
    int32_t h = gan_network_dense(G, condition(G, 1), 1);
    ok(gan_network_output(G, h));
    ok(gan_network_set_parameter(G, "layer0.weight", (float[]){1}, 1));
    D = begin("D");
    h = input(D, 1);
    h = sees ? gan_network_concatenate(D, h, condition(D, 1), 0) : h;
    ok(gan_network_output(D, gan_network_dense(D, h, 1)));
    const float weights[] = {sees ? gain : 1, -gain};
    ok(gan_network_set_parameter(D, "layer0.weight", weights, sees ? 2 : 1));
    ok(gan_network_set_parameter(D, "layer0.bias", zeros, 1));
    ok(gan_network_set_trainable(G, NULL, 0));
    ok(gan_network_set_trainable(D, NULL, 0));
}

static const char *const schedules[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS};

/* Sample i of the data is i; so is its condition. */
static gan_dataset *counting(int64_t count, int64_t shift)
{
    float values[64];
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)((i + shift) % count);
    }
    return floats_of(count, 1, values);
}

START_TEST(each_sample_has_its_own_condition)
{
    for (int32_t how = 0; how < 8; how++) {
        start();
        make_copier(true, 100);
        data = counting(23, 0);
        for (int64_t shift = 0; shift < 2; shift++) {
            given = counting(23, shift);
            ok(gan_trainer_create(G, D, data, &trainer));
            ok(gan_trainer_set_conditions(trainer, given));
            set(GAN_BATCH_SIZE, M);
            set(GAN_DISCRIMINATOR_STEPS, 2);
            set(GAN_SHUFFLE, how & 1);
            set(GAN_DROP_LAST, how >> 1 & 1);
            ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, schedules[how >> 2]));
            for (int32_t i = 0; i < 14; i++) { /* through short batches and epochs */
                ok(gan_trainer_run(trainer, 1, NULL, NULL));
                ck_assert((metric(GAN_METRIC_D_REAL) == 0.5) == (shift == 0));
                ck_assert(metric(GAN_METRIC_D_FAKE) == 0.5);
            }
            ck_assert(metric(GAN_METRIC_EPOCH) >= 2);
            gan_trainer_free(trainer);
            trainer = NULL;
            gan_dataset_free(given);
            given = NULL;
        }
        finish();
    }
}
END_TEST

START_TEST(the_generator_moves_under_the_last_conditions)
{
    enum { COUNT = 10, BATCH = 4 };
    start();
    make_copier(false, 0);
    data = counting(COUNT, 0);
    given = counting(COUNT, 0);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_conditions(trainer, given));
    set(GAN_BATCH_SIZE, BATCH);
    set(GAN_SHUFFLE, 0);
    set(GAN_DISCRIMINATOR_STEPS, 2);
    int64_t at = 0;
    for (int32_t step = 0; step < 7; step++) {
        int64_t m = 0, first = 0;
        for (int32_t k = 0; k < 2; k++) { /* the batches are of 4, 4 and 2 */
            first = at;
            m = COUNT - at < BATCH ? COUNT - at : BATCH;
            at = (at + m) % COUNT;
        }
        double loss = 0, fake = 0;
        for (int64_t i = first; i < first + m; i++) {
            loss += log1p(exp(-(double)i)) / (double)m;
            fake += 1 / (1 + exp(-(double)i)) / (double)m;
        }
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        near(metric(GAN_METRIC_G_LOSS), loss, 1e-6);
        near(metric(GAN_METRIC_D_FAKE), fake, 1e-6);
    }
    finish();
}
END_TEST

/* D(x | y) = max(w x - 1000 y, 0): for y = 0 and x > 0 its slope is w, for y = 1 it is 0. */
START_TEST(penalties_are_under_the_conditions_of_their_samples)
{
    enum { N = 8, SHUT = 3 }; /* of N samples, these are shut */
    const double w = 3, open = (double)(N - SHUT) / N;
    static const struct {
        const char *key;
        double approximate;
    } cases[] = {{GAN_R1, 0},     {GAN_R2, 0},    {GAN_GRADIENT_PENALTY, 0},
                 {GAN_DRAGAN, 0}, {GAN_R1, 1e-2}, {GAN_R2, 1e-2}};
    float x[N], z[N] = {0}, y[N];
    for (int32_t i = 0; i < N; i++) {
        x[i] = (float)(5 + i);
        y[i] = i % 3 == 1;
    }
    for (int32_t c = 0; c < 6; c++) {
        start();
        G = begin("G"); /* 9 */
        ok(gan_network_output(G, gan_network_affine(G, input(G, 1), 0, 9)));
        D = begin("D");
        int32_t h = input(D, 1);
        h = gan_network_dense(D, gan_network_concatenate(D, h, condition(D, 1), 0), 1);
        ok(gan_network_output(D, gan_network_relu(D, h)));
        ok(gan_network_set_parameter(D, "layer0.weight", (float[]){(float)w, -1000}, 2));
        ok(gan_trainer_create(G, D, NULL, &trainer));
        set(cases[c].key, 2);
        set(GAN_APPROXIMATE, cases[c].approximate);
        ok(gan_trainer_step_conditional(trainer, N, x, y, z, z));
        const double penalty = metric(GAN_METRIC_PENALTY), slope = open * w * w;
        if (cases[c].approximate > 0) { /* w^2 times the mean of open squares of normal numbers */
            ck_assert(penalty > 0.02 * slope && penalty < 6 * slope);
        } else if (c < 2) {
            near(penalty, slope, 1e-5 * slope);
        } else {
            near(penalty, 2 * (open * (w - 1) * (w - 1) + (1 - open)), 1e-4);
        }
        finish();
    }
}
END_TEST

/* ---- Who has conditions -------------------------------------------------------------------- */

static void make_data(int64_t count)
{
    data = random_floats(count, SIDE, 5);
    given = random_floats(count, CLASSES, 6);
}

START_TEST(a_player_without_conditions_does_not_see_them)
{
    for (int32_t who = 0; who < 2; who++) { /* 0: only G has some, 1: only D */
        numbers seen[2];
        for (int32_t other = 0; other < 2; other++) {
            start();
            make_players(who == 0, who == 1);
            make_data(12);
            if (other == 1) {
                gan_dataset_free(given);
                given = random_floats(12, CLASSES, 60);
            }
            ok(gan_trainer_create(G, D, data, &trainer));
            ok(gan_trainer_set_conditions(trainer, given));
            set(GAN_BATCH_SIZE, M);
            ok(gan_trainer_run(trainer, 4, NULL, NULL));
            seen[other] = all_of(who == 0 ? G : D);
            ck_assert(isfinite(metric(GAN_METRIC_G_LOSS)));
            finish();
        }
        ck_assert(!same(&seen[0], &seen[1])); /* the one that has some does */
    }
}
END_TEST

static int32_t set_within(void *user, gan_trainer *t)
{
    (void)user;
    fails(gan_trainer_set_conditions(t, given), GAN_ERROR_STATE, "callback");
    return 0;
}

START_TEST(wrong_conditions_are_refused)
{
    float numbers_of[32] = {0};
    start();
    make_players(true, true);
    make_data(12);
    gan_dataset *few = random_floats(11, CLASSES, 1), *wide = random_floats(12, 3, 1);
    heap others = {0};
    gan_context *foreign;
    gan_dataset *stranger;
    foreign = new_context(&others);
    const int64_t dims[] = {CLASSES};
    ok(gan_dataset_gaussian(foreign, 12, 0, 1, 1, &stranger));
    ck_assert_int_eq(gan_trainer_set_conditions(NULL, given), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_trainer_step_conditional(NULL, 1, NULL, NULL, NULL, NULL),
                     GAN_ERROR_ARGUMENT);
    /* without data */
    ok(gan_trainer_create(G, D, NULL, &trainer));
    fails(gan_trainer_set_conditions(trainer, given), GAN_ERROR_STATE, "no data");
    ok(gan_trainer_set_conditions(trainer, NULL));
    const float *f = numbers_of;
    fails(gan_trainer_step(trainer, 2, f, f, f), GAN_ERROR_ARGUMENT,
          "trainer_step: the networks have conditions of 2 elements: gan_trainer_step_conditional");
    fails(gan_trainer_step_conditional(trainer, 2, f, NULL, f, f), GAN_ERROR_ARGUMENT,
          "trainer_step_conditional: conditions is NULL, they have 2 elements");
    fails(gan_trainer_step_conditional(trainer, 0, f, f, f, f), GAN_ERROR_RANGE,
          "trainer_step_conditional: m is 0");
    fails(gan_trainer_step_conditional(trainer, 2, NULL, f, f, f), GAN_ERROR_ARGUMENT, "x is NULL");
    fails(gan_trainer_step_conditional(trainer, 2, f, f, NULL, f), GAN_ERROR_ARGUMENT, "z_d is");
    fails(gan_trainer_step_conditional(trainer, 2, f, f, f, NULL), GAN_ERROR_ARGUMENT, "z_g is");
    ok(gan_trainer_step_conditional(trainer, 2, f, f, f, f));
    gan_trainer_free(trainer);
    /* with data */
    ok(gan_trainer_create(G, D, data, &trainer));
    fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE,
          "trainer_run: G has conditions, the trainer none: gan_trainer_set_conditions");
    fails(gan_trainer_run_epochs(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "trainer_run_epochs: G");
    fails(gan_trainer_set_conditions(trainer, stranger), GAN_ERROR_ARGUMENT, "another context");
    fails(gan_trainer_set_conditions(trainer, few), GAN_ERROR_SHAPE,
          "11 conditions for 12 samples");
    fails(gan_trainer_set_conditions(trainer, wide), GAN_ERROR_SHAPE,
          "samples have 3 elements, conditions of G 2");
    ok(gan_trainer_set_conditions(trainer, given));
    fails(gan_trainer_set_conditions(trainer, wide), GAN_ERROR_SHAPE, "3 elements");
    ok(gan_trainer_run(trainer, 1, set_within, NULL)); /* those before are kept */
    fails(gan_trainer_set_conditions(trainer, given), GAN_ERROR_STATE, "fixed by the first step");
    fails(gan_trainer_set_conditions(trainer, NULL), GAN_ERROR_STATE, "fixed by the first step");
    gan_trainer_free(trainer);
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_conditions(trainer, given));
    ok(gan_trainer_set_conditions(trainer, given)); /* itself */
    ok(gan_trainer_set_conditions(trainer, NULL));
    fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "the trainer none");
    gan_trainer_free(trainer);
    /* other networks */
    gan_network *d = begin("other D");
    const int32_t x = input(d, SIDE), y = gan_network_condition(d, "y", 1, dims);
    need(gan_network_condition(d, "more", 1, dims) > y);
    ok(gan_network_output(d, gan_network_dense(d, x, 1)));
    trainer = (gan_trainer *)&own;
    fails(gan_trainer_create(G, d, data, &trainer), GAN_ERROR_SHAPE,
          "conditions have 2 elements in G, 4 in other D");
    ck_assert_ptr_null(trainer);
    gan_network_free(d);
    gan_network_free(G);
    gan_network_free(D);
    make_players(false, false);
    ok(gan_trainer_create(G, D, data, &trainer));
    fails(gan_trainer_set_conditions(trainer, given), GAN_ERROR_SHAPE,
          "neither G nor D has conditions");
    fails(gan_trainer_step_conditional(trainer, 2, f, f, f, f), GAN_ERROR_ARGUMENT,
          "conditions given, neither network has any");
    ok(gan_trainer_step_conditional(trainer, 2, f, NULL, f, f));
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    gan_dataset_free(stranger);
    end_context(foreign, &others);
    gan_dataset_free(wide);
    gan_dataset_free(few);
    finish();
}
END_TEST

static int64_t bad_at;

static int32_t tell(void *user, int64_t index, float *row)
{
    (void)user;
    row[0] = (float)index;
    row[1] = 1;
    return index == bad_at;
}

START_TEST(a_failure_of_the_conditions_takes_the_step_back)
{
    start();
    make_players(true, true);
    data = random_floats(12, SIDE, 5);
    ok(gan_dataset_from_callback(ctx, 12, 1, (int64_t[]){CLASSES}, tell, NULL, &given));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_conditions(trainer, given));
    gan_dataset_free(given); /* the trainer keeps it */
    given = NULL;
    set(GAN_BATCH_SIZE, 4);
    set(GAN_SHUFFLE, 0);
    set(GAN_DISCRIMINATOR_STEPS, 2);
    bad_at = 6; /* in the second batch */
    const numbers g = all_of(G), d = all_of(D);
    fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STOPPED, "sample 6");
    ck_assert(is_still(G, &g) && is_still(D, &d));
    bad_at = -1;
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    ck_assert(metric(GAN_METRIC_EPOCH) == 2 && metric(GAN_METRIC_SAMPLES) == 24);
    finish();
}
END_TEST

/* ---- Going on, and threads ----------------------------------------------------------------- */

/* A conditional game on labelled data. */
static void start_game(int32_t threads, uint64_t seed, bool simultaneous)
{
    enum { COUNT = 17 };
    start();
    ok(gan_context_set_threads(ctx, threads));
    make_players(true, true);
    ok(gan_network_initialize(G, seed));
    ok(gan_network_initialize(D, seed + 1));
    uint8_t *values = gan__allocate(ctx, COUNT * SIDE, 1), *labels = gan__allocate(ctx, COUNT, 1);
    for (int32_t i = 0; i < COUNT * SIDE; i++) {
        values[i] = (uint8_t)(i * 37);
        labels[i / SIDE] = (uint8_t)(i / SIDE % 3 == 1);
    }
    ok(gan__dataset_from_own_bytes(ctx, COUNT, 1, (int64_t[]){SIDE}, values, labels, &data));
    ok(gan_dataset_one_hot(data, CLASSES, &given));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_conditions(trainer, given));
    set(GAN_BATCH_SIZE, M);
    set(GAN_SEED, 4);
    set(GAN_R1, 0.1);
    set(GAN_GRADIENT_PENALTY, 0.1);
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, schedules[simultaneous]));
    ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_RELATIVISTIC));
}

typedef struct {
    numbers g, d;
    double metrics[32];
} seen;

static void look(seen *s)
{
    memset(s, 0, sizeof *s);
    s->g = all_of(G);
    s->d = all_of(D);
    metrics_of(trainer, s->metrics);
}

START_TEST(conditional_trainings_go_on_to_the_bit)
{
    static seen wanted, now;
    const char *path = temporary("conditional");
    for (int32_t simultaneous = 0; simultaneous < 2; simultaneous++) {
        for (int32_t half = 1; half < 8; half += 3) {
            start_game(1, 5, simultaneous);
            ok(gan_trainer_run(trainer, half, NULL, NULL));
            ok(gan_trainer_save(trainer, path));
            ok(gan_trainer_run(trainer, 9, NULL, NULL));
            look(&wanted);
            finish();
            start_game(2, 50, simultaneous);
            ok(gan_trainer_load(trainer, path));
            fails(gan_trainer_set_conditions(trainer, NULL), GAN_ERROR_STATE, "first step");
            ok(gan_trainer_run(trainer, 9, NULL, NULL));
            look(&now);
            ck_assert(memcmp(&now, &wanted, sizeof now) == 0);
            finish();
        }
    }
    remove(path);
}
END_TEST

START_TEST(threads_change_nothing)
{
    static seen wanted, now;
    for (int32_t threads = 1; threads <= 3; threads++) {
        float y[70 * CLASSES], made[70 * SIDE];
        static float first[70 * SIDE];
        start_game(threads, 5, false);
        ok(gan_trainer_run(trainer, 12, NULL, NULL));
        look(threads == 1 ? &wanted : &now);
        ck_assert(threads == 1 || memcmp(&now, &wanted, sizeof now) == 0);
        roll_floats(9, 70 * CLASSES, y);
        ok(gan_network_sample_conditional(G, 3, 70, y, made, 70 * SIDE));
        if (threads == 1) {
            memcpy(first, made, sizeof made);
        }
        ck_assert(memcmp(first, made, sizeof made) == 0);
        finish();
    }
}
END_TEST

START_TEST(an_average_follows_a_conditional_generator)
{
    start_game(1, 3, false);
    gan_network *average;
    float y[3 * CLASSES] = {1, 0, 0, 1, 1, 0}, a[3 * SIDE], b[3 * SIDE];
    ok(gan_network_clone(G, "average", &average));
    ok(gan_trainer_set_average(trainer, average));
    set(GAN_AVERAGE_DECAY, 0); /* the average is G */
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    ok(gan_network_sample_conditional(G, 3, 3, y, a, 3 * SIDE));
    ok(gan_network_sample_conditional(average, 3, 3, y, b, 3 * SIDE));
    ck_assert(memcmp(a, b, sizeof a) == 0);
    gan_network_free(average);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "conditional", steps_are_those_of_joined_inputs, each_sample_has_its_own_condition,
        the_generator_moves_under_the_last_conditions,
        penalties_are_under_the_conditions_of_their_samples,
        a_player_without_conditions_does_not_see_them, wrong_conditions_are_refused,
        a_failure_of_the_conditions_takes_the_step_back, conditional_trainings_go_on_to_the_bit,
        threads_change_nothing, an_average_follows_a_conditional_generator);
}
