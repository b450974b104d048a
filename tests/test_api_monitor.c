/* The monitor: its values and verdicts on generators that are known to be healthy, partly or fully
 * collapsed; that it changes nothing; and the way back. */
#include "monitors.h"

#include <float.h>

static void begin(void)
{
    ctx = new_context(&own);
}

static void end(void)
{
    end_context(ctx, &own);
    ctx = NULL;
}

/* ---- Generators made for the test ------------------------------------------------------------ */

/* One measurement of this generator, as if it had been trained. Frees all but the data. */
static int32_t judge(gan_network *g, gan_dataset *data, double *values, char *reason)
{
    gan_network *d = new_judge(gan_dataset_elements(data));
    gan_trainer *trainer;
    gan_monitor *monitor;
    ok(gan_trainer_create(g, d, data, &trainer));
    ok(gan_monitor_create(trainer, &monitor));
    ok(gan_monitor_set_number(monitor, GAN_MONITOR_GRACE, 0));
    ok(gan_monitor_set_number(monitor, GAN_MONITOR_PATIENCE, 1));
    ok(gan_monitor_measure(monitor));
    const int32_t verdict = verdict_of(monitor);
    values_of(monitor, values);
    snprintf(reason, 512, "%s", gan_monitor_reason(monitor));
    gan_monitor_free(monitor);
    gan_trainer_free(trainer);
    gan_network_free(d);
    gan_network_free(g);
    return verdict;
}

static int32_t index_of(const char *name)
{
    int32_t i = 0;
    while (gan_monitor_value_name(i) != NULL && strcmp(gan_monitor_value_name(i), name) != 0) {
        i++;
    }
    need(gan_monitor_value_name(i) != NULL);
    return i;
}

static void expect(const char *what, const mixture *m, gan_dataset *data, int32_t verdict,
                   const char *because, double *values)
{
    char reason[512];
    const int32_t found = judge(new_mixture(m), data, values, reason);
    printf("  %-28s %s\n", what, reason);
    if (found != verdict || strstr(reason, because) == NULL) {
        ck_abort_msg("%s: %s, not %s because of %s", what, reason,
                     gan_monitor_verdict_name(verdict), because);
    }
}

/* The same mixture where it is whole, where parts of it are left out, and where it is a point. */
static void whole_and_parts(const char *what, int32_t modes, const float *centres, float width,
                            gan_dataset *data)
{
    const float directions[] = {width, 0, 0, width};
    const float faint[] = {width / 100, 0, 0, width / 100};
    const mixture whole = {2, modes, 2, centres, directions, 0};
    mixture part = whole;
    double v[VALUES_MAX];
    printf("%s\n", what);
    expect("whole", &whole, data, GAN_VERDICT_HEALTHY, "", v);
    near(v[index_of(GAN_MONITOR_DISTANCE_RATIO)], 1, 0.1);
    near(v[index_of(GAN_MONITOR_NEAR_RATIO)], 1, 0.3);
    near(v[index_of(GAN_MONITOR_SUPPORT_RATIO)], 1, 0.5);
    ck_assert(v[index_of(GAN_MONITOR_MISSING)] == 0);
    part.used = modes / 2;
    expect("half of the modes", &part, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_MISSING, v);
    near(v[index_of(GAN_MONITOR_MISSING)], 0.5, 0.15);
    part.used = 1;
    expect("one mode", &part, data, GAN_VERDICT_COLLAPSED, GAN_MONITOR_MISSING, v);
    part = whole;
    part.constant = 0.4;
    expect("40 % of z to one point", &part, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_DUPLICATES, v);
    near(v[index_of(GAN_MONITOR_DUPLICATES)], 0.4, 0.1);
    part = whole;
    part.ways = 0;
    expect("a point for each mode", &part, data, GAN_VERDICT_COLLAPSED, GAN_MONITOR_DUPLICATES, v);
    near(v[index_of(GAN_MONITOR_SUPPORT)], modes, 0.2 * modes);
    part.used = 1;
    expect("one point", &part, data, GAN_VERDICT_COLLAPSED, GAN_MONITOR_DISTANCE_RATIO, v);
    ck_assert(v[index_of(GAN_MONITOR_DISTANCE_RATIO)] == 0);
    ck_assert(v[index_of(GAN_MONITOR_SUPPORT)] == 1);
    ck_assert(v[index_of(GAN_MONITOR_DUPLICATES)] == 1);
    ck_assert(v[index_of(GAN_MONITOR_FLAT_LATENTS)] == 1);
    ck_assert(v[index_of(GAN_MONITOR_LATENT_SENSITIVITY)] == 0);
    part.ways = 2;
    part.directions = faint;
    expect("one point and some noise", &part, data, GAN_VERDICT_COLLAPSED,
           GAN_MONITOR_DISTANCE_RATIO, v);
}

