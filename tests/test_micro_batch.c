/* Batches in parts, as a user of trainers sees them: refusals, threads, memory, changes between
 * steps. That the gradients are those of the batch is checked by grad_micro_batch.c. */
#include "training.h"

#include "train/trainer.h"

static gan_network *G, *D;
static gan_dataset *data;
static gan_trainer *trainer;

static void set(const char *key, double value)
{
    ok(gan_trainer_set_number(trainer, key, value));
}

static void run(int64_t steps)
{
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
}

/* Networks with one wide layer: side inputs -> width -> outputs, with dropout */
static gan_network *wide(const char *name, int64_t inputs, int64_t width, int64_t outputs)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    int32_t h = gan_network_tanh(made, gan_network_dense(made, input(made, inputs), width));
    h = gan_network_dropout(made, h, 0.8);
    ok(gan_network_output(made, gan_network_dense(made, h, outputs)));
    return made;
}

static void start(int64_t width, int64_t samples, double batch_size)
{
    ctx = new_context(&own);
    G = wide("G", NOISE, width, SIDE);
    D = wide("D", SIDE, width, 1);
    data = new_data(samples);
    ok(gan_trainer_create(G, D, data, &trainer));
    set(GAN_BATCH_SIZE, batch_size);
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    end_context(ctx, &own);
}

/* ---- Refusals -------------------------------------------------------------------------------- */

/* Makes the step fail for its parts; nothing moves. */
static void refused(const char *text)
{
    const numbers g = all_of(G), d = all_of(D);
    const int64_t steps = trainer->steps;
    fails(gan_trainer_run(trainer, 1, NULL, NULL), GAN_ERROR_STATE, text);
    fails(gan_trainer_run(trainer, 0, NULL, NULL), GAN_ERROR_STATE, "looks at the whole batch of");
    need(is_still(G, &g) && is_still(D, &d));
    ck_assert_int_eq(trainer->steps, steps);
}

START_TEST(what_looks_at_the_whole_batch_is_refused)
{
    for (int simultaneous = 0; simultaneous < 2; simultaneous++) {
        start(6, 20, 8);
        if (simultaneous) {
            ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
        }
        set(GAN_MICRO_BATCH, 3);
        run(1);
        set(GAN_DRAGAN, 1);
        set(GAN_PENALTY_INTERVAL, 100); /* refused in every step, not in some */
        refused("micro_batch is 3, but the penalty dragan looks at the whole batch of 8 samples");
        set(GAN_DRAGAN, 0);
        ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_RELATIVISTIC_AVERAGE));
        refused("the objective relativistic_average looks");
        set(GAN_MICRO_BATCH, 8); /* one part: the whole */
        set(GAN_DRAGAN, 1);
        run(1);
        set(GAN_MICRO_BATCH, 0);
        run(1);
        finish();
    }
}
END_TEST

START_TEST(layers_that_look_at_the_whole_batch_are_known)
{
    static const gan__layer_kind coupling[] = {GAN__LAYER_MINIBATCH_DEVIATION,
                                               GAN__LAYER_MINIBATCH_DISCRIMINATION};
    start(6, 20, 8);
    set(GAN_MICRO_BATCH, 3);
    run(1);
    for (int i = 0; i < 2; i++) {
        gan_network *network = i == 0 ? G : D;
        for (int32_t kind = 0; kind < GAN__LAYER_COUNT; kind++) {
            if (kind == GAN__LAYER_BATCH_NORM) {
                continue; /* needs statistics: see below */
            }
            const gan__layer_kind was = network->layers[1].kind;
            network->layers[1].kind = (gan__layer_kind)kind;
            bool couples = false;
            for (int j = 0; j < 2; j++) {
                couples = couples || kind == (int32_t)coupling[j];
            }
            ck_assert(gan__network_couples(network) == couples);
            if (couples) {
                refused(i == 0 ? "a layer of the generator looks"
                               : "a layer of the discriminator looks");
            }
            network->layers[1].kind = was;
        }
    }
    run(1);
    finish();
}
END_TEST

/* A batch norm reads the batch unless its statistics are frozen; then parts are as good as the
 * whole. */
START_TEST(frozen_statistics_do_not_look_at_the_batch)
{
    numbers whole = {0};
    for (int32_t part = 0; part <= 3; part += 3) {
        ctx = new_context(&own);
        G = wide("G", NOISE, 6, SIDE);
        ok(gan_network_create(ctx, "D", &D));
        int32_t h = gan_network_dense(D, input(D, SIDE), 6);
        h = gan_network_batch_norm(D, h, 1, 1e-5, 0.1);
        ok(gan_network_output(D, gan_network_dense(D, gan_network_tanh(D, h), 1)));
        data = new_data(20);
        ok(gan_trainer_create(G, D, data, &trainer));
        set(GAN_BATCH_SIZE, 8);
        set(GAN_MICRO_BATCH, 3);
        refused("a layer of the discriminator looks");
        set(GAN_MICRO_BATCH, part);
        ok(gan_network_set_trainable(D, "layer1.statistics", 0));
        run(5);
        const numbers now = all_of(D);
        if (part == 0) {
            whole = now;
        }
        ck_assert_int_eq(now.count, whole.count);
        for (int64_t i = 0; i < now.count; i++) {
            near(now.values[i], whole.values[i], 1e-5);
        }
        set(GAN_MICRO_BATCH, 3);
        ok(gan_network_set_trainable(D, "layer1.statistics", 1));
        refused("a layer of the discriminator looks");
        finish();
    }
}
END_TEST

static int32_t couple_in_callback(void *user, gan_trainer *t)
{
    ok(gan_trainer_set_number(t, user, 1));
    return 0;
}

