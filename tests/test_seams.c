/* What belongs to different parts of the library, together: conditions with batch norm and measured
 * statistics, with spectral norm, micro-batches and the recipe, stopped and gone on with. */
#include "training.h"

enum { GIVEN = 3, ROWS = 17, OTHER_ROWS = 5, BATCH = 6 };

static gan_network *G, *D, *average;
static gan_dataset *data, *given;
static gan_trainer *trainer;

static gan_dataset *random_rows(int64_t count, int64_t elements, uint64_t seed)
{
    dice chance = {seed};
    float values[ROWS * SIDE];
    need(count * elements <= ROWS * SIDE);
    for (int64_t i = 0; i < count * elements; i++) {
        values[i] = (float)roll_between(&chance, -1, 2);
    }
    gan_dataset *made;
    ok(gan_dataset_from_floats(ctx, count, 1, &elements, values, &made));
    return made;
}

/* inputs and a condition -> outputs. normal: batch norm in the middle; spectral: spectral norm in
 * all layers, an embedding of the condition and minibatch discrimination. normalised: receives the
 * tensor that goes into the batch norm */
static gan_network *player(const char *name, int64_t inputs, int64_t outputs, bool normal,
                           bool spectral, int32_t *normalised)
{
    gan_network *made;
    ok(gan_network_create(ctx, name, &made));
    const int32_t x = input(made, inputs);
    const int32_t y = gan_network_condition(made, "y", 1, (int64_t[]){GIVEN});
    int32_t h = gan_network_dense(made, gan_network_concatenate(made, x, y, 0), 5);
    if (normalised != NULL) {
        *normalised = h;
    }
    if (normal) {
        h = gan_network_batch_norm(made, h, 1, 1e-5, 0.1);
    }
    h = gan_network_leaky_relu(made, h, 0.2);
    if (spectral) {
        h = gan_network_add(made, h, gan_network_embedding(made, y, 5));
        h = gan_network_minibatch_discrimination(made, h, 2, 2);
    }
    h = gan_network_dense(made, h, outputs);
    if (spectral) {
        ok(gan_network_set_spectral_norm(made, 0, 1));
    }
    ok(gan_network_output(made, h));
    return made;
}

/* ---- Measured statistics under conditions ---------------------------------------------------- */

/* The mean over batches of a unit's mean and variance, by the tensor before the batch norm. The two
 * data sets start over each by itself. x: [ROWS, SIDE]; y: [OTHER_ROWS, GIVEN] */
static void statistics_by_hand(gan_network *network, int32_t tensor, int64_t batches,
                               const float *x, const float *y, double *mean, double *variance)
{
    for (int64_t u = 0; u < 5; u++) {
        mean[u] = variance[u] = 0;
    }
    for (int64_t b = 0; b < batches; b++) {
        float rows[BATCH * SIDE], conditions[BATCH * GIVEN], made[BATCH * 5];
        for (int64_t i = 0; i < BATCH; i++) {
            const int64_t at = b * BATCH + i;
            memcpy(rows + i * SIDE, x + at % ROWS * SIDE, SIDE * sizeof *x);
            memcpy(conditions + i * GIVEN, y + at % OTHER_ROWS * GIVEN, GIVEN * sizeof *y);
        }
        ok(gan_network_evaluate(network, tensor, BATCH, rows, conditions, made, BATCH * 5));
        for (int64_t u = 0; u < 5; u++) {
            double sum = 0, squares = 0;
            for (int64_t i = 0; i < BATCH; i++) {
                sum += (double)made[i * 5 + u] / BATCH;
            }
            for (int64_t i = 0; i < BATCH; i++) {
                squares += pow((double)made[i * 5 + u] - sum, 2) / (BATCH - 1);
            }
            mean[u] += sum / (double)batches;
            variance[u] += squares / (double)batches;
        }
    }
}

