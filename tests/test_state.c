/* Trainings in files: that they go on to the bit, and that no file does harm. */
#include "edit_tensors.h"

typedef enum { SHUFFLED, ORDERED, GAUSSIAN, CALLBACK, SOURCES } source;

typedef struct {
    game how;
    source from;
    int32_t threads;
} plan;

static gan_network *G, *D, *average;
static gan_dataset *data;
static gan_trainer *trainer;
static gan_optimizer *optimizers[2];
static edit e;

static int32_t deliver(void *user, int64_t index, float *values)
{
    (void)user;
    for (int i = 0; i < SIDE; i++) {
        values[i] = (float)((index * 7 + i) % 5) * 0.25f;
    }
    return 0;
}

/* The networks of the other tests; for the Gaussian, which has one element, a short D and G. */
static void make_networks(source from)
{
    if (from != GAUSSIAN) {
        G = new_generator();
        D = new_discriminator();
        return;
    }
    ok(gan_network_create(ctx, "G", &G));
    int32_t h = gan_network_relu(G, gan_network_dense(G, input(G, NOISE), 4));
    ok(gan_network_output(G, gan_network_dense(G, gan_network_dropout(G, h, 0.8), 1)));
    ok(gan_network_create(ctx, "D", &D));
    h = gan_network_dropout(D, gan_network_maxout(D, input(D, 1), 4, 2), 0.6);
    ok(gan_network_output(D, gan_network_dense(D, h, 1)));
}

static void make_data(source from)
{
    if (from == GAUSSIAN) {
        ok(gan_dataset_gaussian(ctx, 23, 4, 0.5, 8, &data));
    } else if (from == CALLBACK) {
        ok(gan_dataset_from_callback(ctx, 23, 1, (int64_t[]){SIDE}, deliver, NULL, &data));
    } else {
        data = new_data(23);
    }
}

/* All objects, in a context of their own; the seed decides where parameters start. */
static void start(plan p, uint64_t seed)
{
    ctx = new_context(&own);
    ok(gan_context_set_threads(ctx, p.threads));
    make_networks(p.from);
    make_data(p.from);
    ok(gan_network_initialize(G, seed));
    ok(gan_network_initialize(D, seed + 1));
    ok(gan_network_clone(G, "average", &average));
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_set_number(trainer, GAN_SEED, 6));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, p.how.k));
    ok(gan_trainer_set_number(trainer, GAN_SHUFFLE, p.from != ORDERED));
    ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, p.from == ORDERED));
    ok(gan_trainer_set_number(trainer, GAN_WARM_UP, 2));
    ok(gan_trainer_set_number(trainer, GAN_GENERATOR_INTERVAL, 1 + p.how.kind % 2));
    ok(gan_trainer_set_number(trainer, GAN_AVERAGE_DECAY, 0.8));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE,
                            p.how.simultaneous ? GAN_SIMULTANEOUS : GAN_ALTERNATING));
    for (int i = 0; i < 2; i++) {
        optimizers[i] = new_optimizer(p.how.kind);
        ok(gan_optimizer_set_number(optimizers[i], GAN_MU_EPOCHS, 4));
        ok(gan_optimizer_set_number(optimizers[i], GAN_DECAY, 1.01));
        ok(gan_optimizer_set_text(optimizers[i], GAN_LEARNING_RATE_SCHEDULE, GAN_EXPONENTIAL));
    }
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
    ok(gan_trainer_set_average(trainer, average));
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

static void run(int64_t steps)
{
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
}

/* All that can be seen of a training. */
typedef struct {
    numbers g, d, a;
    double metrics[32];
    int64_t updates[2];
} seen;

static void look(seen *s)
{
    memset(s, 0, sizeof *s);
    s->g = all_of(G);
    s->d = all_of(D);
    s->a = all_of(average);
    ck_assert_int_eq(metrics_of(trainer, s->metrics), 13);
    for (int i = 0; i < 2; i++) {
        s->updates[i] = gan_optimizer_updates(optimizers[i]);
    }
}

static void same_as(const seen *wanted)
{
    static seen now;
    look(&now);
    ck_assert(same(&now.g, &wanted->g));
    ck_assert(same(&now.d, &wanted->d));
    ck_assert(same(&now.a, &wanted->a));
    ck_assert(memcmp(now.metrics, wanted->metrics, sizeof now.metrics) == 0);
    ck_assert(memcmp(now.updates, wanted->updates, sizeof now.updates) == 0);
}

/* ---- Going on ------------------------------------------------------------------------------- */

static void same_files(const char *a, const char *b)
{
    static content x, y;
    content_read(&x, a);
    content_read(&y, b);
    ck_assert(memcmp(&x, &y, sizeof x) == 0);
}

