/* Parameters that are not trained: which, that steps leave them and their optimizer state to the
 * bit, and that the others move as they would. */
#include "training.h"

#include "train/trainer.h"

static gan_network *G, *D;
static gan_dataset *data;
static gan_trainer *trainer;
static gan_optimizer *optimizers[2]; /* of G and D */

static void make_trainer(game how)
{
    ok(gan_trainer_create(G, D, data, &trainer));
    ok(gan_trainer_set_number(trainer, GAN_BATCH_SIZE, 5));
    ok(gan_trainer_set_number(trainer, GAN_DISCRIMINATOR_STEPS, how.k));
    ok(gan_trainer_set_text(trainer, GAN_SCHEDULE,
                            how.simultaneous ? GAN_SIMULTANEOUS : GAN_ALTERNATING));
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
}

static void start(game how)
{
    ctx = new_context(&own);
    G = new_generator();
    D = new_discriminator();
    ok(gan_network_initialize(G, 3));
    ok(gan_network_initialize(D, 4));
    data = new_data(22);
    optimizers[0] = new_optimizer(how.kind);
    optimizers[1] = new_optimizer(how.kind);
    make_trainer(how);
}

static void finish(void)
{
    gan_trainer_free(trainer);
    gan_optimizer_free(optimizers[0]);
    gan_optimizer_free(optimizers[1]);
    gan_network_free(G);
    gan_network_free(D);
    gan_dataset_free(data);
    end_context(ctx, &own);
}

static void run(int64_t steps)
{
    ok(gan_trainer_run(trainer, steps, NULL, NULL));
}

/* ---- Naming what is trained ---------------------------------------------------------------- */

static int32_t trainable(gan_network *network, const char *name)
{
    int32_t value = -1;
    ok(gan_network_get_trainable(network, name, &value));
    return value;
}

/* Which of a network's parameters are trainable, as digits. */
static const char *pattern(gan_network *network)
{
    static char text[32];
    const int32_t count = gan_network_parameter_count(network);
    for (int32_t i = 0; i < count; i++) {
        text[i] = (char)('0' + trainable(network, gan_network_parameter_name(network, i)));
    }
    text[count] = 0;
    return text;
}

START_TEST(parameters_are_frozen_by_name_layer_or_all)
{
    start((game){0, false, 1});
    ck_assert_str_eq(pattern(G), "111111");
    ok(gan_network_set_trainable(G, "layer1.bias", 0));
    ck_assert_str_eq(pattern(G), "111011");
    ok(gan_network_set_trainable(G, "layer1.bias", 0));
    ok(gan_network_set_trainable(G, "layer0", 0));
    ck_assert_str_eq(pattern(G), "001011");
    ok(gan_network_set_trainable(G, "layer1", 1));
    ck_assert_str_eq(pattern(G), "001111");
    ok(gan_network_set_trainable(G, NULL, 0));
    ck_assert_str_eq(pattern(G), "000000");
    ok(gan_network_set_trainable(G, "layer2.weight", 1));
    ck_assert_str_eq(pattern(G), "000010");
    ok(gan_network_set_trainable(G, NULL, 1));
    ck_assert_str_eq(pattern(G), "111111");
    ck_assert_str_eq(pattern(D), "111111");
    finish();
}
END_TEST