START_TEST(ring)
{
    begin();
    float centres[16];
    for (int32_t i = 0; i < 8; i++) {
        centres[2 * i] = (float)cos(0.7853981633974483 * i);
        centres[2 * i + 1] = (float)sin(0.7853981633974483 * i);
    }
    gan_dataset *data;
    ok(gan_dataset_ring(ctx, 20000, 8, 1, 0.01, 5, &data));
    whole_and_parts("ring", 8, centres, 0.0346F, data);
    gan_dataset_free(data);
    end();
}
END_TEST

START_TEST(grid)
{
    begin();
    float centres[50];
    for (int32_t i = 0; i < 25; i++) {
        centres[2 * i] = (float)(i / 5 - 2) / 2;
        centres[2 * i + 1] = (float)(i % 5 - 2) / 2;
    }
    gan_dataset *data;
    ok(gan_dataset_grid(ctx, 20000, 5, 0.5, 0.0125, 5, &data));
    whole_and_parts("grid", 25, centres, 0.0433F, data);
    gan_dataset_free(data);
    end();
}
END_TEST

/* A Gaussian: G is affine, so all is known. */
START_TEST(gaussian)
{
    begin();
    static const float origin = 0, width = 1, narrow = 0.02F;
    double v[VALUES_MAX];
    float *x = new_bytes(20000 * sizeof *x, 0);
    dice d = {5};
    for (int32_t i = 0; i < 20000; i++) {
        x[i] = (float)roll_between(&d, -0.5, 0.5);
    }
    gan_dataset *data;
    ok(gan_dataset_from_floats(ctx, 20000, 1, (int64_t[]){1}, x, &data));
    printf("uniform\n");
    mixture m = {1, 1, 1, &origin, &width, 0};
    expect("whole", &m, data, GAN_VERDICT_HEALTHY, "", v);
    near(v[index_of(GAN_MONITOR_DISTANCE_RATIO)], 1, 0.06);
    /* z is moved by (z' - z) / 10 in the one element that matters */
    near(v[index_of(GAN_MONITOR_LATENT_SENSITIVITY)], 1, 0.2);
    ck_assert(v[index_of(GAN_MONITOR_FLAT_LATENTS)] < 0.05);
    m.directions = &narrow;
    expect("narrow", &m, data, GAN_VERDICT_COLLAPSED, GAN_MONITOR_DISTANCE_RATIO, v);
    near(v[index_of(GAN_MONITOR_DISTANCE_RATIO)], 0.02, 0.002);
    gan_dataset_free(data);
    free(x);
    end();
}
END_TEST

/* ---- Digits ---------------------------------------------------------------------------------- */

enum { PIXELS = 784, LEARNED = 600, WAYS = 12 };

/* Digits learned by heart and blurred by noise are healthy; one in ten, or few, are not. */
START_TEST(digits)
{
    begin();
    static float learned[LEARNED * PIXELS], of_class[LEARNED * PIXELS], ways[WAYS * PIXELS];
    uint8_t labels[LEARNED];
    gan_dataset *data;
    ok(gan_dataset_open_idx(ctx, GAN_SOURCE_DIR "/examples/data/train-images-10000-idx3-ubyte.gz",
                            GAN_SOURCE_DIR "/examples/data/train-labels-10000-idx1-ubyte.gz",
                            &data));
    ok(gan_dataset_read(data, 0, LEARNED, learned, LEARNED * PIXELS));
    ok(gan_dataset_read_labels(data, 0, LEARNED, labels, LEARNED));
    dice d = {7};
    for (int32_t i = 0; i < WAYS * PIXELS; i++) {
        ways[i] = (float)roll_between(&d, -0.25, 0.25);
    }
    int32_t ones = 0;
    for (int32_t i = 0; i < LEARNED; i++) {
        if (labels[i] == 1) {
            memcpy(of_class + PIXELS * ones++, learned + PIXELS * i, PIXELS * sizeof(float));
        }
    }
    double v[VALUES_MAX];
    mixture m = {PIXELS, LEARNED, WAYS, learned, ways, 0};
    printf("digits\n");
    expect("600 digits, noise", &m, data, GAN_VERDICT_HEALTHY, "", v);
    m.constant = 0.4;
    expect("40 % of z to one point", &m, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_DUPLICATES, v);
    m.constant = 0;
    m.used = 20;
    expect("20 digits, noise", &m, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_MISSING, v);
    m.used = LEARNED;
    m.ways = 0;
    expect("600 digits", &m, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_DUPLICATES, v);
    near(v[index_of(GAN_MONITOR_SUPPORT)], LEARNED, LEARNED / 4.0);
    m = (mixture){PIXELS, ones, WAYS, of_class, ways, 0};
    expect("only ones", &m, data, GAN_VERDICT_PARTIAL, GAN_MONITOR_MISSING, v);
    m.used = 1;
    m.ways = 0;
    expect("one picture", &m, data, GAN_VERDICT_COLLAPSED, GAN_MONITOR_DISTANCE_RATIO, v);
    gan_dataset_free(data);
    end();
}
END_TEST