static void goes_on(plan p, int64_t half)
{
    static seen wanted, middle;
    const char *one = temporary("one"), *two = temporary("two"), *stop = temporary("stop");
    start(p, 1);
    run(2 * half);
    look(&wanted);
    ok(gan_trainer_save(trainer, one));
    finish();
    start(p, 1);
    run(half);
    look(&middle);
    ok(gan_trainer_save(trainer, stop));
    same_as(&middle); /* saving changes nothing */
    run(half);
    same_as(&wanted);
    finish();
    start(p, 50); /* other parameters */
    ok(gan_trainer_load(trainer, stop));
    same_as(&middle);
    ok(gan_trainer_save(trainer, two));
    same_files(stop, two);
    run(half);
    same_as(&wanted);
    ok(gan_trainer_save(trainer, two));
    same_files(one, two);
    ok(gan_trainer_load(trainer, stop)); /* back, in the same trainer */
    same_as(&middle);
    run(half);
    same_as(&wanted);
    finish();
    remove(one);
    remove(two);
    remove(stop);
}

START_TEST(trainings_go_on_to_the_bit)
{
    int32_t index = 0;
    for (int32_t kind = 0; kind < KINDS; kind++) {
        for (int32_t simultaneous = 0; simultaneous < 2; simultaneous++) {
            for (source from = 0; from < SOURCES; from++) {
                index++;
                const plan p = {{kind, simultaneous, 1 + index % 3}, from, 1 + index / 2 % 2};
                goes_on(p, from % 2 == 0 ? 7 : 3); /* within an epoch of 5 batches, or 4 */
            }
        }
    }
}
END_TEST

static const plan usual = {{4, false, 2}, SHUFFLED, 1};

START_TEST(a_training_is_saved_before_its_first_step)
{
    static seen wanted;
    const char *path = temporary("first");
    start(usual, 1);
    run(5);
    look(&wanted);
    finish();
    start(usual, 1);
    ok(gan_trainer_save(trainer, path));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 6)); /* nothing is fixed by saving */
    finish();
    start(usual, 60);
    ok(gan_trainer_load(trainer, path));
    ck_assert(isnan(metric_of(trainer, GAN_METRIC_D_LOSS)));
    run(5);
    same_as(&wanted);
    ok(gan_trainer_load(trainer, path)); /* from later on, too */
    ck_assert(isnan(metric_of(trainer, GAN_METRIC_D_LOSS)));
    run(5);
    same_as(&wanted);
    finish();
    remove(path);
}
END_TEST

START_TEST(steps_on_own_data_go_on)
{
    float x[2 * 3 * SIDE], z[2 * 3 * NOISE];
    dice d = {5};
    roll_array(&d, 2 * 3 * SIDE, -1, 1, x);
    roll_array(&d, 2 * 3 * NOISE, -1, 1, z);
    static seen wanted;
    const char *path = temporary("steps");
    for (int round = 0; round < 2; round++) {
        start(usual, round == 0 ? 1 : 70);
        gan_trainer_free(trainer); /* with data that no run could use */
        ok(gan_trainer_create(G, D, data, &trainer));
        ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 50));
        ok(gan_trainer_set_number(trainer, GAN_DROP_LAST, 1));
        ok(gan_trainer_set_average(trainer, average));
        if (round == 1) {
            ok(gan_trainer_load(trainer, path));
        }
        for (int step = 0; step < 4; step++) {
            ok(gan_trainer_step(trainer, 3, x, z, z));
            if (round == 0 && step == 1) {
                ok(gan_trainer_save(trainer, path));
            } else if (round == 1 && step == 1) {
                break;
            }
        }
        if (round == 0) {
            wanted.g = all_of(G);
            wanted.d = all_of(D);
            wanted.a = all_of(average);
        } else {
            ck_assert(is_still(G, &wanted.g));
            ck_assert(is_still(D, &wanted.d));
            ck_assert(is_still(average, &wanted.a));
        }
        finish();
    }
    remove(path);
}
END_TEST

START_TEST(a_generator_without_parameters_is_saved)
{
    const char *path = temporary("none");
    start(usual, 1);
    gan_network *copy, *its_average;
    ok(gan_network_create(ctx, "copy", &copy));
    ok(gan_network_output(copy, input(copy, SIDE)));
    ok(gan_network_clone(copy, "its", &its_average));
    gan_trainer_free(trainer);
    ok(gan_trainer_create(copy, D, data, &trainer));
    ok(gan_trainer_set_average(trainer, its_average));
    run(3);
    ok(gan_trainer_save(trainer, path));
    const numbers d = all_of(D);
    run(1);
    ok(gan_trainer_load(trainer, path));
    ck_assert(is_still(D, &d));
    gan_network_free(copy);
    gan_network_free(its_average);
    finish();
    remove(path);
}
END_TEST