START_TEST(statistics_are_measured_under_conditions)
{
    enum { BATCHES = 4 };
    int32_t tensor;
    float x[ROWS * SIDE], y[OTHER_ROWS * GIVEN], found[10];
    double mean[5], variance[5];
    ctx = new_context(&own);
    D = player("D", SIDE, 1, true, false, &tensor);
    data = random_rows(ROWS, SIDE, 1);
    given = random_rows(OTHER_ROWS, GIVEN, 2);
    ok(gan_dataset_read(data, 0, ROWS, x, ROWS * SIDE));
    ok(gan_dataset_read(given, 0, OTHER_ROWS, y, OTHER_ROWS * GIVEN));
    fails(gan_network_recalibrate(D, 1, BATCH, data, NULL, 0), GAN_ERROR_ARGUMENT,
          "conditions is NULL, they have 3 elements");
    fails(gan_network_recalibrate(D, 1, BATCH, data, data, 0), GAN_ERROR_SHAPE,
          "conditions have 4 elements, its conditions 3");
    ok(gan_network_recalibrate(D, BATCHES, BATCH, data, given, 0));
    ok(gan_network_get_parameter(D, "layer1.statistics", found, 10));
    statistics_by_hand(D, tensor, BATCHES, x, y, mean, variance);
    for (int64_t u = 0; u < 5; u++) {
        near(found[u], mean[u], 1e-5);
        near(found[5 + u], variance[u], 1e-5);
    }
    /* noise in the data's place */
    G = player("G", SIDE, 2, true, false, &tensor);
    float z[BATCHES * BATCH * SIDE];
    ok(gan_network_noise(G, 9, BATCHES * BATCH, z, BATCHES * BATCH * SIDE));
    ok(gan_network_recalibrate(G, 2, BATCH, NULL, given, 9));
    ok(gan_network_get_parameter(G, "layer1.statistics", found, 10));
    statistics_by_hand(G, tensor, 2, z, y, mean, variance); /* 12 rows: none comes again */
    for (int64_t u = 0; u < 5; u++) {
        near(found[u], mean[u], 1e-5);
        near(found[5 + u], variance[u], 1e-5);
    }
    gan_dataset_free(given);
    gan_dataset_free(data);
    gan_network_free(G);
    gan_network_free(D);
    end_context(ctx, &own);
}
END_TEST

/* ---- Whole trainings ------------------------------------------------------------------------- */

static void set(const char *key, double value)
{
    ok(gan_trainer_set_number(trainer, key, value));
}

static void start(int32_t threads, uint64_t seed, bool normal, bool spectral, bool recipe)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, threads));
    G = player("G", NOISE, SIDE, normal, false, NULL);
    D = player("D", SIDE, 1, normal, spectral, NULL);
    average = player("G", NOISE, SIDE, normal, false, NULL);
    ok(gan_network_initialize(G, seed));
    ok(gan_network_initialize(D, seed + 1));
    data = random_rows(ROWS, SIDE, 1);
    given = random_rows(ROWS, GIVEN, 2);
    ok(gan_trainer_create(G, D, data, &trainer));
    set(GAN_BATCH_SIZE, BATCH);
    ok(gan_trainer_set_conditions(trainer, given));
    ok(gan_trainer_set_average(trainer, average));
    if (recipe) {
        ok(gan_trainer_use_recipe(trainer, 12, 0.3));
    }
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_dataset_free(given);
    gan_dataset_free(data);
    gan_network_free(average);
    gan_network_free(D);
    gan_network_free(G);
    end_context(ctx, &own);
}

typedef struct {
    numbers g, d, average;
} seen;

static void look(seen *s)
{
    memset(s, 0, sizeof *s);
    s->g = all_of(G);
    s->d = all_of(D);
    s->average = all_of(average);
}