/* ---- Conditions ------------------------------------------------------------------------------ */

enum { CLASSES = 8, COUNT = 2000 };

/* z, a class -> its place on the ring + spread z */
static gan_network *new_conditional(double spread)
{
    gan_network *g;
    ok(gan_network_create(ctx, "G", &g));
    int32_t x = input(g, 2);
    const int32_t y = gan_network_condition(g, "class", 1, (int64_t[]){CLASSES});
    x = gan_network_dense(g, x, 2);
    x = gan_network_add(g, x, gan_network_embedding(g, y, 2));
    ok(gan_network_output(g, x));
    ok(gan_network_set_noise(g, GAN_NOISE_NORMAL, 0, 1));
    ok(gan_network_initialize(g, 1));
    float *w = zeros(4), *places = zeros(2 * CLASSES);
    w[0] = w[3] = (float)spread;
    for (int32_t i = 0; i < CLASSES; i++) {
        places[2 * i] = (float)cos(0.7853981633974483 * i);
        places[2 * i + 1] = (float)sin(0.7853981633974483 * i);
    }
    set_parameter(g, 0, w);
    set_parameter(g, 2, places);
    return g;
}

/* [2], a class -> logit */
static gan_network *new_conditional_judge(void)
{
    gan_network *d;
    ok(gan_network_create(ctx, "D", &d));
    int32_t x = input(d, 2);
    x = gan_network_concatenate(d, x, gan_network_condition(d, "class", 1, (int64_t[]){CLASSES}),
                                0);
    ok(gan_network_output(d, gan_network_dense(d, x, 1)));
    return d;
}

/* Where each class is one point, all classes together are still as far apart as they should be. */
START_TEST(conditions)
{
    begin();
    float *x = zeros(2 * COUNT), *y = zeros((int64_t)CLASSES * COUNT);
    dice d = {3};
    for (int32_t i = 0; i < COUNT; i++) {
        const int32_t class = roll(&d, CLASSES);
        const double radius = 0.05 * sqrt(-2 * log(1 - roll_between(&d, 0, 1))),
                     turn = roll_between(&d, 0, 6.283185307179586);
        y[i * CLASSES + class] = 1;
        x[2 * i] = (float)(cos(0.7853981633974483 * class) + radius * cos(turn));
        x[2 * i + 1] = (float)(sin(0.7853981633974483 * class) + radius * sin(turn));
    }
    gan_dataset *data, *rows;
    ok(gan_dataset_from_floats(ctx, COUNT, 1, (int64_t[]){2}, x, &data));
    ok(gan_dataset_from_floats(ctx, COUNT, 1, (int64_t[]){CLASSES}, y, &rows));
    for (int32_t collapsed = 0; collapsed < 2; collapsed++) {
        gan_network *g = new_conditional(collapsed ? 0 : 0.05), *judge_of = new_conditional_judge();
        gan_trainer *trainer;
        gan_monitor *monitor = NULL;
        ok(gan_trainer_create(g, judge_of, data, &trainer));
        fails(gan_monitor_create(trainer, &monitor), GAN_ERROR_STATE, "set_conditions");
        ok(gan_trainer_set_conditions(trainer, rows));
        ok(gan_monitor_create(trainer, &monitor));
        fails(gan_monitor_set_held_out(monitor, data, NULL), GAN_ERROR_ARGUMENT, "conditions");
        ok(gan_monitor_set_held_out(monitor, data, rows));
        ok(gan_monitor_set_number(monitor, GAN_MONITOR_GRACE, 0));
        ok(gan_monitor_set_number(monitor, GAN_MONITOR_PATIENCE, 1));
        ok(gan_monitor_measure(monitor));
        ck_assert_int_eq(verdict_of(monitor),
                         collapsed ? GAN_VERDICT_COLLAPSED : GAN_VERDICT_HEALTHY);
        near(value_of(monitor, GAN_MONITOR_DISTANCE_RATIO), 1, 0.05);
        near(value_of(monitor, GAN_MONITOR_FLAT_LATENTS), collapsed, 0.02);
        near(value_of(monitor, GAN_MONITOR_D_MEMORY), 0.5, 0.06);
        gan_monitor_free(monitor);
        gan_trainer_free(trainer);
        gan_network_free(judge_of);
        gan_network_free(g);
    }
    gan_dataset_free(rows);
    gan_dataset_free(data);
    free(y);
    free(x);
    end();
}
END_TEST