/* A change by the callback counts in the next step of the same run. */
START_TEST(options_may_change_within_a_run)
{
    start(6, 20, 8);
    set(GAN_MICRO_BATCH, 3);
    fails(gan_trainer_run(trainer, 3, couple_in_callback, GAN_DRAGAN), GAN_ERROR_STATE,
          "the penalty dragan");
    ck_assert_int_eq(trainer->steps, 1);
    set(GAN_DRAGAN, 0);
    set(GAN_MICRO_BATCH, 0);
    ok(gan_trainer_run(trainer, 3, couple_in_callback, GAN_MICRO_BATCH)); /* parts of 1 from here */
    ck_assert_int_eq(trainer->steps, 4);
    ck_assert(trainer->d.part != NULL && trainer->g.part != NULL);
    finish();
}
END_TEST

START_TEST(a_batch_that_fits_is_not_divided)
{
    static double metrics[2][32];
    numbers g[2], d[2];
    for (int i = 0; i < 2; i++) {
        start(6, 20, 8);
        set(GAN_R1, 1);
        set(GAN_MICRO_BATCH, i == 0 ? 0 : 8);
        run(7);
        g[i] = all_of(G);
        d[i] = all_of(D);
        metrics_of(trainer, metrics[i]);
        finish();
    }
    ck_assert(same(&g[0], &g[1]) && same(&d[0], &d[1]));
    ck_assert(memcmp(metrics[0], metrics[1], sizeof metrics[0]) == 0);
}
END_TEST

/* ---- Numbers and memory ---------------------------------------------------------------------- */

START_TEST(parts_are_near_the_whole_in_float)
{
    for (int simultaneous = 0; simultaneous < 2; simultaneous++) {
        numbers g[2], d[2];
        for (int i = 0; i < 2; i++) {
            start(20, 64, 32);
            ok(gan_trainer_set_text(trainer, GAN_OBJECTIVE, GAN_RELATIVISTIC));
            if (simultaneous) {
                ok(gan_trainer_set_text(trainer, GAN_SCHEDULE, GAN_SIMULTANEOUS));
            }
            set(GAN_R1, 1);
            set(GAN_R2, 1);
            set(GAN_MICRO_BATCH, i == 0 ? 0 : 7);
            run(20);
            g[i] = all_of(G);
            d[i] = all_of(D);
            finish();
        }
        for (int64_t i = 0; i < g[0].count; i++) {
            near(g[1].values[i], g[0].values[i], 1e-5);
        }
        for (int64_t i = 0; i < d[0].count; i++) {
            near(d[1].values[i], d[0].values[i], 1e-5);
        }
        ck_assert(!same(&d[0], &d[1])); /* another order of sums: it was in parts */
    }
}
END_TEST

START_TEST(threads_do_not_matter)
{
    enum { WIDTH = 200 };
    numbers g[3], d[3];
    for (int32_t i = 0; i < 3; i++) {
        start(WIDTH, 300, 200);
        ok(gan_context_set_threads(ctx, i + 1));
        set(GAN_R1, 1);
        set(GAN_MICRO_BATCH, 90);
        run(3);
        g[i] = all_of(G);
        d[i] = all_of(D);
        finish();
        ck_assert(same(&g[0], &g[i]) && same(&d[0], &d[i]));
    }
}
END_TEST

/* What a step in parts needs beyond the networks grows with the part, not with the batch. */
START_TEST(parts_take_less_memory)
{
    int64_t peaks[2];
    for (int i = 0; i < 2; i++) {
        start(100, 512, 512);
        set(GAN_R1, 1);
        set(GAN_MICRO_BATCH, i == 0 ? 0 : 32);
        run(2);
        ok(gan_context_memory(ctx, NULL, &peaks[i]));
        finish();
    }
    ck_assert_int_lt(peaks[1], peaks[0] / 2);
}
END_TEST

START_TEST(a_part_that_is_not_finite_stops_the_step)
{
    static float x[6 * SIDE], z[6 * NOISE];
    start(6, 20, 8);
    set(GAN_MICRO_BATCH, 2);
    ok(gan_trainer_step(trainer, 6, x, z, z));
    const numbers g = all_of(G), d = all_of(D);
    for (int i = 0; i < 6; i++) {
        x[i * SIDE] = NAN;
        fails(gan_trainer_step(trainer, 6, x, z, z), GAN_ERROR_NUMERIC, "discriminator: d_loss");
        x[i * SIDE] = 0;
        z[i * NOISE] = NAN;
        fails(gan_trainer_step(trainer, 6, x, x, z), GAN_ERROR_NUMERIC, "generator: g_loss");
        z[i * NOISE] = 0;
        need(is_still(G, &g) && is_still(D, &d));
    }
    ok(gan_trainer_step(trainer, 6, x, z, z));
    finish();
}
END_TEST

START_TEST(trained_parts_make_no_new_plans)
{
    start(6, 23, 10); /* batches of 10, 10 and 3: parts of 4, 2 and 3 */
    set(GAN_MICRO_BATCH, 4);
    set(GAN_R1, 1);
    run(3);
    const int64_t calls = own.calls;
    run(9);
    ck_assert_int_eq(own.calls, calls);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("parts of a batch", what_looks_at_the_whole_batch_is_refused,
                     layers_that_look_at_the_whole_batch_are_known,
                     frozen_statistics_do_not_look_at_the_batch, options_may_change_within_a_run,
                     a_batch_that_fits_is_not_divided, parts_are_near_the_whole_in_float,
                     threads_do_not_matter, parts_take_less_memory,
                     a_part_that_is_not_finite_stops_the_step, trained_parts_make_no_new_plans);
}