/* All combinations of batch norm, spectral norm and the recipe, stopped in the middle of an epoch. */
START_TEST(trainings_go_on_to_the_bit)
{
    static seen wanted, now;
    const char *path = temporary("seams");
    for (int32_t mix = 0; mix < 8; mix++) {
        const bool normal = mix & 1, spectral = mix & 2, recipe = mix & 4;
        start(1, 5, normal, spectral, recipe);
        ok(gan_trainer_run(trainer, 5, NULL, NULL));
        ok(gan_trainer_save(trainer, path));
        ok(gan_trainer_run(trainer, 9, NULL, NULL));
        look(&wanted);
        finish();
        start(3, 50, normal, spectral, recipe);
        ok(gan_trainer_load(trainer, path));
        ok(gan_trainer_run(trainer, 9, NULL, NULL));
        look(&now);
        ck_assert_msg(memcmp(&now, &wanted, sizeof now) == 0, "combination %d", (int)mix);
        ok(gan_network_recalibrate(average, 3, BATCH, NULL, given, 1));
        need(normal || is_still(average, &now.average)); /* moves statistics, nothing else */
        finish();
    }
    ck_assert_int_eq(remove(path), 0);
}
END_TEST

/* Each part of a batch must get its own conditions. */
START_TEST(parts_of_a_batch_have_their_conditions)
{
    static seen whole, parts;
    for (int32_t spectral = 0; spectral < 2; spectral++) {
        static const double sizes[] = {0, 4, 1};
        for (int32_t i = 0; i < 3; i++) {
            start(2, 5, false, false, true);
            if (spectral) {
                gan_trainer_free(trainer);
                gan_network_free(D);
                ok(gan_network_create(ctx, "D", &D));
                const int32_t x = input(D, SIDE);
                const int32_t y = gan_network_condition(D, "y", 1, (int64_t[]){GIVEN});
                const int32_t h = gan_network_tanh(D, gan_network_dense(D, x, 5));
                const int32_t projection =
                    gan_network_inner_product(D, h, gan_network_embedding(D, y, 5));
                const int32_t last = gan_network_dense(D, h, 1);
                ok(gan_network_set_spectral_norm(D, 0, 1));
                ok(gan_network_output(D, gan_network_add(D, last, projection)));
                ok(gan_network_initialize(D, 6));
                ok(gan_trainer_create(G, D, data, &trainer));
                set(GAN_BATCH_SIZE, BATCH);
                ok(gan_trainer_set_conditions(trainer, given));
                ok(gan_trainer_use_recipe(trainer, 12, 0.3));
            }
            set(GAN_MICRO_BATCH, sizes[i]);
            ok(gan_trainer_run(trainer, 5, NULL, NULL));
            look(i == 0 ? &whole : &parts);
            for (int64_t k = 0; i > 0 && k < whole.d.count; k++) {
                near(parts.d.values[k], whole.d.values[k], 2e-5);
            }
            for (int64_t k = 0; i > 0 && k < whole.g.count; k++) {
                near(parts.g.values[k], whole.g.values[k], 2e-5);
            }
            finish();
        }
    }
}
END_TEST

/* A clone of a network with everything makes the same of the same. */
START_TEST(clones_keep_conditions_and_norms)
{
    gan_network *clone;
    float conditions[7 * GIVEN], made[7], again[7];
    start(1, 5, true, true, true);
    ok(gan_trainer_run(trainer, 7, NULL, NULL));
    ok(gan_dataset_read(given, 0, 7, conditions, 7 * GIVEN));
    ok(gan_network_clone(D, "clone", &clone));
    ck_assert_int_eq(gan_network_condition_elements(clone), GIVEN);
    const numbers all = all_of(D);
    need(is_still(clone, &all));
    ok(gan_network_sample_conditional(D, 3, 7, conditions, made, 7));
    ok(gan_network_sample_conditional(clone, 3, 7, conditions, again, 7));
    ck_assert(memcmp(made, again, sizeof made) == 0);
    gan_network_free(clone);
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS("seams", statistics_are_measured_under_conditions, trainings_go_on_to_the_bit,
                     parts_of_a_batch_have_their_conditions, clones_keep_conditions_and_norms);
}