/* ---- D --------------------------------------------------------------------------------------- */

/* D(x) = 10 x - 5 on real samples of 0.9, held-out ones of 0.1, and generated ones of 0.5 +- 0.4 */
START_TEST(discriminator)
{
    begin();
    static const float middle = 0.5F, width = 0.8F;
    float *x = zeros(200);
    gan_dataset *data, *held_out;
    for (int32_t i = 0; i < 200; i++) {
        x[i] = 0.9F + (float)i * 1e-5F;
    }
    ok(gan_dataset_from_floats(ctx, 200, 1, (int64_t[]){1}, x, &data));
    ok(gan_dataset_scale(data, 1, -0.8, &held_out));
    gan_network *g = new_mixture(&(mixture){1, 1, 1, &middle, &width, 0}), *d;
    ok(gan_network_create(ctx, "D", &d));
    ok(gan_network_output(d, gan_network_affine(d, input(d, 1), 10, -5)));
    gan_trainer *trainer;
    gan_monitor *monitor;
    ok(gan_trainer_create(g, d, data, &trainer));
    ok(gan_monitor_create(trainer, &monitor));
    ok(gan_monitor_measure(monitor));
    ck_assert(isnan(value_of(monitor, GAN_MONITOR_D_HELD_OUT)));
    ck_assert(isnan(value_of(monitor, GAN_MONITOR_D_GAP)));
    ok(gan_monitor_set_held_out(monitor, held_out, NULL));
    ok(gan_monitor_measure(monitor));
    ck_assert(value_of(monitor, GAN_MONITOR_D_REAL) == 1);
    near(value_of(monitor, GAN_MONITOR_D_FAKE), 0.5, 0.1);
    ck_assert(value_of(monitor, GAN_MONITOR_D_HELD_OUT) == 0);
    ck_assert(value_of(monitor, GAN_MONITOR_D_GAP) == 1);
    ck_assert(value_of(monitor, GAN_MONITOR_D_MEMORY) == 1);
    ck_assert(value_of(monitor, GAN_MONITOR_D_RANKING) > 0.99);
    gan_monitor_free(monitor);
    gan_trainer_free(trainer);
    gan_network_free(d);
    gan_network_free(g);
    gan_dataset_free(held_out);
    gan_dataset_free(data);
    free(x);
    end();
}
END_TEST

/* ---- Trainings ------------------------------------------------------------------------------- */

/* A game with batch norm, spectral norm, dropout and an average. */
typedef struct {
    gan_network *g, *d, *average;
    gan_dataset *data, *held_out;
    gan_trainer *trainer;
    gan_monitor *monitor;
} match;

static match new_match(int32_t kind)
{
    match m;
    ok(gan_network_create(ctx, "G", &m.g));
    int32_t h = gan_network_dense(m.g, input(m.g, NOISE), 6);
    h = gan_network_tanh(m.g, gan_network_batch_norm(m.g, h, 1, 1e-5, 0.1));
    ok(gan_network_output(m.g, gan_network_dense(m.g, h, SIDE)));
    ok(gan_network_create(ctx, "D", &m.d));
    h = gan_network_dropout(m.d, input(m.d, SIDE), 0.9);
    h = gan_network_dense(m.d, h, 6);
    ok(gan_network_set_spectral_norm(m.d, h, 1));
    ok(gan_network_output(m.d, gan_network_dense(m.d, gan_network_tanh(m.d, h), 1)));
    m.data = new_data(60);
    ok(gan_dataset_slice(m.data, 0, 20, &m.held_out));
    ok(gan_trainer_create(m.g, m.d, m.data, &m.trainer));
    gan_optimizer *optimizers[] = {new_optimizer(kind), new_optimizer(kind)};
    ok(gan_trainer_set_generator_optimizer(m.trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(m.trainer, optimizers[1]));
    gan_optimizer_free(optimizers[0]);
    gan_optimizer_free(optimizers[1]);
    ok(gan_network_clone(m.g, "average", &m.average));
    ok(gan_trainer_set_average(m.trainer, m.average));
    ok(gan_trainer_set_number(m.trainer, GAN_BATCH_SIZE, 8));
    ok(gan_monitor_create(m.trainer, &m.monitor));
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_SAMPLES, 50));
    return m;
}

