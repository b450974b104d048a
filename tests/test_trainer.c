/* The trainer: that runs repeat to the bit, that a failed step leaves no trace, options, callbacks,
 * the order of data, and the known points of the objective. The arithmetic of a step is checked in
 * test_algorithm.c. */
#include "api.h"

#include <gan/gan.h>

#include <stdbool.h>
#include <stdio.h>

/* A full-size run under a sanitizer would show nothing more, and take minutes. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- What every test starts from ------------------------------------------------------------- */

static gan_network *G, *D;
static gan_dataset *data;
static gan_trainer *trainer;

static void start(void)
{
    ctx = new_context(&own);
    G = D = NULL;
    data = NULL;
    trainer = NULL;
}

static void clear(void)
{
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    trainer = NULL;
    G = D = NULL;
    data = NULL;
}

static void finish(void)
{
    clear();
    end_context(ctx, &own);
}

static void begin_networks(void)
{
    ok(gan_network_create(ctx, "G", &G));
    ok(gan_network_create(ctx, "D", &D));
}

static int32_t input(gan_network *network, int64_t elements)
{
    return gan_network_input(network, "in", 1, &elements);
}

/* G: [noise] -> [outputs] and D: [outputs] -> logit, both one affine layer. */
static void linear_networks(int64_t noise, int64_t outputs)
{
    begin_networks();
    ok(gan_network_output(G, gan_network_dense(G, input(G, noise), outputs)));
    ok(gan_network_output(D, gan_network_dense(D, input(D, outputs), 1)));
}

/* Small networks with all that makes runs hard to repeat: dropout, maxout, a constraint. */
static void small_networks(void)
{
    begin_networks();
    int32_t h = gan_network_relu(G, gan_network_dense(G, input(G, 4), 16));
    ok(gan_network_output(G, gan_network_dense(G, h, 2)));
    int32_t x = gan_network_dropout(D, input(D, 2), 0.8);
    x = gan_network_maxout(D, x, 8, 3);
    ok(gan_network_set_max_norm(D, x, 1.5));
    x = gan_network_dropout(D, x, 0.5);
    ok(gan_network_output(D, gan_network_dense(D, x, 1)));
}

static double metric(const char *name)
{
    double value = -1e9;
    ok(gan_trainer_metric(trainer, name, &value));
    return value;
}

static void set_parameter(gan_network *network, const char *name, int64_t count, float value)
{
    float *values = calloc((size_t)count, sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = value;
    }
    ok(gan_network_set_parameter(network, name, values, count));
    free(values);
}

static gan_optimizer *optimizer(const char *kind, double rate)
{
    gan_optimizer *made;
    ok(gan_optimizer_create(ctx, kind, &made));
    ok(gan_optimizer_set_number(made, GAN_LEARNING_RATE, rate));
    return made;
}

static uint64_t digest_of(gan_network *network, uint64_t digest)
{
    float *values = malloc((size_t)gan_network_parameter_elements(network) * sizeof *values);
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        int64_t dims[2], count = 1;
        int32_t rank;
        ok(gan_network_parameter_shape(network, name, &rank, dims, 2));
        for (int32_t j = 0; j < rank; j++) {
            count *= dims[j];
        }
        ok(gan_network_get_parameter(network, name, values, count));
        const unsigned char *bytes = (const unsigned char *)values;
        for (size_t j = 0; j < (size_t)count * sizeof *values; j++) {
            digest = (digest ^ bytes[j]) * 0x100000001b3u; /* FNV-1a */
        }
    }
    free(values);
    return digest;
}

/* Of all parameters of both players. */
static uint64_t digest(void)
{
    return digest_of(D, digest_of(G, 0xcbf29ce484222325u));
}

/* ---- The same bits --------------------------------------------------------------------------- */

typedef struct {
    int64_t noise, hidden, outputs, units, batch, steps;
    int32_t threads;
    uint64_t seed, start_seed;
    bool simultaneous;
    int32_t k;
} big_run;

/* The MNIST networks of the paper, at any size. */
static void mnist_networks(const big_run *run)
{
    begin_networks();
    int32_t h = gan_network_relu(G, gan_network_dense(G, input(G, run->noise), run->hidden));
    h = gan_network_relu(G, gan_network_dense(G, h, run->hidden));
    ok(gan_network_output(G, gan_network_sigmoid(G, gan_network_dense(G, h, run->outputs))));
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, -1.7320508, 1.7320508));
    ok(gan_network_set_initializer(G, 0, GAN_INIT_UNIFORM, -0.05, 0.05));
    int32_t x = gan_network_dropout(D, input(D, run->outputs), 0.8);
    x = gan_network_maxout(D, x, run->units, 5);
    ok(gan_network_set_max_norm(D, x, 1.9365));
    x = gan_network_maxout(D, gan_network_dropout(D, x, 0.5), run->units, 5);
    ok(gan_network_set_max_norm(D, x, 1.9365));
    x = gan_network_dense(D, gan_network_dropout(D, x, 0.5), 1);
    ok(gan_network_output(D, x));
    ok(gan_network_initialize(G, run->start_seed));
    ok(gan_network_initialize(D, run->start_seed + 1));
}

static gan_dataset *random_bytes(int64_t count, int64_t elements)
{
    dice d = {7};
    uint8_t *bytes = malloc((size_t)(count * elements));
    gan_dataset *made;
    for (int64_t i = 0; i < count * elements; i++) {
        bytes[i] = (uint8_t)(roll(&d, 5) == 0 ? roll(&d, 256) : 0);
    }
    ok(gan_dataset_from_bytes(ctx, count, 1, &elements, bytes, &made));
    free(bytes);
    return made;
}

static uint64_t train_big(big_run run)
{
    start();
    ok(gan_context_set_threads(ctx, run.threads));
    mnist_networks(&run);
    data = random_bytes(3 * run.batch + 1, run.outputs); /* with a short batch each epoch */
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, (double)run.batch));
    ok(gan_trainer_set_number(trainer, GAN_SEED, (double)run.seed));
    if (run.simultaneous) {
        ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    } else {
        ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, run.k));
    }
    gan_optimizer *adam = optimizer(GAN_ADAM, 0.0002);
    ok(gan_trainer_set_generator_optimizer(trainer, adam));
    gan_optimizer_free(adam);
    ok(gan_trainer_run(trainer, run.steps, NULL, NULL));
    ck_assert(isfinite(metric(GAN_METRIC_VALUE)));
    const uint64_t made = digest();
    finish();
    return made;
}

/* Wide enough that products are cut into several tiles and groups into several chunks. */
static const big_run reduced = {50, 400, 392, 80, 24, SANITIZED ? 20 : 200, 1, 5, 9, false, 1};

static void same_bits(big_run run)
{
    const uint64_t one = train_big(run);
    static const int32_t threads[] = {1, 2, 3, 8};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        run.threads = threads[i];
        const uint64_t other = train_big(run);
        if (one != other) {
            ck_abort_msg("%d threads: digest %016llx, not %016llx", (int)run.threads,
                         (unsigned long long)other, (unsigned long long)one);
        }
    }
    run.threads = 2;
    run.seed++;
    ck_assert_uint_ne(train_big(run), one);
    run.seed--;
    run.start_seed++;
    ck_assert_uint_ne(train_big(run), one);
}