/* ---- Callbacks ------------------------------------------------------------------------------ */

static const char *saved_path;

static int32_t save_and_load(void *user, gan_trainer *t)
{
    (void)user;
    if (metric_of(t, GAN_METRIC_STEP) == 3) {
        ok(gan_trainer_save(t, saved_path));
        fails(gan_trainer_load(t, saved_path), GAN_ERROR_STATE, "callback");
    }
    return 0;
}

static int32_t save_within_step(void *user, int64_t index, float *values)
{
    int32_t *status = user;
    *status = gan_trainer_save(trainer, saved_path);
    return deliver(NULL, index, values);
}

START_TEST(callbacks_of_steps_may_save)
{
    static seen wanted;
    saved_path = temporary("callback");
    start(usual, 1);
    ok(gan_trainer_run(trainer, 8, save_and_load, NULL));
    look(&wanted);
    finish();
    start(usual, 80);
    ok(gan_trainer_load(trainer, saved_path));
    near(metric_of(trainer, GAN_METRIC_STEP), 3, 0);
    run(5);
    same_as(&wanted);
    gan_trainer_free(trainer); /* from a callback of the data, D may be halfway */
    gan_dataset_free(data);
    int32_t status = 0;
    ok(gan_dataset_from_callback(ctx, 23, 1, (int64_t[]){SIDE}, save_within_step, &status, &data));
    ok(gan_trainer_create(G, D, data, &trainer));
    run(1);
    ck_assert_int_eq(status, GAN_ERROR_STATE);
    finish();
    remove(saved_path);
}
END_TEST

/* ---- Files that do not fit ------------------------------------------------------------------ */

static const char *good, *bad;

/* Starts a training some steps in, and leaves a file of it from before. */
static void start_moving(void)
{
    good = temporary("good");
    bad = temporary("bad");
    start(usual, 1);
    run(4);
    ok(gan_trainer_save(trainer, good));
    run(3);
}

static void finish_moving(void)
{
    static seen wanted, now;
    run(2); /* nothing has changed: neither the place in the data */
    look(&now);
    finish();
    start(usual, 1);
    run(9);
    look(&wanted);
    same_as(&now);
    finish();
    remove(good);
    remove(bad);
}

static void refused(const char *path, int32_t code, const char *text)
{
    static seen before;
    look(&before);
    fails(gan_trainer_load(trainer, path), code, text);
    same_as(&before);
}

static void refused_edit(int32_t code, const char *text)
{
    edit_write(&e, bad);
    refused(bad, code, text);
    edit_read(&e, good);
}

static void refused_setting(const char *key, const char *value, const char *here)
{
    char text[64];
    snprintf(text, sizeof text, "%s is %s, in the file %s", key, here, value);
    edit_note(&e, key, value);
    refused_edit(GAN_ERROR_STATE, text);
    edit_note(&e, key, NULL);
    refused_edit(GAN_ERROR_STATE, key);
}

START_TEST(other_settings_are_refused)
{
    start_moving();
    edit_read(&e, good);
    refused_setting("batch_size", "6", "5");
    refused_setting("discriminator_steps", "1", "2");
    refused_setting("seed", "7", "6");
    refused_setting("shuffle", "0", "1");
    refused_setting("drop_last", "1", "0");
    refused_setting("schedule", "simultaneous", "alternating");
    refused_setting("generator_optimizer", "sgd", "adam");
    refused_setting("discriminator_optimizer", "adamw", "adam");
    refused_setting("data_count", "24", "23");
    refused_setting("average", "no", "yes");
    ok(gan_trainer_set_average(trainer, NULL));
    fails(gan_trainer_load(trainer, good), GAN_ERROR_STATE, "average is no, in the file yes");
    finish();
    remove(good);
    remove(bad);
}
END_TEST

static void refused_counter(const char *name, int64_t value, const char *text)
{
    e.data[edit_find(&e, name)].i64[0] = value;
    refused_edit(GAN_ERROR_FORMAT, text);
}

START_TEST(impossible_counters_are_refused)
{
    static const char *const names[] = {"steps",
                                        "samples",
                                        "epoch",
                                        "position",
                                        "generator_optimizer.updates",
                                        "discriminator_optimizer.updates",
                                        "average.updates"};
    start_moving();
    edit_read(&e, good);
    for (int i = 0; i < 7; i++) {
        refused_counter(names[i], -1, names[i]);
        refused_counter(names[i], INT64_MIN, names[i]);
        refused_counter(names[i], INT64_MAX, names[i]);
        refused_counter(names[i], (INT64_C(1) << 53) + 1, names[i]);
    }
    refused_counter("steps", 0, "impossible");
    refused_counter("steps", 1000, "impossible");
    refused_counter("samples", 3, "impossible");
    refused_counter("epoch", 1000, "impossible");
    refused_counter("average.updates", 5, "impossible");
    refused_counter("position", 1, "position 1");
    refused_counter("position", 14, "position 14");
    refused_counter("position", 23, "position 23");
    refused_counter("position", 25, "position 25");
    finish_moving();
}
END_TEST