static void free_match(match *m)
{
    gan_network_free(m->g); /* the monitor keeps all alive */
    gan_network_free(m->d);
    gan_network_free(m->average);
    gan_trainer_free(m->trainer);
    gan_dataset_free(m->held_out);
    gan_dataset_free(m->data);
    gan_monitor_free(m->monitor);
}

/* All that a training comes to. */
typedef struct {
    numbers g, d, average;
    double metrics[32];
} outcome;

static outcome outcome_of(const match *m)
{
    outcome o = {.g = all_of(m->g), .d = all_of(m->d), .average = all_of(m->average)};
    metrics_of(m->trainer, o.metrics);
    return o;
}

static void same_outcome(const outcome *a, const outcome *b)
{
    ck_assert(same(&a->g, &b->g));
    ck_assert(same(&a->d, &b->d));
    ck_assert(same(&a->average, &b->average));
    ck_assert(memcmp(a->metrics, b->metrics, sizeof a->metrics) == 0);
}

/* With a monitor that measures before, within and after, and keeps, nothing is different. */
START_TEST(measuring_changes_nothing)
{
    for (int32_t kind = 0; kind < KINDS; kind++) {
        begin();
        match plain = new_match(kind);
        ok(gan_trainer_run(plain.trainer, 40, NULL, NULL));
        const outcome wanted = outcome_of(&plain);
        free_match(&plain);
        match m = new_match(kind);
        ok(gan_monitor_set_held_out(m.monitor, m.held_out, NULL));
        ok(gan_monitor_measure(m.monitor));
        ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_INTERVAL, 3));
        ok(gan_monitor_run(m.monitor, 17, NULL, NULL, NULL));
        ck_assert(value_of(m.monitor, GAN_MONITOR_STEP) == 15);
        ok(gan_monitor_keep(m.monitor));
        ok(gan_monitor_set_text(m.monitor, GAN_MONITOR_GENERATOR, GAN_MONITOR_AVERAGE));
        ok(gan_monitor_measure(m.monitor));
        ok(gan_monitor_run(m.monitor, 23, NULL, NULL, NULL));
        const outcome got = outcome_of(&m);
        same_outcome(&got, &wanted);
        free_match(&m);
        end();
    }
}
END_TEST

/* Neither the number of threads nor what was measured before matters. */
START_TEST(values_are_a_function_of_the_parameters)
{
    double wanted[VALUES_MAX], values[VALUES_MAX];
    for (int32_t threads = 1; threads <= 8; threads *= 2) {
        begin();
        ok(gan_context_set_threads(ctx, threads));
        match m = new_match(4);
        ok(gan_monitor_set_held_out(m.monitor, m.held_out, NULL));
        ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_SAMPLES, threads == 4 ? 40 : 50));
        ok(gan_monitor_run(m.monitor, 30, NULL, NULL, NULL));
        if (threads > 1) {
            ok(gan_monitor_measure(m.monitor));
            ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_SAMPLES, 50));
        }
        ok(gan_monitor_measure(m.monitor));
        values_of(m.monitor, values);
        if (threads == 1) {
            memcpy(wanted, values, sizeof wanted);
        }
        ck_assert(memcmp(values, wanted, sizeof wanted) == 0);
        ok(gan_monitor_set_number(m.monitor, GAN_SEED, 1));
        ok(gan_monitor_measure(m.monitor));
        values_of(m.monitor, values);
        ck_assert(memcmp(values, wanted, sizeof wanted) != 0);
        free_match(&m);
        end();
    }
}
END_TEST

/* ---- The way back ---------------------------------------------------------------------------- */

/* What was put back is all that was kept, while steps and data go on: to a file that is loaded into
 * another training it is the same, and the steps to come differ from those that were taken back. */