START_TEST(alternating_runs_have_the_same_bits_on_any_number_of_threads)
{
    same_bits(reduced);
}
END_TEST

START_TEST(simultaneous_runs_have_the_same_bits_on_any_number_of_threads)
{
    big_run run = reduced;
    run.simultaneous = true;
    run.steps /= 2;
    same_bits(run);
}
END_TEST

START_TEST(runs_with_two_updates_of_d_have_the_same_bits)
{
    big_run run = reduced;
    run.k = 2;
    run.steps /= 10;
    same_bits(run);
}
END_TEST

START_TEST(the_networks_of_the_paper_have_the_same_bits)
{
    big_run run = {100, 1200, 784, 240, 100, 3, 1, 1, 2, true, 1};
    if (SANITIZED) {
        return;
    }
    const uint64_t one = train_big(run);
    run.threads = 3;
    ck_assert_uint_eq(train_big(run), one);
}
END_TEST

/* ---- Runs ------------------------------------------------------------------------------------ */

/* A trainer of the small networks on `count` samples of a ring, in batches of 4. */
static void start_small(int64_t count)
{
    start();
    small_networks();
    ok(gan_dataset_ring(ctx, count, 8, 1, 0.05, 3, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 4));
    ok(gan_trainer_set_number(trainer, GAN_SEED, 11));
}

START_TEST(runs_go_on_where_they_stopped)
{
    static const char *const modes[] = {GAN_ALTERNATING, GAN_SIMULTANEOUS};
    for (int k = 0; k <= 2; k++) {
        uint64_t digests[2];
        for (int cut = 0; cut < 2; cut++) {
            start_small(10);
            ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, modes[k == 0]));
            ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, k == 2 ? 2 : 1));
            ok(gan_trainer_run(trainer, cut ? 7 : 20, NULL, NULL));
            if (cut) {
                ok(gan_trainer_run(trainer, 0, NULL, NULL));
                ok(gan_trainer_run(trainer, 13, NULL, NULL));
            }
            digests[cut] = digest();
            near(metric(GAN_METRIC_STEP), 20, 0);
            finish();
        }
        ck_assert_uint_eq(digests[0], digests[1]);
    }
}
END_TEST

START_TEST(epochs_are_counted)
{
    start_small(10); /* batches of 4, 4 and 2 */
    ok(gan_trainer_run_epochs(trainer, 0, NULL, NULL));
    near(metric(GAN_METRIC_STEP), 0, 0);
    ok(gan_trainer_run_epochs(trainer, 2, NULL, NULL));
    near(metric(GAN_METRIC_STEP), 6, 0);
    near(metric(GAN_METRIC_EPOCH), 2, 0);
    near(metric(GAN_METRIC_SAMPLES), 20, 0);
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    near(metric(GAN_METRIC_SAMPLES), 24, 0);
    ok(gan_trainer_run_epochs(trainer, 1, NULL, NULL)); /* the part trained counts */
    near(metric(GAN_METRIC_STEP), 9, 0);
    near(metric(GAN_METRIC_EPOCH), 3, 0);
    near(metric(GAN_METRIC_SAMPLES), 30, 0);
    fails(gan_trainer_run_epochs(trainer, -1, NULL, NULL), GAN_ERROR_RANGE, "-1");
    fails(gan_trainer_run(trainer, -2, NULL, NULL), GAN_ERROR_RANGE, "-2");
    finish();

    start_small(10);
    ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, 1));
    ok(gan_trainer_run_epochs(trainer, 2, NULL, NULL));
    near(metric(GAN_METRIC_STEP), 4, 0);
    near(metric(GAN_METRIC_SAMPLES), 16, 0);
    finish();

    start_small(10); /* two batches a step: the second step reads 2 + 4 */
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, 2));
    ok(gan_trainer_run(trainer, 2, NULL, NULL));
    near(metric(GAN_METRIC_EPOCH), 1, 0);
    near(metric(GAN_METRIC_SAMPLES), 14, 0);
    ok(gan_trainer_run_epochs(trainer, 1, NULL, NULL));
    near(metric(GAN_METRIC_STEP), 3, 0);
    near(metric(GAN_METRIC_EPOCH), 2, 0);
    near(metric(GAN_METRIC_SAMPLES), 20, 0);
    finish();
}
END_TEST

START_TEST(data_smaller_than_a_batch)
{
    start_small(3);
    ok(gan_trainer_run_epochs(trainer, 2, NULL, NULL));
    near(metric(GAN_METRIC_STEP), 2, 0);
    near(metric(GAN_METRIC_SAMPLES), 6, 0);
    finish();

    start_small(3);
    ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, 1));
    const uint64_t before = digest();
    for (int i = 0; i < 2; i++) {
        fails(gan_trainer_run_epochs(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "drop_last");
        fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "drop_last");
    }
    ck_assert_uint_eq(digest(), before);
    ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, 0)); /* no step was made: nothing is fixed */
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    finish();
}
END_TEST

START_TEST(runs_need_data)
{
    start();
    linear_networks(2, 2);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "no data");
    fails(gan_trainer_run_epochs(trainer, 1, NULL, NULL), GAN_ERROR_STATE, "no data");
    ok(gan_trainer_step(trainer, 1, (float[]){1, 2}, (float[]){3, 4}, (float[]){5, 6}));
    finish();
}
END_TEST

/* ---- The order of data ----------------------------------------------------------------------- */

typedef struct {
    int64_t seen[64];
    int32_t count;
    int64_t bad;  /* index that is delivered as NaN, or -1 */
    int64_t stop; /* index at which the callback gives up, or -1 */
} source;

static int32_t deliver(void *user, int64_t index, float *sample)
{
    source *s = user;
    if (s->count < 64) {
        s->seen[s->count++] = index;
    }
    sample[0] = index == s->bad ? NAN : (float)index / 8;
    sample[1] = 1;
    return index == s->stop;
}

static void start_source(source *s, int64_t count)
{
    start();
    small_networks();
    ok(gan_dataset_from_callback(ctx, count, 1, (int64_t[]){2}, deliver, s, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 3));
}

START_TEST(data_comes_in_order_or_permuted)
{
    source s = {.bad = -1, .stop = -1};
    start_source(&s, 8);
    ok(gan_trainer_set_number(trainer, GAN_SHUFFLE, 0));
    ok(gan_trainer_run_epochs(trainer, 2, NULL, NULL));
    ck_assert_int_eq(s.count, 16);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(s.seen[i], i % 8);
    }
    finish();

    s = (source){.bad = -1, .stop = -1};
    start_source(&s, 8);
    ok(gan_trainer_run_epochs(trainer, 2, NULL, NULL));
    ck_assert_int_eq(s.count, 16);
    for (int epoch = 0; epoch < 2; epoch++) {
        int32_t met = 0;
        for (int i = 0; i < 8; i++) {
            met |= 1 << s.seen[8 * epoch + i];
        }
        ck_assert_int_eq(met, 255);
    }
    ck_assert(memcmp(s.seen, s.seen + 8, 8 * sizeof s.seen[0]) != 0);
    finish();
}
END_TEST