START_TEST(what_cannot_be_frozen_is_refused)
{
    start((game){0, false, 1});
    int32_t value = 7;
    ok(gan_network_set_trainable(G, "layer0", 0));
    static const char *const wrong[] = {"layer",   "layer3",         "layer0.", "layer0.weigh", "",
                                        ".weight", "layer0.weight.", "LAYER0",  "layer01"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fails(gan_network_set_trainable(G, wrong[i], 0), GAN_ERROR_KEY, wrong[i]);
        fails(gan_network_set_trainable(G, wrong[i], 1), GAN_ERROR_KEY, wrong[i]);
        fails(gan_network_get_trainable(G, wrong[i], &value), GAN_ERROR_KEY, wrong[i]);
    }
    fails(gan_network_get_trainable(G, "layer0", &value), GAN_ERROR_KEY, "layer0");
    fails(gan_network_set_trainable(G, "layer1", 2), GAN_ERROR_RANGE, "2");
    fails(gan_network_set_trainable(G, NULL, -1), GAN_ERROR_RANGE, "-1");
    fails(gan_network_get_trainable(G, NULL, &value), GAN_ERROR_ARGUMENT, "NULL");
    fails(gan_network_get_trainable(G, "layer0.bias", NULL), GAN_ERROR_ARGUMENT, "NULL");
    ck_assert_int_eq(gan_network_set_trainable(NULL, NULL, 1), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(gan_network_get_trainable(NULL, "layer0.bias", &value), GAN_ERROR_ARGUMENT);
    ck_assert_int_eq(value, 7);
    ck_assert_str_eq(pattern(G), "001111");
    gan_network *open;
    ok(gan_network_create(ctx, "open", &open));
    gan_network_dense(open, input(open, 2), 2);
    fails(gan_network_set_trainable(open, NULL, 0), GAN_ERROR_STATE, "not finished");
    gan_network_free(open);
    finish();
}
END_TEST

/* ---- Steps --------------------------------------------------------------------------------- */

/* The optimizer's numbers, too. */
typedef struct {
    numbers w;
    real state[2 * NUMBERS_MAX];
    int64_t updates;
} snapshot;

static gan_network *player(int which)
{
    return which == 0 ? G : D;
}

static snapshot take(int which)
{
    snapshot s = {.w = all_of(player(which)), .updates = gan_optimizer_updates(optimizers[which])};
    const gan_optimizer *o = optimizers[which];
    if (o->state != NULL) {
        memcpy(s.state, o->state, (size_t)(o->rule->states * o->elements) * sizeof(real));
    }
    return s;
}

/* Checks parameter tensors, and the optimizer's state of them: those frozen now are as before; the
 * others have changed. */
static void check_moved(int which, const snapshot *before)
{
    const snapshot now = take(which);
    gan_network *network = player(which);
    int64_t at = 0;
    for (int32_t i = 0; i < gan_network_parameter_count(network); i++) {
        const char *name = gan_network_parameter_name(network, i);
        const int64_t count = elements_of(network, name);
        const bool still =
            memcmp(now.w.values + at, before->w.values + at, (size_t)count * sizeof(float)) == 0;
        if (still != (trainable(network, name) == 0)) {
            ck_abort_msg("%s of %d %s", name, which, still ? "stands still" : "has moved");
        }
        for (int32_t j = 0; j < optimizers[which]->rule->states; j++) {
            const int64_t first = j * now.w.count + at;
            const bool kept =
                memcmp(now.state + first, before->state + first, (size_t)count * sizeof(real)) == 0;
            ck_assert_int_eq(kept, still);
        }
        at += count;
    }
    ck_assert_int_eq(now.updates > before->updates, strchr(pattern(network), '1') != NULL);
}

/* Runs some steps and checks both players. */
static void check_steps(int64_t steps)
{
    const snapshot g = take(0), d = take(1);
    run(steps);
    check_moved(0, &g);
    check_moved(1, &d);
}

static const char *const frozen_names[][2] = {{"layer0.weight", "layer1"},
                                              {"layer1", "layer0"},
                                              {"layer2.bias", "layer1.weight"},
                                              {"layer0", NULL},
                                              {NULL, "layer0"},
                                              {NULL, NULL}};

enum { CHOICES = sizeof frozen_names / sizeof frozen_names[0] };

typedef void (*game_fn)(game);

/* All optimizers, both schedules, k 1 and 2. */
static void each_game(game_fn test)
{
    for (int32_t kind = 0; kind < KINDS; kind++) {
        test((game){kind, false, 1});
        test((game){kind, false, 2});
        test((game){kind, true, 1});
        test((game){kind, true, 2});
    }
}

static void freeze_each(game how)
{
    for (int i = 0; i < CHOICES; i++) {
        for (int moving = 0; moving < 2; moving++) { /* before the first step, and in full motion */
            start(how);
            if (moving) {
                run(4);
            }
            ok(gan_network_set_trainable(G, frozen_names[i][0], 0));
            ok(gan_network_set_trainable(D, frozen_names[i][1], 0));
            check_steps(6); /* with a short batch */
            if (frozen_names[i][0] == NULL) {
                near(metric_of(trainer, GAN_METRIC_G_GRADIENT), 0, 0);
            }
            ok(gan_network_set_trainable(G, NULL, 1)); /* all on from where they stopped */
            check_steps(1);
            ok(gan_network_set_trainable(G, "layer1.bias", 0));
            ok(gan_network_set_trainable(D, NULL, 1));
            ok(gan_network_set_trainable(D, "layer2", 0));
            check_steps(1);
            finish();
        }
    }
}

START_TEST(frozen_parameters_and_their_state_stay_to_the_bit)
{
    each_game(freeze_each);
}
END_TEST

/* The reference: everything is trained, and after each step what should be frozen is put back, its
 * optimizer state too. `which` moves last, so the other player has seen nothing of it. */
static void put_back(int which, const snapshot *before)
{
    gan_network *network = player(which);
    gan_optimizer *o = optimizers[which];
    static const char *const frozen[] = {"layer0.weight", "layer1.bias"};
    for (int i = 0; i < 2; i++) {
        int64_t at = 0;
        for (int32_t j = 0; j < gan_network_parameter_count(network); j++) {
            const char *name = gan_network_parameter_name(network, j);
            const int64_t count = elements_of(network, name);
            if (strcmp(name, frozen[i]) == 0) {
                ok(gan_network_set_parameter(network, name, before->w.values + at, count));
                for (int32_t k = 0; k < o->rule->states; k++) {
                    const int64_t first = k * o->elements + at;
                    memcpy(o->state + first, before->state + first, (size_t)count * sizeof(real));
                }
            }
            at += count;
        }
    }
}

/* Runs 12 steps, of which the steps 4 to 8 have frozen parameters, by this or by putting back. */
static void half_frozen_run(game how, int which, bool by_hand, snapshot *g, snapshot *d)
{
    start(how);
    for (int step = 1; step <= 12; step++) {
        const bool frozen = step >= 4 && step <= 8;
        if (!by_hand) {
            ok(gan_network_set_trainable(player(which), "layer0.weight", !frozen));
            ok(gan_network_set_trainable(player(which), "layer1.bias", !frozen));
        }
        const snapshot before = take(which);
        run(1);
        if (by_hand && frozen) {
            put_back(which, &before);
        }
    }
    *g = take(0);
    *d = take(1);
    finish();
}

static void compare_runs(game how, int which)
{
    static snapshot g[2], d[2];
    half_frozen_run(how, which, false, &g[0], &d[0]);
    half_frozen_run(how, which, true, &g[1], &d[1]);
    ck_assert(memcmp(&g[0], &g[1], sizeof g[0]) == 0);
    ck_assert(memcmp(&d[0], &d[1], sizeof d[0]) == 0);
}

static void compare_games(game how)
{
    compare_runs(how, 0);
    if (how.simultaneous) {
        compare_runs(how, 1);
    }
}

START_TEST(the_others_move_as_if_frozen_ones_were_put_back)
{
    each_game(compare_games);
}
END_TEST

/* ---- When it takes effect ------------------------------------------------------------------ */

static int32_t freeze_in_callback(void *user, gan_trainer *t)
{
    static snapshot d; /* before the step */
    const double step = metric_of(t, GAN_METRIC_STEP);
    if (step > 1) {
        check_moved(1, &d);
    }
    d = take(1);
    if (step == 2) {
        ok(gan_network_set_trainable(D, "layer0", 0));
    } else if (step == 4) {
        ok(gan_network_set_trainable(D, "layer0", 1));
        ok(gan_network_set_trainable(D, "layer1.bias", 0));
    }
    ++*(int *)user;
    return 0;
}

static void freeze_within_run(game how)
{
    int calls = 0;
    start(how);
    ok(gan_trainer_run(trainer, 7, freeze_in_callback, &calls));
    ck_assert_int_eq(calls, 7);
    finish();
}

START_TEST(freezing_in_a_callback_holds_for_the_next_step)
{
    each_game(freeze_within_run);
}
END_TEST

static int32_t freeze_as_data_come(void *user, int64_t index, float *sample)
{
    int *calls = user; /* 0: the next freezes; below: never, or no more */
    for (int64_t i = 0; i < gan_network_input_elements(D); i++) {
        sample[i] = (float)(index + i) / 8;
    }
    if ((*calls)-- == 0) {
        ok(gan_network_set_trainable(D, "layer0", 0));
    }
    return 0;
}

/* The short batch of the second step needs plans of its own, made when the data are there: what was
 * frozen meanwhile must not move by the gradient of the step before. */
START_TEST(freezing_within_a_step_holds_from_its_next_update)
{
    start((game){5, false, 1});
    int calls = -1;
    const int64_t elements = gan_network_input_elements(D);
    gan_dataset *source;
    gan_trainer *own_trainer;
    ok(gan_dataset_from_callback(ctx, 3, 1, &elements, freeze_as_data_come, &calls, &source));
    ok(gan_trainer_create(G, D, source, &own_trainer));
    ok(gan_trainer_set_number(own_trainer, GAN_BATCH_SIZE, 2));
    float before[2], after[2];
    const char *names[] = {"layer0.bias", "layer1.bias"};
    float values[64];
    ok(gan_trainer_run(own_trainer, 1, NULL, NULL));
    for (int i = 0; i < 2; i++) {
        ok(gan_network_get_parameter(D, names[i], values, 64));
        before[i] = values[0];
    }
    calls = 0;
    ok(gan_trainer_run(own_trainer, 1, NULL, NULL));
    for (int i = 0; i < 2; i++) {
        ok(gan_network_get_parameter(D, names[i], values, 64));
        after[i] = values[0];
    }
    ck_assert(after[0] == before[0]);
    ck_assert(after[1] != before[1]);
    gan_trainer_free(own_trainer);
    gan_dataset_free(source);
    finish();
}
END_TEST

/* An optimizer chosen after everything was prepared. */
START_TEST(a_late_optimizer_is_limited_too)
{
    start((game){5, false, 1});
    run(0);
    ok(gan_network_set_trainable(G, "layer1", 0));
    ok(gan_network_set_trainable(D, "layer0", 0));
    run(0); /* prepares and makes no step */
    for (int i = 0; i < 2; i++) {
        gan_optimizer_free(optimizers[i]);
        optimizers[i] = new_optimizer(5); /* its weight decay moves what has no gradient */
    }
    ok(gan_trainer_set_generator_optimizer(trainer, optimizers[0]));
    ok(gan_trainer_set_discriminator_optimizer(trainer, optimizers[1]));
    check_steps(3);
    finish();
}
END_TEST

/* Trainers one after the other, on the same networks and optimizers. */
START_TEST(other_trainers_see_what_is_frozen)
{
    const game how = {1, false, 2};
    start(how);
    run(2);
    ok(gan_network_set_trainable(G, "layer1", 0));
    run(2);
    gan_trainer_free(trainer);
    make_trainer(how);
    check_steps(2);
    ok(gan_network_set_trainable(G, "layer1", 1));
    gan_trainer *first = trainer;
    make_trainer(how);
    check_steps(2);
    gan_trainer_free(trainer);
    trainer = first;
    check_steps(2);
    ok(gan_network_set_trainable(G, "layer2", 0));
    ok(gan_network_initialize(G, 8));
    check_steps(2);
    finish();
}
END_TEST

/* ---- Failed steps -------------------------------------------------------------------------- */

typedef struct {
    int64_t calls, bad; /* the call that fails, counted from 1 */
} source;

static int32_t deliver(void *user, int64_t index, float *values)
{
    source *s = user;
    const bool bad = ++s->calls == s->bad;
    for (int i = 0; i < SIDE; i++) {
        values[i] = bad ? NAN : (float)((index * 7 + i) % 5) * 0.25f;
    }
    return 0;
}

static void unchanged(int which, const snapshot *before)
{
    const snapshot now = take(which);
    ck_assert(memcmp(&now, before, sizeof now) == 0);
}

static void fail_on_data(game how)
{
    source s = {0};
    start(how);
    gan_trainer_free(trainer);
    gan_dataset_free(data);
    ok(gan_dataset_from_callback(ctx, 22, 1, (int64_t[]){SIDE}, deliver, &s, &data));
    make_trainer(how);
    run(2);
    ok(gan_network_set_trainable(G, "layer1", 0));
    ok(gan_network_set_trainable(D, "layer0", 0));
    const int64_t last = how.simultaneous ? 1 : how.k; /* the batch of the step that fails */
    run(1);
    const snapshot g = take(0), d = take(1);
    s.bad = s.calls + 5 * (last - 1) + 1;
    const int32_t status = gan_trainer_run(trainer, 1, NULL, NULL);
    ck_assert_int_eq(status, GAN_ERROR_NUMERIC);
    unchanged(0, &g);
    unchanged(1, &d);
    ok(gan_network_set_trainable(D, "layer0", 1)); /* a failure between two freezings */
    check_steps(2);
    finish();
}

START_TEST(bad_data_with_frozen_parameters_leaves_no_trace)
{
    each_game(fail_on_data);
}
END_TEST

static void fail_on_noise(game how)
{
    float x[2 * 3 * SIDE], z[2 * 3 * NOISE], bad[2 * 3 * NOISE];
    dice chance = {5};
    roll_array(&chance, 2 * 3 * SIDE, -1, 1, x);
    roll_array(&chance, 2 * 3 * NOISE, -1, 1, z);
    memcpy(bad, z, sizeof bad);
    bad[how.simultaneous || how.k == 1 ? 0 : 3 * NOISE] = NAN; /* in D's last update, or in G's */
    float *z_g = how.simultaneous ? NULL : z, *bad_g = how.simultaneous ? NULL : bad;
    start(how);
    ok(gan_trainer_step(trainer, 3, x, z, z_g));
    ok(gan_trainer_step(trainer, 3, x, z, z_g));
    for (int i = 0; i < CHOICES - 1; i++) {
        ok(gan_network_set_trainable(G, NULL, 1));
        ok(gan_network_set_trainable(D, NULL, 1));
        ok(gan_network_set_trainable(G, frozen_names[i][0], 0));
        ok(gan_network_set_trainable(D, frozen_names[i][1], 0));
        const snapshot g = take(0), d = take(1);
        ck_assert_int_eq(gan_trainer_step(trainer, 3, x, bad, z_g), GAN_ERROR_NUMERIC);
        unchanged(0, &g);
        unchanged(1, &d);
        if (bad_g != NULL) {
            bad_g[0] = NAN;
            ck_assert_int_eq(gan_trainer_step(trainer, 3, x, z, bad_g), GAN_ERROR_NUMERIC);
            unchanged(0, &g);
            unchanged(1, &d);
        }
        ok(gan_trainer_step(trainer, 3, x, z, z_g));
        check_moved(0, &g);
        check_moved(1, &d);
    }
    finish();
}

START_TEST(bad_noise_with_frozen_parameters_leaves_no_trace)
{
    each_game(fail_on_noise);
}
END_TEST

/* Constraints hold for what is trained, at once after it is set free. */
START_TEST(frozen_weights_may_break_a_constraint)
{
    start((game){0, false, 1});
    float w[SIDE * 12];
    for (int i = 0; i < SIDE * 12; i++) {
        w[i] = 2; /* columns of norm 4, 0.6 is allowed */
    }
    ok(gan_network_set_trainable(D, "layer0.weight", 0));
    ok(gan_network_set_parameter(D, "layer0.weight", w, SIDE * 12));
    check_steps(3);
    ok(gan_network_set_trainable(D, "layer0.weight", 1));
    run(1);
    ok(gan_network_get_parameter(D, "layer0.weight", w, SIDE * 12));
    for (int unit = 0; unit < 12; unit++) {
        double squares = 0;
        for (int i = 0; i < SIDE; i++) {
            squares += (double)w[i * 12 + unit] * (double)w[i * 12 + unit];
        }
        near(sqrt(squares), 0.6, 1e-5);
    }
    finish();
}
END_TEST

int main(void)
{
    return RUN_TESTS(
        "frozen", parameters_are_frozen_by_name_layer_or_all, what_cannot_be_frozen_is_refused,
        frozen_parameters_and_their_state_stay_to_the_bit,
        the_others_move_as_if_frozen_ones_were_put_back,
        freezing_in_a_callback_holds_for_the_next_step,
        freezing_within_a_step_holds_from_its_next_update, a_late_optimizer_is_limited_too,
        other_trainers_see_what_is_frozen, bad_data_with_frozen_parameters_leaves_no_trace,
        bad_noise_with_frozen_parameters_leaves_no_trace, frozen_weights_may_break_a_constraint);
}