START_TEST(rolling_back)
{
    for (int32_t kind = 0; kind < KINDS; kind++) {
        begin();
        match m = new_match(kind);
        fails(gan_monitor_roll_back(m.monitor), GAN_ERROR_STATE, "nothing is kept");
        ok(gan_trainer_run(m.trainer, 11, NULL, NULL));
        ok(gan_monitor_keep(m.monitor));
        const outcome kept = outcome_of(&m);
        ok(gan_trainer_run(m.trainer, 5, NULL, NULL));
        const outcome first = outcome_of(&m);
        ck_assert(!same(&first.g, &kept.g) && !same(&first.average, &kept.average));
        ok(gan_monitor_roll_back(m.monitor));
        const outcome back = outcome_of(&m);
        ck_assert(same(&back.g, &kept.g));
        ck_assert(same(&back.d, &kept.d));
        ck_assert(same(&back.average, &kept.average));
        ck_assert(metric_of(m.trainer, GAN_METRIC_STEP) == 16);
        ck_assert(value_of(m.monitor, GAN_MONITOR_KEPT_STEP) == 11);
        ck_assert(value_of(m.monitor, GAN_MONITOR_ROLL_BACKS) == 1);
        ok(gan_trainer_run(m.trainer, 5, NULL, NULL));
        const outcome second = outcome_of(&m);
        ck_assert(!same(&second.g, &first.g)); /* not the same steps again */

        /* A training that stood still from step 11 to 16 but for its place comes to the same. */
        match other = new_match(kind);
        ok(gan_trainer_run(other.trainer, 11, NULL, NULL));
        ok(gan_monitor_keep(other.monitor));
        ok(gan_trainer_run(other.trainer, 2, NULL, NULL));
        ok(gan_monitor_roll_back(other.monitor));
        ok(gan_trainer_run(other.trainer, 3, NULL, NULL));
        ok(gan_monitor_roll_back(other.monitor));
        ok(gan_trainer_run(other.trainer, 5, NULL, NULL));
        const outcome third = outcome_of(&other);
        same_outcome(&third, &second);
        free_match(&other);
        free_match(&m);
        end();
    }
}
END_TEST

START_TEST(rolling_back_to_other_parts)
{
    begin();
    match m = new_match(1);
    ok(gan_monitor_keep(m.monitor));
    gan_optimizer *other = new_optimizer(4);
    ok(gan_trainer_set_generator_optimizer(m.trainer, other));
    fails(gan_monitor_roll_back(m.monitor), GAN_ERROR_STATE, "optimizer");
    ok(gan_monitor_keep(m.monitor));
    ok(gan_monitor_roll_back(m.monitor));
    ok(gan_trainer_set_average(m.trainer, NULL));
    fails(gan_monitor_roll_back(m.monitor), GAN_ERROR_STATE, "average");
    ok(gan_monitor_keep(m.monitor));
    ok(gan_monitor_roll_back(m.monitor));
    ok(gan_monitor_set_text(m.monitor, GAN_MONITOR_GENERATOR, GAN_MONITOR_AVERAGE));
    fails(gan_monitor_measure(m.monitor), GAN_ERROR_STATE, "average");
    gan_optimizer_free(other);
    free_match(&m);
    end();
}
END_TEST

/* ---- Runs ------------------------------------------------------------------------------------ */

typedef struct {
    gan_network *g;
    int32_t answer, after; /* what to answer from the verdict of that number on */
    int32_t calls, verdicts[64], stops_at;
    int64_t steps[64];
} record;

static int32_t note_verdict(void *user, gan_monitor *monitor, int32_t verdict)
{
    record *r = user;
    need(r->calls < 64);
    ck_assert_int_eq(verdict, verdict_of(monitor));
    r->verdicts[r->calls] = verdict;
    r->steps[r->calls++] = (int64_t)value_of(monitor, GAN_MONITOR_STEP);
    fails(gan_monitor_run(monitor, 1, NULL, NULL, NULL), GAN_ERROR_STATE, "callback");
    return r->calls > r->after ? r->answer : GAN_MONITOR_GO_ON;
}

static int32_t spoil(void *user, gan_trainer *trainer)
{
    const record *r = user;
    return r->stops_at > 0 && metric_of(trainer, GAN_METRIC_STEP) == r->stops_at;
}