START_TEST(bad_data_is_refused_without_a_trace)
{
    for (int k = 1; k <= 2; k++) {
        source s = {.bad = -1, .stop = -1};
        start_source(&s, 8);
        ok(gan_trainer_set_number(trainer, GAN_SHUFFLE, 0));
        ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, k));
        ok(gan_trainer_run(trainer, k == 1 ? 1 : 0, NULL, NULL));
        const uint64_t before = digest();
        const double steps = metric(GAN_METRIC_STEP);
        s.bad = 4; /* in the second batch */
        fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_NUMERIC, "4");
        ck_assert_uint_eq(digest(), before);
        s.bad = -1;
        s.stop = 5;
        fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STOPPED, "5");
        ck_assert_uint_eq(digest(), before);
        near(metric(GAN_METRIC_STEP), steps, 0);
        s.stop = -1;
        s.count = 0; /* the same samples come again */
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        ck_assert_int_eq(s.seen[0], k == 1 ? 3 : 0);
        const uint64_t after = digest();
        finish();

        source t = {.bad = -1, .stop = -1}; /* as if nothing had happened */
        start_source(&t, 8);
        ok(gan_trainer_set_number(trainer, GAN_SHUFFLE, 0));
        ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, k));
        ok(gan_trainer_run(trainer, k == 1 ? 2 : 1, NULL, NULL));
        ck_assert_uint_eq(digest(), after);
        finish();
    }
}
END_TEST

/* ---- Callbacks ------------------------------------------------------------------------------- */

typedef struct {
    int32_t calls, stop_after;
    bool sample, train;
    float *samples; /* [10, 2] */
} watch;

static int32_t on_step(void *user, gan_trainer *running)
{
    watch *w = user;
    double step, value;
    w->calls++;
    need(running == trainer);
    ok(gan_trainer_metric(running, GAN_METRIC_STEP, &step));
    ok(gan_trainer_metric(running, GAN_METRIC_VALUE, &value));
    need(step == w->calls && value < 0 && isfinite(value));
    if (w->sample) {
        ok(gan_network_sample(G, 1, 10, w->samples, 20));
        digest();
    }
    if (w->train) {
        const float one[8] = {0};
        fails(gan_trainer_run(running, 1, NULL, NULL), GAN_ERROR_STATE, "callback");
        fails(gan_trainer_run_epochs(running, 1, NULL, NULL), GAN_ERROR_STATE, "callback");
        fails(gan_trainer_step(running, 1, one, one, one), GAN_ERROR_STATE, "callback");
        fails(gan_trainer_set_number(running, GAN_SEED, 1), GAN_ERROR_STATE, "seed");
        fails(gan_trainer_set_text(running, GAN_SCHEDULE, GAN_SIMULTANEOUS), GAN_ERROR_STATE,
              "schedule");
    }
    return w->calls == w->stop_after ? 42 : 0;
}

START_TEST(callbacks_watch_and_stop)
{
    uint64_t digests[2];
    for (int i = 0; i < 2; i++) {
        float samples[20] = {0};
        watch w = {.stop_after = 5, .sample = i == 1, .train = i == 1, .samples = samples};
        start_small(10);
        fails(gan_trainer_run(trainer, 9, on_step, &w), GAN_ERROR_STOPPED, "42");
        ck_assert_int_eq(w.calls, 5);
        near(metric(GAN_METRIC_STEP), 5, 0);
        ok(gan_trainer_run(trainer, 2, on_step, &w)); /* and goes on */
        ck_assert_int_eq(w.calls, 7);
        w.stop_after = 8;
        fails(gan_trainer_run_epochs(trainer, 3, on_step, &w), GAN_ERROR_STOPPED, "step 8");
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        digests[i] = digest();
        if (i == 1) {
            float again[20];
            ok(gan_network_sample(G, 1, 10, again, 20));
            ck_assert(memcmp(again, samples, sizeof again) != 0); /* they were of an older G */
        }
        finish();
    }
    ck_assert_uint_eq(digests[0], digests[1]); /* watching changes nothing */
}
END_TEST

/* ---- Steps that fail ------------------------------------------------------------------------- */

/* Trains `steps` steps on the same small batches as always, the first of them number `first`. */
static void steps_on(int64_t first, int64_t steps, int k)
{
    for (int64_t i = first; i < first + steps; i++) {
        dice d = {(uint64_t)i + 1};
        float x[24], z_d[48], z_g[16]; /* k at most 3 */
        roll_array(&d, 8 * k, 0, 1, x);
        roll_array(&d, 16 * k, -1, 1, z_d);
        roll_array(&d, 16, -1, 1, z_g);
        ok(gan_trainer_step(trainer, 4, x, z_d, k == 0 ? NULL : z_g));
    }
}

typedef struct {
    gan_optimizer *d, *g;
} pair;

static pair give_optimizers(const char *d_kind, double d_rate, const char *g_kind, double g_rate)
{
    const pair made = {optimizer(d_kind, d_rate), optimizer(g_kind, g_rate)};
    ok(gan_trainer_set_discriminator_optimizer(trainer, made.d));
    ok(gan_trainer_set_generator_optimizer(trainer, made.g));
    return made;
}

static void free_pair(pair optimizers)
{
    gan_optimizer_free(optimizers.d);
    gan_optimizer_free(optimizers.g);
}

/* D's learning rate is so large for one step that it succeeds for D, k times, and G's gradient
 * overflows. Everything must be as before that step, and training go on as if it had not been. */
static void overflow_once(int k, const char *d_kind, double rate, double huge, bool supplied)
{
    uint64_t digests[2];
    for (int with = 0; with < 2; with++) {
        start_small(10);
        ok(gan_network_set_max_norm(D, 0, 0));               /* which would tame the step */
        ok(gan_trainer_set_number(trainer, GAN_BLEND, 0.5)); /* G has a gradient on either side */
        ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, k));
        const pair optimizers = give_optimizers(d_kind, rate, GAN_ADAM, 0.01);
        steps_on(0, 3, k);
        ok(gan_trainer_run(trainer, 2, NULL, NULL));
        if (with) {
            const uint64_t before = digest();
            const double value = metric(GAN_METRIC_VALUE);
            const float x[24] = {1, 2, 1, 2}, z[48] = {1, 1, 1, 1, 1, 1};
            ok(gan_optimizer_set_number(optimizers.d, GAN_LEARNING_RATE, huge));
            const int32_t status = supplied ? gan_trainer_step(trainer, 4, x, z, z)
                                            : gan_trainer_run(trainer, 1, NULL, NULL);
            fails(status, GAN_ERROR_NUMERIC, "step 6: ");
            need(strstr(gan_context_message(ctx), "not finite") != NULL);
            ck_assert_uint_eq(digest(), before);
            ck_assert_int_eq(gan_optimizer_updates(optimizers.d), 5 * k);
            ck_assert_int_eq(gan_optimizer_updates(optimizers.g), 5);
            near(metric(GAN_METRIC_STEP), 5, 0);
            near(metric(GAN_METRIC_VALUE), value, 0);
            ok(gan_optimizer_set_number(optimizers.d, GAN_LEARNING_RATE, rate));
        }
        ok(gan_trainer_run(trainer, 2, NULL, NULL));
        steps_on(7, 2, k);
        ck_assert_int_eq(gan_optimizer_updates(optimizers.d), 9 * k);
        digests[with] = digest();
        free_pair(optimizers);
        finish();
    }
    ck_assert_uint_eq(digests[0], digests[1]);
}