START_TEST(other_tensors_are_refused)
{
    start_moving();
    edit_read(&e, good);
    const edit *whole = &e;
    for (int64_t i = 0; i < whole->count; i++) { /* each one missing, then of another shape */
        char name[96];
        snprintf(name, sizeof name, "%s", e.names[i]);
        edit_remove(&e, name);
        refused_edit(GAN_ERROR_KEY, name);
        gan__tensor *tensor = &e.tensors[i];
        tensor->rank++;
        tensor->dims[tensor->rank - 1] = 1;
        refused_edit(GAN_ERROR_SHAPE, strrchr(name, '.') != NULL ? strrchr(name, '.') : name);
    }
    static const char *const parameters[] = {"generator.layer1.bias", "discriminator.layer0.weight",
                                             "average.layer2.weight", "generator_optimizer.state",
                                             "discriminator_optimizer.state"};
    for (int i = 0; i < 5; i++) {
        e.data[edit_find(&e, parameters[i])].f32[1] = i % 2 == 0 ? NAN : -INFINITY;
        refused_edit(GAN_ERROR_NUMERIC, "element 1");
    }
    e.tensors[edit_find(&e, "steps")].type = GAN__TENSOR_F64;
    refused_edit(GAN_ERROR_SHAPE, "steps");
    finish_moving();
}
END_TEST

START_TEST(other_files_are_refused)
{
    start_moving();
    static content c;
    content_read(&c, good);
    for (size_t size = 0; size < c.size; size += 97) {
        content_write(&c, size, bad);
        refused(bad, GAN_ERROR_FORMAT, "");
    }
    ok(gan_network_save(G, bad));
    refused(bad, GAN_ERROR_FORMAT, "libgan parameters");
    const numbers before = all_of(G);
    fails(gan_network_load(G, good), GAN_ERROR_FORMAT, "libgan training");
    ck_assert(is_still(G, &before));
    refused("/no-such-folder/training", GAN_ERROR_IO, "no-such-folder");
    refused(NULL, GAN_ERROR_ARGUMENT, "");
    ck_assert_int_eq(gan_trainer_load(NULL, good), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_trainer_save(NULL, good), GAN_ERROR_ARGUMENT);
    fails(gan_trainer_save(trainer, NULL), GAN_ERROR_ARGUMENT, "");
    fails(gan_trainer_save(trainer, "/no-such-folder/training"), GAN_ERROR_IO, "no-such-folder");
    finish_moving();
}
END_TEST

/* Saving or loading that fails draws nothing: settings can still be made. */
START_TEST(a_failure_leaves_networks_undrawn)
{
    start_moving();
    edit_read(&e, good);
    e.data[edit_find(&e, "position")].i64[0] = 1;
    edit_write(&e, bad);
    finish();
    start(usual, 1);
    gan_trainer_free(trainer);
    gan_network_free(G);
    gan_network_free(average);
    G = new_generator();
    average = new_generator();
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_set_number(trainer, GAN_SEED, 6));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, 2));
    gan_optimizer_free(optimizers[0]);
    optimizers[0] = new_optimizer(usual.how.kind);
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
    ok(gan_trainer_set_average(trainer, average));
    fails(gan_trainer_load(trainer, bad), GAN_ERROR_FORMAT, "position 1");
    fails(gan_trainer_save(trainer, "/no-such-folder/state"), GAN_ERROR_IO, "no-such-folder");
    ok(gan_network_set_bias(G, 0, 1));
    ok(gan_network_set_bias(average, 0, 1));
    ok(gan_trainer_load(trainer, good));
    fails(gan_network_set_bias(G, 0, 1), GAN_ERROR_STATE, "initialised");
    finish();
    remove(good);
    remove(bad);
}
END_TEST

int main(void)
{
    return RUN_TESTS("state", trainings_go_on_to_the_bit, a_training_is_saved_before_its_first_step,
                     steps_on_own_data_go_on, a_generator_without_parameters_is_saved,
                     callbacks_of_steps_may_save, other_settings_are_refused,
                     impossible_counters_are_refused, other_tensors_are_refused,
                     other_files_are_refused, a_failure_leaves_networks_undrawn);
}