START_TEST(runs)
{
    begin();
    match m = new_match(1);
    record r = {.g = m.g, .after = 64};
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_INTERVAL, 5));
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_GRACE, 20));
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_PATIENCE, 2));
    /* a threshold that G cannot keep: all is collapsed, once the time of grace is over */
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_COLLAPSED_SUPPORT_RATIO, 1));
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_COLLAPSED_DISTANCE_RATIO, 1));
    ok(gan_trainer_run(m.trainer, 3, NULL, NULL));
    ok(gan_monitor_run(m.monitor, 29, spoil, note_verdict, &r));
    ck_assert_int_eq(r.calls, 6); /* after steps 5, 10, ... 30 of 32 */
    static const int32_t wanted[] = {0, 0, 0, 1, 3, 3};
    for (int32_t i = 0; i < 6; i++) {
        ck_assert_int_eq(r.steps[i], 5 * (i + 1));
        ck_assert_int_eq(r.verdicts[i], wanted[i]);
    }
    ck_assert_ptr_nonnull(strstr(gan_monitor_reason(m.monitor), "collapsed, 3 in a row: dist"));
    ck_assert(value_of(m.monitor, GAN_MONITOR_KEPT_STEP) == 3);
    r.answer = GAN_MONITOR_STOP;
    r.after = 0;
    fails(gan_monitor_run(m.monitor, 100, spoil, note_verdict, &r), GAN_ERROR_STOPPED, "step 35");
    r.answer = 77;
    fails(gan_monitor_run(m.monitor, 100, spoil, note_verdict, &r), GAN_ERROR_ARGUMENT, "77");
    r.stops_at = 42;
    fails(gan_monitor_run(m.monitor, 100, spoil, note_verdict, &r), GAN_ERROR_STOPPED, "step 42");
    r.stops_at = 0;
    const outcome before = outcome_of(&m);
    r.answer = GAN_MONITOR_ROLL_BACK;
    ok(gan_monitor_run(m.monitor, 3, spoil, note_verdict, &r)); /* step 45: back to step 3 */
    ck_assert(value_of(m.monitor, GAN_MONITOR_ROLL_BACKS) == 1);
    ck_assert_int_eq(verdict_of(m.monitor), GAN_VERDICT_HEALTHY);
    const outcome after = outcome_of(&m);
    ck_assert(!same(&after.g, &before.g));
    fails(gan_monitor_run(m.monitor, -1, NULL, NULL, NULL), GAN_ERROR_RANGE, "-1");
    free_match(&m);
    end();
}
END_TEST

/* Makes G too large for a finite loss, once. */
static int32_t explode(void *user, gan_trainer *trainer)
{
    record *r = user;
    if (metric_of(trainer, GAN_METRIC_STEP) == r->stops_at) {
        float *huge = zeros(6 * SIDE);
        for (int32_t i = 0; i < 6 * SIDE; i++) {
            huge[i] = FLT_MAX;
        }
        const char *name = gan_network_parameter_name(r->g, 5);
        ok(gan_network_set_parameter(r->g, name, huge, 6 * SIDE));
        free(huge);
    }
    return 0;
}

START_TEST(steps_that_are_not_finite)
{
    begin();
    match m = new_match(1);
    ok(gan_monitor_set_number(m.monitor, GAN_MONITOR_INTERVAL, 5));
    ck_assert_int_eq(elements_of(m.g, gan_network_parameter_name(m.g, 5)), 6 * SIDE);
    record r = {.g = m.g, .answer = GAN_MONITOR_GO_ON, .stops_at = 7};
    fails(gan_monitor_run(m.monitor, 20, explode, note_verdict, &r), GAN_ERROR_NUMERIC, "step 8");
    ck_assert_int_eq(r.verdicts[r.calls - 1], GAN_VERDICT_COLLAPSED);
    ck_assert_ptr_nonnull(strstr(gan_monitor_reason(m.monitor), "not finite"));
    fails(gan_monitor_measure(m.monitor), GAN_ERROR_NUMERIC, "not finite");
    ok(gan_monitor_roll_back(m.monitor));
    r.answer = GAN_MONITOR_ROLL_BACK;
    r.stops_at = 11;
    ok(gan_monitor_run(m.monitor, 20, explode, note_verdict, &r));
    ck_assert(metric_of(m.trainer, GAN_METRIC_STEP) == 27);
    /* Where going back does not help, the run ends. */
    float nan_everywhere[6 * SIDE];
    for (int32_t i = 0; i < 6 * SIDE; i++) {
        nan_everywhere[i] = FLT_MAX;
    }
    ok(gan_network_set_parameter(m.g, gan_network_parameter_name(m.g, 5), nan_everywhere,
                                 6 * SIDE));
    ok(gan_monitor_keep(m.monitor));
    r.stops_at = -1;
    r.calls = 0;
    fails(gan_monitor_run(m.monitor, 20, explode, note_verdict, &r), GAN_ERROR_NUMERIC, "step 28");
    ck_assert_int_eq(r.calls, 1);
    free_match(&m);
    end();
}
END_TEST

/* ---- Callbacks of the data ------------------------------------------------------------------- */

static gan_monitor *asked;