START_TEST(a_failed_step_leaves_no_trace)
{
    static const char *const kinds[] = {GAN_SGD,     GAN_MOMENTUM, GAN_NESTEROV,
                                        GAN_RMSPROP, GAN_ADAM,     GAN_ADAMW};
    for (int i = 0; i < 6; i++) {
        for (int k = 1; k <= 3; k++) {
            overflow_once(k, kinds[i], 0.01, 3e38, i % 2 == 0);
        }
    }
}
END_TEST

/* G(z) = w z and D(x) = v x + c on numbers: steps that fail where we want them to. */
static void start_numbers(float w, float v, pair *optimizers, double d_rate)
{
    start();
    linear_networks(1, 1);
    set_parameter(G, "layer0.weight", 1, w);
    set_parameter(D, "layer0.weight", 1, v);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    *optimizers = give_optimizers(GAN_SGD, d_rate, GAN_SGD, 0.1);
}

static void refuse_step(const float *x, const float *z_d, const float *z_g, const char *text)
{
    const uint64_t before = digest();
    fails(gan_trainer_step(trainer, 1, x, z_d, z_g), GAN_ERROR_NUMERIC, text);
    ck_assert_uint_eq(digest(), before);
    set_parameter(D, "layer0.weight", 1, 1);
    ok(gan_trainer_step(trainer, 1, (float[]){1}, (float[]){1}, (float[]){1}));
    clear();
}

START_TEST(failures_name_player_step_and_tensor)
{
    pair p;
    const float one[] = {1}, large[] = {1e30f}, many[] = {NAN}, endless[] = {INFINITY};
    start_numbers(1, 1, &p, 0.1);
    free_pair(p);
    refuse_step(many, one, one, "step 1: discriminator: d_loss is not finite");
    end_context(ctx, &own);

    start_numbers(1, 1, &p, 0.1);
    free_pair(p);
    ok(gan_trainer_step(trainer, 1, one, one, one));
    refuse_step(one, endless, one, "step 2: discriminator: d_loss is not finite");
    end_context(ctx, &own);

    start_numbers(1, 1, &p, 0.1);
    free_pair(p);
    refuse_step(one, one, many, "step 1: generator: g_loss is not finite");
    end_context(ctx, &own);

    /* The logit is 1e30 * -1e-30 = -1; the gradient by D's weight is finite, but not its square. */
    start_numbers(1, -1e-30f, &p, 0);
    free_pair(p);
    refuse_step(large, one, one, "step 1: discriminator: the gradient's norm is not finite");
    end_context(ctx, &own);

    /* v = -1e37 gives -g = z 1e37 = 1e39: infinite, though the logit w z v = -1e33 is not. */
    start_numbers(1e-6f, -1e37f, &p, 0);
    free_pair(p);
    refuse_step((float[]){0}, (float[]){0}, (float[]){100},
                "step 1: generator: the gradient of layer0.weight is not finite");
    end_context(ctx, &own);

    /* The same when simultaneous: D, whose gradient is finite, must not have moved. */
    start_numbers(1e-6f, -1e37f, &p, 0.1);
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    refuse_step((float[]){0}, (float[]){100}, NULL,
                "step 1: generator: the gradient of layer0.weight is not finite");
    ck_assert_int_eq(gan_optimizer_updates(p.d), 1); /* the one that refuse_step makes at last */
    free_pair(p);
    end_context(ctx, &own);

    /* With k = 2 the second update of D fails after the first one was made. */
    start_numbers(1, 1, &p, 0.1);
    free_pair(p);
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, 2));
    const uint64_t before = digest();
    fails(gan_trainer_step(trainer, 1, (float[]){1, NAN}, (float[]){1, 1}, one), GAN_ERROR_NUMERIC,
          "step 1: discriminator: d_loss");
    ck_assert_uint_eq(digest(), before);
    finish();
}
END_TEST

/* What is not finite must not hide behind a layer. */
START_TEST(nothing_hides_a_nan)
{
    for (int layer = 0; layer < 6; layer++) {
        start();
        begin_networks();
        ok(gan_network_output(G, gan_network_dense(G, input(G, 2), 2)));
        int32_t x = input(D, 2), y = gan_network_dense(D, x, 4);
        y = layer == 0   ? gan_network_relu(D, y)
            : layer == 1 ? gan_network_leaky_relu(D, y, 0.1)
            : layer == 2 ? gan_network_maxout(D, x, 4, 3)
            : layer == 3 ? gan_network_sigmoid(D, y)
            : layer == 4 ? gan_network_tanh(D, y)
                         : gan_network_softplus(D, y);
        ok(gan_network_output(D, gan_network_dense(D, y, 1)));
        ok(gan_trainer_create(G, D, NULL, &trainer));
        const float good[] = {0.5f, -1}, bad[] = {1, NAN};
        const uint64_t before = digest();
        fails(gan_trainer_step(trainer, 1, bad, good, good), GAN_ERROR_NUMERIC, "discriminator");
        fails(gan_trainer_step(trainer, 1, good, bad, good), GAN_ERROR_NUMERIC, "discriminator");
        fails(gan_trainer_step(trainer, 1, good, good, bad), GAN_ERROR_NUMERIC, "generator");
        ck_assert_uint_eq(digest(), before);
        ok(gan_trainer_step(trainer, 1, good, good, good));
        finish();
    }
}
END_TEST

START_TEST(simultaneous_steps_fail_before_anything_moves)
{
    start_small(10);
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    const pair p = give_optimizers(GAN_ADAM, 0.01, GAN_SGD, 1e37);
    ok(gan_trainer_run(trainer, 1, NULL, NULL)); /* finite losses, but a huge move of G */
    const uint64_t before = digest();
    for (int i = 0; i < 2; i++) {
        fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_NUMERIC, "step 2: ");
        ck_assert_uint_eq(digest(), before);
        ck_assert_int_eq(gan_optimizer_updates(p.d), 1);
        ck_assert_int_eq(gan_optimizer_updates(p.g), 1);
    }
    ok(gan_network_initialize(G, 1)); /* what can help now */
    ok(gan_optimizer_set_number(p.g, GAN_LEARNING_RATE, 0.01));
    ok(gan_trainer_run(trainer, 5, NULL, NULL));
    free_pair(p);
    finish();
}
END_TEST

/* ---- Options --------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    double initial, minimum, maximum;
    bool whole, fixed;
} numbers[] = {
    {GAN_BATCH_SIZE, 100, 1, 1048576, true, true},
    {GAN_DISCRIMINATOR_STEPS, 1, 1, 10000, true, true},
    {GAN_BLEND, 0, 0, 1, false, false},
    {GAN_HALF, 1, 0, 1, true, false},
    {GAN_R1, 0, 0, 1e9, false, false},
    {GAN_R2, 0, 0, 1e9, false, false},
    {GAN_GRADIENT_PENALTY, 0, 0, 1e9, false, false},
    {GAN_DRAGAN, 0, 0, 1e9, false, false},
    {GAN_ONE_SIDED, 0, 0, 1, true, false},
    {GAN_APPROXIMATE, 0, 0, 1000, false, false},
    {GAN_PENALTY_INTERVAL, 1, 1, 10000, true, false},
    {GAN_SEED, 0, 0, 9007199254740992.0, true, true},
    {GAN_SHUFFLE, 1, 0, 1, true, true},
    {GAN_DROP_LAST, 0, 0, 1, true, true},
    {GAN_WARM_UP, 0, 0, 9007199254740992.0, true, false},
    {GAN_GENERATOR_INTERVAL, 1, 1, 10000, true, false},
    {GAN_AVERAGE_DECAY, 0.999, 0, 1 - 0x1p-53, false, false},
    {GAN_SCHEDULE_STEPS, 0, 0, 9007199254740992.0, true, false},
    {GAN_AVERAGE_HALF_LIFE, 0, 0, 1e15, false, false},
    {GAN_FINAL_AVERAGE_HALF_LIFE, 0, 0, 1e15, false, false},
    {GAN_FINAL_PENALTY, 1, 0, 1000, false, false},
    {GAN_MICRO_BATCH, 0, 0, 1048576, true, false},
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

START_TEST(options_have_defaults_and_ranges)
{
    double value;
    const char *text;
    start();
    linear_networks(2, 2);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    for (int i = 0; i < NUMBERS; i++) {
        const char *key = numbers[i].key;
        const double low = numbers[i].minimum, high = numbers[i].maximum;
        ok(gan_trainer_get_number(trainer, key, &value));
        near(value, numbers[i].initial, 0);
        const double bad[] = {low - 1, high * 2 + 1, -INFINITY, INFINITY, low - 1e-9};
        for (int j = 0; j < 5; j++) {
            fails(gan_trainer_set_number(trainer, key, bad[j]), GAN_ERROR_RANGE, key);
        }
        fails(gan_trainer_set_number(trainer, key, NAN), GAN_ERROR_ARGUMENT, key);
        if (numbers[i].whole) {
            fails(gan_trainer_set_number(trainer, key, low + 0.5), GAN_ERROR_RANGE, "whole");
        }
        ok(gan_trainer_get_number(trainer, key, &value));
        near(value, numbers[i].initial, 0);
        const double good[] = {low, high, numbers[i].initial};
        for (int j = 0; j < 3; j++) {
            ok(gan_trainer_set_number(trainer, key, good[j]));
            ok(gan_trainer_get_number(trainer, key, &value));
            near(value, good[j], 0);
        }
    }
    ok(gan_trainer_get_text(trainer, GAN_SCHEDULE, &text));
    ck_assert_str_eq(text, GAN_ALTERNATING);
    fails(gan_trainer_set_text(trainer, GAN_SCHEDULE, "both"), GAN_ERROR_KEY, "both");
    fails(gan_trainer_set_number(trainer, GAN_SCHEDULE, 1), GAN_ERROR_KEY, "schedule");
    fails(gan_trainer_set_text(trainer, GAN_SEED, "1"), GAN_ERROR_KEY, "seed");
    fails(gan_trainer_set_number(trainer, "batchsize", 1), GAN_ERROR_KEY, "batchsize");
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
    ok(gan_trainer_get_text(trainer, GAN_SCHEDULE, &text));
    ck_assert_str_eq(text, GAN_SIMULTANEOUS);
    finish();
}
END_TEST

START_TEST(options_describe_themselves)
{
    const char *name, *help;
    const char *const *choices;
    double low, high;
    int32_t found = 0, index = 0;
    start();
    for (; gan_trainer_describe_option(index, &name, &choices, &low, &high, &help) == GAN_OK;
         index++) {
        ck_assert(help != NULL && strlen(help) > 10);
        for (int i = 0; i < NUMBERS; i++) {
            if (strcmp(name, numbers[i].key) == 0) {
                found++;
                ck_assert(choices == NULL && low == numbers[i].minimum &&
                          high == numbers[i].maximum);
            }
        }
        if (strcmp(name, GAN_SCHEDULE) == 0) {
            found++;
            ck_assert_str_eq(choices[0], GAN_ALTERNATING);
            ck_assert_str_eq(choices[1], GAN_SIMULTANEOUS);
            ck_assert_ptr_null(choices[2]);
        }
        if (strcmp(name, GAN_OBJECTIVE) == 0) {
            found++;
            ck_assert_str_eq(choices[0], GAN_MINIMAX);
            ck_assert_ptr_null(choices[6]);
        }
    }
    ck_assert_int_eq(index, NUMBERS + 2);
    ck_assert_int_eq(found, NUMBERS + 2);
    ck_assert_int_eq(gan_trainer_describe_option(index, NULL, NULL, NULL, NULL, NULL),
                     GAN_ERROR_RANGE);
    ck_assert_int_eq(gan_trainer_describe_option(0, NULL, NULL, NULL, NULL, NULL), GAN_OK);
    finish();
}
END_TEST

START_TEST(the_first_step_fixes_what_it_used)
{
    start_small(10);
    ok(gan_trainer_run(trainer, 0, NULL, NULL)); /* no step: nothing is fixed */
    for (int i = 0; i < NUMBERS; i++) {
        double value;
        ok(gan_trainer_get_number(trainer, numbers[i].key, &value));
        ok(gan_trainer_set_number(trainer, numbers[i].key, value));
    }
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    near(metric(GAN_METRIC_SAMPLES), 5, 0);
    for (int i = 0; i < NUMBERS; i++) {
        double value;
        ok(gan_trainer_get_number(trainer, numbers[i].key, &value));
        if (numbers[i].fixed) {
            fails(gan_trainer_set_number(trainer, numbers[i].key, value), GAN_ERROR_STATE,
                  numbers[i].key);
        } else {
            const double other = value == numbers[i].minimum ? 1 : numbers[i].minimum;
            ok(gan_trainer_set_number(trainer, numbers[i].key, other));
        }
    }
    fails(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_ALTERNATING), GAN_ERROR_STATE,
          "schedule");
    gan_optimizer *late = optimizer(GAN_SGD, 0.1);
    fails(gan_trainer_set_generator_optimizer(trainer, late), GAN_ERROR_STATE, "first step");
    fails(gan_trainer_set_discriminator_optimizer(trainer, late), GAN_ERROR_STATE, "first step");
    gan_optimizer_free(late);
    fails(gan_trainer_run(trainer, 3, NULL, NULL), GAN_ERROR_STATE, "micro_batch is 1");
    ok(gan_trainer_set_number(trainer, GAN_DRAGAN, 0));
    ok(gan_trainer_run(trainer, 3, NULL, NULL)); /* with blend and half changed */
    near(metric(GAN_METRIC_D_LOSS), -metric(GAN_METRIC_VALUE), 1e-6);
    finish();
}
END_TEST