static int32_t deliver(void *user, int64_t index, float *sample)
{
    (void)user;
    for (int32_t i = 0; i < SIDE; i++) {
        sample[i] = (float)((index * 7 + i) % 11);
    }
    if (asked != NULL) {
        fails(gan_monitor_measure(asked), GAN_ERROR_STATE, "callback of the data");
        fails(gan_monitor_keep(asked), GAN_ERROR_STATE, "callback of the data");
        fails(gan_monitor_set_number(asked, GAN_SEED, 4), GAN_ERROR_STATE, "callback of the data");
    }
    return index == 57;
}

START_TEST(data_that_call_back)
{
    begin();
    gan_network *g = new_generator(), *d = new_discriminator();
    gan_dataset *data;
    gan_trainer *trainer;
    ok(gan_dataset_from_callback(ctx, 60, 1, (int64_t[]){SIDE}, deliver, NULL, &data));
    ok(gan_trainer_create(g, d, data, &trainer));
    ok(gan_monitor_create(trainer, &asked));
    double value;
    ck_assert_int_eq(gan_monitor_measure(asked), GAN_ERROR_STOPPED);
    ck_assert_int_eq(verdict_of(asked), GAN_VERDICT_UNKNOWN);
    ok(gan_monitor_value(asked, GAN_MONITOR_MISSING, &value));
    ck_assert(isnan(value));
    gan_dataset *part;
    ok(gan_dataset_slice(data, 0, 50, &part));
    gan_trainer *other;
    ok(gan_trainer_create(g, d, part, &other));
    gan_monitor *first = asked;
    ok(gan_monitor_create(other, &asked));
    ok(gan_monitor_measure(asked));
    ok(gan_monitor_value(asked, GAN_MONITOR_SUPPORT, &value));
    ck_assert(isfinite(value));
    gan_monitor_free(asked);
    asked = NULL;
    gan_monitor_free(first);
    gan_trainer_free(other);
    gan_trainer_free(trainer);
    gan_dataset_free(part);
    gan_dataset_free(data);
    gan_network_free(d);
    gan_network_free(g);
    end();
}
END_TEST

/* Names, options and defaults are those of the header. */
START_TEST(tables)
{
    begin();
    static const char *const names[] = {"unknown", "healthy", "partial", "collapsed", NULL};
    for (int32_t i = 0; i < 5; i++) {
        const char *name = gan_monitor_verdict_name(i);
        ck_assert(names[i] == NULL ? name == NULL : strcmp(name, names[i]) == 0);
    }
    ck_assert(GAN_VERDICT_UNKNOWN == 0 && GAN_VERDICT_HEALTHY == 1 && GAN_VERDICT_PARTIAL == 2 &&
              GAN_VERDICT_COLLAPSED == 3);
    ck_assert(GAN_MONITOR_GO_ON == 0 && GAN_MONITOR_STOP == 1 && GAN_MONITOR_ROLL_BACK == 2);
    match m = new_match(0);
    const char *name, *const *choices, *help;
    double minimum, maximum, value;
    int32_t options = 0, thresholds = 0;
    for (;
         gan_monitor_describe_option(options, &name, &choices, &minimum, &maximum, &help) == GAN_OK;
         options++) {
        ok(gan_monitor_get_number(m.monitor, name, &value) == GAN_OK || choices != NULL ? GAN_OK
                                                                                        : -1);
        if (strncmp(name, "partial_", 8) == 0) { /* each has a value and a stricter sibling */
            char other[64];
            double collapsed;
            snprintf(other, sizeof other, "collapsed_%s", name + 8);
            ok(gan_monitor_get_number(m.monitor, other, &collapsed));
            const bool low = strstr(name, "ratio") != NULL;
            ck_assert(low ? collapsed < value : collapsed > value);
            index_of(name + 8);
            thresholds++;
        }
    }
    ck_assert_int_eq(thresholds, 5);
    const char *text;
    ok(gan_monitor_get_text(m.monitor, GAN_MONITOR_GENERATOR, &text));
    ck_assert_str_eq(text, GAN_MONITOR_RAW);
    ck_assert_str_eq(gan_monitor_reason(m.monitor), "");
    free_match(&m);
    end();
}
END_TEST

int main(void)
{
    return RUN_TESTS("monitor", ring, grid, gaussian, digits, conditions, discriminator,
                     measuring_changes_nothing, values_are_a_function_of_the_parameters,
                     rolling_back, rolling_back_to_other_parts, runs, steps_that_are_not_finite,
                     data_that_call_back, tables);
}