START_TEST(optimizers_serve_one_player)
{
    start();
    linear_networks(2, 2);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    const float v[4] = {1, 2, 3, 4};
    gan_optimizer *one = optimizer(GAN_SGD, 0.1);
    ok(gan_trainer_set_discriminator_optimizer(trainer, one));
    ok(gan_trainer_set_discriminator_optimizer(trainer, one)); /* again is no harm */
    fails(gan_trainer_set_generator_optimizer(trainer, one), GAN_ERROR_STATE, "another network");
    fails(gan_trainer_set_generator_optimizer(trainer, NULL), GAN_ERROR_ARGUMENT, "NULL");
    ok(gan_trainer_step(trainer, 2, v, v, v));
    gan_trainer_free(trainer);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    fails(gan_trainer_set_generator_optimizer(trainer, one), GAN_ERROR_STATE, "another network");
    ok(gan_trainer_set_discriminator_optimizer(trainer, one)); /* goes on with its own network */
    ok(gan_trainer_step(trainer, 2, v, v, v));
    ck_assert_int_eq(gan_optimizer_updates(one), 2);
    gan_optimizer_free(one);
    finish();
}
END_TEST

START_TEST(two_trainers_may_not_share_an_optimizer)
{
    gan_network *g = NULL, *d = NULL;
    gan_trainer *second = NULL;
    const float v[4] = {1, 2, 3, 4};
    start();
    linear_networks(2, 2);
    g = G;
    d = D;
    linear_networks(2, 2);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_create(g, d, NULL, &second));
    gan_optimizer *shared = optimizer(GAN_ADAM, 0.1);
    ok(gan_trainer_set_discriminator_optimizer(trainer, shared));
    ok(gan_trainer_set_generator_optimizer(second, shared)); /* not bound yet */
    ok(gan_trainer_step(trainer, 2, v, v, v));
    const uint64_t before = digest_of(g, digest_of(d, 1));
    fails(gan_trainer_step(second, 2, v, v, v), GAN_ERROR_STATE, "another network");
    ck_assert_uint_eq(digest_of(g, digest_of(d, 1)), before);
    ck_assert_int_eq(gan_optimizer_updates(shared), 1);
    gan_optimizer_free(shared);
    gan_trainer_free(second);
    gan_network_free(g);
    gan_network_free(d);
    finish();
}
END_TEST

/* ---- Metrics --------------------------------------------------------------------------------- */

START_TEST(metrics_have_names_and_are_unknown_before_the_first_step)
{
    static const char *const names[] = {
        GAN_METRIC_VALUE,  GAN_METRIC_D_LOSS,     GAN_METRIC_G_LOSS,     GAN_METRIC_D_REAL,
        GAN_METRIC_D_FAKE, GAN_METRIC_D_GRADIENT, GAN_METRIC_G_GRADIENT, GAN_METRIC_D_RATE,
        GAN_METRIC_G_RATE, GAN_METRIC_PENALTY,    GAN_METRIC_STEP,       GAN_METRIC_EPOCH,
        GAN_METRIC_SAMPLES};
    enum { COUNT = sizeof names / sizeof names[0] };
    double value = 0;
    start_small(10);
    for (int i = 0; i < COUNT; i++) {
        int32_t listed = 0;
        for (int32_t j = 0; gan_trainer_metric_name(j) != NULL; j++) {
            listed += strcmp(gan_trainer_metric_name(j), names[i]) == 0;
        }
        ck_assert_int_eq(listed, 1);
        ck_assert_int_eq(isnan(metric(names[i])) != 0, i < 10);
    }
    ck_assert_ptr_null(gan_trainer_metric_name(COUNT));
    ck_assert_ptr_null(gan_trainer_metric_name(-1));
    fails(gan_trainer_metric(trainer, "loss", &value), GAN_ERROR_KEY, "loss");
    ok(gan_trainer_run(trainer, 1, NULL, NULL));
    for (int i = 0; i < COUNT; i++) {
        ck_assert(isfinite(metric(names[i])));
    }
    near(metric(GAN_METRIC_D_RATE), 0.1, 0);
    near(metric(GAN_METRIC_G_RATE), 0.1, 0);
    finish();
}
END_TEST

START_TEST(an_undecided_discriminator)
{
    for (int i = 0; i < 12; i++) {
        const bool half = i % 2 == 0, together = i >= 6;
        const double blend = i % 6 / 2 == 0 ? 0 : i % 6 / 2 == 1 ? 0.3 : 1;
        const double h = half ? 0.5 : 1;
        const float v[8] = {1, -2, 3, 4, 0.5f, 6, 7, -8};
        start();
        linear_networks(2, 2);
        set_parameter(D, "layer0.weight", 2, 0);
        ok(gan_trainer_create(G, D, NULL, &trainer));
        ok(gan_trainer_set_text(trainer, GAN_SCHEDULE,
                                together ? GAN_SIMULTANEOUS : GAN_ALTERNATING));
        ok(gan_trainer_set_number(trainer, GAN_HALF, half));
        ok(gan_trainer_set_number(trainer, GAN_BLEND, blend));
        free_pair(give_optimizers(GAN_SGD, 0, GAN_SGD, 0));
        ok(gan_trainer_step(trainer, 4, v, v, together ? NULL : v));
        near(metric(GAN_METRIC_VALUE), -log(4), 1e-6);
        near(metric(GAN_METRIC_D_LOSS), h * log(4), 1e-6);
        near(metric(GAN_METRIC_G_LOSS), (1 - blend) * log(2) - blend * h * log(2), 1e-6);
        near(metric(GAN_METRIC_D_REAL), 0.5, 1e-7);
        near(metric(GAN_METRIC_D_FAKE), 0.5, 1e-7);
        near(metric(GAN_METRIC_G_GRADIENT), 0, 0);
        finish();
    }
}
END_TEST

/* Logits far from 0: log D in logits neither overflows nor loses its gradient. */
START_TEST(a_sure_discriminator)
{
    pair p;
    start_numbers(1, 1, &p, 0);
    free_pair(p);
    ok(gan_trainer_step(trainer, 1, (float[]){-500}, (float[]){300}, (float[]){-400}));
    near(metric(GAN_METRIC_VALUE), -800, 1e-3);
    near(metric(GAN_METRIC_D_LOSS), 400, 1e-3);
    near(metric(GAN_METRIC_G_LOSS), 400, 1e-3);
    near(metric(GAN_METRIC_D_REAL), 0, 1e-30);
    near(metric(GAN_METRIC_D_FAKE), 1, 0);
    near(metric(GAN_METRIC_G_GRADIENT), sqrt(400.0 * 400 + 1), 1e-3);
    finish();
}
END_TEST

/* Proposition 1 on two points: D with a free logit for each learns p_data / (p_data + p_g), and V
 * becomes C(G) of Theorem 1. */
START_TEST(the_optimal_discriminator_is_learnt)
{
    enum { ROWS = 10 };
    const double p_data[] = {0.7, 0.3}, p_g[] = {0.2, 0.8};
    float x[ROWS * 2] = {0}, z[ROWS * 2] = {0}, logits[2];
    double optimal[2], criterion;
    for (int i = 0; i < ROWS; i++) {
        x[2 * i + (i >= 7)] = 1;
        z[2 * i + (i >= 2)] = 1;
    }
    start();
    linear_networks(2, 2);
    ok(gan_network_set_parameter(G, "layer0.weight", (float[]){1, 0, 0, 1}, 4));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    free_pair(give_optimizers(GAN_SGD, 2, GAN_SGD, 0));
    for (int i = 0; i < 300; i++) {
        ok(gan_trainer_step(trainer, ROWS, x, z, z));
    }
    ok(gan_optimal_discriminator(ctx, 2, p_data, p_g, optimal));
    ok(gan_generator_criterion(ctx, 2, p_data, p_g, &criterion));
    ok(gan_network_forward(D, 2, (float[]){1, 0, 0, 1}, logits, 2));
    near(optimal[0], 0.7 / 0.9, 1e-12);
    for (int i = 0; i < 2; i++) {
        near(1 / (1 + exp(-(double)logits[i])), optimal[i], 1e-4);
    }
    near(metric(GAN_METRIC_VALUE), criterion, 1e-5);
    finish();
}
END_TEST

/* ---- Dropout and noise in training ----------------------------------------------------------- */

enum { WIDE = 2000 };

/* The gradient by D's weights with D(x) = w . dropout(x), x = 1 and G(z) = made, shows the masks:
 * at w = 0 SGD moves w_j by mask_j(real) - made mask_j(generated), times 1/4. */
static void read_masks(float made, uint64_t seed, int steps, double include, float *moves)
{
    float ones[WIDE];
    start();
    begin_networks();
    int32_t g = gan_network_dense(G, input(G, 1), WIDE);
    ok(gan_network_set_initializer(G, g, GAN_INIT_CONSTANT, 0, 0));
    ok(gan_network_set_bias(G, g, (double)made));
    ok(gan_network_output(G, g));
    int32_t d = gan_network_dense(D, gan_network_dropout(D, input(D, WIDE), include), 1);
    ok(gan_network_output(D, d));
    ok(gan_trainer_create(G, D, NULL, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_SEED, (double)seed));
    free_pair(give_optimizers(GAN_SGD, 4, GAN_SGD, 0));
    for (int i = 0; i < WIDE; i++) {
        ones[i] = 1;
    }
    for (int i = 0; i < steps; i++) {
        set_parameter(D, "layer0.weight", WIDE, 0);
        set_parameter(D, "layer0.bias", 1, 0);
        ok(gan_trainer_step(trainer, 1, ones, ones, ones));
        ok(gan_network_get_parameter(D, "layer0.weight", moves + i * WIDE, WIDE));
    }
    finish();
}

START_TEST(dropout_keeps_its_share_and_scales_it)
{
    static const double shares[] = {0.8, 0.5, 0.25};
    static float moves[2 * WIDE], again[2 * WIDE], other[2 * WIDE];
    for (int s = 0; s < 3; s++) {
        const double include = shares[s];
        int32_t kept[2] = {0}, both = 0;
        read_masks(0, 1, 2, include, moves);
        for (int i = 0; i < 2 * WIDE; i++) {
            const double mask = (double)moves[i];
            if (mask != 0) {
                near(mask, 1 / include, 1e-6);
                kept[i / WIDE]++;
            }
            both += i < WIDE && moves[i] != 0 && moves[i + WIDE] != 0;
        }
        const double deviation = sqrt(WIDE * include * (1 - include));
        near(kept[0], WIDE * include, 5 * deviation);
        near(kept[1], WIDE * include, 5 * deviation);
        near(both, WIDE * include * include, 5 * deviation); /* another mask in the next step */
        read_masks(0, 1, 2, include, again);
        ck_assert(memcmp(moves, again, sizeof moves) == 0);
        read_masks(0, 2, 2, include, other);
        ck_assert(memcmp(moves, other, sizeof moves) != 0);
    }
}
END_TEST

START_TEST(real_and_generated_samples_have_masks_of_their_own)
{
    static float moves[WIDE];
    int32_t counts[3] = {0};
    read_masks(1, 1, 1, 0.5, moves);
    for (int i = 0; i < WIDE; i++) {
        counts[moves[i] < 0 ? 0 : moves[i] > 0 ? 2 : 1]++;
    }
    near(counts[0], WIDE / 4, 5 * sqrt(WIDE * 3 / 16.0));
    near(counts[2], WIDE / 4, 5 * sqrt(WIDE * 3 / 16.0));
}
END_TEST

/* With D(x) = x, w of G(z) = w z moves in proportion to the noise: it follows the prior, and is new
 * in every step. */
START_TEST(runs_draw_noise_from_the_prior)
{
    start();
    linear_networks(1, 1);
    set_parameter(G, "layer0.weight", 1, 0);
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, 5, 6));
    set_parameter(D, "layer0.weight", 1, 1);
    ok(gan_dataset_gaussian(ctx, 100, 0, 1, 1, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 1));
    free_pair(give_optimizers(GAN_SGD, 0, GAN_SGD, 2));
    float last = 0;
    double sum = 0;
    for (int i = 0; i < 200; i++) {
        float w;
        set_parameter(G, "layer0.weight", 1, 0);
        set_parameter(G, "layer0.bias", 1, 0);
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        ok(gan_network_get_parameter(G, "layer0.weight", &w, 1)); /* 2 (1/2) z */
        ck_assert(w >= 5 && w < 6 && w != last);
        sum += (double)w;
        last = w;
    }
    near(sum / 200, 5.5, 5 * sqrt(1 / 12.0 / 200));
    finish();
}
END_TEST

/* Data 0, D(x) = v x with v near 0 and G(z) = z: an update of D moves v by -z / 4 times the rate.
 * With k = 2 it moves by the sum of two, which must be independent. */
START_TEST(each_update_of_d_has_new_noise)
{
    enum { N = 600 };
    const double rate = 4e-3;
    double squares = 0;
    start();
    linear_networks(1, 1);
    set_parameter(G, "layer0.weight", 1, 1);
    ok(gan_dataset_gaussian(ctx, 100, 0, 0, 1, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 1));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, 2));
    free_pair(give_optimizers(GAN_SGD, rate, GAN_SGD, 0));
    for (int i = 0; i < N; i++) {
        float v;
        set_parameter(D, "layer0.weight", 1, 0);
        set_parameter(D, "layer0.bias", 1, 0);
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        ok(gan_network_get_parameter(D, "layer0.weight", &v, 1));
        squares += pow((double)v / (rate / 4), 2) / N;
    }
    near(squares, 2, 5 * 2 * sqrt(2.0 / N)); /* 4 if both were the same */
    finish();
}
END_TEST

/* ---- Changes between steps ------------------------------------------------------------------- */

START_TEST(the_objective_may_change_between_steps)
{
    const struct {
        double half, blend;
    } changes[] = {{1, 0}, {0, 0}, {0, 1}, {0, 0.5}, {1, 0.5}, {1, 0}};
    start();
    linear_networks(2, 2);
    set_parameter(D, "layer0.weight", 2, 0);
    ok(gan_trainer_create(G, D, NULL, &trainer));
    free_pair(give_optimizers(GAN_SGD, 0, GAN_SGD, 0));
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const float v[2] = {1, 2};
        const double h = changes[i].half == 1 ? 0.5 : 1, b = changes[i].blend;
        ok(gan_trainer_set_number(trainer, GAN_HALF, changes[i].half));
        ok(gan_trainer_set_number(trainer, GAN_BLEND, b));
        ok(gan_trainer_step(trainer, 1, v, v, v));
        near(metric(GAN_METRIC_D_LOSS), h * log(4), 1e-6);
        near(metric(GAN_METRIC_G_LOSS), (1 - b) * log(2) - b * h * log(2), 1e-6);
    }
    finish();
}
END_TEST

/* The noise of ten steps: the move of w in G(z) = w z against D(x) = x. */
static void noise_range(double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int i = 0; i < 10; i++) {
        float w;
        set_parameter(G, "layer0.weight", 1, 0);
        set_parameter(G, "layer0.bias", 1, 0);
        ok(gan_trainer_run(trainer, 1, NULL, NULL));
        ok(gan_network_get_parameter(G, "layer0.weight", &w, 1));
        *low = fmin(*low, (double)w);
        *high = fmax(*high, (double)w);
    }
}

START_TEST(the_prior_may_change_between_steps)
{
    double low, high;
    start();
    linear_networks(1, 1);
    set_parameter(D, "layer0.weight", 1, 1);
    ok(gan_dataset_gaussian(ctx, 100, 0, 1, 1, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 1));
    free_pair(give_optimizers(GAN_SGD, 0, GAN_SGD, 2));
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, 0, 1));
    noise_range(&low, &high);
    ck_assert(low >= 0 && high < 1);
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, 0, 100));
    noise_range(&low, &high);
    ck_assert(low >= 0 && high > 2 && high < 100);
    ok(gan_network_set_noise(G, GAN_NOISE_UNIFORM, 99, 100));
    noise_range(&low, &high);
    ck_assert(low >= 99 && high < 100);
    ok(gan_network_set_noise(G, GAN_NOISE_NORMAL, 99, 100));
    noise_range(&low, &high);
    ck_assert(low < 98 && high > 101);
    finish();
}
END_TEST

/* ---- Making trainers ------------------------------------------------------------------------- */

START_TEST(players_must_fit)
{
    gan_network *three = NULL, *sure = NULL, *open = NULL;
    start();
    linear_networks(2, 2);
    ok(gan_network_create(ctx, "three", &three));
    ok(gan_network_output(three, input(three, 3)));
    ok(gan_network_create(ctx, "sure", &sure));
    ok(gan_network_output(sure,
                          gan_network_sigmoid(sure, gan_network_dense(sure, input(sure, 2), 1))));
    ok(gan_network_create(ctx, "open", &open));
    ok(gan_dataset_gaussian(ctx, 5, 0, 1, 1, &data));
    fails(gan_trainer_create(three, D, NULL, &trainer), GAN_ERROR_SHAPE, "3");
    fails(gan_trainer_create(G, three, NULL, &trainer), GAN_ERROR_SHAPE, "3");
    fails(gan_trainer_create(D, G, NULL, &trainer), GAN_ERROR_SHAPE, "1 elements");
    fails(gan_trainer_create(G, sure, NULL, &trainer), GAN_ERROR_SHAPE, "sigmoid");
    fails(gan_trainer_create(G, D, data, &trainer), GAN_ERROR_SHAPE, "samples have 1");
    fails(gan_trainer_create(G, open, NULL, &trainer), GAN_ERROR_STATE, "open");
    fails(gan_trainer_create(G, G, NULL, &trainer), GAN_ERROR_ARGUMENT, "one network");
    ck_assert_ptr_null(trainer);
    gan_network_free(three);
    gan_network_free(sure);
    gan_network_free(open);
    finish();
}
END_TEST

/* A generator without parameters is a fixed distribution: D can be trained against it. */
START_TEST(a_generator_may_have_no_parameters)
{
    start();
    begin_networks();
    ok(gan_network_output(G, gan_network_affine(G, input(G, 1), 2, 1)));
    ok(gan_network_output(D, gan_network_dense(D, input(D, 1), 1)));
    ok(gan_dataset_gaussian(ctx, 100, 0, 1, 1, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_run(trainer, 3, NULL, NULL));
    near(metric(GAN_METRIC_G_GRADIENT), 0, 0);
    finish();
}
END_TEST

/* An object keeps what it needs: free in any order, also before training. */
START_TEST(frees_come_in_any_order)
{
    for (int order = 0; order < 6; order++) {
        start_small(10);
        pair p = give_optimizers(GAN_ADAM, 0.01, GAN_SGD, 0.1);
        gan_dataset *slice = NULL;
        ok(gan_dataset_slice(data, 2, 5, &slice));
        if (order % 2 == 0) {
            ok(gan_trainer_run(trainer, 2, NULL, NULL));
        }
        if (order < 2) { /* all but the trainer first */
            gan_context_free(ctx);
            gan_network_free(G);
            gan_network_free(D);
            gan_dataset_free(data);
            free_pair(p);
            ok(gan_trainer_run(trainer, 2, NULL, NULL));
            gan_trainer_free(trainer);
            float x[2];
            ok(gan_dataset_read(slice, 0, 1, x, 2));
            gan_dataset_free(slice);
        } else if (order < 4) { /* the trainer first */
            gan_trainer_free(trainer);
            gan_dataset_free(data);
            gan_dataset_free(slice);
            gan_context_free(ctx);
            float y[4];
            ok(gan_network_sample(G, 1, 2, y, 4));
            gan_network_free(D);
            gan_network_free(G);
            free_pair(p);
        } else {
            free_pair(p);
            gan_dataset_free(slice);
            gan_network_free(D);
            gan_trainer_free(trainer);
            gan_network_free(G);
            gan_dataset_free(data);
            gan_context_free(ctx);
        }
        ck_assert_int_eq(own.live, 0);
    }
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "trainer", alternating_runs_have_the_same_bits_on_any_number_of_threads,
        simultaneous_runs_have_the_same_bits_on_any_number_of_threads,
        runs_with_two_updates_of_d_have_the_same_bits, the_networks_of_the_paper_have_the_same_bits,
        runs_go_on_where_they_stopped, epochs_are_counted, data_smaller_than_a_batch,
        runs_need_data, data_comes_in_order_or_permuted, bad_data_is_refused_without_a_trace,
        callbacks_watch_and_stop, a_failed_step_leaves_no_trace,
        failures_name_player_step_and_tensor, nothing_hides_a_nan,
        simultaneous_steps_fail_before_anything_moves, options_have_defaults_and_ranges,
        options_describe_themselves, the_first_step_fixes_what_it_used, optimizers_serve_one_player,
        two_trainers_may_not_share_an_optimizer,
        metrics_have_names_and_are_unknown_before_the_first_step, an_undecided_discriminator,
        a_sure_discriminator, the_optimal_discriminator_is_learnt,
        dropout_keeps_its_share_and_scales_it, real_and_generated_samples_have_masks_of_their_own,
        runs_draw_noise_from_the_prior, each_update_of_d_has_new_noise,
        the_objective_may_change_between_steps, the_prior_may_change_between_steps,
        players_must_fit, a_generator_may_have_no_parameters, frees_come_in_any_order);
}
